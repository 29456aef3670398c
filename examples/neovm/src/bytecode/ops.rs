//! The operations, by the numbers that GNU Emacs gives them.

use super::{Frame, Handler, Next, Spec};
use crate::buffer::saved::Part;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::HashTable;
use crate::symbols::sym;
use crate::value::Value;

/// Operations that call the function of a symbol with operands: its name, and how many.
fn primitive(op: usize) -> Option<(&'static str, usize)> {
    Some(match op {
        0o70 => ("nth", 2),
        0o71 => ("symbolp", 1),
        0o72 => ("consp", 1),
        0o73 => ("stringp", 1),
        0o74 => ("listp", 1),
        0o75 => ("eq", 2),
        0o76 => ("memq", 2),
        0o77 => ("not", 1),
        0o100 => ("car", 1),
        0o101 => ("cdr", 1),
        0o102 => ("cons", 2),
        0o103 => ("list", 1),
        0o104 => ("list", 2),
        0o105 => ("list", 3),
        0o106 => ("list", 4),
        0o107 => ("length", 1),
        0o110 => ("aref", 2),
        0o111 => ("aset", 3),
        0o112 => ("symbol-value", 1),
        0o113 => ("symbol-function", 1),
        0o114 => ("set", 2),
        0o115 => ("fset", 2),
        0o116 => ("get", 2),
        0o117 => ("substring", 3),
        0o120 => ("concat", 2),
        0o121 => ("concat", 3),
        0o122 => ("concat", 4),
        0o123 => ("1-", 1),
        0o124 => ("1+", 1),
        0o125 => ("=", 2),
        0o126 => (">", 2),
        0o127 => ("<", 2),
        0o130 => ("<=", 2),
        0o131 => (">=", 2),
        0o132 => ("-", 2),
        0o133 => ("-", 1),
        0o134 => ("+", 2),
        0o135 => ("max", 2),
        0o136 => ("min", 2),
        0o137 => ("*", 2),
        0o140 => ("point", 0),
        0o142 => ("goto-char", 1),
        0o143 => ("insert", 1),
        0o144 => ("point-max", 0),
        0o145 => ("point-min", 0),
        0o146 => ("char-after", 1),
        0o147 => ("following-char", 0),
        0o150 => ("preceding-char", 0),
        0o151 => ("current-column", 0),
        0o152 => ("indent-to", 1),
        0o154 => ("eolp", 0),
        0o155 => ("eobp", 0),
        0o156 => ("bolp", 0),
        0o157 => ("bobp", 0),
        0o160 => ("current-buffer", 0),
        0o161 => ("set-buffer", 1),
        0o165 => ("forward-char", 1),
        0o166 => ("forward-word", 1),
        0o167 => ("skip-chars-forward", 2),
        0o170 => ("skip-chars-backward", 2),
        0o171 => ("forward-line", 1),
        0o172 => ("char-syntax", 1),
        0o173 => ("buffer-substring", 2),
        0o174 => ("delete-region", 2),
        0o175 => ("narrow-to-region", 2),
        0o176 => ("widen", 0),
        0o177 => ("end-of-line", 1),
        0o223 => ("set-marker", 3),
        0o224 => ("match-beginning", 1),
        0o225 => ("match-end", 1),
        0o226 => ("upcase", 1),
        0o227 => ("downcase", 1),
        0o230 => ("string=", 2),
        0o231 => ("string<", 2),
        0o232 => ("equal", 2),
        0o233 => ("nthcdr", 2),
        0o234 => ("elt", 2),
        0o235 => ("member", 2),
        0o236 => ("assq", 2),
        0o237 => ("nreverse", 1),
        0o240 => ("setcar", 2),
        0o241 => ("setcdr", 2),
        0o242 => ("car-safe", 1),
        0o243 => ("cdr-safe", 1),
        0o244 => ("nconc", 2),
        0o245 => ("/", 2),
        0o246 => ("%", 2),
        0o247 => ("numberp", 1),
        0o250 => ("integerp", 1),
        _ => return None,
    })
}

impl Vm {
    /// Runs one operation.
    pub(super) fn step(&mut self, frame: &mut Frame) -> LispResult<Next> {
        let op = frame.fetch(self)?;
        if let Some((name, count)) = primitive(op) {
            self.call_named(frame, name, count)?;
            return Ok(Next::Continue);
        }
        match op {
            // stack-ref
            0o1..=0o7 => {
                let below = frame.number(self, op)?;
                let at = self.operand(frame, below)?;
                self.stack.push(self.stack[at]);
            }
            // varref, varset, varbind
            0o10..=0o17 => {
                let at = frame.number(self, op)?;
                let name = frame.constant(self, at)?;
                let symbol = self.check_symbol(name)?;
                let value = self.variable(symbol)?;
                self.stack.push(value);
            }
            0o20..=0o27 => {
                let at = frame.number(self, op)?;
                let name = frame.constant(self, at)?;
                let value = self.pop(frame)?;
                self.set(name, value)?;
            }
            0o30..=0o37 => {
                let at = frame.number(self, op)?;
                let name = frame.constant(self, at)?;
                let value = self.pop(frame)?;
                self.bind(name, value)?;
                frame.specs.push(Spec::Binding);
            }
            // call
            0o40..=0o47 => {
                let count = frame.number(self, op)?;
                let values = self.top(frame, count + 1)?;
                let result = self.funcall(values[0], &values[1..])?;
                self.replace(count + 1, result);
            }
            // unbind
            0o50..=0o57 => {
                let count = frame.number(self, op)?;
                let Some(left) = frame.specs.len().checked_sub(count) else {
                    return Err(self.invalid(frame, "unbinds more than is bound"));
                };
                let operands = self.stack.len();
                self.leave(frame, Ok(Value::NIL), left)?;
                self.stack.truncate(operands);
            }
            // pophandler
            0o60 => match frame.handlers.pop() {
                Some(Handler { catches, .. }) => self.catches.truncate(catches),
                None => return Err(self.invalid(frame, "pops a handler that is not there")),
            },
            0o61 => self.push_handler(frame, false)?,
            0o62 => self.push_handler(frame, true)?,
            // save-current-buffer, save-excursion, save-restriction
            0o141 | 0o162 | 0o212 | 0o214 => {
                let saved = self.save_state(match op {
                    0o212 => Part::Excursion,
                    0o214 => Part::Restriction,
                    _ => Part::Current,
                })?;
                self.keep(frame, saved.state);
                frame.specs.push(Spec::Saved(saved));
            }
            // constant2
            0o201 => {
                let at = frame.fetch2(self)?;
                let value = frame.constant(self, at)?;
                self.stack.push(value);
            }
            // goto, and goto-if-nil and its like
            0o202 => {
                let target = frame.fetch2(self)?;
                frame.jump(self, target);
            }
            0o203 | 0o204 => {
                let target = frame.fetch2(self)?;
                if self.pop(frame)?.is_nil() == (op == 0o203) {
                    frame.jump(self, target);
                }
            }
            0o205 | 0o206 => {
                let target = frame.fetch2(self)?;
                let at = self.operand(frame, 0)?;
                if self.stack[at].is_nil() == (op == 0o205) {
                    frame.jump(self, target);
                } else {
                    self.pop(frame)?;
                }
            }
            // return
            0o207 => return self.pop(frame).map(Next::Return),
            // discard, dup
            0o210 => _ = self.pop(frame)?,
            0o211 => {
                let at = self.operand(frame, 0)?;
                self.stack.push(self.stack[at]);
            }
            // unwind-protect
            0o216 => {
                let function = self.pop(frame)?;
                self.keep(frame, function);
                frame.specs.push(Spec::Unwind(function));
            }
            // listN, concatN, insertN
            0o257..=0o261 => {
                let count = frame.fetch(self)?;
                self.call_named(frame, ["list", "concat", "insert"][op - 0o257], count)?;
            }
            // stack-set, stack-set2
            0o262 | 0o263 => {
                let below = if op == 0o262 { frame.fetch(self)? } else { frame.fetch2(self)? };
                let at = self.operand(frame, below)?;
                let value = self.pop(frame)?;
                if let Some(slot) = self.stack.get_mut(at) {
                    *slot = value;
                }
            }
            // discardN: with the highest bit, the operand on top stays
            0o266 => {
                let count = frame.fetch(self)?;
                let kept = if count & 0x80 != 0 { Some(self.pop(frame)?) } else { None };
                self.top(frame, count & 0x7F)?;
                self.stack.truncate(self.stack.len() - (count & 0x7F));
                self.stack.extend(kept);
            }
            // switch
            0o267 => {
                let table = self.pop(frame)?;
                let value = self.pop(frame)?;
                if self.heap.get::<HashTable>(table).is_none() {
                    return Err(self.wrong_type(sym::hash_table_p, table));
                }
                if let Some(target) = self.heap.gethash(table, value) {
                    let target = self.index(target)?;
                    frame.jump(self, target);
                }
            }
            // constant
            0o300.. => {
                let value = frame.constant(self, op - 0o300)?;
                self.stack.push(value);
            }
            _ => return Err(self.invalid(frame, &format!("is {op:#o}, which nothing is known of"))),
        }
        Ok(Next::Continue)
    }

    /// Calls the function of a name with the operands on top, which it replaces by the result.
    fn call_named(&mut self, frame: &Frame, name: &str, count: usize) -> LispResult<()> {
        let values = self.top(frame, count)?;
        let function = self.intern(name);
        let result = self.funcall(function, &values)?;
        self.replace(count, result);
        Ok(())
    }

    fn replace(&mut self, count: usize, result: Value) {
        self.stack.truncate(self.stack.len() - count);
        self.stack.push(result);
    }
}
