//! Promises of the interner, tested against models and hostile bytes.

mod hostile;
mod model;
mod stage;

use super::{Frozen, Interner, Symbol};
use crate::error::Result;

/// The frozen layer in bytes that the test keeps.
fn frozen(bytes: &[u8]) -> Result<Frozen> {
    // SAFETY: every test keeps its bytes, unchanged, for longer than what it makes of them.
    unsafe { Frozen::new(bytes.as_ptr(), bytes.len()) }
}

fn encode(interner: &Interner) -> Vec<u8> {
    interner.encode().expect("every symbol has a name")
}

/// Bytes for which an interner is made that may live as long as the test process.
fn reload(interner: &Interner) -> Interner {
    let frozen = frozen(encode(interner).leak()).expect("an encoded table has a sound header");
    frozen.audit().expect("an encoded table passes the audit");
    Interner::from_frozen(frozen)
}

/// What can be observed of an interner.
fn observed(interner: &Interner) -> Vec<(Vec<u8>, bool)> {
    (0..interner.len() as u32)
        .map(Symbol::from_id)
        .map(|symbol| (interner.name(symbol).to_vec(), interner.is_interned(symbol)))
        .collect()
}
