//! Arenas and objects: where each object is, and which one covers an offset.

use super::schema::TypeId;
use crate::bounds::{Extent, mul, to_u64, to_usize};
use crate::dump::framework;
use crate::error::{DumpError, Result};

/// Bytes of an arena that one word of its bitmap stands for.
const COVERED: u64 = 64 * GRAIN;
/// Bytes of an arena that one bit stands for.
const GRAIN: u64 = 8;
/// Words of the bitmap whose bits are counted together.
const BLOCK: usize = 64;

/// All objects of one type: an arena of section `HeapImage`.
#[derive(Debug, Clone)]
pub struct Arena<'a> {
    pub(super) ty: TypeId,
    pub(super) ordinal: usize,
    pub(super) count: u64,
    pub(super) extent: Extent,
    pub(super) side: Extent,
    pub(super) side_size: u64,
    pub(super) sizes: Sizes<'a>,
}

/// How large the objects of an arena are.
#[derive(Debug, Clone)]
pub(super) enum Sizes<'a> {
    /// All alike, of so many bytes.
    Equal(u64),
    /// As `ObjectStarts` says.
    Varying(Starts<'a>),
}

/// A bitmap of `ObjectStarts`, with the number of bits before every block of its words.
#[derive(Debug, Clone)]
pub(super) struct Starts<'a> {
    words: &'a [[u8; 8]],
    before: Vec<u64>,
}

/// A heap object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Object {
    /// The offset of its first byte.
    pub offset: u64,
    /// The number of its bytes, trailing array included.
    pub len: u64,
    /// Its type.
    pub ty: TypeId,
    /// Its place in its arena.
    pub index: u64,
}

impl Object {
    /// Where the object is.
    pub const fn extent(&self) -> Extent {
        Extent::new(self.offset, self.len)
    }
}

impl<'a> Arena<'a> {
    /// The type of its objects.
    pub const fn ty(&self) -> TypeId {
        self.ty
    }

    /// The place of the type among the heap object types of the schema.
    pub const fn ordinal(&self) -> usize {
        self.ordinal
    }

    /// The number of objects.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Where the objects are.
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// The bytes from one object to the next, or `None` where sizes vary.
    pub const fn stride(&self) -> Option<u64> {
        match self.sizes {
            Sizes::Equal(stride) => Some(stride),
            Sizes::Varying(_) => None,
        }
    }

    /// Where the side records are, one an object; without bytes for types without hydrated fields.
    pub const fn side(&self) -> Extent {
        self.side
    }

    /// Where the side record of object number `index` is.
    pub fn side_record(&self, index: u64) -> Option<Extent> {
        let at = mul(index, self.side_size).filter(|_| index < self.count)?;
        Some(Extent::new(self.side.offset.checked_add(at)?, self.side_size))
    }

    /// Object number `index`.
    pub fn object(&self, index: u64) -> Option<Object> {
        if index >= self.count {
            return None;
        }
        match &self.sizes {
            Sizes::Equal(stride) => Some(self.object_from(index, mul(index, *stride)?, *stride)),
            Sizes::Varying(starts) => {
                let start = starts.select(index)?;
                let end =
                    if index + 1 == self.count { self.extent.length } else { starts.select(index + 1)? };
                Some(self.object_from(index, start, end.checked_sub(start)?))
            }
        }
    }

    /// The object that has the byte at `offset`.
    pub fn object_at(&self, offset: u64) -> Option<Object> {
        if !self.extent.holds(offset) {
            return None;
        }
        let at = offset - self.extent.offset;
        match &self.sizes {
            Sizes::Equal(stride) => self.object(at.checked_div(*stride)?),
            Sizes::Varying(starts) => self.object(starts.rank(at / GRAIN)?.checked_sub(1)?),
        }
    }

    /// All objects, in order.
    pub fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        let (stride, starts) = match &self.sizes {
            Sizes::Equal(stride) => (Some(*stride), None),
            Sizes::Varying(starts) => (None, Some(starts)),
        };
        let count = if stride.is_some() { self.count } else { 0 };
        let stride = stride.unwrap_or(0);
        // In bounds: the table of arenas says that `count` strides are the length of the arena.
        let equal = (0..count).map(move |index| self.object_from(index, index * stride, stride));
        let ends = starts.into_iter().flat_map(Starts::iter).skip(1).chain([self.extent.length]);
        let varying = starts.into_iter().flat_map(Starts::iter).zip(ends).zip(0..);
        equal.chain(varying.map(|((start, end), index)| self.object_from(index, start, end - start)))
    }

    fn object_from(&self, index: u64, start: u64, len: u64) -> Object {
        // The start is in the arena, which is in the file.
        Object { offset: self.extent.offset + start, len, ty: self.ty, index }
    }
}

impl<'a> Starts<'a> {
    /// The starts of an arena of `length` bytes with `count` objects; `at` is the offset of the bitmap
    /// in the file.
    pub(super) fn new(bytes: &'a [u8], count: u64, length: u64, at: u64) -> Result<Self> {
        let (words, _) = bytes.as_chunks::<8>();
        let mut before = Vec::with_capacity(words.len().div_ceil(BLOCK));
        let mut bits = 0;
        for block in words.chunks(BLOCK) {
            before.push(bits);
            bits += block.iter().map(|word| u64::from(u64::from_le_bytes(*word).count_ones())).sum::<u64>();
        }
        let starts = Self { words, before };
        let refuse = |problem: String| Err(DumpError::format(framework::STARTS, at, problem));
        if bits != count {
            return refuse(format!("{bits} objects start here, expected {count} by the Arenas section"));
        }
        if count > 0 && starts.select(0) != Some(0) {
            return refuse("the first object does not start with its arena".to_owned());
        }
        if count > 0 && starts.select(count - 1).is_none_or(|last| last >= length) {
            return refuse(format!("an object starts behind the {length} bytes of its arena"));
        }
        if count == 0 && length > 0 {
            return refuse(format!("no object starts in the {length} bytes of the arena"));
        }
        Ok(starts)
    }

    fn word(&self, index: usize) -> u64 {
        self.words.get(index).map_or(0, |word| u64::from_le_bytes(*word))
    }

    /// How many objects start at bits `0..=bit`.
    fn rank(&self, bit: u64) -> Option<u64> {
        let word = to_usize(bit / 64)?;
        let block = word / BLOCK;
        let mut count = *self.before.get(block)?;
        for index in block * BLOCK..word {
            count += u64::from(self.word(index).count_ones());
        }
        let mask = u64::MAX >> (63 - bit % 64);
        Some(count + u64::from((self.word(word) & mask).count_ones()))
    }

    /// The offset in the arena at which object number `index` starts.
    fn select(&self, index: u64) -> Option<u64> {
        let block = self.before.partition_point(|before| *before <= index).checked_sub(1)?;
        let mut left = index - self.before.get(block)?;
        for word in block * BLOCK..self.words.len().min((block + 1) * BLOCK) {
            let mut bits = self.word(word);
            let ones = u64::from(bits.count_ones());
            if left < ones {
                for _ in 0..left {
                    bits &= bits - 1;
                }
                return Some(to_u64(word) * COVERED + u64::from(bits.trailing_zeros()) * GRAIN);
            }
            left -= ones;
        }
        None
    }

    /// The offset of each start in the arena.
    fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.words.iter().zip((0..).step_by(COVERED as usize)).flat_map(|(word, at)| {
            let mut bits = u64::from_le_bytes(*word);
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| u64::from(bits.trailing_zeros()))?;
                bits &= bits - 1;
                Some(at + bit * GRAIN)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bitmap(starts: &[u64], length: u64) -> Vec<u8> {
        let mut bytes = vec![0; to_usize((length / 8).div_ceil(64) * 8).expect("small")];
        for start in starts {
            bytes[(start / 64) as usize] |= 1 << (start / 8 % 8);
        }
        bytes
    }

    #[test]
    fn every_offset_of_an_arena_of_varying_sizes_is_covered_by_the_object_that_starts_before_it() {
        // More than one block of bitmap words, with objects of up to 3,000 bytes.
        let starts: Vec<u64> = (0..400).map(|n: u64| n * n * 8).collect();
        let length = 400 * 400 * 8;
        let bytes = bitmap(&starts, length);
        let starts_read = Starts::new(&bytes, 400, length, 0).expect("a sound bitmap");
        let arena = Arena {
            ty: TypeId(0),
            ordinal: 0,
            count: 400,
            extent: Extent::new(4096, length),
            side: Extent::new(0, 400 * 16),
            side_size: 16,
            sizes: Sizes::Varying(starts_read),
        };
        let all: Vec<Object> = arena.objects().collect();
        assert_eq!(all.len(), 400);
        for (object, start) in all.iter().zip(&starts) {
            assert_eq!(object.offset, 4096 + start);
            assert_eq!(arena.object(object.index), Some(*object));
            for offset in [object.offset, object.offset + 7, object.offset + object.len - 1] {
                assert_eq!(arena.object_at(offset), Some(*object));
            }
        }
        assert_eq!(all.last().map(|object| object.extent().end()), Some(arena.extent.end()));
        assert_eq!(arena.object_at(4095), None);
        assert_eq!(arena.object_at(4096 + length), None);
        assert_eq!(arena.object(400), None);
        assert_eq!(arena.side_record(399), Some(Extent::new(399 * 16, 16)));
        assert_eq!(arena.side_record(400), None);
    }

    #[test]
    fn starts_that_disagree_with_the_table_of_arenas_are_refused() {
        let bytes = bitmap(&[0, 64, 128], 192);
        assert!(Starts::new(&bytes, 3, 192, 0).is_ok());
        assert!(Starts::new(&bytes, 2, 192, 0).is_err());
        assert!(Starts::new(&bytes, 3, 128, 0).is_err());
        assert!(Starts::new(&bitmap(&[8, 64], 192), 2, 192, 0).is_err());
        assert!(Starts::new(&bitmap(&[], 192), 0, 192, 0).is_err());
    }
}
