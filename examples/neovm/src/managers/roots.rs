//! What the machine itself holds on to: loading in progress, the selected keymaps, and the standard tables.

use super::LispString;
use crate::heap::Heap;
use crate::rt::{Dumpable, Symbol};
use crate::symbols::sym;
use crate::value::Value;

/// How many syntax classes there are.
pub const SYNTAX_CLASSES: usize = 16;

/// The machine's own roots.
///
/// One fact has one place: the features are the value of the variable `features`, and the local keymap and the tables that are
/// used in a buffer are the buffer's.
#[derive(Dumpable, Default)]
#[dump(section = "roots", version = 2)]
pub struct Roots {
    /// The features that are being required, the outermost first.
    pub require_stack: Vec<Symbol>,
    /// The files that are being loaded, the outermost first.
    pub loads_in_progress: Vec<LispString>,
    /// The keymap that is active everywhere. Programs change the variable `global-map` without selecting another.
    pub current_global_map: Value,
    /// The syntax table that all others inherit from.
    pub standard_syntax_table: Value,
    /// The entries of characters that have a class and nothing else, one object a class.
    pub syntax_code_objects: [Value; SYNTAX_CLASSES],
    /// The category table that is used in a buffer without its own.
    pub standard_category_table: Value,
    /// From letters to small letters; the table from letters to capitals is in its first extra slot.
    pub standard_case_table: Value,
}

impl Roots {
    /// Whether what the machine holds on to is what it takes it for.
    ///
    /// # Errors
    ///
    /// What is something else.
    pub fn check(&self, heap: &Heap) -> Result<(), String> {
        let map = self.current_global_map;
        if map.is_true() && heap.car(map) != sym::keymap {
            return Err("the selected global keymap is no keymap".to_owned());
        }
        for (table, purpose, what) in [
            (self.standard_syntax_table, sym::syntax_table, "syntax"),
            (self.standard_category_table, sym::category_table, "category"),
            (self.standard_case_table, sym::case_table, "case"),
        ] {
            if !heap.is_char_table_for(table, purpose) {
                return Err(format!("the standard {what} table is no {what} table"));
            }
        }
        match self.syntax_code_objects.iter().position(|entry| !entry.is_cons()) {
            Some(class) => Err(format!("syntax class {class} has no entry")),
            None => Ok(()),
        }
    }
}
