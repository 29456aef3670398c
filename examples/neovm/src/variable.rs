//! Where the value of a variable is.
//!
//! The cell of a symbol holds the value itself, or says in its flags where to look: at another symbol (an alias), at
//! a [`LocalVar`] (each buffer may have a value of its own), or at a [`Forward`] (the machine keeps the value). A
//! dynamic binding replaces the value at the place where it is found, and notes the place.

use crate::buffer::slots::BUFFER_VARIABLES;
use crate::buffer::state::BufferId;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::{Header, Kind};
use crate::rt::{Dumpable, Symbol};
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;
use std::cell::Cell;

/// A variable that buffers may have for themselves.
#[derive(Dumpable)]
#[dump(object, kind = Kind::LocalVar as u8)]
#[repr(C)]
pub struct LocalVar {
    /// The header.
    pub header: Header,
    /// The value where a buffer has none.
    pub default: Cell<Value>,
    /// The [`Forward`] that the variable was before, or nil: what may be set is what it says.
    pub forward: Value,
    /// Whether setting it gives the current buffer a value of its own.
    pub local_if_set: Cell<bool>,
}

/// A variable that the machine keeps.
#[derive(Dumpable)]
#[dump(object, kind = Kind::Forward as u8)]
#[repr(C)]
pub struct Forward {
    /// The header.
    pub header: Header,
    /// The value, where it belongs to no buffer.
    pub value: Cell<Value>,
    /// What the machine knows of it.
    #[dump(native)]
    pub desc: &'static ForwardDesc,
}

/// What the machine knows of a variable that it keeps.
#[derive(Clone, Copy)]
pub struct ForwardDesc {
    /// The name of the variable.
    pub name: &'static str,
    /// Where the value is.
    pub place: Place,
    /// What it may be.
    pub check: Check,
    /// The first value.
    pub seed: Seed,
}

/// Where the machine keeps a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the variable's [`Forward`].
    Own,
    /// In a slot of each buffer, or the default of that slot.
    Slot {
        /// Which slot.
        slot: u8,
        /// Whether each buffer has the value for itself from the start.
        always: bool,
    },
    /// With the text: what can be undone.
    Undo,
}

/// What a variable may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Any value.
    Any,
    /// `t` or nil: every other value counts as `t`.
    Boolean,
    /// An integer.
    Integer,
    /// A string or nil.
    Text,
    /// A symbol.
    Symbol,
}

/// The first value of a variable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Seed {
    /// `nil`.
    Nil,
    /// `t`.
    T,
    /// An integer.
    Int(i64),
    /// A symbol.
    Name(&'static str),
    /// A string.
    Str(&'static str),
}

/// The variables that the machine keeps and that belong to no slot of a buffer.
pub static MACHINE_VARIABLES: [ForwardDesc; 4] = [
    ForwardDesc { name: "buffer-undo-list", place: Place::Undo, check: Check::Any, seed: Seed::Nil },
    ForwardDesc { name: "inhibit-read-only", place: Place::Own, check: Check::Any, seed: Seed::Nil },
    ForwardDesc {
        name: "undo-inhibit-record-point",
        place: Place::Own,
        check: Check::Boolean,
        seed: Seed::Nil,
    },
    ForwardDesc { name: "undo-limit", place: Place::Own, check: Check::Integer, seed: Seed::Int(160_000) },
];

/// All variables that the machine keeps.
pub(crate) fn all() -> impl Iterator<Item = &'static ForwardDesc> {
    BUFFER_VARIABLES.iter().chain(&MACHINE_VARIABLES)
}

/// How many aliases a variable may be away.
const ALIASES: usize = 100;

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
    /// The variable behind an alias.
    pub(crate) fn indirect_variable(&self, mut symbol: Symbol) -> Symbol {
        for _ in 0..ALIASES {
            let cell = self.obarray.cell(symbol);
            match cell.value.as_symbol() {
                Some(target) if cell.flags & SymbolCell::ALIAS != 0 => symbol = target,
                _ => break,
            }
        }
        symbol
    }

    /// The value of a variable in the current buffer; [`Value::UNBOUND`] when it has none.
    #[inline]
    pub(crate) fn find_value(&self, symbol: Symbol) -> Value {
        let cell = self.obarray.cell(symbol);
        if cell.flags & SymbolCell::REDIRECT == 0 {
            return cell.value;
        }
        let symbol = self.indirect_variable(symbol);
        self.local_value(symbol, None).unwrap_or_else(|| self.find_default(symbol))
    }

    /// The value that a variable has in a buffer (the current one when none is given) for that buffer alone.
    pub(crate) fn local_value(&self, symbol: Symbol, buffer: Option<BufferId>) -> Option<Value> {
        let symbol = self.indirect_variable(symbol);
        let cell = self.obarray.cell(symbol);
        let buffer = match buffer {
            None => self.buffers.current(),
            Some(id) => self.buffers.get(id),
        }?;
        if cell.flags & SymbolCell::LOCAL != 0 {
            return self.assq(Value::symbol(symbol), buffer.locals).map(|pair| self.heap.cdr(pair));
        }
        match self.heap.get::<Forward>(cell.value).map(|forward| forward.desc.place) {
            Some(Place::Slot { slot, always }) if always || buffer.has_slot(slot) => {
                buffer.slots.get(usize::from(slot)).copied()
            }
            Some(Place::Undo) => buffer.undo.try_borrow().ok().map(|undo| undo.list),
            _ => None,
        }
    }

    /// The value of a variable where no buffer has one for itself; [`Value::UNBOUND`] when there is none.
    pub(crate) fn find_default(&self, symbol: Symbol) -> Value {
        let cell = self.obarray.cell(self.indirect_variable(symbol));
        if let Some(local) =
            self.heap.get::<LocalVar>(cell.value).filter(|_| cell.flags & SymbolCell::LOCAL != 0)
        {
            return local.default.get();
        }
        match self.heap.get::<Forward>(cell.value).filter(|_| cell.flags & SymbolCell::FORWARD != 0) {
            None => cell.value,
            Some(forward) => match forward.desc.place {
                Place::Slot { slot, .. } => self.buffers.defaults[usize::from(slot)],
                Place::Own | Place::Undo => forward.value.get(),
            },
        }
    }

    /// The pair of a key in an alist, by `eq`.
    fn assq(&self, key: Value, mut alist: Value) -> Option<Value> {
        while let Some(link) = self.heap.as_cons(alist) {
            let pair = link.car.get();
            if pair.is_cons() && self.heap.car(pair) == key {
                return Some(pair);
            }
            alist = link.cdr.get();
        }
        None
    }

    /// The variable behind a symbol, when it may be set.
    fn settable(&mut self, symbol: Symbol) -> LispResult<Symbol> {
        let symbol = self.indirect_variable(symbol);
        if self.obarray.cell(symbol).flags & SymbolCell::CONSTANT != 0 || self.is_keyword(symbol) {
            return Err(self.signal(sym::setting_constant, &[Value::symbol(symbol)]));
        }
        Ok(symbol)
    }

    /// What is stored when a variable is set to a value, if it may be.
    fn checked(&mut self, forward: Value, value: Value) -> LispResult {
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
    fn place_of(&self, scope: Scope) -> Value {
        match scope {
            Scope::Default => Value::NIL,
            Scope::Buffer(id) => self.buffers.get(id).map_or(Value::NIL, |buffer| buffer.handle),
        }
    }

    fn tell_and_store(
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

    /// Exchanges the values of all bound variables with those they had before, so that each has its top-level value; and
    /// back, from the outermost binding inwards.
    pub(crate) fn exchange_bindings(&mut self, outwards: bool) {
        let count = self.bindings.len();
        (0..count).for_each(|at| self.swap_binding(if outwards { count - 1 - at } else { at }));
    }

    /// Exchanges the value that a binding keeps with the one that is in force at its place.
    fn swap_binding(&mut self, at: usize) {
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
            self.store_default(target, cell.value)?;
        }
        self.obarray.cell_mut(self.indirect_variable(target)).flags |= SymbolCell::SPECIAL;
        let cell = self.obarray.cell_mut(alias);
        cell.value = Value::symbol(target);
        cell.flags |= SymbolCell::ALIAS | SymbolCell::SPECIAL;
        Ok(())
    }

    /// The first value of a variable of the machine.
    pub(crate) fn seed(&mut self, seed: Seed) -> Value {
        match seed {
            Seed::Nil => Value::NIL,
            Seed::T => Value::T,
            Seed::Int(n) => self.heap.integer(n),
            Seed::Name(name) => self.intern(name),
            Seed::Str(text) => self.heap.string(text),
        }
    }

    /// Has a variable of the machine's kept where the machine says.
    pub(crate) fn define_forward(&mut self, desc: &'static ForwardDesc) {
        let symbol = self.symbols.intern(desc.name);
        let seed = self.seed(desc.seed);
        let value = match desc.place {
            Place::Slot { slot, .. } => {
                self.buffers.defaults[usize::from(slot)] = seed;
                Value::NIL
            }
            Place::Own | Place::Undo => seed,
        };
        let object = Forward { header: Header::new(Kind::Forward), value: Cell::new(value), desc };
        let object = self.heap.adopt(object, 0);
        let cell = self.obarray.cell_mut(symbol);
        cell.value = object;
        cell.flags = SymbolCell::SPECIAL | SymbolCell::FORWARD;
    }

    /// Whether every cell that says where to look has there what it says.
    pub(crate) fn check_variables(&self) -> Result<(), String> {
        for (at, cell) in self.obarray.cells().enumerate() {
            let holds = match cell.flags & SymbolCell::REDIRECT {
                0 => !matches!(self.heap.kind(cell.value), Some(Kind::LocalVar | Kind::Forward)),
                SymbolCell::ALIAS => cell.value.is_symbol(),
                SymbolCell::LOCAL => self.heap.kind(cell.value) == Some(Kind::LocalVar),
                SymbolCell::FORWARD => self.heap.kind(cell.value) == Some(Kind::Forward),
                _ => false,
            };
            if !holds {
                return Err(format!("the cell of symbol {at} does not hold what its flags say"));
            }
        }
        Ok(())
    }
}
