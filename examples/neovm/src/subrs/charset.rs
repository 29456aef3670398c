//! Charsets.

use super::{MANY, SubrDesc, arg, subr};
use crate::display::charset::{Charset, Method, Subset};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::rt::{ImageOption, Symbol};
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 15] = [
    subr("charsetp", 1, 1, |vm, a| Ok(Value::bool(find(vm, a[0]).is_some()))),
    subr("define-charset-internal", 17, MANY, define),
    subr("define-charset-alias", 2, 2, |vm, a| {
        let alias = vm.check_symbol(a[0])?;
        let (charset, _) = check(vm, a[1])?;
        vm.with_charsets(|charsets, _| charsets.define_alias(alias, charset));
        Ok(Value::NIL)
    }),
    subr("unify-charset", 1, 3, |vm, a| {
        let (name, charset) = check(vm, a[0])?;
        let map = if arg(a, 1).is_true() { a[1] } else { charset.unify_map };
        if arg(a, 2).is_nil() && !map.is_str() && !map.is_veclike() {
            return Err(vm.error_about("Can't unify charset", a[0]));
        }
        vm.with_charsets(|charsets, _| {
            if let Some(charset) = charsets.get_mut(name) {
                charset.unify_map = map;
                charset.unified = arg(a, 2).is_nil();
            }
        });
        Ok(Value::NIL)
    }),
    subr("charset-plist", 1, 1, |vm, a| {
        let (_, charset) = check(vm, a[0])?;
        let plist: Vec<Value> =
            charset.plist.iter().flat_map(|&(key, value)| [Value::symbol(key), value]).collect();
        Ok(vm.heap.list(&plist))
    }),
    subr("set-charset-plist", 2, 2, |vm, a| {
        let (name, _) = check(vm, a[0])?;
        let plist = plist(vm, a[1])?;
        vm.with_charsets(|charsets, _| {
            if let Some(charset) = charsets.get_mut(name) {
                charset.plist = plist.into();
            }
        });
        Ok(a[1])
    }),
    subr("charset-priority-list", 0, 1, |vm, a| {
        let names = vm.with_charsets(|charsets, _| charsets.priority().to_vec());
        let names: Vec<Value> = names.into_iter().map(Value::symbol).collect();
        if arg(a, 0).is_true() {
            return Ok(names.first().copied().unwrap_or_default());
        }
        Ok(vm.heap.list(&names))
    }),
    subr("set-charset-priority", 1, MANY, |vm, a| {
        let mut first = Vec::with_capacity(a.len());
        for &name in a {
            first.push(check(vm, name)?.0);
        }
        vm.with_charsets(|charsets, _| charsets.prefer(&first));
        Ok(Value::NIL)
    }),
    subr("decode-char", 2, 2, |vm, a| {
        let (name, _) = check(vm, a[0])?;
        let Some(code) = a[1].as_fixnum() else {
            return Err(vm.error_about("Not an in-range integer", a[1]));
        };
        let character = vm.with_charsets(|charsets, heap| charsets.decode(name, code, heap));
        Ok(character.and_then(Value::fixnum).unwrap_or_default())
    }),
    subr("encode-char", 2, 2, |vm, a| {
        let character = vm.check_char(a[0])?;
        let (name, _) = check(vm, a[1])?;
        let code = vm.with_charsets(|charsets, heap| charsets.encode(name, character.into(), heap));
        Ok(code.and_then(Value::fixnum).unwrap_or_default())
    }),
    subr("char-charset", 1, 2, |vm, a| {
        let character = vm.check_char(a[0])?;
        let mut wanted = Vec::new();
        for name in vm.heap.list_elements(arg(a, 1), usize::MAX) {
            wanted.push(check(vm, name)?.0);
        }
        let found = vm.with_charsets(|charsets, heap| {
            let names = if wanted.is_empty() { charsets.priority().to_vec() } else { wanted };
            names.into_iter().find(|&name| charsets.encode(name, character.into(), heap).is_some())
        });
        Ok(found.map_or(Value::NIL, Value::symbol))
    }),
    subr("charset-list", 0, 0, |vm, _| {
        let names = vm.with_charsets(|charsets, _| charsets.names());
        let names: Vec<Value> = names.into_iter().map(Value::symbol).collect();
        Ok(vm.heap.list(&names))
    }),
    subr("charset-id-internal", 0, 1, |vm, a| {
        let name = if a.is_empty() { vm.intern("ascii") } else { a[0] };
        let (_, charset) = check(vm, name)?;
        Ok(vm.heap.integer(charset.id))
    }),
    subr("charset-unified-p", 1, 1, |vm, a| Ok(Value::bool(check(vm, a[0])?.1.unified))),
    subr("iso-charset", 3, 3, |vm, a| {
        let (Some(dimension), Some(chars), Some(last)) =
            (a[0].as_fixnum(), a[1].as_fixnum(), a[2].as_fixnum())
        else {
            return Err(vm.wrong_type(sym::integerp, a[0]));
        };
        if !matches!(chars, 94 | 96) {
            return Err(vm.error_about("Invalid CHARS: it must be 94 or 96", a[1]));
        }
        let found = vm.with_charsets(|charsets, _| {
            charsets.priority().iter().copied().find(|&name| {
                charsets.get(name).is_some_and(|charset| {
                    let width = charset.code_space[1] - charset.code_space[0] + 1;
                    charset.dimension == dimension
                        && charset.iso_final.get() == Some(last)
                        && (width == 96) == (chars == 96)
                })
            })
        });
        Ok(found.map_or(Value::NIL, Value::symbol))
    }),
];

/// The charset of a name or an alias.
fn find(vm: &mut Vm, v: Value) -> Option<(Symbol, Charset)> {
    let name = v.as_symbol()?;
    vm.with_charsets(|charsets, _| Some((charsets.base(name), charsets.get(name)?.clone())))
}

fn check(vm: &mut Vm, v: Value) -> LispResult<(Symbol, Charset)> {
    match find(vm, v) {
        Some(found) => Ok(found),
        None => {
            let predicate = vm.intern("charsetp");
            Err(vm.wrong_type(predicate, v))
        }
    }
}

/// A property list whose keys are symbols.
pub(super) fn plist(vm: &mut Vm, v: Value) -> LispResult<Vec<(Symbol, Value)>> {
    let elements = vm.proper_list(v)?;
    let pairs = elements.chunks(2).map(|pair| Some((pair[0].as_symbol()?, *pair.get(1)?)));
    match pairs.collect::<Option<Vec<_>>>() {
        Some(pairs) => Ok(pairs),
        None => Err(vm.wrong_type(sym::plistp, v)),
    }
}

fn number_or_none(vm: &mut Vm, v: Value) -> LispResult<ImageOption<i64>> {
    match v.as_fixnum() {
        _ if v.is_nil() => Ok(ImageOption::none()),
        Some(n) => Ok(ImageOption::some(n)),
        None => Err(vm.wrong_type(sym::fixnump, v)),
    }
}

/// The arguments: name, dimension, code space, least and greatest code, final byte and revision in ISO 2022, number in
/// the old encoding, ASCII compatible, supplementary, invalid code, code offset, map, subset, superset, map to Unicode,
/// properties.
fn define(vm: &mut Vm, a: &[Value]) -> LispResult {
    let name = vm.check_symbol(a[0])?;
    let space = vm.sequence_values(a[2])?;
    if space.is_empty() || space.len() > 8 || space.len() % 2 != 0 {
        return Err(vm.error_about("Invalid code space", a[2]));
    }
    let mut code_space = [0; 8];
    for (at, pair) in space.chunks_exact(2).enumerate() {
        let (Some(min @ 0..=255), Some(max @ 0..=255)) = (pair[0].as_fixnum(), pair[1].as_fixnum()) else {
            return Err(vm.error_about("Invalid code space", a[2]));
        };
        if min > max {
            return Err(vm.error_about("Invalid code space", a[2]));
        }
        (code_space[at * 2], code_space[at * 2 + 1]) = (min, max);
    }
    let dimension = match number_or_none(vm, a[1])?.get() {
        Some(dimension @ 1..=4) => dimension,
        Some(_) => return Err(vm.signal(sym::args_out_of_range, &[a[1], Value::int(1), Value::int(4)])),
        None => (space.len() / 2) as i64,
    };
    let ends =
        |at: usize| (0..dimension as usize).map(|nth| code_space[nth * 2 + at] << (8 * nth)).sum::<i64>();
    let (least, greatest) = (ends(0), ends(1));
    let min_code = number_or_none(vm, a[3])?.get().unwrap_or(least);
    let max_code = number_or_none(vm, a[4])?.get().unwrap_or(greatest);
    if min_code < least || max_code > greatest {
        return Err(vm.signal(sym::args_out_of_range, &[a[3], a[4]]));
    }
    let iso_final = number_or_none(vm, a[5])?;
    if iso_final.get().is_some_and(|last| !(i64::from(b'0')..=127).contains(&last)) {
        return Err(vm.error_about("Invalid iso-final-char", a[5]));
    }
    let charset = Charset {
        id: 0,
        dimension,
        code_space,
        min_code,
        max_code,
        iso_final,
        iso_revision: number_or_none(vm, a[6])?,
        emacs_mule_id: number_or_none(vm, a[7])?,
        ascii_compatible: a[8].is_true(),
        supplementary: a[9].is_true(),
        invalid_code: number_or_none(vm, a[10])?,
        method: method(vm, &a[11..15])?,
        unify_map: a[15],
        unified: false,
        plist: plist(vm, a[16])?.into(),
    };
    vm.with_charsets(|charsets, _| charsets.define(name, charset));
    Ok(Value::NIL)
}

/// How codes become characters: the first of offset, map, subset and superset that is given.
fn method(vm: &mut Vm, a: &[Value]) -> LispResult<Method> {
    let [offset, map, subset, superset] = [a[0], a[1], a[2], a[3]];
    if let Some(offset) = number_or_none(vm, offset)?.get() {
        return Ok(Method::Offset(offset));
    }
    if map.is_str() || vm.heap.get::<crate::object::Vector>(map).is_some() {
        return Ok(Method::Map(map));
    }
    if subset.is_true() {
        let parts = vm.heap.list_elements(subset, 5);
        let [parent, min, max, offset] = parts[..] else {
            return Err(vm.error_about("Invalid subset", subset));
        };
        let (Some(min), Some(max), Some(offset)) = (min.as_fixnum(), max.as_fixnum(), offset.as_fixnum())
        else {
            return Err(vm.error_about("Invalid subset", subset));
        };
        let (parent, _) = check(vm, parent)?;
        return Ok(Method::Subset(Subset { parent, min, max, offset }));
    }
    let mut parts = Vec::new();
    for part in vm.heap.list_elements(superset, 256) {
        let (name, offset) =
            if part.is_cons() { (vm.heap.car(part), vm.heap.cdr(part)) } else { (part, Value::int(0)) };
        let Some(offset) = offset.as_fixnum() else { return Err(vm.wrong_type(sym::fixnump, offset)) };
        parts.push((check(vm, name)?.0, offset));
    }
    if parts.is_empty() {
        return Err(vm.error("None of :code-offset, :map, :parents are specified"));
    }
    Ok(Method::Superset(parts.into()))
}
