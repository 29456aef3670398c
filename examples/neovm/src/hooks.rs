//! Hooks: variables that hold functions, which are called when something happens.

use crate::machine::Vm;
use crate::value::Value;

/// The variable whose functions are called after a collection.
pub(crate) const POST_GC_HOOK: &str = "post-gc-hook";

impl Vm {
    /// Calls the functions in a variable.
    pub(crate) fn run_hook(&mut self, hook: Value) -> Result<(), String> {
        let functions = hook.as_symbol().map_or(Value::NIL, |hook| self.find_value(hook));
        if functions == Value::UNBOUND {
            return Ok(());
        }
        // The list stays as it is now, whatever the functions do to the hook.
        let base = self.stack.len();
        self.stack.push(functions);
        let single =
            functions.is_symbol() && functions.is_true() || !functions.is_cons() && functions.is_true();
        let list = if single { vec![functions] } else { self.heap.list_elements(functions, usize::MAX) };
        let result =
            list.into_iter().try_for_each(|function| self.run(|vm| vm.funcall(function, &[])).map(drop));
        self.stack.truncate(base);
        result.map_err(|flow| format!("{}: {}", self.prin1(hook), self.describe(flow)))
    }

    /// Calls the functions of `post-gc-hook` after a collection. What they signal is told on the error output; a
    /// collection that they cause tells nobody.
    pub(crate) fn tell_of_collection(&mut self) {
        let hook = self.symbols.intern(POST_GC_HOOK);
        if self.find_value(hook).is_nil() || std::mem::replace(&mut self.session.in_gc_hook, true) {
            return;
        }
        if let Err(error) = self.run_hook(Value::symbol(hook)) {
            self.write(format!("{error}\n").as_bytes(), true);
        }
        self.session.in_gc_hook = false;
    }
}
