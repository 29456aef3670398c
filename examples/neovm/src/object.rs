//! The heap objects, one type each, as they lie in memory.

use crate::bignum::BigInt;
use crate::hash_table::Index;
use crate::rt::{ImageVec, Symbol};
use crate::subrs::SubrDesc;
use crate::value::Value;
use std::cell::Cell;
use std::ptr;

/// A pair. It has no header: what it is stands in the tag of the word that points to it.
#[repr(C)]
pub struct Cons {
    /// The first half.
    pub car: Cell<Value>,
    /// The second half.
    pub cdr: Cell<Value>,
}

/// What an object with a header is.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// [`Str`].
    Str,
    /// [`Float`].
    Float,
    /// [`Vector`].
    Vector,
    /// [`Record`].
    Record,
    /// [`Lambda`].
    Lambda,
    /// [`Macro`].
    Macro,
    /// [`ByteCode`].
    ByteCode,
    /// [`CharTable`].
    CharTable,
    /// [`SubCharTable`].
    SubCharTable,
    /// [`BoolVector`].
    BoolVector,
    /// [`HashTable`].
    HashTable,
    /// [`Bignum`].
    Bignum,
    /// [`Subr`].
    Subr,
}

/// What every object but a cons starts with.
#[repr(C)]
pub struct Header {
    /// The collector's mark. It is the truth for objects of this process only; the one question for all objects is
    /// [`crate::heap::Heap::is_marked`].
    pub(crate) marked: Cell<u8>,
    /// What the object is.
    pub kind: Kind,
    /// The next object of the sweep list.
    pub(crate) next: Cell<*mut Header>,
}

impl Header {
    /// The header of a new object that is in no list yet.
    pub fn new(kind: Kind) -> Header {
        Header { marked: Cell::new(0), kind, next: Cell::new(ptr::null_mut()) }
    }
}

/// A string: Emacs' internal encoding when multibyte, else one byte a character.
#[repr(C)]
pub struct Str {
    /// The header.
    pub header: Header,
    /// How many characters it has.
    pub chars: u64,
    /// 1 when `bytes` is encoded text, 0 when it is bytes.
    pub multibyte: u8,
    /// Text properties: a list `(START END PLIST ...)`, mostly nil.
    pub props: Cell<Value>,
    /// The text.
    pub bytes: ImageVec<u8>,
}

/// A double.
#[repr(C)]
pub struct Float {
    /// The header.
    pub header: Header,
    /// The number.
    pub value: f64,
}

/// A vector.
#[repr(C)]
pub struct Vector {
    /// The header.
    pub header: Header,
    /// The elements.
    pub slots: ImageVec<Value>,
}

/// A record; the first slot is its type.
#[repr(C)]
pub struct Record {
    /// The header.
    pub header: Header,
    /// The type, then the fields.
    pub slots: ImageVec<Value>,
}

/// A closure. The slots are named by [`closure`].
#[repr(C)]
pub struct Lambda {
    /// The header.
    pub header: Header,
    /// See [`closure`].
    pub slots: ImageVec<Value>,
}

/// A macro, with the slots of the function that expands it.
#[repr(C)]
pub struct Macro {
    /// The header.
    pub header: Header,
    /// See [`closure`].
    pub slots: ImageVec<Value>,
}

/// The slots of [`Lambda`] and [`Macro`].
pub mod closure {
    /// The parameter list.
    pub const PARAMS: usize = 0;
    /// The body, a list of forms.
    pub const BODY: usize = 1;
    /// The lexical environment, or nil for dynamic binding.
    pub const ENV: usize = 2;
    /// The documentation, or nil.
    pub const DOC: usize = 3;
    /// The interactive form, or nil.
    pub const INTERACTIVE: usize = 4;
    /// How many slots there are.
    pub const COUNT: usize = 5;
}

/// A byte-code function as written in a file, `#[...]`. The machine reads, prints and keeps it, and does not run it.
#[repr(C)]
pub struct ByteCode {
    /// The header.
    pub header: Header,
    /// The parts, as written.
    pub slots: ImageVec<Value>,
}

/// A char table as written in a file, `#^[...]`.
#[repr(C)]
pub struct CharTable {
    /// The header.
    pub header: Header,
    /// The parts, as written.
    pub slots: ImageVec<Value>,
}

/// A part of a char table, `#^^[...]`.
#[repr(C)]
pub struct SubCharTable {
    /// The header.
    pub header: Header,
    /// The parts, as written.
    pub slots: ImageVec<Value>,
}

/// A vector of booleans, eight a byte, the first in the lowest bit.
#[repr(C)]
pub struct BoolVector {
    /// The header.
    pub header: Header,
    /// How many booleans.
    pub len: u64,
    /// The booleans. Bits past the last are zero.
    pub bits: ImageVec<u8>,
}

/// How a hash table compares keys.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Test {
    /// The same word.
    Eq,
    /// The same word or the same number.
    Eql,
    /// The same content.
    Equal,
}

/// What keeps an entry of a hash table alive.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weakness {
    /// The table does.
    None,
    /// A living key does.
    Key,
    /// A living value does.
    Value,
    /// A living key or a living value does.
    KeyOrValue,
    /// A living key and a living value do, together.
    KeyAndValue,
}

/// One entry; `key` is [`Value::UNBOUND`] when it was removed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Entry {
    /// The key.
    pub key: Value,
    /// The value.
    pub value: Value,
}

/// A hash table: its entries in the order they were put in, and an index over them that is made when first needed.
#[repr(C)]
pub struct HashTable {
    /// The header.
    pub header: Header,
    /// How keys are compared.
    pub test: Test,
    /// What keeps entries alive.
    pub weak: Weakness,
    /// How many entries are not removed.
    pub count: u64,
    /// The entries, removed ones among them.
    pub entries: ImageVec<Entry>,
    /// Where the entries are, by hash: null until first needed, for it depends on addresses.
    pub(crate) index: Cell<*mut Index>,
}

/// An integer that is no fixnum.
#[repr(C)]
pub struct Bignum {
    /// The header.
    pub header: Header,
    /// 1 when below zero.
    pub negative: u8,
    /// The magnitude, lowest limb first, the highest not zero.
    pub limbs: ImageVec<u64>,
}

impl Bignum {
    /// The number.
    pub fn get(&self) -> BigInt {
        crate::bignum::from_limbs(self.negative != 0, &self.limbs)
    }
}

/// A function of the machine itself.
#[repr(C)]
pub struct Subr {
    /// The header.
    pub header: Header,
    /// Its name.
    pub name: Symbol,
    /// The function and how many arguments it takes.
    pub desc: &'static SubrDesc,
}

impl Drop for HashTable {
    fn drop(&mut self) {
        let index = self.index.replace(ptr::null_mut());
        if !index.is_null() {
            // SAFETY: a pointer in `index` came from `Box::into_raw` and was just given up.
            drop(unsafe { Box::from_raw(index) });
        }
    }
}

/// An object type behind the tag for objects with a header, or behind a tag of its own.
///
/// # Safety
///
/// The type is `repr(C)`, starts with a [`Header`], and every object whose word has this tag and whose header has
/// this kind is of the type.
pub unsafe trait Object {
    /// The kind in the header.
    const KIND: Kind;
    /// The tag of the word.
    const TAG: usize = crate::value::TAG_VECLIKE;
}

/// An object that is a run of values.
pub trait Slots: Object {
    /// A new object of these values.
    fn with_slots(slots: Vec<Value>) -> Self;
    /// The values.
    fn slots(&self) -> &[Value];
    /// The values, to write.
    fn slots_mut(&mut self) -> &mut [Value];
}

macro_rules! objects {
    ($($type:ident),*) => {$(
        // SAFETY: `repr(C)`, the header first, and only `Heap::adopt` makes words of it, with this tag and kind.
        unsafe impl Object for $type {
            const KIND: Kind = Kind::$type;
        }
    )*};
}
objects!(
    Vector,
    Record,
    Lambda,
    Macro,
    ByteCode,
    CharTable,
    SubCharTable,
    BoolVector,
    HashTable,
    Bignum,
    Subr
);

// SAFETY: `repr(C)`, the header first, and only `Heap::adopt` makes words of it, with this tag and kind.
unsafe impl Object for Str {
    const KIND: Kind = Kind::Str;
    const TAG: usize = crate::value::TAG_STR;
}

// SAFETY: `repr(C)`, the header first, and only `Heap::adopt` makes words of it, with this tag and kind.
unsafe impl Object for Float {
    const KIND: Kind = Kind::Float;
    const TAG: usize = crate::value::TAG_FLOAT;
}

macro_rules! slots {
    ($($type:ident),*) => {$(
        impl Slots for $type {
            fn with_slots(slots: Vec<Value>) -> $type {
                $type { header: Header::new(Kind::$type), slots: slots.into() }
            }
            fn slots(&self) -> &[Value] {
                &self.slots
            }
            fn slots_mut(&mut self) -> &mut [Value] {
                &mut self.slots
            }
        }
    )*};
}
slots!(Vector, Record, Lambda, Macro, ByteCode, CharTable, SubCharTable);
