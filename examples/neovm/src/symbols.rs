//! Symbols the machine itself knows, and what every symbol holds.

use crate::rt::{Dumpable, ImageVec, Interner, Symbol};
use crate::value::Value;

macro_rules! well_known {
    ($($id:ident = $name:literal,)*) => {
        // The first three are only counted: they are `Value::NIL`, `Value::T` and `Value::UNBOUND`.
        #[allow(non_camel_case_types, dead_code, clippy::upper_case_acronyms)]
        #[repr(u32)]
        enum Id { nil, t, unbound, $($id),* }

        /// The symbols the machine knows by id. They come first in every interner it uses.
        #[allow(non_upper_case_globals, missing_docs)]
        pub mod sym {
            use super::Id;
            use crate::value::Value;
            use crate::rt::Symbol;
            $(pub const $id: Value = Value::symbol(Symbol::from_id(Id::$id as u32));)*
        }

        const NAMES: &[&str] = &[$($name),*];
    };
}

well_known! {
    quote = "quote", function = "function", backquote = "`", comma = ",", comma_at = ",@", lambda = "lambda",
    macro_ = "macro", closure = "closure", optional = "&optional", rest = "&rest", interactive = "interactive",
    declare = "declare", if_ = "if", cond = "cond", let_ = "let", let_star = "let*", setq = "setq", progn = "progn",
    prog1 = "prog1", prog2 = "prog2", while_ = "while", and = "and", or = "or", condition_case = "condition-case",
    hash_table = "hash-table", size = "size", test = "test", weakness = "weakness", data = "data", eq = "eq", eql = "eql", equal = "equal", key = "key",
    value = "value", key_or_value = "key-or-value", key_and_value = "key-and-value",
    error = "error", debug = "debug", quit = "quit", error_conditions = "error-conditions",
    error_message = "error-message", void_variable = "void-variable", void_function = "void-function",
    wrong_type_argument = "wrong-type-argument", wrong_number_of_arguments = "wrong-number-of-arguments",
    args_out_of_range = "args-out-of-range", arith_error = "arith-error", overflow_error = "overflow-error",
    setting_constant = "setting-constant", invalid_function = "invalid-function",
    invalid_read_syntax = "invalid-read-syntax", end_of_file = "end-of-file", no_catch = "no-catch",
    excessive_lisp_nesting = "excessive-lisp-nesting", cyclic_function_indirection = "cyclic-function-indirection",
    circular_list = "circular-list", file_error = "file-error", file_missing = "file-missing", user_error = "user-error",
    cl_no_applicable_method = "cl-no-applicable-method",
    consp = "consp", listp = "listp", symbolp = "symbolp", stringp = "stringp", numberp = "numberp",
    integerp = "integerp", number_or_marker_p = "number-or-marker-p", integer_or_marker_p = "integer-or-marker-p",
    sequencep = "sequencep", arrayp = "arrayp", vectorp = "vectorp", characterp = "characterp",
    hash_table_p = "hash-table-p", functionp = "functionp", wholenump = "wholenump", fixnump = "fixnump",
    recordp = "recordp", char_or_string_p = "char-or-string-p", plistp = "plistp", booleanp = "booleanp",
    natnump = "natnump",
    cons = "cons", integer = "integer", float = "float", string = "string", symbol = "symbol", vector = "vector",
    bool_vector = "bool-vector", char_table = "char-table", sub_char_table = "sub-char-table",
    compiled_function = "compiled-function", subr = "subr", special_form = "special-form", list = "list", null = "null",
    load_file_name = "load-file-name", lexical_binding = "lexical-binding", print_circle = "print-circle",
    print_gensym = "print-gensym", print_quoted = "print-quoted", max_lisp_eval_depth = "max-lisp-eval-depth",
    gc_cons_threshold = "gc-cons-threshold", features = "features", standard_output = "standard-output",
    most_positive_fixnum = "most-positive-fixnum", most_negative_fixnum = "most-negative-fixnum",
    float_pi = "float-pi", pi = "pi", load_path = "load-path", obarray = "obarray", obarrayp = "obarrayp", variable_documentation =
    "variable-documentation", function_documentation = "function-documentation", command_line_args = "command-line-args",
    success = ":success", key_test = ":test", key_size = ":size", key_weakness = ":weakness", plus = "+", empty = "",
    internal_many = "many", unevalled = "unevalled", emacs_version = "emacs-version", noninteractive = "noninteractive",
    setq_default = "setq-default", defvar = "defvar", defconst = "defconst", unwind_protect = "unwind-protect",
    catch_ = "catch", save_current_buffer = "save-current-buffer", save_excursion = "save-excursion",
    save_restriction = "save-restriction", dump_hook = "before-dump-hook", load_hook = "after-pdump-load-hook",
    set = "set", unlet = "unlet", makunbound = "makunbound", defvaralias = "defvaralias",
    autoload = "autoload", keymap = "keymap", syntax_table = "syntax-table", category_table = "category-table",
    case_table = "case-table", remap = "remap", autoload_do_load = "autoload-do-load", command_p = "commandp",
    keymapp = "keymapp", syntax_table_p = "syntax-table-p", category_table_p = "category-table-p",
    char_table_p = "char-table-p", menu_item = "menu-item", choice = "choice", const_ = "const", tag = ":tag",
    file = "file", frame_configuration = "frame-configuration", marker = "marker", default = "default",
    load_in_progress = "load-in-progress", global_map = "global-map", minor_mode_map_alist = "minor-mode-map-alist",
    symbol_with_pos = "symbol-with-pos",
    overlay = "overlay", buffer = "buffer", window = "window", frame = "frame", timer = "timer",
    fundamental_mode = "fundamental-mode",
}

/// Stands for the list of known names: an image made by a program with another list is of no use to this one.
pub fn names_hash() -> u64 {
    neodump_runtime::image::checksum(NAMES.join("\n").as_bytes())
}

/// An interner that holds what the machine knows: `nil` is 0, `t` is 1, and 2 is the mark of the unbound, which no
/// name finds.
pub fn interner() -> Interner {
    let mut symbols = Interner::with_names(&["nil", "t"]);
    symbols.uninterned("unbound");
    for name in NAMES {
        symbols.intern(name);
    }
    symbols
}

/// What one symbol holds.
#[derive(Dumpable, Clone, Copy)]
#[repr(C)]
pub struct SymbolCell {
    /// The value as a variable: the global one, or the innermost dynamic binding; with a flag of
    /// [`SymbolCell::REDIRECT`] where that is.
    pub value: Value,
    /// The function, nil for none.
    pub function: Value,
    /// The property list.
    pub plist: Value,
    /// [`SymbolCell::SPECIAL`], [`SymbolCell::CONSTANT`], [`SymbolCell::WATCHED`] and at most one of
    /// [`SymbolCell::REDIRECT`].
    pub flags: u64,
}

impl SymbolCell {
    /// Always bound dynamically.
    pub const SPECIAL: u64 = 1;
    /// Not to be set.
    pub const CONSTANT: u64 = 2;
    /// Somebody is told of changes: see [`crate::managers::Watchers`].
    pub const WATCHED: u64 = 1 << 8;
    /// `value` is the symbol that this one stands for.
    pub const ALIAS: u64 = 1 << 11;
    /// `value` is a [`crate::variable::LocalVar`].
    pub const LOCAL: u64 = 1 << 9;
    /// `value` is a [`crate::variable::Forward`].
    pub const FORWARD: u64 = 1 << 10;
    /// `value` is not the value of the variable but says where that is.
    pub const REDIRECT: u64 = Self::ALIAS | Self::LOCAL | Self::FORWARD;
    const EMPTY: SymbolCell =
        SymbolCell { value: Value::UNBOUND, function: Value::NIL, plist: Value::NIL, flags: 0 };
}

/// What all symbols hold, by id. Symbols past the end hold nothing yet.
#[derive(Dumpable, Default)]
#[dump(section = "obarray", version = 1)]
pub struct Obarray {
    cells: ImageVec<SymbolCell>,
}

impl Obarray {
    /// An obarray in which `nil`, `t` and keywords to come have their values.
    pub fn new() -> Obarray {
        let mut obarray = Obarray { cells: ImageVec::new() };
        for constant in [Value::NIL, Value::T] {
            if let Some(symbol) = constant.as_symbol() {
                let cell = obarray.cell_mut(symbol);
                cell.value = constant;
                cell.flags = SymbolCell::SPECIAL | SymbolCell::CONSTANT;
            }
        }
        obarray
    }

    /// What the symbol holds.
    #[inline]
    pub fn cell(&self, symbol: Symbol) -> &SymbolCell {
        self.cells.get(symbol.id() as usize).unwrap_or(&SymbolCell::EMPTY)
    }

    /// What the symbol holds, to write.
    pub fn cell_mut(&mut self, symbol: Symbol) -> &mut SymbolCell {
        let at = symbol.id() as usize;
        if at >= self.cells.len() {
            let room = (at + 1).next_power_of_two().max(1024);
            self.cells.with_vec(|cells| cells.resize(room, SymbolCell::EMPTY));
        }
        // The cells of an image are changed where they lie: setting one variable copies no other.
        &mut self.cells.in_place_mut()[at]
    }

    /// What the symbols hold, by id.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &SymbolCell> {
        self.cells.iter()
    }

    /// How many symbols hold a function.
    pub fn functions(&self) -> usize {
        self.cells.iter().filter(|c| c.function.is_true()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_stand_at_the_ids_the_machine_uses() {
        let symbols = interner();
        assert_eq!(symbols.lookup(b"nil").map(Value::symbol), Some(Value::NIL));
        assert_eq!(symbols.lookup(b"t").map(Value::symbol), Some(Value::T));
        assert_eq!(symbols.lookup(b"unbound"), None);
        assert_eq!(symbols.lookup(b"quote").map(Value::symbol), Some(sym::quote));
        assert_eq!(symbols.lookup(b"after-pdump-load-hook").map(Value::symbol), Some(sym::load_hook));
        assert_eq!(symbols.len(), NAMES.len() + 3);
    }
}
