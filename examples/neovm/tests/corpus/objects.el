;; Symbols, records, vectors, tables, sets, obarrays.
(cl-defstruct point x (y 5))
(cl-defstruct (point3 (:include point) (:constructor point3-at (x y z))) z)
(cl-defstruct (odd-names (:conc-name on-) (:predicate is-odd) (:copier nil)) a)
(cl-defgeneric area (shape) "The area.")
(cl-defmethod area ((p point)) (* (point-x p) (point-y p)))
(cl-defmethod area ((p point3)) (cons 'three (cl-call-next-method)))
(cl-defmethod area ((n integer)) (* n n))
(cl-defmethod area ((s (eql 'unit))) 1)
(setq p (make-point :x 2) q (point3-at 1 2 3) names (list (make-symbol "lone") (intern "known") (gensym)))
(setq vector (vector 1 "two" 'three [4]) ob (obarray-make) set (bool-vector t nil t nil nil t nil nil t))
(setq inner (intern "inner" ob))
(set inner 'value-of-inner)
(put 'known 'property '(a list))
(setq raw (intern "\300\301") raw-lone (make-symbol "\302"))
(setq by-eq (make-hash-table :test 'eq) by-equal (make-hash-table :test 'equal) weak (make-hash-table :weakness 'key))
(dotimes (n 50) (puthash (list n) (* n n) by-equal) (puthash n (- n) by-eq))
(puthash p 'the-point by-eq)
(puthash p 'held weak)
(puthash (list 'lost) 'lost weak)
(remhash '(25) by-equal)
(put 'my-table 'char-table-extra-slots 1)
(setq ct (make-char-table 'my-table 'none) kid (make-char-table 'kid))
(set-char-table-range ct '(?a . ?z) 'lower)
(aset ct ?q 'q)
(set-char-table-extra-slot ct 0 'extra)
(set-char-table-parent kid ct)
(aset kid ?λ 'lambda)
(setq positioned (read-positioning-symbols "(defun foo (x) x)"))
(setq thread (make-thread (lambda () 'done) "t"))
(thread-join thread)
;;; dump
p ;=> #s(point 2 5)
(list (point-x p) (point-p p) (point-p q) (point3-p p) (point-y q)) ;=> (2 t t nil 2)
(area p) ;=> 10
(area q) ;=> (three . 2)
(list (area 7) (area 'unit)) ;=> (49 1)
(area "x") ;=> error: No applicable method: area, "x"
(progn (setf (point-x p) 20) (cl-incf (point-y p)) p) ;=> #s(point 20 6)
(point-x 5) ;=> error: Wrong type argument: point, 5
(gethash p by-eq) ;=> the-point
(let ((c (copy-point p))) (list (equal c p) (eq c p))) ;=> (t nil)
(list (on-a (make-odd-names :a 1)) (is-odd p) (fboundp 'copy-odd-names)) ;=> (1 nil nil)
(list (cl-typep p 'point) (cl-typep q 'point) (cl-typep 5 '(integer 0 10)) (cl-typep "x" '(or null string))) ;=> (t t t t)
(cl-check-type p string) ;=> error: Wrong type argument: string, #s(point 20 6), p
(mapcar #'symbol-name names)
(list (eq (car names) (intern "lone")) (eq (nth 1 names) 'known)) ;=> (nil t)
(get 'known 'property) ;=> (a list)
(progn (put 'known 'property 2) (symbol-plist 'known)) ;=> (property 2)
(list (symbol-name raw) (eq raw (intern "\300\301")) (intern-soft "\302"))
(list (keywordp :a) (symbolp nil) (symbol-name nil) :a) ;=> (t t "nil" :a)
'(\a\ b \1 \? \, ##) ;=> (a\ b \1 \? \, ##)
inner
(list (eq inner (intern "inner" ob)) (eq inner 'inner) (symbol-value inner)) ;=> (t nil value-of-inner)
(let ((found nil)) (mapatoms (lambda (s) (push (symbol-name s) found)) ob) found) ;=> ("inner")
(list (unintern "inner" ob) (intern-soft "inner" ob) (unintern "inner" ob)) ;=> (t nil nil)
(obarrayp ob) ;=> t
(intern "x" 5) ;=> error: Wrong type argument: obarrayp, 5
(progn (intern "short-lived") (list (unintern "short-lived" nil) (intern-soft "short-lived"))) ;=> (t nil)
vector ;=> [1 "two" three [4]]
(progn (aset vector 0 'one) (list (aref vector 0) (length vector))) ;=> (one 4)
(aref vector 4) ;=> error: Args out of range: [one "two" three [4]], 4
(vconcat [1] '(2) "a") ;=> [1 2 97]
(make-vector 2 'x) ;=> [x x]
(list (vectorp vector) (arrayp "x") (sequencep nil) (recordp p)) ;=> (t t t t)
(type-of p) ;=> point
(record 'r 1 2) ;=> #s(r 1 2)
(seq-subseq [1 2 3 4] 1 -1) ;=> [2 3]
(list (hash-table-count by-eq) (hash-table-count by-equal)) ;=> (51 49)
(list (gethash '(7) by-equal) (gethash 7 by-eq) (gethash '(25) by-equal 'gone)) ;=> (49 -7 gone)
(progn (puthash '(25) 'back by-equal) (gethash (list 25) by-equal)) ;=> back
(let ((sum 0)) (maphash (lambda (k v) (if (numberp v) (setq sum (+ sum v)))) by-equal) sum) ;=> 39800
(seq-take (hash-table-keys by-eq) 3) ;=> (0 1 2)
(list (hash-table-test by-equal) (hash-table-weakness weak)) ;=> (equal key)
(progn (garbage-collect) (list (hash-table-count weak) (gethash p weak))) ;=> (1 held)
(let ((h (copy-hash-table by-equal))) (clrhash h) (list (hash-table-count h) (hash-table-count by-equal))) ;=> (0 50)
(condition-case problem (make-hash-table :test 'a-test-of-a-user) (error (car problem))) ;=> error
(let ((h (make-hash-table))) (puthash 1.5 'f h) (puthash "s" 's h) (list (gethash 1.5 h) (gethash "s" h))) ;=> (f nil)
#s(hash-table test equal data (a 1 b (2))) ;=> #s(hash-table size 2 test equal data (a 1 b (2)))
(gethash 1 'no-table)
(list (aref ct ?a) (aref ct ?q) (aref ct ?A) (char-table-range ct '(?b . ?c))) ;=> (lower q none lower)
(list (aref kid ?λ) (aref kid ?b) (char-table-extra-slot ct 0) (char-table-subtype kid)) ;=> (lambda lower extra kid)
(let ((out nil)) (map-char-table (lambda (k v) (push (cons k v) out)) kid) (nreverse out))
(progn (set-char-table-range ct '(?a . ?c) nil) (list (aref ct ?b) (aref ct ?d)))
(char-table-p ct) ;=> t
(set-char-table-parent ct kid)
(list (length set) (aref set 2) (aref set 3)) ;=> (9 t nil)
(bool-vector-count-population set) ;=> 4
(bool-vector-count-population (bool-vector-not set)) ;=> 5
(equal (bool-vector-union set (bool-vector-not set)) (make-bool-vector 9 t)) ;=> t
(bool-vector-subsetp (make-bool-vector 9 nil) set) ;=> t
(bool-vector-union set (bool-vector t)) ;=> error: Wrong length argument: #&9"%\1", #&1"\1"
(progn (aset set 3 t) (bool-vector-count-population set)) ;=> 5
positioned ;=> (#<symbol defun at 1> #<symbol foo at 7> (#<symbol x at 12>) #<symbol x at 15>)
(list (bare-symbol (cadr positioned)) (symbol-with-pos-pos (cadr positioned)) (symbolp (cadr positioned))) ;=> (foo 7 nil)
(let ((symbols-with-pos-enabled t)) (list (symbolp (cadr positioned)) (eq (cadr positioned) 'foo))) ;=> (t t)
(equal (position-symbol 'foo 7) (cadr positioned)) ;=> t
(thread-join thread) ;=> done
(list (threadp thread) (thread-live-p thread) (all-threads)) ;=> (t nil nil)
(make-char-table 5)
