//! Text properties of buffers and strings.

use super::{SubrDesc, arg, subr};
use crate::buffer::BufferId;
use crate::buffer::interval::{Intervals, Plist, pairs, plist_value, put, put_pairs, value_of};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::Str;
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 13] = [
    subr("get-text-property", 2, 3, |vm, a| {
        let (props, at) = at(vm, a[0], arg(a, 2))?;
        Ok(value_of(props.at(at), a[1]).unwrap_or(Value::NIL))
    }),
    subr("text-properties-at", 1, 2, |vm, a| {
        let (props, at) = at(vm, a[0], arg(a, 1))?;
        Ok(plist_value(&mut vm.heap, props.at(at)))
    }),
    subr("get-char-property", 2, 3, |vm, a| {
        let (props, at) = at(vm, a[0], arg(a, 2))?;
        if !arg(a, 2).is_str() {
            let id = vm.buffer_arg(arg(a, 2))?;
            let overlays = vm.buffers.get(id).into_iter().flat_map(|buffer| buffer.overlays(&vm.heap));
            // The one made last is on top.
            let over = overlays
                .filter(|(_, overlay)| overlay.start.get() <= at && at < overlay.end.get())
                .map(|(value, _)| vm.overlay_property(value, a[1]))
                .filter(|value| value.is_true())
                .last();
            if let Some(value) = over {
                return Ok(value);
            }
        }
        Ok(value_of(props.at(at), a[1]).unwrap_or(Value::NIL))
    }),
    subr("put-text-property", 4, 5, |vm, a| {
        change(vm, [a[0], a[1], arg(a, 4)], &mut |plist| put(plist, a[2], a[3])).map(|_| Value::NIL)
    }),
    subr("add-text-properties", 3, 4, |vm, a| {
        let pairs = pairs(&vm.heap, a[2]);
        change(vm, [a[0], a[1], arg(a, 3)], &mut |plist| put_pairs(plist, &pairs))
    }),
    subr("set-text-properties", 3, 4, |vm, a| {
        let pairs = pairs(&vm.heap, a[2]);
        change(vm, [a[0], a[1], arg(a, 3)], &mut |plist| {
            let mut new = Plist::new();
            put_pairs(&mut new, &pairs);
            std::mem::replace(plist, new) != *plist
        })
    }),
    subr("remove-text-properties", 3, 4, |vm, a| {
        let names: Vec<Value> = pairs(&vm.heap, a[2]).into_iter().map(|pair| pair.0).collect();
        change(vm, [a[0], a[1], arg(a, 3)], &mut |plist| remove(plist, &names))
    }),
    subr("remove-list-of-text-properties", 3, 4, |vm, a| {
        let names = vm.heap.list_elements(a[2], usize::MAX);
        change(vm, [a[0], a[1], arg(a, 3)], &mut |plist| remove(plist, &names))
    }),
    subr("next-property-change", 1, 3, |vm, a| {
        let (props, at) = at(vm, a[0], arg(a, 1))?;
        let (_, end) = bounds(vm, arg(a, 1))?;
        let next = props.next_change(at).filter(|next| *next < end);
        limited(vm, next, arg(a, 2), |next, limit| next < limit)
    }),
    subr("previous-property-change", 1, 3, |vm, a| {
        let (props, at) = at(vm, a[0], arg(a, 1))?;
        let (start, _) = bounds(vm, arg(a, 1))?;
        let previous = props.previous_change(at).filter(|previous| *previous > start);
        limited(vm, previous, arg(a, 2), |previous, limit| previous > limit)
    }),
    subr("next-single-property-change", 2, 4, |vm, a| {
        let (props, at) = at(vm, a[0], arg(a, 2))?;
        let (_, end) = bounds(vm, arg(a, 2))?;
        let here = value_of(props.at(at), a[1]).unwrap_or(Value::NIL);
        let mut next = props.next_change(at);
        while let Some(place) = next
            && value_of(props.at(place), a[1]).unwrap_or(Value::NIL) == here
        {
            next = props.next_change(place);
        }
        limited(vm, next.filter(|next| *next < end), arg(a, 3), |next, limit| next < limit)
    }),
    subr("text-property-any", 4, 5, |vm, a| {
        let (start, props) = at(vm, a[0], arg(a, 4)).map(|(props, at)| (at, props))?;
        let end = vm.place_arg(a[1])?;
        let mut place = Some(start);
        while let Some(at) = place.filter(|at| (*at as i64) < end) {
            if value_of(props.at(at), a[2]).unwrap_or(Value::NIL) == a[3] {
                return Ok(Value::int(at as usize));
            }
            place = props.next_change(at);
        }
        Ok(Value::NIL)
    }),
    subr("next-char-property-change", 1, 2, |vm, a| {
        let (props, at) = at(vm, a[0], Value::NIL)?;
        let here = vm.here()?;
        let ends = here.overlays(&vm.heap).flat_map(|(_, overlay)| [overlay.start.get(), overlay.end.get()]);
        let next = ends.chain(props.next_change(at)).filter(|next| *next > at).min();
        let end = here.zv.char;
        let next = next.filter(|next| *next < end).unwrap_or(end);
        limited(vm, Some(next), arg(a, 1), |next, limit| next < limit)
    }),
];

fn remove(plist: &mut Plist, names: &[Value]) -> bool {
    let before = plist.len();
    plist.retain(|pair| !names.contains(&pair.0));
    plist.len() != before
}

/// The first place and the end of a string or buffer.
fn bounds(vm: &mut Vm, object: Value) -> LispResult<(u64, u64)> {
    if object.is_str() {
        return Ok((0, vm.length(object)? as u64));
    }
    let id = vm.buffer_arg(object)?;
    Ok(vm.buffers.get(id).map_or((1, 1), |buffer| (buffer.begv.char, buffer.zv.char)))
}

/// The properties of a string or buffer, and a place in it.
fn at(vm: &mut Vm, place: Value, object: Value) -> LispResult<(Intervals, u64)> {
    let at = vm.place_arg(place)?;
    let (start, end) = bounds(vm, object)?;
    let at = match u64::try_from(at) {
        Ok(at) if start <= at && at <= end => at,
        _ => return Err(vm.signal(sym::args_out_of_range, &[place, object])),
    };
    Ok((properties(vm, object)?, at))
}

fn properties(vm: &mut Vm, object: Value) -> LispResult<Intervals> {
    if let Some(str) = vm.heap.get::<Str>(object) {
        return Ok(Intervals::from_list(&vm.heap, str.props.get()));
    }
    let id = vm.buffer_arg(object)?;
    Ok(vm.buffers.get(id).map(|buffer| buffer.text.borrow().props.clone()).unwrap_or_default())
}

/// Changes the properties between two places of a string or buffer; `t` if anything changed.
fn change(
    vm: &mut Vm,
    [from, to, object]: [Value; 3],
    change: &mut dyn FnMut(&mut Plist) -> bool,
) -> LispResult {
    let (start, end) = (vm.place_arg(from)?, vm.place_arg(to)?);
    let (low, high) = bounds(vm, object)?;
    let (start, end) = (start.min(end), start.max(end));
    if start < low as i64 || end > high as i64 {
        return Err(vm.signal(sym::args_out_of_range, &[from, to]));
    }
    let (start, end) = (start as u64, end as u64);
    if object.is_str() {
        let mut props = properties(vm, object)?;
        let changed = props.edit(start, end, |_, _, plist| change(plist));
        let list = props.to_list(&mut vm.heap);
        if let Some(str) = vm.heap.get::<Str>(object) {
            str.props.set(list);
        }
        return Ok(Value::bool(changed));
    }
    let (id, here) = (vm.buffer_arg(object)?, vm.here()?.id);
    vm.buffers.select(id);
    let result = change_buffer(vm, id, start, end, change);
    vm.buffers.select(here);
    result.map(Value::bool)
}

fn change_buffer(
    vm: &mut Vm,
    id: BufferId,
    start: u64,
    end: u64,
    change: &mut dyn FnMut(&mut Plist) -> bool,
) -> LispResult<bool> {
    vm.check_writable()?;
    let Some(text) = vm.buffers.get(id).map(|buffer| buffer.text.clone()) else { return Ok(false) };
    let mut changes = Vec::new();
    let mut props = text.borrow().props.clone();
    let changed = props.edit(start, end, |from, to, plist| {
        let old = plist.clone();
        let changed = change(plist);
        for &(name, _) in old.iter().chain(plist.iter().filter(|pair| value_of(&old, pair.0).is_none())) {
            let was = value_of(&old, name);
            if was != value_of(plist, name) {
                changes.push((name, was.unwrap_or(Value::NIL), from, to));
            }
        }
        changed
    });
    if changed {
        for (name, old, from, to) in changes {
            vm.record_property(name, old, from, to);
        }
        let mut text = text.borrow_mut();
        text.props = props;
        text.modified += 1;
    }
    Ok(changed)
}

/// A place, or the limit where that comes first.
fn limited(vm: &mut Vm, place: Option<u64>, limit: Value, first: fn(i64, i64) -> bool) -> LispResult {
    let place = place.map(|place| place as i64);
    if limit.is_nil() {
        return Ok(place.map_or(Value::NIL, |place| Value::int(place as usize)));
    }
    let bound = vm.place_arg(limit)?;
    Ok(match place.filter(|place| first(*place, bound)) {
        Some(place) => Value::int(place as usize),
        None => limit,
    })
}
