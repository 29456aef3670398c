//! The canonical text of a schema: of all that a type refers to, or of the part that has a version of its own.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::graph::{place_in_order, repr_name};
use super::{FieldShape, Shape, ShapeKind, TypeGraph, TypeIndex};
use crate::shown::is_control;

/// Parameters inside of parameters are spelled out down to here; types that then have one name get numbers.
const DEEPEST: u32 = 4;

impl TypeGraph {
    /// The canonical text of the root.
    pub fn text(&self) -> String {
        self.text_of(TypeIndex(0))
    }

    /// The canonical text of a type and all that it refers to, one block a type.
    pub fn text_of(&self, ty: TypeIndex) -> String {
        self.text_of_part(&[ty], |_| false)
    }

    /// The text of `starts` and all that they refer to, where a type that is foreign to the part stands there by its
    /// name alone. The first start refers to all others.
    pub(crate) fn text_of_part(&self, starts: &[TypeIndex], foreign: impl Fn(&Shape) -> bool) -> String {
        let names = self.names(starts);
        let is_foreign = |ty: &TypeIndex| !starts.contains(ty) && foreign(self.node(*ty).shape);
        let mut text = String::new();
        for ty in self.below(starts, is_foreign) {
            let node = self.node(ty);
            let children: Vec<&str> = node.children.iter().map(|child| names[child].as_str()).collect();
            // Where fields lie behind a section follows from the section, which answers for itself.
            let is_section = |ty: &TypeIndex| self.node(*ty).shape.section.is_some();
            let places = !node.children.iter().any(|child| is_foreign(child) && is_section(child));
            describe(&mut text, node.shape, &names[&ty], &children, places);
        }
        text
    }

    /// `starts` and the types below them, in the order in which they are met, breadth first; nothing that is foreign.
    fn below(&self, starts: &[TypeIndex], is_foreign: impl Fn(&TypeIndex) -> bool) -> Vec<TypeIndex> {
        let mut position = vec![u32::MAX; self.len()];
        let mut order = Vec::new();
        for start in starts {
            place_in_order(*start, &mut position, &mut order);
        }
        let mut next = 0;
        while let Some(&ty) = order.get(next) {
            next += 1;
            for child in self.node(ty).children.iter().filter(|child| !is_foreign(child)) {
                place_in_order(*child, &mut position, &mut order);
            }
        }
        order
    }

    /// The names of types as the text has them: qualified, with their parameters, and each of one type alone,
    /// so that a reader of the text knows which type a field has.
    pub(super) fn names(&self, starts: &[TypeIndex]) -> HashMap<TypeIndex, String> {
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut names = HashMap::new();
        for ty in self.below(starts, |_| false) {
            let mut name = String::new();
            self.label(&mut name, ty, 0);
            let count = known.entry(name.clone()).or_insert(0);
            *count += 1;
            if *count > 1 {
                // Writing to a `String` cannot fail.
                let _ = write!(name, "#{count}");
            }
            names.insert(ty, name);
        }
        names
    }

    /// Appends the name of a type with its parameters; those of a tuple are its fields.
    fn label(&self, name: &mut String, ty: TypeIndex, depth: u32) {
        let node = self.node(ty);
        let shape = node.shape;
        escape(name, shape.name, true);
        let count = if shape.name == "tuple" { node.children.len() } else { shape.params.len() };
        let params = &node.children[node.children.len() - count..];
        if matches!(shape.kind, ShapeKind::Word) || params.is_empty() && shape.consts.is_empty() {
            return;
        }
        if depth == DEEPEST {
            name.push_str("<..>");
            return;
        }
        name.push('<');
        let mut separator = "";
        for param in params {
            name.push_str(std::mem::replace(&mut separator, ", "));
            self.label(name, *param, depth + 1);
        }
        if !params.is_empty() {
            separator = "; ";
        }
        for (_, value) in shape.consts {
            // Writing to a `String` cannot fail.
            let _ = write!(name, "{}{value}", std::mem::replace(&mut separator, "; "));
        }
        name.push('>');
    }
}

/// Appends the block of one type, with or without the places of its fields.
fn describe(text: &mut String, shape: &Shape, name: &str, children: &[&str], places: bool) {
    // Writing to a `String` cannot fail.
    let _ = write!(text, "{} {name}", kind_name(shape));
    if let Some(section) = &shape.section {
        let _ = write!(text, " section {:?} version {}", section.name, section.version);
    }
    if let Some(object) = shape.object.map(|object| object()) {
        let _ = write!(text, " object size {} align {}", object.size, object.align);
        if let Some(kind) = object.kind {
            let _ = write!(text, " kind {kind}");
        }
        if object.side.size > 0 {
            let _ = write!(text, " side {}", object.side.size);
        }
        if let Some(tail) = object.tail {
            let _ = write!(text, " tail at {} stride {}", tail.offset, tail.stride);
        }
    }
    let record = shape.record;
    let tier = if record.in_place { "in place" } else { "hydrated" };
    let _ = match places {
        true => write!(text, ": {} bytes align {} {tier}", record.size, record.align),
        false => write!(text, ": {tier}"),
    };
    let flags = [(record.niche, " niche"), (record.rw, " rw")];
    flags.iter().filter(|(set, _)| *set).for_each(|(_, flag)| text.push_str(flag));
    text.push('\n');
    for note in shape.notes {
        text.push_str("  note ");
        escape(text, note, false);
        text.push('\n');
    }
    for (ty, value) in shape.consts {
        text.push_str("  const ");
        escape(text, ty, false);
        let _ = writeln!(text, " = {value}");
    }
    let mut children = children.iter();
    let mut describe_fields = |text: &mut String, indent: &str, fields: &[FieldShape]| {
        for field in fields {
            let ty = if field.ty.is_some() { children.next().copied().unwrap_or("?") } else { "-" };
            text.push_str(indent);
            escape(text, field.name, true);
            let _ = write!(text, ": {ty}");
            if places && field.is_stored() {
                let _ = write!(text, " at {}", field.offset);
                text.push_str(if field.side { " side" } else { "" });
            }
            if !field.policy.is_empty() {
                text.push_str(" [");
                escape(text, field.policy, false);
                text.push(']');
            }
            text.push('\n');
        }
    };
    match shape.kind {
        ShapeKind::Leaf | ShapeKind::Word => {}
        ShapeKind::Struct(fields) => describe_fields(text, "  ", fields),
        ShapeKind::Enum { variants, repr } => {
            text.push_str("  repr ");
            escape(text, repr_name(repr), false);
            text.push('\n');
            for variant in variants {
                text.push_str("  ");
                escape(text, variant.name, true);
                let _ = writeln!(text, " = {}", variant.discriminant);
                describe_fields(text, "    ", variant.fields);
            }
        }
    }
    for param in children {
        let _ = writeln!(text, "  of {param}");
    }
}

/// Appends a name or a text as a line can hold it, so that no two schemas have one text: control characters and
/// backslashes escaped, and in a name also what ends one.
fn escape(text: &mut String, raw: &str, is_name: bool) {
    let special = |c: char| is_control(c) || c == '\\' || is_name && matches!(c, ' ' | '#' | ',' | ';' | '"');
    if !raw.contains(special) {
        text.push_str(raw);
        return;
    }
    for c in raw.chars() {
        if special(c) {
            text.extend(c.escape_unicode());
        } else {
            text.push(c);
        }
    }
}

fn kind_name(shape: &Shape) -> &'static str {
    match shape.kind {
        ShapeKind::Leaf => "type",
        ShapeKind::Word => "word",
        ShapeKind::Struct(_) => "struct",
        ShapeKind::Enum { .. } => "enum",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::record::Dumpable;
    use crate::schema::TypeRef;

    #[test]
    fn no_two_types_of_a_schema_text_have_one_name() {
        type Deep<T> = Vec<Vec<Vec<Vec<Vec<Vec<T>>>>>>;
        type Many = (Vec<(u8, u16)>, Vec<(u8, u32)>, ([u8; 3], [u8; 4]), (Deep<u8>, Deep<u16>));
        let text = TypeGraph::of(TypeRef::of::<Many>()).text();
        let heads: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
        let names: HashSet<&str> = heads.iter().filter_map(|head| head.split(": ").next()).collect();
        assert_eq!(names.len(), heads.len(), "{text}");
        assert!(names.contains("type Vec<tuple<u8, u32>>"), "{text}");
        assert!(names.contains("type Vec<Vec<Vec<Vec<Vec<..>>>>>#2"), "{text}");
        assert_eq!(<Many as Dumpable>::shape().name, "tuple");
    }
}
