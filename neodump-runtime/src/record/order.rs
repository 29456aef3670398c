//! The order in which the entries of a hashed collection are written.
//!
//! Hashes and addresses differ from process to process, so entries are sorted by what does not:
//! bytes of scalars and strings, symbol ids, and the places of objects in the image.

use std::any::TypeId;
use std::collections::BTreeMap;

use crate::heap::{Kept, Word, WordRef};
use crate::symbols::Symbol;

/// Work that a key put off: the value behind an owned indirection.
type Later = (*const u8, usize, unsafe fn(*const u8, usize, &mut OrderKey<'_>));

/// What fixes the place of one key among the others.
pub struct OrderKey<'a> {
    bytes: Vec<u8>,
    place_of: &'a dyn Fn(usize) -> Option<u64>,
    unplaced: bool,
    unordered: Option<&'static str>,
    later: std::collections::VecDeque<Later>,
    /// Shared values that are part of the key already, each with its number: the others may lead back to
    /// them.
    shared: BTreeMap<(usize, TypeId), u64>,
    /// Values that were made for the key: what was put off may be behind them.
    kept: Vec<Kept>,
}

/// How one key is ordered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    /// By these bytes.
    Fixed(Vec<u8>),
    /// Not yet: it refers to an object that has no place in the image so far.
    Unplaced,
    /// Not at all: the named type has no order.
    None(&'static str),
}

impl<'a> OrderKey<'a> {
    pub(crate) fn of<T: crate::Dumpable>(value: &T, place_of: &'a dyn Fn(usize) -> Option<u64>) -> Order {
        let mut key = Self {
            bytes: Vec::new(),
            place_of,
            unplaced: false,
            unordered: None,
            later: std::collections::VecDeque::new(),
            shared: BTreeMap::new(),
            kept: Vec::new(),
        };
        crate::Dumpable::order(value, &mut key);
        while let Some((values, count, order)) = key.later.pop_front() {
            // SAFETY: the key borrows the value, and with it what the value owns, until here.
            unsafe { order(values, count, &mut key) };
        }
        match key {
            Self { unordered: Some(name), .. } => Order::None(name),
            Self { unplaced: true, .. } => Order::Unplaced,
            Self { bytes, .. } => Order::Fixed(bytes),
        }
    }

    /// An unsigned number of fixed size, little-endian.
    pub fn unsigned(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes.iter().rev());
    }

    /// A signed number of fixed size, little-endian.
    pub fn signed(&mut self, bytes: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend(bytes.iter().rev());
        if let Some(top) = self.bytes.get_mut(start) {
            *top ^= 0x80;
        }
    }

    /// Bytes of varying length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        // The length goes first: it makes the sequence of parts unambiguous.
        self.unsigned(&(bytes.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(bytes);
    }

    /// A symbol, ordered by its id.
    pub fn symbol(&mut self, symbol: Symbol) {
        self.unsigned(&symbol.id().to_le_bytes());
    }

    /// A pointer to an object, ordered by the object's place in the image.
    pub fn object(&mut self, address: usize) {
        match (self.place_of)(address) {
            Some(place) => self.unsigned(&place.to_le_bytes()),
            None => self.unplaced = true,
        }
    }

    /// A word, ordered by what it refers to.
    pub fn word<W: Word>(&mut self, word: W) {
        let bits = word.to_bits();
        match W::decode(bits) {
            WordRef::Symbol(symbol) => {
                self.bytes.push(1);
                self.symbol(symbol);
            }
            WordRef::Object { address, .. } => {
                self.bytes.push(2);
                self.object(address as usize);
            }
            WordRef::Immediate | WordRef::Invalid => {
                self.bytes.push(0);
                self.unsigned(&bits.to_le_bytes());
            }
        }
    }

    /// Values behind an owned indirection; they follow when the rest of the key is done, so that
    /// depth costs no stack.
    pub fn defer<T: crate::Dumpable>(&mut self, values: &[T]) {
        self.defer_parts(values, &[]);
    }

    /// As [`defer`](Self::defer), of values that lie in two parts.
    pub(crate) fn defer_parts<T: crate::Dumpable>(&mut self, front: &[T], back: &[T]) {
        self.unsigned(&((front.len() + back.len()) as u64).to_le_bytes());
        for part in [front, back].into_iter().filter(|part| !part.is_empty()) {
            self.later.push_back((part.as_ptr().cast(), part.len(), order_values::<T>));
        }
    }

    /// A value that was made for the key: the stored form of a field of another type.
    pub fn made<T: crate::Dumpable>(&mut self, value: T) {
        let (kept, value) = Kept::new(Box::new(value));
        self.kept.push(kept);
        // SAFETY: the key keeps the value until what was put off is done.
        crate::Dumpable::order(unsafe { &*value }, self);
    }

    /// Values that several owners share: as deferred where they are met first, by their number elsewhere.
    pub(crate) fn shared<T: crate::Dumpable>(&mut self, values: &[T], id: TypeId) {
        let next = self.shared.len() as u64;
        let number = *self.shared.entry((values.as_ptr().addr(), id)).or_insert(next);
        self.unsigned(&number.to_le_bytes());
        if number == next {
            self.defer(values);
        }
    }

    /// A value of a type that has no order.
    pub fn unordered(&mut self, type_name: &'static str) {
        self.unordered = Some(type_name);
    }
}

unsafe fn order_values<T: crate::Dumpable>(values: *const u8, count: usize, key: &mut OrderKey<'_>) {
    // SAFETY: the caller promises `count` live values of the type that the job was made for.
    let values = unsafe { std::slice::from_raw_parts(values.cast::<T>(), count) };
    for value in values {
        crate::Dumpable::order(value, key);
    }
}
