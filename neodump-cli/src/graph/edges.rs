//! References between numbered things, four bytes each.

/// More references than 32 bits number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

/// A directed graph in compressed rows: for each node the nodes that it refers to, as often as it does.
///
/// Rows are written in the order of the nodes, so a graph is made in one pass.
#[derive(Debug, Clone)]
pub(crate) struct Edges {
    /// Where the row of each node starts, and where the last one ends.
    first: Vec<u32>,
    to: Vec<u32>,
}

impl Edges {
    /// A graph without nodes, with room for so many.
    pub(crate) fn with_capacity(nodes: usize) -> Self {
        let mut first = Vec::with_capacity(nodes + 1);
        first.push(0);
        Self { first, to: Vec::new() }
    }

    /// Lets the node whose row is written refer to `node`.
    pub(crate) fn push(&mut self, node: u32) -> Result<(), TooMany> {
        if self.to.len() >= u32::MAX as usize {
            return Err(TooMany);
        }
        self.to.push(node);
        Ok(())
    }

    /// Ends the row that is written.
    pub(crate) fn end_row(&mut self) {
        // `push` keeps the count below 2^32.
        self.first.push(self.to.len() as u32);
    }

    /// How many nodes have a row.
    pub(crate) fn nodes(&self) -> usize {
        self.first.len() - 1
    }

    /// The nodes that `node` refers to, in the order in which it does.
    pub(crate) fn of(&self, node: u32) -> &[u32] {
        let row = self.first.get(node as usize).zip(self.first.get(node as usize + 1));
        row.and_then(|(&from, &to)| self.to.get(from as usize..to as usize)).unwrap_or(&[])
    }

    /// The same references the other way: for each node those that refer to it, ascending.
    pub(crate) fn reversed(&self) -> Self {
        let nodes = self.nodes();
        let mut first = vec![0_u32; nodes + 1];
        for &node in &self.to {
            if let Some(count) = first.get_mut(node as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut first {
            sum += *start;
            *start = sum;
        }
        let mut next = first.clone();
        let mut to = vec![0; sum as usize];
        for (node, row) in (0..).zip(self.first.windows(2)) {
            for &target in self.to.get(row[0] as usize..row[1] as usize).unwrap_or(&[]) {
                let Some(slot) = next.get_mut(target as usize) else { continue };
                if let Some(place) = to.get_mut(*slot as usize) {
                    *place = node;
                }
                *slot += 1;
            }
        }
        Self { first, to }
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::testing::edges;

    #[test]
    fn rows_keep_the_order_and_the_number_of_references() {
        let edges = edges(&[&[2, 1, 2], &[], &[0]]);
        assert_eq!((edges.nodes(), edges.to.len()), (3, 4));
        assert_eq!(edges.of(0), [2, 1, 2]);
        assert_eq!(edges.of(1), [0; 0]);
        assert_eq!(edges.of(7), [0; 0]);
    }

    #[test]
    fn the_other_way_has_the_same_references() {
        let back = edges(&[&[2, 1, 2], &[], &[0]]).reversed();
        assert_eq!((back.of(0), back.of(1), back.of(2)), (&[2][..], &[0][..], &[0, 0][..]));
    }
}
