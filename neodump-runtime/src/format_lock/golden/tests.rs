//! The listing shows every byte once, and says what it is.

use super::golden;
use crate::{Dumpable, Interner, Symbol, dump_to_bytes};

#[derive(Dumpable)]
#[repr(u8)]
enum Slant {
    Normal = 1,
    Oblique(u32) = 4,
}

#[derive(Dumpable)]
#[dump(section = "faces", version = 3)]
struct Faces {
    names: Vec<String>,
    slant: Slant,
    weight: Option<u16>,
}

#[derive(Dumpable)]
#[dump(image = "golden", version = 2)]
struct Vm {
    symbols: Interner,
    faces: Faces,
    bold: Symbol,
    #[dump(skip = "belongs to the process")]
    calls: u64,
}

fn vm(slant: Slant) -> Vm {
    let mut symbols = Interner::new();
    let bold = symbols.intern("bold");
    let names = vec!["mono".to_owned(), String::new()];
    Vm { symbols, faces: Faces { names, slant, weight: Some(700) }, bold, calls: 1 }
}

fn listing(slant: Slant) -> String {
    let mut vm = vm(slant);
    vm.calls += 1;
    golden(&dump_to_bytes(&mut vm).expect("the machine can be dumped")).expect("a sound image")
}

/// What a line says behind its bytes.
fn says(listing: &str, wanted: &str) -> bool {
    listing.lines().any(|line| line.ends_with(wanted))
}

#[test]
fn every_field_is_shown_with_its_bytes_its_path_and_its_value() {
    let listing = listing(Slant::Oblique(12));
    for wanted in [
        "  89 4e 45 4f 44 55 4d 50 0d 0a 1a 0a 00 ff 00 ff  magic",
        "  02 00 00 00  image version  2",
        "  section faces: name  \"faces\"",
        "  03 00 00 00  section faces: version  3",
        "  6d 6f 6e 6f  vm.faces.names[0] text  \"mono\"",
        "  04 00 00 00  vm.faces.slant  Oblique",
        "  0c 00 00 00  vm.faces.slant.0  12",
        "  bc 02  vm.faces.weight  700",
        "  00 00 00 00  vm.bold  symbol 0 \"bold\"",
        "  62 6f 6c 64  symbol 0 name  \"bold\"",
        "  the schema text: see the format snapshots",
    ] {
        assert!(says(&listing, wanted), "{wanted:?} ends no line of\n{listing}");
    }
    assert!(!listing.contains("calls"), "{listing}");
}

#[test]
fn no_byte_is_shown_twice_and_none_is_left_out() {
    let mut machine = vm(Slant::Normal);
    let bytes = dump_to_bytes(&mut machine).expect("the machine can be dumped");
    let listing = golden(&bytes).expect("a sound image");
    let image = crate::inspect::Image::of(&bytes).expect("an image");
    let mut at = 0;
    for line in listing.lines() {
        if line.contains("the schema text") {
            at = image.section("Schema").map_or(0, |section| section.covered.offset + section.covered.length);
            continue;
        }
        let Some((offset, rest)) = line.split_once("  ") else { continue };
        let Ok(offset) = u64::from_str_radix(offset, 16) else { continue };
        assert_eq!(offset, at, "{line}");
        let shown = rest.split("  ").next().expect("bytes");
        at += match shown.split_once(" zeros") {
            Some((count, _)) => count.parse::<u64>().expect("a number"),
            None => shown.split(' ').count() as u64,
        };
    }
    assert_eq!(at, bytes.len() as u64);
}

#[test]
fn a_change_of_a_value_changes_the_lines_of_the_value_and_of_checksums() {
    let (one, other) = (listing(Slant::Oblique(12)), listing(Slant::Oblique(13)));
    let differ: Vec<&str> =
        one.lines().zip(other.lines()).filter(|(one, other)| one != other).map(|(line, _)| line).collect();
    assert_eq!(differ.len(), 3, "{differ:#?}");
    assert!(differ.iter().any(|line| line.ends_with("vm.faces.slant.0  12")), "{differ:#?}");
    assert!(differ.iter().filter(|line| line.contains("checksum")).count() == 2, "{differ:#?}");
}

#[test]
fn bytes_that_are_no_image_are_refused_and_not_listed() {
    assert!(golden(b"no image").is_err());
    let mut bytes = dump_to_bytes(&mut vm(Slant::Normal)).expect("the machine can be dumped");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert!(golden(&bytes).is_err());
}
