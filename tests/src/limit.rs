//! An allocator that remembers the largest allocation, for tests that a load trusts no number, and how much is held,
//! for tests that all is given back.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

static LARGEST: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicIsize = AtomicIsize::new(0);

fn took(size: usize) {
    LARGEST.fetch_max(size, Ordering::Relaxed);
    HELD.fetch_add(size as isize, Ordering::Relaxed);
}

/// The system's allocator, watched.
pub struct Watched;

// SAFETY: every call is forwarded.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: forwarded from the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: forwarded from the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        took(size);
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: forwarded from the caller.
        unsafe { System.realloc(start, layout, size) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: forwarded from the caller.
        unsafe { System.dealloc(start, layout) }
    }
}

/// The bytes that are allocated and not given back.
pub fn held() -> isize {
    HELD.load(Ordering::Relaxed)
}

/// The largest allocation so far, in bytes.
pub fn largest() -> usize {
    LARGEST.load(Ordering::Relaxed)
}
