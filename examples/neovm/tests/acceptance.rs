//! The list of what a dump of this machine keeps: each number of it has a row in `acceptance.md`, and each row names tests
//! that are there. What no other test file is about is tested below.

use neodump_runtime::{ImagePlaces, Outcome};
use neovm::Vm;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The groups of the list, and how many rows each has.
const GROUPS: [(&str, usize); 21] = [
    ("", 35),
    ("container", 7),
    ("heap", 10),
    ("convert", 3),
    ("starts", 1),
    ("extra", 2),
    ("fixups", 1),
    ("codec", 2),
    ("symbols", 2),
    ("obarray", 2),
    ("autoloads", 2),
    ("charset", 2),
    ("coding", 2),
    ("faces", 2),
    ("buffers", 2),
    ("roots", 2),
    ("managers", 1),
    ("elsewhere", 32),
    ("later", 23),
    ("lost", 43),
    ("trap", 10),
];

/// A row of the list.
struct Row<'a> {
    id: &'a str,
    promise: &'a str,
    tests: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let lines = include_str!("acceptance.md").lines().filter_map(|line| line.strip_prefix("| "));
    lines
        .filter(|line| !line.starts_with("id |"))
        .map(|line| {
            let cells: Vec<_> = line.trim_end_matches(" |").split(" | ").collect();
            let [id, promise, tests] = cells[..] else { panic!("no row: {line}") };
            Row { id, promise, tests }
        })
        .collect()
}

/// The file that a row means.
fn path_of(file: &str) -> std::path::PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (folder, file) = match file.split_once('/') {
        Some(("tests", file)) => ("tests/tests", file),
        Some(("runtime", file)) => ("neodump-runtime/src", file),
        _ => ("examples/neovm/tests", file),
    };
    repository.join(folder).join(format!("{file}.rs"))
}

/// The names in back quotes of a text that are those of tests.
fn tests_in(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('`').skip(1).step_by(2).filter_map(|quoted| quoted.split_once("::"))
}

#[test]
fn every_number_of_the_list_has_a_row_and_no_two_rows_say_the_same() {
    let wanted = GROUPS.iter().flat_map(|(group, count)| {
        (1..=*count).map(move |number| format!("{group} {number}").trim_start().to_owned())
    });
    let rows = rows();
    let ids: Vec<_> = rows.iter().map(|row| row.id.to_owned()).collect();
    assert_eq!(ids, wanted.collect::<Vec<_>>());
    let mut promises = HashSet::new();
    for row in rows.iter().filter(|row| !row.promise.starts_with("As for the obarray")) {
        assert!(promises.insert(row.promise), "{}: {} is said twice", row.id, row.promise);
    }
}

#[test]
fn every_row_names_tests_that_are_there_or_says_what_stands_in_their_place() {
    let mut texts = HashMap::new();
    let mut named = HashSet::new();
    for Row { id, tests, .. } in rows() {
        let reason = tests.strip_prefix("none: ");
        assert!(reason.is_none_or(|reason| reason.split(' ').count() > 8), "{id}: why is there none?");
        let mut count = 0;
        for (file, test) in tests_in(tests) {
            let text = texts.entry(file).or_insert_with(|| {
                let path = path_of(file);
                std::fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{id}: {}: {error}", path.display()))
            });
            let (before, _) = text
                .split_once(&format!("fn {test}("))
                .unwrap_or_else(|| panic!("{id}: {file} has no {test}"));
            assert!(
                before.trim_end().ends_with("#[test]"),
                "{id}: {test} is no test, or one that is left out"
            );
            named.insert((file, test));
            count += 1;
        }
        assert!(count > 0, "{id}: no test");
        let only_names = tests.split(", ").all(|part| part.starts_with('`') && part.ends_with('`'));
        assert!(reason.is_some() || only_names, "{id}: {tests}");
    }
    assert!(named.len() > 100, "{} tests", named.len());
}

#[test]
fn the_image_of_a_boot_is_named_after_its_sources() {
    let (plain, ours) = (ImagePlaces::of::<Vm>(), Vm::places());
    let other = plain.clone().booted_from(["(provide 'boot)"]);
    let name = |places: &ImagePlaces| places.target().unwrap().path.clone();
    assert!(name(&ours) != name(&plain) && name(&ours) != name(&other));
    assert_eq!(ours, Vm::places());
}

#[test]
fn a_start_boots_once_and_again_when_its_image_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("neovm.ndump");
    let start = || Vm::start(&image).unwrap();
    let (first, outcome) = start();
    assert!(matches!(outcome, Outcome::Rebuilt { .. }), "{outcome}");
    assert_eq!(first.file_session().unwrap().path, image.canonicalize().unwrap());
    drop(first);
    let (mut second, outcome) = start();
    assert!(matches!(outcome, Outcome::Loaded { .. }), "{outcome}");
    assert_eq!(second.eval_to_string("(list (featurep 'boot) (cl-evenp 4))").unwrap(), "(t t)");
    assert!(second.maybe_run_after_load_hook().unwrap());
    let mut bytes = std::fs::read(&image).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&image, bytes).unwrap();
    let (_, outcome) = start();
    assert!(outcome.to_string().contains("damaged image"), "{outcome}");
    assert!(matches!(start().1, Outcome::Loaded { .. }));
}

#[test]
fn a_start_that_can_leave_no_image_runs_from_its_boot() {
    let (mut vm, outcome) = Vm::start("/dev/null/neovm.ndump").unwrap();
    assert!(matches!(outcome, Outcome::Booted { .. }), "{outcome}");
    assert!(vm.file_session().is_none() && !vm.maybe_run_after_load_hook().unwrap());
    let here = format!("{:?}", format!("{}/", std::env::current_dir().unwrap().display()));
    assert_eq!(vm.eval_to_string("default-directory").unwrap(), here);
}

#[test]
fn the_terminal_belongs_to_the_process_and_a_clone_makes_its_own() {
    let mut vm = Vm::boot().unwrap();
    let ask = |vm: &mut Vm, text: &str| vm.eval_to_string(text).unwrap();
    vm.eval_str("(aset (frame-terminal) 2 (list 'parameter \"of the live one\"))").unwrap();
    let mut clone = vm.try_clone().unwrap();
    clone.eval_str("(garbage-collect) (setq theirs (frame-terminal)) (garbage-collect)").unwrap();
    assert_eq!(
        ask(&mut clone, "(list (terminal-live-p theirs) (eq theirs (frame-terminal)) (aref theirs 2))"),
        "(t t nil)"
    );
    drop(clone);
    vm.eval_str("(garbage-collect)").unwrap();
    assert_eq!(ask(&mut vm, "(aref (frame-terminal) 2)"), "(parameter \"of the live one\")");
    // A terminal that a program holds is dumped as a record, and is the terminal of no other process.
    vm.eval_str("(setq mine (frame-terminal))").unwrap();
    let mut back = vm.try_clone().unwrap();
    assert_eq!(ask(&mut back, "(list (aref mine 1) (terminal-live-p mine))"), "(\"initial_terminal\" nil)");
    assert_eq!(ask(&mut vm, "(terminal-live-p mine)"), "t");
}
