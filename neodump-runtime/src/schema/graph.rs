//! The graph of all types that an image can hold, with its hashes and its canonical text.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};

use super::{FieldShape, Repr, SectionDecl, Shape, ShapeKind, TypeRef, VariantShape};
use crate::heap::ObjectType;
use crate::image::checksum;

/// The position of a type in a [`TypeGraph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeIndex(pub(crate) u32);

/// Every type that is reachable from one, in the order in which it is first met.
///
/// Types refer to each other in circles, so hash and text are made over the graph: each type is
/// described by what is its own, and refers to the others by position.
#[derive(Debug)]
pub struct TypeGraph {
    nodes: Vec<Node>,
    by_id: HashMap<TypeId, TypeIndex, BuildHasherDefault<IdHasher>>,
    objects: Vec<&'static ObjectType>,
}

#[derive(Debug)]
struct Node {
    shape: &'static Shape,
    /// The types of the fields, then the parameters.
    children: Vec<TypeIndex>,
    /// The hash of what is the type's own.
    own: u64,
}

/// A `TypeId` is a hash already.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 ^= value;
    }
}

/// The types whose values are, or own, some that a `validate` of their own checks.
#[derive(Debug, Default)]
pub(crate) struct CheckedTypes(HashSet<TypeId, BuildHasherDefault<IdHasher>>);

impl CheckedTypes {
    pub(crate) fn contains(&self, id: TypeId) -> bool {
        !self.0.is_empty() && self.0.contains(&id)
    }
}

impl TypeGraph {
    /// The graph below `root`.
    pub fn of(root: TypeRef) -> Self {
        let mut graph = Self { nodes: Vec::new(), by_id: HashMap::default(), objects: Vec::new() };
        let mut bytes = Vec::new();
        graph.index(root, &mut bytes);
        let mut next = 0;
        while let Some(node) = graph.nodes.get(next) {
            let shape = node.shape;
            let children = references(shape).map(|child| graph.index(child, &mut bytes)).collect();
            graph.nodes[next].children = children;
            next += 1;
        }
        graph
    }

    /// `bytes` is memory to work in.
    fn index(&mut self, ty: TypeRef, bytes: &mut Vec<u8>) -> TypeIndex {
        let id = ty.id();
        if let Some(index) = self.by_id.get(&id) {
            return *index;
        }
        let shape = ty.shape();
        // More types than fit 32 bits do not fit a program.
        let index = TypeIndex(self.nodes.len() as u32);
        self.nodes.push(Node { shape, children: Vec::new(), own: own_hash(shape, bytes) });
        self.by_id.insert(id, index);
        if let Some(object) = shape.object {
            self.objects.push(object());
        }
        index
    }

    /// The heap object types, in the order of the graph: their ordinals number the arenas.
    pub fn objects(&self) -> &[&'static ObjectType] {
        &self.objects
    }

    /// The sections and their types.
    pub fn sections(&self) -> impl Iterator<Item = (SectionDecl, TypeIndex)> {
        self.nodes
            .iter()
            .enumerate()
            .filter_map(|(index, node)| Some((node.shape.section?, TypeIndex(index as u32))))
    }

    /// The sections that are fields of the root, in declaration order: the only place for them.
    pub(crate) fn root_sections(&self) -> Vec<(SectionDecl, TypeIndex)> {
        let root = &self.nodes[0];
        let mut sections: Vec<(SectionDecl, TypeIndex)> = Vec::new();
        for &child in &root.children[..fields(root.shape).filter(|field| field.ty.is_some()).count()] {
            if let Some(section) = self.nodes[child.0 as usize].shape.section {
                sections.push((section, child));
            }
        }
        sections
    }

    /// The record of the manager that has a section.
    pub(crate) fn record_of_section(&self, name: &str) -> Option<crate::record::Record> {
        let nodes = self.nodes.iter().map(|node| node.shape);
        nodes
            .filter(|shape| shape.section.is_some_and(|section| section.name == name))
            .map(|shape| shape.record)
            .next()
    }

    /// The types whose values have to be walked for checks. Objects and the root check themselves, and an object is
    /// not owned by what points at it.
    pub(crate) fn checked(&self) -> CheckedTypes {
        let mut owners = vec![Vec::new(); self.nodes.len()];
        for (owner, node) in self.nodes.iter().enumerate() {
            for child in &node.children {
                let child = child.0 as usize;
                if self.nodes[child].shape.object.is_none() {
                    owners[child].push(owner);
                }
            }
        }
        let mut is_checked: Vec<bool> = (0..)
            .zip(&self.nodes)
            .map(|(index, node)| index > 0 && node.shape.object.is_none() && node.shape.is_validated())
            .collect();
        let mut found: Vec<usize> = (0..self.nodes.len()).filter(|index| is_checked[*index]).collect();
        while let Some(index) = found.pop() {
            for &owner in &owners[index] {
                if !std::mem::replace(&mut is_checked[owner], true) {
                    found.push(owner);
                }
            }
        }
        let ids = self.by_id.iter().filter(|(_, index)| is_checked[index.0 as usize]);
        CheckedTypes(ids.map(|(id, _)| *id).collect())
    }

    /// The hash of a type and all that it refers to.
    pub fn hash(&self, ty: TypeIndex) -> u64 {
        // Every load hashes every section, so nothing is allocated for a type.
        let mut bytes = Vec::with_capacity(64 * self.nodes.len());
        let mut position = vec![u32::MAX; self.nodes.len()];
        let mut order = Vec::with_capacity(self.nodes.len());
        position[ty.0 as usize] = 0;
        order.push(ty);
        let mut next = 0;
        while let Some(&index) = order.get(next) {
            next += 1;
            let node = &self.nodes[index.0 as usize];
            bytes.extend_from_slice(&node.own.to_le_bytes());
            for child in &node.children {
                let place = place_in_order(*child, &mut position, &mut order);
                bytes.extend_from_slice(&place.to_le_bytes());
            }
        }
        checksum(&bytes)
    }

    /// The types whose shape is so.
    pub(crate) fn indexes_of(&self, wanted: impl Fn(&Shape) -> bool) -> Vec<TypeIndex> {
        (0..)
            .zip(&self.nodes)
            .filter(|(_, node)| wanted(node.shape))
            .map(|(index, _)| TypeIndex(index))
            .collect()
    }

    /// The hash of `starts` and all that they refer to, where a type that is foreign to the part stands
    /// there by its name alone.
    pub(crate) fn hash_of_part(&self, starts: &[TypeIndex], foreign: impl Fn(&Shape) -> bool) -> u64 {
        let mut position = vec![u32::MAX; self.nodes.len()];
        let mut order = starts.to_vec();
        (0..).zip(starts).for_each(|(index, start)| position[start.0 as usize] = index);
        let mut bytes = Vec::new();
        let mut next = 0;
        while let Some(index) = order.get(next) {
            let node = &self.nodes[index.0 as usize];
            next += 1;
            if next > starts.len() && foreign(node.shape) {
                bytes.extend_from_slice(&checksum(node.shape.name.as_bytes()).to_le_bytes());
                continue;
            }
            // Where fields lie behind a section follows from the section, which is foreign.
            let follows =
                node.children.iter().any(|child| self.nodes[child.0 as usize].shape.section.is_some());
            let own = if follows { fields_hash(node.shape) } else { node.own };
            bytes.extend_from_slice(&own.to_le_bytes());
            for child in &node.children {
                let place = place_in_order(*child, &mut position, &mut order);
                bytes.extend_from_slice(&place.to_le_bytes());
            }
        }
        checksum(&bytes)
    }

    /// The hash of the root.
    pub fn root_hash(&self) -> u64 {
        self.hash(TypeIndex(0))
    }

    /// The nodes below `ty` in the order in which they are met, each with the positions of its
    /// children in that order.
    fn below(&self, ty: TypeIndex) -> Vec<(&Node, Vec<u32>)> {
        let mut position = vec![u32::MAX; self.nodes.len()];
        let mut order = vec![ty];
        position[ty.0 as usize] = 0;
        let mut result = Vec::new();
        let mut next = 0;
        while let Some(&index) = order.get(next) {
            next += 1;
            let node = &self.nodes[index.0 as usize];
            let children =
                node.children.iter().map(|child| place_in_order(*child, &mut position, &mut order));
            result.push((node, children.collect()));
        }
        result
    }

    /// The canonical text of a type and all that it refers to, one block a type.
    pub fn text_of(&self, ty: TypeIndex) -> String {
        let below = self.below(ty);
        let names = Self::names(&below);
        let mut text = String::new();
        for ((node, children), name) in below.iter().zip(&names) {
            describe(
                &mut text,
                node.shape,
                name,
                &children.iter().map(|c| names[*c as usize].as_str()).collect::<Vec<_>>(),
            );
        }
        text
    }

    /// All types with their identities and the names that the text of the root has for them.
    #[cfg(feature = "testing")]
    pub(crate) fn named(&self) -> Vec<(TypeId, String, &'static Shape)> {
        // The graph was made from the root, so it and the text have one order.
        let mut ids: Vec<_> = self.by_id.iter().map(|(id, index)| (*index, *id)).collect();
        ids.sort_unstable_by_key(|(index, _)| *index);
        let names = Self::names(&self.below(TypeIndex(0)));
        let types = ids.into_iter().zip(names).zip(&self.nodes);
        types.map(|(((_, id), name), node)| (id, name, node.shape)).collect()
    }

    /// The canonical text of the root.
    pub fn text(&self) -> String {
        self.text_of(TypeIndex(0))
    }

    /// The names of types as the text has them: qualified, with their parameters, and each of one type alone,
    /// so that a reader of the text knows which type a field has.
    fn names(below: &[(&Node, Vec<u32>)]) -> Vec<String> {
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut names = Vec::with_capacity(below.len());
        for (node, children) in below {
            let mut name = String::new();
            label(&mut name, node, children, below, 0);
            let count = known.entry(name.clone()).or_insert(0);
            *count += 1;
            if *count > 1 {
                // Writing to a `String` cannot fail.
                let _ = write!(name, "#{count}");
            }
            names.push(name);
        }
        names
    }
}

/// Parameters inside of parameters are spelled out down to here; types that then have one name get numbers.
const DEEPEST: u32 = 4;

/// Appends the name of a type with its parameters; those of a tuple are its fields.
fn label(name: &mut String, node: &Node, children: &[u32], below: &[(&Node, Vec<u32>)], depth: u32) {
    let shape = node.shape;
    escape(name, shape.name, true);
    let count = if shape.name == "tuple" { children.len() } else { shape.params.len() };
    let params = &children[children.len() - count..];
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
        let (node, children) = &below[*param as usize];
        label(name, node, children, below, depth + 1);
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

/// The place of a type in the order in which types are met, which it joins now if it was not met before.
fn place_in_order(ty: TypeIndex, position: &mut [u32], order: &mut Vec<TypeIndex>) -> u32 {
    let place = &mut position[ty.0 as usize];
    if *place == u32::MAX {
        *place = order.len() as u32;
        order.push(ty);
    }
    *place
}

fn fields(shape: &'static Shape) -> impl Iterator<Item = &'static FieldShape> {
    let (fields, variants): (&[FieldShape], &[VariantShape]) = match shape.kind {
        ShapeKind::Leaf | ShapeKind::Word => (&[], &[]),
        ShapeKind::Struct(fields) => (fields, &[]),
        ShapeKind::Enum { variants, .. } => (&[], variants),
    };
    fields.iter().chain(variants.iter().flat_map(|variant| variant.fields))
}

/// The types that a shape refers to: those of its fields, then its parameters.
fn references(shape: &'static Shape) -> impl Iterator<Item = TypeRef> {
    fields(shape).filter_map(|field| field.ty).chain(shape.params.iter().copied())
}

/// The hash of what a type is made of, wherever its parts lie.
fn fields_hash(shape: &'static Shape) -> u64 {
    let mut text = format!("{} {:?}\n", shape.name, shape.notes);
    for field in fields(shape) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{} {} {}", field.name, field.ty.is_some(), field.policy);
    }
    checksum(text.as_bytes())
}

/// The hash of what is a type's own; `bytes` is memory to work in.
fn own_hash(shape: &Shape, bytes: &mut Vec<u8>) -> u64 {
    bytes.clear();
    let text = |text: &str, bytes: &mut Vec<u8>| {
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    };
    let number = |number: u64, bytes: &mut Vec<u8>| bytes.extend_from_slice(&number.to_le_bytes());
    let all_fields = |fields: &[FieldShape], bytes: &mut Vec<u8>| {
        number(fields.len() as u64, bytes);
        for field in fields {
            text(field.name, bytes);
            let side = field.side && field.is_stored();
            bytes.push(u8::from(field.ty.is_some()) | u8::from(side) << 1);
            number(if field.is_stored() { field.offset as u64 } else { u64::MAX }, bytes);
            text(field.policy, bytes);
        }
    };
    match shape.kind {
        ShapeKind::Leaf => bytes.push(0),
        ShapeKind::Word => bytes.push(1),
        ShapeKind::Struct(fields) => {
            bytes.push(2);
            all_fields(fields, bytes);
        }
        ShapeKind::Enum { repr, variants } => {
            bytes.push(3);
            number(variants.len() as u64, bytes);
            for variant in variants {
                bytes.extend_from_slice(&variant.discriminant.to_le_bytes());
                all_fields(variant.fields, bytes);
            }
            for name in variants.iter().map(|variant| variant.name).chain([repr_name(repr)]) {
                text(name, bytes);
            }
        }
    }
    // Without the counts one list could be taken for the start of the next.
    for count in [shape.notes.len(), shape.consts.len()] {
        number(count as u64, bytes);
    }
    bytes.push(u8::from(shape.section.is_some()) | u8::from(shape.object.is_some()) << 1);
    if let Some(section) = &shape.section {
        number(u64::from(section.version), bytes);
    }
    let consts = shape.consts.iter().map(|(ty, _)| *ty);
    let section = shape.section.iter().map(|section| section.name);
    for name in [shape.name].into_iter().chain(shape.notes.iter().copied()).chain(consts).chain(section) {
        text(name, bytes);
    }
    for (_, value) in shape.consts {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    number(shape.params.len() as u64, bytes);
    let record = shape.record;
    number(record.size as u64, bytes);
    number(record.align as u64, bytes);
    bytes.push(u8::from(record.in_place) | u8::from(record.niche) << 1 | u8::from(record.rw) << 2);
    if let Some(object) = shape.object.map(|object| object()) {
        number(object.size as u64, bytes);
        number(object.align as u64, bytes);
        number(object.kind.map_or(u64::MAX, u64::from), bytes);
        number(object.side.size as u64, bytes);
        let (offset, stride) = object.tail.map_or((usize::MAX, 0), |tail| (tail.offset, tail.stride));
        number(offset as u64, bytes);
        number(stride as u64, bytes);
    }
    checksum(bytes)
}

fn repr_name(repr: Repr) -> &'static str {
    match repr {
        Repr::Rust => "Rust",
        Repr::Explicit(name) => name,
    }
}

/// Appends the block of one type.
fn describe(text: &mut String, shape: &Shape, name: &str, children: &[&str]) {
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
    let _ = write!(text, ": {} bytes align {} {tier}", record.size, record.align);
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
            if field.is_stored() {
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
    let special =
        |c: char| c.is_control() || c == '\\' || is_name && matches!(c, ' ' | '#' | ',' | ';' | '"');
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
    use super::*;
    use crate::record::Dumpable;

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
