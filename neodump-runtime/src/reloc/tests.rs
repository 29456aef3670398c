//! The promises of relocation.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::fields::{class, run, start, table};
use super::*;
use crate::bounds::{Extent, Field};
use crate::error::DumpError;

/// Sections at places that are not multiples of a page, nor of the 512 bytes of a bitmap word.
const SECTIONS: [Extent; 3] =
    [Extent::new(65536, 40_003), Extent::new(65536 + 40_064, 8 * 513), Extent::new(65536 + 44_224, 64 << 10)];
const END: u64 = 65536 + 44_224 + (64 << 10);

fn relocatable(number: u32) -> Option<Extent> {
    SECTIONS.get(number as usize).copied()
}

fn decode(bytes: &[u8]) -> crate::error::Result<Relocations<'_>> {
    Relocations::decode(bytes, 0x10_0000, relocatable)
}

/// For each section, word numbers with the place of their class in the list of classes.
type Listed = Vec<BTreeSet<(u64, usize)>>;

fn build(listed: &Listed, classes: &[Class]) -> RelocationsBuilder {
    let mut builder = RelocationsBuilder::new();
    for (section, words) in listed.iter().enumerate() {
        let mut taken = BTreeSet::new();
        for &(word, class) in words {
            if taken.insert(word) {
                builder.set(section as u32, classes[class % classes.len()], word as usize);
            }
        }
    }
    builder
}

/// Words of one section: scattered ones and a dense stretch, so that there are runs of all kinds.
fn words(section: usize) -> impl Strategy<Value = BTreeSet<(u64, usize)>> {
    let count = SECTIONS[section].length / WORD;
    let scattered = btree_set((0..count, 0..8usize), 0..60);
    let stretch = (0..count, 0..count, 0..8usize, 1..5u64);
    (scattered, stretch).prop_map(move |(mut all, (from, length, class, step))| {
        let to = from.saturating_add(length).min(count);
        all.extend((from..to).filter(|word| word % step == 0).map(|word| (word, class)));
        all
    })
}

fn listed() -> impl Strategy<Value = Listed> {
    (words(0), words(1), words(2)).prop_map(|(a, b, c)| vec![a, b, c])
}

fn shifts() -> impl Strategy<Value = Vec<Class>> {
    btree_set(0..64u8, 1..=MAX_CLASSES)
        .prop_map(|shifts| shifts.into_iter().map(|shift| Class { shift }).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]

    #[test]
    fn exactly_the_listed_words_move(
        listed in listed(),
        classes in shifts(),
        delta in any::<u64>(),
        cuts in btree_set(65536 / 8..END / 8, 0..5),
        seed in any::<u64>(),
    ) {
        let builder = build(&listed, &classes);
        let bytes = builder.encode().expect("encoded");
        let relocations = decode(&bytes).expect("what was encoded");
        prop_assert_eq!(relocations.count(), builder.count());

        let mut image: Vec<u64> =
            (0..END / 8).map(|word| seed.wrapping_mul(word | 1).rotate_left(word as u32)).collect();
        let before = image.clone();
        let mut expected = image.clone();
        let mut pages = BTreeSet::new();
        for (&(section, class), bitmap) in &builder.tables {
            let first = SECTIONS[section as usize].offset / 8;
            for index in bitmap.iter() {
                let word = &mut expected[first as usize + index];
                *word = word.wrapping_add(delta.wrapping_shl(u32::from(class.shift)));
                pages.insert((first + index as u64) * 8 / PAGE);
            }
        }
        prop_assert_eq!(relocations.pages(), pages.len() as u64);

        // The whole image at once, or piece by piece: the same words move, each once.
        let mut moved = 0;
        let mut from = 65536;
        for to in cuts.into_iter().map(|cut| cut * 8).chain([END]) {
            let window = Extent::between(from, to).expect("ascending");
            // SAFETY: `image` has all bytes up to END, and nothing else refers to it.
            moved += unsafe { relocations.apply(image.as_mut_ptr().cast(), delta, window) };
            from = to;
        }
        prop_assert_eq!(moved, builder.count());
        prop_assert!(image == expected);
        // And back.
        let all = Extent::new(0, END);
        // SAFETY: as above.
        unsafe { relocations.apply(image.as_mut_ptr().cast(), delta.wrapping_neg(), all) };
        prop_assert!(image == before);
    }

    #[test]
    fn the_words_of_the_file_are_those_that_were_set(listed in listed(), classes in shifts()) {
        let builder = build(&listed, &classes);
        let bytes = builder.encode().expect("encoded");
        let relocations = decode(&bytes).expect("what was encoded");
        let mut again = RelocationsBuilder::new();
        relocations.for_each(|section, word, class| again.set(section, class, word as usize));
        prop_assert_eq!(again.count(), builder.count());
        prop_assert_eq!(again.encode().expect("encoded"), bytes.clone());
        let mut counts = [0; 3];
        relocations.for_each(|section, word, class| {
            counts[section as usize] += 1;
            assert_eq!(relocations.class_of(section, word), Some(class));
        });
        for (section, extent) in SECTIONS.into_iter().enumerate() {
            let section = section as u32;
            prop_assert_eq!(relocations.count_in(section), counts[section as usize]);
            let found = (0..extent.length / 8).filter(|&word| relocations.class_of(section, word).is_some());
            prop_assert_eq!(found.count() as u64, counts[section as usize]);
        }
        prop_assert_eq!(relocations.class_of(3, 0), None);
        prop_assert_eq!(relocations.class_of(0, u64::MAX), None);
    }

    #[test]
    fn damaged_relocations_are_refused_or_stay_inside_their_sections(
        listed in listed(),
        classes in shifts(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = build(&listed, &classes).encode().expect("encoded");
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(relocations) = decode(&bytes) {
            let mut seen = BTreeSet::new();
            relocations.for_each(|section, word, _| {
                assert!(word < SECTIONS[section as usize].length / WORD);
                assert!(seen.insert((section, word)));
            });
        }
        let length = length.index(bytes.len());
        prop_assert!(decode(&bytes[..length]).is_err());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..300), small in any::<bool>()) {
        let mut bytes = bytes;
        if small {
            // Counts that are small get further.
            for byte in bytes.iter_mut() {
                *byte &= 3;
            }
        }
        if let Ok(relocations) = decode(&bytes) {
            relocations.pages();
        }
    }
}

#[test]
fn the_order_in_which_words_are_found_does_not_reach_the_file() {
    let mut forward = RelocationsBuilder::new();
    let mut backward = RelocationsBuilder::new();
    let words: Vec<(u32, u8, usize)> = (0..300).map(|n| (n % 3, (n % 5) as u8, n as usize * 7)).collect();
    for &(section, shift, word) in &words {
        forward.set(section, Class { shift }, word);
    }
    let (one, other) = words.split_at(100);
    for &(section, shift, word) in other.iter().rev() {
        backward.set(section, Class { shift }, word);
    }
    let mut rest = RelocationsBuilder::new();
    for &(section, shift, word) in one.iter().rev() {
        rest.set(section, Class { shift }, word);
    }
    backward.merge(&rest);
    assert_eq!(forward.encode().expect("encoded"), backward.encode().expect("encoded"));
}

#[test]
fn the_section_is_never_larger_than_its_words_allow() {
    // The worst case: bitmap words just far enough apart to be runs of their own.
    let words = 1 << 20;
    for (step, share) in [(1, 1.0), (2, 1.0), (64, 1.0), (64 * 4, 1.0), (64 * 5, 0.81), (64 * 1000, 0.01)] {
        let mut builder = RelocationsBuilder::new();
        (0..words).step_by(step).for_each(|word| builder.set(0, Class::UNSHIFTED, word));
        let bytes = builder.encode().expect("encoded");
        let flat = words / 8;
        let limit = (flat as f64 * share) as usize + start::SIZE + class::SIZE + table::SIZE + run::SIZE;
        assert!(bytes.len() <= limit, "{step}: {} of {limit}", bytes.len());
        let extent = Extent::new(0, words as u64 * 8);
        let relocations = Relocations::decode(&bytes, 0, |_| Some(extent)).expect("what was encoded");
        assert_eq!(relocations.count(), builder.count());
    }
}

#[test]
fn words_that_cannot_be_written_down_are_refused_at_the_dump() {
    let mut twice = RelocationsBuilder::new();
    twice.set(4, Class { shift: 0 }, 1000);
    twice.set(4, Class { shift: 8 }, 1000);
    let message = twice.encode().expect_err("a word in two classes").to_string();
    assert_eq!(
        message,
        "cannot dump section Relocations: word 1000 of section number 4 is in two relocation classes; list it in one"
    );
    let mut many = RelocationsBuilder::new();
    (0..9).for_each(|shift| many.set(0, Class { shift }, shift as usize));
    assert!(many.encode().is_err());
    let mut far = RelocationsBuilder::new();
    far.set(0, Class { shift: 64 }, 0);
    assert!(far.encode().is_err());
}

#[test]
fn a_file_that_lists_a_word_twice_or_outside_is_refused_in_words() {
    let mut builder = RelocationsBuilder::new();
    builder.set(0, Class { shift: 0 }, 0);
    builder.set(0, Class { shift: 0 }, 4992);
    builder.set(0, Class { shift: 8 }, 2);
    builder.set(1, Class { shift: 0 }, 512);
    let bytes = builder.encode().expect("encoded");
    assert!(decode(&bytes).is_ok());
    let classes = start::SIZE;
    let tables = classes + 2 * class::SIZE;
    let runs = tables + 3 * table::SIZE;
    let bitmaps = runs + 4 * run::SIZE;
    let bits = Field { name: "bits", offset: 0, size: 8 };
    let cases: &[(usize, Field, u64, &str)] = &[
        (0, start::CLASS_COUNT, 9, "found 9, expected at most 8"),
        (0, start::CLASS_COUNT, 3, "records of 8 bytes expected"),
        (0, start::TABLE_COUNT, 0xffff_ffff, "records of 16 bytes expected"),
        (0, start::RUN_COUNT, u64::MAX, "records of 24 bytes expected"),
        (0, start::RUN_COUNT, 3, "bytes after the bitmaps"),
        (0, start::BITMAP_COUNT, 1 << 61, "records of 8 bytes expected"),
        (0, start::RESERVED, 1, "reserved bytes are not zero"),
        (classes, class::BASE, 1, "base: found 0x1"),
        (classes, class::SHIFT, 64, "shift: found 64"),
        (classes + class::SIZE, class::SHIFT, 0, "expected ascending"),
        (classes, class::RESERVED, 1, "reserved bytes are not zero"),
        (tables, table::SECTION, 7, "section number 7 is not in segment rw"),
        (tables, table::CLASS, 2, "there is no class 2"),
        (tables + table::SIZE, table::CLASS, 0, "not in ascending order"),
        (tables, table::RUN_COUNT, 0, "found 0"),
        (tables, table::RUN_COUNT, u64::MAX, "4 left"),
        (tables + 2 * table::SIZE, table::RUN_COUNT, 2, "found 2, 1 left"),
        (runs, run::FIRST_WORD, 1, "a multiple of 64"),
        (runs + run::SIZE, run::FIRST_WORD, 64 * 4, "at least 320"),
        (runs + run::SIZE, run::FIRST_WORD, 5056, "after the 5000 words"),
        (runs + run::SIZE, run::FIRST_WORD, u64::MAX - 63, "after the 5000 words"),
        (runs, run::FIRST_BITMAP, 1, "found 0x1, expected 0x0"),
        (runs, run::BITMAP_COUNT, 0, "the run is empty"),
        (runs, run::BITMAP_COUNT, u64::MAX, "bitmap words left"),
        (bitmaps, bits, 0, "starts or ends with a bitmap word of zero"),
        (bitmaps, bits, 4, "word 2 of section number 0 is in the classes 0 and 8"),
        (bitmaps + 8, bits, 1 << 8, "after the 5000 words"),
        (bitmaps + 24, bits, 2, "after the 513 words"),
    ];
    for &(at, field, value, problem) in cases {
        let mut damaged = bytes.clone();
        field.put_number(&mut damaged[at..], value);
        match decode(&damaged) {
            Err(DumpError::ImageFormat { section, offset, problem: found, .. }) => {
                assert_eq!(section, SECTION);
                assert!(offset >= 0x10_0000, "{offset:#x}");
                assert!(found.contains(problem), "{} = {value}: {found}", field.name);
            }
            other => panic!("{} = {value}: {other:?}", field.name),
        }
    }
}
