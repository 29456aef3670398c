//! Keyboard macros.

use super::LispString;
use crate::rt::Dumpable;
use crate::value::Value;

/// Macros that were recorded, and the counter that they insert.
#[derive(Dumpable, Default)]
#[dump(section = "kmacro", version = 2)]
pub struct Kmacro {
    /// The macros, the newest first; each is a sequence of events.
    pub ring: Vec<Vec<Value>>,
    /// What the next macro that counts will insert.
    pub counter: i64,
    /// How it is written, as `format` takes it.
    pub counter_format: LispString,
    /// The events of a macro that is being recorded. They are values, so a collection has to know them; an image that
    /// is made meanwhile goes on with the recording.
    pub recording: Option<Vec<Value>>,
    /// How many macros run inside each other.
    #[dump(skip = "no program runs in an image")]
    pub(crate) executing: usize,
}

impl Kmacro {
    /// How many macros are kept.
    pub const RING_MAX: usize = 8;

    /// Makes a macro the newest.
    pub fn push(&mut self, events: Vec<Value>) {
        self.ring.insert(0, events);
        self.ring.truncate(Self::RING_MAX);
    }

    /// Makes the second macro the newest, the newest the oldest; the other way with `back`.
    pub fn rotate(&mut self, back: bool) {
        if !self.ring.is_empty() {
            if back { self.ring.rotate_right(1) } else { self.ring.rotate_left(1) }
        }
    }
}
