//! The word: what a variable, a slot or half a cons holds.

use crate::object::{
    Bignum, BoolVector, BufferHandle, ByteCode, CharTable, Cons, Float, Forward, FrameHandle, HashTable,
    Header, Lambda, LispObarray, LocalVar, Macro, Marker, MarkerChain, Overlay, Record, Str, SubCharTable,
    Subr, SymbolWithPos, TimerHandle, Vector, WindowHandle,
};
use crate::rt::{Dumpable, Symbol};
use std::fmt;

/// A Lisp value in one machine word. The low three bits say what the rest is.
///
/// `000` a symbol (`id << 3`), `x10` a fixnum (62 bits), `011` a cons, `100` a string, `101` any other object (the
/// kind is in its header), `111` a float. A value that points to an object is valid until a collection does not
/// reach it; [`crate::heap::Heap::collect`] says how that is kept.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Hash)]
#[dump(
    unsafe(word),
    objects(Cons = 0b011, Str = 0b100, Float = 0b111, VecLike = 0b101 by Header::kind_at {
        Vector, Record, Lambda, Macro, ByteCode, CharTable, SubCharTable, BoolVector, HashTable, Bignum, Subr,
        SymbolWithPos, LispObarray, Marker, MarkerChain, Overlay, BufferHandle, WindowHandle, FrameHandle, TimerHandle,
        LocalVar, Forward
    }),
    symbol = 0b000,
    immediate(0b010, 0b110)
)]
#[repr(transparent)]
pub struct Value(usize);

/// The low bits of a cons.
pub const TAG_CONS: usize = 0b011;
/// The low bits of a string.
pub const TAG_STR: usize = 0b100;
/// The low bits of an object whose header holds its kind.
pub const TAG_VECLIKE: usize = 0b101;
/// The low bits of a float.
pub const TAG_FLOAT: usize = 0b111;

/// The largest fixnum.
pub const MOST_POSITIVE_FIXNUM: i64 = (1 << 61) - 1;
/// The smallest fixnum.
pub const MOST_NEGATIVE_FIXNUM: i64 = -(1 << 61);

impl Value {
    /// The empty list and false: the symbol with id 0.
    pub const NIL: Value = Value(0);
    /// True: the symbol with id 1.
    pub const T: Value = Value(1 << 3);
    /// What an unbound variable and a free hash entry hold. No program ever sees it.
    pub const UNBOUND: Value = Value(2 << 3);

    /// The symbol as a value.
    pub const fn symbol(symbol: Symbol) -> Value {
        Value((symbol.id() as usize) << 3)
    }

    /// The integer as a fixnum, when it fits.
    pub const fn fixnum(n: i64) -> Option<Value> {
        if n >= MOST_NEGATIVE_FIXNUM && n <= MOST_POSITIVE_FIXNUM {
            Some(Value(((n << 2) | 2) as usize))
        } else {
            None
        }
    }

    /// A small integer, such as a character or a length, as a fixnum.
    pub const fn int(n: usize) -> Value {
        debug_assert!(n <= MOST_POSITIVE_FIXNUM as usize);
        Value((n << 2) | 2)
    }

    /// `t` or `nil`.
    pub const fn bool(b: bool) -> Value {
        if b { Value::T } else { Value::NIL }
    }

    /// Makes a value of an object's address; only the heap does.
    pub(crate) const fn from_bits(bits: usize) -> Value {
        Value(bits)
    }

    /// The word for an object at an address, with its tag. To look into the object is to say that there is one: this is
    /// for comparing, and for questions about addresses.
    pub const fn at(address: usize, tag: usize) -> Value {
        Value(address | tag)
    }

    /// All bits.
    pub const fn bits(self) -> usize {
        self.0
    }

    /// The low three bits.
    pub const fn tag(self) -> usize {
        self.0 & 7
    }

    /// The address of the object, when it is one.
    pub const fn address(self) -> usize {
        self.0 & !7
    }

    /// Whether the value points to an object.
    pub const fn is_object(self) -> bool {
        self.0 & 3 == 3 || self.0 & 6 == 4
    }

    /// Whether this is `nil`.
    pub const fn is_nil(self) -> bool {
        self.0 == 0
    }

    /// Whether this is anything but `nil`.
    pub const fn is_true(self) -> bool {
        self.0 != 0
    }

    /// Whether this is a cons.
    pub const fn is_cons(self) -> bool {
        self.0 & 7 == TAG_CONS
    }

    /// Whether this is a string.
    pub const fn is_str(self) -> bool {
        self.0 & 7 == TAG_STR
    }

    /// Whether this is a float.
    pub const fn is_float(self) -> bool {
        self.0 & 7 == TAG_FLOAT
    }

    /// Whether this is an object with its kind in the header.
    pub const fn is_veclike(self) -> bool {
        self.0 & 7 == TAG_VECLIKE
    }

    /// Whether this is a symbol, `nil` among them.
    pub const fn is_symbol(self) -> bool {
        self.0 & 7 == 0
    }

    /// The symbol, if it is one.
    pub const fn as_symbol(self) -> Option<Symbol> {
        if self.is_symbol() { Some(Symbol::from_id((self.0 >> 3) as u32)) } else { None }
    }

    /// The integer, if it is a fixnum.
    pub const fn as_fixnum(self) -> Option<i64> {
        if self.0 & 3 == 2 { Some(self.0 as i64 >> 2) } else { None }
    }
}

impl Default for Value {
    fn default() -> Value {
        Value::NIL
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.as_symbol(), self.as_fixnum()) {
            (Some(symbol), _) => write!(f, "symbol {}", symbol.id()),
            (_, Some(n)) => write!(f, "{n}"),
            _ => write!(f, "{:#x}", self.0),
        }
    }
}
