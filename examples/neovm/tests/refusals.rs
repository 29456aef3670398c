//! What no machine is made of: images of other machines, garbage, and bytes that mean nothing. The safe load refuses each,
//! with what was found and what was expected. Checksums are made to fit, so that no refusal hides behind them.

mod ways;

use neodump_runtime::image::{CONTAINER_VERSION, HEADER_FIELDS, Identity, MAGIC, SectionSpec, SegmentKind};
use neodump_runtime::{AdoptImage, DumpError, Placement};
use neodump_tests::forge::{Forge, assemble};
use neovm::object::{Cons, HashTable, Kind, Weakness};
use neovm::value::Value;
use neovm::{Symbol, Vm, image};
use std::mem::offset_of;
use ways::machine;

/// Why a load from bytes is refused, at the base and elsewhere.
fn refused(bytes: &[u8]) -> DumpError {
    let load = |placement| match image::options().placement(placement).load_bytes::<Vm>(bytes) {
        Ok(_) => panic!("a machine was made of it"),
        Err(error) => error,
    };
    let error = load(Placement::Preferred);
    assert_eq!(load(Placement::Elsewhere).to_string(), error.to_string());
    error
}

/// An image of a machine that has booted and run a program.
fn forge(program: &str) -> Forge {
    Forge::new(&machine(program).dump_to_bytes().unwrap())
}

/// Where the bytes of the object are that a variable holds.
fn offset_of_object(forge: &mut Forge, variable: &str) -> usize {
    let mut vm: Vm = image::options().load_bytes(forge.bytes()).unwrap();
    let object = vm.global(variable).address();
    let first = vm.heap.image().unwrap().arenas()[0].objects().next().unwrap().addr();
    object - first + forge.section("HeapImage").start
}

/// The image with another identity and other descriptions of its sections.
fn renamed(forge: &Forge, change: impl Fn(&mut Identity, &mut [(SectionSpec, Vec<u8>)])) -> Vec<u8> {
    let (mut identity, mut sections) = forge.apart();
    change(&mut identity, &mut sections);
    assemble(&identity, &sections)
}

/// That the bytes are refused as stale: what differs, and what it is in the image and in this program.
#[track_caller]
fn stale(bytes: &[u8], wanted: [&str; 3]) {
    match refused(bytes) {
        DumpError::FingerprintMismatch { what, found, expected, .. } => {
            let told = [what, found, expected];
            for (told, wanted) in told.iter().zip(wanted) {
                assert!(told.contains(wanted), "{told} does not say {wanted}");
            }
            assert_ne!(told[1], told[2], "{} is the same", told[0]);
        }
        error => panic!("{error}"),
    }
}

#[test]
fn an_image_of_another_machine_is_refused_with_what_it_has_and_what_this_one_has() {
    let forge = forge("nil");
    let identity = forge.header().identity().clone();
    stale(
        &renamed(&forge, |identity, _| identity.name = "otherlisp".to_owned()),
        ["image name", "otherlisp", "neovm"],
    );
    let version = identity.version.to_string();
    stale(
        &renamed(&forge, |identity, _| identity.version = 1_000_000),
        ["image version", "1000000", &version],
    );
    for bit in [0, 17, 63] {
        let (found, expected) = (identity.root_hash ^ (1 << bit), identity.root_hash);
        stale(
            &renamed(&forge, |identity, _| identity.root_hash = found),
            ["schema", &format!("{found:016x}"), &format!("{expected:016x}")],
        );
    }
}

#[test]
fn a_section_of_another_version_or_layout_is_refused_by_its_name_with_both_values() {
    let forge = forge("nil");
    let framework = forge.header().sections().iter().filter(|placed| placed.spec.schema_hash == 0).count();
    let managers: Vec<SectionSpec> = forge
        .header()
        .sections()
        .iter()
        .map(|placed| placed.spec.clone())
        .filter(|spec| spec.segment == SegmentKind::Rw && spec.schema_hash != 0 && spec.name != "Root")
        .collect();
    assert_eq!(
        managers.len() + framework + 2,
        forge.header().sections().len(),
        "all but `Root` and `Schema`"
    );
    for manager in managers {
        let change = |change: &dyn Fn(&mut SectionSpec)| {
            renamed(&forge, |_, sections| {
                sections.iter_mut().filter(|(spec, _)| *spec == manager).for_each(|(spec, _)| change(spec));
            })
        };
        let SectionSpec { name, version, schema_hash, .. } = &manager;
        stale(
            &change(&|spec| spec.version += 1),
            [&format!("version of section {name}"), &(version + 1).to_string(), &version.to_string()],
        );
        let other = schema_hash ^ 1;
        stale(
            &change(&|spec| spec.schema_hash = other),
            [&format!("schema of section {name}"), &format!("{other:016x}"), &format!("{schema_hash:016x}")],
        );
        stale(
            &change(&|spec| spec.name = "somebody-elses".to_owned()),
            [&format!("section {name}"), "absent", &format!("version {version}")],
        );
    }
}

#[test]
fn a_file_with_another_magic_or_container_is_refused_with_what_it_starts_with() {
    let mut forge = forge("nil");
    let mut other = forge.bytes().to_vec();
    other[..8].copy_from_slice(b"not mine");
    match refused(&other) {
        DumpError::BadMagic { found } => {
            assert_eq!((&found[..8], &found[8..]), (&b"not mine"[..], &MAGIC[8..]));
        }
        error => panic!("{error}"),
    }
    let version = HEADER_FIELDS.iter().find(|field| field.name == "container version").unwrap();
    version.put_number(forge.bytes(), u64::from(CONTAINER_VERSION) + 1);
    match refused(forge.sealed_header()) {
        DumpError::UnsupportedVersion { what, found, supported } => {
            assert_eq!(
                (what, found, supported),
                ("container version", supported + 1, CONTAINER_VERSION.into())
            );
        }
        error => panic!("{error}"),
    }
}

#[test]
fn garbage_instead_of_a_section_is_refused_by_name_or_makes_no_difference() {
    let sound = forge("(setq it '(1 \"two\" [3]))");
    let mut harmless = Vec::new();
    for (name, range) in sound.contents().into_iter().filter(|(_, range)| !range.is_empty()) {
        let mut forge = sound.clone();
        for (at, byte) in forge.bytes()[range.clone()].iter_mut().enumerate() {
            *byte = (at as u8).wrapping_mul(37) ^ 0xA5;
        }
        // As it is, the checksum tells.
        match refused(forge.bytes()) {
            DumpError::ChecksumMismatch { section, found, expected } => {
                assert_eq!(section, name);
                assert_ne!(found, expected);
            }
            error => panic!("{name}: {error}"),
        }
        // With a checksum that fits, the audit does.
        let sealed = forge.sealed().to_vec();
        match image::options().load_bytes::<Vm>(&sealed) {
            Err(DumpError::ImageFormat { section, offset, problem, path }) => {
                // What lies in the words and bytes of objects is found by the objects that own it.
                let owner =
                    if matches!(name.as_str(), "HeapWords" | "HeapBytes") { "HeapImage" } else { &name };
                assert_eq!(section, owner, "{path}: {problem}");
                let found_in = sound.section(owner);
                assert!(found_in.contains(&(offset as usize)) || owner != name, "{name}: {offset}");
            }
            Err(error) => panic!("{name}: {error}"),
            Ok(mut vm) => {
                assert_eq!(vm.eval_to_string("it").unwrap(), "(1 \"two\" [3])");
                assert!(
                    vm.dump_to_bytes().unwrap()
                        == machine("(setq it '(1 \"two\" [3]))").dump_to_bytes().unwrap()
                );
                harmless.push(name);
            }
        }
    }
    // What this process binds is written over; the text of the schema is only read where its hash differs.
    assert_eq!(harmless, ["Imports", "Schema"]);
}

#[test]
fn every_damaged_byte_is_refused_and_the_machine_that_wrote_it_goes_on() {
    let mut vm = machine("(setq it '(1 \"two\" [3]))");
    let bytes = vm.dump_to_bytes().unwrap();
    // No power of two: it meets all segments and all places of a word.
    for step in 0..100 {
        let mut damaged = bytes.clone();
        let at = (step * 26_407 + 13) % damaged.len();
        damaged[at] ^= 1 << (step % 8);
        let error = refused(&damaged);
        assert!(error.is_stale(), "byte {at}: {error}");
    }
    assert_eq!(vm.eval_to_string("it").unwrap(), "(1 \"two\" [3])");
}

#[test]
fn a_tag_that_names_no_variant_is_refused_with_its_place_and_what_there_is() {
    let mut forge = forge("(setq it (make-hash-table :weakness 'key))");
    let object = offset_of_object(&mut forge, "it");
    let weak = &mut forge.bytes()[object + offset_of!(HashTable, weak)];
    assert_eq!(*weak, Weakness::Key as u8);
    *weak = 9;
    match refused(forge.sealed()) {
        DumpError::ImageFormat { section, offset, path, problem } => {
            assert_eq!((section.as_str(), path.as_str()), ("HeapImage", "HashTable.weak"));
            assert_eq!(offset as usize, object, "the object that has it");
            assert!(problem.contains('9') && problem.contains("Weakness"), "{problem}");
        }
        error => panic!("{error}"),
    }
}

#[test]
fn a_kind_that_no_object_has_and_a_kind_of_another_object_are_refused() {
    let program = "(setq it (vector 1 2))";
    for (kind, wanted) in [
        (99, "Vector.header.kind: the tag of Kind is 99, expected one of 0 (Str), 1 (Float)"),
        (Kind::Record as u8, ".value: "),
        (Kind::Str as u8, ".value: "),
    ] {
        let mut forge = forge(program);
        // The second byte of a header.
        let at = offset_of_object(&mut forge, "it") + 1;
        assert_eq!(forge.bytes()[at], Kind::Vector as u8);
        forge.bytes()[at] = kind;
        let error = refused(forge.sealed());
        assert!(matches!(error, DumpError::ImageFormat { .. }), "{kind}: {error}");
        let text = error.to_string();
        assert!(text.contains(wanted), "{kind}: {text}");
        assert!(kind == 99 || text.contains("is no object of type behind its tag"), "{kind}: {text}");
    }
}

#[test]
fn an_unknown_operation_of_byte_code_is_a_lisp_error_when_it_is_called_and_harms_nothing() {
    ways::everywhere(
        "(setq bad #[0 \"\\300\\0\\207\" [1] 1] good #[257 \"\\211T\\207\" [] 2])",
        &[
            (
                "(condition-case e (funcall bad) (error (cadr e)))",
                "\"Invalid byte code: the operation before offset 2 is 0o0, which nothing is known of\"",
            ),
            ("(funcall good 1)", "2"),
        ],
    );
}

#[test]
fn a_symbol_that_the_table_does_not_have_is_refused_at_the_load_and_at_the_dump() {
    let nobody = Value::symbol(Symbol::from_id(u32::MAX - 7));
    let mut forge = forge("(setq it (cons 'a 'b))");
    let at = offset_of_object(&mut forge, "it") + offset_of!(Cons, car);
    forge.put(at, nobody.bits() as u64);
    match refused(forge.sealed()) {
        DumpError::ImageFormat { offset, path, problem, .. } => {
            assert_eq!((offset as usize, path.as_str()), (at, "Cons.car"));
            assert!(problem.contains("symbol"), "{problem}");
        }
        error => panic!("{error}"),
    }
    let mut vm = machine("(setq it 1)");
    vm.set_global("it", nobody);
    match vm.dump_to_bytes().unwrap_err() {
        DumpError::Serialization { problem, .. } => {
            assert!(problem.starts_with("symbol 4294967288 is not in the interner"), "{problem}");
        }
        error => panic!("{error}"),
    }
}

#[test]
fn two_interned_symbols_of_one_name_are_refused() {
    let mut forge = forge("(list 'one-of-two-names 'two-of-two-names)");
    let table = forge.section("SymbolTable");
    let names = &mut forge.bytes()[table];
    let find = |names: &[u8], name: &[u8]| names.windows(name.len()).position(|found| found == name).unwrap();
    let (one, two) = (find(names, b"one-of-two-names"), find(names, b"two-of-two-names"));
    names.copy_within(one..one + 16, two);
    match refused(forge.sealed()) {
        DumpError::ImageFormat { section, .. } => assert_eq!(section, "SymbolTable"),
        error => panic!("{error}"),
    }
}

#[test]
fn an_image_without_one_of_its_sections_or_with_one_more_is_refused() {
    let forge = forge("nil");
    let (identity, sections) = forge.apart();
    for left_out in 0..sections.len() {
        let mut fewer = sections.clone();
        let (spec, _) = fewer.remove(left_out);
        let error = refused(&assemble(&identity, &fewer));
        assert!(error.is_stale() && error.to_string().contains(&spec.name), "{}: {error}", spec.name);
    }
    let mut more = sections;
    more.push((SectionSpec::new("RuntimeState", SegmentKind::Meta, 1, 0), vec![0; 8]));
    let error = refused(&assemble(&identity, &more)).to_string();
    assert!(error.contains("RuntimeState"), "{error}");
}
