//! Whether an image is usable: the names, versions and schemas that must be equal.

use crate::dump::{ImageRoot, framework};
use crate::error::{DumpError, Result};
use crate::image::{ImageHeader, SegmentKind, Source};
use crate::native::{self, Natives};
use crate::schema::{SchemaDiff, TypeGraph, diff};

/// What differs where an image is another machine's.
pub(crate) const IMAGE_NAME: &str = "image name";

/// The longest schema text and the longest list of natives, in bytes, that are read to explain a refusal. Those of
/// a large machine are a tenth of it.
const MOST_READ: u64 = 4 << 20;

/// Compares what the header and the section table say with the machine's type. The natives are those of this
/// process: a stale image names those that it would miss besides.
pub(super) fn check<R: ImageRoot>(
    source: &Source<'_>,
    header: &ImageHeader,
    graph: &TypeGraph,
    natives: &Natives,
) -> Result<()> {
    let identity = header.identity();
    if identity.name != R::NAME {
        return Err(DumpError::FingerprintMismatch {
            what: IMAGE_NAME.to_owned(),
            found: identity.name.clone(),
            expected: R::NAME.to_owned(),
            changes: vec![format!("this is an image of another machine, which {} cannot load", R::NAME)],
        });
    }
    let refusal = Refusal { source, header, graph, natives };
    let root_hash = graph.root_hash();
    if identity.version != R::VERSION {
        return Err(refusal.error("image version", identity.version, R::VERSION));
    }
    for (section, ty) in graph.root_sections() {
        let name = section.name;
        let Some(placed) = header.section(name) else {
            let expected = format!("version {}", section.version);
            return Err(refusal.error(&format!("section {name}"), "absent", expected));
        };
        if placed.spec.version != section.version {
            let what = format!("version of section {name}");
            return Err(refusal.error(&what, placed.spec.version, section.version));
        }
        let hash = graph.hash(ty);
        if placed.spec.schema_hash != hash {
            let what = format!("schema of section {name}");
            let text = |hash| format!("version {} with hash {hash:016x}", section.version);
            return Err(refusal.error(&what, text(placed.spec.schema_hash), text(hash)));
        }
    }
    if identity.root_hash != root_hash {
        let what = format!("schema of image {}", R::NAME);
        let text = |hash| format!("version {} with hash {hash:016x}", R::VERSION);
        return Err(refusal.error(&what, text(identity.root_hash), text(root_hash)));
    }
    check_sections(header, graph.root_sections().into_iter().map(|(section, _)| section.name))
}

/// An image that is refused, and what tells why.
struct Refusal<'a> {
    source: &'a Source<'a>,
    header: &'a ImageHeader,
    graph: &'a TypeGraph,
    natives: &'a Natives,
}

impl Refusal<'_> {
    /// The error that explains itself, whatever was found to differ first.
    fn error(
        &self,
        what: &str,
        found: impl std::fmt::Display,
        expected: impl std::fmt::Display,
    ) -> DumpError {
        let mut changes = self.schema();
        changes.extend(self.natives());
        DumpError::FingerprintMismatch {
            what: what.to_owned(),
            found: found.to_string(),
            expected: expected.to_string(),
            changes,
        }
    }

    /// What changed between the schema in the image and that of this build.
    fn schema(&self) -> Vec<String> {
        let bytes = match self.read(framework::SCHEMA) {
            Ok(bytes) => bytes,
            Err(problem) => return vec![format!("what changed cannot be told: {problem}")],
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return vec!["what changed cannot be told: the schema of the image is not UTF-8".to_owned()];
        };
        let changes: SchemaDiff = diff(text, &self.graph.text());
        if !changes.is_empty() {
            return changes.lines();
        }
        // The hash is made of the same as the text, so another hash with the same text is no change of the layout.
        let same = if self.header.identity().root_hash == self.graph.root_hash() {
            "the layouts are equal: its version alone was bumped"
        } else {
            "the schema texts are equal and the hashes are not: the header was changed, or written by another neodump"
        };
        vec![same.to_owned()]
    }

    /// The natives that the image needs and this process does not have.
    fn natives(&self) -> Vec<String> {
        let Ok(bytes) = self.read(native::SECTION) else { return Vec::new() };
        match native::decode(&bytes).and_then(|imports| native::bind(&imports, self.natives)) {
            Err(DumpError::FingerprintMismatch { changes, .. }) => changes,
            _ => Vec::new(),
        }
    }

    /// The bytes of a section.
    fn read(&self, name: &str) -> std::result::Result<Vec<u8>, String> {
        let Some(placed) = self.header.section(name) else {
            return Err(format!("the image has no section {name}"));
        };
        let extent = placed.extent;
        let fits = usize::try_from(extent.length).ok().filter(|_| extent.length <= MOST_READ);
        let len = fits.ok_or_else(|| format!("section {name} has {} bytes", extent.length))?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|error| format!("section {name}: {error}"))?;
        bytes.resize(len, 0);
        self.source.read_at(extent.offset, &mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

/// The sections that every image has, in their order.
pub(crate) fn check_sections<'n>(
    header: &'n ImageHeader,
    managers: impl Iterator<Item = &'n str>,
) -> Result<()> {
    let rw = [framework::HEAP, framework::WORDS, framework::HYDRATION, framework::ROOT];
    let ro = [framework::BYTES, framework::STARTS, crate::symbols::SECTION];
    let meta = [framework::ARENAS, crate::native::SECTION, crate::reloc::SECTION, framework::SCHEMA];
    let rw = rw.into_iter().chain(managers).map(|name| (name, SegmentKind::Rw));
    let ro = ro.into_iter().map(|name| (name, SegmentKind::Ro));
    let meta = meta.into_iter().map(|name| (name, SegmentKind::Meta));
    let imports = std::iter::once((framework::IMPORTS, SegmentKind::Imports));
    // The segment says how long a section lives and whether it can be written, so it matters as the name does.
    let expected: Vec<_> = rw.chain(ro).chain(imports).chain(meta).collect();
    let specs = header.sections().iter().map(|placed| &placed.spec);
    let found: Vec<_> = specs.map(|spec| (spec.name.as_str(), spec.segment)).collect();
    let Some(at) = (0..found.len().max(expected.len())).find(|&at| found.get(at) != expected.get(at)) else {
        return Ok(());
    };
    let told = |sections: &[(&str, SegmentKind)]| {
        sections.get(at).map_or_else(|| "none".to_owned(), |(name, segment)| format!("{name} in {segment}"))
    };
    let problem = format!("section {at} is {}, expected {}", told(&found), told(&expected));
    Err(DumpError::format("section table", 0, problem))
}
