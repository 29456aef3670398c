//! Every kind of change, as it is told.

use super::*;

/// A schema of a manager that holds faces, each type with these lines.
fn schema(table: &str, face: &str) -> String {
    format!(
        "struct vm::FaceTable section \"faces\" version 3: 48 bytes align 8 hydrated\n{table}\
         struct vm::Face: 8 bytes align 4 in place\n{face}"
    )
}

#[track_caller]
fn told(old: &str, new: &str, expected: &[&str]) {
    let found = diff(old, new);
    assert_eq!(found.lines(), expected, "{found:?}");
    assert!(diff(old, old).is_empty() && diff(new, new).is_empty());
}

#[track_caller]
fn face(old: &str, new: &str, expected: &[&str]) {
    told(&schema("", old), &schema("", new), expected);
}

#[test]
fn the_example_of_the_guide_is_told_as_it_stands_there() {
    told(
        &schema("  faces: Vec<vm::Face> at 0\n", "  weight: u16 at 0\n"),
        &schema("  faces: Vec<vm::Face> at 0\n  stipple: Option<u32> at 40\n", "  weight: u32 at 0\n"),
        &["FaceTable v3: field \"stipple\" added at 40 (Option<u32>)", "Face.weight u16 -> u32 (widened)"],
    );
}

#[test]
fn fields_that_are_added_removed_re_typed_and_renamed_are_told() {
    face("  a: u8 at 0\n", "  a: u8 at 0\n  b: - [skip]\n", &["Face: field \"b\" added (skip)"]);
    face("  a: u8 at 0\n  b: i16 at 2\n", "  a: u8 at 0\n", &["Face: field \"b\" removed at 2 (i16)"]);
    face("  a: u8 at 0\n", "  a: f32 at 0\n", &["Face.a u8 -> f32"]);
    face("  a: i64 at 0\n", "  a: i32 at 0\n", &["Face.a i64 -> i32 (narrowed)"]);
    face("  a: f32 at 0\n", "  a: f64 at 0\n", &["Face.a f32 -> f64 (widened)"]);
    face("  a: u8 at 0\n", "  b: u8 at 0\n", &["Face: field \"a\" looks renamed to \"b\""]);
    face(
        "  a: u8 at 0\n",
        "  b: u16 at 0\n",
        &["Face: field \"b\" added at 0 (u16)", "Face: field \"a\" removed at 0 (u8)"],
    );
}

#[test]
fn fields_that_move_together_are_told_together_and_after_what_moved_them() {
    face(
        "  a: u8 at 0\n  b: u8 at 1\n  c: - [skip]\n  d: u8 at 2\n  e: u8 at 7\n",
        "  new: u32 at 0\n  a: u8 at 4\n  b: u8 at 5\n  c: - [skip]\n  d: u8 at 6\n  e: u8 at 8\n",
        &[
            "Face: field \"new\" added at 0 (u32)",
            "Face: 3 fields, from a to d, moved: 0 -> 4 and so on",
            "Face.e moved: 7 -> 8",
        ],
    );
    face(
        "  a: u8 at 0\n  b: u8 at 1\n",
        "  b: u8 at 0\n  a: u8 at 1\n",
        &[
            "Face: the fields are in another order: a, b -> b, a",
            "Face.b moved: 1 -> 0",
            "Face.a moved: 0 -> 1",
        ],
    );
}

#[test]
fn policies_notes_constants_and_parameters_are_told() {
    face("  a: u8 at 0\n", "  a: u8 at 0 [bake = 1]\n", &["Face.a plain -> [bake = 1]"]);
    face("  a: - [skip]\n", "  a: u8 at 0\n", &["Face.a [skip] -> plain"]);
    face("  note validate = a\n", "  note validate = b\n", &["Face: note validate = a -> validate = b"]);
    face("", "  note validate = b\n", &["Face: note validate = b added"]);
    face("  const usize = 4\n", "  const usize = 5\n", &["Face: const usize = 4 -> usize = 5"]);
    face("  of u8\n", "  of u16\n", &["Face: of u8 -> u16"]);
    face("  of u8\n  of u16\n", "  of u16\n  of u8\n", &["Face: of u8, u16 -> u16, u8"]);
}

#[test]
fn variants_and_discriminants_are_told() {
    let shape = |body: &str| format!("enum vm::Shape: 8 bytes align 4 in place\n  repr u8\n{body}");
    let cases: [(&str, &str, &[&str]); 6] = [
        ("  A = 0\n", "  A = 0\n  B = 1\n", &["Shape: variant B = 1 added"]),
        ("  A = 0\n  B = 1\n", "  A = 0\n", &["Shape: variant B = 1 removed"]),
        ("  A = 0\n", "  A = 7\n", &["Shape::A = 0 -> 7"]),
        ("  A = 0\n    x: u8 at 1\n", "  B = 0\n    x: u8 at 1\n", &["Shape: variant A looks renamed to B"]),
        (
            "  A = 0\n    x: u8 at 1\n",
            "  A = 0\n    x: u16 at 2\n",
            &["Shape.A.x u8 -> u16 (widened)", "Shape.A.x moved: 1 -> 2"],
        ),
        (
            "  A = 0\n    0: u8 at 1\n",
            "  A = 0\n    0: u8 at 1\n    1: u8 at 2\n",
            &["Shape: field \"A.1\" added at 2 (u8)"],
        ),
    ];
    for (old, new, expected) in cases {
        told(&shape(old), &shape(new), expected);
    }
    let rust = shape("  A = 0\n").replace("repr u8", "repr Rust");
    told(&rust, &shape("  A = 0\n"), &["Shape: repr Rust -> u8"]);
}

#[test]
fn versions_sections_and_roles_are_told() {
    let old = schema("", "");
    told(&old, &old.replace("version 3", "version 4"), &["FaceTable: version of section faces 3 -> 4"]);
    told(&old, &old.replace("\"faces\"", "\"looks\""), &["FaceTable v3: section faces -> section looks"]);
    told(&old, &old.replace(" section \"faces\" version 3", ""), &["FaceTable: section faces -> no section"]);
    told(&old, &old.replace("8 bytes align 4", "12 bytes align 4"), &["Face: size 8 bytes -> 12 bytes"]);
    told(&old, &old.replace("align 4", "align 8"), &["Face: alignment 4 -> 8"]);
    told(&old, &old.replace("in place", "hydrated"), &["Face: tier in place -> hydrated"]);
    told(&old, &old.replace("in place", "in place niche rw"), &["Face: flags none -> niche rw"]);
    let object = old.replace("vm::Face:", "vm::Face object size 8 align 8 kind 2 tail at 8 stride 1:");
    told(&old, &object, &["Face: role value -> heap object"]);
    told(&object, &object.replace("kind 2", "kind 3"), &["Face: kind 2 -> 3"]);
    told(
        &object,
        &object.replace("stride 1", "stride 2"),
        &["Face: trailing array at 8 stride 1 -> at 8 stride 2"],
    );
    told(&object, &object.replace("kind 2", "kind 2 side 16"), &["Face: side record 0 bytes -> 16 bytes"]);
}

#[test]
fn types_that_come_go_and_move_to_another_module_are_told_once() {
    let old = "struct vm::Vm: 8 bytes align 8 hydrated\n  map: HashMap<Symbol, vm::Face> at 0\n\
               type HashMap<Symbol, vm::Face>: 16 bytes align 8 hydrated\n  of Symbol\n  of vm::Face\n\
               struct vm::Face: 8 bytes align 8 hydrated\n  next: Box<vm::Face> at 0\n";
    told(
        old,
        &old.replace("vm::Face", "vm::look::Face"),
        &["vm::Face looks renamed to vm::look::Face (`id` pins the name of a type that moves)"],
    );
    told(old, &format!("{old}struct vm::Font: 1 bytes align 1 in place\n  a: u8 at 0\n"), &["Font is new"]);
    told(&format!("{old}struct vm::Font: 1 bytes align 1 in place\n"), old, &["Font is gone"]);
    // Two types of one short name keep their paths.
    let two = format!("{old}struct x::Face: 1 bytes align 1 in place\n  a: u8 at 0\n");
    told(&two, &two.replace("a: u8", "a: i8"), &["x::Face.a u8 -> i8"]);
}

#[test]
fn two_blocks_of_one_name_are_compared_in_their_order() {
    let old = "struct tuple: 1 bytes align 1 in place\n  0: u8 at 0\nstruct tuple: 2 bytes align 2 in place\n  0: u16 at 0\n";
    told(old, &old.replace("u16", "i16"), &["tuple.0 u16 -> i16"]);
}

#[test]
fn a_long_list_is_cut_and_says_how_much_is_missing() {
    let fields = |ty: &str| (0..50).map(|n| format!("  f{n}: {ty} at 0\n")).collect::<String>();
    let found = diff(&schema("", &fields("u8")), &schema("", &fields("i8")));
    assert_eq!((found.changes().len(), found.more()), (40, 10));
    assert_eq!(found.lines().len(), 41);
    assert_eq!(found.lines()[40], "and 10 more");
}

#[test]
fn a_text_that_is_no_schema_is_told_and_not_taken_for_equal() {
    let found = diff("no schema", &schema("", ""));
    assert!(!found.is_empty());
    assert_eq!(
        found.lines(),
        ["what changed cannot be told: line 1 of the schema is not the first line of a type"]
    );
}

#[test]
fn what_changed_is_told_at_most_in_forty_lines_of_about_four_hundred_characters() {
    let long = "x".repeat(10_000);
    let fields = |ty: &str| (0..50).map(|n| format!("  {long}{n}: {ty} at 0\n")).collect::<String>();
    let found = diff(&schema("", &fields("u8")), &schema("", &fields("i8")));
    assert_eq!(found.lines().len(), 41);
    assert!(found.lines().iter().all(|line| line.chars().count() <= 402), "{found}");
}

#[test]
fn changes_that_somebody_made_come_before_any_number_of_those_that_followed() {
    let fields = |at: usize| (0..50).map(|n| format!("  f{n}: u8 at {}\n", n * at)).collect::<String>();
    let types = |size: usize| {
        let ty = |n| format!("struct vm::T{n}: {size} bytes align 4 in place\n  a: u8 at 0\n");
        (0..50).map(ty).collect::<String>()
    };
    let old = types(8) + &schema("", &fields(1));
    let new = types(16) + &schema("", &(fields(2) + "  added: u8 at 200\n"));
    let found = diff(&old, &new);
    assert_eq!(found.lines()[0], "Face: field \"added\" added at 200 (u8)");
    assert_eq!((found.changes().len(), found.more()), (40, 60));
}

#[test]
#[cfg_attr(miri, ignore = "long texts")]
fn texts_of_any_length_are_compared_in_a_time_that_their_length_bounds() {
    let many = |name: &str, count: usize, discriminant: &dyn Fn(usize) -> usize| {
        let variants = (0..count).map(|n| format!("  {name}{n} = {}\n", discriminant(n)));
        "enum vm::Op: 4 bytes align 4 hydrated\n  repr Rust\n".to_owned() + &variants.collect::<String>()
    };
    let start = std::time::Instant::now();
    let found = diff(&many("o", 100_000, &|_| 7777), &many("New", 300, &|n| n));
    assert_eq!((found.changes().len(), found.more()), (40, 100_260));
    // One of many fields has the discriminant of many without.
    let wide: String = (0..20_000).map(|n| format!("    f{n}: u8 at {n}\n")).collect();
    let found = diff(&(many("o", 1, &|_| 5) + &wide), &many("New", 20_000, &|_| 5));
    assert_eq!(found.changes().len(), 40);
    // Two by two this would take minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
