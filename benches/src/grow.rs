//! Makes machines of a given size.

use std::mem::MaybeUninit;

use neodump_runtime::{ImageVec, Interner};

use crate::machine::{Cons, FLOAT, Float, Header, Heap, RECORD, Record, STR, Str, VECTOR, Value, Vector, Vm};

/// What GNU Emacs' Lisp sources are made of, as its reader counts them (1541 files of Emacs 30).
pub(crate) const EMACS_CONSES: u64 = 4_801_011;
const EMACS_STRINGS: u64 = 539_513;
const EMACS_VECTORS: u64 = 40_392;
const EMACS_FLOATS: u64 = 2_103;
const EMACS_SYMBOLS: u64 = 118_767;

/// What a machine is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Forms in the proportions of GNU Emacs' Lisp sources, allocated in the order of a reader.
    Emacs,
    /// Lists of numbers: half of all words are pointers.
    Half,
}

impl Shape {
    /// The name, for the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Emacs => "emacs",
            Self::Half => "half",
        }
    }

    /// The shape called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Emacs, Self::Half].into_iter().find(|shape| shape.name() == name)
    }
}

/// A machine with about so many conses, and what belongs to them.
pub(crate) fn machine(shape: Shape, conses: u64) -> Vm {
    let names = match shape {
        Shape::Emacs => (EMACS_SYMBOLS * conses / EMACS_CONSES).clamp(16, EMACS_SYMBOLS),
        Shape::Half => 16,
    };
    let names: Vec<String> = (0..names).map(|number| format!("bench-symbol-{number}")).collect();
    let symbols = Interner::with_names(&names);
    let mut grower = Grower::new(&symbols, conses);
    let root = match shape {
        Shape::Emacs => grower.sources(),
        Shape::Half => grower.numbers(),
    };
    Vm { heap: Heap::default(), symbols, root }
}

/// How many conses one block of the heap holds: 64 KiB, as in NeoVM.
const BLOCK: usize = 4096;

struct Grower<'a> {
    symbols: &'a Interner,
    random: u64,
    left: u64,
    block: *mut Cons,
    free: usize,
    /// The sweep list.
    last: usize,
}

impl<'a> Grower<'a> {
    fn new(symbols: &'a Interner, conses: u64) -> Self {
        Self {
            symbols,
            random: 0x9E37_79B9_7F4A_7C15,
            left: conses,
            block: std::ptr::null_mut(),
            free: 0,
            last: 0,
        }
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }

    fn cons(&mut self, car: Value, cdr: Value) -> Value {
        if self.free == 0 {
            self.block = Box::leak(Box::<[Cons]>::new_uninit_slice(BLOCK)).as_mut_ptr().cast();
            self.free = BLOCK;
        }
        self.left = self.left.saturating_sub(1);
        let cons = self.block.wrapping_add(BLOCK - self.free).cast::<MaybeUninit<Cons>>();
        self.free -= 1;
        // SAFETY: the block has room for `BLOCK` conses, and this one is taken for the first time.
        unsafe { cons.write(MaybeUninit::new(Cons { car: car.into(), cdr: cdr.into() })) };
        Value::object(cons, 0b011)
    }

    fn header(&self, kind: u8) -> Header {
        Header::live(kind, self.last)
    }

    fn boxed<T>(&mut self, object: T, tag: usize) -> Value {
        let value = Value::object(Box::into_raw(Box::new(object)), tag);
        self.last = value.0;
        value
    }

    fn string(&mut self) -> Value {
        // Most strings are short, some are documentation; the mean is that of the sources.
        let len = if self.below(10) == 0 { 40 + self.below(340) } else { 1 + self.below(28) };
        let bytes: ImageVec<u8> = (0..len).map(|at| b'a' + (at % 26) as u8).collect();
        let header = self.header(STR);
        self.boxed(Str { header, chars: len, bytes }, 0b100)
    }

    fn vector(&mut self, depth: u32) -> Value {
        let len = 1 + self.below(7);
        let slots: ImageVec<Value> = (0..len).map(|_| self.atom(depth)).collect();
        if self.below(4) == 0 {
            let header = self.header(RECORD);
            return self.boxed(Record { header, slots }, 0b101);
        }
        let header = self.header(VECTOR);
        self.boxed(Vector { header, slots }, 0b101)
    }

    /// What stands in a list and is no list.
    fn atom(&mut self, depth: u32) -> Value {
        let dice = self.below(EMACS_CONSES);
        if dice < EMACS_STRINGS {
            return self.string();
        }
        if dice < EMACS_STRINGS + EMACS_VECTORS && depth < DEEPEST {
            return self.vector(depth + 1);
        }
        if dice < EMACS_STRINGS + EMACS_VECTORS + EMACS_FLOATS {
            let header = self.header(FLOAT);
            return self.boxed(Float { header, value: 1.5 }, 0b111);
        }
        if self.below(8) == 0 {
            return Value::fixnum(dice);
        }
        // Few symbols are common, most are rare.
        let bound = 1 + self.below(self.symbols.len() as u64);
        let number = self.below(bound) as u32;
        Value::symbol(neodump_runtime::Symbol::from_id(number))
    }

    /// A list as a reader makes it: each element, then its cons, linked to the one before.
    fn list(&mut self, depth: u32, len: u64) -> Value {
        let (mut first, mut last) = (Value::NIL, Value::NIL);
        for _ in 0..len {
            // Three in ten elements are lists, as a mean length of 3.3 says.
            let car = if depth < DEEPEST && self.below(10) < 3 {
                let len = 1 + self.below(6);
                self.list(depth + 1, len)
            } else {
                // Strings and vectors are counted a cons, not an element that is no list.
                self.atom(depth)
            };
            let cons = self.cons(car, Value::NIL);
            match last.as_cons() {
                Some(last) => last.cdr.set(cons),
                None => first = cons,
            }
            last = cons;
        }
        first
    }

    /// Lists of forms, a list a file.
    fn sources(&mut self) -> Value {
        let mut files = Value::NIL;
        while self.left > 0 {
            let (mut first, mut last) = (Value::NIL, Value::NIL);
            for _ in 0..60 {
                let len = 3 + self.below(6);
                let form = self.list(1, len);
                let cons = self.cons(form, Value::NIL);
                match last.as_cons() {
                    Some(last) => last.cdr.set(cons),
                    None => first = cons,
                }
                last = cons;
                if self.left == 0 {
                    break;
                }
            }
            files = self.cons(first, files);
        }
        files
    }

    /// One long list of numbers.
    fn numbers(&mut self) -> Value {
        let mut list = Value::NIL;
        while self.left > 0 {
            list = self.cons(Value::fixnum(self.left), list);
        }
        list
    }
}

/// How deep a form nests.
const DEEPEST: u32 = 12;
