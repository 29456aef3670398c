//! The shape of one type: constant data that the derive writes next to the type.

use std::any::TypeId;

use crate::heap::ObjectType;
use crate::record::{Dumpable, Record};

/// The name and version of a section, declared by `#[dump(section = "..", version = n)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionDecl {
    /// The name of the section, at most 31 bytes.
    pub name: &'static str,
    /// The version that its author gave it.
    pub version: u32,
}

/// A reference from one shape to another; a function, so that types may refer to each other in circles.
#[derive(Clone, Copy)]
pub struct TypeRef {
    id: fn() -> TypeId,
    shape: fn() -> &'static Shape,
}

impl TypeRef {
    /// The reference to `T`.
    pub const fn of<T: Dumpable>() -> Self {
        Self { id: TypeId::of::<T::Id>, shape: T::shape }
    }

    /// The reference to what is stored of a native, which is told apart by `I`.
    pub(crate) const fn of_native<I: 'static>(shape: fn() -> &'static Shape) -> Self {
        Self { id: TypeId::of::<I>, shape }
    }

    /// The reference to a union.
    pub(crate) const fn of_union<U: crate::record::Tagged>() -> Self {
        Self { id: TypeId::of::<U::Id>, shape: U::shape }
    }

    /// A reference to a shape that a test makes up.
    #[cfg(test)]
    pub(super) const fn made_up(id: fn() -> TypeId, shape: fn() -> &'static Shape) -> Self {
        Self { id, shape }
    }

    /// The identity of the type, whatever its lifetimes.
    pub fn id(self) -> TypeId {
        (self.id)()
    }

    /// The shape of the type.
    pub fn shape(self) -> &'static Shape {
        (self.shape)()
    }
}

impl std::fmt::Debug for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.shape().name)
    }
}

/// What a type is made of: everything about it that a reader of its bytes relies on.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The qualified name of the type, or what `#[dump(id = "..")]` says in its place.
    pub name: &'static str,
    /// What kind of type it is, with its own fields.
    pub kind: ShapeKind,
    /// The size, alignment and tier of the stored record.
    pub record: Record,
    /// The types that it is generic over or contains: elements, keys, values, pointees.
    pub params: &'static [TypeRef],
    /// The constants that it is generic over, as (type, value).
    pub consts: &'static [(&'static str, i128)],
    /// What else its meaning rests on, as text: a word's scheme, a baked value, `validate`.
    pub notes: &'static [&'static str],
    /// Its section, if it is a manager.
    pub section: Option<SectionDecl>,
    /// Its object type, if it is a heap object type.
    pub object: Option<fn() -> &'static ObjectType>,
}

impl Shape {
    /// A type without fields of its own, such as `u32` or `Vec<T>`.
    pub const fn leaf(name: &'static str, record: Record, params: &'static [TypeRef]) -> Self {
        Self {
            name,
            kind: ShapeKind::Leaf,
            record,
            params,
            consts: &[],
            notes: &[],
            section: None,
            object: None,
        }
    }

    /// Whether the type has a `#[dump(validate = ..)]`.
    pub(crate) fn is_validated(&self) -> bool {
        self.notes.iter().any(|note| note.starts_with("validate = "))
    }
}

/// The fields that a type has.
#[derive(Debug, Clone, Copy)]
pub enum ShapeKind {
    /// None that the schema names: scalars, sequences, maps, pointers.
    Leaf,
    /// A struct or tuple struct.
    Struct(&'static [FieldShape]),
    /// An enum.
    Enum {
        /// How its tag is stored.
        repr: Repr,
        /// Its variants in declaration order.
        variants: &'static [VariantShape],
    },
    /// A VM's tagged word; the shape's `params` are the heap object types it may point at.
    Word,
}

/// How the tag of an enum is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repr {
    /// By the compiler's own choice; the stored form has the variant's index as `u32`.
    Rust,
    /// By an explicit `repr`, named as in the source: `"u8"`, `"C"`, `"C, u8"`.
    Explicit(&'static str),
}

/// One field of a struct or variant.
#[derive(Debug, Clone, Copy)]
pub struct FieldShape {
    /// The name, or the position in a tuple struct.
    pub name: &'static str,
    /// The offset in the stored record; for an object, in its slot or in its side record.
    pub offset: usize,
    /// Whether it is in the side record of an object.
    pub side: bool,
    /// The type; `None` for a field that is not stored.
    pub ty: Option<TypeRef>,
    /// The attribute that says how it is stored, empty for a plain field: `"bake = 1"`,
    /// `"skip"`, `"tail = len"`.
    pub policy: &'static str,
}

impl FieldShape {
    /// Whether the field has bytes in the record, or may have some where its type is not shown: those of a `cache`. The
    /// offset of any other says nothing.
    pub(crate) fn is_stored(&self) -> bool {
        self.ty.is_some() || !matches!(self.policy, "skip" | "derived" | "relink" | "heap")
    }
}

/// One variant of an enum.
#[derive(Debug, Clone, Copy)]
pub struct VariantShape {
    /// The name.
    pub name: &'static str,
    /// The discriminant.
    pub discriminant: i128,
    /// The fields.
    pub fields: &'static [FieldShape],
}
