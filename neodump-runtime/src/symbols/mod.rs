//! The symbol interner: a value, with a frozen layer in the image and a live layer over it.
//!
//! An [`Interner`] gives byte-string names small dense ids. Started from an image it reads names and
//! hash index where the image has them ([`Frozen`]), so that loading costs nothing; what is interned
//! afterwards goes to a live layer whose ids follow. [`Interner::encode`] writes both layers as one
//! SymbolTable section whose bytes depend on the symbols alone, not on the layer that holds them.
//!
//! Names and symbols are counted apart: a *name* is a byte string, stored once; a *symbol* is an
//! identity that has a name. At most one symbol of a name is interned, that is, found by
//! [`Interner::lookup`]; any number of others may share the name.

mod audit;
mod encode;
mod frozen;
mod interner;
mod layout;
mod live;
mod stage;
mod symbol;
#[cfg(test)]
mod tests;

pub use frozen::Frozen;
pub use interner::{Interner, Iter};
pub use stage::Staged;
pub use symbol::Symbol;

/// The name of the section, as errors and the section table have it.
pub const SECTION: &str = "SymbolTable";

/// The stored hash of a name: XXH3-64, seed 0. It is part of the format.
pub(crate) fn hash_name(name: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(name)
}
