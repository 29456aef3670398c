//! `neodump verify`: whether the bytes are those that were written.

use clap::Args;
use serde::Serialize;

use crate::file::{Files, ImageArg, OpenFile};
use crate::output::{Failure, Output, bytes, style};

/// Compare the checksums of all sections with those that the writer recorded.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    image: ImageArg,
}

#[derive(Debug, Serialize)]
struct Report<'i> {
    name: &'i str,
    version: u32,
    sections: usize,
    file_len: u64,
}

impl Verify {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        image.verify().map_err(|error| file.refuse(error))?;
        let header = image.header();
        let (name, version) = (header.identity().name.as_str(), header.identity().version);
        let report = Report { name, version, sections: header.sections().len(), file_len: header.file_len() };
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
        Ok(())
    }
}
