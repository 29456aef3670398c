//! Portable dumps for virtual machines.
//!
//! A virtual machine that boots itself starts slowly: it rebuilds its heap, symbol table and
//! registries each time. Dump the booted machine once, map the file back at every start:
//! `#[derive(Dumpable)]` on each runtime manager and heap object type writes the section writer,
//! reader, relocation and trace walkers, schema and auditor from the one field list; this crate is
//! the mmap container, the symbol interner and the relocation engine that the generated code
//! targets.

// The derive's output names this crate `::neodump_runtime`; that is also true inside of it.
extern crate self as neodump_runtime;

// Floor 1: what everything stands on.
pub mod bounds;
mod error;
pub mod schema;
mod shown;
// Floor 2: the file, and moving its words.
pub mod image;
pub mod reloc;
// Floor 3: stored forms, symbols, natives, state in statics, and what ties an image to an executable.
pub mod fingerprint;
pub mod global;
pub mod native;
pub mod record;
pub mod symbols;
// Floor 4: heap objects.
pub mod heap;
// Floor 5: dump and load.
mod dump;
mod load;
// Any machine's image, from the file alone.
#[cfg(feature = "inspect")]
pub mod inspect;
// Floor 6: starting from an image, or making it.
mod regenerate;
mod snapshot;
// What tests of a machine's format stand on.
pub mod format_lock;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use dump::{DumpReport, Dumper, ImageRoot, Progress, dump, dump_to_bytes};
pub use error::{DumpError, Result, Searched};
pub use fingerprint::Strict;
pub use heap::{
    AdoptImage, Arena, Image, ImageKey, ImageMap, ImageOption, ImageSet, ImageStr, ImageVec, Marks, Object,
    ObjectType, ProcessPtr, Word,
};
pub use image::{Placement, Way};
pub use load::{LoadOptions, LoadReport, SectionLoad, Tier, load, load_bytes, map};
pub use native::Natives;
#[cfg(feature = "derive")]
pub use neodump_derive::Dumpable;
pub use record::Dumpable;
pub use regenerate::{ImagePlaces, Origin, Outcome, Place, Rebuild};
pub use schema::explain;
pub use snapshot::Snapshot;
pub use symbols::{Interner, Symbol};

/// The examples of the guide are compiled with the tests.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../docs/guide/attributes.md")]
    mod attributes {}
    #[doc = include_str!("../../docs/guide/collector.md")]
    mod collector {}
    #[doc = include_str!("../../docs/guide/regeneration.md")]
    mod regeneration {}
    #[cfg(feature = "testing")]
    #[doc = include_str!("../../docs/guide/testing.md")]
    mod testing {}
    #[cfg(feature = "inspect")]
    #[doc = include_str!("../../docs/guide/tool.md")]
    mod tool {}
}
