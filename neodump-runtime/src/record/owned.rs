//! Payloads: values that a hydrated record owns elsewhere in its section.
//!
//! A record refers to its payload by a [`Reference`]. Payloads lie in owner order, without gaps:
//! the writer allocates one when it meets its owner and fills it from a queue, and the auditor
//! checks with the same queue that each starts where the one before it ended. So no byte has two
//! owners, depth costs no stack, and nobody has to keep a set.

use super::{At, Dumpable, Fault, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};

/// The stored form of an owned sequence: where it is and how many elements it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Reference {
    /// The ordinal of the section in the top 16 bits, the offset in it below.
    pub(crate) place: u64,
    /// The number of elements.
    pub(crate) len: u64,
}

/// The record of an owned sequence.
pub(crate) const REFERENCE: Record = Record::hydrated(16, 8).with_owns();

/// Walks the elements of an owned sequence: at once where they own nothing, else put off.
#[inline]
pub(crate) fn walk<T: Dumpable, V: Visitor>(values: &[T], v: &mut V) -> Result<(), V::Stop> {
    if const { super::is_silent::<T, V>() } {
        return Ok(());
    }
    if const { T::RECORD.owns } {
        return v.defer(super::Job {
            values: values.as_ptr().cast(),
            count: values.len(),
            walk: walk_job::<T, V>,
        });
    }
    walk_elements(values, v)
}

/// Walks one owned value, which its owner stands for in paths.
#[inline]
pub(crate) fn walk_one<T: Dumpable, V: Visitor>(value: &T, v: &mut V) -> Result<(), V::Stop> {
    if const { super::is_silent::<T, V>() } {
        return Ok(());
    }
    if const { T::RECORD.owns } {
        return v.defer(super::Job {
            values: std::ptr::from_ref(value).cast(),
            count: 1,
            walk: walk_one_job::<T, V>,
        });
    }
    Dumpable::walk(value, v)
}

/// The job of one owned or shared value.
///
/// # Safety
///
/// `value` must be a live `T`.
pub(crate) unsafe fn walk_one_job<T: Dumpable, V: Visitor>(
    value: *const u8,
    _: usize,
    v: &mut V,
) -> Result<(), V::Stop> {
    // SAFETY: the caller promises the live value that the job was made for.
    Dumpable::walk(unsafe { &*value.cast::<T>() }, v)
}

#[inline]
fn walk_elements<T: Dumpable, V: Visitor>(values: &[T], v: &mut V) -> Result<(), V::Stop> {
    for (index, value) in values.iter().enumerate() {
        Dumpable::walk(value, v).map_err(|stop| super::Stop::within(stop, super::Step::Index(index)))?;
    }
    Ok(())
}

unsafe fn walk_job<T: Dumpable, V: Visitor>(
    values: *const u8,
    count: usize,
    v: &mut V,
) -> Result<(), V::Stop> {
    // SAFETY: the caller promises the live values that the job was made for.
    walk_elements(unsafe { std::slice::from_raw_parts(values.cast::<T>(), count) }, v)
}

/// Writes the reference at `at` and its elements into the current section.
pub(crate) fn write<T: Dumpable>(values: &[T], at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
    let payload = w.payload(at, values.len(), T::RECORD)?;
    if const { T::RECORD.owns } {
        w.later(values.as_ptr().cast(), values.len(), payload, write_job::<T>);
        Ok(())
    } else {
        write_elements(values, payload, w)
    }
}

/// Writes elements one after the other from `payload`.
#[inline]
pub(crate) fn write_elements<T: Dumpable>(
    values: &[T],
    payload: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    if const { T::RECORD.copy } {
        // SAFETY: `copy` promises that the bytes of a value have no padding.
        let bytes = unsafe { std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), size_of_val(values)) };
        w.put(payload, bytes);
        return Ok(());
    }
    for (index, value) in values.iter().enumerate() {
        Dumpable::write(value, payload.add(index * T::RECORD.size), w)
            .map_err(|refusal| refusal.within(super::Step::Index(index)))?;
    }
    Ok(())
}

pub(crate) unsafe fn write_job<T: Dumpable>(
    values: *const u8,
    count: usize,
    payload: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    // SAFETY: the caller promises the live values that the job was made for.
    write_elements(unsafe { std::slice::from_raw_parts(values.cast::<T>(), count) }, payload, w)
}

/// Audits the reference at `at` and its elements.
///
/// # Safety
///
/// `at` must be valid for reads of sixteen aligned bytes.
pub(crate) unsafe fn audit<T: Dumpable>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    // SAFETY: the caller promises a readable reference; every pattern is valid.
    let reference = unsafe { at.get::<Reference>() };
    let (payload, count) = a.payload(reference, T::RECORD)?;
    if const { T::RECORD.owns } {
        a.later(payload, count, audit_elements::<T>);
        Ok(())
    } else {
        // SAFETY: the auditor checked that the payload is in bounds.
        unsafe { audit_elements::<T>(payload, count, a) }
    }
}

/// Audits elements one after the other from `payload`.
///
/// # Safety
///
/// `payload` must be valid for `count` records.
pub(crate) unsafe fn audit_elements<T: Dumpable>(
    payload: At,
    count: usize,
    a: &mut Auditor<'_>,
) -> Result<(), Box<Fault>> {
    // Numbers are valid whatever their bytes are.
    if const { T::RECORD.size == 0 } {
        return Ok(());
    }
    for index in 0..count {
        // SAFETY: in bounds by the caller's promise.
        unsafe { T::audit(payload.add(index * T::RECORD.size), a) }
            .map_err(|fault| fault.within(super::Step::Index(index)))?;
    }
    Ok(())
}

/// Reads `count` records from `payload` into the uninitialised memory at `values`, then settles
/// them there.
///
/// # Safety
///
/// The payload must have been audited, and `values` must be the final address of `count` values.
pub(crate) unsafe fn fill<T: Dumpable>(values: *mut u8, payload: At, count: usize, r: &mut Reader<'_>) {
    let values = values.cast::<T>();
    if const { T::RECORD.copy } {
        // SAFETY: `copy` promises that stored form and memory form are equal.
        unsafe { std::ptr::copy_nonoverlapping(payload.as_ptr::<T>(), values, count) };
        return;
    }
    for index in 0..count {
        let at = payload.add(index * T::RECORD.size);
        // SAFETY: audited, by the caller's promise.
        let value = unsafe { T::read(at, r) };
        // SAFETY: the caller promises room for `count` values.
        let slot = unsafe { values.add(index) };
        // SAFETY: as above.
        unsafe { slot.write(value) };
        // SAFETY: the value has reached its final address.
        unsafe { T::settle(slot, at, r) };
    }
}

/// Puts [`fill`] off until the records around it are settled.
///
/// # Safety
///
/// As [`fill`]; `at` is the reference.
pub(crate) unsafe fn fill_later<T: Dumpable>(values: *mut T, at: At, r: &mut Reader<'_>) {
    // SAFETY: the caller promises an audited reference.
    let reference = unsafe { at.get::<Reference>() };
    let (payload, count) = r.payload(reference);
    let records = if const { T::RECORD.copy } { count.min(1) } else { count };
    r.later(values.cast(), payload, (count, records), fill::<T>);
}
