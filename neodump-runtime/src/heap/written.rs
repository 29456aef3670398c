//! Which objects of an image may have been written since it was loaded.

use super::Marks;

/// How writes become known.
#[derive(Debug)]
pub(crate) enum Writes {
    /// By the machine's write barrier.
    Noted(Marks),
    /// By the pages that the kernel copied: a private mapping of a file.
    Pages,
    /// Not at all.
    Unknown,
}

/// The written part of an image's objects, at one moment.
pub(crate) enum Filter<'a> {
    Noted(&'a Marks),
    /// Pages of objects; and whether any page was written that objects own elements in.
    Pages {
        first: usize,
        written: Vec<bool>,
        elements: bool,
    },
    All,
}

const PAGE: usize = 4096;

impl<'a> Filter<'a> {
    /// `objects` is where the objects are, `elements` where the elements that they own and may change in place; each a
    /// start and a length.
    pub(crate) fn of(writes: &'a Writes, objects: (usize, usize), elements: (usize, usize)) -> Self {
        let (start, bytes) = objects;
        match writes {
            Writes::Noted(marks) => Self::Noted(marks),
            Writes::Pages => match (written_pages(start, bytes), written_pages(elements.0, elements.1)) {
                (Some(written), Some(pages)) => {
                    Self::Pages { first: start / PAGE, written, elements: pages.contains(&true) }
                }
                _ => Self::All,
            },
            Writes::Unknown => Self::All,
        }
    }

    /// Whether an object may have been written; `owns` if it has elements elsewhere. Whose elements are on a page
    /// nobody knows, so one that was written may be any owner's.
    pub(crate) fn admits(&self, object: usize, size: usize, owns: bool) -> bool {
        match self {
            Self::Noted(marks) => marks.is_marked(std::ptr::without_provenance(object)),
            Self::Pages { elements: true, .. } if owns => true,
            Self::Pages { first, written, .. } => {
                let pages = object / PAGE - first..=(object + size.max(1) - 1) / PAGE - first;
                written.get(pages).is_none_or(|pages| pages.contains(&true))
            }
            Self::All => true,
        }
    }
}

/// Which pages of a private file mapping the process has written: those that are present and no
/// longer backed by the file (bit 63 and not bit 61 of `/proc/self/pagemap`; see proc(5)), or
/// swapped out (bit 62), which only written pages are.
pub(crate) fn written_pages(start: usize, bytes: usize) -> Option<Vec<bool>> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        use std::os::unix::fs::FileExt;
        if rustix::param::page_size() != PAGE {
            return None;
        }
        let pages = (start + bytes).div_ceil(PAGE) - start / PAGE;
        let mut entries = vec![0_u8; pages * 8];
        let file = std::fs::File::open("/proc/self/pagemap").ok()?;
        file.read_exact_at(&mut entries, (start / PAGE * 8) as u64).ok()?;
        let written = |entry: &[u8; 8]| {
            let entry = u64::from_le_bytes(*entry);
            entry & (1 << 62) != 0 || (entry & (1 << 63) != 0 && entry & (1 << 61) == 0)
        };
        Some(entries.as_chunks::<8>().0.iter().map(written).collect())
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    {
        let _ = (start, bytes);
        None
    }
}
