//! An image that another build wrote is refused with what changed, both versions and what to do, whatever was
//! found to differ first.

use neodump_runtime::schema::SchemaText;
use neodump_runtime::{DumpError, Dumpable, Natives, dump_to_bytes, load_bytes};
use neodump_tests::fixture;
use neodump_tests::forge::{Forge, assemble};

/// One build of a machine.
macro_rules! build {
    ($module:ident, image $image:literal, faces $faces:literal,
     vm { $($vm:ident: $vm_type:ty),* } table { $($table:ident: $table_type:ty),* } weight $weight:ty) => {
        mod $module {
            use neodump_runtime::Dumpable;

            #[derive(Dumpable, Default)]
            #[dump(id = "vm::Face")]
            pub(crate) struct Face {
                pub(crate) weight: $weight,
            }

            #[derive(Dumpable, Default)]
            #[dump(section = "faces", version = $faces, id = "vm::FaceTable")]
            pub(crate) struct FaceTable {
                pub(crate) faces: Vec<Face>,
                $(pub(crate) $table: $table_type),*
            }

            #[derive(Dumpable, Default)]
            #[dump(image = "stale", version = $image, id = "vm::Vm")]
            pub(crate) struct Vm {
                pub(crate) faces: FaceTable,
                $(pub(crate) $vm: $vm_type),*
            }
        }
    };
}

build!(first, image 1, faces 3, vm {} table {} weight u16);
build!(unbumped, image 1, faces 3, vm {} table { stipple: Option<u32> } weight u32);
build!(section_bumped, image 1, faces 4, vm {} table { stipple: Option<u32> } weight u32);
build!(image_bumped, image 2, faces 4, vm {} table { stipple: Option<u32> } weight u32);
build!(number_bumped, image 2, faces 3, vm {} table {} weight u16);
build!(root_unbumped, image 1, faces 3, vm { depth: u64 } table {} weight u16);

/// A build whose faces are no section of their own.
mod merged {
    use neodump_runtime::Dumpable;

    #[derive(Dumpable, Default)]
    #[dump(image = "stale", version = 1, id = "vm::Vm")]
    pub(crate) struct Vm {
        pub(crate) weights: Vec<u16>,
    }
}

#[track_caller]
fn message<R: neodump_runtime::ImageRoot>(bytes: &[u8]) -> String {
    match load_bytes::<R>(bytes) {
        Err(error @ DumpError::FingerprintMismatch { .. }) => {
            assert!(error.is_stale());
            error.to_string()
        }
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("the image was loaded"),
    }
}

fn first() -> Vec<u8> {
    dump_to_bytes(&mut first::Vm::default()).expect("the machine can be dumped")
}

const CHANGES: &str =
    "  FaceTable v3: field \"stipple\" added at 16 (Option<u32>)\n  Face.weight u16 -> u32 (widened)\n";

#[test]
fn a_layout_that_changed_under_one_version_is_told_by_field() {
    let message = message::<unbumped::Vm>(&first());
    let (head, rest) = message.split_once('\n').expect("several lines");
    assert!(head.starts_with("stale image: schema of section faces: version 3 with hash "), "{head}");
    assert!(
        head.contains(" in the image, version 3 with hash ") && head.ends_with(" in this build"),
        "{head}"
    );
    assert!(rest.starts_with(CHANGES), "{rest}");
    assert!(rest.ends_with("\ndump it again with this build"), "{rest}");
}

#[test]
fn a_bumped_section_is_told_by_both_versions_and_by_field() {
    let message = message::<section_bumped::Vm>(&first());
    let (head, rest) = message.split_once('\n').expect("several lines");
    assert_eq!(head, "stale image: version of section faces: 3 in the image, 4 in this build");
    let versions = "  FaceTable: version of section faces 3 -> 4\n";
    assert!(rest.starts_with(&format!("{versions}{}", CHANGES.replace("v3", "v4"))), "{rest}");
}

#[test]
fn a_bumped_image_is_told_by_both_versions_and_by_field() {
    let message = message::<image_bumped::Vm>(&first());
    let (head, rest) = message.split_once('\n').expect("several lines");
    assert_eq!(head, "stale image: image version: 1 in the image, 2 in this build");
    assert!(rest.contains("  FaceTable: version of section faces 3 -> 4\n"), "{rest}");
    assert!(rest.contains(&CHANGES.replace("v3", "v4")), "{rest}");
}

#[test]
fn a_number_that_was_bumped_alone_says_that_the_layouts_are_equal() {
    let message = message::<number_bumped::Vm>(&first());
    let expected = "stale image: image version: 1 in the image, 2 in this build\n  the layouts are equal: its version \
                    alone was bumped\ndump it again with this build";
    assert_eq!(message, expected);
}

#[test]
fn a_field_of_the_image_type_is_told_though_every_section_is_equal() {
    let message = message::<root_unbumped::Vm>(&first());
    let (head, rest) = message.split_once('\n').expect("several lines");
    assert!(head.starts_with("stale image: schema of image stale: version 1 with hash "), "{head}");
    assert!(rest.starts_with("  Vm: field \"depth\" added at 16 (u64)\n"), "{rest}");
}

#[test]
fn a_section_that_came_or_went_is_told() {
    let merged = dump_to_bytes(&mut merged::Vm::default()).expect("the machine can be dumped");
    let message = message::<first::Vm>(&merged);
    assert!(message.starts_with("stale image: section faces: absent in the image, version 3 in this build"));
    assert!(message.contains("\n  FaceTable v3 is new\n"), "{message}");
    assert!(message.contains("\n  Vm: field \"weights\" removed at 0 (Vec<u16>)\n"), "{message}");
}

#[test]
fn a_schema_that_cannot_be_read_is_told_and_never_left_out() {
    let (identity, sections) = Forge::new(&first()).apart();
    for body in [&b"\xff"[..], b"nothing", b""] {
        let sections = sections.iter().cloned().map(|(spec, old)| {
            let new = if spec.name == "Schema" { body.to_vec() } else { old };
            (spec, new)
        });
        let sections: Vec<_> = sections.collect();
        let message = message::<section_bumped::Vm>(&assemble(&identity, &sections));
        let lines = message.lines().count();
        assert!(lines > 2, "{message}");
        assert!(body.is_empty() || message.contains("what changed cannot be told"), "{message}");
    }
}

#[test]
fn a_hash_that_was_changed_by_hand_is_not_taken_for_a_change_of_the_layout() {
    let (mut identity, sections) = Forge::new(&first()).apart();
    identity.root_hash ^= 1;
    let message = message::<first::Vm>(&assemble(&identity, &sections));
    assert!(message.contains("the schema texts are equal and the hashes are not"), "{message}");
}

#[test]
fn an_image_of_another_machine_is_told_by_both_names() {
    #[derive(Dumpable)]
    #[dump(image = "other", version = 1)]
    struct Other {
        number: u8,
    }
    let bytes = dump_to_bytes(&mut Other { number: 1 }).expect("the machine can be dumped");
    let message = message::<first::Vm>(&bytes);
    assert!(message.starts_with("stale image: image name: other in the image, stale in this build\n"));
    assert_eq!(load_bytes::<Other>(&bytes).map(|other| other.number).ok(), Some(1));
}

#[derive(Dumpable)]
#[dump(image = "natives", version = 1, id = "vm::Natives")]
struct Callers {
    #[dump(native)]
    double: fn(u64) -> u64,
    #[dump(native)]
    square: fn(u64) -> u64,
    #[dump(native)]
    limits: &'static [u32; 2],
}

/// A later build of it.
#[derive(Dumpable)]
#[dump(image = "natives", version = 2, id = "vm::Natives")]
struct LaterCallers {
    #[dump(native)]
    double: fn(u64) -> u64,
}

fn double(number: u64) -> u64 {
    number * 2
}

fn square(number: u64) -> u64 {
    number * number
}

static LIMITS: [u32; 2] = [3, 5];

fn callers() -> Vec<u8> {
    let natives = Natives::new()
        .function("double", double as fn(u64) -> u64)
        .function("square", square as fn(u64) -> u64)
        .data("limits", &LIMITS);
    let mut vm = Callers { double, square, limits: &LIMITS };
    let bytes = neodump_runtime::Dumper::new().natives(&natives).to_bytes(&mut vm);
    let (bytes, _) = bytes.expect("the machine can be dumped");
    let vm: Callers =
        neodump_runtime::LoadOptions::new().natives(&natives).load_bytes(&bytes).expect("it loads");
    assert_eq!(((vm.double)(3), (vm.square)(3), *vm.limits), (6, 9, LIMITS));
    bytes
}

#[test]
fn every_native_that_is_missing_is_told_by_name_and_type() {
    let bytes = callers();
    let few = Natives::new().function("double", double as fn(u64) -> u64);
    let refused = neodump_runtime::LoadOptions::new().natives(&few).load_bytes::<Callers>(&bytes);
    let message = refused.err().expect("natives are missing").to_string();
    let expected = "\
stale image: natives: 3 needed in the image, 1 of them known by name and type in this build
  native \"square\" is missing: expected fn(u64) -> u64
  native \"limits\" is missing: expected [u32; 2]
  list them in `Natives` under these names and with these types
dump it again with this build";
    assert_eq!(message, expected);
    let message = self::message::<Callers>(&bytes);
    assert_eq!(message.matches(" is missing: expected ").count(), 3, "{message}");
    assert!(
        message.contains("\n  no natives were given: pass them with `LoadOptions::natives`\n"),
        "{message}"
    );
}

#[test]
fn a_stale_image_tells_besides_which_natives_it_would_miss() {
    let natives = Natives::new().function("double", double as fn(u64) -> u64).data("limits", &7u8);
    let refused =
        neodump_runtime::LoadOptions::new().natives(&natives).load_bytes::<LaterCallers>(&callers());
    let message = refused.map(|vm| (vm.double)(1)).expect_err("it is stale").to_string();
    for expected in [
        "stale image: image version: 1 in the image, 2 in this build\n",
        "\n  Natives: field \"square\" removed",
        "\n  native \"square\" is missing: expected fn(u64) -> u64\n",
        "\n  native \"limits\" has another type: [u32; 2] in the image, u8 in this build\n",
    ] {
        assert!(message.contains(expected), "{expected} is not in\n{message}");
    }
}

#[test]
fn the_schema_of_a_machine_with_every_kind_of_field_is_read_back() {
    let mut vm = fixture::Vm::full();
    let bytes = vm.dump().expect("the machine can be dumped");
    let forge = Forge::new(&bytes);
    let text = std::str::from_utf8(&bytes[forge.section("Schema")]).expect("a text");
    let schema = SchemaText::parse(text).expect("the schema is in its grammar");
    assert_eq!(schema.types.len(), text.lines().filter(|line| !line.starts_with(' ')).count());
    let lines: usize = schema
        .types
        .iter()
        .map(|ty| {
            let fields: usize = ty.field_lists().map(|(_, fields)| fields.len()).sum();
            let body = ty.notes.len() + ty.consts.len() + ty.params.len() + ty.variants.len();
            1 + fields + body + usize::from(ty.repr.is_some())
        })
        .sum();
    assert_eq!(lines, text.lines().count());
}

/// The machine of the guide, before and after its change.
macro_rules! guide {
    ($module:ident, version $version:literal, { $($field:ident: $ty:ty)? }) => {
        #[allow(dead_code, reason = "only the schemas of these types are looked at")]
        mod $module {
            use neodump_runtime::{Dumpable, Symbol};

            #[derive(Dumpable)]
            #[dump(id = "vm::Face")]
            #[repr(C)]
            pub(crate) struct Face {
                height: u16,
                weight: u16,
                $($field: $ty,)?
            }

            #[derive(Dumpable, Default)]
            #[dump(section = "faces", version = $version, id = "vm::FaceTable")]
            pub(crate) struct FaceTable {
                faces: std::collections::HashMap<Symbol, Face>,
            }

            #[derive(Dumpable, Default)]
            #[dump(image = "guide", version = 1, id = "vm::Vm")]
            pub(crate) struct Vm {
                faces: FaceTable,
            }
        }
    };
}

guide!(before, version 3, {});
guide!(after, version 3, { stipple: u32 });
guide!(bumped, version 4, { stipple: u32 });

#[test]
fn the_guide_shows_what_the_lock_and_the_load_say() {
    use neodump_runtime::format_lock::{FormatProbe, check};

    let guide = include_str!("../../docs/guide/version-bump.md");
    let shown = |said: &str, before: &str| {
        let lines: Vec<String> = said.lines().map(|line| format!("   {line}\n")).collect();
        let text = lines.concat().replacen("   ", before, 1);
        assert!(guide.contains(&text), "the guide does not show\n{text}");
    };
    let (old, new) = (FormatProbe::<before::Vm>::format(), FormatProbe::<after::Vm>::format());
    let problem = check(Some(&old.parts()[1].text()), &new.parts()[1]).expect_err("the lock holds");
    shown(&problem, "   formats/Vm.faces.snap: ");
    let bytes = dump_to_bytes(&mut before::Vm::default()).expect("the machine can be dumped");
    shown(&message::<bumped::Vm>(&bytes), "   ");
}

#[test]
fn a_stale_image_cannot_make_its_refusal_long_or_control_the_terminal() {
    let bytes = dump_to_bytes(&mut first::Vm::default()).unwrap();
    let (identity, sections) = Forge::new(&bytes).apart();
    let told = |change: &dyn Fn(String) -> String| {
        let mut sections = sections.clone();
        let schema = sections.iter_mut().find(|(spec, _)| spec.name == "Schema").expect("a schema");
        schema.1 = change(String::from_utf8(schema.1.clone()).expect("text")).into_bytes();
        message::<image_bumped::Vm>(&assemble(&identity, &sections))
    };
    let escape = told(&|text| text.replace("vm::Face", "vm::\x1b]0;pwned\x07Face"));
    assert!(!escape.contains(['\x1b', '\x07']) && escape.contains("control characters"), "{escape}");
    let long = told(&|text| text.replace("weight", &"w".repeat(100_000)));
    assert!(long.len() < 20_000 && long.contains("www.."), "{long}");
    // More than is worth reading to explain a refusal is not read.
    let large = told(&|text| text + &"type x: 1 bytes align 1 in place\n".repeat(200_000));
    assert!(large.contains("what changed cannot be told: section Schema has"), "{large}");
}
