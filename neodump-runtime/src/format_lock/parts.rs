//! What a snapshot of a format says: the versions with their hashes, then the schema.

use std::fmt::Write as _;
use std::marker::PhantomData;
use std::path::Path;

use super::check;
use crate::dump::ImageRoot;
use crate::record::Dumpable;
use crate::schema::{Shape, ShapeKind, TypeGraph, TypeIndex, TypeRef};

/// One version and the hash of what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `image neovm`, `section faces`, or the name of a type.
    pub name: String,
    /// The version that its author gave it; `None` for a type without one.
    pub version: Option<u32>,
    /// The hash of all types that belong to the version.
    pub hash: u64,
}

/// The format of a type: what [`assert_format!`](crate::assert_format) writes into a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    file_stem: String,
    /// The type's own first, then the sections of an image in declaration order.
    parts: Vec<Part>,
    schema: String,
}

impl Format {
    fn new<T: Dumpable>(image: Option<(&str, u32)>) -> Self {
        let graph = TypeGraph::of(TypeRef::of::<T>());
        let root = TypeIndex(0);
        let shape = T::shape();
        let section = |shape: &Shape| shape.section.is_some();
        let mut parts = Vec::new();
        match (image, shape.section) {
            (Some((name, version)), _) => {
                // What sections share is nobody's own but the image's.
                let shared = graph.indexes_of(is_shared);
                let starts: Vec<_> =
                    [root].into_iter().chain(shared.into_iter().filter(|ty| *ty != root)).collect();
                let hash = graph.hash_of_part(&starts, section);
                parts.push(Part { name: format!("image {name}"), version: Some(version), hash });
            }
            (None, Some(section)) => parts.push(Part {
                name: format!("section {}", section.name),
                version: Some(section.version),
                hash: graph.hash_of_part(&[root], is_shared),
            }),
            (None, None) => {
                parts.push(Part { name: shape.name.to_owned(), version: None, hash: graph.root_hash() })
            }
        }
        for (section, ty) in graph.sections().filter(|(_, ty)| *ty != root) {
            let hash = graph.hash_of_part(&[ty], is_shared);
            parts.push(Part {
                name: format!("section {}", section.name),
                version: Some(section.version),
                hash,
            });
        }
        let short = shape.name.rsplit("::").next().unwrap_or(shape.name);
        let file_stem = short.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        Self { file_stem, parts, schema: graph.text() }
    }

    /// The name of the snapshot: that of the type, without its path.
    pub fn file_stem(&self) -> String {
        self.file_stem.clone()
    }

    /// The versions of the format, with their hashes.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The text of the snapshot.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            let version = part.version.map_or_else(|| "-".to_owned(), |version| version.to_string());
            // Writing to a `String` cannot fail.
            let _ = if index == 0 {
                writeln!(text, "format of {}\nversion: {version}\nhash: {:016x}", part.name, part.hash)
            } else {
                writeln!(text, "{}: version {version} hash {:016x}", part.name, part.hash)
            };
        }
        text.push('\n');
        text.push_str(&self.schema);
        text
    }

    /// Compares the format with the snapshot of it in `folder`, if there is one.
    ///
    /// # Errors
    ///
    /// As [`check`], and if the snapshot cannot be read.
    pub fn check_in(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(format!("{}.snap", self.file_stem));
        match std::fs::read_to_string(&path) {
            Ok(accepted) => {
                check(Some(&accepted), self).map_err(|problem| format!("{}: {problem}", path.display()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => check(None, self),
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        }
    }
}

/// Words and objects are what sections share.
fn is_shared(shape: &Shape) -> bool {
    shape.object.is_some() || matches!(shape.kind, ShapeKind::Word)
}

/// Tells an image type from others: its inherent function wins over that of [`FormatFallback`].
#[doc(hidden)]
pub struct FormatProbe<T>(PhantomData<T>);

impl<T: ImageRoot> FormatProbe<T> {
    /// The format of an image type.
    pub fn format() -> Format {
        Format::new::<T>(Some((T::NAME, T::VERSION)))
    }
}

/// What [`FormatProbe`] says of a type that is no image.
#[doc(hidden)]
pub trait FormatFallback {
    /// The format of the type.
    fn format() -> Format;
}

impl<T: Dumpable> FormatFallback for FormatProbe<T> {
    fn format() -> Format {
        Format::new::<T>(None)
    }
}
