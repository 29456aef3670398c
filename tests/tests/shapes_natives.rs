//! Objects that begin with a pointer to a host static, and objects that hold host functions.

mod shapes;

use std::cell::Cell;
use std::ptr::NonNull;

use neodump_runtime::{Dumpable, Natives};
use shapes::{Heap, How, Machine, carry, dumped, leak, loaded, release};

/// What in many machines every object starts with.
#[derive(Clone, Copy)]
#[repr(C)]
struct Desc {
    name: &'static str,
    size: u32,
    describe: fn(&Node) -> String,
}

fn describe_leaf(node: &Node) -> String {
    format!("leaf {}", node.number)
}

fn describe_branch(node: &Node) -> String {
    format!("branch {}", node.number)
}

static LEAF: Desc = Desc { name: "leaf", size: 24, describe: describe_leaf };
static BRANCH: Desc = Desc { name: "branch", size: 24, describe: describe_branch };

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    #[dump(native)]
    desc: &'static Desc,
    number: u64,
    #[dump(unsafe(pointer))]
    to: Cell<Option<NonNull<Node>>>,
}

type Builtin = fn(u32, u32) -> u32;

#[inline(never)]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[inline(never)]
fn multiply(a: u32, b: u32) -> u32 {
    a * b
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Subr {
    #[dump(native)]
    desc: &'static Desc,
    #[dump(native)]
    function: Builtin,
    #[dump(native)]
    spare: Option<fn(u32, u32) -> u32>,
    #[dump(native)]
    none: Option<fn(u32, u32) -> u32>,
    #[dump(native)]
    doc: Option<&'static Desc>,
    arity: u8,
}

#[derive(Dumpable)]
#[dump(image = "shapes-natives", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    #[dump(unsafe(pointer))]
    root: NonNull<Node>,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

#[derive(Dumpable)]
#[dump(image = "shapes-functions", version = 1)]
struct Functions {
    #[dump(heap)]
    heap: Heap,
    #[dump(unsafe(pointer))]
    root: NonNull<Node>,
    #[dump(unsafe(pointer))]
    subrs: Vec<NonNull<Subr>>,
    #[dump(native)]
    breakpoint: fn(u32, u32) -> u32,
    #[dump(native)]
    desc: &'static Desc,
}

impl Machine for Functions {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

fn natives() -> Natives {
    Natives::new()
        .data("leaf", &LEAF)
        .data("branch", &BRANCH)
        .function("add", add as Builtin)
        .function("multiply", multiply as Builtin)
}

fn node(desc: &'static Desc, number: u64, to: Option<NonNull<Node>>) -> NonNull<Node> {
    NonNull::new(leak(Node { desc, number, to: Cell::new(to) })).expect("a box is not null")
}

fn subr(function: Builtin, spare: Option<Builtin>) -> NonNull<Subr> {
    NonNull::new(leak(Subr {
        desc: &BRANCH,
        function,
        spare,
        none: None,
        doc: spare.map(|_| &LEAF),
        arity: 2,
    }))
    .expect("a box is not null")
}

fn at<'a, T>(object: NonNull<T>) -> &'a T {
    // SAFETY: a live object, as long as the test looks.
    unsafe { object.as_ref() }
}

/// A chain of many pages, whose every object starts with one of two descriptors.
fn chain() -> NonNull<Node> {
    let last = node(&LEAF, 0, None);
    let first = (1..2000)
        .fold(last, |to, number| node(if number % 2 == 0 { &LEAF } else { &BRANCH }, number, Some(to)));
    at(last).to.set(Some(first));
    first
}

fn check(root: NonNull<Node>) {
    let mut object = at(root);
    for number in (0..2000).rev() {
        let name = if number % 2 == 0 { "leaf" } else { "branch" };
        assert_eq!((object.number, object.desc.name, object.desc.size), (number, name, 24));
        if number < 2 {
            assert_eq!((object.desc.describe)(object), format!("{name} {number}"));
        }
        object = at(object.to.get().expect("a chain without end"));
    }
    assert!(std::ptr::eq(object, at(root)));
}

#[test]
fn static_descriptors_survive_every_way_of_a_load() {
    let _alone = shapes::alone();
    let mut vm = Vm { heap: Heap::default(), root: chain() };
    let reports = carry(
        &mut vm,
        &natives(),
        |vm| check(vm.root),
        |vm| {
            let last = at(vm.root).to.replace(None);
            at(vm.root).to.set(Some(node(&BRANCH, 77, last)));
        },
        |vm| {
            let fresh = at(at(vm.root).to.get().expect("a fresh node"));
            assert_eq!((fresh.number, (fresh.desc.describe)(fresh)), (77, "branch 77".to_owned()));
            assert_eq!(at(fresh.to.get().expect("the chain")).number, 1998);
        },
    );
    for (how, report) in reports {
        assert!(report.hydrated.is_empty());
        assert_eq!(report.import_pages, 1, "{how:?}: two statics are bound, whatever points at them");
        assert_eq!(
            (report.relocations == 0, report.pages_written == 0),
            (how.at_base(), how.at_base()),
            "{how:?}"
        );
    }
}

#[test]
fn descriptors_at_base_dirty_no_page_of_objects() {
    let _alone = shapes::alone();
    let bytes = dumped(&mut Vm { heap: Heap::default(), root: chain() }, &natives());
    let (vm, report) = loaded::<Vm>(&bytes, How::Mapped, &natives());
    check(vm.root);
    assert_eq!((report.pages_written, report.import_pages), (0, 1));
    // What the kernel says: no page of the objects was copied for this process.
    let mut written = 0;
    vm.heap.image.as_ref().expect("an image").written_objects(|_, _| written += 1);
    assert_eq!(written, 0);
    release(vm);
}

#[test]
fn functions_in_objects_are_bound_at_load() {
    let _alone = shapes::alone();
    let subrs = vec![subr(add, Some(multiply)), subr(multiply, None), subr(add, None)];
    let (breakpoint, root): (Builtin, _) = (multiply, chain());
    let mut vm = Functions { heap: Heap::default(), root, subrs, breakpoint, desc: &LEAF };
    let calls = |vm: &Functions| -> Vec<u32> {
        vm.subrs
            .iter()
            .map(|subr| at(*subr))
            .map(|subr| (subr.function)(6, 7) + subr.spare.map_or(0, |f| f(6, 7)))
            .collect()
    };
    let reports = carry(
        &mut vm,
        &natives(),
        |vm| {
            check(vm.root);
            assert_eq!(calls(vm), [55, 42, 13]);
            assert!(vm.subrs.iter().all(|subr| at(*subr).none.is_none() && at(*subr).desc.name == "branch"));
            let docs: Vec<_> = vm.subrs.iter().map(|subr| at(*subr).doc.map(|doc| doc.name)).collect();
            assert!(docs.starts_with(&[Some("leaf"), None, None]), "{docs:?}");
            assert_eq!(((vm.breakpoint)(6, 7), vm.desc.name, at(vm.subrs[0]).arity), (42, "leaf", 2));
        },
        |vm| {
            vm.breakpoint = add;
            vm.subrs.push(subr(multiply, Some(add)));
        },
        |vm| {
            assert_eq!(calls(vm), [55, 42, 13, 55]);
            assert_eq!((vm.breakpoint)(6, 7), 13);
        },
    );
    for (how, report) in reports {
        let hydrated: Vec<_> = report.hydrated.iter().map(|(_, count)| *count).collect();
        assert_eq!(hydrated, [3], "{how:?}: functions are load work, descriptors are not");
        assert_eq!(report.import_pages, 1);
    }
}

#[test]
fn an_unregistered_native_is_named_with_the_way_to_it() {
    let mut vm = Vm { heap: Heap::default(), root: node(&LEAF, 1, None) };
    let natives = Natives::new().data("branch", &BRANCH);
    let error = neodump_runtime::Dumper::new().natives(&natives).to_bytes(&mut vm).unwrap_err().to_string();
    assert!(error.starts_with("cannot dump vm.root \u{2192} node.desc: native 0x"), "{error}");
    assert!(error.contains("register it with Natives and give them to Dumper::natives"), "{error}");
}
