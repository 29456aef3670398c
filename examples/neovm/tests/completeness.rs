//! Every field of every manager and of every type of object survives a dump and a load.

use neodump_runtime::testing::Completeness;
use neovm::buffer::state::FileTime;
use neovm::display::face::{Attr, BoxBorder, BoxStyle, Face, Height, LinePosition, LineStyle, Underline};
use neovm::reader::Source;
use neovm::value::Value;
use neovm::{ImageOption, Vm, image};

/// What the program below needs of the library, which is left out else: a test loads two machines for every field.
const FUNCTIONS: [(&str, &[&str]); 6] = [
    (include_str!("../lisp/boot.el"), &["(defun ignore ", "(defun cadr ", "(defun cddr "]),
    (include_str!("../lisp/charsets.el"), &["(defvar define-charset-keys", "(defun define-charset "]),
    (
        include_str!("../lisp/coding.el"),
        &["(define-error 'coding-system-error", "(defun define-coding-system "],
    ),
    (include_str!("../lisp/fontset.el"), &["(defvar font-spec-keys", "(defun font-spec "]),
    (include_str!("../lisp/registers.el"), &["(defun bookmark-make "]),
    (include_str!("../lisp/autoload.el"), &["(defmacro with-eval-after-load "]),
];

/// Something in every field of every manager, and an object of every type.
const PROGRAM: &str = r##"
(setq objects (list (cons 1 (list 'two 2.5)) "unibyte\351" "multibyte \u6587" (propertize "properties" 'face 'bold)
  (vector 1 2 3) (record 'kind 1 2) (lambda (x) x) (bool-vector t nil nil) (expt 3 90) (- (expt 3 90)) (position-symbol 'a 3)
  (make-symbol "own") #'car (symbol-function 'car) #[257 "\211T\207" [] 2 "Doc" "p"] (make-char-table 'kind 'initial)
  (make-hash-table :test 'eq :weakness 'key) (make-hash-table) (make-hash-table :test 'equal) (obarray-make 3)
  (make-marker) (timer-create) (window-of-number 7) (selected-frame)))
(dolist (table (list (nth 16 objects) (nth 17 objects) (nth 18 objects))) (puthash 'one 1 table) (puthash 2 "two" table))
(fset 'a-macro (cons 'macro (lambda (x) x))) (defmacro real-macro (x) x)
(intern "inside" (nth 19 objects)) (set-char-table-range (nth 15 objects) '(?a . ?z) 'letter)

(get-buffer-create "other") (get-buffer-create "another") (setq dead (get-buffer-create "dead"))
(set-buffer "*scratch*")
(insert "Some text with " (propertize "properties" 'face 'bold) " in it, and a tail") (goto-char 5) (set-marker (mark-marker) 9)
(setq m (copy-marker 7) o (make-overlay 3 9 nil t nil) free (make-marker)) (overlay-put o 'face 'bold)
(let ((gone (make-overlay 1 2))) (overlay-put gone 'k 'v) (setq loose gone) (delete-overlay gone))
(setq i (make-indirect-buffer "*scratch*" "indirect"))
(set-buffer i) (internal--labeled-narrow-to-region 3 20 'label) (set-buffer "*scratch*")
(kill-buffer dead) (setq tab-width 5) (make-local-variable 'own) (setq own 1) (setq-default fill-column 99)
(make-variable-buffer-local 'local-when-set) (make-variable-buffer-local 'undo-limit) (use-local-map (make-sparse-keymap))

(autoload 'one "lib\351" "Doc \377" t) (autoload 'two "lib" nil nil 'macro) (autoload 'three "lib" nil nil 'keymap)
(eval-after-load "lib" '(list 1)) (provide 'mine)
(make-obsolete 'one 'two "1") (make-obsolete-variable 'tab-width "no" nil)
(custom-declare-group 'own '((fill-column custom-variable)) "G" :tag "T" :prefix "p-" :group 'editor)
(custom-add-to-group 'own 'bold 'custom-face)
(dolist (kind '(integer (const 1) (repeat string) (cons integer float) (list integer) (set integer) (choice (const :tag "x" 1))
                (alist :key-type symbol :value-type (vector)) other-type))
  (custom-declare-variable (intern (format "of-%s" kind)) 1 "Doc" :type kind))
(custom-declare-variable 'every '(list 1) "Doc" :group 'own :version "2" :risky t :local t :require 'mine
  :set (lambda (s v) (set-default s v)) :get #'default-value :options '(a b) :type 'integer)
(customize-save-variable 'every 3) (customize-set-variable 'every 2)
(mode-register-major 'm "M\351" (lambda () 1) :parent 'text-mode :hook 'h :keymap 'k :syntax-table 's :abbrev-table 'a)
(mode-set-font-lock 'm '(("p\377" bold :group 3 :override t :lax t)) t "st")
(mode-register-minor 'n '(" N" lighter) (make-sparse-keymap) 'n t)
(mode-set-of-buffer 99 'm) (mode-set-minor 'n t 99) (mode-set-minor 'blink-mode t t) (auto-mode-add "x\351" 'm t)
(define-abbrev-table 'parent nil) (set-global-abbrev-table 'parent)
(define-abbrev-table 'ab '(("q\351" "e\377" ignore :count 4 :system t)) "D" :parents '(parent) :case-fixed t :note (list 1))
(set-interactive-spec 'cons (list 'list 1 "x"))
(set-killed-rectangle '("r\351" "\u00e9"))
(kmacro-push (vector 1 'f1 (list 'e))) (kmacro-set-counter -7) (kmacro-set-format "%x\377")
(start-kbd-macro nil) (store-kbd-macro-event 'event)
(set-register ?a "text") (set-register ?b 7) (set-register ?c (copy-marker 2)) (set-register ?d '("rect" "angle"))
(set-register ?e (list 'frame-configuration 1)) (set-register ?f '(file . "/old")) (set-register ?g (vector 24 'f1))
(bookmark-make "\377" "\351" -3 :front "f" :rear "r" :annotation "a" :handler 'h)
(add-variable-watcher 'every #'ignore)
(use-global-map (make-sparse-keymap))
(set-buffer "other") (insert "text with " (propertize "properties" 'face 'bold 'data 1)) (undo-boundary)
(kill-buffer (get-buffer-create "one more, for an even number"))

(define-charset 'runes "Runes" :code-space [1 90] :code-offset #x169F :iso-final-char ?r :iso-revision-number 3
  :emacs-mule-id 200 :invalid-code 0 :ascii-compatible-p t :supplementary-p t)
(define-charset 'map "Map" :code-space [0 9] :map [1 ?a 2 ?b] :unify-map [1 ?w])
(define-charset 'part "Part" :code-space [11 20] :subset '(runes 1 10 10))
(define-charset 'sum "Sum" :code-space [0 255] :superset '((map . 100) (runes . 150)))
(define-charset-alias 'futhark 'runes) (set-charset-priority 'part 'runes)
(define-coding-system 'text "Text" :coding-type 'charset :mnemonic ?x :charset-list '(runes map) :default-char ?#
  :post-read-conversion 'after :pre-write-conversion 'before :decode-translation-table "in"
  :encode-translation-table '(out) :for-unibyte t)
(define-coding-system 'marked "Marked" :coding-type 'utf-16 :bom t :endian 'little :eol-type 'dos)
(define-coding-system-alias 'alias 'text) (set-coding-system-priority 'marked 'text)
(new-fontset "-*-*-*-*-*-*-*-*-*-*-*-*-fontset-Own" `(((?a . ?z) ("Serif" . "iso8859-1"))))
(set-fontset-font "fontset-own" '(?0 . ?9) (font-spec :family "All" :registry "r" :lang 'ja :weight 'bold :slant 'roman
  :width 'narrow :repertory '((33 . 126))) nil 'append)
(set-fontset-font "fontset-own" ?! (font-spec :repertory 'runes))
(set-fontset-font "fontset-own" nil '("Last" . "r") nil 'append)
"##;

/// A small machine that has something of everything.
fn machine() -> Vm {
    let mut vm = Vm::new();
    let mut run = |text: &str| vm.eval_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let (macros, _) = include_str!("../lisp/boot.el").split_once("(defmacro if-let* ").unwrap();
    run(macros);
    for (file, starts) in FUNCTIONS {
        for start in starts {
            let rest = &file[file.find(start).unwrap_or_else(|| panic!("no {start}"))..];
            let mut reading = Vm::new();
            let mut source = Source::file("library", rest.as_bytes().to_vec());
            source.read(&mut reading.heap, &mut reading.symbols).unwrap();
            run(&rest[..source.position()]);
        }
    }
    let mut source = Source::file("program", PROGRAM.as_bytes().to_vec());
    let (mut reading, mut from) = (Vm::new(), 0);
    while source.read(&mut reading.heap, &mut reading.symbols).unwrap().is_some() {
        run(&PROGRAM[from..source.position()]);
        from = source.position();
    }
    let first = vm.buffers.order()[0];
    let buffer = vm.buffers.get_mut(first).unwrap();
    buffer.file_time = Some(FileTime { seconds: 77, nanos: 5, size: 9 });
    for (name, face) in faces(&mut vm) {
        vm.faces.define(name, face);
    }
    vm
}

/// Faces with every attribute in every form.
fn faces(vm: &mut Vm) -> Vec<(Value, Face)> {
    let text = vm.heap.string("text");
    let bold = vm.symbols.intern("bold");
    let (set, symbol) = (Attr::Set(text), Attr::Set(bold));
    let line = |position| {
        let color = ImageOption::some(text);
        Attr::Set(ImageOption::some(Underline { style: LineStyle::Wave, color, position }))
    };
    let border =
        BoxBorder { vertical: 1, horizontal: 2, color: ImageOption::some(text), style: BoxStyle::Flat };
    let face = |height, underline| Face {
        family: set,
        foundry: set,
        height: Attr::Set(height),
        weight: symbol,
        slant: symbol,
        width: symbol,
        underline,
        box_border: Attr::Set(ImageOption::some(border)),
        inverse_video: Attr::Set(true),
        foreground: set,
        background: set,
        distant_foreground: set,
        stipple: set,
        overline: Attr::Set(true),
        overline_color: ImageOption::some(text),
        strike_through: Attr::Set(true),
        strike_through_color: ImageOption::some(text),
        inherit: set,
        extend: Attr::Reset,
        font: set,
        fontset: Attr::Ignored,
    };
    let faces = [
        face(Height::Relative(1.5), line(LinePosition::Pixels(3))),
        face(Height::Absolute(120), line(LinePosition::Descent)),
        face(Height::Computed(text), Attr::Unspecified),
    ];
    let names = ["relative", "absolute", "computed"].map(|name| vm.intern(name));
    names.into_iter().zip(faces).collect()
}

#[test]
fn every_field_of_every_manager_and_of_every_type_of_object_survives() {
    let test = Completeness::of(machine)
        .natives(image::natives())
        .except("vm.lexenv", "of the program that runs: put aside before a dump")
        .except("vm.names", "which symbols this program knows by id: the image of another is refused")
        .except("vm.buffers.buffers[1].slots[1]", "no folder, so it is taken for that of the process")
        .except("vm.buffers.defaults[1]", "the folder of the process: put aside before a dump")
        .except("neovm::object::Header.kind", "says of which type the object is")
        .except("neovm::bool_vector::BoolVector.bytes", "counts the trailing array")
        .except("neovm::object::Subr.desc", "a static, known by its address")
        .except("neovm::variable::Forward.desc", "a static, known by its address")
        .except("neovm::object::Str.chars", "counts the characters, so it has one value only")
        .except(
            "neovm::managers::lisp_string::LispString.chars",
            "counts the characters, so it has one value only",
        )
        .except(
            "neovm::managers::autoloads::Awaited::Feature.0",
            "keys that do not print: the first alone is shown",
        )
        .except("neovm::display::charset::Charset.dimension", "follows from the codes")
        .except("neovm::buffer::manager::BufferManager.order", "names each living buffer once")
        .except("neovm::buffer::state::Buffer.id", "is the key that the buffer is found by")
        .except("neovm::buffer::state::Buffer.handle", "is the one handle that has the buffer's number")
        .except("neovm::buffer::state::Buffer.pt", "one place in characters and in bytes")
        .except("neovm::buffer::state::Buffer.begv", "one place in characters and in bytes")
        .except("neovm::buffer::state::Buffer.zv", "one place in characters and in bytes")
        .except("neovm::buffer::text::BufferText.chain", "nothing but a chain of markers will do")
        .except("neovm::managers::roots::Roots.current_global_map", "nothing but a keymap will do")
        .except("neovm::managers::roots::Roots.standard_syntax_table", "nothing but a syntax table will do")
        .except(
            "neovm::managers::roots::Roots.standard_category_table",
            "nothing but a category table will do",
        )
        .except("neovm::managers::roots::Roots.standard_case_table", "nothing but a case table will do")
        // SAFETY: the machine is at its end, and nothing else refers to its image.
        .ended_by(|vm| unsafe { vm.release() });
    // SAFETY: a machine reaches its objects by words, and loads files from anywhere.
    let report = unsafe { test.objects() }.run();
    println!("{report}");
    assert!(report.untested.is_empty(), "nothing is known of {} fields\n{report}", report.untested.len());
    assert!(report.fields > 400 && report.changed.len() > 500, "{report}");
}
