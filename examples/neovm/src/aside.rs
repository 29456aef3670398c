//! What is put aside while a machine is dumped, and back after it.

use crate::machine::Vm;
use crate::rt::Symbol;
use crate::session;
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
        self.session.aside =
            Some(Aside { variables: Vec::new(), lexenv, directory: self.buffers.process_directory() });
        self.put_variable_aside(session::POST_GC_HOOK);
        self.collect();
        self.exchange_bindings(true);
        self.buffers.leave_directory(&self.heap);
        session::OF_THE_PROCESS.iter().for_each(|name| self.put_variable_aside(name));
    }

    /// Sets a variable to nil; what is aside is a root meanwhile.
    fn put_variable_aside(&mut self, name: &str) {
        let symbol = self.symbols.intern(name);
        let value = self.find_default(symbol);
        if value.is_nil() || self.store(symbol, Value::NIL, Scope::Default).is_err() {
            return;
        }
        if let Some(aside) = &mut self.session.aside {
            aside.variables.push((symbol, value));
        }
    }

    /// Undoes `Vm::put_aside`; does nothing when nothing is aside.
    ///
    /// [`Vm::dump_to_file`] and its like call it. Whoever dumps with a `Dumper` of their own does so afterwards.
    pub fn put_back(&mut self) {
        let Some(aside) = self.session.aside.take() else { return };
        self.lexenv = aside.lexenv;
        let (hook, others): (Vec<_>, Vec<_>) = aside
            .variables
            .into_iter()
            .partition(|(symbol, _)| self.symbols.name(*symbol) == session::POST_GC_HOOK.as_bytes());
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
}
