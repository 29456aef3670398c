//! The schema of an image, as a table of types.

use std::collections::HashMap;

use super::form::Form;
use crate::bounds::to_u64;
use crate::dump::framework;
use crate::error::{DumpError, Result};
use crate::schema::{FieldText, SchemaText, TypeKind, TypeText};
use crate::shown::shown;

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
    pub(super) form: Form,
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
    /// Whether it is in the side record of an object.
    pub side: bool,
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
        let read = SchemaText::parse(text).map_err(|error| {
            let before = text.split_inclusive('\n').take(error.line.saturating_sub(1)).map(str::len).sum();
            let at = offset.saturating_add(to_u64(before));
            DumpError::format(framework::SCHEMA, at, error.to_string())
        })?;
        let refuse = |problem: String| DumpError::format(framework::SCHEMA, offset, problem);
        if read.types.is_empty() {
            return Err(refuse("there is no image type".to_owned()));
        }
        let mut by_name = HashMap::with_capacity(read.types.len());
        for (id, ty) in (0..).map(TypeId).zip(&read.types) {
            if by_name.insert(ty.name, id).is_some() {
                return Err(refuse(format!("two types are called {}", shown(ty.name))));
            }
        }
        let types = read.types.iter().map(|ty| Type::of_text(ty, &by_name));
        let types: Vec<Type<'a>> = types.collect::<Result<_, String>>().map_err(refuse)?;
        let objects = (0..).map(TypeId).zip(&types).filter(|(_, ty)| ty.object.is_some());
        let schema = Self { objects: objects.map(|(id, _)| id).collect(), types, by_name };
        match schema.contains_itself() {
            None => Ok(schema),
            Some(name) => Err(refuse(format!("a record of type {} contains itself", shown(name)))),
        }
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

impl<'a> Schema<'a> {
    /// A type whose records hold one of the same type in their own bytes, which no type of Rust can: reading
    /// such a record would not end.
    fn contains_itself(&self) -> Option<&'a str> {
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![0_u8; self.types.len()];
        for start in 0..self.types.len() {
            // The types that are open, each with the parts that are left of it. A type is opened once.
            let mut stack: Vec<(usize, std::vec::IntoIter<TypeId>)> = Vec::new();
            let mut next = Some(start);
            loop {
                if let Some((at, ty)) = next.take().and_then(|at| Some((at, self.types.get(at)?))) {
                    match state.get_mut(at) {
                        Some(&mut OPEN) => return Some(ty.name),
                        Some(state) if *state != DONE => {
                            *state = OPEN;
                            stack.push((at, ty.contained().into_iter()));
                        }
                        _ => {}
                    }
                }
                let Some((at, left)) = stack.last_mut() else { break };
                next = left.next().map(TypeId::index);
                if next.is_none() {
                    state.get_mut(*at).into_iter().for_each(|state| *state = DONE);
                    stack.pop();
                }
            }
        }
        None
    }
}

impl<'a> Type<'a> {
    /// The types of what a record holds in its own bytes.
    fn contained(&self) -> Vec<TypeId> {
        match &self.body {
            Body::Struct(fields) => fields.iter().filter_map(|field| field.ty).collect(),
            Body::Enum(_, variants) => {
                variants.iter().flat_map(|variant| &variant.fields).filter_map(|field| field.ty).collect()
            }
            Body::Leaf if self.form.contains_parameter() => self.of.clone(),
            Body::Leaf | Body::Word => Vec::new(),
        }
    }

    /// The type of a block; its numbers are such that offsets and sizes can be worked with.
    fn of_text(text: &TypeText<'a>, by_name: &HashMap<&'a str, TypeId>) -> Result<Self, String> {
        let refuse = |problem: &str| Err(format!("type {}: {problem}", shown(text.name)));
        let find = |name: &str| {
            let id = by_name.get(name).copied();
            id.ok_or_else(|| {
                format!("type {} refers to {}, which is not there", shown(text.name), shown(name))
            })
        };
        let fields = |fields: &[FieldText<'a>]| -> Result<Vec<Field<'a>>, String> {
            let fields = fields.iter().map(|field| {
                let ty = field.ty.map(find).transpose()?;
                let (name, offset) = (field.name, field.offset.unwrap_or(0));
                Ok(Field { name, ty, offset, side: field.side, policy: field.policy })
            });
            fields.collect()
        };
        let body = match text.kind {
            TypeKind::Leaf => Body::Leaf,
            TypeKind::Word => Body::Word,
            TypeKind::Struct => Body::Struct(fields(&text.fields)?),
            TypeKind::Enum => {
                let variants = text.variants.iter().map(|variant| {
                    let (name, discriminant) = (variant.name, variant.discriminant);
                    Ok::<_, String>(Variant { name, discriminant, fields: fields(&variant.fields)? })
                });
                Body::Enum(text.repr.unwrap_or("Rust"), variants.collect::<Result<_, _>>()?)
            }
        };
        if !text.align.is_power_of_two() || text.align > 64 {
            return refuse("the alignment is no power of two up to 64");
        }
        let mut object = None;
        if let Some(found) = text.object {
            if found.size == 0 || !matches!(found.align, 8 | 16) {
                return refuse("an object has bytes and is aligned to 8 or 16");
            }
            if found.tail.is_some_and(|(_, stride)| stride == 0) {
                return refuse("the elements of a trailing array have bytes");
            }
            if found.tail.is_some_and(|(offset, _)| offset > found.size) {
                return refuse("the trailing array starts behind the object");
            }
            let (kind, side, tail) = (found.kind, found.side, found.tail);
            object = Some(HeapObject { size: found.size, align: found.align, kind, side, tail });
        }
        let consts = text.consts.iter().map(|(name, value)| match value.parse() {
            Ok(value) => Ok((*name, value)),
            Err(_) => Err(format!("type {}: constant {} is no number", shown(text.name), shown(name))),
        });
        let mut ty = Self {
            name: text.name,
            section: text.section,
            object,
            size: text.size,
            align: text.align,
            in_place: text.in_place,
            niche: text.flags.contains(&"niche"),
            rw: text.flags.contains(&"rw"),
            notes: text.notes.clone(),
            consts: consts.collect::<Result<_, _>>()?,
            body,
            of: text.params.iter().map(|name| find(name)).collect::<Result<_, _>>()?,
            form: Form::Opaque,
        };
        ty.form = Form::of(&ty);
        Ok(ty)
    }

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

    /// How its stored record is read.
    pub fn form(&self) -> &Form {
        &self.form
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

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Schema::parse(text, 0).expect_err("refused").to_string()
    }

    #[test]
    fn a_trailing_array_that_starts_behind_its_object_is_refused() {
        let text = |at: u64| {
            format!(
                "struct vm::Vector object size 16 align 8 tail at {at} stride 8: 16 bytes align 8 in place\n  n: u64 at 0\n\
                 type u64: 8 bytes align 8 in place\n"
            )
        };
        assert!(Schema::parse(&text(16), 0).is_ok());
        for at in [17, u64::MAX] {
            assert!(problem(&text(at)).contains("the trailing array starts behind the object"));
        }
    }

    #[test]
    fn what_is_said_of_a_schema_neither_controls_the_terminal_nor_fills_it() {
        let head = "struct vm::\x1b]0;pwned\x07Vm: 8 bytes align 8 in place\n";
        assert!(!problem(head).contains(['\x1b', '\x07']));
        let name = "x".repeat(100_000);
        let text = format!("struct {name}: 8 bytes align 8 in place\n  a: {name}y at 0\n");
        assert!(problem(&text).len() < 1000);
    }

    #[test]
    fn a_type_that_contains_itself_is_refused_and_one_that_points_at_itself_is_not() {
        let text = |first: &str| {
            format!(
                "struct A: 8 bytes align 8 in place\n  b: B at 0\n  c: B at 0\nstruct B: 8 bytes align 8 in place\n  a: {first} at 0\n\
                     type &<A>: 8 bytes align 8 in place\n  of A\n"
            )
        };
        assert!(Schema::parse(&text("&<A>"), 0).is_ok());
        assert!(problem(&text("A")).contains("a record of type A contains itself"));
        assert!(problem(&text("B")).contains("a record of type B contains itself"));
    }

    #[test]
    #[cfg_attr(miri, ignore = "a long text")]
    fn a_type_of_many_fields_is_read_in_a_time_that_the_text_bounds() {
        let fields: String = (0..100_000).map(|n| format!("  f{n}: u8 at 0\n")).collect();
        let text = format!("struct A: 8 bytes align 8 in place\n{fields}type u8: 1 bytes align 1 in place\n");
        let start = std::time::Instant::now();
        assert!(Schema::parse(&text, 0).is_ok());
        // Field by field from the first one on this would take minutes.
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }
}
