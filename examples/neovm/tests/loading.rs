//! What is loaded when it is needed, and what is being loaded, come back from an image.

mod ways;

use neodump_runtime::Placement;
use neovm::managers::LispString;
use neovm::{Vm, image};
use ways::{ask, everywhere, loaded, machine};

#[test]
fn a_function_declared_before_the_dump_is_loaded_after_it() {
    everywhere(
        "(autoload 'text-tools-words \"text-tools\" \"Words of a text.\")",
        &[
            ("(autoload-entry 'text-tools-words)", "(\"text-tools\" \"Words of a text.\" nil nil)"),
            ("(text-tools-words \"to be or\")", "(\"to\" \"be\" \"or\")"),
            // The declaration stays known.
            ("(autoload-entry 'text-tools-words)", "(\"text-tools\" \"Words of a text.\" nil nil)"),
            ("(autoload-pending-p 'text-tools-words)", "nil"),
        ],
    );
}

#[test]
fn a_stub_of_each_kind_survives_a_dump_unloaded_and_loads_when_it_is_used() {
    let kinds = [
        ("(list (autoload-pending-p 'text-tools-count) (text-tools-count \"a b c\"))", "(t 3)"),
        ("(text-tools-with-counter (text-tools-count \"a b\"))", "2"),
        ("(lookup-key ctl-x-map (kbd \"t r\"))", "text-tools-report"),
        ("(progn (setq text-tools-counted 7) (call-interactively 'text-tools-report))", "7"),
        ("(functionp 'text-tools-wrap)", "t"),
        ("(list (commandp 'text-tools-report) (commandp 'text-tools-count))", "(t nil)"),
    ];
    let mut vm = machine("nil");
    for (text, wanted) in kinds {
        // Each machine meets the kind first, so what it asks is what loads the file.
        for mut back in loaded(&mut vm) {
            assert_eq!(back.eval_to_string("(featurep 'text-tools)").unwrap(), "nil");
            assert_eq!(back.eval_to_string(text).unwrap(), wanted, "{text}");
        }
    }
}

#[test]
fn actions_that_wait_for_a_file_or_a_feature_run_in_the_machine_that_loads_it() {
    let program = "
(defvar log nil)
(with-eval-after-load \"text-tools\" (push 'file log))
(eval-after-load 'text-tools '(push 'feature log))
(with-eval-after-load 'text-tools (push (list 'second (featurep 'text-tools)) log))
(with-eval-after-load 'never (push 'never log))
(with-eval-after-load 'modes (push 'at-once log))";
    everywhere(
        program,
        &[
            ("(length (after-load-actions 'never))", "1"),
            ("(progn (text-tools-count \"x\") (get 'text-tools 'provided))", "t"),
            ("log", "(file (second t) feature at-once)"),
            ("(get 'text-tools 'loaded-by)", "file"),
        ],
    );
}

#[test]
fn loaded_files_features_and_what_is_obsolete_come_back() {
    everywhere(
        "(provide 'mine '(one two)) (make-obsolete-variable 'old-thing \"do without\" \"9.1\")",
        &[
            ("(list (featurep 'mine) (featurep 'mine 'two) (featurep 'mine 'three))", "(t t nil)"),
            ("(car features)", "mine"),
            ("(and (member \"modes.el\" (loaded-files)) (member \"boot.el\" (loaded-files)) t)", "t"),
            ("(obsolete-variable-info 'old-thing)", "(\"do without\" \"9.1\")"),
            ("(obsolete-function-info 'string-to-words)", "(split-string \"0.1\")"),
            (
                "(obsolete-advice 'string-to-words)",
                "\"`string-to-words' is obsolete since 0.1; use `split-string' instead\"",
            ),
            ("(obsolete-advice 'car)", "nil"),
        ],
    );
}

#[test]
fn a_clone_and_an_image_keep_the_require_stack_and_the_loads_in_progress() {
    let mut vm = machine("nil");
    let features = ["outer", "inner"].map(|name| vm.symbols.intern(name));
    vm.roots.require_stack.extend(features);
    let files = [LispString::from("outer.el"), LispString::unibyte(*b"/old/caf\xE9.el")];
    vm.roots.loads_in_progress.extend(files.clone());
    let mut all = loaded(&mut vm);
    all.push(vm.try_clone().unwrap());
    for mut back in all {
        assert_eq!(back.roots.require_stack, features);
        assert_eq!(back.roots.loads_in_progress, files);
        ask(
            &mut back,
            "with a load in progress",
            &[
                ("(require-stack)", "(outer inner)"),
                ("(loads-in-progress)", "(\"outer.el\" \"/old/caf\\351.el\")"),
                ("(load-in-progress-p)", "t"),
            ],
        );
    }
}

#[test]
fn a_program_that_dumps_while_it_is_required_leaves_that_in_its_image() {
    let folder = tempfile::tempdir().unwrap();
    let (program, dumped) = (folder.path().join("self-dump.el"), folder.path().join("self.ndump"));
    std::fs::write(
        &program,
        format!("(provide 'before) (dump-emacs-portable {dumped:?}) (provide 'self-dump)"),
    )
    .unwrap();
    let mut vm = machine("nil");
    vm.eval_str(&format!("(require 'self-dump {program:?})")).unwrap();
    assert_eq!(
        vm.eval_to_string("(list (require-stack) (loads-in-progress) (featurep 'self-dump))").unwrap(),
        "(nil nil t)"
    );
    let mut back: Vm = image::options().placement(Placement::Elsewhere).load(&dumped).unwrap();
    let wanted = format!("((self-dump) ({program:?}) nil t)");
    let text = "(list (require-stack) (loads-in-progress) (featurep 'self-dump) (featurep 'before))";
    assert_eq!(back.eval_to_string(text).unwrap(), wanted);
}

#[test]
fn a_feature_that_requires_itself_is_an_error_and_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("circle.el");
    std::fs::write(&program, format!("(require 'circle {program:?})")).unwrap();
    let mut vm = machine("nil");
    let error = vm.eval_str(&format!("(require 'circle {program:?})")).unwrap_err();
    assert!(error.contains("Recursive"), "{error}");
    assert_eq!(
        vm.eval_to_string("(list (require-stack) (loads-in-progress) load-file-name)").unwrap(),
        "(nil nil nil)"
    );
    assert_eq!(vm.eval_to_string("(require 'no-such-feature nil t)").unwrap(), "nil");
    let error = vm.eval_str("(require 'no-such-feature)").unwrap_err();
    assert!(error.contains("no-such-feature"), "{error}");
}
