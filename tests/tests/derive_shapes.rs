//! What the derive says of a type is what the compiler made of it.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::mem::offset_of;
use std::num::NonZeroU64;

use neodump_runtime::Dumpable;
use neodump_runtime::schema::{FieldShape, Repr, ShapeKind, VariantShape};

#[track_caller]
fn fields<T: Dumpable>() -> &'static [FieldShape] {
    match T::shape().kind {
        ShapeKind::Struct(fields) => fields,
        other => panic!("expected a struct, found {other:?}"),
    }
}

#[track_caller]
fn variants<T: Dumpable>() -> &'static [VariantShape] {
    match T::shape().kind {
        ShapeKind::Enum { variants, .. } => variants,
        other => panic!("expected an enum, found {other:?}"),
    }
}

/// The field of a live value is where the shape says.
#[track_caller]
fn lies_at<T, F>(value: &T, field: &F, shape: &FieldShape) {
    let found = std::ptr::from_ref(field).addr() - std::ptr::from_ref(value).addr();
    assert_eq!(found, shape.offset, "field {}", shape.name);
}

/// The tag of a live value is its discriminant.
#[track_caller]
fn tag<T, I: Copy + TryFrom<i128, Error: Debug> + PartialEq + Debug>(value: &T, shape: &VariantShape) {
    // SAFETY: an enum with an explicit repr begins with its tag.
    let found = unsafe { std::ptr::from_ref(value).cast::<I>().read() };
    assert_eq!(found, I::try_from(shape.discriminant).expect("the discriminant fits the tag"));
}

macro_rules! enums {
    ($($name:ident: $tag:ty, $text:literal, #[repr($($repr:tt)*)];)*) => {$(
        #[test]
        fn $name() {
            #[derive(Dumpable)]
            #[repr($($repr)*)]
            #[allow(dead_code)]
            enum Value<T> {
                Nil,
                Byte(u8) = 7,
                Wide(u8, u64, u16),
                Named { small: bool, pair: [u16; 3], last: T } = 40,
                Next(T),
            }

            let record = Value::<u32>::RECORD;
            assert!(record.in_place);
            assert_eq!((record.size, record.align), (size_of::<Value<u32>>(), align_of::<Value<u32>>()));
            assert!(matches!(Value::<u32>::shape().kind, ShapeKind::Enum { repr: Repr::Explicit($text), .. }));
            let shapes = variants::<Value<u32>>();
            assert_eq!(shapes.iter().map(|v| v.discriminant).collect::<Vec<_>>(), [0, 7, 8, 40, 41]);
            let values: [Value<u32>; 5] = [
                Value::Nil,
                Value::Byte(1),
                Value::Wide(1, 2, 3),
                Value::Named { small: true, pair: [1; 3], last: 4 },
                Value::Next(5),
            ];
            for (value, shape) in values.iter().zip(shapes) {
                tag::<_, $tag>(value, shape);
                match value {
                    Value::Nil => assert!(shape.fields.is_empty()),
                    Value::Byte(a) => lies_at(value, a, &shape.fields[0]),
                    Value::Wide(a, b, c) => {
                        lies_at(value, a, &shape.fields[0]);
                        lies_at(value, b, &shape.fields[1]);
                        lies_at(value, c, &shape.fields[2]);
                    }
                    Value::Named { small, pair, last } => {
                        lies_at(value, small, &shape.fields[0]);
                        lies_at(value, pair, &shape.fields[1]);
                        lies_at(value, last, &shape.fields[2]);
                    }
                    Value::Next(a) => lies_at(value, a, &shape.fields[0]),
                }
            }
        }
    )*};
}

enums! {
    payloads_of_repr_u8_are_where_the_shape_says: u8, "u8", #[repr(u8)];
    payloads_of_repr_u16_are_where_the_shape_says: u16, "u16", #[repr(u16)];
    payloads_of_repr_i32_are_where_the_shape_says: i32, "i32", #[repr(i32)];
    payloads_of_repr_isize_are_where_the_shape_says: isize, "isize", #[repr(isize)];
    payloads_of_repr_u8_with_alignment_are_where_the_shape_says: u8, "u8", #[repr(u8, align(32))];
    payloads_of_repr_c_u8_are_where_the_shape_says: u8, "C, u8", #[repr(C, u8)];
    payloads_of_repr_c_i64_are_where_the_shape_says: i64, "C, i64", #[repr(C, i64)];
}

#[test]
fn payloads_of_repr_c_are_where_the_shape_says() {
    #[derive(Dumpable)]
    #[repr(C)]
    #[allow(dead_code)]
    enum Value {
        Nil,
        Wide(u8, u64),
        Small(u16),
    }

    let value = Value::Small(3);
    let shapes = variants::<Value>();
    tag::<_, i32>(&value, &shapes[2]);
    let Value::Small(field) = &value else { unreachable!() };
    lies_at(&value, field, &shapes[2].fields[0]);
    assert_eq!(Value::RECORD.size, size_of::<Value>());
}

#[test]
fn discriminants_may_be_any_constant() {
    const BASE: i8 = -3;
    #[derive(Dumpable)]
    #[repr(i8)]
    #[allow(dead_code)]
    enum Signed {
        First = BASE,
        Second,
        Third = { 2 * BASE } + 40,
    }

    #[derive(Dumpable)]
    #[allow(dead_code)]
    enum Plain {
        First = 5,
        Second = 1 << 3,
        Third,
    }

    let of = |shapes: &[VariantShape]| shapes.iter().map(|v| v.discriminant).collect::<Vec<_>>();
    assert_eq!(of(variants::<Signed>()), [-3, -2, 34]);
    assert_eq!(of(variants::<Plain>()), [5, 8, 9]);
    const { assert!(Signed::RECORD.in_place && !Plain::RECORD.in_place) };
}

#[test]
fn structs_of_scalars_are_in_place_and_others_are_hydrated() {
    #[derive(Dumpable)]
    struct Flat {
        _byte: u8,
        _wide: u64,
        _pair: (),
    }

    #[derive(Dumpable)]
    struct Owning {
        _byte: u8,
        _text: String,
        #[dump(skip = "belongs to the process")]
        _handle: Option<std::thread::ThreadId>,
    }

    const { assert!(Flat::RECORD.in_place && !Flat::RECORD.owns) };
    assert_eq!(Flat::RECORD.size, size_of::<Flat>());
    assert_eq!(fields::<Flat>()[1].offset, offset_of!(Flat, _wide));
    const { assert!(!Owning::RECORD.in_place && Owning::RECORD.owns) };
    assert!(fields::<Owning>()[2].ty.is_none());
    assert_eq!(fields::<Owning>()[2].policy, "skip");
}

#[test]
fn a_skipped_cache_or_derived_field_makes_a_struct_hydrated_unless_it_is_baked() {
    #[derive(Dumpable)]
    struct Baked {
        _value: u64,
        #[dump(bake = 9)]
        _count: u32,
        #[dump(cache)]
        _hash: std::cell::Cell<u32>,
    }

    struct Foreign;
    impl Default for Foreign {
        fn default() -> Self {
            Self
        }
    }

    #[derive(Dumpable)]
    struct Recreated {
        _value: u64,
        #[dump(cache)]
        _cache: Vec<Foreign>,
    }

    const { assert!(Baked::RECORD.in_place) };
    assert_eq!(fields::<Baked>()[1].policy, "bake = 9");
    const { assert!(!Recreated::RECORD.in_place) };
    assert_eq!(Recreated::RECORD.size, 8);
}

#[test]
fn a_transparent_type_is_stored_as_its_field() {
    #[derive(Dumpable)]
    #[dump(transparent)]
    struct Name(String);

    #[derive(Dumpable)]
    #[dump(transparent, id = "vm::Id")]
    #[repr(transparent)]
    struct Id<T>(NonZeroU64, PhantomData<T>);

    assert_eq!(Name::RECORD, String::RECORD);
    assert_eq!(Id::<u8>::RECORD, NonZeroU64::RECORD);
    assert_eq!(Id::<u8>::shape().name, "vm::Id");
    assert!(matches!(Name::shape().kind, ShapeKind::Leaf));
    let _ = (|name: Name| name.0, |id: Id<u8>| id.0);
}

#[test]
fn a_section_is_declared_by_its_type() {
    #[derive(Dumpable)]
    #[dump(section = "faces", version = 3)]
    struct Faces {
        _count: u32,
    }

    let section = Faces::SECTION.expect("the type declares a section");
    assert_eq!((section.name, section.version), ("faces", 3));
    assert_eq!(Faces::shape().section, Some(section));
}

#[test]
fn bounds_replace_the_inferred_ones() {
    trait Assoc {
        type Item;
    }
    struct Here;
    impl Assoc for Here {
        type Item = u16;
    }

    #[derive(Dumpable)]
    struct Inferred<A: Assoc> {
        _item: A::Item,
        _items: Vec<<A as Assoc>::Item>,
    }

    #[derive(Dumpable)]
    #[dump(bound = "A::Item: Dumpable")]
    struct Given<A: Assoc> {
        _item: A::Item,
    }

    fn dumpable<T: Dumpable>() {}
    dumpable::<Inferred<Here>>();
    dumpable::<Given<Here>>();
}
