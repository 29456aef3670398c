//! Keys of maps that live in an image: equality, and a hash that neither relocation nor a new process changes.

use std::ptr::NonNull;

use super::{ImageStr, ImageVec, Object, Word, WordRef};
use crate::symbols::Symbol;

/// A key of an [`ImageMap`](crate::ImageMap).
///
/// Integers, [`Symbol`], strings, object pointers (`NonNull<T>`, `*const T`, `*mut T`) and every
/// [`Word`] are keys. Object pointers and words are keys by identity: two of them are the same if they are the
/// same bits. Wrap a word in a type of its own to compare what is behind it.
///
/// A hash is fed with what is the same in every process: numbers, bytes, symbols, and *which* object a pointer
/// leads to ([`ImageHasher::object`]), never its address. In a loaded image the index that the dump wrote is
/// probed with it.
///
/// ```
/// use neodump_runtime::{Dumpable, ImageMap};
/// use neodump_runtime::heap::{ImageHasher, ImageKey};
///
/// /// A name of whatever case.
/// #[derive(Dumpable)]
/// struct Folded(neodump_runtime::ImageStr);
///
/// impl ImageKey for Folded {
///     const VERSION: u32 = 1;
///     fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
///         hasher.bytes(self.0.to_lowercase().as_bytes());
///     }
///     fn same_key(&self, other: &Self) -> bool {
///         self.0.to_lowercase() == other.0.to_lowercase()
///     }
/// }
///
/// let mut map = ImageMap::new();
/// map.insert(Folded("Point".into()), 1);
/// assert_eq!(map.insert(Folded("POINT".into()), 2), Some(1));
/// ```
///
/// # What a load relies on
///
/// Nothing that is unsafe: a wrong hash or equality makes look-ups miss, no more. An audited load refuses an
/// index that does not agree with `hash_key`. A trusted load believes it, so **raise `VERSION` when `hash_key`
/// changes**: it is part of the schema, and an image with another one is stale.
///
/// Both functions may look at objects behind pointers: a load calls them when all objects are relocated and what
/// the first pass hydrates is there; `validate` has not run yet. They must not call back into the map.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no key of an `ImageMap`",
    label = "has no hash that relocation leaves alone",
    note = "implement `ImageKey`: a hash of what every process sees, and equality"
)]
pub trait ImageKey {
    /// The number of the hash function, part of the schema. Raise it when `hash_key` changes.
    const VERSION: u32;

    /// Feeds the hasher with what makes keys the same. Keys that are the same must feed the same.
    fn hash_key(&self, hasher: &mut ImageHasher<'_>);

    /// Whether two keys are the same: reflexive, symmetric, transitive.
    fn same_key(&self, other: &Self) -> bool;

    /// What is known of the key types of this crate: see [`Plain`].
    #[doc(hidden)]
    const PLAIN: Plain = Plain::NO;
}

/// What the functions of a key look at. Nobody else can say more than nothing, so that no safe code of a machine
/// runs over objects that are not complete.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Plain {
    /// The key's own bytes and no code of a machine: an index is checked before the load keeps anything.
    pub(crate) own_bytes: bool,
    /// Numbers of symbols, which a load may change.
    pub(crate) symbols: bool,
}

impl Plain {
    /// Anything at all.
    pub const NO: Self = Self { own_bytes: false, symbols: true };
    pub(crate) const BYTES: Self = Self { own_bytes: true, symbols: false };
    pub(crate) const SYMBOLS: Self = Self { own_bytes: true, symbols: true };

    const fn and(self, other: Self) -> Self {
        Self { own_bytes: self.own_bytes && other.own_bytes, symbols: self.symbols || other.symbols }
    }
}

/// Where objects are in the image.
enum Places<'a> {
    /// As far behind this address as in memory: that of HeapImage, or 0 where nothing was loaded.
    Behind(u64),
    /// Where the dump puts them.
    Planned(&'a dyn Fn(usize) -> Option<u64>),
}

/// Takes in what makes a key what it is: see [`ImageKey`].
///
/// The hash of each part is folded into that of those before, so the order of the parts matters. It is part of
/// the format: see `docs/format.md`.
pub struct ImageHasher<'a> {
    state: u64,
    places: Places<'a>,
    /// An object that the dump did not meet.
    unplaced: Option<usize>,
}

impl std::fmt::Debug for ImageHasher<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImageHasher").field("state", &self.state).finish_non_exhaustive()
    }
}

impl<'a> ImageHasher<'a> {
    /// The hash of a key in a map that no image has entries of: for this process only, as it tells objects by their
    /// addresses.
    pub fn hash_of<K: ImageKey + ?Sized>(key: &K) -> u64 {
        Self::in_memory(key, 0)
    }

    /// A hash of `key` in a map whose image starts its objects at `origin`.
    #[inline]
    pub(super) fn in_memory<K: ImageKey + ?Sized>(key: &K, origin: u64) -> u64 {
        let mut hasher = ImageHasher { state: 0, places: Places::Behind(origin), unplaced: None };
        key.hash_key(&mut hasher);
        hasher.state
    }

    /// A hash of `key` in the image that is being written, or an object that has no place in it.
    pub(super) fn in_dump<K: ImageKey>(
        key: &K,
        place_of: &'a dyn Fn(usize) -> Option<u64>,
    ) -> Result<u64, usize> {
        let mut hasher = Self { state: 0, places: Places::Planned(place_of), unplaced: None };
        key.hash_key(&mut hasher);
        hasher.unplaced.map_or(Ok(hasher.state), Err)
    }

    /// A number of at most 64 bits. Extend signed ones with their sign, so that each has one form.
    #[inline]
    pub fn number(&mut self, number: u64) {
        // Two rounds of multiply and fold: every bit of the input reaches the low bits, which choose the bucket.
        // For a single number it is a bijection, so no two numbers have one hash.
        const FACTOR: u64 = 0xd6e8_feb8_6659_fd93;
        let mut bits = self.state.rotate_left(23) ^ number;
        bits = (bits ^ bits >> 32).wrapping_mul(FACTOR);
        bits = (bits ^ bits >> 32).wrapping_mul(FACTOR);
        self.state = bits ^ bits >> 32;
    }

    /// Bytes of whatever length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.number(crate::symbols::hash_name(bytes));
    }

    /// A symbol, by its number. A load that renumbers symbols makes the index again.
    #[inline]
    pub fn symbol(&mut self, symbol: Symbol) {
        self.number(symbol.id().into());
    }

    /// Which object is at an address, whatever is in it.
    #[inline]
    pub fn object(&mut self, address: *const u8) {
        self.address(address.addr());
    }

    #[inline]
    fn address(&mut self, address: usize) {
        let place = match self.places {
            Places::Behind(origin) => (address as u64).wrapping_sub(origin),
            Places::Planned(place_of) => place_of(address).unwrap_or_else(|| {
                self.unplaced = Some(address);
                0
            }),
        };
        self.number(place);
    }

    /// A word, by what it refers to: an object or a symbol, else its bits.
    #[inline]
    pub fn word<W: Word>(&mut self, word: W) {
        let bits = word.to_bits();
        match W::decode(bits) {
            WordRef::Object { address, .. } => self.address(address as usize),
            WordRef::Symbol(symbol) => self.symbol(symbol),
            WordRef::Immediate | WordRef::Invalid => self.number(bits),
        }
    }

    /// Another key, as a part of this one.
    #[inline]
    pub fn key<K: ImageKey + ?Sized>(&mut self, key: &K) {
        key.hash_key(self);
    }
}

macro_rules! plain {
    ($plain:ident [$($generics:tt)*] $ty:ty, |$key:ident, $hasher:ident| $hash:expr) => {
        impl<$($generics)*> ImageKey for $ty {
            const VERSION: u32 = 0;
            const PLAIN: Plain = Plain::$plain;
            #[inline]
            fn hash_key(&self, $hasher: &mut ImageHasher<'_>) {
                let $key = self;
                $hash
            }
            #[inline]
            fn same_key(&self, other: &Self) -> bool {
                self == other
            }
        }
    };
}

macro_rules! numbers {
    ($($ty:ty)*) => {$(plain!(BYTES [] $ty, |key, hasher| hasher.number(*key as u64));)*};
}
numbers!(bool char u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

plain!(SYMBOLS [] Symbol, |key, hasher| hasher.symbol(*key));
plain!(BYTES [] str, |key, hasher| hasher.bytes(key.as_bytes()));
plain!(BYTES [] [u8], |key, hasher| hasher.bytes(key));
plain!(BYTES [] ImageStr, |key, hasher| hasher.bytes(key.as_bytes()));
plain!(BYTES [] ImageVec<u8>, |key, hasher| hasher.bytes(key));
plain!(BYTES [T: Object] NonNull<T>, |key, hasher| hasher.object(key.as_ptr().cast_const().cast()));
plain!(BYTES [T: Object] *const T, |key, hasher| hasher.object(key.cast()));
plain!(BYTES [T: Object] *mut T, |key, hasher| hasher.object(key.cast_const().cast()));

impl<W: Word> ImageKey for W {
    const VERSION: u32 = 0;
    // `decode` is code of the machine, but it sees bits only, as in the audit of every word.
    const PLAIN: Plain = Plain::SYMBOLS;
    #[inline]
    fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
        hasher.word(*self);
    }
    #[inline]
    fn same_key(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl<A: ImageKey, B: ImageKey> ImageKey for (A, B) {
    const VERSION: u32 = A::VERSION.wrapping_mul(31).wrapping_add(B::VERSION);
    const PLAIN: Plain = A::PLAIN.and(B::PLAIN);
    fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
        hasher.key(&self.0);
        hasher.key(&self.1);
    }
    fn same_key(&self, other: &Self) -> bool {
        self.0.same_key(&other.0) && self.1.same_key(&other.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_format() {
        // What an image of container version 1 was written with: changing it makes indexes of old images miss.
        let hash = |key: &dyn Fn(&mut ImageHasher<'_>)| {
            let mut hasher = ImageHasher { state: 0, places: Places::Behind(0x1000), unplaced: None };
            key(&mut hasher);
            hasher.state
        };
        assert_eq!(hash(&|hasher| hasher.number(0)), 0);
        assert_eq!(hash(&|hasher| hasher.number(1)), 0x4179b061e0c0e0d0);
        assert_eq!(
            hash(&|hasher| hasher.bytes(b"point")),
            hash(&|hasher| [5, twox_hash::XxHash3_64::oneshot(b"point")]
                .iter()
                .for_each(|&n| hasher.number(n)))
        );
        assert_eq!(
            hash(&|hasher| hasher.object(std::ptr::without_provenance(0x1010))),
            hash(&|hasher| hasher.number(0x10))
        );
    }

    #[test]
    fn a_negative_number_has_one_form_whatever_its_size() {
        let hash = |key: &dyn Fn(&mut ImageHasher<'_>)| {
            let mut hasher = ImageHasher { state: 0, places: Places::Behind(0), unplaced: None };
            key(&mut hasher);
            hasher.state
        };
        assert_eq!(hash(&|hasher| hasher.key(&-5_i8)), hash(&|hasher| hasher.key(&-5_i64)));
    }

    #[test]
    fn low_bits_differ_between_neighbours() {
        let mut buckets = std::collections::HashSet::new();
        for place in 0..1000_u64 {
            buckets.insert(ImageHasher::in_memory(&(place * 16), 0) % 1024);
        }
        // A thousand balls into 1024 boxes leave about 638 of them with a ball.
        assert!(buckets.len() > 580, "{} buckets used", buckets.len());
    }
}
