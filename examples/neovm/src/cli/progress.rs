//! Telling how far long work has come: one line on the error output, overwritten, and only on a terminal.

use neodump_runtime::Progress;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How long work goes on before it is worth a word, and then between two words.
const EVERY: Duration = Duration::from_millis(200);

/// A line that says what is going on. It is gone when the meter is dropped.
pub(super) struct Meter {
    terminal: bool,
    last: Instant,
    shown: bool,
}

impl Meter {
    /// A meter on the error output; silent unless that is a terminal.
    pub(super) fn new() -> Meter {
        Meter { terminal: std::io::stderr().is_terminal(), last: Instant::now(), shown: false }
    }

    /// Tells, unless something was told a moment ago.
    pub(super) fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.terminal && self.last.elapsed() >= EVERY {
            self.last = Instant::now();
            self.show(&what());
        }
    }

    /// Tells what a dump is at, now.
    pub(super) fn dumping(&mut self, progress: Progress) {
        if self.terminal {
            self.show(&match progress {
                Progress::Tracing => "tracing objects".to_owned(),
                Progress::Writing { objects } => format!("writing {objects} objects"),
                _ => "dumping".to_owned(),
            });
        }
    }

    fn show(&mut self, what: &str) {
        self.shown = true;
        // Nobody is left to tell when the error output is gone.
        let _ = write!(std::io::stderr(), "\r\x1b[K{what}");
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.shown {
            self.show("");
        }
    }
}
