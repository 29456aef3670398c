//! Abbreviations, in tables that may inherit from each other.

use super::LispString;
use crate::rt::{Dumpable, Symbol};
use crate::value::Value;
use std::collections::HashMap;

/// One abbreviation.
#[derive(Dumpable, Clone, Debug)]
pub struct Abbrev {
    /// What it stands for.
    pub expansion: LispString,
    /// The function that runs after it was expanded, or nil.
    pub hook: Value,
    /// How often it was expanded.
    pub count: usize,
    /// Whether the machine brought it, so that it is not saved with the user's.
    pub system: bool,
}

/// A table of abbreviations.
#[derive(Dumpable, Clone, Debug)]
pub struct AbbrevTable {
    /// The variable whose value it is.
    pub name: Symbol,
    /// What it has.
    pub abbrevs: HashMap<LispString, Abbrev>,
    /// Where to look for what it has not, in order.
    pub parents: Vec<Symbol>,
    /// What programs noted about it.
    pub properties: Value,
    /// Whether capital letters in an abbreviation count.
    pub case_fixed: bool,
    /// Whether it is used at all.
    pub enabled: bool,
}

impl AbbrevTable {
    /// An empty table.
    pub fn new(name: Symbol) -> AbbrevTable {
        AbbrevTable {
            name,
            abbrevs: HashMap::new(),
            parents: Vec::new(),
            properties: Value::NIL,
            case_fixed: false,
            enabled: true,
        }
    }
}

/// All tables.
#[derive(Dumpable, Default)]
#[dump(section = "abbrevs", version = 2)]
pub struct Abbrevs {
    /// By the symbol that is their name.
    pub tables: HashMap<Symbol, AbbrevTable>,
    /// The names, in the order in which the tables were defined.
    pub order: Vec<Symbol>,
    /// The table that is looked at last, wherever the user is.
    pub global_table: Value,
    /// Whether abbreviations are expanded as the user types.
    pub abbrev_mode: bool,
}

impl Abbrevs {
    /// The table of this name, made if there is none.
    pub fn define(&mut self, name: Symbol) -> &mut AbbrevTable {
        self.tables.entry(name).or_insert_with(|| {
            self.order.push(name);
            AbbrevTable::new(name)
        })
    }

    /// The table, of this one and those it inherits from, that has the abbreviation; a circle of parents ends.
    pub fn find(&self, table: Symbol, abbrev: &LispString) -> Option<Symbol> {
        let (mut queue, mut at) = (vec![table], 0);
        while let Some(&name) = queue.get(at) {
            at += 1;
            let Some(table) = self.tables.get(&name).filter(|table| table.enabled) else { continue };
            if table.abbrevs.contains_key(abbrev) {
                return Some(name);
            }
            queue.extend(
                table.parents.iter().filter(|parent| !queue.contains(parent)).copied().collect::<Vec<_>>(),
            );
        }
        None
    }
}
