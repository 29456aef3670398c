//! The frozen layer: a SymbolTable section, read where it lies.

use std::fmt;
use std::ptr::NonNull;

use super::layout::{ENTRY, HEADER, LAYOUT, Layout, NAME, SYMBOL, get_u32, get_u64, header};
use super::{SECTION, Symbol, hash_name};
use crate::error::{DumpError, Result};

/// The symbols of an image, probed in the image's own bytes: making one reads the header and no more.
///
/// Every accessor is memory-safe and ends, whatever the bytes are: an index is checked where it is
/// used, and what is not there is `None`. Only [`audit`](Self::audit) makes the answers agree with
/// each other.
///
/// A `Frozen` is a reference to memory that it does not own: see [`new`](Self::new).
#[derive(Clone, Copy)]
pub struct Frozen {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the memory behind `start` is only read, and the contract of `new` keeps it unchanged.
unsafe impl Send for Frozen {}
// SAFETY: as for `Send`: concurrent reads of memory that does not change.
unsafe impl Sync for Frozen {}

impl Frozen {
    /// The table of no symbols; it refers to no memory.
    pub(super) const EMPTY: Self = Self {
        start: NonNull::dangling(),
        layout: Layout {
            symbols: 0,
            names: 0,
            entries: 0,
            names_at: 0,
            index_at: 0,
            symbols_at: 0,
            bytes_at: 0,
            bytes_len: 0,
            total: 0,
        },
    };

    /// The frozen layer in the `len` bytes at `start`, which may hold anything; any alignment will do.
    ///
    /// Costs O(1): the header's counts and offsets are checked against each other and against `len`.
    ///
    /// # Safety
    ///
    /// The `len` bytes at `start` are readable and do not change while this value, a copy of it, or an
    /// [`Interner`](super::Interner) or [`Staged`](super::Staged) that was made of one is in use.
    pub unsafe fn new(start: *const u8, len: usize) -> Result<Self> {
        let Some(start) = NonNull::new(start.cast_mut()) else {
            return Err(DumpError::format(SECTION, 0, "there are no bytes, expected a symbol table"));
        };
        if isize::try_from(len).is_err() {
            return Err(DumpError::format(SECTION, 0, format!("{len} bytes do not fit into memory")));
        }
        // SAFETY: the caller says that these bytes are readable and unchanged, and `len` fits `isize`.
        let bytes = unsafe { std::slice::from_raw_parts(start.as_ptr(), len) };
        Ok(Self { start, layout: read_header(bytes)? })
    }

    /// The bytes of the whole section.
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: `new` checked that `total` is the length that its caller vouched for, for as long as
        // `self` is in use, which the lifetime of the slice is part of; `EMPTY` has length zero.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.layout.total) }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The number of symbols: their ids are `0..len`.
    pub fn len(&self) -> u32 {
        self.layout.symbols
    }

    /// Whether there are no symbols.
    pub fn is_empty(&self) -> bool {
        self.layout.symbols == 0
    }

    /// The number of different names.
    pub(super) fn names(&self) -> u32 {
        self.layout.names
    }

    /// The name of a symbol; `None` for an id that is not in the table, or a damaged record.
    pub fn name(&self, symbol: Symbol) -> Option<&[u8]> {
        self.name_bytes(self.name_id(symbol)?)
    }

    /// Whether [`lookup`](Self::lookup) of the symbol's name finds it.
    pub fn is_interned(&self, symbol: Symbol) -> bool {
        self.name_id(symbol).and_then(|name| self.interned_as(name)) == Some(symbol)
    }

    /// The interned symbol of this name.
    pub fn lookup(&self, name: &[u8]) -> Option<Symbol> {
        self.interned_as(self.find_name(name, hash_name(name))?)
    }

    /// The symbols with a readable name, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &[u8])> {
        (0..self.len()).map(Symbol::from_id).filter_map(|symbol| Some((symbol, self.name(symbol)?)))
    }

    /// The id of a symbol's name.
    pub(super) fn name_id(&self, symbol: Symbol) -> Option<u32> {
        if symbol.id() >= self.layout.symbols {
            return None;
        }
        let name = get_u32(self.bytes(), self.layout.symbols_at + symbol.id() as usize * SYMBOL)?;
        (name < self.layout.names).then_some(name)
    }

    /// The bytes of a name.
    pub(super) fn name_bytes(&self, name: u32) -> Option<&[u8]> {
        let (offset, len, _) = self.name_record(name)?;
        let bytes = &self.bytes()[self.layout.bytes_at..];
        bytes.get(offset..offset.checked_add(len)?)
    }

    /// The interned symbol of a name.
    pub(super) fn interned_as(&self, name: u32) -> Option<Symbol> {
        let (_, _, symbol) = self.name_record(name)?;
        let id = symbol.checked_sub(1)?;
        (id < self.layout.symbols).then_some(Symbol::from_id(id))
    }

    /// Offset, length and interned symbol + 1 of a name, as they are stored.
    pub(super) fn name_record(&self, name: u32) -> Option<(usize, usize, u32)> {
        if name >= self.layout.names {
            return None;
        }
        let at = self.layout.names_at + name as usize * NAME;
        let record = self.bytes().get(at..at + NAME)?;
        let offset = usize::try_from(get_u64(record, 0)?).ok()?;
        Some((offset, get_u32(record, 8)? as usize, get_u32(record, 12)?))
    }

    /// Upper half of the hash and name id + 1 of an index entry, as they are stored.
    pub(super) fn entry(&self, at: usize) -> Option<(u32, u32)> {
        if at >= self.layout.entries {
            return None;
        }
        let entry = get_u64(self.bytes(), self.layout.index_at + at * ENTRY)?;
        Some((entry as u32, (entry >> 32) as u32))
    }

    /// The id of the name with these bytes and this hash.
    pub(super) fn find_name(&self, name: &[u8], hash: u64) -> Option<u32> {
        let mask = self.layout.entries.checked_sub(1)?;
        let mut at = hash as usize & mask;
        // A sound index has an empty entry; the bound is for one that was never audited.
        for _ in 0..self.layout.entries {
            let (upper, id) = self.entry(at)?;
            let id = id.checked_sub(1)?;
            if upper == (hash >> 32) as u32 && self.name_bytes(id) == Some(name) {
                return Some(id);
            }
            at = (at + 1) & mask;
        }
        None
    }
}

impl fmt::Debug for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frozen").field("symbols", &self.len()).field("names", &self.names()).finish()
    }
}

/// The layout that the header describes, every number of it checked.
fn read_header(bytes: &[u8]) -> Result<Layout> {
    let Some(head) = bytes.first_chunk::<HEADER>() else {
        let problem = format!("{} bytes, the header alone has {HEADER}", bytes.len());
        return Err(DumpError::format(SECTION, 0, problem));
    };
    let u32_at = |at: usize| get_u32(head, at).unwrap_or_default();
    let u64_at = |at: usize| get_u64(head, at).unwrap_or_default();
    let wrong = |at: usize, what: &str, found: u64, expected: u64| {
        DumpError::format(SECTION, at as u64, format!("{what} is {found}, expected {expected}"))
    };
    if u32_at(header::LAYOUT) != LAYOUT {
        return Err(wrong(header::LAYOUT, "the layout", u32_at(header::LAYOUT).into(), LAYOUT.into()));
    }
    let (symbols, names) = (u32_at(header::SYMBOLS), u32_at(header::NAMES));
    if names > symbols {
        let problem = format!("{names} names for {symbols} symbols, expected at most one each");
        return Err(DumpError::format(SECTION, header::NAMES as u64, problem));
    }
    if symbols == u32::MAX {
        let problem = format!("{symbols} symbols, expected at most {}", u32::MAX - 1);
        return Err(DumpError::format(SECTION, header::SYMBOLS as u64, problem));
    }
    let bytes_len = u64_at(header::BYTES_LEN);
    let layout = usize::try_from(bytes_len).ok().and_then(|len| Layout::of(symbols, names, len));
    let Some(layout) = layout else {
        let problem = format!("{bytes_len} bytes of names do not fit into memory");
        return Err(DumpError::format(SECTION, header::BYTES_LEN as u64, problem));
    };
    let expected = layout.header();
    for (at, what) in [
        (header::NAMES_AT, "the offset of the name records"),
        (header::INDEX_AT, "the offset of the index"),
        (header::SYMBOLS_AT, "the offset of the symbol records"),
        (header::BYTES_AT, "the offset of the name bytes"),
        (header::TOTAL, "the length of the section"),
    ] {
        let value = get_u64(&expected, at).unwrap_or_default();
        if u64_at(at) != value {
            return Err(wrong(at, what, u64_at(at), value));
        }
    }
    if u32_at(header::RESERVED) != 0 {
        return Err(wrong(header::RESERVED, "the reserved number", u32_at(header::RESERVED).into(), 0));
    }
    if layout.total != bytes.len() {
        return Err(wrong(
            header::TOTAL,
            "the length of the section",
            bytes.len() as u64,
            layout.total as u64,
        ));
    }
    Ok(layout)
}
