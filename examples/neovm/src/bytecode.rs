//! The byte-code machine: runs function objects that the GNU Emacs compiler wrote.
//!
//! Operands lie on the machine's own stack, where the collector finds them. Byte code is data that anybody can write: an
//! operand that is not there, a jump out of the code or an unknown operation is a Lisp error.

mod ops;

use crate::buffer::saved::Saved;
use crate::error::{Flow, LispResult};
use crate::machine::Vm;
use crate::object::ByteCode;
use crate::symbols::sym;
use crate::value::Value;

/// The slots of a function object.
pub(crate) mod slot {
    /// How it takes arguments: a number, or a list of parameters to bind dynamically.
    pub(crate) const ARGS: usize = 0;
    /// The code, a unibyte string.
    pub(crate) const CODE: usize = 1;
    /// The constants, a vector.
    pub(crate) const CONSTANTS: usize = 2;
    /// How many operands there are at most. The stack grows by itself, so it is only kept.
    pub(crate) const DEPTH: usize = 3;
    /// How the arguments of a command are made. A function that is no command ends before it.
    pub(crate) const INTERACTIVE: usize = 5;
}

/// What an `unbind` undoes.
enum Spec {
    /// A dynamic binding.
    Binding,
    /// A function to call.
    Unwind(Value),
    /// A state of buffers to put back.
    Saved(Saved),
}

/// What waits for a signal or a throw, and what was there when it was set up.
struct Handler {
    /// The conditions of a `condition-case`; `None` for a `catch`.
    conditions: Option<Value>,
    /// The tag of a `catch`.
    tag: Value,
    /// Where to go on.
    target: usize,
    stack: usize,
    specs: usize,
    catches: usize,
    depth: usize,
}

/// A running function.
struct Frame {
    code: Vec<u8>,
    constants: Value,
    pc: usize,
    /// The first operand on the machine's stack. In front of it is a list that roots what `specs` and `handlers` hold.
    floor: usize,
    specs: Vec<Spec>,
    handlers: Vec<Handler>,
}

/// What an operation does with the frame.
enum Next {
    Continue,
    Return(Value),
}

impl Vm {
    /// Calls a byte-code function with the values on the stack from `at` on.
    pub(crate) fn apply_byte_code(&mut self, function: Value, at: usize) -> LispResult {
        let slots = self.heap.get::<ByteCode>(function).map_or(&[][..], |f| &f.slots);
        let slot = |at: usize| slots.get(at).copied().unwrap_or(Value::NIL);
        let (args, code, constants) = (slot(slot::ARGS), slot(slot::CODE), slot(slot::CONSTANTS));
        let count = self.stack.len() - at;
        let values = self.stack[at..].to_vec();
        let bindings = self.bindings.len();
        self.stack.push(function);
        let operands = match args.as_fixnum() {
            Some(args) => {
                let (least, most, rest) =
                    ((args & 0x7F) as usize, (args >> 8 & 0x7F) as usize, args & 0x80 != 0);
                if count < least || count > most && !rest {
                    return Err(self.signal(sym::wrong_number_of_arguments, &[function, Value::int(count)]));
                }
                let mut operands = values[..count.min(most)].to_vec();
                operands.resize(most, Value::NIL);
                if rest {
                    let list = self.heap.list(values.get(most..).unwrap_or_default());
                    operands.push(list);
                }
                operands
            }
            None => {
                let end = self.stack.len() - 1;
                if let Err(flow) = self.bind_params(function, args, Value::NIL, at, end) {
                    self.unbind(bindings);
                    return Err(flow);
                }
                Vec::new()
            }
        };
        let saved = std::mem::replace(&mut self.lexenv, Value::NIL);
        self.stack.push(saved);
        self.safe_point();
        let result = self.run_byte_code(code, constants, &operands);
        self.lexenv = saved;
        self.unbind(bindings);
        result
    }

    /// Runs code with operands on its stack.
    pub(crate) fn run_byte_code(&mut self, code: Value, constants: Value, operands: &[Value]) -> LispResult {
        let Some(code) = self.heap.as_bytes(code).map(<[u8]>::to_vec) else {
            return Err(self.wrong_type(sym::stringp, code));
        };
        self.stack.push(constants);
        self.stack.push(Value::NIL);
        let floor = self.stack.len();
        self.stack.extend_from_slice(operands);
        let mut frame = Frame { code, constants, pc: 0, floor, specs: Vec::new(), handlers: Vec::new() };
        let (catches, bindings) = (self.catches.len(), self.bindings.len());
        let result = loop {
            match self.step(&mut frame) {
                Ok(Next::Continue) => {}
                Ok(Next::Return(value)) => break Ok(value),
                Err(flow) => match self.handle(&mut frame, flow) {
                    Ok(()) => {}
                    Err(flow) => break Err(flow),
                },
            }
        };
        let result = self.leave(&mut frame, result, 0);
        self.catches.truncate(catches);
        self.unbind(bindings);
        self.stack.truncate(floor);
        result
    }

    /// Goes on at the innermost handler that takes a signal or a throw.
    fn handle(&mut self, frame: &mut Frame, flow: Flow) -> LispResult<()> {
        let mut flow = flow;
        while let Some(handler) = frame.handlers.pop() {
            let value = match (handler.conditions, flow) {
                (Some(wanted), Flow::Signal(condition, data)) if self.catches(wanted, condition) => {
                    self.heap.cons(condition, data)
                }
                (None, Flow::Throw(tag, value)) if tag == handler.tag => value,
                _ => continue,
            };
            self.catches.truncate(handler.catches);
            self.depth = handler.depth;
            self.lexenv = Value::NIL;
            self.stack.push(value);
            match self.leave(frame, Ok(value), handler.specs) {
                Ok(value) => {
                    self.stack.truncate(handler.stack);
                    self.stack.push(value);
                    frame.pc = handler.target;
                    return Ok(());
                }
                // A cleanup signalled itself: that is what the outer handlers see.
                Err(new) => flow = new,
            }
        }
        Err(flow)
    }

    /// Whether a signal is one of the conditions of a handler.
    fn catches(&self, wanted: Value, condition: Value) -> bool {
        let conditions = self.conditions(condition);
        let wanted = if wanted.is_cons() { self.heap.list_elements(wanted, 100) } else { vec![wanted] };
        wanted.iter().any(|w| *w == Value::T || conditions.contains(w))
    }

    /// Undoes what the frame has set up, down to this many; what a cleanup signals takes the place of the result.
    fn leave(&mut self, frame: &mut Frame, result: LispResult, specs: usize) -> LispResult {
        let mut result = result;
        match result {
            Ok(value) => self.stack.push(value),
            Err(Flow::Signal(a, b) | Flow::Throw(a, b)) => self.stack.extend([a, b]),
        }
        while frame.specs.len() > specs {
            match frame.specs.pop() {
                Some(Spec::Binding) => self.unbind(self.bindings.len().saturating_sub(1)),
                Some(Spec::Unwind(function)) => {
                    let done = if self.is_function(function) {
                        self.funcall(function, &[])
                    } else {
                        self.progn(function)
                    };
                    if let Err(flow) = done {
                        result = Err(flow);
                    }
                }
                Some(Spec::Saved(saved)) => self.restore_state(saved),
                None => {}
            }
        }
        result
    }

    /// Pushes a handler for a `condition-case` or a `catch` whose tag or conditions are the operand on top.
    fn push_handler(&mut self, frame: &mut Frame, is_catch: bool) -> LispResult<()> {
        let target = frame.fetch2(self)?;
        let tag = self.pop(frame)?;
        self.keep(frame, tag);
        frame.handlers.push(Handler {
            conditions: (!is_catch).then_some(tag),
            tag,
            target,
            stack: self.stack.len(),
            specs: frame.specs.len(),
            catches: self.catches.len(),
            depth: self.depth,
        });
        if is_catch {
            self.catches.push(tag);
        }
        Ok(())
    }

    /// Roots a value for as long as the function runs.
    fn keep(&mut self, frame: &Frame, value: Value) {
        let kept = self.stack[frame.floor - 1];
        self.stack[frame.floor - 1] = self.heap.cons(value, kept);
    }

    fn pop(&mut self, frame: &Frame) -> LispResult {
        if self.stack.len() <= frame.floor {
            return Err(self.invalid(frame, "takes an operand that is not there"));
        }
        Ok(self.stack.pop().unwrap_or(Value::NIL))
    }

    /// The operands on top, which stay.
    fn top(&mut self, frame: &Frame, count: usize) -> LispResult<Vec<Value>> {
        match self.stack.len().checked_sub(count).filter(|at| *at >= frame.floor) {
            Some(at) => Ok(self.stack[at..].to_vec()),
            None => Err(self.invalid(frame, "takes operands that are not there")),
        }
    }

    /// Where on the stack the operand lies that is so many below the top.
    fn operand(&mut self, frame: &Frame, below: usize) -> LispResult<usize> {
        match self.stack.len().checked_sub(below + 1).filter(|at| *at >= frame.floor) {
            Some(at) => Ok(at),
            None => Err(self.invalid(frame, "reaches below its operands")),
        }
    }

    #[cold]
    fn invalid(&mut self, frame: &Frame, what: &str) -> Flow {
        let message = format!("Invalid byte code: the operation before offset {} {what}", frame.pc);
        self.error(message)
    }
}

impl Frame {
    fn fetch(&mut self, vm: &mut Vm) -> LispResult<usize> {
        match self.code.get(self.pc) {
            Some(&byte) => {
                self.pc += 1;
                Ok(byte.into())
            }
            None => Err(vm.invalid(self, "is followed by no code")),
        }
    }

    fn fetch2(&mut self, vm: &mut Vm) -> LispResult<usize> {
        let low = self.fetch(vm)?;
        Ok(low | self.fetch(vm)? << 8)
    }

    /// The number in an operation's low bits, or behind it.
    fn number(&mut self, vm: &mut Vm, op: usize) -> LispResult<usize> {
        match op & 7 {
            6 => self.fetch(vm),
            7 => self.fetch2(vm),
            n => Ok(n),
        }
    }

    fn constant(&self, vm: &mut Vm, at: usize) -> LispResult {
        match vm.heap.as_slots(self.constants).and_then(|slots| slots.get(at)) {
            Some(&value) => Ok(value),
            None => Err(vm.invalid(self, "names a constant that is not there")),
        }
    }

    /// Goes on somewhere else.
    fn jump(&mut self, vm: &mut Vm, target: usize) {
        let back = target <= self.pc;
        self.pc = target;
        if back {
            vm.safe_point();
        }
    }
}
