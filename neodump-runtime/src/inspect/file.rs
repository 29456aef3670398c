//! The bytes of an image file.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use crate::error::{DumpError, Result};

/// The bytes of an image file, mapped or read; it derefs to them.
#[derive(Debug)]
pub struct ImageFile(Bytes);

#[derive(Debug)]
enum Bytes {
    Mapped(Mmap),
    Read(Vec<u8>),
}

impl ImageFile {
    /// Reads a file into memory.
    ///
    /// # Errors
    ///
    /// [`DumpError::Io`], with the path.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        match std::fs::read(path) {
            Ok(bytes) => Ok(Self(Bytes::Read(bytes))),
            Err(error) => Err(DumpError::io("read", path.to_path_buf(), error)),
        }
    }

    /// Maps a file read-only: what is not looked at is not read.
    ///
    /// # Safety
    ///
    /// Nobody changes or truncates the file as long as it is mapped. (A file that is *replaced*, as
    /// [`dump`](crate::dump()) does, is not changed.)
    ///
    /// # Errors
    ///
    /// [`DumpError::Io`], with the path.
    pub unsafe fn map(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| DumpError::io("open", path.to_path_buf(), error))?;
        let failed = |error| DumpError::io("map", path.to_path_buf(), error);
        // No bytes cannot be mapped everywhere; they are no image either, which their reader says.
        if file.metadata().map_err(failed)?.len() == 0 {
            return Ok(Self(Bytes::Read(Vec::new())));
        }
        // SAFETY: the caller promises that the file stays as it is.
        let mapped = unsafe { Mmap::map(&file) }.map_err(failed)?;
        Ok(Self(Bytes::Mapped(mapped)))
    }
}

impl From<Vec<u8>> for ImageFile {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::Read(bytes))
    }
}

impl Deref for ImageFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Mapped(mapped) => mapped,
            Bytes::Read(bytes) => bytes,
        }
    }
}
