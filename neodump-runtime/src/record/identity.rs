//! Keyed collections whose keys are compared by identity: `#[dump(identity_key)]`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ptr::NonNull;

use super::{Dumpable, Record};
use crate::heap::{ImageMap, Object};
use crate::symbols::Symbol;

/// A type whose values say which object, symbol or immediate they are: words, pointers to objects, symbols.
///
/// Implement it for a newtype around one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no identity: it is compared by what it is made of",
    label = "no word, pointer to an object, or symbol",
    note = "remove `identity_key`, or key the collection by a word, a typed pointer or a `Symbol`"
)]
pub trait IdentityKey: Dumpable {}

impl IdentityKey for Symbol {}
impl<T: Object> IdentityKey for &T {}
impl<T: Object> IdentityKey for NonNull<T> {}
impl<T: Object> IdentityKey for *const T {}
impl<T: Object> IdentityKey for *mut T {}
impl<K: IdentityKey> IdentityKey for Option<K> {}

/// A keyed collection.
#[diagnostic::on_unimplemented(
    message = "`identity_key` is for maps and sets, not for `{Self}`",
    label = "has no keys"
)]
pub trait KeyedByIdentity {
    /// The type of its keys.
    type Key;
}

impl<K, V, S> KeyedByIdentity for HashMap<K, V, S> {
    type Key = K;
}
impl<K, S> KeyedByIdentity for HashSet<K, S> {
    type Key = K;
}
impl<K, V> KeyedByIdentity for BTreeMap<K, V> {
    type Key = K;
}
impl<K> KeyedByIdentity for BTreeSet<K> {
    type Key = K;
}
impl<K, V> KeyedByIdentity for ImageMap<K, V> {
    type Key = K;
}

/// The record of the collection.
pub const fn record<M: Dumpable + KeyedByIdentity<Key: IdentityKey>>() -> Record {
    M::RECORD
}
