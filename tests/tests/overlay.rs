//! `overlay`: a static table's values unless changed.

mod shapes;

use std::ptr::NonNull;
use std::sync::LazyLock;

use neodump_runtime::{DumpError, Dumpable, LoadOptions, Natives};
use neodump_tests::forge::Forge;
use shapes::{alone, around, carried, dumped, leak, release};

static WIDTHS: [u32; 5] = [10, 20, 30, 40, 50];
static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| ["tab", "fill", "mode"].iter().map(|name| (*name).to_owned()).collect());
const EMPTY: &[u8] = &[];

#[derive(Dumpable)]
struct Slots {
    #[dump(overlay = WIDTHS)]
    widths: [u32; 5],
    #[dump(overlay = NAMES)]
    names: Vec<String>,
    #[dump(overlay = EMPTY)]
    none: Vec<u8>,
}

/// In an object too.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Buffer {
    id: u64,
    #[dump(overlay = WIDTHS)]
    widths: [u32; 5],
}

fn slots() -> Slots {
    let mut slots = Slots { widths: WIDTHS, names: NAMES.clone(), none: Vec::new() };
    slots.widths[3] = 0;
    slots.names[0] = "TAB".to_owned();
    slots
}

#[test]
fn a_field_is_the_table_with_what_was_changed() {
    let buffer =
        NonNull::new(leak(Buffer { id: 1, widths: [10, 20, 30, 40, 51] })).expect("a box is not null");
    carried((slots(), buffer), |(slots, buffer), _| {
        assert_eq!(slots.widths, [10, 20, 30, 0, 50]);
        assert_eq!(slots.names, ["TAB", "fill", "mode"]);
        assert_eq!(slots.none, []);
        // SAFETY: a live object.
        let buffer = unsafe { buffer.as_ref() };
        assert_eq!((buffer.id, buffer.widths), (1, [10, 20, 30, 40, 51]));
    });
}

/// Two programs that differ in their tables read one image: the schema says which table, not its values.
mod programs {
    use super::*;

    macro_rules! program {
        ($name:ident, $table:expr) => {
            pub(crate) mod $name {
                use super::*;
                static TABLE: &[u32] = &$table;
                #[derive(Dumpable)]
                #[dump(id = "slots")]
                pub(crate) struct Slots {
                    #[dump(overlay = TABLE)]
                    pub(crate) widths: Vec<u32>,
                }
            }
        };
    }
    program!(old, [1, 2, 3, 4]);
    program!(grown, [7, 8, 9, 10, 11]);
    program!(shrunk, [1, 2]);
}

#[test]
fn what_was_not_changed_is_what_the_program_that_loads_says() {
    let _alone = alone();
    let bytes = dumped(&mut around(programs::old::Slots { widths: vec![1, 2, 0, 4] }), &Natives::new());
    let back =
        LoadOptions::new().load_bytes::<shapes::Around<programs::grown::Slots>>(&bytes).expect("loads");
    assert_eq!(back.value.widths, [7, 8, 0, 10, 11]);
    release(back);
}

#[test]
fn a_table_that_lost_a_changed_entry_is_refused_by_its_name() {
    let _alone = alone();
    let bytes = dumped(&mut around(programs::old::Slots { widths: vec![1, 2, 3, 0] }), &Natives::new());
    match LoadOptions::new().load_bytes::<shapes::Around<programs::shrunk::Slots>>(&bytes).map(release) {
        Err(DumpError::Deserialization { problem, .. }) => assert_eq!(
            problem,
            "entry 3 of Slots.widths was changed before the dump, and its table has 2 entries in this program; dump again"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_field_of_another_length_than_its_table_is_refused_at_the_dump() {
    let mut slots = slots();
    slots.names.push("new".to_owned());
    let refused = neodump_runtime::dump_to_bytes(&mut around(slots)).expect_err("refused").to_string();
    assert!(refused.contains("value.names") && refused.contains("4 entries and its table 3"), "{refused}");
}

#[test]
fn indexes_out_of_order_or_behind_the_end_are_refused() {
    let _alone = alone();
    let bytes = dumped(&mut around(programs::old::Slots { widths: vec![5, 2, 6, 4] }), &Natives::new());
    let mut pristine = Forge::new(&bytes);
    let root = pristine.section("Root");
    // The entries are the last payload: (0, 5) and (2, 6), each of sixteen bytes.
    let first = root.end - 32;
    assert_eq!((pristine.u64(first), pristine.u64(first + 16)), (0, 2));
    for (at, index, says) in [
        (first, 2, "entry 2 of Slots.widths is stored behind entry 2"),
        (first, 3, "entry 2 of Slots.widths is stored behind entry 3"),
        (first + 16, 4, "its table has 4 entries"),
        (first + 16, u64::MAX, "its table has 4 entries"),
    ] {
        let mut forge = pristine.clone();
        forge.put(at, index);
        let load = LoadOptions::new().load_bytes::<shapes::Around<programs::old::Slots>>(forge.sealed());
        let refused = load.map(release).expect_err("refused").to_string();
        assert!(refused.contains(says), "{refused}");
    }
    pristine.put(first, 1);
    let back = LoadOptions::new().load_bytes::<shapes::Around<programs::old::Slots>>(pristine.sealed());
    release(back.expect("sound, though nobody wrote it"));
}
