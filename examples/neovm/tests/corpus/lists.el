;; Lists, their identity, and what works on them.
(setq shared (list 'a 'b) both (list shared shared) alist (list (cons 'x 1) (cons 'y 2) (cons "z" 3)))
(setq ring (list 1 2 3))
(setcdr (last ring) ring)
(setq long nil)
(dotimes (n 10000) (push n long))
(defvar deep nil)
(dotimes (n 3000) (setq deep (list deep)))
(setq stack '(1 2 3))
;;; dump
(eq (car both) (cadr both)) ;=> t
(progn (setcar shared 'changed) both) ;=> ((changed b) (changed b))
(eq ring (nthcdr 3 ring)) ;=> t
(let ((print-circle t)) (prin1-to-string ring)) ;=> "#1=(1 2 3 . #1#)"
(length long) ;=> 10000
(apply #'+ (take 100 long)) ;=> 994950
(let ((n 0) (at deep)) (while at (setq n (1+ n) at (car at))) n) ;=> 3000
(list (car '(1 2)) (cdr '(1 2)) (car nil) (cdr nil)) ;=> (1 (2) nil nil)
(car 5) ;=> error: Wrong type argument: listp, 5
(cons 1 '(2 3)) ;=> (1 2 3)
'(a . (b . (c . d))) ;=> (a b c . d)
(list (nth 1 '(a b c)) (nthcdr 2 '(a b c)) (nth 9 '(a))) ;=> (b (c) nil)
(append '(1) '(2 3) nil '(4 . 5)) ;=> (1 2 3 4 . 5)
(append "ab" [1 2] nil) ;=> (97 98 1 2)
(nconc (list 1 2) (list 3) nil (list 4)) ;=> (1 2 3 4)
(nreverse (list 1 2 3)) ;=> (3 2 1)
(reverse '(1 2 3)) ;=> (3 2 1)
(reverse "abc") ;=> "cba"
(last '(1 2 3)) ;=> (3)
(butlast '(1 2 3)) ;=> (1 2)
(memq 'c '(a b c d)) ;=> (c d)
(member "b" '("a" "b")) ;=> ("b")
(memql 1.5 '(1 1.5)) ;=> (1.5)
(assq 'y alist) ;=> (y . 2)
(assoc "z" alist) ;=> ("z" . 3)
(rassq 2 alist) ;=> (y . 2)
(alist-get 'x alist) ;=> 1
(alist-get "z" alist nil nil #'equal) ;=> 3
(progn (setf (alist-get 'w alist) 9) (alist-get 'w alist)) ;=> 9
(assq-delete-all 'x (copy-alist alist))
(assoc-default "z" alist) ;=> 3
(delq 'a (list 'a 'b 'a)) ;=> (b)
(delete "a" (list "a" "b")) ;=> ("b")
(remove 1 [1 2 1]) ;=> [2]
(remq 'a '(a b)) ;=> (b)
(delete-dups (list 1 2 1 "x" "x")) ;=> (1 2 "x")
(plist-get '(a 1 b 2) 'b) ;=> 2
(plist-put (list 'a 1) 'b 2) ;=> (a 1 b 2)
(plist-member '(a nil) 'a) ;=> (a nil)
(sort (list 3 1 2) #'<) ;=> (1 2 3)
(sort (list '(b . 1) '(a . 1) '(c . 0)) (lambda (x y) (< (cdr x) (cdr y)))) ;=> ((c . 0) (b . 1) (a . 1))
(sort [3 1 2] #'>) ;=> [3 2 1]
(mapcar #'1+ '(1 2 3)) ;=> (2 3 4)
(mapcar #'upcase "abc") ;=> (65 66 67)
(mapconcat #'symbol-name '(a b c) "-") ;=> "a-b-c"
(mapcan (lambda (x) (list x x)) '(1 2)) ;=> (1 1 2 2)
(flatten-tree '(1 (2 (3 nil)) 4)) ;=> (1 2 3 4)
(copy-tree '(1 (2 . 3))) ;=> (1 (2 . 3))
(let ((x (list 1 (list 2)))) (eq (cadr x) (cadr (copy-tree x)))) ;=> nil
(let ((x (list 1 (list 2)))) (eq (cadr x) (cadr (copy-sequence x)))) ;=> t
(progn (push 0 stack) (list (pop stack) stack)) ;=> (0 (1 2 3))
(let ((x (list 1 2 3))) (setf (nth 1 x) 'b (car x) 'a) x) ;=> (a b 3)
(number-sequence 3) ;=> (3)
(make-list 3 'x) ;=> (x x x)
(list (proper-list-p '(1 2)) (proper-list-p '(1 . 2)) (safe-length ring) (proper-list-p ring))
(length '(1 2 . 3)) ;=> error: Wrong type argument: listp, 3
(length ring)
(equal '(1 (2 [3 "x"])) (list 1 (list 2 (vector 3 "x")))) ;=> t
(list (take 2 '(1 2 3)) (seq-take '(1 2 3) 2) (seq-drop '(1 2 3) 2)) ;=> ((1 2) (1 2) (3))
(seq-reduce #'+ '(1 2 3) 10) ;=> 16
(seq-filter #'cl-evenp '(1 2 3 4)) ;=> (2 4)
(list (seq-find #'cl-evenp '(1 2)) (seq-some #'cl-evenp '(1 3)) (seq-every-p #'cl-oddp '(1 3))) ;=> (2 nil t)
(seq-group-by #'cl-oddp '(1 2 3)) ;=> ((t 1 3) (nil 2))
(seq-partition '(1 2 3 4 5) 2) ;=> ((1 2) (3 4) (5))
(seq-mapn #'+ '(1 2) [10 20]) ;=> (11 22)
(seq-sort-by #'length #'< '("ccc" "a" "bb")) ;=> ("a" "bb" "ccc")
(list (seq-union '(1 2) '(2 3)) (seq-intersection '(1 2) '(2 3)) (seq-difference '(1 2) '(2 3))) ;=> ((1 2 3) (2) (1))
(seq-into '(1 2) 'vector) ;=> [1 2]
(seq-let (a b) '(1 2) (list b a)) ;=> (2 1)
(cl-remove-if #'cl-evenp '(1 2 3)) ;=> (1 3)
(cl-reduce #'max '(3 9 2)) ;=> 9
(cl-find 3 '((1) (3)) :key #'car) ;=> (3)
(cl-mapcar #'list '(1 2) '(a b)) ;=> ((1 a) (2 b))
(cl-pairlis '(a b) '(1 2)) ;=> ((a . 1) (b . 2))
