//! Commands, and how the user calls them.

use super::{MANY, SubrDesc, arg, subr};
use crate::bytecode::slot;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::InteractiveSpec;
use crate::object::{Kind, Vector, closure};
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("interactive-form", 1, 1, |vm, a| {
        let Some(spec) = vm.interactive_spec(a[0])? else { return Ok(Value::NIL) };
        Ok(match spec {
            Value::NIL => vm.heap.list(&[sym::interactive]),
            spec => vm.heap.list(&[sym::interactive, spec]),
        })
    }),
    subr("commandp", 1, 2, |vm, a| {
        let is_macro = matches!(vm.heap.kind(a[0]), Some(Kind::Vector | Kind::Str)) && arg(a, 1).is_nil();
        Ok(Value::bool(is_macro || vm.interactive_spec(a[0])?.is_some()))
    }),
    // Makes a function of the machine a command; nil for one without arguments, `unset` for none.
    subr("set-interactive-spec", 2, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        if a[1] == vm.intern("unset") {
            vm.interactive.specs.remove(&symbol);
        } else {
            vm.interactive.specs.insert(symbol, InteractiveSpec { spec: a[1] });
        }
        Ok(a[0])
    }),
    subr("interactive-specs", 0, 0, |vm, _| {
        let mut specs: Vec<_> = vm.interactive.specs.iter().map(|(&name, spec)| (name, spec.spec)).collect();
        specs.sort_by_key(|(name, _)| name.id());
        let specs: Vec<Value> =
            specs.into_iter().map(|(name, spec)| vm.heap.cons(Value::symbol(name), spec)).collect();
        Ok(vm.heap.list(&specs))
    }),
    subr("call-interactively", 1, 3, |vm, a| {
        let keys = if arg(a, 2).is_nil() { Vec::new() } else { vm.sequence_values(a[2])? };
        vm.call_interactively(a[0], &keys)
    }),
    subr("funcall-interactively", 1, MANY, |vm, a| vm.call_as(true, a[0], &a[1..])),
    // Whether the call that is running was made by the user, not by a program that called the command.
    subr("called-interactively-p", 0, 1, |vm, _| Ok(Value::bool(vm.interactive.calls.last() == Some(&true)))),
    subr("funcall-quietly", 1, MANY, |vm, a| vm.call_as(false, a[0], &a[1..])),
];

impl Vm {
    /// How the arguments of a command are made, `None` of what is no command.
    pub(crate) fn interactive_spec(&mut self, command: Value) -> LispResult<Option<Value>> {
        let mut at = command;
        // An alias may be a command of its own.
        for _ in 0..100 {
            let Some(symbol) = at.as_symbol().filter(|_| at.is_true()) else { break };
            if let Some(spec) = self.interactive.specs.get(&symbol) {
                return Ok(Some(spec.spec));
            }
            at = self.obarray.cell(symbol).function;
        }
        let function = self.indirect_function(at)?;
        let form = match self.heap.kind(function) {
            Some(Kind::Lambda) => {
                self.heap.as_slots(function).and_then(|slots| slots.get(closure::INTERACTIVE)).copied()
            }
            // The slot of a command holds how its arguments are made, or a vector that starts with it.
            Some(Kind::ByteCode) => {
                let spec =
                    self.heap.as_slots(function).and_then(|slots| slots.get(slot::INTERACTIVE)).copied();
                let first =
                    |spec| self.heap.get::<Vector>(spec).and_then(|vector| vector.slots.first()).copied();
                return Ok(spec.map(|spec| first(spec).unwrap_or(spec)));
            }
            _ if self.heap.car(function) == sym::autoload => {
                let stub = self.heap.list_elements(function, 5);
                return Ok(stub.get(3).filter(|interactive| interactive.is_true()).map(|_| Value::NIL));
            }
            _ => {
                let parts = self.heap.list_elements(function, usize::MAX);
                parts.into_iter().find(|&part| self.heap.car(part) == sym::interactive)
            }
        };
        let form = form.filter(|form| form.is_true());
        Ok(form.map(|form| {
            let rest = self.heap.cdr(form);
            self.heap.car(rest)
        }))
    }

    /// Calls a command as the user does. No argument is read from the user: a command that asks for one is an error.
    pub(crate) fn call_interactively(&mut self, command: Value, keys: &[Value]) -> LispResult {
        if matches!(self.heap.kind(command), Some(Kind::Vector | Kind::Str)) {
            let execute = self.intern("execute-kbd-macro");
            return self.funcall(execute, &[command]);
        }
        let function = self.indirect_function(command)?;
        self.autoload_do_load(function, command)?;
        let Some(spec) = self.interactive_spec(command)? else {
            return Err(self.wrong_type(sym::command_p, command));
        };
        let args = if spec.is_str() {
            self.coded_args(spec, keys)?
        } else {
            let list = self.eval(spec)?;
            self.proper_list(list)?
        };
        self.call_as(true, command, &args)
    }

    /// The arguments that a text asks for, a line each: a code and, for people, a prompt.
    fn coded_args(&mut self, spec: Value, keys: &[Value]) -> LispResult<Vec<Value>> {
        let text = String::from_utf8_lossy(self.bytes_of(spec)?).into_owned();
        let prefix = self.global("current-prefix-arg");
        let mut args = Vec::new();
        for line in text.trim_start_matches(['*', '@', '^']).split('\n').filter(|line| !line.is_empty()) {
            match line.as_bytes()[0] {
                b'p' => args.push(match prefix {
                    Value::NIL => Value::int(1),
                    v if v.is_cons() => self.heap.car(v),
                    v if v.is_symbol() => Value::fixnum(-1).unwrap_or(Value::NIL),
                    v => v,
                }),
                b'P' => args.push(prefix),
                b'i' => args.push(Value::NIL),
                b'e' => args.push(keys.last().copied().unwrap_or(Value::NIL)),
                b'k' => args.push(self.heap.vector(keys.to_vec())),
                code => {
                    let code = char::from(code);
                    return Err(
                        self.error(format!("Nobody is there to answer the question of code `{code}'"))
                    );
                }
            }
        }
        Ok(args)
    }

    /// Calls a function and notes whether the user did.
    fn call_as(&mut self, user: bool, function: Value, args: &[Value]) -> LispResult {
        self.interactive.calls.push(user);
        let result = self.funcall(function, args);
        self.interactive.calls.pop();
        result
    }
}
