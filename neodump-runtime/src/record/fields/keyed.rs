//! Leaves of keyed collections: how many entries they have, and the key and value of the first.

use super::Fields;
use crate::heap::{ImageKey, ImageMap};
use crate::record::{Dumpable, Step};

/// How many entries are shown.
const ENTRIES: usize = 64;

/// The leaves of a collection that `take` takes all entries out of, in any order, and `put` puts them back.
///
/// # Safety
///
/// `this` must be a live value that nobody else looks at.
pub(crate) unsafe fn keyed<M, K: Dumpable, T: Dumpable>(
    this: *mut M,
    f: &mut Fields<'_>,
    len: impl Fn(&M) -> usize,
    take: impl Fn(&mut M) -> Vec<(K, T)>,
    put: impl Fn(&mut M, K, T),
) {
    let change = |map: &mut M, f: &mut Fields<'_>| {
        let before = len(map);
        if let (Some(key), Some(value)) = (f.sample(), f.sample()) {
            put(map, key, value);
        }
        if len(map) == before {
            let mut entries = take(map);
            if entries.pop().is_none() {
                return Err("it is empty, and no entry can be made".to_owned());
            }
            entries.into_iter().for_each(|(key, value)| put(map, key, value));
        }
        Ok(())
    };
    // SAFETY: forwarded from the caller.
    unsafe { f.leaf(this, |map| format!("{} entries", len(map)), change) };
    if f.is_done() {
        return;
    }
    // SAFETY: the caller promises a live value that nobody else looks at.
    let map = unsafe { &mut *this };
    let mut entries = take(map);
    // Hashes must not decide which entries are changed.
    entries.sort_by_cached_key(|(key, _)| K::label(key));
    for (index, (key, value)) in entries.iter_mut().take(ENTRIES).enumerate() {
        let label = K::label(key);
        // An entry whose key does not print is another one in another machine.
        if label.is_none() && (f.is_telling() || index > 0) {
            continue;
        }
        let step = label.map_or(Step::Index(0), Step::Key);
        let show = |f: &mut Fields<'_>| {
            f.step(step, |f| {
                // SAFETY: an entry of a local vector.
                f.step(Step::KeyOf, |f| unsafe { f.value(&raw mut *key) });
                // SAFETY: as above.
                unsafe { f.value(&raw mut *value) };
            });
        };
        if index == 0 { show(f) } else { f.further(show) }
    }
    entries.into_iter().for_each(|(key, value)| put(map, key, value));
}

/// The leaves of a map in the image: how many entries it has, and the value of the first. Its keys are part of its
/// index, and stay.
///
/// # Safety
///
/// `this` must be a live value that nobody else looks at.
pub(crate) unsafe fn image_map<K: Dumpable + ImageKey, T: Dumpable>(
    this: *mut ImageMap<K, T>,
    f: &mut Fields<'_>,
) {
    let change = |map: &mut ImageMap<K, T>, f: &mut Fields<'_>| {
        let before = map.len();
        if let (Some(key), Some(value)) = (f.sample(), f.sample()) {
            map.insert(key, value);
        }
        if map.len() == before {
            let mut left_out = 0;
            map.retain(|_, _| std::mem::replace(&mut left_out, 1) > 0);
        }
        if map.len() == before {
            return Err("it is empty, and no entry can be made".to_owned());
        }
        Ok(())
    };
    // SAFETY: forwarded from the caller.
    unsafe { f.leaf(this, |map| format!("{} entries", map.len()), change) };
    // The order of the entries is that of the file, so it is the same in every machine.
    // SAFETY: the caller promises a live value that nobody else looks at.
    for (index, (key, value)) in unsafe { &mut *this }.iter_mut().take(ENTRIES).enumerate() {
        let label = K::label(key);
        if label.is_none() && index > 0 {
            continue;
        }
        let step = label.map_or(Step::Index(0), Step::Key);
        // SAFETY: a value of the map.
        let show = |f: &mut Fields<'_>| f.step(step, |f| unsafe { f.value(std::ptr::from_mut(value)) });
        if index == 0 { show(f) } else { f.further(show) }
    }
}
