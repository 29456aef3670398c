//! The way from one object to another: which fields hold the pointer.

use std::any::TypeId;
use std::collections::HashSet;

use crate::heap::{Kept, ObjectType};
use crate::record::{Job, Refusal, Step, Visitor};

/// Owned indirections are followed at once up to this depth, so that the steps around them are in
/// the path; deeper ones wait, and their paths lack those steps.
pub(crate) const DEEPEST: usize = 64;

/// A visitor that stops at the pointer to one object, with the steps to it.
pub(crate) struct Find {
    wanted: *const u8,
    depth: usize,
    jobs: Vec<Job<Self>>,
    shared: HashSet<(usize, TypeId)>,
    kept: Vec<Kept>,
}

impl Find {
    pub(crate) fn new(wanted: *const u8) -> Self {
        Self { wanted, depth: 0, jobs: Vec::new(), shared: HashSet::new(), kept: Vec::new() }
    }

    /// The steps inside `object`, innermost first.
    ///
    /// # Safety
    ///
    /// `object` must be a live object of type `ty`.
    pub(crate) unsafe fn within(&mut self, object: *const u8, ty: &'static ObjectType) -> Vec<Step> {
        // SAFETY: forwarded from the caller.
        let walked = unsafe { (ty.find)(object, self) };
        self.finish(walked)
    }

    /// The steps inside a value that `walk` walks.
    pub(crate) fn finish(&mut self, mut walked: Result<(), Box<Refusal>>) -> Vec<Step> {
        loop {
            match walked {
                Err(found) => return found.steps,
                Ok(()) => match self.jobs.pop() {
                    // SAFETY: the values are borrowed by whoever started the walk.
                    Some(job) => walked = unsafe { job.run(self) },
                    None => return Vec::new(),
                },
            }
        }
    }
}

impl Visitor for Find {
    type Stop = Box<Refusal>;

    fn object(&mut self, address: *const u8, _: &'static ObjectType) -> Result<(), Box<Refusal>> {
        if address == self.wanted { Err(Refusal::new("found")) } else { Ok(()) }
    }

    /// Another refusal than that whose way is looked for.
    fn refuse(&mut self, refusal: Box<Refusal>) -> Result<(), Box<Refusal>> {
        drop(refusal);
        Ok(())
    }

    fn defer(&mut self, job: Job<Self>) -> Result<(), Box<Refusal>> {
        if self.depth == DEEPEST {
            self.jobs.push(job);
            return Ok(());
        }
        self.depth += 1;
        // SAFETY: the values are borrowed by whoever started the walk.
        let walked = unsafe { job.run(self) };
        self.depth -= 1;
        walked
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
