//! The bytes of the SymbolTable section: where each of its five parts lies.
//!
//! Every offset follows from three counts, so the header's offsets are checked by computing them
//! again. All numbers are little-endian; nothing relies on the alignment of the section in memory.

/// The number in the first four bytes: the layout below, with XXH3-64 as the hash.
pub(super) const LAYOUT: u32 = 1;
/// The length of the header.
pub(super) const HEADER: usize = 64;
/// The length of a name record: offset `u64`, length `u32`, id + 1 of the interned symbol `u32`.
pub(super) const NAME: usize = 16;
/// The length of an index entry: upper half of the hash `u32`, name id + 1 `u32`.
pub(super) const ENTRY: usize = 8;
/// The length of a symbol record: name id `u32`.
pub(super) const SYMBOL: usize = 4;

/// Header offsets.
pub(super) mod header {
    pub(crate) const LAYOUT: usize = 0;
    pub(crate) const SYMBOLS: usize = 4;
    pub(crate) const NAMES: usize = 8;
    pub(crate) const RESERVED: usize = 12;
    pub(crate) const NAMES_AT: usize = 16;
    pub(crate) const INDEX_AT: usize = 24;
    pub(crate) const SYMBOLS_AT: usize = 32;
    pub(crate) const BYTES_AT: usize = 40;
    pub(crate) const BYTES_LEN: usize = 48;
    pub(crate) const TOTAL: usize = 56;
}

/// The parts of a section with given counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) symbols: u32,
    pub(super) names: u32,
    /// The number of index entries: a power of two, at least twice the names, so that at least one
    /// entry is always empty and every probe ends.
    pub(super) entries: usize,
    pub(super) names_at: usize,
    pub(super) index_at: usize,
    pub(super) symbols_at: usize,
    pub(super) bytes_at: usize,
    pub(super) bytes_len: usize,
    pub(super) total: usize,
}

impl Layout {
    /// The layout for these counts, or `None` where it would not fit into the address space.
    pub(super) fn of(symbols: u32, names: u32, bytes_len: usize) -> Option<Self> {
        let names_len = usize::try_from(names).ok()?;
        let symbols_len = usize::try_from(symbols).ok()?;
        let entries = names_len.checked_mul(2)?.max(1).checked_next_power_of_two()?;
        let names_at = HEADER;
        let index_at = names_at.checked_add(names_len.checked_mul(NAME)?)?;
        let symbols_at = index_at.checked_add(entries.checked_mul(ENTRY)?)?;
        let symbols_end = symbols_at.checked_add(symbols_len.checked_mul(SYMBOL)?)?;
        let bytes_at = symbols_end.checked_next_multiple_of(8)?;
        let total = bytes_at.checked_add(bytes_len)?;
        Some(Self { symbols, names, entries, names_at, index_at, symbols_at, bytes_at, bytes_len, total })
    }

    /// The header that describes this layout.
    pub(super) fn header(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        put_u32(&mut bytes, header::LAYOUT, LAYOUT);
        put_u32(&mut bytes, header::SYMBOLS, self.symbols);
        put_u32(&mut bytes, header::NAMES, self.names);
        put_u64(&mut bytes, header::NAMES_AT, self.names_at as u64);
        put_u64(&mut bytes, header::INDEX_AT, self.index_at as u64);
        put_u64(&mut bytes, header::SYMBOLS_AT, self.symbols_at as u64);
        put_u64(&mut bytes, header::BYTES_AT, self.bytes_at as u64);
        put_u64(&mut bytes, header::BYTES_LEN, self.bytes_len as u64);
        put_u64(&mut bytes, header::TOTAL, self.total as u64);
        bytes
    }
}

/// The number at `at`, or `None` past the end.
pub(super) fn get_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_le_bytes(*chunk))
}

/// The number at `at`, or `None` past the end.
pub(super) fn get_u64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// Writes the number at `at`, which the writer has made room for.
pub(super) fn put_u32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Writes the number at `at`, which the writer has made room for.
pub(super) fn put_u64(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}
