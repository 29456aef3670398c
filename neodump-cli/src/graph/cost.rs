//! What hydration costs a load, estimated.
//!
//! The numbers are those of a load of a million values of each kind on two cores of the machine that the figures of
//! the documentation are from: see the chapter on the tool in the guide. They tell what is worth an author's
//! time, not how long a load takes.

use super::Tally;

/// Nanoseconds to make one value that Rust owns: an allocation, and its place in its owner.
pub(crate) const VALUE: u64 = 40;
/// Nanoseconds to put one entry into a keyed collection: hash, compare, grow.
pub(crate) const ENTRY: u64 = 60;
/// Nanoseconds to write the slot of an object whose fields are hydrated.
pub(crate) const SLOT: u64 = 15;
/// Bytes that are copied in a nanosecond.
pub(crate) const BYTES: u64 = 4;

/// Nanoseconds that a load spends on what `tally` counts, in `slots` objects.
pub(crate) fn nanoseconds(tally: &Tally, slots: u64) -> u64 {
    let values = tally.hydrated_values.saturating_mul(VALUE);
    let entries = tally.hydrated_entries.saturating_mul(ENTRY);
    let bytes = tally.hydrated_bytes / BYTES;
    slots.saturating_mul(SLOT).saturating_add(values).saturating_add(entries).saturating_add(bytes)
}
