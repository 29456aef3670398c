//! Which objects a trace has met, and where each goes: an address-indexed side table.
//!
//! A hash map would cost a cache miss or two for every pointer. Heaps are dense, so the table
//! follows the address space instead: a chunk for every 4 MiB, in it one entry for every sixteen
//! bytes, all that is known of an object in one word. Few objects are smaller than sixteen bytes; the
//! second of two that share an entry goes to an overflow map.

use std::cell::Cell;
use std::collections::HashMap;
use std::ptr::NonNull;

const CHUNK_BITS: u32 = 22;
const GRANULE_BITS: u32 = 4;
const ENTRIES: usize = 1 << (CHUNK_BITS - GRANULE_BITS);
/// Behind the first few, chunks are allocated so many at once: huge pages need memory that is much
/// larger than they are.
const SLAB: usize = 16;
/// How many chunks are found without a search: those of 4 GiB of addresses.
const RECENT: usize = 1024;
/// So many chunks are allocated one by one, in small pages: clearing huge pages would be most of the
/// dump of a small heap.
const SMALL: usize = 4;

/// Where an object goes: the ordinal of its type, whose arena it goes to, and the offset in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot(u64);

impl Slot {
    /// Slots start below this.
    pub(crate) const END: u64 = 1 << 51;

    const OFFSET_BITS: u32 = 48;

    /// `offset` is a multiple of eight below [`Slot::END`].
    #[inline]
    pub(crate) fn new(arena: u8, offset: u64) -> Self {
        Self(u64::from(arena) << Self::OFFSET_BITS | offset >> 3)
    }

    #[inline]
    pub(crate) fn arena(self) -> u8 {
        (self.0 >> Self::OFFSET_BITS) as u8
    }

    #[inline]
    pub(crate) fn offset(self) -> u64 {
        (self.0 & ((1 << Self::OFFSET_BITS) - 1)) << 3
    }

    /// A number that orders slots as they lie in the image.
    pub(crate) fn order(self) -> u64 {
        self.0
    }
}

/// A slot as a word that is not zero: a bit that is always set, whether the object starts in the
/// middle of its granule, and the slot.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry(u64);

impl Entry {
    const USED: u64 = 1 << 63;
    const HALF: u64 = 1 << 62;

    #[inline]
    fn new(address: usize, slot: Slot) -> Self {
        Self(Self::USED | Self::half(address) | slot.0)
    }

    #[inline]
    fn half(address: usize) -> u64 {
        (address as u64 >> 3 & 1) * Self::HALF
    }

    #[inline]
    fn is_of(self, address: usize) -> bool {
        self.0 & Self::HALF == Self::half(address)
    }

    #[inline]
    fn slot(self) -> Slot {
        Slot(self.0 & !(Self::USED | Self::HALF))
    }
}

/// The first entry of a chunk, which has `ENTRIES` of them in a slab.
type Chunk = NonNull<u64>;

pub(crate) struct Visited {
    /// Entries, of a chunk or of `SLAB` chunks. They are reached through the chunks alone.
    slabs: Vec<NonNull<[u64]>>,
    /// The chunks that the last slab has room for.
    room: usize,
    chunk_of: HashMap<usize, Chunk>,
    /// The number of a chunk plus one, and the chunk: by the low bits of the number.
    recent: Box<[Cell<(usize, Chunk)>; RECENT]>,
    overflow: HashMap<usize, Slot>,
}

impl Visited {
    pub(crate) fn new() -> Self {
        Self {
            slabs: Vec::new(),
            room: 0,
            chunk_of: HashMap::new(),
            recent: Box::new([const { Cell::new((0, NonNull::dangling())) }; RECENT]),
            overflow: HashMap::new(),
        }
    }

    /// The number of the chunk of an address, and the entry in it.
    #[inline]
    fn split(address: usize) -> (usize, usize) {
        (address >> CHUNK_BITS, (address >> GRANULE_BITS) & (ENTRIES - 1))
    }

    /// Where the object at `address` goes, if it was met.
    #[inline]
    pub(crate) fn get(&self, address: usize) -> Option<Slot> {
        let (number, entry) = Self::split(address);
        let (recent, chunk) = self.recent[number % RECENT].get();
        let chunk = if recent == number + 1 { chunk } else { self.find(number)? };
        // SAFETY: a chunk has `ENTRIES` entries, and `split` gives a smaller number.
        let entry = unsafe { chunk.add(entry) };
        // SAFETY: the entry was zeroed when its slab was made, which is not freed before `self`.
        let entry = unsafe { entry.read() };
        if entry == 0 {
            return None;
        }
        let entry = Entry(entry);
        if entry.is_of(address) { Some(entry.slot()) } else { self.get_second(address) }
    }

    /// Notes that the object at `address` goes to `slot`, unless it was met before: gives the slot that it has
    /// then.
    #[inline]
    pub(crate) fn insert(&mut self, address: usize, slot: Slot) -> Option<Slot> {
        let (number, entry) = Self::split(address);
        let (recent, chunk) = self.recent[number % RECENT].get();
        let chunk = if recent == number + 1 { chunk } else { self.find_or_add(number) };
        // SAFETY: a chunk has `ENTRIES` entries, and `split` gives a smaller number.
        let mut entry = unsafe { chunk.add(entry) };
        // SAFETY: zeroed when its slab was made, which lives; `&mut self` is the only access to it.
        let entry = unsafe { entry.as_mut() };
        if *entry == 0 {
            *entry = Entry::new(address, slot).0;
            return None;
        }
        let entry = Entry(*entry);
        if entry.is_of(address) { Some(entry.slot()) } else { self.insert_second(address, slot) }
    }

    #[cold]
    #[inline(never)]
    fn get_second(&self, address: usize) -> Option<Slot> {
        self.overflow.get(&address).copied()
    }

    #[cold]
    #[inline(never)]
    fn insert_second(&mut self, address: usize, slot: Slot) -> Option<Slot> {
        let before = self.overflow.get(&address).copied();
        if before.is_none() {
            self.overflow.insert(address, slot);
        }
        before
    }

    #[cold]
    #[inline(never)]
    fn find(&self, number: usize) -> Option<Chunk> {
        let chunk = *self.chunk_of.get(&number)?;
        self.recent[number % RECENT].set((number + 1, chunk));
        Some(chunk)
    }

    #[cold]
    #[inline(never)]
    fn find_or_add(&mut self, number: usize) -> Chunk {
        if let Some(chunk) = self.find(number) {
            return chunk;
        }
        if self.room == 0 {
            self.room = if self.slabs.len() < SMALL { 1 } else { SLAB };
            let slab = vec![0; self.room * ENTRIES];
            super::buffer::advise(&slab);
            self.slabs.push(NonNull::from(Box::leak(slab.into_boxed_slice())));
        }
        self.room -= 1;
        // There is a slab: the last has room.
        let slab = self.slabs[self.slabs.len() - 1].cast::<u64>();
        // SAFETY: the slab had room for one more chunk than `room` says now.
        let chunk = unsafe { slab.add(self.room * ENTRIES) };
        self.chunk_of.insert(number, chunk);
        self.recent[number % RECENT].set((number + 1, chunk));
        chunk
    }
}

impl Drop for Visited {
    fn drop(&mut self) {
        for slab in self.slabs.drain(..) {
            // SAFETY: leaked from a box in `find_or_add`, and the chunks in it end with `self`.
            drop(unsafe { Box::from_raw(slab.as_ptr()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_keeps_what_it_was_met_as_first() {
        let mut visited = Visited::new();
        let addresses = [0x1000, 0x1008, 0x1010, 0x1000 + (1 << CHUNK_BITS), 0x1000 + (RECENT << CHUNK_BITS)];
        for (index, &address) in (0..).zip(&addresses) {
            let slot = Slot::new(200, index * 8);
            assert_eq!(visited.get(address), None);
            assert_eq!(visited.insert(address, slot), None);
        }
        for (index, &address) in (0..).zip(&addresses) {
            let first = Some(Slot::new(200, index * 8));
            assert_eq!(visited.get(address), first);
            assert_eq!(visited.insert(address, Slot::new(1, Slot::END - 8)), first);
            assert_eq!(visited.get(address), first);
        }
        assert_eq!(visited.get(0x1018), None);
    }

    #[test]
    fn the_last_slot_of_the_last_arena_is_kept_exactly() {
        let mut visited = Visited::new();
        let slot = Slot::new(u8::MAX, Slot::END - 8);
        visited.insert(0x1008, slot);
        assert_eq!(visited.get(0x1008), Some(slot));
        assert_eq!((slot.arena(), slot.offset()), (u8::MAX, Slot::END - 8));
    }
}
