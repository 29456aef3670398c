//! The header region: written from a layout, read from untrusted bytes.

use super::fields::{header, section, segment};
use super::layout::{SECTION_TABLE_OFFSET, SEGMENT_TABLE_OFFSET};
use super::{
    ADDRESS_LIMIT, BASE_ALIGN, BYTE_ORDER, CONTAINER_VERSION, Checksum, Fingerprint, Identity, Layout, MAGIC,
    MAX_SECTIONS, Placed, SEGMENT_ALIGN, SEGMENT_COUNT, SectionSpec, SegmentKind, WORD_SIZE,
    check_image_name, header_region_length, preferred_base,
};
use crate::bounds::{Extent, Record, add, is_aligned, is_zero, mul, to_u64, to_usize};
use crate::error::{DumpError, Result};
use crate::reloc::{self, Relocations};

/// The name that errors in the header bear.
const HEADER: &str = "header";
/// The name that errors in the section table bear.
const TABLE: &str = "section table";

/// The header region of an image, read and found consistent: segments follow each other and fill the
/// file, sections lie in order in their segments, names are unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageHeader {
    identity: Identity,
    preferred_base: u64,
    layout: Layout,
    checksums: Vec<u64>,
}

impl ImageHeader {
    /// Reads the header region from the first bytes of a file of `file_len` bytes.
    ///
    /// `prefix` must hold the header region ([`ImageHeader::region_length`]) or the whole file.
    pub fn parse(prefix: &[u8], file_len: u64) -> Result<Self> {
        let region_len = Self::region_length(prefix, file_len)?;
        let region = Extent::new(0, region_len).of(prefix).ok_or_else(|| {
            DumpError::format(HEADER, to_u64(prefix.len()), "the file ends in the header region")
        })?;
        let record = Record::read(region, 0, header::SIZE, HEADER, 0)?;

        // Before the checksum, so that a truncated file is called truncated and not damaged.
        let recorded = record.number(header::FILE_LENGTH)?;
        if recorded != file_len {
            let how = if file_len < recorded { "truncated" } else { "longer than written" };
            let problem = format!("found {file_len} bytes, expected {recorded}: the file is {how}");
            return Err(record.refuse(header::FILE_LENGTH, problem));
        }
        let found = region_checksum(region);
        let expected = record.number(header::CHECKSUM)?;
        if found != expected {
            return Err(DumpError::ChecksumMismatch { section: HEADER.to_string(), found, expected });
        }
        record.expect_zero(header::RESERVED_A)?;
        record.expect_zero(header::RESERVED_B)?;

        let identity = Identity {
            name: record.name(header::IMAGE_NAME)?.to_string(),
            version: record.number32(header::IMAGE_VERSION)?,
            root_hash: record.number(header::ROOT_SCHEMA_HASH)?,
            natives_hash: record.number(header::NATIVES_HASH)?,
            fingerprint: Fingerprint::read(&record)?,
        };
        let preferred_base = record.number(header::PREFERRED_BASE)?;
        if preferred_base == 0 || !is_aligned(preferred_base, BASE_ALIGN) {
            let problem = format!("found {preferred_base:#x}, expected a multiple of {BASE_ALIGN:#x}");
            return Err(record.refuse(header::PREFERRED_BASE, problem));
        }
        if add(preferred_base, file_len).is_none_or(|end| end > ADDRESS_LIMIT) {
            let problem =
                format!("found {preferred_base:#x}, an image there would end above {ADDRESS_LIMIT:#x}");
            return Err(record.refuse(header::PREFERRED_BASE, problem));
        }
        let (layout, checksums) = parse_tables(region, record.number(header::SECTION_COUNT)?, file_len)?;
        Ok(Self { identity, preferred_base, layout, checksums })
    }

    /// The image name that a file bears, whatever else is wrong with it: what `prefix` starts with is the magic and a whole
    /// name. They have this place in every container version.
    pub(crate) fn claimed_name(prefix: &[u8]) -> Option<&[u8]> {
        let name = prefix.get(header::IMAGE_NAME.offset..header::IMAGE_NAME.end())?;
        let name = name.split(|&byte| byte == 0).next()?;
        prefix.starts_with(&MAGIC).then_some(name)
    }

    /// The length of the header region of the file that starts with `prefix`, of at least the 256 bytes
    /// of the header if the file has them. The answer is not above `file_len`, nor above what
    /// [`MAX_SECTIONS`] sections need.
    pub fn region_length(prefix: &[u8], file_len: u64) -> Result<u64> {
        let mut found = [0; 16];
        header_copy(&mut found, prefix);
        if found != MAGIC {
            return Err(DumpError::BadMagic { found });
        }
        if prefix.len() < header::SIZE {
            let problem = format!("the file ends after {} bytes: truncated", prefix.len());
            return Err(DumpError::format(HEADER, to_u64(prefix.len()), problem));
        }
        let record = Record::read(prefix, 0, header::SIZE, HEADER, 0)?;
        for (what, field, supported) in [
            ("container version", header::CONTAINER_VERSION, u64::from(CONTAINER_VERSION)),
            ("word size", header::WORD_SIZE, u64::from(WORD_SIZE)),
            ("byte order", header::BYTE_ORDER, u64::from(BYTE_ORDER)),
        ] {
            let found = record.number(field)?;
            if found != supported {
                return Err(DumpError::UnsupportedVersion { what, found, supported });
            }
        }
        record.expect(header::HEADER_LENGTH, to_u64(header::SIZE))?;
        record.expect(header::SEGMENT_ALIGN, SEGMENT_ALIGN)?;
        record.expect(header::SEGMENT_COUNT, u64::from(SEGMENT_COUNT))?;
        record.expect(header::SEGMENT_TABLE, SEGMENT_TABLE_OFFSET)?;
        record.expect(header::SECTION_TABLE, SECTION_TABLE_OFFSET)?;
        let count = record.number32(header::SECTION_COUNT)?;
        if count > MAX_SECTIONS {
            let problem = format!("found {count}, expected at most {MAX_SECTIONS}");
            return Err(record.refuse(header::SECTION_COUNT, problem));
        }
        let length = header_region_length(count as usize)?;
        record.expect(header::REGION_LENGTH, length)?;
        if length > file_len {
            let problem = format!("{length} bytes expected, the file has {file_len}: truncated");
            return Err(record.refuse(header::REGION_LENGTH, problem));
        }
        Ok(length)
    }

    /// What must be equal for the image to be usable.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The address at which the words of the image are final.
    pub const fn preferred_base(&self) -> u64 {
        self.preferred_base
    }

    /// The places of all segments and sections.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The length of the file.
    pub const fn file_len(&self) -> u64 {
        self.layout.file_len()
    }

    /// The length of the header region: where segment `rw` starts.
    pub const fn header_len(&self) -> u64 {
        self.layout.header_len()
    }

    /// The extent of `kind` in the file.
    pub const fn segment(&self, kind: SegmentKind) -> Extent {
        self.layout.segment(kind)
    }

    /// All sections in the order of the file; the place here is the number in the relocation tables.
    pub fn sections(&self) -> &[Placed] {
        self.layout.sections()
    }

    /// The checksums that the writer recorded, in the order of the sections.
    pub fn checksums(&self) -> &[u64] {
        &self.checksums
    }

    /// The section called `name`.
    pub fn section(&self, name: &str) -> Option<&Placed> {
        self.layout.section(name).map(|(_, section)| section)
    }

    /// The sections of `kind`, in order, each with the checksum that the writer recorded.
    pub fn sections_of(&self, kind: SegmentKind) -> impl Iterator<Item = (&Placed, u64)> {
        let all = self.layout.sections().iter().zip(self.checksums.iter().copied());
        all.filter(move |(section, _)| section.spec.segment == kind)
    }

    /// Reads the relocations from the bytes of their section; they list no word outside of `within`.
    pub(crate) fn decode_relocations<'b>(
        &self,
        section: &Placed,
        bytes: &'b [u8],
        within: Extent,
    ) -> Result<Relocations<'b>> {
        if section.spec.segment != SegmentKind::Meta {
            let problem = format!("found in segment {}, expected in meta", section.spec.segment);
            return Err(DumpError::format(reloc::SECTION, section.extent.offset, problem));
        }
        if section.spec.version != reloc::VERSION {
            return Err(DumpError::UnsupportedVersion {
                what: "version of section Relocations",
                found: u64::from(section.spec.version),
                supported: u64::from(reloc::VERSION),
            });
        }
        Relocations::decode(bytes, section.extent.offset, |number| {
            self.relocatable(number).filter(|extent| within.contains(*extent))
        })
    }

    /// The extent of section number `number` if its words may be relocated: if it is in `rw`.
    pub fn relocatable(&self, number: u32) -> Option<Extent> {
        let section = self.layout.sections().get(number as usize)?;
        (section.spec.segment == SegmentKind::Rw).then_some(section.extent)
    }
}

/// Reads both tables. Where everything lies follows from the lengths of the sections alone, so the
/// sections are laid out anew and every offset in the tables must be the one that this gives: overlaps,
/// gaps, disorder and double names are refused at once.
fn parse_tables(region: &[u8], count: u64, file_len: u64) -> Result<(Layout, Vec<u64>)> {
    let malformed = |problem: &str| DumpError::format(TABLE, SECTION_TABLE_OFFSET, problem);
    let table = mul(count, to_u64(section::SIZE))
        .and_then(|length| Extent::new(SECTION_TABLE_OFFSET, length).of(region))
        .ok_or_else(|| malformed("the table does not fit into the header region"))?;
    // The table fits into the bytes at hand, so what its records need may be allocated.
    let (rows, _) = table.as_chunks::<{ section::SIZE }>();
    let mut specs = Vec::with_capacity(rows.len());
    let mut checksums = Vec::with_capacity(rows.len());
    for record in section_records(rows) {
        let record = record?;
        let number = record.number(section::SEGMENT)?;
        let segment = SegmentKind::from_number(number)
            .ok_or_else(|| record.refuse(section::SEGMENT, format!("there is no segment {number}")))?;
        record.expect_zero(section::RESERVED)?;
        let spec = SectionSpec {
            name: record.name(section::NAME)?.to_string(),
            segment,
            version: record.number32(section::VERSION)?,
            schema_hash: record.number(section::SCHEMA_HASH)?,
        };
        specs.push((spec, record.number(section::LENGTH)?));
        checksums.push(record.number(section::CHECKSUM)?);
    }
    let layout = Layout::new(specs).map_err(|error| match error {
        DumpError::Serialization { path, problem } => malformed(&format!("{path}: {problem}")),
        other => other,
    })?;
    for (record, placed) in section_records(rows).zip(layout.sections()) {
        record?.expect(section::OFFSET, placed.extent.offset)?;
    }
    let mut at = SEGMENT_TABLE_OFFSET;
    for kind in SegmentKind::ALL {
        let record = Record::read(region, at, segment::SIZE, "segment table", 0)?;
        record.expect(segment::KIND, u64::from(kind.number()))?;
        record.expect(segment::OFFSET, layout.segment(kind).offset)?;
        record.expect(segment::LENGTH, layout.segment(kind).length)?;
        record.expect_zero(segment::RESERVED_A)?;
        record.expect_zero(segment::RESERVED_B)?;
        at = at.saturating_add(to_u64(segment::SIZE));
    }
    if layout.file_len() != file_len {
        let problem = format!("the segments end at {:#x}, the file at {file_len:#x}", layout.file_len());
        return Err(DumpError::format("segment table", layout.file_len(), problem));
    }
    let rest = region.get(SECTION_TABLE_OFFSET as usize..).and_then(|rest| rest.get(table.len()..));
    if !rest.is_some_and(is_zero) {
        return Err(malformed("the padding after the table is not zero"));
    }
    Ok((layout, checksums))
}

fn section_records(rows: &[[u8; section::SIZE]]) -> impl Iterator<Item = Result<Record<'_>>> {
    let offsets = (SECTION_TABLE_OFFSET..).step_by(section::SIZE);
    rows.iter().zip(offsets).map(|(row, at)| Record::read(row, 0, section::SIZE, TABLE, at))
}

/// The header region of an image: header, segment table, section table and padding.
///
/// `checksums` has the checksum of each section of `layout`, in its order.
pub fn encode_header(identity: &Identity, layout: &Layout, checksums: &[u64]) -> Result<Vec<u8>> {
    check_image_name(&identity.name)?;
    if checksums.len() != layout.sections().len() {
        return Err(DumpError::Serialization {
            path: identity.name.clone(),
            problem: format!("{} checksums for {} sections", checksums.len(), layout.sections().len()),
        });
    }
    let length = to_usize(layout.header_len()).unwrap_or(0);
    let mut region = vec![0; length];
    header::MAGIC.put(&mut region, &MAGIC);
    header::IMAGE_NAME.put(&mut region, identity.name.as_bytes());
    if let Some(fingerprint) = &identity.fingerprint {
        fingerprint.put(&mut region);
    }
    for (field, value) in [
        (header::CONTAINER_VERSION, u64::from(CONTAINER_VERSION)),
        (header::HEADER_LENGTH, to_u64(header::SIZE)),
        (header::WORD_SIZE, u64::from(WORD_SIZE)),
        (header::BYTE_ORDER, u64::from(BYTE_ORDER)),
        (header::SEGMENT_ALIGN, SEGMENT_ALIGN),
        (header::IMAGE_VERSION, u64::from(identity.version)),
        (header::PREFERRED_BASE, preferred_base(&identity.name)),
        (header::FILE_LENGTH, layout.file_len()),
        (header::ROOT_SCHEMA_HASH, identity.root_hash),
        (header::NATIVES_HASH, identity.natives_hash),
        (header::SECTION_COUNT, to_u64(layout.sections().len())),
        (header::SEGMENT_COUNT, u64::from(SEGMENT_COUNT)),
        (header::SEGMENT_TABLE, SEGMENT_TABLE_OFFSET),
        (header::SECTION_TABLE, SECTION_TABLE_OFFSET),
        (header::REGION_LENGTH, layout.header_len()),
    ] {
        field.put_number(&mut region, value);
    }
    let (_, after_header) = region.split_at_mut(header::SIZE);
    let (rows, _) = after_header.as_chunks_mut::<{ segment::SIZE }>();
    for (row, kind) in rows.iter_mut().zip(SegmentKind::ALL) {
        let extent = layout.segment(kind);
        segment::KIND.put_number(row, u64::from(kind.number()));
        segment::OFFSET.put_number(row, extent.offset);
        segment::LENGTH.put_number(row, extent.length);
    }
    let (_, after_segments) = after_header.split_at_mut(segment::SIZE * SEGMENT_COUNT as usize);
    let (rows, _) = after_segments.as_chunks_mut::<{ section::SIZE }>();
    for (row, (placed, &checksum)) in rows.iter_mut().zip(layout.sections().iter().zip(checksums)) {
        section::NAME.put(row, placed.spec.name.as_bytes());
        section::SEGMENT.put_number(row, u64::from(placed.spec.segment.number()));
        section::VERSION.put_number(row, u64::from(placed.spec.version));
        section::OFFSET.put_number(row, placed.extent.offset);
        section::LENGTH.put_number(row, placed.extent.length);
        section::SCHEMA_HASH.put_number(row, placed.spec.schema_hash);
        section::CHECKSUM.put_number(row, checksum);
    }
    let sum = region_checksum(&region);
    header::CHECKSUM.put_number(&mut region, sum);
    Ok(region)
}

/// The checksum of a header region: its bytes with the checksum field taken as zero.
fn region_checksum(region: &[u8]) -> u64 {
    let mut sum = Checksum::new();
    let (before, rest) = region.split_at(header::CHECKSUM.offset.min(region.len()));
    sum.update(before);
    sum.update(&[0; header::CHECKSUM.size]);
    sum.update(rest.get(header::CHECKSUM.size..).unwrap_or(&[]));
    sum.finish()
}

/// Copies as many bytes as both have.
fn header_copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
