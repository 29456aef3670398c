//! Symbols by name: the machine's own, those of an obarray, and those with positions.

use super::symbol::name_of;
use super::{SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::{Kind, LispObarray, SymbolWithPos};
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 13] = [
    subr("intern", 1, 2, |vm, a| intern(vm, a, true)),
    subr("intern-soft", 1, 2, |vm, a| intern(vm, a, false)),
    subr("unintern", 1, 2, unintern),
    subr("mapatoms", 1, 2, |vm, a| {
        for symbol in symbols(vm, arg(a, 1))? {
            vm.funcall(a[0], &[symbol])?;
        }
        Ok(Value::NIL)
    }),
    subr("obarray-make", 0, 1, |vm, _| Ok(vm.heap.obarray(false))),
    subr("obarrayp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.kind(a[0]) == Some(Kind::LispObarray)))),
    subr("obarray-clear", 1, 1, |vm, a| {
        let table = table(vm, a[0])?;
        vm.heap.clrhash(table);
        Ok(Value::NIL)
    }),
    subr("symbol-with-pos-p", 1, 1, |vm, a| Ok(Value::bool(vm.heap.kind(a[0]) == Some(Kind::SymbolWithPos)))),
    subr("position-symbol", 2, 2, |vm, a| {
        let symbol = bare(vm, a[0])?;
        let pos = match vm.heap.get::<SymbolWithPos>(a[1]) {
            Some(s) => s.pos,
            None if a[1].as_fixnum().is_some() => a[1],
            None => return Err(vm.wrong_type(sym::fixnump, a[1])),
        };
        Ok(vm.heap.symbol_with_pos(symbol, pos))
    }),
    subr("bare-symbol", 1, 1, |vm, a| bare(vm, a[0])),
    subr("symbol-with-pos-pos", 1, 1, |vm, a| match vm.heap.get::<SymbolWithPos>(a[0]) {
        Some(s) => Ok(s.pos),
        None => {
            let predicate = vm.intern("symbol-with-pos-p");
            Err(vm.wrong_type(predicate, a[0]))
        }
    }),
    subr("remove-pos-from-symbol", 1, 1, |vm, a| Ok(vm.heap.bare(a[0]))),
    subr("obarray-count", 1, 1, |vm, a| Ok(Value::int(symbols(vm, a[0])?.len()))),
];

fn bare(vm: &mut Vm, v: Value) -> LispResult {
    let symbol = vm.heap.bare(v);
    vm.check_symbol(symbol)?;
    Ok(symbol)
}

/// The table of an obarray; nil for the machine's own symbols.
fn table(vm: &mut Vm, obarray: Value) -> LispResult {
    if obarray.is_nil() {
        return Ok(Value::NIL);
    }
    match vm.heap.get::<LispObarray>(obarray) {
        Some(obarray) => Ok(obarray.table),
        None => Err(vm.wrong_type(sym::obarrayp, obarray)),
    }
}

fn intern(vm: &mut Vm, a: &[Value], make: bool) -> LispResult {
    let table = table(vm, arg(a, 1))?;
    // `intern-soft` of a symbol asks whether this very symbol is interned.
    let asked = if make { None } else { a[0].as_symbol().map(Value::symbol) };
    let name = name_of(vm, a[0])?;
    let found = if table.is_nil() {
        vm.symbols.lookup(&name).map(Value::symbol)
    } else {
        let key = vm.heap.string(name.clone());
        vm.heap.gethash(table, key)
    };
    match found {
        Some(symbol) => Ok(if asked.is_none_or(|asked| asked == symbol) { symbol } else { Value::NIL }),
        None if !make => Ok(Value::NIL),
        None if table.is_nil() => Ok(Value::symbol(vm.symbols.intern(name))),
        None => {
            let symbol = Value::symbol(vm.symbols.uninterned(&name));
            let key = vm.heap.string(name);
            vm.heap.puthash(table, key, symbol);
            Ok(symbol)
        }
    }
}

fn unintern(vm: &mut Vm, a: &[Value]) -> LispResult {
    let found = intern(vm, &[a[0], arg(a, 1)], false)?;
    if found == Value::T || arg(a, 1).is_nil() && a[0].is_nil() {
        return Err(vm.error("Attempt to unintern t or nil"));
    }
    let name = name_of(vm, a[0])?;
    let table = table(vm, arg(a, 1))?;
    if table.is_true() {
        let key = vm.heap.string(name);
        let known = vm.heap.gethash(table, key).is_some() && (found.is_true() || !a[0].is_symbol());
        if known {
            vm.heap.remhash(table, key);
        }
        return Ok(Value::bool(known));
    }
    let known = vm.symbols.lookup(&name).filter(|symbol| Value::symbol(*symbol) == found);
    match known {
        Some(symbol) if found.is_true() => Ok(Value::bool(vm.symbols.unintern(symbol))),
        _ => Ok(Value::NIL),
    }
}

/// The symbols of an obarray, in the order in which they were made.
fn symbols(vm: &mut Vm, obarray: Value) -> LispResult<Vec<Value>> {
    let table = table(vm, obarray)?;
    if table.is_true() {
        return Ok(vm.heap.hash_entries(table).iter().map(|entry| entry.value).collect());
    }
    let all = (0..vm.symbols.len() as u32).map(crate::rt::Symbol::from_id);
    let own = all.filter(|symbol| vm.symbols.is_interned(*symbol)).map(Value::symbol);
    Ok(own.collect())
}

pub(super) fn define_variables(vm: &mut Vm) {
    let own = vm.heap.obarray(true);
    let enabled = vm.symbols.intern("symbols-with-pos-enabled");
    for (symbol, value) in [(crate::machine::symbol_of(sym::obarray), own), (enabled, Value::NIL)] {
        let cell = vm.obarray.cell_mut(symbol);
        cell.value = value;
        cell.flags |= SymbolCell::SPECIAL;
    }
}
