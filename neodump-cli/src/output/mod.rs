//! What commands write: text with colours, tables, or JSON.

mod failure;
mod number;
mod progress;
pub(crate) mod style;
mod table;
mod write;

use std::io::Write;

use serde::Serialize;

pub(crate) use failure::Failure;
pub(crate) use number::{bytes, count, hash, nanoseconds, offset, percent};
pub(crate) use progress::Progress;
pub(crate) use table::{Align, Table};
pub(crate) use write::write_file;

/// Where a command writes its result.
///
/// Colours are always written; the stream takes them out where it is no terminal.
pub(crate) struct Output<'w> {
    to: &'w mut dyn Write,
    json: bool,
}

impl<'w> Output<'w> {
    /// Writes to `to`, JSON if it is asked for.
    pub(crate) fn new(to: &'w mut dyn Write, json: bool) -> Self {
        Self { to, json }
    }

    /// Whether JSON is asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes a value as indented JSON.
    ///
    /// # Errors
    ///
    /// [`Failure::Output`].
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut *self.to, value).map_err(std::io::Error::from)?;
        Ok(writeln!(self.to)?)
    }

    /// The stream itself, for text.
    pub(crate) fn text(&mut self) -> &mut dyn Write {
        self.to
    }
}
