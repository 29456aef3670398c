//! Which objects a trace has met, and as what: an address-indexed side table.
//!
//! A hash map would cost a cache miss or two for every pointer. Heaps are dense, so the table
//! follows the address space instead: chunks of 1 GiB, in them pages of 4 KiB, in each page one
//! entry for every eight bytes; the page of the last question is kept at hand.

use std::collections::HashMap;

const PAGE_BITS: u32 = 12;
const CHUNK_BITS: u32 = 30;
const PAGES: usize = 1 << (CHUNK_BITS - PAGE_BITS);
const ENTRIES: usize = 1 << (PAGE_BITS - 3);

/// What was met at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The ordinal of the type.
    pub(crate) ty: u8,
    /// The position among the objects of the type.
    pub(crate) index: u32,
}

struct Page {
    /// Position plus one; 0 for nothing.
    index: [u32; ENTRIES],
    ty: [u8; ENTRIES],
}

struct Chunk {
    pages: Vec<Option<Box<Page>>>,
}

pub(crate) struct Visited {
    chunks: Vec<Chunk>,
    chunk_of: HashMap<usize, usize>,
    last_chunk: (usize, usize),
}

impl Visited {
    pub(crate) fn new() -> Self {
        Self { chunks: Vec::new(), chunk_of: HashMap::new(), last_chunk: (usize::MAX, 0) }
    }

    #[inline]
    fn split(address: usize) -> (usize, usize, usize) {
        (address >> CHUNK_BITS, (address >> PAGE_BITS) & (PAGES - 1), (address >> 3) & (ENTRIES - 1))
    }

    /// What was met at `address`.
    #[inline]
    pub(crate) fn get(&self, address: usize) -> Option<Visit> {
        let (number, page, entry) = Self::split(address);
        let chunk =
            if self.last_chunk.0 == number { self.last_chunk.1 } else { *self.chunk_of.get(&number)? };
        let page = self.chunks[chunk].pages[page].as_deref()?;
        let index = page.index[entry].checked_sub(1)?;
        Some(Visit { ty: page.ty[entry], index })
    }

    /// Notes that `address` was met as `visit`; gives what it had been met as before, if it had.
    #[inline]
    pub(crate) fn insert(&mut self, address: usize, visit: Visit) -> Option<Visit> {
        let (number, page, entry) = Self::split(address);
        if self.last_chunk.0 != number {
            self.last_chunk = (number, self.find_chunk(number));
        }
        let page = self.chunks[self.last_chunk.1].pages[page]
            .get_or_insert_with(|| Box::new(Page { index: [0; ENTRIES], ty: [0; ENTRIES] }));
        match page.index[entry].checked_sub(1) {
            Some(index) => Some(Visit { ty: page.ty[entry], index }),
            None => {
                page.index[entry] = visit.index + 1;
                page.ty[entry] = visit.ty;
                None
            }
        }
    }

    #[cold]
    fn find_chunk(&mut self, number: usize) -> usize {
        *self.chunk_of.entry(number).or_insert_with(|| {
            let mut pages = Vec::new();
            pages.resize_with(PAGES, || None);
            self.chunks.push(Chunk { pages });
            self.chunks.len() - 1
        })
    }
}
