//! Dump, load, snapshot, restore, clone: what a machine is before and after, and what belongs to the process.

use neodump_runtime::{DumpError, Placement};
use neovm::process::{OF_THE_PROCESS, Process};
use neovm::{Vm, image, regexp, reset};
use std::path::{Path, PathBuf};

fn machine(program: &str) -> Vm {
    let mut vm = Vm::boot().unwrap();
    vm.eval_str(program).unwrap();
    vm
}

fn ask(vm: &mut Vm, text: &str) -> String {
    vm.eval_to_string(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A machine that was dumped to a file and loaded from it.
fn through_a_file(vm: &mut Vm) -> Vm {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    vm.dump_to_file(&path).unwrap();
    Vm::load_from_dump(&path).unwrap()
}

#[test]
fn a_variable_survives_a_file() {
    assert_eq!(ask(&mut through_a_file(&mut machine("(defvar answer 42)")), "answer"), "42");
}

#[test]
fn a_booted_machine_is_dumped_dropped_loaded_and_evaluates() {
    let mut back = through_a_file(&mut Vm::boot().unwrap());
    for (text, wanted) in [
        ("(+ 1 2.5)", "3.5"),
        ("(featurep 'boot)", "t"),
        ("(length \"four\")", "4"),
        ("(concat \"a\" \"b\")", "\"ab\""),
        ("(let ((h (make-hash-table :test 'equal))) (puthash \"k\" 1 h) (gethash \"k\" h))", "1"),
        ("(progn (defun twice (x) (* 2 x)) (twice 21))", "42"),
    ] {
        assert_eq!(ask(&mut back, text), wanted);
    }
}

#[test]
fn a_variable_that_is_bound_during_the_dump_is_dumped_with_its_top_level_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    let mut vm = machine("(defvar depth 'top) (defvar nowhere) (defvar log nil)");
    vm.set_global("file", neovm::value::Value::NIL);
    let program = format!(
        "(defun dump-here () (let ((depth 'inner)) (dump-emacs-portable {:?}) (list depth (boundp 'bound-here))))
         (defvar bound-here 0) (makunbound 'bound-here)
         (let ((depth 'outer) (bound-here 1)) (push (dump-here) log) (push depth log))
         (list log depth)",
        path.display().to_string()
    );
    assert_eq!(ask(&mut vm, &program), "((outer (inner t)) top)");
    let mut back = Vm::load_from_dump(&path).unwrap();
    assert_eq!(ask(&mut back, "(list depth log (boundp 'bound-here))"), "(top nil nil)");
}

#[test]
fn the_lexical_environment_of_the_program_that_dumps_is_not_dumped_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    let mut vm = Vm::boot().unwrap();
    let program = format!("(let ((x 7)) (dump-emacs-portable {:?}) x)", path.display().to_string());
    assert_eq!(ask(&mut vm, &program), "7");
    assert!(Vm::load_from_dump(&path).unwrap().lexenv.is_nil());
}

#[test]
fn two_machines_restored_from_one_snapshot_do_not_see_each_other() {
    let mut vm =
        machine("(defvar shared (list 1 2 3)) (defvar table (make-hash-table)) (puthash 'k 1 table)");
    let snapshot = vm.snapshot().unwrap();
    vm.eval_str("(setcar shared 'original) (puthash 'k 'original table)").unwrap();
    let (mut one, mut other) = (Vm::restore(&snapshot).unwrap(), Vm::restore(&snapshot).unwrap());
    one.eval_str("(setcar shared 'one) (puthash 'k 'one table) (fset 'car 'cdr) (defvar only-one 1)")
        .unwrap();
    for vm in [&mut other, &mut Vm::restore(&snapshot).unwrap()] {
        let answer = ask(vm, "(list shared (gethash 'k table) (car '(1 2)) (boundp 'only-one))");
        assert_eq!(answer, "((1 2 3) 1 1 nil)");
    }
    assert_eq!(ask(&mut one, "(list shared (gethash 'k table) only-one)"), "((one 2 3) one 1)");
    assert_eq!(ask(&mut vm, "(list shared (gethash 'k table))"), "((original 2 3) original)");
}

#[test]
fn a_snapshot_restores_on_another_thread() {
    let snapshot = machine("(defvar answer '(42 \"text\"))").snapshot().unwrap();
    let there = snapshot.clone();
    let answer = std::thread::spawn(move || ask(&mut Vm::restore(&there).unwrap(), "answer")).join().unwrap();
    assert_eq!(answer, ask(&mut Vm::restore(&snapshot).unwrap(), "answer"));
}

#[test]
fn a_clone_goes_its_own_way_and_the_machine_is_as_it_was() {
    let mut vm = machine("(defvar names (list \"a\" 'b))");
    let mut clone = vm.try_clone().unwrap();
    clone.eval_str("(setcar names 'changed)").unwrap();
    assert_eq!(ask(&mut vm, "names"), "(\"a\" b)");
    assert_eq!(ask(&mut clone, "names"), "(changed b)");
    assert_eq!(ask(&mut vm.try_clone().unwrap().try_clone().unwrap(), "names"), "(\"a\" b)");
}

#[test]
fn core_functions_can_be_called_after_a_restore_and_are_the_same_by_name() {
    let mut vm = machine("(defvar kept (list (symbol-function 'car) #'concat))");
    let mut back = Vm::restore(&vm.snapshot().unwrap()).unwrap();
    let program = "(list (funcall (car kept) '(1 2)) (apply (nth 1 kept) '(\"a\" \"b\"))
                         (eq (car kept) (symbol-function 'car)) (car kept))";
    assert_eq!(ask(&mut back, program), "(1 \"ab\" t #<subr car>)");
}

#[test]
fn a_load_from_a_file_is_told_of_and_runs_no_hook_until_it_is_asked_to_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    let mut vm = machine("(defvar runs 0) (setq after-pdump-load-hook (list (lambda () (cl-incf runs))))");
    assert_eq!(ask(&mut vm, "(pdumper-stats)"), "nil");
    vm.dump_to_file(&path).unwrap();
    let mut back = Vm::load_from_dump(&path).unwrap();
    let session = back.file_session().unwrap().clone();
    assert_eq!(session.path, path.canonicalize().unwrap());
    assert!(session.time.as_nanos() > 0);
    let stats =
        ask(&mut back, "(mapcar (lambda (pair) (cons (car pair) (type-of (cdr pair)))) (pdumper-stats))");
    assert_eq!(stats, "((dumped-with-pdumper . symbol) (load-time . float) (dump-file-name . string))");
    assert_eq!(ask(&mut back, "runs"), "0");
    assert_eq!(back.maybe_run_after_load_hook(), Ok(true));
    assert_eq!(back.maybe_run_after_load_hook(), Ok(false));
    assert_eq!(ask(&mut back, "runs"), "1");
}

#[test]
fn a_hook_that_signals_is_told_of_and_not_run_again() {
    let mut vm = machine("(setq after-pdump-load-hook '(no-such-function))");
    let mut back = through_a_file(&mut vm);
    let error = back.maybe_run_after_load_hook().unwrap_err();
    assert!(error.starts_with("after-pdump-load-hook: Symbol"), "{error}");
    assert_eq!(back.maybe_run_after_load_hook(), Ok(false));
    assert_eq!(ask(&mut back, "(+ 1 1)"), "2");
}

#[test]
fn a_restored_snapshot_reports_no_file_session_and_runs_no_hook() {
    let mut vm =
        through_a_file(&mut machine("(setq after-pdump-load-hook (list (lambda () (error \"Ran\"))))"));
    assert!(vm.file_session().is_some());
    let mut back = Vm::restore(&vm.snapshot().unwrap()).unwrap();
    assert_eq!(back.file_session(), None);
    assert_eq!(back.maybe_run_after_load_hook(), Ok(false));
    assert_eq!(ask(&mut back, "(pdumper-stats)"), "nil");
}

#[test]
fn what_belongs_to_the_process_is_aside_in_the_image_and_back_after_the_dump() {
    let mut vm =
        machine("(setq post-gc-hook (list (lambda () (error \"No hook sees the collection of a dump\"))))");
    vm.output = neovm::Output::Captured(Vec::new());
    let process = Process {
        directory: PathBuf::from("/here"),
        environment: vec!["HOME=/home".into()],
        arguments: vec!["neovm".into(), "run".into()],
        load_path: vec![PathBuf::from("/lisp")],
    };
    vm.enter_process(&process);
    let names = format!("(list post-gc-hook {})", OF_THE_PROCESS.join(" "));
    let before = ask(&mut vm, &names);
    assert!(before.contains("\"HOME=/home\"") && before.contains("\"/here/\""), "{before}");
    let bytes = vm.dump_to_bytes().unwrap();
    assert_eq!(ask(&mut vm, &names), before);
    assert!(matches!(&vm.output, neovm::Output::Captured(told) if told.is_empty()));
    // The loader of the framework alone sets nothing; the machine's own sets what this process has.
    let mut raw: Vm = image::options().load_bytes(&bytes).unwrap();
    assert_eq!(ask(&mut raw, &names), "(nil nil nil nil nil nil nil)");
    let mut back = through_a_file(&mut vm);
    let here = format!("\"{}/\"", std::env::current_dir().unwrap().display());
    assert_eq!(ask(&mut back, "default-directory"), here);
    assert_eq!(ask(&mut back, "(list command-line-processed (stringp (car command-line-args)))"), "(t t)");
    assert!(ask(&mut back, "process-environment").contains("PATH="));
}

#[test]
fn a_refused_dump_puts_everything_back() {
    let mut vm = machine("(setq post-gc-hook '(ignore))");
    vm.enter_process(&Process::current());
    let before = ask(&mut vm, "(list post-gc-hook default-directory process-environment)");
    let error = vm.dump_to_file("/no/such/folder/vm.ndump").unwrap_err();
    assert!(matches!(error, DumpError::Io { .. }), "{error}");
    assert_eq!(ask(&mut vm, "(list post-gc-hook default-directory process-environment)"), before);
}

#[test]
fn a_collection_calls_its_hook_and_an_error_in_it_harms_nobody() {
    let mut vm =
        machine("(defvar seen 0) (setq post-gc-hook (list (lambda () (cl-incf seen) (garbage-collect))))");
    vm.eval_str("(garbage-collect) (garbage-collect)").unwrap();
    assert_eq!(ask(&mut vm, "seen"), "2");
    vm.output = neovm::Output::Captured(Vec::new());
    vm.eval_str("(setq post-gc-hook '(no-such-function)) (garbage-collect)").unwrap();
    assert!(matches!(&vm.output, neovm::Output::Captured(told) if told.starts_with(b"post-gc-hook: Symbol")));
}

mod dump_command {
    use super::*;

    fn run(vm: &mut Vm, file: &str) -> Result<String, String> {
        vm.eval_to_string(&format!("(dump-emacs-portable {file:?})"))
    }

    fn answer_of(path: &Path) -> String {
        ask(&mut Vm::load_from_dump(path).unwrap(), "answer")
    }

    #[test]
    fn it_writes_a_file_that_loads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vm.ndump");
        let mut vm = machine("(defvar answer 1)");
        assert_eq!(run(&mut vm, path.to_str().unwrap()), Ok("nil".into()));
        assert_eq!(answer_of(&path), "1");
    }

    #[test]
    fn it_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vm.ndump");
        std::fs::write(&path, "no image").unwrap();
        for answer in ["1", "2"] {
            run(&mut machine(&format!("(defvar answer {answer})")), path.to_str().unwrap()).unwrap();
            assert_eq!(answer_of(&path), answer);
        }
    }

    #[test]
    fn a_relative_name_is_relative_to_default_directory() {
        let folder = tempfile::tempdir().unwrap();
        let mut vm = machine("(defvar answer 3)");
        vm.enter_process(&Process { directory: folder.path().to_path_buf(), ..Process::default() });
        run(&mut vm, "below.ndump").unwrap();
        assert_eq!(answer_of(&folder.path().join("below.ndump")), "3");
    }

    #[test]
    fn it_works_in_batch_mode_only() {
        let mut vm = machine("(setq noninteractive nil)");
        assert_eq!(run(&mut vm, "/tmp/never"), Err("<text>:1: Dumping works in batch mode only".into()));
    }

    #[test]
    fn it_refuses_while_another_lisp_thread_lives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vm.ndump");
        let mut vm =
            machine("(defvar answer 4) (setq worker (make-thread (lambda () (setq answer 5)) \"worker\"))");
        let error = run(&mut vm, path.to_str().unwrap()).unwrap_err();
        assert_eq!(error, "<text>:1: No other Lisp threads can be running when dumping");
        assert!(!path.exists());
        let joined = "(list (thread-live-p worker) (thread-join worker) (thread-live-p worker) (thread-name worker) (all-threads))";
        assert_eq!(ask(&mut vm, joined), "(t 5 nil \"worker\" nil)");
        run(&mut vm, path.to_str().unwrap()).unwrap();
        assert_eq!(answer_of(&path), "5");
    }
}

#[test]
fn a_second_thread_has_its_own_resets_and_a_machine_runs_them_there() {
    reset::register("of the first thread", || {});
    let there = std::thread::spawn(|| {
        let mut vm = Vm::boot().unwrap();
        vm.eval_str("(string-match \"a\\\\(b\\\\)\" \"ab\")").unwrap();
        let compiled = regexp::compiled();
        let again = vm.try_clone().unwrap();
        drop(again);
        (reset::names(), compiled, regexp::compiled())
    });
    let (names, before, after) = there.join().unwrap();
    assert!(names.contains(&"regexps") && !names.contains(&"of the first thread"), "{names:?}");
    assert!(before > 0 && after == 0, "{before} {after}");
    assert!(reset::names().contains(&"regexps") && reset::names().contains(&"of the first thread"));
}

#[test]
fn a_failed_load_leaves_everything_usable() {
    let mut vm = machine("(defvar kept '(1 \"two\" three))");
    let bytes = vm.dump_to_bytes().unwrap();
    let symbols = vm.symbols.len();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    for at in (middle..middle + 4096).step_by(8) {
        damaged[at] ^= 0x55;
    }
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        assert!(image::options().placement(placement).load_bytes::<Vm>(&damaged).is_err());
        assert!(image::options().placement(placement).load_bytes::<Vm>(&bytes[..middle]).is_err());
    }
    assert_eq!(vm.symbols.len(), symbols);
    assert_eq!(
        ask(&mut vm, "(list kept (intern-soft \"kept\") (eq (intern \"new\") 'new))"),
        "((1 \"two\" three) kept t)"
    );
    let mut back: Vm = image::options().load_bytes(&bytes).unwrap();
    assert_eq!(ask(&mut back, "kept"), "(1 \"two\" three)");
}
