//! Faces, fontsets, charsets and coding systems together.

mod ways;

use neodump_runtime::{Dumpable, Placement};
use neovm::display::charset::Charsets;
use neovm::display::coding::CodingSystems;
use neovm::display::face::Face;
use neovm::display::fontset::Fontsets;
use neovm::{Vm, image};
use std::process::Command;
use ways::machine;

const STATE: &str = r##"
(defface both '((t :inherit (bold link) :overline "red" :strike-through "blue" :distant-foreground "green")) "")
(define-charset 'own "" :code-space [0 9] :map (vector 1 ?x) :remark (list 1.5 "text"))
(unify-charset 'own [2 ?y])
(define-coding-system 'own-text "" :coding-type 'charset :charset-list '(ascii own) :post-read-conversion (lambda () 'own))
(define-coding-system-alias 'z 'own-text) (define-coding-system-alias 'a 'own-text)
(set-fontset-font t 'han (font-spec :family "Own" :repertory '((1 . 2))) nil 'prepend)
"##;

#[test]
fn two_processes_write_the_same_bytes_for_the_same_state() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("state.el");
    std::fs::write(&program, STATE).unwrap();
    let dump = |name: &str| {
        let path = folder.path().join(name);
        let command = env!("CARGO_BIN_EXE_neovm");
        let status = Command::new(command).args(["dump", "-o"]).args([&path, &program]).output().unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
        std::fs::read(path).unwrap()
    };
    assert!(dump("one.ndump") == dump("other.ndump"));
}

#[test]
fn fontsets_charsets_coding_systems_and_all_of_a_face_are_in_place() {
    for (name, record) in [
        ("face", <Face as Dumpable>::RECORD),
        ("fontsets", <Fontsets as Dumpable>::RECORD),
        ("charsets", <Charsets as Dumpable>::RECORD),
        ("coding systems", <CodingSystems as Dumpable>::RECORD),
    ] {
        assert!(record.in_place, "{name}");
    }
}

#[test]
fn what_is_read_from_an_image_is_changed_in_memory_of_its_own() {
    let bytes = machine(STATE).dump_to_bytes().unwrap();
    let before = bytes.clone();
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let mut back: Vm = image::options().placement(placement).load_bytes(&bytes).unwrap();
        let other: Vm = image::options().placement(Placement::Elsewhere).load_bytes(&bytes).unwrap();
        assert_eq!(back.eval_to_string("(fontset-font t #x6587)").unwrap(), "(\"Own\")");
        back.eval_str(STATE.lines().last().unwrap()).unwrap();
        assert_eq!(back.eval_to_string("(length (fontset-font t #x6587 t))").unwrap(), "10");
        let count = |vm: &Vm| {
            let fontsets = vm.fontsets.get().unwrap();
            fontsets.get(fontsets.default_name().unwrap()).unwrap().choices(0x6587).len()
        };
        assert_eq!((count(&back), count(&other)), (10, 9));
    }
    assert!(bytes == before);
}

#[test]
fn what_changes_in_a_loaded_machine_is_in_its_next_image() {
    let mut vm = machine(STATE);
    let bytes = vm.dump_to_bytes().unwrap();
    let mut back: Vm = image::options().placement(Placement::Elsewhere).load_bytes(&bytes).unwrap();
    back.eval_str(
        "(set-face-attribute 'both nil :weight 'light :overline nil)
         (make-face 'newest)
         (set-charset-plist 'own (list :remark (list 'new)))
         (coding-system-put 'z :mnemonic ?!)
         (define-coding-system-alias 'm 'own-text)
         (set-fontset-font \"fontset-standard\" 'han nil)
         (garbage-collect)",
    )
    .unwrap();
    let bytes = back.dump_to_bytes().unwrap();
    let mut third: Vm = image::options().load_bytes(&bytes).unwrap();
    let asked = "(list (face-attribute 'both :weight) (face-attribute 'both :overline) (car (face-list))
                  (charset-plist 'own) (coding-system-mnemonic 'own-text) (coding-system-aliases 'a)
                  (fontset-font \"fontset-standard\" #x6587))";
    let wanted = "(light nil newest (:remark (new)) 33 (own-text z a m) nil)";
    assert_eq!(back.eval_to_string(asked).unwrap(), wanted);
    assert_eq!(third.eval_to_string(asked).unwrap(), wanted);
}
