//! A load says of each section what it got and what it cost.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use neodump_runtime::{
    AdoptImage, Dumpable, Image, LoadOptions, LoadReport, Placement, SectionLoad, Tier, dump_to_bytes,
};

/// A word that is a number, or an object with something on the Rust heap.
#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[dump(unsafe(word), objects(Note = 0b001), immediate(0b000))]
#[repr(transparent)]
struct Value(usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Note {
    text: String,
    number: u64,
}

#[derive(Default)]
struct Heap;

impl AdoptImage for Heap {
    fn adopt(_: Image) -> Self {
        Self
    }
    fn image(&self) -> Option<&Image> {
        None
    }
}

/// In place: nothing of it is made at load.
#[derive(Dumpable)]
#[dump(section = "counters", version = 1)]
#[repr(C)]
struct Counters {
    numbers: [u64; 4],
    latest: Value,
}

#[derive(Dumpable)]
#[dump(section = "names", version = 1)]
struct Names {
    names: Vec<String>,
    blob: Vec<u8>,
    by_name: HashMap<String, u32>,
}

#[derive(Dumpable)]
#[dump(section = "modes", version = 1)]
struct Modes {
    #[dump(shared)]
    first: Rc<[u64; 2]>,
    #[dump(shared)]
    again: Rc<[u64; 2]>,
    boxed: Option<Box<(Vec<bool>, u8)>>,
    #[dump(with = slow)]
    slow: Slow,
}

/// Takes its time.
#[derive(Default)]
struct Slow(u32);

const NAP: Duration = Duration::from_millis(20);

mod slow {
    use super::Slow;

    pub(super) type Stored = u32;

    pub(super) fn to_stored(slow: &Slow) -> u32 {
        slow.0
    }

    pub(super) fn from_stored(number: u32) -> Result<Slow, String> {
        std::thread::sleep(super::NAP);
        Ok(Slow(number))
    }
}

#[derive(Dumpable)]
#[dump(image = "reported", version = 1)]
struct Machine {
    names: Names,
    #[dump(heap)]
    heap: Heap,
    notes: Vec<Value>,
    counters: Counters,
    modes: Modes,
    title: String,
}

fn machine(notes: usize) -> Machine {
    let note = |number: usize| {
        let note = Note { text: number.to_string(), number: number as u64 };
        Value(Box::into_raw(Box::new(note)).expose_provenance() | 1)
    };
    let notes: Vec<_> = (0..notes).map(note).collect();
    let first = Rc::new([1, 2]);
    Machine {
        names: Names {
            names: ["a", "b", "c"].map(String::from).to_vec(),
            blob: vec![0; 10_000],
            by_name: [("x".to_owned(), 1), ("y".to_owned(), 2)].into(),
        },
        heap: Heap,
        counters: Counters { numbers: [7; 4], latest: notes.first().copied().unwrap_or(Value(8)) },
        modes: Modes {
            again: Rc::clone(&first),
            first,
            boxed: Some(Box::new((vec![true, false], 1))),
            slow: Slow(3),
        },
        notes,
        title: "title".to_owned(),
    }
}

fn report_of(bytes: &[u8], placement: Placement) -> LoadReport {
    let mut report = LoadReport::default();
    let loaded: Machine =
        LoadOptions::new().placement(placement).report(&mut report).load_bytes(bytes).expect("loaded");
    assert_eq!((loaded.modes.slow.0, loaded.names.by_name["y"], loaded.title.as_str()), (3, 2, "title"));
    report
}

#[test]
fn a_load_counts_for_each_section_the_records_that_it_made_anew() {
    let bytes = dump_to_bytes(&mut machine(5)).expect("dumped");
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let report = report_of(&bytes, placement);
        let lines: Vec<_> =
            report.sections.iter().map(|section| (section.name, section.tier, section.records)).collect();
        assert_eq!(
            lines,
            [
                // Each note, and its text.
                ("Hydration", Tier::Hydrated, 5 + 5),
                // The root, its words, its title.
                ("Root", Tier::Hydrated, 1 + 5 + 1),
                // The manager; three names with the text of each; one blob; two entries with the text of each.
                ("names", Tier::Hydrated, 1 + 3 + 3 + 1 + 2 + 2),
                ("counters", Tier::InPlace, 0),
                // The manager; what two share, once; the pair in a box, and its run of truths.
                ("modes", Tier::Hydrated, 1 + 1 + 1 + 1),
            ]
        );
    }
}

#[test]
fn the_time_of_the_machines_own_code_is_that_of_its_section() {
    let bytes = dump_to_bytes(&mut machine(0)).expect("dumped");
    let report = report_of(&bytes, Placement::Preferred);
    let time = |name: &str| -> Duration {
        let of = |section: &&SectionLoad| section.name == name;
        report.sections.iter().find(of).map(|section| section.time).expect("a section")
    };
    assert!(time("modes") >= NAP, "{report}");
    let others = report.sections.iter().filter(|section| section.name != "modes");
    assert!(others.map(|section| section.time).sum::<Duration>() < NAP, "{report}");
    let all = report.sections.iter().map(|section| section.time).sum::<Duration>();
    assert!(all <= report.hydrate, "{report}");
    // Without notes there are no objects to hydrate.
    assert!(report.sections.iter().all(|section| section.name != "Hydration"));
}

#[test]
fn a_report_prints_what_was_hydrated_and_what_was_not() {
    let text = report_of(&dump_to_bytes(&mut machine(2)).expect("dumped"), Placement::Preferred).to_string();
    for part in
        ["\n  section names hydrated: 12 records in ", "\n  section Hydration hydrated: 4 records in "]
    {
        assert!(text.contains(part), "{text}");
    }
    assert!(text.ends_with("\n  in place: counters"), "{text}");
}
