//! The canonical handles of windows, frames and timers: one object for each number.

use super::object::{FrameHandle, Numbered, TimerHandle, WindowHandle};
use crate::heap::Heap;
use crate::rt::Dumpable;
use crate::value::Value;
use std::collections::BTreeMap;

/// The handles of windows, frames and timers that a program has met, by number. Windows and frames themselves belong to
/// the process; what refers to one stays `eq` to whatever else does, in an image too.
#[derive(Dumpable, Default)]
#[dump(section = "handles", version = 1)]
pub struct Handles {
    windows: BTreeMap<u64, Value>,
    frames: BTreeMap<u64, Value>,
    timers: BTreeMap<u64, Value>,
    /// How many timers there have been.
    made_timers: u64,
}

fn canonical<T: Numbered>(known: &mut BTreeMap<u64, Value>, heap: &mut Heap, id: u64) -> Value {
    *known.entry(id).or_insert_with(|| heap.adopt(T::with_id(id), 0))
}

impl Handles {
    /// The handle of a window.
    pub fn window(&mut self, heap: &mut Heap, id: u64) -> Value {
        canonical::<WindowHandle>(&mut self.windows, heap, id)
    }

    /// The handle of a frame.
    pub fn frame(&mut self, heap: &mut Heap, id: u64) -> Value {
        canonical::<FrameHandle>(&mut self.frames, heap, id)
    }

    /// The handle of a timer.
    pub fn timer(&mut self, heap: &mut Heap, id: u64) -> Value {
        self.made_timers = self.made_timers.max(id);
        canonical::<TimerHandle>(&mut self.timers, heap, id)
    }

    /// The handle of a timer that there was not before.
    pub fn new_timer(&mut self, heap: &mut Heap) -> Value {
        self.timer(heap, self.made_timers + 1)
    }
}
