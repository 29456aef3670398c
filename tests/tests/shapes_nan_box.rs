//! A NaN box: doubles are immediates, everything else lies in the payload of a quiet NaN.

mod shapes;

use std::cell::Cell;
use std::ptr::with_exposed_provenance;

use neodump_runtime::heap::{Group, WordRef};
use neodump_runtime::{Dumpable, ImageStr, Interner, Natives, ObjectType, Symbol, Word};
use shapes::{Heap, Machine, carry, leak};

/// The tag of a box is in its top 16 bits; a double that would look like one is made the quiet NaN.
const NUMBER: u64 = 0x7ffa;
const SYMBOL: u64 = 0x7ffb;
const PAIR: u64 = 0xfffc;
const TEXT: u64 = 0xfffd;

#[derive(Dumpable, Clone, Copy, PartialEq, Eq)]
#[dump(unsafe(word), objects(Pair, Text))]
#[repr(transparent)]
struct Value(u64);

// SAFETY: eight bytes, valid for every pattern; a pattern with the tag of a pair or text is followed to
// its low 48 bits, no other is.
unsafe impl Word for Value {
    const GROUPS: &'static [Group] = &[
        Group { types: &[ObjectType::of::<Pair>()], kind: None },
        Group { types: &[ObjectType::of::<Text>()], kind: None },
    ];

    fn to_bits(self) -> u64 {
        self.0
    }

    fn decode(bits: u64) -> WordRef {
        let payload = bits & 0xffff_ffff_ffff;
        match bits >> 48 {
            PAIR => WordRef::Object { address: payload, group: 0 },
            TEXT => WordRef::Object { address: payload, group: 1 },
            SYMBOL => match u32::try_from(payload) {
                Ok(id) => WordRef::Symbol(Symbol::from_id(id)),
                Err(_) => WordRef::Invalid,
            },
            _ => WordRef::Immediate,
        }
    }

    fn with_symbol(_: u64, symbol: Symbol) -> u64 {
        SYMBOL << 48 | u64::from(symbol.id())
    }
}

impl Value {
    fn double(value: f64) -> Self {
        Self(if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() })
    }

    fn boxed<T>(value: T, tag: u64) -> Self {
        Self(tag << 48 | leak(value).addr() as u64)
    }

    fn number(value: u32) -> Self {
        Self(NUMBER << 48 | u64::from(value))
    }

    fn get<'a, T>(self, tag: u64) -> &'a T {
        assert_eq!(self.0 >> 48, tag);
        // SAFETY: the tag says what the word points at, and objects live as long as the test looks.
        unsafe { &*with_exposed_provenance::<T>((self.0 & 0xffff_ffff_ffff) as usize) }
    }
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Pair {
    head: Cell<Value>,
    tail: Cell<Value>,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Text {
    content: ImageStr,
}

#[derive(Dumpable)]
#[dump(image = "shapes-nan-box", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    stack: Vec<Value>,
    list: Value,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

const DOUBLES: [f64; 10] = [
    0.0,
    -0.0,
    1.5,
    f64::MAX,
    f64::MIN_POSITIVE,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    -1e-310,
    // The bits of an address of this process, were it a word with low tags.
    f64::from_bits(0x0000_7f12_3456_7890),
];

fn pair(head: Value, tail: Value) -> Value {
    Value::boxed(Pair { head: Cell::new(head), tail: Cell::new(tail) }, PAIR)
}

#[test]
fn nan_boxes_survive_every_way_of_a_load() {
    let mut symbols = Interner::new();
    symbols.intern("car");
    let cdr = symbols.intern("cdr");
    let text = Value::boxed(Text { content: "text".into() }, TEXT);
    let mut list = Value::with_symbol(0, cdr);
    let mut stack = vec![text];
    let nil = Value(list);
    list = DOUBLES.iter().rev().fold(nil, |tail, double| pair(Value::double(*double), tail)).0;
    stack.extend([Value(list), Value::number(7), nil]);
    let mut vm = Vm { heap: Heap::default(), symbols, stack, list: Value(list) };
    let check = |vm: &Vm| {
        let mut list = vm.list;
        for double in DOUBLES {
            let pair = list.get::<Pair>(PAIR);
            assert_eq!(pair.head.get().0, double.to_bits());
            list = pair.tail.get();
        }
        let cdr = vm.symbols.lookup(b"cdr").expect("an interned symbol");
        assert_eq!(list.0, SYMBOL << 48 | u64::from(cdr.id()));
        assert_eq!(vm.stack[0].get::<Text>(TEXT).content.as_str(), "text");
        assert!(vm.stack[1] == vm.list && vm.stack[2] == Value::number(7) && vm.stack[3] == list);
    };
    let reports = carry(
        &mut vm,
        &Natives::new(),
        check,
        |vm| {
            let first = vm.list.get::<Pair>(PAIR);
            first.head.set(pair(vm.stack[0], Value::double(2.5)));
            vm.stack.push(first.head.get());
        },
        |vm| {
            let fresh = vm.list.get::<Pair>(PAIR).head.get();
            assert!(vm.stack.last() == Some(&fresh));
            let fresh = fresh.get::<Pair>(PAIR);
            assert!(fresh.head.get() == vm.stack[0] && fresh.tail.get() == Value::double(2.5));
        },
    );
    for (how, report) in reports {
        assert_eq!(
            (report.relocations == 0, report.pages_written == 0),
            (how.at_base(), how.at_base()),
            "{how:?}"
        );
    }
}
