//! A raw pointer of the process, in a heap object: null in every image.

use std::cell::Cell;
use std::fmt;
use std::ptr;

use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::record::{At, Dumpable, Fault, Place, Record, Refusal, Visitor};
use crate::schema::Shape;

/// A raw pointer that means something in this process only: the next object of a sweep list, an
/// index that is built on demand. It is in place and null in every image, so that it costs no work
/// at load; it is neither followed nor owned.
///
/// ```
/// use neodump_runtime::ProcessPtr;
///
/// let mut number = 7;
/// let next = ProcessPtr::null();
/// next.set(&raw mut number);
/// assert!(!next.get().is_null());
/// ```
#[repr(transparent)]
pub struct ProcessPtr<T>(Cell<*mut T>);

impl<T> ProcessPtr<T> {
    /// No address.
    pub const fn null() -> Self {
        Self(Cell::new(ptr::null_mut()))
    }

    /// The pointer.
    #[inline]
    pub const fn get(&self) -> *mut T {
        self.0.get()
    }

    /// Sets the pointer.
    #[inline]
    pub fn set(&self, pointer: *mut T) {
        self.0.set(pointer);
    }

    /// Sets the pointer and returns the one before.
    #[inline]
    pub fn replace(&self, pointer: *mut T) -> *mut T {
        self.0.replace(pointer)
    }
}

impl<T> Default for ProcessPtr<T> {
    fn default() -> Self {
        Self::null()
    }
}

impl<T> fmt::Debug for ProcessPtr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

// SAFETY: in place: eight zero bytes are the null pointer, and the audit accepts nothing else. The
// stored form says nothing of `T`, so all of them share an identity.
unsafe impl<T> Dumpable for ProcessPtr<T> {
    type Id = ProcessPtr<()>;
    const RECORD: Record = Record::in_place::<usize>().with_rw();
    fn shape() -> &'static Shape {
        const { &Shape::leaf("ProcessPtr", Self::RECORD, &[]) }
    }
    #[inline]
    fn walk<V: Visitor>(_: &Self, _: &mut V) -> Result<(), V::Stop> {
        Ok(())
    }
    #[inline]
    fn write(_: &Self, _: Place, _: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        Ok(())
    }
    unsafe fn read(_: At, _: &mut Reader<'_>) -> Self {
        Self::null()
    }
    crate::record::changed!(
        |_this, f| f.fixed("means something in its process only"),
        |_| Some(Self::null())
    );
    unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    #[inline]
    unsafe fn audit(at: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises eight readable bytes.
        let address = unsafe { at.get::<u64>() };
        if address == 0 {
            return Ok(());
        }
        Err(Fault::new(format!("process pointer is {address:#x}, expected null in an image")))
    }
}
