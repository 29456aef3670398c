//! What a process has done to a map since it was loaded: entries inserted, and entries of the image removed.

use hashbrown::HashTable;

use super::Entry;

/// The live layer of a map, on the Rust heap.
pub(super) struct Live<K, V> {
    /// One bit an entry of the image, set where it is removed; empty while none is.
    removed_bits: Vec<u64>,
    removed: usize,
    /// In the order in which they were inserted.
    slots: Vec<Slot<K, V>>,
    /// Positions among the slots, by hash.
    table: HashTable<usize>,
}

/// Room for one entry that was inserted.
pub(super) struct Slot<K, V> {
    hash: u64,
    /// `None` where it was removed.
    pub(super) entry: Option<Entry<K, V>>,
}

impl<K, V> Default for Live<K, V> {
    fn default() -> Self {
        Self { removed_bits: Vec::new(), removed: 0, slots: Vec::new(), table: HashTable::new() }
    }
}

/// Gaps are closed when there are more slots than this and most of them are gaps.
const FEW: usize = 16;

impl<K, V> Live<K, V> {
    /// The number of entries that were inserted.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// The number of the image's entries that were removed.
    pub(super) fn removed(&self) -> usize {
        self.removed
    }

    /// Bytes on the Rust heap.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.removed_bits.capacity() * size_of::<u64>()
            + self.slots.capacity() * size_of::<Slot<K, V>>()
            + self.table.allocation_size()
    }

    /// Whether an entry of the image was removed.
    #[inline]
    pub(super) fn is_removed(&self, at: usize) -> bool {
        is_set(&self.removed_bits, at)
    }

    /// Notes that one of the `len` entries of the image, which is there, is removed.
    pub(super) fn remove_frozen(&mut self, at: usize, len: usize) {
        if self.removed_bits.is_empty() {
            self.removed_bits.resize(len.div_ceil(64), 0);
        }
        self.removed_bits[at / 64] |= 1 << (at % 64);
        self.removed += 1;
    }

    /// The position of a key.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut same: impl FnMut(&K) -> bool) -> Option<usize> {
        let slots = &self.slots;
        let is_it = |&at: &usize| {
            slots[at].hash == hash && slots[at].entry.as_ref().is_some_and(|entry| same(&entry.key))
        };
        self.table.find(hash, is_it).copied()
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&Entry<K, V>> {
        self.slots.get(at)?.entry.as_ref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Entry<K, V>> {
        self.slots.get_mut(at)?.entry.as_mut()
    }

    /// Appends an entry whose key is not there; gives its position.
    pub(super) fn push(&mut self, hash: u64, entry: Entry<K, V>) -> usize {
        if self.slots.len() > FEW && self.slots.len() > 2 * self.table.len() {
            self.slots.retain(|slot| slot.entry.is_some());
            self.build_table();
        }
        let at = self.slots.len();
        self.slots.push(Slot { hash, entry: Some(entry) });
        self.table.insert_unique(hash, at, |&at| self.slots[at].hash);
        at
    }

    /// Takes the entry at a position.
    pub(super) fn take(&mut self, at: usize) -> Option<Entry<K, V>> {
        let slot = self.slots.get_mut(at)?;
        if let Ok(found) = self.table.find_entry(slot.hash, |&found| found == at) {
            found.remove();
        }
        slot.entry.take()
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for at in 0..self.slots.len() {
            if let Some(entry) = &mut self.slots[at].entry
                && !keep(&entry.key, &mut entry.value)
            {
                drop(self.take(at));
            }
        }
    }

    /// Changes keys, then gives each its hash.
    pub(super) fn update_keys(&mut self, mut update: impl FnMut(&mut K), hash: impl Fn(&K) -> u64) {
        for slot in &mut self.slots {
            if let Some(entry) = &mut slot.entry {
                update(&mut entry.key);
                slot.hash = hash(&entry.key);
            }
        }
        self.build_table();
    }

    fn build_table(&mut self) {
        self.table.clear();
        for (at, slot) in self.slots.iter().enumerate().filter(|(_, slot)| slot.entry.is_some()) {
            self.table.insert_unique(slot.hash, at, |&at| self.slots[at].hash);
        }
    }

    /// The slots in the order in which they were filled.
    pub(super) fn slots(&self) -> &[Slot<K, V>] {
        &self.slots
    }

    /// Which entries of the image are removed, and the slots, to be changed.
    pub(super) fn slots_mut(&mut self) -> (&[u64], &mut [Slot<K, V>]) {
        (&self.removed_bits, &mut self.slots)
    }

    /// Takes the slots out: nothing is inserted any more.
    pub(super) fn take_slots(&mut self) -> Vec<Slot<K, V>> {
        self.table.clear();
        std::mem::take(&mut self.slots)
    }
}

/// Whether bit `at` is set; bits that are not there are not.
#[inline]
pub(super) fn is_set(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64).is_some_and(|word| word & 1 << (at % 64) != 0)
}
