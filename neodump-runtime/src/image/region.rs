//! The image in memory.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;

use super::memory::Memory;
use super::{ImageHeader, SEGMENT_COUNT, SegmentKind};
use crate::bounds::{Extent, to_u64, to_usize};
use crate::error::{DumpError, Result};
use crate::reloc::{self, Relocations};

/// How an image got to where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Way {
    /// At its preferred base: no word was written.
    AtBase,
    /// Elsewhere: `rw` was read into private memory, and its words were moved there.
    Copied,
    /// Elsewhere: `rw` is a private mapping of the file, and the pages that hold relocations were written.
    Patched,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtBase => "at-base",
            Self::Copied => "copied",
            Self::Patched => "patched",
        })
    }
}

/// What relocation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relocated {
    /// Words moved.
    pub relocations: u64,
    /// Distinct pages (4 KiB) that hold moved words.
    pub pages_written: u64,
}

/// An image in memory: the byte at file offset `n` of segments `rw`, `ro`, `imports` (and `meta` until it
/// is dropped) has the address [`address`](Region::address) + `n`.
///
/// Dropping a region does not unmap it: an image lives as long as the process, unless it is given up
/// by [`unmap`](Region::unmap).
#[derive(Debug)]
pub struct Region {
    pub(super) memory: Memory,
    pub(super) way: Way,
    preferred_base: u64,
    header_len: u64,
    segments: [Extent; SEGMENT_COUNT as usize],
    /// The end of what is accessible.
    end: u64,
    pub(super) relocated: Option<Relocated>,
}

// SAFETY: a region is an address range; it hands out raw pointers, and references only from unsafe
// functions whose callers answer for races.
unsafe impl Send for Region {}
// SAFETY: as for `Send`; the safe methods that take `&self` read plain numbers.
unsafe impl Sync for Region {}

impl Region {
    pub(super) fn new(memory: Memory, header: &ImageHeader, way: Way) -> Self {
        Self {
            memory,
            way,
            preferred_base: header.preferred_base(),
            header_len: header.header_len(),
            segments: SegmentKind::ALL.map(|kind| header.segment(kind)),
            end: header.file_len(),
            relocated: None,
        }
    }

    /// The address of file offset 0. The header itself need not be in memory.
    pub fn address(&self) -> u64 {
        to_u64(self.memory.base().as_ptr().addr())
    }

    /// What must be added to a final word of class "image, not shifted": the address minus the
    /// preferred base, wrapping. Zero at the preferred base.
    pub fn delta(&self) -> u64 {
        self.address().wrapping_sub(self.preferred_base)
    }

    /// The address at which the words of the file are final.
    pub const fn preferred_base(&self) -> u64 {
        self.preferred_base
    }

    /// How the image got here.
    pub const fn way(&self) -> Way {
        self.way
    }

    /// The address of `len` bytes at file offset `offset`, if all of them are in memory.
    pub fn at(&self, offset: u64, len: u64) -> Option<*mut u8> {
        let image = Extent::between(self.header_len, self.end)?;
        image.contains(Extent::new(offset, len)).then(|| self.pointer(offset))
    }

    /// The bytes of segment `kind`: none if it is empty, or is `meta` and dropped.
    pub fn segment(&self, kind: SegmentKind) -> *mut [u8] {
        let segment = self.segments[kind.index()];
        let length = if self.at(segment.offset, segment.length).is_some() { segment.length } else { 0 };
        ptr::slice_from_raw_parts_mut(self.pointer(segment.offset), to_usize(length).unwrap_or(0))
    }

    /// The extent of segment `kind` in the file.
    pub const fn segment_extent(&self, kind: SegmentKind) -> Extent {
        self.segments[kind.index()]
    }

    /// Whether `address` is the address of a byte of `rw`, `ro` or `imports`.
    #[inline]
    pub fn contains(&self, address: u64) -> bool {
        let from = self.address().wrapping_add(self.header_len);
        let length = self.segments[SegmentKind::Meta.index()].offset.wrapping_sub(self.header_len);
        address.wrapping_sub(from) < length
    }

    /// The bytes of `extent`, if all of them are in memory.
    ///
    /// # Safety
    ///
    /// Nobody writes to them while the slice is in use, and the region is not unmapped.
    pub unsafe fn bytes(&self, extent: Extent) -> Option<&[u8]> {
        let start = self.at(extent.offset, extent.length)?;
        // SAFETY: `at` found the bytes in memory; the caller promises the rest.
        Some(unsafe { std::slice::from_raw_parts(start, to_usize(extent.length)?) })
    }

    /// The relocations of the image, borrowed from its segment `meta`.
    ///
    /// # Safety
    ///
    /// Nobody writes to segment `meta` while they are in use, and the region is not unmapped.
    pub unsafe fn relocations(&self, header: &ImageHeader) -> Result<Relocations<'_>> {
        // SAFETY: the caller promises it, and the region cannot change while they are borrowed from it.
        unsafe { self.unbound_relocations(header) }
    }

    /// The relocations of the image, for use while other segments are filled.
    ///
    /// # Safety
    ///
    /// During `'m`, nobody writes to segment `meta`, and it stays in memory.
    pub(super) unsafe fn unbound_relocations<'m>(&self, header: &ImageHeader) -> Result<Relocations<'m>> {
        let Some(section) = header.section(reloc::SECTION) else { return Ok(Relocations::default()) };
        let place =
            self.at(section.extent.offset, section.extent.length).zip(to_usize(section.extent.length));
        let (start, length) = place.ok_or_else(|| {
            DumpError::format(reloc::SECTION, section.extent.offset, "the section was dropped after the load")
        })?;
        // SAFETY: `at` found the bytes in memory; the caller promises the rest.
        let bytes = unsafe { std::slice::from_raw_parts(start, length) };
        // Also with the header of another image, no word outside this one's `rw` may be listed.
        header.decode_relocations(section, bytes, self.segments[SegmentKind::Rw.index()])
    }

    /// Makes the words of `rw` right for this address and says what that took; does nothing at the
    /// preferred base, and nothing the second time. With the header of another image the result is an error
    /// or nonsense, but nothing outside `rw` is written.
    pub fn relocate(&mut self, header: &ImageHeader) -> Result<Relocated> {
        if let Some(done) = self.relocated {
            return Ok(done);
        }
        let done = if self.delta() == 0 {
            Relocated::default()
        } else {
            // SAFETY: segment `meta` is not handed out for writing, and `&mut self` keeps others away.
            let relocations = unsafe { self.relocations(header) }?;
            let rw = self.segments[SegmentKind::Rw.index()];
            let image = self.pointer(0);
            // SAFETY: every section that `relocations` lists is in `rw`, which is in memory, private and
            // writable; `&mut self` keeps others away.
            let moved = unsafe { relocations.apply(image, self.delta(), rw) };
            Relocated { relocations: moved, pages_written: relocations.pages() }
        };
        self.relocated = Some(done);
        Ok(done)
    }

    /// What relocation did, if it has happened.
    pub const fn relocated(&self) -> Option<Relocated> {
        self.relocated
    }

    /// Gives back the memory of segment `meta`. Borrows of it must have ended, which `&mut self` says
    /// for the references that this type gave.
    pub fn drop_meta(&mut self) -> Result<()> {
        let meta = self.segments[SegmentKind::Meta.index()].offset;
        if self.end > meta {
            self.end = meta;
            let kept = to_usize(meta).unwrap_or(usize::MAX);
            self.memory.truncate(kept).map_err(|error| DumpError::io("unmap segment meta", None, error))?;
        }
        Ok(())
    }

    /// Makes segment `ro` read-only where memory can be protected. Mapped images have it so from the
    /// start; this is for [`own`](Region::own) memory, once nothing has to be written any more.
    pub fn seal(&mut self) -> Result<()> {
        let ro = self.segments[SegmentKind::Ro.index()];
        let (offset, length) = (to_usize(ro.offset).unwrap_or(0), to_usize(ro.length).unwrap_or(0));
        self.memory
            .make_read_only(offset, length)
            .map_err(|error| DumpError::io("protect segment ro", None, error))
    }

    /// Ends the image.
    ///
    /// # Safety
    ///
    /// Nothing refers to the image any more: no reference, no pointer that will be followed.
    pub unsafe fn unmap(self) -> Result<()> {
        self.memory.release().map_err(|error| DumpError::io("unmap the image", None, error))
    }

    /// A guard that ends the image when it is dropped, for a load that may fail.
    ///
    /// # Safety
    ///
    /// When the guard is dropped, nothing refers to the image any more.
    pub unsafe fn guard(self) -> UnmapGuard {
        UnmapGuard(ManuallyDrop::new(self))
    }

    /// The address of the byte at `offset`, which need not be in memory.
    pub(super) fn pointer(&self, offset: u64) -> *mut u8 {
        self.memory.base().as_ptr().wrapping_add(offset as usize)
    }
}

/// A region that is unmapped when it is dropped, unless it is [kept](UnmapGuard::keep).
#[derive(Debug)]
pub struct UnmapGuard(ManuallyDrop<Region>);

impl UnmapGuard {
    /// The load has succeeded: the image lives on.
    pub fn keep(self) -> Region {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped and not used again.
        unsafe { ManuallyDrop::take(&mut this.0) }
    }
}

impl Deref for UnmapGuard {
    type Target = Region;

    fn deref(&self) -> &Region {
        &self.0
    }
}

impl DerefMut for UnmapGuard {
    fn deref_mut(&mut self) -> &mut Region {
        &mut self.0
    }
}

impl Drop for UnmapGuard {
    fn drop(&mut self) {
        // SAFETY: the region is not used again.
        let region = unsafe { ManuallyDrop::take(&mut self.0) };
        // SAFETY: who made the guard promised that nothing refers to the image now.
        let released = unsafe { region.unmap() };
        // The load has failed with a better error than this one would be.
        let _ = released;
    }
}
