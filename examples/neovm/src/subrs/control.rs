//! Calling, signalling, evaluating, and the collector.

use super::{MANY, SubrDesc, arg, subr};
use crate::error::{Flow, LispResult};
use crate::machine::{Vm, symbol_of};
use crate::object::{Kind, Macro};
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 18] = [
    subr("funcall", 1, MANY, |vm, a| vm.funcall(a[0], &a[1..])),
    subr("apply", 1, MANY, |vm, a| {
        let Some((&last, first)) = a[1..].split_last() else { return vm.funcall(a[0], &[]) };
        let mut args = first.to_vec();
        args.extend(vm.proper_list(last)?);
        vm.funcall(a[0], &args)
    }),
    subr("eval", 1, 2, |vm, a| {
        let saved = vm.lexenv;
        vm.stack.push(saved);
        vm.lexenv = match arg(a, 1) {
            Value::NIL => Value::NIL,
            env if env.is_cons() => env,
            _ => vm.heap.list(&[Value::T]),
        };
        let result = vm.eval(a[0]);
        vm.lexenv = saved;
        result
    }),
    subr("throw", 2, 2, |vm, a| {
        if vm.catches.contains(&a[0]) {
            Err(Flow::Throw(a[0], a[1]))
        } else {
            Err(vm.signal(sym::no_catch, a))
        }
    }),
    subr("signal", 2, 2, |_, a| Err(Flow::Signal(a[0], a[1]))),
    subr("error", 1, MANY, |vm, a| {
        let message = super::format_values(vm, a)?;
        Err(vm.signal(sym::error, &[message]))
    }),
    subr("user-error", 1, MANY, |vm, a| {
        let message = super::format_values(vm, a)?;
        Err(vm.signal(sym::user_error, &[message]))
    }),
    subr("error-message-string", 1, 1, |vm, a| {
        let text = vm.describe(Flow::Signal(vm.heap.car(a[0]), vm.heap.cdr(a[0])));
        Ok(vm.heap.string(text))
    }),
    subr("define-error", 2, 3, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let parent = if arg(a, 2).is_nil() { sym::error } else { arg(a, 2) };
        let mut conditions = vec![a[0], parent];
        let inherited = vm.get_property(symbol_of(parent), sym::error_conditions);
        for condition in vm.heap.list_elements(inherited, 1000) {
            if !conditions.contains(&condition) {
                conditions.push(condition);
            }
        }
        let conditions = vm.heap.list(&conditions);
        vm.put_property(symbol, sym::error_conditions, conditions);
        vm.put_property(symbol, sym::error_message, a[1]);
        Ok(a[1])
    }),
    subr("functionp", 1, 1, |vm, a| Ok(Value::bool(vm.is_function(a[0])))),
    subr("macrop", 1, 1, |vm, a| {
        let function = vm.indirect_function(a[0])?;
        Ok(Value::bool(vm.heap.kind(function) == Some(Kind::Macro) || vm.heap.car(function) == sym::macro_))
    }),
    subr("special-form-p", 1, 1, |vm, a| {
        Ok(Value::bool(a[0].as_symbol().is_some() && vm.special_form(a[0]).is_some()))
    }),
    subr("macroexpand-1", 1, 2, |vm, a| expand(vm, a[0], 1)),
    subr("macroexpand", 1, 2, |vm, a| expand(vm, a[0], usize::MAX)),
    subr("macroexpand-all", 1, 2, |vm, a| vm.expand_all(a[0])),
    // What `defmacro` expands to: a macro object of a closure's slots.
    subr("make-macro", 1, 1, |vm, a| match vm.heap.kind(a[0]) {
        Some(Kind::Lambda) => {
            let slots = vm.heap.as_slots(a[0]).map(<[Value]>::to_vec).unwrap_or_default();
            Ok(vm.heap.slots::<Macro>(slots))
        }
        _ => Ok(vm.heap.cons(sym::macro_, a[0])),
    }),
    subr("garbage-collect", 0, 0, |vm, _| {
        vm.collect();
        vm.tell_of_collection();
        let objects = Value::int(vm.heap.objects());
        Ok(vm.heap.list(&[objects]))
    }),
    subr("kill-emacs", 0, 1, |_, a| std::process::exit(arg(a, 0).as_fixnum().unwrap_or(0) as i32)),
];

fn expand(vm: &mut Vm, form: Value, mut times: usize) -> LispResult {
    let mut form = form;
    let base = vm.stack.len();
    while times > 0 && form.is_cons() {
        let (head, args) = (vm.heap.car(form), vm.heap.cdr(form));
        let function = if head.is_symbol() { vm.macro_of(head)? } else { Value::NIL };
        if vm.heap.kind(function) != Some(Kind::Macro) && vm.heap.car(function) != sym::macro_ {
            break;
        }
        vm.stack.push(form);
        form = vm.expand_macro(function, args)?;
        times -= 1;
    }
    vm.stack.truncate(base);
    Ok(form)
}

/// The conditions of the machine, each with its message and what it counts as.
pub(super) fn define_conditions(vm: &mut Vm) {
    let arith: &[Value] = &[sym::arith_error];
    for (condition, message, parents) in [
        (sym::error, "error", &[][..]),
        (sym::quit, "Quit", &[]),
        (sym::user_error, "", &[]),
        (sym::void_variable, "Symbol's value as variable is void", &[]),
        (sym::void_function, "Symbol's function definition is void", &[]),
        (sym::wrong_type_argument, "Wrong type argument", &[]),
        (sym::wrong_number_of_arguments, "Wrong number of arguments", &[]),
        (sym::args_out_of_range, "Args out of range", &[]),
        (sym::arith_error, "Arithmetic error", &[]),
        (sym::overflow_error, "Arithmetic overflow error", arith),
        (sym::setting_constant, "Attempt to set a constant symbol", &[]),
        (sym::invalid_function, "Invalid function", &[]),
        (sym::invalid_read_syntax, "Invalid read syntax", &[]),
        (sym::end_of_file, "End of file during parsing", &[]),
        (sym::no_catch, "No catch for tag", &[]),
        (sym::excessive_lisp_nesting, "Lisp nesting exceeds `max-lisp-eval-depth'", &[]),
        (sym::cyclic_function_indirection, "Symbol's chain of function indirections contains a loop", &[]),
        (sym::circular_list, "List contains a loop", &[]),
        (sym::file_error, "File error", &[]),
        (sym::file_missing, "File is missing", &[sym::file_error]),
    ] {
        let mut conditions = vec![condition];
        conditions.extend_from_slice(parents);
        if condition != sym::error && condition != sym::quit {
            conditions.push(sym::error);
        }
        let conditions = vm.heap.list(&conditions);
        let message = vm.heap.string(message);
        vm.put_property(symbol_of(condition), sym::error_conditions, conditions);
        vm.put_property(symbol_of(condition), sym::error_message, message);
    }
}
