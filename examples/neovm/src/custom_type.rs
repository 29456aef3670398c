//! The types of user options: read from their forms, shown as forms, and asked whether they accept a value.

use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::{Alternative, CustomType, LispString};
use crate::symbols::sym;
use crate::value::Value;

/// The types without parts, by name.
const SIMPLE: &[(&str, CustomType)] = &[
    ("boolean", CustomType::Boolean),
    ("integer", CustomType::Integer),
    ("natnum", CustomType::Natnum),
    ("float", CustomType::Float),
    ("number", CustomType::Number),
    ("string", CustomType::String),
    ("regexp", CustomType::Regexp),
    ("character", CustomType::Character),
    ("symbol", CustomType::Symbol),
    ("function", CustomType::Function),
    ("variable", CustomType::Variable),
    ("face", CustomType::Face),
    ("hook", CustomType::Hook),
    ("file", CustomType::File),
    ("directory", CustomType::Directory),
    ("color", CustomType::Color),
    ("sexp", CustomType::Sexp),
];

/// Reads a type. A form nested too deep is an error of the program, as it is for the evaluator.
pub(crate) fn parse(vm: &mut Vm, form: Value, options: Value) -> LispResult<CustomType> {
    let kind = nested(vm, |vm| parse_form(vm, form))?;
    let options = vm.proper_list(options)?;
    Ok(if options.is_empty() { kind } else { CustomType::WithOptions(Box::new(kind), options) })
}

/// One level of a type that contains types.
fn nested<T>(vm: &mut Vm, f: impl FnOnce(&mut Vm) -> LispResult<T>) -> LispResult<T> {
    vm.enter()?;
    let result = f(vm);
    vm.depth -= 1;
    result
}

fn parse_form(vm: &mut Vm, form: Value) -> LispResult<CustomType> {
    if form.is_nil() {
        return Ok(CustomType::Sexp);
    }
    let parts = if form.is_cons() { vm.proper_list(form)? } else { vec![form] };
    let Some(head) = parts[0].as_symbol() else { return Ok(CustomType::Other(form)) };
    let head = vm.symbols.name(head).to_vec();
    // Keywords with their values stand in front of the parts.
    let mut at = 1;
    while parts.get(at).and_then(|part| part.as_symbol()).is_some_and(|part| vm.is_keyword(part)) {
        at += 2;
    }
    let (words, rest) =
        (parts[1..at.min(parts.len())].to_vec(), parts.get(at..).unwrap_or_default().to_vec());
    let word = |vm: &mut Vm, name: &str| {
        let key = vm.intern(name);
        words.chunks_exact(2).find(|pair| pair[0] == key).map(|pair| pair[1])
    };
    let part = |vm: &mut Vm, form: Option<Value>| -> LispResult<Box<CustomType>> {
        nested(vm, |vm| parse_form(vm, form.unwrap_or(Value::NIL))).map(Box::new)
    };
    Ok(match head.as_slice() {
        b"const" | b"other" | b"function-item" | b"variable-item" => {
            CustomType::Const(rest.first().copied().unwrap_or(Value::NIL))
        }
        b"choice" | b"radio" => CustomType::Choice(alternatives(vm, &rest)?),
        b"set" | b"checklist" => CustomType::Set(alternatives(vm, &rest)?),
        b"list" | b"group" => CustomType::List(alternatives(vm, &rest)?),
        b"repeat" | b"editable-list" => CustomType::Repeat(part(vm, rest.first().copied())?),
        b"cons" => {
            let first = part(vm, rest.first().copied())?;
            CustomType::Cons(first, part(vm, rest.get(1).copied())?)
        }
        b"alist" => {
            let key = word(vm, ":key-type");
            let key = part(vm, key)?;
            let value = word(vm, ":value-type");
            CustomType::Alist { key, value: part(vm, value)? }
        }
        name => match SIMPLE.iter().find(|(simple, _)| simple.as_bytes() == name) {
            Some((_, kind)) => kind.clone(),
            None => CustomType::Other(form),
        },
    })
}

fn alternatives(vm: &mut Vm, forms: &[Value]) -> LispResult<Vec<Alternative>> {
    let mut all = Vec::with_capacity(forms.len());
    for &form in forms {
        let mut rest = vm.heap.cdr(form);
        let mut tag = None;
        while let Some(key) = vm.heap.car(rest).as_symbol().filter(|&key| vm.is_keyword(key)) {
            let value = vm.heap.car(vm.heap.cdr(rest));
            if Value::symbol(key) == sym::tag {
                tag = LispString::of(&vm.heap, value);
            }
            rest = vm.heap.cdr(vm.heap.cdr(rest));
        }
        let kind = nested(vm, |vm| parse_form(vm, form))?;
        all.push(Alternative { tag, kind });
    }
    Ok(all)
}

/// The type as a form.
pub(crate) fn to_value(vm: &mut Vm, kind: &CustomType) -> LispResult {
    nested(vm, |vm| {
        let (head, parts) = match kind {
            CustomType::Const(value) => ("const", vec![*value]),
            CustomType::Choice(all) => ("choice", list(vm, all)?),
            CustomType::Set(all) => ("set", list(vm, all)?),
            CustomType::List(all) => ("list", list(vm, all)?),
            CustomType::Repeat(one) => ("repeat", vec![to_value(vm, one)?]),
            CustomType::Cons(first, second) => ("cons", vec![to_value(vm, first)?, to_value(vm, second)?]),
            CustomType::Alist { key, value } => ("alist", vec![to_value(vm, key)?, to_value(vm, value)?]),
            CustomType::WithOptions(one, options) => {
                let one = to_value(vm, one)?;
                ("with-options", vec![one, vm.heap.list(options)])
            }
            CustomType::Other(form) => return Ok(*form),
            simple => {
                let same =
                    |other: &CustomType| std::mem::discriminant(other) == std::mem::discriminant(simple);
                let name = SIMPLE.iter().find(|(_, other)| same(other)).map_or("sexp", |(name, _)| name);
                return Ok(vm.intern(name));
            }
        };
        let head = vm.intern(head);
        let parts = vm.heap.list(&parts);
        Ok(vm.heap.cons(head, parts))
    })
}

fn list(vm: &mut Vm, all: &[Alternative]) -> LispResult<Vec<Value>> {
    let mut parts = Vec::with_capacity(all.len());
    for one in all {
        let kind = to_value(vm, &one.kind)?;
        parts.push(match &one.tag {
            Some(tag) => {
                let tag = tag.to_value(&mut vm.heap);
                vm.heap.cons(tag, kind)
            }
            None => kind,
        });
    }
    Ok(parts)
}

/// Whether an option of a type may have a value.
pub(crate) fn accepts(vm: &mut Vm, kind: &CustomType, value: Value) -> LispResult<bool> {
    nested(vm, |vm| {
        let elements = if value.is_nil() || value.is_cons() { vm.proper_list(value).ok() } else { None };
        Ok(match kind {
            CustomType::Boolean => value.is_nil() || value == Value::T,
            CustomType::Integer => value.as_fixnum().is_some(),
            CustomType::Natnum => value.as_fixnum().is_some_and(|n| n >= 0),
            CustomType::Float => value.is_float(),
            CustomType::Number => value.is_float() || value.as_fixnum().is_some(),
            CustomType::String | CustomType::Regexp | CustomType::File | CustomType::Directory => {
                value.is_str()
            }
            CustomType::Color => value.is_str(),
            CustomType::Character => vm.check_char(value).is_ok(),
            CustomType::Symbol | CustomType::Variable | CustomType::Face => value.is_symbol(),
            CustomType::Function => value.is_symbol() || vm.is_function(value),
            CustomType::Hook => elements.is_some() || value.is_symbol() || vm.is_function(value),
            CustomType::Sexp | CustomType::Other(_) => true,
            CustomType::Const(only) => crate::equal::equal(&vm.heap, *only, value),
            CustomType::Choice(all) => any(vm, all, value)?,
            CustomType::Set(all) => {
                let Some(elements) = elements else { return Ok(false) };
                for element in elements {
                    if !any(vm, all, element)? {
                        return Ok(false);
                    }
                }
                true
            }
            CustomType::List(all) => {
                let Some(elements) = elements.filter(|e| e.len() == all.len()) else { return Ok(false) };
                for (one, element) in all.iter().zip(elements) {
                    if !accepts(vm, &one.kind, element)? {
                        return Ok(false);
                    }
                }
                true
            }
            CustomType::Repeat(one) => {
                let Some(elements) = elements else { return Ok(false) };
                for element in elements {
                    if !accepts(vm, one, element)? {
                        return Ok(false);
                    }
                }
                true
            }
            CustomType::Cons(first, second) => pair(vm, first, second, value)?,
            CustomType::Alist { key, value: of } => {
                let Some(elements) = elements else { return Ok(false) };
                for element in elements {
                    if !pair(vm, key, of, element)? {
                        return Ok(false);
                    }
                }
                true
            }
            CustomType::WithOptions(one, _) => accepts(vm, one, value)?,
        })
    })
}

fn any(vm: &mut Vm, all: &[Alternative], value: Value) -> LispResult<bool> {
    for one in all {
        if accepts(vm, &one.kind, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn pair(vm: &mut Vm, first: &CustomType, second: &CustomType, value: Value) -> LispResult<bool> {
    let (car, cdr) = (vm.heap.car(value), vm.heap.cdr(value));
    Ok(value.is_cons() && accepts(vm, first, car)? && accepts(vm, second, cdr)?)
}
