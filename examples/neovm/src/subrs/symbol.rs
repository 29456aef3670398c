//! Symbols, what they hold, and the type of values.

use super::{SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::{Vm, symbol_of};
use crate::object::{Kind, Subr};
use crate::symbols::{SymbolCell, sym};
use crate::value::{MOST_NEGATIVE_FIXNUM, MOST_POSITIVE_FIXNUM, Value};

pub(super) static SUBRS: [SubrDesc; 25] = [
    subr("symbolp", 1, 1, |vm, a| Ok(Value::bool(vm.is_symbol(a[0])))),
    subr("keywordp", 1, 1, |vm, a| Ok(Value::bool(a[0].as_symbol().is_some_and(|s| vm.is_keyword(s))))),
    subr("booleanp", 1, 1, |_, a| Ok(Value::bool(a[0] == Value::NIL || a[0] == Value::T))),
    subr("subrp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.kind(a[0]) == Some(Kind::Subr)))),
    subr("symbol-name", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let name = vm.symbols.name(symbol).to_vec();
        Ok(vm.heap.string(name))
    }),
    subr("make-symbol", 1, 1, |vm, a| {
        let name = name_of(vm, a[0])?;
        Ok(Value::symbol(vm.symbols.uninterned(name)))
    }),
    subr("gensym", 0, 1, |vm, a| {
        let prefix = if arg(a, 0).is_str() { name_of(vm, a[0])? } else { b"g".to_vec() };
        let name = [prefix, vm.gensym.to_string().into_bytes()].concat();
        vm.gensym += 1;
        Ok(Value::symbol(vm.symbols.uninterned(name)))
    }),
    subr("symbol-value", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        match vm.find_value(symbol) {
            Value::UNBOUND if vm.is_keyword(symbol) => Ok(a[0]),
            Value::UNBOUND => Err(vm.signal(sym::void_variable, a)),
            value => Ok(value),
        }
    }),
    subr("default-value", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let value = vm.find_default(symbol);
        if value == Value::UNBOUND { Err(vm.signal(sym::void_variable, a)) } else { Ok(value) }
    }),
    subr("boundp", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        Ok(Value::bool(vm.find_value(symbol) != Value::UNBOUND || vm.is_keyword(symbol)))
    }),
    subr("set", 2, 2, |vm, a| vm.set(a[0], a[1]).map(|()| a[1])),
    subr("set-default", 2, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        vm.set_default(symbol, a[1]).map(|()| a[1])
    }),
    subr("makunbound", 1, 1, |vm, a| vm.set(a[0], Value::UNBOUND).map(|()| a[0])),
    subr("symbol-function", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        Ok(vm.obarray.cell(symbol).function)
    }),
    subr("indirect-function", 1, 2, |vm, a| vm.indirect_function(a[0])),
    subr("fboundp", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        Ok(Value::bool(vm.obarray.cell(symbol).function.is_true()))
    }),
    subr("fset", 2, 2, set_function),
    subr("defalias", 2, 3, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        // Whoever stands in front of the function puts the new one behind itself.
        let property = vm.intern("defalias-fset-function");
        match vm.get_property(symbol, property) {
            Value::NIL => set_function(vm, a)?,
            define => vm.funcall(define, &a[..2])?,
        };
        if arg(a, 2).is_true() {
            vm.put_property(symbol_of(a[0]), sym::function_documentation, a[2]);
        }
        Ok(a[0])
    }),
    subr("fmakunbound", 1, 1, |vm, a| set_function(vm, &[a[0], Value::NIL]).map(|_| a[0])),
    subr("symbol-plist", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        Ok(vm.obarray.cell(symbol).plist)
    }),
    subr("setplist", 2, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        vm.obarray.cell_mut(symbol).plist = a[1];
        Ok(a[1])
    }),
    subr("get", 2, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        Ok(vm.get_property(symbol, a[1]))
    }),
    subr("put", 3, 3, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        vm.put_property(symbol, a[1], a[2]);
        Ok(a[2])
    }),
    subr("special-variable-p", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        Ok(Value::bool(vm.obarray.cell(symbol).flags & SymbolCell::SPECIAL != 0))
    }),
    subr("type-of", 1, 1, |vm, a| Ok(type_of(vm, a[0]))),
];

pub(super) fn name_of(vm: &mut Vm, v: Value) -> LispResult<Vec<u8>> {
    let mut name = Vec::new();
    for c in vm.string_chars(v)? {
        crate::chars::push(&mut name, c);
    }
    Ok(name)
}

fn set_function(vm: &mut Vm, a: &[Value]) -> LispResult {
    let symbol = vm.check_symbol(a[0])?;
    if a[0].is_nil() && a[1].is_true() {
        return Err(vm.signal(sym::setting_constant, &a[..1]));
    }
    vm.obarray.cell_mut(symbol).function = a[1];
    Ok(a[1])
}

fn type_of(vm: &Vm, v: Value) -> Value {
    if v.is_symbol() {
        return sym::symbol;
    }
    match vm.heap.kind(v) {
        None if v.is_cons() => sym::cons,
        None => sym::integer,
        Some(Kind::Str) => sym::string,
        Some(Kind::Float) => sym::float,
        Some(Kind::Vector) => sym::vector,
        Some(Kind::Record) => {
            vm.heap.as_slots(v).and_then(|slots| slots.first().copied()).unwrap_or(Value::NIL)
        }
        Some(Kind::Lambda) => sym::closure,
        Some(Kind::Macro) => sym::macro_,
        Some(Kind::ByteCode) => sym::compiled_function,
        Some(Kind::CharTable) => sym::char_table,
        Some(Kind::SubCharTable) => sym::sub_char_table,
        Some(Kind::BoolVector) => sym::bool_vector,
        Some(Kind::HashTable) => sym::hash_table,
        Some(Kind::Bignum) => sym::integer,
        Some(Kind::SymbolWithPos) => crate::symbol_with_pos::TYPE,
        Some(Kind::LispObarray) => sym::obarray,
        Some(Kind::Subr) => match vm.heap.get::<Subr>(v) {
            Some(subr) if subr.desc.max == super::UNEVALLED => sym::special_form,
            _ => sym::subr,
        },
        Some(Kind::Marker | Kind::MarkerChain) => sym::marker,
        Some(Kind::Overlay) => sym::overlay,
        Some(Kind::BufferHandle) => sym::buffer,
        Some(Kind::WindowHandle) => sym::window,
        Some(Kind::FrameHandle) => sym::frame,
        Some(Kind::TimerHandle) => sym::timer,
        // No program sees where the machine keeps a variable.
        Some(Kind::LocalVar | Kind::Forward) => sym::symbol,
    }
}

/// The variables of the machine and their first values; all are special.
pub(super) fn define_variables(vm: &mut Vm) {
    let pi = vm.heap.float(std::f64::consts::PI);
    let version = vm.heap.string(env!("CARGO_PKG_VERSION"));
    let bound = |n: i64| Value::fixnum(n).unwrap_or(Value::NIL);
    for (name, value) in [
        (sym::features, Value::NIL),
        (sym::load_file_name, Value::NIL),
        (sym::load_path, Value::NIL),
        (sym::print_circle, Value::NIL),
        (sym::max_lisp_eval_depth, Value::int(1600)),
        (sym::standard_output, Value::T),
        (sym::most_positive_fixnum, bound(MOST_POSITIVE_FIXNUM)),
        (sym::most_negative_fixnum, bound(MOST_NEGATIVE_FIXNUM)),
        (sym::float_pi, pi),
        (sym::pi, pi),
        (sym::emacs_version, version),
        (sym::noninteractive, Value::T),
        (sym::command_line_args, Value::NIL),
        (sym::dump_hook, Value::NIL),
        (sym::load_hook, Value::NIL),
    ] {
        let cell = vm.obarray.cell_mut(symbol_of(name));
        cell.value = value;
        cell.flags |= SymbolCell::SPECIAL;
    }
}
