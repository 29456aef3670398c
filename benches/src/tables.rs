//! A machine with a hash table and an obarray: what maps of the image cost a load.

use std::path::Path;
use std::time::Instant;

use neodump_runtime::{Dumpable, Dumper, ImageMap, Interner, LoadOptions, LoadReport, Symbol};

use crate::child::{Failure, micros, written};
use crate::machine::{Cons, Heap, Value};

/// What a symbol holds: value, function, property list, flags.
#[derive(Dumpable, Clone, Copy)]
#[repr(C)]
struct SymbolCell([Value; 3], u64);

/// The machine.
#[derive(Dumpable)]
#[dump(image = "neodump-bench-tables", version = 1)]
struct Tables {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    /// By identity: a third of the keys are objects.
    entries: ImageMap<Value, Value>,
    obarray: ImageMap<Symbol, SymbolCell>,
    /// So that no machine is without objects.
    root: Value,
}

/// The key of an entry; conses are made in the order of the entries.
fn key(number: u64, symbols: u64, cons: impl FnOnce() -> Value) -> Value {
    match number % 3 {
        0 => cons(),
        1 => Value::fixnum(number),
        // No other number of this kind is the same modulo the symbols, which are no multiple of three.
        _ => Value::symbol(Symbol::from_id((number % symbols) as u32)),
    }
}

fn cons(number: u64) -> Value {
    let (car, cdr) = (Value::fixnum(number).into(), Value::NIL.into());
    Value::object(Box::into_raw(Box::new(Cons { car, cdr })), 3)
}

/// Dumps a machine with so many entries and symbols.
pub(crate) fn make(entries: u64, symbols: u64, path: &Path) -> Result<Vec<f64>, Failure> {
    let mut interner = Interner::with_names(&["nil"]);
    let obarray = (0..symbols).map(|number| {
        let symbol = interner.intern(format!("a-symbol-of-the-machine-{number}"));
        (symbol, SymbolCell([Value::symbol(symbol), Value::NIL, Value::fixnum(number)], 1))
    });
    let obarray = obarray.collect();
    let keys = (0..entries).map(|number| (key(number, symbols, || cons(number)), Value::fixnum(number)));
    let mut vm =
        Tables { heap: Heap::default(), entries: keys.collect(), obarray, symbols: interner, root: cons(0) };
    let report = Dumper::new().to_file(&mut vm, path)?;
    Ok(vec![report.image_bytes as f64, vm.entries.len() as f64])
}

/// Maps a trusted image of such a machine: microseconds, pages written, and nanoseconds for each of a hundred
/// thousand look-ups.
pub(crate) fn map(path: &Path) -> Result<Vec<f64>, Failure> {
    let mut report = LoadReport::default();
    let started = Instant::now();
    // SAFETY: this program wrote the image, and nobody changes it.
    let vm: Tables = unsafe { LoadOptions::new().trusted().report(&mut report).map(path) }?;
    let time = micros(started);
    let keys: Vec<Value> = vm.entries.keys().copied().take(100_000).collect();
    let started = Instant::now();
    let found = keys.iter().filter(|key| vm.entries.get(*key).is_some()).count();
    let look_ups = micros(started) * 1e3 / keys.len().max(1) as f64;
    if found != keys.len() || vm.root.as_cons().is_none() {
        return Err(format!("{found} of {} keys found", keys.len()).into());
    }
    let bound = vm.obarray.iter().filter(|(symbol, cell)| cell.0[0] == Value::symbol(**symbol)).count();
    if bound != vm.obarray.len() {
        return Err("a symbol has the value of another".into());
    }
    Ok(vec![time, written(vm.heap.look(), path)? as f64, look_ups])
}
