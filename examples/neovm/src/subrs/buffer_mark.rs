//! Markers and overlays.

use super::{MANY, SubrDesc, arg, subr};
use crate::buffer::BufferId;
use crate::buffer::object::{Marker, Overlay};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 29] = [
    subr("markerp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.get::<Marker>(a[0]).is_some()))),
    subr("integer-or-marker-p", 1, 1, |vm, a| {
        let integer = a[0].as_fixnum().is_some() || vm.heap.get::<crate::object::Bignum>(a[0]).is_some();
        Ok(Value::bool(integer || vm.heap.get::<Marker>(a[0]).is_some()))
    }),
    subr("number-or-marker-p", 1, 1, |vm, a| {
        Ok(Value::bool(vm.heap.get::<Marker>(a[0]).is_some() || vm.check_number(a[0]).is_ok()))
    }),
    subr("make-marker", 0, 0, |vm, _| Ok(vm.heap.marker())),
    subr("point-marker", 0, 0, |vm, _| {
        let (id, pt) = (vm.here()?.id, vm.here()?.pt);
        Ok(vm.marker_at(id, pt, false))
    }),
    subr("point-min-marker", 0, 0, |vm, _| {
        let (id, begv) = (vm.here()?.id, vm.here()?.begv);
        Ok(vm.marker_at(id, begv, false))
    }),
    subr("point-max-marker", 0, 0, |vm, _| {
        let (id, zv) = (vm.here()?.id, vm.here()?.zv);
        Ok(vm.marker_at(id, zv, false))
    }),
    subr("mark-marker", 0, 0, |vm, _| vm.here().map(|buffer| buffer.mark)),
    subr("copy-marker", 0, 2, |vm, a| {
        let copy = vm.heap.marker();
        let from = arg(a, 0);
        let advances = arg(a, 1).is_true();
        if let Some(object) = vm.heap.get::<Marker>(copy) {
            object.advances.set(advances);
        }
        match vm.heap.get::<Marker>(from) {
            Some(_) => {
                let place = vm.marker_place(from);
                vm.place_marker(copy, place);
            }
            None if from.is_nil() => {}
            None => {
                let here = vm.here()?.id;
                vm.put_marker(copy, here, from)?;
            }
        }
        Ok(copy)
    }),
    subr("set-marker", 2, 3, set_marker),
    subr("move-marker", 2, 3, set_marker),
    subr("marker-position", 1, 1, |vm, a| {
        check_marker(vm, a[0])?;
        Ok(vm.marker_place(a[0]).map_or(Value::NIL, |(_, pos)| Value::int(pos.char as usize)))
    }),
    subr("marker-last-position", 1, 1, |vm, a| {
        check_marker(vm, a[0])?;
        let placed = |m: &Marker| m.buffer.get().is_true() || m.was_placed.get();
        let at = vm.heap.get::<Marker>(a[0]).filter(|m| placed(m)).map_or(0, |m| m.pos.get().char);
        Ok(Value::int(at as usize))
    }),
    subr("marker-buffer", 1, 1, |vm, a| {
        check_marker(vm, a[0])?;
        Ok(vm.heap.get::<Marker>(a[0]).map_or(Value::NIL, |marker| marker.buffer.get()))
    }),
    subr("marker-insertion-type", 1, 1, |vm, a| {
        check_marker(vm, a[0])?;
        Ok(Value::bool(vm.heap.get::<Marker>(a[0]).is_some_and(|marker| marker.advances.get())))
    }),
    subr("set-marker-insertion-type", 2, 2, |vm, a| {
        check_marker(vm, a[0])?;
        if let Some(marker) = vm.heap.get::<Marker>(a[0]) {
            marker.advances.set(a[1].is_true());
        }
        Ok(a[1])
    }),
    subr("overlayp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.get::<Overlay>(a[0]).is_some()))),
    subr("make-overlay", 2, 5, |vm, a| {
        let id = vm.buffer_arg(arg(a, 2))?;
        let (start, end) = span(vm, id, a[0], a[1])?;
        Ok(vm.make_overlay(id, start, end, [arg(a, 3).is_true(), arg(a, 4).is_true()]))
    }),
    subr("move-overlay", 3, 4, |vm, a| {
        let old = overlay(vm, a[0])?.buffer.get();
        let id = vm.buffer_arg(if arg(a, 3).is_nil() { old } else { a[3] })?;
        let (start, end) = span(vm, id, a[1], a[2])?;
        vm.place_overlay(a[0], Some((id, start, end)));
        Ok(a[0])
    }),
    subr("delete-overlay", 1, 1, |vm, a| {
        overlay(vm, a[0])?;
        vm.place_overlay(a[0], None);
        Ok(Value::NIL)
    }),
    subr("overlay-start", 1, 1, |vm, a| {
        let overlay = overlay(vm, a[0])?;
        Ok(if overlay.buffer.get().is_nil() { Value::NIL } else { Value::int(overlay.start.get() as usize) })
    }),
    subr("overlay-end", 1, 1, |vm, a| {
        let overlay = overlay(vm, a[0])?;
        Ok(if overlay.buffer.get().is_nil() { Value::NIL } else { Value::int(overlay.end.get() as usize) })
    }),
    subr("overlay-buffer", 1, 1, |vm, a| Ok(overlay(vm, a[0])?.buffer.get())),
    subr("overlay-properties", 1, 1, |vm, a| {
        let plist = overlay(vm, a[0])?.plist.get();
        let parts = vm.heap.list_elements(plist, usize::MAX);
        Ok(vm.heap.list(&parts))
    }),
    subr("overlay-get", 2, 2, |vm, a| {
        overlay(vm, a[0])?;
        Ok(vm.overlay_property(a[0], a[1]))
    }),
    subr("overlay-put", 3, 3, |vm, a| {
        let mut parts = {
            let plist = overlay(vm, a[0])?.plist.get();
            vm.heap.list_elements(plist, usize::MAX)
        };
        match parts.chunks_exact_mut(2).find(|pair| pair[0] == a[1]) {
            Some(pair) => pair[1] = a[2],
            None => parts.splice(0..0, [a[1], a[2]]).for_each(drop),
        }
        let plist = vm.heap.list(&parts);
        overlay(vm, a[0])?.plist.set(plist);
        Ok(a[2])
    }),
    subr("overlays-at", 1, 2, |vm, a| {
        let at = vm.place_arg(a[0])?;
        found(vm, |start, end| start <= at && at < end)
    }),
    subr("overlays-in", 2, 2, |vm, a| {
        let (from, to) = (vm.place_arg(a[0])?, vm.place_arg(a[1])?);
        let (from, to) = (from.min(to), from.max(to));
        let last = vm.here()?.zv.char as i64;
        found(vm, |start, end| {
            let empty =
                start == end && (start == from || from < start && start < to || to == last && start == to);
            empty || start < end && start < to && from < end
        })
    }),
    subr("next-overlay-change", 1, MANY, |vm, a| {
        let at = vm.place_arg(a[0])?;
        let here = vm.here()?;
        let ends = here.overlays(&vm.heap).flat_map(|(_, o)| [o.start.get(), o.end.get()]);
        let next = ends.filter(|&end| end as i64 > at).min().unwrap_or(here.zv.char);
        Ok(Value::int(next as usize))
    }),
];

fn check_marker(vm: &mut Vm, v: Value) -> LispResult<()> {
    if vm.heap.get::<Marker>(v).is_some() {
        return Ok(());
    }
    let predicate = vm.intern("markerp");
    Err(vm.wrong_type(predicate, v))
}

fn overlay(vm: &mut Vm, v: Value) -> LispResult<&Overlay> {
    if vm.heap.get::<Overlay>(v).is_none() {
        let predicate = vm.intern("overlayp");
        return Err(vm.wrong_type(predicate, v));
    }
    vm.heap.get::<Overlay>(v).ok_or(crate::error::Flow::Signal(crate::symbols::sym::error, Value::NIL))
}

fn set_marker(vm: &mut Vm, a: &[Value]) -> LispResult {
    check_marker(vm, a[0])?;
    let dead = arg(a, 2).is_true() && !a[2].is_str() && vm.buffers.id_of(&vm.heap, a[2]).is_none();
    if a[1].is_nil() || dead || vm.heap.get::<Marker>(a[1]).is_some() && vm.marker_place(a[1]).is_none() {
        vm.place_marker(a[0], None);
    } else {
        let id = vm.buffer_arg(arg(a, 2))?;
        vm.put_marker(a[0], id, a[1])?;
    }
    Ok(a[0])
}

/// Two places of a whole buffer, in order.
fn span(vm: &mut Vm, id: BufferId, from: Value, to: Value) -> LispResult<(u64, u64)> {
    let (from, to) = (vm.place_arg(from)?, vm.place_arg(to)?);
    let end = vm.buffers.get(id).map_or(1, |buffer| buffer.text.borrow().end().char);
    let place = |at: i64| u64::try_from(at).unwrap_or(0).clamp(1, end);
    Ok((place(from.min(to)), place(from.max(to))))
}

/// The overlays of the current buffer that lie as asked, in the order in which they were made.
fn found(vm: &mut Vm, lies: impl Fn(i64, i64) -> bool) -> LispResult {
    let all = vm.here()?.overlays(&vm.heap);
    let all: Vec<Value> = all
        .filter(|(_, overlay)| lies(overlay.start.get() as i64, overlay.end.get() as i64))
        .map(|(value, _)| value)
        .collect();
    Ok(vm.heap.list(&all))
}

impl Vm {
    /// Puts a marker at the place of a whole buffer that an argument names.
    fn put_marker(&mut self, marker: Value, id: BufferId, at: Value) -> LispResult<()> {
        let at = self.place_arg(at)?;
        let pos =
            self.buffers.get(id).map(|buffer| (id, buffer.text.borrow().pos(u64::try_from(at).unwrap_or(0))));
        self.place_marker(marker, pos);
        Ok(())
    }

    /// A property of an overlay.
    pub(crate) fn overlay_property(&self, overlay: Value, property: Value) -> Value {
        let plist = self.heap.get::<Overlay>(overlay).map_or(Value::NIL, |overlay| overlay.plist.get());
        let parts = self.heap.list_elements(plist, usize::MAX);
        parts.chunks_exact(2).find(|pair| pair[0] == property).map_or(Value::NIL, |pair| pair[1])
    }

    /// Makes an overlay like another in another buffer.
    pub(super) fn copy_overlay(&mut self, overlay: Value, to: BufferId) {
        let Some(object) = self.heap.get::<Overlay>(overlay) else { return };
        let (start, end, plist) = (object.start.get(), object.end.get(), object.plist.get());
        let advance = [object.front_advance, object.rear_advance];
        let parts = self.heap.list_elements(plist, usize::MAX);
        let plist = self.heap.list(&parts);
        let copy = self.make_overlay(to, start, end, advance);
        if let Some(copy) = self.heap.get::<Overlay>(copy) {
            copy.plist.set(plist);
        }
    }
}
