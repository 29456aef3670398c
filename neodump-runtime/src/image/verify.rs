//! Finding damage: the checksums of the sections, and the padding between them.

use super::{Checksum, ImageHeader, Placed, Region, SegmentKind, checksum};
use crate::bounds::{Extent, is_zero, to_u64, to_usize};
use crate::error::{DumpError, Result};

/// Compares the checksum of every section, with the padding after it, with the one that the writer
/// recorded, and names the first section that differs.
///
/// Call it before words are moved; [`Region::map`] has done it unless it was told to trust the file.
///
/// # Safety
///
/// Nobody writes to the image during the call.
pub unsafe fn verify_checksums(region: &Region, header: &ImageHeader) -> Result<()> {
    for kind in SegmentKind::ALL {
        // SAFETY: the caller promises that nobody writes.
        unsafe { verify_segment(region, header, kind) }?;
    }
    Ok(())
}

/// Compares the checksums of the sections of one segment.
///
/// # Safety
///
/// Nobody writes to the segment during the call.
pub(super) unsafe fn verify_segment(region: &Region, header: &ImageHeader, kind: SegmentKind) -> Result<()> {
    for (section, expected) in header.sections_of(kind) {
        // SAFETY: the caller promises that nobody writes.
        let bytes = unsafe { region.bytes(section.covered) };
        let bytes = bytes.ok_or_else(|| not_in_memory(section))?;
        compare(section, checksum(bytes), expected)?;
    }
    Ok(())
}

/// [`verify_checksums`] of an image whose file is `bytes`.
#[cfg(feature = "inspect")]
pub(crate) fn verify_bytes(bytes: &[u8], header: &ImageHeader) -> Result<()> {
    for (section, expected) in SegmentKind::ALL.into_iter().flat_map(|kind| header.sections_of(kind)) {
        let covered = section.covered.of(bytes).ok_or_else(|| not_in_memory(section))?;
        compare(section, checksum(covered), expected)?;
    }
    Ok(())
}

/// [`verify_padding`] of an image whose file is `bytes`.
#[cfg(feature = "inspect")]
pub(crate) fn verify_padding_bytes(bytes: &[u8], header: &ImageHeader) -> Result<()> {
    for section in header.sections() {
        let Some(padding) = padding(section) else { continue };
        refuse_padding(section, padding, padding.of(bytes).ok_or_else(|| not_in_memory(section))?)?;
    }
    Ok(())
}

/// Refuses padding that is not zero, which only a file that neodump did not write has: checksums find
/// damage, not malice.
///
/// # Safety
///
/// Nobody writes to the image during the call.
pub unsafe fn verify_padding(region: &Region, header: &ImageHeader) -> Result<()> {
    for section in header.sections() {
        let Some(padding) = padding(section) else { continue };
        // SAFETY: the caller promises that nobody writes.
        let bytes = unsafe { region.bytes(padding) }.ok_or_else(|| not_in_memory(section))?;
        refuse_padding(section, padding, bytes)?;
    }
    Ok(())
}

/// The bytes after a section, if there are any.
fn padding(section: &Placed) -> Option<Extent> {
    let padding = section.extent.end().and_then(|start| Extent::between(start, section.covered.end()?));
    padding.filter(|padding| padding.length > 0)
}

fn refuse_padding(section: &Placed, padding: Extent, bytes: &[u8]) -> Result<()> {
    if is_zero(bytes) {
        return Ok(());
    }
    let at = bytes.iter().position(|&byte| byte != 0).unwrap_or(0);
    let problem = "the padding after the section is not zero";
    Err(DumpError::format(&section.spec.name, padding.offset.saturating_add(to_u64(at)), problem))
}

fn compare(section: &Placed, found: u64, expected: u64) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(DumpError::ChecksumMismatch { section: section.spec.name.clone(), found, expected })
}

fn not_in_memory(section: &Placed) -> DumpError {
    DumpError::format(&section.spec.name, section.extent.offset, "the section was dropped after the load")
}

/// Checks the sections of one segment while its bytes arrive in pieces.
pub(super) struct Checker<'a> {
    sections: Box<dyn Iterator<Item = (&'a Placed, u64)> + 'a>,
    current: Option<(&'a Placed, u64)>,
    /// Bytes of the current section that have not arrived.
    left: u64,
    sum: Checksum,
}

impl<'a> Checker<'a> {
    /// No bytes of segment `kind` have arrived.
    pub(super) fn new(header: &'a ImageHeader, kind: SegmentKind) -> Self {
        let mut sections = Box::new(header.sections_of(kind));
        let current = sections.next();
        let left = current.map_or(0, |(section, _)| section.covered.length);
        Self { sections, current, left, sum: Checksum::new() }
    }

    /// The next bytes of the segment.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some((section, expected)) = self.current {
            let taken = bytes.len().min(to_usize(self.left).unwrap_or(usize::MAX));
            let (now, later) = bytes.split_at(taken);
            self.left -= to_u64(taken);
            bytes = later;
            if self.left > 0 {
                self.sum.update(now);
                return Ok(());
            }
            // A section that arrives in one piece is summed without a copy through the buffer.
            let found = if to_u64(taken) == section.covered.length {
                checksum(now)
            } else {
                self.sum.update(now);
                self.sum.finish()
            };
            compare(section, found, expected)?;
            self.sum = Checksum::new();
            self.current = self.sections.next();
            self.left = self.current.map_or(0, |(section, _)| section.covered.length);
        }
        Ok(())
    }

    /// All bytes of the segment have arrived.
    pub(super) fn finish(mut self) -> Result<()> {
        // Sections without bytes at the end are compared here.
        self.feed(&[])
    }
}
