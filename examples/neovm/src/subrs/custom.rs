//! User options and their groups.

use super::keyword::{given, keyword};
use super::{MANY, SubrDesc, arg, subr};
use crate::custom_type;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::{CustomGroup, CustomVariable, LispString, MemberKind};
use crate::rt::Symbol;
use crate::symbols::SymbolCell;
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("custom-declare-variable", 2, MANY, declare_variable),
    subr("custom-declare-group", 2, MANY, declare_group),
    subr("custom-variable-p", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        Ok(Value::bool(vm.custom.variables.contains_key(&symbol)))
    }),
    subr("custom-group-p", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        Ok(Value::bool(vm.custom.groups.contains_key(&symbol)))
    }),
    // What is known of an option: `(custom-variable-info SYMBOL 'saved)`.
    subr("custom-variable-info", 2, 2, variable_info),
    subr("custom-group-info", 2, 2, group_info),
    subr("custom-add-to-group", 3, 3, |vm, a| {
        let (group, member) = (vm.check_symbol(a[0])?, vm.check_symbol(a[1])?);
        let kind = match vm.bytes_of(a[2])? {
            b"custom-variable" => MemberKind::Variable,
            b"custom-group" => MemberKind::Group,
            b"custom-face" => MemberKind::Face,
            _ => return Err(vm.error("A member is a custom-variable, a custom-group or a custom-face")),
        };
        vm.custom.add_member(group, member, kind);
        Ok(Value::NIL)
    }),
    subr("custom-valid-p", 2, 2, |vm, a| {
        let variable = option(vm, a[0])?;
        custom_type::accepts(vm, &variable.kind, a[1]).map(Value::bool)
    }),
    subr("customize-set-variable", 2, 3, |vm, a| {
        let variable = option(vm, a[0])?;
        assign(vm, &variable, a[0], a[1])?;
        let symbol = vm.check_symbol(a[0])?;
        if let Some(variable) = vm.custom.variables.get_mut(&symbol) {
            variable.customized = Some(a[1]);
        }
        Ok(a[1])
    }),
    subr("customize-save-variable", 2, 3, |vm, a| {
        let variable = option(vm, a[0])?;
        assign(vm, &variable, a[0], a[1])?;
        let symbol = vm.check_symbol(a[0])?;
        if let Some(variable) = vm.custom.variables.get_mut(&symbol) {
            (variable.saved, variable.customized) = (Some(a[1]), None);
        }
        Ok(a[1])
    }),
    subr("custom-reset-variable", 1, 1, |vm, a| {
        let variable = option(vm, a[0])?;
        let value = standard_value(vm, &variable)?;
        assign(vm, &variable, a[0], value)?;
        let symbol = vm.check_symbol(a[0])?;
        if let Some(variable) = vm.custom.variables.get_mut(&symbol) {
            (variable.saved, variable.customized) = (None, None);
        }
        Ok(value)
    }),
    subr("custom-variables", 0, 0, |vm, _| {
        Ok(sorted(vm, |vm| vm.custom.variables.keys().copied().collect()))
    }),
    subr("custom-groups", 0, 0, |vm, _| Ok(sorted(vm, |vm| vm.custom.groups.keys().copied().collect()))),
];

/// A list of symbols in the order in which they were interned.
fn sorted(vm: &mut Vm, symbols: fn(&Vm) -> Vec<Symbol>) -> Value {
    let mut symbols = symbols(vm);
    symbols.sort_by_key(|symbol| symbol.id());
    let values: Vec<Value> = symbols.into_iter().map(Value::symbol).collect();
    vm.heap.list(&values)
}

fn option(vm: &mut Vm, name: Value) -> LispResult<CustomVariable> {
    let symbol = vm.check_symbol(name)?;
    match vm.custom.variables.get(&symbol) {
        Some(variable) => Ok(variable.clone()),
        None => {
            let message = format!("{} is no user option", vm.prin1(name));
            Err(vm.error(message))
        }
    }
}

fn standard_value(vm: &mut Vm, variable: &CustomVariable) -> LispResult {
    let lexical = vm.heap.list(&[Value::T]);
    let saved = std::mem::replace(&mut vm.lexenv, lexical);
    vm.stack.push(saved);
    let result = vm.eval(variable.standard);
    vm.lexenv = saved;
    result
}

/// Sets an option the way it wants to be set, to a value that it may have.
fn assign(vm: &mut Vm, variable: &CustomVariable, name: Value, value: Value) -> LispResult<()> {
    if !custom_type::accepts(vm, &variable.kind, value)? {
        let message = format!("{} is no value for {}", vm.prin1(value), vm.prin1(name));
        return Err(vm.error(message));
    }
    vm.stack.push(value);
    match variable.set {
        Some(set) => vm.funcall(set, &[name, value]).map(drop),
        None => vm.check_symbol(name).and_then(|symbol| vm.set_default(symbol, value)),
    }
}

fn declare_variable(vm: &mut Vm, a: &[Value]) -> LispResult {
    let symbol = vm.check_symbol(a[0])?;
    let args = a.get(3..).unwrap_or_default();
    let form = keyword(vm, args, ":type");
    let options = keyword(vm, args, ":options");
    let kind = custom_type::parse(vm, form, options)?;
    let group = given(vm, args, ":group").map(|group| vm.check_symbol(group)).transpose()?;
    let requires = match given(vm, args, ":require") {
        Some(feature) => vec![vm.check_symbol(feature)?],
        None => Vec::new(),
    };
    let version = keyword(vm, args, ":version");
    let old = vm.custom.variables.get(&symbol);
    let (saved, customized) = old.map_or((None, None), |old| (old.saved, old.customized));
    let variable = CustomVariable {
        standard: a[1],
        saved,
        customized,
        docstring: LispString::of(&vm.heap, arg(a, 2)),
        kind,
        form,
        group,
        set: given(vm, args, ":set"),
        get: given(vm, args, ":get"),
        initialize: given(vm, args, ":initialize"),
        requires,
        version: LispString::of(&vm.heap, version),
        risky: keyword(vm, args, ":risky").is_true(),
        local: keyword(vm, args, ":local").is_true(),
    };
    if let Some(group) = group {
        vm.custom.add_member(group, symbol, MemberKind::Variable);
    }
    vm.custom.variables.insert(symbol, variable.clone());
    vm.obarray.cell_mut(symbol).flags |= SymbolCell::SPECIAL;
    if let Some(initialize) = variable.initialize {
        vm.funcall(initialize, &[a[0], a[1]])?;
    } else if vm.find_default(symbol) == Value::UNBOUND {
        let value = match saved {
            Some(saved) => saved,
            None => standard_value(vm, &variable)?,
        };
        vm.stack.push(value);
        match variable.set {
            Some(set) => vm.funcall(set, &[a[0], value]).map(drop)?,
            None => vm.set_default(symbol, value)?,
        }
    }
    Ok(a[0])
}

fn declare_group(vm: &mut Vm, a: &[Value]) -> LispResult {
    let symbol = vm.check_symbol(a[0])?;
    let args = a.get(3..).unwrap_or_default();
    let parent = given(vm, args, ":group").map(|group| vm.check_symbol(group)).transpose()?;
    let (tag, prefix) = (keyword(vm, args, ":tag"), keyword(vm, args, ":prefix"));
    let group = CustomGroup {
        docstring: LispString::of(&vm.heap, arg(a, 2)),
        parent,
        tag: LispString::of(&vm.heap, tag),
        prefix: LispString::of(&vm.heap, prefix),
        members: vm.custom.groups.remove(&symbol).map(|old| old.members).unwrap_or_default(),
    };
    vm.custom.groups.insert(symbol, group);
    if let Some(parent) = parent {
        vm.custom.add_member(parent, symbol, MemberKind::Group);
    }
    for member in vm.proper_list(a[1])? {
        let name = vm.heap.car(member);
        let name = vm.check_symbol(name)?;
        vm.custom.add_member(symbol, name, MemberKind::Variable);
    }
    Ok(a[0])
}

fn variable_info(vm: &mut Vm, a: &[Value]) -> LispResult {
    let variable = option(vm, a[0])?;
    let key = vm.bytes_of(a[1])?.to_vec();
    let one = |vm: &mut Vm, value: Option<Value>| value.map_or(Value::NIL, |value| vm.heap.list(&[value]));
    Ok(match key.as_slice() {
        b"standard" => variable.standard,
        // A value may be nil, so these are lists of it.
        b"saved" => one(vm, variable.saved),
        b"customized" => one(vm, variable.customized),
        b"docstring" => vm.string_or_nil(variable.docstring),
        b"type" => variable.form,
        b"kind" => custom_type::to_value(vm, &variable.kind)?,
        b"group" => variable.group.map_or(Value::NIL, Value::symbol),
        b"set" => variable.set.unwrap_or(Value::NIL),
        b"get" => variable.get.unwrap_or(Value::NIL),
        b"initialize" => variable.initialize.unwrap_or(Value::NIL),
        b"requires" => {
            let features: Vec<Value> = variable.requires.into_iter().map(Value::symbol).collect();
            vm.heap.list(&features)
        }
        b"version" => vm.string_or_nil(variable.version),
        b"risky" => Value::bool(variable.risky),
        b"local" => Value::bool(variable.local),
        _ => return Err(unknown(vm, a[1])),
    })
}

fn group_info(vm: &mut Vm, a: &[Value]) -> LispResult {
    let symbol = vm.check_symbol(a[0])?;
    let Some(group) = vm.custom.groups.get(&symbol).cloned() else { return Ok(Value::NIL) };
    let key = vm.bytes_of(a[1])?.to_vec();
    Ok(match key.as_slice() {
        b"docstring" => vm.string_or_nil(group.docstring),
        b"parent" => group.parent.map_or(Value::NIL, Value::symbol),
        b"tag" => vm.string_or_nil(group.tag),
        b"prefix" => vm.string_or_nil(group.prefix),
        b"members" => {
            let mut members = Vec::new();
            for (member, kind) in group.members {
                let kind = vm.intern(match kind {
                    MemberKind::Variable => "custom-variable",
                    MemberKind::Group => "custom-group",
                    MemberKind::Face => "custom-face",
                });
                members.push(vm.heap.list(&[Value::symbol(member), kind]));
            }
            vm.heap.list(&members)
        }
        _ => return Err(unknown(vm, a[1])),
    })
}

/// The error of a question that nothing answers.
pub(super) fn unknown(vm: &mut Vm, key: Value) -> crate::error::Flow {
    let message = format!("Nothing is known under {}", vm.prin1(key));
    vm.error(message)
}
