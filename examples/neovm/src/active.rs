//! State that a machine keeps outside of itself while it runs: in thread-locals and in statics of the process.
//!
//! A machine owns all of its state. Some of it has to be elsewhere while a program runs, because functions without a
//! machine at hand read it: the charsets in a thread-local, the fontsets in a registry of the process. Those fields are
//! `#[dump(global = PATH)]`, so dumps and collections find their state wherever it is. [`Vm::activate`] brings it there,
//! and [`Vm::deactivate`] back; so activations nest like calls, a machine that runs inside of another one gives the
//! place back as it found it, and a machine that does not run can go to another thread.
//!
//! `Vm::run` activates on its own. Code that reads such a place between programs brackets it itself.

use crate::machine::Vm;
use neodump_runtime::global;

impl Vm {
    /// Puts the machine's state where running programs look for it. Activations are counted.
    ///
    /// A place that somebody holds at the moment keeps what it has, and the machine its own state: its functions find it
    /// there.
    pub fn activate(&mut self) {
        if self.session.activations == 0 {
            self.session.running = global::begin(self).ok();
        }
        self.session.activations += 1;
    }

    /// Undoes one [`Vm::activate`]: after the last, the machine has all of its state again, and the places what they had.
    /// Without an activation it does nothing.
    pub fn deactivate(&mut self) {
        self.session.activations = self.session.activations.saturating_sub(1);
        if self.session.activations == 0
            && let Some(running) = self.session.running.take()
        {
            // A place that is held at the moment keeps the state; it goes when the machine does.
            let _ = running.end(self);
        }
    }

    /// Whether the machine's state is where running programs look for it.
    pub fn is_active(&self) -> bool {
        self.session.activations > 0
    }
}
