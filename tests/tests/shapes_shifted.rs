//! A word that is `address << 8 | tag`: relocation adds a shifted delta.

mod shapes;

use std::cell::Cell;
use std::ptr::with_exposed_provenance;

use neodump_runtime::heap::{Group, WordRef};
use neodump_runtime::{Dumpable, ImageVec, Natives, ObjectType, Word};
use shapes::{Heap, Machine, carry, leak};

const NUMBER: u64 = 0;
const NODE: u64 = 0x41;
const TUPLE: u64 = 0xff;

/// The scheme by hand.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(unsafe(word), objects(Node, Tuple))]
#[repr(transparent)]
struct Value(u64);

// SAFETY: eight bytes, valid for every pattern; the low byte says whether the rest is an address.
unsafe impl Word for Value {
    const SHIFT: u32 = 8;
    const GROUPS: &'static [Group] = &[
        Group { types: &[ObjectType::of::<Node>()], kind: None },
        Group { types: &[ObjectType::of::<Tuple>()], kind: None },
    ];

    fn to_bits(self) -> u64 {
        self.0
    }

    fn decode(bits: u64) -> WordRef {
        match bits & 0xff {
            NODE => WordRef::Object { address: bits >> 8, group: 0 },
            TUPLE => WordRef::Object { address: bits >> 8, group: 1 },
            NUMBER => WordRef::Immediate,
            _ => WordRef::Invalid,
        }
    }
}

/// The same scheme by the derive, over other types: the address is above eight bits of tag.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(unsafe(word), objects(Node = 0x41, Tuple = 0xff), immediate(0), bits = 8, shift = 8)]
#[repr(transparent)]
struct Derived(u64);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    left: Cell<Value>,
    right: Cell<Derived>,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Tuple {
    items: ImageVec<Value>,
}

#[derive(Dumpable)]
#[dump(image = "shapes-shifted", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    root: Value,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

fn bits<T>(value: T, tag: u64) -> u64 {
    (leak(value).addr() as u64) << 8 | tag
}

fn get<'a, T>(bits: u64, tag: u64) -> &'a T {
    assert_eq!(bits & 0xff, tag);
    // SAFETY: the tag says what the word points at, and objects live as long as the test looks.
    unsafe { &*with_exposed_provenance::<T>((bits >> 8) as usize) }
}

#[test]
fn shifted_addresses_survive_every_way_of_a_load() {
    let tuple = bits(Tuple { items: vec![Value(5 << 8), Value(u64::MAX << 8)].into() }, TUPLE);
    let root = bits(Node { left: Cell::new(Value(tuple)), right: Cell::new(Derived(0)) }, NODE);
    get::<Node>(root, NODE).right.set(Derived(root));
    let mut vm = Vm { heap: Heap::default(), root: Value(root) };
    let check = |vm: &Vm| {
        let node = get::<Node>(vm.root.0, NODE);
        assert_eq!(node.right.get().0, vm.root.0);
        let tuple = get::<Tuple>(node.left.get().0, TUPLE);
        assert_eq!(*tuple.items, [Value(5 << 8), Value(u64::MAX << 8)]);
    };
    let reports = carry(
        &mut vm,
        &Natives::new(),
        check,
        |vm| {
            let fresh = Node { left: Cell::new(vm.root), right: Cell::new(Derived(3 << 8)) };
            get::<Node>(vm.root.0, NODE).right.set(Derived(bits(fresh, NODE)));
        },
        |vm| {
            let fresh = get::<Node>(get::<Node>(vm.root.0, NODE).right.get().0, NODE);
            assert_eq!((fresh.left.get(), fresh.right.get()), (vm.root, Derived(3 << 8)));
        },
    );
    for (how, report) in reports {
        assert_eq!(
            (report.relocations == 0, report.pages_written == 0),
            (how.at_base(), how.at_base()),
            "{how:?}"
        );
    }
}
