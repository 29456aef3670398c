//! Mapping a file on Linux: at the base, copied, or patched.

use std::fs::File;

use super::memory::{Memory, Protection};
use super::verify::verify_segment;
use super::ways::guarded;
use super::{Check, ImageHeader, Placement, Region, Relocated, SegmentKind, Source, Way};
use crate::bounds::to_usize;
use crate::error::{DumpError, Result};
use crate::reloc::PAGE;

/// What it costs to write one page of a private mapping (a page fault and a copy of the page) in units of
/// [`COPY_PAGE`]. Measured at 128 MiB on two cores: the ways cost the same when 30 % of the pages hold
/// relocations and checksums are compared, and at 50 % when they are not; patching leaves the other pages
/// shared, copying leaves nothing to be faulted in later.
const PATCH_PAGE: u64 = 3;
/// What it costs to read one page of the file into memory with huge pages.
const COPY_PAGE: u64 = 1;

/// See [`Region::map`].
///
/// # Safety
///
/// Nobody changes or truncates the file as long as it is mapped.
pub(super) unsafe fn map(
    file: &File,
    source: &Source<'_>,
    header: &ImageHeader,
    check: Check,
    placement: Placement,
) -> Result<Region> {
    if placement == Placement::Preferred {
        // SAFETY: the caller promises that the file stays as it is.
        if let Some(region) = unsafe { map_at_base(file, source, header) }? {
            // SAFETY: nothing refers to the region if a checksum differs.
            let region = unsafe { region.guard() };
            if check == Check::Checksums {
                for kind in SegmentKind::ALL {
                    // SAFETY: the region is not handed out yet, so nobody writes.
                    unsafe { populate_and_verify(&region, header, kind) }?;
                }
            }
            return Ok(region.keep());
        }
    }
    // SAFETY: the caller promises that the file stays as it is.
    unsafe { map_elsewhere(file, source, header, check, placement) }
}

/// See [`Region::map_at_base`].
///
/// # Safety
///
/// Nobody changes or truncates the file as long as it is mapped.
pub(super) unsafe fn map_at_base(
    file: &File,
    source: &Source<'_>,
    header: &ImageHeader,
) -> Result<Option<Region>> {
    let len = to_usize(header.file_len()).unwrap_or(usize::MAX);
    let memory = Memory::reserve_at(header.preferred_base(), len)
        .map_err(|error| DumpError::io("reserve the preferred base of", source.path(), error))?;
    let Some(memory) = memory else { return Ok(None) };
    let mut region = guarded(memory, header, Way::AtBase);
    for kind in SegmentKind::ALL {
        // SAFETY: the caller promises that the file stays as it is.
        unsafe { map_segment(&mut region, file, source, kind) }?;
    }
    region.relocated = Some(Relocated::default());
    Ok(Some(region.keep()))
}

/// Maps an image wherever there is room, and moves its words.
///
/// # Safety
///
/// Nobody changes or truncates the file as long as it is mapped.
unsafe fn map_elsewhere(
    file: &File,
    source: &Source<'_>,
    header: &ImageHeader,
    check: Check,
    placement: Placement,
) -> Result<Region> {
    let failed = |error| DumpError::io("reserve memory for", source.path(), error);
    let len = to_usize(header.file_len()).unwrap_or(usize::MAX);
    let memory = Memory::reserve(len).map_err(failed)?;
    let mut region = guarded(memory, header, Way::Copied);
    for kind in [SegmentKind::Meta, SegmentKind::Ro, SegmentKind::Imports] {
        // SAFETY: the caller promises that the file stays as it is.
        unsafe { map_segment(&mut region, file, source, kind) }?;
        if check == Check::Checksums {
            // SAFETY: the region is not handed out yet, so nobody writes.
            unsafe { populate_and_verify(&region, header, kind) }?;
        }
    }
    // SAFETY: the region is not handed out yet, so nobody writes; `meta` stays mapped during this call.
    let relocations = unsafe { region.unbound_relocations(header) }?;
    let pages = relocations.pages();
    let way = match placement {
        Placement::Copied => Way::Copied,
        Placement::Patched => Way::Patched,
        _ => cheaper_way(pages, header),
    };
    let moved = if way == Way::Copied {
        // The header region goes with `rw`, so that huge pages start at the start of the reservation.
        let end = header.segment(SegmentKind::Rw).end().and_then(to_usize).unwrap_or(0);
        region.memory.commit(0, end).map_err(failed)?;
        // SAFETY: `rw` was committed above, and nothing refers to it.
        unsafe { region.fill(source, header, SegmentKind::Rw, check, Some(&relocations)) }?
    } else {
        // SAFETY: the caller promises that the file stays as it is.
        unsafe { map_segment(&mut region, file, source, SegmentKind::Rw) }?;
        if check == Check::Checksums {
            // SAFETY: the region is not handed out yet, so nobody writes.
            unsafe { populate_and_verify(&region, header, SegmentKind::Rw) }?;
        }
        let delta = region.delta();
        // SAFETY: `rw` is private and writable, and nothing refers to it.
        unsafe { relocations.apply(region.pointer(0), delta, header.segment(SegmentKind::Rw)) }
    };
    region.way = way;
    region.relocated = Some(Relocated { relocations: moved, pages_written: pages });
    Ok(region.keep())
}

/// The way that costs less for an image with relocations on `pages` pages of `rw`.
fn cheaper_way(pages: u64, header: &ImageHeader) -> Way {
    let all = header.segment(SegmentKind::Rw).length / PAGE;
    if pages.saturating_mul(PATCH_PAGE) < all.saturating_mul(COPY_PAGE) { Way::Patched } else { Way::Copied }
}

/// Maps one segment of the file to its place.
///
/// # Safety
///
/// Nobody changes or truncates the file as long as it is mapped.
unsafe fn map_segment(
    region: &mut Region,
    file: &File,
    source: &Source<'_>,
    kind: SegmentKind,
) -> Result<()> {
    let (action, protection) = match kind {
        SegmentKind::Rw => ("map segment rw of", Protection::PrivateReadWrite),
        SegmentKind::Ro => ("map segment ro of", Protection::SharedReadOnly),
        SegmentKind::Imports => ("map segment imports of", Protection::PrivateReadWrite),
        SegmentKind::Meta => ("map segment meta of", Protection::PrivateReadOnly),
    };
    let extent = region.segment_extent(kind);
    let place = to_usize(extent.offset).zip(to_usize(extent.length));
    let (offset, length) = place.unwrap_or((usize::MAX, usize::MAX));
    // SAFETY: the caller promises that the file stays as it is.
    unsafe { region.memory.map(offset, length, file, extent.offset, protection) }
        .map_err(|error| DumpError::io(action, source.path(), error))
}

/// Makes a mapped segment present and compares its checksums.
///
/// # Safety
///
/// Nobody writes to the segment during the call.
unsafe fn populate_and_verify(region: &Region, header: &ImageHeader, kind: SegmentKind) -> Result<()> {
    let extent = header.segment(kind);
    if let Some((offset, length)) = to_usize(extent.offset).zip(to_usize(extent.length)) {
        region.memory.populate(offset, length);
    }
    // SAFETY: the caller promises that nobody writes.
    unsafe { verify_segment(region, header, kind) }
}
