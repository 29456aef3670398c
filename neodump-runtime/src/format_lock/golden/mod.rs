//! Golden bytes: the image of a small fixture as a listing that a reviewer can read.
//!
//! A format snapshot says what a layout is; the listing shows what a writer made of it, byte by byte. Both are
//! reviewed: a change of the writer that keeps the layout shows here alone.

mod label;
mod listing;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::bounds::{Field, is_zero, to_u64};
use crate::error::Result;
use crate::image::{HEADER_FIELDS, SECTION_FIELDS, SEGMENT_FIELDS, SegmentKind};
use crate::inspect::{Elements, Entries, Event, Image, Node, Value};
use label::{Described, describe};
use listing::Listing;

/// The image as an annotated hex listing: offset, bytes, path of the field, value.
///
/// The order is that of the file. Bytes that no field has are shown as they are, and zeros are counted. The schema text
/// is left out: the format snapshots have it.
///
/// ```
/// # use neodump_runtime::{Dumpable, dump_to_bytes};
/// # #[derive(Dumpable)] #[dump(image = "vm", version = 3)] struct Vm { counter: u32 }
/// # let bytes = dump_to_bytes(&mut Vm { counter: 7 })?;
/// let listing = neodump_runtime::format_lock::golden(&bytes)?;
/// assert!(listing.contains("07 00 00 00  vm.counter  7"), "{listing}");
/// # Ok::<(), neodump_runtime::DumpError>(())
/// ```
///
/// # Errors
///
/// Those of a load for bytes that are no image, or a damaged one.
pub fn golden(bytes: &[u8]) -> Result<String> {
    let image = Image::of(bytes)?;
    image.verify()?;
    let mut listing = Listing::new(&image);
    header(&image, &mut listing);
    let root = image.schema().root().map_or_else(String::new, |root| root.short_name().to_lowercase());
    record(&image, &root, image.root_value(), &mut listing)?;
    for object in image.objects() {
        let name = label::object(&image, object);
        record(&image, &name, image.object_value(object), &mut listing)?;
    }
    tables(&image, &mut listing);
    let mut text = String::new();
    let identity = image.header().identity();
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "image {} version {}, {} bytes", identity.name, identity.version, bytes.len());
    for section in [None].into_iter().chain(image.sections().map(Some)) {
        let (name, extent) = match section {
            None => ("header".to_owned(), crate::bounds::Extent::new(0, image.header().header_len())),
            Some(section) => (format!("{} in {}", section.name, section.segment.name()), section.covered),
        };
        let _ = writeln!(text, "\n{name}, {} bytes", extent.length);
        if section.is_some_and(|section| section.name == crate::dump::framework::SCHEMA) {
            text.push_str("  the schema text: see the format snapshots\n");
            continue;
        }
        listing.write(extent, &mut text);
    }
    Ok(text)
}

/// The header and its two tables.
fn header(image: &Image<'_>, listing: &mut Listing<'_, '_>) {
    let mut row = |start: usize, fields: &[Field], of: &str| {
        for field in fields.iter().filter(|field| !field.name.starts_with("reserved")) {
            let at = start + field.offset;
            let bytes = image.bytes().get(at..at + field.size).unwrap_or(&[]);
            let value = match bytes.len() {
                0..=8 => {
                    let number = bytes.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
                    match field.name {
                        name if ["hash", "checksum", "base", "offset"]
                            .iter()
                            .any(|end| name.ends_with(end)) =>
                        {
                            format!("{number:#x}")
                        }
                        _ => number.to_string(),
                    }
                }
                _ if field.name == "executable fingerprint" && is_zero(bytes) => "none".to_owned(),
                _ if field.name.ends_with("name") => {
                    format!("{:?}", String::from_utf8_lossy(bytes).trim_end_matches('\0'))
                }
                _ => String::new(),
            };
            listing.leaf(to_u64(at), to_u64(field.size), &format!("{of}{}", field.name), value);
        }
        start + fields.last().map_or(0, |last| last.end())
    };
    let mut at = row(0, HEADER_FIELDS, "");
    for kind in SegmentKind::ALL {
        at = row(at, SEGMENT_FIELDS, &format!("segment {}: ", kind.name()));
    }
    for section in image.sections() {
        at = row(at, SECTION_FIELDS, &format!("section {}: ", section.name));
    }
}

/// A stored record with all that it owns. The bytes of a reference and what it refers to are two leaves.
fn record(image: &Image<'_>, name: &str, value: Value, listing: &mut Listing<'_, '_>) -> Result<()> {
    let mut walk = image.walk(value);
    while let Some(event) = walk.next()? {
        let Event::Value { step, value: Some(value), node, .. } = event else { continue };
        let path = match walk.path_to(step) {
            path if path.is_empty() => name.to_owned(),
            path if path.starts_with('[') => format!("{name}{path}"),
            path => format!("{name}.{path}"),
        };
        one(image, &path, value, &node, listing);
    }
    Ok(())
}

fn one(image: &Image<'_>, path: &str, value: Value, node: &Node<'_>, listing: &mut Listing<'_, '_>) {
    let size = image.schema().types().get(value.ty.index()).map_or(0, |ty| ty.size());
    let is_inside = |offset: u64| offset >= value.offset && offset - value.offset < size.max(1);
    match describe(image, node) {
        Described::Leaf(said) => listing.leaf(value.offset, size, path, said),
        // The bytes of a text are behind its record.
        Described::Text(said, bytes) => {
            listing.leaf(value.offset, size, path, format!("{} bytes", bytes.len()));
            listing.borrowed(bytes, &format!("{path} text"), said);
        }
        Described::Parts(said) => {
            let first = match node {
                Node::One(inner) => Some(inner.offset),
                Node::Elements(Elements { extent, .. }) | Node::Entries(Entries { extent, .. }) => {
                    Some(extent.offset)
                }
                Node::Shared(offset, _) => Some(*offset),
                _ => None,
            };
            match first {
                Some(first) if size > 0 && !is_inside(first) => {
                    listing.leaf(value.offset, size, path, format!("{said} at {first:#x}"));
                }
                _ => listing.around(value.offset, size, path, said),
            }
        }
    }
}

/// What the framework's own sections hold, as far as a reviewer reads it.
fn tables(image: &Image<'_>, listing: &mut Listing<'_, '_>) {
    for id in 0..image.symbol_count() {
        if let Some(name) = image.symbol(id) {
            listing.borrowed(name, &format!("symbol {id} name"), label::text(name));
        }
    }
    for (number, import) in image.natives().iter().enumerate() {
        for (what, text) in [("name", &import.name), ("type", &import.type_name)] {
            listing.borrowed(
                text.as_bytes(),
                &format!("native {number} {what}"),
                label::text(text.as_bytes()),
            );
        }
    }
    if let Some(table) = image.section(crate::dump::framework::ARENAS) {
        let all = to_u64(image.arenas().len()).max(1);
        let stride = table.extent.length / all;
        for (number, arena) in (0..).zip(image.arenas()) {
            let ty = image.schema().ty(arena.ty()).short_name();
            let said = format!("{} at {:#x}", arena.count(), arena.extent().offset);
            listing.leaf(table.extent.offset + number * stride, stride, &format!("arena of {ty}"), said);
        }
    }
}

/// Locks the bytes of an image in a snapshot: `assert_golden!(Vm, bytes)`.
///
/// The snapshot is `formats/<Type>.golden.snap` beside the crate's manifest, or in the folder that `in` names, and
/// holds the annotated listing of [`golden`](crate::format_lock::golden). The crate needs `insta` among its
/// dev-dependencies and this one with the feature `inspect`.
///
/// ```ignore
/// #[test]
/// fn the_bytes_of_a_small_machine_are_reviewed() {
///     let bytes = neodump_runtime::dump_to_bytes(&mut small_machine()).unwrap();
///     neodump_runtime::assert_golden!(Vm, bytes);
/// }
/// ```
///
/// # Panics
///
/// If the bytes are no sound image, and as `insta::assert_snapshot!`.
#[macro_export]
macro_rules! assert_golden {
    ($ty:ty, $bytes:expr) => {
        $crate::assert_golden!($ty, $bytes, in ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/formats"))
    };
    ($ty:ty, $bytes:expr, in $folder:expr) => {{
        #[allow(unused_imports)]
        use $crate::format_lock::FormatFallback as _;
        let name = ::std::format!(
            "{}.golden",
            $crate::format_lock::FormatProbe::<$ty>::format().parts()[0].file_stem()
        );
        let listing = match $crate::format_lock::golden(::core::convert::AsRef::<[u8]>::as_ref(&$bytes)) {
            ::core::result::Result::Ok(listing) => listing,
            ::core::result::Result::Err(error) => ::core::panic!("{error}"),
        };
        let folder = ::std::path::PathBuf::from($folder);
        ::insta::with_settings!(
            { snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true },
            { ::insta::assert_snapshot!(name, listing) }
        );
    }};
}
