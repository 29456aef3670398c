//! Coding systems come back with every field, their aliases in their order, and mean the same bytes.

mod ways;

use neovm::Vm;
use neovm::display::coding::Eol;
use proptest::prelude::*;
use ways::{everywhere, loaded, machine};

const STATE: &str = r##"
(defvar after (lambda (n) (list 'after n)))
(define-coding-system 'own "Own text."
  :coding-type 'charset :mnemonic ?\x3bb :charset-list '(ascii koi8-r) :default-char ?# :ascii-compatible-p t
  :post-read-conversion after :pre-write-conversion 'before :decode-translation-table "in"
  :encode-translation-table '(out) :remark (copy-sequence "kept"))
(define-coding-system 'marked "UTF-16 with a mark." :coding-type 'utf-16 :bom t :endian 'little :eol-type 'dos
  :mnemonic ?m)
;; Not in the order of the alphabet, and one of them takes a name away from another system.
(dolist (alias '(zz own-again aa mm cp65001)) (define-coding-system-alias alias 'own))
(define-coding-system-alias 'lines 'own-dos)
(coding-system-put 'zz :extra 2.5)
(coding-system-put 'own :mnemonic ?o)
(set-coding-system-priority 'marked 'own)
(set-keyboard-coding-system 'own-unix)
(set-terminal-coding-system 'aa)
(defvar remark (coding-system-get 'own :remark))
"##;

const ANSWERS: &[(&str, &str)] = &[
    ("(coding-system-aliases 'own)", "(own zz own-again aa mm cp65001)"),
    ("(coding-system-aliases 'utf-8)", "(utf-8 mule-utf-8)"),
    ("(coding-system-aliases 'euc-cn)", "(chinese-iso-8bit cn-gb-2312 euc-china euc-cn cn-gb gb2312)"),
    ("(coding-system-aliases 'own-dos)", "(own-dos zz-dos own-again-dos aa-dos mm-dos cp65001-dos lines)"),
    (
        "(mapcar #'coding-system-eol-type '(own aa-mac lines marked utf-8-unix nil))",
        "([own-unix own-dos own-mac] 2 1 1 0 nil)",
    ),
    (
        "(mapcar #'coding-system-base '(aa cp65001-dos marked mule-utf-8-mac nil))",
        "(own own marked utf-8 no-conversion)",
    ),
    ("(mapcar #'coding-system-p '(aa lines nothing nil 7))", "(t t nil t nil)"),
    ("(seq-take (coding-system-priority-list) 4)", "(marked own utf-8 utf-16be-with-signature)"),
    ("(coding-system-priority-list t)", "marked"),
    ("(list (keyboard-coding-system) (terminal-coding-system))", "(own-unix aa)"),
    ("(eq remark (coding-system-get 'own :remark))", "t"),
    ("(funcall (coding-system-get 'own :post-read-conversion) 3)", "(after 3)"),
    (
        "(coding-system-plist 'marked)",
        "(:name marked :docstring \"UTF-16 with a mark.\" :coding-type utf-16 :bom t :endian little :eol-type dos :mnemonic 109 :ascii-compatible-p nil)",
    ),
    ("(list (coding-system-get 'own :extra) (coding-system-mnemonic 'own))", "(2.5 111)"),
    ("(append (encode-coding-string \"a\\n\" 'marked) nil)", "(255 254 97 0 13 0 10 0)"),
    ("(decode-coding-string (encode-coding-string \"a\\n\" 'marked) 'utf-16)", "\"a\n\""),
    ("last-coding-system-used", "utf-16be-with-signature-dos"),
    ("(append (encode-coding-string \"\\u0434\\u00e9z\" 'own) nil)", "(196 35 122)"),
    ("(append (encode-coding-string \"\\n\" 'lines) nil)", "(13 10)"),
    ("(condition-case e (check-coding-system 'nothing) (error e))", "(coding-system-error nothing)"),
    (
        "(condition-case e (coding-system-plist 'nothing) (error e))",
        "(wrong-type-argument coding-system-p nothing)",
    ),
    ("(condition-case e (encode-coding-string \"a\" 'sjis) (error e))", "(coding-system-error sjis)"),
    ("(condition-case e (encode-coding-string 'a 'utf-8) (error e))", "(wrong-type-argument stringp a)"),
    ("(coding-system-change-eol-conversion 'aa-dos 'mac)", "own-mac"),
    ("(coding-system-from-name \"EUC_CN\")", "euc-cn"),
];

#[test]
fn every_field_of_a_coding_system_and_the_order_of_aliases_come_back_wherever_the_image_lies() {
    everywhere(STATE, ANSWERS);
}

#[test]
fn fields_that_only_the_machine_reads_come_back_as_well() {
    let mut vm = machine(STATE);
    let fields = |vm: &mut Vm| {
        let own = vm.symbols.intern("own");
        let system = vm.codings.get(own).unwrap().clone();
        let charsets: Vec<_> = system.charsets.iter().map(|&name| vm.symbols.name(name).to_vec()).collect();
        let category = vm.symbols.name(system.category.get().unwrap()).to_vec();
        let values =
            [system.pre_write, system.decode_table, system.encode_table].map(|value| vm.prin1(value));
        (
            (
                system.mnemonic,
                system.default_char.get(),
                system.eol,
                system.ascii_compatible,
                system.for_unibyte,
            ),
            (charsets, category, values, format!("{:?}", system.coding_type), system.parameters.len()),
        )
    };
    let before = fields(&mut vm);
    assert_eq!(before.0, ('o', Some('#'), Eol::Undecided, true, false));
    assert_eq!(before.1.2, ["before", "\"in\"", "(out)"]);
    for mut back in loaded(&mut vm) {
        assert_eq!(fields(&mut back), before);
    }
}

#[test]
fn the_machine_has_more_than_twenty_five_systems_from_the_start() {
    let mut vm = Vm::boot().unwrap();
    assert_eq!(vm.eval_to_string("(> (length (coding-system-list t)) 25)").unwrap(), "t");
    assert_eq!(vm.eval_to_string("(coding-system-priority-list t)").unwrap(), "utf-8");
}

fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:03o}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bytes_that_are_decoded_are_encoded_to_the_same_bytes(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        // One machine a thread: booting one a case would be most of the test.
        thread_local! { static VM: std::cell::RefCell<Vm> = std::cell::RefCell::new(Vm::boot().unwrap()); }
        VM.with_borrow_mut(|vm| {
            for coding in ["utf-8-unix", "utf-8-emacs-unix", "raw-text-unix", "no-conversion", "iso-latin-1-unix",
                           "iso-latin-2-unix", "cyrillic-koi8-unix", "windows-1252-unix", "chinese-iso-8bit-unix"] {
                let text = octal(&bytes);
                let program = format!(
                    "(equal \"{text}\" (encode-coding-string (decode-coding-string \"{text}\" '{coding}) '{coding}))"
                );
                assert_eq!(vm.eval_to_string(&program).unwrap(), "t", "{coding} {text}");
            }
        });
    }

    #[test]
    fn text_that_is_encoded_is_decoded_to_the_same_text(text in "[ -~\u{a0}-\u{ff}]{0,30}", any in "\\PC{0,20}") {
        thread_local! { static VM: std::cell::RefCell<Vm> = std::cell::RefCell::new(Vm::boot().unwrap()); }
        VM.with_borrow_mut(|vm| {
            for (coding, text) in [
                ("iso-latin-1-unix", &text), ("utf-8-unix", &any), ("utf-16le-unix", &any), ("utf-16be-unix", &any),
                ("utf-16-unix", &any), ("utf-8-sig-unix", &any), ("utf-8-dos", &any), ("utf-8-mac", &any),
            ] {
                let string = vm.heap.string(text.as_bytes());
                vm.set_global("text", string);
                let program = format!("(equal text (decode-coding-string (encode-coding-string text '{coding}) '{coding}))");
                assert_eq!(vm.eval_to_string(&program).unwrap(), "t", "{coding} {text}");
            }
        });
    }
}
