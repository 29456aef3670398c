//! The sections of an image in memory, and its arenas.

use crate::bounds::Extent;
use crate::dump::framework;
use crate::error::{DumpError, Result};
use crate::heap::{Arena, ArenaSections, ArenaTable, ArenaType};
use crate::image::{ImageHeader, Placed, Region};
use crate::record::At;
use crate::schema::TypeGraph;

/// A section in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SectionMemory {
    pub(crate) start: *mut u8,
    pub(crate) len: u64,
    /// The offset in the file.
    pub(crate) offset: u64,
}

impl SectionMemory {
    /// The section called `name`.
    pub(crate) fn of(region: &Region, header: &ImageHeader, name: &str) -> Result<Self> {
        let placed = header
            .section(name)
            .ok_or_else(|| DumpError::format(name, 0, "the section is missing from the section table"))?;
        Self::placed(region, placed)
    }

    pub(crate) fn placed(region: &Region, placed: &Placed) -> Result<Self> {
        let extent = placed.extent;
        let start = region.at(extent.offset, extent.length).ok_or_else(|| {
            DumpError::format(&placed.spec.name, extent.offset, "the section is not in memory")
        })?;
        Ok(Self { start, len: extent.length, offset: extent.offset })
    }

    /// Where the section is in the file.
    pub(crate) fn extent(&self) -> Extent {
        Extent::new(self.offset, self.len)
    }

    /// The record at an offset, which must have been checked.
    #[inline]
    pub(crate) fn at(&self, offset: u64) -> At {
        At::new(self.start.wrapping_add(offset as usize))
    }

    /// The bytes.
    ///
    /// # Safety
    ///
    /// Nobody may write to the section, or unmap it, while the slice is used.
    pub(crate) unsafe fn bytes<'a>(&self) -> &'a [u8] {
        // SAFETY: the section is in memory; the caller promises the rest.
        unsafe { std::slice::from_raw_parts(self.start, self.len as usize) }
    }
}

/// An arena of an image in memory, and where its side records are.
pub(crate) struct ArenaMemory {
    pub(crate) ordinal: usize,
    pub(crate) arena: Arena,
    /// The offset of the side records in Hydration.
    pub(crate) side: u64,
    /// The offset of the arena in the file.
    pub(crate) offset: u64,
}

/// All arenas of an image in memory.
pub(crate) struct ArenasMemory {
    pub(crate) arenas: Vec<ArenaMemory>,
    /// Where the payloads in Hydration start: behind all side records.
    pub(crate) side_end: u64,
}

impl ArenaMemory {
    /// The offset of each object from the first, where sizes vary.
    pub(crate) fn offsets(&self) -> Option<Vec<u64>> {
        self.arena.starts?;
        let first = self.arena.first.addr();
        Some(self.arena.objects().map(|object| (object.addr() - first) as u64).collect())
    }
}

/// Reads the Arenas section and compares it with the object types of the graph. What it returns is in
/// bounds; whether objects start where ObjectStarts says is for the audit.
pub(crate) fn arenas(region: &Region, header: &ImageHeader, graph: &TypeGraph) -> Result<ArenasMemory> {
    let heap = SectionMemory::of(region, header, framework::HEAP)?;
    let starts = SectionMemory::of(region, header, framework::STARTS)?;
    let hydration = SectionMemory::of(region, header, framework::HYDRATION)?;
    let table = SectionMemory::of(region, header, framework::ARENAS)?;
    let types = graph.objects().iter().map(|ty| ArenaType {
        name: ty.name(),
        size: ty.size as u64,
        side: ty.side.size as u64,
        tail: ty.tail.is_some(),
        hydrated: ty.hydrated,
        rw: ty.record.rw,
    });
    let sections = ArenaSections {
        table: table.offset,
        heap: heap.extent(),
        hydration: hydration.extent(),
        starts: starts.extent(),
    };
    // SAFETY: `meta` is only read during a load.
    let table = ArenaTable::read(unsafe { table.bytes() }, &types.collect::<Vec<_>>(), sections)?;
    let mut arenas = Vec::with_capacity(table.places.len());
    // The table has one place for each object type.
    for (place, ty) in
        table.places.iter().filter_map(|place| Some((place, *graph.objects().get(place.ordinal)?)))
    {
        let bitmap = place.starts.map(|(start, words)| {
            // SAFETY: the bitmap is in bounds and 8-aligned, as bitmaps are multiples of 8 long in a
            // 64-aligned section; `ro` is not written, and lives as long as the image.
            unsafe {
                std::slice::from_raw_parts(starts.at(start).as_ptr::<u64>().cast_const(), words as usize)
            }
        });
        let arena = Arena {
            ty,
            first: heap.at(place.first).as_ptr(),
            count: place.count as usize,
            stride: ty.size,
            bytes: place.bytes as usize,
            starts: bitmap,
        };
        let offset = heap.offset + place.first;
        arenas.push(ArenaMemory { ordinal: place.ordinal, arena, side: place.side, offset });
    }
    Ok(ArenasMemory { arenas, side_end: table.side_end })
}
