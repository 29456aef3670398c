//! Obarrays of a program's own: tables of symbols apart from the machine's.

use crate::heap::Heap;
use crate::object::{Header, Kind, Test, Weakness};
use crate::rt::Dumpable;
use crate::value::Value;

/// A table of symbols by name. Its symbols are uninterned for the machine, and found by name here only.
#[derive(Dumpable)]
#[dump(object, kind = Kind::LispObarray as u8)]
#[repr(C)]
pub struct LispObarray {
    /// The header.
    pub header: Header,
    /// A hash table from names to symbols; nil for the obarray that stands for the machine's own symbols.
    pub table: Value,
}

impl Heap {
    /// Makes an obarray: an empty one, or the one that stands for the machine's own symbols.
    pub fn obarray(&mut self, own: bool) -> Value {
        let table = if own { Value::NIL } else { self.hash_table(Test::Equal, Weakness::None) };
        self.adopt(LispObarray { header: Header::new(Kind::LispObarray), table }, 0)
    }
}
