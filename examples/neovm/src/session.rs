//! What belongs to a running machine and to its process. Nothing of it is ever in an image.

use crate::hooks::POST_GC_HOOK;
use crate::image::Images;
use crate::machine::Vm;
use crate::process::OF_THE_PROCESS;
use crate::regexp::Groups;
use crate::symbols::SymbolCell;
use crate::value::Value;

/// The state of a machine that belongs to the process.
#[derive(Default)]
pub(crate) struct Session {
    /// How the machine stands to images.
    pub(crate) images: Images,
    /// The Lisp threads that have not ended.
    pub(crate) threads: Vec<Value>,
    /// Where the last search found what, in characters.
    pub(crate) match_data: Groups,
    /// The terminal of this process, nil until somebody asks for it: an object of the live heap, in no image.
    pub(crate) terminal: Value,
    /// Whether `post-gc-hook` is running.
    pub(crate) in_gc_hook: bool,
}

/// Declares the variables of the process, in a new machine.
pub(crate) fn define_variables(vm: &mut Vm) {
    for name in OF_THE_PROCESS.iter().chain(&[POST_GC_HOOK]) {
        let symbol = vm.symbols.intern(name);
        let cell = vm.obarray.cell_mut(symbol);
        cell.value = Value::NIL;
        cell.flags |= SymbolCell::SPECIAL;
    }
}
