;;; fontset.el --- which fonts show which characters  -*- lexical-binding: t; -*-

;;; Font specs

(defvar font-spec-keys
  '(:family :foundry :registry :adstyle :weight :slant :width :size :dpi :spacing :avgwidth
    :lang :script :otf :repertory :name)
  "What a font spec can say.")

(defun font-spec (&rest properties)
  "A font spec of PROPERTIES, keywords and values in turn."
  (let ((rest properties))
    (while rest
      (unless (memq (car rest) font-spec-keys)
        (error "Invalid font property: %S" (car rest)))
      (setq rest (cddr rest))))
  (record 'font-spec properties))

(defun fontp (object &optional kind)
  (and (recordp object) (eq (aref object 0) 'font-spec)
       (memq kind '(nil font-spec))
       t))

(defun check-font (object)
  (if (fontp object) object
    (signal 'wrong-type-argument (list 'font-spec object))))

(defun font-get (font key) (plist-get (aref (check-font font) 1) key))
(defun font-put (font key value)
  (aset (check-font font) 1 (plist-put (aref font 1) key value))
  value)
(defun copy-font-spec (font) (record 'font-spec (copy-sequence (aref (check-font font) 1))))
(defun font-face-attributes (font)
  "What a face of FONT has, as keywords and values in turn."
  (let ((out nil))
    (dolist (key '(:weight :slant :width :foundry :family))
      (let ((value (font-get font key)))
        (when value (setq out (cons key (cons value out))))))
    out))

;;; Scripts

(defvar char-script-ranges
  '((latin (#x0 . #x24F) (#x1E00 . #x1EFF) (#x2C60 . #x2C7F) (#xA720 . #xA7FF))
    (phonetic (#x250 . #x2AF) (#x1D00 . #x1DBF))
    (greek (#x370 . #x3FF) (#x1F00 . #x1FFF))
    (cyrillic (#x400 . #x52F) (#x1C80 . #x1C8F) (#x2DE0 . #x2DFF) (#xA640 . #xA69F))
    (armenian (#x530 . #x58F))
    (hebrew (#x590 . #x5FF) (#xFB1D . #xFB4F))
    (arabic (#x600 . #x6FF) (#x750 . #x77F) (#xFB50 . #xFDFF) (#xFE70 . #xFEFF))
    (devanagari (#x900 . #x97F) (#xA8E0 . #xA8FF))
    (bengali (#x980 . #x9FF))
    (tamil (#xB80 . #xBFF))
    (thai (#xE00 . #xE7F))
    (lao (#xE80 . #xEFF))
    (tibetan (#xF00 . #xFFF))
    (georgian (#x10A0 . #x10FF) (#x2D00 . #x2D2F))
    (ethiopic (#x1200 . #x139F))
    (khmer (#x1780 . #x17FF))
    (mongolian (#x1800 . #x18AF))
    (symbol (#x2000 . #x2BFF) (#x1F100 . #x1F2FF))
    (braille (#x2800 . #x28FF))
    (kana (#x3040 . #x30FF) (#x31F0 . #x31FF) (#x1B000 . #x1B16F))
    (bopomofo (#x3100 . #x312F) (#x31A0 . #x31BF))
    (hangul (#x1100 . #x11FF) (#x3130 . #x318F) (#xA960 . #xA97F) (#xAC00 . #xD7FF))
    (han (#x2E80 . #x2FDF) (#x3005 . #x3007) (#x3400 . #x4DBF) (#x4E00 . #x9FFF) (#xF900 . #xFAFF)
         (#x20000 . #x2FA1F) (#x30000 . #x323AF))
    (cjk-misc (#x2FF0 . #x3004) (#x3008 . #x303F) (#x3190 . #x319F) (#x31C0 . #x31EF)
              (#x3200 . #x33FF) (#xFE30 . #xFE4F) (#xFF00 . #xFFEF))
    (mathematical (#x1D400 . #x1D7FF))
    (emoji (#x1F300 . #x1F64F) (#x1F680 . #x1F6FF) (#x1F900 . #x1F9FF) (#x1FA70 . #x1FAFF)))
  "For each script the characters that are its own, as ranges.")

(defun char-script (character)
  "The script of CHARACTER, nil if it has none."
  (let ((found nil) (rest char-script-ranges))
    (while (and rest (not found))
      (dolist (range (cdar rest))
        (when (<= (car range) character (cdr range)) (setq found (caar rest))))
      (setq rest (cdr rest)))
    found))

;;; Fontsets

(defun fontset-full-name (name)
  "The full name of the fontset NAME, as X has names of fonts."
  (concat "-*-*-*-*-*-*-*-*-*-*-*-*-fontset-" name))

(defun create-fontset (name base)
  "Make the fontset NAME; what BASE, a family, has is tried first."
  (let ((full (new-fontset (fontset-full-name name)
                           `((latin ,(font-spec :family base :registry "iso10646-1"))))))
    (put (intern name) 'fontset full)
    full))

(new-fontset
 (fontset-full-name "default")
 `((latin ,(font-spec :registry "iso10646-1") (nil . "iso8859-1") (nil . "iso8859-15"))
   (greek ,(font-spec :registry "iso10646-1" :script 'greek) (nil . "iso8859-7"))
   (cyrillic ,(font-spec :registry "iso10646-1" :script 'cyrillic) (nil . "iso8859-5") (nil . "koi8-r"))
   (armenian ,(font-spec :registry "iso10646-1" :script 'armenian))
   (hebrew ,(font-spec :registry "iso10646-1" :script 'hebrew) (nil . "iso8859-8"))
   (arabic ,(font-spec :registry "iso10646-1" :script 'arabic) ("kacst" . "iso10646-1"))
   (devanagari ,(font-spec :registry "iso10646-1" :script 'devanagari :lang 'hi)
               ("Devanagari" . "iso10646-1"))
   (thai ,(font-spec :registry "iso10646-1" :script 'thai) (nil . "tis620*") (nil . "iso8859-11"))
   (lao ,(font-spec :registry "iso10646-1" :script 'lao) (nil . "mulelao-1"))
   (hangul (nil . "ksc5601.1987-0") ,(font-spec :registry "iso10646-1" :lang 'ko))
   (kana (nil . "jisx0208.1983-0") ,(font-spec :registry "iso10646-1" :lang 'ja))
   ;; Which of these comes first decides in whose shape a character that they share is shown.
   (han (nil . "gb2312.1980-0") (nil . "big5-0") (nil . "jisx0208.1983-0") (nil . "jisx0212.1990-0")
        (nil . "ksc5601.1987-0") ,(font-spec :registry "iso10646-1" :lang 'zh)
        ,(font-spec :registry "iso10646-1" :lang 'ja) ,(font-spec :registry "iso10646-1"))
   (cjk-misc (nil . "gb2312.1980-0") (nil . "jisx0208.1983-0") ,(font-spec :registry "iso10646-1"))
   (mathematical ,(font-spec :family "STIX" :registry "iso10646-1"))
   (emoji ,(font-spec :family "Noto Color Emoji" :registry "iso10646-1"))))

;; Braille has a font of its own, and these are never shown in one that is found by chance.
(set-fontset-font t 'braille (font-spec :family "DejaVu Sans" :registry "iso10646-1"))
(set-fontset-font t '(#xE000 . #xF8FF) (font-spec :registry "iso10646-1" :repertory 'unicode-bmp))
(set-fontset-font t '(#xFFF0 . #xFFFF) nil)
(set-fontset-font t nil (font-spec :registry "iso10646-1"))
(set-fontset-font t nil (cons nil "gb18030.2000-0") nil 'append)

(create-fontset "standard" "Fixed")
(set-fontset-font "fontset-standard" 'latin '("Fixed" . "iso8859-1") nil 'append)
(set-fontset-font "fontset-standard" 'han '("Song Ti" . "gb2312.1980-0"))
(set-fontset-font "fontset-standard" 'han '("Mincho" . "jisx0208.1983-0") nil 'append)
(set-fontset-font "fontset-standard" 'han '("Batang" . "ksc5601.1987-0") nil 'append)

(create-fontset "startup" "Monospace")
(set-fontset-font "fontset-startup" 'latin
                  (font-spec :family "Monospace" :weight 'medium :slant 'italic :width 'condensed))

(provide 'fontset)
