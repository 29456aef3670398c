//! The heap objects, one type each, as they lie in memory.

use crate::bignum::BigInt;
pub use crate::bool_vector::BoolVector;
pub use crate::buffer::object::{
    BufferHandle, FrameHandle, Marker, MarkerChain, Overlay, TimerHandle, WindowHandle,
};
use crate::chars;
use crate::hash_table::Map;
pub use crate::lisp_obarray::LispObarray;
use crate::rt::{Dumpable, ImageVec, ProcessPtr, Symbol};
use crate::subrs::SubrDesc;
pub use crate::symbol_with_pos::SymbolWithPos;
use crate::value::{MOST_NEGATIVE_FIXNUM, MOST_POSITIVE_FIXNUM, TAG_FLOAT, TAG_STR, TAG_VECLIKE, Value};
pub use crate::variable::{Forward, LocalVar};
use std::cell::Cell;
use std::mem::offset_of;

/// A pair. It has no header: what it is stands in the tag of the word that points to it.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
pub struct Cons {
    /// The first half.
    pub car: Cell<Value>,
    /// The second half.
    pub cdr: Cell<Value>,
}

/// What an object with a header is.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
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
    /// [`SymbolWithPos`].
    SymbolWithPos,
    /// [`LispObarray`].
    LispObarray,
    /// [`Marker`].
    Marker,
    /// [`MarkerChain`].
    MarkerChain,
    /// [`Overlay`].
    Overlay,
    /// [`BufferHandle`].
    BufferHandle,
    /// [`WindowHandle`].
    WindowHandle,
    /// [`FrameHandle`].
    FrameHandle,
    /// [`TimerHandle`].
    TimerHandle,
    /// [`LocalVar`].
    LocalVar,
    /// [`Forward`].
    Forward,
}

/// What every object but a cons starts with.
#[derive(Dumpable)]
#[repr(C)]
pub struct Header {
    /// The collector's mark. It is the truth for objects of this process only; the one question for all objects is
    /// [`crate::heap::Heap::is_marked`].
    #[dump(bake = Cell::new(1))]
    pub(crate) marked: Cell<u8>,
    /// What the object is.
    pub(crate) kind: Kind,
    /// The next object of the sweep list.
    #[dump(cache)]
    pub(crate) next: ProcessPtr<Header>,
}

impl Header {
    /// The header of a new object that is in no list yet.
    pub fn new(kind: Kind) -> Header {
        Header { marked: Cell::new(0), kind, next: ProcessPtr::null() }
    }

    /// The kind in the header at an address, as a byte.
    ///
    /// # Safety
    ///
    /// An object with a header starts there.
    pub(crate) unsafe fn kind_at(object: *const u8) -> u8 {
        // SAFETY: the caller promises a header, in which this byte is.
        let kind = unsafe { object.add(offset_of!(Header, kind)) };
        // SAFETY: as above.
        unsafe { kind.read() }
    }
}

/// A string: Emacs' internal encoding when multibyte, else one byte a character.
#[derive(Dumpable)]
#[dump(object, kind = Kind::Str as u8, validate = Str::check)]
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
#[derive(Dumpable)]
#[dump(object, kind = Kind::Float as u8, validate = Float::check)]
#[repr(C)]
pub struct Float {
    /// The header.
    pub header: Header,
    /// The number.
    pub value: f64,
}

/// A vector.
#[derive(Dumpable)]
#[dump(object, kind = Kind::Vector as u8)]
#[repr(C)]
pub struct Vector {
    /// The header.
    pub header: Header,
    /// The elements.
    pub slots: ImageVec<Value>,
}

/// A record; the first slot is its type.
#[derive(Dumpable)]
#[dump(object, kind = Kind::Record as u8)]
#[repr(C)]
pub struct Record {
    /// The header.
    pub header: Header,
    /// The type, then the fields.
    pub slots: ImageVec<Value>,
}

/// A closure. The slots are named by [`closure`].
#[derive(Dumpable)]
#[dump(object, kind = Kind::Lambda as u8, validate = Lambda::check)]
#[repr(C)]
pub struct Lambda {
    /// The header.
    pub header: Header,
    /// See [`closure`].
    pub slots: ImageVec<Value>,
}

/// A macro, with the slots of the function that expands it.
#[derive(Dumpable)]
#[dump(object, kind = Kind::Macro as u8, validate = Macro::check)]
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

/// A byte-code function, `#[...]`, whose slots are those of GNU Emacs: see `bytecode`.
#[derive(Dumpable)]
#[dump(object, kind = Kind::ByteCode as u8)]
#[repr(C)]
pub struct ByteCode {
    /// The header.
    pub header: Header,
    /// The parts, as written.
    pub slots: ImageVec<Value>,
}

/// A char table as written in a file, `#^[...]`.
#[derive(Dumpable)]
#[dump(object, kind = Kind::CharTable as u8)]
#[repr(C)]
pub struct CharTable {
    /// The header.
    pub header: Header,
    /// The parts, as written.
    pub slots: ImageVec<Value>,
}

/// A part of a char table, `#^^[...]`.
#[derive(Dumpable)]
#[dump(object, kind = Kind::SubCharTable as u8)]
#[repr(C)]
pub struct SubCharTable {
    /// The header.
    pub header: Header,
    /// The parts, as written.
    pub slots: ImageVec<Value>,
}

/// How a hash table compares keys.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Test {
    /// The same word.
    Eq,
    /// The same word or the same number.
    Eql,
    /// The same content.
    Equal,
}

/// What keeps an entry of a hash table alive.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
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

/// One entry of a hash table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The key.
    pub key: Value,
    /// The value.
    pub value: Value,
}

/// A hash table: a map that is read where it lies in an image.
#[derive(Dumpable)]
#[dump(object, kind = Kind::HashTable as u8)]
#[repr(C)]
pub struct HashTable {
    /// The header.
    pub header: Header,
    /// What keeps entries alive.
    pub weak: Weakness,
    /// The entries in the order they were put in, and how keys are compared.
    pub(crate) map: Map,
}

/// An integer that is no fixnum.
#[derive(Dumpable)]
#[dump(object, kind = Kind::Bignum as u8, validate = Bignum::check)]
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
#[derive(Dumpable)]
#[dump(object, kind = Kind::Subr as u8)]
#[repr(C)]
pub struct Subr {
    /// The header.
    pub header: Header,
    /// Its name.
    pub name: Symbol,
    /// The function and how many arguments it takes.
    #[dump(native)]
    pub desc: &'static SubrDesc,
}

/// What a program could not have made, and so no image may hold: the machine relies on it without looking.
pub(crate) fn rule(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("it should be that {what}")) }
}

impl Str {
    fn check(&self) -> Result<(), String> {
        let chars = if self.multibyte == 0 { self.bytes.len() } else { chars::count(&self.bytes) };
        let kept = self.multibyte <= 1 && self.chars == chars as u64;
        rule(kept && self.header.kind == Kind::Str, "a string says so and counts its characters")
    }
}

impl Float {
    fn check(&self) -> Result<(), String> {
        rule(self.header.kind == Kind::Float, "a float says so")
    }
}

impl Lambda {
    fn check(&self) -> Result<(), String> {
        rule(self.slots.len() == closure::COUNT, "a function has its slots")
    }
}

impl Macro {
    fn check(&self) -> Result<(), String> {
        rule(self.slots.len() == closure::COUNT, "a macro has the slots of a function")
    }
}

impl Bignum {
    fn check(&self) -> Result<(), String> {
        let fixnum = match self.limbs[..] {
            [limb] if self.negative == 0 => limb <= MOST_POSITIVE_FIXNUM as u64,
            [limb] => limb <= MOST_NEGATIVE_FIXNUM.unsigned_abs(),
            _ => false,
        };
        let big = self.limbs.last().is_some_and(|&highest| highest != 0) && !fixnum;
        rule(self.negative <= 1 && big, "a bignum is no fixnum and starts with no zero")
    }
}

/// An object type with a header, and the tag of the words that point to it.
///
/// # Safety
///
/// The type is `repr(C)`, starts with a [`Header`] that holds its kind, and stands behind this tag in the declaration of
/// [`Value`].
pub unsafe trait Headed: neodump_runtime::Object {
    /// The tag of the word.
    const TAG: usize;
}

/// An object that is a run of values.
pub trait Slots: Headed {
    /// A new object of these values.
    fn with_slots(slots: Vec<Value>) -> Self;
    /// The values.
    fn slots(&self) -> &[Value];
    /// The values, to write.
    fn slots_mut(&mut self) -> &mut [Value];
}

macro_rules! headed {
    ($($type:ident $tag:ident,)*) => {$(
        // SAFETY: `repr(C)`, the header first, and the declaration of `Value` has it behind this tag.
        unsafe impl Headed for $type {
            const TAG: usize = $tag;
        }
    )*};
}
headed! {
    Str TAG_STR, Float TAG_FLOAT, Vector TAG_VECLIKE, Record TAG_VECLIKE, Lambda TAG_VECLIKE, Macro TAG_VECLIKE,
    ByteCode TAG_VECLIKE, CharTable TAG_VECLIKE, SubCharTable TAG_VECLIKE, BoolVector TAG_VECLIKE,
    HashTable TAG_VECLIKE, Bignum TAG_VECLIKE, Subr TAG_VECLIKE, SymbolWithPos TAG_VECLIKE,
    LispObarray TAG_VECLIKE, Marker TAG_VECLIKE, MarkerChain TAG_VECLIKE,
    Overlay TAG_VECLIKE, BufferHandle TAG_VECLIKE, WindowHandle TAG_VECLIKE, FrameHandle TAG_VECLIKE,
    TimerHandle TAG_VECLIKE, LocalVar TAG_VECLIKE, Forward TAG_VECLIKE,
}

/// Runs an expression with a name for the type of a kind.
macro_rules! with_type_of {
    ($kind:expr, $T:ident => $body:expr) => {
        $crate::object::with_type_of!(@ $kind, $T, $body, Str Float Vector Record Lambda Macro ByteCode CharTable
            SubCharTable BoolVector HashTable Bignum Subr SymbolWithPos LispObarray Marker MarkerChain Overlay
            BufferHandle WindowHandle FrameHandle TimerHandle LocalVar Forward)
    };
    (@ $kind:expr, $T:ident, $body:expr, $($type:ident)*) => {
        match $kind {
            $($crate::object::Kind::$type => {
                type $T = $crate::object::$type;
                $body
            })*
        }
    };
}
pub(crate) use with_type_of;

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
