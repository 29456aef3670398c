//! What is loaded when it is first needed, and what happens when something has been loaded.

use super::LispString;
use crate::rt::{Dumpable, Symbol};
use crate::value::Value;
use std::collections::HashMap;

/// What a definition that is loaded later will be.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum AutoloadKind {
    /// A function.
    Function,
    /// A macro: loading may be needed to expand a form.
    Macro,
    /// A keymap, which the symbol's function cell holds.
    Keymap,
}

/// Where the definition of a symbol is, as it was declared.
#[derive(Dumpable, Clone, Debug)]
pub struct Autoload {
    /// The file, as `load` takes it.
    pub file: LispString,
    /// What the definition does.
    pub docstring: Option<LispString>,
    /// Whether it is a command.
    pub interactive: bool,
    /// What it will be.
    pub kind: AutoloadKind,
}

/// What has to be loaded before an action of `eval-after-load` runs.
#[derive(Dumpable, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Awaited {
    /// A file, by its name without folder and extension.
    File(LispString),
    /// A feature, by its name.
    Feature(LispString),
}

/// What to use instead of something obsolete.
#[derive(Dumpable, Clone, Copy, Debug)]
#[repr(C)]
pub struct Obsolete {
    /// The symbol that replaces it, or a string that says what to do.
    pub instead: Value,
    /// The version since when it is obsolete: a string, or nil.
    pub since: Value,
}

/// Declarations of what files define, and what has been loaded.
#[derive(Dumpable, Default)]
#[dump(section = "autoloads", version = 2)]
pub struct Autoloads {
    /// The declaration of each symbol that was declared, which stays known once the definition has been loaded: the
    /// symbol's function cell says whether it was.
    pub entries: HashMap<Symbol, Autoload>,
    /// What `eval-after-load` registered, in order.
    pub after_load: HashMap<Awaited, Vec<Value>>,
    /// The files that were loaded to their ends, in the order in which each was first.
    pub loaded_files: Vec<LispString>,
    /// Functions and macros to avoid.
    pub obsolete_functions: HashMap<Symbol, Obsolete>,
    /// Variables to avoid.
    pub obsolete_variables: HashMap<Symbol, Obsolete>,
}

impl Autoloads {
    /// Notes that a file was loaded to its end.
    pub fn note_loaded(&mut self, file: LispString) {
        if !self.loaded_files.contains(&file) {
            self.loaded_files.push(file);
        }
    }
}

/// The name of a file without folder and extension: what `eval-after-load` knows it by.
pub fn base_name(file: &[u8]) -> &[u8] {
    let name = file.rsplit(|&b| b == b'/').next().unwrap_or(file);
    match name.iter().rposition(|&b| b == b'.') {
        Some(dot) if dot > 0 => &name[..dot],
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::base_name;

    #[test]
    fn a_file_is_known_by_its_name_without_folder_and_extension() {
        for (file, name) in
            [("a/b/c.el", "c"), ("c", "c"), ("x.tar.gz", "x.tar"), ("/.emacs", ".emacs"), ("", "")]
        {
            assert_eq!(base_name(file.as_bytes()), name.as_bytes());
        }
    }
}
