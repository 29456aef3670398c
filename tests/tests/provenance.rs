//! A small machine with every kind of pointer, there and back: small enough for Miri, which checks
//! aliasing, provenance and initialisation on the way (`tests/miri.sh`).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::ptr::NonNull;
use std::rc::Rc;

use neodump_runtime::{
    AdoptImage, Dumpable, Image, ImageStr, ImageVec, Interner, LoadOptions, Natives, Placement, Symbol,
};

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(unsafe(word), objects(Pair = 0b001), symbol = 0b000, immediate(0b010))]
#[repr(transparent)]
struct Value(usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Pair {
    first: Cell<Value>,
    rest: Cell<Value>,
    node: Option<NonNull<Node>>,
    back: Cell<*const Pair>,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    #[dump(native)]
    class: &'static u64,
    name: ImageStr,
    slots: ImageVec<Value>,
    owned: Vec<Box<str>>,
    by_name: HashMap<String, Value>,
    len: u64,
    #[dump(tail = len)]
    tail: [Value; 0],
}

#[repr(C)]
struct NodeOfTwo {
    node: Node,
    tail: [Value; 2],
}

#[derive(Dumpable)]
enum Owned {
    End,
    More(Box<Owned>, #[dump(shared)] Rc<RefCell<Vec<Value>>>),
}

#[derive(Dumpable)]
#[dump(image = "provenance", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    root: Value,
    owned: Owned,
    #[dump(shared)]
    shared: Rc<RefCell<Vec<Value>>>,
    table: BTreeMap<Symbol, Vec<Value>>,
}

#[derive(Default)]
struct Heap {
    image: Option<Image>,
}

impl AdoptImage for Heap {
    fn adopt(image: Image) -> Self {
        Self { image: Some(image) }
    }
    fn image(&self) -> Option<&Image> {
        self.image.as_ref()
    }
}

static CLASS: u64 = 42;

fn pair(value: Value) -> &'static Pair {
    // SAFETY: the machine's words with this tag point at pairs that live as long as the process.
    unsafe { &*std::ptr::with_exposed_provenance::<Pair>(value.0 & !7) }
}

fn vm() -> Vm {
    let mut symbols = Interner::with_names(&["nil"]);
    let name = symbols.intern("name");
    let node = Node {
        class: &CLASS,
        name: "node".into(),
        slots: vec![Value(0), Value(10)].into(),
        owned: vec!["a".into(), "b".into()],
        by_name: HashMap::from([("ten".to_owned(), Value(10)), ("two".to_owned(), Value(2))]),
        len: 2,
        tail: [],
    };
    let node = Box::leak(Box::new(NodeOfTwo { node, tail: [Value(18), Value(26)] }));
    let node = NonNull::from(node).cast::<Node>();
    let object = Box::leak(Box::new(Pair {
        first: Cell::new(Value((name.id() as usize) << 3)),
        rest: Cell::new(Value(0)),
        node: Some(node),
        back: Cell::new(std::ptr::null()),
    }));
    object.back.set(object);
    let root = Value(std::ptr::from_ref(object).expose_provenance() | 1);
    object.rest.set(root);
    let shared = Rc::new(RefCell::new(vec![root]));
    Vm {
        heap: Heap::default(),
        symbols,
        root,
        owned: Owned::More(Box::new(Owned::More(Box::new(Owned::End), shared.clone())), shared.clone()),
        shared,
        table: BTreeMap::from([(name, vec![root, Value(2)])]),
    }
}

fn check(vm: &Vm) {
    let object = pair(vm.root);
    assert_eq!(object.rest.get(), vm.root);
    assert!(std::ptr::eq(object.back.get(), object));
    let name = vm.symbols.lookup(b"name").expect("the image has its symbols");
    assert_eq!(object.first.get(), Value((name.id() as usize) << 3));
    assert_eq!(vm.table[&name], [vm.root, Value(2)]);
    let node = object.node.expect("the pair has a node");
    // SAFETY: the node is live, and nothing borrows it mutably.
    let fields = unsafe { node.as_ref() };
    assert_eq!((*fields.class, &*fields.name, &*fields.slots), (42, "node", &[Value(0), Value(10)][..]));
    assert_eq!(fields.owned.iter().map(|text| &**text).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((fields.by_name["ten"], fields.by_name["two"]), (Value(10), Value(2)));
    // SAFETY: the node is live.
    let tail = unsafe { &raw const (*node.as_ptr()).tail };
    // SAFETY: the node has two trailing words.
    let tail = unsafe { std::slice::from_raw_parts(tail.cast::<Value>(), 2) };
    assert_eq!(tail, [Value(18), Value(26)]);
    let Owned::More(inner, outer_list) = &vm.owned else { panic!("the owned values end early") };
    let Owned::More(end, inner_list) = &**inner else { panic!("the owned values end early") };
    assert!(matches!(**end, Owned::End));
    assert!(Rc::ptr_eq(outer_list, inner_list) && Rc::ptr_eq(outer_list, &vm.shared));
    assert_eq!(*vm.shared.borrow(), [vm.root]);
}

#[test]
fn every_kind_of_pointer_is_one_that_may_be_followed_and_written_through() {
    let natives = Natives::new().data("class", &CLASS);
    let dump =
        |vm: &mut Vm| neodump_runtime::Dumper::new().natives(&natives).to_bytes(vm).map(|(bytes, _)| bytes);
    let bytes = dump(&mut vm()).expect("the machine can be dumped");
    let mut back: Vm = LoadOptions::new()
        .natives(&natives)
        .placement(Placement::Elsewhere)
        .load_bytes(&bytes)
        .expect("what was dumped loads");
    check(&back);
    pair(back.root).first.set(Value(2));
    back.shared.borrow_mut().push(Value(2));
    let mut node = pair(back.root).node.expect("the pair has a node");
    // SAFETY: the node is live, and no reference to it is left.
    let fields = unsafe { node.as_mut() };
    fields.slots.push(back.root);
    fields.owned.clear();
    fields.by_name.insert("three".to_owned(), back.root);
    let image = back.heap.image.take().expect("the heap has adopted the image");
    drop(back);
    // SAFETY: the machine is gone, and with it everything that refers to its image.
    unsafe { image.release() };
}
