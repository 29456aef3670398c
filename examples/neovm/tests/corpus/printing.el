;; Printing and reading, the pretty printer, tests, JSON, generated text.
(setq form '(defun f (x) "Doc" (let ((y (* x 2)) (z 'quoted)) (when (> y 1) (list y `(a ,z ,@x) #'car [1 2])))))
(setq table (json-parse-string "{\"name\": \"neo\", \"list\": [1, 2.5, -3e2], \"nested\": {\"t\": true, \"n\": null, \"f\": false}}"))
(setq model (text-model "the cat sat on the mat and the cat ran"))
(ert-deftest passing () (should (= 1 1)) (should-error (car 1) :type 'wrong-type-argument))
(ert-deftest failing () (should (equal (list 1 2) '(1 3))))
(ert-deftest skipping () (skip-unless nil))
(setq circle (list 'a 'b) shared-parts (let ((x (list 1))) (list x x)))
(setcdr (cdr circle) circle)
;;; dump
form
(prin1-to-string form)
(equal (read (prin1-to-string form)) form) ;=> t
(pp-to-string form)
(pp-to-string '(short form)) ;=> "(short form)\n"
(let ((print-circle t)) (prin1-to-string circle)) ;=> "#1=(a b . #1#)"
(let ((print-circle t)) (prin1-to-string shared-parts)) ;=> "(#1=(1) #1#)"
(let ((x (read "#1=(a . #1#)"))) (eq x (cdr x))) ;=> t
(read "(a . b)") ;=> (a . b)
(read "(a . b c)") ;=> error: Invalid read syntax: "<string>:1:8: a list ends after the element behind its dot"
(read "(a") ;=> error: End of file during parsing: "<string>:1:1: the text ends inside the form that starts here, a list"
(read ")") ;=> error: Invalid read syntax: "<string>:1:1: ')' closes nothing"
(read-from-string "(1 2) rest") ;=> ((1 2) . 5)
(read "?\\C-x") ;=> 24
(list '#'f ''q '`(a ,b ,@c)) ;=> (#'f 'q `(a ,b ,@c))
(prin1-to-string (list "a\\b" 'sym\ bol ?x 1.0 nil t :k)) ;=> "(\"a\\\\b\" sym\\ bol 120 1.0 nil t :k)"
(format "%S" (vector 1 'a "s")) ;=> "[1 a \"s\"]"
(prin1-to-string (make-symbol "x")) ;=> "#:x"
(json-encode table) ;=> "{\"name\":\"neo\",\"list\":[1,2.5,-300.0],\"nested\":{\"t\":true,\"n\":null,\"f\":false}}"
(gethash "name" table) ;=> "neo"
(json-encode '((a . 1) (b . [t nil]))) ;=> "{\"a\":1,\"b\":[true,null]}"
(json-encode "q\"\n\\") ;=> "\"q\\\"\\n\\\\\""
(json-parse-string "[1, 2") ;=> error: Not JSON: 5
(json-parse-string "\"\\u00e9\"") ;=> "é"
(ert-run-tests "ing\\'")
(mapcar (lambda (r) (list (car r) (cadr r))) (ert-run-tests)) ;=> ((passing passed) (failing failed) (skipping skipped))
(text-generate 'sentence 7)
(text-generate 'noun-phrase 3 '((noun-phrase ("one" thing)) (thing "two" "three")))
(text-generate 'missing 1 nil) ;=> error: No rule for missing
(text-continue model '("the") 5) ;=> "the cat sat on the cat"
(text-table '((name size) ("image" 10) (x 12345))) ;=> "name   size\nimage  10\nx      12345"
(list (expand-file-name "../x/./y" "/a/b") (file-name-nondirectory "/a/b.el") (file-name-directory "/a/b.el")) ;=> ("/a/x/y" "b.el" "/a/")
(list (file-name-extension "x.tar.gz") (file-name-base "/a/x.el") (file-name-sans-extension "a.b/c")) ;=> ("gz" "x" "a.b/c")
(list (file-name-concat "a" "b" "c") (file-name-as-directory "a") (directory-file-name "a/")) ;=> ("a/b/c" "a/" "a")
(let ((process-environment '("A=1" "B=2"))) (list (getenv "B") (getenv "C") (setenv "A" "3") (getenv "A"))) ;=> ("2" nil "3" "3")
(featurep 'cl-lib) ;=> t
(require 'never-provided) ;=> error: Required feature never-provided was not provided
(load "/no/such/file") ;=> error: File is missing: "/no/such/file"
(let ((hook nil)) (add-hook 'my-hook 'ignore) (add-hook 'my-hook 'ignore) (add-hook 'my-hook 'always t) my-hook) ;=> (ignore always)
(progn (remove-hook 'my-hook 'ignore) my-hook) ;=> (always)
(pdumper-stats) ;=> nil
(dump-emacs-portable 5)
