;;; charsets.el --- sets of characters  -*- lexical-binding: t; -*-

;;; Definitions

(defvar define-charset-keys
  '(:dimension :code-space :min-code :max-code :iso-final-char :iso-revision-number :emacs-mule-id
    :ascii-compatible-p :supplementary-p :invalid-code :code-offset :map :subset :superset :unify-map)
  "What `define-charset' understands, in the order in which `define-charset-internal' takes it.")

(defun define-charset (name doc &rest props)
  "Define the charset NAME. PROPS are keywords and values in turn.
All of them are properties of the charset, known or not."
  (let ((plist (append (list :name name :docstring doc) props))
        (space (plist-get props :code-space)))
    (unless (plist-member plist :dimension)
      (setq plist (append plist (list :dimension (/ (length space) 2)))))
    (unless (plist-member plist :short-name)
      (setq plist (append plist (list :short-name (symbol-name name)))))
    (unless (plist-member plist :long-name)
      (setq plist (append plist (list :long-name (plist-get plist :short-name)))))
    (apply #'define-charset-internal name
           (append (mapcar (lambda (key) (plist-get props key)) define-charset-keys)
                   (list plist)))))

(defun charset-dimension (charset) (plist-get (charset-plist charset) :dimension))
(defun charset-short-name (charset) (plist-get (charset-plist charset) :short-name))
(defun charset-long-name (charset) (plist-get (charset-plist charset) :long-name))
(defun charset-description (charset) (plist-get (charset-plist charset) :docstring))
(defun charset-iso-final-char (charset)
  (or (plist-get (charset-plist charset) :iso-final-char) -1))
(defun charset-code-space (charset) (plist-get (charset-plist charset) :code-space))
(defun get-charset-property (charset property) (plist-get (charset-plist charset) property))
(defun put-charset-property (charset property value)
  (set-charset-plist charset (plist-put (charset-plist charset) property value)))

(defun charset-after-decoding (charset codes)
  "The string of the characters that CODES have in CHARSET."
  (apply #'string (mapcar (lambda (code) (or (decode-char charset code) #xFFFD)) codes)))

(defun charset--ascii-map (pairs)
  "The map of PAIRS, a vector of codes and characters in turn, with ASCII in front."
  (let ((ascii nil))
    (dotimes (code 128) (setq ascii (cons code (cons code ascii))))
    (vconcat (nreverse ascii) pairs)))

;;; What the machine itself stands on

(define-charset 'ascii "ASCII (ISO646 IRV)"
  :short-name "ASCII" :long-name "ASCII (ISO646 IRV)" :code-space [0 127] :iso-final-char ?B
  :ascii-compatible-p t :emacs-mule-id 0 :code-offset 0)
(define-charset 'iso-8859-1 "Latin-1 (ISO/IEC 8859-1)"
  :short-name "Latin-1" :code-space [0 255] :ascii-compatible-p t :code-offset 0)
(define-charset 'unicode "Unicode (ISO10646)"
  :short-name "Unicode" :code-space [0 255 0 255 0 16] :ascii-compatible-p t :code-offset 0)
(define-charset 'emacs "The full range of characters of the machine"
  :short-name "Emacs" :code-space [0 255 0 255 0 63] :ascii-compatible-p t :supplementary-p t
  :code-offset 0)
(define-charset 'eight-bit "Bytes that stand for nothing else"
  :short-name "Raw bytes" :code-space [128 255] :supplementary-p t :code-offset #x3FFF80)
(define-charset 'unicode-bmp "The basic plane of Unicode"
  :short-name "Unicode BMP" :code-space [0 255 0 255] :supplementary-p t :code-offset 0)
(define-charset 'unicode-smp "The supplementary plane of Unicode"
  :short-name "Unicode SMP" :code-space [0 255 0 255] :supplementary-p t :code-offset #x10000)
(define-charset 'control-1 "Control characters of eight bits"
  :short-name "C1" :code-space [128 159] :emacs-mule-id 0 :code-offset #x80)
(define-charset 'latin-iso8859-1 "The right half of ISO/IEC 8859-1"
  :short-name "RHP of Latin-1" :code-space [32 127] :iso-final-char ?A :emacs-mule-id 129 :code-offset 160)
(define-charset 'eight-bit-control "The raw bytes from 128 to 159"
  :short-name "Raw control" :code-space [128 159] :supplementary-p t
  :subset '(eight-bit 128 159 0))
(define-charset 'eight-bit-graphic "The raw bytes from 160 on"
  :short-name "Raw graphic" :code-space [160 255] :supplementary-p t
  :subset '(eight-bit 160 255 0))
(define-charset 'binary "Bytes as they are"
  :short-name "Bytes" :code-space [0 255] :supplementary-p t :superset '(ascii eight-bit))

;;; Alphabets of one byte

(define-charset 'iso-8859-2 "Latin-2 (ISO/IEC 8859-2)"
  :short-name "Latin-2" :code-space [0 255] :ascii-compatible-p t :mime-charset 'iso-8859-2
  :map (charset--ascii-map
  [#x80 #x0080 #x81 #x0081 #x82 #x0082 #x83 #x0083 #x84 #x0084 #x85 #x0085 #x86 #x0086 #x87 #x0087 #x88 #x0088
    #x89 #x0089 #x8A #x008A #x8B #x008B #x8C #x008C #x8D #x008D #x8E #x008E #x8F #x008F #x90 #x0090 #x91 #x0091
    #x92 #x0092 #x93 #x0093 #x94 #x0094 #x95 #x0095 #x96 #x0096 #x97 #x0097 #x98 #x0098 #x99 #x0099 #x9A #x009A
    #x9B #x009B #x9C #x009C #x9D #x009D #x9E #x009E #x9F #x009F #xA0 #x00A0 #xA1 #x0104 #xA2 #x02D8 #xA3 #x0141
    #xA4 #x00A4 #xA5 #x013D #xA6 #x015A #xA7 #x00A7 #xA8 #x00A8 #xA9 #x0160 #xAA #x015E #xAB #x0164 #xAC #x0179
    #xAD #x00AD #xAE #x017D #xAF #x017B #xB0 #x00B0 #xB1 #x0105 #xB2 #x02DB #xB3 #x0142 #xB4 #x00B4 #xB5 #x013E
    #xB6 #x015B #xB7 #x02C7 #xB8 #x00B8 #xB9 #x0161 #xBA #x015F #xBB #x0165 #xBC #x017A #xBD #x02DD #xBE #x017E
    #xBF #x017C #xC0 #x0154 #xC1 #x00C1 #xC2 #x00C2 #xC3 #x0102 #xC4 #x00C4 #xC5 #x0139 #xC6 #x0106 #xC7 #x00C7
    #xC8 #x010C #xC9 #x00C9 #xCA #x0118 #xCB #x00CB #xCC #x011A #xCD #x00CD #xCE #x00CE #xCF #x010E #xD0 #x0110
    #xD1 #x0143 #xD2 #x0147 #xD3 #x00D3 #xD4 #x00D4 #xD5 #x0150 #xD6 #x00D6 #xD7 #x00D7 #xD8 #x0158 #xD9 #x016E
    #xDA #x00DA #xDB #x0170 #xDC #x00DC #xDD #x00DD #xDE #x0162 #xDF #x00DF #xE0 #x0155 #xE1 #x00E1 #xE2 #x00E2
    #xE3 #x0103 #xE4 #x00E4 #xE5 #x013A #xE6 #x0107 #xE7 #x00E7 #xE8 #x010D #xE9 #x00E9 #xEA #x0119 #xEB #x00EB
    #xEC #x011B #xED #x00ED #xEE #x00EE #xEF #x010F #xF0 #x0111 #xF1 #x0144 #xF2 #x0148 #xF3 #x00F3 #xF4 #x00F4
    #xF5 #x0151 #xF6 #x00F6 #xF7 #x00F7 #xF8 #x0159 #xF9 #x016F #xFA #x00FA #xFB #x0171 #xFC #x00FC #xFD #x00FD
    #xFE #x0163 #xFF #x02D9]))
(define-charset-alias 'latin-2 'iso-8859-2)

(define-charset 'iso-8859-15 "Latin-9 (ISO/IEC 8859-15)"
  :short-name "Latin-9" :code-space [0 255] :ascii-compatible-p t :mime-charset 'iso-8859-15
  :map (charset--ascii-map
  [#x80 #x0080 #x81 #x0081 #x82 #x0082 #x83 #x0083 #x84 #x0084 #x85 #x0085 #x86 #x0086 #x87 #x0087 #x88 #x0088
    #x89 #x0089 #x8A #x008A #x8B #x008B #x8C #x008C #x8D #x008D #x8E #x008E #x8F #x008F #x90 #x0090 #x91 #x0091
    #x92 #x0092 #x93 #x0093 #x94 #x0094 #x95 #x0095 #x96 #x0096 #x97 #x0097 #x98 #x0098 #x99 #x0099 #x9A #x009A
    #x9B #x009B #x9C #x009C #x9D #x009D #x9E #x009E #x9F #x009F #xA0 #x00A0 #xA1 #x00A1 #xA2 #x00A2 #xA3 #x00A3
    #xA4 #x20AC #xA5 #x00A5 #xA6 #x0160 #xA7 #x00A7 #xA8 #x0161 #xA9 #x00A9 #xAA #x00AA #xAB #x00AB #xAC #x00AC
    #xAD #x00AD #xAE #x00AE #xAF #x00AF #xB0 #x00B0 #xB1 #x00B1 #xB2 #x00B2 #xB3 #x00B3 #xB4 #x017D #xB5 #x00B5
    #xB6 #x00B6 #xB7 #x00B7 #xB8 #x017E #xB9 #x00B9 #xBA #x00BA #xBB #x00BB #xBC #x0152 #xBD #x0153 #xBE #x0178
    #xBF #x00BF #xC0 #x00C0 #xC1 #x00C1 #xC2 #x00C2 #xC3 #x00C3 #xC4 #x00C4 #xC5 #x00C5 #xC6 #x00C6 #xC7 #x00C7
    #xC8 #x00C8 #xC9 #x00C9 #xCA #x00CA #xCB #x00CB #xCC #x00CC #xCD #x00CD #xCE #x00CE #xCF #x00CF #xD0 #x00D0
    #xD1 #x00D1 #xD2 #x00D2 #xD3 #x00D3 #xD4 #x00D4 #xD5 #x00D5 #xD6 #x00D6 #xD7 #x00D7 #xD8 #x00D8 #xD9 #x00D9
    #xDA #x00DA #xDB #x00DB #xDC #x00DC #xDD #x00DD #xDE #x00DE #xDF #x00DF #xE0 #x00E0 #xE1 #x00E1 #xE2 #x00E2
    #xE3 #x00E3 #xE4 #x00E4 #xE5 #x00E5 #xE6 #x00E6 #xE7 #x00E7 #xE8 #x00E8 #xE9 #x00E9 #xEA #x00EA #xEB #x00EB
    #xEC #x00EC #xED #x00ED #xEE #x00EE #xEF #x00EF #xF0 #x00F0 #xF1 #x00F1 #xF2 #x00F2 #xF3 #x00F3 #xF4 #x00F4
    #xF5 #x00F5 #xF6 #x00F6 #xF7 #x00F7 #xF8 #x00F8 #xF9 #x00F9 #xFA #x00FA #xFB #x00FB #xFC #x00FC #xFD #x00FD
    #xFE #x00FE #xFF #x00FF]))
(define-charset-alias 'latin-9 'iso-8859-15)
(define-charset-alias 'latin-0 'iso-8859-15)

(define-charset 'iso-8859-5 "Latin/Cyrillic (ISO/IEC 8859-5)"
  :short-name "Cyrillic" :code-space [0 255] :ascii-compatible-p t :mime-charset 'iso-8859-5
  :map (charset--ascii-map
  [#x80 #x0080 #x81 #x0081 #x82 #x0082 #x83 #x0083 #x84 #x0084 #x85 #x0085 #x86 #x0086 #x87 #x0087 #x88 #x0088
    #x89 #x0089 #x8A #x008A #x8B #x008B #x8C #x008C #x8D #x008D #x8E #x008E #x8F #x008F #x90 #x0090 #x91 #x0091
    #x92 #x0092 #x93 #x0093 #x94 #x0094 #x95 #x0095 #x96 #x0096 #x97 #x0097 #x98 #x0098 #x99 #x0099 #x9A #x009A
    #x9B #x009B #x9C #x009C #x9D #x009D #x9E #x009E #x9F #x009F #xA0 #x00A0 #xA1 #x0401 #xA2 #x0402 #xA3 #x0403
    #xA4 #x0404 #xA5 #x0405 #xA6 #x0406 #xA7 #x0407 #xA8 #x0408 #xA9 #x0409 #xAA #x040A #xAB #x040B #xAC #x040C
    #xAD #x00AD #xAE #x040E #xAF #x040F #xB0 #x0410 #xB1 #x0411 #xB2 #x0412 #xB3 #x0413 #xB4 #x0414 #xB5 #x0415
    #xB6 #x0416 #xB7 #x0417 #xB8 #x0418 #xB9 #x0419 #xBA #x041A #xBB #x041B #xBC #x041C #xBD #x041D #xBE #x041E
    #xBF #x041F #xC0 #x0420 #xC1 #x0421 #xC2 #x0422 #xC3 #x0423 #xC4 #x0424 #xC5 #x0425 #xC6 #x0426 #xC7 #x0427
    #xC8 #x0428 #xC9 #x0429 #xCA #x042A #xCB #x042B #xCC #x042C #xCD #x042D #xCE #x042E #xCF #x042F #xD0 #x0430
    #xD1 #x0431 #xD2 #x0432 #xD3 #x0433 #xD4 #x0434 #xD5 #x0435 #xD6 #x0436 #xD7 #x0437 #xD8 #x0438 #xD9 #x0439
    #xDA #x043A #xDB #x043B #xDC #x043C #xDD #x043D #xDE #x043E #xDF #x043F #xE0 #x0440 #xE1 #x0441 #xE2 #x0442
    #xE3 #x0443 #xE4 #x0444 #xE5 #x0445 #xE6 #x0446 #xE7 #x0447 #xE8 #x0448 #xE9 #x0449 #xEA #x044A #xEB #x044B
    #xEC #x044C #xED #x044D #xEE #x044E #xEF #x044F #xF0 #x2116 #xF1 #x0451 #xF2 #x0452 #xF3 #x0453 #xF4 #x0454
    #xF5 #x0455 #xF6 #x0456 #xF7 #x0457 #xF8 #x0458 #xF9 #x0459 #xFA #x045A #xFB #x045B #xFC #x045C #xFD #x00A7
    #xFE #x045E #xFF #x045F]))

(define-charset 'iso-8859-7 "Latin/Greek (ISO/IEC 8859-7)"
  :short-name "Greek" :code-space [0 255] :ascii-compatible-p t :mime-charset 'iso-8859-7
  :map (charset--ascii-map
  [#x80 #x0080 #x81 #x0081 #x82 #x0082 #x83 #x0083 #x84 #x0084 #x85 #x0085 #x86 #x0086 #x87 #x0087 #x88 #x0088
    #x89 #x0089 #x8A #x008A #x8B #x008B #x8C #x008C #x8D #x008D #x8E #x008E #x8F #x008F #x90 #x0090 #x91 #x0091
    #x92 #x0092 #x93 #x0093 #x94 #x0094 #x95 #x0095 #x96 #x0096 #x97 #x0097 #x98 #x0098 #x99 #x0099 #x9A #x009A
    #x9B #x009B #x9C #x009C #x9D #x009D #x9E #x009E #x9F #x009F #xA0 #x00A0 #xA1 #x2018 #xA2 #x2019 #xA3 #x00A3
    #xA4 #x20AC #xA5 #x20AF #xA6 #x00A6 #xA7 #x00A7 #xA8 #x00A8 #xA9 #x00A9 #xAA #x037A #xAB #x00AB #xAC #x00AC
    #xAD #x00AD #xAF #x2015 #xB0 #x00B0 #xB1 #x00B1 #xB2 #x00B2 #xB3 #x00B3 #xB4 #x0384 #xB5 #x0385 #xB6 #x0386
    #xB7 #x00B7 #xB8 #x0388 #xB9 #x0389 #xBA #x038A #xBB #x00BB #xBC #x038C #xBD #x00BD #xBE #x038E #xBF #x038F
    #xC0 #x0390 #xC1 #x0391 #xC2 #x0392 #xC3 #x0393 #xC4 #x0394 #xC5 #x0395 #xC6 #x0396 #xC7 #x0397 #xC8 #x0398
    #xC9 #x0399 #xCA #x039A #xCB #x039B #xCC #x039C #xCD #x039D #xCE #x039E #xCF #x039F #xD0 #x03A0 #xD1 #x03A1
    #xD3 #x03A3 #xD4 #x03A4 #xD5 #x03A5 #xD6 #x03A6 #xD7 #x03A7 #xD8 #x03A8 #xD9 #x03A9 #xDA #x03AA #xDB #x03AB
    #xDC #x03AC #xDD #x03AD #xDE #x03AE #xDF #x03AF #xE0 #x03B0 #xE1 #x03B1 #xE2 #x03B2 #xE3 #x03B3 #xE4 #x03B4
    #xE5 #x03B5 #xE6 #x03B6 #xE7 #x03B7 #xE8 #x03B8 #xE9 #x03B9 #xEA #x03BA #xEB #x03BB #xEC #x03BC #xED #x03BD
    #xEE #x03BE #xEF #x03BF #xF0 #x03C0 #xF1 #x03C1 #xF2 #x03C2 #xF3 #x03C3 #xF4 #x03C4 #xF5 #x03C5 #xF6 #x03C6
    #xF7 #x03C7 #xF8 #x03C8 #xF9 #x03C9 #xFA #x03CA #xFB #x03CB #xFC #x03CC #xFD #x03CD #xFE #x03CE]))

(define-charset 'koi8-r "Cyrillic KOI8-R"
  :short-name "KOI8-R" :code-space [0 255] :ascii-compatible-p t :mime-charset 'koi8-r
  :map (charset--ascii-map
  [#x80 #x2500 #x81 #x2502 #x82 #x250C #x83 #x2510 #x84 #x2514 #x85 #x2518 #x86 #x251C #x87 #x2524 #x88 #x252C
    #x89 #x2534 #x8A #x253C #x8B #x2580 #x8C #x2584 #x8D #x2588 #x8E #x258C #x8F #x2590 #x90 #x2591 #x91 #x2592
    #x92 #x2593 #x93 #x2320 #x94 #x25A0 #x95 #x2219 #x96 #x221A #x97 #x2248 #x98 #x2264 #x99 #x2265 #x9A #x00A0
    #x9B #x2321 #x9C #x00B0 #x9D #x00B2 #x9E #x00B7 #x9F #x00F7 #xA0 #x2550 #xA1 #x2551 #xA2 #x2552 #xA3 #x0451
    #xA4 #x2553 #xA5 #x2554 #xA6 #x2555 #xA7 #x2556 #xA8 #x2557 #xA9 #x2558 #xAA #x2559 #xAB #x255A #xAC #x255B
    #xAD #x255C #xAE #x255D #xAF #x255E #xB0 #x255F #xB1 #x2560 #xB2 #x2561 #xB3 #x0401 #xB4 #x2562 #xB5 #x2563
    #xB6 #x2564 #xB7 #x2565 #xB8 #x2566 #xB9 #x2567 #xBA #x2568 #xBB #x2569 #xBC #x256A #xBD #x256B #xBE #x256C
    #xBF #x00A9 #xC0 #x044E #xC1 #x0430 #xC2 #x0431 #xC3 #x0446 #xC4 #x0434 #xC5 #x0435 #xC6 #x0444 #xC7 #x0433
    #xC8 #x0445 #xC9 #x0438 #xCA #x0439 #xCB #x043A #xCC #x043B #xCD #x043C #xCE #x043D #xCF #x043E #xD0 #x043F
    #xD1 #x044F #xD2 #x0440 #xD3 #x0441 #xD4 #x0442 #xD5 #x0443 #xD6 #x0436 #xD7 #x0432 #xD8 #x044C #xD9 #x044B
    #xDA #x0437 #xDB #x0448 #xDC #x044D #xDD #x0449 #xDE #x0447 #xDF #x044A #xE0 #x042E #xE1 #x0410 #xE2 #x0411
    #xE3 #x0426 #xE4 #x0414 #xE5 #x0415 #xE6 #x0424 #xE7 #x0413 #xE8 #x0425 #xE9 #x0418 #xEA #x0419 #xEB #x041A
    #xEC #x041B #xED #x041C #xEE #x041D #xEF #x041E #xF0 #x041F #xF1 #x042F #xF2 #x0420 #xF3 #x0421 #xF4 #x0422
    #xF5 #x0423 #xF6 #x0416 #xF7 #x0412 #xF8 #x042C #xF9 #x042B #xFA #x0417 #xFB #x0428 #xFC #x042D #xFD #x0429
    #xFE #x0427 #xFF #x042A]))
(define-charset-alias 'koi8 'koi8-r)

(define-charset 'windows-1252 "Windows Latin-1"
  :short-name "CP1252" :code-space [0 255] :ascii-compatible-p t :mime-charset 'windows-1252
  :map (charset--ascii-map
  [#x80 #x20AC #x82 #x201A #x83 #x0192 #x84 #x201E #x85 #x2026 #x86 #x2020 #x87 #x2021 #x88 #x02C6 #x89 #x2030
    #x8A #x0160 #x8B #x2039 #x8C #x0152 #x8E #x017D #x91 #x2018 #x92 #x2019 #x93 #x201C #x94 #x201D #x95 #x2022
    #x96 #x2013 #x97 #x2014 #x98 #x02DC #x99 #x2122 #x9A #x0161 #x9B #x203A #x9C #x0153 #x9E #x017E #x9F #x0178
    #xA0 #x00A0 #xA1 #x00A1 #xA2 #x00A2 #xA3 #x00A3 #xA4 #x00A4 #xA5 #x00A5 #xA6 #x00A6 #xA7 #x00A7 #xA8 #x00A8
    #xA9 #x00A9 #xAA #x00AA #xAB #x00AB #xAC #x00AC #xAD #x00AD #xAE #x00AE #xAF #x00AF #xB0 #x00B0 #xB1 #x00B1
    #xB2 #x00B2 #xB3 #x00B3 #xB4 #x00B4 #xB5 #x00B5 #xB6 #x00B6 #xB7 #x00B7 #xB8 #x00B8 #xB9 #x00B9 #xBA #x00BA
    #xBB #x00BB #xBC #x00BC #xBD #x00BD #xBE #x00BE #xBF #x00BF #xC0 #x00C0 #xC1 #x00C1 #xC2 #x00C2 #xC3 #x00C3
    #xC4 #x00C4 #xC5 #x00C5 #xC6 #x00C6 #xC7 #x00C7 #xC8 #x00C8 #xC9 #x00C9 #xCA #x00CA #xCB #x00CB #xCC #x00CC
    #xCD #x00CD #xCE #x00CE #xCF #x00CF #xD0 #x00D0 #xD1 #x00D1 #xD2 #x00D2 #xD3 #x00D3 #xD4 #x00D4 #xD5 #x00D5
    #xD6 #x00D6 #xD7 #x00D7 #xD8 #x00D8 #xD9 #x00D9 #xDA #x00DA #xDB #x00DB #xDC #x00DC #xDD #x00DD #xDE #x00DE
    #xDF #x00DF #xE0 #x00E0 #xE1 #x00E1 #xE2 #x00E2 #xE3 #x00E3 #xE4 #x00E4 #xE5 #x00E5 #xE6 #x00E6 #xE7 #x00E7
    #xE8 #x00E8 #xE9 #x00E9 #xEA #x00EA #xEB #x00EB #xEC #x00EC #xED #x00ED #xEE #x00EE #xEF #x00EF #xF0 #x00F0
    #xF1 #x00F1 #xF2 #x00F2 #xF3 #x00F3 #xF4 #x00F4 #xF5 #x00F5 #xF6 #x00F6 #xF7 #x00F7 #xF8 #x00F8 #xF9 #x00F9
    #xFA #x00FA #xFB #x00FB #xFC #x00FC #xFD #x00FD #xFE #x00FE #xFF #x00FF]))
(define-charset-alias 'cp1252 'windows-1252)

(define-charset 'ibm850 "DOS Latin-1: its map is a file" :short-name "CP850" :code-space [0 255]
  :ascii-compatible-p t :mime-charset 'cp850 :map "IBM850")
(define-charset-alias 'cp850 'ibm850)
(define-charset 'thai-iso8859-11 "The right half of ISO/IEC 8859-11"
  :short-name "Thai" :code-space [32 127] :code-offset #xE00)
(define-charset 'thai-tis620 "Thai TIS620.2533"
  :short-name "TIS620.2533" :iso-final-char ?T :emacs-mule-id 133 :code-space [32 127]
  :code-offset #xE00)
(define-charset 'lao "Lao: a code is the low byte of its character"
  :short-name "Lao" :iso-final-char ?1 :emacs-mule-id 167 :code-space [33 126] :code-offset #xE81)

;;; Characters of several bytes: they have places of their own until a map unifies them with Unicode

(define-charset 'japanese-jisx0208 "JIS X0208-1983"
  :short-name "JISX0208" :iso-final-char ?B :emacs-mule-id 146 :code-space [33 126 33 126]
  :code-offset #x140000 :unify-map "JISX0208")
(define-charset 'japanese-jisx0212 "JIS X0212-1990"
  :short-name "JISX0212" :iso-final-char ?D :emacs-mule-id 148 :code-space [33 126 33 126]
  :code-offset #x148000 :unify-map "JISX0212")
(define-charset 'chinese-gb2312 "GB2312-1980"
  :short-name "GB2312" :iso-final-char ?A :emacs-mule-id 145 :code-space [33 126 33 126]
  :code-offset #x110000
  ;; The beginning of the table: enough to see that unified characters come from it.
  :unify-map [#x2121 #x3000 #x2122 #x3001 #x2123 #x3002 #x3021 #x554A #x3022 #x963F
              #x4646 #x9F50 #x5A57 #x8D75 #x5650 #x4E2D #x4E44 #x6587])
(define-charset 'chinese-big5-1 "Frequently used part of Big5"
  :short-name "Big5 (Level-1)" :iso-final-char ?0 :emacs-mule-id 152 :code-space [33 126 33 126]
  :code-offset #x135000 :unify-map "BIG5-1")
(define-charset 'korean-ksc5601 "KSC5601-1987"
  :short-name "KSC5601" :iso-final-char ?C :emacs-mule-id 147 :code-space [33 126 33 126]
  :code-offset #x279F94 :unify-map "KSC5601")
(define-charset 'chinese-gbk-part "What GBK has of GB2312, with the high bits set"
  :short-name "GBK" :code-space [#xA1 #xFE #xA1 #xFE] :supplementary-p t
  :subset '(chinese-gb2312 #x2121 #x7E7E #x8080))
(define-charset 'euc-cn-part "ASCII and GB2312 as EUC has them"
  :short-name "EUC-CN" :code-space [0 255 0 255] :supplementary-p t
  :superset '(ascii (chinese-gb2312 . #x8080)))

(unify-charset 'chinese-gb2312)
(define-charset-alias 'latin-1 'iso-8859-1)
(define-charset-alias 'ucs 'unicode)
(define-charset-alias 'tis620 'thai-tis620)

(set-charset-priority 'unicode 'ascii 'iso-8859-1)

(provide 'charsets)
