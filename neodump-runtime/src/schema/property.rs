//! Two schemas have one text exactly when they have one hash, and what is read back of the text is what went in.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;

use proptest::prelude::*;

use super::{
    FieldShape, Repr, SchemaText, SectionDecl, Shape, ShapeKind, TypeGraph, TypeRef, VariantShape, diff,
};
use crate::Dumpable;
use crate::heap::ObjectType;
use crate::record::Record;

/// The types of a made-up schema.
const TYPES: usize = 4;

thread_local! {
    /// The schema that the references of this thread refer to.
    static SHAPES: RefCell<Vec<&'static Shape>> = const { RefCell::new(Vec::new()) };
}

/// The identity of the type at a place.
struct Slot<const N: usize>;

fn shape_at<const N: usize>() -> &'static Shape {
    SHAPES.with_borrow(|shapes| shapes[N])
}

const REFERENCES: [TypeRef; TYPES] = [
    TypeRef::made_up(TypeId::of::<Slot<0>>, shape_at::<0>),
    TypeRef::made_up(TypeId::of::<Slot<1>>, shape_at::<1>),
    TypeRef::made_up(TypeId::of::<Slot<2>>, shape_at::<2>),
    TypeRef::made_up(TypeId::of::<Slot<3>>, shape_at::<3>),
];

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), objects(Pair = 0b001), immediate(0b000))]
#[repr(transparent)]
struct Value(#[allow(dead_code, reason = "only its schema is looked at")] usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Pair {
    first: Value,
}

/// Short lists of awkward texts, so that two schemas are often nearly the same.
fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        "of",
        "note",
        "repr",
        "a<b>",
        "a#2",
        "a b",
        "a, b",
        "a\nb",
        "a: b at 1",
        "a\\n",
    ])
}

fn text() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "skip", "cache", "bake = [1]", "x] [y", "x\n  of a", "of a = 1"])
}

fn leak<T>(values: Vec<T>) -> &'static [T] {
    Vec::leak(values)
}

fn fields() -> impl Strategy<Value = &'static [FieldShape]> {
    let ty = prop::option::of(0..TYPES).prop_map(|ty| ty.map(|ty| REFERENCES[ty]));
    let field = (name(), 0..3usize, any::<bool>(), ty, text());
    let field =
        field.prop_map(|(name, offset, side, ty, policy)| FieldShape { name, offset, side, ty, policy });
    prop::collection::vec(field, 0..3).prop_map(leak)
}

fn kind() -> impl Strategy<Value = ShapeKind> {
    let variant = (name(), -1..2i128, fields());
    let variant =
        variant.prop_map(|(name, discriminant, fields)| VariantShape { name, discriminant, fields });
    let repr = prop::sample::select(vec![Repr::Rust, Repr::Explicit("u8"), Repr::Explicit("C, u8")]);
    let variants = prop::collection::vec(variant, 0..3).prop_map(leak);
    prop_oneof![
        Just(ShapeKind::Leaf),
        Just(ShapeKind::Word),
        fields().prop_map(ShapeKind::Struct),
        (repr, variants).prop_map(|(repr, variants)| ShapeKind::Enum { repr, variants }),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (0..3usize, 1..3usize, flags).prop_map(|(size, align, (in_place, niche, rw))| Record {
        in_place,
        niche,
        rw,
        ..Record::hydrated(size, align)
    })
}

fn shape() -> impl Strategy<Value = &'static Shape> {
    let consts = (prop::sample::select(vec!["u8", "usize", "a = 1"]), -1..2i128);
    let section = prop::sample::select(vec!["faces", "x"]);
    let section = prop::option::of((section, 0..2u32))
        .prop_map(|section| section.map(|(name, version)| SectionDecl { name, version }));
    (
        name(),
        kind(),
        record(),
        prop::collection::vec(0..TYPES, 0..3),
        prop::collection::vec(consts, 0..2),
        prop::collection::vec(text(), 0..2),
        section,
        any::<bool>(),
    )
        .prop_map(|(name, kind, record, params, consts, notes, section, object)| {
            let params = leak(params.into_iter().map(|at| REFERENCES[at]).collect());
            let object: Option<fn() -> &'static ObjectType> =
                if object { Some(ObjectType::of::<Pair>) } else { None };
            let (consts, notes) = (leak(consts), leak(notes));
            let shape = Shape { name, kind, record, params, consts, notes, section, object };
            &*Box::leak(Box::new(shape))
        })
}

/// Schemas that differ in one type or in none, and a few that have nothing to do with each other.
fn schemas() -> impl Strategy<Value = Vec<Vec<&'static Shape>>> {
    let schema = || prop::collection::vec(shape(), TYPES);
    (schema(), prop::collection::vec((0..TYPES, shape()), 12), prop::collection::vec(schema(), 4)).prop_map(
        |(first, changes, mut others)| {
            for (at, shape) in changes {
                let mut changed = first.clone();
                // A type in two places of a schema, too.
                changed[(at + 1) % TYPES] = shape;
                others.push(changed.clone());
                changed[at] = shape;
                others.push(changed);
            }
            others.push(first);
            others
        },
    )
}

fn made(schema: &[&'static Shape]) -> (String, u64) {
    SHAPES.set(schema.to_vec());
    let graph = TypeGraph::of(REFERENCES[0]);
    (graph.text(), graph.root_hash())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 400 }))]

    #[test]
    fn equal_text_is_equal_hash(schemas in schemas()) {
        let mut hashes: HashMap<String, u64> = HashMap::new();
        let mut texts: HashMap<u64, String> = HashMap::new();
        for schema in schemas {
            let (text, hash) = made(&schema);
            prop_assert_eq!(*hashes.entry(text.clone()).or_insert(hash), hash, "one text, two hashes:\n{}", &text);
            let known = texts.entry(hash).or_insert_with(|| text.clone());
            prop_assert_eq!(&*known, &text, "one hash, two texts");
        }
    }

    #[test]
    fn every_text_is_read_back_and_two_that_differ_have_a_difference(schemas in schemas()) {
        let texts: Vec<String> = schemas.iter().map(|schema| made(schema).0).collect();
        for text in &texts {
            let read = SchemaText::parse(text);
            prop_assert!(read.is_ok(), "{:?}\n{}", read, text);
            let names: std::collections::HashSet<&str> =
                read.iter().flat_map(|read| &read.types).map(|ty| ty.name).collect();
            prop_assert_eq!(names.len(), text.lines().filter(|line| !line.starts_with(' ')).count());
            let changes = diff(&texts[0], text);
            prop_assert_eq!(changes.is_empty(), *text == texts[0], "{}\n{}\n{}", changes, texts[0], text);
        }
    }
}
