;;; pp.el --- printing forms over several lines  -*- lexical-binding: t; -*-

(defvar pp-width 72 "Columns that a line has, where a form can be broken.")

(defvar pp-indents
  '((defun . 2) (defmacro . 2) (cl-defun . 2) (defvar . 1) (defconst . 1) (lambda . 1) (let . 1) (let* . 1)
    (when . 1) (unless . 1) (while . 1) (dolist . 1) (dotimes . 1) (if . 2) (condition-case . 2)
    (catch . 1) (unwind-protect . 1) (progn . 0) (cl-loop . 0))
  "How many forms stand on the first line of a call; the rest goes below, indented by two.")

(defun pp-to-string (object)
  "The text of OBJECT over as many lines as it needs."
  (concat (string-join (pp--lines object 0) "\n") "\n"))

(defun pp (object) (princ (pp-to-string object)) nil)

(defun pp--prefix (object)
  "The mark that stands for the head of a quoting OBJECT."
  (and (consp object) (consp (cdr object)) (null (cddr object))
       (cdr (assq (car object) '((quote . "'") (function . "#'") (\` . "`") (\, . ",") (\,@ . ",@"))))))

(defun pp--lines (object column)
  "The lines of OBJECT when it starts at COLUMN; the first one without indentation."
  (let ((flat (prin1-to-string object)) (prefix (pp--prefix object)))
    (cond
     ((or (<= (+ column (length flat)) pp-width) (atom object) (not (proper-list-p object)))
      (if (and (vectorp object) (> (+ column (length flat)) pp-width) (> (length object) 0))
          (pp--body "[" (append object nil) "]" column)
        (list flat)))
     (prefix (pp--glue prefix (pp--lines (cadr object) (+ column (length prefix)))))
     ((assq (car object) pp-indents)
      (pp--call object (cdr (assq (car object) pp-indents)) column))
     (t (pp--body "(" object ")" column)))))

(defun pp--glue (text lines) (cons (concat text (car lines)) (cdr lines)))

(defun pp--indent (lines column)
  (mapcar (lambda (line) (concat (make-string column ?\s) line)) lines))

(defun pp--close (lines close)
  (let ((reversed (reverse lines)))
    (nreverse (cons (concat (car reversed) close) (cdr reversed)))))

(defun pp--body (open elements close column)
  "Each of ELEMENTS on a line of its own, below the first."
  (let ((out nil))
    (dolist (element elements)
      (let ((lines (pp--lines element (1+ column))))
        (setq out (append out (if out (cons (concat (make-string (1+ column) ?\s) (car lines)) (cdr lines))
                                (pp--glue open lines))))))
    (pp--close out close)))

(defun pp--call (form distinguished column)
  "The head of FORM and DISTINGUISHED forms on the first line, the others below."
  (let* ((head (prin1-to-string (car form))) (first (take distinguished (cdr form)))
         (rest (nthcdr (1+ distinguished) form))
         (out (list (concat "(" head))))
    (dolist (element first)
      (let* ((last (car (last out)))
             (at (if (cdr out) (1+ (length last)) (+ column 1 (length last))))
             (lines (pp--lines element at)))
        (setq out (append (butlast out) (list (concat last " " (car lines))) (cdr lines)))))
    (dolist (element rest)
      (let ((lines (pp--lines element (+ column 2))))
        (setq out (append out (list (concat (make-string (+ column 2) ?\s) (car lines))) (cdr lines)))))
    (pp--close out ")")))

(provide 'pp)
