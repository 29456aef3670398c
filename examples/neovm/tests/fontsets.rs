//! Fontsets belong to the process, by thread, and come back in their order.

mod ways;

use neovm::Vm;
use neovm::display::fontset::with_active_on;
use std::sync::mpsc;
use std::thread;
use ways::{everywhere, machine};

const STATE: &str = r##"
(new-fontset "-*-*-*-*-*-*-*-*-*-*-*-*-fontset-Own"
             `((latin ("Serif" . "iso8859-1"))
               (han (nil . "big5-0") (nil . "gb2312.1980-0") (nil . "ksc5601.1987-0"))))
(set-fontset-font "fontset-own" 'han (font-spec :family "First" :lang 'ja) nil 'prepend)
(set-fontset-font "fontset-own" '(#x4E10 . #x4E20) '("Middle" . "jisx0208.1983-0") nil 'append)
(set-fontset-font "fontset-own" #x4E15 nil)
(set-fontset-font "fontset-own" 'japanese-jisx0208
  (font-spec :family "All" :registry "r" :lang 'ja :weight 'demibold :slant 'roman :width 'narrow
             :repertory '((33 . 126) (#x3000 . #x30FF))))
(set-fontset-font "fontset-own" ?! (font-spec :repertory 'ascii))
(setq generation-then (internal-fontset-generation))
"##;

const ANSWERS: &[(&str, &str)] = &[
    (
        "(fontset-font t #x6587 t)",
        r#"((nil . "gb2312.1980-0") (nil . "big5-0") (nil . "jisx0208.1983-0") (nil . "jisx0212.1990-0") (nil . "ksc5601.1987-0") (nil . "iso10646-1") (nil . "iso10646-1") (nil . "iso10646-1"))"#,
    ),
    (
        "(fontset-font \"fontset-own\" #x6587 t)",
        r#"(("First") (nil . "big5-0") (nil . "gb2312.1980-0") (nil . "ksc5601.1987-0"))"#,
    ),
    (
        "(mapcar #'cdr (fontset-font \"fontset-own\" #x4E14 t))",
        r#"(nil "big5-0" "gb2312.1980-0" "ksc5601.1987-0" "jisx0208.1983-0")"#,
    ),
    // Set to no font, which is not the same as not set.
    ("(fontset-font \"fontset-own\" #x4E15)", "nil"),
    ("(fontset-font \"fontset-own\" #x1F600)", r#"("Noto Color Emoji" . "iso10646-1")"#),
    ("(fontset-font \"fontset-own\" #xE80 t)", r#"((nil . "iso10646-1") (nil . "mulelao-1"))"#),
    ("(fontset-font \"fontset-own\" #x2A00FF t)", r#"((nil . "iso10646-1") (nil . "gb18030.2000-0"))"#),
    ("(fontset-font \"-*-*-*-*-*-*-*-*-*-*-*-*-FONTSET-own\" ?a)", r#"("Serif" . "iso8859-1")"#),
    (
        "(car (last (internal-fontset-ranges \"fontset-own\")))",
        r#"(1310720 1319555 (:family "All" :registry "r" :lang ja :weight semi-bold :slant normal :width condensed :repertory ((33 . 126) (12288 . 12543))))"#,
    ),
    ("(nth 1 (internal-fontset-ranges \"fontset-own\"))", "(33 33 (:repertory ascii))"),
    (
        "(mapcar #'fontset-short-name (fontset-list))",
        r#"("fontset-Own" "fontset-startup" "fontset-standard" "fontset-default")"#,
    ),
    ("(query-fontset \"*standard\")", "\"-*-*-*-*-*-*-*-*-*-*-*-*-fontset-standard\""),
    ("(query-fontset \"fontset-O[vw]n\" t)", "\"-*-*-*-*-*-*-*-*-*-*-*-*-fontset-Own\""),
    ("(list (query-fontset \"*none*\") (fontset-name-p \"fontset-own\"))", "(nil t)"),
    ("(= (internal-fontset-generation) generation-then)", "t"),
    (
        "(condition-case e (new-fontset \"short\" nil) (error e))",
        "(error \"Fontset name must be in XLFD format\")",
    ),
    (
        "(condition-case e (fontset-font \"fontset-none\" ?a) (error e))",
        "(error \"Fontset does not exist\" \"fontset-none\")",
    ),
    (
        "(condition-case e (set-fontset-font t 'klingon nil) (error e))",
        "(error \"Invalid script or charset name\" klingon)",
    ),
];

#[test]
fn the_order_of_fonts_for_han_and_all_else_comes_back_wherever_the_image_lies() {
    everywhere(STATE, ANSWERS);
}

#[test]
fn other_threads_see_the_fontsets_of_the_machine_that_runs_on_one() {
    let (to_reader, from_machine) = mpsc::channel();
    let (to_machine, from_reader) = mpsc::channel::<()>();
    let one = thread::spawn(move || {
        let mut vm = machine(STATE);
        vm.activate();
        to_reader.send(thread::current().id()).unwrap();
        from_reader.recv().unwrap();
        vm.deactivate();
        vm.eval_to_string("(length (fontset-list))").unwrap()
    });
    let other = from_machine.recv().unwrap();
    // A machine of this thread has its own at the same time.
    let mut vm = Vm::boot().unwrap();
    vm.activate();
    let count = |thread| with_active_on(thread, |fontsets| fontsets.names().count());
    assert_eq!((count(thread::current().id()), count(other)), (Some(3), Some(4)));
    vm.eval_str("(set-fontset-font t ?a '(\"Mine\" . \"x\"))").unwrap();
    let others_a = with_active_on(other, |fontsets| {
        let name = fontsets.default_name().unwrap();
        fontsets.get(name).unwrap().choices(u32::from('a')).len()
    });
    assert_eq!(others_a, Some(3));
    vm.deactivate();
    assert_eq!(count(thread::current().id()), None);
    to_machine.send(()).unwrap();
    assert_eq!(one.join().unwrap(), "4");
}
