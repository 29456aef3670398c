//! A machine that starts from an image or makes it, for the tests of several processes.

use std::io::Write;
use std::path::Path;

use neodump_runtime::{Dumpable, Rebuild};

/// A machine that knows how it was booted.
#[derive(Dumpable, Debug, PartialEq)]
#[dump(image = "starts", version = 1, validate = Starts::check)]
pub struct Starts {
    /// Who booted it.
    pub booted_by: u32,
    /// Enough that it is more than a page.
    pub numbers: Vec<u64>,
    /// Whether a load refuses it.
    pub cursed: bool,
}

impl Starts {
    /// What takes time, and is to be done once: every boot is a line in the log.
    ///
    /// # Errors
    ///
    /// Those of the log.
    pub fn boot(log: &Path) -> std::io::Result<Self> {
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(log)?;
        let booted_by = std::process::id();
        log.write_all(format!("{booted_by}\n").as_bytes())?;
        Ok(Self { booted_by, numbers: (0..20_000).collect(), cursed: false })
    }

    /// The boot as a start takes it.
    pub fn booting(log: &Path) -> impl FnOnce(Rebuild<'_>) -> std::io::Result<Self> {
        move |_| Self::boot(log)
    }

    fn check(&self) -> Result<(), String> {
        if self.cursed { Err("cursed".to_owned()) } else { Ok(()) }
    }
}

/// How often a machine was booted.
pub fn boots(log: &Path) -> usize {
    std::fs::read_to_string(log).unwrap_or_default().lines().count()
}
