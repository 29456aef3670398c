//! The commands, one a file.

mod inspect;
mod verify;

pub(crate) use inspect::Inspect;
pub(crate) use verify::Verify;
