//! How commands are called by the user.

use crate::rt::{Dumpable, Symbol};
use crate::value::Value;
use std::collections::HashMap;

/// How the arguments of a command are made.
#[derive(Dumpable, Clone, Copy, Debug)]
#[repr(C)]
pub struct InteractiveSpec {
    /// A string of codes, a form, or nil for no arguments.
    pub spec: Value,
}

/// The commands whose functions do not say so themselves: those of the machine.
#[derive(Dumpable, Default)]
#[dump(section = "interactive", version = 1)]
pub struct Interactive {
    /// By the name of the function.
    pub specs: HashMap<Symbol, InteractiveSpec>,
    /// Of each call that runs, whether the user made it.
    #[dump(skip = "no program runs in an image")]
    pub(crate) calls: Vec<bool>,
}
