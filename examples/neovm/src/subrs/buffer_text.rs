//! The text of buffers: where the program works, inserting, deleting, narrowing and searching.

use super::{MANY, SubrDesc, arg, subr};
use crate::buffer::interval::Intervals;
use crate::buffer::manager::Restriction;
use crate::buffer::object::Pos;
use crate::buffer::text::BufferText;
use crate::buffer::{Buffer, BufferId};
use crate::chars;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 46] = [
    subr("point", 0, 0, |vm, _| Ok(place(vm.here()?.pt))),
    subr("point-min", 0, 0, |vm, _| Ok(place(vm.here()?.begv))),
    subr("point-max", 0, 0, |vm, _| Ok(place(vm.here()?.zv))),
    subr("buffer-size", 0, 1, |vm, a| {
        let id = vm.buffer_arg(arg(a, 0))?;
        Ok(Value::int(vm.buffers.get(id).map_or(0, |buffer| buffer.text.borrow().gap.chars())))
    }),
    subr("goto-char", 1, 1, |vm, a| {
        let here = vm.here()?.id;
        let pos = vm.clamped_arg(here, a[0])?;
        vm.go_to(pos);
        Ok(a[0])
    }),
    subr("forward-char", 0, 1, |vm, a| forward_char(vm, arg(a, 0), 1)),
    subr("backward-char", 0, 1, |vm, a| forward_char(vm, arg(a, 0), -1)),
    subr("forward-line", 0, 1, |vm, a| {
        let count = if arg(a, 0).is_nil() { 1 } else { vm.fixnum(a[0])? };
        let (pos, left) = by_lines(vm.here()?, count);
        vm.go_to(pos);
        Ok(vm.heap.integer(left))
    }),
    subr("beginning-of-line", 0, 1, |vm, a| {
        let pos = line_edge(vm, arg(a, 0), false)?;
        vm.go_to(pos);
        Ok(Value::NIL)
    }),
    subr("end-of-line", 0, 1, |vm, a| {
        let pos = line_edge(vm, arg(a, 0), true)?;
        vm.go_to(pos);
        Ok(Value::NIL)
    }),
    subr("line-beginning-position", 0, 1, |vm, a| line_edge(vm, arg(a, 0), false).map(place)),
    subr("line-end-position", 0, 1, |vm, a| line_edge(vm, arg(a, 0), true).map(place)),
    subr("pos-bol", 0, 1, |vm, a| line_edge(vm, arg(a, 0), false).map(place)),
    subr("pos-eol", 0, 1, |vm, a| line_edge(vm, arg(a, 0), true).map(place)),
    subr("bobp", 0, 0, |vm, _| vm.here().map(|buffer| Value::bool(buffer.pt == buffer.begv))),
    subr("eobp", 0, 0, |vm, _| vm.here().map(|buffer| Value::bool(buffer.pt == buffer.zv))),
    subr("bolp", 0, 0, |vm, _| {
        let here = vm.here()?;
        Ok(Value::bool(starts_line(here, &here.text.borrow(), here.pt)))
    }),
    subr("eolp", 0, 0, |vm, _| {
        let here = vm.here()?;
        Ok(Value::bool(ends_line(here, &here.text.borrow(), here.pt)))
    }),
    subr("char-after", 0, 1, |vm, a| {
        let pos = character_arg(vm, arg(a, 0))?;
        let here = vm.here()?;
        let inside = pos.filter(|pos| here.begv <= *pos && *pos < here.zv);
        Ok(character(inside.and_then(|pos| here.text.borrow().char_at(pos))))
    }),
    subr("char-before", 0, 1, |vm, a| {
        let pos = character_arg(vm, arg(a, 0))?;
        let here = vm.here()?;
        let text = here.text.borrow();
        let inside = pos.filter(|pos| here.begv < *pos && *pos <= here.zv);
        Ok(character(inside.and_then(|pos| text.char_at(text.previous(pos)))))
    }),
    subr("following-char", 0, 0, |vm, _| {
        let here = vm.here()?;
        let inside = Some(here.pt).filter(|pos| *pos < here.zv);
        Ok(Value::int(inside.and_then(|pos| here.text.borrow().char_at(pos)).unwrap_or(0) as usize))
    }),
    subr("preceding-char", 0, 0, |vm, _| {
        let here = vm.here()?;
        let text = here.text.borrow();
        let inside = Some(here.pt).filter(|pos| here.begv < *pos);
        Ok(Value::int(inside.and_then(|pos| text.char_at(text.previous(pos))).unwrap_or(0) as usize))
    }),
    subr("insert", 0, MANY, |vm, a| insert(vm, a, false)),
    subr("insert-before-markers", 0, MANY, |vm, a| insert(vm, a, true)),
    subr("insert-char", 1, 3, |vm, a| {
        let c = vm.check_char(a[0])?;
        let count = if arg(a, 1).is_nil() { 1 } else { vm.index(a[1])? };
        let mut bytes = Vec::new();
        (0..count).for_each(|_| chars::push(&mut bytes, c));
        vm.insert_text(&bytes, &Intervals::default(), false).map(|()| Value::NIL)
    }),
    subr("insert-buffer-substring", 1, 3, |vm, a| {
        let (here, from) = (vm.here()?.id, vm.buffer_arg(a[0])?);
        vm.buffers.select(from);
        let string = (|| {
            let (begv, zv) = (vm.here()?.begv, vm.here()?.zv);
            let start = if arg(a, 1).is_nil() { place(begv) } else { a[1] };
            let end = if arg(a, 2).is_nil() { place(zv) } else { a[2] };
            let (start, end) = vm.region_args(start, end)?;
            vm.text_string(start, end, true)
        })();
        vm.buffers.select(here);
        let string = string?;
        insert(vm, &[string], false)
    }),
    subr("delete-region", 2, 2, |vm, a| {
        let (from, to) = vm.region_args(a[0], a[1])?;
        vm.delete_text(from, to).map(|()| Value::NIL)
    }),
    subr("delete-and-extract-region", 2, 2, |vm, a| {
        let (from, to) = vm.region_args(a[0], a[1])?;
        let text = vm.text_string(from, to, true)?;
        vm.stack.push(text);
        vm.delete_text(from, to).map(|()| text)
    }),
    subr("delete-char", 1, 2, |vm, a| {
        let count = vm.fixnum(a[0])?;
        let pt = vm.here()?.pt;
        let to = pt.char as i64 + count;
        let (begv, zv) = (vm.here()?.begv.char as i64, vm.here()?.zv.char as i64);
        if to < begv || to > zv {
            return Err(edge_error(vm, to > zv));
        }
        let to = vm.here()?.text.borrow().pos(to as u64);
        vm.delete_text(pt.min(to), pt.max(to)).map(|()| Value::NIL)
    }),
    subr("erase-buffer", 0, 0, |vm, _| {
        let here = vm.here()?.id;
        vm.buffers.restrictions.remove(&here);
        if let Some(buffer) = vm.buffers.current_mut() {
            buffer.narrow(None);
        }
        let (begv, zv) = (vm.here()?.begv, vm.here()?.zv);
        vm.delete_text(begv, zv).map(|()| Value::NIL)
    }),
    subr("buffer-string", 0, 0, |vm, _| {
        let (begv, zv) = (vm.here()?.begv, vm.here()?.zv);
        vm.text_string(begv, zv, true)
    }),
    subr("buffer-substring", 2, 2, |vm, a| {
        let (from, to) = vm.region_args(a[0], a[1])?;
        vm.text_string(from, to, true)
    }),
    subr("buffer-substring-no-properties", 2, 2, |vm, a| {
        let (from, to) = vm.region_args(a[0], a[1])?;
        vm.text_string(from, to, false)
    }),
    subr("narrow-to-region", 2, 2, |vm, a| narrow(vm, a[0], a[1]).map(|_| Value::NIL)),
    subr("widen", 0, 0, |vm, _| widen(vm).map(|()| Value::NIL)),
    subr("buffer-narrowed-p", 0, 0, |vm, _| {
        let here = vm.here()?;
        Ok(Value::bool(here.begv != Pos::FIRST || here.zv != here.text.borrow().end()))
    }),
    subr("internal--labeled-narrow-to-region", 3, 3, |vm, a| {
        let (start, end) = narrow(vm, a[0], a[1])?;
        let here = vm.here()?.id;
        let (start, end) = (vm.marker_at(here, start, false), vm.marker_at(here, end, true));
        vm.buffers.restrictions.entry(here).or_default().push(Restriction { label: a[2], start, end });
        Ok(Value::NIL)
    }),
    subr("internal--labeled-widen", 1, 1, |vm, a| {
        let here = vm.here()?.id;
        if let Some(labels) = vm.buffers.restrictions.get_mut(&here)
            && labels.last().is_some_and(|last| last.label == a[0])
        {
            labels.pop();
            if labels.is_empty() {
                vm.buffers.restrictions.remove(&here);
            }
        }
        widen(vm).map(|()| Value::NIL)
    }),
    subr("position-bytes", 0, 1, |vm, a| {
        let at = if arg(a, 0).is_nil() { vm.here()?.pt.char as i64 } else { vm.place_arg(a[0])? };
        let here = vm.here()?;
        if at < here.begv.char as i64 || at > here.zv.char as i64 {
            return Ok(Value::NIL);
        }
        Ok(Value::int(here.text.borrow().pos(at as u64).byte as usize))
    }),
    subr("byte-to-position", 1, 1, |vm, a| {
        let byte = vm.fixnum(a[0])?;
        let text = vm.here()?.text.borrow();
        let inside = byte >= 1 && byte as u64 <= text.end().byte;
        Ok(if inside { place(text.pos_of_byte(byte as u64)) } else { Value::NIL })
    }),
    subr("line-number-at-pos", 0, 2, |vm, a| {
        let here = vm.here()?.id;
        let at = if arg(a, 0).is_nil() { vm.here()?.pt } else { vm.clamped_arg(here, a[0])? };
        let here = vm.here()?;
        let from = if arg(a, 1).is_true() { Pos::FIRST } else { here.begv };
        let bytes = here.text.borrow().bytes(from, at);
        Ok(Value::int(bytes.iter().filter(|byte| **byte == b'\n').count() + 1))
    }),
    subr("count-lines", 2, 3, |vm, a| {
        let (from, to) = vm.region_args(a[0], a[1])?;
        let bytes = vm.here()?.text.borrow().bytes(from, to);
        let open = bytes.last().is_some_and(|byte| *byte != b'\n');
        Ok(Value::int(bytes.iter().filter(|byte| **byte == b'\n').count() + usize::from(open)))
    }),
    subr("search-forward", 1, 4, |vm, a| search(vm, a, true)),
    subr("search-backward", 1, 4, |vm, a| search(vm, a, false)),
    subr("gap-position", 0, 0, |vm, _| {
        let text = vm.here()?.text.borrow();
        let before = text.gap.halves().0.len() as u64 + 1;
        Ok(place(text.pos_of_byte(before)))
    }),
    subr("char-equal", 2, 2, |vm, a| {
        let (one, other) = (vm.check_char(a[0])?, vm.check_char(a[1])?);
        let fold = vm.global("case-fold-search").is_true();
        Ok(Value::bool(one == other || fold && folded(one) == folded(other)))
    }),
];

/// A place as a program sees it.
fn place(pos: Pos) -> Value {
    Value::int(pos.char as usize)
}

fn character(c: Option<u32>) -> Value {
    c.map_or(Value::NIL, |c| Value::int(c as usize))
}

/// The place that an argument names, or the one where the program works; none outside of the text.
fn character_arg(vm: &mut Vm, v: Value) -> LispResult<Option<Pos>> {
    if v.is_nil() {
        return Ok(Some(vm.here()?.pt));
    }
    let at = vm.place_arg(v)?;
    let text = vm.here()?.text.borrow();
    Ok(u64::try_from(at).ok().filter(|at| 1 <= *at && *at <= text.end().char).map(|at| text.pos(at)))
}

fn edge_error(vm: &mut Vm, end: bool) -> crate::error::Flow {
    let condition = vm.intern(if end { "end-of-buffer" } else { "beginning-of-buffer" });
    vm.signal(condition, &[])
}

fn forward_char(vm: &mut Vm, count: Value, sign: i64) -> LispResult {
    let count = if count.is_nil() { 1 } else { vm.fixnum(count)? };
    let here = vm.here()?;
    let wanted = (here.pt.char as i64).saturating_add(count.saturating_mul(sign));
    let (begv, zv) = (here.begv.char as i64, here.zv.char as i64);
    let pos = here.text.borrow().pos(wanted.clamp(begv, zv) as u64);
    vm.go_to(pos);
    if (begv..=zv).contains(&wanted) { Ok(Value::NIL) } else { Err(edge_error(vm, wanted > zv)) }
}

fn starts_line(buffer: &Buffer, text: &BufferText, at: Pos) -> bool {
    at <= buffer.begv || text.char_at(text.previous(at)) == Some(u32::from(b'\n'))
}

fn ends_line(buffer: &Buffer, text: &BufferText, at: Pos) -> bool {
    at >= buffer.zv || text.char_at(at) == Some(u32::from(b'\n'))
}

/// The start of the line so many lines on, and how many lines there were too few, negative when going back.
fn by_lines(buffer: &Buffer, count: i64) -> (Pos, i64) {
    let text = buffer.text.borrow();
    let (mut at, mut left) = (buffer.pt, count);
    if count <= 0 {
        while !starts_line(buffer, &text, at) {
            at = text.previous(at);
        }
        while left < 0 && at > buffer.begv {
            at = text.previous(at);
            while !starts_line(buffer, &text, at) {
                at = text.previous(at);
            }
            left += 1;
        }
        return (at, left);
    }
    while left > 0 && at < buffer.zv {
        while !ends_line(buffer, &text, at) {
            at = text.next(at);
        }
        // A last line without an end counts unless it is empty.
        if at < buffer.zv {
            at = text.next(at);
            left -= 1;
        } else {
            left -= i64::from(at > buffer.pt && !starts_line(buffer, &text, at));
            break;
        }
    }
    (at, left)
}

/// The start or end of a line: the current one, or so many less one on.
fn line_edge(vm: &mut Vm, count: Value, end: bool) -> LispResult<Pos> {
    let count = if count.is_nil() { 1 } else { vm.fixnum(count)? };
    let here = vm.here()?;
    let (mut at, _) = by_lines(here, count.saturating_sub(1));
    if end {
        let text = here.text.borrow();
        while !ends_line(here, &text, at) {
            at = text.next(at);
        }
    }
    Ok(at)
}

fn insert(vm: &mut Vm, a: &[Value], before_markers: bool) -> LispResult {
    for &part in a {
        if part.as_fixnum().is_some() {
            let mut bytes = Vec::new();
            chars::push(&mut bytes, vm.check_char(part)?);
            vm.insert_text(&bytes, &Intervals::default(), before_markers)?;
        } else {
            let (bytes, props) = vm.text_of(part)?;
            vm.insert_text(&bytes, &props, before_markers)?;
        }
    }
    Ok(Value::NIL)
}

/// What the innermost label allows, or the whole text.
fn allowed(vm: &Vm, id: BufferId) -> Option<(Pos, Pos)> {
    let label = vm.buffers.restrictions.get(&id)?.last()?;
    Some((vm.marker_place(label.start)?.1, vm.marker_place(label.end)?.1))
}

fn narrow(vm: &mut Vm, from: Value, to: Value) -> LispResult<(Pos, Pos)> {
    let (start, end) = (vm.place_arg(from)?, vm.place_arg(to)?);
    let (start, end) = (start.min(end), start.max(end));
    let here = vm.here()?;
    let (id, last) = (here.id, here.text.borrow().end());
    if start < 1 || end > last.char as i64 {
        return Err(vm.signal(sym::args_out_of_range, &[from, to]));
    }
    let (low, high) = allowed(vm, id).unwrap_or((Pos::FIRST, last));
    let text = vm.here()?.text.clone();
    let at = |place: i64| text.borrow().pos((place as u64).clamp(low.char, high.char));
    let bounds = (at(start), at(end));
    if let Some(buffer) = vm.buffers.current_mut() {
        buffer.narrow(Some(bounds));
    }
    Ok(bounds)
}

fn widen(vm: &mut Vm) -> LispResult<()> {
    let id = vm.here()?.id;
    let bounds = allowed(vm, id);
    if let Some(buffer) = vm.buffers.current_mut() {
        buffer.narrow(bounds);
    }
    Ok(())
}

/// A character without its case, where it has one.
fn folded(c: u32) -> u32 {
    let mut lower = char::from_u32(c).into_iter().flat_map(char::to_lowercase);
    match (lower.next(), lower.next()) {
        (Some(lower), None) => u32::from(lower),
        _ => c,
    }
}

/// `(search-forward STRING BOUND NOERROR COUNT)`, and the same backward.
fn search(vm: &mut Vm, a: &[Value], forward: bool) -> LispResult {
    let here = vm.here()?.id;
    let fold = vm.global("case-fold-search").is_true();
    let key = |c: u32| if fold { folded(c) } else { c };
    let wanted: Vec<u32> = vm.string_chars(a[0])?.into_iter().map(key).collect();
    let count = if arg(a, 3).is_nil() { 1 } else { vm.fixnum(a[3])? };
    let forward = forward == (count >= 0);
    let (pt, begv, zv) = (vm.here()?.pt, vm.here()?.begv, vm.here()?.zv);
    let bound = match arg(a, 1) {
        Value::NIL if forward => zv,
        Value::NIL => begv,
        bound => vm.clamped_arg(here, bound)?,
    };
    let (from, to) = if forward { (pt, bound) } else { (bound, pt) };
    if from > to {
        return Err(vm.error("Invalid search bound (wrong side of point)"));
    }
    let text: Vec<u32> = chars::all(&vm.here()?.text.borrow().bytes(from, to)).into_iter().map(key).collect();
    let (mut low, mut high, mut found) = (0, text.len(), true);
    for _ in 0..count.unsigned_abs() {
        let last = high.checked_sub(wanted.len()).filter(|last| low <= *last);
        let hit = |at: &usize| text[*at..].starts_with(&wanted);
        let at = match last {
            None => None,
            Some(last) if forward => (low..=last).find(hit),
            Some(last) => (low..=last).rev().find(hit),
        };
        match at {
            Some(at) if forward => low = at + wanted.len(),
            Some(at) => high = at,
            None => {
                found = false;
                break;
            }
        }
    }
    let at = from.char + if forward { low } else { high } as u64;
    if found {
        let pos = vm.here()?.text.borrow().pos(at);
        vm.go_to(pos);
        return Ok(place(pos));
    }
    match arg(a, 2) {
        Value::NIL => {
            let condition = vm.intern("search-failed");
            Err(vm.signal(condition, &a[..1]))
        }
        Value::T => Ok(Value::NIL),
        _ => {
            vm.go_to(bound);
            Ok(Value::NIL)
        }
    }
}
