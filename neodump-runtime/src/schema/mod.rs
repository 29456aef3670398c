//! What a type looks like in an image: shapes, their graph, the canonical text and hash of it, and what changed
//! between two texts.

mod describe;
mod diff;
mod explain;
mod graph;
#[cfg(test)]
mod property;
mod shape;
mod text;

pub use diff::{Change, ChangeKind, SchemaDiff, Width, diff};
pub use explain::{Reason, Tier, TypeTier, explain, tiers};
pub(crate) use graph::{CheckedTypes, IdHasher};
pub use graph::{TypeGraph, TypeIndex};
pub use shape::{FieldShape, Repr, SectionDecl, Shape, ShapeKind, TypeRef, VariantShape};
pub(crate) use text::short_name;
pub use text::{
    FieldText, ObjectText, SchemaText, SchemaTextError, TypeKind, TypeText, VariantText, base_name,
};
