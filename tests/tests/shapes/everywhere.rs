//! Puts values of any type everywhere a value can stand, and carries them through every way of a load.
// Each test file that includes it uses its own part.
#![allow(dead_code, unused_macros, unreachable_pub)]

use std::fmt::Debug;
use std::ptr::NonNull;

use neodump_runtime::{Dumpable, Interner, Natives};

use crate::shapes::{Heap, How, Machine, WAYS, dumped, leak, loaded, release};

/// A value in an object, between fields that a wrong size would shift.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
pub struct Holder<T> {
    before: u8,
    value: T,
    after: u16,
}

/// A value inline, in an object, in a payload and behind a tag: what stands elsewhere is made of these.
#[derive(Dumpable)]
pub struct Everywhere<T> {
    pub inline: T,
    #[dump(unsafe(pointer))]
    object: NonNull<Holder<T>>,
    many: Vec<T>,
    optional: Option<T>,
}

impl<T: Dumpable> Everywhere<T> {
    pub fn new(make: impl Fn() -> T) -> Self {
        let object = leak(Holder { before: 0xbb, value: make(), after: 0xaaaa });
        Self {
            inline: make(),
            object: NonNull::new(object).expect("a box is not null"),
            many: vec![make(), make(), make()],
            optional: Some(make()),
        }
    }

    /// Every copy of the value.
    pub fn values(&self) -> Vec<&T> {
        // SAFETY: a live object, as long as the test looks.
        let object = unsafe { self.object.as_ref() };
        assert_eq!((object.before, object.after), (0xbb, 0xaaaa));
        let mut values = vec![&self.inline, &object.value];
        values.extend(self.optional.as_ref());
        values.extend(&self.many);
        assert_eq!(values.len(), 6);
        values
    }
}

/// Many values of different types in one machine, which is quicker to compile than a machine for each:
/// tuples of up to seven, as deep nesting makes long names and slow builds.
macro_rules! list {
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr, $g:expr, $($rest:expr),+) => {
        (list![$a, $b, $c, $d, $e, $f, $g], list![$($rest),+])
    };
    ($($make:expr),+) => {
        ($(Everywhere::new(|| $make),)+)
    };
}

/// What comes back is as it was.
pub trait Same {
    fn assert_same(&self, expected: &Self, how: How);
}

impl<T: Dumpable + PartialEq + Debug> Same for Everywhere<T> {
    fn assert_same(&self, expected: &Self, how: How) {
        for (place, value) in self.values().into_iter().enumerate() {
            assert_eq!(*value, expected.inline, "{}: {how:?}, place {place}", std::any::type_name::<T>());
        }
    }
}

macro_rules! same_tuples {
    ($(($($name:ident $index:tt),+))+) => {$(
        impl<$($name: Same),+> Same for ($($name,)+) {
            fn assert_same(&self, expected: &Self, how: How) {
                $(self.$index.assert_same(&expected.$index, how);)+
            }
        }
    )+};
}
same_tuples! {
    (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
}

#[derive(Dumpable)]
#[dump(section = "manager", version = 1)]
pub struct Manager<L> {
    before: bool,
    list: L,
}

#[derive(Dumpable)]
#[dump(image = "field-types", version = 1)]
pub struct Vm<L> {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    manager: Manager<L>,
}

impl<L: Dumpable> Machine for Vm<L> {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

/// Carries a list in every way, and hands what comes back to `check`.
#[track_caller]
pub fn carried<L: Dumpable>(list: L, check: impl Fn(&L, &L, How)) {
    let symbols = Interner::with_names(&["nil", "t", "car", "cdr"]);
    let mut vm = Vm { heap: Heap::default(), symbols, manager: Manager { before: true, list } };
    let bytes = dumped(&mut vm, &Natives::new());
    for how in WAYS {
        let (mut back, _) = loaded::<Vm<L>>(&bytes, how, &Natives::new());
        assert!(back.manager.before);
        check(&back.manager.list, &vm.manager.list, how);
        assert!(
            dumped(&mut back, &Natives::new()) == bytes,
            "{how:?}: the dump of the loaded machine differs"
        );
        release(back);
    }
}

/// Carries a value that has to be compared in a way of its own.
#[track_caller]
pub fn comes_back_as<T: Dumpable>(make: impl Fn() -> T, same: impl Fn(&T, &T) -> bool) {
    let expected = make();
    carried(Everywhere::new(make), |found, _, how| {
        for (place, value) in found.values().into_iter().enumerate() {
            assert!(same(value, &expected), "{}: {how:?}, place {place}", std::any::type_name::<T>());
        }
    });
}

macro_rules! come_back {
    ($($make:expr),* $(,)?) => {
        carried(list![$($make),*], |found, expected, how| found.assert_same(expected, how))
    };
}

/// One test for each promise: a list of values, each of its own type.
macro_rules! types {
    ($($name:ident { $($make:expr),* $(,)? })*) => {$(
        #[test]
        fn $name() {
            let _alone = shapes::alone();
            come_back!($($make),*);
        }
    )*};
}
