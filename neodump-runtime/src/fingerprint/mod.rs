//! Strict mode: images that one build of an executable may load and no other.
//!
//! An image is usable when its versions, schemas and natives are those of the machine, which survives a rebuild.
//! Where that is not enough ([`Dumper::strict`](crate::Dumper::strict), [`LoadOptions::strict`](crate::LoadOptions::strict)),
//! the image holds the fingerprint of the executable that dumped it, and every load compares it.
//!
//! Every executable with this crate has a *slot*: 32 bytes between two markers of 16, zeros as it is linked.
//! `neodump stamp EXE` (or `stamp`, with the feature `stamp`) fills it with a hash of the executable; the
//! alternative is the build id that a linker gives an ELF executable.

mod build_id;
mod slot;
#[cfg(feature = "stamp")]
mod stamp;

pub use crate::image::{Fingerprint, Strict};
#[cfg(feature = "stamp")]
pub use stamp::{Stamp, stamp};

use crate::error::{DumpError, Result};

/// The fingerprint of this executable.
///
/// # Errors
///
/// [`DumpError::NoFingerprint`] where it has none: it was not stamped, or has no build id. There is no
/// placeholder that two such executables would share.
pub fn fingerprint(kind: Strict) -> Result<Fingerprint> {
    match kind {
        Strict::Stamped => Fingerprint::new(kind, &slot::read()).ok_or_else(|| DumpError::NoFingerprint {
            problem: format!("{} is not stamped; run `neodump stamp EXE` after linking", this_executable()),
        }),
        Strict::BuildId => build_id::read().and_then(|id| {
            Fingerprint::new(kind, &id).ok_or_else(|| {
                let problem = format!("{} has a build id of {} bytes", this_executable(), id.len());
                DumpError::NoFingerprint {
                    problem: format!("{problem}, expected 1 to 32; link it with `-Wl,--build-id=sha1`"),
                }
            })
        }),
    }
}

/// The fingerprint that this executable was stamped with, as hexadecimal digits: what names an image in a cache that
/// serves several builds.
///
/// ```no_run
/// let image = format!("vm-{}.ndump", neodump_runtime::fingerprint::fingerprint_hex()?);
/// # Ok::<(), neodump_runtime::DumpError>(())
/// ```
///
/// # Errors
///
/// [`DumpError::NoFingerprint`] if it was not stamped.
pub fn fingerprint_hex() -> Result<String> {
    fingerprint(Strict::Stamped).map(|fingerprint| fingerprint.hex())
}

/// The name that errors call the executable by.
fn this_executable() -> String {
    match std::env::current_exe() {
        Ok(path) => path.display().to_string(),
        Err(_) => "this executable".to_owned(),
    }
}

/// Compares the fingerprint in an image with this executable. `wanted` is what the caller asked for.
pub(crate) fn check(found: Option<Fingerprint>, wanted: Option<Strict>) -> Result<()> {
    let stale = |found: String, expected: String, why: &str| {
        Err(DumpError::FingerprintMismatch {
            what: "executable".to_owned(),
            found,
            expected,
            changes: vec![
                "name, version and layouts are equal: only the executable is another one".to_owned(),
                why.to_owned(),
            ],
        })
    };
    // What the caller asked for has to be there before it can differ.
    let own = wanted.map(fingerprint).transpose()?;
    match (found, own) {
        (None, None) => Ok(()),
        (Some(found), Some(own)) if found == own => Ok(()),
        (None, Some(own)) => stale(
            "no fingerprint".to_owned(),
            own.to_string(),
            "it was dumped without `Dumper::strict`, and this load is strict",
        ),
        (Some(found), Some(own)) => stale(
            found.to_string(),
            own.to_string(),
            "it was dumped by another build, and this load is strict",
        ),
        (Some(found), None) => {
            let why = "it was dumped with `Dumper::strict`: only the executable that dumped it may load it";
            match fingerprint(found.kind()) {
                Ok(own) if own == found => Ok(()),
                Ok(own) => stale(found.to_string(), own.to_string(), why),
                Err(_) => stale(found.to_string(), format!("no {}", found.kind()), why),
            }
        }
    }
}
