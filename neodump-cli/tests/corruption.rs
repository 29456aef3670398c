//! Damaged files: every command ends with a result or a refusal, whatever the bytes are.

mod common;

use common::{fixture, outcome};
use neodump_cli::Outcome;
use neodump_tests::fixture::Vm;
use neodump_tests::forge::{Forge, assemble};

/// Every command, with every way to show something.
const COMMANDS: &[&str] = &[
    "inspect vm.ndump",
    "inspect vm.ndump --json",
    "verify vm.ndump",
    "verify vm.ndump --audit",
    "schema vm.ndump",
    "schema vm.ndump --json",
    "dump-section vm.ndump Root",
    "dump-section vm.ndump Root --json",
    "dump-section vm.ndump HeapImage --json",
    "dump-section vm.ndump SymbolTable",
    "dump-section vm.ndump Natives",
    "dump-section vm.ndump Arenas",
    "object vm.ndump Record#0",
    "object vm.ndump Table#0 --json",
    "find vm.ndump --symbol foo",
    "find vm.ndump --string text --json",
    "why vm.ndump Record#0",
    "refs vm.ndump Cons#0",
    "size vm.ndump",
    "draw vm.ndump -o -",
];

/// Runs every command; what is refused says so and nothing else.
fn sweep(bytes: &[u8], what: &str) {
    for command in COMMANDS {
        let (outcome, out, err) = outcome(bytes, command);
        assert_ne!(outcome, Outcome::Usage, "{what}: {command}: {err}");
        assert_eq!(outcome == Outcome::Refused, err.starts_with("error: "), "{what}: {command}: {out}{err}");
    }
}

/// Offsets of bytes that say something, spread over all sections.
fn offsets(forge: &Forge, step: usize) -> Vec<usize> {
    let tables = 0..384 + forge.header().sections().len() * 80;
    let all = std::iter::once(tables).chain(forge.contents().into_iter().map(|(_, extent)| extent));
    all.flat_map(|extent| extent.step_by(step)).collect()
}

#[test]
fn every_command_works_on_an_intact_image() {
    for command in COMMANDS {
        let (outcome, _, err) = outcome(&fixture(), command);
        assert_eq!(outcome, Outcome::Done, "{command}: {err}");
    }
}

#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    let image = fixture();
    let mut damaged = image.clone();
    for at in offsets(&Forge::new(&image), 7) {
        damaged[at] ^= 0x40;
        let (outcome, _, err) = outcome(&damaged, "verify vm.ndump");
        assert_eq!(outcome, Outcome::Refused, "offset {at:#x}: {err}");
        damaged[at] = image[at];
    }
}

#[test]
fn no_command_fails_on_a_truncated_image() {
    let image = fixture();
    for len in [0, 1, 15, 16, 255, 256, 300, 4096, 65535, 65536, image.len() / 2, image.len() - 1] {
        for command in COMMANDS {
            let (outcome, _, err) = outcome(&image[..len], command);
            assert_eq!(outcome, Outcome::Refused, "{len} bytes: {command}: {err}");
        }
    }
    let longer = [&image[..], &[0]].concat();
    sweep(&longer, "one byte more");
}

#[test]
fn no_command_panics_or_hangs_on_changed_bytes_whose_checksums_fit() {
    let image = fixture();
    let mut forge = Forge::new(&image);
    // The step is odd, so that bytes of all places in a word are met.
    for (turn, at) in offsets(&forge, 127).into_iter().enumerate() {
        let before = forge.bytes()[at];
        forge.bytes()[at] = [before ^ 1, before ^ 0x80, !before, 0, 0xff][turn % 5];
        let sealed = forge.sealed().to_vec();
        sweep(&sealed, &format!("offset {at:#x}"));
        forge = Forge::new(&image);
    }
}

#[test]
fn the_audit_accepts_what_a_load_accepts_and_refuses_most_of_what_it_refuses() {
    let image = fixture();
    let forge = Forge::new(&image);
    let (mut refused, mut missed) = (0, 0);
    // A load knows the schema, and reads the text only to say what differs.
    let schema = forge.section("Schema");
    let all = offsets(&forge, 17).into_iter().filter(|at| !schema.contains(at));
    for (turn, at) in all.enumerate() {
        let mut forge = Forge::new(&image);
        let before = forge.bytes()[at];
        forge.bytes()[at] = [before ^ 1, before ^ 0x80, before.wrapping_add(8)][turn % 3];
        let sealed = forge.sealed().to_vec();
        let (audit, _, err) = outcome(&sealed, "verify vm.ndump --audit");
        match Vm::load(&sealed) {
            // Bytes that are nobody's do a load no harm, nor does a relocation too many at the preferred base.
            Ok(_) if err.contains("are not zero") || err.contains("words are listed") => {}
            Ok(_) => assert_eq!(audit, Outcome::Done, "offset {at:#x}: {err}"),
            Err(_) => {
                refused += 1;
                missed += usize::from(audit == Outcome::Done);
            }
        }
    }
    assert!(refused > 200 && missed * 5 < refused, "{missed} of {refused} pass the audit");
}

#[test]
fn no_command_panics_or_hangs_on_numbers_that_are_too_large() {
    let image = fixture();
    let forge = Forge::new(&image);
    let numbers = [0, 1, u64::MAX, 1 << 63, u64::MAX >> 1, forge.address(0), forge.address(65536), 1 << 48];
    for (turn, at) in offsets(&forge, 8 * 31).into_iter().enumerate() {
        let mut forge = Forge::new(&image);
        forge.put(at / 8 * 8, numbers[turn % numbers.len()]);
        let sealed = forge.sealed().to_vec();
        sweep(&sealed, &format!("word at {:#x}", at / 8 * 8));
    }
}

#[test]
fn a_schema_that_is_none_is_refused() {
    let image = fixture();
    let (_, extent) =
        Forge::new(&image).contents().into_iter().find(|(name, _)| name == "Schema").expect("a schema");
    let text = String::from_utf8(image[extent.clone()].to_vec()).expect("text");
    // The text keeps its length, so that nothing else moves.
    for (from, to) in [
        ("\ntype Interner", "\nzype Interner"),
        ("16 bytes", "99 bytes"),
        ("align 8", "align 3"),
        ("align 8", "align 0"),
        (" at 16", " at 96"),
        (" at 8", " at x"),
        ("stride 8", "stride 0"),
        ("type u32: 4 bytes", "type u32: 0 bytes"),
        ("struct ", "enum   "),
        ("String", "Strinx"),
        ("const usize = 3", "const usize = 9"),
        ("Vec<Vec<u8>>", "Vec<Vec<u9>>"),
        (" hydrated", " in place"),
        (" side 32", " side 99"),
        (" side\n", " edis\n"),
        ("repr u8", "repr u9"),
    ] {
        let mut forge = Forge::new(&image);
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        assert_eq!(changed.len(), text.len(), "{from}");
        forge.bytes()[extent.clone()].copy_from_slice(changed.as_bytes());
        let sealed = forge.sealed().to_vec();
        sweep(&sealed, &format!("{from} for {to}"));
    }
}

/// The fixture with another schema text.
fn with_schema(change: impl Fn(String) -> String) -> Vec<u8> {
    let (identity, mut sections) = Forge::new(&fixture()).apart();
    for (spec, body) in &mut sections {
        if spec.name == "Schema" {
            *body = change(String::from_utf8(body.clone()).expect("text")).into_bytes();
        }
    }
    assemble(&identity, &sections)
}

#[test]
fn no_command_lets_a_schema_control_the_terminal() {
    let image = with_schema(|text| text.replace("::Cons", "::\x1b]0;pwned\x07Cons"));
    for command in COMMANDS {
        let (outcome, out, err) = outcome(&image, command);
        assert_eq!(outcome, Outcome::Refused, "{command}");
        assert!(!out.contains(['\x1b', '\x07']) && !err.contains(['\x1b', '\x07']), "{command}: {out}{err}");
        assert!(err.contains("control characters"), "{command}: {err}");
    }
}

#[test]
fn a_trailing_array_anywhere_is_refused_by_every_command() {
    for at in [u64::MAX, u64::MAX - 7, 1 << 40] {
        let tail = format!("tail at {at} stride 8: ");
        let image = with_schema(|text| {
            let lines = text.lines().map(|line| match line.split_once(": ") {
                Some((head, rest)) if head.contains("Cons object size") => format!("{head} {tail}{rest}"),
                _ => line.to_owned(),
            });
            lines.collect::<Vec<_>>().join("\n")
        });
        for command in COMMANDS {
            let (outcome, _, err) = outcome(&image, command);
            assert_eq!(outcome, Outcome::Refused, "{command}");
            assert!(err.contains("the trailing array starts behind the object"), "{command}: {err}");
        }
    }
}

#[test]
fn a_schema_is_walked_in_a_time_that_its_length_bounds() {
    // A long type in many places of another; with its places copied for each this would take gigabytes.
    let image = with_schema(|mut text| {
        let word = text.lines().find_map(|line| line.strip_prefix("word ")).expect("a word");
        let word = word.split(": ").next().expect("a name").to_owned();
        text.push_str("struct A: 1000000000 bytes align 1 hydrated\n");
        (0..20_000).for_each(|n| text.push_str(&format!("  a{n}: {word} at {}\n", n * 8)));
        text.push_str("struct B: 1000000000000 bytes align 1 hydrated\n");
        (0..20_000).for_each(|n| text.push_str(&format!("  b{n}: A at 0\n")));
        text
    });
    let start = std::time::Instant::now();
    sweep(&image, "a schema of many places");
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
