//! Text properties: which runs of characters have which.

use crate::heap::Heap;
use crate::rt::Dumpable;
use crate::value::Value;
use std::collections::BTreeMap;

/// The properties of one run, in the order in which they were put; each name is there once.
pub type Plist = Vec<(Value, Value)>;

/// Characters that follow each other and have the same properties.
#[derive(Dumpable, Clone)]
struct Run {
    end: u64,
    plist: Plist,
}

/// The text properties of a text, by the first character of each run. Runs do not overlap, none is empty, each has
/// properties, and neighbours differ. Characters are counted as the owner counts them: from 1 in a buffer, from 0 in a
/// string.
#[derive(Dumpable, Clone, Default)]
pub struct Intervals {
    runs: BTreeMap<u64, Run>,
}

/// The value of a property among these.
pub fn value_of(plist: &[(Value, Value)], property: Value) -> Option<Value> {
    plist.iter().find(|pair| pair.0 == property).map(|pair| pair.1)
}

/// Puts a property; whether that changed anything.
pub fn put(plist: &mut Plist, property: Value, value: Value) -> bool {
    match plist.iter_mut().find(|pair| pair.0 == property) {
        Some(pair) => std::mem::replace(&mut pair.1, value) != value,
        None => {
            plist.push((property, value));
            true
        }
    }
}

/// Puts several properties; whether that changed anything.
pub fn put_pairs(plist: &mut Plist, pairs: &[(Value, Value)]) -> bool {
    let mut changed = false;
    for &(property, value) in pairs {
        changed |= put(plist, property, value);
    }
    changed
}

/// The names and values in a property list.
pub fn pairs(heap: &Heap, plist: Value) -> Vec<(Value, Value)> {
    heap.list_elements(plist, usize::MAX).chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

fn same(one: &[(Value, Value)], other: &[(Value, Value)]) -> bool {
    one.len() == other.len() && one.iter().all(|pair| value_of(other, pair.0) == Some(pair.1))
}

impl Intervals {
    /// Whether no character has properties.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The properties of a character.
    pub fn at(&self, at: u64) -> &[(Value, Value)] {
        match self.runs.range(..=at).next_back() {
            Some((_, run)) if at < run.end => &run.plist,
            _ => &[],
        }
    }

    /// The first place after `at` where properties start, end or differ.
    pub fn next_change(&self, at: u64) -> Option<u64> {
        let end = self.runs.range(..=at).next_back().map(|(_, run)| run.end).filter(|&end| at < end);
        end.or_else(|| self.runs.range(at + 1..).next().map(|(&start, _)| start))
    }

    /// The last place before `at` where properties start, end or differ.
    pub fn previous_change(&self, at: u64) -> Option<u64> {
        let (&start, run) = self.runs.range(..at).next_back()?;
        Some(if run.end < at { run.end } else { start })
    }

    /// The runs, in order: first character, the one behind the last, properties.
    pub fn runs(&self) -> impl Iterator<Item = (u64, u64, &Plist)> {
        self.runs.iter().map(|(&start, run)| (start, run.end, &run.plist))
    }

    fn split(&mut self, at: u64) {
        if let Some((_, run)) = self.runs.range_mut(..at).next_back()
            && at < run.end
        {
            let rest = Run { end: run.end, plist: run.plist.clone() };
            run.end = at;
            self.runs.insert(at, rest);
        }
    }

    /// Changes the properties of the characters between two places run by run; `change` says whether it changed
    /// something, and so does this.
    pub fn edit(&mut self, from: u64, to: u64, mut change: impl FnMut(u64, u64, &mut Plist) -> bool) -> bool {
        if from >= to {
            return false;
        }
        self.split(from);
        self.split(to);
        let (mut at, mut changed) = (from, false);
        while at < to {
            let end;
            if let Some(run) = self.runs.get_mut(&at) {
                end = run.end;
                changed |= change(at, end, &mut run.plist);
                if run.plist.is_empty() {
                    self.runs.remove(&at);
                }
            } else {
                end = self.runs.range(at..to).next().map_or(to, |(&start, _)| start);
                let mut plist = Vec::new();
                changed |= change(at, end, &mut plist);
                if !plist.is_empty() {
                    self.runs.insert(at, Run { end, plist });
                }
            }
            at = end;
        }
        self.join(from, to);
        changed
    }

    /// Makes one run of neighbours that have the same properties, from the one before `from` to the one at `to`.
    fn join(&mut self, from: u64, to: u64) {
        let first = self.runs.range(..from).next_back().map_or(from, |(&start, _)| start);
        let starts: Vec<u64> = self.runs.range(first..=to).map(|(&start, _)| start).collect();
        let mut last: Option<u64> = None;
        for start in starts {
            if let Some(before) = last
                && self.runs[&before].end == start
                && same(&self.runs[&before].plist, &self.runs[&start].plist)
                && let Some(run) = self.runs.remove(&start)
                && let Some(longer) = self.runs.get_mut(&before)
            {
                longer.end = run.end;
            } else {
                last = Some(start);
            }
        }
    }

    /// Makes room for characters without properties.
    pub fn insert(&mut self, at: u64, count: u64) {
        if count == 0 {
            return;
        }
        self.split(at);
        let behind = self.runs.split_off(&at);
        self.runs.extend(
            behind.into_iter().map(|(start, run)| (start + count, Run { end: run.end + count, ..run })),
        );
    }

    /// Takes characters away.
    pub fn delete(&mut self, from: u64, to: u64) {
        self.split(from);
        self.split(to);
        let mut behind = self.runs.split_off(&from);
        let behind = behind.split_off(&to);
        let gone = to - from;
        self.runs.extend(
            behind.into_iter().map(|(start, run)| (start - gone, Run { end: run.end - gone, ..run })),
        );
        self.join(from, from);
    }

    /// The properties of a part, counted from `origin`.
    pub fn part(&self, from: u64, to: u64, origin: u64) -> Intervals {
        let mut part = self.clone();
        part.split(from);
        part.split(to);
        let mut runs = part.runs.split_off(&from);
        drop(runs.split_off(&to));
        let shift = |at: u64| at - from + origin;
        let runs = runs.into_iter().map(|(start, run)| (shift(start), Run { end: shift(run.end), ..run }));
        Intervals { runs: runs.collect() }
    }

    /// Gives characters from `at` on the properties of another text, whose first character is 0.
    pub fn put_all(&mut self, at: u64, other: &Intervals) {
        for (start, end, plist) in other.runs() {
            self.edit(at + start, at + end, |_, _, own| put_pairs(own, plist));
        }
    }

    /// The properties of a string, from their list `(START END PLIST ...)`.
    pub fn from_list(heap: &Heap, list: Value) -> Intervals {
        let mut all = Intervals::default();
        for run in heap.list_elements(list, usize::MAX).chunks_exact(3) {
            let place = |v: Value| v.as_fixnum().and_then(|n| u64::try_from(n).ok());
            let (Some(start), Some(end)) = (place(run[0]), place(run[1])) else { continue };
            let plist = pairs(heap, run[2]);
            all.edit(start, end, |_, _, own| put_pairs(own, &plist));
        }
        all
    }

    /// The list `(START END PLIST ...)`, nil when no character has properties.
    pub fn to_list(&self, heap: &mut Heap) -> Value {
        let mut parts = Vec::new();
        for (start, end, plist) in self.runs() {
            let plist = plist_value(heap, plist);
            parts.extend([Value::int(start as usize), Value::int(end as usize), plist]);
        }
        heap.list(&parts)
    }

    /// Whether the runs are as the type promises, for text whose characters are counted from `first` to `end`.
    pub(crate) fn check(&self, first: u64, end: u64) -> bool {
        let mut at = first;
        self.runs().all(|(start, behind, plist)| {
            let fits = at <= start && start < behind && behind <= end && !plist.is_empty();
            at = behind;
            fits
        })
    }
}

/// Properties as a list.
pub fn plist_value(heap: &mut Heap, plist: &[(Value, Value)]) -> Value {
    let flat: Vec<Value> = plist.iter().flat_map(|&(property, value)| [property, value]).collect();
    heap.list(&flat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEN: u64 = 24;

    #[derive(Clone, Debug)]
    enum Edit {
        Put(u64, u64, usize, usize),
        Remove(u64, u64, usize),
        Insert(u64, u64),
        Delete(u64, u64),
    }

    fn edit() -> impl Strategy<Value = Edit> {
        let place = || 0..LEN;
        prop_oneof![
            (place(), place(), 1..4usize, 0..3usize).prop_map(|(a, b, k, v)| Edit::Put(
                a.min(b),
                a.max(b),
                k,
                v
            )),
            (place(), place(), 1..4usize).prop_map(|(a, b, k)| Edit::Remove(a.min(b), a.max(b), k)),
            (place(), 0..5u64).prop_map(|(at, n)| Edit::Insert(at, n)),
            (place(), place()).prop_map(|(a, b)| Edit::Delete(a.min(b), a.max(b))),
        ]
    }

    fn sorted(plist: &[(Value, Value)]) -> Vec<(usize, usize)> {
        let mut all: Vec<_> = plist.iter().map(|pair| (pair.0.bits(), pair.1.bits())).collect();
        all.sort_unstable();
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn runs_say_what_each_character_has(edits in prop::collection::vec(edit(), 0..30)) {
            let mut runs = Intervals::default();
            let mut each: Vec<Plist> = vec![Vec::new(); 200];
            for edit in edits {
                match edit {
                    Edit::Put(from, to, key, value) => {
                        let (key, value) = (Value::int(key), Value::int(value));
                        runs.edit(from, to, |_, _, plist| put(plist, key, value));
                        each[from as usize..to as usize].iter_mut().for_each(|p| _ = put(p, key, value));
                    }
                    Edit::Remove(from, to, key) => {
                        let remove = |plist: &mut Plist| plist.retain(|pair| pair.0 != Value::int(key));
                        runs.edit(from, to, |_, _, plist| { remove(plist); true });
                        each[from as usize..to as usize].iter_mut().for_each(remove);
                    }
                    Edit::Insert(at, n) => {
                        runs.insert(at, n);
                        each.splice(at as usize..at as usize, vec![Vec::new(); n as usize]);
                    }
                    Edit::Delete(from, to) => {
                        runs.delete(from, to);
                        each.drain(from as usize..to as usize);
                    }
                }
                prop_assert!(runs.check(0, each.len() as u64));
                let (mut changes, mut at) = (Vec::new(), 0);
                while let Some(next) = runs.next_change(at) {
                    prop_assert!(next > at);
                    changes.push(next);
                    at = next;
                }
                for at in 0..each.len() {
                    prop_assert_eq!(sorted(runs.at(at as u64)), sorted(&each[at]));
                    if at > 0 {
                        let differ = !same(&each[at - 1], &each[at]);
                        prop_assert_eq!(changes.contains(&(at as u64)), differ, "{}", at);
                    }
                }
                let mut heap = Heap::new();
                let list = runs.to_list(&mut heap);
                let again = Intervals::from_list(&heap, list);
                prop_assert!((0..each.len() as u64).all(|at| same(again.at(at), runs.at(at))));
                let part = runs.part(3, 17, 0);
                prop_assert!((0..14).all(|at| same(part.at(at), runs.at(at + 3))));
                prop_assert!(part.at(14).is_empty());
            }
        }
    }
}
