//! Every supported type of a field comes back as it was, wherever it stands.

#[macro_use]
#[path = "shapes/everywhere.rs"]
mod everywhere;
mod shapes;

use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::hash::BuildHasherDefault;
use std::marker::PhantomData;
use std::num::NonZero;
use std::rc::Rc;
use std::sync::atomic::*;
use std::sync::{Arc, Mutex, OnceLock};

use everywhere::{Everywhere, Same, carried, comes_back_as};
use neodump_runtime::{Dumpable, ImageMap, ImageOption, ImageSet, ImageStr, ImageVec, Symbol};

/// Hashes as every other process does.
type Steady<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Colour {
    Red,
    Green = 7,
    Blue,
}

#[derive(Dumpable, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Key {
    name: String,
    colour: Colour,
    parts: Vec<(i16, Option<char>)>,
}

fn key(name: &str) -> Key {
    Key { name: name.to_owned(), colour: Colour::Blue, parts: vec![(-1, Some('x')), (2, None)] }
}

types! {
    integers_come_back {
        0_u8, u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX - 7, usize::MAX, i8::MIN, i16::MIN, i32::MIN, i64::MIN,
        i128::MIN + 7, isize::MIN,
    }
    scalars_come_back { true, false, '\0', 'a', '\u{d7ff}', '\u{e000}', char::MAX, (), PhantomData::<String> }
    numbers_that_are_not_zero_come_back {
        NonZero::<u8>::MAX, NonZero::<u16>::MIN, NonZero::<u32>::MAX, NonZero::<u64>::MAX, NonZero::<usize>::MAX,
        NonZero::<i8>::MIN, NonZero::<i16>::MIN, NonZero::<i32>::MIN, NonZero::<i64>::MIN, NonZero::<isize>::MIN,
        NonZero::<u128>::MAX, NonZero::<i128>::MIN,
    }
    tuples_come_back {
        (1_u8,), (1_u8, 2_u64), (1_u8, 2_u64, 3_u16), ('a', (), 1_i128, false), (1_u8, 2_u8, 3_u8, 4_u8, 5_u64),
        (1_u8, String::from("two"), vec![3_u8], Some(4_u64), [5_u16; 3], 6.5_f64),
        (1_u8, 2_u16, 3_u32, 4_u64, 5_i8, 6_i16, 7_i32),
        (1_u8, String::from("two"), 3_u32, 4_u64, 5_i8, Box::new(6_i16), 7_i32, ((8_u8, 9_u32), 'z')),
    }
    arrays_come_back {
        [0_u8; 0], [1_u8, 2, 3], [[1_u16; 3]; 2], [String::from("a"), String::new()], [Some(1_u64), None],
        [vec![1_u8], vec![], vec![2, 3]], [(); 4],
    }
    options_without_a_niche_come_back {
        Some(0_u8), None::<u8>, Some(u64::MAX), Some(1_u128), Some(false), None::<bool>, Some('\0'), Some(()),
        None::<()>, Some(Some(7_u32)), Some(None::<u32>), None::<Option<u32>>, Some(None::<NonZero<u8>>),
        Some(String::new()), Some(vec![Some(1_u8), None]), Some((1_u8, 2_u32)), Some([1_u16; 3]),
        Some(Box::new(Some(1_u8))), None::<Box<u8>>, Some(Cell::new(0_u8)),
    }
    options_with_a_niche_come_back {
        NonZero::<u8>::new(1), NonZero::<u8>::new(0), NonZero::<u64>::new(u64::MAX), NonZero::<i128>::new(-1),
        NonZero::<i128>::new(0), NonZero::<usize>::new(0), Some(NonZero::<i16>::MIN),
    }
    sequences_come_back {
        Vec::<u8>::new(), vec![1_u8, 2, 3], vec![1_u64; 1000], vec![(); 7], vec![vec![1_u8], vec![], vec![2, 3]],
        vec![vec![vec![String::from("deep")]]], vec![Some(1_u8), None], vec![('a', 1_u64), ('b', 2)],
        vec![true, false], vec![[1_u8, 2], [3, 4]],
        Box::<[u8]>::from([1, 2]), Box::<[String]>::from([String::from("a")]), Box::<[u64]>::from([]),
        String::new(), String::from("h\u{e9}llo \u{1f980}"), Box::<str>::from("boxed"), Box::<str>::from(""),
        vec![String::from("a"), String::from("bb")],
    }
    boxes_come_back {
        Box::new(1_u8), Box::new(Box::new(Box::new(String::from("in three boxes")))), Box::new(()),
        Box::new(vec![Box::new(1_u8), Box::new(2)]), Box::new((1_u8, 2_u128)), Some(Box::new([1_u8; 3])),
    }
    hash_maps_come_back {
        HashMap::<u8, u8>::new(), HashMap::from([(1_i64, 'a'), (-1, 'b'), (i64::MIN, 'c')]),
        HashMap::from([('a', vec![1_u8]), ('b', vec![])]),
        (0..1000).map(|n: u32| (n.wrapping_mul(0x9e37_79b9), n.to_string())).collect::<HashMap<_, _>>(),
        HashMap::from([(String::from("x"), 1.5_f64), (String::from("y"), -0.0)]),
        HashMap::from([((1_u8, 'a'), ()), ((1, 'b'), ()), ((0, 'z'), ())]),
        HashMap::from([(Some(1_u8), 1_u8), (None, 2)]), HashMap::from([([1_u8, 2], true), ([2, 1], false)]),
        HashMap::from([(Box::<str>::from("boxed"), 1_u8)]), HashMap::from([(vec![1_u8, 2], 1_u8), (vec![1], 2)]),
        HashMap::from([(true, 1_u8), (false, 2)]), HashMap::from([(NonZero::<u8>::MAX, 1_u8)]),
        HashMap::from([(Colour::Red, 1_u8), (Colour::Green, 2)]), HashMap::from([(key("a"), 1_u8), (key("b"), 2)]),
        HashMap::from([(Symbol::from_id(2), Symbol::from_id(3)), (Symbol::from_id(0), Symbol::from_id(0))]),
        HashMap::from([(1_u8, HashMap::from([(2_u8, HashMap::from([(3_u8, String::from("deep"))]))])), (2, HashMap::new())]),
        HashMap::from([(Box::new(1_u8), Box::new(HashMap::from([(Box::new(2_u8), Some(Box::new(3_u8)))])))]),
        Steady::<u8, Vec<Steady<char, u8>>>::from_iter([(1, vec![Steady::from_iter([('a', 2)]), Steady::default()])]),

    }
    hash_sets_come_back {
        HashSet::<char>::new(), HashSet::from([1_u8, 2, 3]), HashSet::from([String::from("a"), String::from("b")]),
        HashSet::from([(), ()]), HashSet::from([Some((1_u8, 'a')), None]),
        HashSet::<u8, BuildHasherDefault<DefaultHasher>>::from_iter([1, 2]),
        HashSet::from([Symbol::from_id(1), Symbol::from_id(2)]),
    }
    ordered_collections_come_back {
        BTreeMap::<u8, u8>::new(), BTreeMap::from([(-1_i8, 'a'), (1, 'b')]),
        BTreeMap::from([(String::from("b"), vec![1_u8]), (String::from("a"), vec![])]),
        BTreeMap::from([((1_u8, 'a'), BTreeMap::from([(Some(1_u8), HashSet::from(['x', 'y']))]))]),
        BTreeMap::from([(key("a"), key("b"))]), BTreeMap::from([(Symbol::from_id(1), 1_u8)]),
        BTreeSet::from([3_u8, 1, 2]), BTreeSet::from([BTreeSet::from(['a']), BTreeSet::new()]),
        BTreeSet::from([vec![1_u8], vec![]]),
    }
    cells_come_back {
        Cell::new(1_u8), Cell::new(Some(NonZero::<u32>::MIN)), Cell::new((1_u8, 2_u64)),
        RefCell::new(vec![String::from("a")]), RefCell::new(HashMap::from([(1_u8, RefCell::new(2_u8))])),
        OnceCell::<String>::new(), OnceCell::from(String::from("set")), OnceCell::from(RefCell::new(1_u8)),
        OnceLock::<u64>::new(), OnceLock::from(vec![1_u8]), OnceCell::from(()), Some(RefCell::new(Some(Cell::new(1_u8)))),
    }
    vectors_of_the_image_come_back {
        ImageVec::<u64>::new(), ImageVec::from(vec![1_u8, 2]), ImageVec::from(vec![(1_u8, 2_u64)]),
        ImageVec::from(vec![Cell::new(1_u8)]), ImageVec::from(vec![ImageVec::from(vec![1_u8]), ImageVec::new()]),
        ImageVec::from(vec![ImageVec::from(vec![ImageStr::from("deep")])]), ImageVec::from(vec![(); 3]),
        ImageVec::from(vec![Symbol::from_id(3)]), ImageVec::from(vec![[1_u128; 2]]),
        ImageStr::default(), ImageStr::from("h\u{e9}llo"), ImageVec::from(vec![ImageStr::from("a"), ImageStr::from("")]),
        ImageOption::some(1_u8), ImageOption::<u64>::none(), ImageOption::some(ImageOption::<u32>::none()),
        ImageOption::some(Symbol::from_id(1)), ImageVec::from(vec![ImageOption::some('x'), ImageOption::none()]),
        Some(ImageStr::from("hydrated")), vec![ImageVec::from(vec![1_u8])], ImageVec::from(vec![Some(NonZero::<u8>::MAX), None]),
    }
    maps_of_the_image_come_back {
        ImageMap::<u8, u8>::new(), ImageMap::from_iter([(-3_i64, 'a'), (7, 'b')]), ImageMap::from_iter([(true, [1_u16; 3])]),
        ImageMap::from_iter([(Symbol::from_id(1), Symbol::from_id(0)), (Symbol::from_id(0), Symbol::from_id(2))]),
        ImageMap::from_iter([(ImageStr::from("a"), ImageVec::from(vec![1_u8])), (ImageStr::from(""), ImageVec::new())]),
        ImageMap::from_iter([(ImageVec::from(vec![1_u8]), ImageMap::from_iter([('x', ImageStr::from("deep"))]))]),
        ImageMap::from_iter([((1_u8, Symbol::from_id(1)), ImageOption::some(1_u64))]), vec![ImageMap::from_iter([(1_u8, ())])],
        ImageSet::from_iter(['a', 'b']), Some(ImageSet::from_iter([ImageStr::from("in an option")])),
    }
    symbols_come_back { Symbol::from_id(0), Symbol::from_id(3), Some(Symbol::from_id(2)), vec![Symbol::from_id(1)] }
    shared_values_come_back {
        Rc::new(1_u8), Arc::new(String::from("a")), Rc::new(RefCell::new(vec![1_u8])), Rc::new(()),
        Rc::new(Rc::new(Arc::new(1_u64))), vec![Rc::new(1_u8), Rc::new(1)], HashMap::from([(Rc::new(1_u8), Arc::new(2_u8))]),
        Some(Rc::new([1_u16; 3])),
    }
}

#[test]
fn floats_come_back_bit_for_bit() {
    let _alone = shapes::alone();
    let bits =
        [0, 1 << 63, 0x7ff0_0000_0000_0000, 0xfff8_dead_beef_0001, 0x7ff0_0000_0000_0001, 1, 0x3ff8 << 48];
    for bits in bits {
        comes_back_as(|| f64::from_bits(bits), |a, b| a.to_bits() == b.to_bits());
    }
    for bits in [0x8000_0000_u32, 0x7fc1_2345, 0xff80_0000, 1] {
        comes_back_as(|| f32::from_bits(bits), |a, b| a.to_bits() == b.to_bits());
    }
    comes_back_as(
        || bits.map(|bits| Some(Cell::new(f64::from_bits(bits)))).to_vec(),
        |a, b| {
            a.iter()
                .zip(b)
                .all(|(a, b)| a.as_ref().map(|a| a.get().to_bits()) == b.as_ref().map(|b| b.get().to_bits()))
        },
    );
}

#[test]
fn atomics_come_back() {
    let _alone = shapes::alone();
    macro_rules! atomics {
        ($($ty:ident $value:expr),*) => {
            $(comes_back_as(|| $ty::new($value), |a, b| a.load(Ordering::Relaxed) == b.load(Ordering::Relaxed));)*
        };
    }
    atomics!(AtomicBool true, AtomicU8 1, AtomicU16 2, AtomicU32 3, AtomicU64 u64::MAX, AtomicUsize 5);
    atomics!(AtomicI8 -1, AtomicI16 -2, AtomicI32 -3, AtomicI64 i64::MIN, AtomicIsize -5);
    comes_back_as(
        || Arc::new(vec![AtomicU8::new(1), AtomicU8::new(2)]),
        |a, b| a.iter().zip(&**b).all(|(a, b)| a.load(Ordering::Relaxed) == b.load(Ordering::Relaxed)),
    );
}

#[test]
fn locks_come_back_unlocked_and_without_poison() {
    let _alone = shapes::alone();
    let content = |mutex: &Mutex<Vec<String>>| mutex.lock().expect("no poison in an image").clone();
    comes_back_as(|| Mutex::new(vec![String::from("a")]), |a, b| content(a) == content(b));
    let poisoned = || {
        let mutex = Arc::new(Mutex::new(vec![String::from("kept")]));
        let other = Arc::clone(&mutex);
        let thread = std::thread::Builder::new().name("poisons a lock, as it should".to_owned());
        let panicked = thread.spawn(move || {
            let _guard = other.lock();
            std::panic::resume_unwind(Box::new("poison"));
        });
        assert!(panicked.expect("a thread").join().is_err() && mutex.is_poisoned());
        Arc::into_inner(mutex).expect("the only owner")
    };
    carried(Everywhere::new(poisoned), |found, first, _| {
        assert!(first.values().into_iter().all(Mutex::is_poisoned));
        assert!(found.values().into_iter().all(|mutex| !mutex.is_poisoned() && content(mutex) == ["kept"]));
    });
}

#[test]
fn unsafe_cells_come_back() {
    let _alone = shapes::alone();
    // SAFETY: nothing writes to the cells.
    comes_back_as(|| UnsafeCell::new([1_u8, 2]), |a, b| unsafe { *a.get() } == unsafe { *b.get() });
}

macro_rules! enums {
    ($($name:ident: $(#[$repr:meta])?;)*) => {$(
        #[test]
        fn $name() {
            #[derive(Dumpable, PartialEq, Debug)]
            $(#[$repr])?
            enum Value<T> {
                Nil,
                Byte(u8),
                Wide(u8, u64, u16),
                Named { small: bool, text: String, pair: [u16; 3] },
                Generic(T, Option<T>),
                Nested(Box<Value<T>>),
                Many(Vec<Value<T>>),
                Keyed(HashMap<char, Value<T>>),
            }
            #[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
            $(#[$repr])?
            enum Plain {
                Nil,
                Char(char),
                Wide(u8, u64, u16),
                Named { small: bool, symbol: Symbol, pair: [u16; 3] },
                Inner(Colour8),
            }
            let _alone = shapes::alone();
            come_back![
Value::<u32>::Nil,
Value::<u32>::Byte(255),
Value::<u32>::Wide(1, u64::MAX, 3),
Value::<u32>::Named { small: true, text: "text".into(), pair: [1, 2, 3] },
Value::Generic(String::from("a"), Some(String::from("b"))),
Value::Nested(Box::new(Value::Nested(Box::new(Value::Generic(1_u8, None))))),
Value::<u8>::Many(vec![Value::Nil, Value::Many(vec![Value::Byte(1)]), Value::Many(vec![])]),
Value::<u8>::Keyed(HashMap::from([('a', Value::Byte(1)), ('b', Value::Keyed(HashMap::new()))])),
[Plain::Nil, Plain::Char('x'), Plain::Wide(1, 2, 3), Plain::Inner(Colour8::Blue)],
Plain::Named { small: true, symbol: Symbol::from_id(3), pair: [1, 2, 3] },
Some(Plain::Nil),
];
        }
    )*};
}

#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(u8)]
enum Colour8 {
    Red = 1,
    Blue = 0xfe,
}

enums! {
    enums_come_back:;
    enums_of_repr_u8_come_back: #[repr(u8)];
    enums_of_repr_i32_come_back: #[repr(i32)];
    enums_of_repr_u64_come_back: #[repr(u64)];
    enums_of_repr_c_come_back: #[repr(C)];
    enums_of_repr_c_u8_come_back: #[repr(C, u8)];
}

#[derive(Dumpable, PartialEq, Debug)]
struct Generic<'a, T, U, const N: usize, const FLAG: bool>
where
    U: Ord,
{
    values: [T; N],
    map: BTreeMap<U, Vec<T>>,
    borrowed: PhantomData<&'a mut T>,
}

#[derive(Dumpable, PartialEq, Debug)]
struct Unit;

#[derive(Dumpable, PartialEq, Debug)]
struct Tuple(u8, String, Unit);

/// Laid out as C does, with holes that must not reach the file.
#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(C)]
struct Padded {
    a: u8,
    b: u64,
    c: u8,
    d: u32,
    e: bool,
}

#[test]
fn structs_generic_over_types_lifetimes_and_constants_come_back() {
    let _alone = shapes::alone();
    come_back![
        Unit,
        Tuple(1, "two".into(), Unit),
        Padded { a: 1, b: 2, c: 3, d: 4, e: true },
        ImageVec::from(vec![Padded { a: 1, b: 2, c: 3, d: 4, e: true }; 5]),
        Generic::<'static, u8, char, 3, true> {
            values: [1, 2, 3],
            map: BTreeMap::from([('a', vec![1])]),
            borrowed: PhantomData,
        },
        Generic::<'static, Generic<'static, String, u8, 1, false>, Key, 1, false> {
            values: [Generic {
                values: ["a".into()],
                map: BTreeMap::from([(1, vec![])]),
                borrowed: PhantomData
            }],
            map: BTreeMap::from([(key("k"), vec![])]),
            borrowed: PhantomData,
        },
    ];
}

#[derive(Dumpable, Default, PartialEq, Debug)]
struct Chain {
    number: u32,
    next: Option<Box<Chain>>,
}

impl Drop for Chain {
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut chain) = next {
            next = chain.next.take();
        }
    }
}

#[test]
fn a_type_that_contains_itself_comes_back_however_deep() {
    let _alone = shapes::alone();
    let chain = || {
        (0..20_000)
            .fold(None, |next, number| Some(Box::new(Chain { number, next })))
            .map_or_else(Chain::default, |chain| *chain)
    };
    comes_back_as(chain, |found, expected| {
        let numbers = |chain: &Chain| {
            let mut numbers = Vec::new();
            let mut next = Some(chain);
            while let Some(chain) = next {
                numbers.push(chain.number);
                next = chain.next.as_deref();
            }
            numbers
        };
        numbers(found) == numbers(expected)
    });
}
