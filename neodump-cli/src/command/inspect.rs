//! `neodump inspect`: what an image is and where everything in it lies.

use clap::Args;
use neodump_runtime::image::SegmentKind;
use neodump_runtime::inspect::Image;
use serde::Serialize;

use crate::file::{Files, ImageArg, OpenFile};
use crate::output::{Align, Failure, Output, Table, bytes, count, hash, offset, percent, style};

/// Types that the table of arenas shows without `--all`.
const SHOWN: usize = 20;

/// Show header, segments, sections, arenas, relocations and the largest types
///
/// Reads the header and the tables only, so it costs about the same for an image of any size. Whether the bytes are
/// those that were written is for `verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  neodump inspect vm.ndump
  neodump inspect vm.ndump --json | jq '.arenas[] | select(.tier == \"hydrated\") | .type'")]
pub(crate) struct Inspect {
    #[command(flatten)]
    image: ImageArg,
    /// Show all types, not only the largest
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Serialize)]
struct Report<'i> {
    name: &'i str,
    version: u32,
    container_version: u32,
    file_len: u64,
    preferred_base: u64,
    root_schema_hash: String,
    natives_hash: String,
    executable_fingerprint: Option<String>,
    segments: Vec<Segment>,
    sections: Vec<Section<'i>>,
    relocations: Relocations,
    objects: u64,
    hydrated_objects: u64,
    symbols: u32,
    imports: usize,
    types: usize,
    arenas: Vec<Arena<'i>>,
}

#[derive(Debug, Serialize)]
struct Segment {
    name: &'static str,
    offset: u64,
    len: u64,
}

#[derive(Debug, Serialize)]
struct Section<'i> {
    name: &'i str,
    segment: &'static str,
    version: u32,
    offset: u64,
    len: u64,
    schema_hash: String,
    checksum: String,
    relocations: u64,
}

#[derive(Debug, Serialize)]
struct Relocations {
    words: u64,
    pages: u64,
    /// The shift of each class.
    classes: Vec<u8>,
}

#[derive(Debug, Serialize)]
struct Arena<'i> {
    #[serde(rename = "type")]
    ty: &'i str,
    objects: u64,
    /// Bytes from one object to the next; nothing where sizes vary.
    stride: Option<u64>,
    offset: u64,
    len: u64,
    side_offset: Option<u64>,
    side_len: u64,
    tier: &'static str,
}

impl Inspect {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let report = Report::of(&image);
        if out.is_json() { out.json(&report) } else { self.text(&report, out) }
    }

    fn text(&self, report: &Report<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
        let to = out.text();
        let title = style::TITLE;
        writeln!(to, "{title}{}{title:#}, version {}", report.name, report.version)?;
        writeln!(
            to,
            "  {} ({} bytes), container version {}, final at {:#x}",
            bytes(report.file_len),
            count(report.file_len),
            report.container_version,
            report.preferred_base
        )?;
        writeln!(to, "  schema {} ({} types)", report.root_schema_hash, count(report.types as u64))?;
        writeln!(to, "  natives {} ({} imports)", report.natives_hash, count(report.imports as u64))?;
        if let Some(fingerprint) = &report.executable_fingerprint {
            writeln!(to, "  loads into the executable of {fingerprint} only")?;
        }

        writeln!(to, "\n{title}segments{title:#}")?;
        let mut table = Table::new()
            .column("segment", Align::Left)
            .column("offset", Align::Right)
            .column("bytes", Align::Right)
            .column("", Align::Right)
            .styled(style::DIM);
        for segment in &report.segments {
            let share = percent(segment.len, report.file_len);
            table.row([segment.name.to_owned(), offset(segment.offset), count(segment.len), share]);
        }
        table.write(to)?;

        writeln!(to, "\n{title}sections{title:#}")?;
        let mut table = Table::new()
            .column("section", Align::Left)
            .column("segment", Align::Left)
            .column("version", Align::Right)
            .column("offset", Align::Right)
            .column("bytes", Align::Right)
            .column("relocations", Align::Right)
            .column("schema", Align::Left)
            .styled(style::DIM);
        for section in &report.sections {
            let none = section.schema_hash.bytes().all(|digit| digit == b'0');
            table.row([
                section.name.to_owned(),
                section.segment.to_owned(),
                section.version.to_string(),
                offset(section.offset),
                count(section.len),
                if section.relocations == 0 { String::new() } else { count(section.relocations) },
                if none { String::new() } else { section.schema_hash.clone() },
            ]);
        }
        table.write(to)?;

        writeln!(to, "\n{title}work at load{title:#}")?;
        let classes: Vec<String> =
            report.relocations.classes.iter().map(|shift| format!("shift {shift}")).collect();
        writeln!(
            to,
            "  {} relocations on {} pages away from {:#x}{}",
            count(report.relocations.words),
            count(report.relocations.pages),
            report.preferred_base,
            if classes.is_empty() { String::new() } else { format!(" ({})", classes.join(", ")) }
        )?;
        writeln!(to, "  {} symbols, renumbered where the process has others", count(report.symbols.into()))?;
        writeln!(to, "  {} imports, bound at every start", count(report.imports as u64))?;
        writeln!(to, "  {} of {} objects hydrated", count(report.hydrated_objects), count(report.objects))?;

        let mut arenas: Vec<&Arena<'_>> = report.arenas.iter().filter(|arena| arena.objects > 0).collect();
        arenas.sort_by_key(|arena| (std::cmp::Reverse(arena.bytes()), arena.ty));
        let heap: u64 = arenas.iter().map(|arena| arena.bytes()).sum();
        writeln!(to, "\n{title}objects by type{title:#}")?;
        let mut table = Table::new()
            .column("type", Align::Left)
            .styled(style::TYPE)
            .column("objects", Align::Right)
            .column("each", Align::Right)
            .column("bytes", Align::Right)
            .column("", Align::Right)
            .styled(style::DIM)
            .column("side records", Align::Right)
            .column("offset", Align::Right)
            .column("tier", Align::Left);
        let shown = if self.all { arenas.len() } else { SHOWN };
        for arena in arenas.iter().take(shown) {
            table.row([
                arena.ty.to_owned(),
                count(arena.objects),
                arena.stride.map_or_else(|| "varies".to_owned(), count),
                count(arena.len),
                percent(arena.bytes(), heap),
                if arena.side_len == 0 { String::new() } else { count(arena.side_len) },
                offset(arena.offset),
                arena.tier.to_owned(),
            ]);
        }
        if table.is_empty() {
            writeln!(to, "  none")?;
            return Ok(());
        }
        table.write(to)?;
        if arenas.len() > shown {
            let dim = style::DIM;
            writeln!(to, "  {dim}and {} more types: --all shows them{dim:#}", arenas.len() - shown)?;
        }
        Ok(())
    }
}

impl<'i> Report<'i> {
    fn of(image: &'i Image<'_>) -> Self {
        let header = image.header();
        let identity = header.identity();
        let relocations = image.relocations();
        let arenas: Vec<Arena<'_>> = image.arenas().iter().map(|arena| Arena::of(image, arena)).collect();
        Self {
            name: &identity.name,
            version: identity.version,
            container_version: neodump_runtime::image::CONTAINER_VERSION,
            file_len: header.file_len(),
            preferred_base: header.preferred_base(),
            root_schema_hash: hash(identity.root_hash),
            natives_hash: hash(identity.natives_hash),
            executable_fingerprint: identity.fingerprint.map(|fingerprint| fingerprint.to_string()),
            segments: SegmentKind::ALL.into_iter().map(|kind| Segment::of(image, kind)).collect(),
            sections: image.sections().map(|section| Section::of(image, section)).collect(),
            relocations: Relocations {
                words: relocations.count(),
                pages: relocations.pages(),
                classes: relocations.classes().iter().map(|class| class.shift).collect(),
            },
            objects: image.object_count(),
            hydrated_objects: arenas.iter().filter(|arena| arena.tier == "hydrated").map(|a| a.objects).sum(),
            symbols: image.symbol_count(),
            imports: image.natives().len(),
            types: image.schema().types().len(),
            arenas,
        }
    }
}

impl Segment {
    fn of(image: &Image<'_>, kind: SegmentKind) -> Self {
        let extent = image.header().segment(kind);
        Self { name: kind.name(), offset: extent.offset, len: extent.length }
    }
}

impl<'i> Section<'i> {
    fn of(image: &Image<'_>, section: neodump_runtime::inspect::Section<'i>) -> Self {
        Self {
            name: section.name,
            segment: section.segment.name(),
            version: section.version,
            offset: section.extent.offset,
            len: section.extent.length,
            schema_hash: hash(section.schema_hash),
            checksum: hash(section.checksum),
            relocations: image.relocations().count_in(section.number),
        }
    }
}

impl<'i> Arena<'i> {
    fn of(image: &'i Image<'_>, arena: &neodump_runtime::inspect::Arena<'_>) -> Self {
        let ty = image.schema().ty(arena.ty());
        let (extent, side) = (arena.extent(), arena.side());
        Self {
            ty: ty.name(),
            objects: arena.count(),
            stride: arena.stride(),
            offset: extent.offset,
            len: extent.length,
            side_offset: (side.length > 0).then_some(side.offset),
            side_len: side.length,
            tier: if ty.in_place() { "in place" } else { "hydrated" },
        }
    }

    /// Bytes of objects and side records.
    fn bytes(&self) -> u64 {
        self.len.saturating_add(self.side_len)
    }
}
