//! What a type looks like in an image: shapes, their graph, and the canonical text and hash of it.

mod diff;
mod graph;
mod shape;

pub use diff::diff;
pub(crate) use graph::{CheckedTypes, IdHasher};
pub use graph::{TypeGraph, TypeIndex};
pub use shape::{FieldShape, Repr, SectionDecl, Shape, ShapeKind, TypeRef, VariantShape};
