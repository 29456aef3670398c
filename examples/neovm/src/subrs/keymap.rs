//! Keymaps.

use super::{SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("make-sparse-keymap", 0, 1, |vm, a| Ok(vm.make_keymap(false, arg(a, 0)))),
    subr("make-keymap", 0, 1, |vm, a| Ok(vm.make_keymap(true, arg(a, 0)))),
    subr("keymapp", 1, 1, |vm, a| vm.is_keymap(a[0]).map(Value::bool)),
    subr("define-key", 3, 4, |vm, a| vm.define_key(a[0], a[1], a[2], arg(a, 3).is_true())),
    subr("lookup-key", 2, 3, |vm, a| {
        let events = vm.key_events(a[1])?;
        vm.lookup_key(a[0], &events)
    }),
    subr("key-binding", 1, 4, |vm, a| {
        let events = vm.key_events(a[0])?;
        vm.key_binding(&events)
    }),
    subr("global-key-binding", 1, 2, |vm, a| {
        let events = vm.key_events(a[0])?;
        vm.lookup_key(vm.roots.current_global_map, &events)
    }),
    subr("local-key-binding", 1, 2, |vm, a| {
        let events = vm.key_events(a[0])?;
        match vm.local_map() {
            Value::NIL => Ok(Value::NIL),
            map => vm.lookup_key(map, &events),
        }
    }),
    subr("command-remapping", 1, 3, |vm, a| {
        for map in vm.active_keymaps()? {
            let other = vm.lookup_key(map, &[sym::remap, a[0]])?;
            if other.is_true() && other.as_fixnum().is_none() {
                return Ok(other);
            }
        }
        Ok(Value::NIL)
    }),
    subr("keymap-parent", 1, 1, |vm, a| {
        let map = vm.check_keymap(a[0])?;
        Ok(vm.keymap_parent(map))
    }),
    subr("set-keymap-parent", 2, 2, |vm, a| vm.set_keymap_parent(a[0], a[1])),
    subr("keymap-prompt", 1, 1, |vm, a| {
        let map = vm.check_keymap(a[0])?;
        let parts = vm.heap.list_elements(map, usize::MAX);
        Ok(parts.into_iter().find(|part| part.is_str()).unwrap_or(Value::NIL))
    }),
    subr("map-keymap", 2, 3, |vm, a| map_keymap(vm, a, true)),
    subr("map-keymap-internal", 2, 2, |vm, a| map_keymap(vm, a, false)),
    subr("copy-keymap", 1, 1, |vm, a| vm.copy_keymap(a[0])),
    // `(define-prefix-command SYMBOL [VARIABLE PROMPT])`
    subr("define-prefix-command", 1, 3, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let map = vm.make_keymap(false, arg(a, 2));
        vm.obarray.cell_mut(symbol).function = map;
        let variable = if arg(a, 1).is_nil() { a[0] } else { a[1] };
        vm.set(variable, map)?;
        Ok(a[0])
    }),
    subr("use-global-map", 1, 1, |vm, a| {
        vm.roots.current_global_map = vm.check_keymap(a[0])?;
        Ok(Value::NIL)
    }),
    subr("current-global-map", 0, 0, |vm, _| Ok(vm.roots.current_global_map)),
    subr("use-local-map", 1, 1, |vm, a| {
        let map = if a[0].is_nil() { a[0] } else { vm.check_keymap(a[0])? };
        if let Some(buffer) = vm.buffers.current_mut() {
            buffer.keymap = map;
        }
        Ok(Value::NIL)
    }),
    subr("current-local-map", 0, 0, |vm, _| Ok(vm.local_map())),
    subr("current-active-maps", 0, 2, |vm, _| {
        let maps = vm.active_keymaps()?;
        Ok(vm.heap.list(&maps))
    }),
    subr("accessible-keymaps", 1, 2, |vm, a| {
        let mut list = Vec::new();
        for (keys, map) in vm.accessible_keymaps(a[0])? {
            let keys = vm.heap.vector(keys);
            list.push(vm.heap.cons(keys, map));
        }
        Ok(vm.heap.list(&list))
    }),
    // `(where-is-internal COMMAND [KEYMAP FIRST-ONLY])`
    subr("where-is-internal", 1, 5, |vm, a| {
        let maps = if arg(a, 1).is_nil() { vm.active_keymaps()? } else { vec![a[1]] };
        let mut found = Vec::new();
        for map in maps {
            for keys in vm.where_is(a[0], map)? {
                let keys = vm.heap.vector(keys);
                vm.stack.push(keys);
                found.push(keys);
            }
        }
        if arg(a, 2).is_true() {
            return Ok(found.first().copied().unwrap_or(Value::NIL));
        }
        Ok(vm.heap.list(&found))
    }),
    subr("key-description", 1, 2, |vm, a| {
        let events = vm.sequence_values(a[0])?;
        let text = vm.describe_keys(&events);
        Ok(vm.heap.string(text))
    }),
    subr("single-key-description", 1, 2, |vm, a| {
        let text = vm.describe_keys(&a[..1]);
        Ok(vm.heap.string(text))
    }),
];

/// Calls a function with each event and binding of a keymap, as they are when it starts.
fn map_keymap(vm: &mut Vm, a: &[Value], parents: bool) -> LispResult {
    let map = vm.check_keymap(a[1])?;
    let mut all = vm.keymap_bindings(map);
    let mut at = vm.keymap_parent(map);
    while parents && at.is_true() {
        all.extend(vm.keymap_bindings(at));
        at = vm.keymap_parent(at);
    }
    let held = all.iter().flat_map(|&(event, binding)| [event, binding]);
    vm.stack.extend(held);
    for (event, binding) in all {
        vm.funcall(a[0], &[event, binding])?;
    }
    Ok(if parents { Value::NIL } else { at })
}
