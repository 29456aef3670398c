//! Buffers do what programs expect of them.

use neovm::Vm;

fn vm() -> Vm {
    Vm::boot().unwrap()
}

/// Evaluates each text in turn, in one machine, and compares what is printed.
#[track_caller]
fn session(steps: &[(&str, &str)]) {
    let mut vm = vm();
    for (text, wanted) in steps {
        let got = vm.eval_to_string(text).unwrap_or_else(|error| format!("error: {error}"));
        assert_eq!(got, *wanted, "{text}");
    }
}

#[test]
fn a_buffer_has_a_name_and_one_handle() {
    session(&[
        ("(setq b (get-buffer-create \"foo\"))", "#<buffer foo>"),
        (
            "(list (eq b (get-buffer-create \"foo\")) (eq b (get-buffer b)) (type-of b) (bufferp b))",
            "(t t buffer t)",
        ),
        ("(generate-new-buffer-name \"foo\")", "\"foo<2>\""),
        ("(buffer-name (generate-new-buffer \"foo\"))", "\"foo<2>\""),
        ("(with-current-buffer b (rename-buffer \"bar\") (buffer-name))", "\"bar\""),
        ("(list b (buffer-last-name b) (get-buffer \"foo\"))", "(#<buffer bar> \"foo\" nil)"),
        ("(condition-case e (with-current-buffer b (rename-buffer \"*scratch*\")) (error (car e)))", "error"),
        ("(mapcar #'buffer-name (last (buffer-list) 2))", "(\"bar\" \"foo<2>\")"),
        ("(kill-buffer b)", "t"),
        (
            "(list b (buffer-live-p b) (buffer-name b) (buffer-last-name b))",
            "(#<killed buffer> nil nil \"bar\")",
        ),
        ("(condition-case e (set-buffer b) (error (cadr e)))", "\"Selecting deleted buffer\""),
    ]);
}

#[test]
fn text_is_counted_in_characters_and_in_bytes() {
    session(&[
        (
            "(with-temp-buffer (insert \"aé漢😀\" ?b) (list (point) (buffer-size) (position-bytes (point))))",
            "(6 5 12)",
        ),
        (
            "(with-temp-buffer (insert \"aé漢😀b\") (list (char-after 4) (char-before 4) (byte-to-position 4)))",
            "(128512 28450 3)",
        ),
        (
            "(with-temp-buffer (insert \"aé漢😀b\") (goto-char 3) (insert \"x\") (delete-region 1 3) (list (buffer-string) (point)))",
            "(\"x漢😀b\" 2)",
        ),
        (
            "(with-temp-buffer (insert \"\\300\\200\") (list (buffer-size) (char-after 1) (length (buffer-string))))",
            "(2 4194240 2)",
        ),
        (
            "(with-temp-buffer (insert \"ab\") (list (bobp) (eobp) (following-char) (preceding-char) (char-after) (char-after 9)))",
            "(nil t 0 98 nil nil)",
        ),
        (
            "(with-temp-buffer (list (condition-case e (forward-char) (error e)) (condition-case e (backward-char) (error e))))",
            "((end-of-buffer) (beginning-of-buffer))",
        ),
    ]);
}

#[test]
fn lines_are_found_and_text_is_searched() {
    session(&[
        ("(setq b (get-buffer-create \"lines\"))", "#<buffer lines>"),
        (
            "(with-current-buffer b (insert \"one\\ntwo\\n\\nfour\") (goto-char 6) (list (line-beginning-position) (line-end-position)))",
            "(5 8)",
        ),
        (
            "(with-current-buffer b (list (forward-line 1) (point) (bolp) (eolp) (forward-line 5) (point)))",
            "(0 9 t t 3 14)",
        ),
        ("(with-current-buffer b (list (forward-line -1) (point) (forward-line -9) (point)))", "(0 9 -7 1)"),
        (
            "(with-current-buffer b (goto-char 1) (list (search-forward \"T\") (point) (search-forward \"zzz\" nil t) (search-backward \"one\")))",
            "(6 6 nil 1)",
        ),
        ("(with-current-buffer b (let ((case-fold-search nil)) (search-forward \"T\" nil t)))", "nil"),
        (
            "(with-current-buffer b (goto-char (point-max)) (list (line-number-at-pos) (count-lines 1 (point-max))))",
            "(4 4)",
        ),
        (
            "(with-current-buffer b (condition-case e (search-forward \"q\") (search-failed e)))",
            "(search-failed \"q\")",
        ),
        (
            "(with-current-buffer b (goto-char 2) (end-of-line) (list (point) (progn (beginning-of-line 2) (point))))",
            "(4 5)",
        ),
    ]);
}

#[test]
fn markers_follow_the_text() {
    session(&[
        ("(progn (set-buffer (get-buffer-create \"m\")) (insert \"abcdef\"))", "nil"),
        ("(setq m (copy-marker 4) n (copy-marker 4 t) at (point-marker))", "#<marker at 7 in m>"),
        (
            "(progn (goto-char 4) (insert \"--\") (list m n at))",
            "(#<marker at 4 in m> #<marker (moves after insertion) at 6 in m> #<marker at 9 in m>)",
        ),
        (
            "(progn (goto-char 4) (insert-before-markers \"+\") (list (marker-position m) (marker-position n)))",
            "(5 7)",
        ),
        ("(progn (delete-region 2 6) (mapcar #'marker-position (list m n at)))", "(2 3 6)"),
        (
            "(list (equal m (copy-marker 2)) (equal m n) (= m 2) (+ m 1) (markerp m) (type-of m))",
            "(t nil t 3 t marker)",
        ),
        (
            "(progn (set-marker m nil) (list m (marker-buffer m) (marker-position m) (marker-last-position m)))",
            "(#<marker in no buffer> nil nil 2)",
        ),
        ("(progn (set-marker m 1 (get-buffer-create \"other\")) m)", "#<marker at 1 in other>"),
        (
            "(progn (kill-buffer \"m\") (list n (marker-buffer n)))",
            "(#<marker (moves after insertion) in no buffer> nil)",
        ),
        ("(condition-case e (1+ n) (error (cadr e)))", "\"Marker does not point anywhere\""),
    ]);
}

#[test]
fn overlays_follow_the_text_and_keep_their_properties() {
    session(&[
        ("(progn (set-buffer (get-buffer-create \"o\")) (insert \"abcdef\"))", "nil"),
        ("(setq o (make-overlay 5 3) p (make-overlay 2 4 nil t t))", "#<overlay from 2 to 4 in o>"),
        (
            "(progn (overlay-put o 'face 'bold) (overlay-put o 'face 'italic) (overlay-put o 'x 1) (overlay-properties o))",
            "(x 1 face italic)",
        ),
        (
            "(list (overlays-at 3) (overlays-in 1 3))",
            "((#<overlay from 3 to 5 in o> #<overlay from 2 to 4 in o>) (#<overlay from 2 to 4 in o>))",
        ),
        (
            "(progn (goto-char 2) (insert \"1\") (goto-char 5) (insert \"2\") (list o p))",
            "(#<overlay from 4 to 7 in o> #<overlay from 3 to 6 in o>)",
        ),
        (
            "(progn (overlay-put p 'evaporate t) (delete-region 2 8) (list o p (overlays-in 1 9)))",
            "(#<overlay from 2 to 2 in o> #<overlay in no buffer> (#<overlay from 2 to 2 in o>))",
        ),
        (
            "(progn (move-overlay o 1 2 (get-buffer-create \"p\")) (list o (overlay-buffer o)))",
            "(#<overlay from 1 to 1 in p> #<buffer p>)",
        ),
        (
            "(progn (delete-overlay o) (list (overlay-start o) (overlay-get o 'face) (overlayp o)))",
            "(nil italic t)",
        ),
        (
            "(let ((a (make-overlay 1 2)) (b (make-overlay 1 2))) (list (equal a b) (eq a b) (progn (overlay-put a 'k 1) (equal a b))))",
            "(t nil nil)",
        ),
    ]);
}

#[test]
fn text_properties_belong_to_buffers_and_strings_alike() {
    session(&[
        (
            "(progn (set-buffer (get-buffer-create \"t\")) (insert \"ab\" (propertize \"cd\" 'face 'bold) \"ef\"))",
            "nil",
        ),
        (
            "(list (get-text-property 2 'face) (get-text-property 3 'face) (next-property-change 1) (next-property-change 3))",
            "(nil bold 3 5)",
        ),
        (
            "(progn (goto-char 4) (insert \"-\") (list (text-properties-at 4) (get-text-property 5 'face)))",
            "(nil bold)",
        ),
        ("(progn (put-text-property 4 5 'face 'bold) (buffer-substring 3 6))", "#(\"c-d\" 0 3 (face bold))"),
        (
            "(list (add-text-properties 3 4 '(face bold)) (add-text-properties 3 4 '(face bold x 1)))",
            "(nil t)",
        ),
        ("(buffer-string)", "#(\"abc-def\" 2 3 (face bold x 1) 3 5 (face bold))"),
        (
            "(list (remove-text-properties 1 9 '(x nil)) (next-single-property-change 1 'face))",
            "error: <text>:1: Args out of range: 1, 9",
        ),
        (
            "(list (remove-text-properties 1 8 '(x nil)) (remove-text-properties 1 8 '(x nil)) (next-single-property-change 1 'face))",
            "(t nil 3)",
        ),
        (
            "(let ((s (concat \"abc\"))) (put-text-property 1 2 'k 'v s) (list s (get-text-property 1 'k s) (next-property-change 0 s)))",
            "(#(\"abc\" 1 2 (k v)) v 1)",
        ),
        (
            "(with-temp-buffer (insert (with-current-buffer \"t\" (buffer-substring 2 4))) (buffer-string))",
            "#(\"bc\" 1 2 (face bold))",
        ),
        ("(buffer-substring-no-properties 1 8)", "\"abc-def\""),
        (
            "(progn (overlay-put (make-overlay 1 4) 'face 'over) (list (get-char-property 3 'face) (get-char-property 5 'face)))",
            "(over bold)",
        ),
    ]);
}

#[test]
fn narrowing_is_saved_and_labels_hold_it() {
    session(&[
        ("(progn (set-buffer (get-buffer-create \"n\")) (insert \"0123456789\"))", "nil"),
        (
            "(save-restriction (narrow-to-region 3 6) (goto-char 99) (list (point-min) (point) (buffer-string) (buffer-narrowed-p)))",
            "(3 6 \"234\" t)",
        ),
        ("(list (point-min) (point-max))", "(1 11)"),
        (
            "(progn (narrow-to-region 3 9) (save-restriction (widen) (goto-char 1) (insert \"x\")) (list (point-min) (point-max)))",
            "(4 10)",
        ),
        (
            "(progn (internal--labeled-narrow-to-region 5 8 'lock) (widen) (list (point-min) (point-max)))",
            "(5 8)",
        ),
        ("(progn (narrow-to-region 1 7) (list (point-min) (point-max)))", "(5 7)"),
        ("(save-restriction (internal--labeled-widen 'lock) (list (point-min) (point-max)))", "(1 12)"),
        ("(progn (internal--labeled-widen 'other) (list (point-min) (point-max)))", "(5 8)"),
        ("(progn (internal--labeled-widen 'lock) (list (point-min) (point-max)))", "(1 12)"),
        ("(condition-case e (narrow-to-region 1 99) (args-out-of-range e))", "(args-out-of-range 1 99)"),
    ]);
}

#[test]
fn an_excursion_ends_where_it_began_however_it_ends() {
    session(&[
        ("(progn (set-buffer (get-buffer-create \"e\")) (insert \"abc\") (goto-char 2))", "2"),
        (
            "(catch 'out (save-excursion (goto-char 1) (insert \"--\") (set-buffer \"*scratch*\") (throw 'out 1)))",
            "1",
        ),
        ("(list (current-buffer) (point))", "(#<buffer e> 4)"),
        (
            "(condition-case nil (with-current-buffer \"*scratch*\" (error \"no\")) (error (buffer-name)))",
            "\"e\"",
        ),
        ("(progn (with-temp-buffer (kill-buffer \"e\")) (buffer-name))", "\"*scratch*\""),
    ]);
}

#[test]
fn byte_code_saves_the_state_of_buffers_like_forms() {
    session(&[
        ("(progn (set-buffer (get-buffer-create \"bc\")) (insert \"0123456789\") (goto-char 5))", "5"),
        // save-excursion, go to 1, unbind.
        ("(list (funcall #[() \"\\212\\300b\\210)\\300\\207\" [1] 2]) (point))", "(1 5)"),
        // save-restriction, narrow to 2..4, give what is accessible, unbind.
        (
            "(list (funcall #[() \"\\214\\300\\301}\\210\\302 )\\207\" [2 4 buffer-string] 3]) (point-max))",
            "(\"12\" 11)",
        ),
        // save-current-buffer, set-buffer, give the current one, unbind.
        (
            "(list (funcall #[() \"r\\300q\\210p)\\207\" [\"*scratch*\"] 2]) (current-buffer))",
            "(#<buffer *scratch*> #<buffer bc>)",
        ),
    ]);
}

#[test]
fn what_was_done_is_undone_in_groups() {
    session(&[
        (
            "(progn (set-buffer (get-buffer-create \"u\")) (insert \"ab\") (insert \"cd\") (undo-boundary) buffer-undo-list)",
            "(nil (1 . 5) (t . 0))",
        ),
        ("(setq m (copy-marker 3))", "#<marker at 3 in u>"),
        (
            "(progn (delete-region 2 4) (undo-boundary) buffer-undo-list)",
            "(nil (#<marker at 2 in u> . 1) (\"bc\" . 2) 5 nil (1 . 5) (t . 0))",
        ),
        (
            "(progn (put-text-property 1 2 'face 'bold) (undo-boundary) (car (cdr buffer-undo-list)))",
            "(nil face nil 1 . 2)",
        ),
        (
            "(progn (setq rest (primitive-undo 1 (cdr buffer-undo-list))) (buffer-string))",
            "#(\"ad\" 0 1 (face nil))",
        ),
        (
            "(progn (setq rest (primitive-undo 1 rest)) (list (buffer-substring-no-properties 1 5) (point) m))",
            "(\"abcd\" 5 #<marker at 3 in u>)",
        ),
        (
            "(progn (setq rest (primitive-undo 1 rest)) (list (buffer-string) (buffer-modified-p) rest))",
            "(\"\" nil nil)",
        ),
        ("(progn (buffer-disable-undo) (insert \"x\") buffer-undo-list)", "t"),
        ("(with-current-buffer (get-buffer-create \" hidden\") (insert \"x\") buffer-undo-list)", "t"),
    ]);
}

#[test]
fn an_indirect_buffer_shows_the_text_of_its_base() {
    session(&[
        ("(progn (set-buffer (get-buffer-create \"base\")) (insert \"hello\") (setq tab-width 3))", "3"),
        ("(setq i (make-indirect-buffer \"base\" \"indirect\"))", "#<buffer indirect>"),
        (
            "(with-current-buffer i (goto-char 1) (narrow-to-region 2 4) (goto-char 3) (insert \"++\") (list (buffer-string) (point) tab-width))",
            "(\"e++l\" 5 8)",
        ),
        ("(list (buffer-string) (point) (buffer-base-buffer i))", "(\"he++llo\" 8 #<buffer base>)"),
        (
            "(progn (goto-char 1) (insert \"<\") (with-current-buffer i (list (point-min) (point-max) (point))))",
            "(3 7 6)",
        ),
        (
            "(progn (goto-char 3) (delete-region 1 6) (with-current-buffer i (list (point-min) (point-max) (point) (buffer-string))))",
            "(1 2 1 \"l\")",
        ),
        (
            "(with-current-buffer i (eq (buffer-modified-tick) (buffer-modified-tick (get-buffer \"base\"))))",
            "t",
        ),
        (
            "(progn (setq j (make-indirect-buffer \"base\" \"clone\" t)) (list (buffer-local-value 'tab-width j) (buffer-base-buffer j)))",
            "(3 #<buffer base>)",
        ),
        (
            "(progn (kill-buffer \"base\") (list i j (buffer-name)))",
            "(#<killed buffer> #<killed buffer> \"*scratch*\")",
        ),
    ]);
}

#[test]
fn a_buffer_that_is_only_read_is_not_changed() {
    session(&[
        ("(progn (set-buffer (get-buffer-create \"r\")) (insert \"x\") (setq buffer-read-only t))", "t"),
        ("(condition-case e (insert \"y\") (buffer-read-only e))", "(buffer-read-only #<buffer r>)"),
        ("(condition-case e (put-text-property 1 2 'a 'b) (buffer-read-only 'no))", "no"),
        ("(let ((inhibit-read-only t)) (insert \"y\") (buffer-string))", "\"xy\""),
        ("(with-current-buffer \"*scratch*\" buffer-read-only)", "nil"),
    ]);
}

#[test]
fn killing_a_buffer_runs_its_hook() {
    session(&[
        (
            "(progn (set-buffer (get-buffer-create \"k\")) (make-local-variable 'kill-buffer-hook) (setq kill-buffer-hook (list (lambda () (setq seen (buffer-name))))))",
            "((closure (t) nil (setq seen (buffer-name))))",
        ),
        ("(progn (set-buffer \"*scratch*\") (kill-buffer \"k\") seen)", "\"k\""),
    ]);
}
