//! Graphs for tests.

use super::Edges;

/// The graph with these rows.
pub(super) fn edges(rows: &[&[u32]]) -> Edges {
    let mut edges = Edges::with_capacity(rows.len());
    for row in rows {
        row.iter().for_each(|node| edges.push(*node).expect("few references"));
        edges.end_row();
    }
    edges
}
