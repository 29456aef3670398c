//! The dump as Lisp sees it.

use super::{SubrDesc, subr};
use crate::error::LispResult;
use crate::machine::{Vm, symbol_of};
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 2] =
    [subr("dump-emacs-portable", 1, 2, dump), subr("pdumper-stats", 0, 0, stats)];

/// `(dump-emacs-portable FILE)`: relative to `default-directory`.
fn dump(vm: &mut Vm, a: &[Value]) -> LispResult {
    if vm.find_value(symbol_of(sym::noninteractive)).is_nil() {
        return Err(vm.error("Dumping works in batch mode only"));
    }
    if !vm.session.threads.is_empty() {
        return Err(vm.error("No other Lisp threads can be running when dumping"));
    }
    let path = vm.file_name(a[0])?;
    match vm.dump_to_file(&path) {
        Ok(_) => Ok(Value::NIL),
        Err(error) => Err(vm.error(error.to_string())),
    }
}

fn stats(vm: &mut Vm, _: &[Value]) -> LispResult {
    let Some(file) = vm.file_session().cloned() else { return Ok(Value::NIL) };
    let seconds = vm.heap.float(file.time.as_secs_f64());
    let path = vm.heap.string(file.path.display().to_string());
    let pairs = [("dumped-with-pdumper", Value::T), ("load-time", seconds), ("dump-file-name", path)];
    let pairs = pairs.map(|(name, value)| {
        let name = vm.intern(name);
        vm.heap.cons(name, value)
    });
    Ok(vm.heap.list(&pairs))
}
