//! The collector does not write to an image. Alone in its process, so that the image lies at its base.

use neodump_runtime::image::SegmentKind;
use neodump_runtime::{AdoptImage, LoadReport, Way};
use neovm::{Vm, image, pages};

#[test]
fn collecting_a_mapped_machine_writes_no_page_of_its_objects() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    let mut vm = Vm::boot().unwrap();
    vm.eval_str(
        "(setq things nil weak (make-hash-table :test 'eq :weakness 'key))
         (dotimes (n 20000)
           (push (list n (format \"item %d\" n) (vector n 1.5) (lambda () n)) things)
           (puthash (car things) n weak))",
    )
    .unwrap();
    vm.dump_to_file(&path).unwrap();
    drop(vm);

    let mut report = LoadReport::default();
    // SAFETY: the file was just written, and nobody else knows it.
    let vm = unsafe { image::options().trusted().report(&mut report).map(&path) };
    let mut vm: Vm = vm.unwrap();
    assert_eq!((report.way, report.pages_written), (Some(Way::AtBase), 0));
    assert!(report.object_count() > 200_000);
    let written = |vm: &Vm| {
        let mut objects = 0;
        vm.heap.image().unwrap().written_objects(|_, _| objects += 1);
        (objects, pages::written_in(&path, SegmentKind::Rw))
    };
    assert_eq!(written(&vm), (0, Some(0)));
    vm.eval_str("(garbage-collect)").unwrap();
    vm.eval_str("(garbage-collect)").unwrap();
    assert_eq!(written(&vm), (0, Some(0)));
    assert!(vm.heap.collections() >= 2);
    assert!(pages::written_in(&path, SegmentKind::Imports).unwrap() > 0);

    // A write shows, so the zeros above mean something; and the objects are all still there.
    vm.eval_str("(setcar (cdr (car things)) 'changed)").unwrap();
    let (objects, written_pages) = written(&vm);
    assert!(objects > 0 && written_pages == Some(1), "{objects} {written_pages:?}");
    let seen = vm.eval_to_string("(list (length things) (hash-table-count weak) (nth 1 (car things)))");
    assert_eq!(seen.unwrap(), "(20000 20000 changed)");
}
