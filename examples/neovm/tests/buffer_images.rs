//! Buffers and what hangs on them come back from an image.

mod ways;

use neodump_runtime::Placement;
use neovm::{Vm, image};
use ways::{machine, session, session_everywhere};

#[test]
fn text_comes_back_without_its_gap_and_is_edited_on() {
    session_everywhere(
        "(set-buffer (get-buffer-create \"text\"))
         (insert \"first line\\nzweite Zeile: äöü 漢字 😀\\n\" \"\\300\\377\")
         (goto-char 5)
         (insert \"GAP\")
         (delete-char 2)",
        &[
            ("(list (buffer-name) (point) (buffer-size))", "(\"text\" 8 37)"),
            (
                "(progn (insert \"漢\") (list (point) (buffer-size) (position-bytes (point-max)) (gap-position)))",
                "(9 38 53 9)",
            ),
            (
                "(list (char-after 38) (char-after 37) (char-after 8) (line-number-at-pos (point-max)))",
                "(4194303 4194240 28450 3)",
            ),
            ("(progn (goto-char (point-max)) (search-backward \"漢字\") (point))", "32"),
            ("(buffer-substring 1 13)", "\"firsGAP漢line\""),
        ],
    );
}

#[test]
fn where_the_gap_was_does_not_show_in_the_image() {
    let program = |edits: &str| {
        format!(
            "(set-buffer (get-buffer-create \"b\")) (insert \"0123456789\") {edits} (goto-char 4) (setq buffer-undo-list nil)"
        )
    };
    let dumped = |edits: &str| {
        let mut vm = machine(&program(edits));
        // Two more changes are two ticks more, wherever they were.
        vm.dump_to_bytes().unwrap()
    };
    let one = dumped("(goto-char 2) (insert \"x\") (delete-region 2 3)");
    let other = dumped("(goto-char 9) (insert \"x\") (delete-region 9 10)");
    assert!(one == other);
}

#[test]
fn text_properties_come_back_on_buffers_and_on_strings() {
    session_everywhere(
        "(set-buffer (get-buffer-create \"p\"))
         (setq shared (list 'a \"b\"))
         (insert \"plain \" (propertize \"bold\" 'face 'bold 'data shared) \" plain\")
         (setq s (propertize \"text\" 'data shared))
         (put-text-property 1 3 'face 'italic s)",
        &[
            ("(buffer-string)", "#(\"plain bold plain\" 6 10 (face bold data (a \"b\")))"),
            ("s", "#(\"text\" 0 1 (data (a \"b\")) 1 3 (data (a \"b\") face italic) 3 4 (data (a \"b\")))"),
            (
                "(list (eq (get-text-property 8 'data) shared) (eq (get-text-property 0 'data s) shared))",
                "(t t)",
            ),
            (
                "(progn (setcar (get-text-property 7 'data) 'changed) (garbage-collect) (get-text-property 0 'data s))",
                "(changed \"b\")",
            ),
            (
                "(progn (goto-char 9) (insert \"--\") (list (next-property-change 1) (next-property-change 7) (next-property-change 9)))",
                "(7 9 11)",
            ),
            (
                "(progn (remove-text-properties 1 18 '(data nil)) (buffer-substring 7 13))",
                "#(\"bo--ld\" 0 2 (face bold) 4 6 (face bold))",
            ),
        ],
    );
}

#[test]
fn the_order_of_buffers_and_the_current_one_come_back() {
    session_everywhere(
        "(dolist (buffer (cdr (buffer-list))) (kill-buffer buffer))
         (dolist (name '(\"zeta\" \"alpha\" \"mid\" \" hidden\")) (get-buffer-create name))
         (bury-buffer \"zeta\")
         (set-buffer \"mid\")",
        &[
            (
                "(mapcar #'buffer-name (buffer-list))",
                "(\"*scratch*\" \"alpha\" \"mid\" \" hidden\" \"zeta\")",
            ),
            ("(list (current-buffer) (other-buffer))", "(#<buffer mid> #<buffer *scratch*>)"),
            ("(buffer-name (generate-new-buffer \"mid\"))", "\"mid<2>\""),
            ("(mapcar #'buffer-name (last (buffer-list) 2))", "(\"zeta\" \"mid<2>\")"),
        ],
    );
}

#[test]
fn a_killed_buffer_knows_its_last_name_and_nothing_else() {
    session_everywhere(
        "(set-buffer (get-buffer-create \"dead\"))
         (insert \"abc\")
         (setq dead (current-buffer) m (copy-marker 3) o (make-overlay 1 2))
         (overlay-put o 'k 'v)
         (kill-buffer dead)",
        &[
            (
                "(list dead (buffer-last-name dead) (buffer-name dead) m (marker-last-position m) o (overlay-get o 'k))",
                "(#<killed buffer> \"dead\" nil #<marker in no buffer> 3 #<overlay in no buffer> v)",
            ),
            ("(condition-case e (set-buffer dead) (error (cadr e)))", "\"Selecting deleted buffer\""),
            (
                "(list (kill-buffer dead) (progn (set-marker m 1 (get-buffer \"*scratch*\")) m))",
                "(nil #<marker at 1 in *scratch*>)",
            ),
        ],
    );
}

#[test]
fn indirect_buffers_share_text_and_undo_after_a_load() {
    session_everywhere(
        "(set-buffer (get-buffer-create \"base\"))
         (insert \"hello world\")
         (setq i (make-indirect-buffer \"base\" \"indirect\"))
         (with-current-buffer i (narrow-to-region 3 8) (goto-char 5) (setq m (point-marker) o (make-overlay 4 6)))
         (set-buffer \"base\")
         (goto-char 1)",
        &[
            ("(progn (insert \"++\") (with-current-buffer i (list (buffer-string) (point) m o (buffer-base-buffer))))", "(\"llo w\" 7 #<marker at 7 in indirect> #<overlay from 6 to 8 in indirect> #<buffer base>)"),
            ("(progn (with-current-buffer i (insert \"!\")) (buffer-string))", "\"++hell!o world\""),
            ("(with-current-buffer i (eq buffer-undo-list (with-current-buffer \"base\" buffer-undo-list)))", "t"),
            ("(eq (buffer-modified-tick i) (buffer-modified-tick))", "t"),
            ("(progn (garbage-collect) (insert \"<\") (with-current-buffer i (list (point-min) m)))", "(6 #<marker at 8 in indirect>)"),
            ("(progn (kill-buffer i) (insert \">\") (list (buffer-substring 1 6) (get-buffer \"indirect\")))", "(\"++<>h\" nil)"),
        ],
    );
}

#[test]
fn narrowing_labels_the_mark_and_the_point_come_back() {
    session_everywhere(
        "(set-buffer (get-buffer-create \"n\"))
         (insert \"0123456789\")
         (internal--labeled-narrow-to-region 3 9 'outer)
         (internal--labeled-narrow-to-region 4 8 'inner)
         (narrow-to-region 5 6)
         (set-mark 6)
         (goto-char 5)",
        &[
            (
                "(list (point-min) (point) (point-max) (mark) mark-active (mark-marker))",
                "(5 5 6 6 t #<marker at 6 in n>)",
            ),
            ("(progn (insert \"xy\") (list (point) (mark) (eq (mark-marker) (mark-marker))))", "(7 8 t)"),
            ("(progn (widen) (list (point-min) (point-max)))", "(4 10)"),
            ("(progn (internal--labeled-widen 'outer) (list (point-min) (point-max)))", "(4 10)"),
            (
                "(progn (internal--labeled-widen 'inner) (garbage-collect) (list (point-min) (point-max)))",
                "(3 11)",
            ),
            ("(progn (internal--labeled-widen 'outer) (list (point-min) (point-max)))", "(1 13)"),
        ],
    );
}

#[test]
fn what_can_be_undone_is_undone_after_a_load() {
    session_everywhere(
        "(set-buffer (get-buffer-create \"u\"))
         (insert \"abcdef\")
         (set-buffer-modified-p nil)
         (undo-boundary)
         (setq m (copy-marker 4))
         (delete-region 2 6)
         (undo-boundary)
         (put-text-property 1 2 'face 'bold)
         (undo-boundary)",
        &[
            (
                "(list (buffer-string) m (buffer-modified-p))",
                "(#(\"af\" 0 1 (face bold)) #<marker at 2 in u> t)",
            ),
            (
                "(progn (setq rest (primitive-undo 2 (cdr buffer-undo-list))) (list (buffer-substring-no-properties 1 7) m))",
                "(\"abcdef\" #<marker at 4 in u>)",
            ),
            ("(progn (primitive-undo 1 rest) (list (buffer-string) m))", "(\"\" #<marker at 1 in u>)"),
        ],
    );
}

#[test]
fn ticks_and_times_come_back() {
    session_everywhere(
        "(set-buffer (get-buffer-create \"t\"))
         (insert \"a\")
         (insert \"b\")
         (set-buffer-auto-saved)
         (put-text-property 1 2 'x 'y)
         (set-visited-file-modtime 1234567890)",
        &[
            (
                "(list (buffer-modified-tick) (buffer-chars-modified-tick) (buffer-modified-p) (recent-auto-save-p))",
                "(4 3 t t)",
            ),
            ("(visited-file-modtime)", "1234567890"),
            (
                "(progn (set-buffer-modified-p nil) (insert \"c\") (list (buffer-modified-tick) (buffer-modified-p)))",
                "(5 t)",
            ),
        ],
    );
    let mut vm = machine("(set-buffer (get-buffer-create \"w\")) (insert \"0123456789\")");
    let here = vm.buffers.current_mut().unwrap();
    here.last_window_start = 7;
    here.last_selected_window = Some(3);
    for vm in ways::loaded(&mut vm) {
        let here = vm.buffers.current().unwrap();
        assert_eq!((here.last_window_start, here.last_selected_window), (7, None));
    }
}

#[test]
fn every_buffer_has_its_variables_and_every_variable_its_default() {
    session_everywhere(
        "(setq-default tab-width 3 fill-column 99 mode-line-format (list \"shared\"))
         (setq line mode-line-format)
         (set-buffer (get-buffer-create \"one\"))
         (setq tab-width 5 default-directory \"/of/one/\" major-mode 'one-mode)
         (setq-local plain (list 1) kill-buffer-hook '(ignore))
         (make-variable-buffer-local 'automatic)
         (setq automatic 'mine)
         (set-buffer (get-buffer-create \"two\"))
         (setq default-directory \"/of/two/\")",
        &[
            (
                "(list tab-width fill-column (default-value 'tab-width) (buffer-local-value 'tab-width (get-buffer \"one\")))",
                "(3 99 3 5)",
            ),
            (
                "(list (eq line mode-line-format) (eq line (buffer-local-value 'mode-line-format (get-buffer \"one\"))))",
                "(t t)",
            ),
            (
                "(list default-directory (buffer-local-value 'default-directory (get-buffer \"one\")))",
                "(\"/of/two/\" \"/of/one/\")",
            ),
            (
                "(list major-mode (buffer-local-value 'major-mode (get-buffer \"one\")))",
                "(fundamental-mode one-mode)",
            ),
            (
                "(list automatic (boundp 'plain) (buffer-local-value 'automatic (get-buffer \"one\")))",
                "(nil nil mine)",
            ),
            (
                "(progn (setq automatic 'other tab-width 7) (list (default-value 'automatic) (default-value 'tab-width) (local-variable-p 'tab-width)))",
                "(nil 3 t)",
            ),
            (
                "(progn (kill-local-variable 'tab-width) (setq-default tab-width 4) (list tab-width (buffer-local-value 'tab-width (get-buffer \"one\"))))",
                "(4 5)",
            ),
            (
                "(with-current-buffer \"one\" (list plain (local-variable-p 'plain) (local-variable-p 'fill-column) (local-variable-if-set-p 'fill-column)))",
                "((1) t nil t)",
            ),
            (
                "(with-current-buffer \"one\" (put 'automatic 'permanent-local t) (kill-all-local-variables) (list automatic tab-width major-mode (local-variable-p 'plain)))",
                "(mine 4 fundamental-mode nil)",
            ),
            (
                "(condition-case e (setq tab-width \"no\") (wrong-type-argument e))",
                "(wrong-type-argument integerp \"no\")",
            ),
            (
                "(with-current-buffer (get-buffer-create \"three\") (list tab-width default-directory))",
                "(4 \"/of/two/\")",
            ),
        ],
    );
}

#[test]
fn variables_of_the_machine_keep_what_they_may_be() {
    session_everywhere(
        "(setq undo-limit 7 undo-inhibit-record-point 'yes)
         (make-variable-buffer-local 'undo-limit)
         (setq undo-limit 8)",
        &[
            ("(list undo-limit (default-value 'undo-limit) undo-inhibit-record-point)", "(8 7 t)"),
            ("(condition-case e (setq undo-limit 'much) (wrong-type-argument (cadr e)))", "integerp"),
            (
                "(condition-case e (setq-default undo-limit \"much\") (wrong-type-argument (cadr e)))",
                "integerp",
            ),
            ("(progn (setq undo-inhibit-record-point 0) undo-inhibit-record-point)", "t"),
            (
                "(condition-case e (makunbound 'undo-inhibit-record-point) (error (cadr e)))",
                "\"A variable of the machine cannot be void\"",
            ),
        ],
    );
}

#[test]
fn an_alias_is_the_variable_it_stands_for() {
    session_everywhere(
        "(defvar real 1)
         (defvaralias 'nick 'real)
         (defvaralias 'nick-of-nick 'nick)
         (defvaralias 'width 'tab-width)
         (defvar old-name 'old)
         (defvaralias 'old-name 'new-name)",
        &[
            (
                "(list nick nick-of-nick (indirect-variable 'nick-of-nick) width new-name old-name)",
                "(1 1 real 8 old old)",
            ),
            ("(progn (setq nick-of-nick 2 width 3) (list real tab-width (default-value 'width)))", "(2 3 8)"),
            ("(let ((nick 5)) (list real nick-of-nick))", "(5 5)"),
            (
                "(list real (condition-case e (defvaralias 'real 'nick-of-nick) (cyclic-variable-indirection (car e))))",
                "(2 cyclic-variable-indirection)",
            ),
            ("(condition-case nil (defvaralias 'fill-column 'real) (error 'no))", "no"),
        ],
    );
}

#[test]
fn a_binding_is_of_the_buffer_or_of_the_default() {
    session_everywhere(
        "(set-buffer (get-buffer-create \"l\"))
         (setq tab-width 5)
         (defvar-local auto 'default)
         (setq auto 'local)",
        &[
            (
                "(let ((tab-width 1)) (list tab-width (default-value 'tab-width) (with-current-buffer \"*scratch*\" tab-width)))",
                "(1 8 8)",
            ),
            (
                "(list tab-width (with-current-buffer \"*scratch*\" (let ((tab-width 2)) (setq tab-width 3) (list tab-width (default-value 'tab-width) (with-current-buffer \"l\" tab-width)))))",
                "(5 (3 3 5))",
            ),
            (
                "(list (default-value 'tab-width) (with-current-buffer \"*scratch*\" (local-variable-p 'tab-width)))",
                "(8 nil)",
            ),
            (
                "(let ((auto 'bound)) (set-buffer \"*scratch*\") (list auto (let ((auto 'there)) (setq auto 'set) (list auto (default-value 'auto))) (local-variable-p 'auto)))",
                "(default (set set) nil)",
            ),
            ("(with-current-buffer \"l\" auto)", "local"),
            ("(with-current-buffer \"l\" (let ((auto 'bound)) (kill-local-variable 'auto)) auto)", "default"),
            (
                "(with-current-buffer \"l\" (setq auto 1) (let ((auto 2)) (kill-buffer \"l\")) (list (default-value 'auto) (buffer-name)))",
                "(default \"*scratch*\")",
            ),
        ],
    );
}

#[test]
fn a_program_that_dumps_while_it_binds_variables_dumps_what_they_are_outside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("within.ndump");
    let mut vm = machine(
        "(defvar deep 'top) (setq-default fill-column 77) (set-buffer (get-buffer-create \"b\")) (setq tab-width 5) (setq noninteractive t)",
    );
    let dump = format!(
        "(let ((deep 'outer) (fill-column 1) (tab-width 2))
           (let ((deep 'inner) (tab-width 3))
             (dump-emacs-portable {path:?})
             (list deep fill-column tab-width (default-toplevel-value 'deep))))"
    );
    session(
        &mut vm,
        "while it dumps",
        &[(&dump, "(inner 1 3 top)"), ("(list deep fill-column tab-width)", "(top 77 5)")],
    );
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let mut back: Vm = image::options().placement(placement).load(&path).unwrap();
        session(
            &mut back,
            "dumped within",
            &[(
                "(list (buffer-name) deep fill-column tab-width (default-value 'tab-width))",
                "(\"b\" top 77 5 8)",
            )],
        );
    }
}

#[test]
fn watchers_are_told_in_which_buffer() {
    session_everywhere(
        "(set-buffer (get-buffer-create \"w\"))
         (setq seen nil)
         (defvar-local watched 0)
         (defun watch (&rest news) (push (cdr news) seen))
         (add-variable-watcher 'watched #'watch)
         (add-variable-watcher 'tab-width #'watch)
         (setq seen nil)",
        &[
            (
                "(progn (setq watched 1) (setq-default watched 2) (let ((watched 3))) (kill-local-variable 'watched) (reverse seen))",
                "((1 set #<buffer w>) (2 set nil) (3 let #<buffer w>) (1 unlet #<buffer w>) (nil makunbound #<buffer w>))",
            ),
            (
                "(progn (setq seen nil) (let ((tab-width 1))) (setq tab-width 2) (reverse seen))",
                "((1 let nil) (8 unlet nil) (2 set #<buffer w>))",
            ),
        ],
    );
}

#[test]
fn a_restored_machine_and_its_origin_have_buffers_of_their_own() {
    let mut vm = machine("(set-buffer (get-buffer-create \"s\")) (insert \"abc\") (setq m (copy-marker 2))");
    let mut clone = vm.try_clone().unwrap();
    vm.eval_str("(goto-char 1) (insert \"in the origin\") (setq tab-width 1)").unwrap();
    session(
        &mut clone,
        "the clone",
        &[("(list (buffer-string) m tab-width)", "(\"abc\" #<marker at 2 in s> 8)")],
    );
    clone.eval_str("(erase-buffer)").unwrap();
    session(
        &mut vm,
        "the origin",
        &[("(list (buffer-string) m)", "(\"in the originabc\" #<marker at 15 in s>)")],
    );
}

#[test]
fn the_bundled_library_puts_something_of_every_kind_into_an_image() {
    let bytes = Vm::boot().unwrap().dump_to_bytes().unwrap();
    let vm: Vm = image::options().load_bytes(&bytes).unwrap();
    let image = neodump_runtime::AdoptImage::image(&vm.heap).unwrap();
    for name in [
        "Marker",
        "MarkerChain",
        "Overlay",
        "BufferHandle",
        "WindowHandle",
        "FrameHandle",
        "TimerHandle",
        "LocalVar",
        "Forward",
    ] {
        let objects = |arena: &&neodump_runtime::heap::Arena| {
            arena.object_type().short_name() == name && !arena.is_empty()
        };
        assert!(image.arenas().iter().any(|arena| objects(&arena)), "no {name} in the image");
    }
}
