//! The commands, one a file.

mod diff;
mod draw;
mod inspect;
mod node;
mod refs;
mod size;
mod stamp;
mod verify;
mod why;

pub(crate) use diff::Diff;
pub(crate) use draw::Draw;
pub(crate) use inspect::Inspect;
pub(crate) use refs::Refs;
pub(crate) use size::Size;
pub(crate) use stamp::Stamp;
pub(crate) use verify::Verify;
pub(crate) use why::Why;
