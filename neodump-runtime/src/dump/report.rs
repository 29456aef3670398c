//! What a dump did.

use std::time::Duration;

use super::objects::Objects;

/// How far a dump has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The objects are being traced.
    Tracing,
    /// So many objects are being written.
    Writing {
        /// The number of objects.
        objects: usize,
    },
}

/// What a dump wrote, and what it cost.
#[derive(Debug, Clone, Default)]
pub struct DumpReport {
    /// The objects of each type.
    pub objects: Vec<(&'static str, usize)>,
    /// The bytes of the image.
    pub image_bytes: u64,
    /// The words that a load away from the preferred base has to change.
    pub relocations: u64,
    /// The time to trace, and to write the objects that are written as they are met: those that own
    /// nothing outside their slot.
    pub trace: Duration,
    /// The time to place and write the other records, and to give every word its address.
    pub emit: Duration,
    /// The time to checksum the image.
    pub checksum: Duration,
    /// The time to write it to its file, synced, or to its buffer.
    pub write: Duration,
}

impl DumpReport {
    pub(super) fn count(&mut self, objects: &Objects) {
        self.objects = objects
            .arenas
            .iter()
            .filter(|arena| arena.count() > 0)
            .map(|arena| (arena.ty.name(), arena.count()))
            .collect();
    }

    /// The objects of all types.
    pub fn object_count(&self) -> usize {
        self.objects.iter().map(|(_, count)| count).sum()
    }

    /// The time of the whole dump.
    pub fn total(&self) -> Duration {
        self.trace + self.emit + self.checksum + self.write
    }
}
