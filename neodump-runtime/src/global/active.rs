//! What a static holds: the state of the active machine, and those of the others.

use std::ops::{Deref, DerefMut};

/// Whose state is in a static as long as no machine is active.
const NOBODY: u64 = 0;

/// The content of a static: the state of the machine that is active, behind `Deref`.
///
/// Until a machine is [activated](super::activate), and when the active one has gone, it is what the program
/// gave to [`new`](Self::new).
#[derive(Debug)]
pub struct Active<T> {
    /// The number of the machine whose state `state` is.
    owner: u64,
    state: T,
    /// The states of machines that are not active, and of nobody while one is.
    aside: Vec<(u64, T)>,
}

impl<T> Active<T> {
    /// What the program starts with.
    pub const fn new(state: T) -> Self {
        Self { owner: NOBODY, state, aside: Vec::new() }
    }

    /// Whether a machine is active.
    pub fn is_owned(&self) -> bool {
        self.owner != NOBODY
    }

    /// Whose state is active.
    pub(super) fn owner(&self) -> u64 {
        self.owner
    }

    /// The state of a machine, active or aside.
    pub(crate) fn of(&self, owner: u64) -> Option<&T> {
        if self.owner == owner {
            return Some(&self.state);
        }
        self.aside.iter().find(|(other, _)| *other == owner).map(|(_, state)| state)
    }

    /// Makes the state of a machine the active one; says whether it is here.
    pub(super) fn switch(&mut self, owner: u64) -> bool {
        if self.owner == owner {
            return true;
        }
        let Some(index) = self.aside.iter().position(|(other, _)| *other == owner) else { return false };
        let (_, state) = self.aside.swap_remove(index);
        let before = std::mem::replace(&mut self.state, state);
        self.aside.push((std::mem::replace(&mut self.owner, owner), before));
        true
    }

    /// Brings in the state of a machine, aside.
    pub(super) fn enter(&mut self, owner: u64, state: T) {
        self.aside.push((owner, state));
    }

    /// Takes out the state of a machine. If it was active, nobody is.
    pub(super) fn leave(&mut self, owner: u64) -> Option<T> {
        if self.owner == owner {
            // While a machine is active, the state of nobody is aside.
            self.switch(NOBODY);
        }
        let index = self.aside.iter().position(|(other, _)| *other == owner && owner != NOBODY)?;
        Some(self.aside.swap_remove(index).1)
    }
}

impl<T: Default> Default for Active<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Deref for Active<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.state
    }
}

impl<T> DerefMut for Active<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_kept_aside_and_nobody_is_first_and_last() {
        let mut active = Active::new("program");
        active.enter(1, "one");
        active.enter(2, "two");
        assert!((*active, active.is_owned()) == ("program", false));
        assert!(active.switch(1) && active.switch(2));
        assert_eq!(
            (*active, active.of(1), active.of(2), active.of(3)),
            ("two", Some(&"one"), Some(&"two"), None)
        );
        assert!(!active.switch(3));
        assert_eq!(active.leave(1), Some("one"));
        assert_eq!((*active, active.leave(1)), ("two", None));
        assert_eq!((active.leave(2), *active), (Some("two"), "program"));
        assert_eq!((active.leave(NOBODY), *active), (None, "program"));
    }
}
