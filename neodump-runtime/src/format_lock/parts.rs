//! What the snapshots of a format say: for each version the hash, then the layout that it stands for.

use std::fmt::Write as _;
use std::marker::PhantomData;
use std::path::Path;

use super::check::{check, layout_hash};
use crate::dump::ImageRoot;
use crate::record::Dumpable;
use crate::schema::{Shape, ShapeKind, TypeGraph, TypeIndex, TypeRef};

/// One version and all that it answers for: a snapshot of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `image neovm`, `section faces`, or the name of a type.
    pub name: String,
    /// The version that its author gave it; `None` for a type without one.
    pub version: Option<u32>,
    /// The hash of the layout.
    pub hash: u64,
    /// The layout: the schema text of the types that belong to the version. Those of other parts stand there by
    /// their names.
    pub schema: String,
    file_stem: String,
}

impl Part {
    fn new(file_stem: String, name: String, version: Option<u32>, schema: String) -> Self {
        Self { name, version, hash: layout_hash(&schema), schema, file_stem }
    }

    /// The name of the snapshot: `Vm` for the image, `Vm.faces` for a section.
    pub fn file_stem(&self) -> &str {
        &self.file_stem
    }

    /// The text of the snapshot.
    pub fn text(&self) -> String {
        let version = self.version.map_or_else(|| "-".to_owned(), |version| version.to_string());
        let Self { name, hash, schema, .. } = self;
        format!("format of {name}\nversion: {version}\nhash: {hash:016x}\n\n{schema}")
    }
}

/// The format of a type: what [`assert_format!`](crate::assert_format) writes into snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// The type's own first, then the sections of an image in declaration order.
    parts: Vec<Part>,
}

impl Format {
    fn new<T: Dumpable>(image: Option<(&str, u32)>) -> Self {
        let graph = TypeGraph::of(TypeRef::of::<T>());
        let root = TypeIndex(0);
        let shape = T::shape();
        let short = shape.name.rsplit("::").next().unwrap_or(shape.name);
        let stem: String = short.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        let section = |stem: String, name: &str, version, ty| {
            let schema = graph.text_of_part(&[ty], is_shared);
            Part::new(stem, format!("section {name}"), Some(version), schema)
        };
        let first = match (image, shape.section) {
            (Some((name, version)), _) => {
                // What sections share is nobody's own but the image's.
                let shared = graph.indexes_of(is_shared).into_iter().filter(|ty| *ty != root);
                let starts: Vec<_> = [root].into_iter().chain(shared).collect();
                let schema = graph.text_of_part(&starts, |shape| shape.section.is_some());
                Part::new(stem.clone(), format!("image {name}"), Some(version), schema)
            }
            (None, Some(own)) => section(stem.clone(), own.name, own.version, root),
            (None, None) => Part::new(stem.clone(), shape.name.to_owned(), None, graph.text()),
        };
        let others = graph.sections().filter(|(_, ty)| *ty != root);
        let others =
            others.map(|(own, ty)| section(format!("{stem}.{}", own.name), own.name, own.version, ty));
        Self { parts: [first].into_iter().chain(others).collect() }
    }

    /// The versions of the format, each with its layout.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Compares the format with the snapshots of it in `folder`: those that are there, and that there are no others.
    ///
    /// # Errors
    ///
    /// As [`check`], of every part, with the path of its snapshot; a snapshot of a section that is gone; and
    /// one that cannot be read.
    pub fn check_in(&self, folder: &Path) -> Result<(), String> {
        let mut problems = String::new();
        for part in &self.parts {
            let path = folder.join(format!("{}.snap", part.file_stem));
            let checked = match std::fs::read_to_string(&path) {
                Ok(accepted) => check(Some(&accepted), part),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => check(None, part),
                Err(error) => Err(format!("cannot be read: {error}")),
            };
            if let Err(problem) = checked {
                // Writing to a `String` cannot fail.
                let _ = writeln!(problems, "{}: {problem}", path.display());
            }
        }
        for name in self.left_over(folder)? {
            let path = folder.join(name);
            let _ = writeln!(
                problems,
                "{}: {} has no such section any more: remove the file, and bump the version of the image",
                path.display(),
                self.parts[0].name
            );
        }
        if problems.is_empty() { Ok(()) } else { Err(problems.trim_end().to_owned()) }
    }

    /// The snapshots of sections that this format does not have, in order.
    fn left_over(&self, folder: &Path) -> Result<Vec<String>, String> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(format!("cannot read the folder {}: {error}", folder.display())),
        };
        let prefix = format!("{}.", self.parts[0].file_stem);
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                let stem = name.strip_suffix(".snap").filter(|stem| stem.starts_with(&prefix));
                stem.is_some_and(|stem| self.parts.iter().all(|part| part.file_stem != stem))
            })
            // Other snapshots of the machine may have names like these.
            .filter(|name| {
                let text = std::fs::read_to_string(folder.join(name));
                text.is_ok_and(|text| text.contains("\nformat of section "))
            })
            .collect();
        names.sort();
        Ok(names)
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
