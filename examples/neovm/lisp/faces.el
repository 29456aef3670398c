;;; faces.el --- how text looks  -*- lexical-binding: t; -*-

;;; Asking and setting

(defun facep (face)
  "Non-nil if FACE is the name of a face: what the machine knows of it, as a vector."
  (and (or (symbolp face) (stringp face))
       (internal-lisp-face-p face)))

(defun check-face (face)
  (if (facep face) face
    (error "Not a face: %S" face)))

(defun make-face (face)
  "Define FACE with nothing specified, unless it is a face already."
  (unless (facep face)
    (internal-make-lisp-face face))
  face)

(defun make-empty-face (face) (make-face face))

(defun copy-face (old new &optional frame new-frame)
  (internal-copy-lisp-face old new frame new-frame))

(defun face-equal (one other &optional frame) (internal-lisp-face-equal-p one other frame))

(defun face-differs-from-default-p (face &optional _frame)
  (not (face-equal face 'default)))

(defun face-nontrivial-p (face &optional frame)
  (not (internal-lisp-face-empty-p face frame)))

(defun face-name (face) (symbol-name (check-face face)))

(defun face-documentation (face) (get face 'face-documentation))
(defun set-face-documentation (face text) (put face 'face-documentation text))

(defun face-attribute-merged-with (attribute value faces &optional frame)
  "VALUE of ATTRIBUTE, with what FACES, a face or a list of them, say where it is relative."
  (let ((faces (if (listp faces) faces (list faces))))
    (while (and faces (face-attribute-relative-p attribute value))
      (setq value (merge-face-attribute
                   attribute value
                   (face-attribute (car faces) attribute frame t))
            faces (cdr faces)))
    value))

(defvar face--asked nil "The faces whose ancestors are being asked: a face may inherit itself.")

(defun face-attribute (face attribute &optional frame inherit)
  "The value of ATTRIBUTE of FACE.
With INHERIT t the ancestors of FACE complete what it leaves open; with a face or
a list of faces these do so after them."
  (let ((value (internal-get-lisp-face-attribute face attribute frame)))
    (when (and inherit
               (face-attribute-relative-p attribute value)
               (not (memq face face--asked)))
      (let ((face--asked (cons face face--asked))
            (parents (internal-get-lisp-face-attribute face :inherit frame)))
        (unless (memq parents '(nil unspecified))
          (setq value (face-attribute-merged-with attribute value parents frame)))))
    (when (and inherit (not (eq inherit t))
               (face-attribute-relative-p attribute value))
      (setq value (face-attribute-merged-with attribute value inherit frame)))
    value))

(defun face-attribute-specified-or (value &optional default)
  (if (eq value 'unspecified) default value))

(defun set-face-attribute (face frame &rest arguments)
  "Give attributes of FACE values: ARGUMENTS are keywords and values in turn."
  (while arguments
    (internal-set-lisp-face-attribute face (car arguments) (cadr arguments) frame)
    (setq arguments (cddr arguments))))

(defun face-foreground (face &optional frame inherit)
  (face-attribute-specified-or (face-attribute face :foreground frame inherit)))
(defun face-background (face &optional frame inherit)
  (face-attribute-specified-or (face-attribute face :background frame inherit)))
(defun face-stipple (face &optional frame inherit)
  (face-attribute-specified-or (face-attribute face :stipple frame inherit)))
(defun face-bold-p (face &optional frame inherit)
  (and (memq (face-attribute face :weight frame inherit)
             '(semi-bold demibold demi-bold bold extra-bold ultra-bold black heavy))
       t))
(defun face-italic-p (face &optional frame inherit)
  (and (memq (face-attribute face :slant frame inherit) '(italic oblique)) t))
(defun face-underline-p (face &optional frame inherit)
  (and (face-attribute-specified-or (face-attribute face :underline frame inherit)) t))
(defun face-inverse-video-p (face &optional frame inherit)
  (eq (face-attribute face :inverse-video frame inherit) t))
(defun face-extend-p (face &optional frame inherit)
  (eq (face-attribute face :extend frame inherit) t))

(defun set-face-foreground (face color &optional frame)
  (set-face-attribute face frame :foreground (or color 'unspecified)))
(defun set-face-background (face color &optional frame)
  (set-face-attribute face frame :background (or color 'unspecified)))
(defun set-face-bold (face bold &optional frame)
  (set-face-attribute face frame :weight (if bold 'bold 'normal)))
(defun set-face-italic (face italic &optional frame)
  (set-face-attribute face frame :slant (if italic 'italic 'normal)))
(defun set-face-underline (face underline &optional frame)
  (set-face-attribute face frame :underline underline))
(defun set-face-extend (face extend &optional frame)
  (set-face-attribute face frame :extend extend))

(defun color-defined-p (color &optional _frame) (and (color-values color) t))

;;; Definitions for displays

(defvar face-display
  '((type . graphic) (class . color) (background . light) (min-colors . 16777216))
  "What the display can do: definitions of faces are chosen by it.")

(defun face-display-has-p (requirement)
  "Whether the display meets REQUIREMENT, a list of a feature and values of which one will do."
  (let ((feature (car requirement)) (values (cdr requirement)))
    (cond ((eq feature 'min-colors)
           (>= (cdr (assq 'min-colors face-display)) (car values)))
          ((eq feature 'supports) t)
          (t (and (memq (cdr (assq feature face-display)) values) t)))))

(defun face-spec-choose (spec)
  "The attributes that SPEC, a list of (DISPLAY . ATTRIBUTES), has for the display."
  (let ((defaults nil) (found nil) (done nil))
    (while (and spec (not done))
      (let* ((display (caar spec))
             (rest (cdar spec))
             (attributes (if (null (cdr rest)) (car rest) rest)))
        (cond ((eq display 'default) (setq defaults attributes))
              ((or (eq display t) (seq-every-p #'face-display-has-p display))
               (setq found attributes done t))))
      (setq spec (cdr spec)))
    (append defaults found)))

(defun face-spec-set (face spec &optional _type)
  "Define FACE as SPEC says for the display."
  (put face 'face-defface-spec spec)
  (internal-make-lisp-face face)
  (apply #'set-face-attribute face nil (face-spec-choose spec))
  face)

(defun face-spec-recalc (face &optional _frame)
  "Define FACE anew, as it was defined."
  (let ((spec (get face 'face-defface-spec)))
    (when spec (face-spec-set face spec))))

(defun custom-declare-face (face spec doc &rest options)
  (unless (get face 'face-defface-spec)
    (face-spec-set face spec))
  (when doc (put face 'face-documentation doc))
  (let ((group (plist-get options :group)))
    (when group (put face 'custom-group group)))
  face)

(defmacro defface (face spec doc &rest options)
  "Define FACE, unless it is defined: SPEC says what it has on which display."
  `(custom-declare-face ',face ,spec ,doc ,@options))

;;; The basic faces

(internal-make-lisp-face 'default)
(put 'default 'face-documentation "What all text starts from.")
(set-face-attribute 'default nil
                    :family "Monospace" :foundry "misc" :width 'normal :height 120
                    :weight 'normal :slant 'normal :underline nil :overline nil
                    :strike-through nil :box nil :inverse-video nil :extend nil
                    :foreground "black" :background "white" :stipple nil :inherit nil
                    :font "Monospace-12" :fontset "fontset-default")

(defface bold '((t :weight bold)) "Bold text.")
(defface italic '((((supports :slant italic)) :slant italic) (t :slant oblique)) "Italic text.")
(defface bold-italic '((t :weight bold :slant italic)) "Bold and italic text.")
(defface underline '((t :underline t)) "Underlined text.")
(defface fixed-pitch '((t :family "Monospace")) "Text whose characters are equally wide.")
(defface fixed-pitch-serif '((t :family "Monospace Serif")) "Such text with serifs.")
(defface variable-pitch '((t :family "Sans Serif")) "Text whose characters are not.")
(defface variable-pitch-text '((t :inherit variable-pitch :height 1.1)) "Prose.")
(defface shadow
  '((((class color) (min-colors 88) (background light)) :foreground "grey50")
    (((class color) (min-colors 88) (background dark)) :foreground "grey70")
    (t :foreground "green"))
  "Text that matters less.")
(defface link
  '((((class color) (background light)) :foreground "RoyalBlue" :underline t)
    (t :foreground "cyan" :underline t))
  "A link.")
(defface link-visited
  '((default :inherit link)
    (((class color) (background light)) :foreground "dark magenta"))
  "A link that was followed.")
(defface highlight
  '((((class color) (min-colors 88) (background light)) :background "dark green" :distant-foreground "white")
    (t :inverse-video t))
  "What the mouse is over.")
(defface region
  '((((class color) (min-colors 88) (background light))
     :background "light goldenrod" :distant-foreground "gray20" :extend t)
    (t :inverse-video t))
  "The region.")
(defface secondary-selection
  '((t :background "yellow" :extend t)) "The secondary selection.")
(defface trailing-whitespace '((t :background "red")) "Blanks at the end of lines.")
(defface line-number
  '((t :inherit (shadow default))) "Numbers of lines.")
(defface line-number-current-line '((t :inherit line-number)) "The number of the line of point.")
(defface line-number-major-tick
  '((t :inherit line-number :background "grey85" :weight semi-bold)) "Every so many numbers.")
(defface fill-column-indicator
  '((t :stipple nil :weight normal :slant normal :underline nil :overline nil
       :strike-through nil :box nil :inherit shadow))
  "The column where lines are broken.")
(defface escape-glyph '((t :foreground "brown")) "Characters shown as others.")
(defface homoglyph '((t :inherit escape-glyph)) "Characters that look like others.")
(defface nobreak-space '((t :inherit escape-glyph :underline t)) "Blanks that do not break.")
(defface mode-line
  '((((class color) (min-colors 88))
     :box (:line-width -1 :style released-button) :background "grey75" :foreground "black")
    (t :inverse-video t))
  "The line below a window.")
(defface mode-line-active '((t :inherit mode-line)) "The line below the selected window.")
(defface mode-line-inactive
  '((default :inherit mode-line)
    (((class color) (min-colors 88) (background light))
     :weight light :box (:line-width -1 :color "grey75") :foreground "grey20" :background "grey90"))
  "The line below other windows.")
(defface mode-line-highlight '((t :box (:line-width 2 :color "grey40" :style released-button)))
  "What the mouse is over in that line.")
(defface mode-line-emphasis '((t :weight bold)) "What matters in that line.")
(defface mode-line-buffer-id '((t :weight bold)) "The name of the buffer in that line.")
(defface header-line '((default :inherit mode-line) (t :background "grey90" :box nil))
  "The line above a window.")
(defface vertical-border '((t :inherit mode-line-inactive)) "The line between windows.")
(defface window-divider '((t :foreground "gray60")) "The room between windows.")
(defface minibuffer-prompt '((t :foreground "medium blue")) "The question in the minibuffer.")
(defface fringe '((t :background "grey95")) "The edge of a window.")
(defface cursor '((t :background "black")) "The cursor.")
(defface mouse '((t :background "black")) "The mouse pointer.")
(defface scroll-bar '((t)) "The scroll bar.")
(defface border '((t)) "The border of a frame.")
(defface tool-bar '((t :box (:line-width 1 :style released-button) :background "grey75")) "The tool bar.")
(defface tab-bar '((t :inherit variable-pitch :background "grey85" :foreground "black")) "The tab bar.")
(defface menu '((t)) "Menus.")
(defface help-argument-name '((t :inherit italic)) "Names of arguments in a help text.")
(defface help-key-binding
  '((t :inherit fixed-pitch :background "grey96" :foreground "dark blue"
       :box (:line-width (-1 . -1) :color "grey80")))
  "Keys in a help text.")
(defface glyphless-char '((t :height 0.6)) "Characters that no font has.")
(defface error '((t :weight bold :foreground "red")) "Errors.")
(defface warning '((t :weight bold :foreground "dark orange")) "Warnings.")
(defface success '((t :weight bold :foreground "forest green")) "What went well.")
(defface read-multiple-choice-face '((t :inherit (help-key-binding underline) :weight bold)) "Choices.")
(defface tty-menu-enabled-face '((t :foreground "yellow" :background "blue" :weight bold)) "Menus of terminals.")
(defface separator-line '((t :height 0.1 :background "#505050")) "A line between paragraphs.")
(defface elisp-shorthand-font-lock-face '((t :inherit font-lock-keyword-face :foreground "cyan")) "Short names.")
(defface isearch '((t :background "magenta" :foreground "white")) "What a search found.")
(defface isearch-fail '((t :background "#ffc1c1")) "What a search did not find.")
(defface lazy-highlight '((t :background "paleturquoise" :distant-foreground "black")) "Other places.")
(defface match '((t :background "yellow")) "Matches.")
(defface show-paren-match '((t :background "turquoise")) "The other parenthesis.")
(defface show-paren-mismatch '((t :background "purple" :foreground "white")) "A wrong one.")

;;; Font lock

(defface font-lock-comment-face '((t :foreground "firebrick")) "Comments.")
(defface font-lock-comment-delimiter-face '((default :inherit font-lock-comment-face)) "Around comments.")
(defface font-lock-string-face '((t :foreground "violet red")) "Strings.")
(defface font-lock-doc-face '((t :inherit font-lock-string-face)) "Documentation.")
(defface font-lock-doc-markup-face '((t :inherit font-lock-constant-face)) "Markup in it.")
(defface font-lock-keyword-face '((t :foreground "purple")) "Keywords.")
(defface font-lock-builtin-face '((t :foreground "dark slate gray")) "What a language has.")
(defface font-lock-function-name-face '((t :foreground "blue")) "Names of functions.")
(defface font-lock-function-call-face '((t :inherit font-lock-function-name-face)) "Calls of functions.")
(defface font-lock-variable-name-face '((t :foreground "brown")) "Names of variables.")
(defface font-lock-variable-use-face '((t :inherit font-lock-variable-name-face)) "Uses of variables.")
(defface font-lock-type-face '((t :foreground "forest green")) "Types.")
(defface font-lock-constant-face '((t :foreground "dark cyan")) "Constants.")
(defface font-lock-warning-face '((t :inherit error)) "What looks wrong.")
(defface font-lock-negation-char-face '((t nil)) "Characters that negate.")
(defface font-lock-preprocessor-face '((t :inherit font-lock-builtin-face)) "Preprocessors.")
(defface font-lock-number-face '((t nil)) "Numbers.")
(defface font-lock-operator-face '((t nil)) "Operators.")
(defface font-lock-property-name-face '((t :inherit font-lock-variable-name-face)) "Properties.")
(defface font-lock-punctuation-face '((t nil)) "Punctuation.")
(defface font-lock-bracket-face '((t :inherit font-lock-punctuation-face)) "Brackets.")
(defface font-lock-delimiter-face '((t :inherit font-lock-punctuation-face)) "Delimiters.")
(defface font-lock-escape-face '((t :inherit font-lock-regexp-grouping-backslash)) "Escapes.")
(defface font-lock-regexp-grouping-backslash '((t :inherit bold)) "Groups in patterns.")

(defvar font-lock-faces
  '(font-lock-comment-face font-lock-string-face font-lock-keyword-face font-lock-builtin-face
    font-lock-function-name-face font-lock-variable-name-face font-lock-type-face
    font-lock-constant-face font-lock-warning-face)
  "The faces that highlighting starts from, as symbols.")

(dolist (face font-lock-faces)
  ;; A variable for each face, as programs that know nothing of faces expect.
  (unless (boundp face) (set face face)))

(put 'modeline 'face-alias 'mode-line)
(put 'font-lock-reference-face 'face-alias 'font-lock-constant-face)

(provide 'faces)
