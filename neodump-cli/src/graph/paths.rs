//! Shortest ways from the root.

use super::Edges;

/// Stands for no node.
const NONE: u32 = u32::MAX;

/// For each node the one from which a search from the start, breadth first, met it.
#[derive(Debug)]
pub(crate) struct Paths {
    from: Vec<u32>,
    start: u32,
}

impl Paths {
    /// Searches from `start`. Among equally short ways the one through the first reference is taken, so that the
    /// answer is the same every time.
    pub(crate) fn new(edges: &Edges, start: u32) -> Self {
        let mut from = vec![NONE; edges.nodes()];
        if let Some(itself) = from.get_mut(start as usize) {
            *itself = start;
        }
        let mut found = vec![start];
        let mut next = 0;
        while let Some(&node) = found.get(next) {
            next += 1;
            for &target in edges.of(node) {
                if let Some(before) = from.get_mut(target as usize).filter(|before| **before == NONE) {
                    *before = node;
                    found.push(target);
                }
            }
        }
        Self { from, start }
    }

    /// Whether a way leads to `node`.
    pub(crate) fn reaches(&self, node: u32) -> bool {
        self.from.get(node as usize).is_some_and(|from| *from != NONE)
    }

    /// The node before `node` on the way to it; none for the start and for what is not reached.
    pub(crate) fn before(&self, node: u32) -> Option<u32> {
        let from = *self.from.get(node as usize)?;
        (from != NONE && node != self.start).then_some(from)
    }

    /// The nodes on the way to `node`, from the start to itself; nothing if it is not reached.
    pub(crate) fn to(&self, node: u32) -> Vec<u32> {
        if !self.reaches(node) {
            return Vec::new();
        }
        let mut way = vec![node];
        let mut last = node;
        while let Some(before) = self.before(last) {
            way.push(before);
            last = before;
        }
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::testing::edges;

    #[test]
    fn the_way_is_the_shortest_and_ends_at_the_node() {
        let paths = Paths::new(&edges(&[&[1, 2], &[3], &[4], &[4], &[5], &[], &[5]]), 0);
        assert_eq!(paths.to(4), [0, 2, 4]);
        assert_eq!(paths.to(5), [0, 2, 4, 5]);
        assert_eq!(paths.to(0), [0]);
        assert_eq!(paths.to(6), [0; 0], "nothing refers to it");
    }

    #[test]
    fn circles_end() {
        let paths = Paths::new(&edges(&[&[1], &[0, 2], &[1]]), 0);
        assert_eq!(paths.to(2), [0, 1, 2]);
    }
}
