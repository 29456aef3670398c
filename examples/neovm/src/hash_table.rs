//! Hash tables: lookup by an index over the entries, which keep the order they were put in.

use crate::equal;
use crate::heap::Heap;
use crate::object::{Entry, HashTable, Test};
use crate::value::Value;

/// Where the entries of a table are, by hash. It depends on addresses, so it is never dumped: a loaded table makes
/// it anew when first asked.
pub struct Index {
    /// Entry number plus one, or zero; open addressing, a power of two.
    buckets: Vec<u32>,
    /// The hash of each entry, removed ones among them.
    hashes: Vec<u64>,
}

impl Index {
    fn insert(&mut self, hash: u64, entry: usize) {
        let mask = self.buckets.len() - 1;
        let mut at = hash as usize & mask;
        while self.buckets[at] != 0 {
            at = (at + 1) & mask;
        }
        self.buckets[at] = entry as u32 + 1;
        self.hashes.push(hash);
    }
}

impl Heap {
    fn hash(&self, test: Test, key: Value) -> u64 {
        match test {
            Test::Eq => equal::hash_eq(key),
            Test::Eql => equal::hash_eql(self, key),
            Test::Equal => equal::hash_equal(self, key),
        }
    }

    fn build_index(&self, table: &HashTable, capacity: usize) -> Box<Index> {
        let buckets = vec![0; (capacity * 2).next_power_of_two().max(8)];
        let mut index = Box::new(Index { buckets, hashes: Vec::with_capacity(capacity) });
        for (at, entry) in table.entries.iter().enumerate() {
            index.insert(self.hash(table.test, entry.key), at);
        }
        index
    }

    /// The entry of a key, or the key's hash when there is none.
    fn find(&self, table: &HashTable, key: Value) -> Result<usize, u64> {
        if table.index.get().is_null() {
            table.index.set(Box::into_raw(self.build_index(table, table.entries.len())));
        }
        let hash = self.hash(table.test, key);
        // SAFETY: a pointer in `index` is a living `Index` of this table, and it is replaced only while the heap is
        // borrowed exclusively.
        let index = unsafe { &*table.index.get() };
        let mask = index.buckets.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let entry = match index.buckets[at] {
                0 => return Err(hash),
                n => n as usize - 1,
            };
            let other = table.entries[entry].key;
            let same = |other| match table.test {
                Test::Eq => other == key,
                Test::Eql => equal::eql(self, other, key),
                Test::Equal => equal::equal(self, other, key),
            };
            if index.hashes[entry] == hash && other != Value::UNBOUND && same(other) {
                return Ok(entry);
            }
            at = (at + 1) & mask;
        }
    }

    /// The value of a key in a hash table.
    pub fn gethash(&self, table: Value, key: Value) -> Option<Value> {
        let table = self.get::<HashTable>(table)?;
        Some(table.entries[self.find(table, key).ok()?].value)
    }

    /// Sets the value of a key in a hash table. Does nothing when `table` is none.
    pub fn puthash(&mut self, table: Value, key: Value, value: Value) {
        let Some(t) = self.get::<HashTable>(table) else { return };
        let hash = match self.find(t, key) {
            Ok(at) => {
                if let Some(t) = self.get_mut::<HashTable>(table) {
                    t.entries[at].value = value;
                }
                return;
            }
            Err(hash) => hash,
        };
        let full = t.entries.len();
        // SAFETY: `find` left a living index of this table.
        let roomy = unsafe { &*t.index.get() }.buckets.len() > (full + 1) * 3 / 2;
        let Some(t) = self.get_mut::<HashTable>(table) else { return };
        t.count += 1;
        if roomy {
            t.entries.push(Entry { key, value });
            // SAFETY: `find` left a living index of this table, which is borrowed exclusively.
            unsafe { &mut *t.index.get() }.insert(hash, full);
        } else {
            t.entries.with_vec(|entries| entries.retain(|e| e.key != Value::UNBOUND));
            t.entries.push(Entry { key, value });
            let Some(t) = self.get::<HashTable>(table) else { return };
            let index = self.build_index(t, t.entries.len() * 2);
            replace_index(t, Some(index));
        }
        self.fresh += size_of::<Entry>();
    }

    /// Removes a key from a hash table.
    pub fn remhash(&mut self, table: Value, key: Value) {
        if let Some(Ok(at)) = self.get::<HashTable>(table).map(|t| self.find(t, key)) {
            self.remove_entry(table, at);
        }
    }

    /// Removes the entry at this place, which stays as a gap until the table grows.
    pub(crate) fn remove_entry(&mut self, table: Value, at: usize) {
        if let Some(t) = self.get_mut::<HashTable>(table) {
            t.entries[at] = Entry { key: Value::UNBOUND, value: Value::NIL };
            t.count -= 1;
        }
    }

    /// Removes all keys from a hash table.
    pub fn clrhash(&mut self, table: Value) {
        if let Some(t) = self.get_mut::<HashTable>(table) {
            t.entries = Default::default();
            t.count = 0;
            replace_index(t, None);
        }
    }

    /// The keys and values of a hash table, in the order they were put in.
    pub fn hash_entries(&self, table: Value) -> Vec<Entry> {
        let entries = self.get::<HashTable>(table).map_or(&[][..], |t| &t.entries);
        entries.iter().copied().filter(|e| e.key != Value::UNBOUND).collect()
    }

    /// Replaces entries of a hash table in their places, after which the index is made anew.
    pub(crate) fn set_hash_entries(&mut self, table: Value, entries: Vec<Entry>) {
        if let Some(t) = self.get_mut::<HashTable>(table) {
            t.count = entries.len() as u64;
            t.entries = entries.into();
            replace_index(t, None);
        }
    }
}

fn replace_index(table: &HashTable, index: Option<Box<Index>>) {
    let new = index.map_or(std::ptr::null_mut(), Box::into_raw);
    let old = table.index.replace(new);
    if !old.is_null() {
        // SAFETY: a pointer in `index` came from `Box::into_raw` and was just given up.
        drop(unsafe { Box::from_raw(old) });
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
}
