//! The edges of an object, one call each: what a collector marks from.

use std::any::TypeId;
use std::collections::HashSet;
use std::convert::Infallible;

use crate::heap::ObjectType;
use crate::record::{Job, Refusal, Visitor};
use crate::symbols::Symbol;

/// What is told of each edge.
///
/// A collector implements it for its marking state and walks its objects with an [`Edges`] of it; a
/// closure will do where only objects count.
pub trait SeeEdge {
    /// An object pointer. `address` has the provenance that the program gave it.
    fn object(&mut self, address: *const u8, ty: &'static ObjectType);

    /// A symbol.
    fn symbol(&mut self, symbol: Symbol) {
        let _ = symbol;
    }

    /// Something that cannot be looked into: a locked mutex, a borrowed cell, a word of unknown tag.
    ///
    /// # Panics
    ///
    /// Always, unless it is implemented: a collector that went on would free what is in use. A machine that has
    /// words of tags which its scheme does not list, and knows that they refer to nothing, may let them pass.
    fn hidden(&mut self, what: &Refusal) {
        panic!("the edges of a value cannot be told, and what it refers to would be lost: {}", what.problem);
    }
}

impl<F: FnMut(*const u8, &'static ObjectType) + ?Sized> SeeEdge for &mut F {
    fn object(&mut self, address: *const u8, ty: &'static ObjectType) {
        self(address, ty);
    }
}

/// A visitor that hands every edge to a [`SeeEdge`], and never stops.
///
/// Walk any number of objects and managers with it, `Dumpable::walk(manager, &mut edges)` or
/// `Object::walk_object(object, &mut edges)`, calling [`finish`](Self::finish) before what was walked
/// may change.
pub struct Edges<S: SeeEdge> {
    see: S,
    jobs: Vec<Job<Self>>,
    shared: HashSet<(usize, TypeId)>,
    kept: Vec<Kept>,
}

/// A value made for a walk, and how to drop it.
pub(crate) struct Kept {
    value: *mut u8,
    drop: unsafe fn(*mut u8),
}

impl Kept {
    pub(crate) fn new<T>(value: Box<T>) -> (Self, *const T) {
        unsafe fn drop_box<T>(value: *mut u8) {
            // SAFETY: made by `Box::into_raw` of the same type below, and dropped once.
            drop(unsafe { Box::from_raw(value.cast::<T>()) });
        }
        let value = Box::into_raw(value);
        (Self { value: value.cast(), drop: drop_box::<T> }, value)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: the value was made by `new` and is dropped here only.
        unsafe { (self.drop)(self.value) };
    }
}

impl<S: SeeEdge> Edges<S> {
    /// A visitor that tells `see`.
    pub fn new(see: S) -> Self {
        Self { see, jobs: Vec::new(), shared: HashSet::new(), kept: Vec::new() }
    }

    /// Who is told.
    #[inline]
    pub fn see(&mut self) -> &mut S {
        &mut self.see
    }

    /// Who is told, when all is walked.
    pub fn into_see(self) -> S {
        self.see
    }

    /// Walks what was put off: what is behind the owned indirections of what was walked. Values with several
    /// owners (`Rc`) are walked once between two calls, so call it as seldom as you can.
    ///
    /// # Safety
    ///
    /// What was walked since the last call is as it was then, and still borrowed.
    #[inline]
    pub unsafe fn finish(&mut self) {
        while let Some(job) = self.jobs.pop() {
            // SAFETY: the caller promises that the values are where they were.
            let Ok(()) = unsafe { job.run(self) };
        }
        // Memory that is free from here on may be given to another value: what shared values were met
        // says nothing about those to come.
        self.shared.clear();
        self.kept.clear();
    }
}

impl<S: SeeEdge> Visitor for Edges<S> {
    type Stop = Infallible;

    #[inline]
    fn object(&mut self, address: *const u8, ty: &'static ObjectType) -> Result<(), Infallible> {
        self.see.object(address, ty);
        Ok(())
    }

    #[inline]
    fn symbol(&mut self, symbol: Symbol) -> Result<(), Infallible> {
        self.see.symbol(symbol);
        Ok(())
    }

    fn refuse(&mut self, refusal: Box<Refusal>) -> Result<(), Infallible> {
        self.see.hidden(&refusal);
        Ok(())
    }

    fn defer(&mut self, job: Job<Self>) -> Result<(), Infallible> {
        self.jobs.push(job);
        Ok(())
    }

    fn first_visit(&mut self, address: usize, id: TypeId) -> bool {
        self.shared.insert((address, id))
    }

    fn keep<T>(&mut self, value: Box<T>) -> *const T {
        let (kept, value) = Kept::new(value);
        self.kept.push(kept);
        value
    }
}
