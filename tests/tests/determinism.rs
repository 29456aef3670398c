//! The same state gives the same bytes: in every process, from every base, however often it was loaded.

use std::process::Command;

use neodump_runtime::{LoadOptions, Placement, dump};
use neodump_tests::fixture::{Vm, natives};

/// Set in the processes that this test starts: the file that they dump to.
const TARGET: &str = "NEODUMP_TEST_TARGET";

#[test]
fn a_child_process_dumps_its_machine() {
    // Does nothing unless it was started by the test below.
    if let Some(target) = std::env::var_os(TARGET) {
        // Memory of this process only, so that objects lie elsewhere in each.
        let noise: Vec<_> = (0..std::process::id() % 977).map(|size| vec![0_u8; size as usize]).collect();
        let mut vm = Vm::full();
        std::fs::write(target, vm.dump().expect("dumped")).expect("written");
        drop(noise);
    }
}

#[test]
fn two_processes_that_dump_the_same_state_give_equal_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = Vm::full().dump().expect("dumped");
    let mut addresses = std::collections::HashSet::new();
    for number in 0..4 {
        let target = folder.path().join(format!("{number}.ndump"));
        let status = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "a_child_process_dumps_its_machine", "--quiet"])
            .env(TARGET, &target)
            .stdout(std::process::Stdio::null())
            .status()
            .expect("started");
        assert!(status.success());
        let there = std::fs::read(&target).expect("a file");
        let first = here.iter().zip(&there).position(|(a, b)| a != b);
        assert_eq!((here.len(), first), (there.len(), None), "process {number}");
        addresses.insert(there);
    }
    assert_eq!(addresses.len(), 1);
}

#[test]
fn two_machines_of_one_process_give_equal_bytes_whatever_their_hashes() {
    // Each HashMap has a seed of its own.
    let first = Vm::full().dump().expect("dumped");
    for _ in 0..20 {
        assert!(Vm::full().dump().expect("dumped") == first);
    }
}

#[test]
fn a_machine_that_was_loaded_gives_the_bytes_that_it_was_loaded_from() {
    let names = natives();
    let first = Vm::full().dump().expect("dumped");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vm.ndump");
    std::fs::write(&path, &first).expect("written");
    for placement in [Placement::Preferred, Placement::Elsewhere, Placement::Copied, Placement::Patched] {
        let options = || LoadOptions::new().natives(&names).placement(placement);
        let mut loaded: Vm = options().load_bytes(&first).expect("loaded");
        assert!(loaded.dump().expect("dumped") == first, "loaded, {placement:?}");
        // SAFETY: this test wrote the file, and nobody changes it.
        let mut mapped: Vm = unsafe { options().map(&path) }.expect("mapped");
        assert!(mapped.dump().expect("dumped") == first, "mapped, {placement:?}");
        // SAFETY: as above.
        let mut trusted: Vm = unsafe { options().trusted().map(&path) }.expect("mapped");
        assert!(trusted.dump().expect("dumped") == first, "trusted, {placement:?}");
        // SAFETY: these bytes are those of a dump.
        let mut restored: Vm = unsafe { options().restore(&first) }.expect("restored");
        assert!(restored.dump().expect("dumped") == first, "restored, {placement:?}");
        // Used, but not changed.
        restored.collect();
        assert_eq!(restored.describe(), mapped.describe());
        assert!(restored.dump().expect("dumped") == first, "collected, {placement:?}");
    }
}

#[test]
fn the_mark_the_cache_and_the_skipped_fields_of_a_machine_do_not_reach_the_bytes() {
    let first = Vm::full().dump().expect("dumped");
    let mut vm = Vm::load(&first).expect("loaded");
    for value in vm.reachable(1000) {
        if let Some(text) = value.as_str() {
            text.hash.set(1234);
            text.header.mark.set(9);
        } else if let Some(table) = value.as_table() {
            table.hits.set(99);
            table.header.mark.set(9);
        } else if let Some(vector) = value.as_vector() {
            vector.header.mark.set(9);
        }
    }
    vm.scalars.baked = 3;
    vm.owned.handle = 4;
    vm.owned.cache.insert(3, std::time::Duration::MAX);
    vm.dumps = 17;
    assert!(vm.dump().expect("dumped") == first);
}

#[test]
fn a_file_and_the_bytes_of_a_dump_are_equal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("empty.ndump");
    #[derive(neodump_runtime::Dumpable)]
    #[dump(image = "small", version = 1)]
    struct Small {
        text: String,
    }
    let mut small = Small { text: "text".into() };
    dump(&mut small, &path).expect("dumped");
    assert!(
        std::fs::read(&path).expect("read") == neodump_runtime::dump_to_bytes(&mut small).expect("dumped")
    );
}
