//! Where the value of a variable is.
//!
//! The cell of a symbol holds the value itself, or says in its flags where to look: at another symbol (an alias), at
//! a [`LocalVar`] (each buffer may have a value of its own), or at a [`Forward`] (the machine keeps the value). A
//! dynamic binding replaces the value at the place where it is found, and notes the place.

mod bind;
mod local;
mod set;

pub(crate) use bind::{Binding, Scope};

use crate::buffer::slots::BUFFER_VARIABLES;
use crate::buffer::state::BufferId;
use crate::machine::Vm;
use crate::object::{Header, Kind};
use crate::rt::{Dumpable, Symbol};
use crate::symbols::SymbolCell;
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
