//! Moving the listed words.

use super::decode::{Run, Table, first_word};
use super::{Relocations, WORD, WORDS_PER_BITMAP};
use crate::bounds::Extent;

impl Relocations<'_> {
    /// Adds `delta`, shifted as each class says, to the listed words that lie in `window` of the file, and
    /// returns their number. Windows that are disjoint move disjoint words, so a large image can be moved
    /// piece by piece while each piece is in the cache.
    ///
    /// `window` must start at a multiple of 8.
    ///
    /// # Safety
    ///
    /// `image` is the address of file offset 0 of the image and is a multiple of 8. The bytes of `window`
    /// that belong to relocatable sections, as [`Relocations::decode`] was told them, are valid for reads
    /// and writes at their offset from `image`, and nobody else reads or writes them during the call.
    pub unsafe fn apply(&self, image: *mut u8, delta: u64, window: Extent) -> u64 {
        let mut moved = 0;
        // Tables are sorted by section, and sections by offset.
        let from = self.tables.partition_point(|table| table.extent.end() <= Some(window.offset));
        for table in self.tables.iter().skip(from) {
            let Some(common) = table.extent.intersect(window) else {
                if Some(table.extent.offset) >= window.end() {
                    break;
                }
                continue;
            };
            let first = (common.offset - table.extent.offset) / WORD;
            let end = first + common.length / WORD;
            let addend = table.class.addend(delta);
            // Sections and windows start at multiples of 8, so this is aligned; it is inside the image.
            let words = image.wrapping_add(table.extent.offset as usize).cast::<u64>();
            for run in self.runs_from(table, first).take_while(|run| run.first_word < end) {
                // SAFETY: `decode` found every listed word of the run inside its section; those from `first`
                // to `end` lie in `window`, which the caller lets us read and write.
                moved += unsafe { move_run(words, &run, first, end, addend) };
            }
        }
        moved
    }

    /// The runs of `table` from the one that may hold word number `word`.
    fn runs_from<'b>(&'b self, table: &Table<'b>, word: u64) -> impl Iterator<Item = Run<'b>> {
        let from = table.runs.partition_point(|run| first_word(run) <= word).saturating_sub(1);
        self.runs(table.runs.get(from..).unwrap_or(&[]))
    }
}

/// Adds `addend` to the words of `run` from number `first` to before number `end`.
///
/// # Safety
///
/// `words` is the address of word number 0 of the section; the words listed in `run` from `first` to
/// before `end` are aligned and valid for reads and writes.
unsafe fn move_run(words: *mut u64, run: &Run<'_>, first: u64, end: u64, addend: u64) -> u64 {
    let mut moved = 0;
    let skipped = first.saturating_sub(run.first_word) / WORDS_PER_BITMAP;
    let bitmap = run.bitmap.get(skipped as usize..).unwrap_or(&[]);
    let mut word = run.first_word + skipped * WORDS_PER_BITMAP;
    for bits in bitmap {
        if word >= end {
            break;
        }
        let mut bits = u64::from_le_bytes(*bits);
        if word < first {
            bits &= !0 << (first - word);
        }
        if end - word < WORDS_PER_BITMAP {
            bits &= !(!0 << (end - word));
        }
        moved += u64::from(bits.count_ones());
        let group = words.wrapping_add(word as usize);
        while bits != 0 {
            let place = group.wrapping_add(bits.trailing_zeros() as usize);
            // SAFETY: the bit is set, so the caller lets us read and write this word.
            unsafe { move_word(place, addend) };
            bits &= bits - 1;
        }
        word += WORDS_PER_BITMAP;
    }
    moved
}

/// Adds `addend` to the word at `place`.
///
/// # Safety
///
/// `place` is aligned and valid for reads and writes.
#[cfg(not(miri))]
#[inline(always)]
unsafe fn move_word(place: *mut u64, addend: u64) {
    // SAFETY: the caller promises that the place may be read.
    let word = unsafe { place.read() };
    // SAFETY: the caller promises that the place may be written.
    unsafe { place.write(word.wrapping_add(addend)) };
}

/// Adds `addend` to the word at `place`, which may be read as a pointer afterwards: it is written as one,
/// with the provenance that the memory of the image has exposed.
///
/// # Safety
///
/// `place` is aligned and valid for reads and writes.
#[cfg(miri)]
unsafe fn move_word(place: *mut u64, addend: u64) {
    // SAFETY: the caller promises that the place may be read.
    let word = unsafe { place.read() };
    let pointer = std::ptr::with_exposed_provenance_mut::<()>(word.wrapping_add(addend) as usize);
    // SAFETY: the caller promises that the place may be written; a pointer is as large as a word.
    unsafe { place.cast::<*mut ()>().write(pointer) };
}
