//! The tool in this process, on bytes in the place of files.

use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;

use neodump_cli::{Files, Outcome};
use neodump_runtime::inspect::ImageFile;
use neodump_tests::fixture::Vm;

/// One file, whatever its name.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Files for Bytes<'_> {
    fn open(&self, _: &Path) -> neodump_runtime::Result<ImageFile> {
        Ok(ImageFile::from(self.0.to_vec()))
    }
}

/// The image of the machine that the tests share.
pub(crate) fn fixture() -> Vec<u8> {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    IMAGE.get_or_init(|| Vm::full().dump().expect("the fixture dumps")).clone()
}

/// What the tool writes to both streams without colours, and its exit code where that is not 0.
#[allow(dead_code, reason = "not every test looks at text")]
pub(crate) fn run(bytes: &[u8], arguments: &str) -> String {
    let (outcome, out, err) = outcome(bytes, arguments);
    let code = match outcome {
        Outcome::Done => "",
        Outcome::Refused => "exit code 1\n",
        Outcome::Usage => "exit code 2\n",
    };
    format!("{out}{err}{code}")
}

/// The outcome of the tool, and what it writes to each stream without colours.
pub(crate) fn outcome(bytes: &[u8], arguments: &str) -> (Outcome, String, String) {
    outcome_of(&Bytes(bytes), arguments)
}

/// The same, of several files.
pub(crate) fn outcome_of(files: &dyn Files, arguments: &str) -> (Outcome, String, String) {
    let arguments = std::iter::once("neodump").chain(arguments.split(' ')).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome = neodump_cli::run(
        arguments,
        files,
        &mut anstream::StripStream::new(&mut out),
        &mut anstream::StripStream::new(&mut err),
    );
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the tool writes text");
    (outcome, text(out), text(err))
}
