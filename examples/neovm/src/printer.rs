//! Values to text that reads back as the same value.
//!
//! The printer keeps what is left to print in a list of its own, so a value may nest to any depth.

use crate::chars;
use crate::heap::Heap;
use crate::number;
use crate::object::{
    Bignum, BoolVector, BufferHandle, Entry, FrameHandle, HashTable, Kind, LispObarray, Marker, Overlay, Str,
    Subr, SymbolWithPos, Test, TimerHandle, Weakness, WindowHandle, closure,
};
use crate::rt::{Interner, Symbol};
use crate::symbols::sym;
use crate::value::Value;
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

/// Which objects get a label, `#1=`, and are printed as `#1#` from then on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Labels {
    /// Only those without which a circular value would print for ever.
    Cycles,
    /// All that are met twice, so that sharing is read back too.
    Shared,
}

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Strings in quotes and escapes where the reader needs them.
    pub escape: bool,
    /// Which objects are labelled.
    pub labels: Labels,
    /// Write raw bytes in the internal encoding, as a Lisp string needs, and not as single bytes.
    pub internal: bool,
}

impl Style {
    /// For the reader.
    pub const PRIN1: Style = Style { escape: true, labels: Labels::Cycles, internal: false };
    /// For people.
    pub const PRINC: Style = Style { escape: false, labels: Labels::Cycles, internal: false };
}

/// Prints for the reader into a string; text that is no UTF-8 is replaced.
pub fn prin1(heap: &Heap, symbols: &Interner, v: Value) -> String {
    String::from_utf8_lossy(&to_bytes(heap, symbols, v, Style::PRIN1)).into_owned()
}

/// Prints into bytes.
pub fn to_bytes(heap: &Heap, symbols: &Interner, v: Value, style: Style) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing into memory does not fail.
    let _ = print(heap, symbols, v, style, &mut out);
    out
}

/// Prints a value.
pub fn print(heap: &Heap, symbols: &Interner, v: Value, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let labels = match style.labels {
        Labels::Cycles => cycles(heap, v),
        Labels::Shared => shared(heap, symbols, v),
    };
    Printer { heap, symbols, style, labels, last: 0, work: Vec::new(), out }.run(v)
}

/// What is left to print.
enum Task {
    Value(Value),
    Text(&'static str),
    /// The rest of a list behind an element, with the closing parenthesis.
    Rest(Value),
    /// The slots of an object from the given one on, with the closing bracket.
    Slots(Value, usize, &'static str),
    /// The entries of a hash table that are left, and what stands before the first.
    Entries(std::vec::IntoIter<Entry>, &'static str),
}

struct Printer<'a> {
    heap: &'a Heap,
    symbols: &'a Interner,
    style: Style,
    /// The objects to label, with their number once printed.
    labels: HashMap<Value, u64>,
    last: u64,
    work: Vec<Task>,
    out: &'a mut dyn Write,
}

impl Printer<'_> {
    fn run(mut self, v: Value) -> io::Result<()> {
        self.work.push(Task::Value(v));
        while let Some(task) = self.work.pop() {
            match task {
                Task::Value(v) => self.value(v)?,
                Task::Text(text) => self.out.write_all(text.as_bytes())?,
                Task::Rest(rest) => match self.heap.as_cons(rest) {
                    Some(cons) if !self.labels.contains_key(&rest) => {
                        self.out.write_all(b" ")?;
                        self.work.extend([Task::Rest(cons.cdr.get()), Task::Value(cons.car.get())]);
                    }
                    None if rest.is_nil() => self.out.write_all(b")")?,
                    _ => {
                        self.out.write_all(b" . ")?;
                        self.work.extend([Task::Text(")"), Task::Value(rest)]);
                    }
                },
                Task::Slots(v, at, close) => match self.heap.as_slots(v).and_then(|slots| slots.get(at)) {
                    None => self.out.write_all(close.as_bytes())?,
                    Some(&slot) => {
                        if at > 0 {
                            self.out.write_all(b" ")?;
                        }
                        self.work.extend([Task::Slots(v, at + 1, close), Task::Value(slot)]);
                    }
                },
                Task::Entries(left, before) => self.entry(left, before)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, v: Value) -> io::Result<()> {
        if let Some(number) = self.labels.get_mut(&v) {
            if *number > 0 {
                return write!(self.out, "#{number}#");
            }
            self.last += 1;
            *number = self.last;
            write!(self.out, "#{}=", self.last)?;
        }
        if let Some(n) = v.as_fixnum() {
            return write!(self.out, "{n}");
        }
        if let Some(symbol) = v.as_symbol() {
            return self.symbol(symbol);
        }
        if let Some(cons) = self.heap.as_cons(v) {
            return self.cons(cons.car.get(), cons.cdr.get());
        }
        match self.heap.kind(v) {
            Some(Kind::Str) => self.string(v),
            Some(Kind::Float) => {
                let text = self.heap.as_float(v).map(number::format_float).unwrap_or_default();
                self.out.write_all(text.as_bytes())
            }
            Some(Kind::Bignum) => match self.heap.get::<Bignum>(v) {
                Some(n) => write!(self.out, "{}", n.get()),
                None => Ok(()),
            },
            Some(Kind::Vector) => self.slots("[", v, "]"),
            Some(Kind::Record) => self.slots("#s(", v, ")"),
            Some(Kind::ByteCode) => self.slots("#[", v, "]"),
            Some(Kind::CharTable) => self.slots("#^[", v, "]"),
            Some(Kind::SubCharTable) => self.slots("#^^[", v, "]"),
            Some(Kind::Lambda) => self.closure("(closure ", v),
            Some(Kind::Macro) => self.closure("(macro closure ", v),
            Some(Kind::HashTable) => self.hash_table(v),
            Some(Kind::BoolVector) => self.bool_vector(v),
            Some(Kind::Subr) => {
                let name = self.heap.get::<Subr>(v).map_or(&b""[..], |s| self.symbols.name(s.name));
                write!(self.out, "#<subr {}>", String::from_utf8_lossy(name))
            }
            Some(Kind::SymbolWithPos) => match self.heap.get::<SymbolWithPos>(v) {
                Some(s) => {
                    let at = s.pos.as_fixnum().unwrap_or(0);
                    let symbol = s.symbol.as_symbol().map_or(&b""[..], |symbol| self.symbols.name(symbol));
                    write!(self.out, "#<symbol {} at {at}>", String::from_utf8_lossy(symbol))
                }
                None => Ok(()),
            },
            Some(Kind::LispObarray) => {
                let table = self.heap.get::<LispObarray>(v).and_then(|o| self.heap.get::<HashTable>(o.table));
                write!(self.out, "#<obarray n={}>", table.map_or(self.symbols.len(), |t| t.count()))
            }
            Some(kind) => self.placed(kind, v),
            None => write!(self.out, "#<invalid {:#x}>", v.bits()),
        }
    }

    /// What belongs to a buffer or to the process, and has no syntax.
    fn placed(&mut self, kind: Kind, v: Value) -> io::Result<()> {
        let heap = self.heap;
        let name_of = |handle: Value| match heap.get::<BufferHandle>(handle).map(|handle| handle.name.get()) {
            Some(name) if name.is_str() => String::from_utf8_lossy(heap.as_bytes(name).unwrap_or_default()),
            _ => "no buffer".into(),
        };
        match kind {
            Kind::Marker => {
                let Some(marker) = heap.get::<Marker>(v) else { return Ok(()) };
                let moves = if marker.advances.get() { "(moves after insertion) " } else { "" };
                match marker.buffer.get() {
                    Value::NIL => write!(self.out, "#<marker {moves}in no buffer>"),
                    buffer => {
                        write!(
                            self.out,
                            "#<marker {moves}at {} in {}>",
                            marker.pos.get().char,
                            name_of(buffer)
                        )
                    }
                }
            }
            Kind::Overlay => {
                let Some(overlay) = heap.get::<Overlay>(v) else { return Ok(()) };
                let (start, end) = (overlay.start.get(), overlay.end.get());
                match overlay.buffer.get() {
                    Value::NIL => write!(self.out, "#<overlay in no buffer>"),
                    buffer => write!(self.out, "#<overlay from {start} to {end} in {}>", name_of(buffer)),
                }
            }
            Kind::BufferHandle => match heap.get::<BufferHandle>(v) {
                Some(handle) if handle.name.get().is_true() => write!(self.out, "#<buffer {}>", name_of(v)),
                _ => write!(self.out, "#<killed buffer>"),
            },
            Kind::WindowHandle => self.numbered("window", heap.get::<WindowHandle>(v).map(|h| h.id)),
            Kind::FrameHandle => self.numbered("frame", heap.get::<FrameHandle>(v).map(|h| h.id)),
            Kind::TimerHandle => self.numbered("timer", heap.get::<TimerHandle>(v).map(|h| h.id)),
            _ => write!(self.out, "#<internal>"),
        }
    }

    fn numbered(&mut self, what: &str, id: Option<u64>) -> io::Result<()> {
        write!(self.out, "#<{what} {}>", id.unwrap_or(0))
    }

    fn cons(&mut self, car: Value, cdr: Value) -> io::Result<()> {
        let prefix = match car {
            sym::quote => "'",
            sym::function => "#'",
            sym::backquote => "`",
            sym::comma => ",",
            sym::comma_at => ",@",
            _ => "",
        };
        if !prefix.is_empty()
            && !self.labels.contains_key(&cdr)
            && let Some(rest) = self.heap.as_cons(cdr).filter(|rest| rest.cdr.get().is_nil())
        {
            let value = rest.car.get();
            // A comma right in front of a symbol that starts with an at sign would read as another quote.
            let at = car == sym::comma
                && value.as_symbol().is_some_and(|symbol| self.symbols.name(symbol).first() == Some(&b'@'));
            self.out.write_all(if at { b", " } else { prefix.as_bytes() })?;
            self.work.push(Task::Value(value));
            return Ok(());
        }
        self.out.write_all(b"(")?;
        self.work.extend([Task::Rest(cdr), Task::Value(car)]);
        Ok(())
    }

    fn slots(&mut self, open: &str, v: Value, close: &'static str) -> io::Result<()> {
        self.work.push(Task::Slots(v, 0, close));
        self.out.write_all(open.as_bytes())
    }

    /// A closure as the list that evaluates to it.
    fn closure(&mut self, open: &str, v: Value) -> io::Result<()> {
        let slots = self.heap.as_slots(v).unwrap_or_default();
        let slot = |at: usize| slots.get(at).copied().unwrap_or(Value::NIL);
        self.work.extend([
            Task::Rest(slot(closure::BODY)),
            Task::Value(slot(closure::PARAMS)),
            Task::Text(" "),
            Task::Value(slot(closure::ENV)),
        ]);
        self.out.write_all(open.as_bytes())
    }

    fn hash_table(&mut self, v: Value) -> io::Result<()> {
        let Some(table) = self.heap.get::<HashTable>(v) else { return Ok(()) };
        let test = match table.test() {
            Test::Eq => " test eq",
            Test::Eql => "",
            Test::Equal => " test equal",
        };
        let weak = match table.weak {
            Weakness::None => "",
            Weakness::Key => " weakness key",
            Weakness::Value => " weakness value",
            Weakness::KeyOrValue => " weakness key-or-value",
            Weakness::KeyAndValue => " weakness key-and-value",
        };
        let entries: Vec<Entry> = table.entries().collect();
        write!(self.out, "#s(hash-table size {}{test}{weak} data (", entries.len())?;
        self.work.push(Task::Entries(entries.into_iter(), ""));
        Ok(())
    }

    /// The next of the entries of a table, and what stands before it.
    fn entry(&mut self, mut left: std::vec::IntoIter<Entry>, before: &'static str) -> io::Result<()> {
        let Some(entry) = left.next() else { return self.out.write_all(b"))") };
        self.out.write_all(before.as_bytes())?;
        self.work.extend([
            Task::Entries(left, " "),
            Task::Value(entry.value),
            Task::Text(" "),
            Task::Value(entry.key),
        ]);
        Ok(())
    }

    fn bool_vector(&mut self, v: Value) -> io::Result<()> {
        let Some(vector) = self.heap.get::<BoolVector>(v) else { return Ok(()) };
        write!(self.out, "#&{}\"", vector.len)?;
        for &byte in vector.bits() {
            self.escaped_byte(byte)?;
        }
        self.out.write_all(b"\"")
    }

    /// A byte in a string: in octal when it is none of ASCII.
    fn escaped_byte(&mut self, byte: u8) -> io::Result<()> {
        match byte {
            b'"' | b'\\' => self.out.write_all(&[b'\\', byte]),
            0..0x80 => self.out.write_all(&[byte]),
            _ => write!(self.out, "\\{byte:o}"),
        }
    }

    fn string(&mut self, v: Value) -> io::Result<()> {
        let Some(str) = self.heap.get::<Str>(v) else { return Ok(()) };
        if !self.style.escape {
            return self.text(&str.bytes, str.multibyte != 0);
        }
        let props = str.props.get();
        if props.is_true() {
            self.out.write_all(b"#(")?;
            self.work.push(Task::Rest(props));
        }
        self.out.write_all(b"\"")?;
        let mut rest = &str.bytes[..];
        while let Some(&byte) = rest.first() {
            let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0x80..)).unwrap_or(rest.len());
            if plain > 0 {
                self.out.write_all(&rest[..plain])?;
                rest = &rest[plain..];
                continue;
            }
            let (c, len) = if str.multibyte != 0 { chars::decode(rest) } else { (chars::raw_byte(byte), 1) };
            match chars::as_raw_byte(c) {
                Some(raw) if byte >= 0x80 => self.escaped_byte(raw)?,
                _ if byte < 0x80 => self.escaped_byte(byte)?,
                _ => self.out.write_all(&rest[..len])?,
            }
            rest = &rest[len..];
        }
        self.out.write_all(b"\"")
    }

    /// Text without quotes, its raw bytes as the style says.
    fn text(&mut self, bytes: &[u8], multibyte: bool) -> io::Result<()> {
        if bytes.is_ascii() || (multibyte && self.style.internal) || (!multibyte && !self.style.internal) {
            return self.out.write_all(bytes);
        }
        let chars = if multibyte { chars::all(bytes) } else { bytes.iter().map(|&b| widen(b)).collect() };
        let mut out = Vec::with_capacity(bytes.len());
        for c in chars {
            match chars::as_raw_byte(c) {
                Some(raw) if !self.style.internal => out.push(raw),
                _ => chars::push(&mut out, c),
            }
        }
        self.out.write_all(&out)
    }

    fn symbol(&mut self, symbol: Symbol) -> io::Result<()> {
        let name = self.symbols.name(symbol);
        if !self.style.escape {
            return self.text(name, true);
        }
        if !self.symbols.is_interned(symbol) {
            self.out.write_all(b"#:")?;
        } else if name.is_empty() {
            return self.out.write_all(b"##");
        }
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-+*/_~!@$%^&=:<>{}.?|".contains(b);
        if name.iter().all(plain) && name.first().is_some_and(u8::is_ascii_alphabetic) {
            return self.out.write_all(name);
        }
        if number::parse(name).is_some() {
            self.out.write_all(b"\\")?;
        }
        let mut at = 0;
        while at < name.len() {
            let (c, len) = chars::decode(&name[at..]);
            let lone_dot =
                |next: Option<&u8>| next.is_none_or(|b| !b.is_ascii_alphanumeric() && !b"-.".contains(b));
            let escape = match c {
                0..=0x20 | 0xA0 => true,
                0x3F => at == 0,
                0x2E => at == 0 && lone_dot(name.get(1)),
                _ => c < 0x80 && b"\"\\';#(),`[]".contains(&(c as u8)),
            };
            match chars::as_raw_byte(c) {
                // Two raw bytes side by side might make a character, so each is escaped.
                Some(raw) if !self.style.internal => self.out.write_all(&[b'\\', raw])?,
                _ => {
                    if escape {
                        self.out.write_all(b"\\")?;
                    }
                    self.out.write_all(&name[at..at + len])?;
                }
            }
            at += len;
        }
        Ok(())
    }
}

fn widen(byte: u8) -> u32 {
    if byte < 0x80 { u32::from(byte) } else { chars::raw_byte(byte) }
}

fn may_hold_others(heap: &Heap, v: Value) -> bool {
    v.is_object()
        && !v.is_float()
        && !matches!(
            heap.kind(v),
            // What the last of these refer to is not printed.
            Some(
                Kind::Bignum
                    | Kind::Subr
                    | Kind::BoolVector
                    | Kind::SymbolWithPos
                    | Kind::LispObarray
                    | Kind::Marker
                    | Kind::Overlay
                    | Kind::BufferHandle
            )
        )
}

/// The objects that close a cycle.
fn cycles(heap: &Heap, root: Value) -> HashMap<Value, u64> {
    // A value that a walk without any memory gets to the end of has no cycle; most are small.
    let mut work = vec![root];
    let mut steps = 0;
    while let Some(v) = work.pop() {
        if may_hold_others(heap, v) {
            heap.for_each_child(v, &mut |child| work.push(child));
            steps += 1;
            if steps > 2000 {
                break;
            }
        }
    }
    if work.is_empty() {
        return HashMap::new();
    }
    enum Step {
        Enter(Value),
        Leave(Value),
    }
    let mut found = HashMap::new();
    let mut open: HashMap<Value, bool> = HashMap::new();
    let mut work = vec![Step::Enter(root)];
    while let Some(step) = work.pop() {
        let v = match step {
            Step::Leave(v) => {
                open.insert(v, false);
                continue;
            }
            Step::Enter(v) => v,
        };
        if !may_hold_others(heap, v) {
            continue;
        }
        match open.get(&v) {
            Some(true) => _ = found.insert(v, 0),
            Some(false) => {}
            None => {
                open.insert(v, true);
                work.push(Step::Leave(v));
                heap.for_each_child(v, &mut |child| work.push(Step::Enter(child)));
            }
        }
    }
    found
}

/// The objects that are met more than once.
fn shared(heap: &Heap, symbols: &Interner, root: Value) -> HashMap<Value, u64> {
    let mut found = HashMap::new();
    let mut seen = HashSet::new();
    let mut work = vec![root];
    while let Some(v) = work.pop() {
        let fresh = v.as_symbol().is_some_and(|symbol| !symbols.is_interned(symbol));
        if !(fresh || v.is_object() && !v.is_float()) {
            continue;
        }
        if !seen.insert(v) {
            found.insert(v, 0);
        } else if may_hold_others(heap, v) {
            heap.for_each_child(v, &mut |child| work.push(child));
        }
    }
    found
}
