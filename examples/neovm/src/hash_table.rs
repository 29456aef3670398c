//! Hash tables: maps that live in the image, one type of keys a test.

use crate::equal::{self, Patience};
use crate::heap::Heap;
use crate::living::Living;
use crate::object::{Entry, HashTable, Test};
use crate::rt::{Dumpable, ImageHasher, ImageKey, ImageMap};
use crate::value::Value;

/// A key that is the same as another by `eql`.
#[derive(Dumpable, Clone, Copy)]
#[dump(transparent)]
#[repr(transparent)]
pub(crate) struct EqlKey(Value);

/// A key that is the same as another by `equal`.
#[derive(Dumpable, Clone, Copy)]
#[dump(transparent)]
#[repr(transparent)]
pub(crate) struct EqualKey(Value);

/// The entries of a table, by how its keys are compared.
///
/// Keys are made, hashed and compared by the functions of this file only, while the heap is borrowed, or by a load: that
/// is what lets them look at objects.
#[derive(Dumpable)]
#[repr(u8)]
pub(crate) enum Map {
    /// By [`Test::Eq`].
    Eq(ImageMap<Value, Value>),
    /// By [`Test::Eql`].
    Eql(ImageMap<EqlKey, Value>),
    /// By [`Test::Equal`].
    Equal(ImageMap<EqualKey, Value>),
}

impl ImageKey for EqlKey {
    const VERSION: u32 = 1;
    fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
        // SAFETY: a key is hashed while its heap is borrowed, or loaded (see `Map`).
        equal::hash_eql(unsafe { Living::assumed() }, self.0, hasher);
    }
    fn same_key(&self, other: &Self) -> bool {
        // SAFETY: as above.
        equal::eql_living(unsafe { Living::assumed() }, self.0, other.0)
    }
}

impl ImageKey for EqualKey {
    const VERSION: u32 = 1;
    fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
        // SAFETY: a key is hashed while its heap is borrowed, or loaded (see `Map`).
        equal::hash_equal(unsafe { Living::assumed() }, self.0, hasher);
    }
    fn same_key(&self, other: &Self) -> bool {
        // SAFETY: as above.
        equal::equal_living(unsafe { Living::assumed() }, Patience::KEYS, self.0, other.0)
    }
}

impl From<EqlKey> for Value {
    fn from(key: EqlKey) -> Value {
        key.0
    }
}

impl From<EqualKey> for Value {
    fn from(key: EqualKey) -> Value {
        key.0
    }
}

/// Runs an expression with a name for the map of whatever test.
macro_rules! with_map {
    ($of:expr, $map:ident, $key:ident => $body:expr) => {
        match $of {
            Map::Eq($map) => {
                let $key = |key: Value| key;
                $body
            }
            Map::Eql($map) => {
                let $key = EqlKey;
                $body
            }
            Map::Equal($map) => {
                let $key = EqualKey;
                $body
            }
        }
    };
}

impl Map {
    /// No entries.
    pub(crate) fn new(test: Test) -> Map {
        match test {
            Test::Eq => Map::Eq(ImageMap::new()),
            Test::Eql => Map::Eql(ImageMap::new()),
            Test::Equal => Map::Equal(ImageMap::new()),
        }
    }
}

/// An entry, whatever compares its key.
fn entry<K: Copy + Into<Value>>((key, value): (&K, &Value)) -> Entry {
    Entry { key: (*key).into(), value: *value }
}

impl HashTable {
    /// How keys are compared.
    pub fn test(&self) -> Test {
        match self.map {
            Map::Eq(_) => Test::Eq,
            Map::Eql(_) => Test::Eql,
            Map::Equal(_) => Test::Equal,
        }
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        with_map!(&self.map, map, _key => map.len())
    }

    /// The entries in the order they were put in.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let (eq, eql, equal) = match &self.map {
            Map::Eq(map) => (Some(map.iter()), None, None),
            Map::Eql(map) => (None, Some(map.iter()), None),
            Map::Equal(map) => (None, None, Some(map.iter())),
        };
        let (eq, eql) = (eq.into_iter().flatten().map(entry), eql.into_iter().flatten().map(entry));
        eq.chain(eql).chain(equal.into_iter().flatten().map(entry))
    }

    /// Bytes that the entries take outside of an image.
    pub(crate) fn owned_bytes(&self) -> usize {
        with_map!(&self.map, map, _key => map.owned_bytes())
    }
}

impl Heap {
    /// The value of a key in a hash table.
    pub fn gethash(&self, table: Value, key: Value) -> Option<Value> {
        with_map!(&self.get::<HashTable>(table)?.map, map, as_key => map.get(&as_key(key)).copied())
    }

    /// Takes the map out of a table for as long as `change` runs: it may look at any object meanwhile, the table
    /// among them.
    fn change_map<R>(&mut self, table: Value, change: impl FnOnce(&Heap, &mut Map) -> R) -> Option<R> {
        let empty = Map::new(self.get::<HashTable>(table)?.test());
        let mut map = std::mem::replace(&mut self.get_mut::<HashTable>(table)?.map, empty);
        let result = change(self, &mut map);
        self.get_mut::<HashTable>(table)?.map = map;
        Some(result)
    }

    /// Sets the value of a key in a hash table. Does nothing when `table` is none.
    pub fn puthash(&mut self, table: Value, key: Value, value: Value) {
        let inserted = self.change_map(
            table,
            |_, map| with_map!(map, map, as_key => map.insert(as_key(key), value).is_none()),
        );
        if inserted == Some(true) {
            self.fresh += size_of::<Entry>();
        }
    }

    /// Removes a key from a hash table.
    pub fn remhash(&mut self, table: Value, key: Value) {
        if self.gethash(table, key).is_some() {
            self.change_map(table, |_, map| {
                with_map!(map, map, as_key => map.remove(&as_key(key)));
            });
        }
    }

    /// Keeps the entries of a hash table for which `keep` says so. A table of which none goes is not written.
    #[allow(clippy::useless_conversion, reason = "the keys of one kind of table are values as they are")]
    pub(crate) fn retain_entries(&mut self, table: Value, keep: impl Fn(&Heap, Entry) -> bool) {
        let Some(known) = self.get::<HashTable>(table) else { return };
        if known.entries().all(|entry| keep(self, entry)) {
            return;
        }
        self.change_map(table, |heap, map| {
            with_map!(map, map, _key => map.retain(|key, value| keep(heap, entry((key, value)))));
        });
    }

    /// Removes all keys from a hash table.
    pub fn clrhash(&mut self, table: Value) {
        if let Some(t) = self.get_mut::<HashTable>(table) {
            t.map = Map::new(t.test());
        }
    }

    /// The keys and values of a hash table, in the order they were put in.
    pub fn hash_entries(&self, table: Value) -> Vec<Entry> {
        self.get::<HashTable>(table).map_or_else(Vec::new, |table| table.entries().collect())
    }

    /// Replaces all entries of a hash table.
    pub(crate) fn set_hash_entries(&mut self, table: Value, entries: Vec<Entry>) {
        self.clrhash(table);
        for Entry { key, value } in entries {
            self.puthash(table, key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Weakness;

    #[test]
    fn a_table_behaves_like_a_map_that_keeps_its_order() {
        let mut heap = Heap::new();
        let table = heap.hash_table(Test::Equal, Weakness::None);
        for i in 0..1000usize {
            let key = heap.string(format!("key {}", i % 300));
            heap.puthash(table, key, Value::int(i));
        }
        for i in (0..300usize).step_by(3) {
            let key = heap.string(format!("key {i}"));
            heap.remhash(table, key);
        }
        for i in 0..300usize {
            let key = heap.string(format!("key {i}"));
            let newest = if i < 100 { i + 900 } else { i + 600 };
            assert_eq!(heap.gethash(table, key), (i % 3 != 0).then(|| Value::int(newest)));
        }
        let keys: Vec<_> =
            heap.hash_entries(table).iter().map(|e| heap.as_bytes(e.key).unwrap().to_vec()).collect();
        let wanted: Vec<_> =
            (0..300).filter(|i| i % 3 != 0).map(|i| format!("key {i}").into_bytes()).collect();
        assert_eq!(keys, wanted);
    }

    #[test]
    fn a_table_may_be_a_key_and_a_part_of_a_key_of_its_own() {
        let mut heap = Heap::new();
        let table = heap.hash_table(Test::Equal, Weakness::None);
        let list = heap.list(&[table, Value::T]);
        heap.puthash(table, table, Value::T);
        heap.puthash(table, list, Value::NIL);
        let same = heap.list(&[table, Value::T]);
        assert_eq!(
            (heap.gethash(table, table), heap.gethash(table, same)),
            (Some(Value::T), Some(Value::NIL))
        );
    }
}
