//! Modes: what they are, and which are on where.

use super::LispString;
use crate::rt::{Dumpable, Symbol};
use crate::value::Value;
use std::collections::HashMap;

/// One rule of how text is shown in a mode.
#[derive(Dumpable, Clone, Debug)]
pub struct FontLockKeyword {
    /// What it looks for.
    pub pattern: LispString,
    /// The face of what is found.
    pub face: Symbol,
    /// Which group of the pattern is shown so.
    pub group: usize,
    /// Whether it replaces the face that an earlier rule gave.
    pub overrides: bool,
    /// Whether the group may be missing from what was found.
    pub lax: bool,
}

/// How text is shown in a mode.
#[derive(Dumpable, Clone, Debug, Default)]
pub struct FontLock {
    /// The rules, in order.
    pub keywords: Vec<FontLockKeyword>,
    /// Whether capital letters match small ones.
    pub case_fold: bool,
    /// The name of the syntax table to use instead of the mode's.
    pub syntax_table: Option<LispString>,
}

/// A major mode.
#[derive(Dumpable, Clone, Debug)]
pub struct MajorMode {
    /// What the mode line shows.
    pub pretty_name: LispString,
    /// The mode that it was derived from.
    pub parent: Option<Value>,
    /// The variable with its hook.
    pub hook: Option<Value>,
    /// The variable with its keymap.
    pub keymap: Option<Value>,
    /// The variable with its syntax table.
    pub syntax_table: Option<Value>,
    /// The variable with its table of abbrevs.
    pub abbrev_table: Option<Value>,
    /// The function that turns it on.
    pub body: Value,
    /// How it shows text.
    pub font_lock: Option<FontLock>,
}

/// A minor mode.
#[derive(Dumpable, Clone, Debug)]
pub struct MinorMode {
    /// What the mode line shows while it is on: a string, a symbol, or nil.
    pub lighter: Value,
    /// The keymap that is active while it is on, or nil.
    pub keymap: Value,
    /// The function that turns it on and off.
    pub body: Value,
    /// Whether it is on everywhere at once.
    pub global: bool,
}

/// All modes. Buffers are known by their numbers.
#[derive(Dumpable, Default)]
#[dump(section = "modes", version = 2)]
pub struct Modes {
    /// Major modes.
    pub major: HashMap<Symbol, MajorMode>,
    /// Minor modes.
    pub minor: HashMap<Symbol, MinorMode>,
    /// The major mode of each buffer that has another than the fundamental one.
    pub buffer_major: HashMap<u64, Value>,
    /// The minor modes that are on in each buffer, in the order in which they were turned on.
    pub buffer_minor: HashMap<u64, Vec<Value>>,
    /// The minor modes that are on everywhere.
    pub global_minor: Vec<Value>,
    /// Which major mode a file gets by its name: patterns, the first that matches counts.
    pub auto_mode_alist: Vec<(LispString, Value)>,
    /// The mode that all buffers start with.
    pub fundamental_mode: Value,
}

impl Modes {
    /// The major mode of a buffer.
    pub fn major_of(&self, buffer: u64) -> Value {
        self.buffer_major.get(&buffer).copied().unwrap_or(self.fundamental_mode)
    }

    /// Gives a buffer a major mode.
    pub fn set_major_of(&mut self, buffer: u64, mode: Value) {
        if mode == self.fundamental_mode {
            self.buffer_major.remove(&buffer);
        } else {
            self.buffer_major.insert(buffer, mode);
        }
    }

    /// Turns a minor mode on or off in a buffer, or everywhere.
    pub fn set_minor(&mut self, buffer: Option<u64>, mode: Value, on: bool) {
        let modes = match buffer {
            Some(buffer) => self.buffer_minor.entry(buffer).or_default(),
            None => &mut self.global_minor,
        };
        modes.retain(|&other| other != mode);
        if on {
            modes.push(mode);
        }
        self.buffer_minor.retain(|_, modes| !modes.is_empty());
    }

    /// Whether a minor mode is on in a buffer, there or everywhere.
    pub fn is_on(&self, buffer: u64, mode: Value) -> bool {
        self.global_minor.contains(&mode)
            || self.buffer_minor.get(&buffer).is_some_and(|modes| modes.contains(&mode))
    }

    /// Forgets a buffer.
    pub fn forget_buffer(&mut self, buffer: u64) {
        self.buffer_major.remove(&buffer);
        self.buffer_minor.remove(&buffer);
    }
}
