//! Memory where nothing can be placed: the heap, or a private mapping of a whole file.

use std::alloc::{self, Layout};
use std::io;
use std::ptr::NonNull;

use super::SEGMENT_ALIGN;

/// There is no such advice here.
pub(crate) fn advise_huge(_start: *const u8, _len: usize) {}

/// Memory for an image. Not released when dropped: see [`Memory::release`].
#[derive(Debug)]
pub(super) struct Memory {
    base: NonNull<u8>,
    backing: Backing,
}

#[derive(Debug)]
enum Backing {
    Heap(Layout),
    #[cfg(not(miri))]
    File(std::mem::ManuallyDrop<memmap2::MmapMut>),
}

impl Memory {
    /// Nothing can be placed here.
    pub(super) fn reserve_at(_address: u64, _len: usize) -> io::Result<Option<Self>> {
        Ok(None)
    }

    /// Zeroed memory of `len` bytes, which are not none.
    pub(super) fn reserve(len: usize) -> io::Result<Self> {
        let layout = Layout::from_size_align(len.max(1), SEGMENT_ALIGN as usize)
            .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        // SAFETY: the layout is not empty.
        let base = unsafe { alloc::alloc_zeroed(layout) };
        let base = NonNull::new(base).ok_or(io::ErrorKind::OutOfMemory)?;
        // Words of the image are integers: pointers made of them get their provenance here.
        base.as_ptr().expose_provenance();
        Ok(Self { base, backing: Backing::Heap(layout) })
    }

    /// A private, writable mapping of all of `file`.
    ///
    /// # Safety
    ///
    /// Nobody changes or truncates the file while it is mapped.
    #[cfg(not(miri))]
    pub(super) unsafe fn map_whole(file: &std::fs::File, len: usize) -> io::Result<Self> {
        // SAFETY: the caller promises that the file stays as it is.
        let mut map = unsafe { memmap2::MmapOptions::new().len(len).map_copy(file) }?;
        let base = NonNull::new(map.as_mut_ptr()).ok_or(io::ErrorKind::OutOfMemory)?;
        base.as_ptr().expose_provenance();
        Ok(Self { base, backing: Backing::File(std::mem::ManuallyDrop::new(map)) })
    }

    /// The first byte.
    pub(super) const fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// The memory is there since it was reserved.
    pub(super) fn commit(&mut self, _offset: usize, _len: usize) -> io::Result<()> {
        Ok(())
    }

    /// Protection is not available here.
    pub(super) fn make_read_only(&mut self, _offset: usize, _len: usize) -> io::Result<()> {
        Ok(())
    }

    /// Parts cannot be given back here.
    pub(super) fn truncate(&mut self, _len: usize) -> io::Result<()> {
        Ok(())
    }

    /// Gives back everything.
    pub(super) fn release(self) -> io::Result<()> {
        match self.backing {
            Backing::Heap(layout) => {
                // SAFETY: `reserve` allocated the memory with this layout, and the owner gives it up.
                unsafe { alloc::dealloc(self.base.as_ptr(), layout) };
            }
            #[cfg(not(miri))]
            Backing::File(map) => drop(std::mem::ManuallyDrop::into_inner(map)),
        }
        Ok(())
    }
}
