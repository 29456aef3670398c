//! A boot that is kept: an image beside the program, named after what it was booted from.

use crate::library;
use crate::machine::Vm;
use neodump_runtime::DumpError;
use std::path::{Path, PathBuf};

/// The file name of the image that is booted from these files: other names or texts, another file.
pub fn file_name<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    // FNV-1a, the same in every build: the name is looked for again by the next one.
    let mut hash = 0xCBF2_9CE4_8422_2325u64;
    let mut add = |bytes: &[u8]| {
        for &byte in bytes.iter().chain(&(bytes.len() as u64).to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    };
    for (name, text) in files {
        add(name.as_bytes());
        add(text);
    }
    format!("neovm-{hash:016x}.ndump")
}

/// The image of the bundled library in a folder.
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(file_name(library::FILES.iter().copied()))
}

impl Vm {
    /// A booted machine: from the image that an earlier start left in the folder, if it is there and fits, else from the
    /// library, leaving an image for the next start. The caller runs the hook, as after [`Vm::load_from_dump`].
    ///
    /// # Errors
    ///
    /// A message of the boot, or of a folder that cannot be written.
    pub fn boot_cached(folder: &Path) -> Result<Vm, String> {
        let path = path_in(folder);
        match Vm::load_from_dump(&path) {
            Ok(vm) => return Ok(vm),
            // Stale, damaged or not there: made anew.
            Err(error) if error.is_stale() => {}
            Err(error) => return Err(error.to_string()),
        }
        let mut vm = Vm::boot()?;
        vm.dump_to_file(&path).map_err(|error: DumpError| error.to_string())?;
        Ok(vm)
    }
}
