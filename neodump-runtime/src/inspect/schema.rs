//! The schema of an image, as a table of types.

use std::collections::HashMap;

use super::parse;
use crate::error::Result;

/// A type of a [`Schema`]: its place in the text, from 0, which is the image type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub(super) u32);

impl TypeId {
    /// The place of the type in the text.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the section `Schema` says, type by type, with every reference found.
#[derive(Debug, Clone, Default)]
pub struct Schema<'a> {
    pub(super) types: Vec<Type<'a>>,
    pub(super) by_name: HashMap<&'a str, TypeId>,
    /// The heap object types, in the order of the text: their ordinals number the arenas.
    pub(super) objects: Vec<TypeId>,
}

/// One block of the text.
#[derive(Debug, Clone)]
pub struct Type<'a> {
    pub(super) name: &'a str,
    pub(super) section: Option<(&'a str, u32)>,
    pub(super) object: Option<HeapObject>,
    pub(super) size: u64,
    pub(super) align: u64,
    pub(super) in_place: bool,
    pub(super) niche: bool,
    pub(super) rw: bool,
    pub(super) notes: Vec<&'a str>,
    pub(super) consts: Vec<(&'a str, i128)>,
    pub(super) body: Body<'a>,
    pub(super) of: Vec<TypeId>,
}

/// What a heap object type adds to a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeapObject {
    /// Bytes of one object, without a trailing array.
    pub size: u64,
    /// The alignment of objects.
    pub align: u64,
    /// The kind byte, if the type declares one.
    pub kind: Option<u64>,
    /// Bytes of a side record, 0 for a type without hydrated fields.
    pub side: u64,
    /// Offset and stride of the trailing array, if the type has one.
    pub tail: Option<(u64, u64)>,
}

/// What a type is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body<'a> {
    /// Nothing that the schema names: scalars, sequences, maps, pointers.
    Leaf,
    /// A tagged word of the machine; [`Type::of`] are the object types that it may point at.
    Word,
    /// The fields of a struct or tuple.
    Struct(Vec<Field<'a>>),
    /// The `repr` of an enum (`Rust` without one) and its variants in declaration order.
    Enum(&'a str, Vec<Variant<'a>>),
}

/// A field of a struct or variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name, or the position in a tuple.
    pub name: &'a str,
    /// The type; `None` for a field that is not stored.
    pub ty: Option<TypeId>,
    /// The offset in the stored record; for an object, in its slot or in its side record.
    pub offset: u64,
    /// The attribute that says how it is stored, empty for a plain field.
    pub policy: &'a str,
}

/// A variant of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant<'a> {
    /// The name.
    pub name: &'a str,
    /// The discriminant.
    pub discriminant: i128,
    /// The fields.
    pub fields: Vec<Field<'a>>,
}

impl<'a> Schema<'a> {
    /// Reads the text of a section `Schema` that lies at `offset` in the file.
    ///
    /// # Errors
    ///
    /// [`DumpError::ImageFormat`](crate::DumpError::ImageFormat) for text that does not follow the
    /// grammar, and for a reference to a type that the text does not have.
    pub fn parse(text: &'a str, offset: u64) -> Result<Self> {
        parse::schema(text, offset)
    }

    /// All types in the order of the text. The first is the image type.
    pub fn types(&self) -> &[Type<'a>] {
        &self.types
    }

    /// The type with this id.
    ///
    /// # Panics
    ///
    /// For an id of another schema.
    pub fn ty(&self, id: TypeId) -> &Type<'a> {
        &self.types[id.index()]
    }

    /// The type of this name.
    pub fn find(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// The heap object types in the order of their ordinals.
    pub fn objects(&self) -> &[TypeId] {
        &self.objects
    }

    /// The image type.
    pub fn root(&self) -> Option<&Type<'a>> {
        self.types.first()
    }

    /// The names of the managers' sections with their types, in the order of the image type's fields.
    pub fn managers(&self) -> impl Iterator<Item = (&'a str, TypeId)> {
        let fields = self.root().into_iter().flat_map(|root| root.fields());
        fields.filter_map(|field| field.ty).filter_map(|id| Some((self.ty(id).section?.0, id)))
    }
}

impl<'a> Type<'a> {
    /// The qualified name with all parameters, unique in the schema.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The name without paths: `Table<Value, Face>` for `vm::table::Table<vm::Value, vm::Face>`.
    pub fn short_name(&self) -> String {
        crate::schema::short_name(self.name)
    }

    /// Name and version of its section, if it is a manager.
    pub fn section(&self) -> Option<(&'a str, u32)> {
        self.section
    }

    /// What it is as a heap object, if it is one.
    pub fn object(&self) -> Option<HeapObject> {
        self.object
    }

    /// Bytes of a stored record.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The alignment of a stored record, a power of two.
    pub fn align(&self) -> u64 {
        self.align
    }

    /// Whether the stored form is the memory form.
    pub fn in_place(&self) -> bool {
        self.in_place
    }

    /// Whether zeros are the `None` of an `Option` of it.
    pub fn niche(&self) -> bool {
        self.niche
    }

    /// Whether its records are in segment `rw`: it holds words, pointers or symbols, or can change.
    pub fn rw(&self) -> bool {
        self.rw
    }

    /// What else its meaning rests on: the scheme of a word, `validate`.
    pub fn notes(&self) -> &[&'a str] {
        &self.notes
    }

    /// The constants that it is generic over, as type and value.
    pub fn consts(&self) -> &[(&'a str, i128)] {
        &self.consts
    }

    /// What it is made of.
    pub fn body(&self) -> &Body<'a> {
        &self.body
    }

    /// Its parameters: elements, keys, values, pointees, the objects behind a word.
    pub fn of(&self) -> &[TypeId] {
        &self.of
    }

    /// The fields of a struct, none for other types.
    pub fn fields(&self) -> &[Field<'a>] {
        match &self.body {
            Body::Struct(fields) => fields,
            _ => &[],
        }
    }
}
