//! The image files that commands are about.

use std::path::{Path, PathBuf};

use clap::Args;
use neodump_runtime::inspect::{Image, ImageFile};

use crate::output::Failure;

/// The argument that names an image.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImageArg {
    /// The image file
    #[arg(value_name = "IMAGE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) image: PathBuf,
}

/// Where the bytes of files come from: the disk, or a test that damages them.
pub trait Files {
    /// The bytes of the file at `path`.
    ///
    /// # Errors
    ///
    /// Those of reading it.
    fn open(&self, path: &Path) -> neodump_runtime::Result<ImageFile>;
}

/// The files of the disk, mapped: for the tool, whose user answers for what else is done to them.
#[derive(Debug)]
pub(crate) struct Disk;

impl Files for Disk {
    fn open(&self, path: &Path) -> neodump_runtime::Result<ImageFile> {
        // SAFETY: an image is replaced, never edited. Who edits one while this tool reads it gets
        // nonsense, or the signal for a truncated mapping, as from every tool that maps its input.
        unsafe { ImageFile::map(path) }
    }
}

/// The file of an image, open.
#[derive(Debug)]
pub(crate) struct OpenFile {
    path: PathBuf,
    bytes: ImageFile,
}

impl OpenFile {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// [`Failure::Image`] with the path.
    pub(crate) fn open(files: &dyn Files, path: &Path) -> Result<Self, Failure> {
        let bytes = files.open(path).map_err(|error| Failure::image(path, error))?;
        Ok(Self { path: path.to_path_buf(), bytes })
    }

    /// The image in the file.
    ///
    /// # Errors
    ///
    /// [`Failure::Image`] with the path.
    pub(crate) fn image(&self) -> Result<Image<'_>, Failure> {
        Image::of(&self.bytes).map_err(|error| self.refuse(error))
    }

    /// The failure that an error in this image is.
    pub(crate) fn refuse(&self, error: neodump_runtime::DumpError) -> Failure {
        Failure::image(&self.path, error)
    }
}
