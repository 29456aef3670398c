//! What an attacker tries first: files that are consistent but lie, and machines whose own safe code
//! misbehaves in the middle of a dump or load.

#![expect(clippy::mutable_key_type, reason = "a machine whose keys can change is what is tried")]

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use neodump_runtime::image::SegmentKind;
use neodump_runtime::{Dumpable, ImageStr, dump_to_bytes, load_bytes};
use neodump_tests::fixture::Vm;
use neodump_tests::forge::{Forge, assemble};

#[derive(Dumpable)]
#[dump(image = "attack.names", version = 1)]
struct Names {
    name: ImageStr,
}

/// An image with some sections in other segments, the file consistent in all else.
fn moved(bytes: &[u8], place: impl Fn(&str, SegmentKind) -> SegmentKind) -> Vec<u8> {
    let (identity, mut sections) = Forge::new(bytes).apart();
    for (spec, _) in &mut sections {
        spec.segment = place(&spec.name, spec.segment);
    }
    assemble(&identity, &sections)
}

#[test]
fn a_section_in_another_segment_is_refused() {
    let bytes = dump_to_bytes(&mut Names { name: "in ro".into() }).expect("dumped");
    // `meta` is gone after the load, and `ro` is not writable.
    let places: [fn(&str, SegmentKind) -> SegmentKind; 4] = [
        |_, segment| if segment == SegmentKind::Rw { segment } else { SegmentKind::Meta },
        |_, segment| if segment == SegmentKind::Ro { SegmentKind::Rw } else { segment },
        |_, segment| if segment == SegmentKind::Rw { SegmentKind::Ro } else { segment },
        |_, _| SegmentKind::Meta,
    ];
    for place in places {
        match load_bytes::<Names>(&moved(&bytes, place)) {
            Err(error) => assert!(error.to_string().contains("section"), "{error}"),
            Ok(vm) => panic!("{}", &*vm.name),
        }
    }
}

/// Where the record of the arena of the vectors is: the one that starts with their ordinal.
fn vector_arena(forge: &Forge) -> usize {
    let arenas = forge.section("Arenas");
    arenas.step_by(64).find(|&at| forge.u64(at + 24) == 0).expect("an arena with trailing arrays")
}

#[test]
fn an_arena_of_trailing_arrays_is_a_whole_number_of_words() {
    let bytes = Vm::full().dump().expect("dumped");
    let forge = Forge::new(&bytes);
    let record = vector_arena(&forge);
    let (first, length, heap) = (forge.u64(record + 8), forge.u64(record + 32), forge.section("HeapImage"));
    // The arena is made longer at the cost of those behind it, which become empty.
    for extra in [1, 4, 7] {
        let (identity, mut sections) = forge.apart();
        let new_length = length.next_multiple_of(512) + extra;
        let own = heap.start as u64 + first;
        for (spec, body) in &mut sections {
            if spec.name == "HeapImage" {
                body.resize((first + new_length) as usize, 0);
                // A word of an earlier arena points at the odd bytes.
                let target = Forge::new(&bytes).address((own + new_length - extra) as usize) | 0b101;
                body[..8].copy_from_slice(&target.to_le_bytes());
            }
            if spec.name == "Arenas" {
                let at = record - forge.section("Arenas").start;
                body[at + 32..at + 40].copy_from_slice(&new_length.to_le_bytes());
                for later in (at + 64..body.len()).step_by(64) {
                    body[later + 8..later + 16]
                        .copy_from_slice(&(first + new_length).next_multiple_of(64).to_le_bytes());
                    body[later + 16..later + 24].fill(0);
                    body[later + 32..later + 40].fill(0);
                }
            }
            if spec.name == "ObjectStarts" {
                body.resize((new_length / 8).div_ceil(64) as usize * 8, 0);
            }
        }
        assert!(Vm::load(&assemble(&identity, &sections)).is_err());
    }
}

#[derive(Dumpable)]
struct Heavy {
    #[dump(skip = "belongs to the process", default = [7; 1 << 16])]
    _scratch: [u8; 1 << 16],
}

#[derive(Dumpable)]
struct Nothing {}

#[derive(Dumpable)]
#[dump(image = "attack.weightless", version = 1)]
struct Weightless {
    heavy: Vec<Heavy>,
    nothing: Vec<Vec<Nothing>>,
}

#[test]
fn values_without_bytes_are_bounded_by_the_file() {
    let nothing = (0..1000).map(|_| vec![Nothing {}]).collect();
    let mut vm = Weightless { heavy: vec![Heavy { _scratch: [7; 1 << 16] }], nothing };
    let bytes = dump_to_bytes(&mut vm).expect("dumped");
    let back = load_bytes::<Weightless>(&bytes).expect("loaded");
    assert_eq!((back.heavy.len(), back.nothing.len(), back.nothing[999].len()), (1, 1000, 1));
    let forge = Forge::new(&bytes);
    let started = Instant::now();
    let root = forge.section("Root");
    // Every length of the root section as long as the file.
    let mut all = forge.clone();
    for at in root.clone().step_by(8).filter(|&at| forge.u64(at) == 1) {
        let mut one = forge.clone();
        one.put(at, bytes.len() as u64);
        drop(load_bytes::<Weightless>(one.sealed()).map(|vm| assert!(vm.heavy.len() == 1)));
        all.put(at, bytes.len() as u64);
        if started.elapsed() > Duration::from_secs(5) {
            break;
        }
    }
    assert!(load_bytes::<Weightless>(all.sealed()).is_err());
}

/// Known by its address, and in a circle.
#[derive(Dumpable)]
struct Node {
    number: u32,
    #[dump(shared)]
    next: Cell<Option<Rc<Node>>>,
    #[dump(shared)]
    left: Option<Rc<Node>>,
    #[dump(shared)]
    right: Option<Rc<Node>>,
}

#[derive(Dumpable)]
#[dump(transparent)]
#[repr(transparent)]
struct ByAddress(#[dump(shared)] Rc<Node>);

impl PartialEq for ByAddress {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ByAddress {}

impl Hash for ByAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.number.hash(state);
    }
}

#[derive(Dumpable)]
#[dump(image = "attack.keys", version = 1)]
struct Keys {
    map: HashMap<ByAddress, u32>,
}

fn node(number: u32, left: Option<Rc<Node>>, right: Option<Rc<Node>>) -> Rc<Node> {
    Rc::new(Node { number, next: Cell::new(None), left, right })
}

#[test]
fn keys_in_a_circle_have_an_order() {
    let (one, two) = (node(1, None, None), node(2, None, None));
    one.next.set(Some(two.clone()));
    two.next.set(Some(one.clone()));
    let mut vm = Keys { map: HashMap::from([(ByAddress(one), 1), (ByAddress(two), 2)]) };
    let bytes = dump_to_bytes(&mut vm).expect("dumped");
    assert_eq!(dump_to_bytes(&mut vm).expect("dumped"), bytes);
    let mut back = load_bytes::<Keys>(&bytes).expect("loaded");
    assert_eq!(back.map.len(), 2);
    assert_eq!(dump_to_bytes(&mut back).expect("dumped again"), bytes);
}

#[test]
fn keys_that_share_are_ordered_in_linear_time() {
    let mut top = node(0, None, None);
    for number in 1..200 {
        top = node(number, Some(top.clone()), Some(top));
    }
    let mut vm = Keys { map: HashMap::from([(ByAddress(top), 1), (ByAddress(node(9, None, None)), 2)]) };
    assert!(dump_to_bytes(&mut vm).is_ok());
}

#[test]
fn keys_that_differ_in_their_addresses_alone_are_refused() {
    let map = (0..10).map(|value| (ByAddress(node(5, None, None)), value)).collect();
    let error = dump_to_bytes(&mut Keys { map }).expect_err("refused");
    assert!(error.to_string().contains("whose stored forms are equal"), "{error}");
}

#[derive(Dumpable)]
#[dump(image = "attack.locks", version = 1)]
struct Locks {
    #[dump(shared)]
    shared: Arc<Mutex<Vec<Vec<u64>>>>,
    #[dump(shared)]
    cell: Rc<RefCell<HashSet<u64>>>,
}

#[test]
fn what_another_thread_changes_is_dumped_under_its_lock() {
    let shared = Arc::new(Mutex::new(vec![vec![4_u64; 4]; 4]));
    let stop = Arc::new(AtomicBool::new(false));
    let changing = std::thread::spawn({
        let (shared, stop) = (shared.clone(), stop.clone());
        move || {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                round += 1;
                let len = 1 + round % 64;
                *shared.lock().expect("not poisoned") = vec![vec![len; len as usize]; len as usize];
            }
        }
    });
    let mut vm = Locks { shared, cell: Rc::default() };
    let mut dumped = 0;
    for _ in 0..3000 {
        // A dump that meets the lock taken is refused.
        let Ok(bytes) = dump_to_bytes(&mut vm) else { continue };
        dumped += 1;
        let back = load_bytes::<Locks>(&bytes).expect("loaded");
        let rows = back.shared.lock().expect("not poisoned");
        let len = rows.len();
        assert!(rows.iter().all(|row| row.len() == len && row.iter().all(|&n| n == len as u64)), "{rows:?}");
    }
    stop.store(true, Ordering::Relaxed);
    changing.join().expect("no panic");
    let bytes = dump_to_bytes(&mut vm).expect("dumped: all locks were given back");
    assert!(load_bytes::<Locks>(&bytes).expect("loaded").cell.borrow().is_empty());
    println!("{dumped} of 3000 dumps while another thread changes the machine");
}

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), objects(Any = 0b101 by kind_of { Small, Large }), immediate(0b010))]
#[repr(transparent)]
struct Word(usize);

/// # Safety
///
/// `object` must be a `Small` or a `Large`.
unsafe fn kind_of(object: *const u8) -> u8 {
    // SAFETY: both start with their kind.
    unsafe { object.read() }
}

#[derive(Dumpable)]
#[dump(object, kind = 1)]
#[repr(C, align(8))]
struct Small {
    kind: u8,
}

#[derive(Dumpable)]
#[dump(object, kind = 2)]
#[repr(C, align(8))]
struct Large {
    kind: u8,
    numbers: [u64; 100],
}

#[derive(Dumpable)]
#[dump(image = "attack.kinds", version = 1)]
struct Kinds {
    small: &'static Small,
    /// No word of the image is a pointer.
    word: Word,
}

#[test]
fn an_object_behind_a_typed_pointer_has_the_kind_of_its_type_even_if_no_word_points_at_one() {
    static SMALL: Small = Small { kind: 1 };
    let bytes = dump_to_bytes(&mut Kinds { small: &SMALL, word: Word(0b010) }).expect("dumped");
    let back = load_bytes::<Kinds>(&bytes).expect("loaded");
    assert_eq!((back.small.kind, back.word.0), (1, 0b010));
    let mut forge = Forge::new(&bytes);
    let object = forge.section("HeapImage").start;
    forge.bytes()[object] = 2;
    let error = load_bytes::<Kinds>(forge.sealed()).map(|_| ()).expect_err("refused");
    assert!(error.to_string().contains("its kind byte is not that of"), "{error}");
}
