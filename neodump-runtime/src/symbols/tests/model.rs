//! The interner against a model that is slow and plain.

use std::collections::HashMap;

use proptest::prelude::*;

use super::{encode, observed, reload};
use crate::symbols::{Interner, Symbol};

/// A vector of names and a map of the interned ones.
#[derive(Clone, Default)]
struct Model {
    names: Vec<Vec<u8>>,
    interned: HashMap<Vec<u8>, u32>,
}

impl Model {
    fn intern(&mut self, name: &[u8]) -> u32 {
        if let Some(&id) = self.interned.get(name) {
            return id;
        }
        let id = self.uninterned(name);
        self.interned.insert(name.to_vec(), id);
        id
    }

    fn uninterned(&mut self, name: &[u8]) -> u32 {
        self.names.push(name.to_vec());
        self.names.len() as u32 - 1
    }

    fn unintern(&mut self, id: u32) -> bool {
        let Some(name) = self.names.get(id as usize) else { return false };
        let found = self.interned.get(name) == Some(&id);
        if found {
            self.interned.remove(name);
        }
        found
    }

    fn observed(&self) -> Vec<(Vec<u8>, bool)> {
        let interned = |id: usize, name: &Vec<u8>| self.interned.get(name) == Some(&(id as u32));
        self.names.iter().enumerate().map(|(id, name)| (name.clone(), interned(id, name))).collect()
    }
}

#[derive(Clone, Debug)]
enum Op {
    Intern(Vec<u8>),
    Uninterned(Vec<u8>),
    Unintern(u32),
    Lookup(Vec<u8>),
    /// Encode, and go on with an interner over those bytes.
    Reload,
    Clone,
}

/// Few different names, so that they meet; any bytes, none, and zeros.
fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(vec![0u8, b'a', 0xff]), 0..3),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => name().prop_map(Op::Intern),
        2 => name().prop_map(Op::Uninterned),
        2 => (0u32..40).prop_map(Op::Unintern),
        2 => name().prop_map(Op::Lookup),
        1 => Just(Op::Reload),
        1 => Just(Op::Clone),
    ]
}

fn apply(interner: &mut Interner, model: &mut Model, op: &Op) {
    match op {
        Op::Intern(name) => assert_eq!(interner.intern(name).id(), model.intern(name)),
        Op::Uninterned(name) => assert_eq!(interner.uninterned(name).id(), model.uninterned(name)),
        Op::Unintern(id) => {
            assert_eq!(interner.unintern(Symbol::from_id(*id)), model.unintern(*id));
        }
        Op::Lookup(name) => {
            assert_eq!(interner.lookup(name).map(Symbol::id), model.interned.get(name).copied());
        }
        Op::Reload => *interner = reload(interner),
        Op::Clone => *interner = interner.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn an_interner_agrees_with_a_map_in_whatever_layers_its_symbols_are(
        ops in prop::collection::vec(op(), 0..60),
    ) {
        let (mut interner, mut model) = (Interner::new(), Model::default());
        for op in &ops {
            apply(&mut interner, &mut model, op);
        }
        prop_assert_eq!(observed(&interner), model.observed());
        prop_assert_eq!(interner.len(), model.names.len());
        for (name, &id) in &model.interned {
            prop_assert_eq!(interner.lookup(name), Some(Symbol::from_id(id)));
        }
        let listed: Vec<_> = interner.iter().map(|(symbol, name)| (symbol.id(), name.to_vec())).collect();
        let expected: Vec<_> = model.names.iter().cloned().zip(0..).map(|(name, id)| (id, name)).collect();
        prop_assert_eq!(listed, expected);
    }

    #[test]
    fn equal_symbols_encode_to_equal_bytes_whatever_their_history(
        ops in prop::collection::vec(op(), 0..60),
    ) {
        let (mut split, mut model) = (Interner::new(), Model::default());
        let (mut live, mut same) = (Interner::new(), Model::default());
        for op in &ops {
            apply(&mut split, &mut model, op);
            if !matches!(op, Op::Reload | Op::Clone) {
                apply(&mut live, &mut same, op);
            }
        }
        let bytes = encode(&live);
        prop_assert_eq!(&encode(&split), &bytes);
        prop_assert_eq!(&encode(&reload(&live)), &bytes);
        let mut anew = Interner::new();
        for (name, interned) in observed(&live) {
            if interned { anew.intern(name) } else { anew.uninterned(name) };
        }
        prop_assert_eq!(&encode(&anew), &bytes);
    }

    #[test]
    fn a_clone_and_its_original_do_not_see_each_others_changes(
        before in prop::collection::vec(op(), 0..30),
        after in prop::collection::vec(op(), 0..30),
    ) {
        let (mut interner, mut model) = (Interner::new(), Model::default());
        for op in &before {
            apply(&mut interner, &mut model, op);
        }
        let copy = interner.clone();
        let expected = observed(&copy);
        for op in &after {
            apply(&mut interner, &mut model, op);
        }
        prop_assert_eq!(observed(&copy), expected);
        prop_assert_eq!(observed(&interner), model.observed());
    }
}

#[test]
fn listed_names_have_the_ids_of_the_list() {
    let interner = Interner::with_names(&["nil", "t", ""]);
    assert_eq!(interner.lookup(b"nil"), Some(Symbol::from_id(0)));
    assert_eq!(interner.lookup(b"t"), Some(Symbol::from_id(1)));
    assert_eq!(interner.lookup(b""), Some(Symbol::from_id(2)));
    assert_eq!(interner.lookup(b"nile"), None);
}

#[test]
#[should_panic(expected = "symbol name \"nil\" is listed twice")]
fn a_name_that_is_listed_twice_is_refused() {
    Interner::with_names(&["nil", "t", "nil"]);
}

#[test]
#[should_panic(expected = "symbol 7 is of another interner: this one has 2 symbols")]
fn asking_for_the_name_of_a_foreign_symbol_says_so() {
    Interner::with_names(&["nil", "t"]).name(Symbol::from_id(7));
}

#[test]
fn a_name_is_stored_once_however_many_symbols_have_it() {
    let name = [b'x'; 1000];
    let mut interner = Interner::new();
    for _ in 0..10 {
        interner.uninterned(name);
    }
    let interned = interner.intern(name);
    assert!(interner.unintern(interned));
    interner.intern(name);
    assert!(encode(&interner).len() < 2 * name.len());
    let mut again = reload(&interner);
    let start = again.name(Symbol::from_id(0)).as_ptr();
    let shared = again.uninterned(name);
    assert_eq!(again.name(shared).as_ptr(), start);
}

#[test]
fn many_symbols_are_found_in_both_layers() {
    let mut interner = Interner::new();
    let names: Vec<String> = (0..20_000).map(|n| format!("symbol-{n}")).collect();
    let (frozen, live) = names.split_at(12_000);
    let ids: Vec<Symbol> = frozen.iter().map(|name| interner.intern(name)).collect();
    let mut interner = reload(&interner);
    assert_eq!(interner.frozen_len(), 12_000);
    for (name, id) in frozen.iter().zip(&ids) {
        assert_eq!(interner.intern(name), *id);
    }
    for name in live {
        interner.intern(name);
    }
    assert!(
        names.iter().zip(0..).all(|(name, id)| interner.lookup(name.as_bytes()) == Some(Symbol::from_id(id)))
    );
    reload(&interner);
}
