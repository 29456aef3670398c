//! Stamping: the fingerprint of an executable is a hash of its bytes, and is written into it.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::slot::{FINGERPRINT, find};
use super::{Fingerprint, Strict};
use crate::error::{DumpError, Result};
use crate::image::Replacement;

/// What a stamp did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stamp {
    /// The fingerprint that every slot holds now.
    pub fingerprint: Fingerprint,
    /// The number of slots: one for each copy of this crate in the executable.
    pub slots: usize,
    /// Whether the file was written; if not, it had this stamp already.
    pub written: bool,
}

/// Stamps an executable or library: hashes its bytes (SHA-256, the slots taken as zeros) and writes the hash into
/// every slot.
///
/// The file is replaced as a whole or not at all. It keeps its owner and who may read, write and run it, but no bit that lets
/// it run as its owner: set that after stamping. A running process keeps the old file. A
/// file that has its stamp already is left alone, so stamping twice is stamping once. What changes the file after
/// stamping (`strip`, a signature) goes before it.
///
/// ```no_run
/// let stamp = neodump_runtime::fingerprint::stamp("target/release/vm")?;
/// println!("{}", stamp.fingerprint);
/// # Ok::<(), neodump_runtime::DumpError>(())
/// ```
///
/// # Errors
///
/// [`DumpError::Io`] if it cannot be read or replaced, and [`DumpError::NoFingerprint`] if it has no slot.
pub fn stamp(path: impl AsRef<Path>) -> Result<Stamp> {
    let path = path.as_ref();
    let fail = |action| move |error| DumpError::io(action, path.to_path_buf(), error);
    // A symbolic link keeps pointing at what is stamped.
    let target = path.canonicalize().map_err(fail("find"))?;
    let metadata = target.metadata().map_err(fail("read the permissions of"))?;
    let mut bytes = std::fs::read(&target).map_err(fail("read"))?;
    let slots = find::slots(&bytes);
    let before: Vec<[u8; FINGERPRINT]> = slots.iter().filter_map(|slot| take(&mut bytes, slot)).collect();
    let hash = Sha256::digest(&bytes);
    let none = || DumpError::NoFingerprint {
        problem: format!(
            "{} has no slot for one: it is not linked with neodump-runtime, or is packed",
            path.display()
        ),
    };
    let fingerprint =
        Fingerprint::new(Strict::Stamped, &hash).filter(|_| !slots.is_empty()).ok_or_else(none)?;
    let written = before.iter().any(|old| old != fingerprint.bytes());
    if written {
        for slot in &slots {
            if let Some(slot) = bytes.get_mut(slot.clone()) {
                slot.copy_from_slice(fingerprint.bytes());
            }
        }
        let mut replacement = Replacement::beside(&target)?;
        replacement.write_as(&bytes, &metadata)?;
        replacement.commit()?;
    }
    Ok(Stamp { fingerprint, slots: slots.len(), written })
}

/// What a slot holds; zeros afterwards.
fn take(bytes: &mut [u8], slot: &std::ops::Range<usize>) -> Option<[u8; FINGERPRINT]> {
    let slot = bytes.get_mut(slot.clone())?.first_chunk_mut::<FINGERPRINT>()?;
    Some(std::mem::replace(slot, [0; FINGERPRINT]))
}
