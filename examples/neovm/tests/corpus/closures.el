;;; closures.el --- functions that remember  -*- lexical-binding: t; -*-
(setq counter (let ((n 0)) (lambda () (setq n (1+ n)))))
(setq pair (let ((n 10)) (cons (lambda () (setq n (1+ n))) (lambda () n))))
(setq adders (mapcar (lambda (k) (lambda (x) (+ x k))) '(1 2 3)))
(setq memo (memoized (lambda (x) (push x calls) (* x x))) calls nil)
(setq tower (compose #'1+ (apply-partially #'* 2)))
(defun documented (a &optional b) "Doc string." (interactive) (list a b))
(setq kept (list #'car (symbol-function 'car) 'car))
(funcall counter)
(funcall (car pair))
(funcall memo 4)
;;; dump
(funcall counter) ;=> 2
(funcall counter) ;=> 3
(funcall (cdr pair)) ;=> 11
(progn (funcall (car pair)) (funcall (cdr pair))) ;=> 12
(mapcar (lambda (f) (funcall f 10)) adders) ;=> (11 12 13)
(list (funcall memo 4) (funcall memo 5) calls) ;=> (16 25 (5 4))
(funcall tower 5) ;=> 11
(documented 1) ;=> (1 nil)
(functionp #'documented) ;=> t
(funcall (car kept) '(1)) ;=> 1
(funcall (nth 1 kept) '(1)) ;=> 1
(eq (nth 1 kept) (symbol-function 'car)) ;=> t
(nth 1 kept) ;=> #<subr car>
(type-of counter) ;=> closure
(equal counter counter) ;=> t
(car adders) ;=> (closure ((k . 1) t) (x) (+ x k))
(progn (fset 'my-car #'car) (my-car '(5))) ;=> 5
(progn (defalias 'your-car 'my-car) (your-car '(6))) ;=> 6
(progn (fset 'loop-a 'loop-b) (fset 'loop-b 'loop-a) (loop-a)) ;=> error: Symbol's chain of function indirections contains a loop: loop-a
(progn (defun twice (x) (* 2 x)) (twice 4)) ;=> 8
(progn (fmakunbound 'twice) (twice 4)) ;=> error: Symbol's function definition is void: twice
(special-form-p 'if) ;=> t
(macrop 'when) ;=> t
(subrp (symbol-function 'car)) ;=> t
