//! The checks of values that are neither objects nor the image: what `#[dump(validate = ..)]` says of structs and enums.
//!
//! They run when the machine is complete. A walk meets the values, each before what it owns, and the checks run from the
//! last to the first, so that a check can rely on those of what its value owns. While a check runs, readers' locks
//! of the values around it are held, so that what is still to be checked stays where it is; those inside its own value
//! are not.

use std::any::TypeId;
use std::collections::HashSet;

use crate::dump::DEEPEST;
use crate::error::DumpError;
use crate::heap::{Kept, ObjectType};
use crate::record::{Dumpable, Job, Refusal, Step, Visitor, render};
use crate::schema::{Shape, ShapeKind};

/// A value that waits for its check.
struct Check {
    value: *const u8,
    id: TypeId,
    name: &'static str,
    function: *const (),
    run: unsafe fn(*const u8, *const ()) -> Result<(), String>,
    /// How many locks were held when the value was met: none of them is inside it.
    held: usize,
}

/// The visitor that collects the checks of values.
pub(crate) struct Checks {
    jobs: Vec<Job<Self>>,
    shared: HashSet<(usize, TypeId)>,
    kept: Vec<Kept>,
    held: Vec<Kept>,
    found: Vec<Check>,
    /// The value to stop at, where the way to it is wanted.
    wanted: Option<(*const u8, TypeId)>,
    depth: usize,
}

/// A value that its check refuses.
pub(crate) struct Failed {
    /// Innermost first.
    steps: Vec<Step>,
    name: &'static str,
    problem: String,
}

impl Failed {
    /// The refusal with the way from a value that is called `root`.
    pub(crate) fn text(&self, root: &str) -> String {
        format!("{} (validate of {}): {}", render(root, &self.steps), self.name, self.problem)
    }

    /// The refusal as that of a load, of a value in `section`.
    pub(super) fn error(&self, root: &str, section: &str) -> DumpError {
        DumpError::Deserialization {
            path: format!("{} (validate of {}, section {section})", render(root, &self.steps), self.name),
            problem: self.problem.clone(),
        }
    }

    /// The section of the field of the root that the way starts with.
    pub(super) fn section_in(&self, root: &Shape) -> &'static str {
        let (Some(Step::Field(first)), ShapeKind::Struct(fields)) = (self.steps.last(), root.kind) else {
            return crate::dump::framework::ROOT;
        };
        let field = fields.iter().find(|field| field.name == *first);
        let section = field.and_then(|field| field.ty?.shape().section);
        section.map_or(crate::dump::framework::ROOT, |section| section.name)
    }
}

impl Checks {
    fn new(wanted: Option<(*const u8, TypeId)>) -> Self {
        Self {
            jobs: Vec::new(),
            shared: HashSet::new(),
            kept: Vec::new(),
            held: Vec::new(),
            found: Vec::new(),
            wanted,
            depth: 0,
        }
    }

    /// Walks what `walk` does, and what is behind its owned indirections.
    ///
    /// # Safety
    ///
    /// What is walked stays where it is.
    unsafe fn collect(
        &mut self,
        walk: &dyn Fn(&mut Self) -> Result<(), Box<Refusal>>,
    ) -> Result<(), Box<Refusal>> {
        walk(self)?;
        while let Some(job) = self.jobs.pop() {
            // SAFETY: the caller promises that the values are where they were.
            unsafe { job.run(self) }?;
        }
        Ok(())
    }
}

/// Checks all values that `walk` shows, those that another owns before it.
///
/// # Safety
///
/// What is walked is complete and stays where it is.
pub(crate) unsafe fn run_checks(
    walk: impl Fn(&mut Checks) -> Result<(), Box<Refusal>>,
) -> Result<(), Box<Failed>> {
    let mut checks = Checks::new(None);
    // SAFETY: forwarded from the caller.
    if let Err(refusal) = unsafe { checks.collect(&walk) } {
        return Err(Box::new(Failed { steps: refusal.steps, name: "its owner", problem: refusal.problem }));
    }
    while let Some(check) = checks.found.pop() {
        checks.held.truncate(check.held);
        // SAFETY: a live value, as it was met, and a function of its type.
        let Err(problem) = (unsafe { (check.run)(check.value, check.function) }) else { continue };
        checks.held.clear();
        let mut search = Checks::new(Some((check.value, check.id)));
        // SAFETY: forwarded from the caller.
        let steps = unsafe { search.collect(&walk) }.map_or_else(|found| found.steps, |()| Vec::new());
        return Err(Box::new(Failed { steps, name: check.name, problem }));
    }
    Ok(())
}

unsafe fn run<T>(value: *const u8, function: *const ()) -> Result<(), String> {
    // SAFETY: made below of a function of this type.
    let function = unsafe { std::mem::transmute::<*const (), fn(&T) -> Result<(), String>>(function) };
    // SAFETY: the caller promises a live value of the type.
    function(unsafe { &*value.cast::<T>() })
}

impl Visitor for Checks {
    type Stop = Box<Refusal>;
    const VALIDATES: bool = true;

    fn object(&mut self, _: *const u8, _: &'static ObjectType) -> Result<(), Box<Refusal>> {
        Ok(())
    }

    /// What cannot be looked into was locked by the machine's own code during the load.
    fn refuse(&mut self, refusal: Box<Refusal>) -> Result<(), Box<Refusal>> {
        Err(refusal)
    }

    fn defer(&mut self, job: Job<Self>) -> Result<(), Box<Refusal>> {
        if self.wanted.is_none() || self.depth >= DEEPEST {
            self.jobs.push(job);
            return Ok(());
        }
        self.depth += 1;
        // SAFETY: whoever walks keeps the values where they are.
        let result = unsafe { job.run(self) };
        self.depth -= 1;
        result
    }

    fn first_visit(&mut self, address: usize, id: TypeId) -> bool {
        self.shared.insert((address, id))
    }

    fn validate<T: Dumpable>(
        &mut self,
        value: &T,
        check: fn(&T) -> Result<(), String>,
    ) -> Result<(), Box<Refusal>> {
        let (value, id) = (std::ptr::from_ref(value).cast::<u8>(), TypeId::of::<T::Id>());
        if self.wanted == Some((value, id)) {
            return Err(Refusal::new("found"));
        }
        if self.wanted.is_none() {
            let name = T::shape().name;
            let name = name.rsplit("::").next().unwrap_or(name);
            let held = self.held.len();
            self.found.push(Check { value, id, name, function: check as *const (), run: run::<T>, held });
        }
        Ok(())
    }

    fn hold_reader<G>(&mut self, guard: G) {
        self.held.push(Kept::new(Box::new(guard)).0);
    }

    fn keep<T>(&mut self, value: Box<T>) -> *const T {
        let (kept, value) = Kept::new(value);
        self.kept.push(kept);
        value
    }
}
