//! Where each section of an image lies in the file, decided before its bytes are written.

use std::collections::BTreeSet;
use std::fmt;

use super::{
    ADDRESS_LIMIT, BASE_ALIGN, Fingerprint, MAX_SECTIONS, SECTION_ALIGN, SEGMENT_ALIGN, SEGMENT_COUNT,
    checksum,
};
use super::{fields, fields::header, fields::section};
use crate::bounds::{Extent, add, align_up, mul, to_u64};
use crate::error::{DumpError, Result};
use crate::shown::{is_control, shown};

/// A segment: a run of the image with one protection and one lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum SegmentKind {
    /// Objects and words: private and writable.
    Rw = 1,
    /// Bytes, names and frozen indexes: read-only, shared between processes.
    Ro = 2,
    /// What is bound at every start.
    Imports = 3,
    /// Schema and relocations: dropped after the load.
    Meta = 4,
}

impl SegmentKind {
    /// All segments in the order they have in the file.
    pub const ALL: [Self; SEGMENT_COUNT as usize] = [Self::Rw, Self::Ro, Self::Imports, Self::Meta];

    /// The segment with number `number`.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Rw),
            2 => Some(Self::Ro),
            3 => Some(Self::Imports),
            4 => Some(Self::Meta),
            _ => None,
        }
    }

    /// The number of the segment in the file.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The place in [`ALL`](Self::ALL).
    pub const fn index(self) -> usize {
        self as usize - 1
    }

    /// The name that messages use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rw => "rw",
            Self::Ro => "ro",
            Self::Imports => "imports",
            Self::Meta => "meta",
        }
    }
}

impl fmt::Display for SegmentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a section is, before it has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionSpec {
    /// The name: unique, 1 to 32 bytes, no NUL.
    pub name: String,
    /// The segment that holds it.
    pub segment: SegmentKind,
    /// The version that its author gave it.
    pub version: u32,
    /// The hash of its schema.
    pub schema_hash: u64,
}

impl SectionSpec {
    /// A section called `name` in `segment`.
    pub fn new(name: impl Into<String>, segment: SegmentKind, version: u32, schema_hash: u64) -> Self {
        Self { name: name.into(), segment, version, schema_hash }
    }
}

/// What must be equal for an image to be usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name of the image: 1 to 64 bytes, no NUL.
    pub name: String,
    /// The version that its author gave it.
    pub version: u32,
    /// The hash of the schema of the image type.
    pub root_hash: u64,
    /// The hash of the natives (names and types) that it needs.
    pub natives_hash: u64,
    /// The fingerprint of the one executable that may load the image, if it is strict.
    pub fingerprint: Option<Fingerprint>,
}

/// A section and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// What it is.
    pub spec: SectionSpec,
    /// Its bytes, without the padding after them.
    pub extent: Extent,
    /// Its bytes and the padding after them: what its checksum covers.
    pub covered: Extent,
}

/// The places of all sections of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    header_len: u64,
    segments: [Extent; SEGMENT_COUNT as usize],
    sections: Vec<Placed>,
    file_len: u64,
}

impl Layout {
    /// Places sections of the given lengths: in the order given, which must be by segment (`rw`, `ro`,
    /// `imports`, `meta`).
    ///
    /// The first section lies at [`header_region_length`] of the number of sections, whatever the lengths.
    pub fn new(sections: impl IntoIterator<Item = (SectionSpec, u64)>) -> Result<Self> {
        let sections: Vec<_> = sections.into_iter().collect();
        let header_len = header_region_length(sections.len())?;
        let mut names = BTreeSet::new();
        let mut kind_before = SegmentKind::Rw;
        for (spec, _) in &sections {
            check_name(&spec.name, section::NAME.size, "section name")?;
            if !names.insert(spec.name.as_str()) {
                return Err(refuse(&spec.name, "two sections have this name; rename one of them"));
            }
            if spec.segment < kind_before {
                let problem = format!(
                    "a section of segment {} follows one of {kind_before}; give sections by segment",
                    spec.segment
                );
                return Err(refuse(&spec.name, problem));
            }
            kind_before = spec.segment;
        }
        drop(names);

        let mut segments = [Extent::default(); SEGMENT_COUNT as usize];
        let mut placed: Vec<Placed> = Vec::with_capacity(sections.len());
        let mut sections = sections.into_iter().peekable();
        let mut start = header_len;
        for (kind, segment) in SegmentKind::ALL.into_iter().zip(&mut segments) {
            let mut end = start;
            while let Some((spec, length)) = sections.next_if(|(spec, _)| spec.segment == kind) {
                let too_large =
                    || refuse(&spec.name, format!("{length} bytes are more than an image can hold"));
                let offset = align_up(end, SECTION_ALIGN).ok_or_else(too_large)?;
                end = add(offset, length).ok_or_else(too_large)?;
                let last = sections.peek().is_none_or(|(next, _)| next.segment != kind);
                let align = if last { SEGMENT_ALIGN } else { SECTION_ALIGN };
                let covered = align_up(end, align).and_then(|end| Extent::between(offset, end));
                let covered = covered.ok_or_else(too_large)?;
                placed.push(Placed { extent: Extent::new(offset, length), covered, spec });
            }
            let end = align_up(end, SEGMENT_ALIGN).filter(|&end| end <= ADDRESS_LIMIT / 2);
            let extent = end.and_then(|end| Extent::between(start, end));
            *segment = extent
                .ok_or_else(|| refuse(kind.name(), "the segment is larger than an image can be (32 TiB)"))?;
            start = segment.offset.saturating_add(segment.length);
        }
        Ok(Self { header_len, segments, sections: placed, file_len: start })
    }

    /// The length of the header region: where the first section starts.
    pub const fn header_len(&self) -> u64 {
        self.header_len
    }

    /// The length of the file.
    pub const fn file_len(&self) -> u64 {
        self.file_len
    }

    /// The extent of `kind`, empty if it has no sections.
    pub const fn segment(&self, kind: SegmentKind) -> Extent {
        self.segments[kind.index()]
    }

    /// All sections in the order of the file, which is the order they were given in: the place of a
    /// section here is its number in the relocation tables.
    pub fn sections(&self) -> &[Placed] {
        &self.sections
    }

    /// The number and the place of the section called `name`.
    pub fn section(&self, name: &str) -> Option<(usize, &Placed)> {
        self.sections.iter().enumerate().find(|(_, placed)| placed.spec.name == name)
    }
}

/// The length of header, segment table and section table with padding: the offset of the first
/// section of an image of `sections` sections.
pub fn header_region_length(sections: usize) -> Result<u64> {
    let count = to_u64(sections);
    if count > u64::from(MAX_SECTIONS) {
        return Err(refuse(
            "section table",
            format!("{count} sections; an image holds at most {MAX_SECTIONS}"),
        ));
    }
    mul(count, to_u64(section::SIZE))
        .and_then(|table| add(SECTION_TABLE_OFFSET, table))
        .and_then(|end| align_up(end, SEGMENT_ALIGN))
        .ok_or_else(|| refuse("section table", "too many sections"))
}

/// Where the segment table starts: right after the header.
pub(crate) const SEGMENT_TABLE_OFFSET: u64 = to_u64(header::SIZE);
/// Where the section table starts: right after the segment table.
pub(crate) const SECTION_TABLE_OFFSET: u64 =
    SEGMENT_TABLE_OFFSET + SEGMENT_COUNT as u64 * to_u64(fields::segment::SIZE);

/// Preferred bases lie from here...
const BASE_START: u64 = 0x1100_0000_0000;
/// ...to here: far above what `brk` and executables that are not position-independent use, far below
/// where `mmap` and position-independent executables start, and clear of the shadow memory of the
/// address and thread sanitizers.
const BASE_END: u64 = 0x2000_0000_0000;

/// The address at which an image called `name` would like to be: a function of the name alone, so
/// that equal states give equal files, and two images rarely meet.
pub fn preferred_base(name: &str) -> u64 {
    let slots = (BASE_END - BASE_START) / BASE_ALIGN;
    BASE_START + checksum(name.as_bytes()) % slots * BASE_ALIGN
}

/// Refuses a name that the header cannot hold.
pub fn check_image_name(name: &str) -> Result<()> {
    check_name(name, header::IMAGE_NAME.size, "image name")
}

fn check_name(name: &str, limit: usize, what: &str) -> Result<()> {
    if name.is_empty() || name.len() > limit || name.contains('\0') {
        let problem = format!("the {what} has {} bytes; use 1 to {limit} bytes without NUL", name.len());
        return Err(refuse(name, problem));
    }
    if name.contains(is_control) {
        return Err(refuse(&shown(name), format!("the {what} has a control character; leave it out")));
    }
    Ok(())
}

fn refuse(path: &str, problem: impl Into<String>) -> DumpError {
    DumpError::Serialization { path: path.to_string(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, segment: SegmentKind) -> SectionSpec {
        SectionSpec::new(name, segment, 1, 0)
    }

    #[test]
    fn names_that_would_control_a_terminal_are_refused() {
        for name in ["a\u{1b}b", "a\n", "\u{202e}a"] {
            assert!(check_image_name(name).is_err());
            let refused = Layout::new([(spec(name, SegmentKind::Rw), 8)]).expect_err("refused").to_string();
            assert!(
                refused.contains("control character") && !refused.contains(['\u{1b}', '\u{202e}']),
                "{refused}"
            );
        }
    }

    #[test]
    fn the_first_section_starts_where_the_header_region_ends_whatever_the_lengths() {
        for length in [0, 1, 64, 65, 1 << 20] {
            let layout = Layout::new([(spec("a", SegmentKind::Rw), length), (spec("b", SegmentKind::Ro), 3)]);
            let layout = layout.expect("a small layout");
            assert_eq!(layout.sections()[0].extent.offset, header_region_length(2).expect("two sections"));
        }
        assert_eq!(header_region_length(0).expect("none"), SEGMENT_ALIGN);
        assert_eq!(header_region_length(2000).expect("many"), 3 * SEGMENT_ALIGN);
        assert!(header_region_length(5000).is_err());
    }

    #[test]
    fn sections_tile_their_segments() {
        let layout = Layout::new([
            (spec("a", SegmentKind::Rw), 70),
            (spec("b", SegmentKind::Rw), 0),
            (spec("c", SegmentKind::Rw), 65536),
            (spec("d", SegmentKind::Meta), 1),
        ])
        .expect("a small layout");
        let [a, b, c, d] = layout.sections() else { panic!("four sections") };
        assert_eq!(a.covered, Extent::new(65536, 128));
        assert_eq!(b.covered, Extent::new(65664, 0));
        assert_eq!(c.extent, Extent::new(65664, 65536));
        assert_eq!(c.covered.end(), layout.segment(SegmentKind::Rw).end());
        assert_eq!(layout.segment(SegmentKind::Rw), Extent::new(65536, 2 * 65536));
        assert_eq!(layout.segment(SegmentKind::Ro), Extent::new(3 * 65536, 0));
        assert_eq!(layout.segment(SegmentKind::Imports), Extent::new(3 * 65536, 0));
        assert_eq!(d.covered, Extent::new(3 * 65536, 65536));
        assert_eq!(layout.file_len(), 4 * 65536);
    }

    #[test]
    fn names_that_the_tables_cannot_hold_are_refused() {
        let long = "x".repeat(33);
        for name in ["", "a\0b", long.as_str()] {
            assert!(Layout::new([(spec(name, SegmentKind::Rw), 1)]).is_err(), "{name:?}");
        }
        assert!(Layout::new([(spec(&"x".repeat(32), SegmentKind::Rw), 1)]).is_ok());
        assert!(Layout::new([(spec("a", SegmentKind::Rw), 1), (spec("a", SegmentKind::Ro), 1)]).is_err());
        assert!(Layout::new([(spec("a", SegmentKind::Ro), 1), (spec("b", SegmentKind::Rw), 1)]).is_err());
        assert!(check_image_name(&"x".repeat(65)).is_err());
    }

    #[test]
    fn lengths_that_overflow_are_refused() {
        for length in [u64::MAX, u64::MAX - 65536, ADDRESS_LIMIT] {
            assert!(Layout::new([(spec("a", SegmentKind::Rw), length)]).is_err());
        }
    }

    #[test]
    fn a_preferred_base_is_huge_page_aligned_and_fits_a_nan_box() {
        for number in 0..1000 {
            let base = preferred_base(&format!("image {number}"));
            assert_eq!(base % BASE_ALIGN, 0);
            assert!((BASE_START..BASE_END).contains(&base));
        }
        // The base is part of the format: the same name gives the same file for ever.
        assert_eq!(preferred_base("neovm"), preferred_base("neovm"));
        assert_ne!(preferred_base("neovm"), preferred_base("nanbox"));
    }
}
