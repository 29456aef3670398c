//! The evaluator. Rust recursion follows the nesting of the program and ends in a Lisp error at a limit.

use crate::error::LispResult;
use crate::machine::{Vm, symbol_of};
use crate::object::{Kind, Subr, closure};
use crate::rt::Symbol;
use crate::subrs::{MANY, UNEVALLED};
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;

/// How many aliases a function may be away.
const ALIASES: usize = 100;

impl Vm {
    /// Evaluates a form.
    pub fn eval(&mut self, form: Value) -> LispResult {
        if let Some(symbol) = form.as_symbol() {
            return self.variable(symbol);
        }
        if !form.is_cons() {
            return Ok(form);
        }
        self.enter()?;
        let base = self.stack.len();
        self.stack.push(form);
        let result = self.eval_call(form);
        self.stack.truncate(base);
        self.depth -= 1;
        result
    }

    /// Evaluates a form of a file: its macros are expanded first. The forms of a `progn` are forms of the file, so a macro
    /// that one of them defines is known to the next.
    pub fn eval_top_level(&mut self, form: Value) -> LispResult {
        let base = self.stack.len();
        self.stack.push(form);
        let result = self.eval_stacked_forms(base);
        self.stack.truncate(base);
        result
    }

    /// Evaluates the forms of a file that lie on the stack from `base` on, the next one on top.
    fn eval_stacked_forms(&mut self, base: usize) -> LispResult {
        let mut last = Value::NIL;
        while self.stack.len() > base {
            let form = self.stack[self.stack.len() - 1];
            let head = self.heap.car(form);
            let function = if head.is_symbol() { self.indirect_function(head)? } else { Value::NIL };
            let is_macro =
                self.heap.kind(function) == Some(Kind::Macro) || self.heap.car(function) == sym::macro_;
            if is_macro {
                let args = self.heap.cdr(form);
                let expansion = self.expand_macro(function, args)?;
                self.stack.pop();
                self.stack.push(expansion);
            } else if head == sym::progn {
                let forms = self.heap.cdr(form);
                let forms = self.heap.list_elements(forms, usize::MAX);
                self.stack.pop();
                self.stack.extend(forms.iter().rev());
                last = Value::NIL;
            } else {
                let expanded = self.expand_all(form)?;
                last = self.eval(expanded)?;
                self.stack.pop();
            }
        }
        Ok(last)
    }

    /// The value of a variable where the program stands.
    pub(crate) fn variable(&mut self, symbol: Symbol) -> LispResult {
        let name = Value::symbol(symbol);
        let mut env = self.lexenv;
        while let Some(link) = self.heap.as_cons(env) {
            if let Some(binding) = self.heap.as_cons(link.car.get()).filter(|b| b.car.get() == name) {
                return Ok(binding.cdr.get());
            }
            env = link.cdr.get();
        }
        match self.find_value(symbol) {
            Value::UNBOUND if self.is_keyword(symbol) => Ok(name),
            Value::UNBOUND => Err(self.signal(sym::void_variable, &[name])),
            value => Ok(value),
        }
    }

    /// Sets a variable where the program stands.
    pub(crate) fn set_variable(&mut self, name: Value, value: Value) -> LispResult<()> {
        let mut env = self.lexenv;
        while let Some(link) = self.heap.as_cons(env) {
            if let Some(binding) = self.heap.as_cons(link.car.get()).filter(|b| b.car.get() == name) {
                binding.cdr.set(value);
                return Ok(());
            }
            env = link.cdr.get();
        }
        self.set(name, value)
    }

    /// Binds a variable: lexically, or dynamically until [`Vm::unbind`] when it is special or nothing is lexical.
    pub(crate) fn bind_variable(&mut self, name: Value, value: Value, env: &mut Value) -> LispResult<()> {
        let symbol = self.check_symbol(name)?;
        if env.is_nil() || self.is_special(symbol, *env) {
            // Watchers of the variable may collect, and nothing else holds the environment that is being made.
            self.stack.push(*env);
            return self.bind(name, value);
        }
        let binding = self.heap.cons(name, value);
        *env = self.heap.cons(binding, *env);
        Ok(())
    }

    fn is_special(&self, symbol: Symbol, mut env: Value) -> bool {
        if self.obarray.cell(symbol).flags & SymbolCell::SPECIAL != 0 {
            return true;
        }
        // A `defvar` without a value makes a variable special for the rest of its scope.
        while let Some(link) = self.heap.as_cons(env) {
            if link.car.get() == Value::symbol(symbol) {
                return true;
            }
            env = link.cdr.get();
        }
        false
    }

    /// The function behind a symbol and its aliases; nil when there is none.
    pub(crate) fn indirect_function(&mut self, function: Value) -> LispResult {
        let mut at = function;
        for _ in 0..ALIASES {
            match at.as_symbol() {
                Some(symbol) if at.is_true() => at = self.obarray.cell(symbol).function,
                _ => return Ok(at),
            }
        }
        Err(self.signal(sym::cyclic_function_indirection, &[function]))
    }

    fn eval_call(&mut self, form: Value) -> LispResult {
        let (head, args) = (self.heap.car(form), self.heap.cdr(form));
        let function = self.indirect_function(head)?;
        match self.heap.kind(function) {
            Some(Kind::Subr) => {
                let Some(subr) = self.heap.get::<Subr>(function) else { return Ok(Value::NIL) };
                if subr.desc.max == UNEVALLED {
                    return (subr.desc.func)(self, &[args]);
                }
            }
            Some(Kind::Macro) => {
                let expansion = self.expand_macro(function, args)?;
                return self.eval(expansion);
            }
            Some(Kind::Lambda) => {}
            _ if function.is_nil() => return Err(self.signal(sym::void_function, &[head])),
            _ if self.heap.car(function) == sym::macro_ => {
                let expansion = self.expand_macro(function, args)?;
                return self.eval(expansion);
            }
            _ if self.heap.car(function) == sym::autoload => {
                self.autoload_do_load(function, head)?;
                return self.eval_call(form);
            }
            _ => {}
        }
        let base = self.stack.len();
        self.stack.push(function);
        self.eval_args(args)?;
        self.apply_stacked(base)
    }

    /// Evaluates a list of forms, leaving the values on the stack. The place in the list is kept there as well, for a
    /// program may cut off its own code.
    fn eval_args(&mut self, args: Value) -> LispResult<()> {
        let place = self.stack.len();
        let mut rest = args;
        self.stack.push(rest);
        while let Some(link) = self.heap.as_cons(rest) {
            let (form, next) = (link.car.get(), link.cdr.get());
            self.stack[place] = next;
            let value = self.eval(form)?;
            self.stack.push(value);
            rest = next;
        }
        self.stack.remove(place);
        Ok(())
    }

    /// Calls a function with values.
    pub fn funcall(&mut self, function: Value, args: &[Value]) -> LispResult {
        let base = self.stack.len();
        self.stack.push(function);
        self.stack.extend_from_slice(args);
        let result = self.enter().and_then(|()| {
            let result = self.apply_stacked(base);
            self.depth -= 1;
            result
        });
        self.stack.truncate(base);
        result
    }

    /// Calls the function at `base` of the stack with the values behind it.
    fn apply_stacked(&mut self, base: usize) -> LispResult {
        let named = self.stack[base];
        let function = self.indirect_function(named)?;
        let count = self.stack.len() - base - 1;
        match self.heap.kind(function) {
            Some(Kind::Subr) => {
                let Some(subr) = self.heap.get::<Subr>(function) else { return Ok(Value::NIL) };
                let desc = subr.desc;
                if desc.max == UNEVALLED {
                    return Err(self.signal(sym::invalid_function, &[named]));
                }
                if count < desc.min as usize || desc.max != MANY && count > desc.max as usize {
                    let count = Value::int(count);
                    return Err(self.signal(sym::wrong_number_of_arguments, &[function, count]));
                }
                // The arguments stay on the stack as roots; the function reads a copy, since the stack may move.
                let mut few = [Value::NIL; 8];
                let many;
                let args = if count <= few.len() {
                    few[..count].copy_from_slice(&self.stack[base + 1..]);
                    &few[..count]
                } else {
                    many = self.stack[base + 1..].to_vec();
                    &many
                };
                (desc.func)(self, args)
            }
            Some(Kind::Lambda) => {
                let slots = self.heap.as_slots(function).unwrap_or_default();
                let [params, body, env] = [slots[closure::PARAMS], slots[closure::BODY], slots[closure::ENV]];
                self.apply_closure(function, params, body, env, base)
            }
            Some(Kind::ByteCode) => self.apply_byte_code(function, base + 1),
            None if function.is_cons() => {
                let (head, rest) = (self.heap.car(function), self.heap.cdr(function));
                let (env, rest) = match head {
                    sym::lambda => (Value::NIL, rest),
                    sym::closure => (self.heap.car(rest), self.heap.cdr(rest)),
                    sym::autoload => {
                        self.stack[base] = self.autoload_do_load(function, named)?;
                        return self.apply_stacked(base);
                    }
                    _ => return Err(self.signal(sym::invalid_function, &[named])),
                };
                self.apply_closure(function, self.heap.car(rest), self.heap.cdr(rest), env, base)
            }
            None if function.is_nil() => Err(self.signal(sym::void_function, &[named])),
            _ => Err(self.signal(sym::invalid_function, &[named])),
        }
    }

    fn apply_closure(
        &mut self,
        function: Value,
        params: Value,
        body: Value,
        env: Value,
        base: usize,
    ) -> LispResult {
        self.stack.push(function);
        let end = self.stack.len() - 1;
        let bindings = self.bindings.len();
        let saved = self.lexenv;
        self.stack.push(saved);
        let result = self.bind_params(function, params, env, base + 1, end).and_then(|env| {
            self.lexenv = env;
            self.safe_point();
            self.progn(body)
        });
        self.lexenv = saved;
        self.unbind(bindings);
        result
    }

    /// Binds parameters to the values from `at` to `end` of the stack; the environment with them.
    pub(crate) fn bind_params(
        &mut self,
        function: Value,
        params: Value,
        mut env: Value,
        mut at: usize,
        end: usize,
    ) -> LispResult {
        let (count, mut optional, mut rest) = (end - at, false, params);
        while let Some(link) = self.heap.as_cons(rest) {
            let param = link.car.get();
            rest = link.cdr.get();
            match param {
                sym::optional => optional = true,
                sym::rest => {
                    let values = self.stack[at..end].to_vec();
                    let list = self.heap.list(&values);
                    let param = self.heap.car(rest);
                    self.bind_variable(param, list, &mut env)?;
                    return Ok(env);
                }
                _ => {
                    let value = if at < end {
                        self.stack[at]
                    } else if optional {
                        Value::NIL
                    } else {
                        return Err(self.wrong_count(function, count));
                    };
                    at += usize::from(at < end);
                    self.bind_variable(param, value, &mut env)?;
                }
            }
        }
        if at < end { Err(self.wrong_count(function, count)) } else { Ok(env) }
    }

    fn wrong_count(&mut self, function: Value, count: usize) -> crate::error::Flow {
        self.signal(sym::wrong_number_of_arguments, &[function, Value::int(count)])
    }

    /// Evaluates forms one after the other; the last value.
    pub(crate) fn progn(&mut self, body: Value) -> LispResult {
        let place = self.stack.len();
        self.stack.push(body);
        let (mut rest, mut last) = (body, Value::NIL);
        while let Some(link) = self.heap.as_cons(rest) {
            let (form, next) = (link.car.get(), link.cdr.get());
            self.stack[place] = next;
            last = self.eval(form)?;
            rest = next;
        }
        self.stack.truncate(place);
        Ok(last)
    }

    /// One expansion of a macro call.
    pub(crate) fn expand_macro(&mut self, function: Value, args: Value) -> LispResult {
        let base = self.stack.len();
        let expander = if self.heap.kind(function) == Some(Kind::Macro) {
            let slots = self.heap.as_slots(function).map(<[Value]>::to_vec).unwrap_or_default();
            self.heap.slots::<crate::object::Lambda>(slots)
        } else {
            self.heap.cdr(function)
        };
        self.stack.push(expander);
        let args = self.heap.list_elements(args, usize::MAX);
        let result = self.funcall(expander, &args);
        self.stack.truncate(base);
        result
    }

    /// Makes a closure of `(PARAMS [DOC] [(declare ...)] [(interactive ...)] BODY...)`: its slots.
    pub(crate) fn closure_slots(&mut self, definition: Value) -> Vec<Value> {
        let (params, mut body) = (self.heap.car(definition), self.heap.cdr(definition));
        let mut slots = vec![Value::NIL; closure::COUNT];
        if self.heap.car(body).is_str() && self.heap.cdr(body).is_true() {
            slots[closure::DOC] = self.heap.car(body);
            body = self.heap.cdr(body);
        }
        loop {
            let form = self.heap.car(body);
            match self.heap.car(form) {
                sym::declare => {}
                sym::interactive => slots[closure::INTERACTIVE] = form,
                _ => break,
            }
            body = self.heap.cdr(body);
        }
        slots[closure::PARAMS] = params;
        slots[closure::BODY] = body;
        slots[closure::ENV] = self.lexenv;
        slots
    }

    /// Whether a function cell holds a special form.
    pub(crate) fn special_form(&self, head: Value) -> Option<Value> {
        let cell = self.obarray.cell(symbol_of(head)).function;
        self.heap.get::<Subr>(cell).filter(|s| s.desc.max == UNEVALLED).map(|_| head)
    }
}
