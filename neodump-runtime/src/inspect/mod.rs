//! Any machine's image, read from the file alone.
//!
//! A load needs the machine's types; a tool has the bytes. What the bytes mean is in the file: the
//! header and the tables say where everything is, and the section `Schema` what the objects are made of.
//! This module reads both with the code that a load uses, and trusts neither: every extent is checked
//! before it is used, and a damaged file gives the errors that a load would give.
//!
//! In the order in which it is read:
//!
//! - [`ImageFile`]: the bytes, mapped or read;
//! - [`Image`]: header, sections, relocations, symbols and natives, as plain data over the bytes;
//! - [`Schema`] and [`Type`]: the schema text as a table of types;
//! - [`Arena`] and [`Object`]: where the objects are, and which one covers an offset;
//! - [`Value`] and [`Node`]: a stored record, one level at a time, and [`Walk`]: all of it;
//! - [`Image::audit`]: all rules that can be checked without the machine.
//!
//! ```
//! # use neodump_runtime::{Dumpable, dump_to_bytes};
//! use neodump_runtime::inspect::Image;
//!
//! # #[derive(Dumpable)] #[dump(image = "vm", version = 3)] struct Vm { counter: u32 }
//! # let bytes = dump_to_bytes(&mut Vm { counter: 7 })?;
//! let image = Image::of(&bytes)?;
//! image.verify()?;
//! assert_eq!(image.header().identity().name, "vm");
//! for arena in image.arenas() {
//!     println!("{}: {} objects", image.schema().ty(arena.ty()).name(), arena.count());
//! }
//! # Ok::<(), neodump_runtime::DumpError>(())
//! ```
//!
//! **Offsets** count from the start of the file, unless they say otherwise: the byte at offset `n` has
//! the address *preferred base + n* in the words of the file.

mod arena;
mod audit;
mod file;
mod form;
mod image;
mod payload;
mod read;
mod relocated;
mod schema;
mod value;
mod walk;

pub use arena::{Arena, Object};
pub use audit::AuditReport;
pub use file::ImageFile;
pub use form::{Discriminant, Form, Scheme};
pub use image::{Image, Section};
pub use relocated::RelocatedWord;
pub use schema::{Body, Field, HeapObject, Schema, Type, TypeId, Variant};
pub use value::{Elements, Entries, Member, Node, Value};
pub use walk::{Event, Step, Walk};
