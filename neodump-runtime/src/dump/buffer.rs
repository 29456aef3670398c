//! Buffers that grow large: of a dump's time, faulting pages in is a third unless they are huge.

/// Buffers from this size on ask for huge pages: eight of them.
const HUGE_FROM: usize = 16 << 20;

/// Zeroed bytes.
pub(super) fn zeroed(len: usize) -> Vec<u8> {
    let bytes = vec![0; len];
    advise(&bytes);
    bytes
}

/// As [`Vec::push`].
#[inline]
pub(super) fn push<T>(vec: &mut Vec<T>, value: T) {
    if vec.len() == vec.capacity() {
        grow(vec, 1);
    }
    vec.push(value);
}

/// Makes room for `more` elements.
#[cold]
pub(super) fn grow<T>(vec: &mut Vec<T>, more: usize) {
    vec.reserve(more.max(vec.len()).max(64));
    advise(vec);
}

/// Asks for huge pages for the memory of a vector, most of which has not been touched yet.
pub(super) fn advise<T>(vec: &Vec<T>) {
    let bytes = vec.capacity() * size_of::<T>();
    if bytes >= HUGE_FROM {
        crate::image::advise_huge(vec.as_ptr().cast(), bytes);
    }
}

/// Tells the processor that the line at an address will be read soon.
#[inline]
pub(crate) fn prefetch(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch of any address has no effect that a program can see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}
