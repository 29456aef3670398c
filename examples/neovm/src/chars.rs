//! Characters and Emacs' internal encoding of text.
//!
//! The encoding is UTF-8 carried on to 22 bits: characters up to `0x3FFF7F`, then the 128 *raw bytes*
//! `0x3FFF80..=0x3FFFFF`, which stand for the bytes `0x80..=0xFF` of text that could not be decoded and are written
//! in two bytes starting with `C0` or `C1`.

/// The largest character.
pub const MAX_CHAR: u32 = 0x3F_FFFF;
const FIRST_RAW: u32 = 0x3F_FF80;

/// The raw-byte character of a byte from `0x80` up.
pub const fn raw_byte(byte: u8) -> u32 {
    byte as u32 + 0x3F_FF00
}

/// The byte of a raw-byte character.
pub const fn as_raw_byte(c: u32) -> Option<u8> {
    if c >= FIRST_RAW && c <= MAX_CHAR { Some((c & 0xFF) as u8) } else { None }
}

/// Appends a character in the internal encoding.
pub fn push(out: &mut Vec<u8>, c: u32) {
    let tail = |n: u32| 0x80 | (c >> (6 * n)) as u8 & 0x3F;
    match c {
        0..=0x7F => out.push(c as u8),
        0x80..=0x7FF => out.extend([0xC0 | (c >> 6) as u8, tail(0)]),
        0x800..=0xFFFF => out.extend([0xE0 | (c >> 12) as u8, tail(1), tail(0)]),
        0x1_0000..=0x1F_FFFF => out.extend([0xF0 | (c >> 18) as u8, tail(2), tail(1), tail(0)]),
        0x20_0000..FIRST_RAW => out.extend([0xF8, tail(3), tail(2), tail(1), tail(0)]),
        _ => {
            let byte = (c & 0xFF) as u8;
            out.extend([0xC0 | (byte >> 6) & 1, 0x80 | byte & 0x3F]);
        }
    }
}

/// The first character of internally encoded text and its length in bytes. A byte that starts no character counts
/// as the raw byte it is, so any bytes can be read.
pub fn decode(bytes: &[u8]) -> (u32, usize) {
    match bytes {
        [] => (0, 0),
        [b @ 0xC0..=0xC1, t @ 0x80..=0xBF, ..] => (raw_byte(0x80 | (b & 1) << 6 | t & 0x3F), 2),
        _ => decode_external(bytes),
    }
}

/// The first character of text in a file: like [`decode`], but raw bytes are just bytes.
pub fn decode_external(bytes: &[u8]) -> (u32, usize) {
    let first = match bytes.first() {
        None => return (0, 0),
        Some(&b) => b,
    };
    let (len, start, least) = match first {
        0..=0x7F => return (u32::from(first), 1),
        0xC2..=0xDF => (2, first & 0x1F, 0x80),
        0xE0..=0xEF => (3, first & 0x0F, 0x800),
        0xF0..=0xF7 => (4, first & 0x07, 0x1_0000),
        0xF8 => (5, 0, 0x20_0000),
        _ => return (raw_byte(first), 1),
    };
    let mut c = u32::from(start);
    for i in 1..len {
        match bytes.get(i) {
            Some(t @ 0x80..=0xBF) => c = c << 6 | u32::from(t & 0x3F),
            _ => return (raw_byte(first), 1),
        }
    }
    if c < least || c >= FIRST_RAW { (raw_byte(first), 1) } else { (c, len) }
}

/// How many characters internally encoded text has.
pub fn count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        return bytes.len();
    }
    let (mut at, mut n) = (0, 0);
    while at < bytes.len() {
        at += decode(&bytes[at..]).1;
        n += 1;
    }
    n
}

/// The characters of internally encoded text.
pub fn all(bytes: &[u8]) -> Vec<u32> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (c, len) = decode(&bytes[at..]);
        out.push(c);
        at += len;
    }
    out
}

/// The byte offset of a character in internally encoded text.
pub fn offset(bytes: &[u8], index: usize) -> usize {
    let mut at = 0;
    for _ in 0..index {
        if at >= bytes.len() {
            break;
        }
        at += decode(&bytes[at..]).1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_read_back_as_written() {
        for c in (0..=MAX_CHAR)
            .step_by(61)
            .chain([0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x1F_FFFF, 0x20_0000])
            .chain(FIRST_RAW - 1..=MAX_CHAR)
        {
            let mut bytes = Vec::new();
            push(&mut bytes, c);
            assert_eq!(decode(&bytes), (c, bytes.len()), "{c:#x}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_raw_bytes() {
        assert_eq!(decode_external(&[0xC3]), (raw_byte(0xC3), 1));
        assert_eq!(decode_external(&[0xC0, 0x80]), (raw_byte(0xC0), 1));
        assert_eq!(decode_external(&[0xFF]), (raw_byte(0xFF), 1));
    }
}
