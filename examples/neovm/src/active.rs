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
use neodump_runtime::global::Activations;

/// Where the machine counts them.
fn running(vm: &mut Vm) -> &mut Activations {
    &mut vm.session.images.running
}

impl Vm {
    /// Puts the machine's state where running programs look for it. Activations that succeed are counted.
    ///
    /// A place that somebody holds at the moment keeps what it has, and the machine its own state: its functions find it
    /// there.
    pub fn activate(&mut self) {
        let _ = Activations::enter(self, running);
    }

    /// Undoes one [`Vm::activate`]: after the last, the machine has all of its state again, and the places what they had.
    /// Without an activation it does nothing.
    pub fn deactivate(&mut self) {
        Activations::leave(self, running);
    }

    /// Whether the machine's state is where running programs look for it.
    pub fn is_active(&self) -> bool {
        self.session.images.running.is_active()
    }
}
