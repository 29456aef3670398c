//! The page strip: what happens to the pages of the file, and how many of their words are pointers.

use neodump_runtime::bounds::Extent;
use serde::Serialize;

use super::tree::{Heat, Part};
use crate::graph::Graph;

/// Bytes of a page.
const PAGE: u64 = 4096;
/// The most cells that are drawn.
const CELLS: u64 = 4000;
/// Bytes of a word.
const WORD: u64 = 8;

/// Equal stretches of the file, from its start.
#[derive(Debug, Serialize)]
pub(super) struct Pages {
    bytes_per_cell: u64,
    /// For each cell how many of a hundred words hold addresses.
    density: Vec<u8>,
    /// For each cell what happens to it at a load.
    heat: Vec<u8>,
}

impl Pages {
    pub(super) fn of(graph: &Graph<'_, '_>, tree: &Part) -> Self {
        let all = graph.walker.image().header().file_len();
        let mut bytes_per_cell = PAGE;
        while all.div_ceil(bytes_per_cell) > CELLS {
            bytes_per_cell = bytes_per_cell.saturating_mul(2);
        }
        let mut placed = Vec::new();
        let mut parts = vec![tree];
        while let Some(part) = parts.pop() {
            if let (Some(at), Some(length), Some(heat)) = (part.at, part.length, part.heat) {
                placed.push((at, length, heat));
            }
            parts.extend(&part.parts);
        }
        // Of those that hold a byte the smallest says what happens to it.
        placed.sort_unstable_by_key(|(at, length, _)| (std::cmp::Reverse(*length), *at));
        let mut pages = Self { bytes_per_cell, density: Vec::new(), heat: Vec::new() };
        let mut at = 0;
        while at < all {
            let cell = Extent::new(at, bytes_per_cell.min(all - at));
            let words = (cell.length / WORD).max(1);
            let percent = graph.walker.listed().count(cell).saturating_mul(100).div_ceil(words).min(100);
            // At most a hundred.
            pages.density.push(percent as u8);
            let middle = cell.offset.saturating_add(cell.length / 2);
            let holds = |(at, length, _): &&(u64, u64, Heat)| *at <= middle && middle - at < *length;
            let heat = placed.iter().rev().find(holds).map_or(Heat::Drop, |(.., heat)| *heat);
            pages.heat.push(heat as u8);
            at = at.saturating_add(bytes_per_cell);
        }
        pages
    }
}
