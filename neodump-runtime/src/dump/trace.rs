//! Tracing: which objects go into the image, and where among those of their type.
//!
//! Objects that own nothing outside their slot are written as they are met: they are most of a heap, and
//! so each is looked at once. Their words hold offsets until the image is laid out.

use std::any::TypeId;
use std::collections::{HashMap, HashSet, VecDeque};

use super::writer::{Writer, no_type_of_image};
use crate::heap::{Kept, ObjectType};
use crate::native::NativeType;
use crate::record::{Job, Refusal, Step, Visitor};
use crate::symbols::Symbol;

/// A hashed collection that waits to be walked in an order that does not depend on hashes.
#[derive(Clone, Copy)]
pub struct KeyedMap {
    map: *const u8,
    walk: unsafe fn(*const u8, &mut Tracer<'_>) -> Result<bool, Box<Refusal>>,
    walk_in_any_order: UnorderedWalk,
}

type UnorderedWalk = unsafe fn(*const u8, usize, &mut Tracer<'_>) -> Result<(), Box<Refusal>>;

impl KeyedMap {
    pub(crate) fn new(
        map: *const u8,
        walk: unsafe fn(*const u8, &mut Tracer<'_>) -> Result<bool, Box<Refusal>>,
        walk_in_any_order: UnorderedWalk,
    ) -> Self {
        Self { map, walk, walk_in_any_order }
    }
}

/// Where an object was met from: its address and type, `None` for the root.
type Parent = Option<(*const u8, usize)>;

/// The visitor of a dump: collects every object that is reachable from the root.
pub(crate) struct Tracer<'a> {
    writer: Writer<'a>,
    jobs: Vec<Job<Self>>,
    maps: VecDeque<KeyedMap>,
    shared: HashSet<(usize, TypeId)>,
    kept: Vec<Kept>,
    /// Locks of what is being traced; a second trace, and the writer, take them again.
    held: Vec<Kept>,
    /// Filled only when the way to a refused value is wanted.
    parents: Option<HashMap<usize, Parent>>,
    current: Parent,
    blamed_map: usize,
    blamed_problem: String,
    blamed_object: usize,
    depth: usize,
}

impl<'a> Tracer<'a> {
    /// A trace whose objects `writer` writes.
    pub(crate) fn new(writer: Writer<'a>) -> Self {
        Self {
            writer,
            jobs: Vec::new(),
            maps: VecDeque::new(),
            shared: HashSet::new(),
            kept: Vec::new(),
            held: Vec::new(),
            parents: None,
            current: None,
            blamed_map: 0,
            blamed_problem: String::new(),
            blamed_object: 0,
            depth: 0,
        }
    }

    /// The same, remembering the way to every object; the map at address `map`, if there is one, is
    /// refused with `problem`.
    pub(crate) fn with_paths(mut self, map: usize, problem: &str) -> Self {
        self.parents = Some(HashMap::new());
        self.writer.objects.walks_leaves = true;
        self.blamed_map = map;
        problem.clone_into(&mut self.blamed_problem);
        self
    }

    /// The same, stopping with a refusal when the object at address `object` is about to be walked.
    pub(crate) fn stopping_at(mut self, object: usize) -> Self {
        self.blamed_object = object;
        self
    }

    /// Whether an owned indirection is followed at once, so that the steps around it are in the path
    /// of what is refused behind it.
    fn is_at_once(&self) -> bool {
        self.parents.is_some() && self.depth < super::path::DEEPEST
    }

    fn at_once<R>(&mut self, walk: impl FnOnce(&mut Self) -> R) -> R {
        self.depth += 1;
        let result = walk(self);
        self.depth -= 1;
        result
    }

    /// Traces everything that the walk of the root has queued.
    pub(crate) fn run(&mut self) -> Result<(), Box<Refusal>> {
        loop {
            self.run_work()?;
            if !self.run_maps()? {
                return Ok(());
            }
        }
    }

    fn run_work(&mut self) -> Result<(), Box<Refusal>> {
        loop {
            if let Some(job) = self.jobs.pop() {
                // SAFETY: the dump borrows the machine, and with it what its values own.
                unsafe { job.run(self) }?;
                continue;
            }
            if let Some(arena) = self.writer.objects.next_arena() {
                let ty = self.writer.objects.arenas[usize::from(arena)].ty;
                if self.parents.is_none() {
                    // SAFETY: the objects that wait are live, each of the type of its arena.
                    unsafe { (ty.emit)(arena, &mut self.writer) }?;
                } else if let Some((object, _)) = self.writer.objects.next() {
                    self.walk_object(arena, ty, object)?;
                }
                continue;
            }
            let Some((arena, batch)) = self.writer.objects.next_batch() else { return Ok(()) };
            let ty = self.writer.objects.arenas[usize::from(arena)].ty;
            for position in batch {
                let object = self.writer.objects.in_batch(arena, position);
                self.walk_object(arena, ty, object)?;
            }
        }
    }

    fn walk_object(
        &mut self,
        arena: u8,
        ty: &'static ObjectType,
        object: *const u8,
    ) -> Result<(), Box<Refusal>> {
        if self.parents.is_some() {
            self.current = Some((object, usize::from(arena)));
            if object.addr() == self.blamed_object {
                return Err(Refusal::new("found"));
            }
        }
        // SAFETY: an object that a live value points at, of the type it was met as.
        unsafe { (ty.trace)(object, self) }.map_err(|refusal| refusal.at(object.addr()))
    }

    /// Walks the hashed collections whose order is known by now; says whether there were any.
    fn run_maps(&mut self) -> Result<bool, Box<Refusal>> {
        if self.maps.is_empty() {
            return Ok(false);
        }
        let mut progress = false;
        for _ in 0..self.maps.len() {
            let Some(map) = self.maps.pop_front() else { break };
            // SAFETY: the dump borrows the machine, and with it the map.
            if unsafe { (map.walk)(map.map, self) }? {
                progress = true;
                self.run_work()?;
            } else {
                self.maps.push_back(map);
            }
        }
        if progress {
            return Ok(true);
        }
        let first = self.maps.front().map_or(0, |map| map.map.addr());
        Err(undecided(self.maps.len()).at(first))
    }

    /// The place of an object in the image as far as it is known: it orders the keys of maps.
    pub(crate) fn place_of(&self, address: usize) -> Option<u64> {
        self.writer.place_of(address)
    }

    /// The writer, and what was made for the trace and must live as long as the dump.
    pub(crate) fn into_writer(self) -> (Writer<'a>, Vec<Kept>) {
        (self.writer, self.kept)
    }

    /// Lets go of the locks. What was put off is not run any more.
    pub(crate) fn release(&mut self) {
        self.jobs.clear();
        self.maps.clear();
        self.held.clear();
    }

    /// The way from the root to the object that was being walked when a trace with paths stopped.
    pub(crate) fn path_steps(&self) -> Vec<Step> {
        let Some(parents) = &self.parents else { return Vec::new() };
        let mut steps = Vec::new();
        let mut current = self.current;
        while let Some((object, ordinal)) = current {
            let ty = self.writer.objects.arenas[ordinal].ty;
            steps.push(Step::Object(snake(ty.short_name())));
            let parent = parents.get(&object.addr()).copied().flatten();
            if let Some((from, from_ordinal)) = parent {
                let mut find = super::path::Find::new(object);
                // SAFETY: an object that this trace met.
                steps.extend(unsafe { find.within(from, self.writer.objects.arenas[from_ordinal].ty) });
            }
            current = parent;
        }
        steps
    }

    /// The object whose pointer in the root is wanted: the last of the chain of parents.
    pub(crate) fn outermost(&self) -> Option<*const u8> {
        let parents = self.parents.as_ref()?;
        let mut current = self.current?;
        while let Some(Some(parent)) = parents.get(&current.0.addr()) {
            current = *parent;
        }
        Some(current.0)
    }
}

#[cold]
fn undecided(maps: usize) -> Box<Refusal> {
    Refusal::new(format!(
        "{maps} map(s) with several keys that are reached only through them, and nothing but addresses fixes the \
         order of those keys; keep the keys in a Vec beside the map, or use an insertion-ordered table"
    ))
}

/// A type's name as it stands in a path: `cons` for `Cons`.
pub(crate) fn snake(name: &str) -> String {
    let mut text = String::new();
    for (index, c) in name.chars().enumerate() {
        if c.is_uppercase() && index > 0 {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

impl Visitor for Tracer<'_> {
    type Stop = Box<Refusal>;
    const ORDERED: bool = true;

    #[inline]
    fn object(&mut self, address: *const u8, ty: &'static ObjectType) -> Result<(), Box<Refusal>> {
        let objects = &mut self.writer.objects;
        let Some(ordinal) = objects.ordinal(ty) else { return Err(no_type_of_image(ty)) };
        if let Some(parents) = &mut self.parents
            && objects.slot_of(address.addr()).is_none()
        {
            parents.insert(address.addr(), self.current);
        }
        // SAFETY: walks show the live objects of their values, each as what it is.
        unsafe { objects.meet(address, ordinal) }.map(|_| ())
    }

    fn symbol(&mut self, symbol: Symbol) -> Result<(), Box<Refusal>> {
        self.writer.symbol(symbol);
        Ok(())
    }

    fn native(&mut self, address: usize, ty: NativeType) -> Result<(), Box<Refusal>> {
        self.writer.import(address, ty).map(|_| ())
    }

    fn refuse(&mut self, refusal: Box<Refusal>) -> Result<(), Box<Refusal>> {
        Err(refusal)
    }

    fn defer(&mut self, job: Job<Self>) -> Result<(), Box<Refusal>> {
        if self.is_at_once() {
            // SAFETY: the dump borrows the machine, and with it what its values own.
            return self.at_once(|tracer| unsafe { job.run(tracer) });
        }
        self.jobs.push(job);
        Ok(())
    }

    fn first_visit(&mut self, address: usize, id: TypeId) -> bool {
        self.shared.insert((address, id))
    }

    fn keyed(&mut self, map: KeyedMap) -> Result<(), Box<Refusal>> {
        if self.parents.is_some() && self.blamed_map == map.map.addr() {
            return Err(Refusal::new(self.blamed_problem.as_str()));
        }
        if self.is_at_once() {
            // SAFETY: the dump borrows the machine, and with it the map.
            return self.at_once(|tracer| unsafe { (map.walk_in_any_order)(map.map, 1, tracer) });
        }
        self.maps.push_back(map);
        Ok(())
    }

    fn hold<G>(&mut self, guard: G) {
        self.held.push(Kept::new(Box::new(guard)).0);
    }

    fn keep<T>(&mut self, value: Box<T>) -> *const T {
        let (kept, value) = Kept::new(value);
        self.kept.push(kept);
        value
    }
}
