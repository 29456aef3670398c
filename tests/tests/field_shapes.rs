//! The shapes that the fields of a large virtual machine have, one test each: docs/guide/field-shapes.md.

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

#[test]
fn shape_01_numbers_flags_and_characters_are_as_they_were() {
    equal((1u8, 2u16, u32::MAX, u64::MAX, (i32::MIN, i64::MIN, usize::MAX), (-0.5f64, true, '\u{10ffff}')));
}

#[test]
fn shape_02_optional_numbers_are_as_they_were() {
    equal((Some(u64::MAX), None::<u32>, Some('x'), None::<char>, Some(false)));
}

#[test]
fn shape_03_arrays_are_as_they_were() {
    carried(([i64::MIN, 0, 3, 4, 5, 6, 7, 8], [float(1.5), fixnum(2)]), |(space, values)| {
        assert_eq!(space[0], i64::MIN);
        assert_eq!((number(values[0]), values[1]), (1.5, fixnum(2)));
    });
}

#[test]
fn shape_04_plain_ids_are_kept_and_symbols_follow_the_interner() {
    #[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
    #[dump(transparent)]
    #[repr(transparent)]
    struct BufferId(u64);
    #[derive(Dumpable)]
    #[dump(image = "ids", version = 1)]
    struct Vm {
        buffers: Vec<BufferId>,
        symbols: ImageVec<Symbol>,
    }
    let mut interner = Interner::new();
    let symbols = vec![interner.intern(b"car"), interner.intern(b"cdr")];
    let mut vm = Vm { buffers: vec![BufferId(9)], symbols: symbols.into() };
    let (bytes, _) = Dumper::new().interner(&interner).to_bytes(&mut vm).expect("dumps");
    let mut other = Interner::with_names(&["nil", "cdr"]);
    let back: Vm = LoadOptions::new().interner(&mut other).load_bytes(&bytes).expect("loads");
    assert_eq!(back.buffers, [BufferId(9)]);
    assert_eq!(back.symbols[..], [other.intern(b"car"), other.intern(b"cdr")]);
}

#[test]
fn shape_05_newtypes_over_strings_are_keys() {
    #[derive(Dumpable, Clone, PartialEq, Eq, Hash, Debug)]
    #[dump(transparent)]
    struct Key(Vec<u8>);
    equal(HashMap::from([(Key(vec![0xff, 0]), 1u32), (Key(Vec::new()), 2)]));
}

#[test]
fn shape_06_values_refer_to_the_same_objects() {
    let shared = float(2.5);
    carried((shared, fixnum(4), shared), |(first, second, third)| {
        assert_eq!((number(*first), *second, first), (2.5, fixnum(4), third));
    });
}

#[test]
fn shape_07_lists_of_values_are_as_they_were() {
    let (one, two) = (float(1.0), float(2.0));
    carried((Some(one), vec![one, two], Some(vec![two]), vec![vec![one], Vec::new()]), |(a, b, c, d)| {
        let [one, two] = b[..] else { panic!("two values") };
        assert_eq!((number(one), number(two)), (1.0, 2.0));
        assert_eq!((a, c, d), (&Some(one), &Some(vec![two]), &vec![vec![one], Vec::new()]));
    });
}

#[test]
fn shape_08_strings_of_the_machine_keep_raw_bytes_and_their_counts() {
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    #[repr(C)]
    struct LispString {
        bytes: ImageVec<u8>,
        chars: usize,
        /// -1 for unibyte.
        size_byte: i64,
    }
    equal(vec![
        LispString { bytes: vec![0xc3, 0xa9].into(), chars: 1, size_byte: 2 },
        LispString { bytes: vec![0xff, 0].into(), chars: 2, size_byte: -1 },
        LispString { bytes: Vec::new().into(), chars: 0, size_byte: -1 },
    ]);
}

#[test]
fn shape_09_text_and_bytes_are_as_they_were() {
    equal(("\u{e9}".to_owned(), vec![0u8, 255], Some(String::new()), None::<Vec<u8>>));
}

#[test]
fn shape_10_tuples_and_association_lists_keep_their_order() {
    equal((vec![(3u32, "c".to_owned()), (1, "a".to_owned())], (1u8, (2u16, 'x'))));
}

#[test]
fn shape_11_structs_nest() {
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    struct Mode {
        name: String,
        parent: Option<Box<Mode>>,
        keywords: Vec<Keyword>,
    }
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    struct Keyword {
        pattern: String,
        group: usize,
    }
    let keyword = Keyword { pattern: "x".to_owned(), group: 1 };
    let parent = Mode { name: "prog".to_owned(), parent: None, keywords: vec![keyword] };
    equal(Mode { name: "lisp".to_owned(), parent: Some(Box::new(parent)), keywords: Vec::new() });
}

#[test]
fn shape_12_maps_are_found_again_by_every_kind_of_key() {
    let key = float(1.0);
    #[derive(Dumpable)]
    struct Maps {
        keys: Vec<Value>,
        by_number: HashMap<i64, String>,
        by_letter: HashMap<char, u8>,
        #[dump(identity_key)]
        by_value: HashMap<Value, u32>,
    }
    let by_number = HashMap::from([(-1, "a".to_owned()), (i64::MAX, "b".to_owned())]);
    let by_value = HashMap::from([(key, 1), (fixnum(2), 2)]);
    let maps = Maps { keys: vec![key], by_number, by_letter: HashMap::from([('x', 1)]), by_value };
    carried(maps, |maps| {
        assert_eq!((&*maps.by_number[&i64::MAX], maps.by_letter[&'x']), ("b", 1));
        assert_eq!((maps.by_value[&maps.keys[0]], maps.by_value[&fixnum(2)]), (1, 2));
    });
}

#[test]
fn shape_13_ordered_collections_are_in_order_at_every_address() {
    let values: Vec<_> = (0..9).map(|index| float(index.into())).collect();
    let set: BTreeSet<_> = values.iter().copied().collect();
    carried((BTreeMap::from([(5usize, 'b'), (1, 'a')]), values, set), |(map, values, set)| {
        assert_eq!(map.values().collect::<String>(), "ab");
        assert!(
            values.iter().all(|value| set.contains(value)),
            "sorted anew by the addresses of this process"
        );
        assert!(set.iter().is_sorted());
    });
}

#[test]
fn shape_14_maps_in_the_order_of_insertion_keep_it() {
    let mut map = ImageMap::new();
    for (key, value) in [(fixnum(9), 1u64), (fixnum(3), 2), (fixnum(5), 3)] {
        map.insert(key, value);
    }
    carried(map, |map| {
        let entries: Vec<_> = map.iter().map(|(key, value)| (*key, *value)).collect();
        assert_eq!(entries, [(fixnum(9), 1), (fixnum(3), 2), (fixnum(5), 3)]);
        assert_eq!(map.get(&fixnum(3)), Some(&2));
    });
}

#[test]
fn shape_15_unit_enums_are_in_place() {
    #[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
    #[repr(u8)]
    enum Eol {
        Unix = 1,
        Dos = 4,
    }
    const { assert!(Eol::RECORD.in_place) };
    equal([Eol::Dos, Eol::Unix]);
}

#[test]
fn shape_16_enums_with_payloads_and_boxes_of_themselves_nest() {
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    enum Custom {
        Boolean,
        Choice { options: Vec<(String, Custom)> },
        Pair(Box<Custom>, Box<Custom>),
        Number(f64),
    }
    let pair = Custom::Pair(Box::new(Custom::Boolean), Box::new(Custom::Number(1.5)));
    equal(Custom::Choice { options: vec![("x".to_owned(), pair)] });
}

#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(u8)]
enum Redirect {
    Plain,
    Alias,
}

#[derive(Dumpable)]
#[dump(tag = Redirect)]
#[repr(C)]
union Cell2 {
    #[dump(tag = Redirect::Plain)]
    value: Value,
    #[dump(tag = Redirect::Alias)]
    alias: u32,
}

#[test]
fn shape_17_the_field_of_a_union_that_a_tag_selects_is_dumped() {
    #[derive(Dumpable)]
    #[repr(C)]
    struct Row {
        redirect: Redirect,
        #[dump(unsafe(tag = redirect))]
        cell: Cell2,
    }
    let plain = Row { redirect: Redirect::Plain, cell: Cell2 { value: float(3.0) } };
    let alias = Row { redirect: Redirect::Alias, cell: Cell2 { alias: 8 } };
    carried(ImageVec::from(vec![plain, alias]), |rows| {
        // SAFETY: the tag says that it is alive.
        let value = unsafe { rows[0].cell.value };
        // SAFETY: as above.
        let alias = unsafe { rows[1].cell.alias };
        assert_eq!((number(value), alias), (3.0, 8));
    });
}

#[test]
fn shape_18_packed_flags_are_checked_by_their_object() {
    #[derive(Dumpable)]
    #[dump(object, validate = Flags::check)]
    #[repr(C)]
    struct Flags {
        flags: u64,
    }
    impl Flags {
        fn check(&self) -> Result<(), String> {
            if self.flags & !0x3f == 0 { Ok(()) } else { Err(format!("flags {:#x}", self.flags)) }
        }
    }
    #[derive(Dumpable)]
    struct Holder(#[dump(unsafe(pointer))] NonNull<Flags>);
    let holder = |flags| Holder(NonNull::new(leak(Flags { flags })).expect("a box is not null"));
    // SAFETY: a live object.
    carried(holder(0x21), |holder| assert_eq!(unsafe { holder.0.as_ref() }.flags, 0x21));
    let bytes = neodump_runtime::dump_to_bytes(&mut around(holder(0x40))).expect("dumps");
    let refused = LoadOptions::new().load_bytes::<Around<Holder>>(&bytes).map(drop).expect_err("refused");
    assert!(refused.to_string().contains("flags 0x40"), "{refused}");
}

#[test]
fn shape_19_what_owners_share_is_shared() {
    #[derive(Dumpable)]
    struct Buffer {
        #[dump(shared)]
        text: Rc<RefCell<String>>,
    }
    let text = Rc::new(RefCell::new("text".to_owned()));
    carried([Buffer { text: text.clone() }, Buffer { text }], |[base, indirect]| {
        base.text.borrow_mut().push('!');
        assert_eq!(*indirect.text.borrow(), "text!");
    });
}

/// A gap buffer: its text is stored, and no gap.
#[derive(Default)]
struct Gap {
    bytes: Vec<u8>,
    gap: std::ops::Range<usize>,
}

mod gap {
    use super::Gap;
    pub(super) type Stored = Vec<u8>;
    pub(super) fn to_stored(gap: &Gap) -> Stored {
        [&gap.bytes[..gap.gap.start], &gap.bytes[gap.gap.end..]].concat()
    }
    pub(super) fn from_stored(bytes: Stored) -> Result<Gap, String> {
        let end = bytes.len();
        Ok(Gap { bytes, gap: end..end })
    }
}

#[test]
fn shape_20_a_gap_buffer_is_its_text() {
    #[derive(Dumpable)]
    struct Text(#[dump(with = gap)] Gap);
    let live = Gap { bytes: b"he....llo".to_vec(), gap: 2..6 };
    carried(Text(live), |text| assert_eq!((&text.0.bytes[..], text.0.gap.clone()), (&b"hello"[..], 5..5)));
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Marker {
    place: u64,
    #[dump(bake = Cell::new(null_mut()))]
    next: Cell<*mut Marker>,
}

#[derive(Dumpable)]
struct Chain {
    #[dump(unsafe(pointer))]
    markers: Vec<NonNull<Marker>>,
    #[dump(relink = Chain::link)]
    first: *mut Marker,
}

impl Chain {
    fn link(&self) -> *mut Marker {
        self.markers.iter().rev().fold(null_mut(), |next, marker| {
            // SAFETY: a live object.
            unsafe { marker.as_ref() }.next.set(next);
            marker.as_ptr()
        })
    }
}

#[test]
fn shape_21_intrusive_chains_are_linked_again() {
    let markers: Vec<_> = (1..4)
        .map(|place| NonNull::new(leak(Marker { place, next: Cell::default() })).expect("a box is not null"))
        .collect();
    carried(Chain { first: markers[2].as_ptr(), markers }, |chain| {
        let (mut places, mut at) = (Vec::new(), chain.first);
        // SAFETY: live objects.
        while let Some(marker) = unsafe { at.as_ref() } {
            places.push(marker.place);
            at = marker.next.get();
        }
        assert_eq!(places, [1, 2, 3]);
    });
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Forwarder {
    slot: u32,
}
static FORWARD: Forwarder = Forwarder { slot: 12 };

#[inline(never)]
fn twice(number: u64) -> u64 {
    number * 2
}

#[test]
fn shape_22_functions_and_descriptors_are_found_by_name() {
    #[derive(Dumpable)]
    struct Subr {
        #[dump(native)]
        call: fn(u64) -> u64,
        #[dump(native)]
        none: Option<fn(u64) -> u64>,
        #[dump(native)]
        forward: &'static Forwarder,
    }
    let natives = Natives::new().function("twice", twice as fn(u64) -> u64).data("forward", &FORWARD);
    let mut vm = around(Subr { call: twice, none: None, forward: &FORWARD });
    loaded(&mut vm, &natives, |back| {
        let subr = &back.value;
        assert_eq!(((subr.call)(21), subr.none.is_none(), subr.forward.slot), (42, true, 12));
    });
}

static DEFAULTS: [u32; 4] = [8, 70, 0, 1];

#[test]
fn shape_23_a_slot_table_is_its_seeds_and_what_was_changed() {
    #[derive(Dumpable)]
    struct Slots {
        #[dump(overlay = DEFAULTS)]
        values: [u32; 4],
    }
    carried(Slots { values: [8, 80, 0, 1] }, |slots| assert_eq!(slots.values, [8, 80, 0, 1]));
}

#[derive(Dumpable)]
struct Index {
    names: Vec<String>,
    #[dump(derived = Index::count)]
    count: usize,
    #[dump(cache)]
    cached: Cell<u64>,
    #[dump(cache)]
    looked_up: RefCell<HashMap<String, usize>>,
}

impl Index {
    fn count(&self) -> usize {
        self.names.len()
    }
}

#[test]
fn shape_24_counters_are_computed_and_caches_empty() {
    let looked_up = RefCell::new(HashMap::from([("a".to_owned(), 0)]));
    let index = Index { names: vec!["a".to_owned()], count: 99, cached: Cell::new(5), looked_up };
    carried(index, |index| {
        assert_eq!((index.count, index.cached.get(), index.looked_up.borrow().len()), (1, 0, 0));
    });
}

#[test]
fn shape_25_what_is_left_out_says_why() {
    #[derive(Dumpable)]
    struct Interactive {
        specs: Vec<u32>,
        #[dump(skip = "calls end with the process")]
        call_stack: Vec<bool>,
        #[dump(skip = "windows belong to the process", default = 1)]
        window: u32,
    }
    carried(Interactive { specs: vec![1], call_stack: vec![true], window: 9 }, |back| {
        assert_eq!((&back.specs[..], back.call_stack.len(), back.window), (&[1][..], 0, 1));
    });
}

thread_local! {
    static CHARSETS: RefCell<Active<Vec<String>>> = const { RefCell::new(Active::new(Vec::new())) };
}
static FONTSETS: RwLock<Active<Vec<u32>>> = RwLock::new(Active::new(Vec::new()));

#[derive(Dumpable)]
#[dump(image = "registries", version = 1)]
struct Registries {
    #[dump(global = CHARSETS)]
    charsets: Captured<Vec<String>>,
    #[dump(global = FONTSETS)]
    fontsets: Captured<Vec<u32>>,
}

#[test]
fn shape_26_registries_in_statics_belong_to_a_machine() {
    let mut live =
        Registries { charsets: Captured::new(vec!["ascii".to_owned()]), fontsets: Captured::default() };
    activate(&mut live).expect("free");
    FONTSETS.write().expect("not poisoned").push(3);
    loaded(&mut live, &Natives::new(), |_| {
        CHARSETS.with_borrow_mut(|charsets| {
            assert_eq!(**charsets, ["ascii"]);
            charsets.push("unicode".to_owned());
        });
        assert_eq!(**FONTSETS.read().expect("not poisoned"), [3]);
    });
    activate(&mut live).expect("free");
    CHARSETS.with_borrow(|charsets| assert_eq!(**charsets, ["ascii"], "the clone changed its own"));
}

/// A variable with its dynamic bindings, the outermost first.
#[derive(Default)]
struct Bound {
    saved: Vec<u64>,
    value: u64,
}

mod outermost {
    use super::Bound;
    pub(super) type Stored = u64;
    pub(super) fn to_stored(bound: &Bound) -> Stored {
        bound.saved.first().copied().unwrap_or(bound.value)
    }
    pub(super) fn from_stored(value: Stored) -> Result<Bound, String> {
        Ok(Bound { saved: Vec::new(), value })
    }
}

#[test]
fn shape_27_a_bound_variable_is_dumped_with_its_outermost_value() {
    #[derive(Dumpable)]
    struct Variable(#[dump(with = outermost)] Bound);
    carried(Variable(Bound { saved: vec![1, 2], value: 3 }), |variable| {
        assert_eq!((variable.0.value, variable.0.saved.len()), (1, 0));
    });
}

/// Stands for a crate of big numbers.
mod big {
    #[derive(Default, Debug, PartialEq)]
    pub(crate) struct Integer {
        limbs: Vec<u64>,
        pub(crate) is_negative: bool,
    }
    impl Integer {
        pub(crate) fn new(limbs: Vec<u64>, is_negative: bool) -> Self {
            Self { limbs, is_negative }
        }
        pub(crate) fn limbs(&self) -> &Vec<u64> {
            &self.limbs
        }
    }
}

#[derive(Dumpable)]
#[dump(remote = big::Integer)]
struct IntegerDef {
    #[dump(getter = big::Integer::limbs)]
    limbs: Vec<u64>,
    is_negative: bool,
}

impl From<IntegerDef> for big::Integer {
    fn from(def: IntegerDef) -> Self {
        Self::new(def.limbs, def.is_negative)
    }
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Bignum {
    #[dump(remote = IntegerDef)]
    integer: big::Integer,
}

#[test]
fn shape_28_values_of_other_crates_are_stored_as_mirrors_and_keep_their_identity() {
    #[derive(Dumpable)]
    struct Two(#[dump(unsafe(pointer))] [NonNull<Bignum>; 2]);
    let integer = big::Integer::new(vec![1, 2], true);
    let bignum = NonNull::new(leak(Bignum { integer })).expect("a box is not null");
    carried(Two([bignum; 2]), |Two([one, two])| {
        assert_eq!(one, two);
        // SAFETY: a live object.
        assert_eq!(unsafe { &one.as_ref().integer }, &big::Integer::new(vec![1, 2], true));
    });
}

fn reopen(stored: u64) -> u64 {
    stored + 100
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Window {
    #[dump(handle = reopen)]
    id: u64,
}

#[test]
fn shape_29_handles_are_renumbered_and_their_objects_are_one() {
    #[derive(Dumpable)]
    struct Windows(#[dump(unsafe(pointer))] Vec<NonNull<Window>>);
    let window = NonNull::new(leak(Window { id: 4 })).expect("a box is not null");
    carried(Windows(vec![window; 2]), |Windows(windows)| {
        assert_eq!(windows[0], windows[1]);
        // SAFETY: a live object.
        assert_eq!(unsafe { windows[0].as_ref() }.id, 104);
    });
}

#[derive(Dumpable)]
#[dump(image = "process", version = 1, before_dump = Process::quiesce, after_load = Process::start)]
struct Process {
    directory: String,
    is_noninteractive: bool,
}

impl Process {
    fn quiesce(&mut self) {
        self.directory.clear();
    }

    fn start(&mut self) -> Result<(), std::io::Error> {
        self.directory = std::env::current_dir()?.display().to_string();
        Ok(())
    }
}

#[test]
fn shape_30_what_belongs_to_a_process_is_set_by_its_hooks() {
    let mut live = Process { directory: "/of/the/dump".to_owned(), is_noninteractive: true };
    loaded(&mut live, &Natives::new(), |back| {
        assert_eq!(back.directory, std::env::current_dir().expect("a directory").display().to_string());
        assert!(back.is_noninteractive);
    });
}

static GREETING: [u8; 5] = *b"hello";

#[test]
fn shape_31_bytes_of_the_executable_are_found_by_name() {
    #[derive(Dumpable)]
    struct Pure {
        #[dump(native)]
        bytes: &'static [u8; 5],
    }
    let natives = Natives::new().data("greeting", &GREETING);
    loaded(&mut around(Pure { bytes: &GREETING }), &natives, |back| assert_eq!(back.value.bytes, b"hello"));
}

/// The guide has a row for each test, and each row names its test.
#[test]
fn the_guide_and_these_tests_speak_of_the_same_shapes() {
    let guide = include_str!("../../docs/guide/field-shapes.md");
    let source = include_str!("field_shapes.rs");
    let tests: Vec<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("fn shape_")?.split_once('(').map(|(name, _)| name))
        .collect();
    let rows: Vec<&str> =
        guide.lines().filter(|line| line.starts_with("| ") && line.contains("`shape_")).collect();
    assert_eq!((tests.len(), rows.len()), (31, 31));
    for (number, (test, row)) in (1..).zip(tests.iter().zip(rows)) {
        assert!(test.starts_with(&format!("{number:02}_")), "{test}");
        assert!(
            row.starts_with(&format!("| {number} |")) && row.contains(&format!("[`shape_{number:02}`]")),
            "{row}"
        );
    }
}
