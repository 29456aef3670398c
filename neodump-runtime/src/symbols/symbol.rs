//! The symbol: an id that an interner gave out.

use std::fmt;

/// A symbol: the id that an [`Interner`](super::Interner) gave to a name.
///
/// Ids are dense and count up from zero in the order of creation. A symbol says nothing of its
/// interner: asking another one gives another name, or none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Symbol(u32);

impl Symbol {
    /// The symbol with this id, whether or not any interner has given it out.
    pub const fn from_id(id: u32) -> Self {
        Self(id)
    }

    /// The id, as it is stored in an image.
    pub const fn id(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.0)
    }
}
