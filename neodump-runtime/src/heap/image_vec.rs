//! A vector that lives in the image until it is changed.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::record::{
    At, Dumpable, Fault, Job, OrderKey, Place, Record, Refusal, Step, Stop, Visitor, is_silent,
};
use crate::schema::{Shape, TypeRef};

/// A vector that is in place: after a load its elements are read from the image, and the first
/// mutable borrow or growth copies them into memory of its own.
///
/// Elements that hold words or have interior mutability lie in the `rw` segment, all others in
/// `ro`, which is mapped read-only and shared between processes.
///
/// ```
/// use neodump_runtime::ImageVec;
///
/// let mut slots: ImageVec<u32> = vec![1, 2].into();
/// slots.push(3);
/// slots[0] = 10;
/// assert_eq!(*slots, [10, 2, 3]);
/// ```
#[repr(C)]
pub struct ImageVec<T> {
    start: NonNull<T>,
    len: usize,
    /// The capacity of the allocation; 0 for elements in an image and for none.
    capacity: usize,
    marker: PhantomData<T>,
}

// SAFETY: an `ImageVec` owns its elements or is their only user, as a `Vec` is.
unsafe impl<T: Send> Send for ImageVec<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for ImageVec<T> {}

impl<T> ImageVec<T> {
    /// An empty vector.
    pub const fn new() -> Self {
        Self { start: NonNull::dangling(), len: 0, capacity: 0, marker: PhantomData }
    }

    /// The number of elements.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the elements are read from an image.
    pub const fn is_borrowed(&self) -> bool {
        self.capacity == 0 && self.len != 0 && size_of::<T>() != 0
    }

    /// The elements.
    pub const fn as_slice(&self) -> &[T] {
        // SAFETY: `start` and `len` are those of a vector, or were audited.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    /// The bytes on the Rust heap that the vector owns.
    pub const fn owned_bytes(&self) -> usize {
        self.capacity * size_of::<T>()
    }
}

impl<T: Clone> ImageVec<T> {
    /// Runs `change` on the elements as a `Vec` of the vector's own. Elements in an image are
    /// copied first.
    pub fn with_vec<R>(&mut self, change: impl FnOnce(&mut Vec<T>) -> R) -> R {
        // If `change` unwinds, `self` is empty and the elements are dropped with `vec`.
        let mut vec = std::mem::take(self).into_vec();
        let result = change(&mut vec);
        *self = vec.into();
        result
    }

    /// The elements as a `Vec`, copied if they are in an image.
    pub fn into_vec(self) -> Vec<T> {
        if self.is_borrowed() {
            return self.as_slice().to_vec();
        }
        let this = ManuallyDrop::new(self);
        // SAFETY: the parts of the `Vec` that this was made of.
        unsafe { Vec::from_raw_parts(this.start.as_ptr(), this.len, this.capacity) }
    }

    /// Appends an element.
    pub fn push(&mut self, value: T) {
        self.with_vec(|vec| vec.push(value));
    }

    /// Removes the last element and returns it.
    pub fn pop(&mut self) -> Option<T> {
        self.with_vec(Vec::pop)
    }

    /// Makes the elements the vector's own and gives access to them.
    pub fn make_mut(&mut self) -> &mut [T] {
        if self.is_borrowed() {
            *self = self.as_slice().to_vec().into();
        }
        // SAFETY: the elements are the vector's own now, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T: Dumpable + Copy> ImageVec<T> {
    /// The elements, to be changed where they lie: elements of an image in its `rw` segment are not copied first,
    /// so that a change costs a page and not the vector. (Those in `ro` are.)
    ///
    /// ```
    /// use neodump_runtime::{ImageVec, Symbol};
    ///
    /// let mut names: ImageVec<Symbol> = vec![Symbol::from_id(0); 100_000].into();
    /// names.in_place_mut()[70_000] = Symbol::from_id(1);
    /// ```
    pub fn in_place_mut(&mut self) -> &mut [T] {
        if const { !T::RECORD.rw } {
            return self.make_mut();
        }
        // SAFETY: elements of an image whose record is `rw` are in memory that may be written, which the audit checks
        // and a trusted image promises, and this vector is their only user. They own nothing, as they are `Copy`.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T> From<Vec<T>> for ImageVec<T> {
    fn from(vec: Vec<T>) -> Self {
        let mut vec = ManuallyDrop::new(vec);
        // A `Vec` of elements without size has an endless capacity and no memory.
        let capacity = if size_of::<T>() == 0 { 0 } else { vec.capacity() };
        // SAFETY: the pointer of a `Vec` is never null.
        let start = unsafe { NonNull::new_unchecked(vec.as_mut_ptr()) };
        Self { start, len: vec.len(), capacity, marker: PhantomData }
    }
}

impl<T> FromIterator<T> for ImageVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        values.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T> Drop for ImageVec<T> {
    fn drop(&mut self) {
        if self.capacity != 0 {
            // SAFETY: the parts of the `Vec` that this was made of; dropped once, here.
            drop(unsafe { Vec::from_raw_parts(self.start.as_ptr(), self.len, self.capacity) });
        }
    }
}

impl<T> Default for ImageVec<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone> Clone for ImageVec<T> {
    fn clone(&self) -> Self {
        self.as_slice().to_vec().into()
    }
}

impl<T> Deref for ImageVec<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T> Borrow<[T]> for ImageVec<T> {
    fn borrow(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Clone> DerefMut for ImageVec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.make_mut()
    }
}

impl<T: fmt::Debug> fmt::Debug for ImageVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T: PartialEq> PartialEq for ImageVec<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Eq> Eq for ImageVec<T> {}

impl<'a, T> IntoIterator for &'a ImageVec<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}

/// The offset of the length in the record.
const LEN: usize = std::mem::offset_of!(ImageVec<u64>, len);
const _: () = assert!(size_of::<ImageVec<u64>>() == 24 && LEN == 8);

// SAFETY: in place: address, length and a capacity of zero. The audit checks that the elements
// lie in the image, belong to this vector alone and are valid.
unsafe impl<T: Dumpable> Dumpable for ImageVec<T> {
    type Id = ImageVec<T::Id>;
    const RECORD: Record = Record::in_place::<ImageVec<u64>>().with_rw().with_owns();
    const LEAF: bool = T::RECORD.leaf;
    fn shape() -> &'static Shape {
        const { &Shape::leaf("ImageVec", Self::RECORD, const { &[TypeRef::of::<T>()] }) }
    }
    #[inline]
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        let () = InPlace::<T>::ELEMENT;
        if const { is_silent::<T, V>() } {
            return Ok(());
        }
        if const { T::RECORD.owns } {
            return v.defer(Job {
                values: this.start.as_ptr().cast(),
                count: this.len,
                walk: walk_elements::<T, V>,
            });
        }
        for (index, value) in this.as_slice().iter().enumerate() {
            Dumpable::walk(value, v).map_err(|stop| stop.within(Step::Index(index)))?;
        }
        Ok(())
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        w.put_u64(at.add(LEN), this.len as u64);
        w.elements(at, this.as_slice())
    }
    unsafe fn read(at: At, _: &mut Reader<'_>) -> Self {
        let () = InPlace::<T>::ELEMENT;
        // SAFETY: the caller promises an audited record in the memory form. The record is not
        // used again, so the vector stays the only owner of its elements.
        unsafe { at.get() }
    }
    unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // Here as in `walk`: a program may load this and never dump it.
        let () = InPlace::<T>::ELEMENT;
        // SAFETY: the caller promises 24 readable bytes.
        let [start, len, capacity] = unsafe { at.get::<[u64; 3]>() };
        if capacity != 0 {
            return Err(Fault::new(format!("capacity is {capacity}, expected 0 in an image")));
        }
        a.elements::<T>(start, len)
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.defer(this.as_slice());
    }
    crate::record::changed!(
        |this, f| {
            let is_changing = f.is_changing();
            crate::record::fields::sequence(
                this,
                f,
                Self::len,
                |values| {
                    if is_changing {
                        values.with_elements(&mut |_| ());
                    }
                    values.start.as_ptr()
                },
                Self::with_elements,
            );
        },
        |f| Some(crate::record::fields::sample_of(f).into())
    );
}

#[cfg(feature = "testing")]
impl<T> ImageVec<T> {
    /// Runs `change` on the elements as a `Vec`. Those in an image are moved out of it bit by bit, as they
    /// need not be `Clone`; what they are moved to is leaked, so that nobody drops what the image owns.
    fn with_elements(&mut self, change: &mut dyn FnMut(&mut Vec<T>)) {
        if !self.is_borrowed() {
            let this = ManuallyDrop::new(std::mem::take(self));
            // SAFETY: the parts of the `Vec` that this was made of.
            let mut values = unsafe { Vec::from_raw_parts(this.start.as_ptr(), this.len, this.capacity) };
            change(&mut values);
            *self = values.into();
            return;
        }
        let mut values = ManuallyDrop::new(Vec::with_capacity(self.len));
        // SAFETY: both are `len` elements, and new memory overlaps with nothing.
        unsafe { std::ptr::copy_nonoverlapping(self.start.as_ptr(), values.as_mut_ptr(), self.len) };
        // SAFETY: so many elements were just copied, and nobody uses those in the image again.
        unsafe { values.set_len(self.len) };
        change(&mut values);
        // SAFETY: the pointer of a `Vec` is never null.
        self.start = unsafe { NonNull::new_unchecked(values.as_mut_ptr()) };
        self.len = values.len();
    }
}

struct InPlace<T>(PhantomData<T>);

impl<T: Dumpable> InPlace<T> {
    const ELEMENT: () = assert!(
        T::RECORD.in_place,
        "the elements of an ImageVec must be in place; use Vec for hydrated elements"
    );
}

unsafe fn walk_elements<T: Dumpable, V: Visitor>(
    values: *const u8,
    count: usize,
    v: &mut V,
) -> Result<(), V::Stop> {
    // SAFETY: the caller promises the live elements that the job was made for.
    let values = unsafe { std::slice::from_raw_parts(values.cast::<T>(), count) };
    for (index, value) in values.iter().enumerate() {
        Dumpable::walk(value, v).map_err(|stop| stop.within(Step::Index(index)))?;
    }
    Ok(())
}
