//! The sections of an image in memory, and its arenas.

use crate::bounds;
use crate::dump::{ARENA_RECORD, framework};
use crate::error::{DumpError, Result};
use crate::heap::{Arena, ObjectType};
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

impl ArenaMemory {
    /// The offset of each object from the first, where sizes vary.
    pub(crate) fn offsets(&self) -> Option<Vec<u64>> {
        self.arena.starts?;
        let first = self.arena.first.addr();
        Some(self.arena.objects().map(|object| (object.addr() - first) as u64).collect())
    }
}

/// Reads the Arenas section and compares it with the object types of the graph: the same types in
/// the same order, one after the other without gaps. What it returns is in bounds; whether objects
/// start where ObjectStarts says is for the audit.
pub(crate) fn arenas(region: &Region, header: &ImageHeader, graph: &TypeGraph) -> Result<Vec<ArenaMemory>> {
    let heap = SectionMemory::of(region, header, framework::HEAP)?;
    let starts = SectionMemory::of(region, header, framework::STARTS)?;
    let hydration = SectionMemory::of(region, header, framework::HYDRATION)?;
    let table = SectionMemory::of(region, header, framework::ARENAS)?;
    // SAFETY: `meta` is only read during a load.
    let table_bytes = unsafe { table.bytes() };
    let mut order: Vec<(usize, &'static ObjectType)> = graph.objects().iter().copied().enumerate().collect();
    order.sort_by_key(|(ordinal, ty)| (ty.hydrated, ty.record.rw, *ordinal));
    if table_bytes.len() != order.len() * ARENA_RECORD {
        return Err(DumpError::format(
            framework::ARENAS,
            table.offset,
            format!("{} bytes, expected {} for {} types", table.len, order.len() * ARENA_RECORD, order.len()),
        ));
    }
    let mut arenas = Vec::with_capacity(order.len());
    let (mut heap_end, mut side_end, mut starts_end) = (0_u64, 0_u64, 0_u64);
    for ((ordinal, ty), record) in order.into_iter().zip(table_bytes.as_chunks::<ARENA_RECORD>().0) {
        let at = table.offset + (arenas.len() * ARENA_RECORD) as u64;
        let number = |index: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&record[index * 8..index * 8 + 8]);
            u64::from_le_bytes(bytes)
        };
        let [tag, first, count, stride, bytes, side, start] =
            [number(0), number(1), number(2), number(3), number(4), number(5), number(6)];
        let expect = |what: &str, found: u64, expected: Option<u64>| match expected {
            Some(expected) if expected == found => Ok(()),
            expected => Err(DumpError::format(
                framework::ARENAS,
                at,
                format!(
                    "arena of {} has {what} {found}, expected {}",
                    ty.name(),
                    expected.map_or_else(|| "less".to_owned(), |number| number.to_string())
                ),
            )),
        };
        expect("type", tag, Some(ordinal as u64))?;
        expect("reserved field", number(7), Some(0))?;
        expect("offset", first, bounds::align_up(heap_end, 64))?;
        expect("side offset", side, bounds::align_up(side_end, 16))?;
        expect("starts offset", start, Some(starts_end))?;
        let end = bounds::add(first, bytes).filter(|end| *end <= heap.len);
        expect("length", bytes, end.map(|_| bytes))?;
        let mut bitmap = None;
        if ty.tail.is_some() {
            expect("stride", stride, Some(0))?;
            // Objects are aligned to eight bytes; ObjectStarts has a bit for each eight of the arena.
            expect("length", bytes, Some(bytes).filter(|bytes| bytes.is_multiple_of(8)))?;
            // Every object has at least eight bytes, so the count is bounded by the section.
            expect("object count", count, Some(count).filter(|count| *count <= bytes / 8))?;
            let words = (bytes / 8).div_ceil(64);
            let memory = bounds::add(start, words * 8).filter(|end| *end <= starts.len);
            expect("length", bytes, memory.map(|_| bytes))?;
            starts_end = start + words * 8;
            // SAFETY: the bitmap is in bounds and 8-aligned, as `starts_end` is a multiple of 8 in a
            // 64-aligned section; `ro` is not written, and lives as long as the image.
            bitmap = Some(unsafe {
                std::slice::from_raw_parts(starts.at(start).as_ptr::<u64>().cast_const(), words as usize)
            });
        } else {
            expect("stride", stride, Some(ty.size as u64))?;
            expect("length", bytes, bounds::mul(count, stride))?;
        }
        let side_bytes = bounds::mul(count, ty.side.size as u64);
        let side_memory =
            side_bytes.and_then(|len| bounds::add(side, len)).filter(|end| *end <= hydration.len);
        expect("object count", count, side_memory.map(|_| count))?;
        heap_end = first + bytes;
        side_end = side_memory.unwrap_or(side_end);
        let arena = Arena {
            ty,
            first: heap.at(first).as_ptr(),
            count: count as usize,
            stride: ty.size,
            bytes: bytes as usize,
            starts: bitmap,
        };
        arenas.push(ArenaMemory { ordinal, arena, side, offset: heap.offset + first });
    }
    let expect_len = |name: &str, section: &SectionMemory, expected: u64| {
        if section.len == expected {
            return Ok(());
        }
        let problem = format!("{} bytes, expected {expected} by the Arenas section", section.len);
        Err(DumpError::format(name, section.offset, problem))
    };
    expect_len(framework::HEAP, &heap, heap_end)?;
    expect_len(framework::STARTS, &starts, starts_end)?;
    Ok(arenas)
}

/// Where the payloads in Hydration start: behind all side records.
pub(crate) fn side_end(arenas: &[ArenaMemory]) -> u64 {
    // `arenas` checked that this is in bounds.
    arenas.last().map_or(0, |last| last.side + (last.arena.count * last.arena.ty.side.size) as u64)
}
