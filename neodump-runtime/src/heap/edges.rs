//! The edges of an object, one call each: what a collector marks from.

use std::any::TypeId;
use std::collections::HashSet;
use std::convert::Infallible;

use crate::heap::ObjectType;
use crate::record::{Job, Visitor};

/// A visitor that hands every object pointer to a closure.
pub struct Edges<'a> {
    see: &'a mut dyn FnMut(*const u8, &'static ObjectType),
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

impl<'a> Edges<'a> {
    /// A visitor for one object or manager, whose pointers `see` is called with.
    pub fn new(see: &'a mut dyn FnMut(*const u8, &'static ObjectType)) -> Self {
        Self { see, jobs: Vec::new(), shared: HashSet::new(), kept: Vec::new() }
    }

    /// Runs the jobs that the walk put off. Call it after a walk that was started by hand, while
    /// what was walked is still borrowed.
    pub fn run(&mut self) {
        while let Some(job) = self.jobs.pop() {
            // SAFETY: the values are borrowed for as long as the walk and its jobs run.
            let Ok(()) = unsafe { job.run(self) };
        }
        self.kept.clear();
    }
}

impl Visitor for Edges<'_> {
    type Stop = Infallible;

    fn object(&mut self, address: *const u8, ty: &'static ObjectType) -> Result<(), Infallible> {
        (self.see)(address, ty);
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
