//! The tool `neodump`: inspects, verifies and decodes the image of any virtual machine, from the file
//! alone.
//!
//! The library is the tool's own inside, for its tests: [`main`] is all of it.

mod args;
mod command;
mod decode;
mod file;
mod graph;
mod output;
mod place;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

pub use args::Cli;
use file::Disk;
pub use file::Files;
use output::{Failure, style};

/// What a command came to, as the exit code of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 0: done.
    Done,
    /// 1: the image is refused, or differs.
    Refused,
    /// 2: the command line is wrong.
    Usage,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Refused => 1,
            Outcome::Usage => 2,
        })
    }
}

/// Runs the tool with the arguments of the process.
pub fn main() -> ExitCode {
    let mut out = std::io::BufWriter::with_capacity(64 << 10, anstream::stdout().lock());
    run(std::env::args_os(), &Disk, &mut out, &mut anstream::stderr().lock()).into()
}

/// Runs the tool with these arguments, the first of which is its name, on these files. What it writes
/// has the escape sequences of colours in it.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    files: &dyn Files,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Outcome {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let (to, outcome): (&mut dyn Write, _) =
                if error.use_stderr() { (err, Outcome::Usage) } else { (out, Outcome::Done) };
            // Nobody is left to be told when the terminal is gone.
            let _ = write!(to, "{}", error.render().ansi()).and_then(|()| to.flush());
            return outcome;
        }
    };
    let result = cli.run(files, out).and_then(|()| Ok(out.flush()?));
    match result {
        Ok(()) => Outcome::Done,
        // Who reads the output has seen enough of it, as in `neodump .. | head`.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Outcome::Done,
        // The difference is the result, not an error.
        Err(Failure::Differs) => {
            let _ = out.flush();
            Outcome::Refused
        }
        Err(failure) => {
            let _ = out.flush();
            let _ = writeln!(err, "{}error:{:#} {failure}", style::ERROR, style::ERROR);
            failure.outcome()
        }
    }
}
