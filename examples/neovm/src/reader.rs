//! Text to values: the syntax of GNU Emacs' own sources.
//!
//! The reader keeps what is open in a list of its own, so text may nest to any depth. It makes objects and never
//! collects.

mod escape;
mod label;
mod token;

use crate::chars;
use crate::error::ReadError;
use crate::heap::Heap;
use crate::object::{ByteCode, CharTable, Record, SubCharTable, Test, Vector, Weakness};
use crate::rt::Interner;
use crate::symbols::sym;
use crate::value::Value;
use label::Labels;
use std::collections::VecDeque;

/// What the bytes of a text mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8, with anything else taken as raw bytes.
    File,
    /// The internal encoding: the bytes of a multibyte string.
    Internal,
    /// A byte a character.
    Bytes,
}

/// A text to read forms from, one after the other.
pub struct Source {
    /// The file, or what the text is, for messages.
    pub name: String,
    text: Vec<u8>,
    pos: usize,
    encoding: Encoding,
    /// Symbols but nil are read with their positions.
    pub positions: bool,
    /// Things worth telling that are no errors, such as an unknown character name.
    pub notes: Vec<String>,
}

/// What is open.
enum Frame {
    List { open: usize, head: Value, tail: Value, dot: Dot },
    Run { open: usize, kind: Run, start: usize },
    Quote { open: usize, symbol: Value },
    Label { open: usize, number: u64 },
}

#[derive(PartialEq)]
enum Dot {
    None,
    Seen,
    Done,
}

/// Values in parentheses or brackets that are no list.
#[derive(Clone, Copy, PartialEq)]
enum Run {
    Vector,
    Record,
    ByteCode,
    CharTable,
    SubCharTable,
    Text,
}

/// The next piece of text.
enum Token {
    End,
    Value(Value),
    Open(Option<Run>),
    Close(u8),
    Dot,
    Quote(Value),
    Label(u64),
    Reference(u64),
}

impl Source {
    /// The content of a file.
    pub fn file(name: impl Into<String>, text: Vec<u8>) -> Source {
        Source::new(name, text, Encoding::File)
    }

    /// Text of a known encoding.
    pub fn new(name: impl Into<String>, text: Vec<u8>, encoding: Encoding) -> Source {
        let pos = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        Source { name: name.into(), text, pos, encoding, positions: false, notes: Vec::new() }
    }

    /// How many bytes were read.
    pub fn position(&self) -> usize {
        self.pos
    }

    /// The whole text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Reads from this byte on.
    pub fn seek(&mut self, pos: usize) {
        self.pos = pos.min(self.text.len());
    }

    /// The line and column of a byte, from 1.
    pub fn line_and_column(&self, pos: usize) -> (usize, usize) {
        let before = &self.text[..pos.min(self.text.len())];
        let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let (mut at, mut column) = (start, 1);
        while at < before.len() {
            at += self.decode(at).1;
            column += 1;
        }
        (before.iter().filter(|&&b| b == b'\n').count() + 1, column)
    }

    /// Skips blanks and comments; the line where the next form starts.
    pub fn next_line(&mut self) -> usize {
        self.skip_blanks();
        self.line_and_column(self.pos).0
    }

    /// Reads the next form; `None` at the end of the text.
    pub fn read(&mut self, heap: &mut Heap, symbols: &mut Interner) -> Result<Option<Value>, ReadError> {
        let mut frames: Vec<Frame> = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        let mut labels = Labels::default();
        loop {
            self.skip_blanks();
            let at = self.pos;
            let mut value = match self.token(heap, symbols)? {
                Token::End => match frames.last() {
                    None => return Ok(None),
                    Some(frame) => return Err(self.unclosed(frame)),
                },
                Token::Value(value) => value,
                Token::Open(None) => {
                    frames.push(Frame::List { open: at, head: Value::NIL, tail: Value::NIL, dot: Dot::None });
                    continue;
                }
                Token::Open(Some(kind)) => {
                    frames.push(Frame::Run { open: at, kind, start: values.len() });
                    continue;
                }
                Token::Quote(symbol) => {
                    frames.push(Frame::Quote { open: at, symbol });
                    continue;
                }
                Token::Label(number) => {
                    labels.open(number, heap);
                    frames.push(Frame::Label { open: at, number });
                    continue;
                }
                Token::Reference(number) => labels
                    .get(number)
                    .ok_or_else(|| self.error(at, format!("no object has the label #{number}=")))?,
                Token::Dot => {
                    match frames.last_mut() {
                        Some(Frame::List { dot, .. }) if *dot == Dot::None => *dot = Dot::Seen,
                        _ => {
                            return Err(
                                self.error(at, "a dot stands before the last element of a list only".into())
                            );
                        }
                    }
                    continue;
                }
                Token::Close(close) => match frames.pop() {
                    Some(Frame::List { head, dot, .. }) if close == b')' && dot != Dot::Seen => head,
                    Some(Frame::Run { open, kind, start }) if close == kind.close() => {
                        let run = values.split_off(start);
                        self.finish(kind, run, heap).map_err(|what| self.error(open, what))?
                    }
                    frame => return Err(self.mismatch(at, close, frame.as_ref())),
                },
            };
            // The value may complete quotes and labels, and then goes into what is open.
            loop {
                match frames.last_mut() {
                    None => return Ok(Some(value)),
                    Some(Frame::Quote { symbol, .. }) => {
                        let symbol = *symbol;
                        frames.pop();
                        value = heap.list(&[symbol, value]);
                    }
                    Some(&mut Frame::Label { open, number }) => {
                        frames.pop();
                        value = labels
                            .close(number, value, heap)
                            .ok_or_else(|| self.error(open, format!("#{number}= labels itself")))?;
                    }
                    Some(Frame::Run { .. }) => {
                        values.push(value);
                        break;
                    }
                    Some(Frame::List { head, tail, dot, .. }) => {
                        if *dot == Dot::Done {
                            return Err(self.error(at, "a list ends after the element behind its dot".into()));
                        }
                        let rest = if *dot == Dot::Seen { value } else { heap.cons(value, Value::NIL) };
                        match heap.as_cons(*tail) {
                            None => *head = rest,
                            Some(last) => last.cdr.set(rest),
                        }
                        *tail = rest;
                        if *dot == Dot::Seen {
                            *dot = Dot::Done;
                        }
                        break;
                    }
                }
            }
        }
    }

    /// Makes the object of a completed run.
    fn finish(&self, kind: Run, run: Vec<Value>, heap: &mut Heap) -> Result<Value, String> {
        Ok(match kind {
            Run::Vector => heap.slots::<Vector>(run),
            Run::ByteCode => heap.slots::<ByteCode>(run),
            Run::CharTable => heap.slots::<CharTable>(run),
            Run::SubCharTable => heap.slots::<SubCharTable>(run),
            Run::Record if run.first() == Some(&sym::hash_table) => hash_table(&run[1..], heap)?,
            Run::Record if run.is_empty() => return Err("#s() has no type".into()),
            Run::Record => heap.slots::<Record>(run),
            Run::Text => {
                let [string, props @ ..] = &run[..] else { return Err("#( has no string".into()) };
                if props.len() % 3 != 0 {
                    return Err("text properties come as START END PLIST".into());
                }
                let props = heap.list(props);
                heap.get::<crate::object::Str>(*string)
                    .ok_or("#( does not start with a string")?
                    .props
                    .set(props);
                *string
            }
        })
    }

    fn error(&self, pos: usize, what: String) -> ReadError {
        let (line, column) = self.line_and_column(pos);
        ReadError { file: self.name.clone(), line, column, what, at_end: false }
    }

    fn end_error(&self, pos: usize, what: String) -> ReadError {
        ReadError { at_end: true, ..self.error(pos, what) }
    }

    fn unclosed(&self, frame: &Frame) -> ReadError {
        let (Frame::List { open, .. }
        | Frame::Run { open, .. }
        | Frame::Quote { open, .. }
        | Frame::Label { open, .. }) = frame;
        self.end_error(*open, format!("the text ends inside the form that starts here, {}", frame.name()))
    }

    fn mismatch(&self, at: usize, close: u8, frame: Option<&Frame>) -> ReadError {
        let close = char::from(close);
        let what = match frame {
            None => format!("'{close}' closes nothing"),
            Some(Frame::List { dot: Dot::Seen, .. }) => format!("'{close}' stands right behind a dot"),
            Some(frame) => format!("'{close}' does not close {}", frame.name()),
        };
        self.error(at, what)
    }

    fn decode(&self, at: usize) -> (u32, usize) {
        let rest = &self.text[at..];
        match self.encoding {
            Encoding::File => chars::decode_external(rest),
            Encoding::Internal => chars::decode(rest),
            Encoding::Bytes => match rest.first() {
                Some(&b @ 0..=0x7F) => (u32::from(b), 1),
                Some(&b) => (chars::raw_byte(b), 1),
                None => (0, 0),
            },
        }
    }
}

impl Run {
    fn close(self) -> u8 {
        if matches!(self, Run::Record | Run::Text) { b')' } else { b']' }
    }
}

impl Frame {
    fn name(&self) -> &'static str {
        match self {
            Frame::List { .. } => "a list",
            Frame::Run { kind: Run::Vector, .. } => "a vector",
            Frame::Run { kind: Run::Record, .. } => "a record",
            Frame::Run { kind: Run::ByteCode, .. } => "a byte-code object",
            Frame::Run { kind: Run::CharTable | Run::SubCharTable, .. } => "a char table",
            Frame::Run { kind: Run::Text, .. } => "a string with properties",
            Frame::Quote { .. } => "a quote",
            Frame::Label { .. } => "a label",
        }
    }
}

/// Makes the table of `#s(hash-table ...)` from its parameters.
fn hash_table(params: &[Value], heap: &mut Heap) -> Result<Value, String> {
    let (mut test, mut weak, mut data) = (Test::Eql, Weakness::None, Value::NIL);
    let mut params = params.chunks_exact(2);
    for pair in &mut params {
        match (pair[0], pair[1]) {
            (sym::test, sym::eq) => test = Test::Eq,
            (sym::test, sym::eql) => test = Test::Eql,
            (sym::test, sym::equal) => test = Test::Equal,
            (sym::test, _) => return Err("the test of a hash table is eq, eql or equal".into()),
            (sym::weakness, Value::NIL) => weak = Weakness::None,
            (sym::weakness, sym::key) => weak = Weakness::Key,
            (sym::weakness, sym::value) => weak = Weakness::Value,
            (sym::weakness, sym::key_or_value | Value::T) => weak = Weakness::KeyOrValue,
            (sym::weakness, sym::key_and_value) => weak = Weakness::KeyAndValue,
            (sym::data, list) => data = list,
            // The size, the rehash parameters and `purecopy` only tune the table of the machine that wrote it.
            _ => {}
        }
    }
    if !params.remainder().is_empty() {
        return Err("a hash table's parameters come in pairs".into());
    }
    let table = heap.hash_table(test, weak);
    let mut data: VecDeque<Value> = heap.list_elements(data, usize::MAX).into();
    while let (Some(key), Some(value)) = (data.pop_front(), data.pop_front()) {
        heap.puthash(table, key, value);
    }
    Ok(table)
}
