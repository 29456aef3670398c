//! Collecting the words to relocate while an image is dumped.

use std::collections::BTreeMap;

use super::Class;

/// One bit a word of one section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
}

impl Bitmap {
    /// No bit is set.
    pub const fn new() -> Self {
        Self { words: Vec::new() }
    }

    /// No bit is set; room for the bits of a section of `length` bytes.
    pub fn for_section(length: usize) -> Self {
        Self { words: Vec::with_capacity(length.div_ceil(512)) }
    }

    /// Lists word number `index` (byte offset in the section divided by 8).
    #[inline]
    pub fn set(&mut self, index: usize) {
        let at = index / 64;
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        self.words[at] |= 1 << (index % 64);
    }

    /// Lists the words from number `first` on whose bits are set.
    pub fn set_all(&mut self, first: usize, bits: u64) {
        let (at, shift) = (first / 64, first % 64);
        let high = if shift == 0 { 0 } else { bits >> (64 - shift) };
        let end = at + 1 + usize::from(high != 0);
        if end > self.words.len() {
            self.words.resize(end, 0);
        }
        self.words[at] |= bits << shift;
        if high != 0 {
            self.words[at + 1] |= high;
        }
    }

    /// Whether word number `index` is listed.
    pub fn get(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Lists every word that `other` lists.
    pub fn merge(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (to, from) in self.words.iter_mut().zip(&other.words) {
            *to |= from;
        }
    }

    /// Lists every word that `other` lists, `first` words further on.
    pub fn merge_at(&mut self, first: usize, other: &Self) {
        for (at, &bits) in other.words.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            self.set_all(first + at * 64, bits);
        }
    }

    /// The number of words listed.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The numbers of the words listed, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let rest = std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)));
            rest.take_while(|&rest| rest != 0).map(move |rest| at * 64 + rest.trailing_zeros() as usize)
        })
    }

    /// The bits, 64 words a number; the last numbers may be zero.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }
}

/// All words to relocate, by section and class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelocationsBuilder {
    /// Sorted, so that the order in which words are found does not reach the file.
    pub(crate) tables: BTreeMap<(u32, Class), Bitmap>,
}

impl RelocationsBuilder {
    /// No words yet.
    pub const fn new() -> Self {
        Self { tables: BTreeMap::new() }
    }

    /// The bitmap of section number `section` (its place in the layout) and `class`: take it once for a
    /// whole arena.
    pub fn bitmap(&mut self, section: u32, class: Class) -> &mut Bitmap {
        self.tables.entry((section, class)).or_default()
    }

    /// Lists word number `index` of section number `section`.
    pub fn set(&mut self, section: u32, class: Class, index: usize) {
        self.bitmap(section, class).set(index);
    }

    /// Lists every word that `other` lists.
    pub fn merge(&mut self, other: &Self) {
        for (&(section, class), bitmap) in &other.tables {
            self.bitmap(section, class).merge(bitmap);
        }
    }

    /// The number of words listed.
    pub fn count(&self) -> u64 {
        self.tables.values().map(Bitmap::count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bitmap_lists_what_was_set_and_nothing_else() {
        let mut bitmap = Bitmap::new();
        for index in [0, 63, 64, 1000, 5] {
            bitmap.set(index);
            bitmap.set(index);
        }
        assert_eq!(bitmap.iter().collect::<Vec<_>>(), [0, 5, 63, 64, 1000]);
        assert_eq!(bitmap.count(), 5);
        assert!(bitmap.get(64) && !bitmap.get(65) && !bitmap.get(1 << 40));
        bitmap.set_all(2000, 1);
        bitmap.set_all(2047, 1 << 63 | 1 << 17 | 1 << 16);
        assert_eq!(bitmap.iter().skip(5).collect::<Vec<_>>(), [2000, 2063, 2064, 2110]);
        let mut moved = Bitmap::new();
        moved.merge_at(3, &bitmap);
        assert_eq!(moved.iter().collect::<Vec<_>>(), bitmap.iter().map(|word| word + 3).collect::<Vec<_>>());
        let mut bitmap = Bitmap::new();
        [0, 5, 63, 64, 1000].into_iter().for_each(|index| bitmap.set(index));
        let mut other = Bitmap::for_section(1 << 20);
        other.set(65);
        other.set(9999);
        bitmap.merge(&other);
        assert_eq!(bitmap.iter().collect::<Vec<_>>(), [0, 5, 63, 64, 65, 1000, 9999]);
    }
}
