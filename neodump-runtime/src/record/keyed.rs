//! Stored forms of keyed collections: entries in an order that neither hashes nor addresses
//! decide, filled in the second pass of hydration.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use super::order::Order;
use super::owned::{REFERENCE, Reference};
use super::{At, Dumpable, Fault, Layout, OrderKey, Place, Record, Refusal, Step, Stop, Visitor, is_silent};
use crate::dump::{KeyedMap, Tracer, Writer};
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

/// What the engines need of a keyed collection; a set is a map to `()`.
trait Keyed: Sized {
    type Key;
    type Value;
    /// Whether hashes decide its iteration order, so that keys without an order are refused.
    const HASHED: bool;
    fn entries(&self) -> impl Iterator<Item = (&Self::Key, &Self::Value)>;
    fn len(&self) -> usize;
    /// Puts an entry in; says whether no entry had the key before.
    fn put(&mut self, key: Self::Key, value: Self::Value) -> bool;
}

/// A stored entry: the key's record, then the value's.
struct Entry<M>(PhantomData<M>);

impl<M: Keyed<Key: Dumpable, Value: Dumpable>> Entry<M> {
    const LAYOUT: Layout<2> =
        Layout::of_sequence([<M::Key as Dumpable>::RECORD.moved(), <M::Value as Dumpable>::RECORD.moved()]);
    const RECORD: Record = Self::LAYOUT.record;
    const VALUE: usize = Self::LAYOUT.offsets[1];
}

/// The entries of a collection.
type Entries<'m, M> = Vec<(&'m <M as Keyed>::Key, &'m <M as Keyed>::Value)>;

/// The entries in canonical order; `None` while keys refer to objects that have no place yet.
fn ordered<'m, M: Keyed<Key: Dumpable>>(
    map: &'m M,
    place_of: &dyn Fn(usize) -> Option<u64>,
) -> Result<Option<Entries<'m, M>>, Box<Refusal>> {
    let mut fixed = Vec::with_capacity(map.len());
    let mut unplaced = Vec::new();
    for (key, value) in map.entries() {
        match OrderKey::of(key, place_of) {
            Order::Fixed(bytes) => fixed.push((bytes, (key, value))),
            Order::Unplaced => unplaced.push((key, value)),
            Order::None(_) if !M::HASHED => return Ok(Some(map.entries().collect())),
            Order::None(name) => {
                return Err(Refusal::new(format!(
                    "nothing but hashes fixes the order of keys of type {name}; use a BTreeMap, or keep the \
                     entries in a Vec"
                )));
            }
        }
    }
    if unplaced.len() > 1 {
        return Ok(None);
    }
    fixed.sort_by(|a, b| a.0.cmp(&b.0));
    if M::HASHED && fixed.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Refusal::new(
            "nothing but hashes fixes the order of two keys whose stored forms are equal; use a BTreeMap, or keep \
             the entries in a Vec",
        ));
    }
    let mut entries: Vec<_> = fixed.into_iter().map(|(_, entry)| entry).collect();
    // A single key that is reached only through this map has one possible place: the last.
    entries.append(&mut unplaced);
    Ok(Some(entries))
}

/// How an entry stands in a path: by its key where that prints, else by its number.
fn step<K: Dumpable>(index: usize, key: &K) -> Step {
    Dumpable::label(key).map_or(Step::Index(index), Step::Key)
}

fn walk_entry<K: Dumpable, T: Dumpable, V: Visitor>(
    index: usize,
    key: &K,
    value: &T,
    v: &mut V,
) -> Result<(), V::Stop> {
    Dumpable::walk(key, v).map_err(|stop| stop.within(Step::KeyOf).within(step(index, key)))?;
    Dumpable::walk(value, v).map_err(|stop| stop.within(step(index, key)))
}

unsafe fn walk_job<M: Keyed<Key: Dumpable, Value: Dumpable>, V: Visitor>(
    map: *const u8,
    _: usize,
    v: &mut V,
) -> Result<(), V::Stop> {
    // SAFETY: the caller promises the live map that the job was made for.
    let map = unsafe { &*map.cast::<M>() };
    map.entries().enumerate().try_for_each(|(index, (key, value))| walk_entry(index, key, value, v))
}

/// Walks a map in canonical order; says `false` when the order is not known yet.
unsafe fn trace_map<M: Keyed<Key: Dumpable, Value: Dumpable>>(
    map: *const u8,
    tracer: &mut Tracer<'_>,
) -> Result<bool, Box<Refusal>> {
    // SAFETY: the caller promises the live map that the job was made for.
    let map = unsafe { &*map.cast::<M>() };
    let entries = ordered(map, &|address| tracer.place_of(address));
    // The address lets a second trace find the way to the map.
    let entries = entries.map_err(|refusal| refusal.at(std::ptr::from_ref(map).addr()))?;
    let Some(entries) = entries else { return Ok(false) };
    for (index, (key, value)) in entries.into_iter().enumerate() {
        walk_entry(index, key, value, tracer)?;
    }
    Ok(true)
}

/// Walks a map as it comes: for paths, where the order does not matter.
unsafe fn trace_in_any_order<M: Keyed<Key: Dumpable, Value: Dumpable>>(
    map: *const u8,
    count: usize,
    tracer: &mut Tracer<'_>,
) -> Result<(), Box<Refusal>> {
    // SAFETY: forwarded from the caller.
    unsafe { walk_job::<M, Tracer<'_>>(map, count, tracer) }
}

unsafe fn write_job<M: Keyed<Key: Dumpable, Value: Dumpable>>(
    map: *const u8,
    _: usize,
    payload: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    // SAFETY: the caller promises the live map that the job was made for.
    let map = unsafe { &*map.cast::<M>() };
    let entries = ordered(map, &|address| w.place_of(address))?
        .ok_or_else(|| Refusal::new("keys of this map were not traced"))?;
    for (index, (key, value)) in entries.into_iter().enumerate() {
        let at = payload.add(index * Entry::<M>::RECORD.size);
        Dumpable::write(key, at, w)
            .map_err(|refusal| refusal.within(Step::KeyOf).within(step(index, key)))?;
        Dumpable::write(value, at.add(Entry::<M>::VALUE), w)
            .map_err(|refusal| refusal.within(step(index, key)))?;
    }
    Ok(())
}

unsafe fn audit_entries<M: Keyed<Key: Dumpable, Value: Dumpable>>(
    payload: At,
    count: usize,
    a: &mut Auditor<'_>,
) -> Result<(), Box<Fault>> {
    for index in 0..count {
        let at = payload.add(index * Entry::<M>::RECORD.size);
        // SAFETY: the caller promises `count` entries in bounds.
        unsafe { M::Key::audit(at, a) }
            .map_err(|fault| fault.within(Step::KeyOf).within(Step::Index(index)))?;
        // SAFETY: as above.
        unsafe { M::Value::audit(at.add(Entry::<M>::VALUE), a) }
            .map_err(|fault| fault.within(Step::Index(index)))?;
    }
    Ok(())
}

/// Reads the entries into a staging vector in the first pass and queues their move into the map
/// for the second, when every object is valid and user code may look at any of them.
///
/// # Safety
///
/// `map` must be the final address of an empty map, `at` its audited reference.
unsafe fn settle<M: Keyed<Key: Dumpable, Value: Dumpable>>(map: *mut M, at: At, r: &mut Reader<'_>) {
    // SAFETY: the caller promises an audited reference.
    let (payload, count) = r.payload(unsafe { at.get::<Reference>() });
    if count == 0 {
        return;
    }
    let mut staged = Box::new(Vec::<(M::Key, M::Value)>::with_capacity(count));
    let entries = staged.as_mut_ptr();
    r.later(entries.cast(), payload, (count, count), fill_entries::<M>);
    let staged = Box::into_raw(staged).cast();
    r.put_later(map.cast(), staged, count, put_entries::<M>, discard_entries::<M>);
}

unsafe fn fill_entries<M: Keyed<Key: Dumpable, Value: Dumpable>>(
    entries: *mut u8,
    payload: At,
    count: usize,
    r: &mut Reader<'_>,
) {
    let entries = entries.cast::<(M::Key, M::Value)>();
    for index in 0..count {
        let at = payload.add(index * Entry::<M>::RECORD.size);
        let value_at = at.add(Entry::<M>::VALUE);
        // Not complete yet, so nothing may drop it if a default of the value unwinds.
        // SAFETY: audited, by the caller's promise.
        let key = ManuallyDrop::new(unsafe { M::Key::read(at, r) });
        // SAFETY: as above.
        let value = unsafe { M::Value::read(value_at, r) };
        // SAFETY: the caller promises room for `count` entries.
        let entry = unsafe { entries.add(index) };
        // SAFETY: as above.
        unsafe { entry.write((ManuallyDrop::into_inner(key), value)) };
        // SAFETY: the entry is live and in bounds.
        let key = unsafe { &raw mut (*entry).0 };
        // SAFETY: as above.
        let value = unsafe { &raw mut (*entry).1 };
        // SAFETY: the key stays here until the second pass, when all that it owns is complete.
        unsafe { M::Key::settle(key, at, r) };
        // SAFETY: as above.
        unsafe { M::Value::settle(value, value_at, r) };
    }
}

unsafe fn put_entries<M: Keyed<Key: Dumpable>>(
    map: *mut u8,
    staged: *mut u8,
    count: usize,
) -> Result<(), String> {
    // SAFETY: made by `settle` from a box of this type.
    let mut staged = unsafe { Box::from_raw(staged.cast::<Vec<(M::Key, M::Value)>>()) };
    // SAFETY: `fill_entries` wrote `count` entries, which are complete by now.
    unsafe { staged.set_len(count) };
    // SAFETY: the caller promises the final address of the map.
    let map = unsafe { &mut *map.cast::<M>() };
    for (index, (key, value)) in staged.into_iter().enumerate() {
        let label = Dumpable::label(&key);
        if !map.put(key, value) {
            return Err(format!(
                "key {} of a map is equal to one before it, by the `Eq` or `Ord` of its type, and would take its place; \
                 keys that differ in identity alone need an `Eq` that says so",
                label.unwrap_or_else(|| format!("number {index}"))
            ));
        }
    }
    Ok(())
}

unsafe fn discard_entries<M: Keyed>(staged: *mut u8, count: usize) {
    // SAFETY: made by `settle` from a box of this type.
    let mut staged = unsafe { Box::from_raw(staged.cast::<Vec<(M::Key, M::Value)>>()) };
    // SAFETY: `fill_entries` wrote `count` entries, which are complete by now.
    unsafe { staged.set_len(count) };
}

macro_rules! keyed {
    (
        $name:literal, [$($generics:tt)*] $ty:ty, id $id:ty, key $key:ty, value $value:ty,
        where [$($bounds:tt)*], hashed $hashed:literal,
        |$this:ident| $entries:expr, |$map:ident, $k:ident, $v:ident| $put:expr, taken $taken:expr,
        params [$($param:ty),*]
    ) => {
        impl<$($generics)*> Keyed for $ty where $($bounds)* {
            type Key = $key;
            type Value = $value;
            const HASHED: bool = $hashed;
            fn entries(&self) -> impl Iterator<Item = (&$key, &$value)> {
                let $this = self;
                $entries
            }
            fn len(&self) -> usize {
                self.len()
            }
            fn put(&mut self, $k: $key, $v: $value) -> bool {
                let $map = self;
                $put
            }
        }

        // SAFETY: the stored form is a reference to entries; the collection is filled from them.
        unsafe impl<$($generics)*> Dumpable for $ty where $($param: Dumpable,)* $($bounds)* {
            type Id = $id;
            const RECORD: Record = REFERENCE;
            fn shape() -> &'static Shape {
                const { &Shape::leaf($name, REFERENCE, const { &[$(TypeRef::of::<$param>()),*] }) }
            }
            fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
                let map = std::ptr::from_ref(this).cast();
                if const { <$key as Dumpable>::RECORD.copy && <$value as Dumpable>::RECORD.copy } {
                    return Ok(());
                }
                // A dump asks of other keys whether they have an order.
                if const { !V::ORDERED && is_silent::<$key, V>() && is_silent::<$value, V>() } {
                    return Ok(());
                }
                if V::ORDERED {
                    return v.keyed(KeyedMap::new(map, trace_map::<Self>, trace_in_any_order::<Self>));
                }
                v.defer(super::Job { values: map, count: 1, walk: walk_job::<Self, V> })
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                let payload = w.payload(at, this.len(), Entry::<Self>::RECORD)?;
                w.later(std::ptr::from_ref(this).cast(), 1, payload, write_job::<Self>);
                Ok(())
            }
            unsafe fn read(_: At, _: &mut Reader<'_>) -> Self {
                Self::default()
            }
            unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
                // SAFETY: forwarded from the caller.
                unsafe { settle::<Self>(this, at, r) };
            }
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: the caller promises a readable reference.
                let (payload, count) = a.payload(unsafe { at.get::<Reference>() }, Entry::<Self>::RECORD)?;
                a.later(payload, count, audit_entries::<Self>);
                Ok(())
            }
            super::changed!(
                |this, f| super::fields::keyed(
                    this, f, Self::len, |map| $taken(std::mem::take(map)), |map, key, value| { let _ = Keyed::put(map, key, value); }
                ),
                |_| Some(Self::default())
            );
        }
    };
}

// The hasher is in the identity: it decides the size of the collection in memory, and where its keys are.
keyed!(
    "HashMap", [K, T, S] HashMap<K, T, S>, id HashMap<K::Id, T::Id, S>, key K, value T,
    where [K: Eq + Hash, S: BuildHasher + Default + 'static], hashed true,
    |map| map.iter(), |map, key, value| map.insert(key, value).is_none(), taken Vec::from_iter, params [K, T]
);
keyed!(
    "HashSet", [K, S] HashSet<K, S>, id HashSet<K::Id, S>, key K, value (),
    where [K: Eq + Hash, S: BuildHasher + Default + 'static], hashed true,
    |set| set.iter().map(|key| (key, &())), |set, key, _unit| set.insert(key),
    taken |set: Self| set.into_iter().map(|key| (key, ())).collect(), params [K]
);
keyed!(
    "BTreeMap", [K, T] BTreeMap<K, T>, id BTreeMap<K::Id, T::Id>, key K, value T,
    where [K: Ord], hashed false,
    |map| map.iter(), |map, key, value| map.insert(key, value).is_none(), taken Vec::from_iter, params [K, T]
);
keyed!(
    "BTreeSet", [K] BTreeSet<K>, id BTreeSet<K::Id>, key K, value (),
    where [K: Ord], hashed false,
    |set| set.iter().map(|key| (key, &())), |set, key, _unit| set.insert(key),
    taken |set: Self| set.into_iter().map(|key| (key, ())).collect(), params [K]
);
