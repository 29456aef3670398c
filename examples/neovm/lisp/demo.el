;;; demo.el --- a few small programs  -*- lexical-binding: t; -*-

;; Symbolic differentiation.

(defun simplify (form)
  (pcase form
    (`(+ 0 ,x) x)
    (`(+ ,x 0) x)
    (`(* 0 ,_) 0)
    (`(* ,_ 0) 0)
    (`(* 1 ,x) x)
    (`(* ,x 1) x)
    (`(,(and op (or '+ '*)) ,(and a (pred numberp)) ,(and b (pred numberp))) (funcall op a b))
    (_ form)))

(defun derive (form var)
  (simplify
   (pcase form
     ((pred numberp) 0)
     ((pred symbolp) (if (eq form var) 1 0))
     (`(+ ,a ,b) `(+ ,(derive a var) ,(derive b var)))
     (`(* ,a ,b) (list '+ (simplify `(* ,(derive a var) ,b)) (simplify `(* ,a ,(derive b var)))))
     (`(sin ,a) (list '* `(cos ,a) (derive a var))))))

;; Queens.

(defun queens (n)
  "How many ways N queens can stand."
  (let ((count 0))
    (letrec ((place
              (lambda (row placed)
                (if (= row n)
                    (cl-incf count)
                  (dotimes (col n)
                    (let ((ok t) (distance 1))
                      (dolist (other placed)
                        (if (or (= other col) (= (abs (- other col)) distance))
                            (setq ok nil))
                        (setq distance (1+ distance)))
                      (if ok (funcall place (1+ row) (cons col placed)))))))))
      (funcall place 0 nil))
    count))

;; Big numbers, remembered.

(defvar fib nil "A function: the Nth Fibonacci number.")
(setq fib (memoized (lambda (n) (if (< n 2) n (+ (funcall fib (- n 1)) (funcall fib (- n 2)))))))

;; Words counted in a hash table.

(defun count-words (text)
  (let ((table (make-hash-table :test 'equal)))
    (dolist (word (split-string (downcase text)))
      (cl-incf (gethash word table 0)))
    table))

(defvar demo-words (count-words "the cat and the dog and the image that keeps the cat"))

;; What an image has to hold besides functions: made before the dump, used after it.

(defvar demo-ring nil "A list that ends in itself.")
(defvar demo-counter nil "A closure over its own count.")
(defvar demo-big nil "2 to the power of 200.")
(defvar demo-floats nil "Numbers that are easily lost.")

(defun demo-prepare ()
  "Use what is defined above, so that the machine has a state worth keeping."
  (setq demo-ring (list 'round 'and))
  (setcdr (cdr demo-ring) demo-ring)
  (setq demo-counter (let ((n 0)) (lambda () (setq n (1+ n)))))
  (dotimes (_ 41) (funcall demo-counter))
  (setq demo-big (expt 2 200))
  (setq demo-floats (list -0.0 1.0e+INF 0.1 5e-324))
  (funcall fib 90))

(defun demo ()
  (princ (format "d/dx (+ (* x x) (sin (* 3 x))) = %S\n" (derive '(+ (* x x) (sin (* 3 x))) 'x)))
  (princ (format "queens of 6: %d\n" (queens 6)))
  (princ (format "fib 92: %d\n" (funcall fib 92)))
  (let ((words (sort (hash-table-keys demo-words)
                     (lambda (a b) (> (gethash a demo-words) (gethash b demo-words))))))
    (princ (format "words: %s\n"
                   (mapconcat (lambda (w) (format "%s %d" w (gethash w demo-words))) words ", "))))
  (let ((q (make-queue)))
    (dolist (x '(a "b" 3.5 [d e])) (queue-add q x))
    (princ (format "queue: %S then %S\n" (queue-take q) q)))
  (when demo-ring
    (princ (format "ring: %S\n" demo-ring))
    (princ (format "counter: %d\n" (funcall demo-counter)))
    (princ (format "2^200: %d\n" demo-big))
    (princ (format "floats: %S\n" demo-floats)))
  t)

(provide 'demo)
