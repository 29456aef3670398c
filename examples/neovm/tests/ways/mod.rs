//! All the ways in which a machine comes back, for tests that want each of them to give the same.
#![allow(dead_code, reason = "no test file uses all of it")]

use neodump_runtime::Placement;
use neovm::{Vm, image};

/// A booted machine that has run a program.
pub(crate) fn machine(program: &str) -> Vm {
    let mut vm = Vm::boot().unwrap();
    vm.eval_str(program).unwrap_or_else(|error| panic!("{error}"));
    vm
}

/// The machine from its bytes and from its file, at its base and elsewhere, copied and patched.
pub(crate) fn loaded(vm: &mut Vm) -> Vec<Vm> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    vm.dump_to_file(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let mut out = Vec::new();
    for placement in [Placement::Preferred, Placement::Elsewhere, Placement::Copied, Placement::Patched] {
        let options = || image::options().placement(placement);
        out.push(options().load_bytes(&bytes).unwrap());
        // SAFETY: the file was just written, and nobody else knows it.
        out.push(unsafe { options().map(&path) }.unwrap());
    }
    out
}

/// Asks a machine; the answers are the same now, after a collection, and each time again.
pub(crate) fn ask(vm: &mut Vm, way: &str, answers: &[(&str, &str)]) {
    for round in ["at once", "after a collection"] {
        for (text, wanted) in answers {
            let got =
                vm.eval_to_string(text).unwrap_or_else(|error| panic!("{way}, {round}: {text}: {error}"));
            assert_eq!(got, *wanted, "{way}, {round}: {text}");
        }
        vm.eval_str("(dotimes (n 500) (make-vector 9 (list n \"garbage\"))) (garbage-collect)").unwrap();
    }
}

/// A machine that has run the program answers like this: never dumped, from every kind of load, dumped again from there,
/// and as a clone.
pub(crate) fn everywhere(program: &str, answers: &[(&str, &str)]) {
    let mut vm = machine(program);
    ask(&mut vm, "never dumped", answers);
    ask(&mut vm.try_clone().unwrap(), "a clone", answers);
    for (nth, mut back) in loaded(&mut vm).into_iter().enumerate() {
        ask(&mut back, &format!("load {nth}"), answers);
        let again = back.dump_to_bytes().unwrap();
        let mut third: Vm = image::options().placement(Placement::Elsewhere).load_bytes(&again).unwrap();
        ask(&mut third, &format!("load {nth} dumped again"), answers);
    }
    ask(&mut vm, "after its dumps", answers);
}

/// Asks a machine once, in order; a question may change the machine.
pub(crate) fn session(vm: &mut Vm, way: &str, answers: &[(&str, &str)]) {
    for (text, wanted) in answers {
        let got = vm.eval_to_string(text).unwrap_or_else(|error| format!("error: {error}"));
        assert_eq!(got, *wanted, "{way}: {text}");
    }
}

/// Machines that have run the program have this session: never dumped, from every kind of load, dumped again from there,
/// and as a clone. Each has it once.
pub(crate) fn session_everywhere(program: &str, answers: &[(&str, &str)]) {
    let mut vm = machine(program);
    session(&mut vm.try_clone().unwrap(), "a clone", answers);
    for (nth, mut back) in loaded(&mut vm).into_iter().enumerate() {
        let again = back.dump_to_bytes().unwrap();
        session(&mut back, &format!("load {nth}"), answers);
        let mut third: Vm = image::options().placement(Placement::Elsewhere).load_bytes(&again).unwrap();
        session(&mut third, &format!("load {nth} dumped again"), answers);
    }
    session(&mut vm, "after its dumps", answers);
}
