//! The order of the second pass: a value that several owners share is complete before any of them runs
//! code that may look at it.
//!
//! Work that is queued inside a value stands behind the work of the value itself, and so runs before it.
//! That fails for what is shared: its first owner queues its work, and a later owner queues behind it.
//! So the work of each shared value is a group of its own, and groups run after those that they refer to.

use std::cmp::Reverse;

/// The work of one shared value, of all objects, or of the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group(u32);

impl Group {
    /// The root, which may look at everything.
    pub(super) const ROOT: Self = Self(0);
    /// The objects, which refer to each other in circles and so are one group.
    pub(super) const OBJECTS: Self = Self(1);
}

/// Which groups refer to which.
#[derive(Debug)]
pub(super) struct Groups {
    count: u32,
    edges: Vec<(u32, u32)>,
}

impl Groups {
    pub(super) fn new() -> Self {
        Self { count: 2, edges: vec![(Group::ROOT.0, Group::OBJECTS.0)] }
    }

    /// A new group, which `from` refers to.
    pub(super) fn add(&mut self, from: Group) -> Group {
        let group = Group(self.count);
        self.count += 1;
        self.refer(from, group);
        group
    }

    /// Notes that a value of `from` owns one of `to` too.
    pub(super) fn refer(&mut self, from: Group, to: Group) {
        self.edges.push((from.0, to.0));
    }

    /// Sorts work so that, from the last to the first, each group comes after those that it refers to.
    /// Groups that refer to each other in a circle stand in the order in which they were met.
    pub(super) fn sort<T>(mut self, work: &mut [(Group, T)]) {
        if work.iter().all(|(group, _)| *group == work[0].0) {
            return;
        }
        self.edges.sort_by_key(|(from, _)| *from);
        let rank = self.ranks();
        work.sort_by_key(|(group, _)| Reverse(rank[group.0 as usize]));
    }

    /// The position of each group when those that a group refers to come first.
    fn ranks(&self) -> Vec<u32> {
        const UNSEEN: u32 = u32::MAX;
        const OPEN: u32 = u32::MAX - 1;
        let first = |group: u32| self.edges.partition_point(|(from, _)| *from < group);
        let mut rank = vec![UNSEEN; self.count as usize];
        let mut done = 0;
        for start in 0..self.count {
            if rank[start as usize] != UNSEEN {
                continue;
            }
            rank[start as usize] = OPEN;
            let mut stack = vec![(start, first(start))];
            while let Some((group, edge)) = stack.last_mut() {
                match self.edges.get(*edge) {
                    Some((from, to)) if from == group => {
                        *edge += 1;
                        if rank[*to as usize] == UNSEEN {
                            rank[*to as usize] = OPEN;
                            let to = *to;
                            stack.push((to, first(to)));
                        }
                    }
                    _ => {
                        rank[*group as usize] = done;
                        done += 1;
                        stack.pop();
                    }
                }
            }
        }
        rank
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_run_after_those_that_they_refer_to() {
        let mut groups = Groups::new();
        let late = groups.add(Group::ROOT);
        let early = groups.add(Group::ROOT);
        let inner = groups.add(early);
        groups.refer(inner, late);
        groups.refer(Group::OBJECTS, inner);
        let mut work = vec![
            (Group::OBJECTS, 1),
            (Group::ROOT, 2),
            (late, 3),
            (inner, 4),
            (early, 5),
            (Group::ROOT, 6),
            (Group::OBJECTS, 7),
        ];
        groups.sort(&mut work);
        let order: Vec<_> = work.iter().rev().map(|(_, number)| *number).collect();
        assert_eq!(order, [3, 4, 7, 1, 5, 6, 2]);
    }

    #[test]
    fn groups_in_a_circle_and_long_chains_have_an_order() {
        let mut groups = Groups::new();
        let chain = (0..100_000).fold(Group::OBJECTS, |from, _| groups.add(from));
        groups.refer(chain, Group::OBJECTS);
        let mut work = vec![(Group::ROOT, 'r'), (chain, 'c'), (Group::OBJECTS, 'o')];
        groups.sort(&mut work);
        assert_eq!(work.iter().map(|(_, name)| *name).collect::<String>(), "roc");
    }
}
