//! An image in memory is the same by every way.

use std::fs::File;

use super::*;

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
    let identity =
        Identity { name: "empty".to_string(), version: 0, root_hash: 0, natives_hash: 0, fingerprint: None };
    let layout = Layout::new([]).expect("a layout");
    let bytes = to_bytes(&identity, &layout, &[]).expect("the image as bytes");
    let source = Source::Bytes(&bytes);
    let mut region = own(&source, Placement::Elsewhere).expect("read");
    let done = region.relocate(&source.header().expect("sound")).expect("relocated");
    assert_eq!(done, Relocated::default());
    assert!(!region.contains(region.address()));
    unmap(region);
}
