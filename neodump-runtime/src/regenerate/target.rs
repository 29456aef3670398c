//! What is at the place of an image that was refused: whether it may be replaced, and whether it is still the same.

use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::SystemTime;

use super::{Origin, Place};
use crate::dump::ImageRoot;
use crate::error::{DumpError, Result};
use crate::image::{ImageHeader, Source};
use crate::load::IMAGE_NAME;

/// What a refused image is, as a file.
#[derive(Default)]
pub(super) struct Target {
    /// None where there is nothing.
    stamp: Option<Stamp>,
    /// Why it has to stay.
    stays: Option<&'static str>,
}

impl Target {
    /// What could not be opened.
    pub(super) fn unopened(path: &Path, why: &DumpError) -> Self {
        let is_absent = matches!(why, DumpError::Io { source, .. }
            if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory));
        let stays = if path.file_name().is_none() {
            Some("it is the name of no file; name another place")
        } else if is_absent {
            None
        } else {
            Some("it cannot be opened, so it may be anything; remove it, or name another place")
        };
        Self { stamp: None, stays }
    }

    /// A file that was opened, and had this stamp then.
    pub(super) fn refused<R: ImageRoot>(
        place: &Place,
        file: &File,
        stamp: Option<Stamp>,
        why: &DumpError,
    ) -> Self {
        let stays = Some("it is no image of this machine; remove it, or name another place");
        Self { stamp, stays: stays.filter(|_| !is_ours::<R>(place, file, why)) }
    }

    /// Refuses to replace what is not an image of this machine.
    pub(super) fn replaceable(&self, path: &Path) -> Result<()> {
        match self.stays {
            None => Ok(()),
            Some(problem) => Err(stays(path, problem)),
        }
    }

    /// Whether there is another file now.
    pub(super) fn is_replaced(&self, path: &Path) -> bool {
        Stamp::of(path) != self.stamp
    }

    /// Refuses to replace what came meanwhile.
    pub(super) fn unchanged(&self, path: &Path) -> Result<()> {
        match self.is_replaced(path) {
            true => Err(stays(path, "another file has taken its place meanwhile, and stays")),
            false => Ok(()),
        }
    }
}

fn stays(path: &Path, problem: &str) -> DumpError {
    DumpError::io("replace", path.to_path_buf(), Error::new(ErrorKind::AlreadyExists, problem))
}

/// How much of a file is read to see what it is: the header of an image.
const FIRST_BYTES: u64 = 256;

/// Whether a file that was refused is an image of this machine, or was to become one.
fn is_ours<R: ImageRoot>(place: &Place, file: &File, why: &DumpError) -> bool {
    let source = Source::File { file, path: &place.path };
    let Ok(prefix) = source.len().and_then(|length| source.prefix(length.min(FIRST_BYTES))) else {
        return false;
    };
    let is_named_like_one = place.path.extension().is_some_and(|name| name == "ndump");
    // Zeros are what a crash of the system leaves of a file that was not synced.
    let was_to_be_one = prefix.is_empty() || is_named_like_one && prefix.iter().all(|&byte| byte == 0);
    match place.origin {
        // The place may be a slip of the pen.
        Origin::Given | Origin::Variable(_) => {
            was_to_be_one || ImageHeader::claimed_name(&prefix) == Some(R::NAME.as_bytes())
        }
        // The place is neodump's own.
        Origin::BesideExecutable | Origin::Cache => match why {
            DumpError::BadMagic { .. } => was_to_be_one || is_named_like_one,
            DumpError::FingerprintMismatch { what, .. } => what != IMAGE_NAME,
            _ => true,
        },
    }
}

/// What tells a file from the one that replaces it.
#[derive(PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Device and number.
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Stamp {
    /// That of the file at a path, if there is one.
    pub(super) fn of(path: &Path) -> Option<Self> {
        path.metadata().ok().map(Self::from)
    }

    /// That of an open file.
    pub(super) fn of_file(file: &File) -> Option<Self> {
        file.metadata().ok().map(Self::from)
    }
}

impl From<Metadata> for Stamp {
    fn from(metadata: Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt;
                (metadata.dev(), metadata.ino())
            },
        }
    }
}
