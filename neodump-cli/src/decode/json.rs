//! A walk as JSON, written as it goes: a record may be deeper than a tree of JSON values can be dropped.

use neodump_runtime::inspect::{Event, Image, Node, Step, Walk};
use serde_json::json;
use serde_json::value::RawValue;

use super::{hex, symbol_name};

/// A value that is open.
struct Frame {
    /// What ends it.
    close: String,
    /// Whether a part was written, so that the next one follows a comma.
    any: bool,
    /// Whether its parts are keys with values, which stand in pairs.
    pairs: bool,
}

struct Printer<'i, 'a> {
    image: &'i Image<'a>,
    text: String,
    frames: Vec<Frame>,
}

pub(super) fn render(image: &Image<'_>, mut walk: Walk<'_, '_>) -> neodump_runtime::Result<Box<RawValue>> {
    let mut printer = Printer { image, text: String::new(), frames: Vec::new() };
    while let Some(event) = walk.next()? {
        printer.event(event);
    }
    // What is written here is JSON; where it is not, nothing is better than half of it.
    Ok(RawValue::from_string(printer.text).unwrap_or_else(|_| RawValue::NULL.to_owned()))
}

impl Printer<'_, '_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::NotStored { .. } => {}
            Event::More { count } => {
                self.begin(Step::Index(0));
                self.put(&json!({ "more": count }));
            }
            Event::Again { step, offset } => {
                let end = self.begin(step);
                self.put(&json!({ "shared": offset }));
                self.text.push_str(end);
            }
            // The entry of a set has no value.
            Event::Value { step: Step::Entry(_), node: Node::Unit, .. }
                if self.frames.last().is_some_and(|frame| !frame.pairs) => {}
            Event::Value { step, node, open, .. } => {
                let end = self.begin(step);
                if open {
                    self.open(&node, end);
                } else {
                    self.closed(&node);
                    self.text.push_str(end);
                }
            }
            Event::Close => {
                if let Some(frame) = self.frames.pop() {
                    self.text.push_str(&frame.close);
                }
            }
        }
    }

    /// Writes what comes before a value; returns what comes after it.
    fn begin(&mut self, step: Step<'_>) -> &'static str {
        let frame = self.frames.last_mut();
        let (comma, pairs) = match frame {
            Some(frame) => (std::mem::replace(&mut frame.any, true), frame.pairs),
            None => (false, false),
        };
        if comma && !matches!(step, Step::Inner) {
            self.text.push(',');
        }
        match step {
            Step::Field(name, _) => {
                self.put(&json!(name));
                self.text.push(':');
                ""
            }
            Step::Key(_) if pairs => {
                self.text.push('[');
                ""
            }
            Step::Entry(_) if pairs => "]",
            _ => "",
        }
    }

    fn open(&mut self, node: &Node<'_>, end: &str) {
        let (close, pairs) = match node {
            Node::Fields(_) => {
                self.text.push('{');
                ("}", false)
            }
            Node::Variant(name, members) if members.is_empty() => {
                self.put(&json!(name));
                ("", false)
            }
            Node::Variant(name, _) => {
                self.text.push_str("{\"variant\":");
                self.put(&json!(name));
                self.text.push_str(",\"fields\":{");
                ("}}", false)
            }
            Node::Elements(_) => {
                self.text.push('[');
                ("]", false)
            }
            Node::Entries(entries) => {
                self.text.push('[');
                ("]", entries.value.is_some())
            }
            Node::Shared(offset, _) => {
                self.text.push_str(&format!("{{\"shared\":{offset},\"value\":"));
                ("}", false)
            }
            _ => ("", false),
        };
        self.frames.push(Frame { close: format!("{close}{end}"), any: false, pairs });
    }

    fn closed(&mut self, node: &Node<'_>) {
        let image = self.image;
        let value = match node {
            Node::Unit | Node::None => json!(null),
            Node::Bool(value) => json!(value),
            // Numbers that a reader of JSON cannot hold are text.
            Node::Unsigned(number) => {
                u64::try_from(*number).map_or_else(|_| json!(number.to_string()), |number| json!(number))
            }
            Node::Signed(number) => {
                i64::try_from(*number).map_or_else(|_| json!(number.to_string()), |number| json!(number))
            }
            Node::Float(number) if number.is_finite() => json!(number),
            Node::Float(number) => json!(number.to_string()),
            Node::Char(c) => json!(c),
            Node::Duration(seconds, nanoseconds) => json!({ "seconds": seconds, "nanoseconds": nanoseconds }),
            Node::Symbol(id) => json!({ "symbol": symbol_name(image, *id), "id": id }),
            Node::Immediate(bits) => json!({ "bits": bits }),
            Node::Object(object) => {
                json!({ "object": object.offset, "type": image.schema().ty(object.ty).name() })
            }
            Node::Weak(offset) => json!({ "weak": offset }),
            Node::Address(offset) => json!({ "address": offset }),
            Node::Native(import) => {
                json!({ "native": image.natives().get(*import).map(|native| &*native.name) })
            }
            Node::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => json!(text),
                Err(_) => json!({ "bytes": hex(bytes) }),
            },
            Node::Bytes(bytes) => json!({ "bytes": hex(bytes) }),
            Node::Variant(name, _) => json!({ "variant": name }),
            Node::Elements(elements) => json!({ "more": elements.count }),
            Node::Entries(entries) => json!({ "more": entries.count }),
            Node::Shared(offset, _) => json!({ "shared": offset }),
            Node::Fields(_) | Node::One(_) => json!({}),
        };
        self.put(&value);
    }

    fn put(&mut self, value: &serde_json::Value) {
        self.text.push_str(&value.to_string());
    }
}
