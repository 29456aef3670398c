//! The example keeps its promises, and the README shows it as it is.

use super::*;

#[test]
fn the_format_changes_with_its_version_only() {
    neodump_runtime::assert_format!(Machine);
}

#[test]
fn the_bytes_of_a_small_machine_are_reviewed() {
    let mut symbols = Interner::new();
    let list = Value::pair(Value::number(2), Value::pair(Value::number(3), Value::NIL));
    let globals = HashMap::from([(symbols.intern("primes"), list), (symbols.intern("nothing"), Value::NIL)]);
    let mut small = Machine { heap: Heap::default(), symbols, globals, lookups: 0 };
    let bytes = neodump_runtime::dump_to_bytes(&mut small).expect("the machine can be dumped");
    neodump_runtime::assert_golden!(Machine, bytes);
}

#[test]
fn a_loaded_machine_knows_what_the_booted_one_worked_out() {
    let mut booted = Machine::boot();
    let bytes = neodump_runtime::dump_to_bytes(&mut booted).expect("the machine can be dumped");
    let mut loaded: Machine = neodump_runtime::load_bytes(&bytes).expect("what was dumped loads");
    assert_eq!(loaded.lookups, 0);
    assert_eq!(loaded.sum("primes"), booted.sum("primes"));
    assert_eq!(loaded.global("nothing"), Some(Value::NIL));
    assert_eq!(loaded.global("unheard"), None);
    assert!(loaded.heap.image().is_some());
}

#[test]
fn the_first_start_boots_and_the_second_one_runs_from_the_image() {
    let folder = std::env::temp_dir().join(format!("quickstart-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let places = ImagePlaces::at(folder.join("quickstart.ndump"));
    let sums = [(); 2].map(|()| start(&places).sum("primes"));
    assert_eq!(sums, [Machine::boot().sum("primes"); 2]);
    let image = LoadOptions::new().load_from::<Machine>(&places);
    assert!(image.is_ok_and(|(machine, _)| machine.heap.image().is_some()));
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn every_field_survives_a_dump_and_a_load() {
    let test = neodump_runtime::testing::Completeness::of(Machine::boot);
    // SAFETY: the machine reaches its objects through words, and loads files from anywhere.
    let report = unsafe { test.objects() }.run();
    println!("{report}");
    assert!(report.changed.len() > 5, "{report}");
}

#[test]
fn the_readme_shows_this_program() {
    let readme = include_str!("../../../README.md");
    let source = include_str!("main.rs");
    let shown =
        readme.split("<!-- quickstart -->\n```rust\n").nth(1).and_then(|rest| rest.split("```\n").next());
    let shown = shown.expect("the README has the example between its marks");
    let source = source.split("\n#[cfg(test)]\nmod tests;\n").next().expect("the program comes first");
    assert!(shown == source, "README.md and examples/quickstart/src/main.rs differ: copy the program over");
}
