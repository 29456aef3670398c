//! All offset arithmetic: the only place where offsets, lengths and counts are added, multiplied
//! and compared. Nothing here panics, and nothing here allocates.

use crate::error::{DumpError, Result};
use crate::shown::is_control;

#[cfg(not(all(target_pointer_width = "64", target_endian = "little")))]
compile_error!("neodump images are 64-bit and little-endian: build for a 64-bit little-endian target");

/// A run of bytes: where it starts, counted from the start of the file, and how long it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Extent {
    /// The first byte.
    pub offset: u64,
    /// The number of bytes.
    pub length: u64,
}

impl Extent {
    /// The extent of `length` bytes from `offset`.
    pub const fn new(offset: u64, length: u64) -> Self {
        Self { offset, length }
    }

    /// The extent from `start` up to and without `end`, if they are in order.
    pub const fn between(start: u64, end: u64) -> Option<Self> {
        match end.checked_sub(start) {
            Some(length) => Some(Self { offset: start, length }),
            None => None,
        }
    }

    /// The offset after the last byte, if it is a number.
    pub const fn end(self) -> Option<u64> {
        self.offset.checked_add(self.length)
    }

    /// Whether every byte of `inner` is a byte of `self`. An empty extent lies inside if its offset does.
    pub const fn contains(self, inner: Extent) -> bool {
        match (self.end(), inner.end()) {
            (Some(end), Some(inner_end)) => inner.offset >= self.offset && inner_end <= end,
            _ => false,
        }
    }

    /// Whether `offset` is the offset of a byte of `self`: one subtraction, one comparison.
    pub const fn holds(self, offset: u64) -> bool {
        offset.wrapping_sub(self.offset) < self.length
    }

    /// The bytes that both extents have, if there are any.
    pub const fn intersect(self, other: Extent) -> Option<Self> {
        let (Some(end), Some(other_end)) = (self.end(), other.end()) else { return None };
        let start = if self.offset > other.offset { self.offset } else { other.offset };
        let end = if end < other_end { end } else { other_end };
        if start < end { Some(Self { offset: start, length: end - start }) } else { None }
    }

    /// These bytes of `bytes`, where `bytes[0]` has offset 0.
    pub fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        let start = to_usize(self.offset)?;
        bytes.get(start..to_usize(self.end()?)?)
    }
}

/// `a + b`, if it is a number.
pub const fn add(a: u64, b: u64) -> Option<u64> {
    a.checked_add(b)
}

/// `count` times `size`, if it is a number.
pub const fn mul(count: u64, size: u64) -> Option<u64> {
    count.checked_mul(size)
}

/// The smallest multiple of `align` (a power of two) that is not below `value`, if it is a number.
pub const fn align_up(value: u64, align: u64) -> Option<u64> {
    match value.checked_add(align - 1) {
        Some(sum) => Some(sum & !(align - 1)),
        None => None,
    }
}

/// Whether `value` is a multiple of `align` (a power of two).
pub const fn is_aligned(value: u64, align: u64) -> bool {
    value & (align - 1) == 0
}

/// `value` as a length in memory.
pub fn to_usize(value: u64) -> Option<usize> {
    usize::try_from(value).ok()
}

/// `value` as a length in a file.
pub const fn to_u64(value: usize) -> u64 {
    // Lossless: this module is compiled for 64-bit targets only.
    value as u64
}

/// Whether all of `bytes` are zero: 64 at a time, which the compiler turns into wide comparisons.
pub fn is_zero(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<64>();
    let zero = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all | byte) == 0;
    blocks.iter().all(|block| zero(block)) && zero(rest)
}

/// A field of a fixed-size record of the container: its name in `docs/format.md` and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in the tables of `docs/format.md`.
    pub name: &'static str,
    /// The offset from the start of the record.
    pub offset: usize,
    /// The number of bytes.
    pub size: usize,
}

impl Field {
    /// The first field of a record.
    pub const fn first(name: &'static str, size: usize) -> Self {
        Self { name, offset: 0, size }
    }

    /// The field that follows `self` without a gap.
    pub const fn then(self, name: &'static str, size: usize) -> Self {
        Self { name, offset: self.end(), size }
    }

    /// The offset after the field.
    pub const fn end(self) -> usize {
        self.offset + self.size
    }

    /// Writes `value`, as many of its bytes as the field has, into `record`.
    ///
    /// A record that is too short is left alone: records are created with their full size.
    pub fn put(self, record: &mut [u8], value: &[u8]) {
        if let Some(place) = record.get_mut(self.offset..self.end()) {
            for (to, from) in place.iter_mut().zip(value) {
                *to = *from;
            }
        }
    }

    /// Writes a number of at most eight bytes into `record`.
    pub fn put_number(self, record: &mut [u8], value: u64) {
        self.put(record, &value.to_le_bytes());
    }
}

/// A fixed-size record read from untrusted bytes.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    bytes: &'a [u8],
    section: &'a str,
    offset: u64,
}

impl<'a> Record<'a> {
    /// The record of `size` bytes that starts at `at` in `bytes`; `bytes[0]` has file offset `base`.
    pub fn read(bytes: &'a [u8], at: u64, size: usize, section: &'a str, base: u64) -> Result<Self> {
        let offset = base.saturating_add(at);
        match Extent::new(at, to_u64(size)).of(bytes) {
            Some(bytes) => Ok(Self { bytes, section, offset }),
            None => Err(DumpError::format(
                section,
                offset,
                format!("a record of {size} bytes does not fit into {} bytes", bytes.len()),
            )),
        }
    }

    /// The bytes of `field`.
    pub fn bytes(&self, field: Field) -> Result<&'a [u8]> {
        self.bytes
            .get(field.offset..field.end())
            .ok_or_else(|| self.refuse(field, "the field does not fit into its record"))
    }

    /// The number in `field`, of at most eight bytes.
    pub fn number(&self, field: Field) -> Result<u64> {
        let bytes = self.bytes(field)?;
        let mut wide = [0; 8];
        for (to, from) in wide.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(u64::from_le_bytes(wide))
    }

    /// The number in `field`, of at most four bytes.
    pub fn number32(&self, field: Field) -> Result<u32> {
        u32::try_from(self.number(field)?)
            .map_err(|_| self.refuse(field, "the number is larger than 32 bits"))
    }

    /// Refuses a field whose number is not `expected`.
    pub fn expect(&self, field: Field, expected: u64) -> Result<()> {
        match self.number(field)? {
            found if found == expected => Ok(()),
            found => Err(self.refuse(field, format_args!("found {found:#x}, expected {expected:#x}"))),
        }
    }

    /// Refuses a reserved field that is not zero.
    pub fn expect_zero(&self, field: Field) -> Result<()> {
        if is_zero(self.bytes(field)?) {
            return Ok(());
        }
        Err(self.refuse(field, "reserved bytes are not zero"))
    }

    /// The text in `field`: UTF-8, not empty, without control characters, padded with NULs.
    pub fn name(&self, field: Field) -> Result<&'a str> {
        let bytes = self.bytes(field)?;
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        let (name, padding) = bytes.split_at(end);
        if name.is_empty() {
            return Err(self.refuse(field, "the name is empty"));
        }
        if !is_zero(padding) {
            return Err(self.refuse(field, "the name has bytes after its NUL"));
        }
        let name = std::str::from_utf8(name).map_err(|_| self.refuse(field, "the name is not UTF-8"))?;
        if name.contains(is_control) {
            return Err(self.refuse(field, "the name has a control character"));
        }
        Ok(name)
    }

    /// The error that says what is wrong with `field`.
    pub fn refuse(&self, field: Field, problem: impl std::fmt::Display) -> DumpError {
        DumpError::format(
            self.section,
            self.offset.saturating_add(to_u64(field.offset)),
            format!("{}: {problem}", field.name),
        )
    }
}

/// A reader over the untrusted bytes of one section: every step is checked, every error names the
/// section and the file offset.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    section: &'a str,
    base: u64,
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of `bytes`, which lie at `base` in the file.
    pub const fn new(bytes: &'a [u8], section: &'a str, base: u64) -> Self {
        Self { bytes, position: 0, section, base }
    }

    /// The file offset of the next byte.
    pub const fn offset(&self) -> u64 {
        self.base.saturating_add(to_u64(self.position))
    }

    /// The number of bytes read.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// The number of bytes left.
    pub const fn remaining(&self) -> usize {
        // The position never passes the end: only `take` moves it.
        self.bytes.len() - self.position
    }

    /// The section that is being read.
    pub const fn section(&self) -> &'a str {
        self.section
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let taken = self.position.checked_add(count).and_then(|end| self.bytes.get(self.position..end));
        match taken {
            Some(bytes) => {
                self.position += count;
                Ok(bytes)
            }
            None => Err(self.refuse(format!("{count} bytes expected, {} left", self.remaining()))),
        }
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next 16-bit number.
    pub fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next 32-bit number.
    pub fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next 64-bit number.
    pub fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A 64-bit count of elements of at least `size` bytes each that must all follow: a count that
    /// the bytes left cannot hold is refused, so it may be allocated for.
    pub fn count(&mut self, size: usize) -> Result<usize> {
        let at = self.offset();
        let count = self.u64()?;
        match mul(count, to_u64(size.max(1))) {
            Some(total) if total <= to_u64(self.remaining()) => Ok(count as usize),
            _ => Err(DumpError::format(
                self.section,
                at,
                format!("{count} elements of {size} bytes expected, {} bytes left", self.remaining()),
            )),
        }
    }

    /// The next `count` bytes as UTF-8.
    pub fn text(&mut self, count: usize) -> Result<&'a str> {
        let at = self.offset();
        std::str::from_utf8(self.take(count)?).map_err(|error| {
            DumpError::format(
                self.section,
                at.saturating_add(to_u64(error.valid_up_to())),
                "text is not UTF-8".to_string(),
            )
        })
    }

    /// Skips to the next multiple of `align` (a power of two) from the start of the section; what is
    /// skipped must be zero.
    pub fn align(&mut self, align: usize) -> Result<()> {
        let padding = self.position.wrapping_neg() & (align - 1);
        let at = self.offset();
        if !is_zero(self.take(padding)?) {
            return Err(DumpError::format(self.section, at, "padding is not zero"));
        }
        Ok(())
    }

    /// Refuses bytes that nothing has read.
    pub fn finish(&self) -> Result<()> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(self.refuse(format!("{left} bytes follow the last value"))),
        }
    }

    /// An error about the next byte.
    pub fn refuse(&self, problem: impl Into<String>) -> DumpError {
        DumpError::format(self.section, self.offset(), problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extent_whose_end_is_no_number_contains_nothing() {
        let all = Extent::new(0, u64::MAX);
        let wrapping = Extent::new(u64::MAX, 2);
        assert_eq!(wrapping.end(), None);
        assert!(!all.contains(wrapping));
        assert!(!wrapping.contains(Extent::new(u64::MAX, 0)));
        assert!(all.contains(Extent::new(7, 0)));
        assert_eq!(wrapping.of(&[1, 2, 3]), None);
        assert_eq!(Extent::new(1, 2).of(&[1, 2, 3]), Some(&[2, 3][..]));
        assert_eq!(Extent::new(2, 2).of(&[1, 2, 3]), None);
    }

    #[test]
    fn extents_intersect_only_where_both_have_bytes() {
        let a = Extent::new(10, 10);
        assert_eq!(a.intersect(Extent::new(15, 100)), Some(Extent::new(15, 5)));
        assert_eq!(a.intersect(Extent::new(20, 1)), None);
        assert!(a.holds(10) && a.holds(19) && !a.holds(20) && !a.holds(9));
    }

    #[test]
    fn alignment_that_overflows_is_no_number() {
        assert_eq!(align_up(1, 64), Some(64));
        assert_eq!(align_up(64, 64), Some(64));
        assert_eq!(align_up(u64::MAX, 64), None);
    }

    #[test]
    fn a_count_that_the_bytes_cannot_hold_is_refused() {
        let mut bytes = 3u64.to_le_bytes().to_vec();
        bytes.extend([0; 11]);
        assert!(Cursor::new(&bytes, "faces", 0).count(4).is_err());
        bytes.push(0);
        assert_eq!(Cursor::new(&bytes, "faces", 0).count(4).ok(), Some(3));
        assert!(Cursor::new(&[255; 64], "faces", 0).count(8).is_err());
    }

    #[test]
    fn an_error_names_the_section_and_the_file_offset() {
        let mut cursor = Cursor::new(&[1, 0, 0, 0, 9], "faces", 0x1000);
        assert_eq!(cursor.u32().ok(), Some(1));
        let message = cursor.u32().map_err(|error| error.to_string());
        assert_eq!(
            message.err().as_deref(),
            Some("malformed image: section faces, offset 0x1004: 4 bytes expected, 1 left; dump it again")
        );
        assert_eq!(cursor.u8().ok(), Some(9));
        assert!(cursor.finish().is_ok());
    }
}
