;;; buffers.el --- buffers: macros, undoing, and the first buffers  -*- lexical-binding: t -*-

;;; Code that runs elsewhere for a while

(defmacro with-current-buffer (buffer &rest body)
  `(save-current-buffer (set-buffer ,buffer) ,@body))

(defmacro with-temp-buffer (&rest body)
  (let ((buffer (make-symbol "buffer")))
    `(let ((,buffer (generate-new-buffer " *temp*" t)))
       (with-current-buffer ,buffer
         (unwind-protect (progn ,@body)
           (if (buffer-live-p ,buffer) (kill-buffer ,buffer)))))))

(defmacro save-mark-and-excursion (&rest body)
  (let ((place (make-symbol "place")))
    `(let ((,place (copy-marker (mark-marker))))
       (unwind-protect (save-excursion ,@body)
         (set-marker (mark-marker) ,place (marker-buffer ,place))
         (set-marker ,place nil)))))

(defmacro with-restriction (start end &rest body)
  (if (eq (car body) :label)
      `(save-restriction
         (internal--labeled-narrow-to-region ,start ,end ,(nth 1 body))
         ,@(cdr (cdr body)))
    `(save-restriction (narrow-to-region ,start ,end) ,@body)))

(defmacro without-restriction (&rest body)
  (if (eq (car body) :label)
      `(save-restriction (internal--labeled-widen ,(nth 1 body)) ,@(cdr (cdr body)))
    `(save-restriction (widen) ,@body)))

(defmacro with-silent-modifications (&rest body)
  (let ((modified (make-symbol "modified")))
    `(let ((,modified (buffer-modified-p)) (buffer-undo-list t) (inhibit-read-only t))
       (unwind-protect (progn ,@body)
         (unless ,modified (restore-buffer-modified-p nil))))))

;;; Variables of buffers

(defvar kill-buffer-hook nil "Functions to call in a buffer that is about to be killed.")
(defvar change-major-mode-hook nil "Functions to call before a buffer gives its variables up.")

(defmacro setq-local (&rest pairs)
  (let ((forms nil))
    (while pairs
      (push `(set (make-local-variable ',(car pairs)) ,(nth 1 pairs)) forms)
      (setq pairs (cdr (cdr pairs))))
    (cons 'progn (nreverse forms))))

(defmacro defvar-local (name value &optional doc)
  `(progn (defvar ,name ,value ,doc)
          (make-variable-buffer-local ',name)))

;;; Places

(defun mark (&optional _force) (marker-position (mark-marker)))
(defun set-mark (place) (setq mark-active (if place t)) (set-marker (mark-marker) place))
(defun push-mark (&optional place _quietly activate)
  (set-marker (mark-marker) (or place (point)))
  (setq mark-active (if activate t))
  nil)
(defun region-beginning () (min (point) (mark)))
(defun region-end () (max (point) (mark)))
(defun beginning-of-buffer () (goto-char (point-min)))
(defun end-of-buffer () (goto-char (point-max)))

(defun delete-all-overlays (&optional buffer)
  (with-current-buffer (or buffer (current-buffer))
    (save-restriction
      (widen)
      (mapc #'delete-overlay (overlays-in (point-min) (point-max))))
    nil))

(defun remove-overlays (&optional start end name value)
  "Take overlays whose property NAME is VALUE out of the region; those that reach over its ends lose a part."
  (let ((start (or start (point-min))) (end (or end (point-max))))
    (dolist (overlay (overlays-in start end))
      (when (eq (overlay-get overlay name) value)
        (cond ((and (< (overlay-start overlay) start) (> (overlay-end overlay) end))
               (let ((rest (make-overlay end (overlay-end overlay)))
                     (plist (overlay-properties overlay)))
                 (while plist
                   (overlay-put rest (car plist) (nth 1 plist))
                   (setq plist (cdr (cdr plist)))))
               (move-overlay overlay (overlay-start overlay) start))
              ((< (overlay-start overlay) start) (move-overlay overlay (overlay-start overlay) start))
              ((> (overlay-end overlay) end) (move-overlay overlay end (overlay-end overlay)))
              (t (delete-overlay overlay)))))))

;;; Undoing

(defun buffer-disable-undo (&optional buffer)
  (with-current-buffer (or buffer (current-buffer)) (setq buffer-undo-list t)))

(defun buffer-enable-undo (&optional buffer)
  (with-current-buffer (or buffer (current-buffer))
    (if (eq buffer-undo-list t) (setq buffer-undo-list nil))))

(defun undo--text (text place markers)
  "Put deleted TEXT back at PLACE, and MARKERS, pairs with distances, to where they were."
  (let ((at (abs place)))
    (goto-char at)
    (insert text)
    (if (> place 0) (goto-char at))
    (dolist (pair markers)
      (let ((marker (car pair)))
        (when (eq (marker-buffer marker) (current-buffer))
          (set-marker marker (+ (if (marker-insertion-type marker) (+ at (length text)) at)
                                (cdr pair))))))))

(defun primitive-undo (count list)
  "Undo COUNT groups of changes at the front of LIST; the rest of LIST."
  (let ((inhibit-read-only t))
    (while (> count 0)
      (let ((markers nil) (more t))
        (while more
          (let ((entry (pop list)))
            (pcase entry
              ('nil (setq more nil))
              ((pred integerp) (goto-char entry))
              (`(t . ,_time) (set-buffer-modified-p nil))
              (`(nil ,name ,value ,start . ,end) (put-text-property start end name value))
              (`(,(pred integerp) . ,_)
               (delete-region (car entry) (cdr entry)))
              (`(,(pred stringp) . ,_)
               (undo--text (car entry) (cdr entry) markers)
               (setq markers nil))
              (`(,(pred markerp) . ,_)
               ;; Those of one deletion come in front of it.
               (push entry markers))))))
      (setq count (1- count))))
  list)

(defun undo (&optional count)
  (let ((list buffer-undo-list))
    (if (eq list t) (user-error "No undo information in this buffer"))
    (while (and list (null (car list))) (setq list (cdr list)))
    (undo-boundary)
    (primitive-undo (or count 1) list)
    (undo-boundary)))

;;; The buffers of a machine that has just booted

(defvar buffers--notes nil "Overlays and markers of the buffers that a machine boots with.")

(with-current-buffer (get-buffer-create "*scratch*")
  (insert (propertize ";; This buffer is for text that is not saved.\n" 'face 'font-lock-comment-face) "\n")
  (push (copy-marker (point-max) t) buffers--notes)
  (let ((title (make-overlay 4 15)))
    (overlay-put title 'help-echo "Nothing here is kept in a file.")
    (push title buffers--notes))
  (push (selected-window) buffers--notes)
  (push (selected-frame) buffers--notes)
  (push (timer-create) buffers--notes)
  (setq-local comment-start ";")
  (set-buffer-modified-p nil)
  (setq buffer-undo-list nil))

(with-current-buffer (get-buffer-create "*Messages*")
  (buffer-disable-undo)
  (setq buffer-read-only t truncate-lines t)
  (set-marker (mark-marker) (point-min)))

(provide 'buffers)
