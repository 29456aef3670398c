//! Faces come back with every attribute, in their order, wherever their image lies.

mod ways;

use neovm::display::face::{Attr, BoxBorder, BoxStyle, Face, Height, LinePosition, LineStyle, Underline};
use neovm::printer;
use neovm::value::Value;
use neovm::{ImageOption, Vm};
use ways::{everywhere, machine};

/// Faces that Lisp defines with all that a face can have.
const STATE: &str = r##"
(defface loud
  '((t :family "Iosevka" :foundry "be5n" :height 1.25 :weight extra-bold :slant reverse-oblique
       :width semi-condensed
       :underline (:color "red" :style wave :position 3)
       :box (:line-width (2 . -3) :color "gold" :style pressed-button)
       :inverse-video t :foreground "#102030" :background "gray75" :distant-foreground "gray20"
       :stipple (8 2 "\125\252") :overline "orange" :strike-through "purple"
       :inherit (bold link) :extend t :font "Iosevka-12" :fontset "fontset-startup"))
  "All at once.")
(make-face 'second) (make-face 'third)
(defface plain-heir '((t :inherit loud)) "What it inherits.")
(set-face-attribute 'second nil :underline nil :box nil :overline t :weight 'unspecified
                    :foreground :ignore-defface :background 'reset :height (lambda (h) (* 2 h)))
(setq own-color (copy-sequence "red")
      painted (make-face 'painted))
(set-face-attribute 'painted nil :foreground own-color :inherit '(loud second))
"##;

const ANSWERS: &[(&str, &str)] = &[
    (
        "(internal-lisp-face-p 'loud)",
        r##"[face "Iosevka" "be5n" semi-condensed 1.25 extra-bold reverse-oblique (:color "red" :style wave :position 3) t "#102030" "gray75" (8 2 "U\252") "orange" "purple" (:line-width (2 . -3) :color "gold" :style pressed-button) "Iosevka-12" (bold link) "fontset-startup" "gray20" t]"##,
    ),
    // Set to none is not the same as unspecified.
    (
        "(mapcar (lambda (k) (face-attribute 'second k)) '(:underline :box :overline :weight))",
        "(nil nil t unspecified)",
    ),
    (
        "(mapcar (lambda (k) (face-attribute 'second k)) '(:foreground :background))",
        "(:ignore-defface reset)",
    ),
    ("(funcall (face-attribute 'second :height) 21)", "42"),
    ("(eq (face-attribute 'painted :foreground) own-color)", "t"),
    ("(face-attribute 'painted :inherit)", "(loud second)"),
    // The newest first, and the number of a face is its place.
    ("(seq-take (face-list) 5)", "(painted plain-heir third second loud)"),
    ("(= (- (face-id 'painted) (face-id 'loud)) 4)", "t"),
    ("(= (face-id 'painted) (get 'painted 'face))", "t"),
    (
        "(list (facep 'nobody) (facep 'third))",
        "(nil [face unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified unspecified])",
    ),
    ("(face-attribute 'plain-heir :slant nil t)", "reverse-oblique"),
    ("(face-attribute 'plain-heir :height nil 'default)", "150"),
    (
        "(internal-realized-face 'plain-heir)",
        r##"(:foreground "#bfbfbf" :background "#102030" :height 150 :weight 205 :slanted t :underlined t :made-of (plain-heir loud bold link default))"##,
    ),
    ("(face-documentation 'loud)", "\"All at once.\""),
    ("font-lock-keyword-face", "font-lock-keyword-face"),
    ("(seq-every-p (lambda (face) (and (symbolp face) (facep face) t)) font-lock-faces)", "t"),
    ("(face-attribute 'font-lock-doc-face :foreground nil t)", "\"violet red\""),
];

#[test]
fn every_attribute_of_a_face_comes_back_wherever_the_image_lies() {
    everywhere(STATE, ANSWERS);
}

#[test]
fn the_display_has_more_than_fifty_faces_from_the_start() {
    let mut vm = Vm::boot().unwrap();
    assert_eq!(vm.eval_to_string("(> (length (face-list)) 50)").unwrap(), "t");
}

/// A face of values that only Rust code puts there: no attribute is checked on the way in.
fn made_up(vm: &mut Vm) -> Face {
    let text = |vm: &mut Vm, text: &str| vm.heap.string(text);
    let symbol = |vm: &mut Vm, name: &str| vm.symbols.intern(name);
    let inherit = vm.eval_str("'(:weight bold :inherit (a . 1.5))").unwrap();
    let set = |v: Value| Attr::Set(v);
    Face {
        family: set(text(vm, "family")),
        foundry: set(text(vm, "foundry")),
        height: Attr::Set(Height::Relative(0.1)),
        weight: Attr::Set(symbol(vm, "heavy")),
        slant: Attr::Set(symbol(vm, "oblique")),
        width: Attr::Set(symbol(vm, "wide")),
        underline: Attr::Set(ImageOption::some(Underline {
            style: LineStyle::Dashes,
            color: ImageOption::some(text(vm, "underline")),
            position: LinePosition::Descent,
        })),
        box_border: Attr::Set(ImageOption::some(BoxBorder {
            vertical: -7,
            horizontal: i32::MAX,
            color: ImageOption::some(text(vm, "box")),
            style: BoxStyle::Flat,
        })),
        inverse_video: Attr::Set(false),
        foreground: set(text(vm, "foreground")),
        background: set(text(vm, "background")),
        distant_foreground: set(text(vm, "distant")),
        stipple: set(text(vm, "stipple")),
        overline: Attr::Set(true),
        overline_color: ImageOption::some(text(vm, "overline")),
        strike_through: Attr::Set(true),
        strike_through_color: ImageOption::some(text(vm, "strike")),
        inherit: set(inherit),
        extend: Attr::Reset,
        font: set(text(vm, "font")),
        fontset: Attr::Ignored,
    }
}

/// All fields of a face as text, so that two machines' faces can be compared.
fn shown(vm: &Vm, face: &Face) -> Vec<String> {
    let v = |attr: &Attr<Value>| match attr {
        Attr::Set(value) => printer::prin1(&vm.heap, &vm.symbols, *value),
        other => format!("{:?}", other.is_specified()),
    };
    let s =
        |attr: &Attr<neovm::Symbol>| v(&attr.value().map_or(Attr::Reset, |&s| Attr::Set(Value::symbol(s))));
    let c = |color: ImageOption<Value>| v(&color.get().map_or(Attr::Unspecified, Attr::Set));
    let Face {
        family,
        foundry,
        height,
        weight,
        slant,
        width,
        underline,
        box_border,
        inverse_video,
        foreground,
        background,
        distant_foreground,
        stipple,
        overline,
        overline_color,
        strike_through,
        strike_through_color,
        inherit,
        extend,
        font,
        fontset,
    } = face;
    let line = underline.value().and_then(|line| line.get()).unwrap();
    let border = box_border.value().and_then(|border| border.get()).unwrap();
    vec![
        v(family),
        v(foundry),
        format!("{height:?}"),
        s(weight),
        s(slant),
        s(width),
        format!("{:?} {} {:?}", line.style, c(line.color), line.position),
        format!("{} {} {} {:?}", border.vertical, border.horizontal, c(border.color), border.style),
        format!("{inverse_video:?}"),
        v(foreground),
        v(background),
        v(distant_foreground),
        v(stipple),
        format!("{overline:?}"),
        c(*overline_color),
        format!("{strike_through:?}"),
        c(*strike_through_color),
        v(inherit),
        format!("{extend:?}"),
        v(font),
        format!("{fontset:?}"),
    ]
}

#[test]
fn no_field_of_a_face_is_lost_whatever_it_holds_and_whatever_names_it() {
    let mut vm = machine("(setq odd-name (list 1 \"two\"))");
    let name = vm.global("odd-name");
    let face = made_up(&mut vm);
    let before = shown(&vm, &face);
    assert_eq!(before.len(), 21);
    // Colors that nothing else in the face has: each of them is there on its own.
    assert_eq!(
        (before[14].as_str(), before[16].as_str(), before[11].as_str()),
        ("\"overline\"", "\"strike\"", "\"distant\"")
    );
    vm.faces.define(name, face);
    for mut back in ways::loaded(&mut vm) {
        back.eval_str("(garbage-collect)").unwrap();
        let name = back.global("odd-name");
        let face = *back.faces.get(name).expect("the face of a list is found by that very list");
        assert_eq!(shown(&back, &face), before);
        assert!(!back.faces.is_created(name), "a face that Lisp did not make is none of Lisp's after a load");
    }
}

#[test]
fn realized_faces_belong_to_the_process_and_follow_what_changes_after_a_load() {
    let mut vm = machine(STATE);
    vm.eval_str("(internal-realized-face 'plain-heir)").unwrap();
    assert_eq!(vm.faces.realized_count(), 1);
    for mut back in ways::loaded(&mut vm) {
        assert_eq!(back.faces.realized_count(), 0);
        let weight = "(plist-get (internal-realized-face 'plain-heir) :weight)";
        assert_eq!(back.eval_to_string(weight).unwrap(), "205");
        back.eval_str("(set-face-attribute 'loud nil :weight 'light)").unwrap();
        assert_eq!(back.eval_to_string(weight).unwrap(), "50");
    }
}

#[test]
fn a_value_that_no_face_can_have_is_refused_as_emacs_refuses_it() {
    let mut vm = Vm::boot().unwrap();
    for (attribute, value, error) in [
        (":weight", "'loud", r#"(error "Invalid face weight" loud)"#),
        (":weight", "1", "(wrong-type-argument symbolp 1)"),
        (":slant", "'left", r#"(error "Invalid face slant" left)"#),
        (":width", "'tall", r#"(error "Invalid face width" tall)"#),
        (":height", "-1", r#"(error "Face height does not produce a positive integer" -1)"#),
        (":underline", "'(:style zigzag)", r#"(error "Invalid face underline" (:style zigzag))"#),
        (":box", "'(:line-width 0)", r#"(error "Invalid face box" (:line-width 0))"#),
        (":foreground", "\"\"", r#"(error "Empty foreground color value" "")"#),
        (":foreground", "'red", "(wrong-type-argument stringp red)"),
        (":inherit", "'(bold 1)", r#"(error "Invalid face inheritance" (bold 1))"#),
        (":inverse-video", "'maybe", r#"(error "Invalid inverse-video face attribute value" maybe)"#),
        (":stipple", "7", r#"(error "Invalid stipple attribute" 7)"#),
        (":shine", "t", r#"(error "Invalid face attribute name" :shine)"#),
    ] {
        let program =
            format!("(condition-case e (set-face-attribute 'bold nil {attribute} {value}) (error e))");
        assert_eq!(vm.eval_to_string(&program).unwrap(), error, "{attribute}");
    }
    let default = "(condition-case e (set-face-attribute 'default nil :height 1.5) (error (nth 1 e)))";
    assert_eq!(vm.eval_to_string(default).unwrap(), "\"Default face height not absolute and positive\"");
    let unknown = "(condition-case e (face-attribute 'nobody :weight) (error e))";
    assert_eq!(vm.eval_to_string(unknown).unwrap(), "(error \"Invalid face\" nobody)");
}

#[test]
fn faces_that_inherit_each_other_end() {
    let mut vm = machine(
        "(make-face 'a) (make-face 'b) (set-face-attribute 'a nil :inherit 'b) (set-face-attribute 'b nil :inherit '(a b bold))",
    );
    assert_eq!(vm.eval_to_string("(face-attribute 'a :weight nil t)").unwrap(), "bold");
    let made_of = "(plist-get (internal-realized-face 'a) :made-of)";
    assert_eq!(vm.eval_to_string(made_of).unwrap(), "(a b bold default)");
}
