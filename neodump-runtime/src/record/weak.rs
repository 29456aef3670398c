//! References that keep nothing in the image: `#[dump(weak)]`.
//!
//! They are not traced. Whether their targets are in the image is asked when they are written, when the trace is
//! complete; one whose target is not is stored empty. So the order in which things are met does not matter.

use std::any::TypeId;

use super::{Dumpable, Job, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::heap::ObjectType;
use crate::native::NativeType;
use crate::symbols::Symbol;

/// The record of a weak reference: in place, and written when all objects have places.
pub const fn record<F: Dumpable>() -> Record {
    let record = F::RECORD;
    assert!(
        record.in_place && !record.owns,
        "`weak` is for a word or a pointer to an object, which is in place: put it into a struct of its own, with \
         `weak` on its field, and collect those"
    );
    Record { copy: false, ..record.with_owns() }
}

/// Walks what is no reference to an object: symbols.
pub fn walk<F: Dumpable, V: Visitor>(value: &F, v: &mut V) -> Result<(), V::Stop> {
    Dumpable::walk(value, &mut Weakly(v))
}

/// Writes the value, or the empty one if its target is not in the image.
pub fn write<F: Dumpable>(
    value: &F,
    empty: impl FnOnce() -> F,
    at: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    let mut targets = Targets { w, are_there: true };
    Dumpable::walk(value, &mut targets)?;
    if targets.are_there { Dumpable::write(value, at, w) } else { Dumpable::write(&empty(), at, w) }
}

/// Hides objects from a visitor.
struct Weakly<'v, V>(&'v mut V);

impl<V: Visitor> Visitor for Weakly<'_, V> {
    type Stop = V::Stop;

    fn object(&mut self, _: *const u8, _: &'static ObjectType) -> Result<(), V::Stop> {
        Ok(())
    }

    fn symbol(&mut self, symbol: Symbol) -> Result<(), V::Stop> {
        self.0.symbol(symbol)
    }

    fn native(&mut self, address: usize, ty: NativeType) -> Result<(), V::Stop> {
        self.0.native(address, ty)
    }

    fn refuse(&mut self, refusal: Box<Refusal>) -> Result<(), V::Stop> {
        self.0.refuse(refusal)
    }

    fn defer(&mut self, job: Job<Self>) -> Result<(), V::Stop> {
        // SAFETY: the value is borrowed by the walk that put the job off.
        unsafe { job.run(self) }
    }

    fn first_visit(&mut self, address: usize, id: TypeId) -> bool {
        self.0.first_visit(address, id)
    }

    fn keep<T>(&mut self, value: Box<T>) -> *const T {
        self.0.keep(value)
    }
}

/// Asks whether all targets of a value are in the image.
struct Targets<'w, 'd> {
    w: &'w mut Writer<'d>,
    are_there: bool,
}

impl Visitor for Targets<'_, '_> {
    type Stop = Box<Refusal>;

    fn object(&mut self, address: *const u8, _: &'static ObjectType) -> Result<(), Box<Refusal>> {
        self.are_there &= self.w.place_of(address.addr()).is_some();
        Ok(())
    }

    fn refuse(&mut self, refusal: Box<Refusal>) -> Result<(), Box<Refusal>> {
        Err(refusal)
    }

    fn defer(&mut self, job: Job<Self>) -> Result<(), Box<Refusal>> {
        // SAFETY: the value is borrowed by the walk that put the job off.
        unsafe { job.run(self) }
    }

    fn first_visit(&mut self, _: usize, _: TypeId) -> bool {
        true
    }

    fn keep<T>(&mut self, value: Box<T>) -> *const T {
        self.w.keep(value)
    }
}
