;;; text.el --- text out of data, and data out of text  -*- lexical-binding: t; -*-

;;; JSON

(defun json-encode (value)
  "VALUE as JSON: vectors are arrays, hash tables and alists with symbol or string keys are objects."
  (cond
   ((null value) "null")
   ((eq value t) "true")
   ((memq value '(:false :json-false)) "false")
   ((eq value :null) "null")
   ((numberp value) (number-to-string value))
   ((stringp value) (json--quote value))
   ((symbolp value) (json--quote (symbol-name value)))
   ((vectorp value) (concat "[" (mapconcat #'json-encode value ",") "]"))
   ((hash-table-p value)
    (let ((pairs nil))
      (maphash (lambda (k v) (push (cons k v) pairs)) value)
      (json--object (nreverse pairs))))
   ((and (proper-list-p value) (seq-every-p #'consp value)
         (seq-every-p (lambda (pair) (or (symbolp (car pair)) (stringp (car pair)))) value))
    (json--object value))
   ((proper-list-p value) (json-encode (vconcat value)))
   (t (signal 'wrong-type-argument (list 'json-value-p value)))))

(defun json--object (pairs)
  (concat "{"
          (mapconcat (lambda (pair)
                       (concat (json--quote (if (symbolp (car pair)) (symbol-name (car pair)) (car pair)))
                               ":" (json-encode (cdr pair))))
                     pairs ",")
          "}"))

(defun json--quote (string)
  (concat "\""
          (mapconcat (lambda (c)
                       (cond ((= c ?\") "\\\"") ((= c ?\\) "\\\\") ((= c ?\n) "\\n") ((= c ?\t) "\\t")
                             ((< c 32) (format "\\u%04x" c)) (t (char-to-string c))))
                     string "")
          "\""))

(defvar json--text nil)
(defvar json--at nil)

(defun json-parse-string (text)
  "The value of the JSON in TEXT: arrays are vectors, objects hash tables, null :null, false :false."
  (let ((json--text text) (json--at 0))
    (prog1 (json--value)
      (json--blanks)
      (if (< json--at (length text)) (json--error)))))

(defun json--error () (signal 'json-parse-error (list json--at)))
(defun json--blanks ()
  (while (memq (json--peek) '(?\s ?\n ?\t ?\r)) (setq json--at (1+ json--at))))
(defun json--peek () (if (< json--at (length json--text)) (aref json--text json--at)))
(defun json--expect (c)
  (json--blanks)
  (if (eq (json--peek) c) (setq json--at (1+ json--at)) (json--error)))

(defun json--value ()
  (json--blanks)
  (let ((c (json--peek)))
    (cond
     ((eq c ?\{) (json--pairs))
     ((eq c ?\[)
      (let ((out nil))
        (json--expect ?\[)
        (json--blanks)
        (if (eq (json--peek) ?\]) (json--expect ?\])
          (push (json--value) out)
          (while (progn (json--blanks) (eq (json--peek) ?,))
            (json--expect ?,)
            (push (json--value) out))
          (json--expect ?\]))
        (vconcat (nreverse out))))
     ((eq c ?\") (json--string))
     ((and (string-match "-?[0-9]+\\(?:\\.[0-9]+\\)?\\(?:[eE][-+]?[0-9]+\\)?\\|true\\|false\\|null" json--text json--at)
           (= (match-beginning 0) json--at))
      (let ((word (match-string 0 json--text)))
        (setq json--at (match-end 0))
        (cond ((equal word "true") t) ((equal word "false") :false) ((equal word "null") :null)
              (t (string-to-number word)))))
     (t (json--error)))))

(defun json--pairs ()
  (let ((table (make-hash-table :test 'equal)))
    (json--expect ?\{)
    (json--blanks)
    (unless (eq (json--peek) ?\})
      (let ((more t))
        (while more
          (json--blanks)
          (let ((key (json--string)))
            (json--expect ?:)
            (puthash key (json--value) table))
          (json--blanks)
          (setq more (eq (json--peek) ?,))
          (if more (json--expect ?,)))))
    (json--expect ?\})
    table))

(defun json--string ()
  (json--expect ?\")
  (let ((out nil) (c nil))
    (while (not (eq (setq c (json--peek)) ?\"))
      (unless c (json--error))
      (setq json--at (1+ json--at))
      (if (/= c ?\\) (push c out)
        (let ((escape (json--peek)))
          (setq json--at (1+ json--at))
          (if (eq escape ?u)
              (progn (push (string-to-number (substring json--text json--at (+ json--at 4)) 16) out)
                     (setq json--at (+ json--at 4)))
            (push (or (cdr (assq escape '((?n . ?\n) (?t . ?\t) (?r . ?\r) (?b . 8) (?f . 12)))) escape) out)))))
    (json--expect ?\")
    (concat (nreverse out))))

;;; Text from a grammar

(defvar text-grammar
  '((sentence (noun-phrase verb-phrase))
    (noun-phrase (article noun) (article adjective noun) (name))
    (verb-phrase (verb noun-phrase) (verb))
    (article "a" "the" "every")
    (adjective "quick" "silent" "mapped" "lazy")
    (noun "image" "symbol" "collector" "closure" "word")
    (name "Lisp" "Emacs")
    (verb "finds" "keeps" "marks" "evaluates"))
  "Rules: a symbol, and what may stand for it.")

(defun text-generate (symbol seed &optional grammar)
  "A text that GRAMMAR makes of SYMBOL; the number SEED says which."
  (let ((state seed) (grammar (or grammar text-grammar)) (words nil) (work (list symbol)))
    (while work
      (let ((item (pop work)))
        (cond ((stringp item) (push item words))
              ((consp item) (setq work (append item work)))
              (t (let ((choices (cdr (assq item grammar))))
                   (unless choices (error "No rule for %S" item))
                   (setq state (mod (+ (* state 1103515245) 12345) 2147483648))
                   (push (nth (mod (/ state 65536) (length choices)) choices) work))))))
    (string-join (nreverse words) " ")))

;;; Text from a model of text

(defun text-model (text &optional order)
  "A table from each ORDER words of TEXT to the words that follow them."
  (let ((words (split-string text)) (n (or order 1)) (model (make-hash-table :test 'equal)))
    (while (nthcdr n words)
      (let ((key (take n words)))
        (puthash key (append (gethash key model) (list (nth n words))) model))
      (pop words))
    model))

(defun text-continue (model words count)
  "At most COUNT words more behind WORDS, each the most frequent follower, the first of equals."
  (let ((out (reverse words)) (n (length words)))
    (dotimes (_ count)
      (let ((followers (gethash (reverse (take n out)) model)))
        (when followers
          (push (caar (seq-sort (lambda (a b) (> (cdr a) (cdr b)))
                                (mapcar (lambda (w) (cons w (seq-count (lambda (x) (equal x w)) followers)))
                                        (delete-dups followers))))
                out))))
    (string-join (nreverse out) " ")))

;;; Tables

(defun text-table (rows)
  "ROWS of values as lines with columns as wide as they need."
  (let ((widths nil))
    (dolist (row rows)
      (setq widths (let ((cells (mapcar (lambda (x) (length (format "%s" x))) row)) (out nil))
                     (while (or cells widths)
                       (push (max (or (pop cells) 0) (or (pop widths) 0)) out))
                     (nreverse out))))
    (mapconcat (lambda (row)
                 (string-trim-right
                  (mapconcat #'identity
                             (cl-mapcar (lambda (x width) (string-pad (format "%s" x) width)) row widths)
                             "  ")))
               rows "\n")))

(provide 'json)
(provide 'text)
