//! What is printed reads back as the same.

use neodump_runtime::Placement;
use neovm::chars;
use neovm::equal::same_structure;
use neovm::heap::Heap;
use neovm::object::{ByteCode, Record, Test, Weakness};
use neovm::printer::{self, Labels, Style};
use neovm::reader::Source;
use neovm::symbols::{self, sym};
use neovm::value::Value;
use neovm::{Interner, Vm, image};
use proptest::prelude::*;

/// A value to make.
#[derive(Clone, Debug)]
enum Tree {
    Integer(i64),
    Big(String),
    Float(f64),
    Symbol(Vec<u32>, bool),
    Text(Vec<u32>),
    Bytes(Vec<u8>),
    Bools(Vec<u8>, usize),
    List(Vec<Tree>, Box<Tree>),
    Vector(Vec<Tree>),
    Record(Vec<Tree>),
    ByteCode(Vec<Tree>),
    Table(Vec<(Tree, Tree)>),
    Quote(u8, Box<Tree>),
    /// The value twice, so that it is shared.
    Twice(Box<Tree>),
}

fn character() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => 0x20..0x7Fu32,
        1 => 0..0x20u32,
        2 => 0x80..0x3000u32,
        1 => 0x1_0000..0x3F_FF80u32,
        1 => (0x80..=0xFFu8).prop_map(chars::raw_byte),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Tree::Integer),
        (-9i64..9).prop_map(Tree::Integer),
        "-?[1-9][0-9]{18,60}".prop_map(Tree::Big),
        any::<f64>().prop_map(Tree::Float),
        prop::collection::vec(character(), 0..6).prop_map(|c| Tree::Symbol(c, true)),
        "[-+.?0-9e]{1,4}".prop_map(|s| Tree::Symbol(s.bytes().map(u32::from).collect(), true)),
        prop::collection::vec(character(), 0..6).prop_map(|c| Tree::Symbol(c, false)),
        prop::collection::vec(character(), 0..12).prop_map(Tree::Text),
        prop::collection::vec(any::<u8>(), 0..12).prop_map(Tree::Bytes),
        (prop::collection::vec(any::<u8>(), 4), 0..32usize).prop_map(|(b, n)| Tree::Bools(b, n)),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        let many = || prop::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            (many(), inner.clone()).prop_map(|(v, tail)| Tree::List(v, Box::new(tail))),
            many().prop_map(|v| Tree::List(v, Box::new(Tree::Symbol(b"nil".map(u32::from).to_vec(), true)))),
            many().prop_map(Tree::Vector),
            many().prop_map(Tree::Record),
            many().prop_map(Tree::ByteCode),
            prop::collection::vec((inner.clone(), inner.clone()), 0..5).prop_map(Tree::Table),
            (0..5u8, inner.clone()).prop_map(|(q, v)| Tree::Quote(q, Box::new(v))),
            inner.clone().prop_map(|v| Tree::Twice(Box::new(v))),
        ]
    })
}

struct Maker {
    heap: Heap,
    symbols: Interner,
}

impl Maker {
    fn all(&mut self, trees: &[Tree]) -> Vec<Value> {
        trees.iter().map(|t| self.make(t)).collect()
    }

    fn make(&mut self, tree: &Tree) -> Value {
        let encode = |codes: &[u32]| {
            let mut bytes = Vec::new();
            codes.iter().for_each(|&c| chars::push(&mut bytes, c));
            bytes
        };
        match tree {
            Tree::Integer(n) => self.heap.integer(*n),
            Tree::Big(text) => self.heap.bignum(&text.parse().unwrap()),
            Tree::Float(f) => self.heap.float(*f),
            Tree::Symbol(name, true) => Value::symbol(self.symbols.intern(encode(name))),
            Tree::Symbol(name, false) => Value::symbol(self.symbols.uninterned(encode(name))),
            // Text of raw bytes and ASCII alone reads as bytes; it needs another character to be told apart.
            Tree::Text(codes) => {
                let raw = codes.iter().any(|&c| chars::as_raw_byte(c).is_some());
                let mut codes = codes.clone();
                if raw {
                    codes.push(0xE9);
                }
                self.heap.string(encode(&codes))
            }
            Tree::Bytes(bytes) => self.heap.unibyte(bytes.clone()),
            Tree::Bools(bytes, n) => self.heap.bool_vector(*n, bytes.clone()),
            Tree::List(values, tail) => {
                let (values, tail) = (self.all(values), self.make(tail));
                self.heap.list_with_tail(&values, tail)
            }
            Tree::Vector(values) => {
                let values = self.all(values);
                self.heap.vector(values)
            }
            Tree::Record(values) => {
                let mut slots = vec![sym::vector];
                slots.extend(self.all(values));
                self.heap.slots::<Record>(slots)
            }
            Tree::ByteCode(values) => {
                let values = self.all(values);
                self.heap.slots::<ByteCode>(values)
            }
            Tree::Table(pairs) => {
                let table = self.heap.hash_table(Test::Equal, Weakness::None);
                for (key, value) in pairs {
                    let (key, value) = (self.make(key), self.make(value));
                    self.heap.puthash(table, key, value);
                }
                table
            }
            Tree::Quote(q, value) => {
                let quotes = [sym::quote, sym::function, sym::backquote, sym::comma, sym::comma_at];
                let value = self.make(value);
                self.heap.list(&[quotes[usize::from(*q)], value])
            }
            Tree::Twice(value) => {
                let value = self.make(value);
                self.heap.vector(vec![value, value])
            }
        }
    }
}

/// The text of a value, which says what is shared and where cycles close.
fn text(vm: &Vm, value: Value) -> String {
    let style = Style { labels: Labels::Shared, ..Style::PRIN1 };
    String::from_utf8_lossy(&printer::to_bytes(&vm.heap, &vm.symbols, value, style)).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]
    #[test]
    fn a_dumped_value_is_loaded_as_the_same(tree in tree(), elsewhere in any::<bool>()) {
        let mut vm = Vm::new();
        let (heap, symbols) = (std::mem::take(&mut vm.heap), std::mem::take(&mut vm.symbols));
        let mut maker = Maker { heap, symbols };
        let value = maker.make(&tree);
        (vm.heap, vm.symbols) = (maker.heap, maker.symbols);
        vm.set_global("value", value);
        let shown = text(&vm, value);
        let bytes = vm.dump_to_bytes().unwrap();
        let placement = if elsewhere { Placement::Elsewhere } else { Placement::Preferred };
        let mut back: Vm = image::options().placement(placement).load_bytes(&bytes).unwrap();
        let value = back.global("value");
        prop_assert_eq!(&text(&back, value), &shown);
        prop_assert!(back.dump_to_bytes().unwrap() == bytes);
        // SAFETY: nothing of the machine is used again.
        unsafe { back.release() };
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]
    #[test]
    fn a_printed_value_reads_back_as_the_same(tree in tree()) {
        let mut maker = Maker { heap: Heap::new(), symbols: symbols::interner() };
        let value = maker.make(&tree);
        for labels in [Labels::Cycles, Labels::Shared] {
            let style = Style { labels, ..Style::PRIN1 };
            let text = printer::to_bytes(&maker.heap, &maker.symbols, value, style);
            let shown = String::from_utf8_lossy(&text).into_owned();
            let mut source = Source::file("printed", text);
            let again = source.read(&mut maker.heap, &mut maker.symbols);
            let again = match again {
                Ok(Some(again)) => again,
                other => return Err(TestCaseError::fail(format!("{shown}: {other:?}"))),
            };
            // Without labels each place of an uninterned symbol reads as a symbol of its own.
            if labels == Labels::Shared || !shown.contains("#:") {
                prop_assert!(same_structure(&maker.heap, &maker.symbols, value, again), "{}", shown);
            }
            let rest = source.read(&mut maker.heap, &mut maker.symbols);
            prop_assert!(matches!(rest, Ok(None)), "{} leaves {:?}", shown, rest);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut heap, mut symbols) = (Heap::new(), symbols::interner());
        let mut source = Source::file("noise", bytes);
        while let Ok(Some(_)) = source.read(&mut heap, &mut symbols) {}
    }

    #[test]
    fn any_syntax_is_read_or_refused(text in "[\\]\\[()#.'`,?\\\\\"@&^:=0-9rsxNM{}C a-]{0,60}") {
        let (mut heap, mut symbols) = (Heap::new(), symbols::interner());
        let mut source = Source::file("noise", text.into_bytes());
        while let Ok(Some(form)) = source.read(&mut heap, &mut symbols) {
            let text = printer::prin1(&heap, &symbols, form);
            let mut again = Source::file("printed", text.clone().into_bytes());
            let form_again = again.read(&mut heap, &mut symbols);
            prop_assert!(matches!(form_again, Ok(Some(_))), "{}: {:?}", text, form_again);
        }
    }
}
