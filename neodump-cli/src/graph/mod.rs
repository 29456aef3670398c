//! The object graph of an image, read from the file alone.
//!
//! Nodes are the image type, its fields, the heap objects and the values that several owners share. What an object or a
//! field owns outside of its record (vectors, maps, boxes) is a part of it, not a node. References come from the
//! relocated words that the schema finds in records, so every one of them has a way that can be told.

mod build;
mod compile;
pub(crate) mod cost;
mod digest;
mod dominators;
mod edges;
mod find;
mod label;
mod layout;
mod listed;
mod nodes;
mod paths;
mod scheme;
mod tally;
#[cfg(test)]
mod testing;
mod walk;
mod way;

pub(crate) use build::Graph;
pub(crate) use digest::{Digests, kind_name, mix};
pub(crate) use dominators::Dominators;
pub(crate) use edges::Edges;
pub(crate) use find::references;
pub(crate) use label::{node_name, root_name, way_text};
pub(crate) use nodes::{Node, RootField};
pub(crate) use paths::Paths;
pub(crate) use tally::{Owner, Tally};
pub(crate) use walk::{Payload, PayloadKind};
