//! The loaded image as its owner and its collector see it.

use std::fmt;
use std::sync::Arc;

use super::written::{self, Writes};
use super::{Lattice, Marks, ObjectType};
use crate::image::Region;
use crate::native::Bound;

/// A heap that takes over the image it is loaded from: the type of the field marked `#[dump(heap)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot own an image",
    note = "a `#[dump(heap)]` field implements `AdoptImage`: it keeps the `Image` that it is made from"
)]
pub trait AdoptImage: Sized {
    /// Makes the heap of a freshly loaded machine. Objects are relocated, but not hydrated yet:
    /// look at none of them here.
    fn adopt(image: Image) -> Self;

    /// The image that the heap has adopted, if it was loaded from one.
    fn image(&self) -> Option<&Image>;
}

/// The objects of one type in an image.
#[derive(Clone)]
pub struct Arena {
    pub(crate) ty: &'static ObjectType,
    pub(crate) first: *mut u8,
    pub(crate) count: usize,
    pub(crate) stride: usize,
    pub(crate) bytes: usize,
    /// For a type with a trailing array: one bit for every eight bytes, set where an object starts.
    pub(crate) starts: Option<&'static [u64]>,
}

impl Arena {
    /// The type of the objects.
    pub fn object_type(&self) -> &'static ObjectType {
        self.ty
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of all objects.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The words `address << shift | tag` of the objects of the arena; none if their places are not
    /// evenly spaced.
    pub(crate) fn words(&self, tag: u64, shift: u32) -> Lattice {
        let first = self.first.addr() as u64;
        let fits = |number: u64| number << shift >> shift == number;
        let end = first.checked_add(self.bytes as u64);
        match &self.starts {
            None if self.stride > 0 && end.is_some_and(fits) => {
                Lattice::new(first << shift | tag, (self.stride as u64) << shift, self.count as u64)
            }
            _ => Lattice::NONE,
        }
    }

    /// Whether `address` is the start of an object of the arena.
    #[inline]
    pub(crate) fn starts_at(&self, address: usize) -> bool {
        let offset = address.wrapping_sub(self.first.addr());
        if offset >= self.bytes {
            return false;
        }
        match &self.starts {
            None => offset.is_multiple_of(self.stride),
            Some(starts) => {
                offset.is_multiple_of(8) && starts[offset / 8 / 64] & (1 << (offset / 8 % 64)) != 0
            }
        }
    }

    /// The objects, in the order of their addresses.
    pub fn objects(&self) -> Objects<'_> {
        Objects { arena: self, next: 0, left: self.count }
    }
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} objects of {}, {} bytes", self.count, self.ty.name(), self.bytes)
    }
}

/// The addresses of the objects of an arena.
#[derive(Debug, Clone)]
pub struct Objects<'a> {
    arena: &'a Arena,
    /// The offset to go on from.
    next: usize,
    left: usize,
}

impl Iterator for Objects<'_> {
    type Item = *mut u8;

    fn next(&mut self) -> Option<*mut u8> {
        self.left = self.left.checked_sub(1)?;
        let offset = match &self.arena.starts {
            None => self.next,
            Some(starts) => next_start(starts, self.next)?,
        };
        self.next = offset + if self.arena.starts.is_some() { 8 } else { self.arena.stride };
        Some(self.arena.first.wrapping_add(offset))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// The offset of the first object that starts at `from` or behind it.
fn next_start(starts: &[u64], from: usize) -> Option<usize> {
    let granule = from / 8;
    let mut word = granule / 64;
    let mut bits = starts.get(word)? & (u64::MAX << (granule % 64));
    while bits == 0 {
        word += 1;
        bits = *starts.get(word)?;
    }
    Some((word * 64 + bits.trailing_zeros() as usize) * 8)
}

/// A loaded image.
///
/// The heap of the machine owns it, and it lives as long as the process unless
/// [`release`](Self::release)d: dropping an `Image` neither unmaps it nor drops its objects, so
/// nothing safe can outlive it. What a collector may rely on:
///
/// - [`contains`](Self::contains) is two compares;
/// - mapped objects do not move and are never freed one by one;
/// - marks are kept in [`Marks`], outside;
/// - [`walk`](Self::walk) shows every object pointer of an object, by the same field list that
///   wrote it;
/// - [`written_objects`](Self::written_objects) are those that may point out of the image.
pub struct Image {
    pub(crate) region: Region,
    pub(crate) heap_start: usize,
    pub(crate) heap_bytes: usize,
    /// Where the elements are that objects own and may change in place: start and length.
    pub(crate) words: (usize, usize),
    /// In the order of their addresses.
    pub(crate) arenas: Vec<Arena>,
    pub(crate) imports: Arc<Bound>,
    pub(crate) imports_start: usize,
    pub(crate) writes: Writes,
}

// SAFETY: the safe methods read what the load wrote and nothing writes again: the arenas and object
// starts, never the objects, which are reached through the machine only.
unsafe impl Send for Image {}
// SAFETY: as above.
unsafe impl Sync for Image {}

impl Image {
    /// Whether an address is one of the image's objects.
    #[inline]
    pub fn contains(&self, address: *const u8) -> bool {
        address.addr().wrapping_sub(self.heap_start) < self.heap_bytes
    }

    /// The arenas, in the order of their addresses.
    pub fn arenas(&self) -> &[Arena] {
        &self.arenas
    }

    /// The arena that an address is in.
    pub fn arena_of(&self, address: *const u8) -> Option<&Arena> {
        let index =
            self.arenas.partition_point(|arena| arena.first.addr() <= address.addr()).checked_sub(1)?;
        let arena = &self.arenas[index];
        (address.addr() - arena.first.addr() < arena.bytes).then_some(arena)
    }

    /// Whether an address is the start of an object: what a conservative collector asks.
    pub fn is_object(&self, address: *const u8) -> bool {
        self.arena_of(address).is_some_and(|arena| arena.starts_at(address.addr()))
    }

    /// Mark bits for the image's objects, all unmarked.
    pub fn marks(&self) -> Marks {
        Marks::new(self.heap_start, self.heap_bytes)
    }

    /// Shows every object pointer of a mapped object to `see`.
    ///
    /// # Safety
    ///
    /// `object` must be the start of one of the image's objects.
    pub unsafe fn walk(&self, object: *const u8, see: &mut dyn FnMut(*const u8, &'static ObjectType)) {
        if let Some(arena) = self.arena_of(object) {
            // SAFETY: the caller promises an object, which has the type of its arena.
            unsafe { arena.ty.for_each_edge(object, see) };
        }
    }

    /// From now on [`written_objects`](Self::written_objects) are those that
    /// [`note_write`](Self::note_write) was called with: the machine has a write barrier.
    pub fn use_barrier(&mut self) {
        self.writes = Writes::Noted(self.marks());
    }

    /// Tells that an object is about to be written: the call of a write barrier.
    #[inline]
    pub fn note_write(&mut self, object: *const u8) {
        if let Writes::Noted(marks) = &mut self.writes
            && object.addr().wrapping_sub(self.heap_start) < self.heap_bytes
        {
            marks.mark(object);
        }
    }

    /// Shows the objects that may have been written since the load: told by the barrier, else all
    /// that lie on written pages where the platform tells, else all. If a page was written that has
    /// elements of vectors or entries of maps, all objects that own such are among them.
    pub fn written_objects(&self, mut see: impl FnMut(*mut u8, &'static ObjectType)) {
        let written = written::Filter::of(&self.writes, (self.heap_start, self.heap_bytes), self.words);
        for arena in &self.arenas {
            // Sizes come from the object starts: the objects themselves are the machine's, and may be
            // changing while their image is asked.
            let end = arena.first.addr() + arena.bytes;
            let mut objects = arena.objects().peekable();
            while let Some(object) = objects.next() {
                let next = objects.peek().map_or(end, |next| next.addr());
                if written.admits(object.addr(), next - object.addr(), arena.ty.record.owns) {
                    see(object, arena.ty);
                }
            }
        }
    }

    /// The name of the native whose slot or copy is at an address in the `imports` segment.
    pub(crate) fn import_at(&self, address: usize) -> Option<&str> {
        self.imports.name_at(address.checked_sub(self.imports_start)?)
    }

    /// Drops what hydration and growth put into the image's objects, and unmaps it.
    ///
    /// # Safety
    ///
    /// Nothing may refer to the image any more: no object, no interner that it was loaded with, the
    /// machine's or one of `LoadOptions::interner`, no clone of an [`Arena`], no `ImageVec` in it or
    /// taken out of it that has not copied its elements. Drop the machine first.
    pub unsafe fn release(self) {
        for arena in self.arenas.iter().filter(|arena| arena.ty.needs_drop) {
            for object in arena.objects() {
                // SAFETY: a live object, which the caller promises that nobody uses again.
                unsafe { (arena.ty.drop)(object) };
            }
        }
        // SAFETY: the caller promises that nothing refers to the image.
        if let Err(error) = unsafe { self.region.unmap() } {
            // The memory stays mapped: nothing else depends on it.
            drop(error);
        }
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("start", &self.heap_start).field("arenas", &self.arenas).finish()
    }
}
