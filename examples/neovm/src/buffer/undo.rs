//! Recording what can be undone.

use super::object::{Marker, Pos};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::value::Value;

impl Vm {
    /// The list of what can be undone in the current buffer, if anything is to be recorded.
    fn undo_list(&self) -> Option<Value> {
        let list = self.buffers.current()?.undo.borrow().list;
        (list != Value::T).then_some(list)
    }

    fn push_undo(&mut self, entry: Value) {
        if let Some(list) = self.undo_list() {
            let list = self.heap.cons(entry, list);
            if let Some(buffer) = self.buffers.current() {
                buffer.undo.borrow_mut().list = list;
            }
        }
    }

    /// Notes that the text was unmodified, when it was: `(t . TIME)`.
    fn record_first_change(&mut self) {
        let Some(buffer) = self.buffers.current() else { return };
        let text = buffer.text.borrow();
        if text.modified > text.saved {
            return;
        }
        drop(text);
        let time = buffer.file_time.map_or(0, |time| time.seconds);
        let time = self.heap.integer(time);
        let entry = self.heap.cons(Value::T, time);
        self.push_undo(entry);
    }

    /// Notes that text is inserted: `(BEG . END)`, which grows with text inserted behind it.
    pub(crate) fn record_insert(&mut self, at: u64, count: u64) {
        let Some(list) = self.undo_list() else { return };
        self.record_first_change();
        let (start, end) = (Value::int(at as usize), Value::int((at + count) as usize));
        if let Some(last) = self.heap.as_cons(self.heap.car(list))
            && last.car.get().as_fixnum().is_some()
            && last.cdr.get() == start
        {
            last.cdr.set(end);
            return;
        }
        let entry = self.heap.cons(start, end);
        self.push_undo(entry);
    }

    /// Notes that text is deleted: `(TEXT . POSITION)`, negative when the program worked at its end, then
    /// `(MARKER . DISTANCE)` for each marker that was inside.
    pub(crate) fn record_delete(&mut self, from: Pos, to: Pos) -> LispResult<()> {
        let Some(list) = self.undo_list() else { return Ok(()) };
        let pt = self.here()?.pt;
        let boundary = self.heap.car(list).is_nil();
        self.record_first_change();
        let inhibit = self.global("undo-inhibit-record-point").is_true();
        if boundary && !inhibit && pt != from && pt != to {
            self.push_undo(Value::int(pt.char as usize));
        }
        let string = self.text_string(from, to, true)?;
        let at = from.char as i64;
        let at = self.heap.integer(if pt == to { -at } else { at });
        let entry = self.heap.cons(string, at);
        self.push_undo(entry);
        let text = self.here()?.text.clone();
        let text = text.borrow();
        let distance = |marker: &Marker| {
            let place = marker.pos.get();
            let edge = if marker.advances.get() { to } else { from };
            (from <= place && place <= to && place != edge).then(|| place.char as i64 - edge.char as i64)
        };
        let mut inside = Vec::new();
        let mut at = self.heap.first_marker(text.chain);
        while let Some(marker) = self.heap.get::<Marker>(at) {
            inside.extend(distance(marker).map(|distance| (at, distance)));
            at = marker.next.get();
        }
        drop(text);
        for (marker, distance) in inside {
            let distance = self.heap.integer(distance);
            let entry = self.heap.cons(marker, distance);
            self.push_undo(entry);
        }
        Ok(())
    }

    /// Notes what a text property was: `(nil PROPERTY VALUE BEG . END)`.
    pub(crate) fn record_property(&mut self, property: Value, old: Value, from: u64, to: u64) {
        if self.undo_list().is_none() {
            return;
        }
        self.record_first_change();
        let (from, to) = (Value::int(from as usize), Value::int(to as usize));
        let range = self.heap.cons(from, to);
        let entry = self.heap.list_with_tail(&[Value::NIL, property, old], range);
        self.push_undo(entry);
    }

    /// Ends a group of changes that are undone together.
    pub(crate) fn undo_boundary(&mut self) {
        if let Some(list) = self.undo_list()
            && self.heap.car(list).is_true()
        {
            self.push_undo(Value::NIL);
        }
    }
}
