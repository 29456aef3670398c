//! Iterators over the entries of a map: those of the image, then those that were inserted.

use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;

use super::live::{Slot, is_set};
use super::{Entry, ImageMap};

/// The entries of an [`ImageMap`], in the order in which they were inserted.
pub struct Iter<'a, K, V> {
    map: &'a ImageMap<K, V>,
    /// The next of the image's entries.
    next: usize,
    slots: std::slice::Iter<'a, Slot<K, V>>,
    left: usize,
}

impl<'a, K, V> Iter<'a, K, V> {
    pub(super) fn new(map: &'a ImageMap<K, V>) -> Self {
        let slots = map.live.as_ref().map_or(&[][..], |live| live.slots());
        Self { map, next: 0, slots: slots.iter(), left: map.len() }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let removed = |at| self.map.live.as_ref().is_some_and(|live| live.is_removed(at));
        while self.next < self.map.len {
            let at = self.next;
            self.next += 1;
            if !removed(at) {
                self.left -= 1;
                // SAFETY: an entry of the image that is not removed; the map is borrowed for as long.
                let entry = unsafe { &*self.map.frozen(at) };
                return Some((&entry.key, &entry.value));
            }
        }
        let entry = self.slots.find_map(|slot| slot.entry.as_ref())?;
        self.left -= 1;
        Some((&entry.key, &entry.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}
impl<K, V> FusedIterator for Iter<'_, K, V> {}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { map: self.map, next: self.next, slots: self.slots.clone(), left: self.left }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Iter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

/// The entries of an [`ImageMap`], in the order in which they were inserted, with values that can be changed.
pub struct IterMut<'a, K, V> {
    entries: *mut Entry<K, V>,
    /// The number of the image's entries.
    len: usize,
    next: usize,
    removed: &'a [u64],
    slots: std::slice::IterMut<'a, Slot<K, V>>,
    left: usize,
    marker: PhantomData<&'a mut Entry<K, V>>,
}

impl<'a, K, V> IterMut<'a, K, V> {
    pub(super) fn new(map: &'a mut ImageMap<K, V>) -> Self {
        let (entries, len, left) = (map.entries.as_ptr(), map.len, map.len());
        let (removed, slots) = map.live.as_mut().map_or((&[][..], &mut [][..]), |live| live.slots_mut());
        Self { entries, len, next: 0, removed, slots: slots.iter_mut(), left, marker: PhantomData }
    }
}

// SAFETY: it is the only user of the entries that are left, as a `&mut [_]` is.
unsafe impl<K: Send, V: Send> Send for IterMut<'_, K, V> {}
// SAFETY: as above.
unsafe impl<K: Sync, V: Sync> Sync for IterMut<'_, K, V> {}

impl<'a, K, V> Iterator for IterMut<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.len {
            let at = self.next;
            self.next += 1;
            if !is_set(self.removed, at) {
                self.left -= 1;
                // SAFETY: an entry of the image that is not removed and is given out once; the map is borrowed
                // mutably for as long.
                let entry = unsafe { &mut *self.entries.wrapping_add(at) };
                return Some((&entry.key, &mut entry.value));
            }
        }
        let entry = self.slots.find_map(|slot| slot.entry.as_mut())?;
        self.left -= 1;
        Some((&entry.key, &mut entry.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K, V> ExactSizeIterator for IterMut<'_, K, V> {}
impl<K, V> FusedIterator for IterMut<'_, K, V> {}

impl<K, V> fmt::Debug for IterMut<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterMut").field("left", &self.left).finish_non_exhaustive()
    }
}

/// The entries of an [`ImageMap`], taken out in the order in which they were inserted.
pub struct IntoIter<K, V> {
    /// The map, of whose image those entries are left that are not removed.
    map: ImageMap<K, V>,
    next: usize,
    slots: std::vec::IntoIter<Slot<K, V>>,
    left: usize,
}

impl<K, V> IntoIterator for ImageMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(mut self) -> IntoIter<K, V> {
        let left = self.len();
        let slots = self.live.as_mut().map_or_else(Vec::new, |live| live.take_slots());
        IntoIter { map: self, next: 0, slots: slots.into_iter(), left }
    }
}

impl<K, V> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        while self.next < self.map.len {
            let at = self.next;
            self.next += 1;
            if !self.map.live.as_ref().is_some_and(|live| live.is_removed(at)) {
                self.left -= 1;
                let entry = self.map.take_frozen(at);
                return Some((entry.key, entry.value));
            }
        }
        let entry = self.slots.find_map(|slot| slot.entry)?;
        self.left -= 1;
        Some((entry.key, entry.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K, V> ExactSizeIterator for IntoIter<K, V> {}
impl<K, V> FusedIterator for IntoIter<K, V> {}

impl<K, V> fmt::Debug for IntoIter<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'a, K, V> IntoIterator for &'a ImageMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;
    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut ImageMap<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;
    fn into_iter(self) -> IterMut<'a, K, V> {
        self.iter_mut()
    }
}
