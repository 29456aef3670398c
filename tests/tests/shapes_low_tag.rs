//! A word that is an address with a tag in its low bits, its scheme written by the derive.

mod shapes;

use std::cell::Cell;
use std::ptr::with_exposed_provenance;

use neodump_runtime::{Dumpable, ImageVec, Interner, Natives};
use shapes::{Heap, Machine, carry, leak};

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(
    unsafe(word),
    objects(Cons = 0b011, Str = 0b100, Veclike = 0b101 by kind_of { Vector, Boxed }),
    symbol = 0b000,
    immediate(0b010, 0b110)
)]
#[repr(transparent)]
struct Value(usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Cons {
    car: Cell<Value>,
    cdr: Cell<Value>,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Str {
    chars: u32,
    bytes: ImageVec<u8>,
}

#[derive(Dumpable)]
#[dump(object, kind = 1)]
#[repr(C, align(8))]
struct Vector {
    kind: u8,
    items: ImageVec<Cell<Value>>,
}

#[derive(Dumpable)]
#[dump(object, kind = 2)]
#[repr(C, align(8))]
struct Boxed {
    kind: u8,
    content: Cell<Value>,
}

/// # Safety
///
/// `object` must be a `Vector` or a `Boxed`: both begin with their kind.
unsafe fn kind_of(object: *const u8) -> u8 {
    // SAFETY: the caller promises an object with a kind byte at its start.
    unsafe { *object }
}

#[derive(Dumpable)]
#[dump(image = "shapes-low-tag", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    root: Value,
    fixnum: Value,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

fn tagged<T>(value: T, tag: usize) -> Value {
    Value(leak(value).addr() | tag)
}

fn fixnum(number: usize) -> Value {
    Value(number << 3 | 0b010)
}

fn cons(car: Value, cdr: Value) -> Value {
    tagged(Cons { car: Cell::new(car), cdr: Cell::new(cdr) }, 0b011)
}

fn get<'a, T>(value: Value, tag: usize) -> &'a T {
    assert_eq!(value.0 & 7, tag);
    // SAFETY: the tag says what the word points at, and objects live as long as the test looks.
    unsafe { &*with_exposed_provenance::<T>(value.0 & !7) }
}

#[test]
fn low_tags_survive_every_way_of_a_load() {
    let mut symbols = Interner::with_names(&["nil", "t"]);
    let foo = symbols.intern("foo");
    let symbol = Value((foo.id() as usize) << 3);
    let text = tagged(Str { chars: 3, bytes: b"abc".to_vec().into() }, 0b100);
    let boxed = tagged(Boxed { kind: 2, content: Cell::new(text) }, 0b101);
    let items: Vec<_> = [symbol, boxed, fixnum(7), text].into_iter().map(Cell::new).collect();
    let vector = tagged(Vector { kind: 1, items: items.into() }, 0b101);
    let root = cons(vector, Value(0));
    get::<Cons>(root, 0b011).cdr.set(root);
    let mut vm = Vm { heap: Heap::default(), symbols, root, fixnum: fixnum(99) };
    let check = |vm: &Vm| {
        let cons = get::<Cons>(vm.root, 0b011);
        assert_eq!((cons.cdr.get(), vm.fixnum), (vm.root, fixnum(99)));
        let vector = get::<Vector>(cons.car.get(), 0b101);
        let [symbol, boxed, number, text] = [0, 1, 2, 3].map(|index| vector.items[index].get());
        let name = neodump_runtime::Symbol::from_id((symbol.0 >> 3) as u32);
        assert_eq!((vm.symbols.lookup(b"foo"), number), (Some(name), fixnum(7)));
        assert_eq!(get::<Boxed>(boxed, 0b101).content.get(), text);
        assert_eq!(&get::<Str>(text, 0b100).bytes[..], b"abc");
    };
    let reports = carry(
        &mut vm,
        &Natives::new(),
        check,
        |vm| {
            let list = get::<Cons>(vm.root, 0b011);
            let vector = get::<Vector>(list.car.get(), 0b101);
            vector.items[2].set(cons(vm.root, fixnum(1)));
            list.cdr.set(Value(0));
        },
        |vm| {
            let list = get::<Cons>(vm.root, 0b011);
            assert_eq!(list.cdr.get(), Value(0));
            let vector = get::<Vector>(list.car.get(), 0b101);
            let fresh = get::<Cons>(vector.items[2].get(), 0b011);
            assert_eq!((fresh.car.get(), fresh.cdr.get()), (vm.root, fixnum(1)));
        },
    );
    for (how, report) in reports {
        assert!(report.hydrated.is_empty());
        assert_eq!(
            (report.relocations == 0, report.pages_written == 0),
            (how.at_base(), how.at_base()),
            "{how:?}"
        );
    }
}
