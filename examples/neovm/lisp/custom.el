;;; custom.el --- user options  -*- lexical-binding: t; -*-

(defmacro defcustom (symbol standard &optional doc &rest args)
  "Declare SYMBOL a user option whose first value is that of STANDARD."
  `(custom-declare-variable ',symbol ',standard ,doc ,@args))

(defmacro defgroup (symbol members &optional doc &rest args)
  "Declare SYMBOL a group of options with MEMBERS, a list of (NAME WIDGET)."
  `(custom-declare-group ',symbol ',members ,doc ,@args))

(defmacro setopt (symbol value &rest more)
  "Set the option SYMBOL to VALUE the way it wants to be set."
  (let ((form `(customize-set-variable ',symbol ,value)))
    (if more `(progn ,form (setopt ,@more)) form)))

(defun custom-initialize-default (symbol standard)
  "Give SYMBOL the value of STANDARD, unless it has one."
  (unless (boundp symbol)
    (set-default symbol (eval standard t))))

(defun custom-initialize-reset (symbol standard)
  "Give SYMBOL its value, or that of STANDARD, through its own setter."
  (funcall (or (custom-variable-info symbol 'set) #'set-default)
           symbol
           (if (boundp symbol) (default-value symbol) (eval standard t))))

(defun custom-standard-value (symbol)
  "The value that the option SYMBOL has when nobody changed it."
  (eval (custom-variable-info symbol 'standard) t))

(defun custom-changed-p (symbol)
  "Whether the option SYMBOL has another value than the standard one."
  (not (equal (default-value symbol) (custom-standard-value symbol))))

(defun custom-unsaved ()
  "The options that were set in this session and not saved."
  (seq-filter (lambda (symbol) (custom-variable-info symbol 'customized)) (custom-variables)))

(defun custom-saved-form ()
  "A form that sets all saved options: what goes into the user's file."
  (let ((forms nil))
    (dolist (symbol (custom-variables))
      (let ((saved (custom-variable-info symbol 'saved)))
        (when saved
          (push `'(,symbol ,(list 'quote (car saved))) forms))))
    (cons 'custom-set-variables (nreverse forms))))

(defun custom-set-variables (&rest settings)
  "Save what SETTINGS say, each (SYMBOL FORM)."
  (dolist (setting settings)
    (let ((symbol (car setting)) (value (eval (nth 1 setting) t)))
      (if (custom-variable-p symbol)
          (customize-save-variable symbol value)
        (set-default symbol value)))))

(defun custom-group-tree (group)
  "GROUP with its members, groups with theirs; a group that is met again has none."
  (let ((seen nil))
    (letrec ((walk (lambda (group)
                     (if (memq group seen) (list group)
                       (push group seen)
                       (cons group
                             (mapcar (lambda (member)
                                       (if (eq (nth 1 member) 'custom-group)
                                           (funcall walk (car member))
                                         (car member)))
                                     (custom-group-info group 'members)))))))
      (funcall walk group))))

;;; The groups and options of the library

(defgroup editor nil "Options of the editor." :tag "Editor")
(defgroup editing nil "Changing text." :group 'editor :prefix "edit-")
(defgroup convenience nil "What saves keystrokes." :group 'editor)
(defgroup files nil "Files and how they are kept." :group 'editor :tag "Files")
(defgroup display nil "What the user sees." :group 'editor)
(defgroup programs nil "Editing programs." :group 'editing)

(defcustom fill-column 70 "Where lines are broken."
  :type 'natnum :group 'editing :version "0.1" :local t)
(defcustom tab-width 8 "How wide a tab is."
  :type 'integer :group 'editing :local t)
(defcustom indent-tabs-mode t "Whether indentation may use tabs."
  :type 'boolean :group 'editing)
(defcustom kill-ring-max 60 "How many killed texts are kept."
  :type '(choice (integer :tag "This many") (const :tag "All of them" nil))
  :group 'editing)
(defcustom sentence-end-double-space t "Whether two spaces end a sentence."
  :type 'boolean :group 'editing)
(defcustom completion-styles '(basic partial-completion) "How completion matches, in order."
  :type '(repeat (choice (const :tag "Prefix" basic) (const :tag "Parts" partial-completion)
                         (const :tag "Substring" substring) symbol))
  :group 'convenience)
(defcustom completion-category-overrides nil "Styles for some categories."
  :type '(alist :key-type symbol :value-type (repeat symbol)) :group 'convenience)
(defcustom abbrev-suggest-distance 3 "How much an abbrev has to save before it is suggested."
  :type 'natnum :group 'convenience)
(defcustom make-backup-files t "Whether the former version of a file is kept."
  :type 'boolean :group 'files)
(defcustom backup-directory-alist nil "Where former versions go."
  :type '(alist :key-type regexp :value-type directory) :group 'files :risky t)
(defcustom auto-save-interval 300 "After how many events a file is saved."
  :type '(restricted-sexp :match-alternatives (integerp 'never)) :group 'files)
(defcustom user-file-name "~/.config/neovm/init.el" "The user's own file."
  :type 'file :group 'files)
(defcustom frame-title '("%b" . "neovm") "What the frame is called: a text for one buffer and one for others."
  :type '(cons (string :tag "One") (string :tag "Others")) :group 'display)
(defcustom cursor-style 'box "How the cursor looks."
  :type '(radio (const box) (const hollow) (list (const bar) (integer :tag "Width")))
  :group 'display)
(defcustom highlight-color "gold" "The color of what is highlighted."
  :type 'color :group 'display)
(defcustom mode-line-parts '(name position modes) "What the mode line shows."
  :type '(set (const name) (const position) (const modes) (const time)) :group 'display)
(defcustom line-spacing-factor 1.0 "How far lines are apart."
  :type 'float :group 'display)
(defcustom prog-mode-indent-function #'ignore "What indents a line of a program."
  :type 'function :group 'programs)
(defcustom program-start-hook nil "What runs when a program is first edited."
  :type 'hook :options '(ignore always) :group 'programs)

(defvar custom-log nil "The options that told of their setting, the last first.")

(defcustom scroll-lines 1 "How many lines a scroll command moves."
  :type 'integer :group 'display
  :set (lambda (symbol value)
         (push symbol custom-log)
         (set-default symbol value)))

(defcustom load-time-format "%Y" "How times are written."
  :type 'string :group 'display :initialize #'custom-initialize-default)

(provide 'custom)
