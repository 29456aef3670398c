//! Dominators: who keeps whom.
//!
//! A node dominates another if every way from the root to it passes through the first: what a node dominates would
//! be gone without it. The algorithm is that of T. Lengauer and R. E. Tarjan, "A Fast Algorithm for Finding Dominators
//! in a Flowgraph", ACM TOPLAS 1 (1979), with simple path compression: `O(m log n)` on every graph, where the
//! iterative ones are quadratic on some, which a hostile file could have. Both searches have stacks of their own.

use super::Edges;

/// Stands for no node.
const NONE: u32 = u32::MAX;

/// The dominator tree of what is reached from the start.
#[derive(Debug)]
pub(crate) struct Dominators {
    /// The reached nodes in the order of a search depth first; a node's dominator comes before it.
    order: Vec<u32>,
    /// For each place in `order` the place of the immediate dominator; 0 for the start.
    immediate: Vec<u32>,
}

/// What the search depth first leaves.
struct Search {
    order: Vec<u32>,
    /// The place of each node in `order`.
    place: Vec<u32>,
    /// The place of the parent of each place.
    parent: Vec<u32>,
}

impl Search {
    fn new(edges: &Edges, start: u32) -> Self {
        let mut search = Self { order: Vec::new(), place: vec![NONE; edges.nodes()], parent: Vec::new() };
        if start as usize >= edges.nodes() {
            return search;
        }
        search.place[start as usize] = 0;
        search.order.push(start);
        search.parent.push(0);
        // Each level: the place of its node, and how many of the node's references are followed.
        let mut levels = vec![(0_u32, 0_usize)];
        while let Some((place, followed)) = levels.last_mut() {
            let from = *place;
            let Some(&target) = edges.of(search.order[from as usize]).get(*followed) else {
                levels.pop();
                continue;
            };
            *followed += 1;
            if search.place.get(target as usize) == Some(&NONE) {
                // There are at most 2^32 - 1 nodes.
                let place = search.order.len() as u32;
                search.place[target as usize] = place;
                search.order.push(target);
                search.parent.push(from);
                levels.push((place, 0));
            }
        }
        search
    }
}

/// The forest of the algorithm, over places.
struct Forest {
    ancestor: Vec<u32>,
    label: Vec<u32>,
    semi: Vec<u32>,
    above: Vec<u32>,
}

impl Forest {
    fn new(count: usize) -> Self {
        // There are at most 2^32 - 1 places.
        let itself: Vec<u32> = (0..count as u32).collect();
        Self { ancestor: vec![NONE; count], label: itself.clone(), semi: itself, above: Vec::new() }
    }

    /// The place with the least semidominator on the way from `place` up to the root of its tree, without the root.
    fn eval(&mut self, place: u32) -> u32 {
        if self.ancestor[place as usize] == NONE {
            return place;
        }
        // Compress: every place on the way gets the root as its ancestor, from the top down.
        let mut at = place;
        loop {
            let up = self.ancestor[at as usize];
            if self.ancestor[up as usize] == NONE {
                break;
            }
            self.above.push(at);
            at = up;
        }
        while let Some(at) = self.above.pop() {
            let up = self.ancestor[at as usize] as usize;
            let (mine, theirs) = (self.label[at as usize], self.label[up]);
            if self.semi[theirs as usize] < self.semi[mine as usize] {
                self.label[at as usize] = theirs;
            }
            self.ancestor[at as usize] = self.ancestor[up];
        }
        self.label[place as usize]
    }
}

impl Dominators {
    /// Who dominates whom among what is reached from `start`; `back` are the references the other way.
    pub(crate) fn new(edges: &Edges, back: &Edges, start: u32) -> Self {
        let Search { order, place, parent } = Search::new(edges, start);
        let count = order.len();
        let mut forest = Forest::new(count);
        let mut immediate = vec![0; count];
        // The places whose semidominator a place is, as a list through `next`.
        let mut bucket = vec![NONE; count];
        let mut next = vec![NONE; count];
        for at in (1..count).rev() {
            for &from in back.of(order[at]) {
                let from = place[from as usize];
                if from != NONE {
                    let least = forest.eval(from);
                    forest.semi[at] = forest.semi[at].min(forest.semi[least as usize]);
                }
            }
            let semi = forest.semi[at] as usize;
            next[at] = bucket[semi];
            bucket[semi] = at as u32;
            let up = parent[at];
            forest.ancestor[at] = up;
            let mut member = std::mem::replace(&mut bucket[up as usize], NONE);
            while member != NONE {
                let least = forest.eval(member);
                let is_less = forest.semi[least as usize] < forest.semi[member as usize];
                immediate[member as usize] = if is_less { least } else { up };
                member = next[member as usize];
            }
        }
        for at in 1..count {
            if immediate[at] != forest.semi[at] {
                immediate[at] = immediate[immediate[at] as usize];
            }
        }
        Self { order, immediate }
    }

    /// The node that immediately dominates each reached one, as (node, dominator), the start left out.
    pub(crate) fn pairs(&self) -> impl DoubleEndedIterator<Item = (u32, u32)> {
        let pairs = self.order.iter().zip(&self.immediate).skip(1);
        pairs.map(|(&node, &up)| (node, self.order[up as usize]))
    }

    /// For each node the sum of `own` over what it dominates, itself too; 0 for what is not reached.
    pub(crate) fn sums(&self, own: &[u64]) -> Vec<u64> {
        let mut sums = vec![0_u64; own.len()];
        for &node in &self.order {
            sums[node as usize] = own[node as usize];
        }
        // A dominator comes before what it dominates.
        for (node, up) in self.pairs().rev() {
            sums[up as usize] = sums[up as usize].saturating_add(sums[node as usize]);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::graph::Paths;
    use crate::graph::testing::edges;

    fn dominators(rows: &[&[u32]]) -> Vec<(u32, u32)> {
        let edges = edges(rows);
        let mut pairs: Vec<_> = Dominators::new(&edges, &edges.reversed(), 0).pairs().collect();
        pairs.sort_unstable();
        pairs
    }

    #[test]
    fn what_two_ways_lead_to_is_kept_by_where_they_part() {
        assert_eq!(dominators(&[&[1, 2], &[3], &[3], &[4], &[]]), [(1, 0), (2, 0), (3, 0), (4, 3)]);
    }

    #[test]
    fn sums_count_what_would_be_gone_and_nothing_else() {
        let edges = edges(&[&[1, 2], &[3], &[3, 4], &[], &[], &[3]]);
        let sums = Dominators::new(&edges, &edges.reversed(), 0).sums(&[1, 10, 100, 1000, 10000, 7]);
        assert_eq!(sums, [11111, 10, 10100, 1000, 10000, 0]);
    }

    #[test]
    fn a_list_of_a_million_needs_no_deep_stack() {
        let mut list = Edges::with_capacity(1_000_000);
        for node in 1..=1_000_000 {
            if node < 1_000_000 {
                list.push(node).expect("few references");
            }
            list.end_row();
        }
        let sums = Dominators::new(&list, &list.reversed(), 0).sums(&vec![1; 1_000_000]);
        assert_eq!((sums[0], sums[999_999]), (1_000_000, 1));
    }

    proptest! {
        /// By the definition: a node dominates another if the other is not reached without it.
        #[test]
        fn the_dominator_tree_is_that_of_the_definition(
            rows in proptest::collection::vec(proptest::collection::vec(0..14_u32, 0..4), 14)
        ) {
            let all: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
            let whole = edges(&all);
            let sums = Dominators::new(&whole, &whole.reversed(), 0).sums(&[1; 14]);
            let reached = Paths::new(&whole, 0);
            for node in 0..14 {
                let without: Vec<&[u32]> = (0..)
                    .zip(&all)
                    .map(|(at, row)| if at == node { &[][..] } else { row })
                    .collect();
                let left = Paths::new(&edges(&without), 0);
                // Without its own references the node itself is still reached.
                let gone = (0..14).filter(|&other| reached.reaches(other) && !left.reaches(other)).count() as u64;
                let expected = if reached.reaches(node) { gone + 1 } else { 0 };
                prop_assert_eq!(sums[node as usize], expected);
            }
        }
    }
}
