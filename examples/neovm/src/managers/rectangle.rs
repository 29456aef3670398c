//! The rectangle that was killed last.

use super::LispString;
use crate::rt::Dumpable;

/// What `yank-rectangle` inserts.
#[derive(Dumpable, Default)]
#[dump(section = "rectangle", version = 2)]
pub struct Rectangle {
    /// Its lines, from the top.
    pub killed: Vec<LispString>,
}
