//! A machine like NeoVM: tagged words, conses without a header, other objects behind a collector's
//! header whose dumped form is baked.

use std::cell::Cell;

use neodump_runtime::{AdoptImage, Dumpable, Image, ImageVec, Interner, Symbol};

/// A tagged word: the tags of NeoVM.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(
    unsafe(word),
    objects(Cons = 0b011, Str = 0b100, VectorLike = 0b101 by kind_of { Vector, Record }, Float = 0b111),
    symbol = 0b000,
    immediate(0b010, 0b110)
)]
#[repr(transparent)]
pub(crate) struct Value(pub(crate) usize);

impl Value {
    /// The first symbol is the empty list.
    pub(crate) const NIL: Self = Self(0);

    /// A number.
    pub(crate) fn fixnum(number: u64) -> Self {
        Self((number as usize) << 2 | 2)
    }

    /// A symbol.
    pub(crate) fn symbol(symbol: Symbol) -> Self {
        Self((symbol.id() as usize) << 3)
    }

    /// An object at `address`.
    pub(crate) fn object<T>(address: *mut T, tag: usize) -> Self {
        Self(address.expose_provenance() | tag)
    }

    /// The cons that the word points at, if it does.
    pub(crate) fn as_cons(&self) -> Option<&Cons> {
        (self.0 & 7 == 3).then(|| {
            let cons = std::ptr::with_exposed_provenance::<Cons>(self.0 & !7);
            // SAFETY: the tag says that the word was made of the address of a cons; none is freed.
            unsafe { &*cons }
        })
    }
}

/// Reads the kind byte of a vector-like object.
unsafe fn kind_of(object: *const u8) -> u8 {
    let kind = object.wrapping_add(std::mem::offset_of!(Header, kind));
    // SAFETY: every object behind the tag starts with a header; the byte is read alone.
    unsafe { kind.read() }
}

/// A pair.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
pub(crate) struct Cons {
    pub(crate) car: Cell<Value>,
    pub(crate) cdr: Cell<Value>,
}

/// What every object but a cons starts with: sixteen bytes, as NeoVM's.
#[derive(Dumpable)]
#[repr(C)]
pub(crate) struct Header {
    marked: Cell<u8>,
    kind: u8,
    /// The next object of the sweep list of the process.
    next: Cell<usize>,
}

impl Header {
    /// The header of a new object in a sweep list.
    pub(crate) fn live(kind: u8, next: usize) -> Self {
        Self { marked: Cell::new(0), kind, next: Cell::new(next) }
    }

    /// The header of an object in an image: marked, and in no list.
    fn baked(kind: u8) -> Self {
        Self { marked: Cell::new(1), kind, next: Cell::new(0) }
    }
}

pub(crate) const STR: u8 = 0;
pub(crate) const FLOAT: u8 = 1;
pub(crate) const VECTOR: u8 = 2;
pub(crate) const RECORD: u8 = 3;

/// A string.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
pub(crate) struct Str {
    #[dump(bake = Header::baked(STR))]
    pub(crate) header: Header,
    pub(crate) chars: u64,
    pub(crate) bytes: ImageVec<u8>,
}

/// A double.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
pub(crate) struct Float {
    #[dump(bake = Header::baked(FLOAT))]
    pub(crate) header: Header,
    pub(crate) value: f64,
}

/// A vector.
#[derive(Dumpable)]
#[dump(object, kind = VECTOR)]
#[repr(C)]
pub(crate) struct Vector {
    #[dump(bake = Header::baked(VECTOR))]
    pub(crate) header: Header,
    pub(crate) slots: ImageVec<Value>,
}

/// A record.
#[derive(Dumpable)]
#[dump(object, kind = RECORD)]
#[repr(C)]
pub(crate) struct Record {
    #[dump(bake = Header::baked(RECORD))]
    pub(crate) header: Header,
    pub(crate) slots: ImageVec<Value>,
}

/// The heap: what it allocates lives until the process ends.
#[derive(Default)]
pub(crate) struct Heap {
    image: Option<Image>,
}

impl Heap {
    /// The image, to look at and to release.
    pub(crate) fn take_image(&mut self) -> Option<Image> {
        self.image.take()
    }

    /// The image, to look at.
    pub(crate) fn look(&self) -> Option<&Image> {
        self.image.as_ref()
    }
}

impl AdoptImage for Heap {
    fn adopt(image: Image) -> Self {
        Self { image: Some(image) }
    }

    fn image(&self) -> Option<&Image> {
        self.image.as_ref()
    }
}

/// The machine.
#[derive(Dumpable)]
#[dump(image = "neodump-bench", version = 1)]
pub(crate) struct Vm {
    #[dump(heap)]
    pub(crate) heap: Heap,
    pub(crate) symbols: Interner,
    pub(crate) root: Value,
}
