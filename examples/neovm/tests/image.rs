//! A machine comes back from its image as it was, and goes on.

use neodump_runtime::{LoadReport, Placement, Way};
use neovm::equal::equal;
use neovm::printer::{self, Style};
use neovm::value::Value;
use neovm::{Vm, image};

/// State of every kind, by the names it is asked for with.
const STATE: &str = "
(defvar ring (let ((l (list 1 2))) (setcdr (cdr l) l) l))
(defvar counter (let ((n 0)) (lambda () (setq n (1+ n)))))
(defvar two-ways (let ((n 10)) (cons (lambda () (setq n (1+ n))) (lambda () n))))
(defvar shared (let ((s (copy-sequence \"abc\"))) (vector s s)))
(defvar tables (list (make-hash-table :test 'eq) (make-hash-table :test 'eql) (make-hash-table :test 'equal)))
(defvar weak (make-hash-table :test 'eq :weakness 'key))
(defvar held (list 'held))
(puthash held 1 weak)
(puthash (list 'lost) 2 weak)
(dolist (table tables)
  (dolist (key (list 'sym 12 1.5 (expt 3 90) \"key\" ring)) (puthash key (list key) table))
  (puthash 'gone 1 table)
  (remhash 'gone table))
(defvar numbers (list most-positive-fixnum most-negative-fixnum (expt 7 100) (- (expt 7 100)) -0.0 1.0e+INF 5e-324))
(defvar bits (read \"#&11\\\"\\\\377\\\\3\\\"\"))
(defvar fresh (make-symbol \"fresh\"))
(put 'counter 'doc \"counts\")
(defmacro twice (form) (list 'progn form form))
(defun use-twice () (twice (funcall counter)))
(funcall counter)
";

/// What a machine with that state answers, in order; some of it changes the state.
const ANSWERS: &[(&str, &str)] = &[
    ("ring", "#1=(1 2 . #1#)"),
    ("(eq ring (nthcdr 2 ring))", "t"),
    ("(use-twice)", "3"),
    ("(funcall (car two-ways))", "11"),
    ("(funcall (cdr two-ways))", "11"),
    ("(progn (aset (aref shared 0) 1 ?x) shared)", "[\"axc\" \"axc\"]"),
    ("(mapcar (lambda (table) (gethash 'sym table)) tables)", "((sym) (sym) (sym))"),
    ("(mapcar (lambda (table) (gethash 1.5 table)) tables)", "(nil (1.5) (1.5))"),
    (
        "(mapcar (lambda (table) (gethash (expt 3 90) table 'no)) (cdr tables))",
        "((8727963568087712425891397479476727340041449) (8727963568087712425891397479476727340041449))",
    ),
    ("(mapcar (lambda (table) (gethash (concat \"k\" \"ey\") table)) tables)", "(nil nil (\"key\"))"),
    ("(mapcar (lambda (table) (eq (car (gethash ring table)) ring)) tables)", "(t t t)"),
    ("(mapcar #'hash-table-count tables)", "(6 6 6)"),
    ("(list (gethash held weak) (hash-table-count weak))", "(1 1)"),
    (
        "(equal numbers (list most-positive-fixnum most-negative-fixnum (expt 7 100) (- (expt 7 100)) -0.0 1.0e+INF 5e-324))",
        "t",
    ),
    ("(list (length bits) (aref bits 8) (equal bits (read \"#&11\\\"\\\\377\\\\3\\\"\")))", "(11 t t)"),
    ("(list (symbol-name fresh) (eq fresh (intern \"fresh\")))", "(\"fresh\" nil)"),
    ("(get 'counter 'doc)", "\"counts\""),
    ("(let ((x 0)) (twice (setq x (+ x 2))) x)", "4"),
];

fn machine() -> Vm {
    let mut vm = Vm::boot().unwrap();
    vm.eval_str(STATE).unwrap();
    vm
}

fn ask(vm: &mut Vm, way: &str) {
    for (text, wanted) in ANSWERS {
        let got = vm.eval_to_string(text).unwrap_or_else(|error| panic!("{way}: {text}: {error}"));
        assert_eq!(got, *wanted, "{way}: {text}");
    }
}

#[test]
fn a_machine_answers_the_same_wherever_its_image_lies() {
    let mut booted = machine();
    booted.eval_str("(garbage-collect)").unwrap();
    ask(&mut booted, "never dumped");
    let bytes = machine().dump_to_bytes().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    machine().dump_to_file(&path).unwrap();
    assert!(std::fs::read(&path).unwrap() == bytes);
    for placement in [Placement::Preferred, Placement::Elsewhere, Placement::Copied, Placement::Patched] {
        let options = || image::options().placement(placement);
        let way = |how: &str| format!("{how} {placement:?}");
        ask(&mut options().load_bytes(&bytes).unwrap(), &way("loaded from bytes"));
        ask(&mut options().load(&path).unwrap(), &way("loaded"));
        // SAFETY: the file was just written, and nobody else knows it.
        ask(&mut unsafe { options().map(&path) }.unwrap(), &way("mapped"));
        // SAFETY: as above.
        ask(&mut unsafe { options().trusted().map(&path) }.unwrap(), &way("trusted"));
    }
}

#[test]
fn what_changes_after_a_load_is_dumped_again_and_collections_change_nothing() {
    let bytes = machine().dump_to_bytes().unwrap();
    let mut vm: Vm = image::options().placement(Placement::Elsewhere).load_bytes(&bytes).unwrap();
    for round in 1..=5 {
        // Old objects refer to new ones, new ones to old ones; what is cut off becomes garbage.
        vm.eval_str(&format!(
            "(setq held (list 'held))
             (puthash held {round} weak)
             (puthash (list 'new {round}) ring (nth 2 tables))
             (puthash \"key\" (list 'round {round}) (nth 2 tables))
             (setcar ring (list 'round {round} two-ways))
             (fset 'newest-{round} (let ((n {round})) (lambda () (list n (car held)))))
             (set (intern \"symbol-{round}\") (make-string 100 ?x))
             (dotimes (n 2000) (make-vector 3 (list n 1.5)))
             (garbage-collect)"
        ))
        .unwrap();
        let again = vm.dump_to_bytes().unwrap();
        let placement = if round % 2 == 0 { Placement::Elsewhere } else { Placement::Preferred };
        vm = image::options().placement(placement).load_bytes(&again).unwrap();
        for earlier in 1..=round {
            let got = vm
                .eval_to_string(&format!(
                    "(list (newest-{earlier}) (length symbol-{earlier}) (eq (gethash '(new {earlier}) (nth 2 tables)) ring))"
                ))
                .unwrap();
            assert_eq!(got, format!("(({earlier} held) 100 t)"));
        }
        let got = vm.eval_to_string("(list (hash-table-count weak) (gethash \"key\" (nth 2 tables)) (eq (nth 2 (car ring)) two-ways))");
        assert_eq!(got.unwrap(), format!("(1 (round {round}) t)"));
    }
}

#[test]
fn a_dump_of_an_unchanged_machine_is_the_same_image() {
    let bytes = machine().dump_to_bytes().unwrap();
    let mut vm: Vm = image::options().load_bytes(&bytes).unwrap();
    assert!(vm.dump_to_bytes().unwrap() == bytes);
    let mut moved: Vm = image::options().placement(Placement::Elsewhere).load_bytes(&bytes).unwrap();
    // What only looks at the state does not change it, whatever the collector and the indexes do meanwhile.
    moved.eval_str("(garbage-collect)").unwrap();
    moved.eval_str("(mapcar (lambda (table) (gethash 'sym table)) tables)").unwrap();
    let again = moved.dump_to_bytes().unwrap();
    let mut back: Vm = image::options().load_bytes(&again).unwrap();
    ask(&mut back, "dumped twice");
}

#[test]
fn two_machines_of_one_image_do_not_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    machine().dump_to_file(&path).unwrap();
    // SAFETY: the file was just written, and nobody else knows it.
    let map = || unsafe { image::options().map::<Vm>(&path) }.unwrap();
    let (mut one, mut other) = (map(), map());
    one.eval_str("(setcar ring 'mine) (funcall counter) (puthash 'sym 'mine (car tables)) (setq only-here 1) (fset 'car 'cdr)")
        .unwrap();
    ask(&mut other, "the other machine");
    assert_eq!(one.eval_to_string("(list (car '(1 2)) (funcall counter))").unwrap(), "((2) 3)");
    assert_eq!(other.eval_to_string("(list (boundp 'only-here) (car '(1 2)))").unwrap(), "(nil 1)");
    ask(&mut map(), "a third machine");
}

#[test]
fn new_symbols_follow_those_of_the_image() {
    let bytes = machine().dump_to_bytes().unwrap();
    let mut vm: Vm = image::options().load_bytes(&bytes).unwrap();
    let (frozen, known) = (vm.symbols.frozen_len(), vm.symbols.len());
    assert_eq!(frozen, known);
    assert_eq!(
        vm.eval_to_string("(list (intern-soft \"counter\") (intern-soft \"brand-new\"))").unwrap(),
        "(counter nil)"
    );
    let fresh = vm.symbols.intern("brand-new");
    assert!(fresh.id() as usize >= known);
    for n in 0..3000 {
        vm.eval_str(&format!("(setq v{n} {n})")).unwrap();
    }
    let again = vm.dump_to_bytes().unwrap();
    let mut vm: Vm = image::options().placement(Placement::Elsewhere).load_bytes(&again).unwrap();
    assert_eq!(vm.symbols.lookup(b"brand-new"), Some(fresh));
    assert_eq!(
        vm.eval_to_string("(list v0 v2999 (boundp 'v3000) (eq 'v17 (intern \"v17\")))").unwrap(),
        "(0 2999 nil t)"
    );
    assert_eq!(
        vm.eval_to_string("(let ((f (make-symbol \"v0\"))) (list (eq f 'v0) (boundp f)))").unwrap(),
        "(nil nil)"
    );
}

/// Ten million in an optimised build; a tenth of that else, for time.
const LENGTH: usize = if cfg!(debug_assertions) { 1_000_000 } else { 10_000_000 };

#[test]
fn a_list_of_millions_and_a_nest_as_deep_come_back_on_a_small_stack() {
    let run = || {
        let mut vm = Vm::new();
        let (mut long, mut deep) = (Value::NIL, Value::NIL);
        for n in 0..LENGTH {
            long = vm.heap.cons(Value::int(n), long);
            deep = vm.heap.cons(deep, Value::NIL);
        }
        let both = vm.heap.cons(long, deep);
        vm.set_global("both", both);
        let bytes = vm.dump_to_bytes().unwrap();
        let text = printer::to_bytes(&vm.heap, &vm.symbols, long, Style::PRIN1);
        drop(vm);
        for placement in [Placement::Preferred, Placement::Elsewhere] {
            let mut report = LoadReport::default();
            let options = image::options().placement(placement).report(&mut report);
            let mut back: Vm = options.load_bytes(&bytes).unwrap();
            assert!(report.object_count() >= 2 * LENGTH);
            let both = back.global("both");
            let (long, mut deep) = (back.heap.car(both), back.heap.cdr(both));
            assert!(printer::to_bytes(&back.heap, &back.symbols, long, Style::PRIN1) == text);
            let mut depth = 0;
            while deep.is_cons() {
                (deep, depth) = (back.heap.car(deep), depth + 1);
            }
            assert_eq!(depth, LENGTH);
            let copy = back.heap.list_elements(long, usize::MAX);
            let copy = back.heap.list(&copy);
            assert!(equal(&back.heap, long, copy));
            assert!(back.dump_to_bytes().unwrap() == bytes);
        }
    };
    std::thread::Builder::new().stack_size(128 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn a_hook_runs_before_a_dump_and_its_error_refuses_the_dump() {
    let mut vm = machine();
    vm.eval_str("(setq log nil before-dump-hook (list (lambda () (push 'dumped log))))").unwrap();
    let bytes = vm.dump_to_bytes().unwrap();
    let mut back: Vm = image::options().load_bytes(&bytes).unwrap();
    assert_eq!(back.eval_to_string("log").unwrap(), "(dumped)");
    vm.eval_str("(setq before-dump-hook (list (lambda () (car 1))))").unwrap();
    let error = vm.dump_to_bytes().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot dump vm (before_dump): before-dump-hook: Wrong type argument: listp, 1"
    );
}

#[test]
fn a_machine_without_the_functions_of_an_image_refuses_it() {
    let bytes = machine().dump_to_bytes().unwrap();
    let error = neodump_runtime::load_bytes::<Vm>(&bytes).err().unwrap();
    assert!(
        error.is_stale() && error.to_string().contains("704 needed in the image, 0 of them known by name"),
        "{error}"
    );
}

#[test]
fn the_report_says_which_way_was_taken() {
    let bytes = machine().dump_to_bytes().unwrap();
    let mut report = LoadReport::default();
    let _: Vm = image::options().placement(Placement::Copied).report(&mut report).load_bytes(&bytes).unwrap();
    assert_eq!((report.way, report.hydrated.len()), (Some(Way::Copied), 0));
    assert!(report.relocations > 4000 && report.fixups == 0);
}

#[test]
fn the_format_changes_with_its_version_only() {
    neodump_runtime::assert_format!(Vm);
}
