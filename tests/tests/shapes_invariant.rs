//! Objects and words with an invariant lifetime, which branded heaps carry.

mod shapes;

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::with_exposed_provenance;

use neodump_runtime::{Dumpable, ImageVec, Interner, Natives};
use shapes::{Heap, Machine, carry, leak};

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(unsafe(word), objects(Cons<'gc> = 0b01, Vector<'gc> = 0b10), immediate(0b00), bits = 2)]
#[repr(transparent)]
struct Value<'gc>(usize, PhantomData<Cell<&'gc ()>>);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Cons<'gc> {
    car: Cell<Value<'gc>>,
    cdr: Cell<Value<'gc>>,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Vector<'gc> {
    items: ImageVec<Cell<Value<'gc>>>,
    /// Typed pointers carry the lifetime too.
    first: Cell<Option<&'gc Cons<'gc>>>,
    labels: Vec<(String, Value<'gc>)>,
}

#[derive(Dumpable)]
#[dump(section = "registers", version = 1)]
struct Registers<'gc> {
    named: Vec<(String, Value<'gc>)>,
    current: Cell<Value<'gc>>,
}

#[derive(Dumpable)]
#[dump(image = "shapes-invariant", version = 1)]
struct Vm<'gc> {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    registers: Registers<'gc>,
    root: Value<'gc>,
}

impl Machine for Vm<'_> {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

impl<'gc> Value<'gc> {
    fn number(number: usize) -> Self {
        Self(number << 2, PhantomData)
    }

    fn cons(car: Self, cdr: Self) -> Self {
        Self(leak(Cons { car: Cell::new(car), cdr: Cell::new(cdr) }).addr() | 0b01, PhantomData)
    }

    fn as_cons(self) -> &'gc Cons<'gc> {
        assert_eq!(self.0 & 3, 0b01);
        // SAFETY: the tag says what the word points at; objects live as long as the brand.
        unsafe { &*with_exposed_provenance(self.0 & !3) }
    }

    fn as_vector(self) -> &'gc Vector<'gc> {
        assert_eq!(self.0 & 3, 0b10);
        // SAFETY: as above.
        unsafe { &*with_exposed_provenance(self.0 & !3) }
    }
}

fn check(vm: &Vm<'_>) {
    let cons = vm.root.as_cons();
    let vector = cons.cdr.get().as_vector();
    assert_eq!(cons.car.get(), Value::number(5));
    assert!(std::ptr::eq(vector.first.get().expect("a cons"), cons));
    assert_eq!(
        vector.items.iter().map(Cell::get).collect::<Vec<_>>(),
        [vm.root, Value::number(1), cons.cdr.get()]
    );
    assert_eq!(vector.labels, [("root".to_owned(), vm.root)]);
    assert_eq!(vm.registers.named, [("vector".to_owned(), cons.cdr.get())]);
    assert_eq!(vm.registers.current.get(), vm.root);
}

#[test]
fn invariant_lifetimes_survive_every_way_of_a_load() {
    let root = Value::cons(Value::number(5), Value::number(0));
    let items = [root, Value::number(1), Value::number(2)].map(Cell::new);
    let vector = leak(Vector {
        items: items.into_iter().collect(),
        first: Cell::new(Some(root.as_cons())),
        labels: vec![("root".to_owned(), root)],
    });
    let vector = Value(vector.addr() | 0b10, PhantomData);
    root.as_cons().cdr.set(vector);
    vector.as_vector().items[2].set(vector);
    let registers = Registers { named: vec![("vector".to_owned(), vector)], current: Cell::new(root) };
    let mut vm = Vm { heap: Heap::default(), symbols: Interner::new(), registers, root };
    carry::<Vm<'static>>(
        &mut vm,
        &Natives::new(),
        check,
        |vm| {
            let fresh = Value::cons(vm.root, Value::number(8));
            vm.root.as_cons().cdr.get().as_vector().first.set(Some(fresh.as_cons()));
            vm.registers.current.set(fresh);
        },
        |vm| {
            let fresh = vm.registers.current.get().as_cons();
            let first = vm.root.as_cons().cdr.get().as_vector().first.get();
            assert!(std::ptr::eq(first.expect("a cons"), fresh));
            assert_eq!((fresh.car.get(), fresh.cdr.get()), (vm.root, Value::number(8)));
        },
    );
}
