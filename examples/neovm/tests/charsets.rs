//! Charsets belong to the machine that runs on a thread, and come back with every value they hold.

mod ways;

use neovm::display::charset::{Charset, Method, with_active};
use neovm::{Vm, image};
use ways::{everywhere, machine};

const STATE: &str = r##"
(define-charset 'runes "Runes" :code-space [1 90] :code-offset #x169F :iso-final-char ?r :iso-revision-number 3
  :emacs-mule-id 200 :invalid-code 0 :remark (copy-sequence "cut in stone"))
(define-charset 'map "Its map is a vector" :code-space [0 9] :map [1 ?a 2 ?b 3 #x10FFFF])
(define-charset 'part "Some runes" :code-space [11 20] :subset '(runes 1 10 10))
(define-charset 'sum "Runes and a map" :code-space [0 255] :superset '((map . 100) (runes . 150)) :supplementary-p t)
(define-charset 'wide "Four bytes" :code-space [0 255 33 126 0 1 16 17] :min-code #x10002101 :code-offset #x200000
  :unify-map [#x10002101 ?w])
(define-charset-alias 'futhark 'runes)
(define-charset-alias 'elder 'futhark)
(unify-charset 'wide)
(set-charset-priority 'part 'runes)
(defun remark () (plist-get (charset-plist 'elder) :remark))
(defvar remark-now (remark))
"##;

const ANSWERS: &[(&str, &str)] = &[
    ("(remark)", "\"cut in stone\""),
    ("(eq (remark) remark-now)", "t"),
    ("(mapcar #'charsetp '(runes futhark elder part none 7))", "(t t t t nil nil)"),
    (
        "(list (decode-char 'runes 1) (decode-char 'elder 90) (decode-char 'runes 91) (decode-char 'runes 0))",
        "(5791 5880 nil nil)",
    ),
    ("(list (encode-char #x16A0 'runes) (encode-char ?a 'runes))", "(2 nil)"),
    ("(mapcar (lambda (c) (decode-char 'map c)) '(0 1 2 3))", "(nil 97 98 1114111)"),
    (
        "(list (decode-char 'part 11) (decode-char 'part 20) (decode-char 'part 21) (encode-char #x16A0 'part))",
        "(5791 5800 nil 12)",
    ),
    (
        "(list (decode-char 'sum 101) (decode-char 'sum 151) (encode-char ?b 'sum) (encode-char #x169F 'sum))",
        "(97 5791 102 151)",
    ),
    // The first code is unified, the others have places of their own.
    (
        "(list (decode-char 'wide #x10002101) (decode-char 'wide #x10002102) (encode-char ?w 'wide))",
        "(119 2097153 268443905)",
    ),
    ("(mapcar #'charset-unified-p '(wide runes chinese-gb2312 japanese-jisx0208))", "(t nil t nil)"),
    ("(seq-take (charset-priority-list) 4)", "(part runes unicode ascii)"),
    ("(charset-priority-list t)", "part"),
    ("(seq-take (charset-list) 2)", "(elder futhark)"),
    ("(iso-charset 1 96 ?r)", "nil"),
    ("(iso-charset 1 94 ?r)", "runes"),
    ("(- (charset-id-internal 'wide) (charset-id-internal 'runes))", "4"),
    ("(char-charset #x16A0)", "part"),
    ("(char-charset #x16A0 '(sum))", "sum"),
    ("(decode-char 'koi8-r #xC1)", "1072"),
    (
        "(charset-plist 'map)",
        "(:name map :docstring \"Its map is a vector\" :code-space [0 9] :map [1 97 2 98 3 1114111] :dimension 1 :short-name \"map\" :long-name \"map\")",
    ),
    (
        "(progn (set-charset-plist 'map (plist-put (charset-plist 'map) :name 'map)) (get-charset-property 'map :name))",
        "map",
    ),
    ("(condition-case e (decode-char 'none 1) (error e))", "(wrong-type-argument charsetp none)"),
    (
        "(condition-case e (define-charset 'bad \"\" :code-space [9 1] :code-offset 0) (error (car e)))",
        "error",
    ),
    (
        "(condition-case e (define-charset 'bad \"\" :code-space [0 1]) (error (cadr e)))",
        "\"None of :code-offset, :map, :parents are specified\"",
    ),
    ("(charsetp 'bad)", "nil"),
];

#[test]
fn every_field_of_a_charset_comes_back_wherever_the_image_lies() {
    everywhere(STATE, ANSWERS);
}

#[test]
fn the_machine_has_more_than_twenty_charsets_from_the_start() {
    let mut vm = Vm::boot().unwrap();
    assert_eq!(vm.eval_to_string("(> (length (charset-list)) 20)").unwrap(), "t");
}

#[test]
fn the_live_registry_comes_back_after_a_clone_took_the_thread_twice_with_its_string() {
    let mut vm = machine(STATE);
    for round in 1..=2 {
        vm.eval_str("(setq before (charset-list))").unwrap();
        let mut clone = vm.try_clone().unwrap();
        clone.eval_str("(define-charset 'clones \"Of the clone\" :code-space [0 1] :code-offset 0)").unwrap();
        clone
            .eval_str("(aset (remark) 0 ?C) (set-charset-plist 'map nil) (set-charset-priority 'clones)")
            .unwrap();
        clone.eval_str("(garbage-collect)").unwrap();
        assert_eq!(
            clone.eval_to_string("(list (remark) (charset-plist 'map))").unwrap(),
            "(\"Cut in stone\" nil)"
        );
        // SAFETY: nothing of the clone was kept.
        unsafe { clone.release() };
        vm.eval_str("(garbage-collect)").unwrap();
        assert_eq!(vm.eval_to_string("(equal before (charset-list))").unwrap(), "t", "round {round}");
        assert_eq!(vm.eval_to_string("(eq (remark) remark-now)").unwrap(), "t", "round {round}");
        ways::ask(&mut vm, "the live machine", ANSWERS);
    }
}

#[test]
fn a_machine_that_runs_inside_of_another_gives_the_registry_back() {
    let (mut outer, mut inner) = (machine(STATE), Vm::boot().unwrap());
    let runes = outer.symbols.intern("runes");
    let has_runes = || with_active(|charsets| charsets.get(runes).is_some());
    assert!(!has_runes(), "no machine runs on this thread");
    outer.activate();
    assert!(has_runes());
    assert_eq!(inner.eval_to_string("(charsetp 'runes)").unwrap(), "nil");
    assert!(has_runes());
    outer.eval_str("(charset-list)").unwrap();
    assert!(has_runes());
    // A dump sees the machine whole while it is active.
    let bytes = outer.dump_to_bytes().unwrap();
    assert!(has_runes());
    outer.deactivate();
    assert!(!has_runes() && outer.charsets.get().unwrap().get(runes).is_some());
    let mut back: Vm = image::options().load_bytes(&bytes).unwrap();
    assert_eq!(back.eval_to_string("(remark)").unwrap(), "\"cut in stone\"");
}

#[test]
fn values_that_only_the_registry_of_the_thread_holds_survive_collections() {
    let mut vm = machine("");
    vm.gc_every = 1;
    let program = r#"
      (define-charset 'kept "" :code-space [0 9] :map (vector 1 (+ ?a 1))
        :list (list (copy-sequence "one") (list 2.5)))
      (dotimes (n 300) (make-string 100 ?x))
      (garbage-collect)
      (dotimes (n 300) (make-string 100 ?y))
      (list (decode-char 'kept 1) (plist-get (charset-plist 'kept) :list))"#;
    assert_eq!(vm.eval_to_string(program).unwrap(), "(98 (\"one\" (2.5)))");
}

#[test]
fn a_program_that_dumps_while_it_runs_dumps_the_registry_of_its_thread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    let mut vm = machine(STATE);
    let program = format!(
        "(progn (define-charset 'late \"\" :code-space [0 1] :code-offset 0)
                (set-fontset-font t ?a '(\"Late\" . \"x\"))
                (dump-emacs-portable {:?}) (list (charsetp 'late) (fontset-font t ?a)))",
        path.display().to_string()
    );
    assert_eq!(vm.eval_to_string(&program).unwrap(), "(t (\"Late\" . \"x\"))");
    let mut back = Vm::load_from_dump(&path).unwrap();
    assert_eq!(
        back.eval_to_string("(list (charsetp 'late) (fontset-font t ?a))").unwrap(),
        "(t (\"Late\" . \"x\"))"
    );
    ways::ask(&mut back, "dumped from inside", &ANSWERS[..16]);
}

#[test]
fn a_charset_with_codes_that_none_can_have_is_refused_at_the_load() {
    let mut vm = machine(STATE);
    let runes = vm.symbols.intern("runes");
    let good = vm.charsets.get().unwrap().get(runes).unwrap().clone();
    let changes: [fn(&mut Charset); 4] = [
        |charset| charset.code_space[1] = i64::MAX,
        |charset| charset.dimension = 0,
        |charset| charset.max_code = i64::MAX,
        |charset| charset.method = Method::Offset(i64::MIN),
    ];
    for change in changes {
        let mut bad = good.clone();
        change(&mut bad);
        vm.charsets.get_mut().unwrap().define(runes, bad);
        let bytes = vm.dump_to_bytes().unwrap();
        let error = image::options().load_bytes::<Vm>(&bytes).err().unwrap().to_string();
        assert!(error.contains("has codes that no charset has"), "{error}");
    }
    vm.charsets.get_mut().unwrap().define(runes, good);
    let bytes = vm.dump_to_bytes().unwrap();
    assert!(image::options().load_bytes::<Vm>(&bytes).is_ok());
}

#[test]
fn charsets_that_refer_to_each_other_end() {
    let mut vm = machine(
        "(define-charset 'a \"\" :code-space [0 99] :code-offset 0)
         (define-charset 'b \"\" :code-space [0 99] :subset '(a 0 99 0))
         (define-charset 'a \"\" :code-space [0 99] :superset '((b . 0) (a . 1) (b . 2) (a . 3)))",
    );
    let asked = "(list (decode-char 'a 5) (encode-char ?! 'a) (encode-char ?! 'b) (decode-char 'b 5))";
    assert_eq!(vm.eval_to_string(asked).unwrap(), "(nil nil nil nil)");
}
