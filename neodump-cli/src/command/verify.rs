//! `neodump verify`: whether the bytes are those that were written.

use std::collections::BTreeSet;

use clap::Args;
use neodump_runtime::inspect::AuditReport;
use serde::Serialize;

use crate::file::{Files, ImageArg, OpenFile};
use crate::output::{Failure, Output, Progress, bytes, count, style};

/// Compare the checksums of all sections with those that the writer recorded, or audit the image
///
/// Checksums find damage, not malice. With --audit all rules of the format are checked for which the schema in the
/// image is enough; a load of the machine itself checks the rest: `validate`, baked values, unions.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  neodump verify vm.ndump
  neodump verify vm.ndump --audit --json")]
pub(crate) struct Verify {
    #[command(flatten)]
    image: ImageArg,
    /// Check also all rules of the format for which the schema in the image is enough: that records decode, that
    /// addresses land on objects of the right types, that no byte has two owners
    #[arg(long)]
    audit: bool,
}

#[derive(Debug, Serialize)]
struct Report<'i> {
    name: &'i str,
    version: u32,
    sections: usize,
    file_len: u64,
    /// What the audit saw.
    audit: Option<Audit>,
}

#[derive(Debug, Serialize)]
struct Audit {
    objects: u64,
    values: u64,
    addresses: u64,
    payloads: u64,
    not_checked: BTreeSet<String>,
}

impl Verify {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let mut audit = None;
        if self.audit {
            let progress = Progress::new();
            let audited = image.audit(&mut |done, all| progress.show("audit", done, all));
            let AuditReport { objects, values, addresses, payloads, not_checked } =
                audited.map_err(|error| file.refuse(error))?;
            audit = Some(Audit { objects, values, addresses, payloads, not_checked });
        } else {
            image.verify().map_err(|error| file.refuse(error))?;
        }
        let header = image.header();
        let (name, version) = (header.identity().name.as_str(), header.identity().version);
        let (sections, file_len) = (header.sections().len(), header.file_len());
        let report = Report { name, version, sections, file_len, audit };
        if out.is_json() {
            return out.json(&report);
        }
        let good = style::GOOD;
        writeln!(
            out.text(),
            "{good}intact{good:#}: {name} version {version}, {} in {} sections",
            bytes(report.file_len),
            report.sections
        )?;
        if let Some(audit) = &report.audit {
            let text = [audit.objects, audit.values, audit.addresses, audit.payloads].map(count);
            let [objects, values, addresses, payloads] = text;
            writeln!(
                out.text(),
                "{good}sound{good:#}: {objects} objects, {values} values, {addresses} addresses, {payloads} payloads"
            )?;
            for what in &audit.not_checked {
                writeln!(out.text(), "  only its machine can check {what}")?;
            }
        }
        Ok(())
    }
}
