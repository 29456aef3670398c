//! Why a command did not do what it was asked.

use std::fmt;
use std::path::{Path, PathBuf};

use neodump_runtime::DumpError;

use crate::Outcome;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The image is refused.
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: DumpError,
    },
    /// What was asked for is not in the image; the text says what.
    Not(String),
    /// Two images differ: what was asked for is written.
    Differs,
    /// The result could not be written.
    Output(std::io::Error),
}

impl Failure {
    /// The failure of an error in the image at `path`.
    pub(crate) fn image(path: &Path, error: DumpError) -> Self {
        Self::Image { path: path.to_path_buf(), error }
    }

    /// The exit code.
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::Refused
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // An error of the system names the file itself.
            Self::Image { error, .. } if error.path().is_some() => error.fmt(f),
            Self::Image { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Not(problem) => f.write_str(problem),
            Self::Differs => f.write_str("the images differ"),
            Self::Output(error) => write!(f, "cannot write the result: {error}"),
        }
    }
}
