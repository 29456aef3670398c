//! Host functions and statics, referenced by name and type and bound again at every start.
//!
//! The address of a native is another one in every process, so no image holds one. The machine lists
//! its [`Natives`]; a dump gives each that it meets a slot in the `imports` segment ([`ImportTable`]),
//! and objects point at the slot. At load the recorded [`Import`]s are found by name, their types
//! compared ([`bind`]), and each slot filled with the pointer of the function or a copy of the static.

mod bound;
mod import;
mod native_type;
mod natives;
mod section;
#[cfg(test)]
mod tests;

pub use bound::Bound;
use import::spread;
pub use import::{
    Binding, Import, ImportId, ImportKind, ImportTable, bind, import_at, natives_hash, slots_len,
};
pub use native_type::NativeType;
pub use natives::Natives;
pub use section::{decode, encode};

/// The name of the section, as errors and the section table have it.
pub const SECTION: &str = "Natives";

/// Slots start at multiples of this, so that words with tags of up to four bits can point at them.
pub const SLOT_ALIGN: usize = 16;

/// The largest alignment of a data native: that of the `imports` segment.
pub const MAX_ALIGN: usize = 64 * 1024;
