//! `format`.

use crate::bignum::{self, BigInt};
use crate::chars;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::number;
use crate::printer::{self, Style};
use crate::symbols::sym;
use crate::value::Value;

/// One directive, `%-08.3f`.
#[derive(Default)]
struct Directive {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats the values behind a format string.
pub(crate) fn format_values(vm: &mut Vm, a: &[Value]) -> LispResult {
    let format = vm.string_chars(a[0])?;
    let mut values = a[1..].iter().copied();
    let mut out = Vec::new();
    let mut rest = &format[..];
    while let [c, tail @ ..] = rest {
        rest = tail;
        if *c != u32::from(b'%') {
            chars::push(&mut out, *c);
            continue;
        }
        let (directive, tail) = parse(rest);
        let Some((&kind, tail)) = tail.split_first() else {
            return Err(vm.error("Format string ends in middle of format specifier"));
        };
        rest = tail;
        if kind == u32::from(b'%') {
            out.push(b'%');
            continue;
        }
        let Some(value) = values.next() else {
            return Err(vm.error("Not enough arguments for format string"));
        };
        let text = convert(vm, &directive, kind, value)?;
        pad(&mut out, &directive, text);
    }
    Ok(vm.heap.string(out))
}

fn parse(mut rest: &[u32]) -> (Directive, &[u32]) {
    let mut d = Directive::default();
    let byte = |rest: &[u32]| rest.first().and_then(|&c| u8::try_from(c).ok()).unwrap_or(0);
    loop {
        match byte(rest) {
            b'-' => d.left = true,
            b'0' => d.zero = true,
            b'+' => d.plus = true,
            b' ' => d.space = true,
            b'#' => d.sharp = true,
            _ => break,
        }
        rest = &rest[1..];
    }
    let number = |rest: &mut &[u32]| {
        let mut n = 0usize;
        while byte(rest).is_ascii_digit() {
            n = (n * 10 + usize::from(byte(rest) - b'0')).min(1 << 20);
            *rest = &rest[1..];
        }
        n
    };
    d.width = number(&mut rest);
    if byte(rest) == b'.' {
        rest = &rest[1..];
        d.precision = Some(number(&mut rest));
    }
    (d, rest)
}

fn convert(vm: &mut Vm, d: &Directive, kind: u32, value: Value) -> LispResult<Vec<u8>> {
    match u8::try_from(kind).unwrap_or(0) {
        kind @ (b's' | b'S') => {
            let style = Style { internal: true, ..if kind == b'S' { Style::PRIN1 } else { Style::PRINC } };
            let mut text = printer::to_bytes(&vm.heap, &vm.symbols, value, style);
            if let Some(precision) = d.precision {
                text.truncate(chars::offset(&text, precision));
            }
            Ok(text)
        }
        b'c' => {
            let c = vm.check_char(value)?;
            let mut text = Vec::new();
            chars::push(&mut text, c);
            Ok(text)
        }
        kind @ (b'd' | b'o' | b'x' | b'X') => {
            vm.check_number(value)?;
            let n = match vm.heap.as_float(value) {
                Some(f) => bignum::from_f64(f).ok_or_else(|| vm.signal(sym::overflow_error, &[value]))?,
                None => vm.number(value)?.big(),
            };
            let negative = n < BigInt::ZERO;
            let (radix, prefix) = match kind {
                b'd' => (10, ""),
                b'o' => (8, "0"),
                b'x' => (16, "0x"),
                _ => (16, "0X"),
            };
            let mut digits = n.magnitude().to_str_radix(radix);
            if kind == b'X' {
                digits.make_ascii_uppercase();
            }
            let digits = format!("{:0>1$}", digits, d.precision.unwrap_or(1));
            let prefix = if d.sharp { prefix } else { "" };
            Ok(format!("{}{prefix}{digits}", sign(d, negative)).into_bytes())
        }
        kind @ (b'f' | b'e' | b'g') => {
            let f = vm.float_of(value)?;
            let magnitude = f.abs();
            let text = match kind {
                _ if !f.is_finite() => if f.is_nan() { "nan" } else { "inf" }.to_string(),
                b'f' => format!("{magnitude:.0$}", d.precision.unwrap_or(6)),
                b'e' => exponent(magnitude, d.precision.unwrap_or(6)),
                _ => general(magnitude, d.precision),
            };
            Ok(format!("{}{text}", sign(d, f.is_sign_negative())).into_bytes())
        }
        _ => Err(vm.error("Invalid format operation")),
    }
}

fn sign(d: &Directive, negative: bool) -> &'static str {
    match (negative, d.plus, d.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (.., true) => " ",
        _ => "",
    }
}

fn exponent(f: f64, precision: usize) -> String {
    let text = format!("{f:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// `%g`: the shortest of the two notations with that many digits.
fn general(f: f64, precision: Option<usize>) -> String {
    let digits = precision.unwrap_or(6).max(1);
    let text = exponent(f, digits - 1);
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text.to_string(),
    };
    if power < -4 || power >= digits as i32 {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), power.abs());
    }
    let decimals = (digits as i32 - 1 - power).max(0) as usize;
    let text = trim(&format!("{f:.decimals$}"));
    if precision.is_none() && f == 0.0 {
        number::format_float(f).trim_end_matches(".0").to_string()
    } else {
        text
    }
}

fn pad(out: &mut Vec<u8>, d: &Directive, text: Vec<u8>) {
    let missing = d.width.saturating_sub(chars::count(&text));
    let number = text.iter().any(u8::is_ascii_digit)
        && text.iter().all(|b| b"+-.eExX".contains(b) || b.is_ascii_hexdigit());
    if d.left {
        out.extend_from_slice(&text);
        out.resize(out.len() + missing, b' ');
    } else if d.zero && number {
        let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
        out.extend_from_slice(&text[..sign]);
        out.resize(out.len() + missing, b'0');
        out.extend_from_slice(&text[sign..]);
    } else {
        out.resize(out.len() + missing, b' ');
        out.extend_from_slice(&text);
    }
}
