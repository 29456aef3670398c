//! Special forms.

use super::{SubrDesc, UNEVALLED, arg, subr};
use crate::error::{Flow, LispResult};
use crate::machine::{Vm, symbol_of};
use crate::object::{Kind, Lambda};
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;
use crate::variable::Scope;

pub(super) static SUBRS: [SubrDesc; 20] = [
    subr("quote", 1, UNEVALLED, |vm, a| Ok(vm.heap.car(a[0]))),
    subr("function", 1, UNEVALLED, function),
    subr("progn", 0, UNEVALLED, |vm, a| vm.progn(a[0])),
    subr("prog1", 1, UNEVALLED, |vm, a| prog_nth(vm, a[0])),
    subr("prog2", 2, UNEVALLED, |vm, a| {
        let first = vm.heap.car(a[0]);
        vm.eval(first)?;
        let rest = vm.heap.cdr(a[0]);
        prog_nth(vm, rest)
    }),
    subr("if", 2, UNEVALLED, |vm, a| {
        let test = vm.heap.car(a[0]);
        let rest = vm.heap.cdr(a[0]);
        vm.stack.push(rest);
        if vm.eval(test)?.is_true() {
            let then = vm.heap.car(rest);
            vm.eval(then)
        } else {
            let otherwise = vm.heap.cdr(rest);
            vm.progn(otherwise)
        }
    }),
    subr("and", 0, UNEVALLED, |vm, a| until(vm, a[0], Value::T, |v| v.is_nil())),
    subr("or", 0, UNEVALLED, |vm, a| until(vm, a[0], Value::NIL, |v| v.is_true())),
    subr("cond", 0, UNEVALLED, cond),
    subr("while", 1, UNEVALLED, |vm, a| {
        let (test, body) = (vm.heap.car(a[0]), vm.heap.cdr(a[0]));
        vm.stack.extend([test, body]);
        while vm.eval(test)?.is_true() {
            vm.progn(body)?;
            vm.safe_point();
        }
        Ok(Value::NIL)
    }),
    subr("let", 1, UNEVALLED, |vm, a| scoped(vm, |vm| let_parallel(vm, a[0]))),
    subr("let*", 1, UNEVALLED, |vm, a| scoped(vm, |vm| let_sequential(vm, a[0]))),
    subr("setq", 0, UNEVALLED, |vm, a| assign(vm, a[0], Vm::set_variable)),
    subr("setq-default", 0, UNEVALLED, |vm, a| {
        assign(vm, a[0], |vm, name, value| {
            let symbol = vm.check_symbol(name)?;
            vm.set_default(symbol, value)
        })
    }),
    subr("defvar", 1, UNEVALLED, |vm, a| define(vm, a[0], false)),
    subr("defconst", 2, UNEVALLED, |vm, a| define(vm, a[0], true)),
    subr("catch", 1, UNEVALLED, catch),
    subr("unwind-protect", 1, UNEVALLED, unwind_protect),
    subr("condition-case", 2, UNEVALLED, condition_case),
    subr("interactive", 0, UNEVALLED, |_, _| Ok(Value::NIL)),
];

fn function(vm: &mut Vm, a: &[Value]) -> LispResult {
    let target = vm.heap.car(a[0]);
    if vm.heap.car(target) != sym::lambda {
        return Ok(target);
    }
    let definition = vm.heap.cdr(target);
    let slots = vm.closure_slots(definition);
    Ok(vm.heap.slots::<Lambda>(slots))
}

/// The value of the first form, after all are evaluated.
fn prog_nth(vm: &mut Vm, forms: Value) -> LispResult {
    let (first, rest) = (vm.heap.car(forms), vm.heap.cdr(forms));
    vm.stack.push(rest);
    let value = vm.eval(first)?;
    vm.stack.push(value);
    vm.progn(rest)?;
    Ok(value)
}

/// Evaluates forms until one has a value that ends it; the last value.
fn until(vm: &mut Vm, forms: Value, empty: Value, end: fn(Value) -> bool) -> LispResult {
    let place = vm.stack.len();
    vm.stack.push(forms);
    let (mut rest, mut last) = (forms, empty);
    while let Some(link) = vm.heap.as_cons(rest) {
        let form = link.car.get();
        rest = link.cdr.get();
        vm.stack[place] = rest;
        last = vm.eval(form)?;
        if end(last) {
            break;
        }
    }
    Ok(last)
}

fn cond(vm: &mut Vm, a: &[Value]) -> LispResult {
    let place = vm.stack.len();
    let mut rest = a[0];
    vm.stack.extend([rest, Value::NIL]);
    while let Some(link) = vm.heap.as_cons(rest) {
        let clause = link.car.get();
        rest = link.cdr.get();
        vm.stack[place] = rest;
        vm.stack[place + 1] = clause;
        let test = vm.heap.car(clause);
        let value = vm.eval(test)?;
        if value.is_true() {
            let body = vm.heap.cdr(clause);
            return if body.is_nil() { Ok(value) } else { vm.progn(body) };
        }
    }
    Ok(Value::NIL)
}

/// Restores environment and bindings after `f`.
fn scoped(vm: &mut Vm, f: impl FnOnce(&mut Vm) -> LispResult) -> LispResult {
    let (saved, bindings) = (vm.lexenv, vm.bindings.len());
    vm.stack.push(saved);
    let result = f(vm);
    vm.lexenv = saved;
    vm.unbind(bindings);
    result
}

/// A binding of a `let`: the variable and the form of its value.
fn binding(vm: &mut Vm, spec: Value) -> LispResult<(Value, Value)> {
    if spec.is_symbol() {
        return Ok((spec, Value::NIL));
    }
    let Some(cons) = vm.heap.as_cons(spec) else { return Err(vm.wrong_type(sym::listp, spec)) };
    let (name, rest) = (cons.car.get(), cons.cdr.get());
    if vm.heap.cdr(rest).is_true() {
        return Err(vm.error("`let' bindings can have only one value-form"));
    }
    Ok((name, vm.heap.car(rest)))
}

fn let_parallel(vm: &mut Vm, args: Value) -> LispResult {
    let (specs, body) = (vm.heap.car(args), vm.heap.cdr(args));
    let specs = vm.heap.list_elements(specs, usize::MAX);
    vm.stack.push(body);
    vm.stack.extend_from_slice(&specs);
    let values = vm.stack.len();
    for &spec in &specs {
        let form = binding(vm, spec)?.1;
        let value = vm.eval(form)?;
        vm.stack.push(value);
    }
    let mut env = vm.lexenv;
    for (at, &spec) in specs.iter().enumerate() {
        let name = binding(vm, spec)?.0;
        let value = vm.stack[values + at];
        vm.bind_variable(name, value, &mut env)?;
    }
    vm.lexenv = env;
    vm.progn(body)
}

fn let_sequential(vm: &mut Vm, args: Value) -> LispResult {
    let (specs, body) = (vm.heap.car(args), vm.heap.cdr(args));
    let specs = vm.heap.list_elements(specs, usize::MAX);
    vm.stack.push(body);
    vm.stack.extend_from_slice(&specs);
    for &spec in &specs {
        let (name, form) = binding(vm, spec)?;
        let value = vm.eval(form)?;
        let mut env = vm.lexenv;
        vm.bind_variable(name, value, &mut env)?;
        vm.lexenv = env;
    }
    vm.progn(body)
}

fn assign(vm: &mut Vm, args: Value, set: fn(&mut Vm, Value, Value) -> LispResult<()>) -> LispResult {
    let parts = vm.heap.list_elements(args, usize::MAX);
    if !parts.len().is_multiple_of(2) {
        return Err(vm.signal(sym::wrong_number_of_arguments, &[sym::setq, Value::int(parts.len())]));
    }
    vm.stack.extend_from_slice(&parts);
    let mut last = Value::NIL;
    for pair in parts.chunks_exact(2) {
        last = vm.eval(pair[1])?;
        set(vm, pair[0], last)?;
    }
    Ok(last)
}

fn define(vm: &mut Vm, args: Value, constant: bool) -> LispResult {
    let parts = vm.heap.list_elements(args, 3);
    let name = arg(&parts, 0);
    let symbol = vm.check_symbol(name)?;
    if parts.len() == 1 {
        // Special from here on, in this scope only.
        if vm.lexenv.is_true() {
            vm.lexenv = vm.heap.cons(name, vm.lexenv);
        }
        return Ok(name);
    }
    if constant || vm.find_default(symbol) == Value::UNBOUND {
        let value = vm.eval(parts[1])?;
        vm.store(symbol, value, Scope::Default)?;
    }
    vm.obarray.cell_mut(symbol).flags |= SymbolCell::SPECIAL;
    Ok(name)
}

fn catch(vm: &mut Vm, a: &[Value]) -> LispResult {
    let (tag, body) = (vm.heap.car(a[0]), vm.heap.cdr(a[0]));
    let tag = vm.eval(tag)?;
    let (catches, stack, bindings, env, depth) =
        (vm.catches.len(), vm.stack.len(), vm.bindings.len(), vm.lexenv, vm.depth);
    vm.catches.push(tag);
    let result = vm.progn(body);
    vm.catches.truncate(catches);
    match result {
        Err(Flow::Throw(thrown, value)) if thrown == tag => {
            vm.stack.truncate(stack);
            vm.unbind(bindings);
            vm.lexenv = env;
            vm.depth = depth;
            Ok(value)
        }
        other => other,
    }
}

fn unwind_protect(vm: &mut Vm, a: &[Value]) -> LispResult {
    let (form, cleanup) = (vm.heap.car(a[0]), vm.heap.cdr(a[0]));
    vm.stack.push(cleanup);
    let stack = vm.stack.len();
    let result = vm.eval(form);
    vm.stack.truncate(stack);
    match result {
        Ok(value) => vm.stack.push(value),
        Err(Flow::Signal(a, b) | Flow::Throw(a, b)) => vm.stack.extend([a, b]),
    }
    vm.progn(cleanup)?;
    result
}

fn condition_case(vm: &mut Vm, a: &[Value]) -> LispResult {
    let parts = vm.heap.list_elements(a[0], usize::MAX);
    let (name, form) = (arg(&parts, 0), arg(&parts, 1));
    vm.stack.extend_from_slice(&parts);
    let (stack, bindings, env, catches, depth) =
        (vm.stack.len(), vm.bindings.len(), vm.lexenv, vm.catches.len(), vm.depth);
    let result = vm.eval(form);
    let handlers = parts.get(2..).unwrap_or_default();
    let (handler, value) = match result {
        Ok(value) => match handlers.iter().find(|h| vm.heap.car(**h) == sym::success) {
            Some(&handler) => (handler, value),
            None => return Ok(value),
        },
        Err(Flow::Signal(condition, data)) => {
            let conditions = vm.conditions(condition);
            let catches = |vm: &Vm, handler: Value| {
                let names = vm.heap.car(handler);
                let names = if names.is_cons() { vm.heap.list_elements(names, 100) } else { vec![names] };
                names.iter().any(|n| *n == Value::T || conditions.contains(n))
            };
            match handlers.iter().find(|h| catches(vm, **h)) {
                Some(&handler) => (handler, vm.heap.cons(condition, data)),
                None => return result,
            }
        }
        Err(_) => return result,
    };
    vm.stack.truncate(stack);
    vm.catches.truncate(catches);
    vm.unbind(bindings);
    vm.lexenv = env;
    vm.depth = depth;
    let body = vm.heap.cdr(handler);
    if name.is_nil() {
        return vm.progn(body);
    }
    scoped(vm, |vm| {
        let mut env = vm.lexenv;
        vm.bind_variable(name, value, &mut env)?;
        vm.lexenv = env;
        vm.progn(body)
    })
}

impl Vm {
    /// The conditions an error counts as.
    pub(crate) fn conditions(&self, condition: Value) -> Vec<Value> {
        let list = self.get_property(symbol_of(condition), sym::error_conditions);
        let mut all = self.heap.list_elements(list, 1000);
        all.push(condition);
        all
    }

    /// Whether a value can be called.
    pub(crate) fn is_function(&mut self, v: Value) -> bool {
        let Ok(function) = self.indirect_function(v) else { return false };
        match self.heap.kind(function) {
            Some(Kind::Lambda | Kind::ByteCode) => true,
            Some(Kind::Subr) => {
                self.heap.get::<crate::object::Subr>(function).is_some_and(|s| s.desc.max != UNEVALLED)
            }
            _ if self.heap.car(function) == sym::autoload => !self.is_autoloaded_macro(function),
            _ => matches!(self.heap.car(function), sym::lambda | sym::closure),
        }
    }
}
