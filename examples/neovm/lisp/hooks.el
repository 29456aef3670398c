;;; hooks.el --- lists of functions to run  -*- lexical-binding: t; -*-

(defun hooks--functions (hook)
  "The functions of HOOK, a variable that holds one or a list of them."
  (let ((value (and (boundp hook) (symbol-value hook))))
    (if (or (functionp value) (not (listp value))) (list value) value)))

(defun add-hook (hook function &optional depth _local)
  "Add FUNCTION to HOOK, in front; behind the others when DEPTH is not nil or is positive."
  (unless (boundp hook) (set hook nil))
  (let ((functions (hooks--functions hook)))
    (unless (member function functions)
      (set hook (if (and depth (not (and (numberp depth) (<= depth 0))))
                    (append functions (list function))
                  (cons function functions))))
    (symbol-value hook)))

(defun remove-hook (hook function &optional _local)
  "Take FUNCTION out of HOOK."
  (when (boundp hook)
    (set hook (remove function (hooks--functions hook)))))

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
