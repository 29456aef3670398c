//! The command line.

use std::io::Write;

use clap::{Parser, Subcommand};

use crate::command;
use crate::file::Files;
use crate::output::{Failure, Output};

/// What follows the short help.
const AFTER: &str = "Exit codes: 0 done, 1 the image is refused or differs, 2 the command line is wrong.";

/// What follows the long help.
const AFTER_LONG: &str = "\
Examples:
  neodump inspect vm.ndump                     what is in it, and where
  neodump verify vm.ndump && echo intact       compare the checksums
  neodump verify vm.ndump --audit              check each record too
  neodump schema vm.ndump Face                 how a type is stored
  neodump dump-section vm.ndump faces          the records of a manager
  neodump dump-section vm.ndump HeapImage --type Face --json
  neodump find vm.ndump --symbol load-path     who mentions a symbol
  neodump object vm.ndump Cons#12              one object; also by its offset, 0x1a0f8
  neodump why vm.ndump 0x1a0f8                 the way from a root to it
  neodump refs vm.ndump 0x1a0f8                who refers to it
  neodump size vm.ndump                        what takes the bytes, and what keeps them
  neodump diff old.ndump new.ndump             what changed
  neodump draw vm.ndump -o image.html          a picture of it

Offsets count from the start of the file. An object is named by an offset inside of it, or by its type and its \
number among the objects of that type.

With --json, every command writes one JSON document; hashes are text of 16 hexadecimal digits, offsets and lengths \
numbers. Colours are for terminals, and off where NO_COLOR is set.

Exit codes: 0 done, 1 the image is refused or differs, 2 the command line is wrong.";

/// Inspects the image of any virtual machine that dumps with neodump, from the file alone.
///
/// An image carries the schema of all that it holds, so this tool needs nothing of the machine that
/// wrote it. Images are only read; `stamp` alone writes, into an executable.
#[derive(Debug, Parser)]
#[command(name = "neodump", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = AFTER, after_long_help = AFTER_LONG)]
pub struct Cli {
    /// Write JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Inspect(command::Inspect),
    Schema(command::Schema),
    Verify(command::Verify),
    DumpSection(command::DumpSection),
    Object(command::Object),
    Find(command::Find),
    /// Show the shortest way from a root to an object: why it is in the image
    Why(command::Why),
    /// Show who refers to an object, and what it refers to
    Refs(command::Refs),
    /// Show bytes by section, type and field, what each root keeps, and what hydration adds to a load
    Size(command::Size),
    /// Show what changed from one image to another: schema, then content by section and type
    Diff(command::Diff),
    /// Draw the image as one page for a browser, which needs no network
    Draw(command::Draw),
    Stamp(command::Stamp),
    Completions(command::Completions),
    Man(command::Man),
}

impl Cli {
    /// Runs the command on `files`, which writes to `out`.
    pub(crate) fn run(&self, files: &dyn Files, out: &mut dyn Write) -> Result<(), Failure> {
        let mut out = Output::new(out, self.json);
        match &self.command {
            Command::Inspect(command) => command.run(files, &mut out),
            Command::Verify(command) => command.run(files, &mut out),
            Command::Why(command) => command.run(files, &mut out),
            Command::Size(command) => command.run(files, &mut out),
            Command::Diff(command) => command.run(files, &mut out),
            Command::Draw(command) => command.run(files, &mut out),
            Command::Refs(command) => command.run(files, &mut out),
            Command::Stamp(command) => command.run(&mut out),
            Command::Completions(command) => command.run(&mut out),
            Command::Man(command) => command.run(&mut out),
            Command::Schema(command) => command.run(files, &mut out),
            Command::DumpSection(command) => command.run(files, &mut out),
            Command::Object(command) => command.run(files, &mut out),
            Command::Find(command) => command.run(files, &mut out),
        }
    }
}
