//! A set that lives in the image.

use std::borrow::Borrow;
use std::fmt;

use super::{ImageKey, ImageMap};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::record::{At, Dumpable, Fault, Place, Record, Refusal, Visitor};
use crate::schema::{Shape, TypeRef};

/// A set that is in place: an [`ImageMap`] without values. Its members keep the order in which they were inserted.
///
/// ```
/// use neodump_runtime::{ImageSet, ImageStr};
///
/// let mut features: ImageSet<ImageStr> = ["mule", "font"].map(ImageStr::from).into_iter().collect();
/// assert!(features.contains("mule") && !features.insert("mule".into()));
/// ```
#[repr(transparent)]
pub struct ImageSet<K> {
    map: ImageMap<K, ()>,
}

impl<K> ImageSet<K> {
    /// An empty set.
    pub const fn new() -> Self {
        Self { map: ImageMap::new() }
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// The members in the order in which they were inserted.
    pub fn iter(&self) -> impl Iterator<Item = &K> {
        self.map.keys()
    }

    /// Removes all members.
    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// Keeps the members for which `keep` says `true`.
    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        self.map.retain(|key, ()| keep(key));
    }
}

impl<K: ImageKey> ImageSet<K> {
    /// Whether a key is a member.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        self.map.contains_key(key)
    }

    /// The member that is the same as a key.
    pub fn get<Q>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        self.map.get_key_value(key).map(|(key, ())| key)
    }

    /// Makes a key a member; says whether it was none.
    pub fn insert(&mut self, key: K) -> bool {
        self.map.insert(key, ()).is_none()
    }

    /// Removes a member; says whether it was one.
    pub fn remove<Q>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: ImageKey + ?Sized,
    {
        self.map.remove(key).is_some()
    }
}

impl<K> Default for ImageSet<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: ImageKey + Clone> Clone for ImageSet<K> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone() }
    }
}

impl<K: ImageKey> Extend<K> for ImageSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        self.map.extend(keys.into_iter().map(|key| (key, ())));
    }
}

impl<K: ImageKey> FromIterator<K> for ImageSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::new();
        set.extend(keys);
        set
    }
}

impl<K: fmt::Debug> fmt::Debug for ImageSet<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The same members, in whatever order.
impl<K: ImageKey> PartialEq for ImageSet<K> {
    fn eq(&self, other: &Self) -> bool {
        self.map == other.map
    }
}

impl<K: ImageKey> Eq for ImageSet<K> {}

// SAFETY: a transparent wrapper of a map, by whose functions all is done.
unsafe impl<K: Dumpable + ImageKey> Dumpable for ImageSet<K> {
    type Id = ImageSet<K::Id>;
    const RECORD: Record = <ImageMap<K, ()> as Dumpable>::RECORD;
    const LEAF: bool = <ImageMap<K, ()> as Dumpable>::LEAF;
    fn shape() -> &'static Shape {
        const {
            &Shape {
                consts: const { &[("hash", K::VERSION as i128)] },
                ..Shape::leaf("ImageSet", Self::RECORD, const { &[TypeRef::of::<K>()] })
            }
        }
    }
    crate::record::changed!(|this, f| f.value(&raw mut (*this).map), |_| Some(Self { map: ImageMap::new() }));
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        Dumpable::walk(&this.map, v)
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        Dumpable::write(&this.map, at, w)
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // SAFETY: forwarded from the caller.
        Self { map: unsafe { ImageMap::read(at, r) } }
    }
    unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { ImageMap::<K, ()>::audit(at, a) }
    }
}
