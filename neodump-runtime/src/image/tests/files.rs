//! What is written is read back, and what was not written is refused.

use std::fs::File;

use super::*;
use crate::bounds::{Extent, Field};
use crate::error::DumpError;

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
    use crate::image::fields::{header, section, segment};
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
        (0, header::FINGERPRINT_KIND, 0),
        (0, header::FINGERPRINT_KIND, 3),
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
    // A fingerprint of zeros: every executable that nobody stamped would share it.
    let mut damaged = bytes.clone();
    damaged[header::FINGERPRINT.offset..header::FINGERPRINT.end()].fill(0);
    reseal(&mut damaged);
    let error = ImageHeader::parse(&damaged, len).expect_err("no fingerprint").to_string();
    assert!(error.contains("found zeros, expected a stamped fingerprint"), "{error}");
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
