//! `rc::Weak` and `sync::Weak`: a reference to a shared value that keeps nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex};

use neodump_runtime::{
    AdoptImage, DumpError, Dumpable, Image, LoadOptions, Placement, dump_to_bytes, load_bytes,
};
use neodump_tests::forge::Forge;

/// A node of a tree that knows its parent.
#[derive(Dumpable)]
struct Node {
    name: String,
    #[dump(shared)]
    parent: RefCell<Weak<Node>>,
    #[dump(shared)]
    children: RefCell<Vec<Rc<Node>>>,
}

impl Node {
    fn new(name: &str, children: Vec<Rc<Node>>) -> Rc<Node> {
        let children = RefCell::new(children);
        let node = Rc::new(Node { name: name.to_owned(), parent: RefCell::default(), children });
        for child in node.children.borrow().iter() {
            *child.parent.borrow_mut() = Rc::downgrade(&node);
        }
        node
    }

    /// The node and what is below it; each child has to know its parent.
    fn describe(self: &Rc<Node>) -> String {
        let children: Vec<String> = self
            .children
            .borrow()
            .iter()
            .map(|child| {
                let parent = child.parent.borrow().upgrade().expect("the parent lives");
                assert!(Rc::ptr_eq(&parent, self), "{} has another parent", child.name);
                child.describe()
            })
            .collect();
        format!("{}({})", self.name, children.join(" "))
    }
}

/// A heap object that refers to a manager's value.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Handle {
    number: u64,
    #[dump(shared)]
    service: std::sync::Weak<Service>,
}

#[derive(Dumpable)]
struct Service {
    calls: Mutex<u32>,
}

#[derive(Dumpable)]
#[dump(section = "services", version = 1)]
struct Services {
    #[dump(shared)]
    all: Vec<Arc<Service>>,
}

#[derive(Default)]
struct Heap(Option<Image>);

impl AdoptImage for Heap {
    fn adopt(image: Image) -> Self {
        Self(Some(image))
    }
    fn image(&self) -> Option<&Image> {
        self.0.as_ref()
    }
}

/// The references stand before their owners, and behind them.
#[derive(Dumpable)]
#[dump(image = "shared_weak", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    #[dump(shared)]
    before: Weak<Node>,
    handle: &'static Handle,
    services: Services,
    #[dump(shared)]
    tree: Rc<Node>,
    #[dump(shared)]
    by_name: HashMap<String, Weak<Node>>,
    #[dump(shared)]
    empty: Weak<Node>,
    #[dump(shared)]
    of_the_process: Weak<Node>,
    #[dump(skip = "belongs to the process")]
    process: Option<Rc<Node>>,
}

/// What only a field that is skipped owns.
const OF_THE_PROCESS: &str = "the node of this process";

fn machine() -> Vm {
    let tree = Node::new("root", vec![Node::new("a", vec![Node::new("b", vec![])]), Node::new("c", vec![])]);
    let process = Node::new(OF_THE_PROCESS, vec![]);
    let services: Vec<_> = (0..3).map(|calls| Arc::new(Service { calls: Mutex::new(calls) })).collect();
    let handle = Box::leak(Box::new(Handle { number: 7, service: Arc::downgrade(&services[1]) }));
    let by_name = tree.children.borrow().iter().map(|n| (n.name.clone(), Rc::downgrade(n))).collect();
    Vm {
        heap: Heap::default(),
        before: Rc::downgrade(&tree),
        handle,
        services: Services { all: services },
        tree,
        by_name,
        empty: Weak::new(),
        of_the_process: Rc::downgrade(&process),
        process: Some(process),
    }
}

fn check(vm: &Vm) {
    assert_eq!(vm.tree.describe(), "root(a(b()) c())");
    assert!(Rc::ptr_eq(&vm.before.upgrade().expect("alive"), &vm.tree));
    assert!(Arc::ptr_eq(&vm.handle.service.upgrade().expect("alive"), &vm.services.all[1]));
    for child in vm.tree.children.borrow().iter() {
        assert!(Rc::ptr_eq(&vm.by_name[&child.name].upgrade().expect("alive"), child));
    }
    assert!(vm.empty.upgrade().is_none());
}

#[test]
fn a_weak_reference_refers_to_the_value_of_its_owner_wherever_that_stands() {
    let bytes = dump_to_bytes(&mut machine()).expect("dumped");
    for placement in [Placement::Preferred, Placement::Elsewhere, Placement::Copied, Placement::Patched] {
        let mut vm: Vm = LoadOptions::new().placement(placement).load_bytes(&bytes).expect("loaded");
        check(&vm);
        // Only the owners keep what they own.
        assert_eq!(Rc::strong_count(&vm.tree), 1);
        assert_eq!(Arc::strong_count(&vm.services.all[1]), 1);
        assert_eq!(dump_to_bytes(&mut vm).expect("dumped again"), bytes);
        let child = vm.tree.children.borrow_mut().pop().expect("a child");
        drop(child);
        assert!(vm.by_name["c"].upgrade().is_none(), "the only owner is gone");
        *vm.services.all[1].calls.lock().expect("not poisoned") += 1;
        assert_eq!(*vm.handle.service.upgrade().expect("alive").calls.lock().expect("not poisoned"), 2);
        assert_eq!(vm.handle.number, 7);
    }
}

#[test]
fn a_weak_reference_keeps_nothing_in_an_image_either() {
    let mut vm = machine();
    let with_process = dump_to_bytes(&mut vm).expect("dumped");
    assert!(vm.of_the_process.upgrade().is_some() && vm.process.is_some());
    assert!(!String::from_utf8_lossy(&with_process).contains(OF_THE_PROCESS), "a value without an owner");
    let back: Vm = load_bytes(&with_process).expect("loaded");
    assert!(back.of_the_process.upgrade().is_none() && back.process.is_none());
    vm.process = None;
    assert_eq!(dump_to_bytes(&mut vm).expect("dumped"), with_process);
}

/// Makes a number of its own of the one that it is given.
#[derive(Default)]
struct Own(Rc<u32>);

mod own {
    use super::{Own, Rc};

    pub(super) type Stored = Rc<u32>;

    pub(super) fn to_stored(value: &Own) -> Stored {
        Rc::clone(&value.0)
    }

    #[expect(clippy::unnecessary_wraps, reason = "conversions may fail")]
    pub(super) fn from_stored(stored: Stored) -> Result<Own, String> {
        Ok(Own(Rc::new(*stored)))
    }
}

#[derive(Dumpable)]
#[dump(image = "shared_weak.dropped", version = 1)]
struct Dropping {
    #[dump(with = own)]
    number: Own,
    #[dump(shared)]
    weak: Weak<u32>,
}

#[test]
fn an_owner_that_a_conversion_drops_leaves_no_reference_to_freed_memory() {
    let owner = Rc::new(5);
    let weak = Rc::downgrade(&owner);
    let mut vm = Dropping { number: Own(owner), weak };
    let back: Dropping = load_bytes(&dump_to_bytes(&mut vm).expect("dumped")).expect("loaded");
    assert_eq!(*back.number.0, 5);
    assert!(back.weak.upgrade().is_none(), "its only owner was the stored form");
    assert_eq!(back.weak.strong_count(), 0);
}

/// Two payloads of one size, and a weak reference to one of them.
#[derive(Dumpable)]
#[dump(image = "shared_weak.two", version = 1)]
struct Two {
    #[dump(shared)]
    weak: Weak<u64>,
    #[dump(shared)]
    owner: Rc<u64>,
    #[dump(shared)]
    other: Rc<f64>,
}

#[test]
fn a_forged_weak_reference_is_refused() {
    let owner = Rc::new(0x1122_3344_5566_7788);
    let bytes = dump_to_bytes(&mut Two { weak: Rc::downgrade(&owner), owner, other: Rc::new(1.5) });
    let bytes = bytes.expect("dumped");
    let back: Two = load_bytes(&bytes).expect("loaded");
    assert_eq!(back.weak.upgrade().as_deref(), Some(&0x1122_3344_5566_7788));
    let root = Forge::new(&bytes).section("Root").start;
    let read = |at: usize| Forge::new(&bytes).u64(root + at);
    let (weak, owner, other) = ((read(0), read(8)), read(16), read(32));
    assert_eq!(weak, (owner, 1));
    for (place, len) in
        [(other, 1), (owner + 1, 1), (owner, 2), (owner, 0), (u64::MAX, 1), (0, 1), (0, u64::MAX)]
    {
        let mut forge = Forge::new(&bytes);
        forge.put(root, place);
        forge.put(root + 8, len);
        match load_bytes::<Two>(forge.sealed()) {
            Err(DumpError::ImageFormat { section, problem, .. }) => {
                assert_eq!(section, "Root");
                assert!(problem.starts_with("weak reference to"), "{problem}");
            }
            Err(error) => panic!("{place:#x} {len}: {error}"),
            Ok(_) => panic!("{place:#x} {len} was loaded"),
        }
    }
    let mut forge = Forge::new(&bytes);
    forge.put(root, 0);
    forge.put(root + 8, 0);
    assert!(load_bytes::<Two>(forge.sealed()).expect("a reference to nothing").weak.upgrade().is_none());
}
