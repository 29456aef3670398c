;;; hooks.el --- lists of functions to run  -*- lexical-binding: t; -*-

(defun hooks--list (value)
  "VALUE, one function or a list of them, as a list."
  (if (or (functionp value) (not (listp value))) (list value) value))

(defun hooks--functions (hook)
  "The functions of HOOK, a variable; t among those of a buffer stands for those of all buffers."
  (let ((functions (and (boundp hook) (hooks--list (symbol-value hook)))))
    (if (memq t functions)
        (mapcan (lambda (function)
                  (if (eq function t)
                      (copy-sequence (hooks--list (default-value hook)))
                    (list function)))
                functions)
      functions)))

(defun add-hook (hook function &optional depth local)
  "Add FUNCTION to HOOK, in front; behind the others when DEPTH is positive or another value but nil.
With LOCAL, for the current buffer only."
  (unless (boundp hook) (set-default hook nil))
  (when (and local (not (local-variable-p hook)))
    (set (make-local-variable hook) (list t)))
  (let ((functions (hooks--list (if local (symbol-value hook) (default-value hook)))))
    (unless (member function functions)
      (setq functions (if (and depth (not (and (numberp depth) (<= depth 0))))
                          (append functions (list function))
                        (cons function functions))))
    (if local (set hook functions) (set-default hook functions))
    functions))

(defun remove-hook (hook function &optional local)
  "Take FUNCTION out of HOOK; with LOCAL, for the current buffer only."
  (when (boundp hook)
    (let ((functions (remove function (hooks--list (if local (symbol-value hook) (default-value hook))))))
      (if local (set hook functions) (set-default hook functions)))))

(defun run-hook-with-args (hook &rest args)
  "Call each function of HOOK with ARGS."
  (dolist (function (hooks--functions hook))
    (apply function args)))

(defun run-hooks (&rest hooks)
  "Call the functions of each of HOOKS without arguments."
  (dolist (hook hooks)
    (run-hook-with-args hook)))

(defun run-hook-with-args-until-success (hook &rest args)
  "Call the functions of HOOK with ARGS until one gives something; that."
  (catch 'hooks--done
    (dolist (function (hooks--functions hook))
      (let ((value (apply function args)))
        (if value (throw 'hooks--done value))))
    nil))

(defun run-hook-with-args-until-failure (hook &rest args)
  "Call the functions of HOOK with ARGS until one gives nil; nil then, else t."
  (catch 'hooks--done
    (dolist (function (hooks--functions hook))
      (unless (apply function args) (throw 'hooks--done nil)))
    t))

(defun run-hook-wrapped (hook wrap &rest args)
  "Call WRAP with each function of HOOK and ARGS until it gives something; that."
  (catch 'hooks--done
    (dolist (function (hooks--functions hook))
      (let ((value (apply wrap function args)))
        (if value (throw 'hooks--done value))))
    nil))

;;; Hooks of modes, which wait while a mode that others are derived from is turned on

(defvar delay-mode-hooks nil "Whether the hooks of modes wait.")
(defvar delayed-mode-hooks nil "The hooks that wait, the last first.")
(defvar change-major-mode-after-body-hook nil "What runs when a mode is set up, before its hooks.")
(defvar after-change-major-mode-hook nil "What runs when the hooks of a mode have run.")

(defmacro delay-mode-hooks (&rest body)
  "Evaluate BODY; hooks of modes wait for the next `run-mode-hooks' outside."
  `(let ((delay-mode-hooks t)) ,@body))

(defun run-mode-hooks (&rest hooks)
  "Run HOOKS and those that wait for them, or let them wait."
  (if delay-mode-hooks
      (dolist (hook hooks) (push hook delayed-mode-hooks))
    (let ((all (append (nreverse delayed-mode-hooks) hooks)))
      (setq delayed-mode-hooks nil)
      (apply #'run-hooks 'change-major-mode-after-body-hook
             (append all '(after-change-major-mode-hook))))))

(provide 'hooks)
