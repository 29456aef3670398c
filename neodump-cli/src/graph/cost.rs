//! What hydration costs a load, estimated.
//!
//! The numbers are processor time of loads of a million values of each kind, mapped and trusted, on one core of the
//! machine that the figures of the documentation are from: strings 25 ns and boxes 52 ns each, entries of a `HashMap` of
//! numbers 158 ns, options 10 ns, numbers 2 bytes a nanosecond. They tell what is worth an author's time, not how long a
//! load takes.

use super::Tally;

/// Nanoseconds to make one value that Rust owns: an allocation, and its place in its owner.
pub(crate) const VALUE: u64 = 40;
/// Nanoseconds to put one entry into a keyed collection: hash, compare, grow.
pub(crate) const ENTRY: u64 = 150;
/// Nanoseconds to write the slot of an object whose fields are hydrated.
pub(crate) const SLOT: u64 = 10;
/// Bytes that are copied in a nanosecond.
pub(crate) const BYTES: u64 = 2;

/// Nanoseconds that a load spends on what `tally` counts, in `slots` objects.
pub(crate) fn nanoseconds(tally: &Tally, slots: u64) -> u64 {
    let values = tally.hydrated_values.saturating_mul(VALUE);
    let entries = tally.hydrated_entries.saturating_mul(ENTRY);
    let bytes = tally.hydrated_bytes / BYTES;
    slots.saturating_mul(SLOT).saturating_add(values).saturating_add(entries).saturating_add(bytes)
}
