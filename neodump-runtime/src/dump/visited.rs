//! Which objects a trace has met, and as what: an address-indexed side table.
//!
//! A hash map would cost a cache miss or two for every pointer. Heaps are dense, so the table
//! follows the address space instead: a chunk for every 4 MiB, in it one entry for every sixteen
//! bytes, all that is known of an object in one word. Few objects are smaller than sixteen bytes; the
//! second of two that share an entry goes to an overflow map.

use std::cell::Cell;
use std::collections::HashMap;

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

/// What was met at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The ordinal of the type.
    pub(crate) ty: u8,
    /// The position among the objects of the type.
    pub(crate) index: u32,
}

/// A visit as a word that is not zero: the position, the type, whether the object starts in the
/// middle of its granule, and a bit that is always set.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry(u64);

impl Entry {
    const USED: u64 = 1 << 63;
    const HALF: u64 = 1 << 40;

    #[inline]
    fn new(address: usize, visit: Visit) -> Self {
        Self(Self::USED | Self::half(address) | u64::from(visit.ty) << 32 | u64::from(visit.index))
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
    fn visit(self) -> Visit {
        Visit { ty: (self.0 >> 32) as u8, index: self.0 as u32 }
    }
}

/// Where the entries of a chunk are.
#[derive(Clone, Copy)]
struct Chunk {
    slab: u32,
    first: u32,
}

pub(crate) struct Visited {
    /// Entries, of a chunk or of `SLAB` chunks.
    slabs: Vec<Vec<u64>>,
    /// The chunks that the last slab has room for.
    room: usize,
    chunk_of: HashMap<usize, Chunk>,
    /// The number of a chunk plus one, and the chunk: by the low bits of the number.
    recent: Box<[Cell<(usize, Chunk)>; RECENT]>,
    overflow: HashMap<usize, Visit>,
}

impl Visited {
    pub(crate) fn new() -> Self {
        Self {
            slabs: Vec::new(),
            room: 0,
            chunk_of: HashMap::new(),
            recent: Box::new([const { Cell::new((0, Chunk { slab: 0, first: 0 })) }; RECENT]),
            overflow: HashMap::new(),
        }
    }

    /// The number of the chunk of an address, and the entry in it.
    #[inline]
    fn split(address: usize) -> (usize, usize) {
        (address >> CHUNK_BITS, (address >> GRANULE_BITS) & (ENTRIES - 1))
    }

    /// What was met at `address`.
    #[inline]
    pub(crate) fn get(&self, address: usize) -> Option<Visit> {
        let (number, entry) = Self::split(address);
        let (recent, chunk) = self.recent[number % RECENT].get();
        let chunk = if recent == number + 1 { chunk } else { self.find(number)? };
        let entry = self.slabs[chunk.slab as usize][chunk.first as usize + entry];
        if entry == 0 {
            return None;
        }
        let entry = Entry(entry);
        if entry.is_of(address) { Some(entry.visit()) } else { self.overflow.get(&address).copied() }
    }

    /// Notes that `address` was met as `visit`; gives what it had been met as before, if it had.
    #[inline]
    pub(crate) fn insert(&mut self, address: usize, visit: Visit) -> Option<Visit> {
        let (number, entry) = Self::split(address);
        let (recent, chunk) = self.recent[number % RECENT].get();
        let chunk = if recent == number + 1 { chunk } else { self.find_or_add(number) };
        let slot = &mut self.slabs[chunk.slab as usize][chunk.first as usize + entry];
        if *slot == 0 {
            *slot = Entry::new(address, visit).0;
            return None;
        }
        let entry = Entry(*slot);
        if entry.is_of(address) { Some(entry.visit()) } else { self.insert_second(address, visit) }
    }

    #[cold]
    fn insert_second(&mut self, address: usize, visit: Visit) -> Option<Visit> {
        let before = self.overflow.get(&address).copied();
        if before.is_none() {
            self.overflow.insert(address, visit);
        }
        before
    }

    #[cold]
    fn find(&self, number: usize) -> Option<Chunk> {
        let chunk = *self.chunk_of.get(&number)?;
        self.recent[number % RECENT].set((number + 1, chunk));
        Some(chunk)
    }

    #[cold]
    fn find_or_add(&mut self, number: usize) -> Chunk {
        if let Some(chunk) = self.find(number) {
            return chunk;
        }
        if self.room == 0 {
            self.room = if self.slabs.len() < SMALL { 1 } else { SLAB };
            let slab = vec![0; self.room * ENTRIES];
            super::buffer::advise(&slab);
            self.slabs.push(slab);
        }
        self.room -= 1;
        // There are fewer slabs than chunks of addresses, and fewer entries in one than 2^32.
        let chunk = Chunk { slab: self.slabs.len() as u32 - 1, first: (self.room * ENTRIES) as u32 };
        self.chunk_of.insert(number, chunk);
        self.recent[number % RECENT].set((number + 1, chunk));
        chunk
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
            assert_eq!(visited.get(address), None);
            assert_eq!(visited.insert(address, Visit { ty: 200, index }), None);
        }
        for (index, &address) in (0..).zip(&addresses) {
            let first = Some(Visit { ty: 200, index });
            assert_eq!(visited.get(address), first);
            assert_eq!(visited.insert(address, Visit { ty: 1, index: u32::MAX }), first);
            assert_eq!(visited.get(address), first);
        }
        assert_eq!(visited.get(0x1018), None);
    }
}
