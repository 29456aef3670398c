//! Stored form of `Option`: the value's own where the language guarantees that zero is `None`,
//! a tag and the value elsewhere.

use super::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

/// The record of a tag byte and, behind it, a value; zeros when there is none.
pub(crate) const fn tagged(value: Record) -> Record {
    let offset = payload_offset(value);
    let size = (offset + value.size).next_multiple_of(value.align);
    Record { size, in_place: false, niche: false, copy: false, ..value }
}

/// Where the value of a tagged record starts.
pub(crate) const fn payload_offset(value: Record) -> usize {
    if value.align > 1 { value.align } else { 1 }
}

pub(crate) fn write_tagged<T: Dumpable>(
    value: Option<&T>,
    at: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    match value {
        None => Ok(()),
        Some(value) => {
            w.put(at, &[1]);
            Dumpable::write(value, at.add(payload_offset(T::RECORD)), w)
        }
    }
}

/// # Safety
///
/// As [`Dumpable::read`].
pub(crate) unsafe fn read_tagged<T: Dumpable>(at: At, r: &mut Reader<'_>) -> Option<T> {
    // SAFETY: the caller promises an audited record, which starts with the tag.
    if unsafe { at.get::<u8>() } == 0 {
        return None;
    }
    // SAFETY: forwarded from the caller.
    Some(unsafe { T::read(at.add(payload_offset(T::RECORD)), r) })
}

/// # Safety
///
/// As [`Dumpable::audit`].
pub(crate) unsafe fn audit_tagged<T: Dumpable>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    // SAFETY: the caller promises readable bytes.
    match unsafe { at.get::<u8>() } {
        0 => Ok(()),
        // SAFETY: forwarded from the caller.
        1 => unsafe { T::audit(at.add(payload_offset(T::RECORD)), a) },
        tag => Err(Fault::new(format!("option tag is {tag}, expected 0 or 1"))),
    }
}

// SAFETY: in place only where the language guarantees the layout of `Option<T>`: the size of `T`,
// zero for `None`.
unsafe impl<T: Dumpable> Dumpable for Option<T> {
    type Id = Option<T::Id>;
    const RECORD: Record = if T::RECORD.in_place && T::RECORD.niche {
        Record { niche: false, copy: false, ..T::RECORD }
    } else {
        tagged(T::RECORD)
    };
    const LEAF: bool = T::LEAF;
    fn shape() -> &'static Shape {
        const { &Shape::leaf("Option", Self::RECORD, const { &[TypeRef::of::<T>()] }) }
    }
    #[inline]
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        match this {
            Some(value) => Dumpable::walk(value, v),
            None => Ok(()),
        }
    }
    #[inline]
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        if const { Self::RECORD.in_place } {
            match this {
                Some(value) => Dumpable::write(value, at, w),
                None => Ok(()),
            }
        } else {
            write_tagged(this.as_ref(), at, w)
        }
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        if const { Self::RECORD.in_place } {
            // SAFETY: the caller promises an audited record in the memory form.
            unsafe { at.get() }
        } else {
            // SAFETY: forwarded from the caller.
            unsafe { read_tagged(at, r) }
        }
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        if const { !Self::RECORD.in_place } {
            // SAFETY: `this` is a live option that nothing else looks at yet.
            if let Some(value) = unsafe { &mut *this } {
                // SAFETY: forwarded from the caller.
                unsafe { T::settle(value, at.add(payload_offset(T::RECORD)), r) };
            }
        }
    }
    #[inline]
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        if const { Self::RECORD.in_place } {
            // SAFETY: the caller promises readable bytes of this size.
            let bytes = unsafe { std::slice::from_raw_parts(at.as_ptr::<u8>(), Self::RECORD.size) };
            if bytes.iter().all(|byte| *byte == 0) {
                return Ok(());
            }
            // SAFETY: forwarded from the caller.
            unsafe { T::audit(at, a) }
        } else {
            // SAFETY: forwarded from the caller.
            unsafe { audit_tagged::<T>(at, a) }
        }
    }
    super::changed!(|this, f| super::fields::option(this, f), |f| f.sample().map(Some));
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.unsigned(&[u8::from(this.is_some())]);
        if let Some(value) = this {
            Dumpable::order(value, key);
        }
    }
}
