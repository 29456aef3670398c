//! The build id that a linker gave the executable.

use crate::error::{DumpError, Result};

/// The bytes of the build id of this executable.
#[cfg(target_os = "linux")]
pub(super) fn read() -> Result<Vec<u8>> {
    // Not the path of the executable: it may have been replaced since this process started.
    read_of(std::path::Path::new("/proc/self/exe"))
}

/// The bytes of the build id of an ELF executable.
#[cfg(target_os = "linux")]
fn read_of(path: &std::path::Path) -> Result<Vec<u8>> {
    use object::Object;

    let file = std::fs::File::open(path).map_err(|error| DumpError::io("open", path.to_path_buf(), error))?;
    let cache = object::ReadCache::new(file);
    let id = object::File::parse(&cache).and_then(|file| Ok(file.build_id()?.map(<[u8]>::to_vec)));
    let executable = super::this_executable();
    match id {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Err(DumpError::NoFingerprint {
            problem: format!("{executable} has no build id; link it with `-Wl,--build-id=sha1`"),
        }),
        Err(error) => Err(DumpError::NoFingerprint {
            problem: format!("the build id of {executable} cannot be read: {error}; stamp it instead"),
        }),
    }
}

/// Executables of other systems have no ELF build id.
#[cfg(not(target_os = "linux"))]
pub(super) fn read() -> Result<Vec<u8>> {
    Err(DumpError::NoFingerprint {
        problem: "executables of this system have no build id; use `Strict::Stamped`".to_owned(),
    })
}

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_executable_has_no_build_id_and_says_what_to_do() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("exe");
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01"] {
            std::fs::write(&path, bytes).expect("written");
            let error = read_of(&path).expect_err("no build id").to_string();
            assert!(error.contains("stamp it instead"), "{error}");
        }
    }
}
