//! Buffers that grow large: of a dump's time, faulting pages in is a third unless they are huge.

/// Buffers from this size on ask for huge pages.
const HUGE_FROM: usize = 2 << 20;

/// So many bytes of addresses are taken for a buffer that becomes large. Memory is what is touched of them;
/// a buffer that grows step by step would be copied, into small pages, at each.
const ROOM: usize = 1 << 30;

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
    let more = more.max(vec.len()).max(64);
    let bytes = (vec.len() + more) * size_of::<T>();
    // Where there are not so many addresses, less will do.
    if !(HUGE_FROM..ROOM).contains(&bytes)
        || vec.try_reserve_exact(ROOM / size_of::<T>() - vec.len()).is_err()
    {
        vec.reserve(more);
    }
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
