//! Damage is found: no byte of an image can change, and no byte can be missing or added.

use std::sync::atomic::{AtomicUsize, Ordering};

use neodump_runtime::bounds::Field;
use neodump_runtime::image::{
    Check, HEADER_FIELDS, Placement, Region, SECTION_FIELDS, SEGMENT_COUNT, SEGMENT_FIELDS, Source,
    verify_checksums,
};
use neodump_runtime::{DumpError, LoadOptions};
use neodump_tests::fixture::{Vm, natives};
use neodump_tests::forge::Forge;

/// The bytes of the header and its tables, without the padding after them.
fn header_bytes(forge: &Forge) -> usize {
    let size = |fields: &[Field]| fields.last().map_or(0, |field| field.end());
    let (segments, sections) = (SEGMENT_COUNT as usize, forge.contents().len());
    size(HEADER_FIELDS) + segments * size(SEGMENT_FIELDS) + sections * size(SECTION_FIELDS)
}

/// Splits `0..count` over the processors.
fn parallel(count: usize, work: impl Fn(std::ops::Range<usize>) + Sync) {
    let parts = std::thread::available_parallelism().map_or(1, |parts| parts.get());
    std::thread::scope(|scope| {
        for part in 0..parts {
            let (work, range) = (&work, count * part / parts..count * (part + 1) / parts);
            scope.spawn(move || work(range));
        }
    });
}

/// Which bytes are content, and not padding behind it.
fn content(forge: &Forge, len: usize) -> Vec<bool> {
    let mut content = vec![false; len];
    content[..header_bytes(forge)].fill(true);
    for (_, section) in forge.contents() {
        content[section].fill(true);
    }
    content
}

#[test]
fn every_byte_that_changes_is_found() {
    let bytes = Vm::full().dump().expect("dumped");
    let forge = Forge::new(&bytes);
    let (content, first) = (content(&forge, bytes.len()), forge.header().header_len() as usize);
    // The padding behind sections, four fifths of a small image, has a test of its own.
    let wanted: Vec<usize> = (0..bytes.len()).filter(|&at| at < first || content[at]).collect();
    let (flips, names) = (AtomicUsize::new(0), natives());
    parallel(wanted.len(), |range| {
        let mut bytes = bytes.clone();
        for &at in &wanted[range] {
            for pattern in if content[at] { &[0x01, 0x80, 0xff, 0x2a][..] } else { &[0x10] } {
                bytes[at] ^= pattern;
                let loaded = LoadOptions::new().natives(&names).load_bytes::<Vm>(&bytes);
                bytes[at] ^= pattern;
                let Err(error) = loaded else { panic!("byte {at:#x} xor {pattern:#x} was not noticed") };
                assert!(error.is_stale(), "byte {at:#x}: {error}");
                flips.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    println!("{} changes of {} bytes refused", flips.into_inner(), wanted.len());
}

#[test]
fn every_byte_of_padding_that_changes_is_found() {
    let bytes = Vm::full().dump().expect("dumped");
    let (forge, source) = (Forge::new(&bytes), Source::Bytes(&bytes));
    let (header, content) = (forge.header(), content(&forge, bytes.len()));
    let first = header.header_len() as usize;
    let padding: Vec<usize> = (first..bytes.len()).filter(|&at| !content[at]).collect();
    // A load compares the same checksums; to make a new one for each byte takes minutes.
    parallel(padding.len(), |range| {
        let region = Region::own(&source, header, Check::Trusted, Placement::Elsewhere).expect("in memory");
        for &at in &padding[range] {
            let byte = region.at(at as u64, 1).expect("in memory");
            // SAFETY: a byte of the region, which belongs to this thread.
            unsafe { byte.write(0x10) };
            // SAFETY: nobody writes meanwhile.
            let found = unsafe { verify_checksums(&region, header) };
            // SAFETY: as above.
            unsafe { byte.write(0) };
            assert!(matches!(found, Err(DumpError::ChecksumMismatch { .. })), "byte {at:#x}: {found:?}");
        }
        // SAFETY: nothing refers to the region.
        unsafe { region.unmap() }.expect("unmapped");
    });
    for at in padding.iter().step_by(997) {
        let mut damaged = bytes.clone();
        damaged[*at] ^= 1;
        assert!(matches!(Vm::load(&damaged).err(), Some(DumpError::ChecksumMismatch { .. })));
    }
    println!("{} changes of padding refused", padding.len());
}

#[test]
fn every_truncation_and_every_extension_is_found() {
    let bytes = Vm::full().dump().expect("dumped");
    let names = natives();
    parallel(bytes.len(), |range| {
        for len in range {
            let loaded = LoadOptions::new().natives(&names).load_bytes::<Vm>(&bytes[..len]);
            assert!(loaded.is_err(), "{len} bytes of {} were loaded", bytes.len());
        }
    });
    for more in [1, 63, 64, 4096, 65536] {
        let mut longer = bytes.clone();
        longer.resize(bytes.len() + more, 0);
        let error = Vm::load(&longer).err().expect("refused").to_string();
        assert!(error.contains("longer than written"), "{error}");
    }
    println!("{} truncations refused", bytes.len());
}

#[test]
fn a_truncated_file_is_called_truncated_and_a_damaged_section_is_named() {
    let bytes = Vm::full().dump().expect("dumped");
    let error = Vm::load(&bytes[..bytes.len() - 1]).err().expect("refused");
    assert!(error.to_string().contains("the file is truncated"), "{error}");
    for (name, section) in Forge::new(&bytes).contents() {
        let mut damaged = bytes.clone();
        if section.is_empty() {
            continue;
        }
        damaged[section.start] ^= 1;
        match Vm::load(&damaged).err() {
            Some(DumpError::ChecksumMismatch { section, .. }) => assert_eq!(section, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn what_is_no_image_is_refused_in_words() {
    for (bytes, expected) in [
        (&b""[..], "not a neodump image"),
        (b"#!/bin/sh\n", "not a neodump image: it starts with #!/bin/sh"),
        (b"\x89NEODUMP\r\n\x1a\n\x00\xff\x00\xff", "truncated"),
        (b"\x89NEODUMP\n\x1a\n\x00\xff\x00\xff...", "not a neodump image"),
    ] {
        let error = Vm::load(bytes).err().expect("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
    let missing = neodump_runtime::load::<Vm>("/nonexistent/vm.ndump").err().expect("refused");
    assert!(missing.is_stale() && missing.to_string().starts_with("cannot open /nonexistent/vm.ndump"));
}

#[test]
fn a_mapped_file_that_is_damaged_is_refused_like_a_loaded_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (bytes, names) = (Vm::full().dump().expect("dumped"), natives());
    let mut seen = 0;
    for (index, (_, section)) in Forge::new(&bytes).contents().into_iter().enumerate() {
        if section.is_empty() {
            continue;
        }
        for at in [section.start, section.end - 1] {
            let path = folder.path().join(format!("{index}-{at}.ndump"));
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            std::fs::write(&path, damaged).expect("written");
            // SAFETY: nobody changes the file, and damage is what the checksums of a map are for.
            let mapped = unsafe { LoadOptions::new().natives(&names).map::<Vm>(&path) };
            let error = mapped.err().expect("refused");
            assert!(matches!(error, DumpError::ChecksumMismatch { .. }), "{error}");
            seen += 1;
        }
    }
    println!("{seen} damaged files refused");
}
