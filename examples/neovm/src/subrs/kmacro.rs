//! Keyboard macros.

use super::register::is_keys;
use super::{SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("start-kbd-macro", 0, 2, |vm, a| {
        if vm.kmacro.recording.is_some() {
            return Err(vm.error("Already defining kbd macro"));
        }
        let old = vm.kmacro.ring.first().cloned().unwrap_or_default();
        vm.kmacro.recording = Some(if arg(a, 0).is_true() { old } else { Vec::new() });
        Ok(Value::NIL)
    }),
    subr("store-kbd-macro-event", 1, 1, |vm, a| {
        if let Some(events) = &mut vm.kmacro.recording {
            events.push(a[0]);
        }
        Ok(Value::NIL)
    }),
    subr("end-kbd-macro", 0, 0, |vm, _| match vm.kmacro.recording.take() {
        Some(events) => {
            vm.kmacro.push(events);
            Ok(Value::NIL)
        }
        None => Err(vm.error("Not defining kbd macro")),
    }),
    subr("cancel-kbd-macro", 0, 0, |vm, _| Ok(Value::bool(vm.kmacro.recording.take().is_some()))),
    subr("defining-kbd-macro-p", 0, 0, |vm, _| Ok(Value::bool(vm.kmacro.recording.is_some()))),
    subr("executing-kbd-macro-p", 0, 0, |vm, _| Ok(Value::bool(vm.kmacro.executing != 0))),
    subr("last-kbd-macro", 0, 0, |vm, _| match vm.kmacro.ring.first().cloned() {
        Some(events) => Ok(vm.heap.vector(events)),
        None => Ok(Value::NIL),
    }),
    subr("kmacro-ring", 0, 0, |vm, _| {
        let ring = vm.kmacro.ring.clone();
        let ring: Vec<Value> = ring.into_iter().map(|events| vm.heap.vector(events)).collect();
        Ok(vm.heap.list(&ring))
    }),
    subr("kmacro-push", 1, 1, |vm, a| {
        let events = vm.sequence_values(a[0])?;
        vm.kmacro.push(events);
        Ok(Value::NIL)
    }),
    subr("kmacro-rotate", 0, 1, |vm, a| {
        vm.kmacro.rotate(arg(a, 0).is_true());
        Ok(Value::NIL)
    }),
    subr("kmacro-counter", 0, 0, |vm, _| Ok(vm.heap.integer(vm.kmacro.counter))),
    subr("kmacro-set-counter", 1, 1, |vm, a| {
        vm.kmacro.counter = vm.fixnum(a[0])?;
        Ok(a[0])
    }),
    subr("kmacro-counter-format", 0, 0, |vm, _| Ok(vm.kmacro.counter_format.to_value(&mut vm.heap))),
    subr("kmacro-set-format", 1, 1, |vm, a| {
        vm.kmacro.counter_format = vm.lisp_string(a[0])?;
        Ok(a[0])
    }),
    subr("execute-kbd-macro", 1, 2, |vm, a| {
        let times = if arg(a, 1).is_nil() { 1 } else { vm.index(a[1])? };
        let keys = a[0].as_symbol().map_or(a[0], |name| vm.obarray.cell(name).function);
        if !is_keys(vm, keys) {
            return Err(vm.error("Keyboard macros must be strings or vectors"));
        }
        let events = vm.sequence_values(keys)?;
        vm.kmacro.executing += 1;
        let result = (0..times).try_for_each(|_| type_events(vm, &events));
        vm.kmacro.executing -= 1;
        result.map(|()| Value::NIL)
    }),
];

/// Does what the user would by typing the events: each shortest sequence that has a command calls it.
fn type_events(vm: &mut Vm, events: &[Value]) -> LispResult<()> {
    let mut start = 0;
    for end in 1..=events.len() {
        vm.safe_point();
        let binding = vm.key_binding(&events[start..end])?;
        if vm.is_keymap(binding)? {
            continue;
        }
        if binding.is_nil() {
            let keys = vm.describe_keys(&events[start..end]);
            return Err(vm.error(format!("{keys} is undefined")));
        }
        vm.call_interactively(binding, &events[start..end])?;
        start = end;
    }
    Ok(())
}
