//! `identity_key`: no entry of a map gets lost because two keys look alike.

mod shapes;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::ptr::NonNull;

use neodump_runtime::{DumpError, Dumpable, LoadOptions, Natives};
use shapes::{alone, around, carried, dumped, leak, release};

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Float {
    bits: u64,
}

/// Compared by identity.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[dump(unsafe(word), objects(Float = 0b001), immediate(0b000))]
#[repr(transparent)]
struct Value(u64);

fn float(bits: u64) -> Value {
    Value(leak(Float { bits }).addr() as u64 | 1)
}

#[derive(Dumpable)]
struct Tables {
    /// What keeps the keys in an order of their own.
    keys: Vec<Value>,
    #[dump(identity_key)]
    faces: HashMap<Value, u32>,
    #[dump(identity_key)]
    #[dump(unsafe(pointer))]
    seen: HashSet<NonNull<Float>>,
    #[dump(identity_key)]
    sorted: BTreeMap<Value, String>,
}

fn pointer(value: Value) -> NonNull<Float> {
    NonNull::new(std::ptr::with_exposed_provenance_mut((value.0 & !7) as usize)).expect("an object")
}

#[test]
fn keys_that_look_alike_are_found_again_by_what_they_are() {
    let keys = vec![float(1), Value(16), float(1), float(2)];
    let faces = keys.iter().copied().zip(0..).collect();
    let seen = [keys[0], keys[2]].map(pointer).into();
    let sorted = keys.iter().map(|key| (*key, format!("{}", key.0 & 1))).collect();
    carried(Tables { keys, faces, seen, sorted }, |tables, _| {
        for (key, number) in tables.keys.iter().zip(0..) {
            assert_eq!(tables.faces[key], number);
            assert_eq!(tables.sorted[key], if number == 1 { "0" } else { "1" });
        }
        assert_eq!((tables.faces.len(), tables.sorted.len()), (4, 4));
        assert!(
            tables.seen.contains(&pointer(tables.keys[2])) && !tables.seen.contains(&pointer(tables.keys[3]))
        );
    });
}

/// Compared by what the objects hold, as NeoVM's values are, and hashed so that all meet.
#[derive(Dumpable, Clone, Copy, Debug)]
#[dump(unsafe(word), objects(Float = 0b001), immediate(0b000))]
#[repr(transparent)]
struct Alike(u64);

impl PartialEq for Alike {
    fn eq(&self, other: &Self) -> bool {
        // SAFETY: live objects.
        let bits = |value: &Self| unsafe { pointer(Value(value.0)).as_ref() }.bits;
        IDENTITY.get() && self.0 == other.0 || !IDENTITY.get() && bits(self) == bits(other)
    }
}

impl Eq for Alike {}

impl Hash for Alike {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

thread_local! {
    /// Whether two values are equal only if they are the same: how the map was made.
    static IDENTITY: std::cell::Cell<bool> = const { std::cell::Cell::new(true) };
}

#[derive(Dumpable)]
struct Merged {
    keys: Vec<Alike>,
    #[dump(identity_key)]
    map: HashMap<Alike, u32, BuildHasherDefault<std::collections::hash_map::DefaultHasher>>,
}

#[test]
fn keys_that_are_equal_at_load_refuse_it_instead_of_losing_an_entry() {
    let _alone = alone();
    let keys: Vec<_> = [5, 6, 5].map(|bits| Alike(float(bits).0)).into();
    let map: HashMap<_, _, _> = keys.iter().copied().zip(0..).collect();
    assert_eq!(map.len(), 3);
    let bytes = dumped(&mut around(Merged { keys, map }), &Natives::new());
    IDENTITY.set(false);
    match LoadOptions::new().load_bytes::<shapes::Around<Merged>>(&bytes).map(release) {
        Err(DumpError::Deserialization { problem, .. }) => {
            assert!(problem.starts_with("key number 2 of a map is equal to one before it"), "{problem}");
        }
        other => panic!("{other:?}"),
    }
    IDENTITY.set(true);
    release(LoadOptions::new().load_bytes::<shapes::Around<Merged>>(&bytes).expect("loads"));
}
