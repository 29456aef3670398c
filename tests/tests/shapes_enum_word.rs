//! A word that is an enum of explicit `repr`, with typed pointers and handles in its variants.

mod shapes;

use std::cell::Cell;
use std::ptr::NonNull;

use neodump_runtime::{Dumpable, ImageStr, ImageVec, Interner, Natives, Symbol};
use shapes::{Heap, Machine, carry, leak};

macro_rules! machine {
    ($module:ident, $name:literal, #[repr($($repr:tt)*)] $(, $second:literal)?) => {
        mod $module {
            use super::*;

            #[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
            #[repr($($repr)*)]
            enum Value {
                Nil,
                True $(= $second)?,
                Fixnum(i64),
                Float(f64),
                Char(char),
                Symbol(Symbol),
                Handle(u32),
                Cons(#[dump(unsafe(pointer))] NonNull<Cons>),
                Text(#[dump(unsafe(pointer))] *const Text),
                Vector { #[dump(unsafe(pointer))] items: *mut Vector, len: u16 },
                Flagged(bool, #[dump(unsafe(pointer))] Option<NonNull<Cons>>),
            }

            #[derive(Dumpable, Debug)]
            #[dump(object)]
            #[repr(C, align(8))]
            struct Cons {
                car: Cell<Value>,
                cdr: Cell<Value>,
            }

            #[derive(Dumpable)]
            #[dump(object)]
            #[repr(C)]
            struct Text {
                content: ImageStr,
            }

            #[derive(Dumpable)]
            #[dump(object)]
            #[repr(C)]
            struct Vector {
                items: ImageVec<Value>,
            }

            #[derive(Dumpable)]
            #[dump(image = $name, version = 1)]
            struct Vm {
                #[dump(heap)]
                heap: Heap,
                symbols: Interner,
                /// What the handles are.
                handles: Vec<Value>,
                root: Value,
            }

            impl Machine for Vm {
                fn heap(&mut self) -> &mut Heap {
                    &mut self.heap
                }
            }

            fn cons(car: Value, cdr: Value) -> Value {
                let cell = leak(Cons { car: Cell::new(car), cdr: Cell::new(cdr) });
                Value::Cons(NonNull::new(cell).expect("a box is not null"))
            }

            fn as_cons<'a>(value: Value) -> &'a Cons {
                let Value::Cons(cell) = value else { panic!("expected a cons, found {value:?}") };
                // SAFETY: a live object, as long as the test looks.
                unsafe { cell.as_ref() }
            }

            fn check(vm: &Vm) {
                let root = as_cons(vm.root);
                assert_eq!(root.cdr.get(), Value::Flagged(true, Some(NonNull::from(root))));
                let Value::Vector { items, len: 9 } = root.car.get() else { panic!("{root:?}") };
                // SAFETY: a live object.
                let items = &unsafe { &*items }.items[..];
                let foo = vm.symbols.lookup(b"foo").expect("an interned symbol");
                assert_eq!(items[0], Value::Nil);
                assert_eq!(items[1..5], [Value::True, Value::Fixnum(-1), Value::Float(-0.0), Value::Char('\u{10ffff}')]);
                assert_eq!(items[5..8], [Value::Symbol(foo), Value::Handle(1), Value::Flagged(false, None)]);
                let Value::Text(text) = vm.handles[1] else { panic!("{:?}", vm.handles) };
                // SAFETY: a live object.
                assert_eq!(unsafe { &*text }.content.as_str(), "text");
                assert_eq!(vm.handles[0], vm.root);
                assert_eq!(items[8], vm.handles[1]);
                assert!(matches!(items[9], Value::Text(null) if null.is_null()));
            }

            #[test]
            fn enum_words_survive_every_way_of_a_load() {
                let mut symbols = Interner::new();
                let foo = symbols.intern("foo");
                let text = Value::Text(leak(Text { content: "text".into() }));
                let items = vec![
                    Value::Nil,
                    Value::True,
                    Value::Fixnum(-1),
                    Value::Float(-0.0),
                    Value::Char('\u{10ffff}'),
                    Value::Symbol(foo),
                    Value::Handle(1),
                    Value::Flagged(false, None),
                    text,
                    Value::Text(std::ptr::null()),
                ];
                let vector = Value::Vector { items: leak(Vector { items: items.into() }), len: 9 };
                let root = cons(vector, Value::Nil);
                as_cons(root).cdr.set(Value::Flagged(true, Some(NonNull::from(as_cons(root)))));
                let mut vm = Vm { heap: Heap::default(), symbols, handles: vec![root, text], root };
                let reports = carry(
                    &mut vm,
                    &Natives::new(),
                    check,
                    |vm| {
                        as_cons(vm.root).cdr.set(cons(Value::Handle(2), vm.root));
                        vm.handles.push(Value::Char('x'));
                    },
                    |vm| {
                        let fresh = as_cons(as_cons(vm.root).cdr.get());
                        assert_eq!((fresh.car.get(), fresh.cdr.get()), (Value::Handle(2), vm.root));
                        assert_eq!(vm.handles[2], Value::Char('x'));
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
        }
    };
}

machine!(repr_u8, "shapes-enum-u8", #[repr(u8)], 4);
machine!(repr_c, "shapes-enum-c", #[repr(C)]);
machine!(repr_c_u8, "shapes-enum-c-u8", #[repr(C, u8)], 0x80);
machine!(repr_i16, "shapes-enum-i16", #[repr(i16)], -300);
