//! Setting variables.

use super::{Binding, Check, Forward, ForwardDesc, LocalVar, Place, Scope};
use crate::buffer::BufferId;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::Kind;
use crate::rt::Symbol;
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;

impl Vm {
    /// The variable behind a symbol, when it may be set.
    pub(super) fn settable(&mut self, symbol: Symbol) -> LispResult<Symbol> {
        let symbol = self.indirect_variable(symbol);
        if self.obarray.cell(symbol).flags & SymbolCell::CONSTANT != 0 || self.is_keyword(symbol) {
            return Err(self.signal(sym::setting_constant, &[Value::symbol(symbol)]));
        }
        Ok(symbol)
    }

    /// What is stored when a variable is set to a value, if it may be.
    pub(super) fn checked(&mut self, forward: Value, value: Value) -> LispResult {
        let Some(forward) = self.heap.get::<Forward>(forward) else { return Ok(value) };
        if value == Value::UNBOUND {
            return Err(self.error("A variable of the machine cannot be void"));
        }
        let integer = value.as_fixnum().is_some() || self.heap.kind(value) == Some(Kind::Bignum);
        let (holds, predicate) = match forward.desc.check {
            Check::Any => (true, sym::symbolp),
            Check::Boolean => return Ok(Value::bool(value.is_true())),
            Check::Integer => (integer, sym::integerp),
            Check::Text => (value.is_str() || value.is_nil(), sym::stringp),
            Check::Symbol => (value.is_symbol(), sym::symbolp),
        };
        if holds { Ok(value) } else { Err(self.wrong_type(predicate, value)) }
    }

    /// Which value of a variable is set where the program stands: that of the current buffer if it has one for itself,
    /// or gets one by being set, else the default.
    fn scope_of_set(&self, symbol: Symbol) -> Scope {
        let cell = self.obarray.cell(symbol);
        let Some(here) = self.buffers.current().filter(|_| cell.flags & SymbolCell::REDIRECT != 0) else {
            return Scope::Default;
        };
        if self.local_value(symbol, None).is_some() {
            return Scope::Buffer(here.id);
        }
        let local_if_set = match self.heap.get::<LocalVar>(cell.value) {
            Some(local) => local.local_if_set.get(),
            None => self
                .heap
                .get::<Forward>(cell.value)
                .is_some_and(|forward| matches!(forward.desc.place, Place::Slot { .. })),
        };
        // Inside of a `let` of the default, setting means the default.
        let bound = |b: &Binding| b.symbol == symbol && b.scope == Scope::Default;
        if local_if_set && !self.bindings.iter().any(bound) { Scope::Buffer(here.id) } else { Scope::Default }
    }

    /// Sets a variable as `set` does.
    pub(crate) fn set_symbol(&mut self, symbol: Symbol, value: Value) -> LispResult<()> {
        let symbol = self.settable(symbol)?;
        let scope = self.scope_of_set(symbol);
        let operation = if value == Value::UNBOUND { sym::makunbound } else { sym::set };
        self.tell_and_store(symbol, value, scope, operation)
    }

    /// Sets the value that a variable has where no buffer has one for itself.
    pub(crate) fn set_default(&mut self, symbol: Symbol, value: Value) -> LispResult<()> {
        let symbol = self.settable(symbol)?;
        self.tell_and_store(symbol, value, Scope::Default, sym::set)
    }

    /// Gives a buffer a value of a variable for itself. Does nothing when the buffer is dead.
    pub(crate) fn set_local(&mut self, symbol: Symbol, buffer: BufferId, value: Value) -> LispResult<()> {
        let symbol = self.settable(symbol)?;
        self.tell_and_store(symbol, value, Scope::Buffer(buffer), sym::set)
    }

    /// The handle of the buffer whose value it is, as watchers are told, or nil.
    pub(super) fn place_of(&self, scope: Scope) -> Value {
        match scope {
            Scope::Default => Value::NIL,
            Scope::Buffer(id) => self.buffers.get(id).map_or(Value::NIL, |buffer| buffer.handle),
        }
    }

    pub(super) fn tell_and_store(
        &mut self,
        symbol: Symbol,
        value: Value,
        scope: Scope,
        operation: Value,
    ) -> LispResult<()> {
        self.tell_watchers(symbol, value, operation, self.place_of(scope))?;
        self.store(symbol, value, scope)
    }

    /// Sets one of the values of a variable, without telling anybody.
    pub(crate) fn store(&mut self, symbol: Symbol, value: Value, scope: Scope) -> LispResult<()> {
        match scope {
            Scope::Default => self.store_default(symbol, value),
            Scope::Buffer(id) => self.store_local(symbol, id, value),
        }
    }

    fn store_local(&mut self, symbol: Symbol, buffer: BufferId, value: Value) -> LispResult<()> {
        let cell = *self.obarray.cell(symbol);
        if let Some(local) = self.heap.get::<LocalVar>(cell.value) {
            let value = self.checked(local.forward, value)?;
            let Some(locals) = self.buffers.get(buffer).map(|buffer| buffer.locals) else { return Ok(()) };
            match self.assq(Value::symbol(symbol), locals).and_then(|pair| self.heap.as_cons(pair)) {
                Some(pair) => pair.cdr.set(value),
                None => {
                    let pair = self.heap.cons(Value::symbol(symbol), value);
                    let locals = self.heap.cons(pair, locals);
                    if let Some(buffer) = self.buffers.get_mut(buffer) {
                        buffer.locals = locals;
                    }
                }
            }
            return Ok(());
        }
        let value = self.checked(cell.value, value)?;
        let place = self.heap.get::<Forward>(cell.value).map(|forward| forward.desc.place);
        if let (Some(place), Some(buffer)) = (place, self.buffers.get_mut(buffer)) {
            match place {
                Place::Slot { slot, always } => {
                    buffer.slots[usize::from(slot)] = value;
                    buffer.local_flags |= u64::from(!always) << slot;
                }
                Place::Undo => buffer.undo.borrow_mut().list = value,
                Place::Own => {}
            }
        }
        Ok(())
    }

    fn store_default(&mut self, symbol: Symbol, value: Value) -> LispResult<()> {
        let symbol = self.indirect_variable(symbol);
        let cell = *self.obarray.cell(symbol);
        if cell.flags & SymbolCell::REDIRECT == 0 {
            self.obarray.cell_mut(symbol).value = value;
        } else if let Some(local) = self.heap.get::<LocalVar>(cell.value) {
            let value = self.checked(local.forward, value)?;
            if let Some(local) = self.heap.get::<LocalVar>(cell.value) {
                local.default.set(value);
            }
        } else {
            let value = self.checked(cell.value, value)?;
            match self.heap.get::<Forward>(cell.value) {
                Some(Forward { desc: ForwardDesc { place: Place::Slot { slot, .. }, .. }, .. }) => {
                    self.buffers.defaults[usize::from(*slot)] = value;
                }
                Some(forward) => forward.value.set(value),
                None => {}
            }
        }
        Ok(())
    }
}
