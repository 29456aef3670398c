//! What ties an image to one build of an executable, as the header has it.

use std::fmt;

use super::fields::header;
use crate::bounds::{Record, is_zero};
use crate::error::Result;

/// What tells one build of an executable from another, for [strict](crate::Dumper::strict) images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Strict {
    /// The fingerprint that `neodump stamp EXE` writes into the executable after linking: a hash of all its bytes,
    /// on every system.
    Stamped = 1,
    /// The build id that the linker puts into an ELF executable: `-Wl,--build-id`, which most compilers' drivers
    /// pass by themselves. Nothing has to run after linking.
    BuildId = 2,
}

impl fmt::Display for Strict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stamped => "stamped fingerprint",
            Self::BuildId => "build id",
        })
    }
}

/// The fingerprint of one build of an executable.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    kind: Strict,
    bytes: [u8; 32],
}

impl Fingerprint {
    /// A fingerprint of 1 to 32 bytes that are not all zeros; shorter ones are padded with zeros.
    pub fn new(kind: Strict, bytes: &[u8]) -> Option<Self> {
        let mut padded = [0; 32];
        padded.get_mut(..bytes.len())?.copy_from_slice(bytes);
        (!is_zero(&padded)).then_some(Self { kind, bytes: padded })
    }

    /// What the fingerprint is.
    pub const fn kind(&self) -> Strict {
        self.kind
    }

    /// The bytes, padded with zeros.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The bytes as hexadecimal digits.
    pub fn hex(&self) -> String {
        let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble & 15)]);
        self.bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
    }

    /// Reads the fields of a header.
    pub(super) fn read(record: &Record<'_>) -> Result<Option<Self>> {
        let bytes = record.bytes(header::FINGERPRINT)?;
        let kind = match record.number(header::FINGERPRINT_KIND)? {
            0 if is_zero(bytes) => return Ok(None),
            0 => {
                let problem = "found a fingerprint of no kind, expected zeros".to_owned();
                return Err(record.refuse(header::FINGERPRINT, problem));
            }
            1 => Strict::Stamped,
            2 => Strict::BuildId,
            other => {
                let problem = format!("found {other}, expected 0 (none), 1 (stamped) or 2 (build id)");
                return Err(record.refuse(header::FINGERPRINT_KIND, problem));
            }
        };
        let read = Self::new(kind, bytes);
        let empty = || record.refuse(header::FINGERPRINT, format!("found zeros, expected a {kind}"));
        read.map(Some).ok_or_else(empty)
    }

    /// Writes the fields of a header.
    pub(super) fn put(&self, region: &mut [u8]) {
        header::FINGERPRINT_KIND.put_number(region, self.kind as u64);
        header::FINGERPRINT.put(region, &self.bytes);
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.hex())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
