//! Stored forms of sequences: arrays in place, `Vec`, `Box`, `Box<[T]>`, `String` and `Box<str>`
//! hydrated.

use std::mem::{ManuallyDrop, MaybeUninit};

use super::owned::{self, REFERENCE, Reference};
use super::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Step, Stop, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

// SAFETY: an array is its elements, one after the other; `RECORD` follows the element's.
unsafe impl<T: Dumpable, const N: usize> Dumpable for [T; N] {
    type Id = [T::Id; N];
    const RECORD: Record = Record { size: T::RECORD.size * N, niche: false, ..T::RECORD };
    const LEAF: bool = T::LEAF;
    fn shape() -> &'static Shape {
        const {
            &Shape {
                consts: const { &[("usize", N as i128)] },
                ..Shape::leaf("array", Self::RECORD, const { &[TypeRef::of::<T>()] })
            }
        }
    }
    #[inline]
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        for (index, value) in this.iter().enumerate() {
            Dumpable::walk(value, v).map_err(|stop| stop.within(Step::Index(index)))?;
        }
        Ok(())
    }
    #[inline]
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        owned::write_elements(this, at, w)
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // What has been read is not complete yet, so nothing may drop it if a default unwinds.
        let elements: [_; N] = std::array::from_fn(|index| {
            // SAFETY: the caller promises an audited record of `N` elements.
            ManuallyDrop::new(unsafe { T::read(at.add(index * T::RECORD.size), r) })
        });
        elements.map(ManuallyDrop::into_inner)
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        for index in 0..N {
            // SAFETY: `index` is in bounds.
            let element = unsafe { this.cast::<T>().add(index) };
            // SAFETY: forwarded from the caller.
            unsafe { T::settle(element, at.add(index * T::RECORD.size), r) };
        }
    }
    #[inline]
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { owned::audit_elements::<T>(at, N, a) }
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        for value in this {
            Dumpable::order(value, key);
        }
    }
    super::changed!(|this, f| super::fields::elements(this.cast::<T>(), N, f), |f| (0..N)
        .map(|_| f.sample())
        .collect::<Option<Vec<T>>>()?
        .try_into()
        .ok());
}

// SAFETY: the stored form is a reference; the elements are hydrated into new memory.
unsafe impl<T: Dumpable> Dumpable for Vec<T> {
    type Id = Vec<T::Id>;
    const RECORD: Record = REFERENCE;
    const LEAF: bool = T::RECORD.leaf;
    fn shape() -> &'static Shape {
        const { &Shape::leaf("Vec", REFERENCE, const { &[TypeRef::of::<T>()] }) }
    }
    #[inline]
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        owned::walk(this.as_slice(), v)
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        owned::write(this.as_slice(), at, w)
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // SAFETY: the caller promises an audited reference.
        let (_, count) = r.payload(unsafe { at.get::<Reference>() });
        let mut values = ManuallyDrop::new(Vec::with_capacity(count));
        // The elements follow in `settle`; until then nobody looks, and a load that stops in
        // between leaks the vector instead of dropping it.
        // SAFETY: the capacity was just reserved.
        unsafe { Vec::from_raw_parts(values.as_mut_ptr(), count, values.capacity()) }
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        // SAFETY: `this` is the vector that `read` made.
        let values = unsafe { &mut *this }.as_mut_ptr();
        // SAFETY: the buffer is the final address of the elements.
        unsafe { owned::fill_later(values, at, r) };
    }
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { owned::audit::<T>(at, a) }
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.defer(this.as_slice());
    }
    super::changed!(
        |this, f| super::fields::sequence(
            this,
            f,
            Self::len,
            |values| values.as_mut_ptr(),
            |values, change| change(values)
        ),
        |f| Some(super::fields::sample_of(f))
    );
}

// SAFETY: the stored form is a reference to one element.
unsafe impl<T: Dumpable> Dumpable for Box<T> {
    type Id = Box<T::Id>;
    const RECORD: Record = REFERENCE;
    const LEAF: bool = T::RECORD.leaf;
    fn shape() -> &'static Shape {
        const { &Shape::leaf("Box", REFERENCE, const { &[TypeRef::of::<T>()] }) }
    }
    #[inline]
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        owned::walk_one(&**this, v)
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        owned::write(std::slice::from_ref(&**this), at, w)
    }
    unsafe fn read(_: At, _: &mut Reader<'_>) -> Self {
        let memory = Box::into_raw(Box::<MaybeUninit<T>>::new_uninit());
        // SAFETY: the memory has the layout of `T`; its content follows in `settle`, and until
        // then nobody looks at or drops the box.
        unsafe { Self::from_raw(memory.cast()) }
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        // SAFETY: a box is a pointer to its content.
        let value = unsafe { *this.cast::<*mut T>() };
        // SAFETY: the memory of the box is the final address of its content.
        unsafe { owned::fill_later(value, at, r) };
    }
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises a readable reference.
        let len = unsafe { at.get::<Reference>() }.len;
        if len != 1 {
            return Err(Fault::new(format!("box has {len} values, expected 1")));
        }
        // SAFETY: forwarded from the caller.
        unsafe { owned::audit::<T>(at, a) }
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.defer(std::slice::from_ref(&**this));
    }
    super::changed!(|this, f| f.value(&raw mut **this), |f| f.sample().map(Self::new));
}

// SAFETY: the stored form is a reference, as that of `Vec`.
unsafe impl<T: Dumpable> Dumpable for Box<[T]> {
    type Id = Box<[T::Id]>;
    const RECORD: Record = REFERENCE;
    const LEAF: bool = T::RECORD.leaf;
    fn shape() -> &'static Shape {
        const { &Shape::leaf("Box<[]>", REFERENCE, const { &[TypeRef::of::<T>()] }) }
    }
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        owned::walk(this, v)
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        owned::write(this, at, w)
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // SAFETY: the caller promises an audited reference.
        let (_, count) = r.payload(unsafe { at.get::<Reference>() });
        let memory = Box::into_raw(Box::<[T]>::new_uninit_slice(count));
        // SAFETY: the memory has the layout of the slice; its content follows in `settle`.
        unsafe { Self::from_raw(memory as *mut [T]) }
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        // SAFETY: `this` is the box that `read` made.
        let values = unsafe { &mut *this }.as_mut_ptr();
        // SAFETY: the memory of the box is the final address of the elements.
        unsafe { owned::fill_later(values, at, r) };
    }
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { owned::audit::<T>(at, a) }
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.defer(this);
    }
    super::changed!(
        |this, f| super::fields::sequence(
            this,
            f,
            |values| values.len(),
            |values| values.as_mut_ptr(),
            |values, change| {
                let mut owned = std::mem::replace(values, Self::from([])).into_vec();
                change(&mut owned);
                *values = owned.into();
            }
        ),
        |f| Some(super::fields::sample_of(f).into())
    );
}

/// Reads the bytes behind a reference.
///
/// # Safety
///
/// `at` must be an audited reference to bytes.
pub(super) unsafe fn stored_bytes<'a>(at: At, r: &mut Reader<'_>) -> &'a [u8] {
    // SAFETY: the caller promises an audited reference.
    let (payload, count) = r.payload(unsafe { at.get::<Reference>() });
    r.made_of_bytes();
    // SAFETY: the audit checked that the bytes are in bounds; the section outlives the load.
    unsafe { std::slice::from_raw_parts(payload.as_ptr::<u8>(), count) }
}

macro_rules! string {
    ($ty:ty, $name:literal) => {
        // SAFETY: the stored form is a reference to bytes that the audit checks for UTF-8.
        unsafe impl Dumpable for $ty {
            type Id = Self;
            const RECORD: Record = REFERENCE.with_leaf();
            fn shape() -> &'static Shape {
                const { &Shape::leaf($name, REFERENCE, &[]) }
            }
            fn walk<V: Visitor>(_: &Self, _: &mut V) -> Result<(), V::Stop> {
                Ok(())
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                owned::write(this.as_bytes(), at, w)
            }
            unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
                // SAFETY: forwarded from the caller.
                let bytes = unsafe { stored_bytes(at, r) };
                // SAFETY: audited, or written by neodump from a string.
                unsafe { str::from_utf8_unchecked(bytes) }.into()
            }
            unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: the caller promises a readable reference.
                let reference = unsafe { at.get::<Reference>() };
                let (payload, count) = a.payload(reference, <u8 as Dumpable>::RECORD)?;
                // SAFETY: the auditor checked that the bytes are in bounds.
                let bytes = unsafe { std::slice::from_raw_parts(payload.as_ptr::<u8>(), count) };
                utf8(bytes)
            }
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                key.bytes(this.as_bytes());
            }
            super::changed!(
                |this, f| super::fields::text(this, f, |text| *text = format!("{text}+").into()),
                |_| Some("+".into())
            );
            fn label(this: &Self) -> Option<String> {
                Some(format!("{this:?}"))
            }
        }
    };
}
string!(String, "String");
string!(Box<str>, "Box<str>");

/// Checks that `bytes` are a string.
pub(crate) fn utf8(bytes: &[u8]) -> Result<(), Box<Fault>> {
    match str::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(Fault::new(format!(
            "string of {} bytes is not UTF-8 at byte {}",
            bytes.len(),
            error.valid_up_to()
        ))),
    }
}
