//! What the commands that look at the graph of objects say: `why`, `refs`, `size`, `diff`, `draw`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use neodump_cli::{Disk, Outcome};
use neodump_runtime::{Dumpable, Interner};
use neodump_tests::fixture::{Value, Vm};
use neodump_tests::forge::Forge;
use proptest::prelude::*;
use serde_json::Value as Json;

/// Images in a folder of their own.
struct Images(tempfile::TempDir);

impl Images {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}

fn full() -> Vec<u8> {
    Vm::full().dump().expect("the fixture dumps")
}

/// Runs a command with files and further arguments: the outcome, and what it writes to each stream, without colours.
fn outcome(command: &str, files: &[&Path], rest: &str) -> (Outcome, String, String) {
    let mut arguments = vec![OsString::from("neodump"), OsString::from(command)];
    arguments.extend(files.iter().map(|path| path.as_os_str().to_owned()));
    arguments.extend(rest.split_whitespace().map(OsString::from));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome = neodump_cli::run(
        arguments,
        &Disk,
        &mut anstream::StripStream::new(&mut out),
        &mut anstream::StripStream::new(&mut err),
    );
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the tool writes text");
    (outcome, text(out), text(err))
}

/// What a command says of the fixture; it does what it is asked.
fn said(command: &str, rest: &str) -> String {
    let images = Images::new();
    let path = images.put("vm.ndump", &full());
    let (outcome, out, err) = outcome(command, &[&path], rest);
    assert_eq!((outcome, err.as_str()), (Outcome::Done, ""), "{out}");
    out
}

fn json(command: &str, rest: &str) -> Json {
    serde_json::from_str(&said(command, &format!("{rest} --json"))).expect("JSON")
}

#[test]
fn why_shows_the_way_from_a_root_with_its_fields() {
    assert_snapshot!("why", said("why", "Float#0"));
    assert_snapshot!("why_json", said("why", "Float#0 --json"));
}

#[test]
fn every_object_has_a_way_and_every_way_names_its_words() {
    let sizes = json("size", "");
    for ty in sizes["types"].as_array().expect("types") {
        let name = ty["type"].as_str().expect("a name");
        for index in 0..ty["objects"].as_u64().expect("a count") {
            let why = json("why", &format!("{name}#{index}"));
            let way = why["way"].as_str().expect("a way");
            assert!(way.starts_with("vm."), "{way}");
            let steps = why["steps"].as_array().expect("steps");
            assert_eq!(Some(steps.len() as u64), why["len"].as_u64(), "{way}");
            assert_eq!(way.matches('\u{2192}').count(), steps.len(), "{way}");
            let last = steps.last().map_or(&why["target"], |step| &step["to"]);
            assert_eq!(last["name"], why["target"]["name"]);
        }
    }
}

#[test]
fn refs_shows_both_sides_of_an_object() {
    assert_snapshot!("refs", said("refs", "Table#0"));
    assert_snapshot!("refs_json", said("refs", "Float#0 --json"));
}

#[test]
fn who_refers_to_an_object_is_who_the_object_is_referred_to_by() {
    let sizes = json("size", "");
    let mut found = 0;
    for ty in sizes["types"].as_array().expect("types") {
        let name = ty["type"].as_str().expect("a name");
        for index in 0..ty["objects"].as_u64().expect("a count") {
            let refs = json("refs", &format!("{name}#{index} --most 1000"));
            for one in refs["refers_to"].as_array().expect("references") {
                let other = json("refs", &format!("{} --most 1000", one["node"]["offset"]));
                let back = other["referred_to_by"].as_array().expect("referrers");
                assert!(back.iter().any(|back| back["word"] == one["word"]), "{one}");
                found += 1;
            }
            assert_eq!(
                refs["references"].as_u64(),
                refs["refers_to"].as_array().map(|list| list.len() as u64)
            );
            assert_eq!(
                refs["referrers"].as_u64(),
                refs["referred_to_by"].as_array().map(|list| list.len() as u64)
            );
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn size_shows_sections_types_fields_roots_and_work() {
    assert_snapshot!("size", said("size", "--all"));
}

#[test]
fn sizes_add_up() {
    let sizes = json("size", "");
    let sum = |list: &Json, key: &str| -> u64 {
        list.as_array().expect("a list").iter().map(|one| one[key].as_u64().expect("a number")).sum()
    };
    let whole = sizes["bytes"].as_u64().expect("bytes");
    assert!(sum(&sizes["sections"], "bytes") < whole);
    assert!(sum(&sizes["roots"], "retained") + sizes["kept_by_several"].as_u64().expect("bytes") < whole);
    for ty in sizes["types"].as_array().expect("types") {
        assert_eq!(sum(&ty["fields"], "record_bytes"), ty["record_bytes"].as_u64().expect("bytes"), "{ty}");
    }
}

#[test]
fn the_page_has_every_section_and_its_parts_add_up() {
    let drawing = json("draw", "-o -");
    let mut parts = vec![&drawing["tree"]];
    let mut names = Vec::new();
    while let Some(part) = parts.pop() {
        names.push(part["name"].as_str().expect("a name"));
        let Some(inner) = part["parts"].as_array() else { continue };
        let sum: u64 = inner.iter().map(|inner| inner["bytes"].as_u64().expect("bytes")).sum();
        assert!(sum <= part["bytes"].as_u64().expect("bytes"), "{} has {sum} bytes of parts", part["name"]);
        parts.extend(inner);
    }
    for name in [
        "rw",
        "ro",
        "imports",
        "meta",
        "HeapImage",
        "registers",
        "neodump_tests::fixture::object::Cons",
        "car",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    let page = said("draw", "-o -");
    assert!(page.contains("neodump_tests::fixture::object::Cons") && page.ends_with("</html>\n"), "{page}");
}

#[derive(Dumpable)]
#[dump(id = "</script><script>document.documentElement.dataset.error = 1</script>")]
#[repr(C)]
struct Evil {
    number: u32,
}

#[derive(Dumpable)]
#[dump(image = "<img src=x>", version = 1)]
struct EvilVm {
    symbols: Interner,
    evil: Evil,
}

#[test]
fn names_from_the_file_are_text_in_the_page() {
    let mut vm = EvilVm { symbols: Interner::with_names(&["</script>"]), evil: Evil { number: 7 } };
    let images = Images::new();
    let path = images.put("evil.ndump", &neodump_runtime::dump_to_bytes(&mut vm).expect("dumped"));
    let (outcome, page, err) = outcome("draw", &[&path], "-o -");
    assert_eq!((outcome, err.as_str()), (Outcome::Done, ""));
    assert!(page.contains("u003c/script\\u003e\\u003cscript"), "the name is in the data");
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<img"));
}

/// The fixture as it is a while later.
fn later() -> Vec<u8> {
    let mut vm = Vm::full();
    vm.symbols.intern("later");
    let number = vm.float(99.5, None);
    vm.root = vm.cons(number, vm.root);
    vm.registers.numbers.insert(-77);
    vm.dump().expect("the fixture dumps")
}

#[test]
fn diff_tells_what_came_and_what_became_something_else() {
    let images = Images::new();
    let (old, new) = (images.put("old.ndump", &full()), images.put("new.ndump", &later()));
    let (result, text, err) = outcome("diff", &[&old, &new], "");
    assert_eq!((result, err.as_str()), (Outcome::Refused, ""));
    assert_snapshot!("diff", text);
    let (_, json, _) = outcome("diff", &[&old, &new], "--json");
    assert_snapshot!("diff_json", json);
    let (result, text, _) = outcome("diff", &[&old, &old], "");
    assert_eq!((result, text.as_str()), (Outcome::Done, "equal: the images hold the same\n"));
}

/// An image that holds a list of numbers.
fn list(numbers: &[i32]) -> Vec<u8> {
    let mut vm = Vm::empty();
    let mut list = Value::int(-1);
    for number in numbers.iter().rev() {
        let number = vm.float(f64::from(*number), None);
        list = vm.cons(number, list);
    }
    vm.root = list;
    vm.dump().expect("the fixture dumps")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    /// Offsets behind an insertion shift; what did not change is not told.
    #[test]
    fn an_insertion_is_one_addition(count in 1..40_i32, at in 0..40_usize) {
        let mut numbers: Vec<i32> = (0..count).collect();
        let old = list(&numbers);
        numbers.insert(at.min(numbers.len()), 1000);
        let new = list(&numbers);
        let images = Images::new();
        let (old, new) = (images.put("old.ndump", &old), images.put("new.ndump", &new));
        for (from, to, what) in [(&old, &new, "added"), (&new, &old, "removed")] {
            let (_, json, err) = outcome("diff", &[from, to], "--json");
            prop_assert_eq!(err, "");
            let report: Json = serde_json::from_str(&json).expect("JSON");
            for ty in report["types"].as_array().expect("types") {
                if ty["type"] == ".root" {
                    continue;
                }
                for kind in ["added", "removed", "changed"] {
                    prop_assert_eq!(ty[kind].as_u64(), Some(u64::from(kind == what)), "{}: {}", kind, ty);
                }
            }
        }
    }
}

const COMMANDS: [(&str, &str); 5] =
    [("why", "Cons#0"), ("refs", "0x10000"), ("size", "--json"), ("draw", "-o -"), ("diff", "")];

fn sweep(images: &Images, sound: &Path, bytes: &[u8]) {
    let damaged = images.put("damaged.ndump", bytes);
    for (command, rest) in COMMANDS {
        let files: &[&Path] = if command == "diff" { &[sound, &damaged] } else { &[&damaged] };
        let (result, _, err) = outcome(command, files, rest);
        match result {
            Outcome::Done => assert_eq!(err, ""),
            Outcome::Refused => assert!(err.is_empty() || err.starts_with("error: "), "{err}"),
            Outcome::Usage => panic!("{command}: {err}"),
        }
    }
}

#[test]
fn damage_is_refused_with_the_errors_of_a_load() {
    let images = Images::new();
    let bytes = full();
    let sound = images.put("sound.ndump", &bytes);
    let forge = Forge::new(&bytes);
    for (name, section) in forge.contents().into_iter().filter(|(_, section)| !section.is_empty()) {
        let mut damaged = bytes.clone();
        damaged[section.start] ^= 0x10;
        let path = images.put("damaged.ndump", &damaged);
        for (command, rest) in COMMANDS {
            let files: &[&Path] = if command == "diff" { &[&sound, &path] } else { &[&path] };
            let (result, out, err) = outcome(command, files, rest);
            assert_eq!(result, Outcome::Refused, "{command}: {name}: {out}");
            assert!(err.contains("dump it again"), "{command}: {name}: {err}");
        }
    }
    for len in [0, 1, 100, 4096, bytes.len() / 2, bytes.len() - 1] {
        sweep(&images, &sound, &bytes[..len]);
    }
}

/// Checksums find damage, not malice: here they fit.
#[test]
fn no_file_makes_a_command_panic_or_hang() {
    let images = Images::new();
    let bytes = full();
    let sound = images.put("sound.ndump", &bytes);
    let mut forge = Forge::new(&bytes);
    let contents = forge.contents();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    for _ in 0..6 {
        for (_, section) in contents.iter().filter(|(_, section)| !section.is_empty()) {
            let at = section.start + random(section.len());
            let before = forge.bytes()[at];
            forge.bytes()[at] = match random(4) {
                0 => 0,
                1 => 0xff,
                2 => before ^ 1 << random(8),
                _ => random(256) as u8,
            };
            let sealed = forge.sealed().to_vec();
            sweep(&images, &sound, &sealed);
            forge.bytes()[at] = before;
        }
    }
}
