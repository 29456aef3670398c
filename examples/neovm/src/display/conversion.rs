//! Text to bytes and back.
