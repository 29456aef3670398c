;; Numbers of all sizes.
(setq big (expt 7 100) negative (- (expt 3 80)) keys (make-hash-table :test 'eq) numbers (list 1 2.5 big))
(puthash big 'seven keys)
(puthash (nth 1 numbers) 'float keys)
;;; dump
(+) ;=> 0
(+ 1 2 3) ;=> 6
(+ 1 2.5) ;=> 3.5
(- 5) ;=> -5
(- 10 1 2) ;=> 7
(* 99999999999 99999999999) ;=> 9999999999800000000001
(/ 7 2) ;=> 3
(/ -7 2) ;=> -3
(/ 7 2.0) ;=> 3.5
(/ 1 0) ;=> error: Arithmetic error
(% -7 2) ;=> -1
(mod -7 2) ;=> 1
(mod -7.5 2) ;=> 0.5
(1+ most-positive-fixnum) ;=> 2305843009213693952
(1- most-negative-fixnum) ;=> -2305843009213693953
(- (1+ most-positive-fixnum) 1) ;=> 2305843009213693951
(eq (- (1+ most-positive-fixnum) 1) most-positive-fixnum) ;=> t
big ;=> 3234476509624757991344647769100216810857203198904625400933895331391691459636928060001
(gethash big keys) ;=> seven
(eq big (nth 2 numbers)) ;=> t
(gethash (nth 2 numbers) keys) ;=> seven
(gethash (nth 1 numbers) keys) ;=> float
(gethash (expt 7 100) keys 'not-eq) ;=> not-eq
(eql big (expt 7 100)) ;=> t
(equal big (+ big 1)) ;=> nil
(= big (expt 7 100)) ;=> t
(< negative 0 big) ;=> t
(+ big negative)
(* big big)
(/ big (expt 7 98)) ;=> 49
(% big 1000) ;=> 1
(mod negative 1000)
(ash 1 100) ;=> 1267650600228229401496703205376
(ash (ash 1 100) -98) ;=> 4
(ash -5 -1) ;=> -3
(logand big 255)
(logior (ash 1 70) 1) ;=> 1180591620717411303425
(logxor (ash 1 70) (ash 1 70)) ;=> 0
(lognot (ash 1 70)) ;=> -1180591620717411303425
(logcount 255) ;=> 8
(max 1 2.5 -3) ;=> 2.5
(min 1 2.5 -3) ;=> -3
(abs negative) ;=> 147808829414345923316083210206383297601
(expt 2 10) ;=> 1024
(expt 2.0 0.5) ;=> 1.4142135623730951
(expt 2 -1)
(cl-isqrt (expt 10 60)) ;=> 1000000000000000000000000000000
(cl-isqrt 17) ;=> 4
(sqrt 16) ;=> 4.0
(truncate 2.7) ;=> 2
(truncate -2.7) ;=> -2
(floor -2.5) ;=> -3
(ceiling 2.1) ;=> 3
(round 2.5) ;=> 2
(round 3.5) ;=> 4
(floor 7 2) ;=> 3
(floor 1e20) ;=> 100000000000000000000
(float 3) ;=> 3.0
(float big)
(list 1e10 1.0e-5 123456789.125 -0.0 1e100) ;=> (10000000000.0 1e-05 123456789.125 -0.0 1e+100)
(list (/ 0.0 0.0) (/ 1.0 0) (/ -1.0 0))
(isnan (/ 0.0 0.0)) ;=> t
(= 0.0 -0.0) ;=> t
(eql 0.0 -0.0) ;=> nil
(list (integerp big) (bignump big) (fixnump 1) (natnump negative) (numberp 1.0) (floatp 1)) ;=> (t t t nil t nil)
(type-of big) ;=> integer
(number-to-string negative) ;=> "-147808829414345923316083210206383297601"
(string-to-number "123456789012345678901234567890") ;=> 123456789012345678901234567890
(string-to-number "ff" 16) ;=> 255
(string-to-number "1.5e3x") ;=> 1500.0
(string-to-number "nothing") ;=> 0
(list #xff #o17 #b101 #24r1k) ;=> (255 15 5 44)
(read "18446744073709551616") ;=> 18446744073709551616
(format "%d %x %X %o %c %5.2f %e %g" 255 255 255 8 ?a 3.14159 12345.678 0.0001) ;=> "255 ff FF 10 a  3.14 1.234568e+04 0.0001"
(format "%05d|%-5d|%+d" 42 42 42) ;=> "00042|42   |+42"
(format "%d" big) ;=> "3234476509624757991344647769100216810857203198904625400933895331391691459636928060001"
(cl-gcd 12 18 27) ;=> 3
(cl-lcm 4 6) ;=> 12
(list (cl-evenp 4) (cl-oddp 4) (cl-plusp 1) (cl-minusp 1)) ;=> (t nil t nil)
(+ 'a 1) ;=> error: Wrong type argument: number-or-marker-p, a
(ash 1.5 2)
(< 1 2 3) ;=> t
(< 1 3 2) ;=> nil
(/= 1 2) ;=> t
(list (zerop 0) (zerop 0.0) (zerop 1)) ;=> (t t nil)
(sxhash-equal 12)
(list (exp 0) (log 100 10) (sin 0) (atan 0 1)) ;=> (1.0 2.0 0.0 0.0)
(number-sequence 1 10 3) ;=> (1 4 7 10)
