;; Regular expressions.
(setq mail "\\`\\([^@]+\\)@\\(.+\\)\\'" text "The quick brown fox")
;;; dump
(string-match "b\\(r\\)" text) ;=> 10
(list (match-beginning 0) (match-end 0) (match-string 1 text)) ;=> (10 12 "r")
(string-match "nothing" text) ;=> nil
(string-match-p "QUICK" text) ;=> 4
(let ((case-fold-search nil)) (string-match-p "QUICK" text)) ;=> nil
(and (string-match mail "me@home") (list (match-string 1 "me@home") (match-string 2 "me@home"))) ;=> ("me" "home")
(string-match "\\(a\\)\\|\\(b\\)" "b") ;=> 0
(match-data) ;=> (0 1 nil nil 0 1)
(string-match "\\(.\\)\\1" "abccd") ;=> 2
(string-match "x\\{2,3\\}" "xaxxxx") ;=> 2
(string-match "^b" "a\nb") ;=> 2
(string-match "\\`b" "a\nb") ;=> nil
(string-match "[[:digit:]]+$" "abc 123") ;=> 4
(string-match "[]x]" "a]") ;=> 1
(string-match "\\_<foo\\_>" "foo-bar foo") ;=> 8
(string-match "\\bfox\\b" text) ;=> 16
(string-match "[^[:space:]]" "  x") ;=> 2
(string-match "é" "café") ;=> 3
(string-match "." "é") ;=> 0
(string-match "\\(" "x")
(string-match "[a" "x") ;=> error: Invalid regexp: "Unmatched [ or [^"
(string-match "x" "abc" 9) ;=> error: Args out of range: "abc", 9
(string-match "c" "abcabc" -2) ;=> 5
(regexp-quote "a.b*[c]") ;=> "a\\.b\\*\\[c]"
(replace-regexp-in-string "[aeiou]" "_" "education") ;=> "_d_c_t__n"
(replace-regexp-in-string "\\(\\w+\\) \\(\\w+\\)" "\\2 \\1" "hello world") ;=> "world hello"
(replace-regexp-in-string "[0-9]+" (lambda (m) (number-to-string (* 2 (string-to-number m)))) "1 22 x3") ;=> "2 44 x6"
(replace-regexp-in-string "a*" "-" "baac") ;=> "-b--c"
(replace-regexp-in-string "x" "\\\\&" "axb") ;=> "a\\&b"
(replace-regexp-in-string "x" "\\&\\&" "axb" nil t) ;=> "a\\&\\&b"
(replace-regexp-in-string "x" "\\q" "axb") ;=> error: Invalid use of `\' in replacement text
(save-match-data (string-match "q" text) (match-beginning 0)) ;=> 4
(condition-case e (string-match "\\{" "x") (invalid-regexp 'refused)) ;=> refused
(let ((out nil) (at 0)) (while (string-match "o" "foo boo" at) (push (match-beginning 0) out) (setq at (match-end 0))) (nreverse out)) ;=> (1 2 5 6)
