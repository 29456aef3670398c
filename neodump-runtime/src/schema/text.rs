//! The canonical text of a schema, read back: what an image says of its own layout.
//!
//! The text comes out of a file, so reading it believes nothing: a line that does not fit the grammar of
//! `docs/format.md` is an error with its number.

use std::fmt;

use crate::shown::is_control;

/// A schema text, one block a type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchemaText<'a> {
    /// The types in the order of the text, that of the image type first.
    pub types: Vec<TypeText<'a>>,
}

/// One type of a schema text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeText<'a> {
    /// What kind of type it is.
    pub kind: TypeKind,
    /// The qualified name, with its parameters.
    pub name: &'a str,
    /// Name and version of its section, if it is a manager.
    pub section: Option<(&'a str, u32)>,
    /// What it is as a heap object, if it is one.
    pub object: Option<ObjectText>,
    /// The bytes of the stored record.
    pub size: u64,
    /// The alignment of the stored record.
    pub align: u64,
    /// Whether the stored form is the memory form.
    pub in_place: bool,
    /// What else is said of the record: `niche`, `rw`.
    pub flags: Vec<&'a str>,
    /// What else its meaning rests on: a word's scheme, `validate`.
    pub notes: Vec<&'a str>,
    /// The constants that it is generic over, as (type, value).
    pub consts: Vec<(&'a str, &'a str)>,
    /// How the tag of an enum is stored.
    pub repr: Option<&'a str>,
    /// The fields of a struct.
    pub fields: Vec<FieldText<'a>>,
    /// The variants of an enum.
    pub variants: Vec<VariantText<'a>>,
    /// The types that it contains or points at without a field: elements, keys, values, pointees.
    pub params: Vec<&'a str>,
}

/// What kind of type a block describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// One without fields that the schema names.
    Leaf,
    /// A tagged word.
    Word,
    /// A struct or tuple.
    Struct,
    /// An enum.
    Enum,
}

impl TypeKind {
    /// The word that starts the block.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leaf => "type",
            Self::Word => "word",
            Self::Struct => "struct",
            Self::Enum => "enum",
        }
    }
}

/// What a type is as a heap object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectText {
    /// The bytes of the object without its trailing array.
    pub size: u64,
    /// The alignment of the object.
    pub align: u64,
    /// What its header byte says.
    pub kind: Option<u64>,
    /// The bytes of its side record.
    pub side: u64,
    /// Offset and stride of its trailing array.
    pub tail: Option<(u64, u64)>,
}

/// One field of a struct or variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldText<'a> {
    /// The name, or the position in a tuple struct.
    pub name: &'a str,
    /// The type; `None` for a field that the schema names no type of.
    pub ty: Option<&'a str>,
    /// The offset in the stored record; for an object, in its slot or in its side record.
    pub offset: Option<u64>,
    /// Whether it is in the side record of an object.
    pub side: bool,
    /// The attribute that says how it is stored, empty for a plain field.
    pub policy: &'a str,
}

/// One variant of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantText<'a> {
    /// The name.
    pub name: &'a str,
    /// The discriminant.
    pub discriminant: i128,
    /// The fields.
    pub fields: Vec<FieldText<'a>>,
}

/// A line that is none of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaTextError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for SchemaTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the schema is not {}", self.line, self.expected)
    }
}

impl std::error::Error for SchemaTextError {}

impl<'a> SchemaText<'a> {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// The first line that is not in the grammar, or has a control character.
    pub fn parse(text: &'a str) -> Result<Self, SchemaTextError> {
        let mut types: Vec<TypeText<'a>> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let refuse = |expected| SchemaTextError { line: index + 1, expected };
            // A writer escapes them: here they would do something to the terminal that shows the text.
            if line.contains(is_control) {
                return Err(refuse("text without control characters"));
            }
            match (line.strip_prefix("  "), types.last_mut()) {
                (None, _) => types.push(head(line).ok_or_else(|| refuse("the first line of a type"))?),
                (Some(_), None) => return Err(refuse("the first line of a type")),
                (Some(line), Some(ty)) => {
                    ty.take(line).ok_or_else(|| refuse("a note, constant, field, variant or parameter"))?;
                }
            }
        }
        Ok(Self { types })
    }

    /// The type of a name.
    pub fn find(&self, name: &str) -> Option<&TypeText<'a>> {
        self.types.iter().find(|ty| ty.name == name)
    }
}

impl<'a> TypeText<'a> {
    /// The lists of fields: of a struct its own, of an enum those of each variant.
    pub fn field_lists(&self) -> impl Iterator<Item = (Option<&'a str>, &[FieldText<'a>])> {
        let own = std::iter::once((None, &*self.fields)).filter(|(_, fields)| !fields.is_empty());
        own.chain(self.variants.iter().map(|variant| (Some(variant.name), &*variant.fields)))
    }

    /// Takes a line of the body, without its first two spaces. What a line is follows from what came before:
    /// notes and constants, then the body, then parameters.
    fn take(&mut self, line: &'a str) -> Option<()> {
        if let Some(line) = line.strip_prefix("  ") {
            let field = field(line)?;
            self.variants.last_mut()?.fields.push(field);
        } else if self.repr.is_some() {
            match variant(line) {
                Some(variant) if self.params.is_empty() => self.variants.push(variant),
                _ => self.params.push(line.strip_prefix("of ")?),
            }
        } else if let Some(note) = line.strip_prefix("note ") {
            self.notes.push(note);
        } else if let Some(constant) = line.strip_prefix("const ") {
            self.consts.push(constant.rsplit_once(" = ")?);
        } else if let (TypeKind::Enum, Some(repr)) = (self.kind, line.strip_prefix("repr ")) {
            self.repr = Some(repr);
        } else if let Some(param) = line.strip_prefix("of ") {
            self.params.push(param);
        } else if self.kind == TypeKind::Struct && self.params.is_empty() {
            self.fields.push(field(line)?);
        } else {
            return None;
        }
        Some(())
    }
}

/// The first line of a block.
fn head(line: &str) -> Option<TypeText<'_>> {
    let (head, record) = line.rsplit_once(": ")?;
    let (kind, head) = head.split_once(' ')?;
    let kinds = [TypeKind::Leaf, TypeKind::Word, TypeKind::Struct, TypeKind::Enum];
    let kind = *kinds.iter().find(|known| known.name() == kind)?;
    let (head, object) = match head.split_once(" object size ") {
        None => (head, None),
        Some((head, rest)) => (head, Some(object(rest)?)),
    };
    let (name, section) = match head.split_once(" section \"") {
        None => (head, None),
        Some((name, rest)) => {
            let (section, version) = rest.split_once("\" version ")?;
            (name, Some((section, version.parse().ok()?)))
        }
    };
    // The snapshot of a part leaves out what follows from another part.
    let (size, align, record) = match record.split_once(" bytes align ") {
        None => (0, 0, record),
        Some((size, rest)) => {
            let (align, record) = rest.split_once(' ')?;
            (size.parse().ok()?, align.parse().ok()?, record)
        }
    };
    let mut words = record.split(' ');
    let in_place = match words.next()? {
        "hydrated" => false,
        "in" if words.next()? == "place" => true,
        _ => return None,
    };
    Some(TypeText {
        kind,
        name,
        section,
        object,
        size,
        align,
        in_place,
        flags: words.collect(),
        notes: Vec::new(),
        consts: Vec::new(),
        repr: None,
        fields: Vec::new(),
        variants: Vec::new(),
        params: Vec::new(),
    })
}

/// What follows `object size`.
fn object(text: &str) -> Option<ObjectText> {
    let mut words = text.split(' ');
    let mut number = |after: &[&str]| -> Option<Option<u64>> {
        let mut rest = words.clone();
        if after.iter().any(|word| rest.next() != Some(word)) {
            return Some(None);
        }
        let number = rest.next()?.parse().ok()?;
        words = rest;
        Some(Some(number))
    };
    let size = number(&[])??;
    let align = number(&["align"])??;
    let kind = number(&["kind"])?;
    let side = number(&["side"])?.unwrap_or(0);
    let tail = match number(&["tail", "at"])? {
        Some(offset) => Some((offset, number(&["stride"])??)),
        None => None,
    };
    words.next().is_none().then_some(ObjectText { size, align, kind, side, tail })
}

/// `name: type at offset side [policy]`.
fn field(line: &str) -> Option<FieldText<'_>> {
    let (name, rest) = line.split_once(": ")?;
    // A policy ends the line and may hold brackets of its own, a type may not: the first bracket behind a space.
    let (rest, policy) = match rest.split_once(" [") {
        Some((rest, policy)) => (rest, policy.strip_suffix(']')?),
        None => (rest, ""),
    };
    let (ty, offset, side) = match rest.rsplit_once(" at ") {
        Some((ty, place)) => {
            let offset = place.strip_suffix(" side");
            (ty, Some(offset.unwrap_or(place).parse().ok()?), offset.is_some())
        }
        None => (rest, None, false),
    };
    Some(FieldText { name, ty: (ty != "-").then_some(ty), offset, side, policy })
}

/// `name = discriminant`.
fn variant(line: &str) -> Option<VariantText<'_>> {
    let (name, discriminant) = line.split_once(" = ")?;
    let discriminant = discriminant.parse().ok()?;
    (!name.contains(' ')).then(|| VariantText { name, discriminant, fields: Vec::new() })
}

/// The name of a type alone, without its path and its parameters: `HashTable` for `vm::heap::HashTable<vm::Value>`.
///
/// It is how places and the ways to values call a type.
pub fn base_name(name: &str) -> &str {
    let path = name.split('<').next().unwrap_or(name);
    path.rsplit("::").next().unwrap_or(path)
}

/// A name without the paths in it: `HashTable<Value>`.
pub(crate) fn short_name(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    // Where the last part of the path that is being copied starts.
    let mut start = 0;
    let mut rest = name;
    while let Some(next) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("::") {
            short.truncate(start);
            rest = after;
            continue;
        }
        short.push(next);
        if !next.is_alphanumeric() && next != '_' {
            start = short.len();
        }
        rest = &rest[next.len_utf8()..];
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
struct vm::Vm: 56 bytes align 8 hydrated rw
  note validate = Vm::check
  heap: - [heap]
  faces: vm::FaceTable at 0 [bake = [1, 2]]
struct vm::FaceTable section \"faces\" version 3: 16 bytes align 8 hydrated
  faces: HashMap<Symbol, vm::Face> at 0
enum vm::Shape<u32; 4>: 8 bytes align 4 in place niche
  const usize = 4
  repr u8
  Circle = -2
    0: u32 at 4
  of = 5
  of u32
struct vm::Vector object size 16 align 8 kind 3 side 24 tail at 16 stride 8: 16 bytes align 8 in place rw
type u32: 4 bytes align 4 in place
";

    #[test]
    fn a_text_is_read_with_all_that_it_says() {
        let schema = SchemaText::parse(TEXT).expect("a schema");
        let names: Vec<_> = schema.types.iter().map(|ty| (ty.kind.name(), ty.name)).collect();
        let expected = [
            ("struct", "vm::Vm"),
            ("struct", "vm::FaceTable"),
            ("enum", "vm::Shape<u32; 4>"),
            ("struct", "vm::Vector"),
            ("type", "u32"),
        ];
        assert_eq!(names, expected);
        let [vm, faces, shape, vector, number] = &schema.types[..] else { panic!("{schema:?}") };
        assert_eq!((vm.size, vm.align, vm.in_place, &vm.flags[..]), (56, 8, false, &["rw"][..]));
        assert_eq!(vm.notes, ["validate = Vm::check"]);
        assert_eq!(
            vm.fields[0],
            FieldText { name: "heap", ty: None, offset: None, side: false, policy: "heap" }
        );
        assert_eq!((vm.fields[1].offset, vm.fields[1].policy), (Some(0), "bake = [1, 2]"));
        assert_eq!(faces.section, Some(("faces", 3)));
        assert_eq!(faces.fields[0].ty, Some("HashMap<Symbol, vm::Face>"));
        assert_eq!((&shape.consts[..], shape.repr), (&[("usize", "4")][..], Some("u8")));
        assert_eq!((shape.variants[0].name, shape.variants[0].discriminant), ("Circle", -2));
        assert_eq!((shape.variants[1].name, shape.variants[1].discriminant), ("of", 5));
        assert_eq!(shape.params, ["u32"]);
        let expected = ObjectText { size: 16, align: 8, kind: Some(3), side: 24, tail: Some((16, 8)) };
        assert_eq!(vector.object, Some(expected));
        assert_eq!(number.kind, TypeKind::Leaf);
    }

    #[test]
    fn a_line_that_is_none_of_a_schema_is_refused_with_its_number() {
        for (text, line) in [
            ("  of u32", 1),
            ("struct vm::Vm: 5 bytes", 1),
            ("thing vm::Vm: 5 bytes align 1 in place", 1),
            ("struct vm::Vm: x bytes align 1 in place", 1),
            ("struct vm::Vm object size 8: 5 bytes align 1 in place", 1),
            ("struct vm::Vm: 5 bytes align 1 in place\n  a: u32 at x", 2),
            ("struct vm::Vm: 5 bytes align 1 in place\n    a: u32 at 0", 2),
            ("type u32: 4 bytes align 4 in place\n  a: u32 at 0", 2),
            ("enum E: 4 bytes align 4 in place\n  repr u8\n  A = many", 3),
        ] {
            assert_eq!(SchemaText::parse(text).map_err(|error| error.line), Err(line), "{text}");
        }
    }

    #[test]
    fn text_that_would_control_a_terminal_is_refused_wherever_it_stands() {
        for control in ['\u{1b}', '\u{7}', '\r', '\t', '\u{9b}', '\u{202e}'] {
            for place in ["vm::Face", "note valid", "faces: H", "bake = [1", "Circle", "repr u"] {
                let text = TEXT.replacen(place, &format!("{place}{control}"), 1);
                assert_ne!(text, TEXT);
                let error = SchemaText::parse(&text).expect_err("refused");
                assert_eq!(error.expected, "text without control characters", "{text}");
            }
        }
    }

    #[test]
    fn names_lose_their_paths_and_keep_their_parameters() {
        let name = "vm::table::Table<vm::Value, tuple<u8, vm::Face>>#2";
        assert_eq!(short_name(name), "Table<Value, tuple<u8, Face>>#2");
        assert_eq!(short_name("u8"), "u8");
        assert_eq!((base_name(name), base_name("u8")), ("Table", "u8"));
    }
}
