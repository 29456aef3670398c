;;; numbers.el --- numbers larger than a word, and tables of them  -*- lexical-binding: t -*-

;;; Commentary:

;; Constants that only a bignum holds, sequences that remember what they were asked for, and the little that is
;; written in byte code because it is called all the time.

;;; Code:

(defconst numbers-word-max (1- (expt 2 64))
  "The largest number that a machine word holds.")

(defconst numbers-word-min (- (expt 2 63))
  "The smallest number that a machine word with a sign holds.")

(defalias 'numbers-itself (make-byte-code 257 "\211\207" [] 2)
  "The number that it is given.")

(defvar numbers-factorials (make-hash-table)
  "The factorials that were asked for.")

(defun numbers-factorial (n)
  "The product of the numbers from 1 to N, remembered."
  (or (gethash n numbers-factorials)
      (puthash n (if (< n 2) 1 (* n (numbers-factorial (1- n)))) numbers-factorials)))

(defvar numbers-names (make-hash-table :test 'equal)
  "Numbers by their names.")

(defun numbers-name (name number)
  "Call NUMBER by NAME, a string."
  (puthash name (numbers-itself number) numbers-names))

(defun numbers-named (name)
  "The number called NAME; nil if there is none."
  (gethash name numbers-names))

(defun numbers-digits (number &optional base)
  "The digits of NUMBER in BASE, ten by default, the highest first."
  (let ((base (or base 10)) (digits nil))
    (while (>= number base)
      (push (% number base) digits)
      (setq number (/ number base)))
    (cons number digits)))

(numbers-factorial 25)
(numbers-name "kibi" 1024)
(numbers-name "mebi" (* 1024 1024))
(numbers-name "word" numbers-word-max)

(defvar numbers-sources
  (mapcar (lambda (text) (nth 1 (read-positioning-symbols text)))
          '("(defun numbers-factorial (n))" "(defun numbers-digits (number))"))
  "The symbols that this file defines, with where each was read.")

(provide 'numbers)
;;; numbers.el ends here
