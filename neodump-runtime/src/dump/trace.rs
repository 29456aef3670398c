//! Tracing: which objects go into the image, and where among those of their type.

use std::any::TypeId;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasherDefault;

use super::visited::{Visit, Visited};
use crate::heap::{Image, ObjectType};
use crate::heap::{Kept, ObjectType as Ty};
use crate::native::{ImportTable, Natives};
use crate::record::{Job, Refusal, Step, Visitor};
use crate::schema::{IdHasher, TypeGraph};
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

/// The objects of one type, in the order in which they were met.
pub(crate) struct Traced {
    pub(crate) ty: &'static ObjectType,
    pub(crate) objects: Vec<*const u8>,
}

/// Where an object was met from: its address and type, `None` for the root.
type Parent = Option<(*const u8, usize)>;

/// The visitor of a dump: collects every object that is reachable from the root.
pub(crate) struct Tracer<'a> {
    visited: Visited,
    pub(crate) arenas: Vec<Traced>,
    by_id: HashMap<TypeId, u8, BuildHasherDefault<IdHasher>>,
    /// Ordinals of types by the address of their static: statics may be duplicated, so an address
    /// that is not here says nothing.
    recent: [(*const ObjectType, u8); 64],
    work: Vec<(*const u8, u8)>,
    jobs: Vec<Job<Self>>,
    maps: VecDeque<KeyedMap>,
    shared: HashSet<(usize, TypeId)>,
    kept: Vec<Kept>,
    /// Locks of what is being traced; a second trace, and the writer, take them again.
    held: Vec<Kept>,
    natives: &'a Natives,
    images: &'a [&'a Image],
    pub(crate) imports: ImportTable,
    pub(crate) highest_symbol: Option<Symbol>,
    /// Filled only when the way to a refused value is wanted.
    parents: Option<HashMap<usize, Parent>>,
    current: Parent,
    blamed_map: usize,
    blamed_problem: String,
    blamed_object: *const u8,
    depth: usize,
}

impl<'a> Tracer<'a> {
    pub(crate) fn new(
        graph: &TypeGraph,
        natives: &'a Natives,
        images: &'a [&'a Image],
    ) -> Result<Self, Box<Refusal>> {
        if graph.objects().len() > usize::from(u8::MAX) {
            return Err(Refusal::new(format!(
                "{} heap object types, expected at most {}",
                graph.objects().len(),
                u8::MAX
            )));
        }
        let arenas: Vec<_> = graph.objects().iter().map(|ty| Traced { ty, objects: Vec::new() }).collect();
        let by_id = (0..).zip(&arenas).map(|(ordinal, arena)| (arena.ty.id, ordinal)).collect();
        Ok(Self {
            visited: Visited::new(),
            arenas,
            by_id,
            recent: [(std::ptr::null(), 0); 64],
            work: Vec::new(),
            jobs: Vec::new(),
            maps: VecDeque::new(),
            shared: HashSet::new(),
            kept: Vec::new(),
            held: Vec::new(),
            natives,
            images,
            imports: ImportTable::new(),
            highest_symbol: None,
            parents: None,
            current: None,
            blamed_map: 0,
            blamed_problem: String::new(),
            blamed_object: std::ptr::null(),
            depth: 0,
        })
    }

    /// The same, remembering the way to every object; the map at address `map`, if there is one, is
    /// refused with `problem`.
    pub(crate) fn with_paths(mut self, map: usize, problem: &str) -> Self {
        self.parents = Some(HashMap::new());
        self.blamed_map = map;
        problem.clone_into(&mut self.blamed_problem);
        self
    }

    /// The same, stopping with a refusal when `object` is about to be walked.
    pub(crate) fn stopping_at(mut self, object: *const u8) -> Self {
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
            } else if let Some((object, ordinal)) = self.work.pop() {
                if let Some((next, _)) = self.work.last() {
                    super::buffer::prefetch(*next);
                }
                if self.parents.is_some() {
                    self.current = Some((object, usize::from(ordinal)));
                    if object == self.blamed_object {
                        return Err(Refusal::new("found"));
                    }
                }
                // SAFETY: an object that a live value points at, of the type it was met as.
                unsafe { (self.arenas[usize::from(ordinal)].ty.trace)(object, self) }
                    .map_err(|refusal| refusal.at(object.addr()))?;
            } else {
                return Ok(());
            }
        }
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
        self.visited.get(address).map(order_of)
    }

    pub(crate) fn into_parts(self) -> (Visited, Vec<Traced>, ImportTable, Vec<Kept>) {
        (self.visited, self.arenas, self.imports, self.kept)
    }

    /// Lets go of the locks. What was put off is not run any more.
    pub(crate) fn release(&mut self) {
        self.jobs.clear();
        self.maps.clear();
        self.held.clear();
    }

    #[inline]
    fn ordinal(&mut self, ty: &'static ObjectType) -> Option<u8> {
        let slot = (std::ptr::from_ref(ty).addr() >> 4) % self.recent.len();
        if std::ptr::eq(self.recent[slot].0, ty) {
            return Some(self.recent[slot].1);
        }
        let ordinal = *self.by_id.get(&ty.id)?;
        self.recent[slot] = (ty, ordinal);
        Some(ordinal)
    }

    /// The way from the root to the object that was being walked when a trace with paths stopped.
    pub(crate) fn path_steps(&self) -> Vec<Step> {
        let Some(parents) = &self.parents else { return Vec::new() };
        let mut steps = Vec::new();
        let mut current = self.current;
        while let Some((object, ordinal)) = current {
            let ty = self.arenas[ordinal].ty;
            steps.push(Step::Object(snake(ty.short_name())));
            let parent = parents.get(&object.addr()).copied().flatten();
            if let Some((from, from_ordinal)) = parent {
                let mut find = super::path::Find::new(object);
                // SAFETY: an object that this trace met.
                steps.extend(unsafe { find.within(from, self.arenas[from_ordinal].ty) });
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

// Apart from the hot path, so that it stays short.

#[cold]
#[inline(never)]
fn no_type_of_image(ty: &ObjectType) -> Box<Refusal> {
    Refusal::new(format!("points at a {}, which is no type of this image", ty.name()))
}

#[cold]
#[inline(never)]
fn too_many(ty: &ObjectType) -> Box<Refusal> {
    Refusal::new(format!("more than {} objects of type {}", u32::MAX, ty.name()))
}

#[cold]
#[inline(never)]
fn no_address(address: *const u8, ty: &ObjectType) -> Box<Refusal> {
    Refusal::new(format!("{address:p} is no address of a {}", ty.name()))
}

#[cold]
#[inline(never)]
fn two_types(address: *const u8, before: &ObjectType, now: &ObjectType) -> Box<Refusal> {
    let (before, now) = (before.name(), now.name());
    Refusal::new(format!("{address:p} is met as a {before} and as a {now}; one address has one type"))
}

/// A type's name as it stands in a path: `cons` for `Cons`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for (index, c) in name.chars().enumerate() {
        if c.is_uppercase() && index > 0 {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

/// Orders objects as their places in the image will: by type, then by position.
pub(crate) fn order_of(visit: Visit) -> u64 {
    u64::from(visit.ty) << 32 | u64::from(visit.index)
}

impl Visitor for Tracer<'_> {
    type Stop = Box<Refusal>;
    const ORDERED: bool = true;

    #[inline]
    fn object(&mut self, address: *const u8, ty: &'static Ty) -> Result<(), Box<Refusal>> {
        let Some(ordinal) = self.ordinal(ty) else { return Err(no_type_of_image(ty)) };
        let objects = &mut self.arenas[usize::from(ordinal)].objects;
        let Ok(index) = u32::try_from(objects.len()) else { return Err(too_many(ty)) };
        if !address.addr().is_multiple_of(8) || address.is_null() {
            return Err(no_address(address, ty));
        }
        match self.visited.insert(address.addr(), Visit { ty: ordinal, index }) {
            None => {
                super::buffer::prefetch(address);
                super::buffer::push(objects, address);
                self.work.push((address, ordinal));
                if let Some(parents) = &mut self.parents {
                    parents.insert(address.addr(), self.current);
                }
                Ok(())
            }
            Some(before) if before.ty == ordinal => Ok(()),
            Some(before) => Err(two_types(address, self.arenas[usize::from(before.ty)].ty, ty)),
        }
    }

    fn symbol(&mut self, symbol: Symbol) -> Result<(), Box<Refusal>> {
        self.highest_symbol = self.highest_symbol.max(Some(symbol));
        Ok(())
    }

    fn native(&mut self, address: usize, type_name: &'static str) -> Result<(), Box<Refusal>> {
        super::import(&mut self.imports, self.natives, self.images, address, type_name).map(|_| ())
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
