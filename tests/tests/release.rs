//! Who owns the image: it stays until it is released, and then all that hydration and growth put into it
//! is dropped, once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use neodump_runtime::{Dumpable, ImageVec, LoadOptions, Placement, dump_to_bytes};
use neodump_tests::drops::{Counted, Token, live, made};
use neodump_tests::fixture::{Value, Vm};
use neodump_tests::heap::Heap;

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(unsafe(word), objects(Node = 0b001, Leaf = 0b010), immediate(0b000))]
#[repr(transparent)]
struct Word(usize);

/// An object with fields that Rust owns.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Node {
    next: Cell<Word>,
    counted: RefCell<Vec<Counted>>,
    by_number: RefCell<HashMap<u32, Counted>>,
    #[dump(skip = "counts the objects of this process")]
    token: Token,
}

/// An object in place, which grows.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Leaf {
    numbers: ImageVec<u64>,
    nested: ImageVec<ImageVec<u8>>,
}

#[derive(Dumpable)]
#[dump(image = "owner", version = 1)]
struct Machine {
    #[dump(heap)]
    heap: Heap,
    root: Word,
    leaf: Word,
    own: Vec<Counted>,
}

fn bytes() -> Vec<u8> {
    let mut nodes: Vec<Box<Node>> = Vec::new();
    let mut next = Word(0);
    for number in 0..10 {
        let node = Box::new(Node {
            next: Cell::new(next),
            counted: RefCell::new((0..number).map(Counted::new).collect()),
            by_number: RefCell::new((0..3).map(|n| (n, Counted::new(n))).collect()),
            token: Token::default(),
        });
        next = Word((&raw const *node).expose_provenance() | 1);
        nodes.push(node);
    }
    let leaf = Box::new(Leaf { numbers: vec![1, 2, 3].into(), nested: vec![vec![1_u8].into()].into() });
    let leaf_word = Word((&raw const *leaf).expose_provenance() | 2);
    let own = vec![Counted::new(1); 4];
    let mut machine = Machine { heap: Heap::default(), root: next, leaf: leaf_word, own };
    dump_to_bytes(&mut machine).expect("dumped")
}

impl Machine {
    fn nodes(&self) -> Vec<&'static Node> {
        let mut nodes = Vec::new();
        let mut word = self.root;
        while word.0 & 7 == 1 {
            // SAFETY: words of this tag point at live nodes.
            let node: &Node = unsafe { &*std::ptr::with_exposed_provenance(word.0 - 1) };
            nodes.push(node);
            word = node.next.get();
        }
        nodes
    }

    fn leaf(&mut self) -> &'static mut Leaf {
        // SAFETY: the word points at a live leaf, which nobody else looks at.
        unsafe { &mut *std::ptr::with_exposed_provenance_mut(self.leaf.0 - 2) }
    }
}

/// Counted values in the image: tokens of nodes, of their vectors and of their maps; and in the machine.
const IN_IMAGE: i64 = 10 + 45 + 30;
const IN_MACHINE: i64 = 4;

#[test]
fn a_release_drops_what_hydration_made_once() {
    let bytes = bytes();
    for placement in [Placement::Preferred, Placement::Elsewhere, Placement::Copied, Placement::Patched] {
        let living = live();
        let mut machine: Machine =
            LoadOptions::new().placement(placement).load_bytes(&bytes).expect("loaded");
        assert_eq!(live() - living, IN_IMAGE + IN_MACHINE);
        let image = machine.heap.image.take().expect("an image");
        drop(machine);
        assert_eq!(live() - living, IN_IMAGE, "objects stay when the machine goes");
        // SAFETY: nothing refers to the image any more.
        unsafe { image.release() };
        assert_eq!(live(), living, "{placement:?}");
    }
}

#[test]
fn a_release_drops_what_growth_put_into_objects_once() {
    let living = live();
    let bytes = bytes();
    let mut machine: Machine = neodump_runtime::load_bytes(&bytes).expect("loaded");
    for (number, node) in (0..).zip(machine.nodes()) {
        node.counted.borrow_mut().extend((0..50).map(Counted::new));
        node.by_number.borrow_mut().remove(&1);
        if number == 3 {
            node.counted.take();
        }
    }
    let leaf = machine.leaf();
    assert!(leaf.numbers.is_borrowed());
    leaf.numbers.push(4);
    leaf.nested.push(vec![9; 1000].into());
    leaf.nested[0].push(2);
    assert_eq!((&leaf.numbers[..], leaf.nested[0].len()), (&[1, 2, 3, 4][..], 2));
    assert!(!leaf.numbers.is_borrowed() && leaf.numbers.owned_bytes() > 0);
    let image = machine.heap.image.take().expect("an image");
    drop(machine);
    // SAFETY: nothing refers to the image any more.
    unsafe { image.release() };
    assert_eq!(live(), living);
}

#[test]
fn an_image_that_is_dropped_stays_for_who_refers_to_it() {
    let bytes = bytes();
    let machine: Machine = neodump_runtime::load_bytes(&bytes).expect("loaded");
    let nodes = machine.nodes();
    let (living, before) = (live(), made());
    drop(machine);
    assert_eq!((live(), made()), (living - IN_MACHINE, before));
    assert_eq!(nodes.len(), 10);
    assert_eq!(nodes[0].counted.borrow().len(), 9, "the objects are as they were");
}

#[test]
fn a_released_base_is_free_for_the_next_image() {
    // A machine type of its own, so that no other test takes its base.
    #[derive(Dumpable)]
    #[dump(image = "a base that is released", version = 1)]
    struct Small {
        #[dump(heap)]
        heap: Heap,
        text: String,
    }
    let bytes = dump_to_bytes(&mut Small { heap: Heap::default(), text: "text".into() }).expect("dumped");
    for round in 0..100 {
        let mut report = neodump_runtime::LoadReport::default();
        let mut small: Small = LoadOptions::new().report(&mut report).load_bytes(&bytes).expect("loaded");
        assert_eq!(
            (small.text.as_str(), report.way),
            ("text", Some(neodump_runtime::Way::AtBase)),
            "round {round}"
        );
        let image = small.heap.image.take().expect("an image");
        drop(small);
        // SAFETY: nothing refers to the image any more.
        unsafe { image.release() };
    }
}

#[test]
fn a_machine_of_every_field_type_is_released_after_it_was_used() {
    let bytes = Vm::full().dump().expect("dumped");
    for _ in 0..20 {
        let mut vm = Vm::load(&bytes).expect("loaded");
        vm.mutate(100);
        vm.root = Value::NIL;
        vm.collect();
        // SAFETY: the machine is not used again.
        unsafe { vm.release() };
    }
}
