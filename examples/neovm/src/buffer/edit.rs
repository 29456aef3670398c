//! Changing the text of the current buffer.

use super::interval::Intervals;
use super::object::{BufferHandle, Marker, Pos};
use super::state::{Buffer, BufferId};
use crate::chars;
use crate::error::{Flow, LispResult};
use crate::machine::Vm;
use crate::object::Str;
use crate::symbols::sym;
use crate::value::Value;
use std::rc::Rc;

impl Vm {
    /// The current buffer. The error has no message: no machine is without one.
    pub(crate) fn here(&self) -> LispResult<&Buffer> {
        self.buffers.current().ok_or(Flow::Signal(sym::error, Value::NIL))
    }

    /// The buffer that an argument names: a living buffer or its name; the current one for nil.
    pub(crate) fn buffer_arg(&mut self, v: Value) -> LispResult<BufferId> {
        if v.is_nil() {
            return self.here().map(|buffer| buffer.id);
        }
        let found = match self.heap.as_bytes(v) {
            Some(name) => self.buffers.named(&self.heap, name),
            None => self.buffers.id_of(&self.heap, v),
        };
        if let Some(id) = found {
            return Ok(id);
        }
        if v.is_str() {
            let name = String::from_utf8_lossy(&self.princ(v)).into_owned();
            return Err(self.error(format!("No buffer named {name}")));
        }
        if self.heap.get::<BufferHandle>(v).is_some() {
            return Err(self.error("Selecting deleted buffer"));
        }
        let predicate = self.intern("bufferp");
        Err(self.wrong_type(predicate, v))
    }

    /// The place in characters that an argument names: an integer or a marker.
    pub(crate) fn place_arg(&mut self, v: Value) -> LispResult<i64> {
        if let Some(n) = v.as_fixnum() {
            return Ok(n);
        }
        match self.heap.get::<Marker>(v).map(|marker| (marker.buffer.get(), marker.pos.get())) {
            Some((buffer, pos)) if buffer.is_true() => Ok(pos.char as i64),
            Some(_) => Err(self.error("Marker does not point anywhere")),
            None => Err(self.wrong_type(sym::integer_or_marker_p, v)),
        }
    }

    /// A place of a buffer's accessible part, the nearest one to what an argument names.
    pub(crate) fn clamped_arg(&mut self, buffer: BufferId, v: Value) -> LispResult<Pos> {
        let at = self.place_arg(v)?;
        let Some(buffer) = self.buffers.get(buffer) else { return Ok(Pos::FIRST) };
        let at = u64::try_from(at).unwrap_or(0).clamp(buffer.begv.char, buffer.zv.char);
        Ok(buffer.text.borrow().pos(at))
    }

    /// Two places of the current buffer's accessible part, in order.
    pub(crate) fn region_args(&mut self, from: Value, to: Value) -> LispResult<(Pos, Pos)> {
        let (start, end) = (self.place_arg(from)?, self.place_arg(to)?);
        let buffer = self.here()?;
        let (start, end) = (start.min(end), start.max(end));
        if start < buffer.begv.char as i64 || end > buffer.zv.char as i64 {
            return Err(self.signal(sym::args_out_of_range, &[from, to]));
        }
        let text = buffer.text.borrow();
        Ok((text.pos(start as u64), text.pos(end as u64)))
    }

    /// Refuses to change the current buffer when it is only to be read.
    pub(crate) fn check_writable(&mut self) -> LispResult<()> {
        let (read_only, inhibit) = (self.global("buffer-read-only"), self.global("inhibit-read-only"));
        if read_only.is_true() && inhibit.is_nil() {
            let (condition, handle) = (self.intern("buffer-read-only"), self.here()?.handle);
            return Err(self.signal(condition, &[handle]));
        }
        Ok(())
    }

    /// Text as a buffer has it: internally encoded, bytes of a unibyte string as raw bytes.
    pub(crate) fn text_of(&mut self, string: Value) -> LispResult<(Vec<u8>, Intervals)> {
        let Some(str) = self.heap.get::<Str>(string) else {
            return Err(self.wrong_type(sym::char_or_string_p, string));
        };
        let props = Intervals::from_list(&self.heap, str.props.get());
        if str.multibyte != 0 || str.bytes.is_ascii() {
            return Ok((str.bytes.to_vec(), props));
        }
        let mut bytes = Vec::with_capacity(str.bytes.len() * 2);
        for c in self.string_chars(string)? {
            chars::push(&mut bytes, c);
        }
        Ok((bytes, props))
    }

    /// Inserts text where the program works, and moves there behind it.
    pub(crate) fn insert_text(
        &mut self,
        bytes: &[u8],
        props: &Intervals,
        before_markers: bool,
    ) -> LispResult<()> {
        self.check_writable()?;
        if bytes.is_empty() {
            return Ok(());
        }
        let (at, count) = (self.here()?.pt, chars::count(bytes) as u64);
        self.record_insert(at.char, count);
        let Some(buffer) = self.buffers.current() else { return Ok(()) };
        let (shared, here) = (buffer.text.clone(), buffer.id);
        let mut text = shared.borrow_mut();
        text.gap.insert(at.byte as usize - 1, bytes, count as usize);
        text.props.insert(at.char, count);
        text.props.put_all(at.char, props);
        text.modified += 1;
        text.chars_modified = text.modified;
        let moved = |place: Pos| Pos { char: place.char + count, byte: place.byte + bytes.len() as u64 };
        for marker in self.heap.markers(text.chain) {
            let place = marker.pos.get();
            if place > at || place == at && (before_markers || marker.advances.get()) {
                marker.pos.set(moved(place));
            }
        }
        for buffer in self.buffers.all_mut() {
            if !Rc::ptr_eq(&buffer.text, &shared) {
                continue;
            }
            if buffer.pt > at || buffer.pt == at && buffer.id == here {
                buffer.pt = moved(buffer.pt);
            }
            if buffer.begv > at {
                buffer.begv = moved(buffer.begv);
            }
            if buffer.zv >= at {
                buffer.zv = moved(buffer.zv);
            }
            buffer.overlays_inserted(&self.heap, at.char, count, before_markers);
        }
        Ok(())
    }

    /// Deletes the text between two places of the current buffer.
    pub(crate) fn delete_text(&mut self, from: Pos, to: Pos) -> LispResult<()> {
        self.check_writable()?;
        if from == to {
            return Ok(());
        }
        self.record_delete(from, to)?;
        let Some(buffer) = self.buffers.current() else { return Ok(()) };
        let shared = buffer.text.clone();
        let mut text = shared.borrow_mut();
        text.gap.delete(from.byte as usize - 1, to.byte as usize - 1);
        text.props.delete(from.char, to.char);
        text.modified += 1;
        text.chars_modified = text.modified;
        let moved = |place: Pos| {
            if place <= from {
                place
            } else if place <= to {
                from
            } else {
                Pos { char: place.char - (to.char - from.char), byte: place.byte - (to.byte - from.byte) }
            }
        };
        for marker in self.heap.markers(text.chain) {
            let place = marker.pos.get();
            if place > from {
                marker.pos.set(moved(place));
            }
        }
        let mut empty = Vec::new();
        for buffer in self.buffers.all_mut() {
            if !Rc::ptr_eq(&buffer.text, &shared) {
                continue;
            }
            [buffer.pt, buffer.begv, buffer.zv] = [buffer.pt, buffer.begv, buffer.zv].map(moved);
            empty.extend(buffer.overlays_deleted(&self.heap, from.char, to.char));
        }
        drop(text);
        let evaporate = self.intern("evaporate");
        for overlay in empty {
            if self.overlay_property(overlay, evaporate).is_true() {
                self.place_overlay(overlay, None);
            }
        }
        Ok(())
    }

    /// The text between two places of the current buffer as a string, with its properties or without.
    pub(crate) fn text_string(&mut self, from: Pos, to: Pos, with_props: bool) -> LispResult {
        let text = self.here()?.text.clone();
        let text = text.borrow();
        let string = self.heap.string_parts(text.bytes(from, to), (to.char - from.char) as usize, true);
        if with_props {
            let props = text.props.part(from.char, to.char, 0).to_list(&mut self.heap);
            if let Some(str) = self.heap.get::<Str>(string) {
                str.props.set(props);
            }
        }
        Ok(string)
    }

    /// Moves to a place of the current buffer.
    pub(crate) fn go_to(&mut self, place: Pos) {
        if let Some(buffer) = self.buffers.current_mut() {
            buffer.pt = place.clamp(buffer.begv, buffer.zv);
        }
    }

    /// Puts a marker at a place of a buffer, or in none.
    pub(crate) fn place_marker(&mut self, marker: Value, to: Option<(BufferId, Pos)>) {
        let Some(object) = self.heap.get::<Marker>(marker) else { return };
        let target = to.and_then(|(id, pos)| Some((self.buffers.get(id)?, pos)));
        let old = self.buffers.id_of(&self.heap, object.buffer.get()).and_then(|id| self.buffers.get(id));
        let stays = match (old, target) {
            (Some(old), Some((new, _))) => old.shares_text(new),
            _ => false,
        };
        if let Some(old) = old.filter(|_| !stays) {
            self.heap.unlink(old.text.borrow().chain, |other| other != marker);
        }
        object.was_placed.set(object.was_placed.get() || old.is_some());
        match target {
            None => object.buffer.set(Value::NIL),
            Some((buffer, pos)) => {
                object.buffer.set(buffer.handle);
                object.pos.set(pos);
                if !stays {
                    self.heap.link(buffer.text.borrow().chain, marker);
                }
            }
        }
    }

    /// A new marker at a place of a buffer.
    pub(crate) fn marker_at(&mut self, buffer: BufferId, pos: Pos, advances: bool) -> Value {
        let marker = self.heap.marker();
        if let Some(object) = self.heap.get::<Marker>(marker) {
            object.advances.set(advances);
        }
        self.place_marker(marker, Some((buffer, pos)));
        marker
    }

    /// Where a marker is.
    pub(crate) fn marker_place(&self, marker: Value) -> Option<(BufferId, Pos)> {
        let marker = self.heap.get::<Marker>(marker)?;
        Some((self.buffers.id_of(&self.heap, marker.buffer.get())?, marker.pos.get()))
    }
}
