//! How text looks and how it is written: faces, fontsets, charsets, coding systems.
//!
//! Each is a manager with a section of its own. All of them are made of in-place types, so that a load touches none,
//! however many faces a machine has.

pub mod attribute;
pub mod charset;
pub mod coding;
pub mod face;
pub mod font;
pub mod fontset;
pub mod merge;
pub mod table;
pub mod transcode;
