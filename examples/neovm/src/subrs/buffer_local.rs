//! Variables of buffers, defaults and aliases.

use super::{SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::{Vm, symbol_of};
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;
use crate::variable::{Forward, LocalVar, Place};

pub(super) static SUBRS: [SubrDesc; 15] = [
    subr("make-local-variable", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        vm.localize(symbol, false)?;
        if vm.local_value(symbol, None).is_none() {
            let (here, value) = (vm.here()?.id, vm.find_default(symbol));
            vm.set_local(symbol, here, value)?;
        }
        Ok(a[0])
    }),
    subr("make-variable-buffer-local", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        vm.localize(symbol, true)?;
        Ok(a[0])
    }),
    subr("kill-local-variable", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let here = vm.here()?.id;
        vm.kill_local(symbol, here).map(|()| a[0])
    }),
    subr("kill-all-local-variables", 0, 1, kill_all),
    subr("local-variable-p", 1, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let id = vm.buffer_arg(arg(a, 1))?;
        Ok(Value::bool(vm.local_value(symbol, Some(id)).is_some()))
    }),
    subr("local-variable-if-set-p", 1, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let id = vm.buffer_arg(arg(a, 1))?;
        let value = vm.obarray.cell(vm.indirect_variable(symbol)).value;
        let automatic = vm.heap.get::<LocalVar>(value).is_some_and(|local| local.local_if_set.get())
            || vm.heap.get::<Forward>(value).is_some_and(|forward| forward.desc.place != Place::Own);
        Ok(Value::bool(automatic || vm.local_value(symbol, Some(id)).is_some()))
    }),
    subr("buffer-local-value", 2, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let id = vm.buffer_arg(a[1])?;
        match vm.local_value(symbol, Some(id)).unwrap_or_else(|| vm.find_default(symbol)) {
            Value::UNBOUND => Err(vm.signal(sym::void_variable, &a[..1])),
            value => Ok(value),
        }
    }),
    subr("buffer-local-boundp", 2, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let id = vm.buffer_arg(a[1])?;
        let value = vm.local_value(symbol, Some(id)).unwrap_or_else(|| vm.find_default(symbol));
        Ok(Value::bool(value != Value::UNBOUND))
    }),
    subr("buffer-local-variables", 0, 1, |vm, a| {
        let id = vm.buffer_arg(arg(a, 0))?;
        let locals = vm.buffers.get(id).map_or(Value::NIL, |buffer| buffer.locals);
        let mut all = Vec::new();
        for pair in vm.heap.list_elements(locals, usize::MAX) {
            let (name, value) = (vm.heap.car(pair), vm.heap.cdr(pair));
            all.push(if value == Value::UNBOUND { name } else { vm.heap.cons(name, value) });
        }
        for desc in crate::variable::all() {
            let symbol = vm.symbols.intern(desc.name);
            if let Some(value) = vm.local_value(symbol, Some(id)) {
                all.push(vm.heap.cons(Value::symbol(symbol), value));
            }
        }
        Ok(vm.heap.list(&all))
    }),
    subr("default-boundp", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        Ok(Value::bool(vm.find_default(symbol) != Value::UNBOUND))
    }),
    subr("default-toplevel-value", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        match vm.top_level_default(symbol) {
            Value::UNBOUND => Err(vm.signal(sym::void_variable, a)),
            value => Ok(value),
        }
    }),
    subr("set-default-toplevel-value", 2, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        vm.set_top_level_default(symbol, a[1]).map(|()| Value::NIL)
    }),
    subr("defvaralias", 2, 3, |vm, a| {
        let (alias, target) = (vm.check_symbol(a[0])?, vm.check_symbol(a[1])?);
        vm.alias_variable(alias, target)?;
        if arg(a, 2).is_true() {
            vm.put_property(alias, sym::variable_documentation, a[2]);
        }
        Ok(a[1])
    }),
    subr("indirect-variable", 1, 1, |vm, a| {
        Ok(a[0].as_symbol().map_or(a[0], |symbol| Value::symbol(vm.indirect_variable(symbol))))
    }),
    subr("special-variable-localized-p", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let flags = vm.obarray.cell(vm.indirect_variable(symbol)).flags;
        Ok(Value::bool(flags & (SymbolCell::LOCAL | SymbolCell::FORWARD) != 0))
    }),
];

/// Gives up all values that the current buffer has for itself, but for those whose symbols say that they are
/// permanent.
fn kill_all(vm: &mut Vm, a: &[Value]) -> LispResult {
    let (here, locals) = (vm.here()?.id, vm.here()?.locals);
    let permanent = vm.intern("permanent-local");
    let all = arg(a, 0).is_true();
    let kept: Vec<Value> = vm
        .heap
        .list_elements(locals, usize::MAX)
        .into_iter()
        .filter(|&pair| !all && vm.get_property(symbol_of(vm.heap.car(pair)), permanent).is_true())
        .collect();
    let locals = vm.heap.list(&kept);
    if let Some(buffer) = vm.buffers.current_mut() {
        buffer.locals = locals;
        buffer.keymap = Value::NIL;
    }
    for desc in crate::variable::all() {
        let symbol = vm.symbols.intern(desc.name);
        let stays = !all && vm.get_property(symbol, permanent).is_true();
        if matches!(desc.place, Place::Slot { always: false, .. }) && !stays {
            vm.kill_local(symbol, here)?;
        }
    }
    for name in ["major-mode", "mode-name"] {
        let symbol = vm.symbols.intern(name);
        let value = vm.find_default(symbol);
        vm.set_local(symbol, here, value)?;
    }
    Ok(Value::NIL)
}
