//! Modes, tables of syntax and categories, abbreviations and user options come back from an image.

mod ways;

use ways::everywhere;

#[test]
fn syntax_tables_of_derived_modes_keep_their_entries_and_their_parents() {
    everywhere(
        "(define-derived-mode my-mode lisp-mode \"Mine\" (setq my-mode-ran t))
         (modify-syntax-entry ?% \"<\" my-mode-syntax-table)
         (defvar code (syntax-code-object 2))",
        &[
            ("(eq (char-table-parent my-mode-syntax-table) lisp-mode-syntax-table)", "t"),
            ("(eq (char-table-parent lisp-mode-syntax-table) lisp-data-mode-syntax-table)", "t"),
            ("(eq (char-table-parent lisp-data-mode-syntax-table) (standard-syntax-table))", "t"),
            (
                "(with-syntax-table my-mode-syntax-table (list (char-syntax ?%) (char-syntax ?\\;) (char-syntax ?a) (char-syntax ?|)))",
                "(60 60 119 34)",
            ),
            ("(with-syntax-table lisp-mode-syntax-table (char-syntax ?%))", "95"),
            // What is set in a parent is seen through its children, in the machine that was loaded too.
            (
                "(progn (modify-syntax-entry ?~ \"$\" lisp-data-mode-syntax-table) (with-syntax-table my-mode-syntax-table (char-syntax ?~)))",
                "36",
            ),
            (
                "(with-temp-buffer (my-mode) (list (mode-of-buffer) (eq (syntax-table) my-mode-syntax-table) my-mode-ran))",
                "(my-mode t t)",
            ),
            ("(progn (modify-syntax-entry ?~ \".\" lisp-data-mode-syntax-table) (char-syntax ?~))", "46"),
        ],
    );
}

#[test]
fn entries_with_a_class_and_nothing_else_are_one_object_a_class() {
    everywhere(
        "(defvar mine (make-syntax-table)) (modify-syntax-entry ?7 \"_\" mine) (defvar entry (aref mine ?7))",
        &[
            ("(eq (aref (standard-syntax-table) ?a) (syntax-code-object 2))", "t"),
            ("(eq (aref mine ?7) (syntax-code-object 3))", "t"),
            ("(eq entry (string-to-syntax \"_\"))", "t"),
            ("(eq (aref (standard-syntax-table) ?\\() (string-to-syntax \"()\"))", "nil"),
            (
                "(mapcar #'syntax-code-object (number-sequence 0 15))",
                "((0) (1) (2) (3) (4) (5) (6) (7) (8) (9) (10) (11) (12) (13) (14) (15))",
            ),
        ],
    );
}

#[test]
fn the_standard_tables_are_those_that_the_machine_falls_back_to() {
    everywhere(
        "(defvar standard (standard-syntax-table)) (defvar categories (standard-category-table))
         (defvar case (standard-case-table))
         (with-current-buffer \"*scratch*\" (defvar scratch-table (syntax-table)))",
        &[
            (
                "(list (eq standard (standard-syntax-table)) (eq categories (standard-category-table)) (eq case (standard-case-table)))",
                "(t t t)",
            ),
            (
                "(with-current-buffer \"*scratch*\" (list (eq (syntax-table) scratch-table) (eq scratch-table lisp-interaction-mode-syntax-table)))",
                "(t t)",
            ),
            ("(with-temp-buffer (eq (syntax-table) standard))", "t"),
            (
                "(list (matching-paren ?\\[) (syntax-balanced-p \"(a [b] {c})\") (syntax-balanced-p \"(a]\"))",
                "(93 t nil)",
            ),
            ("(syntax-words \"one, two-three\")", "(\"one\" \"two\" \"three\")"),
            ("(syntax-words \"one, two-three\" lisp-mode-syntax-table)", "(\"one\" \"two\" \"three\")"),
            ("(list (char-syntax ?é) (char-syntax ?漢) (char-syntax ?\\s))", "(119 119 32)"),
            (
                "(condition-case e (string-to-syntax \"?\") (error (cadr e)))",
                "\"Invalid syntax description letter: ?\"",
            ),
        ],
    );
}

#[test]
fn categories_with_their_descriptions_and_case_pairs_come_back() {
    everywhere(
        "(define-category ?z \"Mine\") (modify-category-entry '(#x2500 . #x257F) ?z) (modify-category-entry ?a ?z)
         (defvar other (make-category-table)) (define-category ?q \"Other\" other) (modify-category-entry ?a ?q other)",
        &[
            ("(category-set-mnemonics (char-category-set ?a))", "\".alz\""),
            ("(category-set-mnemonics (char-category-set ?b))", "\".al\""),
            ("(category-set-mnemonics (char-category-set #x2502))", "\"z\""),
            ("(list (category-docstring ?z) (category-docstring ?g) (category-docstring ?q other))", "(\"Mine\" \"Greek\" \"Other\")"),
            ("(category-set-mnemonics (aref other ?a))", "\"q\""),
            ("(list (char-in-category-p ?Ω ?g) (char-in-category-p ?Ω ?l) (char-in-category-p ?漢 ?|))", "(t nil t)"),
            ("(condition-case e (define-category ?z \"Again\") (error (cadr e)))", "\"Category `z' is already defined\""),
            ("(list (case-down ?É) (case-up ?é) (case-up ?ა) (case-down ?!))", "(233 201 7312 33)"),
            ("(progn (modify-category-entry ?b ?z) (prog1 (category-set-mnemonics (char-category-set ?b)) (modify-category-entry ?b ?z nil t)))", "\".alz\""),
        ],
    );
}

#[test]
fn major_modes_keep_all_that_was_registered_of_them() {
    everywhere(
        "(defvar own-hook-ran 0)
         (define-derived-mode own-mode text-mode \"Own\" :abbrev-table c-mode-abbrev-table (setq own-body t))
         (add-hook 'own-mode-hook (lambda () (setq own-hook-ran (1+ own-hook-ran))))
         (mode-set-font-lock 'own-mode '((\"caf\\351\" bold :group 2 :override t :lax t) (\"x\" italic)) t \"own\")
         (mode-register-major 'raw-mode \"\\377\\200\" #'ignore :parent 'own-mode)
         (with-current-buffer (get-buffer-create \"own\") (own-mode))",
        &[
            (
                "(mapcar (lambda (key) (major-mode-info 'own-mode key)) '(name parent hook keymap syntax-table abbrev-table body))",
                "(\"Own\" text-mode own-mode-hook own-mode-map own-mode-syntax-table c-mode-abbrev-table own-mode)",
            ),
            ("(major-mode-info 'own-mode 'font-lock)", "(((\"caf\\351\" bold 2 t t) (\"x\" italic 0 nil nil)) t \"own\")"),
            ("(nth 1 (major-mode-info 'emacs-lisp-mode 'font-lock))", "nil"),
            ("(list (major-mode-info 'raw-mode 'name) (derived-mode-parents 'raw-mode))", "(\"\\377\\200\" (raw-mode own-mode text-mode))"),
            ("(mode-of-buffer (get-buffer \"own\"))", "own-mode"),
            ("(with-current-buffer \"own\" (list major-mode mode-name (derived-mode-p 'prog-mode 'text-mode) local-abbrev-table))", "(own-mode \"Own\" text-mode c-mode-abbrev-table)"),
            ("(with-temp-buffer (setq own-hook-ran 0) (own-mode) (list own-hook-ran auto-fill-mode))", "(1 t)"),
            ("(eq (keymap-parent own-mode-map) text-mode-map)", "t"),
            ("(mode-of-buffer (get-buffer \"*Messages*\"))", "fundamental-mode"),
            ("(list (fundamental-mode-symbol) (mode-for-file \"x.unknown\"))", "(fundamental-mode fundamental-mode)"),
        ],
    );
}

#[test]
fn a_file_name_finds_its_mode_by_the_first_pattern_that_matches() {
    everywhere(
        "(auto-mode-add \"special.el\\\\'\" 'special-mode) (auto-mode-add \"caf\\351\" 'mail-mode)",
        &[
            (
                "(mapcar #'mode-for-file '(\"a.el\" \"special.el\" \"a.elc\" \"b.rs\" \"c.h\" \"x.cfg\" \"makefile\" \"GNUmakefile\" \"a/caf\\351\"))",
                "(emacs-lisp-mode special-mode fundamental-mode rust-mode c-mode conf-mode prog-mode fundamental-mode mail-mode)",
            ),
            ("(car (auto-mode-entries))", "(\"caf\\351\" . mail-mode)"),
            (
                "(with-temp-buffer (set-auto-mode \"main.rs\") (list major-mode (char-syntax ?')))",
                "(rust-mode 34)",
            ),
        ],
    );
}

#[test]
fn minor_modes_stay_on_where_they_were_and_their_keys_with_them() {
    everywhere(
        "(defvar told nil) (defvar mode-lighter \" G\")
         (define-minor-mode own-minor \"Mine.\" :lighter \" Own\" :keymap '((\"C-c x\" . quit-command)) (push own-minor told))
         (define-minor-mode own-global \"Everywhere.\" :global t :lighter mode-lighter)
         (with-current-buffer (get-buffer-create \"minor\") (own-minor 1) (view-mode 1))
         (own-global 1)",
        &[
            ("(minor-modes-of-buffer (get-buffer \"minor\"))", "(own-minor view-mode)"),
            ("(list (mode-minor-on-p 'own-minor (get-buffer \"minor\")) (mode-minor-on-p 'own-minor (get-buffer \"*scratch*\")))", "(t nil)"),
            ("(list (mode-minor-on-p 'own-global (get-buffer \"*scratch*\")) (global-minor-modes))", "(t (electric-pair-mode own-global))"),
            ("(with-current-buffer \"minor\" (list own-minor (key-binding (kbd \"C-c x\")) (key-binding \"q\")))", "(t quit-command quit-command)"),
            ("(with-temp-buffer (list own-minor (key-binding (kbd \"C-c x\"))))", "(nil nil)"),
            ("(with-current-buffer \"minor\" (mode-line-modes))", "\"Fundamental Own View G\""),
            ("(progn (setq told nil) (with-temp-buffer (own-minor) (own-minor 'toggle) (minor-modes-of-buffer)))", "nil"),
            ("told", "(nil t)"),
            ("(list (minor-mode-info 'own-minor 'lighter) (minor-mode-info 'own-global 'global) (custom-variable-p 'own-global))", "(\" Own\" t t)"),
            ("(let ((buffer (generate-new-buffer \"dies\"))) (with-current-buffer buffer (view-mode 1)) (kill-buffer buffer) t)", "t"),
        ],
    );
}

#[test]
fn a_buffer_that_is_killed_leaves_nothing_among_the_modes() {
    let mut vm = ways::machine("nil");
    let count = |vm: &neovm::Vm| (vm.modes.buffer_major.len(), vm.modes.buffer_minor.len());
    let before = count(&vm);
    vm.eval_str(
        "(setq dies (generate-new-buffer \"dies\")) (with-current-buffer dies (text-mode) (view-mode 1))",
    )
    .unwrap();
    assert_eq!(count(&vm), (before.0 + 1, before.1 + 1));
    vm.eval_str("(kill-buffer dies)").unwrap();
    assert_eq!(count(&vm), before);
}

#[test]
fn abbrevs_are_found_through_parents_and_counted_and_hold_any_bytes() {
    everywhere(
        "(define-abbrev-table 'own-table '((\"zz\" \"zebra\" ignore :count 5 :system t)) \"Mine.\" :parents '(text-mode-abbrev-table c-mode-abbrev-table))
         (define-abbrev 'own-table \"\\351\" \"\\340\\377\" nil)
         (define-abbrev-table 'circle nil) (abbrev-table-put 'circle :parents '(own-table circle))
         (abbrev-table-put 'own-table 'note (list 'kept))
         (define-abbrev-table 'off '((\"x\" \"never\")) nil :enabled nil)",
        &[
            ("(mapcar (lambda (name) (abbrev-expansion name 'own-table)) '(\"zz\" \"imo\" \"inc\" \"teh\" \"none\"))", "(\"zebra\" \"in my opinion\" \"#include\" \"the\" nil)"),
            ("(abbrev-info 'own-table \"zz\")", "(\"zebra\" ignore 5 t)"),
            ("(abbrev-info 'own-table \"\\351\")", "(\"\\340\\377\" nil 0 nil)"),
            ("(append (abbrev-expansion \"t\\351\" 'legacy-abbrev-table) nil)", "nil"),
            ("(append (abbrev-expansion \"\\351\" 'own-table) nil)", "(224 255)"),
            ("(list (abbrev-expansion \"zz\" 'circle) (abbrev-expansion \"nope\" 'circle) (abbrev-expansion \"x\" 'off))", "(\"zebra\" nil nil)"),
            ("(list (abbrev-table-get 'own-table 'note) (abbrev-table-get 'own-table :parents) (abbrev-table-get 'off :enabled))", "((kept) (text-mode-abbrev-table c-mode-abbrev-table) nil)"),
            ("(list (abbrev-expand \"Teh\") (abbrev-expand \"AFAIK\") (abbrev-expand-text \"btw adn\"))", "(\"The\" \"AS FAR AS I KNOW\" \"by the way and\")"),
            ("(list (abbrev-expansion \"DF\" 'lisp-mode-abbrev-table) (abbrev-expansion \"Def\" 'prog-mode-abbrev-table))", "(\"defun\" nil)"),
            ("(list (global-abbrev-table) (abbrev-mode-on-p) (abbrev-table-p 'own-table) own-table)", "(global-abbrev-table t t own-table)"),
            ("(seq-take (abbrev-table-names) 2)", "(global-abbrev-table text-mode-abbrev-table)"),
            ("(length (member 'own-table (abbrev-table-names)))", "3"),
        ],
    );
}

#[test]
fn a_count_goes_on_from_where_the_dump_left_it() {
    let mut vm = ways::machine("(abbrev-expand \"btw\") (abbrev-expand \"btw\")");
    for mut back in ways::loaded(&mut vm) {
        let text = "(list (nth 2 (abbrev-info 'global-abbrev-table \"btw\")) (abbrev-expand \"btw\") (nth 2 (abbrev-info 'global-abbrev-table \"btw\")))";
        assert_eq!(back.eval_to_string(text).unwrap(), "(2 \"by the way\" 3)");
    }
}

#[test]
fn options_keep_their_types_values_and_setters() {
    everywhere(
        "(defgroup own nil \"Mine.\" :group 'editor :tag \"Own\" :prefix \"own-\")
         (defcustom own-deep '((a . (1 . \"x\"))) \"Deep.\" :group 'own :version \"3.1\" :risky t :require 'boot
           :type '(choice (const :tag \"None\" nil)
                          (alist :key-type symbol :value-type (cons (choice integer float) (repeat (set string (const t)))))
                          (alist :key-type symbol :value-type (cons natnum string))))
         (defcustom own-listed nil \"Listed.\" :type '(list :tag \"Both\" integer (hook :tag \"Hook\")) :options '(one two) :group 'own)
         (defvar own-set nil)
         (defcustom own-setter 1 \"Told.\" :type 'integer :group 'own :set (lambda (s v) (push v own-set) (set-default s v)))
         (customize-set-variable 'own-setter 5)
         (customize-save-variable 'tab-width 4)",
        &[
            (
                "(custom-variable-info 'own-deep 'kind)",
                "(choice (\"None\" const nil) (alist symbol (cons (choice integer float) (repeat (set string (const t))))) (alist symbol (cons natnum string)))",
            ),
            ("(custom-variable-info 'own-listed 'kind)", "(with-options (list integer (\"Hook\" . hook)) (one two))"),
            ("(car (custom-variable-info 'own-deep 'type))", "choice"),
            (
                "(mapcar (lambda (key) (custom-variable-info 'own-deep key)) '(standard docstring group version requires risky local saved))",
                "('((a 1 . \"x\")) \"Deep.\" own \"3.1\" (boot) t nil nil)",
            ),
            ("(list own-setter own-set (custom-variable-info 'own-setter 'customized))", "(5 (5 1) (5))"),
            ("(list (default-value 'tab-width) (custom-variable-info 'tab-width 'saved) (custom-changed-p 'tab-width))", "(4 (4) t)"),
            ("(condition-case e (setopt own-setter \"text\") (error (cadr e)))", "\"\\\"text\\\" is no value for own-setter\""),
            ("(list (custom-valid-p 'own-deep nil) (custom-valid-p 'own-deep '((b 2.5 (\"x\" t)))) (custom-valid-p 'own-deep '((b -1 . \"x\"))))", "(t t nil)"),
            ("(custom-group-info 'own 'members)", "((own-deep custom-variable) (own-listed custom-variable) (own-setter custom-variable))"),
            ("(mapcar (lambda (key) (custom-group-info 'own key)) '(docstring parent tag prefix))", "(\"Mine.\" editor \"Own\" \"own-\")"),
            ("(and (memq 'own-setter (custom-unsaved)) t)", "t"),
            ("(assq 'editing (cdr (custom-group-tree 'editor)))", "(editing (programs prog-mode-indent-function program-start-hook) fill-column tab-width indent-tabs-mode kill-ring-max sentence-end-double-space electric-pair-mode)"),
        ],
    );
}
