//! The variables that every buffer has for itself, and the values they have where it has none.

use crate::value::Value;
use crate::variable::{Check, ForwardDesc, Place, Seed};

/// How many variables a buffer has room for.
pub(crate) const SLOTS: usize = 64;

/// The slot of `default-directory`: nil for the folder of the process.
pub(crate) const DIRECTORY: usize = 1;

/// The slot of the syntax table: nil for the standard one.
pub(crate) const SYNTAX_TABLE: u8 = 46;

/// The slot of the category table: nil for the standard one.
pub(crate) const CATEGORY_TABLE: u8 = 47;

const fn always(name: &'static str, slot: u8, check: Check, seed: Seed) -> ForwardDesc {
    ForwardDesc { name, place: Place::Slot { slot, always: true }, check, seed }
}

const fn local(name: &'static str, slot: u8, check: Check, seed: Seed) -> ForwardDesc {
    ForwardDesc { name, place: Place::Slot { slot, always: false }, check, seed }
}

/// What [`super::BufferManager`] starts with: the values of the table that are no objects. An image holds what differs from
/// it, so a default that nobody changed follows the program.
pub(crate) static SEEDS: [Value; SLOTS] = {
    let mut seeds = [Value::NIL; SLOTS];
    let mut at = 0;
    while at < BUFFER_VARIABLES.len() {
        let desc = &BUFFER_VARIABLES[at];
        if let Place::Slot { slot, .. } = desc.place {
            seeds[slot as usize] = match desc.seed {
                Seed::T => Value::T,
                Seed::Int(n) => Value::int(n as usize),
                // Names and texts are made at boot.
                Seed::Nil | Seed::Name(_) | Seed::Str(_) => Value::NIL,
            };
        }
        at += 1;
    }
    seeds
};

use Check::{Any, Boolean, Integer, Symbol, Text};
use Seed::{Int, Name, Nil, Str, T};

/// The variables by slot. Those that are always local have the value given here in a new buffer; the others share one
/// until they are set. A slot keeps its number for ever: images refer to it.
pub(crate) static BUFFER_VARIABLES: [ForwardDesc; 48] = [
    always("buffer-file-name", 0, Text, Nil),
    always("default-directory", DIRECTORY as u8, Text, Nil),
    always("buffer-backed-up", 2, Any, Nil),
    always("buffer-saved-size", 3, Integer, Int(0)),
    always("buffer-auto-save-file-name", 4, Text, Nil),
    always("buffer-read-only", 5, Any, Nil),
    always("major-mode", 6, Symbol, Name("fundamental-mode")),
    always("mode-name", 7, Any, Str("Fundamental")),
    always("mark-active", 8, Any, Nil),
    always("enable-multibyte-characters", 9, Boolean, T),
    always("buffer-file-truename", 10, Text, Nil),
    always("buffer-file-format", 11, Any, Nil),
    always("buffer-invisibility-spec", 12, Any, T),
    always("point-before-scroll", 13, Any, Nil),
    always("buffer-display-count", 14, Integer, Int(0)),
    always("buffer-display-time", 15, Any, Nil),
    always("buffer-auto-save-file-format", 16, Any, T),
    local("mode-line-format", 17, Any, Str("%-")),
    local("header-line-format", 18, Any, Nil),
    local("tab-line-format", 19, Any, Nil),
    local("local-abbrev-table", 20, Any, Nil),
    local("abbrev-mode", 21, Any, Nil),
    local("overwrite-mode", 22, Any, Nil),
    local("auto-fill-function", 23, Any, Nil),
    local("case-fold-search", 24, Any, T),
    local("tab-width", 25, Integer, Int(8)),
    local("fill-column", 26, Integer, Int(70)),
    local("left-margin", 27, Integer, Int(0)),
    local("truncate-lines", 28, Any, Nil),
    local("word-wrap", 29, Any, Nil),
    local("ctl-arrow", 30, Any, T),
    local("selective-display", 31, Any, Nil),
    local("selective-display-ellipses", 32, Any, T),
    local("buffer-display-table", 33, Any, Nil),
    local("buffer-file-coding-system", 34, Symbol, Nil),
    local("cache-long-scans", 35, Any, T),
    local("bidi-display-reordering", 36, Any, T),
    local("bidi-paragraph-direction", 37, Symbol, Nil),
    local("left-margin-width", 38, Integer, Int(0)),
    local("right-margin-width", 39, Integer, Int(0)),
    local("left-fringe-width", 40, Any, Nil),
    local("right-fringe-width", 41, Any, Nil),
    local("fringes-outside-margins", 42, Any, Nil),
    local("cursor-type", 43, Any, T),
    local("line-spacing", 44, Any, Nil),
    local("cursor-in-non-selected-windows", 45, Any, T),
    // Programs know these two by their functions only.
    local(" syntax-table", SYNTAX_TABLE, Any, Nil),
    local(" category-table", CATEGORY_TABLE, Any, Nil),
];
