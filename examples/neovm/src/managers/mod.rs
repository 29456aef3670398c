//! The managers: what the machine keeps beside its objects, one noun a file, each a section of the image.

mod lisp_string;

pub use lisp_string::LispString;
