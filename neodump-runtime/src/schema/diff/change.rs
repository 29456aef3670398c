//! One change of a layout, and how it reads.

use std::fmt;

/// A change of one type between two schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The type as a reader knows it: without its path where that is clear.
    pub ty: String,
    /// The version of the type's section in the new schema, if it is a manager.
    pub version: Option<u32>,
    /// What has changed.
    pub kind: ChangeKind,
}

/// What has changed of a type.
///
/// A field is named with its variant where it has one: `Circle.radius`. Offsets and sizes count bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The type is new.
    TypeAdded,
    /// The type is gone.
    TypeRemoved,
    /// A type that is gone, and a new one that is made of the same.
    TypeRenamed {
        /// The new name, with its path.
        to: String,
    },
    /// The kind of the type: `struct`, `enum`, `word`, `type`.
    Kind {
        /// What it was.
        from: &'static str,
        /// What it is.
        to: &'static str,
    },
    /// The name of its section.
    Section {
        /// The name that it had, if it was a section.
        from: Option<String>,
        /// The name that it has, if it is a section.
        to: Option<String>,
    },
    /// The version of its section.
    Version {
        /// The name of the section.
        section: String,
        /// The old version.
        from: u32,
        /// The new version.
        to: u32,
    },
    /// A field that is new.
    FieldAdded {
        /// Its name.
        field: String,
        /// Its type; `None` for one that the schema names no type of.
        ty: Option<String>,
        /// Its offset, if it is stored.
        offset: Option<u64>,
        /// Its attribute.
        policy: String,
    },
    /// A field that is gone.
    FieldRemoved {
        /// Its name.
        field: String,
        /// Its type.
        ty: Option<String>,
        /// Its offset, if it was stored.
        offset: Option<u64>,
    },
    /// A field that is gone, and a new one of the same type in its place.
    FieldRenamed {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A field of another type.
    FieldRetyped {
        /// Its name.
        field: String,
        /// The old type.
        from: String,
        /// The new type.
        to: String,
        /// Whether the two are numbers of one kind: whether old values fit.
        width: Width,
    },
    /// A field that is stored in another way.
    Policy {
        /// Its name.
        field: String,
        /// The old attribute, empty for a plain field.
        from: String,
        /// The new one.
        to: String,
    },
    /// A field of a heap object that is stored in the object, or in the side record of it.
    Place {
        /// Its name.
        field: String,
        /// Whether it is in the side record now, and was not; otherwise the other way round.
        to_side: bool,
    },
    /// The fields that both have are in another order.
    Reordered {
        /// The variant, if the fields are those of one.
        variant: Option<String>,
        /// The fields that both have, in the old order.
        from: Vec<String>,
        /// The same in the new order.
        to: Vec<String>,
    },
    /// Fields that follow each other and have moved by the same number of bytes.
    Moved {
        /// The first of them.
        first: String,
        /// The last of them, if there are several.
        last: Option<String>,
        /// How many they are.
        count: usize,
        /// The old offset of the first.
        from: u64,
        /// The new offset of the first.
        to: u64,
    },
    /// A variant that is new.
    VariantAdded {
        /// Its name.
        variant: String,
        /// Its discriminant.
        discriminant: i128,
    },
    /// A variant that is gone.
    VariantRemoved {
        /// Its name.
        variant: String,
        /// Its discriminant.
        discriminant: i128,
    },
    /// A variant that is gone, and a new one with its discriminant and fields.
    VariantRenamed {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A variant with another discriminant.
    Discriminant {
        /// Its name.
        variant: String,
        /// The old discriminant.
        from: i128,
        /// The new discriminant.
        to: i128,
    },
    /// A line that says what else the meaning of the type rests on, or a type that it holds or points at.
    Line {
        /// `note`, `const`, `of`, `repr`.
        what: &'static str,
        /// What was said, if anything was.
        from: Option<String>,
        /// What is said.
        to: Option<String>,
    },
    /// A number or a flag of the type: `size`, `alignment`, `tier`, ..
    Property {
        /// Which one.
        what: &'static str,
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
}

/// How the number types of a field that was re-typed compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// The new one has more bits: `u16` to `u32`.
    Widened,
    /// The new one has fewer bits.
    Narrowed,
    /// They are not two widths of one kind of number.
    Other,
}

impl Width {
    /// Compares the names of two types.
    pub(super) fn of(from: &str, to: &str) -> Self {
        let split = |name: &str| {
            let digits = name.strip_prefix(['u', 'i', 'f'])?;
            Some((name.as_bytes().first().copied()?, digits.parse::<u32>().ok()?))
        };
        match (split(from), split(to)) {
            (Some((one, old)), Some((other, new))) if one == other && old < new => Self::Widened,
            (Some((one, old)), Some((other, new))) if one == other && old > new => Self::Narrowed,
            _ => Self::Other,
        }
    }
}

impl ChangeKind {
    /// Whether it follows from another change, as a field's move from one that was added before it. Such changes
    /// come last.
    pub fn is_consequence(&self) -> bool {
        matches!(self, Self::Moved { .. } | Self::Property { .. })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ty = &self.ty;
        let whole = match self.version {
            Some(version) => format!("{ty} v{version}"),
            None => ty.clone(),
        };
        match &self.kind {
            ChangeKind::TypeAdded => write!(f, "{whole} is new"),
            ChangeKind::TypeRemoved => write!(f, "{whole} is gone"),
            ChangeKind::TypeRenamed { to } => {
                write!(f, "{whole} looks renamed to {to} (`id` pins the name of a type that moves)")
            }
            ChangeKind::Kind { from, to } => write!(f, "{whole}: {from} -> {to}"),
            ChangeKind::Section { from, to } => {
                let name = |name: &Option<String>| match name {
                    Some(name) => format!("section {name}"),
                    None => "no section".to_owned(),
                };
                write!(f, "{whole}: {} -> {}", name(from), name(to))
            }
            ChangeKind::Version { section, from, to } => {
                write!(f, "{ty}: version of section {section} {from} -> {to}")
            }
            ChangeKind::FieldAdded { field, ty, offset, policy } => {
                write!(f, "{whole}: field \"{field}\" added")?;
                field_details(f, ty.as_deref(), *offset, policy)
            }
            ChangeKind::FieldRemoved { field, ty, offset } => {
                write!(f, "{whole}: field \"{field}\" removed")?;
                field_details(f, ty.as_deref(), *offset, "")
            }
            ChangeKind::FieldRenamed { from, to } => {
                write!(f, "{whole}: field \"{from}\" looks renamed to \"{to}\"")
            }
            ChangeKind::FieldRetyped { field, from, to, width } => {
                write!(f, "{ty}.{field} {from} -> {to}")?;
                match width {
                    Width::Widened => f.write_str(" (widened)"),
                    Width::Narrowed => f.write_str(" (narrowed)"),
                    Width::Other => Ok(()),
                }
            }
            ChangeKind::Policy { field, from, to } => {
                let name = |policy: &str| match policy {
                    "" => "plain".to_owned(),
                    policy => format!("[{policy}]"),
                };
                write!(f, "{ty}.{field} {} -> {}", name(from), name(to))
            }
            ChangeKind::Place { field, to_side } => {
                let (from, to) = if *to_side { ("object", "side record") } else { ("side record", "object") };
                write!(f, "{ty}.{field} in the {from} -> in the {to}")
            }
            ChangeKind::Reordered { variant, from, to } => {
                let of = variant.as_ref().map_or_else(String::new, |variant| format!(" of {variant}"));
                let (from, to) = (from.join(", "), to.join(", "));
                write!(f, "{whole}: the fields{of} are in another order: {from} -> {to}")
            }
            ChangeKind::Moved { first, last: None, from, to, .. } => {
                write!(f, "{ty}.{first} moved: {from} -> {to}")
            }
            ChangeKind::Moved { first, last: Some(last), count, from, to } => {
                write!(f, "{ty}: {count} fields, from {first} to {last}, moved: {from} -> {to} and so on")
            }
            ChangeKind::VariantAdded { variant, discriminant } => {
                write!(f, "{whole}: variant {variant} = {discriminant} added")
            }
            ChangeKind::VariantRemoved { variant, discriminant } => {
                write!(f, "{whole}: variant {variant} = {discriminant} removed")
            }
            ChangeKind::VariantRenamed { from, to } => {
                write!(f, "{whole}: variant {from} looks renamed to {to}")
            }
            ChangeKind::Discriminant { variant, from, to } => {
                write!(f, "{ty}::{variant} = {from} -> {to}")
            }
            ChangeKind::Line { what, from, to } => match (from, to) {
                (Some(from), Some(to)) => write!(f, "{whole}: {what} {from} -> {to}"),
                (Some(from), None) => write!(f, "{whole}: {what} {from} removed"),
                (None, Some(to)) => write!(f, "{whole}: {what} {to} added"),
                (None, None) => write!(f, "{whole}: {what}"),
            },
            ChangeKind::Property { what, from, to } => write!(f, "{whole}: {what} {from} -> {to}"),
        }
    }
}

fn field_details(
    f: &mut fmt::Formatter<'_>,
    ty: Option<&str>,
    offset: Option<u64>,
    policy: &str,
) -> fmt::Result {
    if let Some(offset) = offset {
        write!(f, " at {offset}")?;
    }
    match (ty, policy) {
        (Some(ty), "") => write!(f, " ({ty})"),
        (Some(ty), policy) => write!(f, " ({ty}, {policy})"),
        (None, "") => Ok(()),
        (None, policy) => write!(f, " ({policy})"),
    }
}
