//! Counts of what is made and dropped, for tests that everything is dropped exactly once.

use std::cell::Cell;

use neodump_runtime::Dumpable;

thread_local! {
    static LIVE: Cell<i64> = const { Cell::new(0) };
    static MADE: Cell<i64> = const { Cell::new(0) };
}

/// Counts itself on the thread that makes it. Dropping one twice makes the count negative.
#[derive(Debug)]
pub struct Token(());

impl Default for Token {
    fn default() -> Self {
        LIVE.set(LIVE.get() + 1);
        MADE.set(MADE.get() + 1);
        Self(())
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
    }
}

impl Clone for Token {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// The tokens of this thread that live.
pub fn live() -> i64 {
    LIVE.get()
}

/// The tokens that this thread has made.
pub fn made() -> i64 {
    MADE.get()
}

/// A hydrated value that counts itself.
#[derive(Dumpable, Debug, Clone, Default)]
pub struct Counted {
    /// Anything.
    pub number: u32,
    /// The count.
    #[dump(skip = "counts the values of this process")]
    pub token: Token,
}

impl Counted {
    /// A value.
    pub fn new(number: u32) -> Self {
        Self { number, token: Token::default() }
    }
}
