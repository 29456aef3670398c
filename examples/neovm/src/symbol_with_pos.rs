//! Symbols that know where in a text they were read: what a compiler's messages point with.

use crate::heap::Heap;
use crate::machine::Vm;
use crate::object::{Header, Kind, rule};
use crate::rt::Dumpable;
use crate::symbols::sym;
use crate::value::Value;

/// A symbol with the place where it was read. It is no symbol: `bare-symbol` gives that.
#[derive(Dumpable)]
#[dump(object, kind = Kind::SymbolWithPos as u8, validate = SymbolWithPos::check)]
#[repr(C)]
pub struct SymbolWithPos {
    /// The header.
    pub header: Header,
    /// The symbol.
    pub symbol: Value,
    /// Characters in front of it in the text, a fixnum.
    pub pos: Value,
}

impl SymbolWithPos {
    /// What the functions on it rely on.
    fn check(&self) -> Result<(), String> {
        let whole = self.symbol.is_symbol() && self.pos.as_fixnum().is_some();
        rule(whole, "a symbol with a position is a symbol and a fixnum")
    }
}

impl Heap {
    /// Makes a symbol with a position; the two are a symbol and a fixnum.
    pub fn symbol_with_pos(&mut self, symbol: Value, pos: Value) -> Value {
        self.adopt(SymbolWithPos { header: Header::new(Kind::SymbolWithPos), symbol, pos }, 0)
    }

    /// The symbol in a symbol with a position; any other value is itself.
    pub fn bare(&self, v: Value) -> Value {
        self.get::<SymbolWithPos>(v).map_or(v, |s| s.symbol)
    }
}

impl Vm {
    /// A symbol, or the symbol of a symbol with a position when `symbols-with-pos-enabled` says that it counts as one.
    pub(crate) fn seen_as_symbol(&mut self, v: Value) -> Value {
        if self.global("symbols-with-pos-enabled").is_true() { self.heap.bare(v) } else { v }
    }

    /// Whether values that are not the same word are the same symbol, one of them with a position that does not count.
    pub(crate) fn same_bare_symbol(&mut self, a: Value, b: Value) -> bool {
        let positioned = |v| self.heap.kind(v) == Some(Kind::SymbolWithPos);
        (positioned(a) || positioned(b)) && self.seen_as_symbol(a) == self.seen_as_symbol(b)
    }

    /// Whether a value is a symbol, as `symbolp` sees it.
    pub(crate) fn is_symbol(&mut self, v: Value) -> bool {
        v.is_symbol() || self.heap.kind(v) == Some(Kind::SymbolWithPos) && self.seen_as_symbol(v).is_symbol()
    }
}

/// What `type-of` says of it.
pub(crate) const TYPE: Value = sym::symbol_with_pos;
