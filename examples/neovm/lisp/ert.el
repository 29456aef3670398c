;;; ert.el --- tests in Lisp  -*- lexical-binding: t; -*-

(defvar ert--tests nil "The tests, last defined first: (NAME . FUNCTION).")
(define-error 'ert-test-failed "Test failed")
(define-error 'ert-test-skipped "Test skipped")

(defmacro ert-deftest (name _params &rest body)
  "Defines the test NAME."
  (let ((body (seq-remove #'stringp (seq-remove (lambda (f) (memq f '(:tags :expected-result))) body))))
    `(progn
       (setq ert--tests (cons (cons ',name (lambda () ,@body)) (assq-delete-all ',name ert--tests)))
       ',name)))

(defmacro should (form)
  "Fails unless FORM is true, telling what its arguments were."
  (if (and (consp form) (symbolp (car form)) (fboundp (car form)) (functionp (car form)))
      (let ((values (make-symbol "values")))
        `(let ((,values (list ,@(cdr form))))
           (or (apply #',(car form) ,values)
               (signal 'ert-test-failed (list '(should ,form) :form (cons ',(car form) ,values))))))
    `(or ,form (signal 'ert-test-failed (list '(should ,form))))))

(defmacro should-not (form)
  (let ((value (make-symbol "value")))
    `(let ((,value ,form))
       (if ,value (signal 'ert-test-failed (list '(should-not ,form) :value ,value))))))

(defmacro should-error (form &rest keys)
  "Fails unless FORM signals; the error. With :type TYPE, an error that counts as TYPE."
  (let ((type (or (cadr (plist-get keys :type)) 'error)) (e (make-symbol "e")) (got (make-symbol "got")))
    `(let ((,got (condition-case ,e (progn ,form nil)
                   (,type ,e))))
       (or ,got (signal 'ert-test-failed (list '(should-error ,form)))))))

(defmacro skip-unless (form) `(unless ,form (signal 'ert-test-skipped '(,form))))

(defun ert-run-test (test)
  "Runs a test; (passed), (failed . ERROR) or (skipped)."
  (condition-case e
      (progn (funcall (cdr test)) '(passed))
    (ert-test-skipped '(skipped))
    (error (cons 'failed e))))

(defun ert-run-tests (&optional selector)
  "Runs the tests whose name matches the regexp SELECTOR: an alist of names and results."
  (mapcar (lambda (test) (cons (car test) (ert-run-test test)))
          (seq-filter (lambda (test) (or (null selector) (string-match-p selector (symbol-name (car test)))))
                      (reverse ert--tests))))

(defun ert-run-tests-batch (&optional selector)
  "Runs tests and prints what happened; whether none failed."
  (let* ((results (ert-run-tests selector))
         (failed (seq-filter (lambda (r) (eq (cadr r) 'failed)) results)))
    (dolist (result results)
      (princ (format "%8s  %s\n" (cadr result) (car result)))
      (when (eq (cadr result) 'failed)
        (princ (format "          %S\n" (cddr result)))))
    (princ (format "Ran %d tests, %d failed\n" (length results) (length failed)))
    (null failed)))

(provide 'ert)
