//! Fontsets.

use super::{SubrDesc, arg, subr};
use crate::display::font::{self, FontSpec, Repertory, SLANTS, WEIGHTS, WIDTHS, Weight};
use crate::display::fontset::{Add, Fallback, FontChoice};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::LispString;
use crate::object::Record;
use crate::rt::{ImageOption, Symbol};
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 9] = [
    subr("new-fontset", 2, 2, |vm, a| {
        let given = vm.lisp_string(a[0])?;
        let Some(short) = short_name(&given) else {
            return Err(vm.error("Fontset name must be in XLFD format"));
        };
        let fonts = vm.proper_list(a[1])?;
        let name = vm.with_fontsets(|fontsets| {
            let name = fontsets.resolve(&given).cloned().unwrap_or_else(|| given.clone());
            fontsets.change(&name, |fontset| *fontset = Default::default());
            fontsets.define_alias(short, name.clone());
            name
        });
        for font in fonts {
            let characters = targets(vm, vm.heap.car(font))?;
            for spec in vm.proper_list(vm.heap.cdr(font))? {
                let choice = choice(vm, spec)?;
                put(vm, &name, &characters, &choice, Add::Append);
            }
        }
        Ok(name.to_value(&mut vm.heap))
    }),
    subr("set-fontset-font", 3, 5, |vm, a| {
        let name = full_name(vm, a[0])?;
        let characters = targets(vm, a[1])?;
        let choice = choice(vm, a[2])?;
        let add = match vm.name_bytes(arg(a, 4)) {
            b"prepend" => Add::Prepend,
            b"append" => Add::Append,
            _ => Add::Replace,
        };
        put(vm, &name, &characters, &choice, add);
        Ok(Value::NIL)
    }),
    subr("fontset-list", 0, 0, |vm, _| {
        let names = vm.with_fontsets(|fontsets| fontsets.names().rev().cloned().collect::<Vec<_>>());
        let names: Vec<Value> = names.iter().map(|name| name.to_value(&mut vm.heap)).collect();
        Ok(vm.heap.list(&names))
    }),
    subr("fontset-font", 2, 3, |vm, a| {
        let name = full_name(vm, a[0])?;
        let character = vm.check_char(a[1])?;
        let mut choices = choices(vm, &name, character);
        let default = vm.with_fontsets(|fontsets| fontsets.default_name().cloned());
        if choices.is_empty()
            && let Some(default) = default
        {
            choices = self::choices(vm, &default, character);
        }
        let mut out = Vec::new();
        for choice in &choices {
            match choice {
                FontChoice::Font(spec) => out.push(family_and_registry(vm, spec)),
                FontChoice::Nothing => break,
            }
        }
        if arg(a, 2).is_true() {
            Ok(vm.heap.list(&out))
        } else {
            Ok(out.first().copied().unwrap_or_default())
        }
    }),
    subr("query-fontset", 1, 2, |vm, a| {
        let pattern = vm.lisp_string(a[0])?;
        if let Some(name) = vm.with_fontsets(|fontsets| fontsets.resolve(&pattern).cloned()) {
            return Ok(name.to_value(&mut vm.heap));
        }
        let names = vm.with_fontsets(|fontsets| fontsets.names().cloned().collect::<Vec<_>>());
        for name in names {
            let found = if arg(a, 1).is_true() {
                let (matches, text) = (vm.intern("string-match-p"), name.to_value(&mut vm.heap));
                vm.funcall(matches, &[a[0], text])?.is_true()
            } else {
                matches_wildcards(pattern.bytes(), name.bytes())
            };
            if found {
                return Ok(name.to_value(&mut vm.heap));
            }
        }
        Ok(Value::NIL)
    }),
    subr("fontset-name-p", 1, 1, |vm, a| {
        let Some(name) = LispString::of(&vm.heap, a[0]) else { return Ok(Value::NIL) };
        Ok(Value::bool(vm.with_fontsets(|fontsets| fontsets.resolve(&name).is_some())))
    }),
    subr("fontset-short-name", 1, 1, |vm, a| {
        let name = full_name(vm, a[0])?;
        let alias = vm.with_fontsets(|fontsets| fontsets.alias_of(&name).cloned());
        Ok(vm.string_or_nil(alias))
    }),
    subr("internal-fontset-ranges", 1, 1, |vm, a| {
        let name = full_name(vm, a[0])?;
        let Some(fontset) = vm.with_fontsets(|fontsets| fontsets.get(&name).cloned()) else {
            return Ok(Value::NIL);
        };
        let mut out = Vec::new();
        for range in &fontset.ranges {
            let fonts = show_all(vm, &range.choices);
            let ends = [Value::int(range.from as usize), Value::int(range.to as usize)];
            out.push(vm.heap.list_with_tail(&ends, fonts));
        }
        if let Fallback::Choices(choices) = &fontset.fallback {
            let fonts = show_all(vm, choices);
            out.push(vm.heap.cons(Value::NIL, fonts));
        }
        Ok(vm.heap.list(&out))
    }),
    subr("internal-fontset-generation", 0, 0, |vm, _| {
        let generation = vm.with_fontsets(|fontsets| fontsets.generation());
        Ok(vm.heap.integer(generation as i64))
    }),
];

/// The characters that a font is for; none for the fallback.
type Ranges = Vec<(u32, u32)>;

/// `fontset-NAME`, the end of a full name of fourteen parts.
fn short_name(name: &LispString) -> Option<LispString> {
    let parts: Vec<&[u8]> = name.bytes().split(|&b| b == b'-').collect();
    let [.., fontset, short] = parts[..] else { return None };
    let full = parts.len() >= 15 && parts[0].is_empty() && fontset.eq_ignore_ascii_case(b"fontset");
    full.then(|| LispString::text([&b"fontset-"[..], short].concat()))
}

/// The full name of a fontset; nil and t name the default.
fn full_name(vm: &mut Vm, v: Value) -> LispResult<LispString> {
    let found = if v.is_nil() || v == Value::T {
        vm.with_fontsets(|fontsets| fontsets.default_name().cloned())
    } else {
        let name = vm.lisp_string(v)?;
        vm.with_fontsets(|fontsets| fontsets.resolve(&name).cloned())
    };
    match found {
        Some(name) => Ok(name),
        None => Err(vm.error_about("Fontset does not exist", v)),
    }
}

fn choices(vm: &mut Vm, name: &LispString, character: u32) -> Vec<FontChoice> {
    vm.with_fontsets(|fontsets| {
        fontsets.get(name).map_or(Vec::new(), |fontset| fontset.choices(character).to_vec())
    })
}

fn put(vm: &mut Vm, name: &LispString, characters: &Option<Ranges>, choice: &FontChoice, add: Add) {
    vm.with_fontsets(|fontsets| {
        fontsets.change(name, |fontset| match characters {
            Some(ranges) => ranges.iter().for_each(|&(from, to)| fontset.add(from, to, choice, add)),
            None => fontset.add_fallback(choice.clone(), add),
        });
    });
}

/// Which characters a font is for: a character, a pair of them, a script, a charset, or nil for all that nothing else is
/// for.
fn targets(vm: &mut Vm, v: Value) -> LispResult<Option<Ranges>> {
    if v.is_nil() {
        return Ok(None);
    }
    if v.is_cons() {
        return range(vm, v).map(|range| Some(vec![range]));
    }
    let Some(symbol) = v.as_symbol() else {
        let character = vm.check_char(v)?;
        return Ok(Some(vec![(character, character)]));
    };
    let scripts = vm.global("char-script-ranges");
    for script in vm.heap.list_elements(scripts, usize::MAX) {
        if vm.heap.car(script) == v {
            let mut ranges = Vec::new();
            for part in vm.heap.list_elements(vm.heap.cdr(script), usize::MAX) {
                ranges.push(range(vm, part)?);
            }
            return Ok(Some(ranges));
        }
    }
    let ends = vm.with_charsets(|charsets, heap| {
        let (min, max) = charsets.get(symbol).map(|charset| (charset.min_code, charset.max_code))?;
        let ends = [min, max].map(|code| charsets.decode(symbol, code, heap));
        Some((u32::try_from(ends[0]?).ok()?, u32::try_from(ends[1]?).ok()?))
    });
    match ends {
        Some((from, to)) if from <= to => Ok(Some(vec![(from, to)])),
        _ => Err(vm.error_about("Invalid script or charset name", v)),
    }
}

fn range(vm: &mut Vm, v: Value) -> LispResult<(u32, u32)> {
    let (from, to) = (vm.heap.car(v), vm.heap.cdr(v));
    let (from, to) = (vm.check_char(from)?, vm.check_char(to)?);
    if from <= to { Ok((from, to)) } else { Err(vm.error_about("Invalid character range", v)) }
}

/// A font as Lisp writes it: a name, `(FAMILY . REGISTRY)`, a font spec, or nil for no font.
fn choice(vm: &mut Vm, v: Value) -> LispResult<FontChoice> {
    if v.is_nil() {
        return Ok(FontChoice::Nothing);
    }
    let mut spec = FontSpec::default();
    if v.is_str() {
        spec.family = name_part(vm, v)?;
    } else if v.is_cons() {
        let (family, registry) = (vm.heap.car(v), vm.heap.cdr(v));
        spec.family = name_part(vm, family)?;
        spec.registry = name_part(vm, registry)?;
    } else {
        let slots = vm.heap.get::<Record>(v).map_or(Vec::new(), |record| record.slots.to_vec());
        let [kind, plist] = slots[..] else { return Err(vm.error_about("Invalid font-spec", v)) };
        if vm.name_bytes(kind) != b"font-spec" {
            return Err(vm.error_about("Invalid font-spec", v));
        }
        for (key, value) in super::charset::plist(vm, plist)? {
            property(vm, &mut spec, key, value)?;
        }
    }
    Ok(FontChoice::Font(spec))
}

fn property(vm: &mut Vm, spec: &mut FontSpec, key: Symbol, value: Value) -> LispResult<()> {
    let key = vm.symbols.name(key).to_vec();
    let name = vm.name_bytes(value).to_vec();
    let wrong = match &key[..] {
        b":family" => return name_part(vm, value).map(|name| spec.family = name),
        b":registry" => return name_part(vm, value).map(|name| spec.registry = name),
        b":lang" => return name_part(vm, value).map(|name| spec.lang = name),
        b":weight" => {
            spec.weight = font::named(WEIGHTS, &name).map(Weight).into();
            spec.weight.get().is_none()
        }
        b":slant" => {
            spec.slant = font::named(SLANTS, &name).into();
            spec.slant.get().is_none()
        }
        b":width" => {
            spec.width = font::named(WIDTHS, &name).into();
            spec.width.get().is_none()
        }
        b":repertory" if value.is_cons() => {
            let mut ranges = Vec::new();
            for part in vm.proper_list(value)? {
                ranges.push(range(vm, part)?);
            }
            spec.repertory = Repertory::Ranges(ranges.into());
            false
        }
        b":repertory" => {
            spec.repertory = Repertory::Charset(vm.check_symbol(value)?);
            false
        }
        // Sizes and the like are for fonts that are opened, which no fontset has.
        _ => false,
    };
    if wrong { Err(vm.error_about("Invalid font property", value)) } else { Ok(()) }
}

/// A part of a font's name: a symbol or a string; nil for any.
fn name_part(vm: &mut Vm, v: Value) -> LispResult<ImageOption<Symbol>> {
    if v.is_nil() {
        return Ok(ImageOption::none());
    }
    let name = vm.bytes_of(v)?.to_vec();
    Ok(ImageOption::some(vm.symbols.intern(name)))
}

fn part_value(vm: &mut Vm, part: ImageOption<Symbol>) -> Value {
    match part.get() {
        Some(symbol) => {
            let name = vm.symbols.name(symbol).to_vec();
            vm.heap.string(name)
        }
        None => Value::NIL,
    }
}

fn family_and_registry(vm: &mut Vm, spec: &FontSpec) -> Value {
    let (family, registry) = (part_value(vm, spec.family), part_value(vm, spec.registry));
    vm.heap.cons(family, registry)
}

/// All fonts, each as a list of what is said of it.
fn show_all(vm: &mut Vm, choices: &[FontChoice]) -> Value {
    let mut out = Vec::with_capacity(choices.len());
    for choice in choices {
        out.push(match choice {
            FontChoice::Font(spec) => show(vm, spec),
            FontChoice::Nothing => Value::NIL,
        });
    }
    vm.heap.list(&out)
}

fn show(vm: &mut Vm, spec: &FontSpec) -> Value {
    let FontSpec { family, registry, lang, weight, slant, width, repertory } = spec;
    let mut list = Vec::new();
    for (key, part) in [(":family", family), (":registry", registry)] {
        if part.get().is_some() {
            list.extend([vm.intern(key), part_value(vm, *part)]);
        }
    }
    let repertory = match repertory {
        Repertory::Any => None,
        Repertory::Charset(charset) => Some(Value::symbol(*charset)),
        Repertory::Ranges(ranges) => {
            let ranges: Vec<Value> = ranges
                .iter()
                .map(|&(from, to)| vm.heap.cons(Value::int(from as usize), Value::int(to as usize)))
                .collect();
            Some(vm.heap.list(&ranges))
        }
    };
    let others = [
        (":lang", lang.get().map(Value::symbol)),
        (":weight", weight.get().map(|weight| vm.intern(font::name_of(WEIGHTS, &weight.0)))),
        (":slant", slant.get().map(|slant| vm.intern(font::name_of(SLANTS, &slant)))),
        (":width", width.get().map(|width| vm.intern(font::name_of(WIDTHS, &width)))),
        (":repertory", repertory),
    ];
    for (key, value) in others {
        if let Some(value) = value {
            list.extend([vm.intern(key), value]);
        }
    }
    vm.heap.list(&list)
}

/// Whether a name is like a pattern in which `*` stands for any characters; case does not count.
fn matches_wildcards(pattern: &[u8], name: &[u8]) -> bool {
    let mut parts = pattern.split(|&b| b == b'*');
    let first = parts.next().unwrap_or_default();
    let starts =
        |name: &[u8], part: &[u8]| name.len() >= part.len() && name[..part.len()].eq_ignore_ascii_case(part);
    if !starts(name, first) {
        return false;
    }
    let (mut rest, mut parts) = (&name[first.len()..], parts.peekable());
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let from = if last { rest.len().checked_sub(part.len()) } else { Some(0) };
        let found = from.and_then(|from| (from..=rest.len()).find(|&at| starts(&rest[at..], part)));
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, matches) in [
            ("*", "", true),
            ("-*-fontset-a", "-x-y-FONTSET-A", true),
            ("a*b*c", "a--b--b-c", true),
            ("a*b*c", "a--c--b", false),
            ("a", "ab", false),
            ("*b", "abab", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches_wildcards(pattern.as_bytes(), name.as_bytes()), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn a_full_name_has_fourteen_parts_and_ends_with_the_short_one() {
        let short = |name: &str| short_name(&name.into()).map(|name| name.lossy().into_owned());
        assert_eq!(short("-*-*-*-*-*-*-*-*-*-*-*-*-fontset-Own"), Some("fontset-Own".into()));
        assert_eq!(short("fontset-own"), None);
        assert_eq!(short("-*-*-*-*-*-*-*-*-*-*-*-*-iso8859-1"), None);
    }
}
