//! Lisp threads.

use super::{SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::Record;
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 6] = [
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
