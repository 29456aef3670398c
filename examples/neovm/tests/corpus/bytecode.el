;; Functions that a compiler wrote.
(setq next #[257 "\211T\207" [] 2])
(setq factorial #[257 "\211\300U\203\10\0\300\207\211\301\2S!_\207" [1 factorial] 5 "N!"])
(defalias 'factorial factorial)
(setq careful #[257 "\300\61\10\0\211@0\207\301\207" [error caught] 3])
(defvar log nil)
(setq tidy (make-byte-code 0 (unibyte-string #o300 #o216 #o301 #o51 #o207)
                           (vector (lambda () (push 'tidied log)) 42) 2))
(defvar depth 'top)
(defun depth () depth)
(setq binds #[257 "\211\30\301 \51\207" [depth depth] 3])
(setq choose (make-byte-code 257 (unibyte-string #o211 #o300 #o267 #o301 #o207 #o302 #o207)
                             (vector #s(hash-table test eq data (a 5)) 'other 'an-a) 3))
(setq gather #[385 "B\207" [] 2])
(setq catching (make-byte-code 0 (unibyte-string #o300 #o62 #o12 0 #o301 #o300 #o302 #o42 #o60 #o207 #o207)
                               ['done throw 7] 4))
(setq adder #[257 "\300\1\\\207" [nil] 3])
(setq add5 (make-closure adder 5))
;;; dump
(funcall next 41) ;=> 42
(factorial 20) ;=> 2432902008176640000
(factorial 25) ;=> 15511210043330985984000000
(list (funcall careful '(1 2)) (funcall careful 5)) ;=> (1 caught)
(list (funcall tidy) log) ;=> (42 (tidied))
(list (funcall binds 'inner) depth) ;=> (inner top)
(list (funcall choose 'a) (funcall choose 'b)) ;=> (an-a other)
(funcall gather 1 2 3) ;=> (1 2 3)
(funcall gather 1) ;=> (1)
(funcall catching) ;=> 7
(list (funcall add5 37) (eq (aref add5 1) (aref adder 1)) (aref add5 2)) ;=> (42 t [5])
(funcall next) ;=> error: Wrong number of arguments: #[257 "\211T\207" [] 2], 0
(funcall next 'a) ;=> error: Wrong type argument: number-or-marker-p, a
(mapcar next '(1 2.5 100000000000000000000)) ;=> (2 3.5 100000000000000000001)
(list (byte-code-function-p next) (compiled-function-p 'car) (functionp next) (type-of next)) ;=> (t nil t compiled-function)
(aref factorial 4) ;=> "N!"
(equal next #[257 "\211T\207" [] 2]) ;=> t
(byte-code "\300\301\\\207" [1 2] 2) ;=> 3
(byte-code "\210\207" [] 1) ;=> error: Invalid byte code: the operation before offset 1 takes an operand that is not there
(byte-code "\202\1" [] 1) ;=> error: Invalid byte code: the operation before offset 2 is followed by no code
(byte-code "\310\207" [] 1) ;=> error: Invalid byte code: the operation before offset 1 names a constant that is not there
(byte-code "\0" [] 1) ;=> error: Invalid byte code: the operation before offset 1 is 0o0, which nothing is known of
(make-byte-code 257 "\207" 'no-vector 1) ;=> error: Wrong type argument: vectorp, no-vector
(aref (make-closure adder 1) 2) ;=> [1]
(with-temp-buffer (insert "abc") (goto-char 3) (list (byte-code "\212\300b\210)`\207" [1] 2) (point))) ;=> (3 3)
(with-temp-buffer (insert "abc") (narrow-to-region 1 2) (list (byte-code "\214\176\210d)\207" [] 2) (point-max))) ;=> (4 2)
(let ((b (current-buffer))) (with-temp-buffer (let ((c (current-buffer))) (byte-code "r\300q\210)\301 \207" (vector b 'current-buffer) 2) (eq c (current-buffer))))) ;=> t
