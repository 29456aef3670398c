//! Tables from characters to values: char tables with the layout that Emacs prints and reads.
//!
//! A table covers all 22 bits of a character in four levels of 64, 16, 32 and 128 entries. An entry is a value for all its
//! characters, or a sub table. Nothing here trusts a table that was read from text: a part that is missing holds nil.

use crate::chars::MAX_CHAR;
use crate::heap::Heap;
use crate::object::{CharTable, Kind, SubCharTable};
use crate::value::Value;

/// What characters without a value have.
const DEFAULT: usize = 0;
/// The table that is asked for characters without a value, or nil.
const PARENT: usize = 1;
/// What the table is for: a symbol.
const PURPOSE: usize = 2;
/// The part that holds ASCII, once more.
const ASCII: usize = 3;
/// The entries of the first level.
pub(crate) const CONTENTS: usize = 4;
/// The slots that programs may use as they like.
const EXTRAS: usize = CONTENTS + ENTRIES[0];

/// How many entries a table of each level has.
pub(crate) const ENTRIES: [usize; 4] = [64, 16, 32, 128];
/// How many characters an entry of each level stands for.
pub(crate) const SPAN: [u32; 4] = [1 << 16, 1 << 12, 1 << 7, 1];
/// How many bits of a character are left below an entry of each level.
const BITS: [u32; 4] = [16, 12, 7, 0];
/// The slots of a sub table in front of its entries: its level and its first character.
pub(crate) const SUB: usize = 2;
/// How many parents are asked, at most: tables that were read may inherit from themselves.
const PARENTS: usize = 1000;

fn slot(level: usize, c: u32) -> usize {
    let entry = (c >> BITS[level]) as usize % ENTRIES[level];
    entry + if level == 0 { CONTENTS } else { SUB }
}

impl Heap {
    /// A new table in which every character has a value, with some slots for programs.
    pub fn char_table(&mut self, purpose: Value, value: Value, extras: usize) -> Value {
        let mut slots = vec![value; EXTRAS];
        slots[DEFAULT] = Value::NIL;
        slots[PARENT] = Value::NIL;
        slots[PURPOSE] = purpose;
        slots.resize(EXTRAS + extras, Value::NIL);
        self.slots::<CharTable>(slots)
    }

    /// Whether this is a char table for the purpose.
    pub fn is_char_table_for(&self, v: Value, purpose: Value) -> bool {
        self.kind(v) == Some(Kind::CharTable) && self.char_table_slot(v, PURPOSE) == purpose
    }

    fn char_table_slot(&self, table: Value, at: usize) -> Value {
        self.as_slots(table).and_then(|slots| slots.get(at)).copied().unwrap_or(Value::NIL)
    }

    fn set_char_table_slot(&mut self, table: Value, at: usize, value: Value) -> bool {
        match self.as_slots_mut(table).and_then(|slots| slots.get_mut(at)) {
            Some(slot) => {
                *slot = value;
                true
            }
            None => false,
        }
    }

    /// The table that a table inherits from, or nil.
    pub fn char_table_parent(&self, table: Value) -> Value {
        self.char_table_slot(table, PARENT)
    }

    /// Lets a table inherit from another, or from none; whether that makes no circle.
    pub fn set_char_table_parent(&mut self, table: Value, parent: Value) -> bool {
        let mut at = parent;
        for _ in 0..PARENTS {
            if at == table {
                return false;
            }
            if at.is_nil() {
                return self.set_char_table_slot(table, PARENT, parent);
            }
            at = self.char_table_parent(at);
        }
        false
    }

    /// What a table is for.
    pub fn char_table_purpose(&self, table: Value) -> Value {
        self.char_table_slot(table, PURPOSE)
    }

    /// What characters without a value have.
    pub fn char_table_default(&self, table: Value) -> Value {
        self.char_table_slot(table, DEFAULT)
    }

    /// Sets what characters without a value have.
    pub fn set_char_table_default(&mut self, table: Value, value: Value) -> bool {
        self.set_char_table_slot(table, DEFAULT, value)
    }

    /// A slot for programs; `None` when there is none of this number.
    pub fn char_table_extra(&self, table: Value, at: usize) -> Option<Value> {
        self.as_slots(table)?.get(EXTRAS.checked_add(at)?).copied()
    }

    /// Sets a slot for programs; whether there is one of this number.
    pub fn set_char_table_extra(&mut self, table: Value, at: usize, value: Value) -> bool {
        EXTRAS.checked_add(at).is_some_and(|at| self.set_char_table_slot(table, at, value))
    }

    /// What a table itself has for a character, neither default nor parent asked.
    pub fn char_table_own(&self, table: Value, c: u32) -> Value {
        let mut at = self.char_table_slot(table, slot(0, c));
        for level in 1..ENTRIES.len() {
            if self.kind(at) != Some(Kind::SubCharTable) {
                break;
            }
            at = self.char_table_slot(at, slot(level, c));
        }
        at
    }

    /// The value of a character: the table's own, its default, or what its parents have.
    pub fn char_table_get(&self, table: Value, c: u32) -> Value {
        let mut at = table;
        for _ in 0..PARENTS {
            if self.kind(at) != Some(Kind::CharTable) {
                break;
            }
            let own = self.char_table_own(at, c);
            let value = if own.is_nil() { self.char_table_default(at) } else { own };
            if value.is_true() {
                return value;
            }
            at = self.char_table_parent(at);
        }
        Value::NIL
    }

    /// Gives the characters from `from` to `to` a value.
    pub fn char_table_set(&mut self, table: Value, from: u32, to: u32, value: Value) {
        self.set_entries(table, 0, 0, from, to.min(MAX_CHAR), value);
        if from < 0x80 {
            let mut ascii = self.char_table_slot(table, slot(0, 0));
            for level in 1..ENTRIES.len() - 1 {
                if self.kind(ascii) == Some(Kind::SubCharTable) {
                    ascii = self.char_table_slot(ascii, slot(level, 0));
                }
            }
            self.set_char_table_slot(table, ASCII, ascii);
        }
    }

    /// Sets entries of one level, whose first character is `start`. It calls itself once a level.
    fn set_entries(&mut self, table: Value, level: usize, start: u32, from: u32, to: u32, value: Value) {
        let size = 1u32 << BITS[level];
        for entry in 0..ENTRIES[level] as u32 {
            let first = start + entry * size;
            let last = first + (size - 1);
            if last < from || first > to {
                continue;
            }
            let at = slot(level, first);
            if from <= first && last <= to || level + 1 == ENTRIES.len() {
                self.set_char_table_slot(table, at, value);
                continue;
            }
            let old = self.char_table_slot(table, at);
            let sub = if self.kind(old) == Some(Kind::SubCharTable) {
                old
            } else {
                let mut slots = vec![old; SUB + ENTRIES[level + 1]];
                slots[0] = Value::int(level + 1);
                slots[1] = Value::int(first as usize);
                let sub = self.slots::<SubCharTable>(slots);
                self.set_char_table_slot(table, at, sub);
                sub
            };
            self.set_entries(sub, level + 1, first, from, to, value);
        }
    }

    /// The ranges of characters that a table itself has one value for, those without a value left out.
    pub fn char_table_ranges(&self, table: Value) -> Vec<(u32, u32, Value)> {
        let mut all: Vec<(u32, u32, Value)> = Vec::new();
        self.add_ranges(table, 0, 0, &mut all);
        all
    }

    /// Adds the ranges of one level, whose first character is `start`. It calls itself once a level.
    fn add_ranges(&self, table: Value, level: usize, start: u32, all: &mut Vec<(u32, u32, Value)>) {
        let size = 1u32 << BITS[level];
        for entry in 0..ENTRIES[level] as u32 {
            let first = start + entry * size;
            let value = self.char_table_slot(table, slot(level, first));
            if self.kind(value) == Some(Kind::SubCharTable) && level + 1 < ENTRIES.len() {
                self.add_ranges(value, level + 1, first, all);
            } else if value.is_true() {
                match all.last_mut() {
                    Some((_, to, last)) if *last == value && *to + 1 == first => *to += size,
                    _ => all.push((first, first + (size - 1), value)),
                }
            }
        }
    }

    /// A copy with sub tables of its own. The values are shared.
    pub fn copy_char_table(&mut self, table: Value) -> Value {
        let slots = self.as_slots(table).map(<[Value]>::to_vec).unwrap_or_default();
        let copy = self.slots::<CharTable>(slots);
        self.copy_sub_tables(copy, 1);
        // The copy of the part with ASCII is found by setting nothing but that.
        let value = self.char_table_own(copy, 0);
        self.char_table_set(copy, 0, 0, value);
        copy
    }

    /// Replaces the sub tables behind a table's slots by copies. It calls itself once a level.
    fn copy_sub_tables(&mut self, table: Value, level: usize) {
        let slots = self.as_slots(table).map(<[Value]>::to_vec).unwrap_or_default();
        for (at, &old) in slots.iter().enumerate() {
            if at != ASCII && self.kind(old) == Some(Kind::SubCharTable) {
                let parts = self.as_slots(old).map(<[Value]>::to_vec).unwrap_or_default();
                let copy = self.slots::<SubCharTable>(parts);
                self.set_char_table_slot(table, at, copy);
                if level + 1 < ENTRIES.len() {
                    self.copy_sub_tables(copy, level + 1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_table_answers_like_a_map_of_ranges_whatever_was_set() {
        let mut heap = Heap::new();
        let table = heap.char_table(Value::T, Value::NIL, 1);
        let mut model: BTreeMap<u32, Value> = BTreeMap::new();
        let seen =
            [0, 1, 0x41, 0x7F, 0x80, 0xFF, 0x100, 0xFFF, 0x1000, 0xFFFF, 0x1_0000, 0x3F_FF7F, MAX_CHAR];
        for (nth, (from, to)) in [
            (0, MAX_CHAR),
            (0x41, 0x41),
            (0x7F, 0x1001),
            (0xFF, 0xFF),
            (0, 0x7F),
            (0x1_0000, MAX_CHAR),
            (5, 4),
        ]
        .into_iter()
        .enumerate()
        {
            let value = Value::int(nth + 1);
            heap.char_table_set(table, from, to, value);
            seen.iter().filter(|c| (from..=to).contains(c)).for_each(|&c| _ = model.insert(c, value));
            for &c in &seen {
                assert_eq!(heap.char_table_get(table, c), model[&c], "{c:#x} after {nth}");
            }
        }
        let copy = heap.copy_char_table(table);
        heap.char_table_set(table, 0x41, 0x41, Value::T);
        assert_eq!(heap.char_table_get(copy, 0x41), model[&0x41]);
        assert_eq!(heap.char_table_get(table, 0x41), Value::T);
    }

    #[test]
    fn a_table_inherits_and_refuses_a_circle() {
        let mut heap = Heap::new();
        let [old, new] = [0; 2].map(|_| heap.char_table(Value::T, Value::NIL, 0));
        heap.char_table_set(old, 7, 9, Value::T);
        assert!(heap.set_char_table_parent(new, old));
        assert!(!heap.set_char_table_parent(old, new));
        assert_eq!(heap.char_table_get(new, 8), Value::T);
        heap.char_table_set(new, 8, 8, Value::int(1));
        assert_eq!((heap.char_table_get(new, 8), heap.char_table_get(old, 8)), (Value::int(1), Value::T));
    }

    #[test]
    fn a_table_with_parts_missing_answers_nil() {
        let mut heap = Heap::new();
        let short = heap.slots::<CharTable>(vec![Value::NIL; 3]);
        let sub = heap.slots::<SubCharTable>(vec![Value::int(1)]);
        let mut slots = vec![Value::NIL; EXTRAS];
        slots[CONTENTS] = sub;
        let broken = heap.slots::<CharTable>(slots);
        for table in [short, broken] {
            heap.char_table_set(table, 0, 10, Value::T);
            assert_eq!(heap.char_table_get(table, 5), Value::NIL);
        }
    }
}
