//! Stored form of `VecDeque`: that of a `Vec` of its elements, front first.

use std::collections::VecDeque;

use super::is_silent;
use super::owned::{self, REFERENCE};
use super::{At, Dumpable, Fault, Job, OrderKey, Place, Record, Refusal, Step, Stop, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

/// Walks the elements of the deque at `deque`, whose ring may be in two parts.
unsafe fn walk_job<T: Dumpable, V: Visitor>(deque: *const u8, _: usize, v: &mut V) -> Result<(), V::Stop> {
    // SAFETY: the caller promises the live deque that the job was made for.
    let deque = unsafe { &*deque.cast::<VecDeque<T>>() };
    for (index, value) in deque.iter().enumerate() {
        Dumpable::walk(value, v).map_err(|stop| stop.within(Step::Index(index)))?;
    }
    Ok(())
}

unsafe fn write_job<T: Dumpable>(
    deque: *const u8,
    _: usize,
    payload: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    // SAFETY: the caller promises the live deque that the job was made for.
    let deque = unsafe { &*deque.cast::<VecDeque<T>>() };
    let (front, back) = deque.as_slices();
    owned::write_elements(front, payload, w)?;
    for (index, value) in (front.len()..).zip(back) {
        Dumpable::write(value, payload.add(index * T::RECORD.size), w)
            .map_err(|refusal| refusal.within(Step::Index(index)))?;
    }
    Ok(())
}

// SAFETY: the stored form is that of a `Vec`, of which the deque is made.
unsafe impl<T: Dumpable> Dumpable for VecDeque<T> {
    type Id = VecDeque<T::Id>;
    const RECORD: Record = REFERENCE;
    const LEAF: bool = T::RECORD.leaf;
    fn shape() -> &'static Shape {
        const { &Shape::leaf("VecDeque", REFERENCE, const { &[TypeRef::of::<T>()] }) }
    }
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        if const { is_silent::<T, V>() } {
            return Ok(());
        }
        v.defer(Job { values: std::ptr::from_ref(this).cast(), count: 1, walk: walk_job::<T, V> })
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        let payload = w.payload(at, this.len(), T::RECORD)?;
        let deque = std::ptr::from_ref(this).cast();
        if const { T::RECORD.owns } {
            w.later(deque, 1, payload, write_job::<T>);
            return Ok(());
        }
        // SAFETY: the deque is alive.
        unsafe { write_job::<T>(deque, 1, payload, w) }
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // SAFETY: forwarded from the caller. The deque takes the memory of the vector as it is.
        Self::from(unsafe { Vec::<T>::read(at, r) })
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        // SAFETY: `this` is the deque that `read` made: all of its elements are in the first part.
        let values = unsafe { &mut *this }.as_mut_slices().0.as_mut_ptr();
        // SAFETY: the buffer is the final address of the elements.
        unsafe { owned::fill_later(values, at, r) };
    }
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { owned::audit::<T>(at, a) }
    }
    super::changed!(
        |this, f| super::fields::sequence(
            this,
            f,
            Self::len,
            |deque| deque.make_contiguous().as_mut_ptr(),
            |deque, change| {
                let mut values = std::mem::take(deque).into();
                change(&mut values);
                *deque = values.into();
            }
        ),
        |f| Some(super::fields::sample_of(f).into())
    );
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        let (front, back) = this.as_slices();
        key.defer_parts(front, back);
    }
}
