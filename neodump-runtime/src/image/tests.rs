//! The promises of the container.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::*;
use crate::bounds::{Extent, Field};
use crate::error::DumpError;
use crate::reloc::{self, Class, RelocationsBuilder};

/// An image in the making: every word of `cells` and every third word of `table` points at the start of `rw`.
struct Sample {
    identity: Identity,
    layout: Layout,
    bodies: Vec<Vec<u8>>,
    relocations: RelocationsBuilder,
}

impl Sample {
    fn new(name: &str, cells: usize) -> Self {
        let identity = Identity {
            name: name.to_string(),
            version: 47,
            root_hash: 0x1111,
            natives_hash: 0x2222,
            fingerprint: [7; 32],
        };
        let base = preferred_base(name) + header_region_length(6).expect("few sections");
        let mut relocations = RelocationsBuilder::new();
        let mut words = Vec::new();
        for index in 0..cells {
            words.extend((base | 0b011).to_le_bytes());
            relocations.set(0, Class::UNSHIFTED, index);
        }
        let mut table = vec![0xaa; 37];
        for index in (0..4usize).step_by(3) {
            table[index * 8..][..8].copy_from_slice(&(base << 8 | 5).to_le_bytes());
            relocations.set(1, Class { shift: 8 }, index);
        }
        let bodies = vec![
            words,
            table,
            b"the bytes of every string".to_vec(),
            Vec::new(),
            vec![0; 16],
            relocations.encode().expect("few relocations"),
        ];
        let specs = [
            ("cells", SegmentKind::Rw),
            ("table", SegmentKind::Rw),
            ("bytes", SegmentKind::Ro),
            ("nothing", SegmentKind::Ro),
            ("natives", SegmentKind::Imports),
            (reloc::SECTION, SegmentKind::Meta),
        ];
        let specs = specs.map(|(name, segment)| SectionSpec::new(name, segment, 1, 0x3333));
        let layout = Layout::new(specs.into_iter().zip(bodies.iter().map(|body| body.len() as u64)));
        Self { identity, layout: layout.expect("a layout"), bodies, relocations }
    }

    fn bodies(&self) -> Vec<&[u8]> {
        self.bodies.iter().map(Vec::as_slice).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        to_bytes(&self.identity, &self.layout, &self.bodies()).expect("the image as bytes")
    }

    fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join("vm.ndump");
        let written = write_atomic(&path, &self.identity, &self.layout, &self.bodies()).expect("written");
        assert_eq!(written, self.layout.file_len());
        path
    }

    /// Every byte of `rw`, `ro` and `imports` is what was written, moved by the delta.
    fn assert_in(&self, region: &Region) {
        for (number, (placed, body)) in self.layout.sections().iter().zip(&self.bodies).enumerate().take(5) {
            let mut expected = body.clone();
            for (&(section, class), bitmap) in &self.relocations.tables {
                if section as usize == number {
                    for index in bitmap.iter() {
                        let word: &mut [u8; 8] =
                            (&mut expected[index * 8..][..8]).try_into().expect("a word");
                        let moved = u64::from_le_bytes(*word).wrapping_add(region.delta() << class.shift);
                        *word = moved.to_le_bytes();
                    }
                }
            }
            // SAFETY: nobody writes to the image of this test.
            let found = unsafe { region.bytes(placed.extent) };
            assert!(found == Some(&expected), "{} {}", placed.spec.name, region.way());
        }
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn unmap(region: Region) {
    // SAFETY: the tests keep no pointer into the region.
    unsafe { region.unmap() }.expect("unmapped");
}

fn own(source: &Source<'_>, placement: Placement) -> crate::error::Result<Region> {
    Region::own(source, &source.header()?, Check::Checksums, placement)
}

fn map(source: &Source<'_>, placement: Placement) -> crate::error::Result<Region> {
    let header = source.header()?;
    // SAFETY: the files of these tests are changed by nobody.
    unsafe { Region::map(source, &header, Check::Checksums, placement) }
}

/// The rows `| offset | size | field |` under the heading `heading` of `docs/format.md`.
fn documented(heading: &str) -> Vec<(String, Vec<String>)> {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/format.md"));
    let mut lines = text.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading);
    assert!(lines.next().is_some(), "docs/format.md has no heading {heading}");
    lines
        .take_while(|line| !line.starts_with('#'))
        .filter(|line| line.starts_with('|') && !line.starts_with("|--"))
        .map(|line| {
            let mut cells = line.split('|').skip(1).map(|cell| cell.trim().to_string());
            (cells.next().unwrap_or_default(), cells.collect())
        })
        .collect()
}

#[test]
fn the_documented_tables_are_those_of_the_code() {
    for (heading, fields) in [
        ("Header", HEADER_FIELDS),
        ("Segment record", SEGMENT_FIELDS),
        ("Section record", SECTION_FIELDS),
        ("Start of the relocations", reloc::RELOCATIONS_FIELDS),
        ("Class record", reloc::CLASS_FIELDS),
        ("Table record", reloc::TABLE_FIELDS),
        ("Run record", reloc::RUN_FIELDS),
    ] {
        let rows: Vec<_> = documented(heading)
            .into_iter()
            .filter_map(|(offset, cells)| {
                Some((offset.parse().ok()?, cells[0].parse().ok()?, cells[1].clone()))
            })
            .collect();
        let code: Vec<(usize, usize, String)> =
            fields.iter().map(|&Field { name, offset, size }| (offset, size, name.to_string())).collect();
        assert_eq!(rows, code, "{heading}");
    }
    let constants = documented("The file");
    for (name, value) in [
        ("container version", u64::from(CONTAINER_VERSION)),
        ("word size", u64::from(WORD_SIZE)),
        ("byte order", u64::from(BYTE_ORDER)),
        ("segment alignment", SEGMENT_ALIGN),
        ("section alignment", SECTION_ALIGN),
        ("base alignment", BASE_ALIGN),
        ("segment count", u64::from(SEGMENT_COUNT)),
        ("most sections", u64::from(MAX_SECTIONS)),
        ("most classes", reloc::MAX_CLASSES as u64),
    ] {
        let row = constants.iter().find(|(constant, _)| constant == name).expect(name);
        assert_eq!(row.1[0].parse(), Ok(value), "{name}");
    }
}

#[test]
fn a_header_reads_back_as_it_was_written() {
    let sample = Sample::new("round trip", 100);
    let bytes = sample.bytes();
    assert_eq!(bytes.len() as u64, sample.layout.file_len());
    let header = ImageHeader::parse(&bytes, bytes.len() as u64).expect("a sound header");
    assert_eq!(header.identity(), &sample.identity);
    assert_eq!(header.layout(), &sample.layout);
    assert_eq!(header.preferred_base(), preferred_base("round trip"));
    assert_eq!(header.section("bytes"), Some(&sample.layout.sections()[2]));
    assert_eq!(header.section("byte"), None);
}

#[test]
fn equal_states_give_equal_files() {
    let folder = folder();
    let path = Sample::new("deterministic", 1000).write(folder.path());
    assert!(std::fs::read(path).expect("read") == Sample::new("deterministic", 1000).bytes());
}

#[test]
fn a_flipped_bit_in_any_byte_of_the_header_and_its_tables_is_refused() {
    let sample = Sample::new("flips", 3);
    let mut bytes = sample.bytes();
    let len = bytes.len() as u64;
    let step = if cfg!(miri) { 41 } else { 1 };
    for at in (0..384 + 6 * 80 + 64).step_by(step).chain((1024..65536).step_by(997 * step)) {
        for bit in [at % 8, 7 - at % 8] {
            bytes[at] ^= 1 << bit;
            let error = ImageHeader::parse(&bytes, len).expect_err("a damaged header");
            match at {
                0..16 => assert!(matches!(error, DumpError::BadMagic { .. })),
                16..20 | 24..26 => assert!(matches!(error, DumpError::UnsupportedVersion { .. })),
                _ => assert!(
                    matches!(error, DumpError::ImageFormat { .. } | DumpError::ChecksumMismatch { .. }),
                    "{error}"
                ),
            }
            bytes[at] ^= 1 << bit;
        }
    }
    assert!(ImageHeader::parse(&bytes, len).is_ok());
}

#[test]
fn a_header_with_a_wrong_number_and_a_right_checksum_is_refused_in_words() {
    use super::fields::{header, section, segment};
    let sample = Sample::new("hostile", 3);
    let bytes = sample.bytes();
    let len = bytes.len() as u64;
    let sections = header::SIZE + 4 * segment::SIZE;
    let row = |number: usize| sections + number * section::SIZE;
    let cases: &[(usize, Field, u64)] = &[
        (0, header::PREFERRED_BASE, 0),
        (0, header::PREFERRED_BASE, BASE_ALIGN + 1),
        (0, header::PREFERRED_BASE, ADDRESS_LIMIT),
        (0, header::PREFERRED_BASE, 0u64.wrapping_sub(BASE_ALIGN)),
        (0, header::FILE_LENGTH, len + 65536),
        (0, header::SECTION_COUNT, 5),
        (0, header::SECTION_COUNT, 7),
        (0, header::SECTION_COUNT, 4097),
        (0, header::SECTION_COUNT, u64::MAX),
        (0, header::SEGMENT_COUNT, 5),
        (0, header::SEGMENT_TABLE, 264),
        (0, header::SECTION_TABLE, u64::MAX),
        (0, header::REGION_LENGTH, 2 * 65536),
        (0, header::RESERVED_A, 1),
        (0, header::RESERVED_B, 1),
        (0, header::IMAGE_NAME, 0),
        (0, header::IMAGE_NAME, 0x0061_0061),
        (0, header::IMAGE_NAME, 0xff),
        (header::SIZE, segment::KIND, 2),
        (header::SIZE, segment::OFFSET, 0),
        (header::SIZE, segment::LENGTH, 2 * 65536),
        (header::SIZE, segment::LENGTH, u64::MAX),
        (header::SIZE, segment::RESERVED_A, 1),
        (header::SIZE, segment::RESERVED_B, 1),
        (row(0), section::NAME, 0),
        (row(1), section::SEGMENT, 0),
        (row(1), section::SEGMENT, 2),
        (row(2), section::SEGMENT, 1),
        (row(1), section::OFFSET, 65536),
        (row(1), section::OFFSET, 65536 + 128),
        (row(1), section::LENGTH, u64::MAX),
        (row(1), section::LENGTH, 65536),
        (row(5), section::LENGTH, 65537),
        (row(0), section::RESERVED, 1),
        (row(6), section::NAME, 1),
    ];
    let reseal = |damaged: &mut Vec<u8>| {
        header::CHECKSUM.put_number(damaged, 0);
        let sum = checksum(&damaged[..65536]);
        header::CHECKSUM.put_number(damaged, sum);
    };
    let mut same = bytes.clone();
    reseal(&mut same);
    assert!(same == bytes);
    for &(at, field, value) in cases {
        let mut damaged = bytes.clone();
        field.put_number(&mut damaged[at..], value);
        reseal(&mut damaged);
        match ImageHeader::parse(&damaged, len) {
            Err(DumpError::ImageFormat { .. }) => {}
            other => panic!("{} = {value:#x} at {at}: {other:?}", field.name),
        }
    }
    // Two sections of one name.
    let mut damaged = bytes.clone();
    let name = section::NAME;
    damaged.copy_within(row(0)..row(0) + name.size, row(1));
    reseal(&mut damaged);
    let error = ImageHeader::parse(&damaged, len).expect_err("two sections of one name");
    assert!(error.to_string().contains("cells: two sections have this name"), "{error}");
}

#[test]
fn every_truncation_is_refused() {
    let sample = Sample::new("truncated", 20_000);
    let bytes = sample.bytes();
    let step = if cfg!(miri) { 9973 } else { 13 };
    for len in (0..1024).chain((1024..bytes.len()).step_by(step)).chain([bytes.len() - 1]) {
        let source = Source::Bytes(&bytes[..len]);
        let error = source.header().expect_err("a truncated image");
        assert!(error.is_stale(), "{error}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Source::Bytes(&longer).header().is_err());
    assert!(matches!(Source::Bytes(&[]).header(), Err(DumpError::BadMagic { .. })));
}

#[test]
fn a_truncated_file_is_refused_by_every_way() {
    let folder = folder();
    let sample = Sample::new("truncated file", 20_000);
    let path = sample.write(folder.path());
    let header =
        Source::File { file: &File::open(&path).expect("open"), path: &path }.header().expect("sound");
    let file = File::options().write(true).open(&path).expect("open");
    file.set_len(sample.layout.file_len() - 65536).expect("truncated");
    let file = File::open(&path).expect("open");
    let source = Source::File { file: &file, path: &path };
    assert!(source.header().is_err());
    // Truncated after the header was read: reading notices.
    assert!(Region::own(&source, &header, Check::Trusted, Placement::Elsewhere).is_err());
}

#[test]
fn damage_in_any_byte_of_a_section_or_its_padding_is_found_and_named() {
    let sample = Sample::new("damaged", 200);
    let bytes = sample.bytes();
    for placed in sample.layout.sections() {
        let Extent { offset, length } = placed.covered;
        for at in [0, length / 2, length.saturating_sub(1)].into_iter().filter(|at| *at < length) {
            let mut damaged = bytes.clone();
            damaged[(offset + at) as usize] ^= 1;
            for placement in [Placement::Preferred, Placement::Elsewhere] {
                match own(&Source::Bytes(&damaged), placement) {
                    Err(DumpError::ChecksumMismatch { section, .. }) => assert_eq!(section, placed.spec.name),
                    other => panic!("{}: {other:?}", placed.spec.name),
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "files are mapped")]
fn a_damaged_file_is_found_by_every_way_of_mapping() {
    let folder = folder();
    let sample = Sample::new("damaged file", 100_000);
    let path = sample.write(folder.path());
    let bytes = std::fs::read(&path).expect("read");
    for (number, placed) in sample.layout.sections().iter().enumerate() {
        if placed.covered.length == 0 {
            continue;
        }
        let mut damaged = bytes.clone();
        damaged[placed.covered.end().expect("an end") as usize - 1] ^= 0x80;
        let path = folder.path().join(format!("{number}.ndump"));
        std::fs::write(&path, &damaged).expect("write");
        let file = File::open(&path).expect("open");
        let source = Source::File { file: &file, path: &path };
        for placement in [Placement::Preferred, Placement::Elsewhere, Placement::Copied, Placement::Patched] {
            match map(&source, placement) {
                Err(DumpError::ChecksumMismatch { section, .. }) => assert_eq!(section, placed.spec.name),
                other => panic!("{placement:?}, {}: {other:?}", placed.spec.name),
            }
        }
    }
}

#[test]
fn padding_that_is_not_zero_is_refused_by_the_audit() {
    let sample = Sample::new("padding", 3);
    let bytes = sample.bytes();
    for placed in sample.layout.sections() {
        let start = placed.extent.end().expect("an end");
        if start == placed.covered.end().expect("an end") {
            continue;
        }
        let mut damaged = bytes.clone();
        damaged[start as usize] = 1;
        let source = Source::Bytes(&damaged);
        let header = source.header().expect("the header is sound");
        let region = Region::own(&source, &header, Check::Trusted, Placement::Elsewhere).expect("read");
        // SAFETY: nobody writes to the image of this test.
        let error = unsafe { verify_padding(&region, &header) }.expect_err("padding");
        assert!(error.to_string().contains(&format!("section {}, offset {start:#x}", placed.spec.name)));
        // SAFETY: nobody writes to the image of this test.
        assert!(unsafe { verify_checksums(&region, &header) }.is_err());
        unmap(region);
    }
    let source = Source::Bytes(&bytes);
    let region = own(&source, Placement::Elsewhere).expect("read");
    // SAFETY: nobody writes to the image of this test.
    unsafe { verify_padding(&region, &source.header().expect("sound")) }.expect("zero padding");
    unmap(region);
}

#[test]
fn own_memory_is_relocated_only_when_asked_and_only_once() {
    for cells in [0, 1, 300_000] {
        if cfg!(miri) && cells > 1 {
            continue;
        }
        let sample = Sample::new("own", cells);
        let bytes = sample.bytes();
        let source = Source::Bytes(&bytes);
        let header = source.header().expect("sound");
        let mut region = own(&source, Placement::Elsewhere).expect("read");
        assert_eq!(region.way(), Way::Copied);
        assert_ne!(region.delta(), 0);
        assert_eq!(region.relocated(), None);
        // SAFETY: nobody writes to the image of this test.
        unsafe { verify_checksums(&region, &header) }.expect("the bytes of the file");
        let done = region.relocate(&header).expect("relocated");
        assert_eq!(done.relocations, sample.relocations.count());
        // The last page that holds relocated words is the one that holds the end of `table`.
        let last = (cells as u64 * 8).next_multiple_of(64) + 3 * 8;
        assert_eq!(done.pages_written, last / reloc::PAGE + 1);
        assert_eq!(region.relocate(&header).expect("nothing to do"), done);
        region.seal().expect("sealed");
        sample.assert_in(&region);
        unmap(region);
    }
}

#[test]
#[cfg_attr(any(miri, not(target_os = "linux")), ignore = "nothing can be placed")]
fn own_memory_goes_to_the_base_while_it_is_free() {
    let sample = Sample::new("own at base", 1000);
    let bytes = sample.bytes();
    let source = Source::Bytes(&bytes);
    let header = source.header().expect("sound");
    let mut first = own(&source, Placement::Preferred).expect("read");
    assert_eq!((first.way(), first.delta()), (Way::AtBase, 0));
    assert_eq!(first.relocate(&header).expect("nothing to do"), Relocated::default());
    sample.assert_in(&first);
    let mut second = own(&source, Placement::Preferred).expect("read");
    assert_eq!(second.way(), Way::Copied);
    second.relocate(&header).expect("relocated");
    sample.assert_in(&second);
    sample.assert_in(&first);
    unmap(first);
    let third = own(&source, Placement::Preferred).expect("read");
    assert_eq!(third.way(), Way::AtBase);
    unmap(third);
    unmap(second);
}

/// The protection of the mapping that holds `address`, and how many of its KiB were written privately.
#[cfg(all(target_os = "linux", not(miri)))]
fn mapping_of(address: u64) -> (String, u64) {
    let maps = std::fs::read_to_string("/proc/self/smaps").expect("smaps");
    let mut lines = maps.lines();
    while let Some(line) = lines.next() {
        let range = line.split_whitespace().next().and_then(|range| range.split_once('-'));
        let Some((from, to)) = range else { continue };
        let parsed = (u64::from_str_radix(from, 16), u64::from_str_radix(to, 16));
        let (Ok(from), Ok(to)) = parsed else { continue };
        if (from..to).contains(&address) {
            let protection = line.split_whitespace().nth(1).expect("a protection").to_string();
            let dirty = lines.find(|line| line.starts_with("Private_Dirty:")).expect("a count");
            let dirty =
                dirty.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a count");
            return (protection, dirty);
        }
    }
    panic!("nothing is mapped at {address:#x}");
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn at_its_base_an_image_is_mapped_and_no_page_is_written() {
    let folder = folder();
    let sample = Sample::new("mapped at base", 100_000);
    let path = sample.write(folder.path());
    let file = File::open(&path).expect("open");
    let source = Source::File { file: &file, path: &path };
    let region = map(&source, Placement::Preferred).expect("mapped");
    assert_eq!((region.way(), region.delta()), (Way::AtBase, 0));
    assert_eq!(region.relocated(), Some(Relocated::default()));
    sample.assert_in(&region);
    for (kind, protection) in SegmentKind::ALL.into_iter().zip(["rw-p", "r--s", "rw-p", "r--p"]) {
        let address = region.segment(kind).addr() as u64;
        assert_eq!(mapping_of(address), (protection.to_string(), 0), "{kind}");
    }
    unmap(region);
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn a_second_image_finds_the_base_taken_and_goes_elsewhere() {
    let folder = folder();
    let sample = Sample::new("base taken", 100_000);
    let path = sample.write(folder.path());
    let file = File::open(&path).expect("open");
    let source = Source::File { file: &file, path: &path };
    let first = map(&source, Placement::Preferred).expect("mapped");
    let second = map(&source, Placement::Preferred).expect("mapped");
    assert_eq!((first.way(), second.way()), (Way::AtBase, Way::Copied));
    let header = source.header().expect("sound");
    // SAFETY: the file of this test is changed by nobody.
    let third = unsafe { Region::map_at_base(&source, &header) };
    assert!(matches!(third, Ok(None)));
    // A write to one is not seen by the other, nor by the file.
    let rw = second.segment(SegmentKind::Rw).cast::<u8>();
    // SAFETY: `rw` is mapped for writing, and nothing refers to it.
    unsafe { rw.write(0xee) };
    sample.assert_in(&first);
    // SAFETY: as above.
    unsafe { rw.write(sample.bodies[0][0]) };
    for (kind, protection) in SegmentKind::ALL.into_iter().zip(["rw-p", "r--s", "rw-p", "r--p"]) {
        assert_eq!(mapping_of(second.segment(kind).addr() as u64).0, protection, "{kind}");
    }
    unmap(first);
    unmap(second);
}

#[test]
#[cfg_attr(miri, ignore = "files are mapped")]
fn every_way_gives_the_same_image() {
    let folder = folder();
    for cells in [1, 1000, 700_000] {
        let sample = Sample::new("ways", cells);
        let path = sample.write(folder.path());
        let file = File::open(&path).expect("open");
        let source = Source::File { file: &file, path: &path };
        let header = source.header().expect("sound");
        for placement in [Placement::Preferred, Placement::Elsewhere, Placement::Copied, Placement::Patched] {
            for check in [Check::Checksums, Check::Trusted] {
                // SAFETY: the file of this test is changed by nobody.
                let mut region = unsafe { Region::map(&source, &header, check, placement) }.expect("mapped");
                let relocated = region.relocated().expect("the words are final");
                let moved = region.delta() != 0;
                assert_eq!(relocated.relocations, if moved { sample.relocations.count() } else { 0 });
                assert_eq!(relocated.pages_written > 0, moved);
                assert_eq!(region.relocate(&header).expect("nothing to do"), relocated);
                match placement {
                    Placement::Copied => assert_eq!(region.way(), Way::Copied),
                    Placement::Patched => assert_eq!(region.way(), Way::Patched),
                    _ => {}
                }
                sample.assert_in(&region);
                region.drop_meta().expect("meta dropped");
                sample.assert_in(&region);
                unmap(region);
            }
        }
    }
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn few_pages_with_relocations_are_patched_and_nothing_else_is_written() {
    let folder = folder();
    let mut sample = Sample::new("patched", 700_000);
    // Only the first page and the table keep their relocations.
    let mut relocations = RelocationsBuilder::new();
    for (&(section, class), bitmap) in &sample.relocations.tables {
        for index in bitmap.iter().filter(|&index| section == 1 || index < 512) {
            relocations.set(section, class, index);
        }
    }
    sample.bodies[5] = relocations.encode().expect("few relocations");
    let specs = sample.layout.sections().iter().map(|placed| placed.spec.clone());
    let lens: Vec<u64> = sample.bodies.iter().map(|body| body.len() as u64).collect();
    sample.layout = Layout::new(specs.zip(lens).collect::<Vec<_>>()).expect("a layout");
    sample.relocations = relocations;
    let path = sample.write(folder.path());
    let file = File::open(&path).expect("open");
    let source = Source::File { file: &file, path: &path };
    let region = map(&source, Placement::Elsewhere).expect("mapped");
    assert_eq!(region.way(), Way::Patched);
    assert_eq!(region.relocated(), Some(Relocated { relocations: 514, pages_written: 2 }));
    sample.assert_in(&region);
    let rw = region.segment(SegmentKind::Rw).addr() as u64;
    assert_eq!(mapping_of(rw), ("rw-p".to_string(), 2 * 4));
    unmap(region);
}

#[test]
fn a_region_answers_only_for_what_is_in_memory() {
    let sample = Sample::new("bounds", 10);
    let bytes = sample.bytes();
    let source = Source::Bytes(&bytes);
    let mut region = own(&source, Placement::Elsewhere).expect("read");
    let [rw, ro, _, meta] = SegmentKind::ALL.map(|kind| sample.layout.segment(kind));
    assert!(region.at(0, 1).is_none() && region.at(rw.offset - 1, 1).is_none());
    assert!(region.at(rw.offset, rw.length).is_some());
    assert!(region.at(rw.offset, u64::MAX).is_none() && region.at(u64::MAX, 1).is_none());
    assert!(
        region.at(meta.offset, meta.length).is_some() && region.at(meta.offset, meta.length + 1).is_none()
    );
    assert_eq!(region.at(ro.offset, 1).map(|place| place.addr() as u64), Some(region.address() + ro.offset));
    assert_eq!(region.segment(SegmentKind::Ro).len() as u64, ro.length);
    for (offset, inside) in
        [(0, false), (rw.offset - 1, false), (rw.offset, true), (meta.offset - 1, true), (meta.offset, false)]
    {
        assert_eq!(region.contains(region.address() + offset), inside, "{offset:#x}");
    }
    assert!(!region.contains(0) && !region.contains(u64::MAX));
    region.drop_meta().expect("meta dropped");
    region.drop_meta().expect("nothing to drop");
    assert!(region.at(meta.offset, 1).is_none() && region.segment(SegmentKind::Meta).is_empty());
    assert!(region.relocate(&source.header().expect("sound")).is_err());
    assert!(region.at(rw.offset, rw.length).is_some());
    unmap(region);
}

#[test]
fn a_region_is_given_up_by_its_guard_unless_it_is_kept() {
    let sample = Sample::new("guard", 10);
    let bytes = sample.bytes();
    let source = Source::Bytes(&bytes);
    let region = own(&source, Placement::Preferred).expect("read");
    // SAFETY: the tests keep no pointer into the region.
    let mut guard = unsafe { region.guard() };
    guard.relocate(&source.header().expect("sound")).expect("relocated");
    let region = guard.keep();
    sample.assert_in(&region);
    let way = region.way();
    // SAFETY: the tests keep no pointer into the region.
    drop(unsafe { region.guard() });
    // The address is free again, which the second region shows where regions can be placed.
    let again = own(&source, Placement::Preferred).expect("read");
    assert_eq!(again.way(), way);
    unmap(again);
}

#[test]
fn an_image_without_sections_is_an_image() {
    let identity = Identity {
        name: "empty".to_string(),
        version: 0,
        root_hash: 0,
        natives_hash: 0,
        fingerprint: [0; 32],
    };
    let layout = Layout::new([]).expect("a layout");
    let bytes = to_bytes(&identity, &layout, &[]).expect("the image as bytes");
    let source = Source::Bytes(&bytes);
    let mut region = own(&source, Placement::Elsewhere).expect("read");
    let done = region.relocate(&source.header().expect("sound")).expect("relocated");
    assert_eq!(done, Relocated::default());
    assert!(!region.contains(region.address()));
    unmap(region);
}

#[test]
fn bodies_that_are_not_those_of_the_layout_are_refused() {
    let sample = Sample::new("bodies", 10);
    let mut bodies = sample.bodies();
    bodies.swap(0, 1);
    assert!(matches!(
        to_bytes(&sample.identity, &sample.layout, &bodies),
        Err(DumpError::Serialization { path, .. }) if path == "cells"
    ));
    assert!(to_bytes(&sample.identity, &sample.layout, &bodies[..5]).is_err());
    let long = Identity { name: "x".repeat(65), ..sample.identity.clone() };
    assert!(to_bytes(&long, &sample.layout, &sample.bodies()).is_err());
}
