//! Random values of a large type: `load(dump(x)) == x`, and a second dump gives the bytes of the first.

mod shapes;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use neodump_runtime::{Dumpable, ImageOption, ImageStr, ImageVec, Natives};
use proptest::collection::{btree_map, btree_set, hash_map, hash_set, vec};
use proptest::prelude::*;
use shapes::{Heap, How, Machine, dumped, loaded, release};

#[derive(Dumpable, Clone, PartialEq, Debug)]
enum Tree {
    Leaf,
    Text(String),
    Pair(Box<Tree>, i32, Box<Tree>),
    Many { trees: Vec<Tree>, weight: Option<u64> },
    Keyed(BTreeMap<i16, Tree>),
}

#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(C, u8)]
enum Token {
    End,
    Char(char),
    Number { value: i64, exact: bool },
    Range(u8, u32, u8),
}

#[derive(Dumpable, Clone, PartialEq, Debug)]
struct Small {
    name: Option<String>,
    flags: (bool, u8, [u16; 3]),
    token: Token,
}

#[derive(Dumpable, Clone, PartialEq, Debug)]
struct Everything {
    small: Vec<Small>,
    by_name: HashMap<String, Vec<Small>>,
    by_pair: BTreeMap<(i8, char), Option<Box<Small>>>,
    #[expect(clippy::type_complexity, reason = "types inside of types are what is tested")]
    sets: (HashSet<u32>, BTreeSet<Vec<u8>>, HashSet<Option<(u8, String)>>),
    nested: HashMap<u8, HashMap<Vec<u16>, HashSet<char>>>,
    bits: ImageVec<u64>,
    tokens: ImageVec<Token>,
    texts: ImageVec<ImageStr>,
    option: ImageOption<(u8, u32)>,
    cells: Vec<Cell<Option<i128>>>,
    borrowed: RefCell<Option<Box<[String]>>>,
    tree: Tree,
}

#[derive(Dumpable)]
#[dump(image = "random", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    everything: Everything,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![Just(Tree::Leaf), ".{0,8}".prop_map(Tree::Text)];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            (inner.clone(), any::<i32>(), inner.clone()).prop_map(|(a, n, b)| Tree::Pair(
                Box::new(a),
                n,
                Box::new(b)
            )),
            (vec(inner.clone(), 0..4), any::<Option<u64>>())
                .prop_map(|(trees, weight)| Tree::Many { trees, weight }),
            btree_map(any::<i16>(), inner, 0..4).prop_map(Tree::Keyed),
        ]
    })
}

fn token() -> impl Strategy<Value = Token> {
    prop_oneof![
        Just(Token::End),
        any::<char>().prop_map(Token::Char),
        any::<(i64, bool)>().prop_map(|(value, exact)| Token::Number { value, exact }),
        any::<(u8, u32, u8)>().prop_map(|(a, b, c)| Token::Range(a, b, c)),
    ]
}

fn small() -> impl Strategy<Value = Small> {
    (proptest::option::of(".{0,6}"), any::<(bool, u8, [u16; 3])>(), token())
        .prop_map(|(name, flags, token)| Small { name, flags, token })
}

fn everything() -> impl Strategy<Value = Everything> {
    let owned = (
        vec(small(), 0..5),
        hash_map(".{0,4}", vec(small(), 0..3), 0..6),
        btree_map(any::<(i8, char)>(), proptest::option::of(small().prop_map(Box::new)), 0..5),
        (
            hash_set(any::<u32>(), 0..20),
            btree_set(vec(any::<u8>(), 0..4), 0..5),
            hash_set(proptest::option::of((any::<u8>(), ".{0,3}")), 0..5),
        ),
        hash_map(any::<u8>(), hash_map(vec(any::<u16>(), 0..3), hash_set(any::<char>(), 0..4), 0..3), 0..4),
        tree(),
    );
    let image = (
        vec(any::<u64>(), 0..9),
        vec(token(), 0..9),
        vec(".{0,9}", 0..4),
        any::<Option<(u8, u32)>>(),
        vec(any::<Option<i128>>(), 0..4),
        proptest::option::of(vec(".{0,5}", 0..4)),
    );
    (owned, image).prop_map(|(owned, image)| {
        let (small, by_name, by_pair, sets, nested, tree) = owned;
        let (bits, tokens, texts, option, cells, borrowed) = image;
        Everything {
            small,
            by_name,
            by_pair,
            sets,
            nested,
            bits: bits.into(),
            tokens: tokens.into(),
            texts: texts.into_iter().map(ImageStr::from).collect(),
            option: option.into(),
            cells: cells.into_iter().map(Cell::new).collect(),
            borrowed: RefCell::new(borrowed.map(Vec::into_boxed_slice)),
            tree,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_values_come_back_and_dump_to_the_same_bytes(everything in everything()) {
        let _alone = shapes::alone();
        let mut vm = Vm { heap: Heap::default(), everything };
        let bytes = dumped(&mut vm, &Natives::new());
        for how in [How::Bytes, How::BytesElsewhere, How::MappedPatched] {
            let (mut back, _) = loaded::<Vm>(&bytes, how, &Natives::new());
            prop_assert_eq!(&back.everything, &vm.everything);
            prop_assert!(dumped(&mut back, &Natives::new()) == bytes, "{:?}: the second dump differs", how);
            release(back);
        }
    }
}
