//! Placing: where each arena goes, decided when every object has been met.

use super::objects::Arena;
use crate::bounds;
use crate::error::{DumpError, Result};
use crate::heap::{ARENA_ALIGN, SIDE_ALIGN};

/// The place of one arena.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArenaPlan {
    pub(crate) ordinal: u8,
    /// The offset in the HeapImage section.
    pub(crate) first: u64,
    /// The offset of the side records in the Hydration section.
    pub(crate) side: u64,
}

/// The places of all arenas.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// In the order of their places.
    pub(crate) arenas: Vec<ArenaPlan>,
    pub(crate) heap_bytes: u64,
    pub(crate) side_bytes: u64,
}

impl Plan {
    /// Types without words come first and types that are written at load last, so that the pages
    /// which a load writes are few and together.
    pub(crate) fn new(arenas: &[Arena]) -> Result<Self> {
        let mut order: Vec<(u8, &Arena)> = (0..).zip(arenas).collect();
        order.sort_by_key(|(ordinal, arena)| (arena.ty.hydrated, arena.ty.record.rw, *ordinal));
        let mut plan = Self::default();
        for (ordinal, arena) in order {
            let first = bounds::align_up(plan.heap_bytes, ARENA_ALIGN).ok_or_else(too_large)?;
            let side = bounds::align_up(plan.side_bytes, SIDE_ALIGN).ok_or_else(too_large)?;
            let side_bytes =
                bounds::mul(arena.count() as u64, arena.ty.side.size as u64).ok_or_else(too_large)?;
            plan.heap_bytes = bounds::add(first, arena.end).ok_or_else(too_large)?;
            plan.side_bytes = bounds::add(side, side_bytes).ok_or_else(too_large)?;
            plan.arenas.push(ArenaPlan { ordinal, first, side });
        }
        Ok(plan)
    }
}

#[cold]
fn too_large() -> DumpError {
    DumpError::Serialization {
        path: "HeapImage".to_owned(),
        problem: "the objects are larger than 2^64 bytes".to_owned(),
    }
}
