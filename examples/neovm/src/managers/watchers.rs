//! Functions that are told when a variable changes.

use crate::rt::{Dumpable, Symbol};
use crate::value::Value;
use std::collections::HashMap;

/// One watcher of a variable.
#[derive(Dumpable, Clone, Copy, Debug)]
#[repr(C)]
pub struct Watcher {
    /// Called with the variable, its new value, what happens to it, and where.
    pub callback: Value,
}

/// All watchers. Variables that have some are also marked in the obarray, so that others cost nothing.
#[derive(Dumpable, Default)]
#[dump(section = "watchers", version = 1)]
pub struct Watchers {
    /// By variable, the oldest first.
    pub watchers: HashMap<Symbol, Vec<Watcher>>,
}
