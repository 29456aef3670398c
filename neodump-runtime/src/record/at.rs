//! Where a stored record is: in the image that is written, or in one that is loaded.

/// Where a stored record goes in the image that is being written: a pool and an offset in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub(crate) pool: u32,
    pub(crate) offset: u64,
}

impl Place {
    /// The place `bytes` further on.
    #[must_use]
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "it counts bytes, as `add` of a byte pointer does")]
    pub fn add(self, bytes: usize) -> Self {
        Self { pool: self.pool, offset: self.offset + bytes as u64 }
    }
}

/// A stored record in an image in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct At(*mut u8);

impl At {
    /// The record at an address.
    #[inline]
    pub const fn new(address: *mut u8) -> Self {
        Self(address)
    }

    /// The record `bytes` further on.
    #[must_use]
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "it counts bytes, as `add` of a byte pointer does")]
    pub fn add(self, bytes: usize) -> Self {
        Self(self.0.wrapping_add(bytes))
    }

    /// The address.
    #[inline]
    pub fn as_ptr<T>(self) -> *mut T {
        self.0.cast()
    }

    /// The value stored there.
    ///
    /// # Safety
    ///
    /// The bytes must be in bounds, aligned and a valid `T`.
    #[inline]
    pub unsafe fn get<T>(self) -> T {
        // SAFETY: the caller promises bounds, alignment and validity.
        unsafe { self.0.cast::<T>().read() }
    }
}
