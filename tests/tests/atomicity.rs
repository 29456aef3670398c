//! All or nothing: a dump or a load that fails leaves the file, the interner and the process as they
//! were, and drops what exists exactly once.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use neodump_runtime::{
    Dumpable, Dumper, Interner, LoadOptions, LoadReport, Placement, Symbol, dump, dump_to_bytes, load_bytes,
};
use neodump_tests::drops::{Counted, live, made};
use neodump_tests::fixture::{Value, Vm, natives};
use neodump_tests::forge::Forge;
use neodump_tests::heap::Heap;

#[test]
fn a_dump_that_is_refused_leaves_the_file_at_its_target_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vm.ndump");
    let (mut vm, names) = (Vm::full(), natives());
    Dumper::new().natives(&names).to_file(&mut vm, &path).expect("dumped");
    let before = std::fs::read(&path).expect("read");
    vm.list.push(Value::from_bits(1));
    let error = Dumper::new().natives(&names).to_file(&mut vm, &path).expect_err("refused");
    assert!(!error.is_stale());
    assert!(std::fs::read(&path).expect("read") == before);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no litter");
    vm.list.pop();
    Dumper::new().natives(&names).to_file(&mut vm, &path).expect("dumped");
    assert!(std::fs::read(&path).expect("read") == before, "the same machine again");
}

#[test]
fn a_file_that_is_replaced_stays_as_it_was_for_who_has_mapped_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vm.ndump");
    let (mut vm, names) = (Vm::full(), natives());
    Dumper::new().natives(&names).to_file(&mut vm, &path).expect("dumped");
    // SAFETY: this test wrote the file; it is replaced, not changed.
    let mut mapped: Vm = unsafe { LoadOptions::new().natives(&names).map(&path) }.expect("mapped");
    let text = mapped.describe();
    Dumper::new().natives(&names).to_file(&mut Vm::empty(), &path).expect("dumped");
    assert_eq!(mapped.describe(), text);
    // A machine may replace the file that it was mapped from by its own image.
    mapped.list.push(Value::int(5));
    Dumper::new().natives(&names).to_file(&mut mapped, &path).expect("dumped");
    let again: Vm = LoadOptions::new().natives(&names).load(&path).expect("loaded");
    assert_eq!(again.describe(), mapped.describe());
}

/// A machine that does not hold its own interner.
#[derive(Dumpable)]
#[dump(image = "symbolic", version = 1, after_load = Symbolic::wake)]
struct Symbolic {
    names: Vec<Symbol>,
    by_name: HashMap<Symbol, u32>,
    ordered: BTreeMap<Symbol, Symbol>,
    words: Vec<Value>,
    counted: Vec<Counted>,
    curse: bool,
}

impl Symbolic {
    fn wake(&self) -> Result<(), String> {
        if self.curse { Err("cursed".to_owned()) } else { Ok(()) }
    }

    fn make(interner: &mut Interner, curse: bool) -> Self {
        let names: Vec<_> =
            ["nil", "car", "cdr", "lambda"].iter().map(|name| interner.intern(name)).collect();
        let hidden = interner.uninterned("car");
        Self {
            by_name: names.iter().copied().zip(10..).collect(),
            ordered: names.iter().copied().zip(names.iter().rev().copied()).collect(),
            words: names.iter().chain([&hidden]).copied().map(Value::symbol).collect(),
            names,
            counted: vec![Counted::new(1), Counted::new(2)],
            curse,
        }
    }

    fn bytes(curse: bool) -> Vec<u8> {
        let mut interner = Interner::new();
        let mut machine = Self::make(&mut interner, curse);
        Dumper::new().interner(&interner).to_bytes(&mut machine).expect("dumped").0
    }
}

fn names_of(interner: &Interner) -> Vec<(u32, String, bool)> {
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    interner.iter().map(|(symbol, name)| (symbol.id(), text(name), interner.is_interned(symbol))).collect()
}

fn populated() -> Interner {
    let mut interner = Interner::with_names(&["lambda", "other", "car"]);
    interner.uninterned("cdr");
    interner
}

#[test]
fn symbols_are_renumbered_in_words_fields_and_keys_when_the_interner_has_others() {
    let bytes = Symbolic::bytes(false);
    for placement in [Placement::Preferred, Placement::Elsewhere, Placement::Patched] {
        let (mut interner, mut report) = (populated(), LoadReport::default());
        let options = LoadOptions::new().interner(&mut interner).placement(placement).report(&mut report);
        let machine: Symbolic = options.load_bytes(&bytes).expect("loaded");
        let id = |name: &str| interner.lookup(name.as_bytes()).expect("interned");
        let expected = ["nil", "car", "cdr", "lambda"].map(id);
        assert_eq!(machine.names, expected);
        assert_eq!(
            (expected[1].id(), expected[3].id()),
            (2, 0),
            "symbols that were there keep their numbers"
        );
        for (number, symbol) in (10..).zip(expected) {
            assert_eq!(machine.by_name[&symbol], number);
        }
        for (key, value) in expected.iter().zip(expected.iter().rev()) {
            assert_eq!(machine.ordered[key], *value);
        }
        let keys: Vec<_> = machine.ordered.keys().map(|symbol| symbol.id()).collect();
        assert!(keys.is_sorted(), "ordered by the new numbers");
        let words: Vec<_> = machine.words.iter().filter_map(|word| word.as_symbol()).collect();
        assert_eq!(words[..4], expected);
        assert!(interner.name(words[4]) == b"car" && !interner.is_interned(words[4]));
        assert!(report.fixups > 0, "{report}");
    }
    // An interner without symbols takes those of the image with their numbers.
    let (mut interner, mut report) = (Interner::new(), LoadReport::default());
    let options = LoadOptions::new().interner(&mut interner).report(&mut report);
    let machine: Symbolic = options.load_bytes(&bytes).expect("loaded");
    assert_eq!(machine.names.iter().map(|symbol| symbol.id()).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!((interner.len(), report.fixups), (5, 0));
}

#[test]
fn a_mapped_image_is_renumbered_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("symbolic.ndump");
    let bytes = Symbolic::bytes(false);
    std::fs::write(&path, &bytes).expect("written");
    let mut interner = populated();
    // SAFETY: this test wrote the file, and nobody changes it.
    let machine: Symbolic =
        unsafe { LoadOptions::new().interner(&mut interner).trusted().map(&path) }.expect("mapped");
    assert_eq!(machine.names[3].id(), 0);
    assert_eq!(machine.words[3], Value::symbol(machine.names[3]));
    assert!(std::fs::read(&path).expect("read") == bytes, "the file is as it was");
}

#[test]
fn a_load_that_fails_leaves_the_interner_as_it_was() {
    let good = Symbolic::bytes(false);
    let mut damaged = good.clone();
    let last = Forge::new(&good).section("Root").start;
    damaged[last] ^= 1;
    let mut forge = Forge::new(&good);
    let names = forge.section("Root").start;
    forge.put(names, u64::MAX);
    let hostile = forge.sealed().to_vec();
    let truncated = good[..good.len() - 65536].to_vec();
    let stale = Vm::empty().dump().expect("dumped");
    for (name, bytes) in [
        ("cursed", Symbolic::bytes(true)),
        ("damaged", damaged),
        ("hostile", hostile),
        ("truncated", truncated),
        ("stale", stale),
    ] {
        for mut interner in [populated(), Interner::new()] {
            let before = names_of(&interner);
            let living = live();
            let loaded = LoadOptions::new().interner(&mut interner).load_bytes::<Symbolic>(&bytes);
            assert!(loaded.is_err(), "{name}");
            drop(loaded);
            assert_eq!(names_of(&interner), before, "{name}");
            assert_eq!(live(), living, "{name}: everything that was made is dropped, once");
            let next = interner.intern("next");
            assert_eq!(next.id() as usize, before.len(), "{name}");
        }
    }
}

/// Refuses what is odd.
mod even {
    use neodump_tests::drops::Counted;

    pub(super) type Stored = Counted;

    pub(super) fn to_stored(value: &Even) -> Counted {
        value.0.clone()
    }

    pub(super) fn from_stored(stored: Counted) -> Result<Even, String> {
        if stored.number.is_multiple_of(2) {
            Ok(Even(stored))
        } else {
            Err(format!("{} is odd", stored.number))
        }
    }

    #[derive(Debug, Default)]
    pub(super) struct Even(pub(super) Counted);
}

/// Unwinds when it is hashed on a load, if it is told to.
#[derive(Dumpable, Debug, Default)]
struct Key {
    number: u32,
    counted: Counted,
}

thread_local! {
    static UNWIND: Cell<bool> = const { Cell::new(false) };
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Key {}

impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        if UNWIND.get() && self.number == 2 {
            std::panic::panic_any("a hash that unwinds");
        }
        self.number.hash(state);
    }
}

#[derive(Dumpable)]
#[dump(image = "counted", version = 1, after_load = Machine::wake)]
struct Machine {
    #[dump(heap)]
    heap: Heap,
    list: Vec<Counted>,
    boxed: Option<Box<Counted>>,
    #[dump(shared)]
    shared: (Rc<Counted>, Rc<Counted>),
    map: HashMap<Key, Vec<Counted>>,
    nested: HashMap<u32, HashMap<Key, Counted>>,
    #[dump(with = even)]
    first: even::Even,
    tree: BTreeMap<u32, Box<Counted>>,
    #[dump(with = even)]
    second: even::Even,
    verdict: u32,
}

impl Machine {
    fn wake(&self) -> Result<(), String> {
        match self.verdict {
            0 => Ok(()),
            1 => Err("no".to_owned()),
            _ => std::panic::panic_any("a hook that unwinds"),
        }
    }

    fn make(even: [u32; 2], verdict: u32) -> Self {
        let shared = Rc::new(Counted::new(3));
        let key = |number| Key { number, counted: Counted::new(number) };
        let many = |count: u32| (0..count).map(Counted::new).collect::<Vec<_>>();
        Self {
            heap: Heap::default(),
            list: many(5),
            boxed: Some(Box::new(Counted::new(9))),
            shared: (shared.clone(), shared),
            map: (0..5).map(|number| (key(number), many(number))).collect(),
            nested: (0..3).map(|n| (n, (0..4).map(|m| (key(m), Counted::new(m))).collect())).collect(),
            first: even::Even(Counted::new(even[0])),
            tree: (0..3).map(|number| (number, Box::new(Counted::new(number)))).collect(),
            second: even::Even(Counted::new(even[1])),
            verdict,
        }
    }
}

/// Loads, and checks that all that the load made is dropped once, in the end or with the machine.
#[track_caller]
fn balanced(bytes: &[u8], unwinds: bool, loads: bool) {
    let (living, before) = (live(), made());
    let loaded = catch_unwind(AssertUnwindSafe(|| load_bytes::<Machine>(bytes)));
    UNWIND.set(false);
    assert_eq!(loaded.is_err(), unwinds);
    if let Ok(loaded) = loaded {
        assert_eq!(loaded.is_ok(), loads);
        drop(loaded);
    }
    assert!(made() > before, "the load has made something");
    assert_eq!(live(), living, "everything that was made is dropped, once");
}

/// Says nothing of the panics that these tests are about.
fn quiet() {
    std::panic::set_hook(Box::new(|info| {
        if info.payload().downcast_ref::<&str>().is_none_or(|text| !text.ends_with("that unwinds")) {
            eprintln!("{info}");
        }
    }));
}

#[test]
fn what_a_load_makes_is_dropped_once_however_it_ends() {
    quiet();
    let bytes = |even, verdict| dump_to_bytes(&mut Machine::make(even, verdict)).expect("dumped");
    let good = bytes([2, 4], 0);
    balanced(&good, false, true);
    balanced(&bytes([1, 4], 0), false, false);
    balanced(&bytes([2, 5], 0), false, false);
    balanced(&bytes([2, 4], 1), false, false);
    balanced(&bytes([2, 4], 2), true, false);
    UNWIND.set(true);
    balanced(&good, true, false);
}

/// Unwinds when a load makes its default, if it is told to.
#[derive(Debug)]
struct Fragile;

impl Default for Fragile {
    fn default() -> Self {
        if UNWIND.get() {
            std::panic::panic_any("a default that unwinds");
        }
        Self
    }
}

#[derive(Dumpable, Default)]
struct Inner {
    names: Vec<String>,
    boxed: Box<(String, u8)>,
    pair: (Vec<String>, Deepest),
    array: [Deepest; 3],
    #[dump(shared)]
    shared: Rc<String>,
    deepest: Deepest,
}

#[derive(Dumpable, Default, PartialEq, Eq, Hash)]
struct Deepest {
    names: Vec<String>,
    #[dump(skip = "belongs to the process")]
    fragile: FragileEq,
}

/// A `Fragile` that can be a key.
#[derive(Default)]
struct FragileEq(Fragile);

impl PartialEq for FragileEq {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for FragileEq {}

impl std::hash::Hash for FragileEq {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[derive(Dumpable, Default)]
#[dump(image = "fragile", version = 1)]
struct FragileMachine {
    names: Vec<String>,
    map: HashMap<String, Deepest>,
    keys: HashMap<Deepest, Vec<String>>,
    list: Vec<Inner>,
    inner: Inner,
    tuple: (Vec<String>, Box<Inner>, Inner),
}

#[test]
fn a_default_that_unwinds_while_values_are_half_made_drops_nothing_that_is_not_there() {
    quiet();
    let text = || vec!["a".repeat(100), "b".repeat(100)];
    let deepest = || Deepest { names: text(), ..Deepest::default() };
    let inner = || Inner {
        names: text(),
        boxed: Box::new(("boxed".repeat(9), 1)),
        pair: (text(), deepest()),
        array: [deepest(), deepest(), deepest()],
        shared: Rc::new("shared".repeat(9)),
        deepest: deepest(),
    };
    let mut machine = FragileMachine {
        names: text(),
        map: HashMap::from([("k".to_owned(), deepest())]),
        keys: HashMap::from([(deepest(), text())]),
        list: vec![inner(), inner()],
        inner: inner(),
        tuple: (text(), Box::new(inner()), inner()),
    };
    let bytes = dump_to_bytes(&mut machine).expect("dumped");
    for _ in 0..50 {
        UNWIND.set(true);
        let loaded = catch_unwind(AssertUnwindSafe(|| load_bytes::<FragileMachine>(&bytes).map(|_| ())));
        UNWIND.set(false);
        assert!(loaded.is_err());
        // What the allocator gives out now is what a wrong drop would have freed.
        let filler: Vec<Vec<u8>> = (0..200).map(|size| vec![0xaa; size]).collect();
        drop(filler);
    }
    let loaded: FragileMachine = load_bytes(&bytes).expect("loaded");
    assert_eq!(loaded.inner.pair.0, machine.inner.pair.0);
    assert_eq!(loaded.tuple.1.array[2].names, text());
    assert_eq!(loaded.keys.values().next(), Some(&text()));
}

#[test]
fn a_dump_into_a_folder_that_is_not_there_is_an_error_that_names_it() {
    let error = dump(&mut FragileMachine::default(), "/nonexistent/vm.ndump").expect_err("refused");
    assert_eq!(error.path(), Some(std::path::Path::new("/nonexistent/vm.ndump")));
}
