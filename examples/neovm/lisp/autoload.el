;;; autoload.el --- definitions that are loaded later, and what replaces what  -*- lexical-binding: t; -*-

(defmacro with-eval-after-load (file &rest body)
  "Evaluate BODY once FILE, a name or a feature, is loaded; at once if it is."
  `(eval-after-load ,file (lambda () ,@body)))

(defmacro define-obsolete-function-alias (old new &optional when doc)
  "Let OLD mean the function NEW, and note since WHEN it should not be used."
  `(progn
     (defalias ,old ,new ,doc)
     (make-obsolete ,old ,new ,when)))

(defmacro define-obsolete-variable-alias (old new &optional when _doc)
  "Note that the variable OLD was replaced by NEW, and give it that value."
  `(progn
     (when (and (boundp ,new) (not (boundp ,old)))
       (set ,old (symbol-value ,new)))
     (make-obsolete-variable ,old ,new ,when)))

(defun obsolete-advice (symbol)
  "What to say to somebody who uses SYMBOL, or nil."
  (let ((info (or (obsolete-function-info symbol) (obsolete-variable-info symbol))))
    (when info
      (let ((instead (car info)) (since (cadr info)))
        (concat (format "`%s' is obsolete" symbol)
                (if since (format " since %s" since) "")
                (cond ((stringp instead) (concat "; " instead))
                      (instead (format "; use `%s' instead" instead))
                      (t "")))))))

(defun autoload-pending-p (symbol)
  "Whether the definition of SYMBOL was declared and is not loaded yet."
  (and (autoload-entry symbol) (autoloadp (symbol-function symbol)) t))

(defun autoload-declare (file &rest names)
  "Declare that FILE defines NAMES; each is a symbol, or (SYMBOL DOC INTERACTIVE TYPE)."
  (dolist (name names)
    (if (consp name)
        (autoload (car name) file (nth 1 name) (nth 2 name) (nth 3 name))
      (autoload name file))))

;;; What the library loads when it is needed

(autoload-declare
 "text-tools"
 '(text-tools-count "How many words a text has." nil nil)
 '(text-tools-wrap "The lines of a text, none longer than a width." nil nil)
 '(text-tools-report "Write how many words were counted so far." t nil)
 '(text-tools-with-counter "Run forms with a fresh counter of words." nil macro)
 '(text-tools-prefix-map "Keys of the text tools." nil keymap))

(with-eval-after-load "text-tools"
  (put 'text-tools 'loaded-by 'file))

(with-eval-after-load 'text-tools
  (put 'text-tools 'provided t))

;;; Names of former versions

(define-obsolete-function-alias 'string-to-words #'split-string "0.1")
(define-obsolete-function-alias 'list-unique #'delete-dups "0.2"
  "The elements of a list, each once.")
(make-obsolete 'boot--calls "it is of no use outside of `named-let'" "0.2")
(defvar words-per-line 12 "How many words a line should have.")
(define-obsolete-variable-alias 'line-words 'words-per-line "0.2")

(provide 'autoload)
