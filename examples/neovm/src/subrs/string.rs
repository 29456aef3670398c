//! Strings and characters.

use super::{MANY, SubrDesc, arg, subr};
use crate::chars;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::number::{self, Number};
use crate::object::Str;
use crate::symbols::sym;
use crate::value::Value;
use std::cmp::Ordering;

pub(super) static SUBRS: [SubrDesc; 31] = [
    subr("stringp", 1, 1, |_, a| Ok(Value::bool(a[0].is_str()))),
    subr("characterp", 1, 2, |_, a| Ok(Value::bool(is_char(a[0])))),
    subr("char-or-string-p", 1, 1, |_, a| Ok(Value::bool(a[0].is_str() || is_char(a[0])))),
    subr("multibyte-string-p", 1, 1, |vm, a| {
        Ok(Value::bool(vm.heap.get::<Str>(a[0]).is_some_and(|s| s.multibyte != 0)))
    }),
    subr("string", 0, MANY, |vm, a| vm.string_of_chars(a)),
    subr("char-to-string", 1, 1, |vm, a| vm.string_of_chars(a)),
    subr("make-string", 2, 3, |vm, a| {
        let n = vm.index(a[0])?;
        vm.string_of_chars(&vec![a[1]; n])
    }),
    subr("string-to-char", 1, 1, |vm, a| {
        let values = vm.string_chars(a[0])?;
        Ok(Value::int(values.first().map_or(0, |&c| c as usize)))
    }),
    subr("concat", 0, MANY, concat),
    subr("substring", 1, 3, |vm, a| {
        if !a[0].is_str() {
            let values = vm.sequence_values(a[0])?;
            let (from, to) = vm.range(a[0], values.len(), arg(a, 1), arg(a, 2))?;
            return vm.sequence_like(a[0], values[from..to].to_vec());
        }
        let len = vm.length(a[0])?;
        let (from, to) = vm.range(a[0], len, arg(a, 1), arg(a, 2))?;
        let Some(str) = vm.heap.get::<Str>(a[0]) else { return Ok(Value::NIL) };
        let multibyte = str.multibyte != 0;
        let part = if multibyte {
            let start = chars::offset(&str.bytes, from);
            let end = start + chars::offset(&str.bytes[start..], to - from);
            str.bytes[start..end].to_vec()
        } else {
            str.bytes[from..to].to_vec()
        };
        Ok(vm.heap.string_parts(part, to - from, multibyte))
    }),
    subr("string=", 2, 2, |vm, a| compare(vm, a).map(|o| Value::bool(o == Ordering::Equal))),
    subr("string-equal", 2, 2, |vm, a| compare(vm, a).map(|o| Value::bool(o == Ordering::Equal))),
    subr("string<", 2, 2, |vm, a| compare(vm, a).map(|o| Value::bool(o == Ordering::Less))),
    subr("string-lessp", 2, 2, |vm, a| compare(vm, a).map(|o| Value::bool(o == Ordering::Less))),
    subr("string>", 2, 2, |vm, a| compare(vm, a).map(|o| Value::bool(o == Ordering::Greater))),
    subr("string-prefix-p", 2, 3, |vm, a| {
        let (prefix, all) = (vm.string_chars(a[0])?, vm.string_chars(a[1])?);
        Ok(Value::bool(all.starts_with(&prefix)))
    }),
    subr("string-suffix-p", 2, 3, |vm, a| {
        let (suffix, all) = (vm.string_chars(a[0])?, vm.string_chars(a[1])?);
        Ok(Value::bool(all.ends_with(&suffix)))
    }),
    subr("string-search", 2, 3, |vm, a| {
        let (needle, all) = (vm.string_chars(a[0])?, vm.string_chars(a[1])?);
        let from = if arg(a, 2).is_nil() { 0 } else { vm.index(a[2])? };
        let found = (from..=all.len()).find(|&at| all[at..].starts_with(&needle));
        Ok(found.map_or(Value::NIL, Value::int))
    }),
    subr("string-replace", 3, 3, |vm, a| {
        let [from, to, all] = [vm.string_chars(a[0])?, vm.string_chars(a[1])?, vm.string_chars(a[2])?];
        if from.is_empty() {
            return Err(vm.signal(sym::wrong_type_argument, a));
        }
        let (mut out, mut at) = (Vec::new(), 0);
        while at < all.len() {
            if all[at..].starts_with(&from) {
                out.extend_from_slice(&to);
                at += from.len();
            } else {
                out.push(all[at]);
                at += 1;
            }
        }
        Ok(vm.string_of(&out))
    }),
    subr("string-join", 1, 2, |vm, a| {
        let mut parts = Vec::new();
        for (at, part) in vm.proper_list(a[0])?.into_iter().enumerate() {
            if at > 0 && arg(a, 1).is_true() {
                parts.push(a[1]);
            }
            parts.push(part);
        }
        concat(vm, &parts)
    }),
    subr("upcase", 1, 1, |vm, a| recase(vm, a[0], |c| c.to_uppercase().collect())),
    subr("downcase", 1, 1, |vm, a| recase(vm, a[0], |c| c.to_lowercase().collect())),
    subr("capitalize", 1, 1, |vm, a| {
        let mut inside = false;
        let all: Vec<u32> = vm
            .string_chars(a[0])?
            .into_iter()
            .map(|c| {
                let Some(ch) = char::from_u32(c) else { return c };
                let new = if inside { ch.to_lowercase().next() } else { ch.to_uppercase().next() };
                inside = ch.is_alphanumeric();
                new.map_or(c, u32::from)
            })
            .collect();
        Ok(vm.string_of(&all))
    }),
    subr("string-to-number", 1, 2, |vm, a| {
        let text = vm.bytes_of(a[0])?.to_vec();
        let start = text.iter().position(|b| !b" \t".contains(b)).unwrap_or(text.len());
        let text = &text[start..];
        if let Some(radix) = arg(a, 1).as_fixnum().filter(|r| *r != 10 && (2..=16).contains(r)) {
            let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
            let digits = text[sign..].iter().take_while(|b| char::from(**b).is_digit(radix as u32)).count();
            let number =
                number::parse_integer(&text[..sign + digits], radix as u32).unwrap_or(Number::Small(0));
            return Ok(number.to_value(&mut vm.heap));
        }
        let number = number::parse_prefix(text).map_or(Number::Small(0), |(_, number)| number);
        Ok(number.to_value(&mut vm.heap))
    }),
    subr("number-to-string", 1, 1, |vm, a| {
        vm.check_number(a[0])?;
        let text = vm.prin1(a[0]);
        Ok(vm.heap.string(text))
    }),
    subr("string-to-list", 1, 1, |vm, a| {
        let values = vm.sequence_values(a[0])?;
        Ok(vm.heap.list(&values))
    }),
    subr("string-bytes", 1, 1, |vm, a| Ok(Value::int(vm.bytes_of(a[0])?.len()))),
    subr("string-width", 1, 3, |vm, a| Ok(Value::int(vm.string_chars(a[0])?.len()))),
    subr("substring-no-properties", 1, 3, |vm, a| {
        let values = vm.sequence_values(a[0])?;
        let (from, to) = vm.range(a[0], values.len(), arg(a, 1), arg(a, 2))?;
        vm.string_of_chars(&values[from..to])
    }),
    subr("unibyte-string", 0, MANY, |vm, a| {
        let mut bytes = Vec::with_capacity(a.len());
        for &v in a {
            let byte = v.as_fixnum().and_then(|n| u8::try_from(n).ok());
            bytes.push(byte.ok_or_else(|| vm.signal(sym::args_out_of_range, &[v]))?);
        }
        Ok(vm.heap.unibyte(bytes))
    }),
    subr("propertize", 1, MANY, |vm, a| {
        let copy = super::sequence::copy(vm, &a[..1])?;
        let len = Value::int(vm.length(copy)?);
        let plist = vm.heap.list(&a[1..]);
        let props = vm.heap.list(&[Value::int(0), len, plist]);
        if let Some(str) = vm.heap.get::<Str>(copy) {
            str.props.set(props);
        }
        Ok(copy)
    }),
];

fn is_char(v: Value) -> bool {
    v.as_fixnum().is_some_and(|n| (0..=i64::from(chars::MAX_CHAR)).contains(&n))
}

pub(super) fn concat(vm: &mut Vm, a: &[Value]) -> LispResult {
    let mut out = Vec::new();
    let mut unibyte = true;
    for &part in a {
        match vm.heap.get::<Str>(part) {
            Some(str) => unibyte &= str.multibyte == 0,
            None => {
                let values = vm.sequence_values(part)?;
                for v in values {
                    vm.check_char(v)?;
                    unibyte &= v.as_fixnum().is_some_and(|n| n < 0x80);
                }
            }
        }
    }
    if unibyte {
        for &part in a {
            match vm.heap.as_bytes(part) {
                Some(bytes) => out.extend_from_slice(bytes),
                None => {
                    let values = vm.sequence_values(part)?;
                    out.extend(values.iter().filter_map(|v| v.as_fixnum()).map(|n| n as u8));
                }
            }
        }
        return Ok(vm.heap.unibyte(out));
    }
    for &part in a {
        let codes = if part.is_str() {
            vm.string_chars(part)?
        } else {
            vm.sequence_values(part)?.iter().filter_map(|v| v.as_fixnum()).map(|n| n as u32).collect()
        };
        codes.into_iter().for_each(|c| chars::push(&mut out, c));
    }
    Ok(vm.heap.string(out))
}

fn compare(vm: &mut Vm, a: &[Value]) -> LispResult<Ordering> {
    let (x, y) = (vm.string_chars(a[0])?, vm.string_chars(a[1])?);
    Ok(x.cmp(&y))
}

fn recase(vm: &mut Vm, v: Value, f: fn(char) -> Vec<char>) -> LispResult {
    let change = |c: u32| match char::from_u32(c).map(f) {
        Some(new) => new.into_iter().map(u32::from).collect(),
        None => vec![c],
    };
    if let Some(n) = v.as_fixnum() {
        vm.check_char(v)?;
        let new = change(n as u32);
        return Ok(if new.len() == 1 { Value::int(new[0] as usize) } else { v });
    }
    let all: Vec<u32> = vm.string_chars(v)?.into_iter().flat_map(change).collect();
    Ok(vm.string_of(&all))
}

impl Vm {
    pub(crate) fn check_char(&mut self, v: Value) -> LispResult<u32> {
        match v.as_fixnum() {
            Some(n) if is_char(v) => Ok(n as u32),
            _ => Err(self.wrong_type(sym::characterp, v)),
        }
    }

    /// A string of characters given as fixnums.
    pub(crate) fn string_of_chars(&mut self, values: &[Value]) -> LispResult {
        let mut out = Vec::with_capacity(values.len());
        for &v in values {
            let c = self.check_char(v)?;
            chars::push(&mut out, c);
        }
        Ok(self.heap.string_parts(out, values.len(), true))
    }

    /// A string of characters.
    pub(crate) fn string_of(&mut self, codes: &[u32]) -> Value {
        let mut out = Vec::with_capacity(codes.len());
        codes.iter().for_each(|&c| chars::push(&mut out, c));
        self.heap.string_parts(out, codes.len(), true)
    }

    /// The bytes of a string, or of a symbol's name.
    pub(crate) fn bytes_of(&mut self, v: Value) -> LispResult<&[u8]> {
        if !v.is_str() && !v.is_symbol() {
            return Err(self.wrong_type(sym::stringp, v));
        }
        Ok(match v.as_symbol() {
            Some(symbol) => self.symbols.name(symbol),
            None => self.heap.as_bytes(v).unwrap_or_default(),
        })
    }

    /// The characters of a string, or of a symbol's name; bytes of a unibyte string are raw bytes.
    pub(crate) fn string_chars(&mut self, v: Value) -> LispResult<Vec<u32>> {
        if let Some(str) = self.heap.get::<Str>(v).filter(|s| s.multibyte == 0) {
            let widen = |&b: &u8| if b < 0x80 { u32::from(b) } else { chars::raw_byte(b) };
            return Ok(str.bytes.iter().map(widen).collect());
        }
        Ok(chars::all(self.bytes_of(v)?))
    }

    /// `aset` of a string.
    pub(super) fn set_char(&mut self, a: &[Value], at: usize) -> LispResult {
        let c = self.check_char(a[2])?;
        let mut values = self.string_chars(a[0])?;
        match values.get_mut(at) {
            Some(slot) => *slot = c,
            None => return Err(self.signal(sym::args_out_of_range, &a[..2])),
        }
        let mut bytes = Vec::with_capacity(values.len());
        let narrow = values.iter().all(|&c| c < 0x80 || chars::as_raw_byte(c).is_some());
        for &c in &values {
            if narrow { bytes.push((c & 0xFF) as u8) } else { chars::push(&mut bytes, c) }
        }
        if let Some(str) = self.heap.get_mut::<Str>(a[0]) {
            str.multibyte = (!narrow).into();
            str.bytes = bytes.into();
        }
        Ok(a[2])
    }
}
