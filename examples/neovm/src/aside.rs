//! What is put aside while a machine is dumped, and back after it.

use crate::hooks::POST_GC_HOOK;
use crate::machine::Vm;
use crate::process::OF_THE_PROCESS;
use crate::rt::Symbol;
use crate::value::Value;
use crate::variable::Scope;

/// What a machine has instead of these while it is dumped: nothing.
pub(crate) struct Aside {
    /// Variables that belong to the process, with their values.
    pub(crate) variables: Vec<(Symbol, Value)>,
    /// The lexical environment of the program that asked for the dump.
    pub(crate) lexenv: Value,
    /// The folder of the process, which buffers without one of their own are in.
    pub(crate) directory: Value,
}

impl Vm {
    /// Leaves the machine as its image is to be: without what belongs to the process and to the running program. A
    /// variable that is bound dynamically has its top-level value.
    ///
    /// It collects, so that a weak table holds only what something else holds, and no hook of the program sees that.
    pub(crate) fn put_aside(&mut self) {
        self.put_back();
        let lexenv = std::mem::replace(&mut self.lexenv, Value::NIL);
        self.session.images.aside =
            Some(Aside { variables: Vec::new(), lexenv, directory: self.buffers.process_directory() });
        self.put_variable_aside(POST_GC_HOOK);
        self.collect();
        self.exchange_bindings(true);
        self.buffers.leave_directory(&self.heap);
        OF_THE_PROCESS.iter().for_each(|name| self.put_variable_aside(name));
    }

    /// Sets a variable to nil; what is aside is a root meanwhile.
    fn put_variable_aside(&mut self, name: &str) {
        let symbol = self.symbols.intern(name);
        let value = self.find_default(symbol);
        if value.is_nil() || self.store(symbol, Value::NIL, Scope::Default).is_err() {
            return;
        }
        if let Some(aside) = &mut self.session.images.aside {
            aside.variables.push((symbol, value));
        }
    }

    /// Undoes `Vm::put_aside`, however the dump ended; does nothing when nothing is aside.
    pub(crate) fn put_back(&mut self) {
        let Some(aside) = self.session.images.aside.take() else { return };
        self.lexenv = aside.lexenv;
        let (hook, others): (Vec<_>, Vec<_>) = aside
            .variables
            .into_iter()
            .partition(|(symbol, _)| self.symbols.name(*symbol) == POST_GC_HOOK.as_bytes());
        // What was the value is allowed to be.
        let mut restore = |(symbol, value)| _ = self.store(symbol, value, Scope::Default);
        others.into_iter().for_each(&mut restore);
        self.buffers.enter_directory(aside.directory);
        self.exchange_bindings(false);
        // It was put aside when bindings were still in place.
        for (symbol, value) in hook {
            let _ = self.store(symbol, value, Scope::Default);
        }
    }

    /// Exchanges the values of all bound variables with those they had before, so that each has its top-level value; and
    /// back, from the outermost binding inwards.
    fn exchange_bindings(&mut self, outwards: bool) {
        let count = self.bindings.len();
        (0..count).for_each(|at| self.swap_binding(if outwards { count - 1 - at } else { at }));
    }
}
