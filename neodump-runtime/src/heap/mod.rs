//! Heap objects: their types, the pointers and sequences that live in place, and the loaded image
//! as a collector sees it.

mod arena_table;
mod edges;
mod image;
mod image_key;
pub mod image_map;
mod image_option;
mod image_set;
mod image_str;
mod image_vec;
mod lattice;
mod marks;
mod object_type;
mod pointer;
mod process_ptr;
pub mod word;
mod written;

pub(crate) use arena_table::{
    ARENA_ALIGN, ARENA_RECORD, ArenaSections, ArenaTable, ArenaType, SECTION as ARENAS, SIDE_ALIGN,
};
pub(crate) use edges::Kept;
pub use edges::{Edges, SeeEdge};
pub use image::{AdoptImage, Arena, Image, Objects};
pub use image_key::{ImageHasher, ImageKey, Plain};
pub use image_map::ImageMap;
pub use image_option::ImageOption;
pub use image_set::ImageSet;
pub use image_str::ImageStr;
pub use image_vec::ImageVec;
pub(crate) use lattice::Lattice;
pub use marks::Marks;
pub use object_type::{Object, ObjectType, Tail, TailLen};
pub(crate) use object_type::{Slots, WriteSlots};
pub use process_ptr::ProcessPtr;
pub use word::{Group, Word, WordRef};
pub(crate) use word::{TAGS, Tags};
pub(crate) use written::Writes;
