;; Strings of bytes and of characters, with and without properties.
(setq plain "hello" greek "λόγος" bytes "\200\377x" mixed (concat "aλ" "\200") emoji "a😀b")
(setq marked (propertize "text" 'face 'bold 'help (list 1 2)) twice (list plain plain) grown (make-string 3 ?x))
(setq long (make-string 100000 ?z))
;;; dump
plain ;=> "hello"
greek ;=> "λόγος"
(list (length greek) (string-bytes greek) (aref greek 1)) ;=> (5 10 972)
bytes ;=> "\200\377x"
(list (length bytes) (multibyte-string-p bytes) (multibyte-string-p greek) (aref bytes 1)) ;=> (3 nil t 255)
mixed
(list (length emoji) (aref emoji 1) (substring emoji 1 2)) ;=> (3 128512 "😀")
marked ;=> #("text" 0 4 (face bold help (1 2)))
(get-text-property 1 'face marked) ;=> bold
(equal marked "text") ;=> t
(eq (car twice) (nth 1 twice)) ;=> t
(progn (aset (car twice) 0 ?J) twice) ;=> ("Jello" "Jello")
(progn (aset grown 1 ?λ) (list grown (length grown) (string-bytes grown))) ;=> ("xλx" 3 4)
(length long) ;=> 100000
(progn (aset long 99999 ?!) (substring long -2)) ;=> "z!"
(concat "a" '(?b ?c) [?d] nil) ;=> "abcd"
(substring "hello" 1 3) ;=> "el"
(substring "hello" -3) ;=> "llo"
(substring "hello" 9) ;=> error: Args out of range: "hello", 9, nil
(list (string= "a" "a") (string= "a" 'a) (string< "abc" "abd") (string> "b" "a")) ;=> (t t t t)
(list (upcase "straße") (downcase "ΛΌΓΟΣ") (capitalize "hello wORLD")) ;=> ("STRASSE" "λόγοσ" "Hello World")
(list (string-prefix-p "he" "hello") (string-suffix-p "lo" "hello")) ;=> (t t)
(string-search "l" "hello" 3) ;=> 3
(string-replace "l" "LL" "hello") ;=> "heLLLLo"
(split-string " two words ") ;=> ("two" "words")
(split-string "a,b,,c" ",") ;=> ("a" "b" "" "c")
(split-string "a,b,,c" "," t) ;=> ("a" "b" "c")
(split-string "a1b22c" "[0-9]+") ;=> ("a" "b" "c")
(string-join '("a" "b") "/") ;=> "a/b"
(list (string-trim "  x \n") (string-trim-left "  x") (string-trim-right "x  ")) ;=> ("x" "x" "x")
(string-pad "ab" 4) ;=> "ab  "
(string-to-list "ab") ;=> (97 98)
(string 955 97) ;=> "λa"
(make-string 3 ?é) ;=> "ééé"
(char-to-string ?λ) ;=> "λ"
(string-to-char "λ") ;=> 955
(list ?a ?\n ?\C-a ?\M-a ?\S-a ?\x41 ?\u03bb ?\N{U+3bb}) ;=> (97 10 1 134217825 33554529 65 955 955)
(format "%s %S" "q\"q" "q\"q") ;=> "q\"q \"q\\\"q\""
(format "%-8s|%8s|%.3s" "ab" "cd" "abcdef") ;=> "ab      |      cd|abc"
(format "%s" '(1 "x" y)) ;=> "(1 x y)"
(format "%%") ;=> "%"
(format "%s")
(format-message "`x'")
(prin1-to-string "a\nb\tc") ;=> "\"a\nb\11c\""
(string-lines "a\nb") ;=> ("a" "b")
(string-remove-prefix "ab" "abc") ;=> "c"
(string-remove-suffix "bc" "abc") ;=> "a"
(string-clean-whitespace " a  b\n c ") ;=> "a b c"
(string-fill "one two three four" 9) ;=> "one two\nthree\nfour"
(truncate-string-to-width "abcdefgh" 6 nil nil t) ;=> "abc..."
(list (string-version-lessp "a2" "a10") (string-version-lessp "a10" "a2") (string-version-lessp "a" "a1")) ;=> (t nil t)
(string-distance "kitten" "sitting") ;=> 3
(format-spec "%a and %b" '((?a . 1) (?b . "two"))) ;=> "1 and two"
(string-empty-p "") ;=> t
(string-blank-p " \n") ;=> 0
(string-reverse "abc") ;=> "cba"
(seq-uniq "hello") ;=> error: Wrong type argument: listp, "hello"
(equal "a" (propertize "a" 'x 1)) ;=> t
(string-width "abc") ;=> 3
(unibyte-string 1 200) ;=> "\1\310"
(string-to-number "12abc") ;=> 12
(upcase ?λ) ;=> 923
(aset "abc" 9 ?x)
(elt "abc" 1) ;=> 98
(stringp 'a) ;=> nil
(mapconcat #'identity '("x" "y") ", ") ;=> "x, y"
(substring-no-properties marked 1 3) ;=> "ex"
(let ((s (copy-sequence "abc"))) (fillarray s ?z) s) ;=> "zzz"
(string-greaterp "b" "a") ;=> t
(char-equal ?a ?A) ;=> t
