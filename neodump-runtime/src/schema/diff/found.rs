//! Changes as they are found: the first ones are told, all are counted.

use super::MOST;
use super::change::ChangeKind;

/// The changes of types, in the order in which they are found.
///
/// A text out of a file can differ in millions of places, and nobody reads more than the first: what is not told is
/// not made either.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Those that somebody made, then those that followed; each with the number of the type that it was found in.
    told: [Vec<(usize, ChangeKind)>; 2],
    /// How many there are of both.
    count: [usize; 2],
    /// How many of each are told.
    most: usize,
    ty: usize,
}

impl Found {
    /// Tells the first changes.
    pub(super) fn first() -> Self {
        Self { most: MOST, ..Self::default() }
    }

    /// Tells none: whether there are any is what is asked.
    pub(super) fn counted() -> Self {
        Self::default()
    }

    /// From here on changes are those of type number `ty`.
    pub(super) fn of(&mut self, ty: usize) {
        self.ty = ty;
    }

    /// A change that somebody made.
    pub(super) fn made(&mut self, kind: impl FnOnce() -> ChangeKind) {
        self.add(0, kind);
    }

    /// A change that followed from another.
    pub(super) fn followed(&mut self, kind: impl FnOnce() -> ChangeKind) {
        self.add(1, kind);
    }

    fn add(&mut self, rank: usize, kind: impl FnOnce() -> ChangeKind) {
        let (Some(told), Some(count)) = (self.told.get_mut(rank), self.count.get_mut(rank)) else { return };
        *count = count.saturating_add(1);
        if told.len() < self.most {
            told.push((self.ty, kind()));
        }
    }

    /// How many were found.
    pub(super) fn count(&self) -> usize {
        self.count.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether none was found.
    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The first changes: those that somebody made, then those that followed.
    pub(super) fn into_told(self) -> impl Iterator<Item = (usize, ChangeKind)> {
        let most = self.most;
        self.told.into_iter().flatten().take(most)
    }
}
