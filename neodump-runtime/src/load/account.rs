//! What hydration costs each section: values and time.

use std::time::{Duration, Instant};

use super::memory::SectionMemory;
use crate::dump::{HYDRATION, ROOT};

/// A running account of hydration. The clock is asked when work goes on in another section, not for each value.
pub(super) struct Account {
    /// The section that is being worked for, by its ordinal.
    current: u32,
    since: Instant,
    of: Vec<Spent>,
}

/// What a section has cost so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    pub(super) values: u64,
    pub(super) time: Duration,
}

impl Account {
    pub(super) fn new(sections: &[SectionMemory]) -> Self {
        Self { current: HYDRATION, since: Instant::now(), of: vec![Spent::default(); sections.len()] }
    }

    /// The section that is being worked for.
    pub(super) fn current(&self) -> u32 {
        self.current
    }

    /// Work goes on for a section.
    pub(super) fn enter(&mut self, section: u32) {
        if section != self.current {
            self.stop();
            self.current = section;
        }
    }

    /// Work goes on for what has no section of its own.
    pub(super) fn enter_root(&mut self) {
        self.enter(ROOT);
    }

    /// Values of the current section are made anew.
    pub(super) fn add(&mut self, values: usize) {
        if let Some(spent) = self.of.get_mut(self.current as usize) {
            spent.values += values as u64;
        }
    }

    /// What a section has cost, when the work is done.
    pub(super) fn of(&mut self, section: u32) -> Spent {
        self.stop();
        self.of.get(section as usize).copied().unwrap_or_default()
    }

    fn stop(&mut self) {
        let now = Instant::now();
        if let Some(spent) = self.of.get_mut(self.current as usize) {
            spent.time += now - self.since;
        }
        self.since = now;
    }
}
