//! Several images in one process: of one type and of several, from taken bases, changed and dumped again.

use std::cell::Cell;
use std::collections::HashMap;

use neodump_runtime::{
    Dumpable, Image, Interner, LoadOptions, LoadReport, Placement, Way, dump_to_bytes, load_bytes,
};
use neodump_tests::fixture::{Value, Vm, natives};
use proptest::prelude::*;

fn load_reported(bytes: &[u8]) -> (Vm, LoadReport) {
    let (names, mut report) = (natives(), LoadReport::default());
    let vm = LoadOptions::new().natives(&names).report(&mut report).load_bytes(bytes).expect("loaded");
    (vm, report)
}

#[test]
fn a_base_that_is_taken_is_no_obstacle() {
    // A machine type of its own, so that no other test takes its base.
    #[derive(Dumpable)]
    #[dump(image = "a base of its own", version = 1)]
    struct Machine {
        text: String,
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("machine.ndump");
    let bytes = dump_to_bytes(&mut Machine { text: "text".into() }).expect("dumped");
    std::fs::write(&path, &bytes).expect("written");
    let mut ways = Vec::new();
    for _ in 0..3 {
        let mut report = LoadReport::default();
        let machine: Machine = LoadOptions::new().report(&mut report).load(&path).expect("loaded");
        assert_eq!(machine.text, "text");
        ways.extend(report.way);
        // SAFETY: this test wrote the file, and nobody changes it.
        let machine: Machine = unsafe { LoadOptions::new().report(&mut report).map(&path) }.expect("mapped");
        assert_eq!(machine.text, "text");
        ways.extend(report.way);
    }
    assert_eq!(ways[0], Way::AtBase);
    assert!(ways[1..].iter().all(|way| *way != Way::AtBase), "{ways:?}");
}

#[test]
fn images_of_one_type_do_not_know_of_each_other() {
    let bytes = Vm::full().dump().expect("dumped");
    let text = Vm::full().describe();
    let (mut one, first) = load_reported(&bytes);
    let (two, second) = load_reported(&bytes);
    println!("{first}\n{second}");
    assert!(second.way != Some(Way::AtBase) || first.way != Some(Way::AtBase), "one base holds one image");
    let images = [one.image().expect("an image"), two.image().expect("an image")];
    let contains = |image: &Image, vm: &Vm| image.contains(vm.root.address().expect("an object"));
    assert!(contains(images[0], &one) && contains(images[1], &two));
    assert!(!contains(images[0], &two) && !contains(images[1], &one));
    one.mutate(1000);
    one.collect();
    assert_ne!(one.describe(), text);
    assert_eq!(two.describe(), text);
    assert_eq!(Vm::load(&one.dump().expect("dumped")).expect("loaded").describe(), one.describe());
}

#[test]
fn objects_of_another_image_are_dumped_like_any_other() {
    let bytes = Vm::full().dump().expect("dumped");
    let (mut one, _) = load_reported(&bytes);
    let (two, _) = load_reported(&bytes);
    let theirs = two.root.as_vector().expect("a vector").elements();
    one.list.extend([two.list[0], theirs[0].get(), theirs[2].get(), theirs[3].get()]);
    let text = one.describe();
    let merged = Vm::load(&one.dump().expect("dumped")).expect("loaded");
    assert_eq!(merged.describe(), text);
    // The other image's copies of statics are nobody's natives.
    one.list.push(theirs[4].get());
    let error = one.dump().expect_err("refused").to_string();
    assert!(error.contains("subr.descriptor: native 0x"), "{error}");
}

#[derive(Dumpable)]
#[dump(image = "another", version = 1)]
struct Another {
    symbols: Interner,
    names: HashMap<String, u32>,
}

#[test]
fn images_of_two_types_live_side_by_side() {
    let mut other =
        Another { symbols: Interner::with_names(&["a", "b"]), names: HashMap::from([("n".to_owned(), 1)]) };
    let (other, full) = (dump_to_bytes(&mut other).expect("dumped"), Vm::full().dump().expect("dumped"));
    let (vm, _) = load_reported(&full);
    let mut another: Another = load_bytes(&other).expect("loaded");
    assert!(load_bytes::<Another>(&full).is_err() && Vm::load(&other).is_err());
    assert_eq!(another.symbols.lookup(b"b").map(|symbol| symbol.id()), Some(1));
    another.symbols.intern("c");
    assert_eq!(vm.describe(), Vm::full().describe());
    assert_eq!(another.names["n"], 1);
}

#[test]
fn a_machine_is_loaded_changed_collected_and_dumped_again_ten_times_over() {
    let mut vm = Vm::full();
    for round in 0..10 {
        let bytes = vm.dump().expect("dumped");
        let names = natives();
        let placement = if round % 2 == 0 { Placement::Preferred } else { Placement::Elsewhere };
        let options = LoadOptions::new().natives(&names).placement(placement);
        let mut next: Vm = options.load_bytes(&bytes).expect("loaded");
        assert_eq!(next.describe(), vm.describe(), "round {round}");
        // SAFETY: the machine before is not used again.
        unsafe { vm.release() };
        next.mutate(50);
        next.list.truncate(8);
        let found = next.collect();
        assert!(found.in_image > 0 && found.own > 0, "{found:?}");
        vm = next;
    }
}

/// An object to be made: what its slots refer to, by number.
#[derive(Debug, Clone)]
enum Make {
    Cons(usize, usize),
    Vector(Vec<usize>),
    Str(String),
    Float(f64),
    Record(Vec<usize>),
    Table(Vec<(usize, usize)>),
}

fn make() -> impl Strategy<Value = Make> {
    let refer = || any::<usize>();
    prop_oneof![
        4 => (refer(), refer()).prop_map(|(car, cdr)| Make::Cons(car, cdr)),
        2 => proptest::collection::vec(refer(), 0..5).prop_map(Make::Vector),
        1 => ".{0,12}".prop_map(Make::Str),
        1 => any::<f64>().prop_map(Make::Float),
        1 => proptest::collection::vec(refer(), 0..4).prop_map(Make::Record),
        1 => proptest::collection::vec((refer(), refer()), 0..4).prop_map(Make::Table),
    ]
}

/// The machine of a random graph: any object may refer to any, itself included.
fn machine(plan: &[Make], roots: &[usize]) -> Vm {
    let mut vm = Vm::empty();
    let objects: Vec<Value> = plan
        .iter()
        .map(|make| match make {
            Make::Cons(..) => vm.cons(Value::NIL, Value::NIL),
            Make::Vector(slots) => vm.heap.vector(&vec![Value::NIL; slots.len()]),
            Make::Str(text) => vm.str(text),
            Make::Float(number) => vm.float(*number, None),
            Make::Record(slots) => vm.record(&vec![("slot", Value::NIL); slots.len()], &[&[1], &[]]),
            Make::Table(_) => vm.table(&[], &["note"], None),
        })
        .collect();
    // A fifth of the references are numbers.
    let refer = |number: usize| match number % 5 {
        0 => Value::int(number as i32 % 100),
        _ => objects[number / 5 % objects.len()],
    };
    for (make, object) in plan.iter().zip(&objects) {
        match make {
            Make::Cons(car, cdr) => {
                let cons = object.as_cons().expect("a cons");
                cons.car.set(refer(*car));
                cons.cdr.set(refer(*cdr));
            }
            Make::Vector(slots) => {
                let elements = object.as_vector().expect("a vector").elements();
                elements
                    .iter()
                    .zip(slots)
                    .for_each(|(slot, number): (&Cell<Value>, _)| slot.set(refer(*number)));
            }
            Make::Record(slots) => {
                let record = object.as_record().expect("a record");
                record.slots.iter().zip(slots).for_each(|(slot, number)| slot.set(refer(*number)));
            }
            Make::Table(entries) => {
                let table = object.address().expect("an object").cast::<neodump_tests::fixture::Table>();
                // SAFETY: nobody looks at the table.
                let map = unsafe { &mut (*table).map };
                map.extend(entries.iter().map(|(key, value)| (refer(*key), refer(*value))));
            }
            Make::Str(_) | Make::Float(_) => {}
        }
    }
    // Keys of tables must be reached by another way.
    let keys = plan.iter().flat_map(|make| match make {
        Make::Table(entries) => entries.iter().map(|(key, _)| refer(*key)).collect(),
        _ => Vec::new(),
    });
    // The fixture's hook refuses a list that starts with this number.
    vm.list = keys.filter(|key| *key != Value::int(-13)).take(500).collect();
    vm.root = vm.heap.vector(&roots.iter().map(|number| refer(*number)).collect::<Vec<_>>());
    vm
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_graph_of_objects_comes_back_as_an_equal_graph_elsewhere(
        plan in proptest::collection::vec(make(), 1..60),
        roots in proptest::collection::vec(any::<usize>(), 1..4),
        placement in prop_oneof![
            Just(Placement::Preferred), Just(Placement::Elsewhere), Just(Placement::Patched)
        ],
    ) {
        let mut vm = machine(&plan, &roots);
        let before = vm.collect();
        prop_assert_eq!(before.in_image, 0);
        let bytes = vm.dump().expect("dumped");
        let names = natives();
        let options = || LoadOptions::new().natives(&names).placement(placement);
        let mut loaded: Vm = options().load_bytes(&bytes).expect("loaded");
        prop_assert_eq!(loaded.describe(), vm.describe());
        // What the image holds is what was alive.
        prop_assert_eq!(loaded.collect().in_image, before.own);
        prop_assert!(loaded.dump().expect("dumped") == bytes);
        // SAFETY: these bytes are those of a dump.
        let restored: Vm = unsafe { options().trusted().restore(&bytes) }.expect("restored");
        prop_assert_eq!(restored.describe(), vm.describe());
        for machine in [loaded, restored] {
            // SAFETY: the machine is not used again.
            unsafe { machine.release() };
        }
    }
}
