//! Opening what has to be a file, without waiting for what is none.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::error::{DumpError, Result};

/// Opens an image for reading.
pub(crate) fn open_image(path: &Path) -> Result<File> {
    open_regular(path, OpenOptions::new().read(true), true)
        .map_err(|error| DumpError::io("open", path.to_path_buf(), error))
}

/// Opens a regular file and nothing else: a FIFO would keep whoever opens it until somebody writes to it. Without
/// `follow`, a symbolic link at `path` is refused too.
pub(crate) fn open_regular(path: &Path, options: &mut OpenOptions, follow: bool) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let links = if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
        options.custom_flags((OFlags::NONBLOCK | links).bits().cast_signed());
    }
    #[cfg(not(unix))]
    if !follow && path.is_symlink() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link"));
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    Ok(file)
}
