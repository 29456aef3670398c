//! An option whose layout is known.

use std::fmt;
use std::mem::MaybeUninit;

use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::record::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::schema::{Shape, TypeRef};

/// An `Option` that is in place where its content is: a tag, then the content, then nothing that
/// is not written. `None` is all zeros.
///
/// ```
/// use neodump_runtime::ImageOption;
///
/// let width = ImageOption::some(80_u16);
/// assert_eq!(width.as_ref(), Some(&80));
/// assert_eq!(ImageOption::<u16>::none().as_ref(), None);
/// ```
#[repr(C)]
pub struct ImageOption<T: Copy> {
    some: u8,
    value: MaybeUninit<T>,
}

impl<T: Copy> ImageOption<T> {
    /// No value.
    pub const fn none() -> Self {
        Self { some: 0, value: MaybeUninit::zeroed() }
    }

    /// A value.
    pub const fn some(value: T) -> Self {
        Self { some: 1, value: MaybeUninit::new(value) }
    }

    /// The value, if there is one.
    pub const fn as_ref(&self) -> Option<&T> {
        if self.some == 0 {
            return None;
        }
        // SAFETY: a tag of 1 comes with a value, by construction or by audit.
        Some(unsafe { self.value.assume_init_ref() })
    }

    /// The value, if there is one.
    pub fn get(&self) -> Option<T> {
        self.as_ref().copied()
    }

    const OFFSET: usize = std::mem::offset_of!(Self, value);
}

impl<T: Copy> Copy for ImageOption<T> {}

impl<T: Copy> Clone for ImageOption<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Copy> Default for ImageOption<T> {
    fn default() -> Self {
        Self::none()
    }
}

impl<T: Copy> From<Option<T>> for ImageOption<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::none(), Self::some)
    }
}

impl<T: Copy + fmt::Debug> fmt::Debug for ImageOption<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl<T: Copy + PartialEq> PartialEq for ImageOption<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl<T: Copy + Eq> Eq for ImageOption<T> {}

struct InPlace<T>(std::marker::PhantomData<T>);

impl<T: Dumpable> InPlace<T> {
    const CONTENT: () = assert!(
        T::RECORD.in_place,
        "the content of an ImageOption must be in place; use Option for the others"
    );
}

// SAFETY: in place by `repr(C)`; `None` writes no byte and so is all zeros.
unsafe impl<T: Dumpable + Copy> Dumpable for ImageOption<T> {
    type Id = (crate::heap::image_option::Marker, T::Id);
    const RECORD: Record =
        Record { size: size_of::<Self>(), align: align_of::<Self>(), niche: false, copy: false, ..T::RECORD };
    const LEAF: bool = T::LEAF;
    fn shape() -> &'static Shape {
        const { &Shape::leaf("ImageOption", Self::RECORD, const { &[TypeRef::of::<T>()] }) }
    }
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        let () = InPlace::<T>::CONTENT;
        this.as_ref().map_or(Ok(()), |value| Dumpable::walk(value, v))
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        match this.as_ref() {
            None => Ok(()),
            Some(value) => {
                w.put(at, &[1]);
                Dumpable::write(value, at.add(Self::OFFSET), w)
            }
        }
    }
    unsafe fn read(at: At, _: &mut Reader<'_>) -> Self {
        let () = InPlace::<T>::CONTENT;
        // SAFETY: the caller promises an audited record in the memory form.
        unsafe { at.get() }
    }
    unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // Here as in `walk`: a program may load this and never dump it.
        let () = InPlace::<T>::CONTENT;
        // SAFETY: the caller promises readable bytes.
        match unsafe { at.get::<u8>() } {
            0 => Ok(()),
            // SAFETY: forwarded from the caller.
            1 => unsafe { T::audit(at.add(Self::OFFSET), a) },
            tag => Err(Fault::new(format!("option tag is {tag}, expected 0 or 1"))),
        }
    }
    crate::record::changed!(
        |this, f| crate::record::fields::as_option(
            this,
            f,
            |option| option.get(),
            |option, value| {
                *option = value.into();
            }
        ),
        |f| f.sample().map(Self::some)
    );
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.unsigned(&[this.some]);
        if let Some(value) = this.as_ref() {
            Dumpable::order(value, key);
        }
    }
}

/// Tells the identity of an `ImageOption` from that of a tuple.
pub struct Marker;
