//! Making variables local to buffers, or aliases.

use super::{Forward, LocalVar, Place, Scope};
use crate::buffer::BufferId;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::{Header, Kind};
use crate::rt::Symbol;
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;
use std::cell::Cell;

impl Vm {
    /// Makes a variable one that buffers may have for themselves, unless it is one already.
    pub(crate) fn localize(&mut self, symbol: Symbol, local_if_set: bool) -> LispResult<()> {
        let symbol = self.settable(symbol)?;
        let cell = *self.obarray.cell(symbol);
        if let Some(local) =
            self.heap.get::<LocalVar>(cell.value).filter(|_| cell.flags & SymbolCell::LOCAL != 0)
        {
            local.local_if_set.set(local.local_if_set.get() || local_if_set);
            return Ok(());
        }
        let forward = self.heap.get::<Forward>(cell.value).filter(|_| cell.flags & SymbolCell::FORWARD != 0);
        let (forward, default) = match forward {
            Some(forward) if forward.desc.place != Place::Own => return Ok(()),
            Some(forward) => (cell.value, forward.value.get()),
            // What is void and becomes local if set starts as nil.
            None if cell.value == Value::UNBOUND && local_if_set => (Value::NIL, Value::NIL),
            None => (Value::NIL, cell.value),
        };
        let object = LocalVar {
            header: Header::new(Kind::LocalVar),
            default: Cell::new(default),
            forward,
            local_if_set: Cell::new(local_if_set),
        };
        let object = self.heap.adopt(object, 0);
        let cell = self.obarray.cell_mut(symbol);
        cell.value = object;
        cell.flags = cell.flags & !SymbolCell::REDIRECT | SymbolCell::LOCAL;
        Ok(())
    }

    /// Takes a buffer's own value of a variable away.
    pub(crate) fn kill_local(&mut self, symbol: Symbol, buffer: BufferId) -> LispResult<()> {
        let symbol = self.indirect_variable(symbol);
        let place = self.place_of(Scope::Buffer(buffer));
        self.tell_watchers(symbol, Value::NIL, sym::makunbound, place)?;
        let cell = *self.obarray.cell(symbol);
        let place = self.heap.get::<Forward>(cell.value).map(|forward| forward.desc.place);
        let Some(buffer) = self.buffers.get(buffer) else { return Ok(()) };
        let id = buffer.id;
        let kept: Vec<Value> = self
            .heap
            .list_elements(buffer.locals, usize::MAX)
            .into_iter()
            .filter(|&pair| self.heap.car(pair) != Value::symbol(symbol))
            .collect();
        let locals = self.heap.list(&kept);
        if let Some(buffer) = self.buffers.get_mut(id) {
            buffer.locals = locals;
            if let Some(Place::Slot { slot, always: false }) = place {
                buffer.local_flags &= !(1 << slot);
                // What is no value must not keep anything in use.
                buffer.slots[usize::from(slot)] = Value::NIL;
            }
        }
        Ok(())
    }

    /// Makes a variable stand for another.
    pub(crate) fn alias_variable(&mut self, alias: Symbol, target: Symbol) -> LispResult<()> {
        if self.indirect_variable(target) == alias {
            let data = [Value::symbol(target)];
            let condition = self.intern("cyclic-variable-indirection");
            return Err(self.signal(condition, &data));
        }
        let cell = *self.obarray.cell(alias);
        if cell.flags & (SymbolCell::CONSTANT | SymbolCell::LOCAL | SymbolCell::FORWARD) != 0 {
            let name = self.prin1(Value::symbol(alias));
            return Err(self.error(format!("Cannot make a built-in variable an alias: {name}")));
        }
        if self.bindings.iter().any(|b| b.symbol == alias) {
            let name = self.prin1(Value::symbol(alias));
            return Err(self.error(format!("Don't know how to make a let-bound variable an alias: {name}")));
        }
        self.tell_watchers(alias, Value::symbol(target), sym::defvaralias, Value::NIL)?;
        // The target takes over what the alias held, if it holds nothing itself.
        let held = cell.flags & SymbolCell::ALIAS == 0 && cell.value != Value::UNBOUND;
        if held && self.find_default(target) == Value::UNBOUND {
            self.store(target, cell.value, Scope::Default)?;
        }
        self.obarray.cell_mut(self.indirect_variable(target)).flags |= SymbolCell::SPECIAL;
        let cell = self.obarray.cell_mut(alias);
        cell.value = Value::symbol(target);
        cell.flags |= SymbolCell::ALIAS | SymbolCell::SPECIAL;
        Ok(())
    }
}
