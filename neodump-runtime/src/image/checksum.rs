//! The checksum of the container: XXH3, 64 bits, seed 0.

use std::hash::Hasher;

use twox_hash::XxHash3_64;

/// The checksum of `bytes`.
pub fn checksum(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The checksum of bytes that arrive in pieces.
pub struct Checksum(XxHash3_64);

impl Checksum {
    /// The checksum of no bytes yet.
    #[expect(clippy::new_without_default, reason = "a checksum is started, not defaulted")]
    pub fn new() -> Self {
        Self(XxHash3_64::new())
    }

    /// Appends `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The checksum of all bytes so far.
    pub fn finish(&self) -> u64 {
        self.0.finish()
    }
}
