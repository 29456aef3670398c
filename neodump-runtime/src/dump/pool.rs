//! Pools: the bytes of one section or arena while it is written, and the words that wait for addresses.

use std::collections::BTreeMap;

use super::buffer;
use crate::reloc::Bitmap;

/// What a word's address is relative to until the image is laid out, and how far it is shifted in the
/// word. The word itself holds the offset from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target(u16);

impl Target {
    pub(crate) const NONE: Self = Self(0);
    const SHIFT: u32 = 10;

    /// The number of bases that targets tell apart.
    pub(crate) const BASES: usize = 1 << Self::SHIFT;

    /// Behind the arenas, whose bases are numbered from 1.
    pub(crate) const WORDS: Self = Self(256);
    pub(crate) const BYTES: Self = Self(257);
    pub(crate) const IMPORTS: Self = Self(258);
    pub(crate) const HEAP: Self = Self(259);

    /// An object in the arena of this ordinal, which is below 255.
    #[inline]
    pub(crate) const fn arena(ordinal: u8, shift: u32) -> Self {
        Self((1 + ordinal as u16) | ((shift as u16) << Self::SHIFT))
    }

    #[inline]
    fn is_arena(self) -> bool {
        self.base() < Self::WORDS.base()
    }

    #[inline]
    pub(crate) fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The number of the base: below [`Self::BASES`].
    #[inline]
    pub(crate) fn base(self) -> usize {
        usize::from(self.0) % Self::BASES
    }

    #[inline]
    pub(crate) fn shift(self) -> u8 {
        (self.0 >> Self::SHIFT) as u8
    }
}

/// The bytes of one section or arena.
#[derive(Default)]
pub(crate) struct Pool {
    pub(crate) bytes: Vec<u8>,
    /// One a word, as far as there are any.
    targets: Vec<Target>,
    waits_for_layout: bool,
    /// The words that have been linked, by the shift.
    pub(crate) linked: BTreeMap<u8, Bitmap>,
}

impl From<Vec<u8>> for Pool {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }
}

impl Pool {
    /// So many zeros.
    pub(crate) fn zeroed(len: usize) -> Self {
        Self::from(buffer::zeroed(len))
    }

    #[inline]
    pub(crate) fn put(&mut self, offset: u64, bytes: &[u8]) {
        let start = offset as usize;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// Puts a word that holds an offset from `target`'s base until it is linked.
    #[inline]
    pub(crate) fn put_word(&mut self, offset: u64, bits: u64, target: Target) {
        self.put(offset, &bits.to_le_bytes());
        self.waits_for_layout |= !target.is_arena();
        match self.targets.get_mut((offset / 8) as usize) {
            Some(place) => *place = target,
            None => self.add_target((offset / 8) as usize, target),
        }
    }

    #[cold]
    fn add_target(&mut self, word: usize, target: Target) {
        self.cover_targets();
        self.targets[word] = target;
    }

    fn cover_targets(&mut self) {
        let words = self.bytes.len() / 8;
        if words > self.targets.capacity() {
            let more = words - self.targets.len();
            buffer::grow(&mut self.targets, more);
        }
        self.targets.resize(words, Target::NONE);
    }

    /// Adds zeros up to `end`.
    pub(crate) fn extend(&mut self, end: usize) {
        if end > self.bytes.capacity() {
            let more = end - self.bytes.len();
            buffer::grow(&mut self.bytes, more);
        }
        self.bytes.resize(end, 0);
    }

    /// Sees to it that there are bytes up to `end`, and some more.
    #[inline]
    pub(crate) fn cover(&mut self, end: u64) {
        if end > self.bytes.len() as u64 {
            self.grow_to(end as usize);
        }
    }

    #[cold]
    fn grow_to(&mut self, end: usize) {
        /// So much at once that the zeros are in the cache when the objects come.
        const STEP: usize = 64 << 10;
        self.extend(end.next_multiple_of(STEP));
        self.cover_targets();
    }

    /// Whether a word waits for an address that is known only when the whole image is laid out.
    pub(crate) fn waits_for_layout(&self) -> bool {
        self.waits_for_layout
    }

    /// What the words wait for; from now on they do not.
    pub(crate) fn take_targets(&mut self) -> Vec<Target> {
        self.waits_for_layout = false;
        std::mem::take(&mut self.targets)
    }
}
