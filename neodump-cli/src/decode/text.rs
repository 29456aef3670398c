//! A walk as indented text.

use neodump_runtime::inspect::{Event, Form, Image, Node, Step, TypeId, Value, Walk};

use super::{hex, object_name, printable, symbol_name};
use crate::output::{count, style};

/// Bytes that are shown of a value that is nothing but bytes.
const BYTES: usize = 64;

/// Levels that lines are indented by: a deeper line says how deep it is, as text is not to grow with the square of it.
const INDENTED: usize = 40;

/// What is open, as the lines below it look.
enum Frame {
    /// Parts on lines of their own, further right.
    Lines,
    /// Parts in brackets on one line, after its start.
    Inline(String, Vec<String>),
    /// The one part stands where the whole would.
    Through(Place),
}

/// Where a value stands.
#[derive(Clone)]
enum Place {
    /// After these words.
    After(String),
    /// It is the key of an entry: it comes before the value.
    Key,
    /// It is the value of an entry.
    Entry,
}

struct Printer<'i, 'a> {
    image: &'i Image<'a>,
    text: String,
    depth: usize,
    frames: Vec<Frame>,
    /// The key of the entry whose value comes next, if it fits before it.
    key: Option<String>,
}

pub(super) fn render(image: &Image<'_>, mut walk: Walk<'_, '_>) -> neodump_runtime::Result<String> {
    let mut printer = Printer { image, text: String::new(), depth: 0, frames: Vec::new(), key: None };
    while let Some(event) = walk.next()? {
        printer.event(event);
    }
    Ok(printer.text)
}

impl Printer<'_, '_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Value { step, value, node, open } => {
                let place = self.place(step);
                self.value(place, value, &node, open);
            }
            Event::Again { step, offset } => {
                let place = self.place(step);
                self.leaf(place, format!("the same as shared {offset:#x}"));
            }
            Event::NotStored { step: Step::Field(name, policy) } => {
                let dim = style::DIM;
                self.line(&format!("{dim}{name}: not stored ({policy}){dim:#}"));
            }
            Event::NotStored { .. } => {}
            Event::More { count: more } => {
                let more = format!("and {} more", count(more));
                match self.frames.last_mut() {
                    Some(Frame::Inline(_, parts)) => parts.push(more),
                    _ => self.line(&more),
                }
            }
            Event::Close => match self.frames.pop() {
                Some(Frame::Lines) => self.depth -= 1,
                Some(Frame::Inline(start, parts)) => self.line(&format!("{start}[{}]", parts.join(", "))),
                Some(Frame::Through(_)) | None => {}
            },
        }
    }

    fn place(&self, step: Step<'_>) -> Place {
        match step {
            Step::Start => Place::After(String::new()),
            Step::Field(name, _) => Place::After(format!("{name}: ")),
            Step::Index(index) => Place::After(format!("[{index}] ")),
            Step::Key(_) => Place::Key,
            Step::Entry(_) => Place::Entry,
            Step::Inner => match self.frames.last() {
                Some(Frame::Through(place)) => place.clone(),
                _ => Place::After(String::new()),
            },
        }
    }

    fn value(&mut self, place: Place, value: Option<Value>, node: &Node<'_>, open: bool) {
        if !open {
            let text = self.closed(value, node);
            return self.leaf(place, text);
        }
        match node {
            Node::One(_) => self.frames.push(Frame::Through(place)),
            Node::Shared(offset, _) => {
                let place = match place {
                    Place::After(words) => Place::After(format!("{words}shared {offset:#x} ")),
                    other => other,
                };
                self.frames.push(Frame::Through(place));
            }
            Node::Elements(elements) if self.is_scalar(elements.ty) => {
                let start = self.before(place);
                self.frames.push(Frame::Inline(start, Vec::new()));
            }
            _ => {
                let text = self.opened(value, node);
                let start = self.before(place);
                self.line(&format!("{start}{text}"));
                self.frames.push(Frame::Lines);
                self.depth += 1;
            }
        }
    }

    /// What stands before a value on its line; the key of an entry that does not fit there was written.
    fn before(&mut self, place: Place) -> String {
        match place {
            Place::After(words) => words,
            Place::Key => "key: ".to_owned(),
            Place::Entry => self.key.take().map_or_else(|| "value: ".to_owned(), |key| format!("{key} => ")),
        }
    }

    fn leaf(&mut self, place: Place, text: String) {
        if let Some(Frame::Inline(_, parts)) = self.frames.last_mut() {
            return parts.push(text);
        }
        match place {
            Place::After(words) => self.line(&format!("{words}{text}")),
            Place::Key => self.key = Some(text),
            // The entry of a set has no value.
            Place::Entry if text == "()" => {
                if let Some(key) = self.key.take() {
                    self.line(&key);
                }
            }
            Place::Entry => {
                let start = self.before(Place::Entry);
                self.line(&format!("{start}{text}"));
            }
        }
    }

    fn line(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&"  ".repeat(self.depth.min(INDENTED)));
        if self.depth > INDENTED {
            self.text.push_str(&format!("({}) ", self.depth));
        }
        self.text.push_str(text);
    }

    /// Whether values of a type are short enough to stand on one line.
    fn is_scalar(&self, ty: TypeId) -> bool {
        let schema = self.image.schema();
        let mut ty = schema.ty(ty);
        while let (Form::Same, Some(inner)) = (ty.form(), ty.of().first()) {
            ty = schema.ty(*inner);
        }
        matches!(
            ty.form(),
            Form::Bool
                | Form::Unsigned
                | Form::Signed
                | Form::Float
                | Form::Char
                | Form::Symbol
                | Form::Word(_)
                | Form::Pointer
        )
    }

    fn type_name(&self, value: Option<Value>) -> String {
        let name = value.map(|value| self.image.schema().ty(value.ty).short_name()).unwrap_or_default();
        let ty = style::TYPE;
        if name.is_empty() { name } else { format!("{ty}{name}{ty:#}") }
    }

    /// The first line of a value whose parts follow.
    fn opened(&self, value: Option<Value>, node: &Node<'_>) -> String {
        let name = self.type_name(value);
        let comma = if name.is_empty() { "" } else { ", " };
        match node {
            Node::Variant(variant, members) if members.is_empty() => (*variant).to_owned(),
            Node::Variant(variant, _) => format!("{name}::{variant}"),
            Node::Elements(elements) => format!("{name}{comma}{} elements", count(elements.count)),
            Node::Entries(entries) => format!("{name}{comma}{} entries", count(entries.count)),
            _ => name,
        }
    }

    /// A value without parts, or whose parts are not shown.
    fn closed(&self, value: Option<Value>, node: &Node<'_>) -> String {
        match node {
            Node::Unit => "()".to_owned(),
            Node::Bool(value) => value.to_string(),
            Node::Unsigned(number) => number.to_string(),
            Node::Signed(number) => number.to_string(),
            Node::Float(number) => format!("{number:?}"),
            Node::Char(c) => format!("{c:?}"),
            Node::Duration(seconds, nanoseconds) => format!("{seconds}.{nanoseconds:09} s"),
            Node::Symbol(id) => format!("symbol {}", printable(&symbol_name(self.image, *id))),
            Node::Immediate(bits) => format!("{bits:#x}"),
            Node::Object(object) => {
                let ty = style::TYPE;
                format!("{ty}{}{ty:#}", object_name(self.image, *object))
            }
            Node::Address(offset) => format!("address {offset:#x}"),
            Node::Weak(offset) => format!("weak {offset:#x}"),
            Node::None => "none".to_owned(),
            Node::Native(import) => {
                format!(
                    "native {}",
                    printable(self.image.natives().get(*import).map_or("?", |native| &native.name))
                )
            }
            Node::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
            Node::Bytes([]) => "no bytes".to_owned(),
            Node::Bytes(bytes) => {
                let more = if bytes.len() > BYTES { ".." } else { "" };
                let shown = hex(bytes.get(..BYTES).unwrap_or(bytes));
                format!("{} bytes {shown}{more}", count(bytes.len() as u64))
            }
            _ => format!("{} ..", self.opened(value, node)),
        }
    }
}
