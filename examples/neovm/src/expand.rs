//! Expanding all macros of a form before it is evaluated, so that a loop does not expand the same call each turn.

use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::Kind;
use crate::symbols::sym;
use crate::value::Value;

impl Vm {
    /// The form with its macro calls expanded, as far as they are known by now. The rest is expanded when evaluated.
    pub(crate) fn expand_all(&mut self, form: Value) -> LispResult {
        if !form.is_cons() {
            return Ok(form);
        }
        self.enter()?;
        let base = self.stack.len();
        self.stack.push(form);
        let result = self.expand_form(form);
        self.stack.truncate(base);
        self.depth -= 1;
        result
    }

    fn expand_form(&mut self, mut form: Value) -> LispResult {
        loop {
            let head = self.heap.car(form);
            if !head.is_symbol() || head.is_nil() {
                break;
            }
            let function = self.macro_of(head)?;
            let is_macro =
                self.heap.kind(function) == Some(Kind::Macro) || self.heap.car(function) == sym::macro_;
            if !is_macro {
                break;
            }
            let args = self.heap.cdr(form);
            form = self.expand_macro(function, args)?;
            self.stack.push(form);
            if !form.is_cons() {
                return Ok(form);
            }
        }
        let head = self.heap.car(form);
        let parts = self.heap.list_elements(form, usize::MAX);
        match head {
            sym::quote => Ok(form),
            sym::function => {
                let target = parts.get(1).copied().unwrap_or(Value::NIL);
                if self.heap.car(target) != sym::lambda {
                    return Ok(form);
                }
                let target = self.expand_tail(target, 2)?;
                Ok(self.heap.list(&[sym::function, target]))
            }
            sym::lambda => {
                let lambda = self.expand_tail(form, 2)?;
                Ok(self.heap.list(&[sym::function, lambda]))
            }
            sym::let_ | sym::let_star => self.expand_let(form),
            sym::cond => self.expand_clauses(form, 1, 0),
            sym::condition_case => {
                let form = self.expand_range(form, 2, 3)?;
                self.stack.push(form);
                self.expand_clauses(form, 3, 1)
            }
            sym::defvar | sym::defconst => self.expand_range(form, 2, 3),
            sym::setq | sym::setq_default => self.expand_tail(form, 1),
            sym::interactive | sym::declare => Ok(form),
            _ => self.expand_tail(form, 1),
        }
    }

    /// Expands the elements of a list from the given one on.
    fn expand_tail(&mut self, form: Value, from: usize) -> LispResult {
        self.expand_range(form, from, usize::MAX)
    }

    fn expand_range(&mut self, form: Value, from: usize, to: usize) -> LispResult {
        let base = self.stack.len();
        let parts = self.heap.list_elements(form, usize::MAX);
        self.stack.extend_from_slice(&parts);
        let mut changed = false;
        for (at, &part) in parts.iter().enumerate().take(to).skip(from) {
            let new = self.expand_all(part)?;
            changed |= new != part;
            self.stack[base + at] = new;
        }
        let parts = self.stack.split_off(base);
        Ok(if changed { self.heap.list(&parts) } else { form })
    }

    /// Expands in each element of a list, from the given one on, the elements from the given one on.
    fn expand_clauses(&mut self, form: Value, from: usize, inner: usize) -> LispResult {
        let base = self.stack.len();
        let parts = self.heap.list_elements(form, usize::MAX);
        self.stack.extend_from_slice(&parts);
        let mut changed = false;
        for (at, &part) in parts.iter().enumerate().skip(from) {
            let new = self.expand_tail(part, inner)?;
            changed |= new != part;
            self.stack[base + at] = new;
        }
        let parts = self.stack.split_off(base);
        Ok(if changed { self.heap.list(&parts) } else { form })
    }

    fn expand_let(&mut self, form: Value) -> LispResult {
        let base = self.stack.len();
        let form = self.expand_tail(form, 2)?;
        self.stack.push(form);
        let (head, rest) = (self.heap.car(form), self.heap.cdr(form));
        let (old, body) = (self.heap.car(rest), self.heap.cdr(rest));
        let new = self.expand_clauses(old, 0, 1)?;
        self.stack.truncate(base);
        if new == old {
            return Ok(form);
        }
        let rest = self.heap.cons(new, body);
        Ok(self.heap.cons(head, rest))
    }
}
