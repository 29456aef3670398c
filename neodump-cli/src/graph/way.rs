//! Ways inside of what one owner owns, as they stand in errors: `faces['a'].weight`.

use super::layout::{ListId, PathId};

/// The number of a step with all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way(u32);

impl Way {
    /// The way without steps.
    pub(crate) const START: Self = Self(0);
}

/// One step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Into a record.
    Path(PathId),
    /// To an element.
    Index(u64),
    /// To an entry: its list, where it is, and its number.
    Entry(ListId, u64, u64),
}

/// All steps that a walk took.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    steps: Vec<(Way, Step)>,
}

impl Ways {
    pub(super) fn clear(&mut self) {
        self.steps.clear();
    }

    fn push(&mut self, before: Way, step: Step) -> Way {
        self.steps.push((before, step));
        // A walk that would need more loses the ends of its ways, nothing else.
        Way(u32::try_from(self.steps.len()).unwrap_or(0))
    }

    pub(super) fn path(&mut self, before: Way, path: PathId) -> Way {
        if path == PathId::default() { before } else { self.push(before, Step::Path(path)) }
    }

    pub(super) fn index(&mut self, before: Way, index: u64) -> Way {
        self.push(before, Step::Index(index))
    }

    pub(super) fn entry(&mut self, before: Way, list: ListId, at: u64, index: u64) -> Way {
        self.push(before, Step::Entry(list, at, index))
    }

    /// The steps of a way, the first one first.
    pub(crate) fn steps(&self, way: Way) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = way;
        while let Some((before, step)) = (at.0 as usize).checked_sub(1).and_then(|at| self.steps.get(at)) {
            steps.push(*step);
            at = *before;
        }
        steps.reverse();
        steps
    }
}
