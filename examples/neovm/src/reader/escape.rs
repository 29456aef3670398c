//! Characters after `?` and escapes in strings.

use super::Source;
use crate::chars;
use crate::error::ReadError;
use crate::value::Value;

const META: u32 = 1 << 27;
const CONTROL: u32 = 1 << 26;
const SHIFT: u32 = 1 << 25;
const HYPER: u32 = 1 << 24;
const SUPER: u32 = 1 << 23;
const ALT: u32 = 1 << 22;
const MODIFIERS: u32 = META | CONTROL | SHIFT | HYPER | SUPER | ALT;

impl Source {
    /// The rest of a character, from behind its question mark.
    pub(super) fn character(&mut self, at: usize) -> Result<Value, ReadError> {
        let mut c = self.next_char().ok_or_else(|| self.end_error(at, "the text ends after '?'".into()))?;
        if c == u32::from(b' ') || c == u32::from(b'\t') {
            return Ok(Value::int(c as usize));
        }
        if c == u32::from(b'\\') {
            c = self.escape(at, false)?.unwrap_or(u32::from(b'\n'));
        }
        let (modifiers, base) = (c & MODIFIERS, c & !MODIFIERS);
        let base = chars::as_raw_byte(base).map_or(base, u32::from);
        if self.peek().is_some_and(|b| b > b' ' && b < 0x80 && !b"\"';()[]#?`,.".contains(&b)) {
            return Err(self.error(at, "a character is followed by a blank or a delimiter".into()));
        }
        Ok(Value::int((base | modifiers) as usize))
    }

    /// An escape in a string, from behind its backslash; `None` when it stands for nothing.
    pub(super) fn string_escape(&mut self, at: usize) -> Result<Option<u32>, ReadError> {
        let Some(c) = self.escape(at, true)? else { return Ok(None) };
        let (mut modifiers, mut base) = (c & MODIFIERS, c & !MODIFIERS);
        if base < 0x80 {
            if modifiers == CONTROL && base == u32::from(b' ') {
                return Ok(Some(0));
            }
            if modifiers & SHIFT != 0 && (base as u8).is_ascii_alphabetic() {
                modifiers &= !SHIFT;
                base = u32::from((base as u8).to_ascii_uppercase());
            }
            if modifiers & META != 0 {
                modifiers &= !META;
                base = chars::raw_byte(base as u8 | 0x80);
            }
        }
        if modifiers != 0 {
            return Err(self.error(at, "a string cannot hold a character with these modifiers".into()));
        }
        Ok(Some(base))
    }

    /// An escape from behind its backslash, with any number of modifiers in front; `None` for an escaped line end or,
    /// in a string, an escaped space.
    fn escape(&mut self, at: usize, mut in_string: bool) -> Result<Option<u32>, ReadError> {
        let mut modifiers = Vec::new();
        let base = loop {
            let c = self
                .next_char()
                .ok_or_else(|| self.end_error(at, "the text ends inside an escape".into()))?;
            let modifier = match u8::try_from(c).unwrap_or(0) {
                b'C' | b'^' => CONTROL,
                b'M' => META,
                b'S' => SHIFT,
                b'H' => HYPER,
                b'A' => ALT,
                b's' if !in_string && self.peek() == Some(b'-') => SUPER,
                _ => match self.plain_escape(c, at, in_string)? {
                    Some(c) => break c,
                    None => return Ok(None),
                },
            };
            if c != u32::from(b'^') && self.next_char() != Some(u32::from(b'-')) {
                return Err(self.error(at, "a modifier letter is followed by '-'".into()));
            }
            modifiers.push(modifier);
            if self.peek() == Some(b'\\') {
                self.pos += 1;
                in_string = false;
                continue;
            }
            break self
                .next_char()
                .ok_or_else(|| self.end_error(at, "the text ends after a modifier".into()))?;
        };
        Ok(Some(modifiers.into_iter().rev().fold(base, |c, m| if m == CONTROL { control(c) } else { c | m })))
    }

    /// An escape without modifiers, its first character read.
    fn plain_escape(&mut self, c: u32, at: usize, in_string: bool) -> Result<Option<u32>, ReadError> {
        Ok(Some(match u8::try_from(c).unwrap_or(0) {
            b'a' => 7,
            b'b' => 8,
            b'd' => 127,
            b'e' => 27,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'v' => 11,
            b's' => u32::from(b' '),
            b'\n' | b' ' if in_string => return Ok(None),
            b'0'..=b'7' => {
                let mut n = c - u32::from(b'0');
                for _ in 0..2 {
                    match self.peek() {
                        Some(d @ b'0'..=b'7') => n = n * 8 + u32::from(d - b'0'),
                        _ => break,
                    }
                    self.pos += 1;
                }
                if (0x80..0x100).contains(&n) { chars::raw_byte(n as u8) } else { n }
            }
            b'x' => {
                let start = self.pos;
                let mut n = 0u32;
                while let Some(d) = self.peek().and_then(|b| char::from(b).to_digit(16)) {
                    n = n << 4 | d;
                    self.pos += 1;
                    if n > chars::MAX_CHAR | MODIFIERS {
                        return Err(self.error(at, "a hexadecimal character ends at 3FFFFF".into()));
                    }
                }
                if self.pos - start < 3 && n >= 0x80 { chars::raw_byte(n as u8) } else { n }
            }
            b'u' => self.hex_exactly(4, at)?,
            b'U' => self.hex_exactly(8, at)?,
            b'N' => self.named(at)?,
            _ => c,
        }))
    }

    fn hex_exactly(&mut self, digits: usize, at: usize) -> Result<u32, ReadError> {
        let text = self.text.get(self.pos..self.pos + digits).and_then(|t| std::str::from_utf8(t).ok());
        match text.filter(|t| !t.starts_with('+')).and_then(|t| u32::from_str_radix(t, 16).ok()) {
            Some(c) if c <= 0x10_FFFF => {
                self.pos += digits;
                Ok(c)
            }
            _ => Err(self.error(at, format!("expected {digits} hexadecimal digits of a Unicode character"))),
        }
    }

    /// `{U+1F600}` or `{NAME OF A CHARACTER}`.
    fn named(&mut self, at: usize) -> Result<u32, ReadError> {
        let rest = &self.text[self.pos..];
        let end = rest.iter().take(200).position(|&b| b == b'}');
        let (Some(b'{'), Some(end)) = (self.peek(), end) else {
            return Err(self.error(at, "\\N is followed by a character's name in braces".into()));
        };
        let name = String::from_utf8_lossy(&rest[1..end]).split_whitespace().collect::<Vec<_>>().join(" ");
        self.pos += end + 1;
        if let Some(hex) = name.strip_prefix("U+") {
            return match u32::from_str_radix(hex, 16) {
                Ok(c) if c <= 0x10_FFFF => Ok(c),
                _ => Err(self.error(at, format!("\\N{{{name}}} is no Unicode character"))),
            };
        }
        let upper = name.to_ascii_uppercase();
        let ideograph =
            upper.strip_prefix("CJK UNIFIED IDEOGRAPH-").and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let known = NAMES.iter().find(|(n, _)| *n == upper).map(|&(_, c)| c).or(ideograph);
        Ok(known.unwrap_or_else(|| {
            let (line, column) = self.line_and_column(at);
            let note =
                format!("{}:{line}:{column}: unknown character name {name}, read as U+FFFD", self.name);
            self.notes.push(note);
            0xFFFD
        }))
    }
}

/// The character with the control modifier, which for most of ASCII is a character of its own.
fn control(c: u32) -> u32 {
    let base = c & !MODIFIERS;
    if base == u32::from(b'?') {
        127 | (c & MODIFIERS)
    } else if base < 0x80 && ((0x40..=0x5F).contains(&base) || (0x61..=0x7A).contains(&base)) {
        c & (0x1F | MODIFIERS)
    } else {
        c | CONTROL
    }
}

/// The characters that sources name rather than write, because they cannot be seen or told apart.
const NAMES: &[(&str, u32)] = &[
    ("NO-BREAK SPACE", 0xa0),
    ("SOFT HYPHEN", 0xad),
    ("MIDDLE DOT", 0xb7),
    ("MULTIPLICATION SIGN", 0xd7),
    ("LATIN SMALL LETTER E WITH ACUTE", 0xe9),
    ("EN QUAD", 0x2000),
    ("EM QUAD", 0x2001),
    ("EN SPACE", 0x2002),
    ("EM SPACE", 0x2003),
    ("THREE-PER-EM SPACE", 0x2004),
    ("FOUR-PER-EM SPACE", 0x2005),
    ("SIX-PER-EM SPACE", 0x2006),
    ("FIGURE SPACE", 0x2007),
    ("PUNCTUATION SPACE", 0x2008),
    ("THIN SPACE", 0x2009),
    ("HAIR SPACE", 0x200a),
    ("ZERO WIDTH SPACE", 0x200b),
    ("ZERO WIDTH NON-JOINER", 0x200c),
    ("ZERO WIDTH JOINER", 0x200d),
    ("LEFT-TO-RIGHT MARK", 0x200e),
    ("RIGHT-TO-LEFT MARK", 0x200f),
    ("HYPHEN", 0x2010),
    ("NON-BREAKING HYPHEN", 0x2011),
    ("FIGURE DASH", 0x2012),
    ("EN DASH", 0x2013),
    ("EM DASH", 0x2014),
    ("HORIZONTAL BAR", 0x2015),
    ("DOUBLE VERTICAL LINE", 0x2016),
    ("DOUBLE LOW LINE", 0x2017),
    ("LEFT SINGLE QUOTATION MARK", 0x2018),
    ("RIGHT SINGLE QUOTATION MARK", 0x2019),
    ("SINGLE LOW-9 QUOTATION MARK", 0x201a),
    ("SINGLE HIGH-REVERSED-9 QUOTATION MARK", 0x201b),
    ("LEFT DOUBLE QUOTATION MARK", 0x201c),
    ("RIGHT DOUBLE QUOTATION MARK", 0x201d),
    ("DOUBLE LOW-9 QUOTATION MARK", 0x201e),
    ("DOUBLE HIGH-REVERSED-9 QUOTATION MARK", 0x201f),
    ("DAGGER", 0x2020),
    ("DOUBLE DAGGER", 0x2021),
    ("BULLET", 0x2022),
    ("TRIANGULAR BULLET", 0x2023),
    ("ONE DOT LEADER", 0x2024),
    ("TWO DOT LEADER", 0x2025),
    ("HORIZONTAL ELLIPSIS", 0x2026),
    ("HYPHENATION POINT", 0x2027),
    ("LINE SEPARATOR", 0x2028),
    ("PARAGRAPH SEPARATOR", 0x2029),
    ("LEFT-TO-RIGHT EMBEDDING", 0x202a),
    ("RIGHT-TO-LEFT EMBEDDING", 0x202b),
    ("POP DIRECTIONAL FORMATTING", 0x202c),
    ("LEFT-TO-RIGHT OVERRIDE", 0x202d),
    ("RIGHT-TO-LEFT OVERRIDE", 0x202e),
    ("NARROW NO-BREAK SPACE", 0x202f),
    ("PER MILLE SIGN", 0x2030),
    ("PER TEN THOUSAND SIGN", 0x2031),
    ("PRIME", 0x2032),
    ("DOUBLE PRIME", 0x2033),
    ("TRIPLE PRIME", 0x2034),
    ("REVERSED PRIME", 0x2035),
    ("REVERSED DOUBLE PRIME", 0x2036),
    ("REVERSED TRIPLE PRIME", 0x2037),
    ("CARET", 0x2038),
    ("SINGLE LEFT-POINTING ANGLE QUOTATION MARK", 0x2039),
    ("SINGLE RIGHT-POINTING ANGLE QUOTATION MARK", 0x203a),
    ("REFERENCE MARK", 0x203b),
    ("DOUBLE EXCLAMATION MARK", 0x203c),
    ("INTERROBANG", 0x203d),
    ("OVERLINE", 0x203e),
    ("UNDERTIE", 0x203f),
    ("CHARACTER TIE", 0x2040),
    ("CARET INSERTION POINT", 0x2041),
    ("ASTERISM", 0x2042),
    ("HYPHEN BULLET", 0x2043),
    ("FRACTION SLASH", 0x2044),
    ("LEFT SQUARE BRACKET WITH QUILL", 0x2045),
    ("RIGHT SQUARE BRACKET WITH QUILL", 0x2046),
    ("DOUBLE QUESTION MARK", 0x2047),
    ("QUESTION EXCLAMATION MARK", 0x2048),
    ("EXCLAMATION QUESTION MARK", 0x2049),
    ("TIRONIAN SIGN ET", 0x204a),
    ("REVERSED PILCROW SIGN", 0x204b),
    ("BLACK LEFTWARDS BULLET", 0x204c),
    ("BLACK RIGHTWARDS BULLET", 0x204d),
    ("LOW ASTERISK", 0x204e),
    ("REVERSED SEMICOLON", 0x204f),
    ("CLOSE UP", 0x2050),
    ("TWO ASTERISKS ALIGNED VERTICALLY", 0x2051),
    ("COMMERCIAL MINUS SIGN", 0x2052),
    ("SWUNG DASH", 0x2053),
    ("INVERTED UNDERTIE", 0x2054),
    ("FLOWER PUNCTUATION MARK", 0x2055),
    ("THREE DOT PUNCTUATION", 0x2056),
    ("QUADRUPLE PRIME", 0x2057),
    ("FOUR DOT PUNCTUATION", 0x2058),
    ("FIVE DOT PUNCTUATION", 0x2059),
    ("TWO DOT PUNCTUATION", 0x205a),
    ("FOUR DOT MARK", 0x205b),
    ("DOTTED CROSS", 0x205c),
    ("TRICOLON", 0x205d),
    ("VERTICAL FOUR DOTS", 0x205e),
    ("MEDIUM MATHEMATICAL SPACE", 0x205f),
    ("WORD JOINER", 0x2060),
    ("FUNCTION APPLICATION", 0x2061),
    ("INVISIBLE TIMES", 0x2062),
    ("INVISIBLE SEPARATOR", 0x2063),
    ("INVISIBLE PLUS", 0x2064),
    ("LEFT-TO-RIGHT ISOLATE", 0x2066),
    ("RIGHT-TO-LEFT ISOLATE", 0x2067),
    ("FIRST STRONG ISOLATE", 0x2068),
    ("POP DIRECTIONAL ISOLATE", 0x2069),
    ("INHIBIT SYMMETRIC SWAPPING", 0x206a),
    ("ACTIVATE SYMMETRIC SWAPPING", 0x206b),
    ("INHIBIT ARABIC FORM SHAPING", 0x206c),
    ("ACTIVATE ARABIC FORM SHAPING", 0x206d),
    ("NATIONAL DIGIT SHAPES", 0x206e),
    ("NOMINAL DIGIT SHAPES", 0x206f),
    ("EURO SIGN", 0x20ac),
    ("TRADE MARK SIGN", 0x2122),
    ("LEFTWARDS ARROW", 0x2190),
    ("UPWARDS ARROW", 0x2191),
    ("RIGHTWARDS ARROW", 0x2192),
    ("DOWNWARDS ARROW", 0x2193),
    ("MINUS SIGN", 0x2212),
    ("INFINITY", 0x221e),
    ("NOT EQUAL TO", 0x2260),
    ("LESS-THAN OR EQUAL TO", 0x2264),
    ("GREATER-THAN OR EQUAL TO", 0x2265),
    ("BOX DRAWINGS LIGHT HORIZONTAL", 0x2500),
    ("BOX DRAWINGS LIGHT VERTICAL", 0x2502),
    ("BLACK CIRCLE", 0x25cf),
    ("BLACK STAR", 0x2605),
    ("CHECK MARK", 0x2713),
    ("BALLOT X", 0x2717),
    ("HEAVY BLACK HEART", 0x2764),
    ("IDEOGRAPHIC SPACE", 0x3000),
    ("VARIATION SELECTOR-15", 0xfe0e),
    ("VARIATION SELECTOR-16", 0xfe0f),
    ("ZERO WIDTH NO-BREAK SPACE", 0xfeff),
    ("OBJECT REPLACEMENT CHARACTER", 0xfffc),
    ("REPLACEMENT CHARACTER", 0xfffd),
    ("GRINNING FACE", 0x1f600),
    ("SLIGHTLY SMILING FACE", 0x1f642),
];
