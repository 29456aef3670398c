;;; advice.el --- functions that stand in front of others  -*- lexical-binding: t; -*-

;; The pieces of advice of a function are a list (HOW FUNCTION PROPERTIES) on its symbol, the outermost first, and so is the
;; function itself.  What the symbol holds is made of them anew at each change.

(defun advice--around (how piece inner)
  "A function that calls PIECE and INNER as HOW says."
  (pcase how
    (:around (lambda (&rest args) (apply piece inner args)))
    (:before (lambda (&rest args) (apply piece args) (apply inner args)))
    (:after (lambda (&rest args) (prog1 (apply inner args) (apply piece args))))
    (:override (lambda (&rest args) (apply piece args)))
    (:before-while (lambda (&rest args) (and (apply piece args) (apply inner args))))
    (:before-until (lambda (&rest args) (or (apply piece args) (apply inner args))))
    (:after-while (lambda (&rest args) (and (apply inner args) (apply piece args))))
    (:after-until (lambda (&rest args) (or (apply inner args) (apply piece args))))
    (:filter-args (lambda (&rest args) (apply inner (funcall piece args))))
    (:filter-return (lambda (&rest args) (funcall piece (apply inner args))))
    (_ (error "Unknown kind of advice: %S" how))))

(defun advice--pieces (symbol) (get symbol 'advice--pieces))

(defun advice--cd (symbol)
  "The function of SYMBOL without its advice."
  (if (advice--pieces symbol) (get symbol 'advice--original) (symbol-function symbol)))

(defun advice--install (symbol)
  "Give SYMBOL the function that its advice makes of the original."
  (let ((inner (get symbol 'advice--original)) (spec nil))
    (if (null (advice--pieces symbol))
        (progn
          (put symbol 'defalias-fset-function nil)
          (put symbol 'advice--original nil)
          (when (get symbol 'advice--command)
            (put symbol 'advice--command nil)
            (set-interactive-spec symbol 'unset))
          (fset symbol inner))
      (setq spec (interactive-form inner))
      (when (or spec (get symbol 'advice--command))
        (put symbol 'advice--command (and spec t))
        (set-interactive-spec symbol (if spec (nth 1 spec) 'unset)))
      (dolist (piece (reverse (advice--pieces symbol)))
        (setq inner (advice--around (car piece) (nth 1 piece) inner)))
      (put symbol 'defalias-fset-function #'advice--redefine)
      (fset symbol inner))))

(defun advice--redefine (symbol definition)
  "Put DEFINITION behind the advice of SYMBOL."
  (put symbol 'advice--original definition)
  (advice--install symbol))

(defun advice--find (symbol function)
  "The piece of advice of SYMBOL that is FUNCTION, or has it for a name."
  (seq-find (lambda (piece)
              (or (equal (nth 1 piece) function)
                  (equal function (alist-get 'name (nth 2 piece)))))
            (advice--pieces symbol)))

(defun advice-add (symbol how function &optional props)
  "Let FUNCTION take part in calls of SYMBOL, as HOW says.
PROPS may have a `name' to find it by, and a `depth': what is deeper is nearer to the original."
  (unless (advice--pieces symbol)
    (put symbol 'advice--original (symbol-function symbol)))
  (let ((old (advice--find symbol function))
        (depth (or (alist-get 'depth props) 0))
        (pieces nil))
    (setq pieces (if old (remq old (advice--pieces symbol)) (advice--pieces symbol)))
    (let ((front nil))
      (while (and pieces (< (or (alist-get 'depth (nth 2 (car pieces))) 0) depth))
        (push (pop pieces) front))
      (setq pieces (append (nreverse front) (list (list how function props)) pieces)))
    (put symbol 'advice--pieces pieces)
    (advice--install symbol)
    nil))

(defun advice-remove (symbol function)
  "Let FUNCTION, or the advice of that name, take no part in calls of SYMBOL any more."
  (let ((piece (advice--find symbol function)))
    (when piece
      (put symbol 'advice--pieces (remq piece (advice--pieces symbol)))
      (advice--install symbol)))
  nil)

(defun advice-member-p (function symbol)
  "Whether FUNCTION, or advice of that name, takes part in calls of SYMBOL."
  (and (advice--find symbol function) t))

(defun advice-mapc (f symbol)
  "Call F with each piece of advice of SYMBOL and its properties."
  (dolist (piece (advice--pieces symbol))
    (funcall f (nth 1 piece) (nth 2 piece))))

(defun advised-p (symbol) (and (advice--pieces symbol) t))

(defmacro define-advice (symbol args &rest body)
  "Define a function SYMBOL@NAME and add it to SYMBOL.  ARGS is (HOW NAME LAMBDA-LIST)."
  (let ((name (intern (concat (symbol-name symbol) "@" (symbol-name (nth 1 args))))))
    `(progn
       (defun ,name ,(nth 2 args) ,@body)
       (advice-add ',symbol ,(car args) #',name)
       ',name)))

;;; Advice that the library itself has

(defvar advice-calls nil "What `string-reverse' was called with, the last first.")
(define-advice string-reverse (:before remember (text)) (push text advice-calls))
(define-advice seq-take (:filter-args clamp (args)) (list (car args) (max 0 (nth 1 args))))

(provide 'advice)
