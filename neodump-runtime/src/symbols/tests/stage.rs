//! Symbols of an image, loaded into an interner that has some.

use proptest::prelude::*;

use super::{encode, frozen, observed};
use crate::symbols::{Interner, Symbol};

/// An interner with these names, interned or not.
fn interner(names: &[(u8, bool)]) -> Interner {
    let mut interner = Interner::new();
    for &(name, interned) in names {
        let name = [b'a' + name % 12];
        if interned {
            interner.intern(name)
        } else {
            interner.uninterned(name)
        };
    }
    interner
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_committed_stage_keeps_every_name_and_adds_only_what_is_missing(
        image in prop::collection::vec(any::<(u8, bool)>(), 0..30),
        host in prop::collection::vec(any::<(u8, bool)>(), 0..30),
        in_place in any::<bool>(),
    ) {
        let bytes = encode(&interner(&image));
        let table = frozen(&bytes).unwrap();
        let mut host = interner(&host);
        let before = observed(&host);
        let staged = if in_place { host.stage_in_place(&table) } else { host.stage(&table) }.unwrap();
        prop_assert_eq!(observed(&host), before.clone());
        let targets: Vec<Symbol> =
            (0..table.len()).map(|id| staged.remap(Symbol::from_id(id)).unwrap()).collect();
        prop_assert_eq!(staged.remap(Symbol::from_id(table.len())), None);
        prop_assert_eq!(staged.is_identity(), targets.iter().zip(0..).all(|(target, id)| target.id() == id));
        let (added, len) = (staged.added(), host.len());
        host.commit(staged).unwrap();
        let after = observed(&host);
        prop_assert_eq!(&after[..before.len()], &before[..]);
        prop_assert_eq!(host.len(), len + added);
        for (target, (symbol, name)) in targets.iter().zip(table.iter()) {
            prop_assert_eq!(host.name(*target), name);
            prop_assert_eq!(host.is_interned(*target), table.is_interned(symbol));
            prop_assert!(table.is_interned(symbol) || target.id() as usize >= len);
        }
        let mut distinct = targets.clone();
        distinct.sort();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), targets.len());
    }
}

#[test]
fn a_dropped_stage_leaves_the_interner_as_it_was() {
    let bytes = encode(&Interner::with_names(&["nil", "t", "car"]));
    let host = Interner::with_names(&["t"]);
    let before = encode(&host);
    drop(host.stage(&frozen(&bytes).unwrap()).unwrap());
    assert_eq!(encode(&host), before);
}

#[test]
fn a_stage_of_an_interner_that_changed_since_is_refused_and_changes_nothing() {
    let bytes = encode(&Interner::with_names(&["nil", "t", "car"]));
    let table = frozen(&bytes).unwrap();
    let changes: [fn(&mut Interner); 3] = [
        |host| _ = host.intern("new"),
        |host| _ = host.unintern(Symbol::from_id(0)),
        |host| {
            let gone = host.lookup(b"nil").unwrap();
            host.unintern(gone);
        },
    ];
    for change in changes {
        for in_place in [false, true] {
            let mut host = Interner::with_names(&["nil"]);
            let stage =
                |host: &Interner| if in_place { host.stage_in_place(&table) } else { host.stage(&table) };
            let (first, second) = (stage(&host).unwrap(), stage(&host).unwrap());
            let mut other = host.clone();
            change(&mut host);
            let before = encode(&host);
            let error = host.commit(first.clone()).unwrap_err().to_string();
            assert!(error.contains("load again"), "{error}");
            assert_eq!(encode(&host), before);
            other.commit(first).unwrap();
            assert!(other.commit(second).is_err());
        }
    }
}

#[test]
fn a_copied_commit_needs_no_image_and_one_in_place_copies_nothing() {
    let mut host = Interner::with_names(&["nil", "t"]);
    let mut image = host.clone();
    image.intern("car");
    let expected = observed(&image);
    {
        let bytes = encode(&image);
        let staged = host.stage(&frozen(&bytes).unwrap()).unwrap();
        assert!(staged.is_identity());
        host.commit(staged).unwrap();
    }
    assert_eq!(host.frozen_len(), 0);
    assert_eq!(observed(&host), expected);

    let bytes = encode(&image);
    let table = frozen(&bytes).unwrap();
    let mut host = Interner::with_names(&["nil", "t"]);
    let staged = host.stage_in_place(&table).unwrap();
    assert!(staged.is_identity());
    host.commit(staged).unwrap();
    assert_eq!(host.frozen_len(), 3);
    assert_eq!(observed(&host), expected);
}

#[test]
fn symbols_of_another_order_are_remapped_by_name() {
    let bytes = encode(&Interner::with_names(&["nil", "t", "car", "cdr"]));
    let mut host = Interner::with_names(&["t", "nil", "own", "cdr"]);
    let staged = host.stage_in_place(&frozen(&bytes).unwrap()).unwrap();
    assert!(!staged.is_identity());
    let ids: Vec<u32> = (0..4).filter_map(|id| staged.remap(Symbol::from_id(id))).map(Symbol::id).collect();
    assert_eq!(ids, [1, 0, 4, 3]);
    host.commit(staged).unwrap();
    assert_eq!(host.name(Symbol::from_id(4)), b"car");
    assert_eq!(host.len(), 5);
}
