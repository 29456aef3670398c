//! Overlays.

use super::object::Overlay;
use super::state::{Buffer, BufferId};
use crate::heap::Heap;
use crate::machine::Vm;
use crate::object::{Header, Kind};
use crate::value::Value;
use std::cell::Cell;

impl Buffer {
    /// The overlays of the buffer with their objects, in the order in which they were made.
    pub(crate) fn overlays<'h>(&self, heap: &'h Heap) -> impl Iterator<Item = (Value, &'h Overlay)> {
        self.overlays.values().filter_map(move |&value| Some((value, heap.get::<Overlay>(value)?)))
    }

    /// Moves the ends of overlays for characters that were inserted.
    pub(crate) fn overlays_inserted(&self, heap: &Heap, at: u64, count: u64, before_markers: bool) {
        for (_, overlay) in self.overlays(heap) {
            let moves = |place: u64, advance: bool| place > at || place == at && (advance || before_markers);
            let (start, end) = (overlay.start.get(), overlay.end.get());
            let end = if moves(end, overlay.rear_advance) { end + count } else { end };
            let start = if moves(start, overlay.front_advance) { start + count } else { start };
            overlay.end.set(end);
            overlay.start.set(start.min(end));
        }
    }

    /// Moves the ends of overlays for characters that were deleted; those that are empty now.
    pub(crate) fn overlays_deleted(&self, heap: &Heap, from: u64, to: u64) -> Vec<Value> {
        let mut empty = Vec::new();
        for (value, overlay) in self.overlays(heap) {
            let shift = |place: u64| if place > to { place - (to - from) } else { place.min(from) };
            let (start, end) = (shift(overlay.start.get()), shift(overlay.end.get()));
            if start == end && overlay.start != overlay.end {
                empty.push(value);
            }
            overlay.start.set(start);
            overlay.end.set(end);
        }
        empty
    }
}

impl Vm {
    /// Makes an overlay in a buffer, between two places in it.
    pub(crate) fn make_overlay(
        &mut self,
        buffer: BufferId,
        start: u64,
        end: u64,
        advance: [bool; 2],
    ) -> Value {
        let handle = self.buffers.get(buffer).map_or(Value::NIL, |buffer| buffer.handle);
        self.buffers.made_overlays += 1;
        let serial = self.buffers.made_overlays;
        let object = Overlay {
            header: Header::new(Kind::Overlay),
            plist: Cell::new(Value::NIL),
            buffer: Cell::new(handle),
            start: Cell::new(start),
            end: Cell::new(end),
            serial,
            front_advance: advance[0],
            rear_advance: advance[1],
        };
        let overlay = self.heap.adopt(object, 0);
        if let Some(buffer) = self.buffers.get_mut(buffer) {
            buffer.overlays.insert(serial, overlay);
        }
        overlay
    }

    /// Moves an overlay into a buffer, or out of all.
    pub(crate) fn place_overlay(&mut self, overlay: Value, to: Option<(BufferId, u64, u64)>) {
        let Some(object) = self.heap.get::<Overlay>(overlay) else { return };
        if let Some(old) = self.buffers.id_of(&self.heap, object.buffer.get())
            && let Some(old) = self.buffers.get_mut(old)
        {
            old.overlays.remove(&object.serial);
        }
        object.buffer.set(Value::NIL);
        if let Some((buffer, start, end)) = to
            && let Some(buffer) = self.buffers.get_mut(buffer)
        {
            object.buffer.set(buffer.handle);
            object.start.set(start);
            object.end.set(end);
            buffer.overlays.insert(object.serial, overlay);
        }
    }
}
