//! The shapes that the fields of a large virtual machine have, one test each: docs/guide/field-shapes.md.

mod collections;
mod conversions;
mod owners;
mod plain;
mod process;
#[path = "../shapes/mod.rs"]
mod shapes;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr::{NonNull, null_mut};
use std::rc::Rc;
use std::sync::RwLock;

use neodump_runtime::global::{Active, Captured, activate};
use neodump_runtime::{
    Dumpable, Dumper, ImageMap, ImageRoot, ImageVec, Interner, LoadOptions, Natives, Placement, Symbol,
};
use shapes::{Around, alone, around, leak};

/// Dumps a machine, and loads it at its base and elsewhere, looking at both.
#[track_caller]
fn loaded<R: ImageRoot>(vm: &mut R, natives: &Natives, check: impl Fn(&mut R)) {
    let _alone = alone();
    let (bytes, _) = Dumper::new().natives(natives).to_bytes(vm).unwrap_or_else(|error| panic!("{error}"));
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let load = LoadOptions::new().natives(natives).placement(placement).load_bytes::<R>(&bytes);
        check(&mut load.unwrap_or_else(|error| panic!("{placement:?}: {error}")));
    }
}

/// The same of one value.
#[track_caller]
fn carried<T: Dumpable>(value: T, check: impl Fn(&T)) {
    loaded(&mut around(value), &Natives::new(), |back: &mut Around<T>| check(&back.value));
}

/// The same of a value that comes back equal.
#[track_caller]
fn equal<T: Dumpable + Clone + PartialEq + std::fmt::Debug>(value: T) {
    carried(value.clone(), |back| assert_eq!(*back, value));
}

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[dump(unsafe(word), objects(Float = 0b011), immediate(0b010))]
#[repr(transparent)]
struct Value(u64);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Float {
    number: f64,
    plist: Value,
}

fn fixnum(number: u64) -> Value {
    Value(number << 3 | 0b010)
}

fn float(number: f64) -> Value {
    Value(leak(Float { number, plist: fixnum(7) }).addr() as u64 | 0b011)
}

/// The number of a float.
fn number(value: Value) -> f64 {
    assert_eq!(value.0 & 0b111, 0b011, "a float");
    // SAFETY: a live object.
    unsafe { (*std::ptr::with_exposed_provenance::<Float>((value.0 - 0b011) as usize)).number }
}

/// The tests of a file, by number.
fn tests_in(source: &str) -> impl Iterator<Item = (u32, &str)> {
    source.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("fn ")?.split_once('(')?;
        Some((name.strip_prefix("shape_")?.get(..2)?.parse().ok()?, name))
    })
}

/// Each row of the guide links to the test of its shape, and each test has a row.
#[test]
fn the_guide_and_these_tests_speak_of_the_same_shapes() {
    let guide = include_str!("../../../docs/guide/field-shapes.md");
    let files = [
        ("plain", include_str!("plain.rs")),
        ("collections", include_str!("collections.rs")),
        ("owners", include_str!("owners.rs")),
        ("process", include_str!("process.rs")),
        ("conversions", include_str!("conversions.rs")),
    ];
    let tests: Vec<_> =
        files.iter().flat_map(|(file, source)| tests_in(source).map(move |test| (file, test))).collect();
    let rows: Vec<&str> =
        guide.lines().filter(|line| line.starts_with("| ") && line.contains("field_shapes/")).collect();
    assert_eq!((tests.len(), rows.len()), (31, 31));
    for (wanted, ((file, (number, test)), row)) in (1..).zip(tests.into_iter().zip(rows)) {
        let link = format!("[`{test}`](../../tests/tests/field_shapes/{file}.rs)");
        assert!(number == wanted && row.starts_with(&format!("| {number} |")), "{test}: {row}");
        assert!(row.ends_with(&format!("| {link} |")), "{row}\nshould end with {link}");
    }
}
