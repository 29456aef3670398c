;;; coding.el --- how text is written as bytes  -*- lexical-binding: t; -*-

(define-error 'coding-system-error "Invalid coding system")

(defvar last-coding-system-used nil "The coding system that text was last converted by.")
(defvar locale-coding-system nil "What the environment says text is written in.")
(defvar default-process-coding-system nil "What processes read and write.")
(defvar file-name-coding-system nil "What names of files are written in.")
(defvar default-file-name-coding-system nil "The same, where nothing else is said.")
(defvar coding-system-for-read nil "What text is read by, whatever else is said.")
(defvar coding-system-for-write nil "What text is written by, whatever else is said.")

;;; Definitions

(defun define-coding-system (name doc &rest props)
  "Define the coding system NAME. PROPS are keywords and values in turn.
All of them are properties of the coding system, known or not."
  (let* ((type (plist-get props :coding-type))
         (charsets (plist-get props :charset-list))
         (ascii (if (plist-member props :ascii-compatible-p)
                    (plist-get props :ascii-compatible-p)
                  (and (memq type '(utf-8 raw-text undecided)) t)))
         (plist (append (list :name name :docstring doc) props)))
    (unless (plist-member plist :ascii-compatible-p)
      (setq plist (append plist (list :ascii-compatible-p ascii))))
    (apply #'define-coding-system-internal name
           (or (plist-get props :mnemonic) ?*)
           type
           (if (listp charsets) charsets)
           ascii
           (plist-get props :decode-translation-table)
           (plist-get props :encode-translation-table)
           (plist-get props :post-read-conversion)
           (plist-get props :pre-write-conversion)
           (plist-get props :default-char)
           (plist-get props :for-unibyte)
           plist
           (plist-get props :eol-type)
           (cond ((memq type '(utf-8 utf-16))
                  (list (plist-get props :bom) (plist-get props :endian)))
                 ((eq type 'iso-2022)
                  (list (plist-get props :initial) (plist-get props :designation) (plist-get props :flags)))))
    name))

;;; Asking

(defun coding-system-get (coding property) (plist-get (coding-system-plist coding) property))
(defun coding-system-type (coding) (coding-system-get coding :coding-type))
(defun coding-system-mnemonic (coding) (or (coding-system-get coding :mnemonic) ?-))
(defun coding-system-doc-string (coding) (coding-system-get coding :docstring))
(defun coding-system-charset-list (coding) (coding-system-get coding :charset-list))
(defun coding-system-eol-type-mnemonic (coding)
  (let ((eol (coding-system-eol-type coding)))
    (if (vectorp eol) ":" (aref [":" "\\" "/"] eol))))

(defun coding-system-change-eol-conversion (coding eol)
  "CODING with lines that end as EOL says: unix, dos, mac, or a number."
  (let* ((number (if (symbolp eol) (cdr (assq eol '((unix . 0) (dos . 1) (mac . 2)))) eol))
         (type (coding-system-eol-type coding)))
    (cond ((vectorp type) (aref type number))
          ((eq type number) coding)
          (t (let ((variants (coding-system-eol-type (coding-system-base coding))))
               (if (vectorp variants) (aref variants number) coding))))))

(defun coding-system-change-text-conversion (coding text)
  "TEXT with the ends of lines of CODING."
  (let ((eol (coding-system-eol-type coding)))
    (if (numberp eol) (coding-system-change-eol-conversion text eol) text)))

(defun coding-system-equal (one other)
  (or (eq one other)
      (and (eq (coding-system-base one) (coding-system-base other))
           (equal (coding-system-eol-type one) (coding-system-eol-type other)))))

(defun coding-system-from-name (name)
  "The coding system that people mean by NAME."
  (let* ((name (downcase (if (symbolp name) (symbol-name name) name)))
         (symbol (intern-soft name))
         (dashes (intern-soft (string-replace "_" "-" name))))
    (cond ((and symbol (coding-system-p symbol)) symbol)
          ((and dashes (coding-system-p dashes)) dashes)
          (t (seq-find (lambda (coding) (eq (coding-system-get coding :mime-charset) (intern name)))
                       (coding-system-list t))))))

(defun set-keyboard-coding-system (coding &optional terminal)
  (set-keyboard-coding-system-internal coding terminal)
  coding)
(defun set-terminal-coding-system (coding &optional terminal)
  (set-terminal-coding-system-internal coding terminal)
  coding)

(defun prefer-coding-system (coding)
  "Try CODING first, and write new text by it."
  (let ((base (coding-system-base coding)))
    (set-coding-system-priority base)
    (setq default-file-name-coding-system base
          default-process-coding-system (cons base base))
    coding))

;;; Without characters

(define-coding-system 'no-conversion "Bytes as they are."
  :coding-type 'raw-text :mnemonic ?= :eol-type 'unix :for-unibyte t :mime-charset nil)
(define-coding-system-alias 'binary 'no-conversion)
(define-coding-system 'raw-text "Bytes, in lines."
  :coding-type 'raw-text :mnemonic ?t :for-unibyte t)
(define-coding-system 'undecided "What the text looks like."
  :coding-type 'undecided :mnemonic ?- :charset-list '(ascii))
(define-coding-system-alias 'unix 'undecided-unix)
(define-coding-system-alias 'dos 'undecided-dos)
(define-coding-system-alias 'mac 'undecided-mac)
(define-coding-system 'prefer-utf-8 "What the text looks like, UTF-8 if in doubt."
  :coding-type 'undecided :mnemonic ?- :charset-list '(emacs))

;;; Unicode

(define-coding-system 'utf-8 "UTF-8."
  :coding-type 'utf-8 :mnemonic ?U :charset-list '(unicode) :mime-charset 'utf-8)
(define-coding-system-alias 'mule-utf-8 'utf-8)
(define-coding-system-alias 'cp65001 'utf-8)
(define-coding-system 'utf-8-with-signature "UTF-8 that starts with a mark."
  :coding-type 'utf-8 :mnemonic ?U :charset-list '(unicode) :bom t)
(define-coding-system-alias 'utf-8-sig 'utf-8-with-signature)
(define-coding-system 'utf-8-emacs "UTF-8 for all characters of the machine."
  :coding-type 'utf-8 :mnemonic ?U :charset-list '(emacs))
(define-coding-system-alias 'emacs-internal 'utf-8-emacs-unix)
(define-coding-system 'utf-16le "UTF-16, low byte first."
  :coding-type 'utf-16 :mnemonic ?U :charset-list '(unicode) :endian 'little :mime-charset 'utf-16le
  :ascii-compatible-p nil)
(define-coding-system 'utf-16be "UTF-16, high byte first."
  :coding-type 'utf-16 :mnemonic ?U :charset-list '(unicode) :endian 'big :mime-charset 'utf-16be)
(define-coding-system 'utf-16le-with-signature "UTF-16, low byte first, with a mark."
  :coding-type 'utf-16 :mnemonic ?U :charset-list '(unicode) :bom t :endian 'little)
(define-coding-system 'utf-16be-with-signature "UTF-16, high byte first, with a mark."
  :coding-type 'utf-16 :mnemonic ?U :charset-list '(unicode) :bom t :endian 'big)
(define-coding-system-alias 'utf-16-le 'utf-16le-with-signature)
(define-coding-system-alias 'utf-16-be 'utf-16be-with-signature)
(define-coding-system-alias 'utf-16 'utf-16be-with-signature)

;;; Charsets of one byte

(define-coding-system 'us-ascii "ASCII alone."
  :coding-type 'charset :mnemonic ?- :charset-list '(ascii) :default-char ?? :mime-charset 'us-ascii)
(define-coding-system-alias 'iso-safe 'us-ascii)
(define-coding-system-alias 'ascii 'us-ascii)

(dolist (definition
         '((iso-latin-1 ?1 iso-8859-1 iso-8859-1 latin-1)
           (iso-latin-2 ?2 iso-8859-2 iso-8859-2 latin-2)
           (iso-latin-9 ?0 iso-8859-15 iso-8859-15 latin-9 latin-0)
           (cyrillic-iso-8bit ?5 iso-8859-5 iso-8859-5)
           (greek-iso-8bit ?7 iso-8859-7 iso-8859-7)
           (cyrillic-koi8 ?K koi8-r koi8-r koi8 cp878)
           (windows-1252 ?w windows-1252 cp1252)
           (cp850 ?D ibm850 ibm850)))
  (let ((name (car definition)) (charset (nth 2 definition)))
    (define-coding-system name (concat "The charset " (symbol-name charset) ".")
      :coding-type 'charset :mnemonic (nth 1 definition) :charset-list (list charset)
      :ascii-compatible-p t :mime-charset charset)
    (dolist (alias (nthcdr 3 definition))
      (define-coding-system-alias alias name))))

(define-charset 'tis620-2533 "ASCII and Thai"
  :short-name "TIS620" :code-space [0 255] :ascii-compatible-p t :supplementary-p t
  :superset '(ascii (thai-tis620 . 128)))
(define-coding-system 'thai-tis620 "Thai in eight bits."
  :coding-type 'charset :mnemonic ?T :charset-list '(tis620-2533) :ascii-compatible-p t
  :mime-charset 'tis-620)
(define-coding-system-alias 'th-tis620 'thai-tis620)
(define-coding-system-alias 'tis620 'thai-tis620)

;;; Charsets of several bytes

(define-coding-system 'chinese-iso-8bit "Chinese in eight bits."
  :coding-type 'charset :mnemonic ?c :charset-list '(ascii chinese-gbk-part) :ascii-compatible-p t
  :mime-charset 'gb2312)
(define-coding-system-alias 'cn-gb-2312 'chinese-iso-8bit)
(define-coding-system-alias 'euc-china 'chinese-iso-8bit)
(define-coding-system-alias 'euc-cn 'chinese-iso-8bit)
(define-coding-system-alias 'cn-gb 'chinese-iso-8bit)
(define-coding-system-alias 'gb2312 'chinese-iso-8bit)
(define-coding-system 'chinese-big5 "Chinese as Big5 has it: this machine knows its name."
  :coding-type 'big5 :mnemonic ?B :charset-list '(ascii chinese-big5-1) :mime-charset 'big5)
(define-coding-system-alias 'big5 'chinese-big5)
(define-coding-system-alias 'cn-big5 'chinese-big5)
(define-coding-system 'japanese-shift-jis "Japanese as Shift-JIS has it: this machine knows its name."
  :coding-type 'shift-jis :mnemonic ?S :charset-list '(ascii japanese-jisx0208) :mime-charset 'shift_jis)
(define-coding-system-alias 'shift_jis 'japanese-shift-jis)
(define-coding-system-alias 'sjis 'japanese-shift-jis)
(define-coding-system 'japanese-iso-8bit "Japanese in eight bits: this machine knows its name."
  :coding-type 'iso-2022 :mnemonic ?E :charset-list '(ascii japanese-jisx0208 japanese-jisx0212)
  :designation [ascii japanese-jisx0208 nil japanese-jisx0212] :flags '(short ascii-at-eol)
  :mime-charset 'euc-jp)
(define-coding-system-alias 'euc-japan 'japanese-iso-8bit)
(define-coding-system-alias 'euc-jp 'japanese-iso-8bit)
(define-coding-system 'iso-2022-jp "Japanese in seven bits: this machine knows its name."
  :coding-type 'iso-2022 :mnemonic ?J :charset-list '(ascii japanese-jisx0208)
  :designation [(ascii japanese-jisx0208) nil nil nil] :flags '(short ascii-at-eol designation 7-bit)
  :mime-charset 'iso-2022-jp)
(define-coding-system-alias 'junet 'iso-2022-jp)
(define-coding-system 'korean-iso-8bit "Korean in eight bits: this machine knows its name."
  :coding-type 'iso-2022 :mnemonic ?K :charset-list '(ascii korean-ksc5601)
  :designation [ascii korean-ksc5601 nil nil] :mime-charset 'euc-kr)
(define-coding-system-alias 'euc-kr 'korean-iso-8bit)
(define-coding-system-alias 'euc-korea 'korean-iso-8bit)
(define-coding-system 'iso-2022-7bit "All charsets in seven bits: this machine knows its name."
  :coding-type 'iso-2022 :mnemonic ?J :charset-list 'iso-2022
  :designation [(ascii t) nil nil nil] :flags '(short ascii-at-eol ascii-at-cntl 7-bit designation))
(define-coding-system 'compound-text "What X programs exchange: this machine knows its name."
  :coding-type 'iso-2022 :mnemonic ?x :charset-list 'iso-2022
  :designation [ascii (latin-iso8859-1 t) nil nil])
(define-coding-system-alias 'x-ctext 'compound-text)
(define-coding-system-alias 'ctext 'compound-text)

(set-coding-system-priority 'utf-8 'iso-latin-1 'utf-16be-with-signature)
(setq locale-coding-system 'utf-8-unix
      default-process-coding-system '(utf-8 . utf-8)
      default-file-name-coding-system 'utf-8)
(set-keyboard-coding-system 'utf-8-unix)
(set-terminal-coding-system 'utf-8-unix)

(provide 'coding)
