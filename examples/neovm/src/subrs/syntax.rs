//! Syntax tables: what characters are for the reader of a text.
//!
//! An entry is `(CODE . MATCH)`: the class in the low 16 bits of CODE, flags above, and the character that it goes with.
//! Entries of a class and nothing else are shared, so that `eq` tells them.

use super::{SubrDesc, arg, subr};
use crate::buffer::slots::SYNTAX_TABLE;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::SYNTAX_CLASSES;
use crate::symbols::sym;
use crate::value::Value;

/// The character that names each class; its place is the class.
const CLASSES: &[u8; SYNTAX_CLASSES] = b" .w_()'\"$\\/<>@!|";
/// The class of characters that are looked up in the parent.
const INHERIT: usize = 13;
const SPACE: usize = 0;
const PUNCTUATION: usize = 1;
const WORD: usize = 2;
const SYMBOL: usize = 3;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("syntax-table-p", 1, 1, |vm, a| Ok(Value::bool(vm.heap.is_char_table_for(a[0], sym::syntax_table)))),
    subr("standard-syntax-table", 0, 0, |vm, _| Ok(vm.roots.standard_syntax_table)),
    subr("syntax-table", 0, 0, |vm, _| Ok(vm.current_syntax_table())),
    subr("set-syntax-table", 1, 1, |vm, a| {
        check_table(vm, a[0])?;
        vm.set_buffer_slot(SYNTAX_TABLE, a[0]);
        Ok(a[0])
    }),
    subr("make-syntax-table", 0, 1, |vm, a| {
        let parent = if arg(a, 0).is_nil() { vm.roots.standard_syntax_table } else { a[0] };
        check_table(vm, parent)?;
        let table = vm.heap.char_table(sym::syntax_table, Value::NIL, 0);
        vm.heap.set_char_table_parent(table, parent);
        Ok(table)
    }),
    subr("copy-syntax-table", 0, 1, |vm, a| {
        let table = if arg(a, 0).is_nil() { vm.roots.standard_syntax_table } else { a[0] };
        check_table(vm, table)?;
        let copy = vm.heap.copy_char_table(table);
        vm.heap.set_char_table_default(copy, Value::NIL);
        let standard = vm.roots.standard_syntax_table;
        if vm.heap.char_table_parent(copy).is_nil() {
            vm.heap.set_char_table_parent(copy, standard);
        }
        Ok(copy)
    }),
    subr("string-to-syntax", 1, 1, |vm, a| {
        let text = vm.string_chars(a[0])?;
        descriptor(vm, &text)
    }),
    subr("modify-syntax-entry", 2, 3, |vm, a| {
        let (from, to) = vm.char_range(a[0])?;
        let text = vm.string_chars(a[1])?;
        let table = if arg(a, 2).is_nil() { vm.current_syntax_table() } else { a[2] };
        check_table(vm, table)?;
        let entry = descriptor(vm, &text)?;
        vm.heap.char_table_set(table, from, to, entry);
        Ok(Value::NIL)
    }),
    subr("char-syntax", 1, 1, |vm, a| {
        let c = vm.check_char(a[0])?;
        Ok(Value::int(CLASSES[class(vm, c)].into()))
    }),
    subr("syntax-after-char", 1, 1, |vm, a| {
        let c = vm.check_char(a[0])?;
        Ok(vm.heap.char_table_get(vm.current_syntax_table(), c))
    }),
    subr("matching-paren", 1, 1, |vm, a| {
        let c = vm.check_char(a[0])?;
        let entry = vm.heap.char_table_get(vm.current_syntax_table(), c);
        Ok(if matches!(CLASSES[class(vm, c)], b'(' | b')') { vm.heap.cdr(entry) } else { Value::NIL })
    }),
    subr("syntax-class-to-char", 1, 1, |vm, a| {
        let class = vm.index(a[0])?;
        match CLASSES.get(class) {
            Some(&c) => Ok(Value::int(c.into())),
            None => Err(vm.signal(sym::args_out_of_range, a)),
        }
    }),
    // The shared entry of a class.
    subr("syntax-code-object", 1, 1, |vm, a| {
        let class = vm.index(a[0])?;
        vm.roots.syntax_code_objects.get(class).copied().ok_or_else(|| vm.signal(sym::args_out_of_range, a))
    }),
];

fn check_table(vm: &mut Vm, v: Value) -> LispResult<()> {
    if vm.heap.is_char_table_for(v, sym::syntax_table) {
        Ok(())
    } else {
        Err(vm.wrong_type(sym::syntax_table_p, v))
    }
}

fn class(vm: &Vm, c: u32) -> usize {
    let entry = vm.heap.char_table_get(vm.current_syntax_table(), c);
    let code = vm.heap.car(entry).as_fixnum().unwrap_or(SPACE as i64);
    (code & 0xFFFF) as usize % SYNTAX_CLASSES
}

/// The entry that a text describes: the class, the character it goes with, then flags.
fn descriptor(vm: &mut Vm, text: &[u32]) -> LispResult {
    let named = text.first().copied().unwrap_or(u32::from(b' '));
    let named = if named == u32::from(b'-') { u32::from(b' ') } else { named };
    let Some(class) = CLASSES.iter().position(|&c| u32::from(c) == named) else {
        let letter = char::from_u32(named).unwrap_or(char::REPLACEMENT_CHARACTER);
        return Err(vm.error(format!("Invalid syntax description letter: {letter}")));
    };
    if class == INHERIT {
        return Ok(Value::NIL);
    }
    let partner = match text.get(1) {
        Some(&c) if c != u32::from(b' ') => Value::int(c as usize),
        _ => Value::NIL,
    };
    let flag = |c: &u32| match u8::try_from(*c) {
        Ok(b'1') => 1 << 16,
        Ok(b'2') => 1 << 17,
        Ok(b'3') => 1 << 18,
        Ok(b'4') => 1 << 19,
        Ok(b'p') => 1 << 20,
        Ok(b'b') => 1 << 21,
        Ok(b'n') => 1 << 22,
        Ok(b'c') => 1 << 23,
        _ => 0,
    };
    let flags = text.iter().skip(2).map(flag).fold(0, |all, flag| all | flag);
    if flags == 0 && partner.is_nil() {
        return Ok(vm.roots.syntax_code_objects[class]);
    }
    Ok(vm.heap.cons(Value::int(class | flags), partner))
}

/// The shared entries, and the table that all others inherit from.
pub(super) fn define_tables(vm: &mut Vm) {
    for class in 0..SYNTAX_CLASSES {
        vm.roots.syntax_code_objects[class] = vm.heap.list(&[Value::int(class)]);
    }
    let code = |vm: &Vm, class: usize| vm.roots.syntax_code_objects[class];
    let table = vm.heap.char_table(sym::syntax_table, Value::NIL, 0);
    let default = code(vm, WORD);
    vm.heap.char_table_set(table, 0x80, crate::chars::MAX_CHAR, default);
    let punctuation = code(vm, PUNCTUATION);
    vm.heap.char_table_set(table, 0, 0x7F, punctuation);
    for (class, characters) in [
        (SPACE, " \t\n\r\u{c}"),
        (WORD, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$%"),
        (SYMBOL, "_-+*/&|<>="),
        (7, "\""),
        (9, "\\"),
    ] {
        let entry = code(vm, class);
        characters.chars().for_each(|c| vm.heap.char_table_set(table, c.into(), c.into(), entry));
    }
    for pair in ["()", "[]", "{}"] {
        let [open, close] = pair.as_bytes() else { continue };
        for (at, class, partner) in [(open, 4, close), (close, 5, open)] {
            let entry = vm.heap.cons(Value::int(class), Value::int((*partner).into()));
            vm.heap.char_table_set(table, (*at).into(), (*at).into(), entry);
        }
    }
    vm.roots.standard_syntax_table = table;
}

impl Vm {
    /// The syntax table of the current buffer.
    pub(crate) fn current_syntax_table(&self) -> Value {
        self.buffer_slot(SYNTAX_TABLE).unwrap_or(self.roots.standard_syntax_table)
    }

    /// What the current buffer has for itself in a slot, if that is not nil.
    pub(super) fn buffer_slot(&self, slot: u8) -> Option<Value> {
        let buffer = self.buffers.current()?;
        buffer.slots.get(usize::from(slot)).copied().filter(|value| buffer.has_slot(slot) && value.is_true())
    }

    /// Gives the current buffer a value of its own in a slot.
    pub(super) fn set_buffer_slot(&mut self, slot: u8, value: Value) {
        if let Some(buffer) = self.buffers.current_mut() {
            buffer.slots[usize::from(slot)] = value;
            buffer.local_flags |= 1 << slot;
        }
    }
}
