//! Numbers as text.

use crate::bignum::BigInt;
use crate::heap::Heap;
use crate::value::Value;

/// A number as read.
#[derive(Debug, PartialEq)]
pub enum Number {
    /// An integer of any size.
    Integer(BigInt),
    /// An integer of 64 bits.
    Small(i64),
    /// A float.
    Float(f64),
}

impl Number {
    /// The number on the heap.
    pub fn to_value(&self, heap: &mut Heap) -> Value {
        match self {
            Number::Integer(n) => heap.bignum(n),
            Number::Small(n) => heap.integer(*n),
            Number::Float(f) => heap.float(*f),
        }
    }
}

/// Reads decimal number syntax; `None` when the text as a whole is no number, so it names a symbol.
pub fn parse(text: &[u8]) -> Option<Number> {
    let (len, number) = parse_prefix(text)?;
    (len == text.len()).then_some(number)
}

/// Reads the longest number at the start of the text: its length and itself.
pub fn parse_prefix(text: &[u8]) -> Option<(usize, Number)> {
    let mut at = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let digits = |mut at: usize| {
        let start = at;
        while text.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at - start
    };
    let int = digits(at);
    at += int;
    let int_end = at;
    let mut float = false;
    let mut after_point = at;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        after_point = at + 1;
        if fraction > 0 {
            at += 1 + fraction;
            after_point = at;
            float = true;
        }
    }
    if int == 0 && !float {
        return None;
    }
    let mut special = None;
    if (float || at == int_end && after_point == int_end) && matches!(text.get(at), Some(b'e' | b'E')) {
        let exponent_at = at + 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(exponent_at);
        if exponent > 0 {
            at = exponent_at + exponent;
            float = true;
        } else if text.get(at + 1) == Some(&b'+') {
            special = match text.get(at + 2..at + 5) {
                Some(b"INF") => Some(f64::INFINITY),
                Some(b"NaN") => Some(f64::NAN),
                _ => None,
            };
        }
    }
    let negative = text[0] == b'-';
    if let Some(special) = special {
        let magnitude = if special.is_nan() {
            let payload = std::str::from_utf8(&text[..int_end]).ok()?.trim_start_matches(['+', '-']);
            f64::from_bits(
                f64::INFINITY.to_bits() | 1 << 51 | payload.parse::<u64>().unwrap_or(0) & ((1 << 51) - 1),
            )
        } else {
            special
        };
        return Some((at + 5, Number::Float(if negative { -magnitude } else { magnitude })));
    }
    if float {
        let text = std::str::from_utf8(&text[..at]).ok()?;
        return Some((at, Number::Float(text.parse().ok()?)));
    }
    let end = if after_point > at { after_point } else { at };
    let number = parse_integer(&text[..int_end], 10)?;
    Some((end, number))
}

/// Reads an integer in a radix from 2 to 36, all of the text.
pub fn parse_integer(text: &[u8], radix: u32) -> Option<Number> {
    let text = std::str::from_utf8(text).ok()?;
    if text.contains('_') {
        return None;
    }
    match i64::from_str_radix(text, radix) {
        Ok(n) => Some(Number::Small(n)),
        Err(_) => BigInt::parse_bytes(text.as_bytes(), radix).map(Number::Integer),
    }
}

/// The shortest text that reads back as the same float, in Emacs' form.
pub fn format_float(f: f64) -> String {
    if f.is_nan() {
        let sign = if f.is_sign_negative() { "-" } else { "" };
        return format!("{sign}{}.0e+NaN", f.to_bits() & ((1 << 51) - 1));
    }
    if f.is_infinite() {
        return if f > 0.0 { "1.0e+INF" } else { "-1.0e+INF" }.into();
    }
    let text = format!("{f:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count() as i32;
    if exponent < -4 || exponent >= digits.max(15) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{f}");
    if plain.contains('.') { plain } else { plain + ".0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_syntax_is_told_from_symbols() {
        for (text, wanted) in [
            ("1", Number::Small(1)),
            ("-12.", Number::Small(-12)),
            ("+7", Number::Small(7)),
            (".5", Number::Float(0.5)),
            ("-.5e1", Number::Float(-5.0)),
            ("1e3", Number::Float(1000.0)),
            ("1.0e+INF", Number::Float(f64::INFINITY)),
            ("-1.0e+INF", Number::Float(f64::NEG_INFINITY)),
            ("9223372036854775808", Number::Integer(BigInt::from(1u64 << 63))),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(wanted), "{text}");
        }
        for text in
            ["", "+", "-", ".", "1+", "1-", "e3", "1.e3", "1e", "1.5.2", "--1", "1e+", "+e1", "1.0e+INFx"]
        {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn floats_print_shortest_and_read_back() {
        for (f, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e14, "100000000000000.0"),
            (1e15, "1e+15"),
            (1e100, "1e+100"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (1.5e300, "1.5e+300"),
            (f64::NAN, "0.0e+NaN"),
            (1.2345678901234567e16, "12345678901234568.0"),
        ] {
            assert_eq!(format_float(f), text);
            match parse(text.as_bytes()) {
                Some(Number::Float(g)) => assert_eq!(f.to_bits(), g.to_bits(), "{text}"),
                other => panic!("{text} read as {other:?}"),
            }
        }
    }
}
