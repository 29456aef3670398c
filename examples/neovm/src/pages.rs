//! Which pages of a private mapping this process has written: what a load and a collection are judged by.

use neodump_runtime::image::{SegmentKind, Source};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of a page. Asked of x86-64 and of AArch64 with small pages, which is where the answer is `Some`.
const PAGE: usize = 4096;

/// How many pages in these addresses of a private file mapping were written; `None` where the system does not tell.
///
/// A page was written if it is present and no longer the file's, or swapped out (proc(5), `pagemap`).
pub fn written(addresses: Range<usize>) -> Option<usize> {
    let (first, end) = (addresses.start / PAGE, addresses.end.div_ceil(PAGE));
    let mut entries = vec![0; (end - first) * 8];
    File::open("/proc/self/pagemap").ok()?.read_exact_at(&mut entries, (first * 8) as u64).ok()?;
    let (present, swapped, of_file) = (1 << 63, 1 << 62, 1 << 61);
    let written = |entry: &&[u8; 8]| {
        let entry = u64::from_le_bytes(**entry);
        entry & swapped != 0 || entry & present != 0 && entry & of_file == 0
    };
    Some(entries.as_chunks::<8>().0.iter().filter(written).count())
}

/// How many pages of a segment were written, of an image that this process has mapped at its preferred base.
pub fn written_in(image: &Path, segment: SegmentKind) -> Option<usize> {
    let file = File::open(image).ok()?;
    let header = Source::File { file: &file, path: image }.header().ok()?;
    let extent = header.segment(segment);
    let start = header.preferred_base() + extent.offset;
    written(start as usize..(start + extent.length) as usize)
}
