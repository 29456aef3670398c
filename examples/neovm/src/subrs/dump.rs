//! The dump as Lisp sees it, and Lisp threads, which stand in its way.

use super::{SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::{Vm, symbol_of};
use crate::object::Record;
use crate::symbols::sym;
use crate::value::Value;
use std::path::PathBuf;

pub(super) static SUBRS: [SubrDesc; 10] = [
    subr("dump-emacs-portable", 1, 2, dump),
    subr("pdumper-stats", 0, 0, stats),
    // A thread is `[thread NAME FUNCTION STATE RESULT]`. It runs to its end when somebody waits for it.
    subr("make-thread", 1, 2, |vm, a| {
        let thread = [vm.intern("thread"), arg(a, 1), a[0], sym::quote, Value::NIL].to_vec();
        let thread = vm.heap.slots::<Record>(thread);
        vm.session.threads.push(thread);
        Ok(thread)
    }),
    subr("threadp", 1, 1, |vm, a| Ok(Value::bool(is_thread(vm, a[0])))),
    subr("thread-name", 1, 1, |vm, a| slot(vm, a[0], NAME)),
    subr("thread-live-p", 1, 1, |vm, a| {
        slot(vm, a[0], NAME)?;
        Ok(Value::bool(vm.session.threads.contains(&a[0])))
    }),
    // The terminal of the process, `[terminal NAME PARAMETERS]`. A machine that was loaded or cloned makes its own.
    subr("frame-terminal", 0, 1, |vm, _| {
        if vm.session.terminal.is_nil() {
            let name = vm.heap.string("initial_terminal");
            let terminal = [vm.intern("terminal"), name, Value::NIL].to_vec();
            vm.session.terminal = vm.heap.slots::<Record>(terminal);
        }
        Ok(vm.session.terminal)
    }),
    subr("terminal-live-p", 1, 1, |vm, a| Ok(Value::bool(a[0].is_true() && a[0] == vm.session.terminal))),
    subr("all-threads", 0, 0, |vm, _| {
        let threads = vm.session.threads.clone();
        Ok(vm.heap.list(&threads))
    }),
    subr("thread-join", 1, 1, join),
];

const NAME: usize = 1;
const FUNCTION: usize = 2;
const RESULT: usize = 4;

fn is_thread(vm: &mut Vm, v: Value) -> bool {
    let tag = vm.intern("thread");
    vm.heap.get::<Record>(v).is_some_and(|record| record.slots.len() == 5 && record.slots[0] == tag)
}

fn slot(vm: &mut Vm, thread: Value, at: usize) -> LispResult {
    if !is_thread(vm, thread) {
        let predicate = vm.intern("threadp");
        return Err(vm.wrong_type(predicate, thread));
    }
    Ok(vm.heap.as_slots(thread).map_or(Value::NIL, |slots| slots[at]))
}

fn join(vm: &mut Vm, a: &[Value]) -> LispResult {
    let function = slot(vm, a[0], FUNCTION)?;
    if let Some(at) = vm.session.threads.iter().position(|&thread| thread == a[0]) {
        vm.session.threads.remove(at);
        let result = vm.funcall(function, &[])?;
        if let Some(slots) = vm.heap.as_slots_mut(a[0]) {
            slots[RESULT] = result;
        }
    }
    slot(vm, a[0], RESULT)
}

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

impl Vm {
    /// The path that a string names, relative to `default-directory`.
    pub(crate) fn file_name(&mut self, name: Value) -> LispResult<PathBuf> {
        let name = String::from_utf8_lossy(self.bytes_of(name)?).into_owned();
        let directory = self.global("default-directory");
        let directory =
            self.heap.as_bytes(directory).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        Ok(PathBuf::from(directory.unwrap_or_default()).join(name))
    }
}
