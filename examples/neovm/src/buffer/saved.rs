//! What `save-excursion` and its like put back, for the evaluator and for byte code.

use super::manager::Restriction;
use super::object::Pos;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::value::Value;

/// What of the state of buffers is put back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Which buffer is current.
    Current,
    /// Which buffer is current, and where the program works in it.
    Excursion,
    /// What is accessible of the current buffer.
    Restriction,
}

/// A state of buffers. Whoever keeps it over a call to Lisp roots `state`.
#[derive(Clone, Copy)]
pub(crate) struct Saved {
    part: Part,
    /// The handle of a buffer; a marker; or a list `(HANDLE START END (LABEL START END)...)`, the innermost label last, with
    /// nil for `START` when nothing was narrowed.
    pub(crate) state: Value,
}

impl Vm {
    /// Notes a part of the state of buffers.
    pub(crate) fn save_state(&mut self, part: Part) -> LispResult<Saved> {
        let here = self.here()?;
        let (id, handle, pt) = (here.id, here.handle, here.pt);
        let state = match part {
            Part::Current => handle,
            Part::Excursion => self.marker_at(id, pt, false),
            Part::Restriction => {
                let (begv, zv, last) = (here.begv, here.zv, here.text.borrow().end());
                let bounds = if begv == Pos::FIRST && zv == last {
                    [Value::NIL; 2]
                } else {
                    [self.marker_at(id, begv, false), self.marker_at(id, zv, true)]
                };
                let mut parts = vec![handle, bounds[0], bounds[1]];
                for label in self.buffers.restrictions.get(&id).cloned().unwrap_or_default() {
                    parts.push(self.heap.list(&[label.label, label.start, label.end]));
                }
                self.heap.list(&parts)
            }
        };
        Ok(Saved { part, state })
    }

    /// Puts a part of the state of buffers back, as far as the buffers still live.
    pub(crate) fn restore_state(&mut self, Saved { part, state }: Saved) {
        match part {
            Part::Current => {
                if let Some(id) = self.buffers.id_of(&self.heap, state) {
                    self.buffers.select(id);
                }
            }
            Part::Excursion => {
                if let Some((id, pos)) = self.marker_place(state) {
                    self.buffers.select(id);
                    self.go_to(pos);
                    self.place_marker(state, None);
                }
            }
            Part::Restriction => self.restore_restriction(state),
        }
    }

    fn restore_restriction(&mut self, state: Value) {
        let parts = self.heap.list_elements(state, usize::MAX);
        let [handle, start, end, ref labels @ ..] = parts[..] else { return };
        let Some(id) = self.buffers.id_of(&self.heap, handle) else { return };
        let labels: Vec<Restriction> = labels
            .iter()
            .filter_map(|&label| match self.heap.list_elements(label, 3)[..] {
                [label, start, end] => Some(Restriction { label, start, end }),
                _ => None,
            })
            .collect();
        if labels.is_empty() {
            self.buffers.restrictions.remove(&id);
        } else {
            self.buffers.restrictions.insert(id, labels);
        }
        let bounds = match (self.marker_place(start), self.marker_place(end)) {
            (Some((_, start)), Some((_, end))) => Some((start, end)),
            _ => None,
        };
        self.place_marker(start, None);
        self.place_marker(end, None);
        if let Some(buffer) = self.buffers.get_mut(id) {
            buffer.narrow(bounds);
        }
    }
}
