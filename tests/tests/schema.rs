//! What the schema hash covers: each of these changes moves it, moves the text with it, and is told.

use neodump_runtime::schema::{TypeGraph, TypeRef, diff};
use neodump_runtime::{Dumpable, Symbol};

#[derive(Clone)]
struct Schema {
    text: String,
    hash: u64,
}

fn schema<T: Dumpable>() -> Schema {
    let graph = TypeGraph::of(TypeRef::of::<T>());
    Schema { text: graph.text(), hash: graph.root_hash() }
}

/// The hash moves from `Old` to `New`, the text does, and a reader is told so in one of these lines.
#[track_caller]
fn moves<Old: Dumpable, New: Dumpable>(expected: &[&str]) {
    let (old, new) = (schema::<Old>(), schema::<New>());
    assert_ne!(old.hash, new.hash, "{}", old.text);
    assert_ne!(old.text, new.text);
    let lines = diff(&old.text, &new.text).lines();
    for expected in expected {
        assert!(lines.iter().any(|line| line == expected), "{expected:?} is not in {lines:#?}");
    }
}

/// Two versions of one type, each in a module of its own.
macro_rules! versions {
    ($old:ident { $($before:tt)* } $new:ident { $($after:tt)* }) => {
        #[allow(dead_code, reason = "only the schemas of these types are looked at")]
        mod $old {
            use super::*;
            $($before)*
        }
        #[allow(dead_code, reason = "only the schemas of these types are looked at")]
        mod $new {
            use super::*;
            $($after)*
        }
    };
}

#[test]
fn two_builds_of_one_type_have_one_hash() {
    versions! {
        one { #[derive(Dumpable)] #[dump(id = "vm::Face")] pub(super) struct Face { weight: u16, next: Option<Box<Face>> } }
        two { #[derive(Dumpable)] #[dump(id = "vm::Face")] pub(super) struct Face { weight: u16, next: Option<Box<Face>> } }
    }
    let (one, two) = (schema::<one::Face>(), schema::<two::Face>());
    assert_eq!(one.text, two.text);
    assert_eq!(one.hash, two.hash);
}

#[test]
fn a_renamed_variant_moves_the_hash() {
    versions! {
        old { #[derive(Dumpable)] #[dump(id = "vm::Slant")] pub(super) enum Slant { Normal, Italic } }
        new { #[derive(Dumpable)] #[dump(id = "vm::Slant")] pub(super) enum Slant { Normal, Oblique } }
    }
    moves::<old::Slant, new::Slant>(&["Slant: variant Italic looks renamed to Oblique"]);
}

#[test]
fn a_changed_discriminant_moves_the_hash() {
    versions! {
        old { #[derive(Dumpable)] #[dump(id = "vm::Slant")] #[repr(u8)] pub(super) enum Slant { Normal, Italic } }
        new { #[derive(Dumpable)] #[dump(id = "vm::Slant")] #[repr(u8)] pub(super) enum Slant { Normal, Italic = 7 } }
    }
    moves::<old::Slant, new::Slant>(&["Slant::Italic = 1 -> 7"]);
}

#[test]
fn the_type_and_the_value_of_a_constant_parameter_move_the_hash() {
    versions! {
        old { #[derive(Dumpable)] #[dump(id = "vm::Row")] pub(super) struct Row<const N: usize> { cells: u8 } }
        new { #[derive(Dumpable)] #[dump(id = "vm::Row")] pub(super) struct Row<const N: u8> { cells: u8 } }
    }
    moves::<old::Row<3>, new::Row<3>>(&["Row<3>: const usize = 3 -> u8 = 3"]);
    moves::<old::Row<3>, old::Row<4>>(&[]);
    moves::<[u8; 3], [u8; 4]>(&[]);
}

#[test]
fn trailing_padding_moves_the_hash() {
    versions! {
        old { #[derive(Dumpable)] #[dump(id = "vm::Face")] #[repr(C)] pub(super) struct Face { one: u32, two: u8 } }
        new { #[derive(Dumpable)] #[dump(id = "vm::Face")] #[repr(C)] pub(super) struct Face { one: u32, two: u8, end: [Wide; 0] }
              #[derive(Dumpable)] #[repr(C, align(16))] pub(super) struct Wide { byte: u8 } }
    }
    moves::<old::Face, new::Face>(&["Face: size 8 bytes -> 16 bytes"]);
}

#[test]
fn a_changed_alignment_moves_the_hash() {
    versions! {
        old { #[derive(Dumpable)] #[dump(id = "vm::Face")] #[repr(C, align(8))] pub(super) struct Face { one: u64, two: u64 } }
        new { #[derive(Dumpable)] #[dump(id = "vm::Face")] #[repr(C, align(16))] pub(super) struct Face { one: u64, two: u64 } }
    }
    moves::<old::Face, new::Face>(&["Face: alignment 8 -> 16"]);
}

#[test]
fn what_an_option_holds_moves_the_hash() {
    versions! {
        old { #[derive(Dumpable)] #[dump(id = "vm::Face")] pub(super) struct Face { font: Option<Font> }
              #[derive(Dumpable)] #[dump(id = "vm::Font")] pub(super) struct Font { size: u32 } }
        new { #[derive(Dumpable)] #[dump(id = "vm::Face")] pub(super) struct Face { font: Option<Font> }
              #[derive(Dumpable)] #[dump(id = "vm::Font")] pub(super) struct Font { size: f32 } }
    }
    moves::<old::Face, new::Face>(&["Font.size u32 -> f32"]);
    moves::<Option<u16>, Option<u32>>(&[]);
    moves::<Option<std::num::NonZero<u16>>, Option<std::num::NonZero<i16>>>(&[]);
}

#[test]
fn the_order_of_fields_moves_the_hash_even_where_nothing_else_does() {
    versions! {
        old { #[derive(Dumpable)] #[dump(id = "vm::Face")] pub(super) struct Face { #[dump(skip = "a")] one: (), #[dump(skip = "b")] two: () } }
        new { #[derive(Dumpable)] #[dump(id = "vm::Face")] pub(super) struct Face { #[dump(skip = "b")] two: (), #[dump(skip = "a")] one: () } }
    }
    moves::<old::Face, new::Face>(&["Face: the fields are in another order: one, two -> two, one"]);
}

#[test]
fn a_changed_policy_moves_the_hash_and_a_reason_does_not() {
    versions! {
        old { #[derive(Dumpable)] #[dump(id = "vm::Face")] #[repr(C)] pub(super) struct Face { mark: u8 } }
        new { #[derive(Dumpable)] #[dump(id = "vm::Face")] #[repr(C)] pub(super) struct Face { #[dump(bake = 1)] mark: u8 } }
    }
    versions! {
        baked { #[derive(Dumpable)] #[dump(id = "vm::Face")] #[repr(C)] pub(super) struct Face { #[dump(bake = 2)] mark: u8 } }
        reason { #[derive(Dumpable)] #[dump(id = "vm::Cache")] pub(super) struct Cache { #[dump(skip = "one")] mark: u8 } }
    }
    versions! {
        other_reason { #[derive(Dumpable)] #[dump(id = "vm::Cache")] pub(super) struct Cache { #[dump(skip = "two")] mark: u8 } }
        cached { #[derive(Dumpable)] #[dump(id = "vm::Cache")] pub(super) struct Cache { #[dump(cache)] mark: u8 } }
    }
    moves::<old::Face, new::Face>(&["Face.mark plain -> [bake = 1]"]);
    moves::<new::Face, baked::Face>(&["Face.mark [bake = 1] -> [bake = 2]"]);
    moves::<reason::Cache, cached::Cache>(&["Cache.mark [skip] -> [cache]"]);
    assert_eq!(schema::<reason::Cache>().hash, schema::<other_reason::Cache>().hash);
}

#[test]
fn which_of_two_types_of_one_name_a_field_has_moves_the_hash() {
    mod one {
        use super::*;
        #[derive(Dumpable)]
        #[dump(id = "vm::Thing")]
        pub(super) struct Thing {
            pub(super) size: u32,
        }
    }
    mod other {
        use super::*;
        #[derive(Dumpable)]
        #[dump(id = "vm::Thing")]
        pub(super) struct Thing {
            pub(super) kind: i32,
        }
    }
    #[derive(Dumpable)]
    #[dump(id = "vm::Pair")]
    struct Pair<A, B> {
        first: A,
        second: B,
    }
    let pair = Pair { first: one::Thing { size: 1 }, second: other::Thing { kind: 2 } };
    assert_eq!((pair.first.size, pair.second.kind), (1, 2));
    moves::<Pair<one::Thing, other::Thing>, Pair<other::Thing, one::Thing>>(&[]);
    moves::<Pair<one::Thing, other::Thing>, Pair<one::Thing, one::Thing>>(&[]);
    moves::<(one::Thing, other::Thing), (one::Thing, one::Thing)>(&[]);
}

#[test]
fn a_renamed_field_moves_the_hash() {
    versions! {
        old { #[derive(Dumpable)] #[dump(id = "vm::Face")] pub(super) struct Face { weight: u16 } }
        new { #[derive(Dumpable)] #[dump(id = "vm::Face")] pub(super) struct Face { heaviness: u16 } }
    }
    moves::<old::Face, new::Face>(&["Face: field \"weight\" looks renamed to \"heaviness\""]);
}

#[test]
fn a_change_anywhere_in_a_circle_of_types_moves_the_hash_of_each() {
    versions! {
        old {
            #[derive(Dumpable)] #[dump(id = "vm::Tree")]
            pub(super) struct Tree { left: Option<Box<Tree>>, right: Vec<Leaf>, names: std::collections::HashMap<Symbol, Tree> }
            #[derive(Dumpable)] #[dump(id = "vm::Leaf")]
            pub(super) struct Leaf { up: Option<Box<Tree>>, weight: u16 }
        }
        new {
            #[derive(Dumpable)] #[dump(id = "vm::Tree")]
            pub(super) struct Tree { left: Option<Box<Tree>>, right: Vec<Leaf>, names: std::collections::HashMap<Symbol, Tree> }
            #[derive(Dumpable)] #[dump(id = "vm::Leaf")]
            pub(super) struct Leaf { up: Option<Box<Tree>>, weight: u32 }
        }
    }
    moves::<old::Tree, new::Tree>(&["Leaf.weight u16 -> u32 (widened)"]);
    moves::<old::Leaf, new::Leaf>(&["Leaf.weight u16 -> u32 (widened)"]);
    // Each type of a circle is described once, whichever it starts with.
    let text = schema::<old::Tree>().text;
    assert_eq!(text.matches("struct vm::Tree: ").count(), 1, "{text}");
    assert_eq!(text.matches("struct vm::Leaf: ").count(), 1, "{text}");
}

#[test]
fn objects_that_refer_to_each_other_through_words_are_covered() {
    versions! {
        old {
            #[derive(Dumpable, Clone, Copy)]
            #[dump(unsafe(word), objects(Cons = 0b01), immediate(0b00), id = "vm::Value")]
            #[repr(transparent)]
            pub(super) struct Value(usize);
            #[derive(Dumpable)] #[dump(object, id = "vm::Cons")] #[repr(C)]
            pub(super) struct Cons { car: Value, cdr: Value }
        }
        new {
            #[derive(Dumpable, Clone, Copy)]
            #[dump(unsafe(word), objects(Cons = 0b01), immediate(0b00), id = "vm::Value")]
            #[repr(transparent)]
            pub(super) struct Value(usize);
            #[derive(Dumpable)] #[dump(object, id = "vm::Cons")] #[repr(C)]
            pub(super) struct Cons { car: Value, cdr: Value, mark: u64 }
        }
    }
    versions! {
        tagged {
            #[derive(Dumpable, Clone, Copy)]
            #[dump(unsafe(word), objects(Cons = 0b11), immediate(0b00), id = "vm::Value")]
            #[repr(transparent)]
            pub(super) struct Value(usize);
            #[derive(Dumpable)] #[dump(object, id = "vm::Cons")] #[repr(C)]
            pub(super) struct Cons { car: Value, cdr: Value }
        }
        kinds {
            #[derive(Dumpable, Clone, Copy)]
            #[dump(unsafe(word), objects(Cons = 0b01), immediate(0b00), id = "vm::Value")]
            #[repr(transparent)]
            pub(super) struct Value(usize);
            #[derive(Dumpable)] #[dump(object, kind = 3, id = "vm::Cons")] #[repr(C)]
            pub(super) struct Cons { car: Value, cdr: Value }
        }
    }
    moves::<old::Value, new::Value>(&["Cons: field \"mark\" added at 16 (u64)"]);
    moves::<old::Value, tagged::Value>(&["Value: note Cons = 0b01 -> Cons = 0b11"]);
    moves::<old::Cons, kinds::Cons>(&["Cons: kind none -> 3"]);
}
