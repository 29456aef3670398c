//! Decoded records as text or JSON.

mod json;
mod text;

use neodump_runtime::inspect::{Image, Object, Value};
use serde_json::value::RawValue;

use crate::file::OpenFile;
use crate::output::Failure;

/// How much of a record is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Elements of each sequence and entries of each map.
    pub(crate) elements: u64,
    /// Levels below the record itself.
    pub(crate) depth: usize,
}

/// The record as indented text, without the end of the last line.
pub(crate) fn text(
    file: &OpenFile,
    image: &Image<'_>,
    value: Value,
    limits: Limits,
) -> Result<String, Failure> {
    let walk = image.walk(value).limit(limits.elements).deepest(limits.depth);
    text::render(image, walk).map_err(|error| file.refuse(error))
}

/// The record as JSON.
pub(crate) fn json(
    file: &OpenFile,
    image: &Image<'_>,
    value: Value,
    limits: Limits,
) -> Result<Box<RawValue>, Failure> {
    let walk = image.walk(value).limit(limits.elements).deepest(limits.depth);
    json::render(image, walk).map_err(|error| file.refuse(error))
}

/// An object as it stands in text: `Cons@0x10040`.
pub(crate) fn object_name(image: &Image<'_>, object: Object) -> String {
    format!("{}@{:#x}", image.schema().ty(object.ty).short_name(), object.offset)
}

/// Text out of a file as a terminal may show it: control characters are escaped.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // Those that only a quoted string escapes stand for themselves.
        if matches!(c, '\'' | '"' | '\\') {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    shown
}

/// The name of a symbol as text; one that its own name does not look up has `#:` before it.
pub(crate) fn symbol_name(image: &Image<'_>, id: u32) -> String {
    let name = String::from_utf8_lossy(image.symbol(id).unwrap_or_default()).into_owned();
    if image.is_interned(id) { name } else { format!("#:{name}") }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_an_image_is_shown_as_it_is_but_for_what_controls_a_terminal() {
        assert_eq!(printable("it's \"\\\" \u{e4}"), "it's \"\\\" \u{e4}");
        assert_eq!(printable("\x1b[2J\n\u{9b}\u{202e}"), "\\u{1b}[2J\\n\\u{9b}\\u{202e}");
    }
}
