//! `weak`: a reference that keeps nothing in the image, and is kept if its target is.

mod shapes;

use std::cell::Cell;
use std::collections::HashMap;
use std::ptr::{NonNull, null_mut};

use neodump_runtime::{DumpError, Dumpable, ImageVec, Interner, LoadOptions, Natives, ObjectType};
use neodump_tests::forge::Forge;
use shapes::{alone, around, carried, dumped, leak, release};

#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[dump(unsafe(word), objects(Node = 0b001), symbol = 0b010, immediate(0b000))]
#[repr(transparent)]
struct Value(u64);

impl Value {
    const NIL: Self = Self(8);
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    number: u64,
    /// Met before what keeps its target, and after it.
    #[dump(weak)]
    other: Cell<*mut Node>,
    #[dump(weak, default = Value::NIL)]
    value: Value,
    #[dump(unsafe(pointer))]
    next: Option<NonNull<Node>>,
    #[dump(weak)]
    last: Option<NonNull<Node>>,
}

#[derive(Dumpable, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Entry {
    key: u32,
    #[dump(weak)]
    node: Option<NonNull<Node>>,
}

#[derive(Dumpable)]
struct All {
    /// Before the nodes that are kept.
    table: ImageVec<Entry>,
    owned: Vec<Entry>,
    by_name: HashMap<String, Entry>,
    #[dump(unsafe(pointer))]
    first: NonNull<Node>,
    #[dump(weak)]
    lonely: Cell<*mut Node>,
}

fn node(number: u64, next: Option<NonNull<Node>>) -> NonNull<Node> {
    let node = Node { number, other: Cell::new(null_mut()), value: Value::NIL, next, last: None };
    NonNull::new(leak(node)).expect("a box is not null")
}

fn of<'a>(node: NonNull<Node>) -> &'a Node {
    // SAFETY: a live object, as long as the test looks.
    unsafe { node.as_ref() }
}

/// Two nodes that are kept, and one that is only referred to weakly.
fn all() -> All {
    let (second, gone) = (node(2, None), node(3, None));
    let first = node(1, Some(second));
    of(first).other.set(second.as_ptr());
    of(second).other.set(gone.as_ptr());
    // SAFETY: nobody else looks at the objects.
    unsafe { (*second.as_ptr()).value = Value(first.as_ptr().addr() as u64 | 1) };
    // SAFETY: as above.
    unsafe { (*first.as_ptr()).value = Value(gone.as_ptr().addr() as u64 | 1) };
    // SAFETY: as above.
    unsafe { (*first.as_ptr()).last = Some(gone) };
    // SAFETY: as above.
    unsafe { (*second.as_ptr()).last = Some(first) };
    let entries = [Some(gone), Some(second), None, Some(first)];
    let entries: Vec<_> = (1..).zip(entries).map(|(key, node)| Entry { key, node }).collect();
    let by_name = entries.iter().map(|entry| (entry.key.to_string(), *entry)).collect();
    let table = entries.clone().into();
    All { table, owned: entries, by_name, first, lonely: Cell::new(gone.as_ptr()) }
}

#[test]
fn what_is_kept_for_another_reason_is_referred_to_and_nothing_else() {
    const { assert!(Entry::RECORD.in_place) };
    carried(all(), |all, report| {
        let first = all.first;
        let second = of(first).next.expect("kept");
        assert_eq!((of(first).number, of(second).number), (1, 2));
        assert_eq!(of(first).other.get(), second.as_ptr());
        assert!(of(second).other.get().is_null(), "the third is not in the image");
        assert_eq!(of(first).value, Value::NIL);
        assert_eq!(of(second).value.0 & !7, first.as_ptr().addr() as u64);
        assert_eq!((of(first).last, of(second).last), (None, Some(first)));
        assert!(all.lonely.get().is_null());
        let expected = [(1, None), (2, Some(second)), (3, None), (4, Some(first))];
        for (key, node) in expected {
            let entry = Entry { key, node };
            let index = key as usize - 1;
            assert_eq!(
                (all.table[index], all.owned[index], all.by_name[&key.to_string()]),
                (entry, entry, entry)
            );
        }
        assert_eq!(report.object_count(), 2);
        assert!(report.hydrated.is_empty(), "weak references are in place");
    });
}

#[test]
fn a_collector_is_not_shown_weak_references() {
    let all = all();
    let mut seen = Vec::new();
    let mut see = |address: *const u8, _: &'static ObjectType| seen.push(address.addr());
    let mut edges = neodump_runtime::heap::Edges::new(&mut see);
    let Ok(()) = Dumpable::walk(&all, &mut edges);
    // SAFETY: nothing has changed.
    unsafe { edges.finish() };
    assert_eq!(seen, [all.first.as_ptr().addr()]);
}

#[test]
fn weak_words_that_are_no_references_are_kept_and_renumbered() {
    #[derive(Dumpable)]
    #[dump(image = "symbols", version = 1)]
    struct Vm {
        words: ImageVec<Weak>,
    }
    #[derive(Dumpable)]
    #[repr(C)]
    struct Weak(#[dump(weak, default = Value::NIL)] Value);
    let mut interner = Interner::new();
    let symbol = interner.intern(b"name");
    let words = vec![Weak(Value(0x1230)), Weak(Value(u64::from(symbol.id()) << 3 | 2))];
    let dumper = neodump_runtime::Dumper::new().interner(&interner);
    let (bytes, _) = dumper.to_bytes(&mut Vm { words: words.into() }).expect("dumps");
    let mut other = Interner::with_names(&["x", "y"]);
    let back: Vm = LoadOptions::new().interner(&mut other).load_bytes(&bytes).expect("loads");
    let symbol = other.intern(b"name");
    assert_eq!([back.words[0].0, back.words[1].0], [Value(0x1230), Value(u64::from(symbol.id()) << 3 | 2)]);
}

#[test]
fn hostile_weak_references_are_refused_by_the_audit() {
    let _alone = alone();
    let bytes = dumped(&mut around(all()), &Natives::new());
    let pristine = Forge::new(&bytes);
    let words = pristine.section("HeapWords");
    for (at, says) in [(words.start + 8, "value[0].node"), (words.start + 24, "value[1].node")] {
        let mut forge = pristine.clone();
        forge.put(at, forge.header().preferred_base() + 4);
        match LoadOptions::new().load_bytes::<shapes::Around<All>>(forge.sealed()).map(release) {
            Err(DumpError::ImageFormat { path, .. }) => assert!(path.contains(says), "{path}"),
            other => panic!("{other:?}"),
        }
    }
}
