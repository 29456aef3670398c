//! Placing: where each arena and each object goes, decided between trace and write.

use super::trace::Traced;
use super::visited::{Visit, Visited};
use crate::bounds;
use crate::error::{DumpError, Result};
use crate::heap::ObjectType;

/// Arenas start at multiples of this.
const ARENA_ALIGN: u64 = 64;

/// The place of one arena.
pub(crate) struct ArenaPlan {
    pub(crate) ordinal: u32,
    pub(crate) ty: &'static ObjectType,
    pub(crate) objects: Vec<*const u8>,
    /// The offset in the HeapImage section.
    pub(crate) first: u64,
    pub(crate) bytes: u64,
    /// The offset of each object from the first, where sizes vary.
    pub(crate) offsets: Option<Vec<u64>>,
    /// The offset of the side records in the Hydration section.
    pub(crate) side: u64,
}

/// The places of all objects.
pub(crate) struct Plan {
    visited: Visited,
    /// In the order of their places.
    pub(crate) arenas: Vec<ArenaPlan>,
    /// The first place and the stride of each type by ordinal, for the quick answer; the stride is
    /// 0 where sizes vary.
    quick: Vec<(u64, u64)>,
    /// The position in `arenas` of each type by ordinal.
    position: Vec<usize>,
    pub(crate) heap_bytes: u64,
    pub(crate) side_bytes: u64,
}

impl Plan {
    /// Types without words come first and types that are written at load last, so that the pages
    /// which a load writes are few and together.
    pub(crate) fn new(visited: Visited, traced: Vec<Traced>) -> Result<Self> {
        let mut order: Vec<(u32, Traced)> = (0..).zip(traced).collect();
        order.sort_by_key(|(ordinal, arena)| (arena.ty.hydrated, arena.ty.record.rw, *ordinal));
        let mut plan = Self {
            visited,
            quick: vec![(0, 0); order.len()],
            position: vec![0; order.len()],
            arenas: Vec::with_capacity(order.len()),
            heap_bytes: 0,
            side_bytes: 0,
        };
        for (ordinal, traced) in order {
            plan.place(ordinal, traced)?;
        }
        Ok(plan)
    }

    fn place(&mut self, ordinal: u32, traced: Traced) -> Result<()> {
        let Traced { ty, objects } = traced;
        let first = bounds::align_up(self.heap_bytes, ARENA_ALIGN).ok_or_else(too_large)?;
        let count = objects.len() as u64;
        let (bytes, offsets) = if ty.tail.is_some() {
            let mut offsets = Vec::with_capacity(objects.len());
            let mut end = 0_u64;
            for &object in &objects {
                offsets.push(end);
                // SAFETY: a traced object of this type.
                let len = unsafe { (ty.tail_len)(object) };
                let size = ty.size_with(len).ok_or_else(too_large)?;
                end = bounds::add(end, size as u64).ok_or_else(too_large)?;
            }
            (end, Some(offsets))
        } else {
            (bounds::mul(count, ty.size as u64).ok_or_else(too_large)?, None)
        };
        let side = bounds::align_up(self.side_bytes, 16).ok_or_else(too_large)?;
        let side_bytes = bounds::mul(count, ty.side.size as u64).ok_or_else(too_large)?;
        self.quick[ordinal as usize] = (first, if offsets.is_some() { 0 } else { ty.size as u64 });
        self.position[ordinal as usize] = self.arenas.len();
        self.heap_bytes = bounds::add(first, bytes).ok_or_else(too_large)?;
        self.side_bytes = bounds::add(side, side_bytes).ok_or_else(too_large)?;
        self.arenas.push(ArenaPlan { ordinal, ty, objects, first, bytes, offsets, side });
        Ok(())
    }

    /// What the trace met at an address.
    pub(crate) fn visit(&self, address: usize) -> Option<Visit> {
        self.visited.get(address)
    }

    /// The offset of an object in the HeapImage section.
    #[inline]
    pub(crate) fn offset_of(&self, address: usize) -> Option<u64> {
        let visit = self.visited.get(address)?;
        let (first, stride) = self.quick[usize::from(visit.ty)];
        if stride != 0 {
            return Some(first + u64::from(visit.index) * stride);
        }
        let arena = &self.arenas[self.position[usize::from(visit.ty)]];
        Some(first + arena.offsets.as_ref()?.get(visit.index as usize)?)
    }
}

#[cold]
fn too_large() -> DumpError {
    DumpError::Serialization {
        path: "HeapImage".to_owned(),
        problem: "the objects are larger than 2^64 bytes".to_owned(),
    }
}
