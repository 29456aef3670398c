//! Buffers: texts with a place where the program works, what follows the text, and variables of their own.
//!
//! Everything that has an identity is an object of the heap, and the manager holds references: a buffer's handle, its
//! overlays, its mark, the chain of its text's markers. The name of a buffer is in its handle, so that a killed one
//! still knows it and no table of the dead is needed. Buffers that show one text share it by `Rc`, and an edit moves
//! the places of all of them; so no place is kept twice.

mod chain;
mod edit;
pub mod gap;
pub mod handle;
pub mod interval;
pub mod manager;
pub mod object;
pub(crate) mod overlay;
pub(crate) mod saved;
pub(crate) mod slots;
pub mod state;
pub mod text;
mod undo;

pub use manager::BufferManager;
pub use state::{Buffer, BufferId};
