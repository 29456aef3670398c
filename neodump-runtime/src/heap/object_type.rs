//! Heap object types: what the engines know of one, gathered in a static.

use std::any::TypeId;
use std::convert::Infallible;

use crate::dump::{Find, Tracer, Writer};
use crate::heap::Edges;
use crate::load::{Auditor, Checks, Reader};
use crate::record::{At, Dumpable, Fault, Place, Record, Refusal, Visitor};
use crate::schema::{Shape, base_name};

/// A heap object type: a type whose values live in an arena of the image, at addresses that words
/// and typed pointers hold.
///
/// Derive it with `#[dump(object)]`.
///
/// # Safety
///
/// As for [`Dumpable`]; besides, `SIDE`, `TAIL` and `tail_len` must agree with what the functions
/// read and write.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no heap object type",
    label = "words and typed pointers point at heap objects",
    note = "declare it with `#[derive(Dumpable)] #[dump(object)] #[repr(C)]`"
)]
pub unsafe trait Object: Dumpable {
    /// The kind byte that tells the type among those behind one tag.
    const KIND: Option<u8> = None;

    /// The trailing array, if the type has one.
    const TAIL: Option<Tail> = None;

    /// The record that holds the hydrated fields of one object.
    const SIDE: Record;

    /// Whether every object has to be written at load.
    const HYDRATED: bool;

    /// The number of elements in the trailing array.
    ///
    /// # Safety
    ///
    /// The length field of `this` must be readable; the rest of the object need not be valid yet.
    unsafe fn tail_len(this: *const Self) -> usize {
        let _ = this;
        0
    }

    /// [`Dumpable::walk`] over the whole object, trailing array included.
    ///
    /// # Safety
    ///
    /// `this` must be a live object.
    ///
    /// # Errors
    ///
    /// Those of the visitor.
    unsafe fn walk_object<V: Visitor>(this: *const Self, v: &mut V) -> Result<(), V::Stop>;

    /// Writes the in-place fields into `slot` and the others into `side`.
    ///
    /// # Safety
    ///
    /// `this` must be a live object.
    ///
    /// # Errors
    ///
    /// As [`Dumpable::write`].
    unsafe fn write_object(
        this: *const Self,
        slot: Place,
        side: Place,
        w: &mut Writer<'_>,
    ) -> Result<(), Box<Refusal>>;

    /// Audits the in-place fields in `slot` and the others in `side`.
    ///
    /// # Safety
    ///
    /// Both must be valid for reads and writes at their size and alignment; for a type with a
    /// trailing array the size of the slot has been checked against [`tail_len`](Self::tail_len).
    ///
    /// # Errors
    ///
    /// As [`Dumpable::audit`].
    unsafe fn audit_object(slot: At, side: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>>;

    /// Reads the hydrated fields from `side` into the object, then settles them.
    ///
    /// # Safety
    ///
    /// `this` must be a relocated slot whose in-place fields are valid, `side` its side record.
    unsafe fn hydrate_object(this: *mut Self, side: At, r: &mut Reader<'_>);

    /// Shows what can be changed in the trailing array; see [`testing`](crate::testing).
    ///
    /// # Safety
    ///
    /// `this` must be a live object that nobody else looks at.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    unsafe fn tail_fields(this: *mut Self, f: &mut crate::record::Fields<'_>) {
        let _ = (this, f);
    }

    /// Whether [`validate_object`](Self::validate_object) has anything to say.
    const VALIDATED: bool = false;

    /// What `#[dump(validate = ..)]` says of a hydrated object.
    ///
    /// # Errors
    ///
    /// The text of the user's error.
    fn validate_object(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The trailing array of an object type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// The offset of its first element in the object.
    pub offset: usize,
    /// The size of an element.
    pub stride: usize,
}

/// Who is told of edges where the object type is not known at compile time.
type Seer<'a> = &'a mut (dyn FnMut(*const u8, &'static ObjectType) + 'a);

/// A heap object type as a value: one static a type.
#[derive(Debug)]
pub struct ObjectType {
    pub(crate) id: TypeId,
    pub(crate) shape: fn() -> &'static Shape,
    pub(crate) record: Record,
    pub(crate) size: usize,
    pub(crate) align: usize,
    pub(crate) kind: Option<u8>,
    pub(crate) tail: Option<Tail>,
    pub(crate) side: Record,
    pub(crate) hydrated: bool,
    pub(crate) needs_drop: bool,
    pub(crate) tail_len: unsafe fn(*const u8) -> usize,
    pub(crate) trace: unsafe fn(*const u8, &mut Tracer<'_>) -> Result<(), Box<Refusal>>,
    pub(crate) edges: unsafe fn(*const u8, &mut Edges<Seer<'_>>) -> Result<(), Infallible>,
    pub(crate) find: unsafe fn(*const u8, &mut Find) -> Result<(), Box<Refusal>>,
    pub(crate) checks: unsafe fn(*const u8, &mut Checks) -> Result<(), Box<Refusal>>,
    /// Whether an object is written when it is met: it has nothing outside its slot.
    pub(crate) at_once: bool,
    /// Whether a walk of an object shows nothing.
    pub(crate) leaf: bool,
    pub(crate) emit: unsafe fn(u8, &mut Writer<'_>) -> Result<(), Box<Refusal>>,
    pub(crate) write: unsafe fn(&[*const u8], WriteSlots<'_>, &mut Writer<'_>) -> Result<(), WriteFailure>,
    pub(crate) audit: unsafe fn(Slots<'_>, &mut Auditor<'_>) -> Result<(), Box<Fault>>,
    pub(crate) hydrate: unsafe fn(Slots<'_>, &mut Reader<'_>),
    pub(crate) validate: Option<Validate>,
    pub(crate) drop: unsafe fn(*mut u8),
    #[cfg(feature = "testing")]
    pub(crate) fields: unsafe fn(*mut u8, &mut crate::record::Fields<'_>),
}

/// Where the objects of an arena go that is being written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteSlots<'a> {
    pub(crate) first: Place,
    pub(crate) stride: usize,
    /// The offset of each object from `first`, where they vary.
    pub(crate) offsets: Option<&'a [u64]>,
    pub(crate) side: Place,
}

/// The objects of an arena in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slots<'a> {
    pub(crate) first: At,
    pub(crate) count: usize,
    pub(crate) stride: usize,
    /// The offset of each object from `first`, where they vary.
    pub(crate) offsets: Option<&'a [u64]>,
    pub(crate) side: At,
}

impl Slots<'_> {
    #[inline]
    pub(crate) fn slot(&self, index: usize) -> At {
        match self.offsets {
            None => self.first.add(index * self.stride),
            Some(offsets) => self.first.add(offsets[index] as usize),
        }
    }
}

/// Which object could not be written, and why.
pub(crate) type WriteFailure = (*const u8, Box<Refusal>);

/// What `#[dump(validate = ..)]` says of the live object at an address.
type Validate = unsafe fn(*const u8) -> Result<(), String>;

struct Of<T>(std::marker::PhantomData<T>);

impl<T: Object> Of<T> {
    const TYPE: ObjectType = {
        assert!(
            align_of::<T>() >= 8 && align_of::<T>() <= 16,
            "a heap object must be aligned to 8 or 16 bytes: add #[repr(C, align(8))]"
        );
        assert!(
            T::SIDE.align <= 16,
            "the stored form of a heap object's field is aligned to at most 16 bytes: put it into a Box or a Vec"
        );
        assert!(size_of::<T>() > 0, "a heap object must have bytes, else no address is its own: add a field");
        if let Some(tail) = T::TAIL {
            assert!(
                tail.stride > 0,
                "the elements of a trailing array have bytes, else no object bounds their number"
            );
        }
        ObjectType {
            id: TypeId::of::<T::Id>(),
            shape: T::shape,
            record: T::RECORD,
            size: size_of::<T>(),
            align: align_of::<T>(),
            kind: T::KIND,
            tail: T::TAIL,
            side: T::SIDE,
            hydrated: T::HYDRATED,
            needs_drop: std::mem::needs_drop::<T>(),
            tail_len: tail_len::<T>,
            trace: trace::<T>,
            edges: edges::<T>,
            find: find::<T>,
            checks: checks::<T>,
            at_once: !T::HYDRATED && T::SIDE.size == 0 && !T::RECORD.owns,
            leaf: T::LEAF,
            emit: emit::<T>,
            write: write::<T>,
            audit: audit::<T>,
            hydrate: hydrate::<T>,
            validate: if T::VALIDATED { Some(validate::<T>) } else { None },
            drop: drop_object::<T>,
            #[cfg(feature = "testing")]
            fields: fields::<T>,
        }
    };
}

impl ObjectType {
    /// The static of `T`.
    pub const fn of<T: Object>() -> &'static Self {
        &Of::<T>::TYPE
    }

    /// The qualified name.
    pub fn name(&self) -> &'static str {
        (self.shape)().name
    }

    /// The name without its path, as it stands in the way to a value.
    pub fn short_name(&self) -> &'static str {
        base_name(self.name())
    }

    /// The kind byte, if the type declares one.
    pub fn kind(&self) -> Option<u8> {
        self.kind
    }

    /// Bytes of one object without its trailing array.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether it is the type of `other`, whatever the lifetimes.
    pub fn is(&self, other: &ObjectType) -> bool {
        std::ptr::eq(self, other) || self.id == other.id
    }

    /// Bytes of an object with `len` trailing elements; `None` where they overflow.
    pub(crate) fn size_with(&self, len: usize) -> Option<usize> {
        match self.tail {
            None => Some(self.size),
            Some(tail) => {
                let end = tail.stride.checked_mul(len)?.checked_add(tail.offset)?;
                end.max(self.size).checked_next_multiple_of(self.align)
            }
        }
    }

    /// Shows the edges of an object to `see`: what a collector marks from. Iterative: owned
    /// indirections inside the object are followed with a list.
    ///
    /// # Safety
    ///
    /// `object` must be a live object of this type.
    pub unsafe fn for_each_edge(
        &self,
        object: *const u8,
        see: &mut dyn FnMut(*const u8, &'static ObjectType),
    ) {
        let mut edges = Edges::new(see);
        // SAFETY: the caller promises a live object of this type, which is that of the function.
        let Ok(()) = unsafe { (self.edges)(object, &mut edges) };
        // SAFETY: as above: the object is live for as long as this runs.
        unsafe { edges.finish() };
    }
}

unsafe fn tail_len<T: Object>(object: *const u8) -> usize {
    // SAFETY: forwarded from the caller.
    unsafe { T::tail_len(object.cast()) }
}

unsafe fn trace<T: Object>(object: *const u8, tracer: &mut Tracer<'_>) -> Result<(), Box<Refusal>> {
    // SAFETY: forwarded from the caller.
    unsafe { T::walk_object(object.cast::<T>(), tracer) }
}

unsafe fn edges<T: Object>(object: *const u8, edges: &mut Edges<Seer<'_>>) -> Result<(), Infallible> {
    // SAFETY: forwarded from the caller.
    unsafe { T::walk_object(object.cast::<T>(), edges) }
}

unsafe fn find<T: Object>(object: *const u8, find: &mut Find) -> Result<(), Box<Refusal>> {
    // SAFETY: forwarded from the caller.
    unsafe { T::walk_object(object.cast::<T>(), find) }
}

unsafe fn checks<T: Object>(object: *const u8, checks: &mut Checks) -> Result<(), Box<Refusal>> {
    // SAFETY: forwarded from the caller.
    unsafe { T::walk_object(object.cast::<T>(), checks) }
}

/// Writes the objects of the arena that wait, as long as the next one goes to it too.
unsafe fn emit<T: Object>(arena: u8, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
    let nowhere = Place { pool: 0, offset: 0 };
    while let Some((object, slot)) = w.next_in(arena) {
        // SAFETY: the caller promises that the objects which wait for this arena are live and of this type.
        unsafe { T::write_object(object.cast::<T>(), slot, nowhere, w) }
            .map_err(|refusal| refusal.at(object.addr()))?;
    }
    Ok(())
}

unsafe fn write<T: Object>(
    objects: &[*const u8],
    slots: WriteSlots<'_>,
    w: &mut Writer<'_>,
) -> Result<(), WriteFailure> {
    for (index, &object) in objects.iter().enumerate() {
        if let Some(&soon) = objects.get(index + 16) {
            crate::dump::prefetch(soon);
        }
        let slot = match slots.offsets {
            None => slots.first.add(index * slots.stride),
            Some(offsets) => slots.first.add(offsets[index] as usize),
        };
        let side = slots.side.add(index * T::SIDE.size);
        // SAFETY: the caller promises live objects of this type.
        unsafe { T::write_object(object.cast::<T>(), slot, side, w) }.map_err(|refusal| (object, refusal))?;
        if const { T::RECORD.owns } {
            w.drain().map_err(|refusal| (object, refusal))?;
        }
    }
    Ok(())
}

unsafe fn audit<T: Object>(slots: Slots<'_>, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    for index in 0..slots.count {
        let slot = slots.slot(index);
        // SAFETY: the caller promises slots and side records in bounds.
        unsafe { T::audit_object(slot, slots.side.add(index * T::SIDE.size), a) }
            .map_err(|fault| fault.at(slot.as_ptr::<u8>().addr()))?;
        if const { T::RECORD.owns } {
            a.drain().map_err(|fault| fault.at(slot.as_ptr::<u8>().addr()))?;
        }
    }
    Ok(())
}

unsafe fn hydrate<T: Object>(slots: Slots<'_>, r: &mut Reader<'_>) {
    r.in_objects(|r| {
        for index in 0..slots.count {
            let this = slots.slot(index).as_ptr::<T>();
            // SAFETY: the caller promises relocated slots and side records in bounds.
            unsafe { T::hydrate_object(this, slots.side.add(index * T::SIDE.size), r) };
        }
    });
}

unsafe fn validate<T: Object>(object: *const u8) -> Result<(), String> {
    // SAFETY: the caller promises a live object.
    let object = unsafe { &*object.cast::<T>() };
    object.validate_object()
}

#[cfg(feature = "testing")]
unsafe fn fields<T: Object>(object: *mut u8, f: &mut crate::record::Fields<'_>) {
    // SAFETY: the caller promises a live object that nobody else looks at.
    unsafe { T::fields(object.cast::<T>(), f) };
    // SAFETY: as above.
    unsafe { T::tail_fields(object.cast::<T>(), f) };
}

unsafe fn drop_object<T: Object>(object: *mut u8) {
    // SAFETY: the caller promises a live object that nobody uses again.
    unsafe { std::ptr::drop_in_place(object.cast::<T>()) };
}

/// A field type that can count the elements of a trailing array.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot count the elements of a trailing array",
    label = "expected an unsigned integer, or a `Cell` of one"
)]
pub trait TailLen: sealed::Integer {
    /// The count.
    fn tail_len(&self) -> usize;
}

/// Whoever counts is read before it is audited, and must give the same count each time.
mod sealed {
    pub trait Integer {}
}

macro_rules! tail_len {
    ($($ty:ty),*) => {$(
        impl sealed::Integer for $ty {}
        impl sealed::Integer for std::cell::Cell<$ty> {}

        impl TailLen for $ty {
            fn tail_len(&self) -> usize {
                // A count that does not fit the address space cannot be the length of anything;
                // it saturates, and fails the check of the object's size.
                usize::try_from(*self).unwrap_or(usize::MAX)
            }
        }

        impl TailLen for std::cell::Cell<$ty> {
            fn tail_len(&self) -> usize {
                self.get().tail_len()
            }
        }
    )*};
}
tail_len!(u8, u16, u32, u64, usize);
