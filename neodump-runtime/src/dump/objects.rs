//! The objects that a trace has met: each has its slot from the moment it is met.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::visited::{Slot, Visited};
use crate::heap::ObjectType;
use crate::record::Refusal;
use crate::schema::{IdHasher, TypeGraph};

/// The objects of one type.
pub(crate) struct Arena {
    pub(crate) ty: &'static ObjectType,
    /// The bytes of a slot; 0 where they vary.
    stride: u64,
    /// Whether the slots are all of one size and the objects written as they are met: nothing to keep.
    is_simple: bool,
    /// The bytes of their slots.
    pub(crate) end: u64,
    /// In the order in which they were met: those that are written when all have been met.
    pub(crate) objects: Vec<*const u8>,
    /// How many of these have been walked, or are about to be.
    walked: usize,
    /// The offset of each, where sizes vary.
    pub(crate) offsets: Vec<u64>,
}

impl Arena {
    /// The number of objects.
    pub(crate) fn count(&self) -> usize {
        self.end.checked_div(self.stride).map_or(self.offsets.len(), |count| count as usize)
    }
}

/// All objects that were met, and those of them that have not been walked yet.
pub(crate) struct Objects {
    visited: Visited,
    /// By the ordinal of the type.
    pub(crate) arenas: Vec<Arena>,
    by_id: HashMap<TypeId, u8, BuildHasherDefault<IdHasher>>,
    /// Ordinals of types by the address of their static: statics may be duplicated, so an address
    /// that is not here says nothing.
    recent: [(*const ObjectType, u8); 64],
    /// The objects to write and walk at once, last met first.
    work: Vec<(*const u8, Slot)>,
    /// The arenas with other objects to walk.
    pending: Vec<u8>,
    /// Whether objects are walked that a walk shows nothing of: for paths, which end at one.
    pub(crate) walks_leaves: bool,
}

/// So many objects of one arena are walked in a row: they are told from the others once, and are on their
/// way from memory when their turn comes, and yet what they refer to is placed not far from them.
const BATCH: usize = 64;

impl Objects {
    /// No objects, of no types.
    pub(crate) fn none() -> Self {
        Self {
            visited: Visited::new(),
            arenas: Vec::new(),
            by_id: HashMap::default(),
            recent: [(std::ptr::null(), 0); 64],
            work: Vec::new(),
            pending: Vec::new(),
            walks_leaves: false,
        }
    }

    pub(crate) fn new(graph: &TypeGraph) -> Result<Self, Box<Refusal>> {
        if graph.objects().len() > usize::from(u8::MAX) {
            return Err(Refusal::new(format!(
                "{} heap object types, expected at most {}",
                graph.objects().len(),
                u8::MAX
            )));
        }
        let mut all = Self::none();
        for (ordinal, ty) in (0..).zip(graph.objects()) {
            all.by_id.insert(ty.id, ordinal);
            let stride = if ty.tail.is_none() { ty.size as u64 } else { 0 };
            let (objects, offsets) = (Vec::new(), Vec::new());
            let is_simple = stride != 0 && ty.at_once;
            all.arenas.push(Arena { ty, stride, is_simple, end: 0, objects, walked: 0, offsets });
        }
        Ok(all)
    }

    /// The ordinal of a type of the image.
    #[inline]
    pub(crate) fn ordinal(&mut self, ty: &'static ObjectType) -> Option<u8> {
        let slot = (std::ptr::from_ref(ty).addr() >> 4) % self.recent.len();
        if std::ptr::eq(self.recent[slot].0, ty) {
            return Some(self.recent[slot].1);
        }
        self.ordinal_by_id(ty, slot)
    }

    #[cold]
    #[inline(never)]
    fn ordinal_by_id(&mut self, ty: &'static ObjectType, slot: usize) -> Option<u8> {
        let ordinal = *self.by_id.get(&ty.id)?;
        self.recent[slot] = (ty, ordinal);
        Some(ordinal)
    }

    /// The slot of an object of the type that has this ordinal: its own if it was met before, else the next of its arena.
    ///
    /// # Safety
    ///
    /// `address` must be a live object of this type.
    #[inline]
    pub(crate) unsafe fn meet(&mut self, address: *const u8, ordinal: u8) -> Result<Slot, Box<Refusal>> {
        let arena = &mut self.arenas[usize::from(ordinal)];
        // First: the side table tells addresses apart by eights only.
        if !address.addr().is_multiple_of(8) || address.is_null() {
            return Err(no_address(address, arena.ty));
        }
        let slot = Slot::new(ordinal, arena.end);
        if let Some(before) = self.visited.insert(address.addr(), slot) {
            if before.arena() != ordinal {
                let now = arena.ty;
                return Err(two_types(address, self.arenas[usize::from(before.arena())].ty, now));
            }
            return Ok(before);
        }
        arena.end += arena.stride;
        if arena.end >= Slot::END {
            return Err(too_large(arena.ty));
        }
        if arena.is_simple {
            super::buffer::prefetch(address);
            super::buffer::push(&mut self.work, (address, slot));
        } else {
            // SAFETY: forwarded from the caller.
            unsafe { self.keep(address, slot) }?;
        }
        Ok(slot)
    }

    /// Takes up an object that is written when all have been met, or whose length is its own.
    ///
    /// # Safety
    ///
    /// `address` must be a live object of the type whose arena `slot` is in.
    #[inline(never)]
    unsafe fn keep(&mut self, address: *const u8, slot: Slot) -> Result<(), Box<Refusal>> {
        let arena = &mut self.arenas[usize::from(slot.arena())];
        if arena.stride == 0 {
            super::buffer::push(&mut arena.offsets, arena.end);
            // SAFETY: forwarded from the caller.
            let len = unsafe { (arena.ty.tail_len)(address) };
            let end = arena.ty.size_with(len).and_then(|size| arena.end.checked_add(size as u64));
            arena.end = end.filter(|end| *end < Slot::END).ok_or_else(|| too_large(arena.ty))?;
        }
        if arena.ty.at_once {
            super::buffer::push(&mut self.work, (address, slot));
            return Ok(());
        }
        if arena.ty.leaf && !self.walks_leaves {
            arena.walked += 1;
        } else if arena.walked == arena.objects.len() {
            self.pending.push(slot.arena());
        }
        super::buffer::push(&mut arena.objects, address);
        Ok(())
    }

    /// The next objects to walk of those that are written later: their arena, and their positions in its list.
    pub(crate) fn next_batch(&mut self) -> Option<(u8, std::ops::Range<usize>)> {
        let ordinal = self.pending.pop()?;
        let arena = &mut self.arenas[usize::from(ordinal)];
        let batch = arena.walked..arena.objects.len().min(arena.walked + BATCH);
        arena.walked = batch.end;
        if batch.end < arena.objects.len() {
            self.pending.push(ordinal);
        }
        Some((ordinal, batch))
    }

    /// An object of a batch.
    #[inline]
    pub(crate) fn in_batch(&self, ordinal: u8, position: usize) -> *const u8 {
        let objects = &self.arenas[usize::from(ordinal)].objects;
        if let Some(&soon) = objects.get(position + 8) {
            super::buffer::prefetch(soon);
        }
        objects[position]
    }

    /// The next object to write and walk at once.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(*const u8, Slot)> {
        let next = self.work.pop();
        if let Some((soon, _)) = self.work.last() {
            super::buffer::prefetch(*soon);
        }
        next
    }

    /// The same, if it goes to `arena`.
    #[inline]
    pub(crate) fn next_in(&mut self, arena: u8) -> Option<(*const u8, Slot)> {
        match self.work.last() {
            Some((_, slot)) if slot.arena() == arena => self.next(),
            _ => None,
        }
    }

    /// The arena of the next object to write and walk at once.
    #[inline]
    pub(crate) fn next_arena(&self) -> Option<u8> {
        self.work.last().map(|(_, slot)| slot.arena())
    }

    /// The slot of an object, if it was met.
    #[inline]
    pub(crate) fn slot_of(&self, address: usize) -> Option<Slot> {
        self.visited.get(address)
    }
}

// Apart from the hot path, so that it stays short.

#[cold]
#[inline(never)]
fn too_large(ty: &ObjectType) -> Box<Refusal> {
    Refusal::new(format!("the objects of type {} are larger than {} bytes", ty.name(), Slot::END))
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
