//! Every field of every manager of a small machine survives a dump and a load.

use neodump_runtime::testing::Completeness;
use neovm::{Vm, image};

/// A machine without the library, with something in its managers that need no Lisp of their own.
fn small() -> Vm {
    let mut vm = Vm::new();
    vm.eval_str(
        "(set-register ?1 \"text\") (set-register ?2 7) (set-register ?3 '(\"a\" \"b\"))
         (set-register ?4 (record 'place 7)) (set-register ?5 '(file . \"/old\"))",
    )
    .expect("a program of built-in functions");
    vm
}

#[test]
fn every_field_of_every_manager_survives() {
    let report = Completeness::of(small)
        .natives(image::natives())
        .except("vm.lexenv", "of the program that runs: put aside before a dump")
        .except("vm.buffers.buffers[0].slots[1]", "the directory of the process: put aside before a dump")
        .except("vm.buffers.defaults[1]", "the directory of the process: put aside before a dump")
        // SAFETY: the machine is at its end, and nothing else refers to its image.
        .ended_by(|vm| unsafe { vm.release() })
        .run();
    println!("{report}");
    for path in ["vm.registers", "vm.gensym", "vm.random", "vm.codings", "vm.kmacro"] {
        let is_inside = |changed: &String| changed.starts_with(path);
        assert!(report.changed.iter().any(is_inside), "{path}\n{report}");
    }
}
