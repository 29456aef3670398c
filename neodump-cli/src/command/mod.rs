//! The commands, one a file.

mod completions;
mod diff;
mod draw;
mod dump_section;
mod find;
mod inspect;
mod man;
mod node;
mod object;
mod refs;
mod schema;
mod size;
mod stamp;
mod verify;
mod why;

use clap::Args;
use neodump_runtime::inspect::{Image, TypeId};

pub(crate) use completions::Completions;
pub(crate) use diff::Diff;
pub(crate) use draw::Draw;
pub(crate) use dump_section::DumpSection;
pub(crate) use find::Find;
pub(crate) use inspect::Inspect;
pub(crate) use man::Man;
pub(crate) use object::Object;
pub(crate) use refs::Refs;
pub(crate) use schema::Schema;
pub(crate) use size::Size;
pub(crate) use stamp::Stamp;
pub(crate) use verify::Verify;
pub(crate) use why::Why;

use crate::decode::Limits;
use crate::output::Failure;

/// How much of a record is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// Show at most so many elements of each sequence and entries of each map
    #[arg(long, value_name = "N", default_value_t = 100)]
    elements: u64,
    /// Show so many levels of values inside of values
    #[arg(long, value_name = "N", default_value_t = 64)]
    depth: usize,
}

impl ShowArgs {
    fn limits(&self) -> Limits {
        Limits { elements: self.elements, depth: self.depth }
    }
}

/// The type of a name, or the only one whose name ends so.
fn find_type(image: &Image<'_>, name: &str) -> Result<TypeId, Failure> {
    let schema = image.schema();
    if let Some(id) = schema.find(name) {
        return Ok(id);
    }
    let is_short = |known: &str| known.strip_suffix(name).is_some_and(|path| path.ends_with("::"));
    let names = schema.types().iter().map(|ty| ty.name());
    let found: Vec<&str> = names.filter(|known| is_short(known)).collect();
    match *found.as_slice() {
        [only] => schema.find(only).ok_or_else(|| Failure::Not(format!("there is no type {name}"))),
        [] => Err(Failure::Not(format!("there is no type {name}; `neodump schema` lists all"))),
        _ => Err(Failure::Not(format!("several types are called {name}: {}", found.join(", ")))),
    }
}
