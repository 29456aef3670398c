//! Binding variables dynamically, and what they are outside of all bindings.

use crate::buffer::BufferId;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::rt::Symbol;
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;

/// A variable with one of these flags is not just a cell to bind.
const BINDS_WITH_CARE: u64 = SymbolCell::CONSTANT | SymbolCell::REDIRECT | SymbolCell::WATCHED;

/// A dynamic binding to undo.
#[derive(Clone, Copy)]
pub(crate) struct Binding {
    pub(crate) symbol: Symbol,
    pub(crate) old: Value,
    pub(crate) scope: Scope,
}

/// Which of a variable's values a binding has replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The only one, or the default.
    Default,
    /// That of a buffer.
    Buffer(BufferId),
}

impl Vm {
    /// Binds a variable dynamically until [`Vm::unbind`]: the buffer's own value if it has one, else the default.
    pub(crate) fn bind(&mut self, symbol: Value, value: Value) -> LispResult<()> {
        let symbol = self.check_symbol(symbol)?;
        if self.obarray.cell(symbol).flags & BINDS_WITH_CARE == 0 {
            let cell = self.obarray.cell_mut(symbol);
            let old = std::mem::replace(&mut cell.value, value);
            self.bindings.push(Binding { symbol, old, scope: Scope::Default });
            return Ok(());
        }
        let symbol = self.settable(symbol)?;
        let (old, scope) = match (self.local_value(symbol, None), self.buffers.current()) {
            (Some(old), Some(buffer)) => (old, Scope::Buffer(buffer.id)),
            _ => (self.find_default(symbol), Scope::Default),
        };
        self.tell_and_store(symbol, value, scope, sym::let_)?;
        self.bindings.push(Binding { symbol, old, scope });
        Ok(())
    }

    /// Undoes dynamic bindings down to this many.
    pub(crate) fn unbind(&mut self, count: usize) {
        while let Some(&Binding { symbol, old, scope }) = self.bindings.get(count..).and_then(<[_]>::last) {
            self.tell_watchers_of_end(symbol, old, self.place_of(scope));
            self.swap_binding(self.bindings.len() - 1);
            self.bindings.pop();
        }
    }

    /// Exchanges the value that a binding keeps with the one that is in force at its place.
    pub(crate) fn swap_binding(&mut self, at: usize) {
        let Binding { symbol, old, scope } = self.bindings[at];
        let now = match scope {
            Scope::Default => self.find_default(symbol),
            // A buffer that was killed, or has given up the value, gets none back.
            Scope::Buffer(id) => match self.local_value(symbol, Some(id)) {
                Some(now) => now,
                None => return,
            },
        };
        self.bindings[at].old = now;
        // What was the value is allowed to be.
        let _ = self.store(symbol, old, scope);
    }

    /// The value that a variable has outside of all bindings.
    pub(crate) fn top_level_default(&self, symbol: Symbol) -> Value {
        let symbol = self.indirect_variable(symbol);
        let outermost = self.bindings.iter().find(|b| b.symbol == symbol && b.scope == Scope::Default);
        outermost.map_or_else(|| self.find_default(symbol), |binding| binding.old)
    }

    /// Sets the value that a variable has outside of all bindings.
    pub(crate) fn set_top_level_default(&mut self, symbol: Symbol, value: Value) -> LispResult<()> {
        let symbol = self.indirect_variable(symbol);
        match self.bindings.iter_mut().find(|b| b.symbol == symbol && b.scope == Scope::Default) {
            Some(binding) => binding.old = value,
            None => self.set_default(symbol, value)?,
        }
        Ok(())
    }
}
