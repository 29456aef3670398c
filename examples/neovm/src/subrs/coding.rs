//! Coding systems.

use super::{MANY, SubrDesc, arg, subr};
use crate::chars;
use crate::display::coding::{BOM, CodingName, CodingSystem, CodingType, ENDIAN, Eol, Resolved};
use crate::display::font;
use crate::display::transcode::{Transcoder, Unsupported};
use crate::error::{Flow, LispResult};
use crate::machine::Vm;
use crate::rt::{ImageOption, Symbol};
use crate::symbols::sym;
use crate::value::Value;

/// How many arguments `define-coding-system-internal` has; what follows is for the type alone.
const DEFINITION: usize = 13;

pub(super) static SUBRS: [SubrDesc; 18] = [
    subr("coding-system-p", 1, 1, |vm, a| {
        let known = a[0].as_symbol().is_some_and(|name| vm.codings.resolve(name).is_some());
        Ok(Value::bool(a[0].is_nil() || known))
    }),
    subr("check-coding-system", 1, 1, |vm, a| {
        let name = vm.check_symbol(a[0])?;
        if a[0].is_true() && vm.codings.resolve(name).is_none() {
            return Err(invalid(vm, a[0]));
        }
        Ok(a[0])
    }),
    subr("define-coding-system-internal", DEFINITION as i16, MANY, define),
    subr("define-coding-system-alias", 2, 2, |vm, a| {
        let alias = vm.check_symbol(a[0])?;
        let resolved = check(vm, a[1])?;
        let decided = vm.codings.get(resolved.system).is_some_and(|system| system.eol == resolved.eol);
        let eol = if decided { Eol::Undecided } else { resolved.eol };
        vm.codings.define_name(CodingName { name: alias, system: resolved.system, eol, is_alias: true });
        if resolved.eol == Eol::Undecided {
            define_variants(vm, alias, resolved.system, true);
        }
        Ok(Value::NIL)
    }),
    subr("coding-system-base", 1, 1, |vm, a| {
        if a[0].is_nil() {
            return Ok(vm.intern("no-conversion"));
        }
        Ok(Value::symbol(check(vm, a[0])?.system))
    }),
    subr("coding-system-aliases", 1, 1, |vm, a| {
        let resolved = check(vm, a[0])?;
        let names = symbols(vm.codings.names_of(resolved));
        Ok(vm.heap.list(&names))
    }),
    subr("coding-system-plist", 1, 1, |vm, a| {
        let resolved = check(vm, a[0])?;
        let properties = vm.codings.get(resolved.system).map(|system| system.properties.to_vec());
        let plist = properties.unwrap_or_default().into_iter();
        let plist: Vec<Value> = plist.flat_map(|(key, value)| [Value::symbol(key), value]).collect();
        Ok(vm.heap.list(&plist))
    }),
    subr("coding-system-put", 3, 3, put),
    subr("coding-system-eol-type", 1, 1, |vm, a| {
        let name = a[0].as_symbol().filter(|_| a[0].is_true());
        let Some(resolved) = name.and_then(|name| vm.codings.resolve(name)) else { return Ok(Value::NIL) };
        Ok(match resolved.eol {
            Eol::Unix => Value::int(0),
            Eol::Dos => Value::int(1),
            Eol::Mac => Value::int(2),
            Eol::Undecided => {
                let variants = [Eol::Unix, Eol::Dos, Eol::Mac]
                    .map(|eol| vm.codings.variant(resolved.system, eol).map_or(Value::NIL, Value::symbol));
                vm.heap.vector(variants.to_vec())
            }
        })
    }),
    subr("coding-system-list", 0, 1, |vm, a| {
        let names = if arg(a, 0).is_true() { vm.codings.systems() } else { vm.codings.all_names() };
        Ok(vm.heap.list(&symbols(names)))
    }),
    subr("coding-system-priority-list", 0, 1, |vm, a| {
        let names = symbols(vm.codings.priority().to_vec());
        if arg(a, 0).is_true() {
            Ok(names.first().copied().unwrap_or_default())
        } else {
            Ok(vm.heap.list(&names))
        }
    }),
    subr("set-coding-system-priority", 0, MANY, |vm, a| {
        let mut first = Vec::with_capacity(a.len());
        for &name in a {
            first.push(check(vm, name)?.system);
        }
        vm.codings.prefer(&first);
        Ok(Value::NIL)
    }),
    subr("set-keyboard-coding-system-internal", 1, 2, |vm, a| {
        vm.codings.keyboard = known_or_nil(vm, a[0])?;
        Ok(Value::NIL)
    }),
    subr("keyboard-coding-system", 0, 1, |vm, _| Ok(or_no_conversion(vm, vm.codings.keyboard))),
    subr("set-terminal-coding-system-internal", 1, 2, |vm, a| {
        vm.codings.terminal = known_or_nil(vm, a[0])?;
        Ok(Value::NIL)
    }),
    subr("terminal-coding-system", 0, 1, |vm, _| Ok(or_no_conversion(vm, vm.codings.terminal))),
    subr("encode-coding-string", 2, 4, |vm, a| {
        let text = string_of(vm, a[0])?;
        let (resolved, system) = system(vm, a[1])?;
        let bytes = transcode(vm, a[1], &system, |to| to.encode(&text, resolved.eol))?;
        note_used(vm, resolved.system, resolved.eol);
        Ok(vm.heap.unibyte(bytes))
    }),
    subr("decode-coding-string", 2, 4, |vm, a| {
        let text = string_of(vm, a[0])?;
        let (resolved, system) = system(vm, a[1])?;
        let bytes = bytes_in(&text);
        let (text, eol) = transcode(vm, a[1], &system, |from| from.decode(&bytes, resolved.eol))?;
        note_used(vm, resolved.system, eol);
        if system.for_unibyte {
            return Ok(vm.heap.unibyte(bytes_in(&text)));
        }
        Ok(vm.string_of(&text))
    }),
];

fn symbols(names: Vec<Symbol>) -> Vec<Value> {
    names.into_iter().map(Value::symbol).collect()
}

fn invalid(vm: &mut Vm, name: Value) -> Flow {
    let condition = vm.intern("coding-system-error");
    vm.signal(condition, &[name])
}

fn check(vm: &mut Vm, v: Value) -> LispResult<Resolved> {
    match v.as_symbol().and_then(|name| vm.codings.resolve(name)) {
        Some(resolved) => Ok(resolved),
        None => {
            let predicate = vm.intern("coding-system-p");
            Err(vm.wrong_type(predicate, v))
        }
    }
}

/// The system that a name or nil stands for.
fn system(vm: &mut Vm, v: Value) -> LispResult<(Resolved, CodingSystem)> {
    let name = or_no_conversion(vm, v);
    let resolved = check(vm, name)?;
    match vm.codings.get(resolved.system) {
        Some(system) => Ok((resolved, system.clone())),
        None => Err(invalid(vm, v)),
    }
}

fn known_or_nil(vm: &mut Vm, v: Value) -> LispResult {
    let name = vm.check_symbol(v)?;
    if v.is_true() && vm.codings.resolve(name).is_none() { Err(invalid(vm, v)) } else { Ok(v) }
}

fn or_no_conversion(vm: &mut Vm, v: Value) -> Value {
    if v.is_nil() { vm.intern("no-conversion") } else { v }
}

fn string_of(vm: &mut Vm, v: Value) -> LispResult<Vec<u32>> {
    if v.is_str() { vm.string_chars(v) } else { Err(vm.wrong_type(sym::stringp, v)) }
}

/// The bytes that a string to decode is: raw bytes are what they are, other characters their internal form.
fn bytes_in(text: &[u32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &character in text {
        match chars::as_raw_byte(character) {
            Some(byte) => out.push(byte),
            None => chars::push(&mut out, character),
        }
    }
    out
}

fn transcode<T>(
    vm: &mut Vm,
    name: Value,
    system: &CodingSystem,
    run: impl FnOnce(&Transcoder<'_>) -> Result<T, Unsupported>,
) -> LispResult<T> {
    let little = vm.symbols.lookup(b"little");
    let result = vm.with_charsets(|charsets, heap| run(&Transcoder { charsets, heap, system, little }));
    result.map_err(|Unsupported| invalid(vm, name))
}

/// Tells the program which system and which ends of lines there were.
fn note_used(vm: &mut Vm, system: Symbol, eol: Eol) {
    let name = vm.codings.variant(system, eol).unwrap_or(system);
    vm.set_global("last-coding-system-used", Value::symbol(name));
}

/// `NAME-unix`, `NAME-dos` and `NAME-mac` of a system.
fn define_variants(vm: &mut Vm, name: Symbol, system: Symbol, is_alias: bool) {
    for (end, eol) in [("-unix", Eol::Unix), ("-dos", Eol::Dos), ("-mac", Eol::Mac)] {
        let variant = [vm.symbols.name(name), end.as_bytes()].concat();
        let variant = vm.symbols.intern(variant);
        vm.codings.define_name(CodingName { name: variant, system, eol, is_alias });
    }
}

/// The arguments: name, mnemonic, type, charsets, ASCII compatible, tables for decoding and encoding, functions after
/// reading and before writing, default character, for unibyte text, properties, type of line ends; then what the type
/// alone knows.
fn define(vm: &mut Vm, a: &[Value]) -> LispResult {
    let name = vm.check_symbol(a[0])?;
    let mnemonic = character(vm, a[1])?;
    let Some(coding_type) = font::named(CodingType::NAMES, vm.name_bytes(a[2])) else {
        return Err(vm.error_about("Invalid coding system type", a[2]));
    };
    let mut charsets = Vec::new();
    for charset in vm.heap.list_elements(a[3], usize::MAX) {
        let known = charset
            .as_symbol()
            .and_then(|name| vm.with_charsets(|charsets, _| charsets.get(name).map(|_| charsets.base(name))));
        match known {
            Some(name) => charsets.push(name),
            None => return Err(vm.error_about("Invalid charset", charset)),
        }
    }
    let eol = match (vm.name_bytes(a[12]), a[12].as_fixnum()) {
        (b"unix", _) | (_, Some(0)) => Eol::Unix,
        (b"dos", _) | (_, Some(1)) => Eol::Dos,
        (b"mac", _) | (_, Some(2)) => Eol::Mac,
        (b"nil", _) => Eol::Undecided,
        _ => return Err(vm.error_about("Invalid eol-type", a[12])),
    };
    let properties = super::charset::plist(vm, a[11])?;
    let parameters: Vec<(i64, Value)> = (0..).zip(a.iter().copied()).skip(DEFINITION).collect();
    let given =
        |place: i64| parameters.iter().find(|(at, _)| *at == place).map_or(Value::NIL, |given| given.1);
    let category = category(vm, coding_type, given(BOM), given(ENDIAN));
    let default_char = if a[9].is_nil() { None } else { Some(character(vm, a[9])?) };
    let system = CodingSystem {
        mnemonic,
        coding_type,
        eol,
        ascii_compatible: a[4].is_true(),
        for_unibyte: a[10].is_true(),
        default_char: default_char.into(),
        charsets: charsets.into(),
        category: ImageOption::some(category),
        post_read: a[7],
        pre_write: a[8],
        decode_table: a[5],
        encode_table: a[6],
        properties: properties.into(),
        parameters: parameters.into(),
    };
    vm.codings.define(name, system);
    if eol == Eol::Undecided {
        define_variants(vm, name, name, false);
    }
    Ok(Value::NIL)
}

fn character(vm: &mut Vm, v: Value) -> LispResult<char> {
    let code = vm.check_char(v)?;
    char::from_u32(code).ok_or_else(|| vm.wrong_type(sym::characterp, v))
}

fn category(vm: &mut Vm, coding_type: CodingType, mark: Value, endian: Value) -> Symbol {
    let mut name = format!("coding-category-{}", font::name_of(CodingType::NAMES, &coding_type));
    match coding_type {
        CodingType::Utf16 => {
            let little = vm.name_bytes(endian) == b"little";
            name.push_str(if little { "-le" } else { "-be" });
            name.push_str(if mark.is_true() { "" } else { "-nosig" });
        }
        CodingType::Utf8 if mark.is_true() => name.push_str("-sig"),
        _ => {}
    }
    vm.symbols.intern(name)
}

/// Changes a property, and what the machine itself keeps of it.
fn put(vm: &mut Vm, a: &[Value]) -> LispResult {
    let resolved = check(vm, a[0])?;
    let key = vm.check_symbol(a[1])?;
    let name = vm.symbols.name(key).to_vec();
    let character = match &name[..] {
        b":mnemonic" => Some(character(vm, a[2])?),
        b":default-char" if a[2].is_true() => Some(character(vm, a[2])?),
        _ => None,
    };
    let Some(system) = vm.codings.get_mut(resolved.system) else { return Ok(a[2]) };
    match (&name[..], character) {
        (b":mnemonic", Some(character)) => system.mnemonic = character,
        (b":default-char", character) => system.default_char = character.into(),
        (b":ascii-compatible-p", _) => system.ascii_compatible = a[2].is_true(),
        (b":post-read-conversion", _) => system.post_read = a[2],
        (b":pre-write-conversion", _) => system.pre_write = a[2],
        (b":decode-translation-table", _) => system.decode_table = a[2],
        (b":encode-translation-table", _) => system.encode_table = a[2],
        _ => {}
    }
    match system.properties.iter().position(|property| property.0 == key) {
        Some(at) => system.properties[at].1 = a[2],
        None => system.properties.push((key, a[2])),
    }
    Ok(a[2])
}
