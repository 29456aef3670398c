//! How a machine came to run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::dump::DumpReport;
use crate::error::DumpError;

/// How [`load_or_rebuild`](crate::LoadOptions::load_or_rebuild) made a machine. It prints as a line for a log, or more
/// where there is more to tell.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "it says why a start was slow, and whether the next one will be"]
pub enum Outcome {
    /// There was a usable image.
    Loaded {
        /// The image.
        path: PathBuf,
    },
    /// There was none, and another process had made one before this one came to it.
    Awaited {
        /// The image.
        path: PathBuf,
        /// What was wrong before.
        why: DumpError,
    },
    /// There was none: the machine was booted and dumped, and loaded from the new image.
    Rebuilt {
        /// The new image.
        path: PathBuf,
        /// What was wrong before.
        why: DumpError,
        /// The time to boot.
        boot: Duration,
        /// What the dump wrote.
        dump: Box<DumpReport>,
    },
    /// There was none, and this start leaves none: the machine is the booted one. The next start boots again, unless the
    /// reason has gone.
    Booted {
        /// What was wrong before.
        why: DumpError,
        /// Why there is no new image: the file cannot be written or is not to be replaced, the machine cannot be dumped,
        /// its new image cannot be loaded, or another process is about to make one.
        cannot_write: DumpError,
    },
}

impl Outcome {
    /// The image that the machine was loaded from; none where it is the booted one.
    pub fn image(&self) -> Option<&Path> {
        match self {
            Self::Loaded { path } | Self::Awaited { path, .. } | Self::Rebuilt { path, .. } => Some(path),
            Self::Booted { .. } => None,
        }
    }

    /// Why the image was not used that was there at first, or was not.
    pub fn why(&self) -> Option<&DumpError> {
        match self {
            Self::Loaded { .. } => None,
            Self::Awaited { why, .. } | Self::Rebuilt { why, .. } | Self::Booted { why, .. } => Some(why),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded { path } => write!(f, "loaded {}", path.display()),
            Self::Awaited { path, why } => {
                write!(f, "loaded {}, which another process rebuilt: {why}", path.display())
            }
            Self::Rebuilt { path, why, boot, dump } => write!(
                f,
                "rebuilt {}: {why}\n  booted in {boot:?}, dumped {} objects and {} bytes in {:?}",
                path.display(),
                dump.object_count(),
                dump.image_bytes,
                dump.total()
            ),
            Self::Booted { why, cannot_write } => {
                write!(f, "booted: {why}\n  it leaves no image: {cannot_write}")
            }
        }
    }
}
