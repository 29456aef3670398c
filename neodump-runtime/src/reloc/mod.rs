//! Relocation: which words of the image hold addresses, and how to move them.
//!
//! Words are listed by class, one bit a word, in runs without long stretches of zeros: at most 1.6 % of
//! the bytes of the words, and usually much less. Moving the image by `delta` adds `delta << shift` to
//! every listed word, which is right for low tags and for tagged words that hold a shifted address alike.

mod apply;
mod bitmap;
mod decode;
mod encode;
mod fields;
#[cfg(test)]
mod tests;

pub use bitmap::{Bitmap, RelocationsBuilder};
pub use decode::Relocations;
pub use fields::{CLASS_FIELDS, RELOCATIONS_FIELDS, RUN_FIELDS, TABLE_FIELDS};

/// The name of the section of segment `meta` that lists the relocations.
pub const SECTION: &str = "Relocations";
/// The version of that section.
pub const VERSION: u32 = 1;
/// The most classes an image may have.
pub const MAX_CLASSES: usize = 8;
/// Bytes in a relocated word.
pub const WORD: u64 = 8;
/// Words that one bitmap word lists.
pub const WORDS_PER_BITMAP: u64 = 64;
/// The unit in which written memory is counted.
pub const PAGE: u64 = 4096;
/// A run ends where more bitmap words than this are zero: a run record takes the room of three.
pub const LONGEST_GAP: usize = 3;

/// A relocation class: what its words are relative to, which is the image, and how they hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class {
    /// The number of bits by which the address is shifted to the left in the word.
    pub shift: u8,
}

impl Class {
    /// Words whose low or high bits hold a tag, and plain pointers: the address is not shifted.
    pub const UNSHIFTED: Self = Self { shift: 0 };

    /// What is added to a word of this class when the image moves by `delta`.
    pub const fn addend(self, delta: u64) -> u64 {
        delta.wrapping_shl(self.shift as u32)
    }
}
