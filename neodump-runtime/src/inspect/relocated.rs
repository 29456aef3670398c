//! Relocated words: where the addresses of an image are, and what they point at.

use super::image::Image;
use crate::image::ADDRESS_LIMIT;
use crate::reloc::Class;

/// A word that holds an address of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelocatedWord {
    /// The offset of the word.
    pub offset: u64,
    /// Its relocation class.
    pub class: Class,
    /// The offset that its address stands for. The tag of a word is in it where the machine keeps tags
    /// in the low bits of the address; [`Image::object_at`] finds the object all the same.
    ///
    /// Nothing has checked that it is in the file.
    pub target: u64,
}

impl Image<'_> {
    /// All words that hold addresses: by section, then class, then offset. Nothing is collected.
    pub fn relocated(&self) -> impl Iterator<Item = RelocatedWord> + '_ {
        self.relocations().places().filter_map(|(offset, class)| self.word_at(offset, class))
    }

    /// The word at `offset`, if it holds an address.
    pub fn relocated_at(&self, offset: u64) -> Option<RelocatedWord> {
        let section = self.section_at(offset)?;
        let at = offset.checked_sub(section.extent.offset).filter(|at| at.is_multiple_of(8))?;
        let class = self.relocations().class_of(section.number, at / 8)?;
        self.word_at(offset, class)
    }

    fn word_at(&self, offset: u64, class: Class) -> Option<RelocatedWord> {
        let word = self.number_at(offset)?;
        Some(RelocatedWord { offset, class, target: self.target_of(word, class) })
    }

    /// The offset that a word of a class stands for.
    pub(super) fn target_of(&self, word: u64, class: Class) -> u64 {
        // Bits above the addresses of images belong to the machine: the mark of a NaN box.
        let address = (word >> class.shift) & (ADDRESS_LIMIT - 1);
        address.wrapping_sub(self.header().preferred_base())
    }
}
