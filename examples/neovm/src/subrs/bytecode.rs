//! Byte-code functions.

use super::{MANY, SubrDesc, subr};
use crate::bytecode::slot;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::{ByteCode, Vector};
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 4] = [
    subr("make-byte-code", 4, MANY, make),
    // `(make-closure PROTOTYPE VALUE...)`: the values take the places of the first constants.
    subr("make-closure", 1, MANY, |vm, a| {
        let Some(prototype) = vm.heap.get::<ByteCode>(a[0]) else {
            let predicate = vm.intern("byte-code-function-p");
            return Err(vm.wrong_type(predicate, a[0]));
        };
        let mut slots = prototype.slots.to_vec();
        let constants = slots.get(slot::CONSTANTS).copied().unwrap_or(Value::NIL);
        let mut constants = vm.heap.as_slots(constants).map(<[Value]>::to_vec).unwrap_or_default();
        let Some(first) = constants.get_mut(..a.len() - 1) else {
            return Err(vm.error("Closure vars do not fit in constvec"));
        };
        first.copy_from_slice(&a[1..]);
        slots[slot::CONSTANTS] = vm.heap.vector(constants);
        Ok(vm.heap.slots::<ByteCode>(slots))
    }),
    subr("byte-code", 3, 3, |vm, a| vm.run_byte_code(a[0], a[1], &[])),
    subr("compiled-function-p", 1, 1, |vm, a| {
        Ok(Value::bool(matches!(
            vm.heap.kind(a[0]),
            Some(crate::object::Kind::ByteCode | crate::object::Kind::Subr)
        )))
    }),
];

fn make(vm: &mut Vm, a: &[Value]) -> LispResult {
    let args = a[slot::ARGS];
    let fits = args.as_fixnum().is_some_and(|n| n >= 0) || args.is_cons() || args.is_nil();
    if !fits {
        return Err(vm.wrong_type(sym::listp, args));
    }
    if !a[slot::CODE].is_str() {
        return Err(vm.wrong_type(sym::stringp, a[slot::CODE]));
    }
    if vm.heap.get::<Vector>(a[slot::CONSTANTS]).is_none() {
        return Err(vm.wrong_type(sym::vectorp, a[slot::CONSTANTS]));
    }
    if a[slot::DEPTH].as_fixnum().is_none_or(|n| n < 0) {
        return Err(vm.wrong_type(sym::wholenump, a[slot::DEPTH]));
    }
    Ok(vm.heap.slots::<ByteCode>(a.to_vec()))
}
