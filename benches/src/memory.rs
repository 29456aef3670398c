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
/// Bytes that a load reads at once.
const CHUNK: usize = 256 << 10;

/// Anonymous memory that asks for huge pages.
fn huge(len: usize) -> io::Result<Mapped> {
    let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::NORESERVE);
    // SAFETY: the kernel chooses addresses that nothing uses.
    let start = unsafe { mmap_anonymous(ptr::null_mut(), len, protection, flags) }?;
    // SAFETY: the range was mapped above; the advice does not change its contents.
    let advised = unsafe { madvise(start, len, Advice::LinuxHugepage) };
    // Without huge pages this takes longer.
    let _ = advised;
    Ok(Mapped { start, len })
}

/// Faults and frees `len` bytes. A virtual machine may have to fetch guest memory that was free for
/// some seconds from its host, which costs more than anything measured here.
pub(crate) fn warm(len: usize) -> io::Result<()> {
    let memory = huge(len.next_multiple_of(HUGE) + HUGE)?;
    for page in (0..memory.len).step_by(PAGE) {
        // SAFETY: the byte is in the range.
        unsafe { memory.start.cast::<u8>().wrapping_add(page).write_volatile(1) };
    }
    Ok(())
}

/// Reads a file into fresh huge pages: what a copied load cannot go below.
pub(crate) fn read_into_huge(file: &File, len: usize) -> io::Result<Mapped> {
    let memory = huge(len.next_multiple_of(HUGE))?;
    for at in (0..len).step_by(CHUNK) {
        let place = memory.start.cast::<u8>().wrapping_add(at);
        // SAFETY: the chunk is in the memory, which is zeroed, and nothing else refers to it.
        let chunk = unsafe { std::slice::from_raw_parts_mut(place, CHUNK.min(len - at)) };
        file.read_exact_at(chunk, at as u64)?;
    }
    Ok(memory)
}

/// Nanoseconds of one read from memory that no cache has: a walk over one line a kibibyte of 256 MiB,
/// each of which says where the next is.
pub(crate) fn latency() -> f64 {
    const STEP: usize = 128;
    let lines = (256 << 20) / 8 / STEP;
    let mut words = vec![0_usize; lines * STEP];
    // A full cycle: the multiplier is 1 modulo 4 and the increment is odd.
    for line in 0..lines {
        words[line * STEP] = (line * 1_664_525 + 1_013_904_223) % lines * STEP;
    }
    let mut at = 0;
    let started = std::time::Instant::now();
    for _ in 0..lines {
        at = words[at];
    }
    let nanos = started.elapsed().as_secs_f64() * 1e9 / lines as f64;
    std::hint::black_box(at);
    nanos
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
