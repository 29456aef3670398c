//! The relocated words of an image, to be asked one by one.

use neodump_runtime::bounds::Extent;
use neodump_runtime::image::{ADDRESS_LIMIT, SegmentKind};
use neodump_runtime::inspect::Image;

/// Bytes of a word.
const WORD: u64 = 8;

/// One bit for each word of segment `rw` and class.
#[derive(Debug)]
pub(crate) struct Listed {
    rw: Extent,
    base: u64,
    /// The bits of each class, by shift.
    classes: Vec<(u8, Vec<u64>)>,
}

impl Listed {
    /// The words that the relocations of `image` list.
    pub(crate) fn new(image: &Image<'_>) -> Self {
        let header = image.header();
        let rw = header.segment(SegmentKind::Rw);
        // The segment is in the file, so its words fit in memory.
        let words = (rw.length / WORD).div_ceil(64) as usize;
        let relocations = image.relocations();
        let mut classes: Vec<(u8, Vec<u64>)> =
            relocations.classes().iter().map(|class| (class.shift, vec![0; words])).collect();
        let sections = header.sections();
        relocations.for_each(|section, word, class| {
            let Some(section) = sections.get(section as usize) else { return };
            let at = (section.extent.offset - rw.offset) / WORD + word;
            let bits = classes.iter_mut().find(|(shift, _)| *shift == class.shift);
            if let Some(bits) = bits.and_then(|(_, bits)| bits.get_mut((at / 64) as usize)) {
                *bits |= 1 << (at % 64);
            }
        });
        Self { rw, base: header.preferred_base(), classes }
    }

    /// How many words of `extent` are relocated.
    pub(crate) fn count(&self, extent: Extent) -> u64 {
        let Some(inside) = extent.intersect(self.rw) else { return 0 };
        let first = (inside.offset - self.rw.offset).div_ceil(WORD);
        let last = (inside.offset - self.rw.offset + inside.length) / WORD;
        let mut count = 0;
        let mut at = first;
        while at < last {
            let bit = at % 64;
            let width = (64 - bit).min(last - at);
            let mask = if width == 64 { u64::MAX } else { ((1 << width) - 1) << bit };
            for (_, bits) in &self.classes {
                count += u64::from((bits.get((at / 64) as usize).copied().unwrap_or(0) & mask).count_ones());
            }
            at += width;
        }
        count
    }

    /// The offset that `word`, which lies at offset `at`, stands for, if it is relocated. Tags below the address are
    /// still in it.
    pub(crate) fn target(&self, at: u64, word: u64) -> Option<u64> {
        let at = at.checked_sub(self.rw.offset).filter(|at| at.is_multiple_of(WORD))? / WORD;
        let (index, bit) = ((at / 64) as usize, at % 64);
        let is_set = |bits: &[u64]| bits.get(index).is_some_and(|bits| bits >> bit & 1 == 1);
        let (shift, _) = self.classes.iter().find(|(_, bits)| is_set(bits))?;
        // Bits above the addresses of images belong to the machine: the mark of a NaN box.
        Some(((word >> shift) & (ADDRESS_LIMIT - 1)).wrapping_sub(self.base))
    }
}
