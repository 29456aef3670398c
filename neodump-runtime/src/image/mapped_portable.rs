//! Mapping a file where mappings cannot be placed: private and patched, or read where nothing can be
//! mapped at all.

use std::fs::File;

use super::{Check, ImageHeader, Placement, Region, Source};
use crate::error::Result;

/// See [`Region::map`].
///
/// # Safety
///
/// Nobody changes or truncates the file as long as it is mapped.
#[cfg(not(miri))]
pub(super) unsafe fn map(
    file: &File,
    source: &Source<'_>,
    header: &ImageHeader,
    check: Check,
    placement: Placement,
) -> Result<Region> {
    use super::memory::Memory;
    use super::verify::verify_checksums;
    use super::{Way, ways::guarded};
    use crate::bounds::to_usize;
    use crate::error::DumpError;

    if placement == Placement::Copied {
        return Region::own_and_relocate(source, header, check, placement);
    }
    let len = to_usize(header.file_len()).unwrap_or(usize::MAX);
    // SAFETY: the caller promises that the file stays as it is.
    let memory = unsafe { Memory::map_whole(file, len) }
        .map_err(|error| DumpError::io("map", source.path(), error))?;
    let mut region = guarded(memory, header, Way::Patched);
    if check == Check::Checksums {
        // SAFETY: the region is not handed out yet, so nobody writes.
        unsafe { verify_checksums(&region, header) }?;
    }
    region.relocate(header)?;
    Ok(region.keep())
}

/// See [`Region::map`].
///
/// # Safety
///
/// None is needed: the file is read.
#[cfg(miri)]
pub(super) unsafe fn map(
    _file: &File,
    source: &Source<'_>,
    header: &ImageHeader,
    check: Check,
    placement: Placement,
) -> Result<Region> {
    Region::own_and_relocate(source, header, check, placement)
}

/// Mappings cannot be placed here.
///
/// # Safety
///
/// None is needed: nothing is mapped.
pub(super) unsafe fn map_at_base(
    _file: &File,
    _source: &Source<'_>,
    _header: &ImageHeader,
) -> Result<Option<Region>> {
    Ok(None)
}
