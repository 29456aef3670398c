//! Names of nodes and ways as a reader knows them from errors: `vm.faces['bold'].weight`.

use neodump_runtime::bounds::Extent;
use neodump_runtime::inspect::{Body, Form, Image, TypeId};
use neodump_runtime::schema::base_name;

use super::layout::Segment;
use super::nodes::{Node, Nodes};
use super::scheme::Scheme;
use super::walk::Walker;
use super::way::{Step, Way};

/// Types inside of a key down to here.
const DEEPEST: usize = 16;
/// The longest text of a key.
const LONGEST: usize = 60;

/// A name as it stands in a path: `hash_table` for `HashTable`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for (index, c) in name.chars().enumerate() {
        if c.is_uppercase() && index > 0 {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

/// The name of the image type in a path.
pub(crate) fn root_name(image: &Image<'_>) -> String {
    image.schema().root().map_or_else(String::new, |root| base_name(root.name()).to_lowercase())
}

/// The name of a node in a path.
pub(crate) fn node_name(nodes: &Nodes<'_, '_>, image: &Image<'_>, node: Node) -> String {
    match node {
        Node::Root => root_name(image),
        Node::Field(field) => nodes.roots().get(field).map_or("", |root| root.field.name).to_owned(),
        Node::Object(object) => {
            let ty = image.schema().types().get(object.ty.index());
            snake(base_name(ty.map_or("", |ty| ty.name())))
        }
        Node::Shared(_) => "shared value".to_owned(),
    }
}

/// A way inside of a node, from the dot on: `.faces['bold'].weight`.
pub(crate) fn way_text(walker: &Walker<'_, '_>, way: Way) -> String {
    let mut text = String::new();
    for step in walker.ways().steps(way) {
        match step {
            Step::Path(path) => {
                for segment in walker.layouts().segments(path) {
                    match segment {
                        Segment::Field(name) => {
                            text.push('.');
                            text.push_str(name);
                        }
                        Segment::Variant(name) => {
                            text.push_str("::");
                            text.push_str(name);
                        }
                        Segment::KeyOf => text.push_str(".key"),
                    }
                }
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Entry(list, at, index) => {
                let key = walker.layouts().key_of(list);
                let label = key.and_then(|key| value_text(walker, key, at));
                text.push_str(&format!("[{}]", label.unwrap_or_else(|| index.to_string())));
            }
        }
    }
    text
}

/// The value at an offset as it prints, if it is one that prints.
fn value_text(walker: &Walker<'_, '_>, ty: TypeId, at: u64) -> Option<String> {
    let image = walker.image();
    let (mut id, mut at) = (ty, at);
    for _ in 0..DEEPEST {
        let ty = image.schema().types().get(id.index())?;
        match ty.body() {
            Body::Struct(fields) => {
                let mut stored = fields.iter().filter_map(|field| Some((field, field.ty?)));
                let (field, inner) = stored.next()?;
                if stored.next().is_some() {
                    return None;
                }
                at = at.checked_add(field.offset)?;
                id = inner;
            }
            Body::Enum(..) => return None,
            Body::Word => {
                let symbol = Scheme::of(ty)?.symbol(image.number_at(at)?)?;
                return symbol_text(image, symbol);
            }
            Body::Leaf if ty.form() == &Form::Same => id = *ty.of().first()?,
            Body::Leaf => return leaf_text(walker, ty.form(), ty.size(), at),
        }
    }
    None
}

fn leaf_text(walker: &Walker<'_, '_>, form: &Form, size: u64, at: u64) -> Option<String> {
    let image = walker.image();
    let text = |extent: Extent| Some(bytes_text(image.bytes_at(extent)?));
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    match form {
        Form::Unsigned => Some(number(image.bytes_at(Extent::new(at, size))?).to_string()),
        Form::Signed => {
            let bytes = image.bytes_at(Extent::new(at, size))?;
            // The sign is the top bit of the last byte.
            let unused = 128_u32.checked_sub(u32::try_from(bytes.len()).ok()?.checked_mul(8)?)?;
            Some(((number(bytes).checked_shl(unused)? as i128) >> unused).to_string())
        }
        Form::Char => {
            let bits =
                image.bytes_at(Extent::new(at, 4))?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))?;
            char::from_u32(bits).map(|c| format!("{c:?}"))
        }
        Form::Symbol => {
            let bytes = image.bytes_at(Extent::new(at, 4))?;
            symbol_text(image, bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))?)
        }
        Form::Text | Form::SystemText => {
            let (place, len) = (image.number_at(at)?, image.number_at(at.checked_add(8)?)?);
            text(Extent::new(walker.offset_of(place)?, len))
        }
        Form::SharedText => {
            let inner = walker.offset_of(image.number_at(at)?)?;
            let (place, len) = (image.number_at(inner)?, image.number_at(inner.checked_add(8)?)?);
            text(Extent::new(walker.offset_of(place)?, len))
        }
        Form::ImageStr => {
            let start = walker.listed().target(at, image.number_at(at)?)?;
            text(Extent::new(start, image.number_at(at.checked_add(8)?)?))
        }
        _ => None,
    }
}

/// The name of a symbol, quoted.
pub(crate) fn symbol_text(image: &Image<'_>, id: u32) -> Option<String> {
    image.symbol(id).map(|name| format!("'{}'", String::from_utf8_lossy(name).escape_debug()))
}

/// Bytes as a quoted string, its start if it is long.
fn bytes_text(bytes: &[u8]) -> String {
    // Four bytes are the longest character.
    let start = bytes.get(..4 * LONGEST).unwrap_or(bytes);
    let text = String::from_utf8_lossy(start);
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() || start.len() < bytes.len() {
        format!("{cut:?}..")
    } else {
        format!("{cut:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_paths_as_in_errors() {
        assert_eq!(snake(base_name("vm::heap::HashTable<vm::Value>")), "hash_table");
    }

    #[test]
    fn long_keys_are_cut_between_characters() {
        let long = "\u{e4}".repeat(1000);
        let text = bytes_text(long.as_bytes());
        assert!(text.ends_with("\"..") && text.chars().count() == LONGEST + 4, "{text}");
        assert_eq!(bytes_text(b"a\"b"), r#""a\"b""#);
    }
}
