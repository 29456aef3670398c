//! Programs and their values.

use neodump_runtime::Placement;
use neovm::{Vm, image};

/// Evaluates the programs on a machine that has booted, and on two that have come out of an image: where the image says,
/// and elsewhere.
fn check(cases: &[(&str, &str)]) {
    let bytes = Vm::boot().unwrap().dump_to_bytes().unwrap();
    let loaded = |placement| image::options().placement(placement).load_bytes(&bytes).unwrap();
    for mut vm in [Vm::boot().unwrap(), loaded(Placement::Preferred), loaded(Placement::Elsewhere)] {
        for (text, wanted) in cases {
            let got = vm.eval_to_string(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(got, *wanted, "{text}");
        }
        let all: Vec<&str> = cases.iter().map(|(text, _)| *text).collect();
        redump(vm, &all);
    }
}

/// What the programs have defined is dumped too: the machine that is loaded from that goes through them again.
fn redump(mut vm: Vm, programs: &[&str]) {
    let bytes = vm.dump_to_bytes().unwrap();
    let mut again: Vm = image::options().load_bytes(&bytes).unwrap();
    for text in programs {
        again.eval_to_string(text).unwrap_or_else(|error| panic!("once more: {text}: {error}"));
    }
}

#[test]
fn special_forms_follow_the_manual() {
    check(&[
        ("(if nil 1 2 3)", "3"),
        ("(and 1 2)", "2"),
        ("(and)", "t"),
        ("(or nil 3)", "3"),
        ("(cond (nil 1) (2) (t 3))", "2"),
        ("(progn 1 2 3)", "3"),
        ("(prog1 1 2 3)", "1"),
        ("(prog2 1 2 3)", "2"),
        ("(let ((x 1) (y 2)) (let ((x y) (y x)) (list x y)))", "(2 1)"),
        ("(let* ((x 1) (y (1+ x)) z) (list x y z))", "(1 2 nil)"),
        ("(let ((n 0)) (while (< n 5) (setq n (+ n 2))) n)", "6"),
        ("(setq a 1 b 2)", "2"),
        ("'(a . b)", "(a . b)"),
        ("(defconst c 4)", "c"),
        ("(progn (defvar v 1) (defvar v 2) v)", "1"),
    ]);
}

#[test]
fn closures_keep_their_environment_and_special_variables_do_not() {
    check(&[
        ("(let ((f (let ((n 0)) (lambda () (setq n (1+ n)))))) (funcall f) (funcall f))", "2"),
        ("(defvar depth 0) (defun see () depth) (list (let ((depth 1)) (see)) (see))", "(1 0)"),
        ("(let ((x 1)) (defun getx () x)) (let ((x 2)) (getx))", "1"),
        ("(let ((local 1)) (eval '(boundp 'local) t))", "nil"),
        ("(funcall (lambda (a &optional b &rest c) (list a b c)) 1)", "(1 nil nil)"),
        ("(funcall (lambda (a &optional b &rest c) (list a b c)) 1 2 3 4)", "(1 2 (3 4))"),
        ("(apply #'+ 1 2 '(3 4))", "10"),
        ("(funcall '(lambda (x) (* x 2)) 4)", "8"),
        ("(let ((x 3)) (lambda (y) (+ x y)))", "(closure ((x . 3) t) (y) (+ x y))"),
        ("(funcall (read \"(closure ((x . 3) t) (y) (+ x y))\") 4)", "7"),
        (
            "(letrec ((even (lambda (n) (if (= n 0) t (funcall odd (1- n)))))
                   (odd (lambda (n) (if (= n 0) nil (funcall even (1- n))))))
            (funcall even 100))",
            "t",
        ),
        ("(named-let loop ((n 5) (acc 1)) (if (= n 0) acc (loop (1- n) (* acc n))))", "120"),
        ("(defun has-special () (let (it) (defvar it) (let ((it 1)) (boundp 'it)))) (has-special)", "t"),
    ]);
}

#[test]
fn errors_are_caught_by_condition_and_cleanups_run() {
    check(&[
        ("(condition-case e (car 1) (wrong-type-argument (cdr e)))", "(listp 1)"),
        ("(condition-case e (/ 1 0) (arith-error 'zero))", "zero"),
        ("(condition-case e (error \"No %s\" 'luck) (error (error-message-string e)))", "\"No luck\""),
        ("(condition-case e (nope) (void-variable 1) (void-function (cadr e)))", "nope"),
        ("(condition-case nil nope (void-variable 'void))", "void"),
        ("(condition-case v 5 (:success (1+ v)) (error 0))", "6"),
        (
            "(define-error 'mine \"Mine\" 'file-error) (condition-case e (signal 'mine '(1)) (file-error e))",
            "(mine 1)",
        ),
        ("(let (log) (catch 'x (unwind-protect (throw 'x 1) (push 'cleaned log))) log)", "(cleaned)"),
        ("(catch 'a (catch 'b (throw 'a 1)) 2)", "1"),
        ("(condition-case e (throw 'nowhere 1) (no-catch 'none))", "none"),
        ("(let ((n 0)) (defvar d 1) (ignore-errors (let ((d 2)) (error \"x\"))) d)", "1"),
        ("(condition-case e ((lambda (x) x)) (wrong-number-of-arguments 'count))", "count"),
        ("(condition-case e (setq nil 1) (setting-constant 'const))", "const"),
        ("(condition-case e (funcall 'if t 1) (invalid-function 'special))", "special"),
    ]);
}

#[test]
fn macros_and_backquote_expand() {
    check(&[
        ("(let ((a 1) (b '(2 3))) `(a ,a ,@b . ,a))", "(a 1 2 3 . 1)"),
        ("`[1 ,(+ 1 1)]", "[1 2]"),
        ("`(1 `(2 ,(3 ,(+ 1 3))))", "(1 `(2 ,(3 4)))"),
        ("(defmacro twice (x) `(+ ,x ,x)) (twice 4)", "8"),
        ("(macroexpand '(when a b c))", "(if a (progn b c))"),
        ("(let (l) (dolist (x '(1 2 3) l) (push x l)))", "(3 2 1)"),
        ("(let ((s 0)) (dotimes (i 4 s) (setq s (+ s i))))", "6"),
        ("(let ((v (vector 1 2))) (setf (aref v 0) 9) (cl-incf (aref v 1) 5) v)", "[9 7]"),
        ("(pcase '(add 1 2) (`(add ,a ,b) (+ a b)) (_ 'other))", "3"),
        ("(pcase 5 ((pred stringp) 's) ((and n (guard (> n 3))) (list 'big n)))", "(big 5)"),
        ("(if-let ((a 1) (b 2)) (+ a b) 'no)", "3"),
        (
            "(cl-defstruct point x (y 7)) (let ((p (make-point :x 1))) (setf (point-x p) 2) (list p (point-p p) (point-y p)))",
            "(#s(point 2 7) t 7)",
        ),
    ]);
}

#[test]
fn functions_on_data_work() {
    check(&[
        ("(list (nth 1 '(a b)) (nthcdr 2 '(a b c)) (last '(1 2 3)) (butlast '(1 2 3)))", "(b (c) (3) (1 2))"),
        ("(append '(1) [2 3] nil '(4 . 5))", "(1 2 3 4 . 5)"),
        ("(nconc (list 1) nil (list 2) 3)", "(1 2 . 3)"),
        ("(sort (list 3 1 2) #'<)", "(1 2 3)"),
        ("(sort (vector \"b\" \"a\") #'string<)", "[\"a\" \"b\"]"),
        (
            "(list (memq 'b '(a b c)) (assoc \"x\" '((\"x\" . 1))) (rassq 2 '((a . 2))))",
            "((b c) (\"x\" . 1) (a . 2))",
        ),
        ("(delq 'a (list 'a 'b 'a))", "(b)"),
        ("(mapconcat #'identity '(\"a\" \"b\") \", \")", "\"a, b\""),
        (
            "(list (substring \"héllo\" 1 -1) (upcase \"é\") (length \"日本\") (aref \"日本\" 1))",
            "(\"éll\" \"É\" 2 26412)",
        ),
        ("(let ((s (copy-sequence \"abc\"))) (aset s 1 ?é) s)", "\"aéc\""),
        ("(split-string \" a b  c\")", "(\"a\" \"b\" \"c\")"),
        ("(split-string \"a,b,,c\" \",\")", "(\"a\" \"b\" \"\" \"c\")"),
        ("(concat \"a\" '(?b) [?c] nil \"\\xff\")", "\"abc\\377\""),
        ("(concat \"\\xff\" \"é\")", "\"\\377é\""),
        (
            "(let ((h (make-hash-table :test 'equal))) (puthash '(1) 'a h) (list (gethash (list 1) h) (hash-table-count h)))",
            "(a 1)",
        ),
        (
            "(let ((h (make-hash-table))) (puthash 1.5 'f h) (puthash (expt 2 80) 'b h) (list (gethash 1.5 h) (gethash (expt 2 80) h)))",
            "(f b)",
        ),
        ("(let ((p '(a 1))) (setq p (plist-put p 'b 2)) (plist-get p 'b))", "2"),
        ("(list (eq 1.0 1.0) (eql 1.0 1.0) (equal '(1 [2 \"x\"]) '(1 [2 \"x\"])))", "(nil t t)"),
        (
            "(list (string-to-number \"12abc\") (string-to-number \"1e2\") (string-to-number \"ff\" 16))",
            "(12 100.0 255)",
        ),
        ("(list (intern \"foo\") (symbol-name 'bar) (eq (make-symbol \"x\") 'x))", "(foo \"bar\" nil)"),
        ("(seq-reduce #'+ [1 2 3] 0)", "6"),
        ("(alist-get 'b '((a . 1) (b . 2)))", "2"),
        ("(let ((v (make-bool-vector 10 nil))) (aset v 9 t) (list v (aref v 9)))", "(#&10\"\0\u{2}\" t)"),
        ("(car (read-from-string \"#1=(a #1#)\"))", "#1=(a #1#)"),
        ("(type-of (make-hash-table))", "hash-table"),
        ("(flatten-tree '(1 (2 (3 nil)) 4))", "(1 2 3 4)"),
        ("(get-text-property 1 'face (propertize \"ab\" 'face 'bold))", "bold"),
    ]);
}

#[test]
fn numbers_follow_emacs() {
    check(&[
        ("(list (/ 7 2) (/ -7 2) (/ 7 2.0) (% -7 3) (mod -7 3) (mod 7 -3))", "(3 -3 3.5 -1 2 -2)"),
        ("(+ most-positive-fixnum 1)", "2305843009213693952"),
        ("(- (+ most-positive-fixnum 1) 1)", "2305843009213693951"),
        ("(* 99999999999 99999999999)", "9999999999800000000001"),
        ("(list (= 1 1.0) (< 1 2 3) (> 3 2 2) (/= 1 2))", "(t t nil t)"),
        ("(list (floor 2.5) (ceiling 2.5) (round 2.5) (round 3.5) (truncate -2.5))", "(2 3 2 4 -2)"),
        (
            "(list (ash 1 70) (ash -8 -1) (logand 12 10) (logior 12 10) (logxor 12 10) (lognot 0))",
            "(1180591620717411303424 -4 8 14 6 -1)",
        ),
        ("(list (max 1 2.5) (min 3 1) (abs -5))", "(2.5 1 5)"),
        ("(list (isnan (/ 0.0 0.0)) (/ 1.0 0))", "(t 1.0e+INF)"),
        (
            "(format \"%d %5.1f %-4d| %04d %x %o %c %S %s %%\" 3 2.25 7 42 255 8 ?z \"q\" \"r\")",
            "\"3   2.2 7   | 0042 ff 10 z \\\"q\\\" r %\"",
        ),
        ("(format \"%g %g %e\" 0.1 1e10 12345.678)", "\"0.1 1e+10 1.234568e+04\""),
    ]);
}

#[test]
fn too_deep_a_program_ends_in_a_lisp_error_on_a_small_stack() {
    let run = || {
        let mut vm = Vm::boot().unwrap();
        vm.eval_str("(setq max-lisp-eval-depth 1000000)").unwrap();
        let got =
            vm.eval_to_string("(defun dig (n) (1+ (dig n))) (condition-case e (dig 0) (error (car e)))");
        assert_eq!(got.unwrap(), "excessive-lisp-nesting");
        // A form nested in its source is no different, and the machine goes on.
        let text = format!("{}1{}", "(1+ ".repeat(100_000), ")".repeat(100_000));
        assert!(vm.eval_str(&text).unwrap_err().contains("nesting"));
        assert_eq!(vm.eval_to_string("(+ 1 2)").unwrap(), "3");
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn an_error_names_the_file_and_the_line_of_its_form() {
    let mut vm = Vm::boot().unwrap();
    let error = vm.load_text("a.el", b"\n; x\n(car\n 1)".to_vec()).unwrap_err();
    assert_eq!(error, "a.el:3: Wrong type argument: listp, 1");
}
