//! Mark bits of mapped objects, outside the image: marking writes no page of it.

/// One bit for every eight bytes of an image's objects.
///
/// A collector keeps one beside the marks of its own objects and asks the same `is_marked`
/// question of all.
#[derive(Debug, Clone)]
pub struct Marks {
    start: usize,
    bits: Vec<u64>,
}

impl Marks {
    pub(crate) fn new(start: usize, bytes: usize) -> Self {
        Self { start, bits: vec![0; bytes.div_ceil(8 * 64)] }
    }

    #[inline]
    fn position(&self, object: *const u8) -> (usize, u64) {
        let granule = object.addr().wrapping_sub(self.start) / 8;
        (granule / 64, 1 << (granule % 64))
    }

    /// Marks an object and says whether it was unmarked before.
    ///
    /// # Panics
    ///
    /// If `object` is not in the image.
    #[inline]
    pub fn mark(&mut self, object: *const u8) -> bool {
        let (word, bit) = self.position(object);
        let before = self.bits[word];
        self.bits[word] = before | bit;
        before & bit == 0
    }

    /// Whether an object is marked; `false` for one that is not in the image.
    #[inline]
    pub fn is_marked(&self, object: *const u8) -> bool {
        let (word, bit) = self.position(object);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Unmarks every object.
    pub fn clear(&mut self) {
        self.bits.fill(0);
    }

    /// The number of marked objects.
    pub fn count(&self) -> usize {
        self.bits.iter().map(|bits| bits.count_ones() as usize).sum()
    }
}
