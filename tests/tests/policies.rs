//! Every policy of a field does what it says, wherever the field stands.

mod shapes;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr::NonNull;
use std::rc::Rc;
use std::time::Duration;

use neodump_runtime::{Dumpable, ImageVec, Natives};
use shapes::{Heap, How, Machine, WAYS, dumped, leak, loaded, release};

/// A machine around one value.
#[derive(Dumpable)]
#[dump(image = "policies", version = 1)]
struct Vm<T> {
    #[dump(heap)]
    heap: Heap,
    value: T,
}

impl<T: Dumpable> Machine for Vm<T> {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

/// Carries a value in every way; `check` looks at what comes back.
#[track_caller]
fn carried<T: Dumpable>(value: T, check: impl Fn(&T)) {
    let _alone = shapes::alone();
    let bytes = dumped(&mut Vm { heap: Heap::default(), value }, &Natives::new());
    for how in WAYS {
        let (mut back, _) = loaded::<Vm<T>>(&bytes, how, &Natives::new());
        check(&back.value);
        assert!(
            dumped(&mut back, &Natives::new()) == bytes,
            "{how:?}: the dump of the loaded machine differs"
        );
        release(back);
    }
}

fn object<T>(value: T) -> NonNull<T> {
    NonNull::new(leak(value)).expect("a box is not null")
}

fn at<'a, T>(object: NonNull<T>) -> &'a T {
    // SAFETY: a live object, as long as the test looks.
    unsafe { object.as_ref() }
}

/// No part of an image, and without a default.
#[derive(Debug, PartialEq)]
struct Terminal(u32);

impl Terminal {
    fn none() -> Self {
        Self(40)
    }
}

#[derive(Dumpable)]
struct Skips {
    before: u8,
    #[dump(skip = "belongs to the process")]
    handle: Option<std::thread::ThreadId>,
    #[dump(skip = "opened at start", default = Terminal::none())]
    terminal: Terminal,
    #[dump(skip = "made of a constant", default = [7; Self::LEN])]
    array: [u8; 3],
    after: u64,
}

impl Skips {
    const LEN: usize = 3;

    fn new(before: u8) -> Self {
        let handle = Some(std::thread::current().id());
        Self { before, handle, terminal: Terminal(1), array: [1, 2, 3], after: u64::MAX }
    }

    fn is_loaded(&self, before: u8) -> bool {
        self.handle.is_none()
            && self.terminal == Terminal(40)
            && self.array == [7; 3]
            && (self.before, self.after) == (before, u64::MAX)
    }
}

#[derive(Dumpable)]
enum Skipping {
    Unnamed(u8, #[dump(skip = "rebuilt on demand")] Vec<u8>, u16),
    Named {
        #[dump(skip = "opened at start", default = Terminal(9))]
        terminal: Terminal,
        kept: Skips,
    },
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct SkipObject {
    skips: Skips,
    #[dump(skip = "belongs to the process", default = Terminal(8))]
    terminal: Terminal,
    number: u64,
}

#[test]
fn skipped_fields_have_their_default_after_a_load() {
    let skip_object = object(SkipObject { skips: Skips::new(1), terminal: Terminal(0), number: 5 });
    let many = vec![Skips::new(2), Skips::new(3)];
    let enums = vec![
        Skipping::Unnamed(4, vec![1], 5),
        Skipping::Named { terminal: Terminal(0), kept: Skips::new(6) },
    ];
    carried((skip_object, many, enums), |(object, many, enums)| {
        let object = at(*object);
        assert!(object.skips.is_loaded(1));
        assert_eq!((&object.terminal, object.number), (&Terminal(8), 5));
        assert!(many[0].is_loaded(2) && many[1].is_loaded(3));
        assert!(matches!(&enums[0], Skipping::Unnamed(4, empty, 5) if empty.is_empty()));
        let Skipping::Named { terminal, kept } = &enums[1] else { panic!("another variant") };
        assert!(*terminal == Terminal(9) && kept.is_loaded(6));
    });
}

/// A cache of a type that no image can hold.
#[derive(Default)]
struct Foreign {
    entries: HashMap<u8, Duration>,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Caches {
    #[dump(cache)]
    hash: Cell<u64>,
    number: u32,
    #[dump(cache)]
    next: Cell<Option<NonNull<Caches>>>,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Rebuilt {
    #[dump(cache)]
    foreign: RefCell<Foreign>,
    #[dump(cache)]
    list: Vec<NonNull<Caches>>,
    #[dump(cache)]
    vector: ImageVec<u8>,
    number: u64,
}

#[test]
fn caches_are_empty_after_a_load_and_are_not_traced() {
    let dropped = object(Caches { hash: Cell::new(1), number: 1, next: Cell::new(None) });
    let kept = object(Caches { hash: Cell::new(2), number: 2, next: Cell::new(Some(dropped)) });
    let foreign = Foreign { entries: HashMap::from([(1, Duration::ZERO)]) };
    let rebuilt = object(Rebuilt {
        foreign: RefCell::new(foreign),
        list: vec![dropped],
        vector: vec![1].into(),
        number: 9,
    });
    let _alone = shapes::alone();
    let bytes = dumped(&mut Vm { heap: Heap::default(), value: (kept, rebuilt) }, &Natives::new());
    for how in WAYS {
        let (back, report) = loaded::<Vm<(NonNull<Caches>, NonNull<Rebuilt>)>>(&bytes, how, &Natives::new());
        let (kept, rebuilt) = (at(back.value.0), at(back.value.1));
        assert_eq!((kept.number, kept.hash.get(), kept.next.get()), (2, 0, None));
        assert!(rebuilt.foreign.borrow().entries.is_empty() && rebuilt.list.is_empty());
        assert_eq!((rebuilt.number, &rebuilt.vector[..]), (9, &[][..]));
        assert_eq!(
            report.objects.iter().map(|(_, count)| count).sum::<usize>(),
            2,
            "the cached object is gone"
        );
        let hydrated: Vec<_> =
            report.hydrated.iter().map(|(name, count)| (name.rsplit("::").next(), *count)).collect();
        assert_eq!(hydrated, [(Some("Rebuilt"), 1)], "what can be baked costs nothing");
        release(back);
    }
}

#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(C)]
struct Baked {
    #[dump(bake = Self::BLACK)]
    mark: u8,
    kept: u32,
    #[dump(bake = [Some(NonNull::dangling()); 0])]
    nothing: [Option<NonNull<Caches>>; 0],
    #[dump(bake = (1, 'x'))]
    pair: (u8, char),
}

impl Baked {
    const BLACK: u8 = 3;
}

#[test]
fn baked_fields_have_their_value_in_the_image() {
    let value = |kept| Baked { mark: 0, kept, nothing: [], pair: (0, '\0') };
    let values: ImageVec<Baked> = vec![value(1), value(2)].into();
    const { assert!(Baked::RECORD.in_place) };
    carried((values, vec![value(3)]), |(in_place, owned)| {
        let baked = |kept| Baked { mark: 3, kept, nothing: [], pair: (1, 'x') };
        assert_eq!((&in_place[..], &owned[..]), (&[baked(1), baked(2)][..], &[baked(3)][..]));
    });
}

#[derive(Dumpable)]
struct Derives {
    words: HashMap<String, BTreeMap<u8, HashMap<char, u32>>>,
    /// Of a map.
    #[dump(derived = Self::names)]
    names: BTreeSet<String>,
    /// Of what is derived above, and of a map inside a map.
    #[dump(derived = Self::total)]
    total: (usize, u32),
    inner: Option<Box<Inner>>,
}

#[derive(Dumpable)]
struct Inner {
    #[dump(derived = Self::sum)]
    sum: u32,
    numbers: HashMap<u8, u32>,
}

impl Inner {
    fn sum(&self) -> u32 {
        self.numbers.values().sum()
    }
}

impl Derives {
    fn names(&self) -> BTreeSet<String> {
        self.words.keys().cloned().collect()
    }

    fn total(&self) -> (usize, u32) {
        let sums: u32 = self.words.values().flat_map(BTreeMap::values).flat_map(HashMap::values).sum();
        (self.names.len(), sums + self.inner.as_ref().map_or(0, |inner| inner.sum))
    }

    fn new(inner: Option<u8>) -> Self {
        let words = HashMap::from([
            ("a".to_owned(), BTreeMap::from([(1, HashMap::from([('x', 1), ('y', 2)])), (2, HashMap::new())])),
            ("b".to_owned(), BTreeMap::from([(1, HashMap::from([('z', 4)]))])),
        ]);
        let inner =
            inner.map(|n| Box::new(Inner { sum: 0, numbers: (0..=n).map(|n| (n, u32::from(n))).collect() }));
        Self { words, names: BTreeSet::new(), total: (0, 0), inner }
    }

    fn is_derived(&self) -> bool {
        let inner = self.inner.as_ref();
        self.names.iter().eq(["a", "b"])
            && self.total == (2, 7 + inner.map_or(0, |inner| inner.sum))
            && inner.is_none_or(|inner| inner.sum == inner.numbers.values().sum())
    }
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct DeriveObject {
    #[dump(derived = Self::ready)]
    ready: bool,
    derives: Derives,
    maps: HashMap<u8, Derives>,
}

impl DeriveObject {
    fn ready(&self) -> bool {
        self.derives.is_derived() && self.maps.len() == 2 && self.maps.values().all(Derives::is_derived)
    }
}

#[test]
fn derived_fields_are_computed_of_complete_fields_wherever_they_stand() {
    let derive_object = object(DeriveObject {
        ready: false,
        derives: Derives::new(Some(4)),
        maps: HashMap::from([(1, Derives::new(None)), (2, Derives::new(Some(2)))]),
    });
    let deep =
        BTreeMap::from([(1_u8, HashMap::from([('a', vec![Derives::new(Some(3)), Derives::new(None)])]))]);
    let boxed = Box::new(RefCell::new(Some(Derives::new(Some(1)))));
    let shared = Rc::new(Derives::new(Some(1)));
    let value = (derive_object, deep, boxed, (Rc::clone(&shared), shared), Derives::new(None));
    carried(value, |(object, deep, boxed, shared, inline)| {
        assert!(at(*object).ready && at(*object).ready());
        assert!(deep[&1][&'a'].len() == 2 && deep[&1][&'a'].iter().all(Derives::is_derived));
        assert!(boxed.borrow().as_ref().is_some_and(Derives::is_derived));
        assert!(shared.0.is_derived() && Rc::ptr_eq(&shared.0, &shared.1) && inline.is_derived());
    });
}

/// Stored as milliseconds.
mod millis {
    use std::time::Duration;

    pub(super) type Stored = u64;

    pub(super) fn to_stored(duration: &Duration) -> u64 {
        duration.as_millis() as u64
    }

    pub(super) fn from_stored(millis: u64) -> Result<Duration, String> {
        if millis == 13 {
            return Err("13 ms is no duration".to_owned());
        }
        Ok(Duration::from_millis(millis))
    }
}

/// Stored as a list of entries, each shared with nobody.
mod entries {
    use std::collections::HashMap;
    use std::convert::Infallible;
    use std::rc::Rc;
    use std::time::Duration;

    pub(super) type Stored = (Vec<(String, Rc<u64>)>, HashMap<u8, String>);

    pub(super) fn to_stored(entries: &HashMap<String, Duration>) -> Stored {
        let mut list: Vec<_> = entries
            .iter()
            .map(|(name, time)| (name.clone(), Rc::new(super::millis::to_stored(time))))
            .collect();
        list.sort();
        let lengths = list.iter().map(|(name, _)| (name.len() as u8, name.clone())).collect();
        (list, lengths)
    }

    pub(super) fn from_stored((list, lengths): Stored) -> Result<HashMap<String, Duration>, Infallible> {
        assert!(
            list.iter().all(|(name, _)| lengths.contains_key(&(name.len() as u8))),
            "a map that is not filled yet"
        );
        Ok(list.into_iter().map(|(name, millis)| (name, Duration::from_millis(*millis))).collect())
    }
}

/// A key whose stored form owns memory while it is put in order.
mod parts {
    use std::collections::VecDeque;
    use std::convert::Infallible;

    pub(super) type Stored = Vec<(u8, String)>;

    pub(super) fn to_stored(parts: &VecDeque<String>) -> Stored {
        parts.iter().map(|part| (part.len() as u8, part.clone())).collect()
    }

    pub(super) fn from_stored(parts: Stored) -> Result<VecDeque<String>, Infallible> {
        Ok(parts.into_iter().map(|(_, part)| part).collect())
    }
}

#[derive(Dumpable, PartialEq, Eq, Hash, Debug, Clone)]
struct Path {
    #[dump(with = parts)]
    parts: std::collections::VecDeque<String>,
    absolute: bool,
}

#[derive(Dumpable, PartialEq, Debug, Clone)]
struct Times {
    #[dump(with = millis)]
    one: Duration,
    #[dump(with = entries)]
    named: HashMap<String, Duration>,
    #[dump(with = entries)]
    more: HashMap<String, Duration>,
    #[dump(derived = Self::sum)]
    sum: Duration,
}

impl Times {
    fn new(millis: u64) -> Self {
        let named: HashMap<_, _> =
            (0..millis % 5).map(|n| (format!("name {n}"), Duration::from_millis(millis + n))).collect();
        let more: HashMap<_, _> =
            named.iter().map(|(name, time)| (format!("more {name}"), *time * 2)).collect();
        let mut times = Self { one: Duration::from_millis(millis), named, more, sum: Duration::ZERO };
        times.sum = times.sum();
        times
    }

    fn sum(&self) -> Duration {
        self.one + self.named.values().chain(self.more.values()).sum::<Duration>()
    }
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct WithObject {
    #[dump(with = millis)]
    time: Duration,
    times: Times,
}

#[derive(Dumpable, PartialEq, Debug)]
enum Timer {
    Once(#[dump(with = millis)] Duration),
    Many { times: Vec<Times> },
}

#[test]
fn fields_stored_as_another_type_come_back_wherever_they_stand() {
    let times = || HashMap::from([(1_u8, vec![Times::new(4)]), (2, vec![Times::new(9), Times::new(99)])]);
    let timers = || [Timer::Once(Duration::from_millis(3)), Timer::Many { times: vec![Times::new(24)] }];
    let path = |parts: &[&str]| Path {
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        absolute: true,
    };
    let paths: HashMap<_, _> = (0..50).map(|n| (path(&["usr", &format!("{n}"), "lib"]), n)).collect();
    let with_object = object(WithObject { time: Duration::from_millis(77), times: Times::new(7) });
    carried((with_object, times(), timers(), paths.clone()), |(object, found, found_timers, found_paths)| {
        assert_eq!((at(*object).time, &at(*object).times), (Duration::from_millis(77), &Times::new(7)));
        assert_eq!((found, found_timers, found_paths), (&times(), &timers(), &paths));
    });
}

#[test]
fn a_conversion_that_fails_refuses_the_load_in_its_own_words() {
    let _alone = shapes::alone();
    let times = vec![Times::new(12), Times::new(13), Times::new(14)];
    let bytes = dumped(&mut Vm { heap: Heap::default(), value: times }, &Natives::new());
    let Err(error) = neodump_runtime::load_bytes::<Vm<Vec<Times>>>(&bytes) else { panic!("loaded") };
    assert!(error.to_string().contains("13 ms is no duration"), "{error}");
}

#[derive(Dumpable)]
#[dump(image = "policies-shared", version = 1)]
struct SharedVm {
    #[dump(shared)]
    one: Rc<RefCell<Vec<u8>>>,
    #[dump(shared)]
    list: Vec<Option<Rc<RefCell<Vec<u8>>>>>,
}

#[test]
fn shared_fields_are_shared_after_the_load_and_a_machine_without_a_heap_loads() {
    let one = Rc::new(RefCell::new(vec![1]));
    let mut vm =
        SharedVm { list: vec![Some(Rc::clone(&one)), None, Some(Rc::new(RefCell::new(vec![1])))], one };
    let bytes = dumped(&mut vm, &Natives::new());
    for how in [How::Bytes, How::MappedCopied] {
        let (vm, _) = loaded::<SharedVm>(&bytes, how, &Natives::new());
        vm.one.borrow_mut().push(2);
        let list: Vec<_> =
            vm.list.iter().map(|list| list.as_ref().map(|list| list.borrow().clone())).collect();
        assert_eq!(list, [Some(vec![1, 2]), None, Some(vec![1])]);
    }
}

/// Stored exactly as its field, under a name that outlives moves.
#[derive(Dumpable, PartialEq, Eq, Hash, Debug, Clone)]
#[dump(transparent, id = "policies.Name")]
struct Name(String);

#[derive(Dumpable, PartialEq, Debug, Clone, Copy)]
#[dump(transparent)]
#[repr(transparent)]
struct Index(u32);

/// The parameter only stands for a type: it is not stored, and has no bound.
#[derive(Dumpable)]
#[dump(bound = "U: Dumpable + Ord", crate = ::neodump_runtime)]
struct Bounded<T, U> {
    keys: BTreeSet<U>,
    #[dump(skip = "a marker of the process")]
    marker: Option<T>,
}

struct NotDumpable;

#[test]
fn attributes_of_types_do_what_they_say() {
    assert_eq!((Name::RECORD, Name::shape().name), (String::RECORD, "policies.Name"));
    assert!(Index::RECORD.in_place && Index::shape().name.ends_with("::Index"));
    let names = HashMap::from([(Name("a".into()), Index(1)), (Name("b".into()), Index(2))]);
    let bounded = Bounded::<NotDumpable, u8> { keys: BTreeSet::from([1, 2]), marker: Some(NotDumpable) };
    let indexes: ImageVec<Index> = vec![Index(7), Index(8)].into();
    carried((names.clone(), bounded, indexes), |(found, bounded, indexes)| {
        assert_eq!(
            (found, &bounded.keys, &indexes[..]),
            (&names, &BTreeSet::from([1, 2]), &[Index(7), Index(8)][..])
        );
        assert!(bounded.marker.is_none());
    });
}

/// Aligned more than the framework's own sections need.
#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(C, align(64))]
struct Line([u8; 64]);

#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(C, align(32))]
struct Half([u8; 32]);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Aligned {
    before: u8,
    half: Box<Half>,
    hydrated: Vec<(u8, Half)>,
    lines: ImageVec<Line>,
    after: u64,
}

#[test]
fn values_of_large_alignment_come_back() {
    let aligned = |n: u8| {
        let half = Box::new(Half([n; 32]));
        let hydrated = vec![(n, Half([n; 32])); 3];
        object(Aligned { before: n, half, hydrated, lines: vec![Line([n; 64]); 2].into(), after: 5 })
    };
    let lines = vec![(1_u8, Some(Line([1; 64]))), (2, None)];
    let value = (vec![aligned(1), aligned(2), aligned(3)], Line([9; 64]), lines, Some(Half([7; 32])));
    carried(value, |(objects, line, lines, half)| {
        for (object, n) in objects.iter().zip(1_u8..) {
            let object = at(*object);
            assert_eq!((object.before, *object.half, object.after), (n, Half([n; 32]), 5));
            assert_eq!(
                (&object.hydrated[..], &object.lines[..]),
                (&[(n, Half([n; 32])); 3][..], &[Line([n; 64]); 2][..])
            );
            assert!(object.hydrated.as_ptr().is_aligned() && object.lines.as_ptr().is_aligned());
        }
        assert_eq!((line, half), (&Line([9; 64]), &Some(Half([7; 32]))));
        assert_eq!(lines[..], [(1, Some(Line([1; 64]))), (2, None)]);
    });
}
