//! Who is who after a load: `Rc` and `Arc` with several owners and in circles, and keys that are known by
//! their identity.

mod shapes;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ptr::{NonNull, with_exposed_provenance};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use neodump_runtime::{Dumpable, Interner, Natives, Symbol};
use shapes::{Heap, How, Machine, carry, dumped, leak, loaded, release};

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[dump(unsafe(word), objects(Pair = 1, Table = 2), symbol = 3, immediate(0))]
#[repr(transparent)]
struct Value(usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Pair {
    head: Cell<Value>,
    tail: Cell<Value>,
}

/// An object that is hydrated, holds itself as a key, and shares values with the machine.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Table {
    entries: RefCell<HashMap<Value, Vec<Value>>>,
    #[dump(shared)]
    shared: Option<Rc<Node>>,
}

#[derive(Dumpable)]
struct Node {
    name: String,
    number: Cell<u32>,
    #[dump(shared)]
    next: RefCell<Option<Rc<Node>>>,
    #[dump(shared)]
    others: RefCell<Vec<Rc<Node>>>,
    to: Cell<Value>,
}

/// A key with its own idea of equality, which looks into an object.
#[derive(Dumpable, Clone, Copy)]
struct ByContent(#[dump(unsafe(pointer))] NonNull<Pair>);

impl ByContent {
    fn content(&self) -> (usize, usize) {
        // SAFETY: a live object, whose words are numbers; user code runs when every object is valid.
        let pair = unsafe { self.0.as_ref() };
        (pair.head.get().0, pair.tail.get().0)
    }
}

impl PartialEq for ByContent {
    fn eq(&self, other: &Self) -> bool {
        self.content() == other.content()
    }
}

impl Eq for ByContent {}

impl std::hash::Hash for ByContent {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.content().hash(state);
    }
}

#[derive(Dumpable)]
#[dump(image = "shapes-sharing", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    #[dump(shared)]
    first: Rc<Node>,
    #[dump(shared)]
    again: (Rc<Node>, Option<Rc<Node>>),
    #[dump(shared)]
    by_name: HashMap<String, Rc<Node>>,
    #[dump(shared)]
    empty: [Rc<()>; 3],
    #[dump(shared)]
    locks: Vec<Arc<Mutex<Vec<Value>>>>,
    pairs: Vec<Value>,
    by_identity: HashMap<Value, u32>,
    #[dump(unsafe(pointer))]
    marked: HashSet<NonNull<Pair>>,
    by_address: BTreeMap<Value, u32>,
    by_content: HashMap<ByContent, u32>,
    by_several: HashMap<(Value, Option<Symbol>), char>,
    table: Value,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

fn number(number: usize) -> Value {
    Value(number << 3)
}

fn pair(head: Value, tail: Value) -> Value {
    Value(leak(Pair { head: Cell::new(head), tail: Cell::new(tail) }).addr() | 1)
}

fn pointer<T>(value: Value) -> NonNull<T> {
    NonNull::new(with_exposed_provenance::<T>(value.0 & !7).cast_mut()).expect("an object")
}

fn table(value: Value) -> &'static Table {
    assert_eq!(value.0 & 7, 2);
    // SAFETY: a live object, as long as the test looks.
    unsafe { pointer(value).as_ref() }
}

fn node(name: &str, to: Value) -> Rc<Node> {
    Rc::new(Node {
        name: name.to_owned(),
        number: Cell::new(0),
        next: RefCell::new(None),
        others: RefCell::new(Vec::new()),
        to: Cell::new(to),
    })
}

fn machine() -> Vm {
    let mut symbols = Interner::new();
    let (red, blue) = (symbols.intern("red"), symbols.intern("blue"));
    let pairs: Vec<Value> = (0..40).map(|n| pair(number(n), number(n * n))).collect();
    let (first, second) = (node("first", pairs[3]), node("second", pairs[4]));
    *first.next.borrow_mut() = Some(Rc::clone(&second));
    *second.next.borrow_mut() = Some(Rc::clone(&first));
    *second.others.borrow_mut() = vec![Rc::clone(&second), Rc::clone(&first), Rc::clone(&second)];
    let lock = Arc::new(Mutex::new(vec![pairs[1]]));
    let alone = Rc::new(());
    let object = leak(Table { entries: RefCell::default(), shared: Some(Rc::clone(&second)) });
    let table_value = Value(object.addr() | 2);
    table(table_value).entries.borrow_mut().extend([
        (table_value, vec![table_value]),
        (pairs[0], vec![pairs[1], pairs[2]]),
        (Value((red.id() as usize) << 3 | 3), vec![]),
        (number(7), vec![number(8)]),
    ]);
    Vm {
        heap: Heap::default(),
        symbols,
        again: (Rc::clone(&first), Some(Rc::clone(&second))),
        by_name: HashMap::from([("first".to_owned(), Rc::clone(&first)), ("second".to_owned(), second)]),
        first,
        empty: [Rc::clone(&alone), Rc::new(()), alone],
        locks: vec![Arc::clone(&lock), Arc::new(Mutex::new(vec![])), lock],
        by_identity: pairs.iter().zip(0..).map(|(pair, n)| (*pair, n)).collect(),
        marked: pairs[..20].iter().map(|pair| pointer(*pair)).collect(),
        by_address: pairs.iter().zip(0..).map(|(pair, n)| (*pair, n)).collect(),
        by_content: pairs.iter().zip(0..).map(|(pair, n)| (ByContent(pointer(*pair)), n)).collect(),
        by_several: HashMap::from([
            ((pairs[0], Some(red)), 'r'),
            ((pairs[0], Some(blue)), 'b'),
            ((pairs[1], None), 'n'),
            ((number(1), None), '1'),
        ]),
        pairs,
        table: table_value,
    }
}

fn check(vm: &Vm) {
    let second = vm.first.next.borrow().clone().expect("a second node");
    assert_eq!((&*vm.first.name, &*second.name), ("first", "second"));
    assert_eq!((vm.first.to.get(), second.to.get()), (vm.pairs[3], vm.pairs[4]));
    for (found, expected) in [
        (&vm.again.0, &vm.first),
        (second.next.borrow().as_ref().expect("the first node"), &vm.first),
        (vm.again.1.as_ref().expect("the second node"), &second),
        (&vm.by_name["first"], &vm.first),
        (&vm.by_name["second"], &second),
        (&second.others.borrow()[0], &second),
        (&second.others.borrow()[1], &vm.first),
        (table(vm.table).shared.as_ref().expect("the second node"), &second),
    ] {
        assert!(Rc::ptr_eq(found, expected));
    }
    assert_eq!(Rc::strong_count(&vm.first), 5);
    // One of them is `second` here.
    assert_eq!(Rc::strong_count(&second), 7);
    assert!(Rc::ptr_eq(&vm.empty[0], &vm.empty[2]) && !Rc::ptr_eq(&vm.empty[0], &vm.empty[1]));
    assert!(Arc::ptr_eq(&vm.locks[0], &vm.locks[2]) && !Arc::ptr_eq(&vm.locks[0], &vm.locks[1]));
    assert_eq!(vm.locks[0].lock().expect("no poison")[..], vm.pairs[1..2]);
    for (pair, n) in vm.pairs.iter().zip(0_u32..) {
        assert_eq!((vm.by_identity[pair], vm.by_address[pair]), (n, n));
        let address = pointer(*pair);
        assert_eq!((vm.marked.contains(&address), vm.by_content[&ByContent(address)]), (n < 20, n));
        let equal = pair_like(n);
        assert_eq!(vm.by_content[&ByContent(pointer(equal))], n);
        assert!(!vm.by_identity.contains_key(&equal));
    }
    assert_eq!((vm.by_identity.len(), vm.marked.len(), vm.by_several.len()), (40, 20, 4));
    let [red, blue] = [b"red".as_slice(), b"blue"].map(|name| vm.symbols.lookup(name));
    assert_eq!(vm.by_several[&(vm.pairs[0], red)], 'r');
    assert_eq!(vm.by_several[&(vm.pairs[0], blue)], 'b');
    assert_eq!((vm.by_several[&(vm.pairs[1], None)], vm.by_several[&(number(1), None)]), ('n', '1'));
    let entries = table(vm.table).entries.borrow();
    assert_eq!(entries[&vm.table], [vm.table]);
    assert_eq!((&entries[&vm.pairs[0]][..], &entries[&number(7)][..]), (&vm.pairs[1..3], &[number(8)][..]));
}

fn pair_like(n: u32) -> Value {
    let n = n as usize;
    pair(number(n), number(n * n))
}

#[test]
fn sharing_circles_and_identity_survive_every_way_of_a_load() {
    let _alone = shapes::alone();
    carry(
        &mut machine(),
        &Natives::new(),
        check,
        |vm| {
            vm.first.number.set(77);
            let third = node("third", vm.table);
            *third.next.borrow_mut() = Some(Rc::clone(&vm.first));
            vm.first.others.borrow_mut().push(Rc::clone(&third));
            table(vm.table).entries.borrow_mut().insert(vm.pairs[39], vec![vm.pairs[0]]);
            vm.by_identity.insert(vm.table, 100);
            vm.locks[0].lock().expect("no poison").push(vm.table);
        },
        |vm| {
            let third = Rc::clone(&vm.first.others.borrow()[0]);
            assert!(Rc::ptr_eq(third.next.borrow().as_ref().expect("the first node"), &vm.first));
            assert_eq!((vm.again.0.number.get(), third.to.get()), (77, vm.table));
            assert_eq!(table(vm.table).entries.borrow()[&vm.pairs[39]], vm.pairs[..1]);
            assert_eq!((vm.by_identity[&vm.table], vm.by_identity.len()), (100, 41));
            assert_eq!(vm.locks[2].lock().expect("no poison")[..], [vm.pairs[1], vm.table]);
        },
    );
}

#[test]
fn maps_keyed_by_identity_give_the_same_bytes_in_whatever_order_they_were_filled() {
    let _alone = shapes::alone();
    let bytes = dumped(&mut machine(), &Natives::new());
    for _ in 0..5 {
        // Other addresses, other hash seeds.
        std::mem::forget(vec![0_u8; 100]);
        let mut vm = machine();
        let entries: Vec<_> = vm.by_identity.drain().collect();
        vm.by_identity.extend(entries.into_iter().rev());
        assert!(dumped(&mut vm, &Natives::new()) == bytes);
    }
}

/// Values shared by owners of which one comes after the other has been filled.
#[derive(Dumpable)]
struct Owner {
    #[dump(shared)]
    names: Rc<RefCell<HashMap<u8, String>>>,
    #[dump(derived = Owner::count)]
    count: usize,
}

impl Owner {
    fn count(&self) -> usize {
        self.names.borrow().len()
    }
}

#[derive(Dumpable)]
#[dump(image = "shapes-owners", version = 1)]
struct Owners {
    #[dump(heap)]
    heap: Heap,
    #[dump(unsafe(pointer))]
    object: NonNull<OwnerObject>,
    one: Owner,
    few: Vec<Owner>,
    more: Vec<Vec<Owner>>,
    boxed: Option<Box<Owner>>,
    last: BTreeMap<u8, Owner>,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct OwnerObject {
    owner: Owner,
    #[dump(derived = Self::twice)]
    twice: usize,
}

impl OwnerObject {
    fn twice(&self) -> usize {
        self.owner.count * 2
    }
}

impl Machine for Owners {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

#[test]
fn what_is_derived_from_a_shared_value_sees_all_of_it() {
    let _alone = shapes::alone();
    let names = Rc::new(RefCell::new(HashMap::from([(1, "one".to_owned()), (2, "two".to_owned())])));
    let owner = || Owner { names: Rc::clone(&names), count: 0 };
    let object = leak(OwnerObject { owner: owner(), twice: 0 });
    let mut vm = Owners {
        heap: Heap::default(),
        object: NonNull::new(object).expect("a box is not null"),
        one: owner(),
        few: vec![owner(), owner()],
        more: vec![vec![owner()], vec![owner(), owner()]],
        boxed: Some(Box::new(owner())),
        last: BTreeMap::from([(1, owner()), (2, owner())]),
    };
    let bytes = dumped(&mut vm, &Natives::new());
    for how in [How::Bytes, How::MappedCopied] {
        let (mut vm, _) = loaded::<Owners>(&bytes, how, &Natives::new());
        // SAFETY: a live object.
        let object = unsafe { vm.object.as_ref() };
        let mut owners = vec![&vm.one, &object.owner];
        owners.extend(
            vm.few.iter().chain(vm.more.iter().flatten()).chain(vm.boxed.as_deref()).chain(vm.last.values()),
        );
        assert_eq!(owners.iter().map(|owner| owner.count).collect::<Vec<_>>(), [2; 10]);
        assert!(owners.iter().all(|owner| Rc::ptr_eq(&owner.names, &vm.one.names)));
        assert_eq!(object.twice, 4);
        assert!(dumped(&mut vm, &Natives::new()) == bytes);
        release(vm);
    }
}

/// A key that remembers its hash, as interned strings do.
#[derive(Dumpable)]
struct Name {
    text: String,
    #[dump(derived = Self::compute)]
    hash: u64,
}

impl Name {
    fn new(text: &str) -> Rc<Self> {
        let mut name = Self { text: text.to_owned(), hash: 0 };
        name.hash = name.compute();
        Rc::new(name)
    }

    fn compute(&self) -> u64 {
        self.text.bytes().fold(7, |hash, byte| hash * 31 + u64::from(byte))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Name {}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

#[derive(Dumpable)]
#[dump(image = "shapes-late", version = 1)]
struct Late {
    #[dump(heap)]
    heap: Heap,
    #[dump(shared)]
    maps: Vec<HashMap<Rc<Name>, u32>>,
    #[dump(shared)]
    more_maps: Vec<Option<HashMap<Rc<Name>, u32>>>,
    few: Vec<Owner>,
    #[expect(clippy::vec_box, reason = "a box in a vector is what is tested")]
    more: Vec<Box<Owner>>,
    #[dump(unsafe(pointer))]
    objects: Vec<NonNull<OwnerObject>>,
}

impl Machine for Late {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

#[test]
fn shared_values_are_complete_before_those_who_look_at_them() {
    let _alone = shapes::alone();
    let names: Vec<_> = (0..20).map(|n| Name::new(&format!("name {n}"))).collect();
    let map = || names.iter().cloned().zip(0..).collect::<HashMap<_, _>>();
    let counted = Rc::new(RefCell::new(HashMap::from([(1, "one".to_owned()), (2, "two".to_owned())])));
    let owner = || Owner { names: Rc::clone(&counted), count: 0 };
    let object = || NonNull::new(leak(OwnerObject { owner: owner(), twice: 0 })).expect("a box is not null");
    let mut vm = Late {
        heap: Heap::default(),
        maps: vec![map(), map()],
        more_maps: vec![Some(map()), None, Some(map())],
        few: vec![owner(), owner()],
        more: vec![Box::new(owner()), Box::new(owner())],
        objects: vec![object(), object()],
    };
    for with_objects in [true, false] {
        if !with_objects {
            vm.objects.clear();
        }
        let bytes = dumped(&mut vm, &Natives::new());
        for how in [How::Bytes, How::MappedCopied] {
            let (mut vm, _) = loaded::<Late>(&bytes, how, &Natives::new());
            let owners = vm.few.iter().chain(vm.more.iter().map(|owner| &**owner));
            assert!(owners.map(|owner| owner.count).eq([2; 4]));
            // SAFETY: live objects.
            assert!(vm.objects.iter().all(|object| unsafe { object.as_ref() }.twice == 4));
            for map in vm.maps.iter().chain(vm.more_maps.iter().flatten()) {
                assert_eq!(map.len(), names.len());
                for (name, n) in names.iter().zip(0..) {
                    assert_eq!(map.get(name), Some(&n), "a key hashed as it was before it was complete");
                }
            }
            assert!(dumped(&mut vm, &Natives::new()) == bytes);
            release(vm);
        }
    }
}

/// A key that is known by what its object has hydrated.
#[derive(Dumpable, Clone, Copy)]
struct ByEntries(#[dump(unsafe(pointer))] NonNull<Table>);

impl ByEntries {
    fn count(&self) -> usize {
        // SAFETY: a live object.
        unsafe { self.0.as_ref() }.entries.borrow().len()
    }
}

impl PartialEq for ByEntries {
    fn eq(&self, other: &Self) -> bool {
        self.count() == other.count()
    }
}

impl Eq for ByEntries {}

impl std::hash::Hash for ByEntries {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.count().hash(state);
    }
}

#[derive(Dumpable)]
#[dump(image = "shapes-looks", version = 1)]
struct Looks {
    #[dump(heap)]
    heap: Heap,
    #[dump(unsafe(pointer))]
    tables: Vec<NonNull<Table>>,
    by_entries: HashMap<ByEntries, u32>,
    #[dump(derived = Self::count)]
    count: usize,
}

impl Looks {
    fn count(&self) -> usize {
        // SAFETY: live objects.
        self.tables.iter().map(|table| unsafe { table.as_ref() }.entries.borrow().len()).sum()
    }
}

impl Machine for Looks {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

#[test]
fn objects_are_complete_before_the_machine_looks_at_them() {
    let _alone = shapes::alone();
    let tables: Vec<_> = (0..20)
        .map(|count| {
            let entries = (0..count).map(|n| (number(n), vec![])).collect();
            NonNull::new(leak(Table { entries: RefCell::new(entries), shared: None }))
                .expect("a box is not null")
        })
        .collect();
    let by_entries = tables.iter().zip(0..).map(|(table, n)| (ByEntries(*table), n)).collect();
    let mut vm = Looks { heap: Heap::default(), tables, by_entries, count: 0 };
    let bytes = dumped(&mut vm, &Natives::new());
    for how in [How::Bytes, How::MappedPatched] {
        let (vm, _) = loaded::<Looks>(&bytes, how, &Natives::new());
        assert_eq!((vm.count, vm.by_entries.len()), (190, 20));
        for (table, n) in vm.tables.iter().zip(0..) {
            assert_eq!(vm.by_entries.get(&ByEntries(*table)), Some(&n));
        }
        release(vm);
    }
}
