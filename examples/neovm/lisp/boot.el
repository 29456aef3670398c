;;; boot.el --- the library every machine starts with  -*- lexical-binding: t; -*-

;;; Macros that make macros

(defalias 'lambda
  (make-macro #'(lambda (&rest definition)
                  (list 'function (cons 'lambda definition)))))

(defalias 'defmacro
  (make-macro #'(lambda (name params &rest body)
                  (list 'defalias (list 'quote name)
                        (list 'make-macro
                              (list 'function (cons 'lambda (cons params body))))))))

(defmacro defun (name params &rest body)
  (list 'defalias (list 'quote name)
        (list 'function (cons 'lambda (cons params body)))))

(defmacro when (test &rest body)
  (list 'if test (cons 'progn body)))

(defmacro unless (test &rest body)
  (cons 'if (cons test (cons nil body))))

;;; Backquote

(defun bq--constant-p (form)
  (or (not (or (consp form) (symbolp form)))
      (null form) (eq form t) (keywordp form)
      (eq (car-safe form) 'quote)))

(defun bq--constant-value (form)
  (if (eq (car-safe form) 'quote) (car (cdr form)) form))

(defun bq--list (parts tail)
  "The form that appends PARTS, last first, in front of TAIL.
Each part is (one . FORM), an element, or (many . FORM), a list of elements."
  (let ((form tail))
    (while parts
      (let ((kind (car (car parts))) (part (cdr (car parts))))
        (setq form
              (cond ((eq kind 'many)
                     (if (null form) part (list 'append part form)))
                    ((and (bq--constant-p part) (bq--constant-p form))
                     (list 'quote (cons (bq--constant-value part)
                                        (bq--constant-value form))))
                    ((null form) (list 'list part))
                    ((eq (car-safe form) 'list) (cons 'list (cons part (cdr form))))
                    (t (list 'cons part form)))))
      (setq parts (cdr parts)))
    form))

(defun bq--process (form depth)
  (cond
   ((vectorp form)
    (let ((values (bq--process (append form nil) depth)))
      (if (bq--constant-p values)
          (list 'quote (vconcat (bq--constant-value values)))
        (list 'vconcat values))))
   ((not (consp form))
    (if (bq--constant-p form) form (list 'quote form)))
   ((eq (car form) '\,)
    (if (= depth 1)
        (car (cdr form))
      (bq--list (list (cons 'one (bq--process (car (cdr form)) (1- depth)))
                      (cons 'one ''\,))
                nil)))
   ((eq (car form) '\`)
    (bq--list (list (cons 'one (bq--process (car (cdr form)) (1+ depth)))
                    (cons 'one ''\`))
              nil))
   (t
    (let ((parts nil) (rest form) (tail nil))
      (while (consp rest)
        (if (and parts (memq (car rest) '(\, \`)))
            (setq tail (bq--process rest depth) rest nil)
          (let ((part (car rest)))
            (setq parts
                  (cons (if (and (eq (car-safe part) '\,@) (= depth 1))
                            (cons 'many (car (cdr part)))
                          (cons 'one (if (eq (car-safe part) '\,@)
                                         (list 'list ''\,@ (bq--process (car (cdr part)) (1- depth)))
                                       (bq--process part depth))))
                        parts)))
          (setq rest (cdr rest))))
      (if rest (setq tail (list 'quote rest)))
      (bq--list parts tail)))))

(defmacro \` (form) (bq--process form 1))

;;; Definitions

(defalias 'defsubst (symbol-function 'defun))

(defmacro declare-function (&rest _) nil)
(defmacro eval-when-compile (&rest body) (cons 'progn body))
(defmacro eval-and-compile (&rest body) (cons 'progn body))
(defmacro with-no-warnings (&rest body) (cons 'progn body))

;;; Control

(defmacro dolist (spec &rest body)
  (let ((rest (make-symbol "rest")))
    `(let ((,rest ,(nth 1 spec)))
       (while ,rest
         (let ((,(car spec) (car ,rest)))
           ,@body
           (setq ,rest (cdr ,rest))))
       ,@(cdr (cdr spec)))))

(defmacro dotimes (spec &rest body)
  (let ((count (make-symbol "count")) (limit (make-symbol "limit")))
    `(let ((,count 0) (,limit ,(nth 1 spec)))
       (while (< ,count ,limit)
         (let ((,(car spec) ,count))
           ,@body)
         (setq ,count (1+ ,count)))
       ,@(cdr (cdr spec)))))

(defmacro if-let* (bindings then &rest else)
  (if (null bindings)
      then
    (let* ((binding (car bindings))
           (name (if (cdr binding) (car binding) (make-symbol "test")))
           (value (if (cdr binding) (nth 1 binding) (car binding))))
      `(let ((,name ,value))
         (if ,name (if-let* ,(cdr bindings) ,then ,@else) ,@else)))))

(defmacro if-let (spec then &rest else)
  `(if-let* ,(if (symbolp (car-safe spec)) (list spec) spec) ,then ,@else))
(defmacro when-let (spec &rest body) `(if-let ,spec (progn ,@body)))
(defmacro when-let* (spec &rest body) `(if-let* ,spec (progn ,@body)))

(defmacro letrec (bindings &rest body)
  `(let ,(mapcar #'car bindings)
     ,@(mapcar (lambda (b) (list 'setq (car b) (nth 1 b))) bindings)
     ,@body))

(defmacro named-let (name bindings &rest body)
  `(letrec ((,name (lambda ,(mapcar #'car bindings)
                     (cl-flet-1 ,name ,@body))))
     (funcall ,name ,@(mapcar (lambda (b) (nth 1 b)) bindings))))

(defun boot--calls (name form)
  "FORM with calls of NAME turned into `funcall's of the variable NAME."
  (cond ((not (consp form)) form)
        ((eq (car form) 'quote) form)
        ((eq (car form) name)
         `(funcall ,name ,@(mapcar (lambda (f) (boot--calls name f)) (cdr form))))
        (t (let ((parts nil))
             (while (consp form)
               (push (boot--calls name (car form)) parts)
               (setq form (cdr form)))
             (append (nreverse parts) form)))))

(defmacro cl-flet-1 (name &rest body)
  (cons 'progn (mapcar (lambda (form) (boot--calls name form)) body)))

(defmacro ignore-errors (&rest body)
  `(condition-case nil (progn ,@body) (error nil)))

(defmacro with-demoted-errors (format &rest body)
  (let ((err (make-symbol "err")))
    `(condition-case ,err (progn ,@body)
       (error (message ,format ,err) nil))))

(defmacro dlet (bindings &rest body)
  `(progn ,@(mapcar (lambda (b) (list 'defvar (if (consp b) (car b) b))) bindings)
          (let ,bindings ,@body)))

(defun ignore (&rest _) nil)
(defun identity (x) x)
(defun always (&rest _) t)

;;; Places

(defmacro setf (place value &rest more)
  (let ((form
         (cond
          ((symbolp place) `(setq ,place ,value))
          ((eq (car place) 'car) `(setcar ,(nth 1 place) ,value))
          ((eq (car place) 'cdr) `(setcdr ,(nth 1 place) ,value))
          ((eq (car place) 'cadr) `(setcar (cdr ,(nth 1 place)) ,value))
          ((eq (car place) 'nth) `(setcar (nthcdr ,(nth 1 place) ,(nth 2 place)) ,value))
          ((memq (car place) '(aref elt)) `(aset ,(nth 1 place) ,(nth 2 place) ,value))
          ((eq (car place) 'gethash) `(puthash ,(nth 1 place) ,value ,(nth 2 place)))
          ((eq (car place) 'get) `(put ,(nth 1 place) ,(nth 2 place) ,value))
          ((eq (car place) 'symbol-value) `(set ,(nth 1 place) ,value))
          ((eq (car place) 'symbol-function) `(fset ,(nth 1 place) ,value))
          ((eq (car place) 'plist-get)
           `(setf ,(nth 1 place) (plist-put ,(nth 1 place) ,(nth 2 place) ,value)))
          ((eq (car place) 'alist-get)
           `(setf ,(nth 2 place) (alist-put ,(nth 1 place) ,value ,(nth 2 place))))
          ((get (car place) 'boot-slot)
           `(aset ,(nth 1 place) ,(get (car place) 'boot-slot) ,value))
          (t `(boot--set-place ',(car place) ,value ,@(cdr place))))))
    (if more `(progn ,form (setf ,@more)) form)))

(defun boot--set-place (name value &rest args)
  "Sets the place (NAME ARGS...), whose setter was not known when the program was read."
  (let ((slot (get name 'boot-slot)) (setter (get name 'gv-setter)))
    (cond (slot (aset (car args) slot value))
          (setter (apply setter value args))
          (t (error "No setter for %S" (cons name args))))
    value))

(defmacro gv-define-simple-setter (name setter &rest _)
  `(put ',name 'gv-setter (lambda (value &rest args) (apply #',setter (append args (list value))))))

(defmacro push (value place) `(setf ,place (cons ,value ,place)))
(defmacro pop (place) `(prog1 (car ,place) (setf ,place (cdr ,place))))
(defmacro cl-incf (place &optional by) `(setf ,place (+ ,place ,(or by 1))))
(defmacro cl-decf (place &optional by) `(setf ,place (- ,place ,(or by 1))))
(defalias 'incf (symbol-function 'cl-incf))
(defalias 'decf (symbol-function 'cl-decf))
(defmacro cl-pushnew (value place) `(unless (member ,value ,place) (push ,value ,place)))

;;; Lists

(defun caar (x) (car (car x)))
(defun cadr (x) (car (cdr x)))
(defun cdar (x) (cdr (car x)))
(defun cddr (x) (cdr (cdr x)))
(defun caddr (x) (car (cddr x)))
(defalias 'cl-first #'car)
(defalias 'cl-second #'cadr)
(defalias 'cl-third #'caddr)
(defalias 'cl-rest #'cdr)

(defun butlast (list &optional n)
  (let ((keep (- (length list) (or n 1))) (out nil))
    (while (> keep 0)
      (push (pop list) out)
      (setq keep (1- keep)))
    (nreverse out)))

(defun alist-get (key alist &optional default _remove test)
  (let ((pair (if test (assoc key alist test) (assq key alist))))
    (if pair (cdr pair) default)))

(defun alist-put (key value alist)
  (let ((pair (assq key alist)))
    (if pair (progn (setcdr pair value) alist)
      (cons (cons key value) alist))))

(defun assoc-default (key alist &optional test default)
  (let ((pair (assoc key alist test)))
    (if pair (cdr pair) default)))

(defun assoc-string (key alist &optional fold)
  (let ((found nil))
    (while (and alist (not found))
      (let ((other (if (consp (car alist)) (caar alist) (car alist))))
        (if (if fold (string= (downcase key) (downcase other)) (string= key other))
            (setq found (car alist))))
      (setq alist (cdr alist)))
    found))

(defun delete-dups (list)
  (let ((seen (make-hash-table :test 'equal)) (out nil))
    (dolist (x list (nreverse out))
      (unless (gethash x seen)
        (puthash x t seen)
        (push x out)))))

(defun flatten-tree (tree)
  (let ((work (list tree)) (out nil))
    (while work
      (let ((x (pop work)))
        (cond ((consp x) (push (cdr x) work) (push (car x) work))
              (x (push x out)))))
    (nreverse out)))

(defun seq-filter (pred seq)
  (let ((out nil))
    (mapc (lambda (x) (if (funcall pred x) (push x out))) seq)
    (nreverse out)))
(defun seq-remove (pred seq) (seq-filter (lambda (x) (not (funcall pred x))) seq))
(defalias 'seq-map #'mapcar)
(defalias 'seq-do #'mapc)
(defalias 'seq-uniq #'delete-dups)
(defalias 'cl-remove-if #'seq-remove)
(defalias 'cl-remove-if-not #'seq-filter)

(defun seq-reduce (f seq start)
  (mapc (lambda (x) (setq start (funcall f start x))) seq)
  start)

(defun seq-find (pred seq &optional default)
  (catch 'seq--found
    (mapc (lambda (x) (if (funcall pred x) (throw 'seq--found x))) seq)
    default))
(defalias 'cl-find-if #'seq-find)

(defun seq-some (pred seq)
  (catch 'seq--some
    (mapc (lambda (x) (let ((v (funcall pred x))) (if v (throw 'seq--some v)))) seq)
    nil))
(defun seq-every-p (pred seq) (not (seq-some (lambda (x) (not (funcall pred x))) seq)))
(defalias 'cl-some #'seq-some)
(defalias 'cl-every #'seq-every-p)

(defun seq-position (seq x)
  (let ((at 0))
    (catch 'seq--position
      (mapc (lambda (y) (if (equal x y) (throw 'seq--position at)) (setq at (1+ at))) seq)
      nil)))

(defun seq-take (seq n) (seq-subseq seq 0 (min n (length seq))))
(defun seq-drop (seq n) (seq-subseq seq (min n (length seq))))
(defun seq-empty-p (seq) (= (length seq) 0))

(defun seq-group-by (f seq)
  (let ((groups nil))
    (mapc (lambda (x)
            (let* ((key (funcall f x)) (group (assoc key groups)))
              (if group (setcdr group (cons x (cdr group)))
                (push (list key x) groups))))
          seq)
    (mapc (lambda (g) (setcdr g (nreverse (cdr g)))) groups)
    (nreverse groups)))

;;; Strings

(defun string-empty-p (s) (= (length s) 0))
(defun string-pad (s n &optional pad)
  (concat s (make-string (max 0 (- n (length s))) (or pad ?\s))))
(defun string-repeat (s n) (let ((out "")) (dotimes (_ n out) (setq out (concat out s)))))
(defun string-reverse (s) (reverse s))

;;; Structures

(defmacro cl-defstruct (name &rest slots)
  "A record type NAME: `make-NAME', `NAME-p', `copy-NAME' and an accessor a slot."
  (let* ((name (if (consp name) (car name) name))
         (slots (if (stringp (car slots)) (cdr slots) slots))
         (text (symbol-name name))
         (at 0))
    `(progn
       (defun ,(intern (concat "make-" text)) (&rest args)
         (record ',name
                 ,@(mapcar
                    (lambda (slot)
                      (let ((key (intern (concat ":" (symbol-name (if (consp slot) (car slot) slot)))))
                            (default (if (consp slot) (nth 1 slot))))
                        `(if (plist-member args ,key) (plist-get args ,key) ,default)))
                    slots)))
       (defun ,(intern (concat text "-p")) (x)
         (and (recordp x) (eq (aref x 0) ',name)))
       (defalias ',(intern (concat "copy-" text)) #'copy-sequence)
       ,@(mapcan
          (lambda (slot)
            (let ((accessor (intern (concat text "-" (symbol-name (if (consp slot) (car slot) slot))))))
              (setq at (1+ at))
              `((put ',accessor 'boot-slot ,at)
                (defun ,accessor (x)
                  (if (and (recordp x) (eq (aref x 0) ',name))
                      (aref x ,at)
                    (signal 'wrong-type-argument (list ',name x)))))))
          slots)
       ',name)))

;;; Patterns

(defun pcase--test (pattern value)
  "A pair: the form that tests VALUE, a symbol, and the bindings of PATTERN."
  (cond
   ((eq pattern '_) (cons t nil))
   ((or (keywordp pattern) (memq pattern '(nil t)) (not (or (symbolp pattern) (consp pattern))))
    (cons `(equal ,value ,pattern) nil))
   ((symbolp pattern) (cons t (list (list pattern value))))
   ((eq (car pattern) 'quote) (cons `(equal ,value ,pattern) nil))
   ((eq (car pattern) 'pred)
    (let ((pred (nth 1 pattern)))
      (cons (if (consp pred) (append pred (list value)) (list pred value)) nil)))
   ((eq (car pattern) 'guard) (cons (nth 1 pattern) nil))
   ((eq (car pattern) 'or)
    (cons `(or ,@(mapcar (lambda (p) (car (pcase--test p value))) (cdr pattern))) nil))
   ((eq (car pattern) 'and)
    (let ((tests nil) (bindings nil))
      (dolist (p (cdr pattern))
        (let ((test (pcase--test p value)))
          (push (if bindings `(let* ,(reverse bindings) ,(car test)) (car test)) tests)
          (setq bindings (append (reverse (cdr test)) bindings))))
      (cons `(and ,@(nreverse tests)) (nreverse bindings))))
   ((eq (car pattern) '\`) (pcase--structure (nth 1 pattern) value))
   (t (error "Unknown pattern %S" pattern))))

(defun pcase--structure (pattern value)
  (cond
   ((eq (car-safe pattern) '\,) (pcase--test (nth 1 pattern) value))
   ((consp pattern)
    (let* ((head (make-symbol "head")) (tail (make-symbol "tail"))
           (first (pcase--structure (car pattern) head))
           (rest (pcase--structure (cdr pattern) tail)))
      (cons `(and (consp ,value)
                  (let ((,head (car ,value)) (,tail (cdr ,value)))
                    (and ,(car first) ,(car rest))))
            `((,head (car ,value)) (,tail (cdr ,value)) ,@(cdr first) ,@(cdr rest)))))
   (t (cons `(equal ,value ',pattern) nil))))

(defmacro pcase (exp &rest clauses)
  (let ((value (make-symbol "value")))
    `(let ((,value ,exp))
       (cond
        ,@(mapcar (lambda (clause)
                    (let ((test (pcase--test (car clause) value)))
                      `(,(car test) (let* ,(cdr test) ,@(or (cdr clause) '(nil))))))
                  clauses)))))

(defmacro pcase-let (bindings &rest body)
  (if (null bindings) (cons 'progn body)
    `(pcase ,(nth 1 (car bindings)) (,(caar bindings) (pcase-let ,(cdr bindings) ,@body)))))

;;; Queues

(cl-defstruct queue front back (length 0))

(defun queue-add (queue value)
  (let ((cell (list value)))
    (if (queue-back queue)
        (setcdr (queue-back queue) cell)
      (setf (queue-front queue) cell))
    (setf (queue-back queue) cell)
    (cl-incf (queue-length queue))
    value))

(defun queue-take (queue)
  (let ((cell (queue-front queue)))
    (when cell
      (setf (queue-front queue) (cdr cell))
      (unless (cdr cell) (setf (queue-back queue) nil))
      (cl-decf (queue-length queue))
      (car cell))))

;;; Memory of calls

(defun memoized (f)
  "A function like F that computes each value once."
  (let ((known (make-hash-table :test 'equal)) (none (make-symbol "none")))
    (lambda (&rest args)
      (let ((value (gethash args known none)))
        (if (eq value none)
            (puthash args (apply f args) known)
          value)))))

(provide 'boot)
