//! Memory on Linux: one reservation of addresses, with anonymous memory and parts of a file in it.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ptr::{self, NonNull};

use rustix::io::Errno;
use rustix::mm::{
    Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap, mmap_anonymous, mprotect, munmap,
};

use super::BASE_ALIGN;

/// Anonymous memory of at least this size asks for huge pages; smaller memory is populated at once.
const HUGE_FROM: usize = BASE_ALIGN as usize;

/// How a part of a file is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// Written pages are copied and private.
    PrivateReadWrite,
    /// Never written, shared with every process that maps the file.
    SharedReadOnly,
    /// Never written, for the load only.
    PrivateReadOnly,
}

/// Asks for huge pages for memory of the process that has not been touched yet.
pub(crate) fn advise_huge(start: *const u8, len: usize) {
    let page = rustix::param::page_size();
    let from = start.addr().next_multiple_of(page);
    let to = start.addr().saturating_add(len) & !(page - 1);
    if from < to {
        let start = start.wrapping_add(from - start.addr()).cast_mut().cast();
        // SAFETY: the advice does not change what the memory holds, whatever it is.
        let advised = unsafe { madvise(start, to - from, Advice::LinuxHugepage) };
        // A kernel without huge pages is slower, not wrong.
        let _ = advised;
    }
}

/// A reservation of `len` bytes of addresses that nothing else in the process uses. Not released when
/// dropped: see [`Memory::release`].
#[derive(Debug)]
pub(super) struct Memory {
    base: NonNull<u8>,
    len: usize,
}

impl Memory {
    /// Reserves exactly `address..address + len`; nothing if any of it is taken.
    pub(super) fn reserve_at(address: u64, len: usize) -> io::Result<Option<Self>> {
        let wanted = ptr::without_provenance_mut::<c_void>(address as usize);
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED_NOREPLACE;
        // SAFETY: FIXED_NOREPLACE never replaces a mapping, and no memory is accessible through this one yet.
        let found = match unsafe { mmap_anonymous(wanted, len, ProtFlags::empty(), flags) } {
            Ok(found) => found,
            Err(Errno::EXIST | Errno::NOMEM | Errno::INVAL | Errno::PERM) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let memory = Self::new(found, len)?;
        if found.addr() == wanted.addr() {
            return Ok(Some(memory));
        }
        // Kernels before 4.17 take the address as a hint.
        memory.release()?;
        Ok(None)
    }

    /// Reserves `len` bytes anywhere, at a multiple of 2 MiB.
    pub(super) fn reserve(len: usize) -> io::Result<Self> {
        let align = BASE_ALIGN as usize;
        let more = len.checked_add(align).ok_or(io::ErrorKind::OutOfMemory)?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: the kernel chooses addresses that nothing uses.
        let found = unsafe { mmap_anonymous(ptr::null_mut(), more, ProtFlags::empty(), flags) }?;
        let before = found.addr().wrapping_neg() & (align - 1);
        let memory = Self::new(found.wrapping_byte_add(before), len)?;
        if before > 0 {
            // SAFETY: these bytes are the start of the reservation, before the part that is kept.
            unsafe { munmap(found, before) }?;
        }
        if align > before {
            // SAFETY: these bytes are the end of the reservation, after the part that is kept.
            unsafe { munmap(found.wrapping_byte_add(before + len), align - before) }?;
        }
        Ok(memory)
    }

    fn new(base: *mut c_void, len: usize) -> io::Result<Self> {
        let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        // Words of the image are integers: pointers made of them get their provenance here.
        base.as_ptr().expose_provenance();
        Ok(Self { base, len })
    }

    /// The first byte.
    pub(super) const fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Puts zeroed private memory at `offset..offset + len`.
    pub(super) fn commit(&mut self, offset: usize, len: usize) -> io::Result<()> {
        let Some(place) = self.place(offset, len)? else { return Ok(()) };
        let mut flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
        if len < HUGE_FROM {
            flags |= MapFlags::POPULATE;
        }
        // SAFETY: the range is in our reservation, and `&mut self` says that it is not in use.
        unsafe { mmap_anonymous(place, len, ProtFlags::READ | ProtFlags::WRITE, flags) }?;
        if len >= HUGE_FROM {
            // SAFETY: the range was mapped above; the advice does not change its contents.
            let advised = unsafe { madvise(place, len, Advice::LinuxHugepage) };
            // A kernel without huge pages is slower, not wrong.
            let _ = advised;
        }
        Ok(())
    }

    /// Maps `len` bytes of `file` from `file_offset` at `offset..offset + len`.
    ///
    /// # Safety
    ///
    /// Nobody changes or truncates the file while it is mapped.
    pub(super) unsafe fn map(
        &mut self,
        offset: usize,
        len: usize,
        file: &File,
        file_offset: u64,
        protection: Protection,
    ) -> io::Result<()> {
        let Some(place) = self.place(offset, len)? else { return Ok(()) };
        let (protection, sharing) = match protection {
            Protection::PrivateReadWrite => {
                (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::NORESERVE)
            }
            Protection::SharedReadOnly => (ProtFlags::READ, MapFlags::SHARED),
            Protection::PrivateReadOnly => (ProtFlags::READ, MapFlags::PRIVATE),
        };
        // SAFETY: the range is in our reservation, and `&mut self` says that it is not in use; the caller
        // promises that the file stays as it is.
        unsafe { mmap(place, len, protection, sharing | MapFlags::FIXED, file, file_offset) }?;
        Ok(())
    }

    /// Makes the pages of `offset..offset + len` present for reading, where the kernel can.
    pub(super) fn populate(&self, offset: usize, len: usize) {
        if let Ok(Some(place)) = self.place(offset, len) {
            // SAFETY: the range is in our reservation; the advice does not change its contents.
            let advised = unsafe { madvise(place, len, Advice::LinuxPopulateRead) };
            // Kernels before 5.14 do not know it; then each page is made present when it is read.
            let _ = advised;
        }
    }

    /// Makes `offset..offset + len` read-only.
    pub(super) fn make_read_only(&mut self, offset: usize, len: usize) -> io::Result<()> {
        let Some(place) = self.place(offset, len)? else { return Ok(()) };
        // SAFETY: the range is in our reservation, and no mutable reference into it exists: `&mut self`.
        unsafe { mprotect(place, len, MprotectFlags::READ) }?;
        Ok(())
    }

    /// Gives back everything from `len` on.
    pub(super) fn truncate(&mut self, len: usize) -> io::Result<()> {
        let Some(more) = self.len.checked_sub(len).filter(|&more| more > 0) else { return Ok(()) };
        let place = self.base.as_ptr().wrapping_add(len).cast();
        // SAFETY: the range is the end of our reservation, and `&mut self` says that it is not in use.
        unsafe { munmap(place, more) }?;
        self.len = len;
        Ok(())
    }

    /// Gives back everything.
    pub(super) fn release(self) -> io::Result<()> {
        // SAFETY: the range is our reservation; the owner gives it up, and pointers into it with it.
        unsafe { munmap(self.base.as_ptr().cast(), self.len) }?;
        Ok(())
    }

    /// The address of a range of the reservation, nothing if it is empty.
    fn place(&self, offset: usize, len: usize) -> io::Result<Option<*mut c_void>> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok((len > 0).then(|| self.base.as_ptr().wrapping_add(offset).cast()))
    }
}
