//! `neodump stamp`: gives an executable its fingerprint.

use std::path::PathBuf;

use clap::Args;
use neodump_runtime::fingerprint;
use serde::Serialize;

use crate::output::{Failure, Output, style};

/// Write the fingerprint into an executable, for strict images
///
/// The fingerprint is a hash of the executable (SHA-256), and is written into every slot that
/// neodump-runtime has in it. Stamp after linking, stripping and whatever else changes the file. Stamping
/// twice is stamping once.
#[derive(Debug, Args)]
pub(crate) struct Stamp {
    /// The executable or library
    #[arg(value_name = "EXE", value_hint = clap::ValueHint::ExecutablePath)]
    executable: PathBuf,
}

#[derive(Debug, Serialize)]
struct Report {
    fingerprint: String,
    slots: usize,
    written: bool,
}

impl Stamp {
    pub(crate) fn run(&self, out: &mut Output<'_>) -> Result<(), Failure> {
        let path = &self.executable;
        let stamp = fingerprint::stamp(path).map_err(|error| Failure::image(path, error))?;
        let report =
            Report { fingerprint: stamp.fingerprint.hex(), slots: stamp.slots, written: stamp.written };
        if out.is_json() {
            return out.json(&report);
        }
        let good = style::GOOD;
        let did = if stamp.written { "stamped" } else { "stamped already" };
        let slots = if stamp.slots == 1 { "slot" } else { "slots" };
        writeln!(
            out.text(),
            "{good}{did}{good:#}: {} with {} in {} {slots}",
            path.display(),
            report.fingerprint,
            stamp.slots
        )?;
        Ok(())
    }
}
