//! The bytes of the Natives section: a header, a record for each import, and their strings.

use std::borrow::Cow;
use std::collections::HashSet;

use super::import::slots_len;
use super::natives::POINTER;
use super::{Import, ImportKind, MAX_ALIGN, SECTION};
use crate::error::{DumpError, Result};

/// The number in the first four bytes: the layout below.
const LAYOUT: u32 = 1;
/// Layout `u32`, number of imports `u32`, length of the slots `u64`, length of the strings `u64`, zero `u64`.
const HEADER: usize = 32;
/// Offset and length of the name, then of the type, in the strings `u32` each; kind `u32`, alignment
/// `u32`, size `u64`, slot offset `u64`.
const RECORD: usize = 40;

/// The Natives section of these imports, which are in the order of their slots.
pub fn encode(imports: &[Import<'_>]) -> Vec<u8> {
    let strings_len: usize = imports.iter().map(|import| import.name.len() + import.type_name.len()).sum();
    let mut bytes = Vec::with_capacity(HEADER + imports.len() * RECORD + strings_len);
    bytes.extend_from_slice(&LAYOUT.to_le_bytes());
    bytes.extend_from_slice(&(imports.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(slots_len(imports) as u64).to_le_bytes());
    bytes.extend_from_slice(&(strings_len as u64).to_le_bytes());
    bytes.extend_from_slice(&0u64.to_le_bytes());
    let mut offset = 0;
    for import in imports {
        for text in [&import.name, &import.type_name] {
            bytes.extend_from_slice(&(offset as u32).to_le_bytes());
            bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
            offset += text.len();
        }
        bytes.extend_from_slice(&(import.kind as u32).to_le_bytes());
        bytes.extend_from_slice(&(import.align as u32).to_le_bytes());
        bytes.extend_from_slice(&(import.size as u64).to_le_bytes());
        bytes.extend_from_slice(&(import.slot as u64).to_le_bytes());
    }
    for import in imports {
        bytes.extend_from_slice(import.name.as_bytes());
        bytes.extend_from_slice(import.type_name.as_bytes());
    }
    bytes
}

/// The imports in the bytes of a Natives section, which may hold anything.
///
/// Afterwards names are unique, slots are in order, aligned and apart from each other, and they end
/// where [`slots_len`] says. Offsets in errors count from the start of the section.
pub fn decode(bytes: &[u8]) -> Result<Vec<Import<'_>>> {
    let error = |at: usize, problem: String| DumpError::format(SECTION, at as u64, problem);
    let short = || error(bytes.len(), format!("{} bytes, the header alone has {HEADER}", bytes.len()));
    if bytes.len() < HEADER {
        return Err(short());
    }
    let mut head = Reader { bytes, at: 0 };
    let layout = head.u32().ok_or_else(short)?;
    if layout != LAYOUT {
        return Err(error(0, format!("the layout is {layout}, expected {LAYOUT}")));
    }
    let count = head.u32().ok_or_else(short)? as usize;
    let slots = head.u64().ok_or_else(short)?;
    let strings_len = head.u64().ok_or_else(short)?;
    if head.u64() != Some(0) {
        return Err(error(24, "the reserved number is not zero".to_owned()));
    }
    // Cannot overflow: `count` is a `u32`.
    let strings_at = HEADER + count * RECORD;
    let Some(strings) = bytes.get(strings_at..).filter(|rest| rest.len() as u64 == strings_len) else {
        let problem =
            format!("{count} imports and {strings_len} bytes of strings do not make {}", bytes.len());
        return Err(error(4, problem));
    };
    let mut imports = Vec::with_capacity(count);
    let mut strings = Strings { bytes: strings, at: 0 };
    for id in 0..count {
        let at = HEADER + id * RECORD;
        let end = slots_len(&imports);
        let import = read(&mut Reader { bytes, at }, &mut strings, end)
            .map_err(|problem| error(at, format!("import {id}: {problem}")))?;
        imports.push(import);
    }
    if strings.at != strings.bytes.len() {
        let problem = format!("imports take {} bytes of strings, expected {strings_len}", strings.at);
        return Err(error(strings_at, problem));
    }
    if slots_len(&imports) as u64 != slots {
        return Err(error(8, format!("slots take {} bytes, expected {slots}", slots_len(&imports))));
    }
    match first_repeated(&imports) {
        None => Ok(imports),
        Some(id) => {
            let problem = format!("import {id}: \"{}\" is there twice", imports[id].name);
            Err(error(HEADER + id * RECORD, problem))
        }
    }
}

/// The first import whose name one before it has. The names may be anybody's, so the set's hash is one that nobody knows.
fn first_repeated(imports: &[Import<'_>]) -> Option<usize> {
    let mut names = HashSet::with_capacity(imports.len());
    imports.iter().position(|import| !names.insert(&*import.name))
}

/// One record, whose slot is the first that fits behind `end`.
fn read<'a>(record: &mut Reader<'_>, strings: &mut Strings<'a>, end: usize) -> Result<Import<'a>, String> {
    let short = || "the record is cut off".to_owned();
    let name = strings.next(record.u32().ok_or_else(short)?, record.u32().ok_or_else(short)?)?;
    let type_name = strings.next(record.u32().ok_or_else(short)?, record.u32().ok_or_else(short)?)?;
    let kind = match record.u32().ok_or_else(short)? {
        1 => ImportKind::Function,
        2 => ImportKind::Data,
        kind => return Err(format!("kind {kind}, expected 1 (function) or 2 (data)")),
    };
    let align = record.u32().ok_or_else(short)? as usize;
    if !align.is_power_of_two() || align > MAX_ALIGN {
        return Err(format!("alignment {align}, expected a power of two up to {MAX_ALIGN}"));
    }
    let size = record.u64().ok_or_else(short)?;
    let slot = record.u64().ok_or_else(short)?;
    let sizes = (usize::try_from(size).ok(), usize::try_from(slot).ok(), Import::place(end, align));
    let (Some(size), Some(slot), Some(expected)) = sizes else {
        return Err(format!("{size} bytes at {slot} do not fit into memory"));
    };
    if size == 0 || !size.is_multiple_of(align) {
        return Err(format!("size {size}, expected a multiple of its alignment {align} above zero"));
    }
    if kind == ImportKind::Function && (size, align) != (POINTER, POINTER) {
        return Err(format!(
            "a function of size {size} and alignment {align}, expected {POINTER} and {POINTER}"
        ));
    }
    if slot != expected {
        return Err(format!("slot at {slot}, expected {expected}"));
    }
    let import = Import { name, type_name, kind, size, align, slot };
    match import.end() {
        Some(end) if isize::try_from(end).is_ok() => Ok(import),
        _ => Err(format!("{size} bytes at {slot} do not fit into memory")),
    }
}

/// Numbers one after the other; `None` past the end.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.chunk().map(u64::from_le_bytes)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let chunk = *self.bytes.get(self.at..)?.first_chunk()?;
        self.at += N;
        Some(chunk)
    }
}

/// Strings one after the other, so that none shares its bytes.
struct Strings<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Strings<'a> {
    fn next(&mut self, offset: u32, len: u32) -> Result<Cow<'a, str>, String> {
        if offset as usize != self.at {
            return Err(format!("a string at {offset}, expected {}", self.at));
        }
        let end = self.at + len as usize;
        let text = self.bytes.get(self.at..end).and_then(|bytes| str::from_utf8(bytes).ok());
        match text {
            Some(text) if !text.is_empty() => {
                self.at = end;
                Ok(Cow::Borrowed(text))
            }
            Some(_) => Err(format!("the string at {offset} is empty")),
            None => Err(format!("{len} bytes at {offset} are not a string")),
        }
    }
}
