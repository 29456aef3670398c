//! The machine: a heap, symbols, what they hold, and a running program.
//!
//! # When a collection may happen
//!
//! Only at safe points: when a Lisp function is entered, at each turn of a `while`, and between the forms of a file.
//! Making objects never collects. So code that calls no Lisp needs no care. Code that does (the special forms,
//! `mapcar` and its like) must root what it holds over the call: a value survives when it is an argument of the running
//! function, when it is reached from `Vm::stack`, or when it is reached from what an image of the machine would hold.

use crate::buffer::BufferManager;
use crate::buffer::handle::Handles;
use crate::display::charset::{self, Charsets};
use crate::display::coding::CodingSystems;
use crate::display::face::Faces;
use crate::display::fontset::{self, Fontsets};
use crate::error::{Flow, LispResult};
use crate::gc::Roots as SeenRoots;
use crate::heap::Heap;
use crate::library;
use crate::managers::{
    Abbrevs, Autoloads, Bookmarks, Custom, Interactive, Kmacro, Modes, Rectangle, Registers, Roots, Watchers,
};
use crate::printer::{self, Style};
use crate::reader::Source;
use crate::reset;
use crate::rt::{Dumpable, Interner, Symbol};
use crate::session::Session;
use crate::subrs;
use crate::symbols::{self, Obarray, sym};
use crate::value::Value;
use crate::variable::{Binding, Scope};
use neodump_runtime::global::Captured;
use std::io::Write;

/// Where output goes.
#[derive(Default)]
pub enum Output {
    /// The process's standard output and error.
    #[default]
    Process,
    /// Memory, for tests.
    Captured(Vec<u8>),
}

/// A Lisp machine, and the root of its image.
#[derive(Dumpable)]
#[dump(image = "neovm", version = 7, before_dump = Vm::quiesce, after_dump = Vm::put_back, after_load = Vm::wake,
    validate = Vm::check)]
pub struct Vm {
    /// All objects.
    #[dump(heap)]
    pub heap: Heap,
    /// All symbols.
    pub symbols: Interner,
    /// What the symbols hold.
    pub obarray: Obarray,
    /// How text may look.
    pub faces: Faces,
    /// Which fonts are tried for which characters.
    #[dump(global = fontset::ACTIVE)]
    pub fontsets: Captured<Fontsets>,
    /// Sets of characters.
    #[dump(global = charset::ACTIVE)]
    pub charsets: Captured<Charsets>,
    /// How text is written as bytes.
    pub codings: CodingSystems,
    /// The lexical environment: nil for dynamic binding, else an alist that may also hold special symbols and `t`.
    pub lexenv: Value,
    /// Buffers.
    pub buffers: BufferManager,
    /// What stands for windows, frames and timers.
    pub handles: Handles,
    /// What is loaded when it is first needed.
    pub autoloads: Autoloads,
    /// User options.
    pub custom: Custom,
    /// Modes.
    pub modes: Modes,
    /// Abbreviations.
    pub abbrevs: Abbrevs,
    /// Commands.
    pub interactive: Interactive,
    /// The killed rectangle.
    pub rectangle: Rectangle,
    /// Keyboard macros.
    pub kmacro: Kmacro,
    /// Registers.
    pub registers: Registers,
    /// Bookmarks.
    pub bookmarks: Bookmarks,
    /// Watchers of variables.
    pub watchers: Watchers,
    /// What the machine itself holds on to.
    pub roots: Roots,
    /// Values that Rust code holds over calls to Lisp.
    #[dump(skip = "no program runs in an image: `quiesce` sees to that")]
    pub(crate) stack: Vec<Value>,
    #[dump(skip = "no program runs in an image: `quiesce` sees to that")]
    pub(crate) bindings: Vec<Binding>,
    /// The tags of the catches that are open.
    #[dump(skip = "no program runs in an image: `quiesce` sees to that")]
    pub(crate) catches: Vec<Value>,
    #[dump(skip = "no program runs in an image: `quiesce` sees to that")]
    pub(crate) depth: usize,
    /// Rust stack that evaluation may use, in bytes, counted from `stack_base`.
    #[dump(skip = "belongs to the thread", default = STACK_BUDGET)]
    pub stack_budget: usize,
    #[dump(skip = "belongs to the thread")]
    pub(crate) stack_base: usize,
    /// Where output goes.
    #[dump(skip = "the process decides")]
    pub output: Output,
    /// Collect at every so many safe points, for tests; 0 for when memory asks for it.
    #[dump(skip = "the process decides")]
    pub gc_every: u32,
    #[dump(skip = "counts what this process does")]
    safe_points: u32,
    /// How many callers hold values that are no roots, so that nothing may be collected.
    #[dump(skip = "no program runs in an image: `quiesce` sees to that")]
    pub(crate) no_collection: u32,
    /// The number of the next generated symbol.
    pub(crate) gensym: u64,
    /// The state of `random`.
    pub(crate) random: u64,
    /// Which symbols the machine knows by id: see [`symbols::names_hash`].
    pub(crate) names: u64,
    #[dump(skip = "belongs to the process")]
    pub(crate) session: Session,
}

/// Rust stack that a machine uses unless it is told of more.
const STACK_BUDGET: usize = 1 << 20;

/// Bytes made after which a collection is due, at least.
const GC_BYTES: usize = 64 << 20;

impl Default for Vm {
    fn default() -> Vm {
        Vm::new()
    }
}

impl Vm {
    /// A machine with its own functions and nothing written in Lisp.
    pub fn new() -> Vm {
        let mut vm = Vm {
            heap: Heap::new(),
            symbols: symbols::interner(),
            obarray: Obarray::new(),
            faces: Faces::default(),
            fontsets: Captured::default(),
            charsets: Captured::default(),
            codings: CodingSystems::default(),
            lexenv: Value::NIL,
            buffers: BufferManager::default(),
            handles: Handles::default(),
            autoloads: Autoloads::default(),
            custom: Custom::default(),
            modes: Modes::default(),
            abbrevs: Abbrevs::default(),
            interactive: Interactive::default(),
            rectangle: Rectangle::default(),
            kmacro: Kmacro::default(),
            registers: Registers::default(),
            bookmarks: Bookmarks::default(),
            watchers: Watchers::default(),
            roots: Roots::default(),
            stack: Vec::new(),
            bindings: Vec::new(),
            catches: Vec::new(),
            depth: 0,
            stack_budget: STACK_BUDGET,
            stack_base: 0,
            output: Output::Process,
            gc_every: 0,
            safe_points: 0,
            no_collection: 0,
            gensym: 0,
            random: 0x2545_F491_4F6C_DD1D,
            names: symbols::names_hash(),
            session: Session::default(),
        };
        reset::run();
        subrs::define_all(&mut vm);
        vm
    }

    /// A machine with the bundled Lisp library loaded.
    pub fn boot() -> Result<Vm, String> {
        let mut vm = Vm::new();
        for (name, text) in library::FILES {
            vm.load_text(name, text.to_vec())?;
        }
        Ok(vm)
    }

    /// The symbol of a name.
    pub fn intern(&mut self, name: &str) -> Value {
        Value::symbol(self.symbols.intern(name))
    }

    /// Evaluates every form of a text and gives the last value. The error is a message with file and line.
    pub(crate) fn eval_text(&mut self, name: &str, text: Vec<u8>) -> Result<Value, String> {
        let first_line = text.split(|&b| b == b'\n').next().unwrap_or_default();
        let lexical =
            String::from_utf8_lossy(first_line).contains("lexical-binding: t") || !name.ends_with(".el");
        let mut source = Source::file(name, text);
        let mut last = Value::NIL;
        let saved = std::mem::replace(&mut self.lexenv, Value::NIL);
        let base = self.stack.len();
        self.stack.push(saved);
        let result = loop {
            let line = source.next_line();
            let form = match source.read(&mut self.heap, &mut self.symbols) {
                Ok(Some(form)) => form,
                Ok(None) => break Ok(last),
                Err(error) => break Err(error.to_string()),
            };
            self.stack.truncate(base + 1);
            self.stack.push(form);
            self.lexenv = if lexical { self.heap.list(&[Value::T]) } else { Value::NIL };
            match self.run(|vm| vm.eval_top_level(form)) {
                Ok(value) => last = value,
                Err(flow) => break Err(format!("{name}:{line}: {}", self.describe(flow))),
            }
            self.stack.push(last);
            self.safe_point();
        };
        self.stack.truncate(base);
        self.lexenv = saved;
        result
    }

    /// Reads and evaluates all forms of a text; for tests and tools.
    pub fn eval_str(&mut self, text: &str) -> Result<Value, String> {
        self.eval_text("<text>", text.as_bytes().to_vec())
    }

    /// Evaluates a text and prints the last value.
    pub fn eval_to_string(&mut self, text: &str) -> Result<String, String> {
        let value = self.eval_str(text)?;
        Ok(printer::prin1(&self.heap, &self.symbols, value))
    }

    /// Runs Lisp from the outside: notes where the Rust stack is, so that deep nesting ends in an error.
    pub(crate) fn run<T>(&mut self, f: impl FnOnce(&mut Vm) -> LispResult<T>) -> LispResult<T> {
        let outermost = self.depth == 0;
        if outermost {
            self.stack_base = stack_address();
        }
        self.activate();
        let result = f(self);
        self.deactivate();
        result
    }

    /// Counts one more level of evaluation.
    #[inline]
    pub(crate) fn enter(&mut self) -> LispResult<()> {
        self.depth += 1;
        let limit = match self.obarray.cell(symbol_of(sym::max_lisp_eval_depth)).value.as_fixnum() {
            Some(limit) => limit.max(64) as usize,
            None => 1600,
        };
        if self.depth > limit || self.stack_base.abs_diff(stack_address()) > self.stack_budget {
            self.depth -= 1;
            let depth = self.heap.integer(self.depth as i64);
            return Err(self.signal(sym::excessive_lisp_nesting, &[depth]));
        }
        Ok(())
    }

    /// Lets a collection happen if one is due.
    #[inline]
    pub(crate) fn safe_point(&mut self) {
        let (fresh, live) = self.heap.bytes();
        self.safe_points = self.safe_points.wrapping_add(1);
        if fresh > GC_BYTES.max(live) || self.gc_every != 0 && self.safe_points.is_multiple_of(self.gc_every)
        {
            self.collect();
            self.tell_of_collection();
        }
    }

    /// Collects now. Only safe points and `garbage-collect` do it, so that what Rust code holds is rooted.
    pub(crate) fn collect(&mut self) {
        if self.no_collection != 0 {
            return;
        }
        let mut heap = std::mem::take(&mut self.heap);
        // SAFETY: at a safe point every value in use is a root: the rule at the head of this file.
        unsafe { heap.collect(&mut |roots| self.for_each_root(roots)) };
        self.heap = heap;
    }

    /// Tells of every value that is in use for a reason of its own: all that is dumped, and what the running program
    /// holds.
    fn for_each_root(&self, roots: &mut SeenRoots<'_, '_>) {
        roots.all_of(self);
        self.stack.iter().for_each(|&v| roots.value(v));
        self.bindings.iter().for_each(|binding| roots.value(binding.old));
        self.catches.iter().for_each(|&v| roots.value(v));
        self.session.threads.iter().for_each(|&v| roots.value(v));
        roots.value(self.session.terminal);
        if let Some(aside) = &self.session.images.aside {
            roots.value(aside.lexenv);
            aside.variables.iter().for_each(|(_, value)| roots.value(*value));
        }
    }

    /// Sets a variable as `set` does.
    pub(crate) fn set(&mut self, symbol: Value, value: Value) -> LispResult<()> {
        let symbol = self.check_symbol(symbol)?;
        self.set_symbol(symbol, value)
    }

    /// The value of a variable; nil when it has none.
    pub fn global(&mut self, name: &str) -> Value {
        let symbol = self.symbols.intern(name);
        match self.find_value(symbol) {
            Value::UNBOUND => Value::NIL,
            value => value,
        }
    }

    /// Gives a variable a global value. Does nothing when it is a constant or takes no such value.
    pub fn set_global(&mut self, name: &str, value: Value) {
        let symbol = self.symbols.intern(name);
        let _ = self.store(symbol, value, Scope::Default);
    }

    /// Whether the symbol is its own constant value because of the colon it starts with.
    pub(crate) fn is_keyword(&self, symbol: Symbol) -> bool {
        self.symbols.name(symbol).first() == Some(&b':') && self.symbols.is_interned(symbol)
    }

    /// A property of a symbol.
    pub(crate) fn get_property(&self, symbol: Symbol, property: Value) -> Value {
        let mut rest = self.obarray.cell(symbol).plist;
        while rest.is_cons() {
            let next = self.heap.cdr(rest);
            if self.heap.car(rest) == property {
                return self.heap.car(next);
            }
            rest = self.heap.cdr(next);
        }
        Value::NIL
    }

    /// A signal.
    #[cold]
    pub(crate) fn signal(&mut self, condition: Value, data: &[Value]) -> Flow {
        Flow::Signal(condition, self.heap.list(data))
    }

    /// An error with a message.
    #[cold]
    pub(crate) fn error(&mut self, message: impl Into<String>) -> Flow {
        let message = self.heap.string(message.into());
        self.signal(sym::error, &[message])
    }

    /// The error of a value that fails a predicate.
    #[cold]
    pub(crate) fn wrong_type(&mut self, predicate: Value, value: Value) -> Flow {
        self.signal(sym::wrong_type_argument, &[predicate, value])
    }

    pub(crate) fn check_symbol(&mut self, v: Value) -> LispResult<Symbol> {
        v.as_symbol().ok_or_else(|| self.wrong_type(sym::symbolp, v))
    }

    /// A value printed for the reader.
    pub fn prin1(&self, v: Value) -> String {
        printer::prin1(&self.heap, &self.symbols, v)
    }

    /// A value printed for people, as bytes of a file.
    pub fn princ(&self, v: Value) -> Vec<u8> {
        printer::to_bytes(&self.heap, &self.symbols, v, Style::PRINC)
    }

    /// What an error says, as `error-message-string` does.
    pub fn describe(&self, flow: Flow) -> String {
        let (condition, data) = match flow {
            Flow::Throw(tag, _) => return format!("no catch for tag {}", self.prin1(tag)),
            Flow::Signal(condition, data) => (condition, data),
        };
        let message = match condition.as_symbol() {
            Some(symbol) => self.get_property(symbol, sym::error_message),
            None => Value::NIL,
        };
        let plain = matches!(condition, sym::error | sym::user_error) && self.heap.car(data).is_str();
        let (head, rest) = if plain {
            (self.princ(self.heap.car(data)), self.heap.cdr(data))
        } else if message.is_str() {
            (self.princ(message), data)
        } else {
            (self.prin1(condition).into_bytes(), data)
        };
        let rest: Vec<String> = self.heap.list_elements(rest, 100).iter().map(|&v| self.prin1(v)).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        if rest.is_empty() { head } else { format!("{head}: {}", rest.join(", ")) }
    }

    /// Writes bytes to the output, or to the error output.
    pub(crate) fn write(&mut self, bytes: &[u8], to_error: bool) {
        match &mut self.output {
            Output::Captured(buffer) => buffer.extend_from_slice(bytes),
            // Nobody is left to tell when standard output is gone.
            Output::Process if to_error => _ = std::io::stderr().write_all(bytes),
            Output::Process => _ = std::io::stdout().write_all(bytes),
        }
    }
}

/// The symbol of a constant in [`crate::symbols::sym`].
#[inline]
pub(crate) fn symbol_of(v: Value) -> Symbol {
    v.as_symbol().unwrap_or(Symbol::from_id(0))
}

#[inline]
fn stack_address() -> usize {
    let here = 0u8;
    (&raw const here).addr()
}
