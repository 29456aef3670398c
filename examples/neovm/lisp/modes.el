;;; modes.el --- major and minor modes  -*- lexical-binding: t; -*-

(defvar mode-log nil "The modes that were turned on, the last first.")
(defvar mode-line-stale nil "Why the mode line has to be shown anew: what changed, the last first.")

(defun mode-line-note-change (symbol value operation _where)
  "Note that SYMBOL, which the mode line shows, gets VALUE by OPERATION."
  (push (list symbol operation value) mode-line-stale))

(dolist (symbol '(mode-line-parts frame-title))
  (add-variable-watcher symbol #'mode-line-note-change))

(defun mode-suffix (mode suffix)
  "The symbol of MODE with SUFFIX."
  (intern (concat (symbol-name mode) suffix)))

(defun mode--name (mode) (major-mode-info mode 'name))

;;; Major modes

(defun fundamental-mode ()
  "The mode of a buffer that has no other."
  (interactive)
  (kill-all-local-variables)
  (mode-set-of-buffer nil 'fundamental-mode)
  (push 'fundamental-mode mode-log)
  (set-syntax-table (standard-syntax-table))
  (run-mode-hooks))

(set-fundamental-mode-symbol 'fundamental-mode)
(mode-register-major 'fundamental-mode "Fundamental" 'fundamental-mode)

(defun mode--options (body)
  "The keywords with their values at the start of BODY, and the rest."
  (let ((options nil))
    (while (keywordp (car body))
      (push (pop body) options)
      (push (pop body) options))
    (cons (nreverse options) body)))

(defun mode--inherit (map-symbol table-symbol parent)
  "Let keymap and syntax table of a mode inherit from those of PARENT, unless they do from others."
  (let ((map (major-mode-info parent 'keymap)) (table (major-mode-info parent 'syntax-table)))
    (when (and map (not (keymap-parent (symbol-value map-symbol)))
               (not (eq map map-symbol)))
      (set-keymap-parent (symbol-value map-symbol) (symbol-value map)))
    (when (and table table-symbol (not (eq table table-symbol))
               (eq (char-table-parent (symbol-value table-symbol)) (standard-syntax-table)))
      (set-char-table-parent (symbol-value table-symbol) (symbol-value table)))))

(defmacro define-derived-mode (child parent name &rest body)
  "Define CHILD, a major mode like PARENT, shown as NAME.  BODY runs after PARENT, before the hook.
The options `:syntax-table', `:abbrev-table' and `:keymap' name variables."
  (let* ((doc (if (stringp (car body)) (pop body)))
         (split (mode--options body))
         (options (car split))
         (hook (mode-suffix child "-hook"))
         (map (or (plist-get options :keymap) (mode-suffix child "-map")))
         (syntax (if (plist-member options :syntax-table)
                     (plist-get options :syntax-table)
                   (mode-suffix child "-syntax-table")))
         (abbrevs (if (plist-member options :abbrev-table)
                      (plist-get options :abbrev-table)
                    (mode-suffix child "-abbrev-table"))))
    `(progn
       (defvar ,hook nil ,(format "What runs when `%s' is turned on." child))
       (defvar ,map (make-sparse-keymap))
       ,@(if syntax `((defvar ,syntax (make-syntax-table))))
       ,@(if abbrevs
             `((unless (abbrev-table-p ',abbrevs)
                 (abbrev--make-table ',abbrevs '(global-abbrev-table)))))
       ,@(if parent `((put ',child 'derived-mode-parent ',parent)
                      (mode--inherit ',map ',syntax ',parent)))
       (mode-register-major ',child ,name ',child :parent ',parent :hook ',hook :keymap ',map
                            :syntax-table ',syntax :abbrev-table ',abbrevs)
       (defun ,child ()
         ,(or doc (format "Major mode derived from `%s'." parent))
         (interactive)
         (delay-mode-hooks
          (,(or parent 'fundamental-mode))
          (mode-set-of-buffer nil ',child)
          (setq major-mode ',child mode-name ,name)
          (push ',child mode-log)
          (use-local-map ,map)
          ,@(if syntax `((set-syntax-table ,syntax)))
          ,@(if abbrevs `((setq local-abbrev-table ,abbrevs)))
          ,@(cdr split))
         (run-mode-hooks ',hook))
       ',child)))

(defun derived-mode-p (&rest modes)
  "Whether the mode of the buffer is one of MODES or derived from one."
  (apply #'provided-mode-derived-p (mode-of-buffer) modes))

(defun set-auto-mode (file)
  "Turn on the major mode that FILE's name asks for."
  (funcall (mode-for-file file)))

(defun mode-children (mode)
  "The modes that are derived from MODE directly."
  (seq-filter (lambda (other) (eq (major-mode-info other 'parent) mode)) (major-modes)))

;;; Minor modes

(defmacro define-minor-mode (mode doc &rest body)
  "Define MODE, a minor mode and the variable that says whether it is on.
The options are `:init-value', `:lighter', `:keymap', `:global' and `:group'; BODY runs when it was turned on or off."
  (let* ((split (mode--options body))
         (options (car split))
         (global (plist-get options :global))
         (keymap (plist-get options :keymap))
         (hook (mode-suffix mode "-hook"))
         (map (mode-suffix mode "-map")))
    `(progn
       ,(if global
            `(custom-declare-variable ',mode ',(plist-get options :init-value) ,doc :type 'boolean
                                      :group ,(or (plist-get options :group) ''convenience)
                                      :set (lambda (_symbol value) (,mode (if value 1 0)))
                                      :initialize #'custom-initialize-default)
          `(progn (defvar ,mode ,(plist-get options :init-value) ,doc)
                  (make-variable-buffer-local ',mode)))
       (defvar ,hook nil ,(format "What runs when `%s' is turned on or off." mode))
       ,@(if keymap
             `((defvar ,map (let ((map ,keymap))
                              (if (keymapp map) map (mode--keymap map))))
               (unless (assq ',mode minor-mode-map-alist)
                 (push (cons ',mode ,map) minor-mode-map-alist))))
       (mode-register-minor ',mode ,(plist-get options :lighter) ,(if keymap map) ',mode ,(and global t))
       (defun ,mode (&optional arg)
         ,doc
         (interactive (list (or current-prefix-arg 'toggle)))
         (setq ,mode (cond ((eq arg 'toggle) (not ,mode))
                           ((and (numberp arg) (< arg 1)) nil)
                           (t t)))
         (mode-set-minor ',mode ,mode ,(and global t))
         ,@(cdr split)
         (run-hooks ',hook (if ,mode ',(mode-suffix mode "-on-hook") ',(mode-suffix mode "-off-hook")))
         ,mode)
       ',mode)))

(defun mode--keymap (bindings)
  "The keymap with BINDINGS, a list of (KEYS . COMMAND)."
  (let ((map (make-sparse-keymap)))
    (dolist (binding bindings map)
      (keymap-set map (car binding) (cdr binding)))))

(defun mode-line-modes (&optional buffer)
  "What the mode line says of the modes of BUFFER."
  (let ((text (mode--name (mode-of-buffer buffer))))
    (dolist (mode (append (minor-modes-of-buffer buffer) (global-minor-modes)))
      (let ((lighter (minor-mode-info mode 'lighter)))
        (setq text (concat text (cond ((stringp lighter) lighter)
                                      ((and lighter (symbolp lighter)) (symbol-value lighter))
                                      (t ""))))))
    text))

;;; The major modes of the library

(defvar mode-set-up nil "The modes whose bodies ran, the last first.")

(define-derived-mode text-mode nil "Text"
  "Prose."
  (push 'text-mode mode-set-up))
(define-derived-mode outline-mode text-mode "Outline" "Prose with headings.")
(define-derived-mode mail-mode text-mode "Mail" "Mail to be sent." :abbrev-table text-mode-abbrev-table)
(define-derived-mode special-mode nil "Special"
  "Text that programs made: its keys are commands."
  :syntax-table nil :abbrev-table nil)
(suppress-keymap special-mode-map)
(define-key special-mode-map "q" #'quit-command)
(define-derived-mode log-mode special-mode "Log" "What a program reported." :abbrev-table nil)
(define-derived-mode prog-mode nil "Prog" "Programs." :syntax-table nil
  (push 'prog-mode mode-set-up))
(define-key prog-mode-map (kbd "C-M-i") #'indent-command)
(define-derived-mode lisp-data-mode prog-mode "Lisp-Data" "Data written in Lisp.")
(define-derived-mode lisp-mode lisp-data-mode "Lisp" "Programs in Lisp.")
(define-derived-mode emacs-lisp-mode lisp-data-mode "Emacs-Lisp" "Programs in Emacs Lisp."
  :abbrev-table lisp-mode-abbrev-table)
(define-derived-mode lisp-interaction-mode emacs-lisp-mode "Lisp Interaction" "Lisp, evaluated as it is typed.")
(define-key lisp-interaction-mode-map (kbd "C-j") #'newline-command)
(define-derived-mode c-mode prog-mode "C" "Programs in C.")
(define-derived-mode rust-mode prog-mode "Rust" "Programs in Rust."
  (push 'rust-mode mode-set-up))
(modify-syntax-entry ?' "\"" rust-mode-syntax-table)
(modify-syntax-entry ?! "." rust-mode-syntax-table)
(define-derived-mode conf-mode nil "Conf" "Files of settings.")

(mode-set-font-lock
 'emacs-lisp-mode
 '(("(\\(def[a-z-]+\\)" font-lock-keyword-face :group 1)
   ("(\\(def[a-z-]+\\) +\\([^ ]+\\)" font-lock-function-name-face :group 2 :lax t)
   (":[a-z-]+" font-lock-constant-face :override t))
 nil "lisp-mode-syntax-table")
(mode-set-font-lock
 'c-mode
 '(("\\_<\\(if\\|else\\|while\\|return\\)\\_>" font-lock-keyword-face :group 1)
   ("^#[a-z]+" font-lock-preprocessor-face))
 nil)
(mode-set-font-lock 'outline-mode '(("^\\*+ .*" outline-1 :override t)) t)

(dolist (entry '(("\\.txt\\'" . text-mode) ("\\.md\\'" . outline-mode) ("\\.org\\'" . outline-mode)
                 ("\\.el\\'" . emacs-lisp-mode) ("\\.lisp\\'" . lisp-mode) ("\\.[ch]\\'" . c-mode)
                 ("\\.rs\\'" . rust-mode) ("\\.eld\\'" . lisp-data-mode) ("\\.log\\'" . log-mode)
                 ("\\.\\(toml\\|ini\\|cfg\\)\\'" . conf-mode) ("/mutt-" . mail-mode)
                 ("\\`[Mm]akefile\\'" . prog-mode)))
  (auto-mode-add (car entry) (cdr entry) t))

;;; The minor modes of the library

(define-minor-mode overwrite-mode "Typing replaces text." :lighter " Ovwrt")
(define-minor-mode auto-fill-mode "Lines are broken as they are typed." :lighter " Fill"
  :keymap '(("SPC" . newline-command)))
(define-minor-mode view-mode "The text is only looked at." :lighter " View"
  :keymap '(("SPC" . next-line-command) ("DEL" . previous-line-command) ("q" . quit-command)))
(define-minor-mode electric-pair-mode "Parentheses are closed as they are opened." :global t :group 'editing)
(define-minor-mode blink-mode "The cursor blinks." :global t :init-value t :group 'display)
(define-minor-mode abbrev-minor-mode "Abbreviations are expanded." :lighter " Abbrev"
  (set-abbrev-mode abbrev-minor-mode))

(add-hook 'text-mode-hook #'auto-fill-mode)
(add-hook 'prog-mode-hook (lambda () (push 'hook mode-set-up)))

;; The modes of the buffers that a session starts with.
(with-current-buffer (get-buffer-create "*scratch*") (lisp-interaction-mode))
(with-current-buffer (get-buffer-create "notes") (text-mode) (overwrite-mode 1))
(with-current-buffer (get-buffer-create "main.rs") (set-auto-mode "main.rs"))
(electric-pair-mode 1)

(provide 'modes)
