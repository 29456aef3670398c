//! The smallest machine, there and back.
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::cell::{Cell, RefCell};
use neodump_runtime::{AdoptImage, Dumpable, Image, ImageVec, Interner, LoadOptions, LoadReport, Placement, Symbol};

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(unsafe(word), objects(Cons = 0b011, Str = 0b100, Float = 0b111), symbol = 0b000, immediate(0b010, 0b110))]
#[repr(transparent)]
struct Value(usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Cons { car: Cell<Value>, cdr: Cell<Value> }

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Str { mark: Cell<u8>, chars: u32, bytes: ImageVec<u8>, #[dump(cache)] hash: Cell<u64> }

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Float { #[dump(bake = Cell::new(1))] mark: Cell<u8>, value: f64 , names: Vec<String> }

#[derive(Dumpable, PartialEq, Debug)]
enum Reg { Text(String), Number(i64), Val { value: Value }, Nest(Box<Reg>) }

#[derive(Dumpable)]
#[dump(section = "registers", version = 3)]
struct Registers { map: HashMap<char, Reg>, by_symbol: BTreeMap<Symbol, Value>, #[dump(shared)] a: Rc<RefCell<Vec<Value>>>, #[dump(shared)] b: Rc<RefCell<Vec<Value>>> }

#[derive(Default)]
struct Heap { image: Option<Image> }
impl AdoptImage for Heap {
    fn adopt(image: Image) -> Self { Self { image: Some(image) } }
    fn image(&self) -> Option<&Image> { self.image.as_ref() }
}

#[derive(Dumpable)]
#[dump(image = "basic", version = 1)]
struct Vm {
    #[dump(heap)] heap: Heap,
    symbols: Interner,
    registers: Registers,
    root: Value,
    list: Vec<Value>,
    #[dump(skip = "belongs to the process")] terminal: u32,
}

fn boxed<T>(value: T, tag: usize) -> Value { Value(Box::into_raw(Box::new(value)).expose_provenance() | tag) }
fn cons(car: Value, cdr: Value) -> Value { boxed(Cons { car: Cell::new(car), cdr: Cell::new(cdr) }, 3) }
fn as_ref<'a, T>(value: Value) -> &'a T { unsafe { &*std::ptr::with_exposed_provenance::<T>(value.0 & !7) } }

fn vm() -> Vm {
    let mut symbols = Interner::with_names(&["nil", "t"]);
    let foo = symbols.intern("foo");
    let nil = Value(0);
    let s = boxed(Str { mark: Cell::new(0), chars: 3, bytes: b"abc".to_vec().into(), hash: Cell::new(7) }, 4);
    let f = boxed(Float { mark: Cell::new(0), value: 1.5, names: vec!["x".into(), "yy".into()] }, 7);
    let root = cons(s, cons(f, nil));
    as_ref::<Cons>(as_ref::<Cons>(root).cdr.get()).cdr.set(root);
    let shared = Rc::new(RefCell::new(vec![s, f]));
    let map = HashMap::from([('a', Reg::Text("hi".into())), ('b', Reg::Val { value: s }), ('c', Reg::Nest(Box::new(Reg::Number(4))))]);
    Vm { heap: Heap::default(), symbols, registers: Registers { map, by_symbol: BTreeMap::from([(foo, root)]), a: shared.clone(), b: shared }, root, list: vec![root, s], terminal: 9 }
}

fn check(vm: &Vm) {
    let list = as_ref::<Cons>(vm.root);
    let s = as_ref::<Str>(list.car.get());
    assert_eq!((&s.bytes[..], s.chars, s.hash.get()), (&b"abc"[..], 3, 0));
    let second = as_ref::<Cons>(list.cdr.get());
    let f = as_ref::<Float>(second.car.get());
    assert_eq!((f.value, f.mark.get(), &f.names[..]), (1.5, 1, &["x".to_owned(), "yy".to_owned()][..]));
    assert_eq!(second.cdr.get(), vm.root);
    assert_eq!(vm.registers.map[&'c'], Reg::Nest(Box::new(Reg::Number(4))));
    assert_eq!(vm.registers.map[&'b'], Reg::Val { value: list.car.get() });
    assert!(Rc::ptr_eq(&vm.registers.a, &vm.registers.b));
    assert_eq!(vm.registers.a.borrow()[1], second.car.get());
    assert_eq!(vm.symbols.lookup(b"foo").map(|s| vm.registers.by_symbol[&s]), Some(vm.root));
    assert_eq!(vm.list, [vm.root, list.car.get()]);
    assert_eq!(vm.terminal, 0);
}

#[test]
fn a_machine_comes_back_as_it_was() {
    let mut vm = vm();
    let bytes = neodump_runtime::dump_to_bytes(&mut vm).unwrap();
    let mut report = LoadReport::default();
    let mut back: Vm = LoadOptions::new().report(&mut report).load_bytes(&bytes).unwrap();
    check(&back);
    println!("{report}");
    let elsewhere: Vm = LoadOptions::new().placement(Placement::Elsewhere).report(&mut report).load_bytes(&bytes).unwrap();
    check(&elsewhere);
    println!("{report}");
    let again = neodump_runtime::dump_to_bytes(&mut back).unwrap();
    assert_eq!(bytes.len(), again.len());
    let at = bytes.iter().zip(&again).position(|(a, b)| a != b);
    println!("{at:x?}");
    assert_eq!(at, None);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vm.ndump");
    println!("{:?}", neodump_runtime::dump(&mut vm, &path).unwrap());
    let mapped: Vm = unsafe { LoadOptions::new().report(&mut report).trusted().map(&path) }.unwrap();
    println!("{report}");
    check(&mapped);
}

#[test]
fn what_cannot_be_dumped_is_named() {
    let mut vm = vm();
    vm.registers.map.insert('x', Reg::Nest(Box::new(Reg::Val { value: cons(Value(0), Value(1)) })));
    let error = neodump_runtime::dump_to_bytes(&mut vm).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot dump vm.registers.map['x']::Nest.0::Val.value \u{2192} cons.cdr: word 0x0000000000000001 has a tag \
         that the scheme does not list; list it in #[dump(unsafe(word), ..)]"
    );
}
