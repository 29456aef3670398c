//! Memory of the process, as the kernel sees it.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::ptr;

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, mmap_anonymous, munmap};
use twox_hash::XxHash3_64;

const PAGE: usize = 4096;
const HUGE: usize = 2 << 20;

/// Faults and frees `len` bytes. A virtual machine may have to fetch guest memory that was free for
/// some seconds from its host, which costs more than anything measured here.
pub(crate) fn warm(len: usize) -> io::Result<()> {
    let len = len.next_multiple_of(HUGE) + HUGE;
    let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::NORESERVE);
    // SAFETY: the kernel chooses addresses that nothing uses.
    let start = unsafe { mmap_anonymous(ptr::null_mut(), len, protection, flags) }?;
    // SAFETY: the range was mapped above; the advice does not change its contents.
    let advised = unsafe { madvise(start, len, Advice::LinuxHugepage) };
    // Without huge pages this takes longer.
    let _ = advised;
    for page in (0..len).step_by(PAGE) {
        // SAFETY: the byte is in the range.
        unsafe { start.cast::<u8>().wrapping_add(page).write_volatile(1) };
    }
    // SAFETY: the range is given up; nothing refers to it.
    unsafe { munmap(start, len) }?;
    Ok(())
}

/// Maps a file as a load does (private, writable, no reserve), makes its pages present, sums all of
/// it with XXH3 and unmaps it: what a checksummed map cannot go below.
pub(crate) fn map_and_sum(file: &File, len: usize) -> io::Result<(Mapped, u64)> {
    let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::NORESERVE);
    // SAFETY: the kernel chooses addresses that nothing uses; the benchmark alone uses the file.
    let start = unsafe { mmap(ptr::null_mut(), len, protection, flags, file, 0) }?;
    // SAFETY: the range was mapped above; the advice does not change its contents.
    let advised = unsafe { madvise(start, len, Advice::LinuxPopulateRead) };
    // Kernels before 5.14 do not know it; then each page is made present when it is read.
    let _ = advised;
    // SAFETY: the whole file is mapped, and nobody changes it.
    let bytes = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), len) };
    Ok((Mapped { start, len }, XxHash3_64::oneshot(bytes)))
}

/// A mapping, which is unmapped when it is dropped.
pub(crate) struct Mapped {
    start: *mut c_void,
    len: usize,
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's, and nothing else refers to it.
        let unmapped = unsafe { munmap(self.start, self.len) };
        // The mapping stays until the process ends.
        let _ = unmapped;
    }
}

/// How many pages of a range of a private file mapping the process has written: those that are
/// present and no longer backed by the file, or swapped out (proc(5), pagemap).
pub(crate) fn written_pages(start: usize, len: usize) -> io::Result<u64> {
    let mut entries = vec![0; len.div_ceil(PAGE) * 8];
    File::open("/proc/self/pagemap")?.read_exact_at(&mut entries, (start / PAGE * 8) as u64)?;
    let written = entries.as_chunks::<8>().0.iter().map(|entry| u64::from_le_bytes(*entry)).filter(|entry| {
        let (present, swapped, of_file) = (entry >> 63 & 1, entry >> 62 & 1, entry >> 61 & 1);
        swapped == 1 || present == 1 && of_file == 0
    });
    Ok(written.count() as u64)
}
