//! Registers, rectangles and bookmarks come back from an image.

mod ways;

use neovm::managers::{LispString, Register};
use ways::{everywhere, loaded, machine};

#[test]
fn a_register_of_each_kind_keeps_its_kind_content_and_identity() {
    everywhere(
        "(defvar place (record 'place 7))
         (defvar layout (list 'frame-configuration (cons 'left place)))
         (defvar marker (with-current-buffer \"*scratch*\" (copy-marker 3)))
         (set-register ?1 \"caf\\351\\200\") (set-register ?2 (- (ash 1 60))) (set-register ?3 place)
         (set-register ?4 '(\"a\" \"\\377\" \"naïve\")) (set-register ?5 layout)
         (set-register ?6 '(file . \"/old/caf\\351\")) (set-register ?7 (vector 24 'f1 (list 'wheel place)))
         (set-register ?é marker) (set-register ?8 \"gone\") (set-register ?8 nil)",
        &[
            (
                "(mapcar #'register-kind '(?1 ?2 ?3 ?4 ?5 ?6 ?7 ?8))",
                "(text number marker rectangle frame-configuration file kbd-macro nil)",
            ),
            ("(append (get-register ?1) nil)", "(99 97 102 233 128)"),
            ("(get-register ?2)", "-1152921504606846976"),
            ("(eq (get-register ?3) place)", "t"),
            ("(get-register ?4)", "(\"a\" \"\\377\" \"naïve\")"),
            ("(list (eq (get-register ?5) layout) (eq (cdr (cadr layout)) place))", "(t t)"),
            ("(get-register ?6)", "(file . \"/old/caf\\351\")"),
            ("(eq (cadr (aref (get-register ?7) 2)) place)", "t"),
            ("(list (eq (get-register ?é) marker) (marker-position marker))", "(t 3)"),
            ("(length (member ?é (register-names)))", "1"),
            (
                "(list (register-text ?g) (register-text ?b))",
                "(\"Dear Sir or Madam,\n\" \"+--+\n|  |\n+--+\")",
            ),
            ("(progn (number-to-register 10 ?9) (increment-register 5 ?9) (get-register ?9))", "15"),
            (
                "(condition-case e (increment-register 1 ?g) (error (cadr e)))",
                "\"Register does not contain a number\"",
            ),
        ],
    );
}

#[test]
fn text_that_no_encoding_explains_is_the_same_bytes_and_characters() {
    let mut vm = machine("(set-register ?a \"\\300\\200\\377\") (set-register ?b \"é\\200\")");
    let texts = |vm: &neovm::Vm| {
        let text = |name| match &vm.registers.registers[&name] {
            Register::Text(text) => (text.bytes().to_vec(), text.chars(), text.is_multibyte()),
            other => panic!("{other:?}"),
        };
        [text('a'), text('b')]
    };
    let before = texts(&vm);
    assert_eq!(before[0], (vec![0xC0, 0x80, 0xFF], 3, false));
    assert_eq!((before[1].1, before[1].2), (2, true));
    for back in loaded(&mut vm) {
        assert_eq!(texts(&back), before);
    }
}

#[test]
fn the_killed_rectangle_comes_back() {
    everywhere(
        "(kill-rectangle '(\"abcdef\" \"gh\" \"ij\\377l\") 1 3)",
        &[
            ("(killed-rectangle)", "(\"bc\" \"h \" \"j\\377\")"),
            ("(yank-rectangle '(\"12\" \"\" \"3\") 1)", "(\"1bc2\" \" h \" \"3j\\377\")"),
            ("(string-rectangle '(\"abcd\" \"e\") 1 2 \"--\")", "(\"a--cd\" \"e--\")"),
        ],
    );
}

#[test]
fn bookmarks_keep_raw_bytes_their_order_and_whether_they_were_saved() {
    everywhere(
        "(bookmark-make \"\\377name\" \"/\\351/\\200\" 9 :front \"\\300\" :rear \"é\\377\" :annotation \"\" :handler (lambda () 'gone))
         (bookmark-make \"later\" \"/tmp/x\" 3)
         (bookmark-touch \"init\")
         (bookmark-rename \"later\" \"sooner\")
         (bookmark-delete \"manual\")",
        &[
            ("(bookmark-all-names)", "(\"init\" \"sooner\" \"\\377name\" \"caf\\351\")"),
            (
                "(mapcar (lambda (key) (append (bookmark-prop \"\\377name\" key) nil)) '(filename front-context-string rear-context-string annotation))",
                "((47 233 47 128) (192) (233 4194303) nil)",
            ),
            ("(list (bookmark-prop \"\\377name\" 'position) (bookmark-prop \"\\377name\" 'annotation))", "(9 \"\")"),
            ("(funcall (bookmark-prop \"\\377name\" 'handler))", "gone"),
            ("(bookmark-get \"manual\")", "nil"),
            ("(list (bookmark-rename \"nobody\" \"x\") (bookmark-rename \"init\" \"sooner\") (bookmark-delete \"nobody\"))", "(nil nil nil)"),
            ("(bookmarks-modified-p)", "t"),
            ("(bookmark-prop \"caf\\351\" 'front-context-string)", "\"\\311t\\351\""),
        ],
    );
}

#[test]
fn whether_bookmarks_were_changed_since_they_were_saved_is_kept_either_way() {
    for (program, wanted) in
        [("nil", "nil"), ("(bookmark-make \"new\" \"f\" 1)", "t"), ("(bookmark-delete \"init\")", "t")]
    {
        let mut vm = machine(program);
        for mut back in loaded(&mut vm) {
            assert_eq!(back.eval_to_string("(bookmarks-modified-p)").unwrap(), wanted, "{program}");
            back.bookmarks.modified = false;
            back.bookmarks.delete(&LispString::from("nobody"));
            assert!(!back.bookmarks.modified);
        }
    }
}
