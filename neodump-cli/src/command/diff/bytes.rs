//! How many bytes and pages differ.

use neodump_runtime::bounds::Extent;
use neodump_runtime::inspect::Image;
use serde::Serialize;

/// Bytes of a page.
const PAGE: usize = 4096;

/// Two stretches of bytes, compared from their starts.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Bytes {
    /// How long it is in each image.
    pub(super) old: u64,
    pub(super) new: u64,
    /// How many bytes differ; what only one image has counts too.
    pub(super) differ: u64,
    /// On how many pages of 4 KiB those are.
    pub(super) pages: u64,
}

impl Bytes {
    /// Compares two extents; one that is missing is empty.
    pub(super) fn compare(a: &Image<'_>, old: Option<Extent>, b: &Image<'_>, new: Option<Extent>) -> Self {
        let old = old.and_then(|extent| a.bytes_at(extent)).unwrap_or_default();
        let new = new.and_then(|extent| b.bytes_at(extent)).unwrap_or_default();
        let mut bytes = Self { old: old.len() as u64, new: new.len() as u64, ..Self::default() };
        let (mut one, mut other) = (old.chunks(PAGE), new.chunks(PAGE));
        loop {
            let differ = match (one.next(), other.next()) {
                (None, None) => return bytes,
                (Some(page), None) | (None, Some(page)) => page.len(),
                (Some(one), Some(other)) if one == other => 0,
                (Some(one), Some(other)) => {
                    one.iter().zip(other).filter(|(a, b)| a != b).count() + one.len().abs_diff(other.len())
                }
            };
            bytes.differ += differ as u64;
            bytes.pages += u64::from(differ > 0);
        }
    }
}
