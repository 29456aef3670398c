//! The functions of the machine itself, by topic.

mod abbrev;
mod arith;
mod autoload;
mod bool_vector;
mod buffer;
mod buffer_local;
mod buffer_mark;
mod buffer_props;
mod buffer_text;
mod bytecode;
mod category;
mod char_table;
mod charset;
mod coding;
mod control;
mod custom;
mod dump;
mod face;
mod fontset;
mod format;
mod hash;
mod interactive;
mod keymap;
mod keyword;
mod kmacro;
mod list;
mod matching;
mod mode;
mod obarray;
mod output;
mod register;
mod sequence;
mod special;
mod string;
mod symbol;
mod syntax;
mod terminal;
mod thread;
mod watcher;

pub(crate) use format::format_values;

use crate::error::LispResult;
use crate::machine::Vm;
use crate::value::Value;

/// A function of the machine.
pub type SubrFn = fn(&mut Vm, &[Value]) -> LispResult;

/// What the machine knows of one of its functions.
#[derive(Clone, Copy)]
pub struct SubrDesc {
    /// The name of its symbol.
    pub name: &'static str,
    /// The fewest arguments.
    pub min: i16,
    /// The most arguments, or [`MANY`] or [`UNEVALLED`].
    pub max: i16,
    /// The function.
    pub func: SubrFn,
}

/// Any number of arguments.
pub const MANY: i16 = -1;
/// A special form: one argument, the list of forms as written.
pub const UNEVALLED: i16 = -2;

const fn subr(name: &'static str, min: i16, max: i16, func: SubrFn) -> SubrDesc {
    SubrDesc { name, min, max, func }
}

/// The tables of all topics, in the order in which their symbols are made.
static TOPICS: &[&[SubrDesc]] = &[
    &special::SUBRS,
    &control::SUBRS,
    &list::SUBRS,
    &sequence::SUBRS,
    &string::SUBRS,
    &arith::SUBRS,
    &charset::SUBRS,
    &coding::SUBRS,
    &fontset::SUBRS,
    &hash::SUBRS,
    &symbol::SUBRS,
    &output::SUBRS,
    &dump::SUBRS,
    &thread::SUBRS,
    &terminal::SUBRS,
    &matching::SUBRS,
    char_table::SUBRS,
    syntax::SUBRS,
    category::SUBRS,
    watcher::SUBRS,
    &face::SUBRS,
    &obarray::SUBRS,
    &bool_vector::SUBRS,
    &bytecode::SUBRS,
    &buffer::SUBRS,
    &buffer_text::SUBRS,
    &buffer_mark::SUBRS,
    &buffer_props::SUBRS,
    &buffer_local::SUBRS,
    autoload::SUBRS,
    custom::SUBRS,
    mode::SUBRS,
    abbrev::SUBRS,
    interactive::SUBRS,
    register::SUBRS,
    kmacro::SUBRS,
    keymap::SUBRS,
];

/// All functions.
pub fn all() -> impl Iterator<Item = &'static SubrDesc> {
    TOPICS.iter().copied().flatten()
}

/// Gives each function's symbol the function, and the variables and conditions of the machine their first values.
pub(crate) fn define_all(vm: &mut Vm) {
    for desc in all() {
        let symbol = vm.symbols.intern(desc.name);
        let function = vm.heap.subr(symbol, desc);
        vm.obarray.cell_mut(symbol).function = function;
    }
    symbol::define_variables(vm);
    crate::session::define_variables(vm);
    matching::define_variables(vm);
    obarray::define_variables(vm);
    control::define_conditions(vm);
    syntax::define_tables(vm);
    category::define_tables(vm);
    buffer::define(vm);
    vm.define_fundamental_mode();
}

/// An optional argument: nil when absent.
fn arg(args: &[Value], at: usize) -> Value {
    args.get(at).copied().unwrap_or(Value::NIL)
}
