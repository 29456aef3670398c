//! Keymaps, commands, keyboard macros, advice and watchers come back from an image.

mod ways;

use neodump_runtime::DumpError;
use neovm::value::Value;
use neovm::{Vm, image};
use ways::{everywhere, loaded, machine};

#[test]
fn a_prefix_key_leads_to_the_very_keymap_that_its_variable_holds() {
    everywhere(
        "(define-prefix-command 'my-prefix 'my-map)
         (global-set-key (kbd \"C-c\") 'my-prefix)
         (define-key my-map \"a\" #'undo-command)
         (defvar direct (make-sparse-keymap))
         (define-key my-map \"d\" direct)",
        &[
            ("(eq (symbol-function 'my-prefix) my-map)", "t"),
            ("(eq (indirect-function (key-binding (kbd \"C-x\"))) ctl-x-map)", "t"),
            (
                "(progn (define-key my-map \"n\" #'quit-command) (key-binding (kbd \"C-c n\")))",
                "quit-command",
            ),
            (
                "(progn (keymap-set direct \"x\" #'mark-command) (keymap-lookup nil \"C-c d x\"))",
                "mark-command",
            ),
        ],
    );
}

#[test]
fn a_keymap_that_two_prefixes_share_is_one_keymap_and_keeps_its_parent() {
    everywhere(
        "(defvar shared (make-sparse-keymap))
         (defvar parent (let ((map (make-keymap))) (define-key map \"p\" #'yank-command) map))
         (set-keymap-parent shared parent)
         (global-set-key (kbd \"C-c 1\") shared)
         (global-set-key (kbd \"C-c 2\") shared)",
        &[
            ("(eq (key-binding (kbd \"C-c 1\")) (key-binding (kbd \"C-c 2\")))", "t"),
            ("(eq (keymap-parent shared) parent)", "t"),
            (
                "(progn (define-key parent \"q\" #'quit-command) (key-binding (kbd \"C-c 2 q\")))",
                "quit-command",
            ),
            (
                "(condition-case e (set-keymap-parent parent shared) (error (cadr e)))",
                "\"Cyclic keymap inheritance\"",
            ),
            ("(eq (keymap-parent lisp-mode-map) lisp-data-mode-map)", "t"),
            ("(eq (keymap-parent (keymap-parent lisp-mode-map)) prog-mode-map)", "t"),
        ],
    );
}

#[test]
fn the_selected_global_map_is_kept_apart_from_the_variable() {
    everywhere(
        "(defvar selected (current-global-map))
         (setq global-map (list 'keymap (cons ?z #'quit-command)))
         (local-set-key \"z\" #'undo-command)
         (defvar local (current-local-map))",
        &[
            ("(eq (current-global-map) selected)", "t"),
            ("(eq (current-global-map) global-map)", "nil"),
            ("(lookup-key global-map \"z\")", "quit-command"),
            ("(eq (current-local-map) local)", "t"),
            ("(list (key-binding \"z\") (key-binding \"y\"))", "(undo-command self-insert-command)"),
        ],
    );
}

#[test]
fn an_image_whose_selected_global_map_is_no_keymap_is_refused() {
    for map in [Value::int(7), Value::T] {
        let mut vm = machine("nil");
        vm.roots.current_global_map = map;
        let bytes = vm.dump_to_bytes().unwrap();
        let error = image::options().load_bytes::<Vm>(&bytes).err().unwrap();
        assert!(matches!(error, DumpError::Deserialization { .. }), "{error:?}");
        assert!(error.to_string().contains("the selected global keymap is no keymap"), "{error}");
    }
}

#[test]
fn keys_lookups_remaps_copies_and_the_way_back_from_a_command_are_the_same_in_every_machine() {
    everywhere(
        "(keymap-set global-map \"<remap> <undo-command>\" #'yank-command)
         (defvar copied (copy-keymap ctl-x-map))
         (defvar-keymap mine :parent ctl-x-map \"M-<f5>\" #'quit-command \"C-M-a\" #'mark-command)",
        &[
            ("(key-binding (kbd \"C-/\"))", "yank-command"),
            ("(lookup-key copied (kbd \"r s\"))", "copy-to-register-command"),
            (
                "(list (eq (lookup-key copied \"r\") ctl-x-r-map) (eq (lookup-key copied \"4\") 'ctl-x-4-prefix))",
                "(nil t)",
            ),
            ("(lookup-key mine (kbd \"M-<f5>\"))", "quit-command"),
            ("(lookup-key mine (kbd \"C-s\"))", "save-file-command"),
            ("(lookup-key global-map (kbd \"C-f x y\"))", "1"),
            ("(mapcar #'key-description (where-is-internal 'save-file-command))", "(\"C-x C-s\")"),
            ("(key-description (where-is-internal 'help-function-command help-map t))", "\"m\""),
            (
                "(condition-case e (keymap-set global-map \"C-f a\" #'ignore) (error (cadr e)))",
                "\"Key sequence C-f a starts with non-prefix key C-f\"",
            ),
            (
                "(let ((seen nil)) (map-keymap (lambda (event binding) (push event seen)) (lookup-key ctl-x-map \"r\")) (sort seen #'<))",
                "(105 109 115)",
            ),
            ("(kbd \"C-x <f1> M-a RET\")", "[24 f1 134217825 13]"),
            ("(kbd \"C-x C-f\")", "\"\u{18}\u{6}\""),
            ("(let ((view-mode t)) (key-binding \"q\"))", "quit-command"),
            ("(key-binding \"q\")", "self-insert-command"),
        ],
    );
}

#[test]
fn the_interactive_form_of_a_closure_and_of_a_function_of_the_machine_survives_collections() {
    everywhere(
        "(defvar counter (let ((n 0)) (lambda (&optional by) \"Counts.\" (interactive (list (* 2 3))) (setq n (+ n by)))))
         (defun named (arg) (interactive \"p\") (list arg (called-interactively-p)))
         (defalias 'other-name #'named)
         (set-interactive-spec 'identity (list 'list (concat \"spec\" \"-text\")))
         (garbage-collect)",
        &[
            ("(interactive-form counter)", "(interactive (list (* 2 3)))"),
            ("(commandp counter)", "t"),
            ("(- (call-interactively counter) (call-interactively counter))", "-6"),
            ("(interactive-form 'other-name)", "(interactive \"p\")"),
            ("(let ((current-prefix-arg '(4))) (call-interactively 'named))", "(4 t)"),
            ("(interactive-form 'identity)", "(interactive (list \"spec-text\"))"),
            ("(call-interactively 'identity)", "\"spec-text\""),
            ("(list (commandp 'garbage-collect) (commandp 'car) (commandp [?a]))", "(t nil t)"),
            ("(interactive-form 'car)", "nil"),
            ("(assq 'start-kbd-macro (interactive-specs))", "(start-kbd-macro . \"P\")"),
        ],
    );
}

#[test]
fn advice_added_before_a_dump_works_and_can_be_taken_away_after_it() {
    everywhere(
        "(defun base (x) (interactive (list 5)) (* x 2))
         (defun twice (f &rest args) (* 2 (apply f args)))
         (advice-add 'base :around #'twice '((name . doubling)))",
        &[
            ("(list (base 3) (call-interactively 'base) (advised-p 'base))", "(12 20 t)"),
            (
                "(list (advice-member-p #'twice 'base) (advice-member-p 'doubling 'base) (advice-member-p #'car 'base))",
                "(t t nil)",
            ),
            (
                "(progn (advice-remove 'base 'doubling) (list (base 3) (advised-p 'base) (interactive-form 'base)))",
                "(6 nil (interactive (list 5)))",
            ),
            ("(progn (advice-add 'base :around #'twice '((name . doubling))) (base 3))", "12"),
        ],
    );
}

#[test]
fn a_function_redefined_after_a_load_keeps_the_advice_of_before_the_dump() {
    everywhere(
        "(defun base (x) (* x 2))
         (defun more (x) (+ x 1))
         (defvar defined 0)
         (advice-add 'base :filter-return #'more)",
        &[
            ("(progn (setq defined (1+ defined)) (defun base (x) (* x 100)) (base 3))", "301"),
            ("(funcall (advice--cd 'base) 3)", "300"),
            (
                "(progn (advice-remove 'base #'more) (prog1 (base 3) (advice-add 'base :filter-return #'more)))",
                "300",
            ),
        ],
    );
}

#[test]
fn several_pieces_of_advice_keep_their_order_and_kinds() {
    everywhere(
        "(defvar log nil)
         (defun base (x) (push (list 'base x) log) x)
         (advice-add 'base :before (lambda (x) (push (list 'before x) log)) '((name . one)))
         (advice-add 'base :filter-args (lambda (args) (list (1+ (car args)))) '((name . two) (depth . 100)))
         (advice-add 'base :after-while (lambda (x) (push 'after log) 'done) '((name . three) (depth . -100)))",
        &[
            ("(progn (setq log nil) (list (base 1) (reverse log)))", "(done ((before 1) (base 2) after))"),
            ("(let ((names nil)) (advice-mapc (lambda (_f props) (push (alist-get 'name props) names)) 'base) (reverse names))", "(three one two)"),
            ("(progn (setq advice-calls nil) (string-reverse \"abc\") advice-calls)", "(\"abc\")"),
            ("(seq-take '(1 2 3) -5)", "nil"),
        ],
    );
}

#[test]
fn watchers_are_told_of_every_change_in_every_machine() {
    everywhere(
        "(defvar watched 1)
         (defvar told nil)
         (defvar watcher (let ((mine (list 'tell))) (lambda (symbol value operation place) (push (list (car mine) symbol value operation place) told))))
         (add-variable-watcher 'watched watcher)
         (add-variable-watcher 'watched watcher)",
        &[
            ("(progn (setq told nil) (setq watched 5) told)", "((tell watched 5 set nil))"),
            ("(progn (setq told nil) (let ((watched 9)) (ignore)) (reverse told))", "((tell watched 9 let nil) (tell watched 5 unlet nil))"),
            ("(progn (setq told nil) (makunbound 'watched) (set 'watched 1) (reverse told))", "((tell watched nil makunbound nil) (tell watched 1 set nil))"),
            ("(length (get-variable-watchers 'watched))", "1"),
            ("(eq (car (get-variable-watchers 'watched)) watcher)", "t"),
            ("(progn (remove-variable-watcher 'watched watcher) (setq told nil) (setq watched 2) (prog1 told (add-variable-watcher 'watched watcher)))", "nil"),
            ("(progn (setq mode-line-stale nil) (setq mode-line-parts '(name)) mode-line-stale)", "((mode-line-parts set (name)))"),
        ],
    );
}

#[test]
fn a_watcher_that_fails_stops_a_set_but_not_the_end_of_a_binding() {
    everywhere(
        "(defvar guarded 'old)
         (add-variable-watcher 'guarded (lambda (_s value _o _p) (unless (symbolp value) (error \"Only symbols\"))))",
        &[
            ("(condition-case e (setq guarded 5) (error (cadr e)))", "\"Only symbols\""),
            ("guarded", "old"),
            ("(condition-case e (let ((guarded 7)) 'never) (error (cadr e)))", "\"Only symbols\""),
            ("(let ((guarded 'new)) guarded)", "new"),
        ],
    );
}

#[test]
fn values_that_only_a_running_program_holds_survive_the_watchers_of_its_variables() {
    let mut vm = machine(
        "(defvar special 0)
         (add-variable-watcher 'special (lambda (&rest _) (garbage-collect) (dotimes (n 50) (make-string 40 ?x))))",
    );
    vm.gc_every = 1;
    let text = "(let* ((a (list 1 (concat \"x\" \"y\"))) (special (list 2)) (b (vector a special)))
                  (let ((special (list 3)) (c (concat \"z\" \"w\"))) (list a b c special)))";
    assert_eq!(vm.eval_to_string(text).unwrap(), "((1 \"xy\") [(1 \"xy\") (2)] \"zw\" (3))");
    let text = "(funcall (lambda (special &rest more) (list special more)) (list 4) (concat \"m\" \"n\"))";
    assert_eq!(vm.eval_to_string(text).unwrap(), "((4) (\"mn\"))");
}

#[test]
fn keyboard_macros_their_ring_counter_and_format_come_back_and_run() {
    everywhere(
        "(kmacro-set-counter 41) (kmacro-set-format \"<%d>\")
         (with-kbd-macro \"C-f\" \"C-x u\" \"a\")",
        &[
            ("(last-kbd-macro)", "[6 24 117 97]"),
            (
                "(mapcar #'key-description (kmacro-ring))",
                "(\"C-f C-x u a\" \"C-e RET x\" \"C-a C-k C-n C-y\")",
            ),
            ("(list (kmacro-counter) (kmacro-counter-format) (defining-kbd-macro-p))", "(41 \"<%d>\" nil)"),
            (
                "(progn (setq command-log nil) (execute-kbd-macro (last-kbd-macro)) (mapcar #'car (reverse command-log)))",
                "(forward-char-command undo-command insert)",
            ),
            ("(progn (setq command-log nil) (kmacro-call 2) (length command-log))", "6"),
            ("(progn (setq command-log nil) (call-interactively 'move-line-down) (length command-log))", "4"),
            ("(prog1 (kmacro-insert-counter) (kmacro-set-counter 41))", "\"<41>\""),
            (
                "(progn (kmacro-rotate) (prog1 (key-description (last-kbd-macro)) (kmacro-rotate t)))",
                "\"C-e RET x\"",
            ),
        ],
    );
}

#[test]
fn a_macro_that_is_being_recorded_goes_on_being_recorded_in_the_image() {
    let mut vm =
        machine("(start-kbd-macro nil) (store-kbd-macro-event ?q) (store-kbd-macro-event (list 'wheel 1))");
    let mut all = loaded(&mut vm);
    all.push(vm);
    for mut vm in all {
        vm.eval_str("(garbage-collect)").unwrap();
        let text = "(progn (store-kbd-macro-event ?z) (end-kbd-macro) (list (last-kbd-macro) (defining-kbd-macro-p)))";
        assert_eq!(vm.eval_to_string(text).unwrap(), "([113 (wheel 1) 122] nil)");
    }
}
