//! The command line.

use std::io::Write;

use clap::{Parser, Subcommand};

use crate::command;
use crate::file::Files;
use crate::output::{Failure, Output};

/// Inspects the image of any virtual machine that dumps with neodump, from the file alone.
///
/// An image carries the schema of all that it holds, so this tool needs nothing of the machine that
/// wrote it. Images are only read; `stamp` alone writes, into an executable.
#[derive(Debug, Parser)]
#[command(name = "neodump", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 the image is refused or differs, 2 the command line is wrong.")]
pub struct Cli {
    /// Write JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show header, segments, sections, arenas, relocations and the largest types
    Inspect(command::Inspect),
    /// Show the schema of all that the image holds, or of one type
    Schema(command::Schema),
    /// Compare the checksums of all sections with those that the writer recorded, or audit the image
    Verify(command::Verify),
    /// Decode the records of a section
    DumpSection(command::DumpSection),
    /// Decode one object
    Object(command::Object),
    /// Find the objects and managers that mention a symbol or hold a text
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
            Command::Schema(command) => command.run(files, &mut out),
            Command::DumpSection(command) => command.run(files, &mut out),
            Command::Object(command) => command.run(files, &mut out),
            Command::Find(command) => command.run(files, &mut out),
        }
    }
}
