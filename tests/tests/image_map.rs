//! Maps that live in the image: they behave as maps do, at the preferred base and elsewhere, over any history of
//! loads and changes, and the same content gives the same bytes.

use std::cell::Cell;
use std::mem::offset_of;
use std::sync::Mutex;

use neodump_runtime::heap::ImageHasher;
use neodump_runtime::{
    AdoptImage, DumpError, Dumpable, Dumper, ImageKey, ImageMap, ImageSet, ImageStr, ImageVec, Interner,
    LoadOptions, LoadReport, Placement, Symbol, Way, dump_to_bytes,
};
use neodump_tests::forge::Forge;
use neodump_tests::heap::Heap;
use proptest::prelude::*;

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(unsafe(word), objects(Pair = 1, Table = 2), symbol = 0, immediate(7))]
#[repr(transparent)]
struct Value(usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Pair {
    first: Cell<Value>,
    rest: Cell<Value>,
}

/// An object that holds maps.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Table {
    by_value: ImageMap<Value, Cell<Value>>,
    by_content: ImageMap<ByContent, Value>,
    texts: ImageMap<ImageStr, ImageStr>,
}

/// A pair that is the same as another if it starts with the same word.
#[derive(Dumpable, Clone, Copy, Debug)]
#[dump(transparent)]
#[repr(transparent)]
struct ByContent(Value);

impl ImageKey for ByContent {
    const VERSION: u32 = 1;
    fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
        hasher.word(self.0.first());
    }
    fn same_key(&self, other: &Self) -> bool {
        self.0.first() == other.0.first()
    }
}

#[derive(Dumpable)]
#[dump(image = "maps", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    numbers: ImageMap<u16, u32>,
    by_symbol: ImageMap<Symbol, i64>,
    set: ImageSet<ImageStr>,
    table: Value,
    keys: ImageVec<Value>,
}

impl Value {
    fn int(number: usize) -> Self {
        Self(number << 3 | 7)
    }

    fn symbol(symbol: Symbol) -> Self {
        Self((symbol.id() as usize) << 3)
    }

    /// A new pair; it lives as long as the process.
    fn pair(first: Self) -> Self {
        let pair = Box::leak(Box::new(Pair { first: Cell::new(first), rest: Cell::new(Self(0)) }));
        Self(std::ptr::from_mut(pair).expose_provenance() | 1)
    }

    fn first(self) -> Self {
        assert_eq!(self.0 & 7, 1, "a pair");
        // SAFETY: words of the tag point at pairs, which live as long as the process or the image.
        unsafe { &*std::ptr::with_exposed_provenance::<Pair>(self.0 & !7) }.first.get()
    }

    fn table<'a>(self) -> &'a mut Table {
        assert_eq!(self.0 & 7, 2, "a table");
        // SAFETY: words of the tag point at tables, and each test holds one reference at a time.
        unsafe { &mut *std::ptr::with_exposed_provenance_mut::<Table>(self.0 & !7) }
    }
}

fn empty() -> Vm {
    let table = Table { by_value: ImageMap::new(), by_content: ImageMap::new(), texts: ImageMap::new() };
    let table = Box::leak(Box::new(table));
    Vm {
        heap: Heap::default(),
        symbols: Interner::with_names(&["nil"]),
        numbers: ImageMap::new(),
        by_symbol: ImageMap::new(),
        set: ImageSet::new(),
        table: Value(std::ptr::from_mut(table).expose_provenance() | 2),
        keys: ImageVec::new(),
    }
}

/// A machine with `count` entries in each map.
fn full(count: usize) -> Vm {
    let mut vm = empty();
    let table = vm.table.table();
    for number in 0..count {
        let symbol = vm.symbols.intern(format!("symbol {number}"));
        vm.by_symbol.insert(symbol, number as i64);
        vm.numbers.insert(number as u16, number as u32 * 3);
        vm.set.insert(format!("member {number}").into());
        let key = match number % 3 {
            0 => Value::pair(Value::int(number)),
            1 => Value::symbol(symbol),
            _ => Value::int(number),
        };
        vm.keys.push(key);
        table.by_value.insert(key, Cell::new(Value::int(number)));
        table.by_content.insert(ByContent(Value::pair(Value::symbol(symbol))), key);
        table.texts.insert(format!("key {number}").into(), format!("text {number}").into());
    }
    vm
}

fn check_full(vm: &Vm, count: usize) {
    let table = vm.table.table();
    let lens = [vm.numbers.len(), vm.by_symbol.len(), vm.set.len(), table.by_value.len()];
    assert_eq!((lens, table.by_content.len(), table.texts.len()), ([count; 4], count, count));
    for number in 0..count {
        let symbol = vm.symbols.lookup(format!("symbol {number}").as_bytes()).expect("a symbol");
        assert_eq!(vm.by_symbol.get(&symbol), Some(&(number as i64)));
        assert_eq!(vm.numbers.get(&(number as u16)), Some(&(number as u32 * 3)));
        assert!(vm.set.contains(format!("member {number}").as_str()));
        let key = vm.keys[number];
        assert_eq!(table.by_value.get(&key).map(Cell::get), Some(Value::int(number)));
        let content = ByContent(Value::pair(Value::symbol(symbol)));
        assert_eq!(table.by_content.get(&content), Some(&key));
        let text = table.texts.get(format!("key {number}").as_str()).expect("a text");
        assert_eq!(text.as_str(), format!("text {number}"));
    }
    assert_eq!(vm.numbers.get(&60_000), None);
    assert_eq!(table.by_value.get(&Value::pair(Value::int(0))).map(Cell::get), None, "another pair");
    assert!(table.by_value.keys().eq(vm.keys.iter()), "entries keep their order");
}

/// Tests take turns, so that the preferred base is free for each.
static BASE: Mutex<()> = Mutex::new(());
const PLACES: [Placement; 2] = [Placement::Preferred, Placement::Elsewhere];

fn load(bytes: &[u8], placement: Placement) -> Vm {
    LoadOptions::new().placement(placement).load_bytes(bytes).expect("loaded")
}

fn release(mut vm: Vm) {
    let image = vm.heap.image.take();
    drop(vm);
    // SAFETY: the machine is gone, and nothing of it is left.
    image.into_iter().for_each(|image| unsafe { image.release() });
}

#[test]
fn every_key_is_found_at_the_base_and_elsewhere_and_dumps_again_to_the_same_bytes() {
    let _turn = BASE.lock();
    for count in [0, 1, 2, 3, 64, 65, 1000] {
        let bytes = dump_to_bytes(&mut full(count)).expect("dumped");
        for placement in PLACES {
            let mut vm = load(&bytes, placement);
            check_full(&vm, count);
            assert_eq!(vm.table.table().texts.owned_bytes(), 0, "a load makes nothing");
            assert!(dump_to_bytes(&mut vm).expect("dumped again") == bytes, "{count} entries, {placement:?}");
            release(vm);
        }
    }
}

#[test]
fn a_load_at_the_base_writes_no_page_whatever_the_number_of_entries() {
    let _turn = BASE.lock();
    let path = std::env::temp_dir().join(format!("maps-{}.ndump", std::process::id()));
    Dumper::new().to_file(&mut full(5000), &path).expect("dumped");
    let mut report = LoadReport::default();
    // SAFETY: the file was just written, and nobody changes it.
    let vm: Vm = unsafe { LoadOptions::new().report(&mut report).trusted().map(&path) }.expect("mapped");
    std::fs::remove_file(&path).expect("removed");
    assert_eq!((report.way, report.pages_written, report.relocations), (Some(Way::AtBase), 0, 0));
    assert_eq!((report.rehashed, report.hydrated.len()), (0, 0));
    let written = |vm: &Vm| {
        let mut objects = 0;
        vm.heap.image().expect("an image").written_objects(|_, _| objects += 1);
        objects
    };
    check_full(&vm, 5000);
    assert_eq!(written(&vm), 0, "look-ups write nothing");
    // A value changes where it lies, far from the object that owns it: a collector must hear of that object.
    let own = Value::pair(Value::int(0));
    vm.table.table().by_value.get(&vm.keys[2500]).expect("an entry").set(own);
    let mut told = Vec::new();
    vm.heap.image().expect("an image").written_objects(|object, _| told.push(object.addr() | 2));
    assert_eq!(told, [vm.table.0], "the table, and no pair");
    release(vm);
}

#[test]
fn symbols_that_are_renumbered_are_found_by_their_new_numbers() {
    #[derive(Dumpable)]
    #[dump(image = "renumbered", version = 1)]
    struct Guest {
        #[dump(heap)]
        heap: Heap,
        by_symbol: ImageMap<Symbol, u32>,
        by_value: ImageMap<Value, u32>,
        by_both: ImageMap<(Symbol, u8), u32>,
        by_content: ImageMap<ByContent, u32>,
        names: ImageMap<ImageStr, u32>,
    }
    let _turn = BASE.lock();
    let mut symbols = Interner::new();
    let names: Vec<String> = (0..300).map(|number| format!("name {number}")).collect();
    let ids: Vec<Symbol> = names.iter().map(|name| symbols.intern(name)).collect();
    let mut guest = Guest {
        heap: Heap::default(),
        by_symbol: ids.iter().copied().zip(0..).collect(),
        by_value: ids.iter().map(|id| Value::symbol(*id)).zip(0..).collect(),
        by_both: ids.iter().map(|id| (*id, 7)).zip(0..).collect(),
        by_content: ids.iter().map(|id| ByContent(Value::pair(Value::symbol(*id)))).zip(0..).collect(),
        names: names.iter().map(|name| name.as_str().into()).zip(0..).collect(),
    };
    let (bytes, _) = Dumper::new().interner(&symbols).to_bytes(&mut guest).expect("dumped");
    for placement in PLACES {
        let mut host = Interner::with_names(&["nil", "name 299", "name 17"]);
        let mut report = LoadReport::default();
        let options = LoadOptions::new().placement(placement).report(&mut report);
        let mut guest: Guest = options.interner(&mut host).load_bytes(&bytes).expect("loaded");
        assert_eq!(report.rehashed, 4 * 300, "what has no symbols is not hashed again");
        for (number, name) in (0..).zip(&names) {
            let symbol = host.lookup(name.as_bytes()).expect("a symbol");
            let value = Value::symbol(symbol);
            assert_eq!(guest.by_symbol.get(&symbol), Some(&number));
            assert_eq!(guest.by_value.get(&value), Some(&number));
            assert_eq!(guest.by_both.get(&(symbol, 7)), Some(&number));
            assert_eq!(guest.by_content.get(&ByContent(Value::pair(value))), Some(&number));
            assert_eq!(guest.names.get(name.as_str()), Some(&number));
        }
        assert!(guest.by_symbol.values().copied().eq(0..300), "entries keep their order");
        // What was renumbered can be dumped, with the index of the new numbers.
        let (again, _) = Dumper::new().interner(&host).to_bytes(&mut guest).expect("dumped again");
        let mut empty = Interner::new();
        let guest: Guest = LoadOptions::new().interner(&mut empty).load_bytes(&again).expect("loaded again");
        assert_eq!(guest.by_symbol.get(&host.lookup(b"name 17").expect("a symbol")), Some(&17));
    }
}

/// A map as simple as one can be.
#[derive(Default, Clone)]
struct Model(Vec<(u16, u32)>);

#[derive(Debug, Clone)]
enum Step {
    Insert(u16, u32),
    Remove(u16),
    Change(u16),
    Make(u16),
    Keep(u32),
    KeepInserted(u32),
    Clear,
    Clone,
    Reload(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..40_u16;
    prop_oneof![
        8 => (key.clone(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        4 => key.clone().prop_map(Step::Remove),
        2 => key.clone().prop_map(Step::Change),
        2 => key.prop_map(Step::Make),
        1 => (2..5_u32).prop_map(Step::Keep),
        1 => (2..5_u32).prop_map(Step::KeepInserted),
        1 => Just(Step::Clear),
        1 => Just(Step::Clone),
        3 => any::<bool>().prop_map(Step::Reload),
    ]
}

impl Model {
    fn position(&self, key: u16) -> Option<usize> {
        self.0.iter().position(|(known, _)| *known == key)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_map_is_a_map_over_any_history(steps in prop::collection::vec(step(), 1..60)) {
        let _turn = BASE.lock();
        let (mut vm, mut model) = (empty(), Model::default());
        // How many of the model's entries are in the image: the first ones, less those that were removed.
        let mut frozen = 0;
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    let before = match model.position(key) {
                        Some(at) => Some(std::mem::replace(&mut model.0[at].1, value)),
                        None => {
                            model.0.push((key, value));
                            None
                        }
                    };
                    prop_assert_eq!(vm.numbers.insert(key, value), before);
                }
                Step::Remove(key) => {
                    let at = model.position(key);
                    frozen -= usize::from(at.is_some_and(|at| at < frozen));
                    let before = at.map(|at| model.0.remove(at));
                    prop_assert_eq!(vm.numbers.remove_entry(&key), before);
                }
                Step::Change(key) => {
                    let value = vm.numbers.get_mut(&key);
                    prop_assert_eq!(value.is_some(), model.position(key).is_some());
                    if let (Some(value), Some(at)) = (value, model.position(key)) {
                        *value = value.wrapping_add(1);
                        model.0[at].1 = *value;
                    }
                }
                Step::Make(key) => {
                    let at = model.position(key).unwrap_or_else(|| {
                        model.0.push((key, 5));
                        model.0.len() - 1
                    });
                    prop_assert_eq!(*vm.numbers.get_or_insert_with(key, || 5), model.0[at].1);
                }
                Step::Keep(divisor) => {
                    vm.numbers.retain(|key, _| u32::from(*key) % divisor != 0);
                    frozen = model.0[..frozen].iter().filter(|entry| u32::from(entry.0) % divisor != 0).count();
                    model.0.retain(|(key, _)| u32::from(*key) % divisor != 0);
                }
                Step::KeepInserted(divisor) => {
                    vm.numbers.retain_inserted(|_, value| *value % divisor != 0);
                    let mut at = 0;
                    model.0.retain(|(_, value)| {
                        at += 1;
                        at <= frozen || value % divisor != 0
                    });
                }
                Step::Clear => {
                    vm.numbers.clear();
                    (model.0, frozen) = (Vec::new(), 0);
                }
                Step::Clone => {
                    let clone = vm.numbers.clone();
                    prop_assert!(clone == vm.numbers && clone.frozen_len() == 0);
                    vm.numbers = clone;
                    frozen = 0;
                }
                Step::Reload(at_base) => {
                    let bytes = dump_to_bytes(&mut vm).expect("dumped");
                    let mut fresh = empty();
                    fresh.numbers = model.0.iter().copied().collect();
                    prop_assert!(dump_to_bytes(&mut fresh).expect("dumped") == bytes, "the same bytes");
                    release(vm);
                    vm = load(&bytes, PLACES[usize::from(at_base)]);
                    frozen = model.0.len();
                }
            }
            prop_assert!(vm.numbers.iter().map(|(key, value)| (*key, *value)).eq(model.0.iter().copied()));
            prop_assert_eq!(vm.numbers.len(), model.0.len());
            prop_assert_eq!(vm.numbers.iter().len(), model.0.len());
            for key in 0..40 {
                prop_assert_eq!(vm.numbers.get(&key), model.position(key).map(|at| &model.0[at].1));
            }
        }
        let mut changed = vm.numbers.clone();
        changed.values_mut().for_each(|value| *value = 1);
        prop_assert_eq!(changed.values().filter(|value| **value == 1).count(), model.0.len());
        prop_assert!(std::mem::take(&mut vm.numbers).into_iter().eq(model.0.iter().copied()));
        release(vm);
    }
}

#[test]
fn entries_of_the_image_are_moved_out_changed_and_dropped_once() {
    let _turn = BASE.lock();
    let bytes = dump_to_bytes(&mut full(40)).expect("dumped");
    for placement in PLACES {
        let vm = load(&bytes, placement);
        let texts = &mut vm.table.table().texts;
        // A value that grew in the image, one that was replaced, one that was taken out, and one that came.
        texts.get_mut("key 1").expect("a text").push_str(", grown");
        assert_eq!(texts.insert("key 2".into(), "replaced".into()).as_deref(), Some("text 2"));
        let (key, taken) = texts.remove_entry("key 3").expect("an entry");
        assert_eq!((key.as_str(), taken.as_str()), ("key 3", "text 3"));
        texts.get_mut("key 4").expect("a text").push_str(", grown and dropped");
        texts.retain(|key, _| key.as_str() != "key 4");
        texts.insert("key 3".into(), "back".into());
        assert_eq!(
            texts.keys().last().map(ImageStr::as_str),
            Some("key 3"),
            "what comes back goes to the end"
        );
        assert_eq!((texts.len(), texts["key 1"].as_str()), (39, "text 1, grown"));
        let moved = std::mem::take(texts);
        let mut left = moved.into_iter();
        assert_eq!(left.next().map(|(_, text)| text.as_str().to_owned()).as_deref(), Some("text 0"));
        assert_eq!(left.len(), 38);
        drop(left);
        release(vm);
        // Taken out of the image, but its bytes are there.
        drop((key, taken));
    }
}

#[test]
fn a_map_that_grows_over_an_image_finds_both_layers() {
    let _turn = BASE.lock();
    let bytes = dump_to_bytes(&mut full(100)).expect("dumped");
    for placement in PLACES {
        let mut vm = load(&bytes, placement);
        let table = vm.table.table();
        for number in 100..300 {
            let key = Value::pair(Value::int(number));
            vm.keys.push(key);
            assert!(table.by_value.insert(key, Cell::new(Value::int(number))).is_none());
        }
        for number in (0..300).step_by(7) {
            assert!(table.by_value.remove(&vm.keys[number]).is_some());
        }
        let found = |vm: &Vm| {
            let table = vm.table.table();
            let keys = vm.keys.iter().enumerate();
            keys.filter(|(number, key)| {
                let value = table.by_value.get(key).map(Cell::get);
                assert_eq!(value.is_some(), number % 7 != 0);
                value == Some(Value::int(*number))
            })
            .count()
        };
        assert_eq!(found(&vm), 257);
        // A dump of both layers is a frozen map again, in a third place.
        let again = dump_to_bytes(&mut vm).expect("dumped again");
        let vm = load(&again, Placement::Elsewhere);
        assert_eq!((found(&vm), vm.table.table().by_value.frozen_len()), (257, 257));
        release(vm);
    }
}

#[test]
fn a_collector_sees_every_key_and_value_of_both_layers() {
    let _turn = BASE.lock();
    let bytes = dump_to_bytes(&mut full(30)).expect("dumped");
    let vm = load(&bytes, Placement::Elsewhere);
    let table = vm.table.table();
    let (key, value) = (Value::pair(Value::int(1)), Value::pair(Value::int(2)));
    table.by_value.insert(key, Cell::new(value));
    table.by_value.remove(&vm.keys[0]);
    let mut seen = Vec::new();
    let image = vm.heap.image().expect("an image");
    let object = std::ptr::without_provenance::<u8>(vm.table.0 & !7);
    // SAFETY: the table is an object of the image.
    unsafe { image.walk(object, &mut |address, _| seen.push(address.addr() | 1)) };
    assert!(seen.contains(&key.0) && seen.contains(&value.0), "what was inserted is seen");
    assert!(seen.contains(&vm.keys[3].0), "what is in the image is seen");
    assert_eq!(
        seen.iter().filter(|seen| **seen == vm.keys[0].0).count(),
        1,
        "only as a value of another map"
    );
}

#[test]
fn keys_that_move_are_hashed_again() {
    let mut map: ImageMap<Value, u32> = (0..50).map(|n| (Value::pair(Value::int(n)), n as u32)).collect();
    let mut moved = Vec::new();
    map.update_keys(|key| {
        *key = Value::pair(key.first());
        moved.push(*key);
    });
    assert!(moved.iter().zip(0..).all(|(key, number)| map.get(key) == Some(&number)));
}

#[test]
fn a_key_hashed_by_what_is_not_in_the_image_is_refused_at_the_dump() {
    #[derive(Dumpable)]
    #[dump(transparent)]
    #[repr(transparent)]
    struct Elsewhere(u32);
    impl ImageKey for Elsewhere {
        const VERSION: u32 = 1;
        fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
            hasher.object(std::ptr::without_provenance(0x1000));
        }
        fn same_key(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    #[derive(Dumpable)]
    #[dump(image = "elsewhere", version = 1)]
    struct Vm {
        map: ImageMap<Elsewhere, u32>,
    }
    let mut vm = Vm { map: [(Elsewhere(8), 1)].into_iter().collect() };
    let Err(DumpError::Serialization { path, problem }) = dump_to_bytes(&mut vm) else { panic!("refused") };
    assert_eq!(path, "vm.map[8].key");
    assert!(problem.contains("the object at 0x1000, which is not in the image"), "{problem}");
}

#[test]
fn another_hash_function_makes_an_image_stale() {
    macro_rules! machine {
        ($name:ident, $version:literal) => {
            mod $name {
                use super::*;
                #[derive(Dumpable)]
                #[dump(transparent, id = "Key")]
                #[repr(transparent)]
                pub(super) struct Key(u32);
                impl ImageKey for Key {
                    const VERSION: u32 = $version;
                    fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
                        hasher.number(u64::from(self.0) * $version);
                    }
                    fn same_key(&self, other: &Self) -> bool {
                        self.0 == other.0
                    }
                }
                #[derive(Dumpable)]
                #[dump(image = "stale", version = 1, id = "Vm")]
                pub(super) struct Vm {
                    pub(super) map: ImageMap<Key, u32>,
                }
                pub(super) fn vm() -> Vm {
                    Vm { map: [(Key(8), 1)].into_iter().collect() }
                }
            }
        };
    }
    machine!(one, 1);
    machine!(two, 2);
    let bytes = dump_to_bytes(&mut one::vm()).expect("dumped");
    let error = neodump_runtime::load_bytes::<two::Vm>(&bytes).err().expect("refused");
    assert!(error.is_stale() && error.to_string().contains("ImageMap"), "{error}");
    drop(two::vm().map);
}

/// The image of a machine, to be broken: where a map's record, entries and index are in the file.
struct Broken {
    forge: Forge,
    record: usize,
}

impl Broken {
    fn u32(&self, at: usize) -> u32 {
        (self.forge.u64(at & !7) >> (at % 8 * 8)) as u32
    }

    fn put_u32(&mut self, at: usize, number: u32) {
        self.forge.bytes()[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }

    fn target(&self, field: usize) -> usize {
        (self.forge.u64(self.record + field) - self.forge.header().preferred_base()) as usize
    }

    fn entries(&self) -> usize {
        self.target(0)
    }

    fn index(&self) -> usize {
        self.target(16)
    }
}

#[test]
fn every_rule_of_an_index_is_checked_by_an_audit() {
    type Break = fn(&mut Broken);
    let _turn = BASE.lock();
    let bytes = dump_to_bytes(&mut full(16)).expect("dumped");
    let table = |forge: &Forge| {
        // The table is the only object of its type, and its arena the last.
        forge.section("HeapImage").end - size_of::<Table>()
    };
    let cases: [(&str, usize, Break, &str); 16] = [
        ("live entries", 0, |b| b.forge.put(b.record + 32, 8), "live layer is 0x8, expected 0"),
        ("another origin", 0, |b| b.forge.put(b.record + 24, 0), "objects are hashed from"),
        (
            "an origin inside the heap",
            0,
            |b| {
                let start = b.forge.u64(b.record + 24);
                b.forge.put(b.record + 24, start + 8);
            },
            "objects are hashed from",
        ),
        ("too many entries", 0, |b| b.forge.put(b.record + 8, 1 << 40), "expected at most"),
        ("more entries than there are", 0, |b| b.forge.put(b.record + 8, 17), "owner order"),
        ("fewer entries than there are", 0, |b| b.forge.put(b.record + 8, 15), "owner order"),
        ("no entries", 0, |b| b.forge.put(b.record + 8, 0), "empty map with entries at"),
        (
            "entries of another map",
            0,
            |b| {
                let other = b.forge.u64(b.record + offset_of!(Table, texts));
                b.forge.put(b.record, other);
            },
            "owner order",
        ),
        (
            "an index in the entries",
            0,
            |b| {
                let entries = b.forge.u64(b.record);
                b.forge.put(b.record + 16, entries);
            },
            "owner order",
        ),
        ("an index outside", 0, |b| b.forge.put(b.record + 16, 4), "owner order"),
        ("a first bucket that does not start at 0", 0, |b| b.put_u32(b.index(), 1), "bucket 0 of the index"),
        ("a bucket that ends far behind", 0, |b| b.put_u32(b.index() + 4, u32::MAX), "bucket 1 of the index"),
        (
            "a last bucket that ends early",
            0,
            |b| b.put_u32(b.index() + 16 * 4, 15),
            "of the index does not start",
        ),
        ("an entry that does not exist", 0, |b| b.put_u32(b.index() + 17 * 4, 16), "names no entry"),
        (
            "an entry in the bucket of another",
            0,
            |b| {
                // Two buckets of one entry each: swapped, all else is in order.
                let start = |bucket: usize| b.u32(b.index() + bucket * 4) as usize;
                let alone = (0..16).filter(|&bucket| start(bucket + 1) - start(bucket) == 1);
                let alone: Vec<usize> = alone.map(|bucket| b.index() + (17 + start(bucket)) * 4).collect();
                let (one, two) = (b.u32(alone[0]), b.u32(alone[1]));
                b.put_u32(alone[0], two);
                b.put_u32(alone[1], one);
            },
            "is not in the bucket of its hash",
        ),
        (
            "a key behind a pointer that hashes to another bucket",
            offset_of!(Table, by_content),
            |b| {
                let (one, two) = (b.forge.u64(b.entries()), b.forge.u64(b.entries() + 16));
                b.forge.put(b.entries(), two);
                b.forge.put(b.entries() + 16, one);
            },
            "is not in the bucket of its hash",
        ),
    ];
    for (name, map, change, says) in cases {
        let forge = Forge::new(&bytes);
        let record = table(&forge) + map;
        let mut broken = Broken { forge, record };
        change(&mut broken);
        for placement in PLACES {
            let loaded = LoadOptions::new().placement(placement).load_bytes::<Vm>(broken.forge.sealed());
            let error = loaded.err().unwrap_or_else(|| panic!("{name} was accepted")).to_string();
            assert!(error.contains(says), "{name}: {error}");
        }
    }
}

#[test]
fn two_entries_with_one_key_are_refused() {
    let _turn = BASE.lock();
    let mut vm = empty();
    vm.numbers = [(1, 10), (2, 20)].into_iter().collect();
    let bytes = dump_to_bytes(&mut vm).expect("dumped");
    // Of two keys in two buckets one is made the other, and the index says so.
    let mut forge = Forge::new(&bytes);
    let (words, ro) = (forge.section("HeapWords").start, forge.section("HeapBytes").start);
    forge.bytes()[words + 8..words + 10].copy_from_slice(&1_u16.to_le_bytes());
    let both_in_bucket = |bucket: u32| [0, if bucket == 0 { 2 } else { 0 }, 2, 0, 1];
    let refused = [0, 1].map(|bucket| {
        for (at, word) in both_in_bucket(bucket).into_iter().enumerate() {
            forge.bytes()[ro + at * 4..ro + at * 4 + 4].copy_from_slice(&u32::to_le_bytes(word));
        }
        LoadOptions::new().load_bytes::<Vm>(forge.sealed()).err().expect("refused").to_string()
    });
    assert!(refused.iter().any(|error| error.contains("entries 0 and 1 have the same key")), "{refused:?}");
}

#[test]
fn elements_of_a_vector_in_rw_change_where_they_lie() {
    let _turn = BASE.lock();
    let bytes = dump_to_bytes(&mut full(100)).expect("dumped");
    for placement in PLACES {
        let mut vm = load(&bytes, placement);
        vm.keys.in_place_mut()[7] = Value::int(1234);
        assert!(vm.keys.is_borrowed() && vm.keys[7] == Value::int(1234) && vm.keys.owned_bytes() == 0);
        let again = load(&dump_to_bytes(&mut vm).expect("dumped again"), Placement::Elsewhere);
        assert_eq!(again.keys[7], Value::int(1234));
        release(again);
        release(vm);
    }
    let mut plain: ImageVec<u8> = vec![1, 2].into();
    plain.in_place_mut()[0] = 9;
    assert_eq!(*plain, [9, 2]);
}
