//! The stored form of a map: its entries and their index, in place.

use super::index::Index;
use super::{Entry, ImageMap};
use crate::dump::Writer;
use crate::heap::{ImageHasher, ImageKey};
use crate::load::{Auditor, IndexLoad, Reader};
use crate::record::{
    At, Dumpable, Fault, Job, Layout, Place, Record, Refusal, Step, Stop, Visitor, is_silent,
};
use crate::schema::{Shape, TypeRef};

/// The record: five words, whatever keys and values are.
type Words = ImageMap<u64, u64>;
const LEN: usize = std::mem::offset_of!(Words, len);
const INDEX: usize = std::mem::offset_of!(Words, index);
const ORIGIN: usize = std::mem::offset_of!(Words, origin);
const _: () = assert!(size_of::<Words>() == 40 && LEN == 8 && INDEX == 16 && ORIGIN == 24);
/// What `index` is where there are no entries.
const NO_INDEX: u64 = align_of::<u32>() as u64;
const NUMBER: Record = <u32 as Dumpable>::RECORD;

impl<K: Dumpable, V: Dumpable> Entry<K, V> {
    const LAYOUT: Layout<2> = Layout::of_struct(
        [K::RECORD, V::RECORD],
        [std::mem::offset_of!(Self, key), std::mem::offset_of!(Self, value)],
        size_of::<Self>(),
        align_of::<Self>(),
    );

    /// The record of an entry.
    const RECORD: Record = {
        assert!(
            K::RECORD.in_place && V::RECORD.in_place,
            "the keys and values of an ImageMap must be in place; use HashMap for hydrated ones"
        );
        assert!(size_of::<Self>() != 0, "the entries of an ImageMap take memory");
        Self::LAYOUT.record
    };
}

/// How an entry stands in a path: by its key where that prints, else by its number.
fn step<K: Dumpable>(index: usize, key: &K) -> Step {
    Dumpable::label(key).map_or(Step::Index(index), Step::Key)
}

fn walk_entries<K: Dumpable, V: Dumpable, Vis: Visitor>(
    map: &ImageMap<K, V>,
    v: &mut Vis,
) -> Result<(), Vis::Stop> {
    for (index, (key, value)) in map.iter().enumerate() {
        Dumpable::walk(key, v).map_err(|stop| stop.within(Step::KeyOf).within(step(index, key)))?;
        Dumpable::walk(value, v).map_err(|stop| stop.within(step(index, key)))?;
    }
    Ok(())
}

unsafe fn walk_job<K: Dumpable, V: Dumpable, Vis: Visitor>(
    map: *const u8,
    _: usize,
    v: &mut Vis,
) -> Result<(), Vis::Stop> {
    // SAFETY: the caller promises the live map that the job was made for.
    walk_entries(unsafe { &*map.cast::<ImageMap<K, V>>() }, v)
}

fn write_entries<K: Dumpable, V: Dumpable>(
    map: &ImageMap<K, V>,
    payload: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    let [key_at, value_at] = Entry::<K, V>::LAYOUT.offsets;
    for (index, (key, value)) in map.iter().enumerate() {
        let at = payload.add(index * Entry::<K, V>::RECORD.size);
        Dumpable::write(key, at.add(key_at), w)
            .map_err(|refusal| refusal.within(Step::KeyOf).within(step(index, key)))?;
        Dumpable::write(value, at.add(value_at), w).map_err(|refusal| refusal.within(step(index, key)))?;
    }
    Ok(())
}

unsafe fn write_job<K: Dumpable, V: Dumpable>(
    map: *const u8,
    _: usize,
    payload: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    // SAFETY: the caller promises the live map that the job was made for.
    write_entries(unsafe { &*map.cast::<ImageMap<K, V>>() }, payload, w)
}

unsafe fn audit_entries<K: Dumpable, V: Dumpable>(
    payload: At,
    count: usize,
    a: &mut Auditor<'_>,
) -> Result<(), Box<Fault>> {
    let [key_at, value_at] = Entry::<K, V>::LAYOUT.offsets;
    for index in 0..count {
        let at = payload.add(index * Entry::<K, V>::RECORD.size);
        // SAFETY: the caller promises `count` entries in bounds.
        unsafe { K::audit(at.add(key_at), a) }
            .map_err(|fault| fault.within(Step::KeyOf).within(Step::Index(index)))?;
        // SAFETY: as above.
        unsafe { V::audit(at.add(value_at), a) }.map_err(|fault| fault.within(Step::Index(index)))?;
    }
    Ok(())
}

// SAFETY: in place: pointers to the entries and their index, the address that objects are hashed from, and no live
// layer. The audit checks that entries and index lie in the image, belong to this map alone and are valid, before
// anything looks up a key.
unsafe impl<K: Dumpable + ImageKey, V: Dumpable> Dumpable for ImageMap<K, V> {
    type Id = ImageMap<K::Id, V::Id>;
    const RECORD: Record = Record::in_place::<Words>().with_rw().with_owns();
    const LEAF: bool = K::RECORD.leaf && V::RECORD.leaf;
    fn shape() -> &'static Shape {
        const {
            &Shape {
                consts: const { &[("hash", K::VERSION as i128)] },
                ..Shape::leaf("ImageMap", Self::RECORD, const { &[TypeRef::of::<K>(), TypeRef::of::<V>()] })
            }
        }
    }
    crate::record::changed!(|this, f| crate::record::fields::image_map(this, f), |_| Some(Self::new()));
    fn walk<Vis: Visitor>(this: &Self, v: &mut Vis) -> Result<(), Vis::Stop> {
        let record = const { Entry::<K, V>::RECORD };
        if const { is_silent::<K, Vis>() && is_silent::<V, Vis>() } {
            return Ok(());
        }
        if record.owns {
            let values = std::ptr::from_ref(this).cast();
            return v.defer(Job { values, count: 1, walk: walk_job::<K, V, Vis> });
        }
        if record.rw || Vis::VALIDATES { walk_entries(this, v) } else { Ok(()) }
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        let record = const { Entry::<K, V>::RECORD };
        let len = this.len();
        if len == 0 {
            w.put_u64(at, align_of::<Entry<K, V>>() as u64);
            w.put_u64(at.add(INDEX), NO_INDEX);
            return Ok(());
        }
        if len > Index::MOST {
            return Err(Refusal::new(format!("a map of {len} entries, expected at most {}", Index::MOST)));
        }
        w.put_u64(at.add(LEN), len as u64);
        w.heap_pointer(at.add(ORIGIN));
        let payload = w.run(at, len, record.with_rw())?;
        let index = w.run(at.add(INDEX), Index::words(len), index_record::<K>())?;
        w.put(index, &index_bytes(this, w)?);
        if record.owns {
            w.later(std::ptr::from_ref(this).cast(), 1, payload, write_job::<K, V>);
            return Ok(());
        }
        write_entries(this, payload, w)
    }
    unsafe fn read(at: At, _: &mut Reader<'_>) -> Self {
        // SAFETY: the caller promises an audited record in the memory form. The record is not used again, so the
        // map stays the only owner of its entries.
        unsafe { at.get() }
    }
    unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        let record = const { Entry::<K, V>::RECORD };
        // SAFETY: the caller promises forty readable bytes.
        let [entries, len, index, origin, live] = unsafe { at.get::<[u64; 5]>() };
        if live != 0 {
            return Err(Fault::new(format!("live layer is {live:#x}, expected 0 in an image")));
        }
        if len == 0 {
            let expected = [align_of::<Entry<K, V>>() as u64, NO_INDEX, 0];
            if [entries, index, origin] == expected {
                return Ok(());
            }
            return Err(Fault::new(format!(
                "empty map with entries at {entries:#x}, index at {index:#x} and origin {origin:#x}, expected {expected:x?}"
            )));
        }
        if len > Index::MOST as u64 {
            return Err(Fault::new(format!("map of {len} entries, expected at most {}", Index::MOST)));
        }
        a.heap_start(origin)?;
        let payload = a.run(entries, len, record.with_rw())?;
        let words = a.run(index, Index::words(len as usize) as u64, index_record::<K>())?;
        // SAFETY: in bounds, and a number whatever its bytes are; nobody writes to it while this borrow lives.
        let words = unsafe { std::slice::from_raw_parts(words.as_ptr::<u32>(), Index::words(len as usize)) };
        Index::new(words, len as usize).check().map_err(|fault| Fault::new(fault.to_string()))?;
        a.check_index(at, K::PLAIN, settle_index::<K, V>);
        if record.owns {
            a.later(payload, len as usize, audit_entries::<K, V>);
            return Ok(());
        }
        // SAFETY: `run` found the entries in bounds.
        unsafe { audit_entries::<K, V>(payload, len as usize, a) }
    }
}

/// The record of a number in the index: where a load may have to make it again, it is where a load may write.
const fn index_record<K: ImageKey>() -> Record {
    if K::PLAIN.symbols { NUMBER.with_rw() } else { NUMBER }
}

/// The index of a map in the image that is being written.
fn index_bytes<K: Dumpable + ImageKey, V>(
    map: &ImageMap<K, V>,
    w: &Writer<'_>,
) -> Result<Vec<u8>, Box<Refusal>> {
    let place_of = |address| w.object_offset(address);
    let mut hashes = Vec::with_capacity(map.len());
    for (number, key) in map.keys().enumerate() {
        let hash = ImageHasher::in_dump(key, &place_of).map_err(|address| {
            let problem = format!(
                "the key is hashed by the object at {address:#x}, which is not in the image: hash objects that \
                 the key leads to"
            );
            Refusal::new(problem).within(Step::KeyOf).within(step(number, key))
        })?;
        hashes.push(hash);
    }
    let mut words = vec![0; Index::words(hashes.len())];
    Index::fill(&mut words, &hashes);
    if K::PLAIN.own_bytes {
        // The keys of a map differ; whether too many of them have one hash is what a load will ask.
        let checked = Index::new(&words, hashes.len()).check_keys(&hashes, |_, _| false);
        checked.map_err(|fault| Refusal::new(fault.to_string()))?;
    }
    Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

/// Makes the index of a loaded map again if symbols were renumbered, and checks it if the load is audited. Says how
/// many entries were hashed again.
///
/// # Safety
///
/// `at` must be the record of a map that the audit has accepted or neodump has written, in memory that may be
/// written, and that nobody else uses now; all that the functions of `K` may look at must be complete.
unsafe fn settle_index<K: Dumpable + ImageKey, V>(at: At, load: IndexLoad) -> Result<usize, Box<Fault>> {
    let again = load.renumbered && K::PLAIN.symbols;
    if !again && !load.audited {
        return Ok(0);
    }
    // SAFETY: the caller promises a valid map.
    let map = unsafe { &*at.as_ptr::<ImageMap<K, V>>() };
    // SAFETY: an image's map has no live layer, so none of its entries is removed.
    let key = |entry: usize| unsafe { &(*map.frozen(entry)).key };
    let hashes: Vec<u64> = (0..map.len).map(|entry| ImageHasher::in_memory(key(entry), map.origin)).collect();
    if again {
        // SAFETY: the index is in `rw` by `index_record`, as long as this by the audit, and nobody else uses it.
        let words = unsafe { std::slice::from_raw_parts_mut(map.index.as_ptr(), Index::words(map.len)) };
        Index::fill(words, &hashes);
    }
    if load.audited {
        let index = map.frozen_index();
        let checked = index.check_hashes(&hashes).and_then(|()| {
            if !K::PLAIN.own_bytes {
                // What is behind a pointer can change, so a machine may make two keys the same.
                return Ok(());
            }
            index.check_keys(&hashes, |first, second| key(first).same_key(key(second)))
        });
        checked.map_err(|fault| Fault::new(fault.to_string()).at(at.as_ptr::<u8>().addr()))?;
    }
    Ok(if again { map.len } else { 0 })
}
