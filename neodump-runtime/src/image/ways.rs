//! The ways of an image into memory.

use super::BASE_ALIGN;
use super::memory::Memory;
use super::verify::Checker;
use super::{ImageHeader, Region, SegmentKind, Source, Way, mapped};
use crate::bounds::{Extent, align_up, to_u64, to_usize};
use crate::error::{DumpError, Result};
use crate::reloc::Relocations;

/// Whether the bytes are compared with their checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Check {
    /// They are: damage is found and named.
    #[default]
    Checksums,
    /// They are not: the header is, and the caller answers for the rest.
    Trusted,
}

/// Where an image may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Placement {
    /// To its preferred base if that is free, else anywhere.
    #[default]
    Preferred,
    /// Anywhere, by the cheaper way: for programs that want their addresses random.
    Elsewhere,
    /// Anywhere, copied.
    Copied,
    /// Anywhere, patched.
    Patched,
}

/// Bytes that are read, summed and moved together while they are in the cache.
const CHUNK: u64 = 256 << 10;

/// A thread costs some tens of microseconds: the time to read about half a megabyte. A part is many times that.
const SMALLEST_PART: u64 = 16 << 20;

/// Memory is busy with a few processors; more of them only wait for it.
const MOST_PARTS: u64 = 4;

impl Region {
    /// Reads an image into memory of its own, at its preferred base if that is free and `placement` asks
    /// for it. The words are not moved yet: audit them if you must, then [`relocate`](Region::relocate).
    ///
    /// This is sound for any bytes, and for a file that changes while it is read.
    pub fn own(
        source: &Source<'_>,
        header: &ImageHeader,
        check: Check,
        placement: Placement,
    ) -> Result<Self> {
        let failed = |error| DumpError::io("reserve memory for", source.path(), error);
        let len = to_usize(header.file_len()).unwrap_or(usize::MAX);
        let at_base = match placement {
            Placement::Preferred => Memory::reserve_at(header.preferred_base(), len).map_err(failed)?,
            _ => None,
        };
        let (memory, way) = match at_base {
            Some(memory) => (memory, Way::AtBase),
            None => (Memory::reserve(len).map_err(failed)?, Way::Copied),
        };
        // SAFETY: until `keep`, nothing refers to the new memory.
        let mut region = unsafe { Self::new(memory, header, way).guard() };
        region.memory.commit(0, len).map_err(failed)?;
        for kind in SegmentKind::ALL {
            // SAFETY: the memory is committed, and nothing refers to it.
            unsafe { region.fill(source, header, kind, check, None) }?;
        }
        Ok(region.keep())
    }

    /// Maps an image, at its preferred base if that is free and `placement` asks for it, else elsewhere by
    /// the cheaper way, where the words are moved. Bytes in memory are copied into memory of their own.
    ///
    /// With [`Check::Checksums`] no word is used before its section was compared, or the region is given
    /// up.
    ///
    /// # Safety
    ///
    /// Nobody changes or truncates the file as long as it is mapped. (A file that is *replaced*, as
    /// [`write_atomic`](super::write_atomic) does, is not changed.)
    pub unsafe fn map(
        source: &Source<'_>,
        header: &ImageHeader,
        check: Check,
        placement: Placement,
    ) -> Result<Self> {
        match source {
            // SAFETY: the caller promises that the file stays as it is.
            Source::File { file, .. } => unsafe { mapped::map(file, source, header, check, placement) },
            Source::Bytes(_) => Self::own_and_relocate(source, header, check, placement),
        }
    }

    /// Maps an image at its preferred base, whatever its size, with five system calls and without reading
    /// or writing a byte of it; nothing if the base is taken, or if this system cannot place a mapping.
    ///
    /// # Safety
    ///
    /// As for [`map`](Region::map).
    pub unsafe fn map_at_base(source: &Source<'_>, header: &ImageHeader) -> Result<Option<Self>> {
        match source {
            // SAFETY: the caller promises that the file stays as it is.
            Source::File { file, .. } => unsafe { mapped::map_at_base(file, source, header) },
            Source::Bytes(_) => Ok(None),
        }
    }

    pub(super) fn own_and_relocate(
        source: &Source<'_>,
        header: &ImageHeader,
        check: Check,
        placement: Placement,
    ) -> Result<Self> {
        let region = Self::own(source, header, check, placement)?;
        // SAFETY: until `keep`, nothing refers to the new memory.
        let mut region = unsafe { region.guard() };
        region.relocate(header)?;
        Ok(region.keep())
    }

    /// Reads segment `kind` from the source, compares its checksums as `check` says and moves the words
    /// that `moving` lists, piece by piece. The number of words moved. On an error the words are neither
    /// moved nor not: give the region up.
    ///
    /// # Safety
    ///
    /// The segment is in memory that is committed, private and writable, and nothing refers to it.
    pub(super) unsafe fn fill(
        &mut self,
        source: &Source<'_>,
        header: &ImageHeader,
        kind: SegmentKind,
        check: Check,
        moving: Option<&Relocations<'_>>,
    ) -> Result<u64> {
        let segment = header.segment(kind);
        if check == Check::Trusted {
            // SAFETY: forwarded from the caller.
            return unsafe { self.fill_by_parts(source, kind, segment, moving) };
        }
        let mut checker = Checker::new(header, kind);
        // SAFETY: forwarded from the caller.
        let moved = unsafe { self.fill_part(source, kind, segment, Some(&mut checker), moving) }?;
        checker.finish()?;
        Ok(moved)
    }

    /// Fills a segment whose checksums nobody compares: large ones with a thread a processor, as what
    /// costs is that the kernel clears and copies pages, which processors do side by side.
    ///
    /// # Safety
    ///
    /// As for [`fill`](Self::fill).
    unsafe fn fill_by_parts(
        &self,
        source: &Source<'_>,
        kind: SegmentKind,
        segment: Extent,
        moving: Option<&Relocations<'_>>,
    ) -> Result<u64> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let parts = (segment.length / SMALLEST_PART).clamp(1, to_u64(processors).min(MOST_PARTS));
        // Whole huge pages, so that no two threads touch one.
        let length = align_up(segment.length.div_ceil(parts), BASE_ALIGN).unwrap_or(segment.length);
        let end = segment.end().unwrap_or(segment.offset);
        let part = |number: u64| {
            let start = segment.offset.saturating_add(number.saturating_mul(length)).min(end);
            Extent::new(start, length.min(end - start))
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..parts)
                .map(|number| {
                    let extent = part(number);
                    // SAFETY: forwarded from the caller; the parts are disjoint.
                    let work = move || unsafe { self.fill_part(source, kind, extent, None, moving) };
                    // A system without room for a thread has this one do the work.
                    let thread = std::thread::Builder::new().spawn_scoped(scope, work);
                    (thread.ok(), extent)
                })
                .collect();
            // SAFETY: as above.
            let mut moved = unsafe { self.fill_part(source, kind, part(0), None, moving) };
            for (thread, extent) in others {
                let more = match thread.map(std::thread::ScopedJoinHandle::join) {
                    Some(Ok(result)) => result,
                    // SAFETY: as above; the thread is gone, or never was.
                    _ => unsafe { self.fill_part(source, kind, extent, None, moving) },
                };
                moved = moved.and_then(|moved| Ok(moved + more?));
            }
            moved
        })
    }

    /// Fills part of a segment, piece by piece.
    ///
    /// # Safety
    ///
    /// As for [`fill`](Self::fill), of the part.
    unsafe fn fill_part(
        &self,
        source: &Source<'_>,
        kind: SegmentKind,
        part: Extent,
        mut checker: Option<&mut Checker<'_>>,
        moving: Option<&Relocations<'_>>,
    ) -> Result<u64> {
        let end = part.end().unwrap_or(part.offset);
        let mut moved = 0;
        let mut at = part.offset;
        while at < end {
            let chunk = Extent::new(at, CHUNK.min(end - at));
            let place = self
                .at(chunk.offset, chunk.length)
                .ok_or_else(|| DumpError::format(kind.name(), at, "the segment is not in memory"))?;
            let length = to_usize(chunk.length).unwrap_or(0);
            // SAFETY: `at` found the bytes in memory, zeroed or read; the caller promises the rest.
            let bytes = unsafe { std::slice::from_raw_parts_mut(place, length) };
            source.read_at(at, bytes)?;
            if let Some(checker) = &mut checker {
                checker.feed(bytes)?;
            }
            if let Some(relocations) = moving {
                let delta = self.delta();
                // SAFETY: the chunk is in memory that is ours and writable, and starts at a multiple of 8.
                moved += unsafe { relocations.apply(self.pointer(0), delta, chunk) };
            }
            at += to_u64(length);
        }
        Ok(moved)
    }
}

/// A region that is given up unless the load gets to its end.
#[cfg(not(miri))]
pub(super) fn guarded(memory: Memory, header: &ImageHeader, way: Way) -> super::UnmapGuard {
    let region = Region::new(memory, header, way);
    // SAFETY: the ways hand out no reference before they keep the region.
    unsafe { region.guard() }
}
