//! `#1=` and `#1#`: shared and circular structure.

use crate::heap::Heap;
use crate::object::{Entry, HashTable};
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// The labels of one form.
#[derive(Default)]
pub(super) struct Labels(HashMap<u64, Label>);

struct Label {
    /// The object, or a cons that stands for it until it is complete.
    value: Value,
    open: bool,
    used: bool,
}

impl Labels {
    /// Starts a labelled object.
    pub(super) fn open(&mut self, number: u64, heap: &mut Heap) {
        let stand_in = heap.cons(Value::UNBOUND, Value::NIL);
        self.0.insert(number, Label { value: stand_in, open: true, used: false });
    }

    /// The object of a label.
    pub(super) fn get(&mut self, number: u64) -> Option<Value> {
        let label = self.0.get_mut(&number)?;
        label.used = true;
        Some(label.value)
    }

    /// Completes a labelled object; `None` when it is its own label.
    pub(super) fn close(&mut self, number: u64, value: Value, heap: &mut Heap) -> Option<Value> {
        let label = self.0.get_mut(&number)?;
        let stand_in = std::mem::replace(&mut label.value, value);
        if !std::mem::replace(&mut label.open, false) || stand_in == value {
            return None;
        }
        if label.used {
            replace(heap, value, stand_in, value);
        }
        Some(value)
    }
}

/// Replaces a value in everything that is reached from `root`.
fn replace(heap: &mut Heap, root: Value, old: Value, new: Value) {
    let mut seen = HashSet::new();
    let mut work = vec![root];
    while let Some(v) = work.pop() {
        if !v.is_object() || v.is_float() || !seen.insert(v) {
            continue;
        }
        if let Some(cons) = heap.as_cons(v) {
            for half in [&cons.car, &cons.cdr] {
                if half.get() == old {
                    half.set(new);
                }
            }
        } else if let Some(slots) = heap.as_slots_mut(v) {
            for slot in slots.iter_mut().filter(|slot| **slot == old) {
                *slot = new;
            }
        } else if heap.get::<HashTable>(v).is_some() {
            let swap = |v| if v == old { new } else { v };
            let entries = heap.hash_entries(v);
            if entries.iter().any(|e| e.key == old || e.value == old) {
                let entries =
                    entries.iter().map(|e| Entry { key: swap(e.key), value: swap(e.value) }).collect();
                heap.set_hash_entries(v, entries);
            }
        }
        heap.for_each_child(v, &mut |child| work.push(child));
    }
}
