//! Whether an image is usable: the names, versions and schemas that must be equal.

use crate::dump::{ImageRoot, framework};
use crate::error::{DumpError, Result};
use crate::image::{ImageHeader, SegmentKind, Source};
use crate::schema::TypeGraph;

/// Compares what the header and the section table say with the machine's type.
pub(super) fn check<R: ImageRoot>(
    source: &Source<'_>,
    header: &ImageHeader,
    graph: &TypeGraph,
) -> Result<()> {
    let identity = header.identity();
    let stale = |what: String, found: String, expected: String, changes| {
        Err(DumpError::FingerprintMismatch { what, found, expected, changes })
    };
    if identity.name != R::NAME {
        return stale("image name".into(), identity.name.clone(), R::NAME.into(), Vec::new());
    }
    let root_hash = graph.root_hash();
    if identity.version != R::VERSION {
        let changes =
            if identity.root_hash == root_hash { Vec::new() } else { changes(source, header, graph) };
        return stale("image version".into(), identity.version.to_string(), R::VERSION.to_string(), changes);
    }
    for (section, ty) in graph.root_sections() {
        let Some(placed) = header.section(section.name) else {
            return stale(
                format!("section {}", section.name),
                "absent".into(),
                format!("version {}", section.version),
                changes(source, header, graph),
            );
        };
        if placed.spec.version != section.version {
            return stale(
                format!("version of section {}", section.name),
                placed.spec.version.to_string(),
                section.version.to_string(),
                changes(source, header, graph),
            );
        }
        let hash = graph.hash(ty);
        if placed.spec.schema_hash != hash {
            return stale(
                format!("schema of section {}", section.name),
                format!("{:016x}", placed.spec.schema_hash),
                format!("{hash:016x}"),
                changes(source, header, graph),
            );
        }
    }
    if identity.root_hash != root_hash {
        return stale(
            "schema".into(),
            format!("{:016x}", identity.root_hash),
            format!("{root_hash:016x}"),
            changes(source, header, graph),
        );
    }
    check_sections(header, graph)
}

/// The sections that every image has, in their order.
fn check_sections(header: &ImageHeader, graph: &TypeGraph) -> Result<()> {
    let managers = graph.root_sections().into_iter().map(|(section, _)| section.name);
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
    if found == expected {
        return Ok(());
    }
    Err(DumpError::format("section table", 0, format!("sections {found:?}, expected {expected:?}")))
}

/// What changed between the schema in the image and that of this build, line by line.
fn changes(source: &Source<'_>, header: &ImageHeader, graph: &TypeGraph) -> Vec<String> {
    let Some(placed) = header.section(framework::SCHEMA) else { return Vec::new() };
    let mut bytes = Vec::new();
    // The section table was checked against the length of the file, so this is bounded by it.
    let Ok(len) = usize::try_from(placed.extent.length) else { return Vec::new() };
    if bytes.try_reserve_exact(len).is_err() {
        return Vec::new();
    }
    bytes.resize(len, 0);
    if source.read_at(placed.extent.offset, &mut bytes).is_err() {
        return Vec::new();
    }
    crate::schema::diff(&String::from_utf8_lossy(&bytes), &graph.text())
}
