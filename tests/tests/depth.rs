//! Depth is data: what is ten million deep is dumped, loaded, moved, walked and compared on a small stack.

use std::time::Instant;

use neodump_runtime::heap::{Edges, ObjectType};
use neodump_runtime::{
    AdoptImage, Dumpable, LoadOptions, LoadReport, Placement, dump, dump_to_bytes, load_bytes,
};
use neodump_tests::heap::Heap;

/// What each test may use: a thirtieth of what a thread usually has.
const STACK: usize = 256 << 10;

fn on_a_small_stack(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let done = thread.spawn_scoped(scope, test).expect("a thread").join();
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
}

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(unsafe(word), objects(Cons = 0b011), immediate(0b010))]
#[repr(transparent)]
struct Value(usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Cons {
    car: Value,
    cdr: Value,
}

#[derive(Dumpable)]
#[dump(image = "deep", version = 1)]
struct Deep {
    #[dump(heap)]
    heap: Heap,
    root: Value,
}

impl Value {
    const fn int(number: usize) -> Self {
        Self(number << 3 | 0b010)
    }

    fn to(cons: *const Cons) -> Self {
        Self(cons.expose_provenance() | 0b011)
    }

    fn cons(self) -> Option<&'static Cons> {
        // SAFETY: words with this tag point at live conses.
        (self.0 & 7 == 0b011).then(|| unsafe { &*std::ptr::with_exposed_provenance::<Cons>(self.0 - 0b011) })
    }
}

/// `count` conses in one run, each made of the one before it.
fn chain(count: usize, next: impl Fn(usize, Value) -> Cons) -> (Vec<Cons>, Value) {
    let mut conses: Vec<Cons> = Vec::with_capacity(count);
    let first = conses.as_ptr();
    first.expose_provenance();
    let mut last = Value::int(0);
    for index in 0..count {
        conses.push(next(index, last));
        last = Value::to(first.wrapping_add(index));
    }
    (conses, last)
}

/// Whether two structures are equal, with a list of what is left instead of recursion.
fn equal(a: Value, b: Value) -> usize {
    let (mut left, mut conses) = (vec![(a, b)], 0);
    while let Some((a, b)) = left.pop() {
        match (a.cons(), b.cons()) {
            (Some(a), Some(b)) => {
                conses += 1;
                left.extend([(a.car, b.car), (a.cdr, b.cdr)]);
            }
            _ => assert_eq!(a, b),
        }
    }
    conses
}

/// Marks everything from the root, and counts it.
fn mark(vm: &Deep) -> usize {
    let image = vm.heap.image().expect("loaded");
    let (mut marks, mut work, mut count) = (image.marks(), Vec::new(), 0);
    let mut see = |object: *const u8, _: &'static ObjectType| work.push(object);
    let mut edges = Edges::new(&mut see);
    let Ok(()) = Dumpable::walk(&vm.root, &mut edges);
    // SAFETY: the machine is borrowed, and nobody has changed it.
    unsafe { edges.finish() };
    while let Some(object) = work.pop() {
        if marks.mark(object) {
            count += 1;
            // SAFETY: an object of the image.
            unsafe { image.walk(object, &mut |object, _| work.push(object)) };
        }
    }
    assert_eq!(marks.count(), count);
    count
}

fn there_and_back(count: usize, next: impl Fn(usize, Value) -> Cons) {
    let (conses, root) = chain(count, next);
    let mut vm = Deep { heap: Heap::default(), root };
    let started = Instant::now();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep.ndump");
    dump(&mut vm, &path).expect("dumped");
    let dumped = started.elapsed();
    let mut report = LoadReport::default();
    let started = Instant::now();
    let loaded: Deep = LoadOptions::new().report(&mut report).load(&path).expect("loaded");
    println!("dumped {count} conses in {dumped:?}, loaded in {:?}: {report}", started.elapsed());
    assert_eq!(equal(vm.root, loaded.root), count);
    assert_eq!(mark(&loaded), count);
    // SAFETY: this test wrote the file, and nobody changes it.
    let mapped: Deep =
        unsafe { LoadOptions::new().placement(Placement::Elsewhere).report(&mut report).map(&path) }
            .expect("mapped");
    println!("mapped elsewhere: {report}");
    assert_eq!(report.relocations, count as u64);
    assert_eq!(equal(vm.root, mapped.root), count);
    assert_eq!(mark(&mapped), count);
    for mut deep in [loaded, mapped] {
        let image = deep.heap.image.take().expect("an image");
        // SAFETY: the machine is not used again.
        unsafe { image.release() };
    }
    drop(conses);
}

#[test]
fn a_list_of_ten_million_is_dumped_loaded_moved_and_marked_on_a_small_stack() {
    on_a_small_stack(|| there_and_back(10_000_000, |index, last| Cons { car: Value::int(index), cdr: last }));
}

#[test]
fn a_tree_of_ten_million_that_is_deep_in_its_first_half_is_as_well() {
    on_a_small_stack(|| there_and_back(10_000_000, |index, last| Cons { car: last, cdr: Value::int(index) }));
}

#[derive(Dumpable)]
struct Link {
    number: u32,
    next: Option<Box<Link>>,
}

#[derive(Dumpable)]
struct Branch {
    number: u32,
    below: Vec<Branch>,
}

#[derive(Dumpable)]
#[dump(image = "owned depth", version = 1)]
struct OwnedDepth {
    links: Option<Box<Link>>,
    branches: Vec<Branch>,
}

/// As deep as what Rust owns is made here.
const OWNED: u32 = 1_000_000;

impl OwnedDepth {
    fn make() -> Self {
        let (mut links, mut branches) = (None, Vec::new());
        for number in 0..OWNED {
            links = Some(Box::new(Link { number, next: links }));
            branches = vec![Branch { number, below: branches }];
        }
        Self { links, branches }
    }

    /// Takes the chains apart from the outside, and checks them on the way.
    fn take_apart(self) {
        let (mut links, mut branches) = (self.links, self.branches);
        for number in (0..OWNED).rev() {
            let link = links.expect("a link");
            let branch = branches.pop().expect("a branch");
            assert_eq!((link.number, branch.number), (number, number));
            (links, branches) = (link.next, branch.below);
        }
        assert!(links.is_none() && branches.is_empty());
    }
}

#[test]
fn boxes_and_vectors_that_own_their_kind_a_million_deep_are_dumped_and_loaded_on_a_small_stack() {
    on_a_small_stack(|| {
        let mut vm = OwnedDepth::make();
        let bytes = dump_to_bytes(&mut vm).expect("dumped");
        load_bytes::<OwnedDepth>(&bytes).expect("loaded").take_apart();
        // SAFETY: these bytes are those of a dump.
        let restored =
            unsafe { LoadOptions::new().placement(Placement::Elsewhere).restore::<OwnedDepth>(&bytes) };
        restored.expect("restored").take_apart();
        vm.take_apart();
    });
}

#[test]
fn what_is_refused_a_million_deep_is_refused_on_a_small_stack() {
    #[derive(Dumpable)]
    struct Holder {
        lock: std::sync::Mutex<u8>,
        next: Option<Box<Holder>>,
    }

    #[derive(Dumpable)]
    #[dump(image = "locked depth", version = 1)]
    struct Locked {
        first: Option<Box<Holder>>,
    }

    on_a_small_stack(|| {
        let mut locked = Locked { first: None };
        for number in 0..200_000_u32 {
            locked.first = Some(Box::new(Holder { lock: (number as u8).into(), next: locked.first }));
        }
        let mut last = locked.first.as_mut().expect("a holder");
        while last.next.is_some() {
            last = last.next.as_mut().expect("a holder");
        }
        let lock: *const std::sync::Mutex<u8> = &raw const last.lock;
        // SAFETY: the holder lives until it is taken apart below, when the guard is gone.
        let guard = unsafe { &*lock }.lock();
        let error = dump_to_bytes(&mut locked).expect_err("refused").to_string();
        assert!(error.contains("this Mutex is locked"), "{error}");
        drop(guard);
        let mut next = locked.first.take();
        while let Some(mut holder) = next {
            next = holder.next.take();
        }
    });
}
