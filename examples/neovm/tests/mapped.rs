//! Objects of an image lie in it, are right there, and stay there over collections.

use neodump_runtime::image::Source;
use neodump_runtime::{AdoptImage, LoadReport, Placement};
use neovm::value::Value;
use neovm::{Vm, image};
use std::ops::Range;
use std::process::Command;

/// A machine that was dumped after a program, at its base or elsewhere, and the addresses of its image.
struct Loaded {
    vm: Vm,
    report: LoadReport,
    addresses: Range<usize>,
}

impl Loaded {
    /// Whether an address lies in the image, objects or not.
    fn has<T>(&self, address: *const T) -> bool {
        self.addresses.contains(&address.addr())
    }
}

fn load_again(program: &str, placement: Placement) -> Loaded {
    let mut vm = Vm::boot().unwrap();
    vm.eval_str(program).unwrap();
    let bytes = vm.dump_to_bytes().unwrap();
    let mut report = LoadReport::default();
    let vm: Vm = image::options().placement(placement).report(&mut report).load_bytes(&bytes).unwrap();
    let header = Source::Bytes(&bytes).header().unwrap();
    let first = vm.heap.image().unwrap().arenas()[0].objects().next().unwrap().addr();
    let start = first - header.section("HeapImage").unwrap().extent.offset as usize;
    Loaded { vm, report, addresses: start..start + header.file_len() as usize }
}

fn ask(vm: &mut Vm, text: &str) -> String {
    vm.eval_to_string(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What a program leaves in `it` is an object of the image, its parts too, and prints the same over three collections.
fn lies_in_the_image(program: &str, printed: &str) {
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let mut loaded = load_again(&format!("(setq it {program})"), placement);
        let it = loaded.vm.global("it");
        let object = std::ptr::without_provenance(it.address());
        assert!(loaded.vm.heap.image().unwrap().contains(object), "{program}");
        if let Some(slots) = loaded.vm.heap.as_slots(it).filter(|slots| !slots.is_empty()) {
            assert!(loaded.has(slots.as_ptr()), "the slots of {program}");
        }
        if let Some(bytes) = loaded.vm.heap.as_bytes(it) {
            assert!(loaded.has(bytes.as_ptr()), "the bytes of {program}");
        }
        let vm = &mut loaded.vm;
        for _ in 0..3 {
            assert_eq!(ask(vm, "it"), printed, "{placement:?}");
            vm.eval_str("(dotimes (n 300) (vector n (format \"%d\" n))) (garbage-collect)").unwrap();
            assert_eq!(vm.global("it"), it);
        }
    }
}

#[test]
fn a_cons_and_what_is_nested_in_it_lie_in_the_image() {
    lies_in_the_image("(list 1 (vector 2 \"x\") (cons 3 4))", "(1 [2 \"x\"] (3 . 4))");
}

#[test]
fn a_float_lies_in_the_image() {
    lies_in_the_image("(/ 1.0 3)", "0.3333333333333333");
}

#[test]
fn a_vector_its_slots_and_its_children_lie_in_the_image() {
    lies_in_the_image("(vector 'a \"child\" (list 1.5))", "[a \"child\" (1.5)]");
}

#[test]
fn a_record_lies_in_the_image() {
    lies_in_the_image("(record 'kind \"slot\" 2)", "#s(kind \"slot\" 2)");
}

#[test]
fn a_function_lies_in_the_image() {
    lies_in_the_image("(let ((n 5)) (lambda (x) (+ x n)))", "(closure ((n . 5) t) (x) (+ x n))");
}

#[test]
fn a_hash_table_a_bignum_a_char_table_and_their_like_lie_in_the_image() {
    lies_in_the_image("(let ((h (make-hash-table))) (puthash 'k 1 h) h)", "#s(hash-table size 1 data (k 1))");
    lies_in_the_image("(expt 3 90)", "8727963568087712425891397479476727340041449");
    lies_in_the_image("(position-symbol 'a 3)", "#<symbol a at 3>");
    lies_in_the_image("(bool-vector t nil t t)", "#&4\"\r\"");
    lies_in_the_image("(make-bool-vector 99 nil)", &format!("#&99\"{}\"", "\0".repeat(13)));
    lies_in_the_image("(let ((o (obarray-make))) (intern \"x\" o) o)", "#<obarray n=1>");
}

#[test]
fn the_bytes_of_a_string_lie_in_the_image_and_its_properties_survive() {
    lies_in_the_image("(propertize \"text\" 'face 'bold)", "#(\"text\" 0 4 (face bold))");
    lies_in_the_image("(make-string 3 ?\\u6587)", "\"文文文\"");
}

#[test]
fn a_string_of_the_image_is_copied_when_it_is_first_changed_and_not_before() {
    let mut loaded = load_again("(setq it \"some text\" other (list it))", Placement::Elsewhere);
    let it = loaded.vm.global("it");
    let bytes = |loaded: &Loaded| loaded.vm.heap.as_bytes(it).unwrap().as_ptr();
    let before = bytes(&loaded);
    assert!(loaded.has(before));
    loaded.vm.eval_str("(concat it it) (upcase it) (string-match \"t\" it) (garbage-collect)").unwrap();
    assert_eq!(bytes(&loaded), before);
    loaded.vm.eval_str("(aset it 0 ?S)").unwrap();
    assert!(!loaded.has(bytes(&loaded)));
    let mut vm = loaded.vm;
    assert_eq!(ask(&mut vm, "(list it (eq it (car other)))"), "(\"Some text\" t)");
    vm.eval_str("(garbage-collect)").unwrap();
    assert_eq!(ask(&mut vm, "it"), "\"Some text\"");
}

#[test]
fn slots_of_the_image_are_copied_when_they_are_first_changed_and_the_object_stays() {
    let program = "(setq it (vector 1 2 3) f (let ((n 0)) (lambda () (setq n (1+ n)))))";
    let mut loaded = load_again(program, Placement::Preferred);
    let it = loaded.vm.global("it");
    let slots = |loaded: &Loaded| loaded.vm.heap.as_slots(it).unwrap().as_ptr();
    let before = slots(&loaded);
    loaded.vm.eval_str("(aref it 1)").unwrap();
    assert!(loaded.has(before) && slots(&loaded) == before);
    loaded.vm.eval_str("(aset it 1 (list 'new)) (garbage-collect)").unwrap();
    assert!(!loaded.has(slots(&loaded)));
    let answer = ask(&mut loaded.vm, "(list it (funcall f) (funcall f))");
    assert_eq!(answer, "([1 (new) 3] 1 2)");
}

#[test]
fn byte_code_of_the_image_is_called_and_survives_collections() {
    lies_in_the_image("#[257 \"\\211T\\207\" [] 2]", "#[257 \"\\211T\\207\" [] 2]");
    let Loaded { mut vm, .. } = load_again("(fset 'next #[257 \"\\211T\\207\" [] 2])", Placement::Elsewhere);
    for n in 1..4 {
        assert_eq!(ask(&mut vm, &format!("(next {n})")), (n + 1).to_string());
        vm.eval_str("(garbage-collect)").unwrap();
    }
}

#[test]
fn a_list_of_ten_thousand_conses_comes_back() {
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let Loaded { mut vm, .. } = load_again("(setq it nil) (dotimes (n 10000) (push n it))", placement);
        assert_eq!(ask(&mut vm, "(list (length it) (car it) (apply #'+ it))"), "(10000 9999 49995000)");
    }
}

#[test]
fn the_first_collection_looks_into_each_object_of_the_image_once() {
    let Loaded { mut vm, report, .. } = load_again(
        "(setq it nil) (dotimes (n 2000) (push (list n it (vector it it)) it))",
        Placement::Preferred,
    );
    vm.eval_str("(garbage-collect)").unwrap();
    let marked: usize = vm
        .heap
        .image()
        .unwrap()
        .arenas()
        .iter()
        .filter(|arena| arena.object_type().short_name() != "Float")
        .map(|arena| arena.objects().filter(|object| is_marked(&vm, *object)).count())
        .sum();
    assert!(marked > 6000 && marked <= report.object_count(), "{marked}");
    // What the question itself made is looked into as well: a handful of conses.
    let traced = vm.heap.traced();
    assert!((marked..marked + 50).contains(&traced), "{marked} marked, {traced} looked into");
}

fn is_marked(vm: &Vm, object: *const u8) -> bool {
    let adopted = vm.heap.image().unwrap();
    let ty = adopted.arena_of(object).unwrap().object_type();
    let tag = match (ty.kind(), ty.short_name()) {
        (None, _) => neovm::value::TAG_CONS,
        (_, "Str") => neovm::value::TAG_STR,
        _ => neovm::value::TAG_VECLIKE,
    };
    vm.heap.is_marked(Value::at(object.addr(), tag))
}

#[test]
fn every_section_of_the_image_is_there_and_decodes_and_none_holds_the_state_of_the_process() {
    let mut vm = Vm::boot().unwrap();
    vm.eval_str("(defvar answer 42)").unwrap();
    let bytes = vm.dump_to_bytes().unwrap();
    let header = Source::Bytes(&bytes).header().unwrap();
    let names: Vec<_> = header.sections().iter().map(|placed| placed.spec.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "HeapImage",
            "HeapWords",
            "Hydration",
            "Root",
            "obarray",
            "faces",
            "fontsets",
            "charsets",
            "codings",
            "buffers",
            "handles",
            "autoloads",
            "custom",
            "modes",
            "abbrevs",
            "interactive",
            "rectangle",
            "kmacro",
            "registers",
            "bookmarks",
            "watchers",
            "roots",
            "HeapBytes",
            "ObjectStarts",
            "SymbolTable",
            "Imports",
            "Arenas",
            "Natives",
            "Relocations",
            "Schema",
        ]
    );
    // Each byte of each of them is looked at by an audit, and the machine that is made of them is complete.
    let mut back: Vm = image::options().load_bytes(&bytes).unwrap();
    assert_eq!(ask(&mut back, "answer"), "42");
    assert!(back.dump_to_bytes().unwrap() == bytes);
}

#[test]
fn a_lone_uninterned_symbol_stays_uninterned() {
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let Loaded { mut vm, .. } =
            load_again("(setq it (make-symbol \"lone-symbol\")) (set it 'value)", placement);
        let answer = ask(
            &mut vm,
            "(list (intern-soft \"lone-symbol\") (symbol-value it) (symbol-name it) (eq it it))",
        );
        assert_eq!(answer, "(nil value \"lone-symbol\" t)");
        assert_eq!(ask(&mut vm, "(eq it (intern \"lone-symbol\"))"), "nil");
    }
}

#[test]
fn the_raw_bytes_of_a_symbol_name_survive_interned_and_not() {
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let Loaded { mut vm, .. } =
            load_again("(setq it (list (intern \"\\300\\377x\") (make-symbol \"\\200\")))", placement);
        let answer = ask(
            &mut vm,
            "(list (symbol-name (car it)) (symbol-name (nth 1 it)) (eq (car it) (intern \"\\300\\377x\")))",
        );
        assert_eq!(answer, "(\"\\300\\377x\" \"\\200\" t)");
    }
}

#[test]
fn two_processes_write_the_same_bytes_whatever_lay_on_the_stack_before() {
    let folder = tempfile::tempdir().unwrap();
    let dump = |name: &str, noise: &str| {
        let path = folder.path().join(name);
        let program = folder.path().join("program.el");
        std::fs::write(&program, "(setq it (list 1.5 \"text\" (make-hash-table) (expt 3 80) #'car [1]))")
            .unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_neovm"))
            .args(["dump", "-o"])
            .args([&path, &program])
            .env("NOISE", noise)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(path).unwrap()
    };
    let quiet = dump("quiet.ndump", "");
    assert!(quiet == dump("noisy.ndump", &"a long value in the environment ".repeat(999)));
}

#[test]
fn a_clone_keeps_what_is_being_required_and_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner.el");
    let outer = folder.path().join("outer.el");
    let image = folder.path().join("inside.ndump");
    std::fs::write(
        &inner,
        format!("(dump-emacs-portable {:?}) (provide 'inner)", image.display().to_string()),
    )
    .unwrap();
    std::fs::write(&outer, "(require 'inner)").unwrap();
    let mut vm = Vm::boot().unwrap();
    let process = neovm::process::Process { load_path: vec![folder.path().into()], ..Default::default() };
    vm.enter_process(&process);
    vm.eval_str(&format!("(load {:?})", outer.display().to_string())).unwrap();
    assert_eq!(ask(&mut vm, "(featurep 'inner)"), "t");
    assert!(vm.roots.require_stack.is_empty() && vm.roots.loads_in_progress.is_empty());

    let mut inside = Vm::load_from_dump(&image).unwrap();
    let state = |vm: &Vm| {
        let required: Vec<Vec<u8>> =
            vm.roots.require_stack.iter().map(|s| vm.symbols.name(*s).to_vec()).collect();
        (required, vm.roots.loads_in_progress.len())
    };
    assert_eq!(state(&inside), (vec![b"inner".to_vec()], 2));
    assert_eq!(state(&inside.try_clone().unwrap()), state(&inside));
    assert_eq!(ask(&mut inside, "(list (require-stack) (length (loads-in-progress)))"), "((inner) 2)");
}
