//! The one line that says where the runtime's types come from.

pub(crate) use neodump_runtime::heap::ImageHasher;
pub(crate) use neodump_runtime::{Dumpable, ImageKey, ImageMap, ProcessPtr};
pub use neodump_runtime::{ImageOption, ImageVec, Interner, Symbol};
