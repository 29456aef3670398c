//! A map that lives in the image: frozen entries with their index, and live ones over them.

mod index;
mod iter;
mod live;
mod stored;

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::{ImageHasher, ImageKey};
use index::Index;
pub use iter::{IntoIter, Iter, IterMut};
use live::Live;

/// A map that is in place: after a load its entries and their index are read where they lie in the image, so
/// that nothing is rehashed and no page is written, however many entries there are.
///
/// Entries keep the order in which they were inserted, as [`iter`](Self::iter) shows and a dump stores them.
/// Inserting a key that is there changes its value and leaves it in its place; a key that was removed and is
/// inserted again goes to the end.
///
/// ```
/// use neodump_runtime::ImageMap;
///
/// let mut widths: ImageMap<u32, u8> = [(9, 8), (65, 1)].into_iter().collect();
/// widths.insert(0x4e00, 2);
/// assert_eq!(widths.insert(9, 4), Some(8));
/// assert_eq!(widths.remove(&65), Some(1));
/// let order: Vec<_> = widths.iter().map(|(key, width)| (*key, *width)).collect();
/// assert_eq!(order, [(9, 4), (0x4e00, 2)]);
/// ```
///
/// Keys and values are in place too; keys are [`ImageKey`]s. The entries of an image lie in the `rw` segment:
/// a value changes where it is, through [`get_mut`](Self::get_mut) or a `Cell`, and the kernel copies its page.
/// What is inserted, and which entries of the image are removed, is kept outside of it: then the map itself is
/// written once.
///
/// # For collectors
///
/// The generated walker visits every key and value, so that the map holds its entries strongly. For a weak table,
/// walk the other fields, and drop dead entries with [`retain`](Self::retain). Of an image's entries it writes
/// nothing but one bit outside of the image for each that it drops. Those entries refer to objects of the image,
/// which never die, unless their values were changed; [`retain_inserted`](Self::retain_inserted) looks at those
/// only that were inserted since the load.
///
/// Hashes of object keys rest on addresses. Objects of the image stay where they are; a collector that moves
/// others updates the keys with [`update_keys`](Self::update_keys).
///
/// # Colliding keys
///
/// Equal images need equal indexes, so hashes have no secret: whoever chooses the keys of a map can make them
/// collide, and look-ups slow. Do not key a map by what strangers send.
#[repr(C)]
pub struct ImageMap<K, V> {
    /// The first of the image's entries; dangling where there are none.
    entries: NonNull<Entry<K, V>>,
    /// The number of the image's entries, at most [`Index::MOST`].
    len: usize,
    /// Their index: [`Index::words`] numbers; dangling where there are no entries.
    index: NonNull<u32>,
    /// The address of the HeapImage section, from which keys that are objects are hashed; 0 without entries.
    origin: u64,
    /// What the process has inserted and removed; `None` in an image.
    live: Option<Box<Live<K, V>>>,
    owns: PhantomData<Entry<K, V>>,
}

/// A key and its value.
#[derive(Clone)]
#[repr(C)]
struct Entry<K, V> {
    key: K,
    value: V,
}

/// Where an entry is.
#[derive(Clone, Copy)]
enum Place {
    /// Among the image's entries, not removed.
    Frozen(usize),
    /// Among the live ones.
    Live(usize),
}

// SAFETY: a map owns its entries or is their only user, as a `Vec` is; nothing writes to the index.
unsafe impl<K: Send, V: Send> Send for ImageMap<K, V> {}
// SAFETY: as above; look-ups change nothing.
unsafe impl<K: Sync, V: Sync> Sync for ImageMap<K, V> {}

impl<K, V> ImageMap<K, V> {
    /// An empty map.
    pub const fn new() -> Self {
        Self {
            entries: NonNull::dangling(),
            len: 0,
            index: NonNull::dangling(),
            origin: 0,
            live: None,
            owns: PhantomData,
        }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.live.as_ref().map_or(self.len, |live| self.len - live.removed() + live.len())
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many entries are read from an image, removed ones among them.
    pub const fn frozen_len(&self) -> usize {
        self.len
    }

    /// The bytes on the Rust heap that the map owns, without what keys and values own.
    pub fn owned_bytes(&self) -> usize {
        self.live.as_ref().map_or(0, |live| live.bytes())
    }

    /// The entries in the order in which they were inserted.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(self)
    }

    /// The entries in the order in which they were inserted, with values that can be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        IterMut::new(self)
    }

    /// The keys, in the order of the entries.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values, in the order of the entries.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The values, in the order of the entries, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Keeps the entries for which `keep` says `true`.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for at in 0..self.len {
            if self.live.as_ref().is_some_and(|live| live.is_removed(at)) {
                continue;
            }
            // SAFETY: an entry of the image that is not removed, and `self` is borrowed mutably.
            let entry = unsafe { &mut *self.frozen(at) };
            if !keep(&entry.key, &mut entry.value) {
                drop(self.take_frozen(at));
            }
        }
        self.retain_inserted(keep);
    }

    /// Keeps those of the entries that this process has inserted for which `keep` says `true`, and all that are
    /// in the image.
    pub fn retain_inserted(&mut self, keep: impl FnMut(&K, &mut V) -> bool) {
        if let Some(live) = &mut self.live {
            live.retain(keep);
        }
    }

    /// The image's entry at `at`, which is below [`frozen_len`](Self::frozen_len).
    #[inline]
    fn frozen(&self, at: usize) -> *mut Entry<K, V> {
        debug_assert!(at < self.len, "entry {at} of {}", self.len);
        self.entries.as_ptr().wrapping_add(at)
    }

    /// Takes an entry out of the image, which must not be removed yet.
    fn take_frozen(&mut self, at: usize) -> Entry<K, V> {
        let len = self.len;
        self.live_mut().remove_frozen(at, len);
        // SAFETY: an entry of the image that was not removed; from now on it is, so nobody reads it again.
        unsafe { self.frozen(at).read() }
    }

    fn live_mut(&mut self) -> &mut Live<K, V> {
        self.live.get_or_insert_default()
    }

    /// The entry at a place.
    #[inline]
    fn entry(&self, place: Place) -> Option<&Entry<K, V>> {
        match place {
            // SAFETY: an entry of the image that is not removed.
            Place::Frozen(at) => Some(unsafe { &*self.frozen(at) }),
            Place::Live(at) => self.live.as_ref()?.get(at),
        }
    }

    /// The entry at a place, to be changed.
    #[inline]
    fn entry_mut(&mut self, place: Place) -> Option<&mut Entry<K, V>> {
        match place {
            // SAFETY: an entry of the image that is not removed, in memory that may be written; `self` is
            // borrowed mutably.
            Place::Frozen(at) => Some(unsafe { &mut *self.frozen(at) }),
            Place::Live(at) => self.live.as_mut()?.get_mut(at),
        }
    }

    fn take(&mut self, place: Place) -> Option<Entry<K, V>> {
        match place {
            Place::Frozen(at) => Some(self.take_frozen(at)),
            Place::Live(at) => self.live.as_mut()?.take(at),
        }
    }

    /// The index of the image's entries.
    #[inline]
    fn frozen_index(&self) -> Index<'_> {
        let words = if self.len == 0 { 0 } else { Index::words(self.len) };
        // SAFETY: as long as the index of so many entries is, by construction or audit; aligned where empty.
        let words = unsafe { std::slice::from_raw_parts(self.index.as_ptr().cast_const(), words) };
        Index::new(words, self.len)
    }
}

impl<K: ImageKey, V> ImageMap<K, V> {
    #[inline]
    fn hash<Q: ImageKey + ?Sized>(&self, key: &Q) -> u64 {
        ImageHasher::in_memory(key, self.origin)
    }

    fn find<Q>(&self, hash: u64, key: &Q) -> Option<Place>
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        let live = self.live.as_ref();
        for &at in self.frozen_index().bucket(hash) {
            let at = at as usize;
            if at >= self.len || live.is_some_and(|live| live.is_removed(at)) {
                continue;
            }
            // SAFETY: an entry of the image that is not removed.
            let entry = unsafe { &*self.frozen(at) };
            if key.same_key(entry.key.borrow()) {
                return Some(Place::Frozen(at));
            }
        }
        live?.find(hash, |found| key.same_key(found.borrow())).map(Place::Live)
    }

    /// The value of a key.
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The key that is in the map, and its value.
    pub fn get_key_value<Q>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        if self.is_empty() {
            return None;
        }
        let place = self.find(self.hash(key), key)?;
        self.entry(place).map(|entry| (&entry.key, &entry.value))
    }

    /// The value of a key, to be changed where it lies.
    pub fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        let place = self.find(self.hash(key), key)?;
        self.entry_mut(place).map(|entry| &mut entry.value)
    }

    /// Whether a key is in the map.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        self.get(key).is_some()
    }

    /// Sets the value of a key and returns the one that it had. A key that is there stays as it is, in its place.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let hash = self.hash(&key);
        if let Some(place) = self.find(hash, &key)
            && let Some(entry) = self.entry_mut(place)
        {
            return Some(std::mem::replace(&mut entry.value, value));
        }
        self.live_mut().push(hash, Entry { key, value });
        None
    }

    /// The value of a key, to be changed; if there is none, the one that `make` makes.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let hash = self.hash(&key);
        let place = match self.find(hash, &key) {
            Some(place) => place,
            None => Place::Live(self.live_mut().push(hash, Entry { key, value: make() })),
        };
        match self.entry_mut(place) {
            Some(entry) => &mut entry.value,
            None => unreachable!("the entry was just found or inserted"),
        }
    }

    /// Removes a key and returns its value.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes a key and returns it with its value.
    pub fn remove_entry<Q>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        let place = self.find(self.hash(key), key)?;
        self.take(place).map(|entry| (entry.key, entry.value))
    }

    /// Changes the keys that this process has inserted, which must stay different from each other and from those
    /// of the image, and hashes them again: for a collector that moves objects. (Those of an image do not move.)
    pub fn update_keys(&mut self, update: impl FnMut(&mut K)) {
        let origin = self.origin;
        if let Some(live) = &mut self.live {
            live.update_keys(update, |key| ImageHasher::in_memory(key, origin));
        }
    }
}

/// # Panics
///
/// If the key is not in the map.
impl<K, Q, V> std::ops::Index<&Q> for ImageMap<K, V>
where
    K: ImageKey + Borrow<Q>,
    Q: ImageKey + ?Sized,
{
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        match self.get(key) {
            Some(value) => value,
            None => panic!("the key is not in the map"),
        }
    }
}

impl<K, V> Drop for ImageMap<K, V> {
    fn drop(&mut self) {
        if std::mem::needs_drop::<Entry<K, V>>() {
            let len = std::mem::take(&mut self.len);
            for at in 0..len {
                if !self.live.as_ref().is_some_and(|live| live.is_removed(at)) {
                    // SAFETY: an entry of the image that is not removed; with a length of 0 nobody reaches it again.
                    unsafe { self.entries.as_ptr().wrapping_add(at).drop_in_place() };
                }
            }
        }
    }
}

impl<K, V> Default for ImageMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: ImageKey + Clone, V: Clone> Clone for ImageMap<K, V> {
    fn clone(&self) -> Self {
        self.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

impl<K: ImageKey, V> Extend<(K, V)> for ImageMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: ImageKey, V> FromIterator<(K, V)> for ImageMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for ImageMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The same entries, in whatever order.
impl<K: ImageKey, V: PartialEq> PartialEq for ImageMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: ImageKey, V: Eq> Eq for ImageMap<K, V> {}
