//! The one error type of every dump and load.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::shown::shown_to;

/// The longest text, in characters, that says what is wrong with a file.
const LONGEST_PROBLEM: usize = 1000;

/// The result of everything that reads or writes an image.
pub type Result<T, E = DumpError> = std::result::Result<T, E>;

/// Why a dump or a load was refused.
///
/// The message is lower case, names the section, the offset and the path where
/// there are any, says what was found and what was expected, and ends with what
/// to do next. A refused dump leaves the file at its target as it was; a
/// refused load leaves the interner and the machine as they were.
#[derive(Debug)]
#[non_exhaustive]
pub enum DumpError {
    /// The operating system refused to open, read, map, write or rename.
    Io {
        /// What was being done, as a verb phrase: `"open"`, `"map at 0x2000_0000"`.
        action: &'static str,
        /// The file, or `None` for memory that belongs to no file.
        path: Option<PathBuf>,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file does not start with the magic of a neodump image.
    BadMagic {
        /// The first sixteen bytes, zero-filled where the file is shorter.
        found: [u8; 16],
    },
    /// The container is of another version, word size or byte order.
    UnsupportedVersion {
        /// Which number differs: `"container version"`, `"word size"`, `"byte order"`.
        what: &'static str,
        /// The value in the file.
        found: u64,
        /// The value this build reads and writes.
        supported: u64,
    },
    /// The image was written by another machine: its name, version, schema or natives differ.
    FingerprintMismatch {
        /// What was found to differ first: `"image name"`, `"image version"`, `"version of section faces"`,
        /// `"schema of section faces"`, `"natives"`.
        what: String,
        /// The value in the file.
        found: String,
        /// The value of this build.
        expected: String,
        /// Line by line, what changed: types, fields and versions by the schema in the image, and natives that are
        /// missing or of another type. Never empty: hashes alone explain nothing.
        changes: Vec<String>,
    },
    /// This executable has no fingerprint, and strict mode demands one.
    NoFingerprint {
        /// What it lacks, and what to do about it.
        problem: String,
    },
    /// The bytes are not those that were written: the file is damaged.
    ChecksumMismatch {
        /// The damaged section, or `"header"`.
        section: String,
        /// The checksum that the bytes have.
        found: u64,
        /// The checksum that the writer recorded.
        expected: u64,
    },
    /// The bytes break a rule of the format.
    ImageFormat {
        /// The section, `"header"` or `"section table"`.
        section: String,
        /// The offset of the offending bytes from the start of the file.
        offset: u64,
        /// The way to the offending value, empty where there is none: `vm.registers['a'] → cons.car`.
        path: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// None of several places has a usable image.
    Unusable {
        /// The places in the order in which they were searched, each with what is wrong there.
        searched: Vec<Searched>,
    },
    /// The state of the machine cannot be dumped.
    Serialization {
        /// The way from the root to the value: `vm.registers['a'] → cons.car`.
        path: String,
        /// What cannot be dumped, and what to do about it.
        problem: String,
    },
    /// The bytes are a sound image, but this machine cannot be made of them: a hook or a
    /// `validate` function said no, or a native is missing.
    Deserialization {
        /// The way to the value, or the name of the hook.
        path: String,
        /// What was refused, and what to do about it.
        problem: String,
    },
}

/// A place that was searched for an image, without success.
#[derive(Debug)]
pub struct Searched {
    /// The file.
    pub path: PathBuf,
    /// Why it is a place to look at: `"beside the executable"`.
    pub place: String,
    /// What is wrong with it.
    pub why: DumpError,
}

impl DumpError {
    /// An [`Io`](Self::Io) error about `path`.
    pub fn io(action: &'static str, path: impl Into<Option<PathBuf>>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }

    /// An [`ImageFormat`](Self::ImageFormat) error that belongs to no value.
    ///
    /// What is wrong may be told with text of the file: control characters are escaped, and a long text is cut.
    pub fn format(section: impl Into<String>, offset: u64, problem: impl Into<String>) -> Self {
        Self::ImageFormat {
            section: section.into(),
            offset,
            path: String::new(),
            problem: shown_to(problem.into(), LONGEST_PROBLEM),
        }
    }

    /// The same, where the offset was counted from the start of a section that lies at `start` in the file.
    pub(crate) fn within(mut self, start: u64) -> Self {
        if let Self::ImageFormat { offset, .. } = &mut self {
            *offset = offset.saturating_add(start);
        }
        self
    }

    /// The file that the error is about, where it is about one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. } => path.as_deref(),
            _ => None,
        }
    }

    /// Whether booting and dumping again would give a usable image: true for images that are
    /// stale, damaged or missing, false where the machine itself is at fault.
    pub fn is_stale(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
            Self::BadMagic { .. }
            | Self::UnsupportedVersion { .. }
            | Self::FingerprintMismatch { .. }
            | Self::ChecksumMismatch { .. }
            | Self::ImageFormat { .. } => true,
            // All that a place needs is an image, unless what one of them has is the machine's own fault.
            Self::Unusable { searched } => searched.iter().all(|searched| searched.why.is_stale()),
            Self::Serialization { .. } | Self::Deserialization { .. } | Self::NoFingerprint { .. } => false,
        }
    }
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path: Some(path), source } => {
                write!(f, "cannot {action} {}: {source}", path.display())
            }
            Self::Io { action, path: None, source } => write!(f, "cannot {action}: {source}"),
            Self::BadMagic { found } => {
                write!(f, "not a neodump image: it starts with {}; dump it again", found.escape_ascii())
            }
            Self::UnsupportedVersion { what, found, supported } => write!(
                f,
                "unsupported {what}: the image has {found}, this build reads {supported}; dump it again with this build"
            ),
            Self::FingerprintMismatch { what, found, expected, changes } => {
                write!(f, "stale image: {what}: {found} in the image, {expected} in this build")?;
                for change in changes {
                    write!(f, "\n  {change}")?;
                }
                f.write_str("\ndump it again with this build")
            }
            Self::ChecksumMismatch { section, found, expected } => write!(
                f,
                "damaged image: section {section} has checksum {found:016x}, {expected:016x} was written; dump it again"
            ),
            Self::ImageFormat { section, offset, path, problem } => {
                write!(f, "malformed image: section {section}, offset {offset:#x}")?;
                if !path.is_empty() {
                    write!(f, ", {path}")?;
                }
                write!(f, ": {problem}; dump it again")
            }
            Self::Unusable { searched } if searched.is_empty() => {
                write!(
                    f,
                    "no image: this process has neither a file of its own nor a home to look in; name one"
                )
            }
            Self::Unusable { searched } => {
                write!(f, "no usable image in {} places:", searched.len())?;
                searched.iter().try_for_each(|Searched { path, place, why }| {
                    write!(f, "\n  {} ({place}): {}", path.display(), why.to_string().replace('\n', "\n  "))
                })
            }
            Self::NoFingerprint { problem } => write!(f, "no fingerprint for strict mode: {problem}"),
            Self::Serialization { path, problem } => write!(f, "cannot dump {path}: {problem}"),
            Self::Deserialization { path, problem } => write!(f, "cannot load {path}: {problem}"),
        }
    }
}

impl std::error::Error for DumpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
