;; Control, errors, binding.
(defvar special 'global)
(defun special () special)
(define-error 'my-error "My error" 'arith-error)
(defvar trace nil)
(defun guarded (f) (unwind-protect (funcall f) (push 'cleanup trace)))
(defmacro my-unless (test &rest body) `(if ,test nil ,@body))
(defun fib (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
;;; dump
(let ((special 'bound)) (special)) ;=> bound
(special) ;=> global
(condition-case e (signal 'my-error '(1 2)) (arith-error (list 'caught e))) ;=> (caught (my-error 1 2))
(signal 'my-error '(1 2)) ;=> error: My error: 1, 2
(error "Bad %s" 'thing) ;=> error: Bad thing
(user-error "Hm") ;=> error: Hm
(condition-case nil (car 1) (error 'error)) ;=> error
(condition-case e (undefined-function 1) (void-function (cdr e))) ;=> (undefined-function)
(condition-case e undefined-variable (void-variable (cdr e))) ;=> (undefined-variable)
(condition-case nil 5 (:success 'fine) (error 'no)) ;=> fine
(condition-case e (error "x") ((my-error error) (error-message-string e))) ;=> "x"
(condition-case nil (throw 'nowhere 1) (no-catch 'none)) ;=> none
(catch 'tag (dolist (x '(1 2 3)) (if (= x 2) (throw 'tag x)))) ;=> 2
(catch 'outer (catch 'inner (throw 'outer 1)) 2) ;=> 1
(list (ignore-errors (guarded (lambda () (error "x")))) trace) ;=> (nil (cleanup))
(catch 'out (guarded (lambda () (throw 'out 'thrown)))) ;=> thrown
(with-demoted-errors "E: %S" 5) ;=> 5
(let ((x 1)) (let ((x 2) (y x)) (list x y))) ;=> (2 1)
(let* ((x 1) (y x)) (list x y)) ;=> (1 1)
(let (x) x) ;=> nil
(let ((n 0)) (while (< n 5) (setq n (1+ n))) n) ;=> 5
(let ((out nil)) (dotimes (i 3 out) (push i out))) ;=> (2 1 0)
(cond ((= 1 2) 'no) ((+ 1 2)) (t 'never)) ;=> 3
(if nil 1 2 3) ;=> 3
(list (and 1 2) (and nil 2) (or nil 2) (or) (and)) ;=> (2 nil 2 nil t)
(prog1 1 2) ;=> 1
(prog2 1 2 3) ;=> 2
(my-unless nil 'done) ;=> done
(macroexpand '(my-unless a b c)) ;=> (if a nil b c)
(macroexpand-all '(when a (my-unless b c))) ;=> (if a (progn (if b nil c)))
(pcase '(add 1 2) (`(add ,x ,y) (+ x y)) (_ 0)) ;=> 3
(pcase 5 ((pred stringp) 's) ((and n (guard (> n 3))) (list 'big n)) (_ 0)) ;=> (big 5)
(pcase 'b ((or 'a 'b) 'ab) (_ 'other)) ;=> ab
(pcase-let ((`(,a . ,b) '(1 . 2))) (list b a)) ;=> (2 1)
(pcase-dolist (`(,k . ,v) '((a . 1))) (push (list k v) trace))
(car trace) ;=> (a 1)
(cl-case 3 ((1 2) 'low) ((3 4) 'high) (t 'none)) ;=> high
(cl-loop for x in '(1 2 3 4) when (cl-evenp x) collect (* x x)) ;=> (4 16)
(cl-loop for i from 1 to 3 for c across "abc" collect (cons i c)) ;=> ((1 . 97) (2 . 98) (3 . 99))
(cl-loop for i from 10 downto 7 by 2 collect i) ;=> (10 8)
(cl-loop for x on '(1 2 3) collect (length x)) ;=> (3 2 1)
(cl-loop with sum = 0 for x in '(1 2 3) do (cl-incf sum x) finally return sum) ;=> 6
(cl-loop for x in '(3 1 2) minimize x) ;=> 1
(cl-loop for (k . v) in '((a . 1) (b . 2)) append (list k v)) ;=> (a 1 b 2)
(cl-loop for x in '(1 2 3) thereis (and (> x 1) x)) ;=> 2
(cl-loop for x = 1 then (* 2 x) while (< x 50) collect x) ;=> (1 2 4 8 16 32)
(cl-loop repeat 2 concat "ab") ;=> "abab"
(named-let loop ((n 5) (product 1)) (if (= n 0) product (loop (1- n) (* n product)))) ;=> 120
(cl-block done (dolist (x '(1 2)) (cl-return-from done x))) ;=> 1
(cl-flet ((double (x) (* 2 x))) (mapcar #'double '(1 2))) ;=> (2 4)
(cl-labels ((down (n) (if (= n 0) 'zero (down (1- n))))) (down 10)) ;=> zero
(cl-destructuring-bind (a &optional b &rest c) '(1 2 3 4) (list a b c)) ;=> (1 2 (3 4))
(let ((x 1) (y 2)) (cl-rotatef x y) (list x y)) ;=> (2 1)
(let ((x 1)) (cl-psetq x 2) x) ;=> 2
(cl-assert (= 1 2)) ;=> error: Assertion failed: (= 1 2), nil
(when-let ((x 1) (y nil)) 'both) ;=> nil
(if-let ((x 1) (y (1+ x))) (list x y) 'no) ;=> (1 2)
(thread-first 5 (- 1) (* 2)) ;=> 8
(funcall (apply-partially #'+ 1 2) 3) ;=> 6
(funcall (compose #'1+ #'abs) -5) ;=> 6
(apply #'max 1 '(5 3)) ;=> 5
(funcall 'car '(1)) ;=> 1
(funcall (lambda (&optional a &rest b) (list a b))) ;=> (nil nil)
(funcall (lambda (a) a)) ;=> error: Wrong number of arguments: (closure (t) (a) a), 0
(fib 15) ;=> 610
(let ((max-lisp-eval-depth 100)) (cl-labels ((down (n) (1+ (down n)))) (down 1)))
(eval '(let ((x 1)) (lambda () x))) ;=> (closure nil nil x)
(eval '(let ((x 1)) (funcall (lambda () x))) t) ;=> 1
(setq unknown-so-far 1) ;=> 1
(setq nil 1) ;=> error: Attempt to set a constant symbol: nil
(set :key 1) ;=> error: Attempt to set a constant symbol: :key
(defconst constant 5) ;=> constant
(list (boundp 'special) (fboundp 'fib) (boundp 'never-was)) ;=> (t t nil)
