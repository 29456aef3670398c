;;; keymaps.el --- keys and what they do  -*- lexical-binding: t; -*-

;;; Keys as people write them

(defconst kbd--names
  '(("RET" . 13) ("TAB" . 9) ("SPC" . 32) ("ESC" . 27) ("DEL" . 127) ("LFD" . 10) ("NUL" . 0))
  "Characters that have names.")

(defconst kbd--modifiers
  (list (cons "C-" (ash 1 26)) (cons "M-" (ash 1 27)) (cons "S-" (ash 1 25))
        (cons "A-" (ash 1 22)) (cons "s-" (ash 1 23)) (cons "H-" (ash 1 24)))
  "What stands in front of a key, and its bit.")

(defun kbd--control (c)
  "The character that control makes of C, or nil if none is."
  (cond ((and (<= ?@ c) (<= c ?_)) (logand c 31))
        ((and (<= ?a c) (<= c ?z)) (logand c 31))
        ((eq c ??) 127)))

(defun kbd--event (word)
  "The event that WORD names."
  (let ((bits 0) (found t) (base nil))
    (while found
      (setq found (seq-find (lambda (modifier)
                              (and (> (length word) (length (car modifier)))
                                   (string-prefix-p (car modifier) word)))
                            kbd--modifiers))
      (when found
        (setq bits (logior bits (cdr found))
              word (substring word (length (car found))))))
    (setq base (cond ((cdr (assoc word kbd--names)))
                     ((= (length word) 1) (string-to-char word))
                     ((and (string-prefix-p "<" word) (string-suffix-p ">" word))
                      (substring word 1 -1))
                     (t (error "Unknown key: %s" word))))
    (if (stringp base)
        (intern (concat (mapconcat (lambda (modifier)
                                     (if (= 0 (logand bits (cdr modifier))) "" (car modifier)))
                                   kbd--modifiers "")
                        base))
      (let* ((control (ash 1 26))
             (plain (and (/= 0 (logand bits control)) (kbd--control base))))
        (if plain (logior plain (logxor bits control)) (logior base bits))))))

(defun kbd (keys)
  "The sequence of events that KEYS, words such as \"C-x <f1> RET\", stands for.
It is a string when all events are characters of ASCII, else a vector."
  (let ((events (mapcar #'kbd--event (seq-remove #'string-empty-p (split-string keys " ")))))
    (if (seq-every-p (lambda (event) (and (integerp event) (< event 128))) events)
        (apply #'string events)
      (vconcat events))))

;;; Binding

(defun keymap-set (map keys command) (define-key map (kbd keys) command))
(defun keymap-unset (map keys &optional remove) (define-key map (kbd keys) nil remove))
(defun keymap-lookup (map keys)
  (if map (lookup-key map (kbd keys)) (key-binding (kbd keys))))
(defun global-set-key (key command) (define-key (current-global-map) key command))
(defun global-unset-key (key) (global-set-key key nil))
(defun local-set-key (key command)
  (unless (current-local-map) (use-local-map (make-sparse-keymap)))
  (define-key (current-local-map) key command))
(defun local-unset-key (key)
  (when (current-local-map) (define-key (current-local-map) key nil)))

(defmacro defvar-keymap (name &rest args)
  "Define the keymap NAME.  ARGS are pairs of keys and commands, options such as `:parent' first."
  (let ((parent nil) (doc nil) (full nil) (prefix nil))
    (while (keywordp (car args))
      (pcase (car args)
        (:parent (setq parent (nth 1 args)))
        (:doc (setq doc (nth 1 args)))
        (:full (setq full (nth 1 args)))
        (:prefix (setq prefix (nth 1 args))))
      (setq args (cddr args)))
    `(progn
       (defvar ,name (define-keymap--make ,full ,parent (list ,@args)) ,doc)
       ,@(if prefix `((fset ',(if (eq prefix t) name prefix) ,name)))
       ',name)))

(defun define-keymap--make (full parent bindings)
  (let ((map (if full (make-keymap) (make-sparse-keymap))))
    (when parent (set-keymap-parent map parent))
    (while bindings
      (keymap-set map (car bindings) (nth 1 bindings))
      (setq bindings (cddr bindings)))
    map))

(defun make-composed-keymap (maps &optional parent)
  "A keymap that looks into MAPS, then into PARENT."
  (append (list 'keymap) (if (keymapp maps) (list maps) maps) parent))

(defun suppress-keymap (map &optional nodigits)
  "Let no character insert itself in MAP; digits and `-' are arguments unless NODIGITS."
  (define-key map [remap self-insert-command] #'undefined)
  (unless nodigits
    (define-key map "-" #'negative-argument)
    (let ((digit ?0))
      (while (<= digit ?9)
        (define-key map (string digit) #'digit-argument)
        (setq digit (1+ digit))))))

(defun substitute-key-definition (old new map)
  "Put NEW in the place of OLD wherever MAP itself has it."
  (dolist (keys (where-is-internal old map))
    (when (eq (lookup-key map keys) old)
      (define-key map keys new))))

(defun keymap-count (map)
  "How many events MAP itself binds, those of its prefixes among them."
  (let ((count 0))
    (dolist (entry (accessible-keymaps map))
      (map-keymap-internal (lambda (_event _binding) (setq count (1+ count))) (cdr entry)))
    count))

;;; Commands, which note what they were asked

(defvar command-log nil "What was asked of the commands below, the last first.")
(defvar current-prefix-arg nil "The argument that the user typed in front of a command.")
(defvar last-command-event nil "The last event of the keys that called a command.")

(defmacro define-log-commands (&rest commands)
  "Define COMMANDS, (NAME DOC), each with a numeric argument that it notes."
  (cons 'progn
        (mapcar (lambda (command)
                  `(defun ,(car command) (&optional n)
                     ,(nth 1 command)
                     (interactive "p")
                     (push (list ',(car command) n) command-log)
                     ',(car command)))
                commands)))

(define-log-commands
 (forward-char-command "Move right.") (backward-char-command "Move left.")
 (next-line-command "Move down.") (previous-line-command "Move up.")
 (beginning-of-line-command "Move to the start of the line.") (end-of-line-command "Move to its end.")
 (kill-line-command "Kill the rest of the line.") (yank-command "Insert what was killed.")
 (save-file-command "Save the file.") (find-file-command "Visit a file.")
 (switch-command "Go to another buffer.") (other-window-command "Go to another window.")
 (split-command "Split the window.") (undo-command "Undo a change.") (quit-command "Stop.")
 (mark-command "Set the mark.") (newline-command "Break the line.") (indent-command "Indent the line.")
 (help-key-command "Describe a key.") (help-function-command "Describe a function."))

(defun self-insert-command (&optional n)
  "Insert the character that was typed."
  (interactive "p")
  (push (list 'insert last-command-event n) command-log))
(defun undefined () "Complain." (interactive) (error "Key is not defined"))
(defun digit-argument (arg) "Part of an argument." (interactive "P") (setq current-prefix-arg arg))
(defun negative-argument (arg) "Part of an argument." (interactive "P") (setq current-prefix-arg (or arg '-)))
(defun toggle-input-command (&optional n)
  "Note whether the user asked for it."
  (interactive (list 7))
  (push (list 'toggle n (called-interactively-p)) command-log))

;; Functions of the machine that users may call.
(dolist (spec '((garbage-collect) (start-kbd-macro . "P") (end-kbd-macro) (kmacro-rotate . "P")
                (set-abbrev-mode . "P") (kill-emacs . "P")))
  (set-interactive-spec (car spec) (cdr spec)))

;;; The keymaps

(defvar ctl-x-map nil "Keys after C-x.")
(define-prefix-command 'Control-X-prefix 'ctl-x-map)
(defvar esc-map nil "Keys after ESC, and with meta.")
(define-prefix-command 'ESC-prefix 'esc-map)
(defvar help-map nil "Keys after C-h.")
(define-prefix-command 'help-command 'help-map "Help")
(defvar-keymap ctl-x-4-map :doc "Keys after C-x 4." :prefix ctl-x-4-prefix
  "f" #'find-file-command "b" #'switch-command "0" #'quit-command)
(defvar-keymap ctl-x-r-map :doc "Keys of registers and rectangles."
  "s" #'copy-to-register-command "i" #'insert-register-command "m" #'bookmark-set-command)

(defvar global-map
  (let ((map (make-keymap)) (c 32))
    (while (< c 127)
      (define-key map (string c) #'self-insert-command)
      (setq c (1+ c)))
    map)
  "Keys that work everywhere, unless `use-global-map' says otherwise.")

(dolist (binding '(("C-f" . forward-char-command) ("C-b" . backward-char-command)
                   ("C-n" . next-line-command) ("C-p" . previous-line-command)
                   ("C-a" . beginning-of-line-command) ("C-e" . end-of-line-command)
                   ("C-k" . kill-line-command) ("C-y" . yank-command) ("C-g" . quit-command)
                   ("C-/" . undo-command) ("C-@" . mark-command) ("RET" . newline-command)
                   ("TAB" . indent-command) ("<f1>" . help-command) ("C-h" . help-command)
                   ("<left>" . backward-char-command) ("<right>" . forward-char-command)
                   ("<up>" . previous-line-command) ("<down>" . next-line-command)
                   ("C-x" . Control-X-prefix) ("ESC" . ESC-prefix) ("<f3>" . start-kbd-macro)
                   ("<f4>" . end-kbd-macro) ("C-M-<f9>" . garbage-collect)))
  (keymap-set global-map (car binding) (cdr binding)))

(dolist (binding '(("C-s" . save-file-command) ("C-f" . find-file-command) ("b" . switch-command)
                   ("o" . other-window-command) ("2" . split-command) ("u" . undo-command)
                   ("4" . ctl-x-4-prefix) ("C-c" . kill-emacs)))
  (keymap-set ctl-x-map (car binding) (cdr binding)))
(define-key ctl-x-map "r" ctl-x-r-map)
(keymap-set ctl-x-map "t" 'text-tools-prefix-map)

(dolist (binding '(("f" . forward-char-command) ("b" . backward-char-command) ("x" . help-function-command)))
  (keymap-set esc-map (car binding) (cdr binding)))
(dolist (binding '(("k" . help-key-command) ("f" . help-function-command)))
  (keymap-set help-map (car binding) (cdr binding)))
(define-key help-map "m" '(menu-item "Modes" help-function-command :help "Describe the modes"))

(use-global-map global-map)

(defvar minor-mode-map-alist nil "The keymaps of minor modes, (MODE . KEYMAP).")

(provide 'keymaps)
