//! How a computation ends early.

use crate::value::Value;
use std::fmt;

/// What leaves the evaluator before its time.
#[derive(Clone, Copy, Debug)]
pub enum Flow {
    /// A signal: its condition and data.
    Signal(Value, Value),
    /// A throw that has a catch: the tag and the value.
    Throw(Value, Value),
}

/// What a function gives back.
pub type LispResult<T = Value> = Result<T, Flow>;

/// Text that cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file, or what the text is.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// Whether the text just ended too early.
    pub at_end: bool,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.what)
    }
}

impl std::error::Error for ReadError {}
