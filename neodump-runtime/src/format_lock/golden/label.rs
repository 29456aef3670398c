//! What a stored value is called in a listing.

use crate::inspect::{Image, Node, Object};

/// The longest text that is shown beside its bytes.
const MOST: usize = 60;

/// How a value is shown.
pub(super) enum Described<'a> {
    /// By its bytes and this.
    Leaf(String),
    /// By the bytes of a text, somewhere else than the record, and this.
    Text(String, &'a [u8]),
    /// By its parts; this is said of the bytes that none of them has.
    Parts(String),
}

/// What a node holds, without its parts.
pub(super) fn describe<'a>(image: &Image<'a>, node: &Node<'a>) -> Described<'a> {
    Described::Leaf(match node {
        Node::Unit => String::new(),
        Node::Bool(value) => value.to_string(),
        Node::Unsigned(value) => value.to_string(),
        Node::Signed(value) => value.to_string(),
        Node::Float(value) => format!("{value:?}"),
        Node::Char(value) => format!("{value:?}"),
        Node::Duration(seconds, nanoseconds) => format!("{seconds} s {nanoseconds} ns"),
        Node::Symbol(id) => match image.symbol(*id) {
            Some(name) => format!("symbol {id} {}", text(name)),
            None => format!("symbol {id}"),
        },
        Node::Immediate(bits) => format!("immediate {bits:#x}"),
        Node::Object(object) => format!("-> {} at {:#x}", self::object(image, *object), object.offset),
        Node::Address(offset) => format!("-> {offset:#x}"),
        Node::None => "none".to_owned(),
        Node::Native(import) => match image.natives().get(*import) {
            Some(native) => format!("native {import} {:?}", native.name),
            None => format!("native {import}"),
        },
        Node::Weak(offset) => format!("weak to {offset:#x}"),
        Node::Text(bytes) => return Described::Text(text(bytes), bytes),
        Node::Bytes(bytes) => return Described::Text(format!("{} bytes", bytes.len()), bytes),
        Node::One(_) => return Described::Parts("one value".to_owned()),
        Node::Fields(_) => return Described::Parts(String::new()),
        Node::Variant(name, _) => return Described::Parts((*name).to_owned()),
        Node::Elements(elements) => return Described::Parts(counted(elements.count, "element")),
        Node::Entries(entries) => {
            let one = if entries.count == 1 { "entry" } else { "entries" };
            return Described::Parts(format!("{} {one}", entries.count));
        }
        Node::Shared(..) => return Described::Parts("shared".to_owned()),
    })
}

/// The name of an object: its type, and which of them it is.
pub(super) fn object(image: &Image<'_>, object: Object) -> String {
    format!("{}#{}", image.schema().ty(object.ty).short_name(), object.index)
}

/// A text in quotes, cut where it is long.
pub(super) fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.char_indices().nth(MOST) {
        None => format!("{text:?}"),
        Some((cut, _)) => format!("{:?}..", &text[..cut]),
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
