;;; subr.el --- lists, sequences, strings and functions  -*- lexical-binding: t; -*-

(define-error 'invalid-regexp "Invalid regexp")
(define-error 'wrong-length-argument "Wrong length argument")
(define-error 'cl-assertion-failed "Assertion failed")
(define-error 'json-parse-error "Not JSON")

;;; Control

(defmacro condition-case-unless-debug (var form &rest handlers)
  `(condition-case ,var ,form ,@handlers))

(defmacro with-suppressed-warnings (_ &rest body) (cons 'progn body))

(defmacro while-let (bindings &rest body)
  (let ((done (make-symbol "done")))
    `(catch ',done
       (while t
         (if-let ,bindings (progn ,@body) (throw ',done nil))))))

(defmacro and-let* (bindings &rest body)
  `(if-let* ,bindings ,(if body (cons 'progn body) t)))

(defmacro thread-first (form &rest steps)
  (dolist (step steps form)
    (setq form (if (consp step) (cons (car step) (cons form (cdr step))) (list step form)))))

(defmacro thread-last (form &rest steps)
  (dolist (step steps form)
    (setq form (if (consp step) (append step (list form)) (list step form)))))

(defmacro save-match-data (&rest body)
  (let ((saved (make-symbol "saved")))
    `(let ((,saved (match-data)))
       (unwind-protect (progn ,@body)
         (set-match-data ,saved)))))

(defmacro dotimes-with-progress-reporter (spec _message &rest body)
  `(dotimes ,spec ,@body))

(defun apply-partially (f &rest args)
  "A function that calls F with ARGS in front of its own arguments."
  (lambda (&rest more) (apply f (append args more))))

(defun complement (f)
  "A function that is true where F is not."
  (lambda (&rest args) (not (apply f args))))

(defun compose (&rest functions)
  "A function that calls the last of FUNCTIONS, then the one before it with the result, and so on."
  (let ((functions (reverse functions)))
    (lambda (&rest args)
      (let ((value (apply (car functions) args)))
        (dolist (f (cdr functions) value)
          (setq value (funcall f value)))))))

;;; Lists

(defun caaar (x) (car (caar x)))
(defun caadr (x) (car (cadr x)))
(defun cadar (x) (car (cdar x)))
(defun cdadr (x) (cdr (cadr x)))
(defun cdddr (x) (cdr (cddr x)))
(defun cadddr (x) (car (cdddr x)))

(defun ensure-list (object) (if (listp object) object (list object)))
(defun xor (a b) (if a (not b) b))

(defun take (n list)
  (let ((out nil))
    (while (and list (> n 0))
      (push (pop list) out)
      (setq n (1- n)))
    (nreverse out)))

(defun copy-alist (alist)
  (mapcar (lambda (x) (if (consp x) (cons (car x) (cdr x)) x)) alist))

(defun copy-tree (tree &optional vectors)
  "A copy of all conses of TREE, and with VECTORS of all vectors and records in it."
  (cond
   ((consp tree)
    (let ((out nil))
      (while (consp tree)
        (push (copy-tree (car tree) vectors) out)
        (setq tree (cdr tree)))
      (nconc (nreverse out) (if tree (copy-tree tree vectors)))))
   ((and vectors (or (vectorp tree) (recordp tree)))
    (let ((copy (copy-sequence tree)) (n (length tree)))
      (dotimes (i n copy)
        (aset copy i (copy-tree (aref copy i) vectors)))))
   (t tree)))

(defun assq-delete-all (key alist)
  (seq-remove (lambda (x) (eq (car-safe x) key)) alist))

(defun assoc-delete-all (key alist &optional test)
  (seq-remove (lambda (x) (and (consp x) (funcall (or test #'equal) (car x) key))) alist))

(defun rassq-delete-all (value alist)
  (seq-remove (lambda (x) (eq (cdr-safe x) value)) alist))

(defun delete-consecutive-dups (list)
  (let ((out nil))
    (dolist (x list (nreverse out))
      (unless (and out (equal x (car out))) (push x out)))))

(defun add-to-list (symbol element &optional append)
  (let ((list (symbol-value symbol)))
    (unless (member element list)
      (set symbol (if append (append list (list element)) (cons element list))))
    (symbol-value symbol)))

(defun alist-to-plist (alist)
  (mapcan (lambda (pair) (list (car pair) (cdr pair))) alist))

(defun plist-to-alist (plist)
  (let ((out nil))
    (while plist
      (push (cons (pop plist) (pop plist)) out))
    (nreverse out)))

;;; Sequences

(defun seq-elt (seq n) (elt seq n))
(defun seq-length (seq) (length seq))
(defun seq-first (seq) (elt seq 0))
(defun seq-rest (seq) (seq-subseq seq 1))
(defun seq-reverse (seq) (reverse seq))
(defun seq-copy (seq) (copy-sequence seq))
(defun seq-concatenate (type &rest seqs) (seq-into (apply #'append (append seqs '(nil))) type))

(defun seq-into (seq type)
  (cond ((eq type 'list) (append seq nil))
        ((eq type 'vector) (vconcat seq))
        ((eq type 'string) (concat seq))
        (t (error "Not a sequence type name: %S" type))))

(defun seq-map-indexed (f seq)
  (let ((at -1))
    (mapcar (lambda (x) (funcall f x (setq at (1+ at)))) seq)))

(defun seq-mapn (f seq &rest seqs)
  (let ((lists (mapcar (lambda (s) (append s nil)) (cons seq seqs))) (out nil))
    (while (not (memq nil lists))
      (push (apply f (mapcar #'car lists)) out)
      (setq lists (mapcar #'cdr lists)))
    (nreverse out)))

(defun seq-mapcat (f seq) (apply #'append (mapcar f seq)))
(defun seq-keep (f seq) (delq nil (mapcar f seq)))
(defun seq-count (pred seq) (length (seq-filter pred seq)))
(defun seq-contains-p (seq x &optional test)
  (seq-some (lambda (y) (funcall (or test #'equal) x y)) seq))
(defun seq-difference (a b) (seq-remove (lambda (x) (seq-contains-p b x)) a))
(defun seq-intersection (a b) (seq-filter (lambda (x) (seq-contains-p b x)) a))
(defun seq-union (a b) (delete-dups (append a b nil)))
(defun seq-min (seq) (apply #'min (append seq nil)))
(defun seq-max (seq) (apply #'max (append seq nil)))
(defun seq-sort (pred seq) (sort (copy-sequence seq) pred))

(defun seq-sort-by (f pred seq)
  (seq-sort (lambda (a b) (funcall pred (funcall f a) (funcall f b))) seq))

(defun seq-take-while (pred seq)
  (let ((out nil))
    (catch 'seq--end
      (mapc (lambda (x) (if (funcall pred x) (push x out) (throw 'seq--end nil))) seq))
    (nreverse out)))

(defun seq-drop-while (pred seq)
  (let ((list (append seq nil)))
    (while (and list (funcall pred (car list))) (pop list))
    list))

(defun seq-partition (seq n)
  (let ((list (append seq nil)) (out nil))
    (while list
      (push (take n list) out)
      (setq list (nthcdr n list)))
    (nreverse out)))

(defun seq-split (seq n) (seq-partition seq n))

(defun seq-random-elt (seq)
  (if (seq-empty-p seq) (error "Sequence cannot be empty")
    (elt seq (random (length seq)))))

(defmacro seq-doseq (spec &rest body)
  `(mapc (lambda (,(car spec)) ,@body) ,(nth 1 spec)))

(defmacro seq-let (names seq &rest body)
  (let ((value (make-symbol "seq")) (at -1))
    `(let* ((,value (append ,seq nil))
            ,@(mapcar (lambda (name) (setq at (1+ at)) `(,name (nth ,at ,value))) names))
       ,@body)))

;;; Strings

(defun match-string (n &optional string)
  (if (match-beginning n)
      (substring string (match-beginning n) (match-end n))))

(defun match-string-no-properties (n &optional string)
  (if (match-beginning n)
      (substring-no-properties string (match-beginning n) (match-end n))))

(defun replace-regexp-in-string (regexp rep string &optional _fixed literal _sub start)
  "STRING from START on with REP, a text or a function of the match, for each match of REGEXP."
  (let* ((at (or start 0)) (end (length string)) (out (list (substring string 0 at))))
    (save-match-data
      (while (and (< at end) (string-match regexp string at))
        (let* ((from (match-beginning 0)) (to (match-end 0))
               (new (if (stringp rep) rep (save-match-data (funcall rep (match-string 0 string)))))
               ;; Behind an empty match goes one character on its way.
               (next (if (= from to) (min end (1+ from)) to)))
          (push (substring string at from) out)
          (push (match-substitute new literal string) out)
          (push (substring string to next) out)
          (setq at next)))
      (push (substring string at) out))
    (apply #'concat (nreverse out))))

(defun split-string (string &optional separators omit-nulls trim)
  "The parts of STRING between matches of the regexp SEPARATORS."
  (let* ((keep (and separators (not omit-nulls)))
         (regexp (or separators "[ \f\t\n\r\v]+"))
         (at 0) (search 0) (out nil) (end (length string)))
    (save-match-data
      (while (and (<= search end) (string-match regexp string search)
                  (or (< (match-beginning 0) end) (> (match-end 0) (match-beginning 0))))
        (let ((from (match-beginning 0)) (to (match-end 0)))
          (if (= to from)
              (setq search (1+ to))
            (push (substring string at from) out)
            (setq at to search to)))))
    (push (substring string at) out)
    (if trim (setq out (mapcar (lambda (s) (string-trim s trim trim)) out)))
    (setq out (nreverse out))
    (if keep out (seq-remove #'string-empty-p out))))

(defun string-trim-left (string &optional regexp)
  (if (string-match (concat "\\`\\(?:" (or regexp "[ \t\n\r]+") "\\)") string)
      (substring string (match-end 0))
    string))

(defun string-trim-right (string &optional regexp)
  (let ((at (string-match-p (concat "\\(?:" (or regexp "[ \t\n\r]+") "\\)\\'") string)))
    (if at (substring string 0 at) string)))

(defun string-trim (string &optional left right)
  (string-trim-left (string-trim-right string right) left))

(defun string-blank-p (s) (string-match-p "\\`[ \t\n\r]*\\'" s))
(defun string-remove-prefix (prefix s) (if (string-prefix-p prefix s) (substring s (length prefix)) s))
(defun string-remove-suffix (suffix s)
  (if (string-suffix-p suffix s) (substring s 0 (- (length s) (length suffix))) s))
(defun string-lines (s &optional omit-nulls) (split-string s "\n" omit-nulls))
(defun string-chop-newline (s) (string-remove-suffix "\n" s))
(defun string-clean-whitespace (s) (string-trim (replace-regexp-in-string "[ \t\n\r]+" " " s)))
(defun string-greaterp (a b) (string< b a))
(defun string-or-null-p (x) (or (null x) (stringp x)))
(defun char-uppercase-p (c) (/= c (downcase c)))

(defun string-truncate-left (s n) (if (<= (length s) n) s (concat "..." (substring s (- (length s) (max 1 (- n 3)))))))
(defun truncate-string-to-width (s end &optional start _padding ellipsis)
  (let ((s (substring s (min (or start 0) (length s)))))
    (cond ((<= (length s) end) s)
          (ellipsis (let ((mark (if (stringp ellipsis) ellipsis "...")))
                      (concat (substring s 0 (max 0 (- end (length mark)))) mark)))
          (t (substring s 0 end)))))

(defun string-fill (text width)
  "TEXT with its words in lines of at most WIDTH characters where they fit."
  (let ((lines nil) (line ""))
    (dolist (word (split-string text))
      (cond ((string-empty-p line) (setq line word))
            ((<= (+ (length line) 1 (length word)) width) (setq line (concat line " " word)))
            (t (push line lines) (setq line word))))
    (string-join (nreverse (if (string-empty-p line) lines (cons line lines))) "\n")))

(defun string-version-lessp (a b)
  "Whether A comes before B when runs of digits are compared as numbers."
  (let ((parts (lambda (s)
                 (let ((out nil) (at 0))
                   (while (string-match "[0-9]+\\|[^0-9]+" s at)
                     (push (match-string 0 s) out)
                     (setq at (match-end 0)))
                   (nreverse out))))
        (answer nil))
    (let ((x (funcall parts a)) (y (funcall parts b)))
      (while (and x y (equal (car x) (car y))) (pop x) (pop y))
      (setq answer
            (cond ((null y) nil)
                  ((null x) t)
                  ((and (string-match-p "\\`[0-9]" (car x)) (string-match-p "\\`[0-9]" (car y)))
                   (< (string-to-number (car x)) (string-to-number (car y))))
                  (t (string< (car x) (car y)))))
      answer)))

(defun string-distance (a b)
  "How many characters are inserted, deleted or replaced to make A of B."
  (let* ((n (length b)) (row (number-sequence 0 n)))
    (seq-doseq (c a)
      (let ((new (list (1+ (car row)))) (left row))
        (dotimes (j n)
          (push (min (1+ (car new)) (1+ (cadr left))
                     (+ (car left) (if (= c (aref b j)) 0 1)))
                new)
          (pop left))
        (setq row (nreverse new))))
    (car (last row))))

(defun format-spec (format specification)
  "FORMAT with %c replaced by the value of the character c in the alist SPECIFICATION."
  (replace-regexp-in-string
   "%\\([-0-9]*\\)\\(.\\)"
   (lambda (match)
     (let* ((c (aref match (1- (length match)))) (flags (substring match 1 -1)))
       (if (= c ?%) "%"
         (let ((value (assq c specification)))
           (unless value (error "Invalid format character: `%%%c'" c))
           (format (concat "%" flags "s") (cdr value))))))
   format nil t))

;;; Numbers

(defun cl-isqrt (n)
  "The integer part of the square root of N, of any size."
  (if (< n 0) (signal 'arith-error nil)
    (let ((x n) (y (/ (1+ n) 2)))
      (while (< y x)
        (setq x y y (/ (+ x (/ n x)) 2)))
      x)))

(defun cl-gcd (&rest numbers)
  (let ((a 0))
    (dolist (b numbers (abs a))
      (while (/= b 0)
        (let ((rest (% a b))) (setq a b b rest))))))

(defun cl-lcm (&rest numbers)
  (if (memq 0 numbers) 0
    (let ((a 1))
      (dolist (b numbers (abs a))
        (setq a (* (/ a (cl-gcd a b)) b))))))

(defun cl-evenp (n) (= (mod n 2) 0))
(defun cl-oddp (n) (= (mod n 2) 1))
(defun cl-plusp (n) (> n 0))
(defun cl-minusp (n) (< n 0))
(defun cl-digit-char-p (c &optional radix)
  (let ((value (cond ((<= ?0 c ?9) (- c ?0)) ((<= ?a (downcase c) ?z) (+ 10 (- (downcase c) ?a))))))
    (and value (< value (or radix 10)) value)))
(defun cl-floor (x y) (let ((q (floor x y))) (list q (- x (* q y)))))
(defun cl-truncate (x y) (let ((q (truncate x y))) (list q (- x (* q y)))))

;;; The process

(defun getenv (name)
  "The value of a variable of `process-environment', or nil."
  (let ((start (concat name "=")))
    (seq-some (lambda (s) (if (string-prefix-p start s) (substring s (length start)))) process-environment)))

(defun setenv (name &optional value)
  (let ((start (concat name "=")))
    (setq process-environment
          (append (if value (list (concat start value)))
                  (seq-remove (lambda (s) (string-prefix-p start s)) process-environment)))
    value))

(defun file-name-nondirectory (name)
  (if (string-match "[^/]*\\'" name) (match-string 0 name) name))

(defun file-name-directory (name)
  (let ((rest (file-name-nondirectory name)))
    (if (< (length rest) (length name)) (substring name 0 (- (length name) (length rest))))))

(defun file-name-as-directory (name)
  (cond ((string-empty-p name) "./") ((string-suffix-p "/" name) name) (t (concat name "/"))))

(defun directory-file-name (name)
  (if (and (> (length name) 1) (string-suffix-p "/" name)) (substring name 0 -1) name))

(defun file-name-extension (name)
  (let ((name (file-name-nondirectory name)))
    (if (string-match "[^.]\\.\\([^.]*\\)\\'" name) (match-string 1 name))))

(defun file-name-sans-extension (name)
  (let ((extension (file-name-extension name)))
    (if extension (substring name 0 (- (length name) (length extension) 1)) name)))

(defun file-name-base (name) (file-name-sans-extension (file-name-nondirectory name)))
(defun file-name-absolute-p (name) (string-match-p "\\`[/~]" name))
(defun file-name-concat (directory &rest parts)
  (dolist (part parts directory)
    (setq directory (concat (file-name-as-directory directory) part))))

(defun expand-file-name (name &optional directory)
  "NAME as an absolute name without `.' and `..', relative to DIRECTORY or `default-directory'."
  (let* ((directory (or directory default-directory "/"))
         (whole (if (string-prefix-p "/" name) name (concat (file-name-as-directory directory) name)))
         (out nil))
    (dolist (part (split-string whole "/+" t))
      (cond ((equal part "."))
            ((equal part "..") (pop out))
            (t (push part out))))
    (concat "/" (string-join (nreverse out) "/")
            (if (and out (string-suffix-p "/" whole)) "/" ""))))

(provide 'subr)
(provide 'subr-x)
(provide 'seq)
