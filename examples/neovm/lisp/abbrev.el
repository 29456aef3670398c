;;; abbrev.el --- abbreviations  -*- lexical-binding: t; -*-

(defun abbrev--make-table (name parents)
  "Define the empty table NAME that inherits from PARENTS."
  (define-abbrev-table name nil nil :parents parents))

(defun abbrev-expand (name &optional table)
  "What NAME stands for, its capitals as those of NAME; nil if it is no abbreviation.
It is counted, and the function that it wants is run."
  (let ((use (abbrev-use name (or table (global-abbrev-table)))))
    (when use
      (let ((text (abbrev--match-case name (car use))))
        (when (functionp (cdr use)) (funcall (cdr use)))
        text))))

(defun abbrev--match-case (name text)
  "TEXT with the capitals of NAME: all, the first, or as it is."
  (cond ((string= name (downcase name)) text)
        ((and (> (length name) 1) (string= name (upcase name))) (upcase text))
        (t (concat (upcase (substring text 0 1)) (substring text 1)))))

(defun abbrev-expand-text (text &optional table)
  "TEXT with each word that is an abbreviation expanded."
  (mapconcat (lambda (word) (or (abbrev-expand word table) word)) (split-string text " ") " "))

(defun abbrev-define-many (table &rest pairs)
  "Define PAIRS of name and text in TABLE."
  (while pairs
    (define-abbrev table (car pairs) (nth 1 pairs) nil :system t)
    (setq pairs (cddr pairs))))

(defun abbrev-describe (table)
  "A line for each abbreviation of TABLE."
  (mapcar (lambda (name)
            (let ((info (abbrev-info table name)))
              (format "%s\t%d\t%S" name (nth 2 info) (car info))))
          (abbrev-list table)))

(defun abbrev-forms ()
  "Forms that define the user's abbreviations again: what goes into the user's file."
  (let ((forms nil))
    (dolist (table (abbrev-table-names))
      (dolist (name (abbrev-list table))
        (let ((info (abbrev-info table name)))
          (unless (nth 3 info)
            (push `(define-abbrev ,table ,name ,(car info) ,(nth 1 info) :count ,(nth 2 info)) forms)))))
    (nreverse forms)))

(defun abbrev-suggestion (text &optional table)
  "The abbreviation that would have saved typing TEXT, or nil."
  (seq-find (lambda (name)
              (and (equal (abbrev-expansion name table) text)
                   (>= (- (length text) (length name)) abbrev-suggest-distance)))
            (abbrev-list (or table (global-abbrev-table)))))

;;; The tables

(defvar abbrev-expanded 0 "How often an abbreviation with a hook was expanded.")
(defun abbrev-note-use () (setq abbrev-expanded (1+ abbrev-expanded)))

(define-abbrev-table 'global-abbrev-table
  '(("teh" "the" nil :system t)
    ("adn" "and" nil :system t)
    ("btw" "by the way" abbrev-note-use)
    ("afaik" "as far as I know" abbrev-note-use :count 3)))
(set-global-abbrev-table 'global-abbrev-table)
(define-abbrev-table 'text-mode-abbrev-table
  '(("ie" "that is" nil :system t) ("eg" "for example" nil :system t) ("wrt" "with respect to"))
  "Abbreviations of prose." :parents '(global-abbrev-table))
(define-abbrev-table 'prog-mode-abbrev-table nil nil :parents '(global-abbrev-table) :case-fixed t)
(define-abbrev-table 'lisp-mode-abbrev-table
  '(("df" "defun" nil :system t) ("dm" "defmacro" nil :system t) ("lm" "lambda" nil :system t))
  nil :parents '(prog-mode-abbrev-table))
(define-abbrev-table 'c-mode-abbrev-table
  '(("inc" "#include" nil :system t) ("def" "#define" nil :system t))
  nil :parents '(prog-mode-abbrev-table) :regexp "\\(#?\\w+\\)")
(abbrev-table-put 'c-mode-abbrev-table 'origin 'library)
(abbrev-define-many 'text-mode-abbrev-table "imo" "in my opinion" "tbd" "to be decided" "naive" "naïve")
;; A table from a file in an encoding that nobody knows any more.
(define-abbrev-table 'legacy-abbrev-table nil)
(define-abbrev 'legacy-abbrev-table "\351t\351" "\340 l'\351t\351")
(set-abbrev-mode t)

(provide 'abbrev)
