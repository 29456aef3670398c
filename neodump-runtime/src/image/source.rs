//! Where an image comes from: a file, or bytes in memory.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::fields::header;
use super::{ImageHeader, SEGMENT_ALIGN};
use crate::bounds::{Extent, to_u64, to_usize};
use crate::error::{DumpError, Result};

/// An image that is not loaded yet.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A file that is open for reading.
    File {
        /// The file; its position is neither used nor changed on unix.
        file: &'a File,
        /// The name that errors bear.
        path: &'a Path,
    },
    /// The bytes of an image, at any address.
    Bytes(&'a [u8]),
}

impl Source<'_> {
    /// The length of the image.
    pub fn len(&self) -> Result<u64> {
        match self {
            Self::File { file, path } => match file.metadata() {
                Ok(metadata) => Ok(metadata.len()),
                Err(error) => Err(DumpError::io("read the length of", path.to_path_buf(), error)),
            },
            Self::Bytes(bytes) => Ok(to_u64(bytes.len())),
        }
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> Result<bool> {
        self.len().map(|len| len == 0)
    }

    /// The file's name, if it is a file.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Self::File { path, .. } => Some(path.to_path_buf()),
            Self::Bytes(_) => None,
        }
    }

    /// Reads the header region and refuses it if it is damaged or inconsistent.
    pub fn header(&self) -> Result<ImageHeader> {
        let len = self.len()?;
        if let Self::Bytes(bytes) = self {
            return ImageHeader::parse(bytes, len);
        }
        // Nearly all header regions have this length; a longer one is read again as a whole.
        let mut prefix = self.prefix(len.min(SEGMENT_ALIGN))?;
        let region = ImageHeader::region_length(&prefix, len)?;
        if region > to_u64(prefix.len()) {
            prefix = self.prefix(region)?;
        }
        ImageHeader::parse(&prefix, len)
    }

    /// The first `length` bytes, which must be there.
    pub(crate) fn prefix(&self, length: u64) -> Result<Vec<u8>> {
        let mut prefix = vec![0; to_usize(length).unwrap_or(header::SIZE)];
        self.read_at(0, &mut prefix)?;
        Ok(prefix)
    }

    /// Fills `buffer` with the bytes from `offset`.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        match self {
            Self::File { file, path } => read_exact_at(file, buffer, offset).map_err(|error| {
                if error.kind() == std::io::ErrorKind::UnexpectedEof {
                    let problem = format!("{} ended while it was read: truncated", path.display());
                    return DumpError::format("file", offset, problem);
                }
                DumpError::io("read", path.to_path_buf(), error)
            }),
            Self::Bytes(bytes) => match Extent::new(offset, to_u64(buffer.len())).of(bytes) {
                Some(bytes) => {
                    buffer.copy_from_slice(bytes);
                    Ok(())
                }
                None => Err(DumpError::format("file", offset, "the bytes end here: truncated")),
            },
        }
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(not(unix))]
fn read_exact_at(mut file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(buffer)
}
