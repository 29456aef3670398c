//! Text to bytes and back, as coding systems say.

use super::charset::Charsets;
use super::coding::{BOM, CodingSystem, CodingType, ENDIAN, Eol};
use crate::chars;
use crate::heap::Heap;
use crate::rt::Symbol;
use crate::value::Value;

/// What a type of coding system needs and this machine does not have.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsupported;

/// The mark that UTF-8 may start with.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
/// The mark that UTF-16 may start with.
const MARK_16: u32 = 0xFEFF;
/// What stands for what cannot be told.
const REPLACEMENT: u32 = 0xFFFD;
/// How many ends of lines have to agree before they count.
const ENDS: usize = 3;

/// What a system knows beyond its type.
impl CodingSystem {
    fn parameter(&self, place: i64) -> Value {
        self.parameters.iter().find(|(at, _)| *at == place).map_or(Value::NIL, |(_, value)| *value)
    }

    fn has_mark(&self) -> bool {
        self.parameter(BOM).is_true()
    }

    /// Whether the low byte comes first. The argument is the symbol `little`, which only its owner can tell: the number
    /// of its name is compared.
    fn is_little(&self, little: Option<Symbol>) -> bool {
        little.is_some_and(|little| self.parameter(ENDIAN) == Value::symbol(little))
    }
}

/// What transcoding looks at.
pub struct Transcoder<'a> {
    /// The charsets of the machine.
    pub charsets: &'a Charsets,
    /// Where their maps are.
    pub heap: &'a Heap,
    /// The system.
    pub system: &'a CodingSystem,
    /// The symbol `little`, if the machine has it.
    pub little: Option<Symbol>,
}

impl Transcoder<'_> {
    /// The bytes of text.
    ///
    /// # Errors
    ///
    /// When the machine cannot encode for this type of system.
    pub fn encode(&self, text: &[u32], eol: Eol) -> Result<Vec<u8>, Unsupported> {
        let mut out = Vec::with_capacity(text.len());
        if self.has_own_mark() {
            self.push(MARK_16, &mut out)?;
        }
        for &character in text {
            match (character, eol) {
                (0x0A, Eol::Dos) => {
                    self.push(0x0D, &mut out)?;
                    self.push(0x0A, &mut out)?;
                }
                (0x0A, Eol::Mac) => self.push(0x0D, &mut out)?,
                _ => self.push(character, &mut out)?,
            }
        }
        Ok(out)
    }

    fn has_own_mark(&self) -> bool {
        matches!(self.system.coding_type, CodingType::Utf8 | CodingType::Utf16) && self.system.has_mark()
    }

    fn push(&self, character: u32, out: &mut Vec<u8>) -> Result<(), Unsupported> {
        if let Some(byte) = chars::as_raw_byte(character) {
            out.push(byte);
            return Ok(());
        }
        match self.system.coding_type {
            CodingType::Utf8 | CodingType::RawText | CodingType::Undecided => chars::push(out, character),
            CodingType::Utf16 => {
                let character = char::from_u32(character).or(char::from_u32(REPLACEMENT)).unwrap_or('?');
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let [low, high] = unit.to_le_bytes();
                    out.extend(if self.system.is_little(self.little) { [low, high] } else { [high, low] });
                }
            }
            CodingType::Charset => {
                let other = self.system.default_char.get().map_or(u32::from('?'), u32::from);
                // What neither the text nor its replacement has a code for is left out.
                if let Some((code, dimension)) = self.code(character).or_else(|| self.code(other)) {
                    out.extend((0..dimension).rev().map(|nth| (code >> (8 * nth)) as u8));
                }
            }
            CodingType::Iso2022
            | CodingType::EmacsMule
            | CodingType::ShiftJis
            | CodingType::Big5
            | CodingType::Ccl => return Err(Unsupported),
        }
        Ok(())
    }

    /// The code of a character in the first charset that has it, and how many bytes it is.
    fn code(&self, character: u32) -> Option<(i64, i64)> {
        self.system.charsets.iter().find_map(|&name| {
            let code = self.charsets.encode(name, character.into(), self.heap)?;
            Some((code, self.charsets.get(name)?.dimension.clamp(1, 4)))
        })
    }

    /// The text of bytes, and how its lines ended.
    ///
    /// # Errors
    ///
    /// When the machine cannot decode for this type of system.
    pub fn decode(&self, bytes: &[u8], eol: Eol) -> Result<(Vec<u32>, Eol), Unsupported> {
        let mut text = self.characters(bytes)?;
        let eol = if eol == Eol::Undecided { detect_eol(&text) } else { eol };
        match eol {
            Eol::Dos => {
                let mut rest = std::mem::take(&mut text).into_iter().peekable();
                while let Some(character) = rest.next() {
                    if character != 0x0D || rest.peek() != Some(&0x0A) {
                        text.push(character);
                    }
                }
            }
            Eol::Mac => text.iter_mut().filter(|character| **character == 0x0D).for_each(|c| *c = 0x0A),
            Eol::Unix | Eol::Undecided => {}
        }
        Ok((text, eol))
    }

    fn characters(&self, bytes: &[u8]) -> Result<Vec<u32>, Unsupported> {
        match self.system.coding_type {
            CodingType::Utf8 | CodingType::Undecided => {
                let bytes = bytes.strip_prefix(&MARK).filter(|_| self.system.has_mark()).unwrap_or(bytes);
                Ok(decode_all(bytes, |rest| {
                    let (character, len) = chars::decode_external(rest);
                    (character, len.max(1))
                }))
            }
            CodingType::RawText => Ok(bytes.iter().map(|&byte| raw(byte)).collect()),
            CodingType::Utf16 => Ok(self.utf_16(bytes)),
            CodingType::Charset => Ok(decode_all(bytes, |rest| self.by_charset(rest))),
            CodingType::Iso2022
            | CodingType::EmacsMule
            | CodingType::ShiftJis
            | CodingType::Big5
            | CodingType::Ccl => Err(Unsupported),
        }
    }

    fn utf_16(&self, bytes: &[u8]) -> Vec<u32> {
        let mut little = self.system.is_little(self.little);
        let bytes = match bytes {
            [0xFE, 0xFF, rest @ ..] | [0xFF, 0xFE, rest @ ..] if self.system.has_mark() => {
                little = bytes[0] == 0xFF;
                rest
            }
            _ => bytes,
        };
        let (pairs, odd) = bytes.as_chunks::<2>();
        let unit = |&[first, second]: &[u8; 2]| {
            u16::from_le_bytes(if little { [first, second] } else { [second, first] })
        };
        let units = char::decode_utf16(pairs.iter().map(unit));
        // A half of a pair that stands alone is a character of the machine, if none of Unicode.
        let text = units.map(|c| c.map_or_else(|half| u32::from(half.unpaired_surrogate()), u32::from));
        text.chain(odd.iter().map(|&byte| raw(byte))).collect()
    }

    /// The first character of bytes by the first charset that has a code like that, and its length.
    fn by_charset(&self, rest: &[u8]) -> (u32, usize) {
        for &name in &self.system.charsets {
            let Some(charset) = self.charsets.get(name) else { continue };
            let len = charset.dimension.clamp(1, 4) as usize;
            let Some(bytes) = rest.get(..len) else { continue };
            let code = bytes.iter().fold(0, |code, &byte| code << 8 | i64::from(byte));
            let character = self.charsets.decode(name, code, self.heap);
            if let Some(character) = character.and_then(|character| u32::try_from(character).ok()) {
                return (character, len);
            }
        }
        (rest.first().map_or(0, |&byte| raw(byte)), 1)
    }
}

/// What a byte is that stands for nothing but itself.
fn raw(byte: u8) -> u32 {
    if byte < 0x80 { byte.into() } else { chars::raw_byte(byte) }
}

fn decode_all(bytes: &[u8], first: impl Fn(&[u8]) -> (u32, usize)) -> Vec<u32> {
    let (mut out, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while !rest.is_empty() {
        let (character, len) = first(rest);
        out.push(character);
        rest = rest.get(len..).unwrap_or_default();
    }
    out
}

/// How the lines of text end, if the first ends agree.
fn detect_eol(text: &[u32]) -> Eol {
    let (mut found, mut seen, mut at) = (Eol::Undecided, 0, 0);
    while at < text.len() && seen < ENDS {
        let eol = match (text[at], text.get(at + 1)) {
            (0x0D, Some(0x0A)) => Eol::Dos,
            (0x0D, _) => Eol::Mac,
            (0x0A, _) => Eol::Unix,
            _ => {
                at += 1;
                continue;
            }
        };
        if seen > 0 && eol != found {
            return Eol::Unix;
        }
        (found, seen) = (eol, seen + 1);
        at += if eol == Eol::Dos { 2 } else { 1 };
    }
    found
}
