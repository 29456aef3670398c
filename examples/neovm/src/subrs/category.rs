//! Categories of characters, and tables of capital and small letters.
//!
//! A category is named by a character from space to `~`. A category table has a set of categories for each character, and the
//! descriptions of all categories in its first extra slot.

use super::{SubrDesc, arg, subr};
use crate::buffer::slots::CATEGORY_TABLE;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::BoolVector;
use crate::symbols::sym;
use crate::value::Value;

/// Bits of a set, one an ASCII character.
const SET_BITS: usize = 128;
const FIRST: u32 = 0x20;
const LAST: u32 = 0x7E;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("category-table-p", 1, 1, |vm, a| {
        Ok(Value::bool(vm.heap.is_char_table_for(a[0], sym::category_table)))
    }),
    subr("standard-category-table", 0, 0, |vm, _| Ok(vm.roots.standard_category_table)),
    subr("category-table", 0, 0, |vm, _| Ok(vm.current_category_table())),
    subr("set-category-table", 1, 1, |vm, a| {
        let table = table(vm, a[0])?;
        vm.set_buffer_slot(CATEGORY_TABLE, table);
        Ok(a[0])
    }),
    subr("make-category-table", 0, 0, |vm, _| Ok(make_table(vm))),
    subr("copy-category-table", 0, 1, |vm, a| {
        let old = if arg(a, 0).is_nil() { vm.roots.standard_category_table } else { a[0] };
        let old = table(vm, old)?;
        let copy = vm.heap.copy_char_table(old);
        let docs = vm.heap.char_table_extra(old, 0).unwrap_or(Value::NIL);
        let docs = vm.heap.as_slots(docs).map(<[Value]>::to_vec).unwrap_or_default();
        let docs = vm.heap.vector(docs);
        vm.heap.set_char_table_extra(copy, 0, docs);
        Ok(copy)
    }),
    subr("define-category", 2, 3, |vm, a| {
        let name = category(vm, a[0])?;
        vm.bytes_of(a[1])?;
        let table = table(vm, arg(a, 2))?;
        match doc_slot(vm, table, name) {
            Some(slot) if slot.is_nil() => *slot = a[1],
            Some(_) => {
                let message = format!("Category `{}' is already defined", char::from(name as u8));
                return Err(vm.error(message));
            }
            None => {}
        }
        Ok(Value::NIL)
    }),
    subr("category-docstring", 1, 2, |vm, a| {
        let name = category(vm, a[0])?;
        let table = table(vm, arg(a, 1))?;
        Ok(doc_slot(vm, table, name).copied().unwrap_or(Value::NIL))
    }),
    subr("get-unused-category", 0, 1, |vm, a| {
        let table = table(vm, arg(a, 0))?;
        let free = (FIRST..=LAST).find(|&name| doc_slot(vm, table, name).is_some_and(|slot| slot.is_nil()));
        Ok(free.map_or(Value::NIL, |name| Value::int(name as usize)))
    }),
    subr("make-category-set", 1, 1, |vm, a| {
        let names = vm.bytes_of(a[0])?.to_vec();
        let mut bits = vec![0; SET_BITS / 8];
        names
            .iter()
            .filter(|name| name.is_ascii())
            .for_each(|name| bits[*name as usize / 8] |= 1 << (name % 8));
        Ok(vm.heap.bool_vector(SET_BITS, bits))
    }),
    subr("char-category-set", 1, 1, |vm, a| {
        let c = vm.check_char(a[0])?;
        let set = vm.heap.char_table_get(vm.current_category_table(), c);
        Ok(if set.is_nil() { vm.heap.bool_vector(SET_BITS, Vec::new()) } else { set })
    }),
    subr("category-set-mnemonics", 1, 1, |vm, a| {
        let bits = set_bits(vm, a[0]);
        let names =
            (0..SET_BITS).filter(|&name| bits[name / 8] & (1 << (name % 8)) != 0).map(|name| name as u8);
        Ok(vm.heap.unibyte(names.collect::<Vec<u8>>()))
    }),
    subr("modify-category-entry", 2, 4, |vm, a| {
        let (from, to) = vm.char_range(a[0])?;
        let name = category(vm, a[1])?;
        let table = table(vm, arg(a, 2))?;
        if doc_slot(vm, table, name).is_none_or(|slot| slot.is_nil()) {
            let message = format!("Undefined category: {}", char::from(name as u8));
            return Err(vm.error(message));
        }
        modify(vm, table, (from, to), name, arg(a, 3).is_true());
        Ok(Value::NIL)
    }),
    subr("case-table-p", 1, 1, |vm, a| Ok(Value::bool(vm.heap.is_char_table_for(a[0], sym::case_table)))),
    subr("standard-case-table", 0, 0, |vm, _| Ok(vm.roots.standard_case_table)),
    subr("set-standard-case-table", 1, 1, |vm, a| {
        vm.check_char_table(a[0])?;
        vm.roots.standard_case_table = a[0];
        Ok(a[0])
    }),
];

/// The argument, or the current table for nil.
fn table(vm: &mut Vm, v: Value) -> LispResult {
    let v = if v.is_nil() { vm.current_category_table() } else { v };
    if vm.heap.is_char_table_for(v, sym::category_table) {
        Ok(v)
    } else {
        Err(vm.wrong_type(sym::category_table_p, v))
    }
}

fn category(vm: &mut Vm, v: Value) -> LispResult<u32> {
    match vm.check_char(v)? {
        c @ FIRST..=LAST => Ok(c),
        _ => {
            Err(vm
                .signal(sym::args_out_of_range, &[v, Value::int(FIRST as usize), Value::int(LAST as usize)]))
        }
    }
}

fn doc_slot(vm: &mut Vm, table: Value, name: u32) -> Option<&mut Value> {
    let docs = vm.heap.char_table_extra(table, 0)?;
    vm.heap.as_slots_mut(docs)?.get_mut((name - FIRST) as usize)
}

fn set_bits(vm: &Vm, set: Value) -> Vec<u8> {
    let mut bits = vm.heap.get::<BoolVector>(set).map(|set| set.bits().to_vec()).unwrap_or_default();
    bits.resize(SET_BITS / 8, 0);
    bits
}

/// Adds a category to a range of characters, or takes it away. Characters that had one set have one set afterwards, a new
/// object: sets are shared and never written.
fn modify(vm: &mut Vm, table: Value, (from, to): (u32, u32), name: u32, remove: bool) {
    let mut made: Vec<(Value, Value)> = Vec::new();
    let (mut at, last) = (from, to.min(crate::chars::MAX_CHAR));
    while at <= last {
        let old = vm.heap.char_table_own(table, at);
        let mut end = at;
        while end < last && vm.heap.char_table_own(table, end + 1) == old {
            end += 1;
        }
        let new = match made.iter().find(|(known, _)| *known == old) {
            Some(&(_, new)) => new,
            None => {
                let mut bits = set_bits(vm, old);
                let bit = 1 << (name % 8);
                let byte = &mut bits[name as usize / 8];
                *byte = if remove { *byte & !bit } else { *byte | bit };
                let new = vm.heap.bool_vector(SET_BITS, bits);
                made.push((old, new));
                new
            }
        };
        vm.heap.char_table_set(table, at, end, new);
        at = end + 1;
    }
}

fn make_table(vm: &mut Vm) -> Value {
    let table = vm.heap.char_table(sym::category_table, Value::NIL, 2);
    let docs = vm.heap.vector(vec![Value::NIL; (LAST - FIRST + 1) as usize]);
    vm.heap.set_char_table_extra(table, 0, docs);
    table
}

/// The letter, if it is one.
fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

/// The standard tables of categories and of case.
pub(super) fn define_tables(vm: &mut Vm) {
    let table = make_table(vm);
    vm.roots.standard_category_table = table;
    let [down, up] = [0; 2].map(|_| vm.heap.char_table(sym::case_table, Value::NIL, 3));
    // Latin, Greek, Cyrillic and Armenian; others have their case from the library.
    for c in (0..0x590).filter_map(char::from_u32) {
        for (table, other) in [(down, single(c.to_lowercase())), (up, single(c.to_uppercase()))] {
            if let Some(other) = other.filter(|&other| other != c) {
                vm.heap.char_table_set(table, c.into(), c.into(), Value::int(other as usize));
            }
        }
    }
    vm.heap.set_char_table_extra(down, 0, up);
    vm.roots.standard_case_table = down;
}

impl Vm {
    /// The category table of the current buffer.
    fn current_category_table(&self) -> Value {
        self.buffer_slot(CATEGORY_TABLE).unwrap_or(self.roots.standard_category_table)
    }
}
