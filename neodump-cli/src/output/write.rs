//! Files that a command writes.

use std::io::Write;
use std::path::Path;

use neodump_runtime::DumpError;

use super::Failure;

/// Writes `bytes` to the file at `path`, which is replaced as a whole or not at all; never to one of `inputs`,
/// whichever links lead to it.
///
/// # Errors
///
/// [`Failure::Not`] if it is an input, and [`Failure::Image`] with the path if it cannot be written.
pub(crate) fn write_file(path: &Path, bytes: &[u8], inputs: &[&Path]) -> Result<(), Failure> {
    if let Some(input) = inputs.iter().find(|input| is_same(path, input)) {
        let problem = format!("{} is the image {}: write to another file", path.display(), input.display());
        return Err(Failure::Not(problem));
    }
    let failed = |error| Failure::image(path, DumpError::io("write", path.to_path_buf(), error));
    // A pipe or a terminal takes bytes; a file in its place would not be one.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return std::fs::write(path, bytes).map_err(failed);
    }
    // A link keeps pointing at what is written.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".neodump-").suffix(".tmp");
    // As readable as any file that the process creates: the process's mask applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(&target).map(drop).map_err(|error| failed(error.error))
}

/// Whether two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // Hard links have no path in common.
        let file = |path: &Path| path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()));
        file(one).is_some_and(|found| file(other) == Some(found))
    }
    #[cfg(not(unix))]
    {
        one.canonicalize().is_ok_and(|found| other.canonicalize().is_ok_and(|other| other == found))
    }
}
