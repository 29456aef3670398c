//! Arguments that are named by keywords.

use crate::machine::Vm;
use crate::value::Value;

/// The value behind a keyword among arguments, nil when it is absent.
pub(super) fn keyword(vm: &mut Vm, args: &[Value], name: &str) -> Value {
    given(vm, args, name).unwrap_or(Value::NIL)
}

/// The value behind a keyword among arguments, if it is there and not nil.
pub(super) fn given(vm: &mut Vm, args: &[Value], name: &str) -> Option<Value> {
    let key = vm.intern(name);
    let value = args.chunks_exact(2).find(|pair| pair[0] == key).map(|pair| pair[1]);
    value.filter(|value| value.is_true())
}
