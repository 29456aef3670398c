//! The terminal of the process.

use super::{SubrDesc, subr};
use crate::object::Record;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 2] = [
    // It is `[terminal NAME PARAMETERS]`. A machine that was loaded or cloned makes its own.
    subr("frame-terminal", 0, 1, |vm, _| {
        if vm.session.terminal.is_nil() {
            let name = vm.heap.string("initial_terminal");
            let terminal = [vm.intern("terminal"), name, Value::NIL].to_vec();
            vm.session.terminal = vm.heap.slots::<Record>(terminal);
        }
        Ok(vm.session.terminal)
    }),
    subr("terminal-live-p", 1, 1, |vm, a| Ok(Value::bool(a[0].is_true() && a[0] == vm.session.terminal))),
];
