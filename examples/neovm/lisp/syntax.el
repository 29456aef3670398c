;;; syntax.el --- tables of syntax, categories and case  -*- lexical-binding: t; -*-

(defvar text-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?\" ".   " table)
    (modify-syntax-entry ?\\ ".   " table)
    (modify-syntax-entry ?' "w p" table)
    table)
  "The syntax of prose.")

(defvar lisp-data-mode-syntax-table
  (let ((table (make-syntax-table)) (c 0))
    (while (< c ?0)
      (modify-syntax-entry c "_   " table)
      (setq c (1+ c)))
    (dolist (space '(?\s ?\t ?\f ?\r))
      (modify-syntax-entry space "    " table))
    (modify-syntax-entry ?\n ">   " table)
    (modify-syntax-entry ?\; "<   " table)
    (modify-syntax-entry ?` "'   " table)
    (modify-syntax-entry ?' "'   " table)
    (modify-syntax-entry ?, "'   " table)
    (modify-syntax-entry ?@ "_ p" table)
    (modify-syntax-entry ?. "_   " table)
    (modify-syntax-entry ?# "'   " table)
    (modify-syntax-entry ?\" "\"    " table)
    (modify-syntax-entry ?\\ "\\   " table)
    (modify-syntax-entry ?\( "()  " table)
    (modify-syntax-entry ?\) ")(  " table)
    table)
  "The syntax of data written in Lisp.")

(defvar lisp-mode-syntax-table
  (let ((table (make-syntax-table lisp-data-mode-syntax-table)))
    (modify-syntax-entry ?\[ "_   " table)
    (modify-syntax-entry ?\] "_   " table)
    (modify-syntax-entry ?# "' 14" table)
    (modify-syntax-entry ?| "\" 23bn" table)
    table)
  "The syntax of programs in Lisp.")

(defvar emacs-lisp-mode-syntax-table
  (let ((table (make-syntax-table lisp-data-mode-syntax-table)))
    (modify-syntax-entry ?\[ "(]  " table)
    (modify-syntax-entry ?\] ")[  " table)
    table)
  "The syntax of programs in Emacs Lisp.")

(defvar c-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?_ "w" table)
    (modify-syntax-entry ?/ ". 124b" table)
    (modify-syntax-entry ?* ". 23" table)
    (modify-syntax-entry ?\n "> b" table)
    (modify-syntax-entry ?# "." table)
    (modify-syntax-entry ?' "\"" table)
    table)
  "The syntax of programs in C and languages like it.")

(defmacro with-syntax-table (table &rest body)
  "Evaluate BODY with the syntax of TABLE."
  (let ((old (make-symbol "old")))
    `(let ((,old (syntax-table)))
       (unwind-protect
           (progn (set-syntax-table ,table) ,@body)
         (set-syntax-table ,old)))))

(defun syntax-word-p (c) (eq (char-syntax c) ?w))

(defun syntax-words (text &optional table)
  "The words of TEXT, by the syntax of TABLE or the current one."
  (with-syntax-table (or table (syntax-table))
    (let ((words nil) (word nil))
      (dolist (c (append (string-to-list text) '(?\s)))
        (cond ((syntax-word-p c) (push c word))
              (word (push (apply #'string (nreverse word)) words) (setq word nil))))
      (nreverse words))))

(defun syntax-balanced-p (text &optional table)
  "Whether the parentheses of TEXT match, by the syntax of TABLE or the current one."
  (with-syntax-table (or table (syntax-table))
    (catch 'syntax--unbalanced
      (let ((open nil))
        (dolist (c (string-to-list text))
          (let ((class (char-syntax c)))
            (cond ((eq class ?\() (push (matching-paren c) open))
                  ((eq class ?\)) (unless (eq (pop open) c) (throw 'syntax--unbalanced nil))))))
        (null open)))))

;;; Categories

(defun define-categories (&rest categories)
  "Define each of CATEGORIES, (NAME DOC RANGE...), in the standard table."
  (dolist (category categories)
    (define-category (car category) (nth 1 category) (standard-category-table))
    (dolist (range (cddr category))
      (modify-category-entry range (car category) (standard-category-table)))))

(define-categories
 '(?a "ASCII" (0 . 127))
 '(?l "Latin" (?A . ?Z) (?a . ?z) (#xC0 . #x24F))
 '(?g "Greek" (#x370 . #x3FF))
 '(?y "Cyrillic" (#x400 . #x52F))
 '(?H "Japanese Hiragana" (#x3041 . #x309F))
 '(?K "Japanese Katakana" (#x30A0 . #x30FF))
 '(?C "Chinese Han" (#x4E00 . #x9FFF))
 '(?h "Korean" (#xAC00 . #xD7A3))
 '(?| "Lines may be broken here" (#x3041 . #x30FF) (#x4E00 . #x9FFF))
 '(?. "Base" (0 . #x2FF))
 '(?^ "Combining" (#x300 . #x36F))
 '(?5 "Digits" (?0 . ?9)))

(defun char-in-category-p (c category)
  (aref (char-category-set c) category))

;;; Case

(defun case-down (c) (or (aref (standard-case-table) c) c))
(defun case-up (c) (or (aref (char-table-extra-slot (standard-case-table) 0) c) c))

(defun set-case-syntax-pair (upper lower)
  "Let UPPER and LOWER be the capital and the small form of one letter."
  (let ((down (standard-case-table)))
    (aset down upper lower)
    (aset (char-table-extra-slot down 0) lower upper)
    (modify-syntax-entry upper "w" (standard-syntax-table))
    (modify-syntax-entry lower "w" (standard-syntax-table))))

;; Georgian, which the machine's own table leaves out.
(dotimes (n 38)
  (set-case-syntax-pair (+ #x1C90 n) (+ #x10D0 n)))

(provide 'syntax)
