//! A small machine with every kind of pointer, there and back: small enough for Miri, which checks
//! aliasing, provenance and initialisation on the way (`tests/miri.sh`).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::ptr::NonNull;
use std::rc::Rc;

use neodump_runtime::{
    Dumpable, ImageMap, ImageStr, ImageVec, Interner, LoadOptions, Natives, Placement, Symbol,
};
use neodump_tests::heap::Heap;

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
    #[dump(unsafe(pointer))]
    node: Option<NonNull<Node>>,
    #[dump(unsafe(pointer))]
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
    by_value: ImageMap<Value, Cell<Value>>,
    texts: ImageMap<ImageStr, ImageVec<Value>>,
    len: u64,
    #[dump(unsafe(tail = len))]
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
        by_value: [(Value(10), Cell::new(Value(2))), (Value(2), Cell::new(Value(10)))].into_iter().collect(),
        texts: ["one", "two", "three"].into_iter().map(|text| (text.into(), vec![Value(2)].into())).collect(),
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
    let mut node = node;
    // SAFETY: the node is live, and nothing else refers to it.
    unsafe { node.as_mut() }.by_value.insert(root, Cell::new(root));
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
    assert_eq!(fields.by_value.get(&vm.root).map(Cell::get), Some(vm.root));
    assert!(fields.by_value.keys().copied().eq([Value(10), Value(2), vm.root]));
    assert_eq!(fields.texts.get("three").map(|values| &**values), Some(&[Value(2)][..]));
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

/// Changes, removes and takes out entries of the image, and puts others over them.
fn change_maps(node: &mut Node, root: Value) {
    node.by_value.get(&root).expect("an entry").set(Value(2));
    assert_eq!(node.by_value.insert(Value(18), Cell::new(root)).map(Cell::into_inner), None);
    assert_eq!(node.by_value.remove(&Value(10)).map(Cell::into_inner), Some(Value(2)));
    node.by_value.iter_mut().for_each(|(_, value)| *value.get_mut() = root);
    assert!(node.by_value.iter().map(|(key, _)| *key).eq([Value(2), root, Value(18)]));
    node.texts.get_mut("one").expect("an entry").push(root);
    let (key, values) = node.texts.remove_entry("two").expect("an entry");
    node.texts.insert(key, values);
    node.texts.retain(|key, values| key.as_str() != "three" && values.len() < 9);
    assert!(node.texts.values().map(|values| values.len()).eq([2, 1]));
    let mut rest = std::mem::take(&mut node.texts).into_iter();
    assert_eq!(rest.next().map(|(key, _)| key.as_str().to_owned()).as_deref(), Some("one"));
    node.texts.insert("four".into(), ImageVec::new());
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
    change_maps(fields, back.root);
    let image = back.heap.image.take().expect("the heap has adopted the image");
    drop(back);
    // SAFETY: the machine is gone, and with it everything that refers to its image.
    unsafe { image.release() };
}
