//! Coding systems: how text is written as bytes.

use super::table::Table;
use crate::rt::{Dumpable, ImageOption, ImageVec, Symbol};
use crate::value::Value;

/// What ends a line.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Eol {
    /// What the text shows; a line feed when written.
    Undecided,
    /// A line feed.
    Unix,
    /// A carriage return and a line feed.
    Dos,
    /// A carriage return.
    Mac,
}

/// What bytes mean.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum CodingType {
    Undecided,
    Utf8,
    Utf16,
    Charset,
    Iso2022,
    EmacsMule,
    ShiftJis,
    Big5,
    Ccl,
    RawText,
}

impl CodingType {
    /// All types by the names that Lisp has for them.
    pub const NAMES: &[(&str, CodingType)] = &[
        ("undecided", CodingType::Undecided),
        ("utf-8", CodingType::Utf8),
        ("utf-16", CodingType::Utf16),
        ("charset", CodingType::Charset),
        ("iso-2022", CodingType::Iso2022),
        ("emacs-mule", CodingType::EmacsMule),
        ("shift-jis", CodingType::ShiftJis),
        ("big5", CodingType::Big5),
        ("ccl", CodingType::Ccl),
        ("raw-text", CodingType::RawText),
    ];
}

/// A coding system.
#[derive(Dumpable, Clone, Debug)]
#[repr(C)]
pub struct CodingSystem {
    /// What stands for it in a mode line.
    pub mnemonic: char,
    /// What bytes mean.
    pub coding_type: CodingType,
    /// What ends a line.
    pub eol: Eol,
    /// Whether ASCII characters are their own bytes.
    pub ascii_compatible: bool,
    /// Whether it is for text of bytes.
    pub for_unibyte: bool,
    /// What stands for characters that it has no bytes for.
    pub default_char: ImageOption<char>,
    /// The charsets it has bytes for, in order.
    pub charsets: ImageVec<Symbol>,
    /// The kind it counts as when text is detected; one kind has one system in the priorities.
    pub category: ImageOption<Symbol>,
    /// What runs after decoding.
    pub post_read: Value,
    /// What runs before encoding.
    pub pre_write: Value,
    /// Translation when decoding.
    pub decode_table: Value,
    /// Translation when encoding.
    pub encode_table: Value,
    /// Properties in order.
    pub properties: ImageVec<(Symbol, Value)>,
    /// What only the type knows, by the place of the argument: byte order, byte order mark.
    pub parameters: ImageVec<(i64, Value)>,
}

/// The place of an argument of `define-coding-system-internal` that says whether a byte order mark is written.
pub const BOM: i64 = 13;
/// The place of the argument for the byte order of UTF-16.
pub const ENDIAN: i64 = 14;

/// Another name of a coding system.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct CodingName {
    /// The name.
    pub name: Symbol,
    /// The system.
    pub system: Symbol,
    /// What ends a line under this name; undecided for names of the system as it is.
    pub eol: Eol,
    /// Whether the name was given to an existing system.
    pub is_alias: bool,
}

/// All coding systems.
#[derive(Dumpable, Default)]
#[dump(section = "codings", version = 1)]
pub struct CodingSystems {
    systems: Table<Symbol, CodingSystem>,
    /// All other names in the order in which they were given: `coding-system-aliases` shows it.
    names: ImageVec<CodingName>,
    /// One system of each category, the most wanted first.
    priority: ImageVec<Symbol>,
    /// What the keyboard sends, nil for as it is.
    pub keyboard: Value,
    /// What the terminal takes, nil for as it is.
    pub terminal: Value,
}

/// A name that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The system.
    pub system: Symbol,
    /// What ends a line.
    pub eol: Eol,
}

impl CodingSystems {
    /// What a name stands for.
    pub fn resolve(&self, name: Symbol) -> Option<Resolved> {
        if let Some(system) = self.systems.get(&name) {
            return Some(Resolved { system: name, eol: system.eol });
        }
        let other = self.names.iter().find(|other| other.name == name)?;
        let eol = match other.eol {
            Eol::Undecided => self.systems.get(&other.system)?.eol,
            eol => eol,
        };
        Some(Resolved { system: other.system, eol })
    }

    /// A system by its own name.
    pub fn get(&self, system: Symbol) -> Option<&CodingSystem> {
        self.systems.get(&system)
    }

    /// A system by its own name, to write.
    pub fn get_mut(&mut self, system: Symbol) -> Option<&mut CodingSystem> {
        self.systems.get_mut(&system)
    }

    /// Defines a system. The first of its category gets a place in the priorities.
    pub fn define(&mut self, name: Symbol, system: CodingSystem) {
        self.forget(name);
        if let Some(category) = system.category.get()
            && !self.priority.iter().any(|&other| self.category(other) == Some(category))
        {
            self.priority.push(name);
        }
        self.systems.insert(name, system);
    }

    /// Gives a system another name.
    pub fn define_name(&mut self, name: CodingName) {
        self.forget(name.name);
        self.names.push(name);
    }

    fn forget(&mut self, name: Symbol) {
        if self.names.iter().any(|other| other.name == name) {
            self.names.with_vec(|names| names.retain(|other| other.name != name));
        }
    }

    /// The names of a system under one way of ending lines: its own first, then in the order in which they were given.
    pub fn names_of(&self, of: Resolved) -> Vec<Symbol> {
        let decided = self.systems.get(&of.system).is_none_or(|system| system.eol == of.eol);
        let own = decided.then_some(of.system);
        let wanted = if decided { Eol::Undecided } else { of.eol };
        let others = self.names.iter().filter(|other| other.system == of.system && other.eol == wanted);
        own.into_iter().chain(others.map(|other| other.name)).collect()
    }

    /// The name of a system with its own way of ending lines.
    pub fn variant(&self, system: Symbol, eol: Eol) -> Option<Symbol> {
        let mut variants = self.names.iter().filter(|other| other.system == system && other.eol == eol);
        variants.find(|other| !other.is_alias).map(|other| other.name)
    }

    /// All names, the newest first.
    pub fn all_names(&self) -> Vec<Symbol> {
        let others = self.names.iter().rev().map(|other| other.name);
        others.chain(self.systems.iter().rev().map(|(name, _)| *name)).collect()
    }

    /// The names of the systems themselves, the newest first.
    pub fn systems(&self) -> Vec<Symbol> {
        self.systems.iter().rev().map(|(name, _)| *name).collect()
    }

    /// One system of each category, the most wanted first.
    pub fn priority(&self) -> &[Symbol] {
        &self.priority
    }

    fn category(&self, system: Symbol) -> Option<Symbol> {
        self.systems.get(&system).and_then(|system| system.category.get())
    }

    /// Puts systems before all others, each in the place of the one of its category.
    pub fn prefer(&mut self, first: &[Symbol]) {
        let mut order: Vec<Symbol> = Vec::with_capacity(self.priority.len());
        for &name in first.iter().chain(self.priority.iter()) {
            let category = self.category(name);
            if category.is_some() && !order.iter().any(|&other| self.category(other) == category) {
                order.push(name);
            }
        }
        self.priority = order.into();
    }
}
