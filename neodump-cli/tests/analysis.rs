//! What the commands that look at the graph of objects say: `why`, `refs`, `size`, `diff`, `draw`.

mod common;

use std::path::Path;

use common::fixture;
use insta::assert_snapshot;
use neodump_cli::{Files, Outcome};
use neodump_runtime::inspect::ImageFile;
use neodump_runtime::{Dumpable, Interner};
use neodump_tests::fixture::{Value, Vm};
use neodump_tests::forge::Forge;
use proptest::prelude::*;
use serde_json::Value as Json;

/// Two images: `old` and, whatever its name is, another.
struct Two<'a>(&'a [u8], &'a [u8]);

impl Files for Two<'_> {
    fn open(&self, path: &Path) -> neodump_runtime::Result<ImageFile> {
        Ok(ImageFile::from(if path.ends_with("old") { self.0 } else { self.1 }.to_vec()))
    }
}

/// What `diff` says of two images.
fn diff(old: &[u8], new: &[u8], rest: &str) -> (Outcome, String, String) {
    common::outcome_of(&Two(old, new), &format!("diff old new{rest}"))
}

/// What a command says of the fixture; it does what it is asked.
fn said(command: &str, rest: &str) -> String {
    let (outcome, out, err) = common::outcome(&fixture(), format!("{command} vm.ndump {rest}").trim_end());
    assert_eq!((outcome, err.as_str()), (Outcome::Done, ""), "{out}");
    out
}

fn json(command: &str, rest: &str) -> Json {
    serde_json::from_str(&said(command, format!("{rest} --json").trim_start())).expect("JSON")
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
    assert_snapshot!("size_json", said("size", "--json"));
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
    let image = neodump_runtime::dump_to_bytes(&mut vm).expect("dumped");
    let (outcome, page, err) = common::outcome(&image, "draw vm.ndump -o -");
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
    let (old, new) = (fixture(), later());
    let (result, text, err) = diff(&old, &new, "");
    assert_eq!((result, err.as_str()), (Outcome::Refused, ""));
    assert_snapshot!("diff", text);
    let (_, json, _) = diff(&old, &new, " --json");
    assert_snapshot!("diff_json", json);
    let (result, text, _) = diff(&old, &old, "");
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
        for (from, to, what) in [(&old, &new, "added"), (&new, &old, "removed")] {
            let (_, json, err) = diff(from, to, " --json");
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

#[test]
fn damage_to_either_image_is_refused_with_the_errors_of_a_load() {
    let bytes = fixture();
    for (name, section) in
        Forge::new(&bytes).contents().into_iter().filter(|(_, section)| !section.is_empty())
    {
        let mut damaged = bytes.clone();
        damaged[section.start] ^= 0x10;
        for (old, new) in [(&bytes, &damaged), (&damaged, &bytes)] {
            let (result, out, err) = diff(old, new, "");
            assert_eq!(result, Outcome::Refused, "{name}: {out}");
            assert!(err.contains("dump it again"), "{name}: {err}");
        }
    }
}

/// Checksums find damage, not malice: here they fit.
#[test]
fn no_file_makes_diff_panic_or_hang() {
    let bytes = fixture();
    let mut forge = Forge::new(&bytes);
    for (name, section) in forge.contents() {
        for (turn, at) in section.step_by(61).enumerate() {
            let before = forge.bytes()[at];
            forge.bytes()[at] = [before ^ 1, before ^ 0x80, !before, 0, 0xff][turn % 5];
            let sealed = forge.sealed().to_vec();
            let (result, out, err) = diff(&bytes, &sealed, "");
            assert_ne!(result, Outcome::Usage, "{err}");
            assert_eq!(out.is_empty(), err.starts_with("error: "), "{name}, {at:#x}: {err}{out}");
            forge = Forge::new(&bytes);
        }
    }
}

/// The files of the disk.
struct Disk;

impl Files for Disk {
    fn open(&self, path: &Path) -> neodump_runtime::Result<ImageFile> {
        ImageFile::read(path)
    }
}

#[test]
fn a_page_never_takes_the_place_of_the_image_that_it_draws() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let draw = |image: &str, page: &str| {
        let command = format!("draw {} -o {}", path(image).display(), path(page).display());
        common::outcome_of(&Disk, &command)
    };
    std::fs::write(path("a.ndump"), fixture()).expect("written");
    std::fs::hard_link(path("a.ndump"), path("hard")).expect("linked");
    let mut links = vec!["a.ndump", "./a.ndump", "hard"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(path("a.ndump"), path("soft")).expect("linked");
        links.push("soft");
    }
    for page in links {
        let (outcome, _, err) = draw("a.ndump", page);
        assert_eq!(outcome, Outcome::Refused, "{page}");
        assert!(err.contains("write to another file"), "{page}: {err}");
        assert_eq!(std::fs::read(path("a.ndump")).expect("read"), fixture(), "{page}");
    }
    // What is there before is replaced as a whole, and nothing is left beside it.
    std::fs::write(path("page.html"), "x".repeat(10 << 20)).expect("written");
    let (outcome, _, err) = draw("a.ndump", "page.html");
    assert_eq!((outcome, err.as_str()), (Outcome::Done, ""));
    assert_eq!(std::fs::read_to_string(path("page.html")).expect("read"), said("draw", "-o -"));
    let beside = std::fs::read_dir(folder.path()).expect("a folder");
    let names = beside.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    assert!(names.into_iter().all(|name| !name.ends_with(".tmp")));
}
