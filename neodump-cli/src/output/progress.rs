//! Signs of life of commands that take more than a moment.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The least time between two signs.
const EVERY: Duration = Duration::from_millis(100);

/// Says on the terminal how far a command is; says nothing where the error output is no terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    /// When the last sign was given, and whether one is to be seen.
    last: Cell<(Duration, bool)>,
    is_shown: bool,
}

impl Progress {
    /// On the error output of the process.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            last: Cell::new((Duration::ZERO, false)),
            is_shown: std::io::stderr().is_terminal(),
        }
    }

    /// Says that `done` of `all` of something are done. A command that is fast says nothing.
    pub(crate) fn show(&self, what: &str, done: u64, all: u64) {
        let (last, _) = self.last.get();
        let now = self.started.elapsed();
        if !self.is_shown || now < last + EVERY {
            return;
        }
        self.last.set((now, true));
        let percent = done.saturating_mul(100).checked_div(all).unwrap_or(100).min(100);
        // A sign that cannot be given is not missed.
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{what}: {percent} %");
    }

    /// Says what is done now.
    pub(crate) fn step(&self, what: &str) {
        let (last, _) = self.last.get();
        let now = self.started.elapsed();
        if self.is_shown && now >= last + EVERY {
            self.last.set((now, true));
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K{what}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let (_, true) = self.last.get() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
