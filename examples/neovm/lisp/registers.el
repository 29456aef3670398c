;;; registers.el --- registers, rectangles, bookmarks and keyboard macros  -*- lexical-binding: t; -*-

;;; Registers

(defun copy-to-register (register text) (set-register register (substring-no-properties text)))
(defun append-to-register (register text)
  "Put TEXT behind what REGISTER holds."
  (set-register register (concat (get-register register) text)))
(defun prepend-to-register (register text)
  "Put TEXT in front of what REGISTER holds."
  (set-register register (concat text (get-register register))))
(defun number-to-register (number register) (set-register register number))
(defun point-to-register (register place) (set-register register place))
(defun file-to-register (register file) (set-register register (cons 'file file)))
(defun kmacro-to-register (register) (set-register register (last-kbd-macro)))
(defun rectangle-to-register (register lines) (set-register register lines))
(defun frame-configuration-to-register (register &rest windows)
  (set-register register (cons 'frame-configuration windows)))

(defun register-text (register)
  "What inserting REGISTER would insert."
  (let ((content (get-register register)))
    (pcase (register-kind register)
      ('text content)
      ('number (number-to-string content))
      ('rectangle (string-join content "\n"))
      (_ (error "Register does not contain text")))))

(defun register-describe (register)
  "A line about REGISTER."
  (let ((content (get-register register)))
    (format "%c: %s" register
            (pcase (register-kind register)
              ('text (format "text %S" content))
              ('number (format "number %d" content))
              ('rectangle (format "rectangle of %d lines" (length content)))
              ('file (format "file %s" (cdr content)))
              ('kbd-macro (format "keys %s" (key-description content)))
              ('frame-configuration (format "%d windows" (length (cdr content))))
              ('marker "place")
              (_ "nothing")))))

(defun list-registers () (mapcar #'register-describe (register-names)))

(defun copy-to-register-command () "Put text aside." (interactive) (copy-to-register ?0 "put aside"))
(defun insert-register-command () "Insert what was put aside." (interactive) (register-text ?0))

;;; Rectangles, of texts that are lists of lines

(defun rectangle--line (line start end)
  "The part of LINE from column START to END, filled with spaces."
  (let ((line (string-pad line end)))
    (substring line start end)))

(defun extract-rectangle (lines start end)
  (mapcar (lambda (line) (rectangle--line line start end)) lines))

(defun delete-rectangle (lines start end)
  (mapcar (lambda (line)
            (concat (substring line 0 (min start (length line)))
                    (if (> (length line) end) (substring line end) "")))
          lines))

(defun kill-rectangle (lines start end)
  "LINES without the columns from START to END, which `yank-rectangle' inserts."
  (set-killed-rectangle (extract-rectangle lines start end))
  (delete-rectangle lines start end))

(defun yank-rectangle (lines column)
  "LINES with the killed rectangle inserted at COLUMN."
  (let ((killed (killed-rectangle)))
    (mapcar (lambda (line)
              (let ((line (string-pad line column)))
                (concat (substring line 0 column) (or (pop killed) "") (substring line column))))
            lines)))

(defun string-rectangle (lines start end text)
  "LINES with TEXT in the place of the columns from START to END."
  (mapcar (lambda (line)
            (concat (rectangle--line line 0 start) text
                    (if (> (length line) end) (substring line end) "")))
          lines))

;;; Bookmarks

(defun bookmark-make (name file position &rest options)
  "Store the bookmark NAME.  OPTIONS are `:front', `:rear', `:annotation' and `:handler'."
  (bookmark-store
   name
   `((filename . ,file) (position . ,position)
     (front-context-string . ,(plist-get options :front))
     (rear-context-string . ,(plist-get options :rear))
     (annotation . ,(plist-get options :annotation))
     (handler . ,(plist-get options :handler)))))

(defun bookmark-prop (name prop) (cdr (assq prop (bookmark-get name))))

(defun bookmark-relocate (name text)
  "The position of the bookmark NAME in TEXT, found by what stood behind it."
  (let* ((front (bookmark-prop name 'front-context-string))
         (found (and front (string-search front text))))
    (bookmark-touch name)
    (if found (1+ found) (bookmark-prop name 'position))))

(defun bookmark-sorted-names () (sort (bookmark-all-names) #'string<))
(defun bookmark-save () "Note that all bookmarks were written." (interactive) (set-bookmarks-modified nil))
(defun bookmark-set-command () "Mark the place." (interactive) (bookmark-make "last" "*scratch*" 1))

;;; Keyboard macros

(defun kmacro-insert-counter (&optional n)
  "What the counter is now, written as it is to be; it grows by N."
  (prog1 (format (kmacro-counter-format) (kmacro-counter))
    (kmacro-set-counter (+ (kmacro-counter) (or n 1)))))

(defmacro with-kbd-macro (&rest events)
  "Record EVENTS, words as `kbd' takes them, as a macro."
  `(progn
     (start-kbd-macro nil)
     (mapc (lambda (keys) (mapc #'store-kbd-macro-event (append (kbd keys) nil))) ',events)
     (end-kbd-macro)
     (last-kbd-macro)))

(defun kmacro-call (&optional times)
  "Type the last macro again."
  (interactive "p")
  (execute-kbd-macro (last-kbd-macro) times))

(defun kmacro-name (symbol)
  "Let SYMBOL be a command that types the last macro."
  (let ((keys (last-kbd-macro)))
    (fset symbol (lambda () "A recorded macro." (interactive) (execute-kbd-macro keys)))
    symbol))

;;; What a session starts with

(copy-to-register ?g "Dear Sir or Madam,\n")
(copy-to-register ?u "naïve café")
(number-to-register 0 ?n)
(file-to-register ?i "~/.config/neovm/init.el")
(rectangle-to-register ?b '("+--+" "|  |" "+--+"))
(point-to-register ?p (record 'place 1 17))
(frame-configuration-to-register ?w '(left . 40) '(right . 39))
(set-killed-rectangle '("one" "two" "thr"))

(bookmark-make "manual" "/usr/share/info/neovm.info" 1 :annotation "Start here")
(bookmark-make "init" "~/.config/neovm/init.el" 120 :front "(defun" :rear "\n\n" :handler #'ignore)
;; A file from a disk whose encoding nobody knows any more.
(bookmark-make "caf\351" "/old/caf\351.txt" 42 :front "\311t\351")
(bookmark-touch "manual")
(bookmark-save)

(kmacro-set-format "%03d. ")
(kmacro-set-counter 1)
(with-kbd-macro "C-a" "C-k" "C-n" "C-y")
(kmacro-to-register ?m)
(kmacro-name 'move-line-down)
(with-kbd-macro "C-e" "RET" "x")

(provide 'registers)
