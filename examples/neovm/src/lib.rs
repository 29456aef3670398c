//! NeoVM: a small but real Emacs-Lisp machine.
//!
//! It has what such machines have: tagged words, a heap with a mark-and-sweep collector, a reader and a printer for
//! all syntax of GNU Emacs' own sources, an evaluator with lexical and dynamic binding, and a library in Lisp.

pub mod active;
mod adopted;
mod aside;
pub mod bignum;
pub mod bool_vector;
pub mod buffer;
mod bytecode;
pub mod char_runs;
pub mod char_table;
pub mod chars;
pub mod cli;
pub mod corpus;
mod custom_type;
pub mod display;
pub mod equal;
pub mod error;
mod eval;
mod expand;
pub mod gc;
pub mod hash_table;
pub mod heap;
mod hooks;
pub mod image;
mod keymap;
mod library;
pub mod lisp_obarray;
pub mod living;
mod load;
pub mod machine;
pub mod managers;
pub mod number;
pub mod object;
pub mod pages;
pub mod printer;
pub mod process;
pub mod reader;
pub mod regexp;
pub mod reset;
mod rt;
mod session;
pub mod subrs;
pub mod symbol_with_pos;
pub mod symbols;
pub mod value;
pub mod variable;

pub use machine::{Output, Vm};
pub use rt::{ImageOption, ImageVec, Interner, Symbol};
