//! Regular expressions over strings.

use super::{SubrDesc, arg, subr};
use crate::chars;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::regexp::{self, Groups};
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 8] = [
    subr("string-match", 2, 4, |vm, a| {
        let Some(groups) = search(vm, a)? else { return Ok(Value::NIL) };
        let start = groups[0].map_or(0, |(start, _)| start);
        if arg(a, 3).is_nil() {
            vm.session.match_data = groups;
        }
        Ok(Value::int(start))
    }),
    subr("string-match-p", 2, 3, |vm, a| {
        let start = search(vm, a)?.and_then(|groups| groups[0]);
        Ok(start.map_or(Value::NIL, |(start, _)| Value::int(start)))
    }),
    subr("match-beginning", 1, 1, |vm, a| group(vm, a[0], |group| group.0)),
    subr("match-end", 1, 1, |vm, a| group(vm, a[0], |group| group.1)),
    subr("match-data", 0, 3, |vm, _| {
        let places = vm.session.match_data.iter().flat_map(|group| match group {
            Some((start, end)) => [Value::int(*start), Value::int(*end)],
            None => [Value::NIL; 2],
        });
        let places: Vec<Value> = places.collect();
        Ok(vm.heap.list(&places))
    }),
    subr("set-match-data", 1, 2, |vm, a| {
        let places = vm.proper_list(a[0])?;
        let mut groups = Vec::new();
        for pair in places.chunks_exact(2) {
            groups.push(match pair[0] {
                Value::NIL => None,
                start => Some((vm.index(start)?, vm.index(pair[1])?)),
            });
        }
        vm.session.match_data = groups;
        Ok(Value::NIL)
    }),
    subr("regexp-quote", 1, 1, |vm, a| {
        let mut out = Vec::new();
        for c in vm.string_chars(a[0])? {
            if char::from_u32(c).is_some_and(|c| "[*.\\?+^$".contains(c)) {
                out.push(u32::from('\\'));
            }
            out.push(c);
        }
        Ok(vm.string_of(&out))
    }),
    // `(match-substitute NEWTEXT LITERAL STRING)`: what stands for the last match in STRING.
    subr("match-substitute", 3, 3, substitute),
];

/// A string as the engine reads it, and for each character the byte where it starts. Raw bytes become characters
/// that no text has.
fn encode(codes: &[u32]) -> (String, Vec<usize>) {
    let (mut out, mut starts) = (String::with_capacity(codes.len()), Vec::with_capacity(codes.len() + 1));
    for &c in codes {
        starts.push(out.len());
        let byte = chars::as_raw_byte(c).map(|byte| 0x10_FF00 + u32::from(byte));
        out.push(char::from_u32(byte.unwrap_or(c)).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    starts.push(out.len());
    (out, starts)
}

fn search(vm: &mut Vm, a: &[Value]) -> LispResult<Option<Groups>> {
    let (pattern, text) = (vm.string_chars(a[0])?, vm.string_chars(a[1])?);
    let from = match arg(a, 2) {
        Value::NIL => 0,
        start => match vm.fixnum(start)? {
            n if n < 0 => text.len().saturating_sub(n.unsigned_abs() as usize),
            n => n as usize,
        },
    };
    if from > text.len() {
        return Err(vm.signal(sym::args_out_of_range, &a[1..3]));
    }
    let fold = vm.global("case-fold-search").is_true();
    let (pattern, (text, starts)) = (encode(&pattern).0, encode(&text));
    let found = regexp::search(&pattern, fold, &text, starts[from]).map_err(|what| {
        let what = vm.heap.string(what);
        let condition = vm.intern("invalid-regexp");
        vm.signal(condition, &[what])
    })?;
    let at = |byte: usize| starts.partition_point(|&start| start < byte);
    Ok(found.map(|groups| groups.iter().map(|g| g.map(|(start, end)| (at(start), at(end)))).collect()))
}

/// Whether a pattern is found in a string.
pub(super) fn matches(vm: &mut Vm, pattern: Value, text: Value) -> LispResult<bool> {
    search(vm, &[pattern, text]).map(|found| found.is_some())
}

fn group(vm: &mut Vm, nth: Value, side: fn((usize, usize)) -> usize) -> LispResult {
    let nth = vm.index(nth)?;
    Ok(vm.session.match_data.get(nth).copied().flatten().map_or(Value::NIL, |group| Value::int(side(group))))
}

fn substitute(vm: &mut Vm, a: &[Value]) -> LispResult {
    let (new, text) = (vm.string_chars(a[0])?, vm.string_chars(a[2])?);
    if a[1].is_true() {
        return Ok(vm.string_of(&new));
    }
    let groups = vm.session.match_data.clone();
    let (mut out, mut rest) = (Vec::new(), new.iter().copied());
    while let Some(c) = rest.next() {
        if c != u32::from('\\') {
            out.push(c);
            continue;
        }
        let nth = match rest.next().and_then(char::from_u32) {
            Some('&') => 0,
            Some('\\') => {
                out.push(c);
                continue;
            }
            Some(digit @ '0'..='9') => digit as usize - '0' as usize,
            _ => return Err(vm.error("Invalid use of `\\' in replacement text")),
        };
        if let Some((start, end)) = groups.get(nth).copied().flatten() {
            out.extend_from_slice(text.get(start..end).unwrap_or_default());
        }
    }
    Ok(vm.string_of(&out))
}

pub(super) fn define_variables(vm: &mut Vm) {
    let symbol = vm.symbols.intern("case-fold-search");
    let cell = vm.obarray.cell_mut(symbol);
    cell.value = Value::T;
    cell.flags |= SymbolCell::SPECIAL;
}
