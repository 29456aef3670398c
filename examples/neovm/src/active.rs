//! State that a machine keeps outside of itself while it runs: in thread-locals and in statics of the process.
//!
//! A machine owns all of its state; `#[derive(Dumpable)]` sees it there. Some of it has to be elsewhere while a program
//! runs, because functions without a machine at hand read it. Each such place is a row of [`PLACES`]: a function that
//! *exchanges* what is there with a field of the machine. [`Vm::activate`] exchanges, and [`Vm::deactivate`]
//! exchanges back; so activations nest like calls, and a machine that runs inside of another one gives the place back as
//! it found it. Collections and dumps deactivate first: what they look at is the machine alone.
//!
//! [`Vm::run`] activates on its own. Code that reads such a place between programs brackets it itself.

use crate::machine::Vm;

/// Exchanges what is in a place with the machine's own field.
pub type Exchange = fn(&mut Vm);

/// Every place outside of a machine that holds state of the active machine.
///
/// A row for a static of the whole process keeps apart what machines of several threads have there.
pub const PLACES: &[Exchange] = &[crate::display::charset::exchange, crate::display::fontset::exchange];

impl Vm {
    /// Puts the machine's state where running programs look for it. Activations are counted.
    pub fn activate(&mut self) {
        self.session.activations += 1;
        if self.session.activations == 1 {
            PLACES.iter().for_each(|exchange| exchange(self));
        }
    }

    /// Undoes one [`Vm::activate`]: after the last, the machine has all of its state again, and the places what they had.
    /// Without an activation it does nothing.
    pub fn deactivate(&mut self) {
        if self.session.activations == 1 {
            PLACES.iter().rev().for_each(|exchange| exchange(self));
        }
        self.session.activations = self.session.activations.saturating_sub(1);
    }

    /// Whether the machine's state is where running programs look for it.
    pub fn is_active(&self) -> bool {
        self.session.activations > 0
    }

    /// Calls `f` while the machine has all of its state: how collections and dumps see it.
    pub(crate) fn while_whole<T>(&mut self, f: impl FnOnce(&mut Vm) -> T) -> T {
        let activations = std::mem::take(&mut self.session.activations);
        if activations > 0 {
            PLACES.iter().rev().for_each(|exchange| exchange(self));
        }
        let result = f(self);
        if activations > 0 {
            PLACES.iter().for_each(|exchange| exchange(self));
        }
        self.session.activations = activations;
        result
    }
}
