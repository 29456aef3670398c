//! The one line that says where the runtime's types come from.

pub use crate::standin::{ImageVec, Interner, Symbol};
