//! A table that keeps its entries in the order in which they were put in.

use crate::rt::{Dumpable, ImageVec};

/// One entry of a [`Table`].
#[derive(Dumpable, Clone, Debug)]
#[repr(C)]
pub struct Entry<K, V> {
    /// What it is asked for by.
    pub key: K,
    /// What it is.
    pub value: V,
}

/// A table in place, for some hundred entries: it is searched from the first to the last.
///
/// The order is part of the state. What a program sees (the list of faces, the order of aliases) follows it, and so do
/// the bytes of an image, which no hash decides.
#[derive(Dumpable, Clone, Debug)]
#[repr(C)]
pub struct Table<K, V> {
    entries: ImageVec<Entry<K, V>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { entries: ImageVec::new() }
    }
}

impl<K: Clone + PartialEq, V: Clone> Table<K, V> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.entries.iter().map(|entry| (&entry.key, &entry.value))
    }

    /// The value of a key.
    pub fn get<Q: ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: PartialEq<Q>,
    {
        self.entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.value)
    }

    /// The value of a key, to write. Only a table that has the key is copied out of its image.
    pub fn get_mut<Q: ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: PartialEq<Q>,
    {
        let at = self.entries.iter().position(|entry| entry.key == *key)?;
        self.entries.get_mut(at).map(|entry| &mut entry.value)
    }

    /// Gives a key a value. A key that is new comes last; another keeps its place.
    pub fn insert(&mut self, key: K, value: V) {
        match self.get_mut(&key) {
            Some(old) => *old = value,
            None => self.entries.push(Entry { key, value }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_place_when_its_value_changes() {
        let mut table = Table::default();
        for (key, value) in [(3, 'a'), (1, 'b'), (2, 'c'), (1, 'd')] {
            table.insert(key, value);
        }
        assert_eq!(table.iter().collect::<Vec<_>>(), [(&3, &'a'), (&1, &'d'), (&2, &'c')]);
        assert_eq!((table.get(&1), table.get(&9), table.len()), (Some(&'d'), None, 3));
    }
}
