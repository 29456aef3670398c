;;; text-tools.el --- counting and wrapping words, loaded when needed  -*- lexical-binding: t; -*-

(defvar text-tools-counted 0 "How many words were counted.")

(defun text-tools-words (text)
  (seq-remove #'string-empty-p (split-string text)))

(defun text-tools-count (text)
  "How many words TEXT has; they are added to what was counted."
  (let ((count (length (text-tools-words text))))
    (setq text-tools-counted (+ text-tools-counted count))
    count))

(defun text-tools-wrap (text width)
  "The lines of TEXT, none longer than WIDTH unless a word is."
  (let ((lines nil) (line ""))
    (dolist (word (text-tools-words text))
      (cond ((string-empty-p line) (setq line word))
            ((<= (+ (length line) 1 (length word)) width)
             (setq line (concat line " " word)))
            (t (push line lines) (setq line word))))
    (unless (string-empty-p line) (push line lines))
    (nreverse lines)))

(defun text-tools-report ()
  "Write how many words were counted so far."
  (interactive)
  (message "%d words" text-tools-counted)
  text-tools-counted)

(defmacro text-tools-with-counter (&rest body)
  "Run BODY with a fresh counter; the value is how many words it counted."
  `(let ((text-tools-counted 0))
     ,@body
     text-tools-counted))

(fset 'text-tools-prefix-map (make-sparse-keymap "Text tools"))
(define-key 'text-tools-prefix-map "r" #'text-tools-report)

(provide 'text-tools)
