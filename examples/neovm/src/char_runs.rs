//! The characters of a char table that have a value, as few runs as there can be.

use crate::char_table::{CONTENTS, ENTRIES, SPAN, SUB};
use crate::chars::MAX_CHAR;
use crate::heap::Heap;
use crate::object::SubCharTable;
use crate::value::Value;
use std::ops::RangeInclusive;

/// How many tables a chain of parents may have.
const PARENTS: usize = 1000;

/// Characters that have the same value.
pub type CharRun = (RangeInclusive<u32>, Value);

impl Heap {
    /// The characters that have a value, in order, neighbours of one value together. Characters that a table leaves out have
    /// its default, or what the parent says.
    pub fn char_table_runs(&self, table: Value) -> Vec<CharRun> {
        let (mut done, mut gaps, mut table) = (Vec::new(), vec![0..=MAX_CHAR], table);
        for _ in 0..PARENTS {
            let default = self.char_table_default(table);
            let mut left = Vec::new();
            for gap in gaps {
                for (range, own) in self.own_runs(table, gap) {
                    match if own.is_nil() { default } else { own } {
                        Value::NIL => left.push(range),
                        value => done.push((range, value)),
                    }
                }
            }
            gaps = left;
            table = self.char_table_parent(table);
            if table.is_nil() || gaps.is_empty() {
                break;
            }
        }
        done.sort_by_key(|(range, _)| *range.start());
        merged(done)
    }

    /// The runs of one table within a range, nil among the values.
    fn own_runs(&self, table: Value, within: RangeInclusive<u32>) -> Vec<CharRun> {
        let slots = self.as_slots(table).unwrap_or_default();
        let slot = |at: usize| slots.get(CONTENTS + at).copied().unwrap_or(Value::NIL);
        let mut runs = Vec::new();
        // A slot, its level, and its first character; the next one lies on top.
        let mut work: Vec<(Value, usize, u32)> =
            (0..ENTRIES[0]).rev().map(|at| (slot(at), 0, at as u32 * SPAN[0])).collect();
        while let Some((value, level, first)) = work.pop() {
            let last = first.saturating_add(SPAN[level] - 1).min(MAX_CHAR);
            let (from, to) = (first.max(*within.start()), last.min(*within.end()));
            if first > MAX_CHAR || from > to {
                continue;
            }
            match self.get::<SubCharTable>(value) {
                Some(part) if level + 1 < SPAN.len() => {
                    work.extend((0..ENTRIES[level + 1]).rev().map(|at| {
                        let value = part.slots.get(SUB + at).copied().unwrap_or(Value::NIL);
                        (value, level + 1, first + at as u32 * SPAN[level + 1])
                    }));
                }
                _ => runs.push((from..=to, value)),
            }
        }
        merged(runs)
    }
}

/// Neighbours of one value together.
fn merged(runs: Vec<CharRun>) -> Vec<CharRun> {
    let mut out: Vec<CharRun> = Vec::new();
    for (range, value) in runs {
        match out.last_mut() {
            Some((last, same)) if *same == value && *last.end() + 1 == *range.start() => {
                *last = *last.start()..=*range.end();
            }
            _ => out.push((range, value)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]
        #[test]
        fn a_table_behaves_like_a_map_from_characters(
            sets in prop::collection::vec((0..0x3000u32, 0..0x900u32, 0..4usize), 1..12),
            asked in prop::collection::vec(0..0x4000u32, 32),
        ) {
            let mut heap = Heap::new();
            let table = heap.char_table(Value::NIL, Value::NIL, 0);
            let mut model: BTreeMap<u32, Value> = BTreeMap::new();
            for (from, len, value) in sets {
                let value = if value == 0 { Value::NIL } else { Value::int(value) };
                heap.char_table_set(table, from, from + len, value);
                (from..=from + len).for_each(|c| _ = model.insert(c, value));
            }
            for c in asked {
                prop_assert_eq!(heap.char_table_get(table, c), model.get(&c).copied().unwrap_or(Value::NIL));
            }
            let runs = heap.char_table_runs(table);
            let from_runs: Vec<(u32, Value)> =
                runs.iter().flat_map(|(range, value)| range.clone().map(|c| (c, *value))).collect();
            let wanted: Vec<(u32, Value)> = model.into_iter().filter(|(_, v)| v.is_true()).collect();
            prop_assert_eq!(from_runs, wanted);
            prop_assert!(runs.windows(2).all(|w| w[0].1 != w[1].1 || w[0].0.end() + 1 < *w[1].0.start()));
        }
    }
}
