//! The graph of all types that an image can hold, with its hashes and its canonical text.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
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
pub(super) struct Node {
    pub(super) shape: &'static Shape,
    /// The types of the fields, then the parameters.
    pub(super) children: Vec<TypeIndex>,
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

    /// All types with their identities and the names that the text of the root has for them.
    #[cfg(feature = "testing")]
    pub(crate) fn named(&self) -> Vec<(TypeId, String, &'static Shape)> {
        let mut ids: Vec<_> = self.by_id.iter().map(|(id, index)| (*index, *id)).collect();
        ids.sort_unstable_by_key(|(index, _)| *index);
        let mut names = self.names(&[TypeIndex(0)]);
        let types = ids.into_iter().zip(&self.nodes);
        types.map(|((index, id), node)| (id, names.remove(&index).unwrap_or_default(), node.shape)).collect()
    }

    /// The number of types.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What is known of a type of this graph.
    pub(super) fn node(&self, ty: TypeIndex) -> &Node {
        &self.nodes[ty.0 as usize]
    }

    /// The types whose shape is so.
    pub(crate) fn indexes_of(&self, wanted: impl Fn(&Shape) -> bool) -> Vec<TypeIndex> {
        (0..)
            .zip(&self.nodes)
            .filter(|(_, node)| wanted(node.shape))
            .map(|(index, _)| TypeIndex(index))
            .collect()
    }

    /// The hash of the root.
    pub fn root_hash(&self) -> u64 {
        self.hash(TypeIndex(0))
    }
}

/// The place of a type in the order in which types are met, which it joins now if it was not met before.
pub(super) fn place_in_order(ty: TypeIndex, position: &mut [u32], order: &mut Vec<TypeIndex>) -> u32 {
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

pub(super) fn repr_name(repr: Repr) -> &'static str {
    match repr {
        Repr::Rust => "Rust",
        Repr::Explicit(name) => name,
    }
}
