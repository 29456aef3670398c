//! State that a hand-written dump of such a machine has lost, piece by piece, and that no other test asks for on its own.

mod ways;

use neovm::buffer::state::FileTime;
use neovm::value::Value;
use neovm::{Vm, image, regexp};
use ways::{everywhere, loaded, machine, session_everywhere};

#[test]
fn a_bignum_of_two_variables_is_one_object_and_is_found_in_a_table_of_identity() {
    everywhere(
        "(setq one (expt 7 100) other one like (expt 7 100) float 1.5 also float
               table (make-hash-table :test 'eq) vector (vector one))
         (puthash one 'found table) (puthash float 'found-too table)",
        &[
            (
                "(list (eq one other) (eq one (aref vector 0)) (eq one like) (eql one like) (eq float also))",
                "(t t nil t t)",
            ),
            (
                "(list (gethash other table) (gethash (aref vector 0) table) (gethash like table 'not))",
                "(found found not)",
            ),
            ("(gethash also table)", "found-too"),
            ("(- one (expt 7 100))", "0"),
            ("(let (found) (maphash (lambda (key _) (push (eq key one) found)) table) found)", "(nil t)"),
        ],
    );
}

#[test]
fn function_cells_are_those_of_the_dump_also_of_functions_of_the_machine() {
    everywhere(
        "(setq old-cadr (symbol-function 'cadr))
         (fset 'cadr (lambda (_list) 'redefined)) (fmakunbound 'cddr) (defalias 'first-of 'car) (fset 'cdr-of (symbol-function 'cdr))
         (defalias 'void-on-purpose 'nobody)",
        &[
            ("(list (cadr '(1 2)) (funcall old-cadr '(1 2)))", "(redefined 2)"),
            ("(list (fboundp 'cddr) (first-of '(1)) (cdr-of '(1 2)) (symbol-function 'first-of))", "(nil 1 (2) car)"),
            ("(eq (symbol-function 'cdr-of) (symbol-function 'cdr))", "t"),
            ("(condition-case e (void-on-purpose) (void-function (car (cdr e))))", "void-on-purpose"),
        ],
    );
}

#[test]
fn each_slot_of_each_buffer_holds_its_own_value_and_is_local_where_it_was() {
    let mut vm = machine("(set-buffer (get-buffer-create \"one\")) (set-buffer (get-buffer-create \"two\"))");
    let ids = vm.buffers.order().to_vec();
    let value = |buffer: usize, slot: usize| Value::int(1000 * (buffer + 1) + slot);
    // What is no folder is taken for that of the process; folders have a test of their own.
    const DIRECTORY: usize = 1;
    let flags = |buffer: usize| 0x5A5A_5A5A_5A5A_5A5Au64.rotate_left(buffer as u32);
    for (nth, &id) in ids.iter().enumerate() {
        let buffer = vm.buffers.get_mut(id).unwrap();
        buffer.slots = std::array::from_fn(|slot| value(nth, slot));
        buffer.local_flags = flags(nth);
    }
    for back in loaded(&mut vm) {
        assert_eq!(back.buffers.order(), ids);
        for (nth, &id) in ids.iter().enumerate() {
            let buffer = back.buffers.get(id).unwrap();
            for (slot, &found) in buffer.slots.iter().enumerate().filter(|(slot, _)| *slot != DIRECTORY) {
                assert_eq!(found, value(nth, slot), "slot {slot} of {id:?}");
            }
            assert_eq!(buffer.local_flags, flags(nth));
        }
    }
}

#[test]
fn the_default_of_a_slot_is_the_changed_one_or_that_of_the_machine() {
    everywhere(
        // Of each kind of seed one that is changed and one that is not.
        "(setq-default mode-line-format (list \"changed\") tab-width 3 case-fold-search nil major-mode 'text-mode
                       header-line-format 'now-something)",
        &[
            (
                "(mapcar #'default-value '(mode-line-format tab-width case-fold-search major-mode header-line-format))",
                "((\"changed\") 3 nil text-mode now-something)",
            ),
            (
                "(mapcar #'default-value '(mode-name fill-column ctl-arrow buffer-file-coding-system line-spacing))",
                "(\"Fundamental\" 70 t nil nil)",
            ),
            ("(with-temp-buffer (list mode-line-format tab-width case-fold-search))", "((\"changed\") 3 nil)"),
        ],
    );
}

#[test]
fn a_variable_of_a_slot_is_still_that_slot_after_a_load() {
    let program = "(set-buffer (get-buffer-create \"one\")) (setq tab-width 5)";
    let mut vm = machine(program);
    const TAB_WIDTH: usize = 25;
    for mut back in loaded(&mut vm) {
        back.eval_str("(setq tab-width 7)").unwrap();
        assert_eq!(back.buffers.current().unwrap().slots[TAB_WIDTH], Value::int(7));
        back.buffers.current_mut().unwrap().slots[TAB_WIDTH] = Value::int(9);
        assert_eq!(back.eval_to_string("(list tab-width (default-value 'tab-width))").unwrap(), "(9 8)");
        back.eval_str("(setq-default tab-width 4) (set-buffer (get-buffer-create \"new\"))").unwrap();
        assert!(!back.buffers.current().unwrap().has_slot(TAB_WIDTH as u8));
        assert_eq!(back.eval_to_string("tab-width").unwrap(), "4");
    }
}

#[test]
fn a_variable_of_the_machine_that_was_made_local_keeps_what_it_may_be() {
    session_everywhere(
        "(make-variable-buffer-local 'undo-limit) (make-local-variable 'inhibit-read-only)
         (make-local-variable 'undo-inhibit-record-point)
         (setq undo-limit 8 inhibit-read-only 'any undo-inhibit-record-point 'counts-as-t)",
        &[
            (
                "(list undo-limit (default-value 'undo-limit) inhibit-read-only undo-inhibit-record-point)",
                "(8 160000 any t)",
            ),
            ("(condition-case e (setq undo-limit 'much) (wrong-type-argument (cadr e)))", "integerp"),
            ("(progn (setq undo-inhibit-record-point 7) undo-inhibit-record-point)", "t"),
            ("(with-temp-buffer (list undo-limit undo-inhibit-record-point))", "(160000 nil)"),
            (
                "(with-temp-buffer (condition-case e (setq undo-limit \"x\") (wrong-type-argument (cadr e))))",
                "integerp",
            ),
        ],
    );
}

#[test]
fn the_folder_of_a_buffer_is_its_own_or_that_of_the_process_that_loads() {
    let mut vm = machine(
        "(get-buffer-create \"none\") (set-buffer (get-buffer-create \"own\")) (setq default-directory \"/its/own/\")
         (set-buffer \"none\")",
    );
    let there = neovm::process::Process { directory: "/where/it/was/dumped".into(), ..Default::default() };
    vm.enter_process(&there);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    vm.dump_to_file(&path).unwrap();
    let asked = "(list default-directory (buffer-local-value 'default-directory (get-buffer \"own\")))";
    assert_eq!(vm.eval_to_string(asked).unwrap(), "(\"/where/it/was/dumped/\" \"/its/own/\")");
    let mut back = Vm::load_from_dump(&path).unwrap();
    let here = std::env::current_dir().unwrap();
    assert_eq!(back.eval_to_string(asked).unwrap(), format!("(\"{}/\" \"/its/own/\")", here.display()));
    let bytes = std::fs::read(&path).unwrap();
    assert!(
        !bytes.windows(20).any(|found| found == b"/where/it/was/dumped"),
        "no folder of a process is dumped"
    );
}

#[test]
fn faces_that_lisp_made_are_known_to_it_and_their_numbers_go_on() {
    session_everywhere(
        "(make-face 'mine) (setq last-id (face-id 'mine) many (length (face-list)))",
        &[
            ("(list (and (facep 'mine) t) (car (face-list)) (= many (length (face-list))))", "(t mine t)"),
            ("(progn (make-face 'mine) (= (face-id 'mine) last-id))", "t"),
            ("(progn (make-face 'newer) (list (- (face-id 'newer) last-id) (car (face-list))))", "(1 newer)"),
            ("(condition-case e (face-attribute 'mine :weight) (error e))", "unspecified"),
        ],
    );
}

#[test]
fn when_a_visited_file_was_changed_is_kept_to_the_nanosecond_with_its_size() {
    let mut vm =
        machine("(set-buffer (get-buffer-create \"base\")) (setq i (make-indirect-buffer \"base\" \"i\"))");
    let time = FileTime { seconds: -1, nanos: 999_999_999, size: u64::MAX };
    vm.buffers.current_mut().unwrap().file_time = Some(time);
    for mut back in loaded(&mut vm) {
        assert_eq!(back.buffers.current().unwrap().file_time, Some(time));
        // An indirect buffer shows the text of another, and visits no file.
        assert_eq!(
            back.eval_to_string(
                "(list (visited-file-modtime) (with-current-buffer i (visited-file-modtime)))"
            )
            .unwrap(),
            "(-1 0)"
        );
        back.eval_str("(set-visited-file-modtime 77) (set-buffer i)").unwrap();
        let base = back.buffers.current().unwrap().base.unwrap();
        assert_eq!(back.buffers.get(base).unwrap().file_time.unwrap().seconds, 77);
        assert_eq!(back.buffers.current().unwrap().file_time, None);
    }
}

#[test]
fn text_that_holds_or_ends_with_nul_is_as_long_as_it_was() {
    everywhere(
        "(setq unibyte \"a\\0\\377\\0\" multibyte \"\u{e9}\\0\" nul \"\\0\" name (intern \"n\\0\"))
         (set-buffer (get-buffer-create \"nul\")) (when (= (buffer-size) 0) (insert \"x\\0\"))
         (set-register ?0 \"r\\0\") (bookmark-make \"b\\0\" \"f\\0\" 1)",
        &[
            ("(mapcar #'length (list unibyte multibyte nul (symbol-name name)))", "(4 2 1 2)"),
            ("(append unibyte nil)", "(97 0 255 0)"),
            ("(list (aref unibyte 3) (aref multibyte 1) (string-bytes multibyte))", "(0 0 3)"),
            ("(eq name (intern (concat \"n\" nul)))", "t"),
            ("(list (buffer-size) (char-after 2))", "(2 0)"),
            (
                "(list (length (get-register ?0)) (length (bookmark-prop (concat \"b\" nul) 'filename)))",
                "(2 2)",
            ),
        ],
    );
}

#[test]
fn a_vector_of_booleans_of_any_length_keeps_each_and_is_changed_after_a_load() {
    let mut vm = machine("(setq all nil)");
    for len in 0..=70usize {
        let bits = (0..len.div_ceil(8)).map(|byte| 0xB5u8.rotate_left(byte as u32)).collect();
        let value = vm.heap.bool_vector(len, bits);
        let rest = vm.global("all");
        let all = vm.heap.cons(value, rest);
        vm.set_global("all", all);
    }
    vm.eval_str("(setq printed (mapcar (lambda (v) (format \"%S\" v)) all))").unwrap();
    for mut back in loaded(&mut vm) {
        let same = "(equal printed (mapcar (lambda (v) (format \"%S\" v)) all))";
        assert_eq!(back.eval_to_string(same).unwrap(), "t");
        let lengths = "(equal (mapcar #'length all) (number-sequence 70 0 -1))";
        assert_eq!(back.eval_to_string(lengths).unwrap(), "t");
        let flip = "(let ((v (car all)) (n (bool-vector-count-population (car all))))
                      (aset v 69 (not (aref v 69))) (garbage-collect)
                      (list (abs (- n (bool-vector-count-population v))) (eq (aref v 69) (aref (read (car printed)) 69))))";
        assert_eq!(back.eval_to_string(flip).unwrap(), "(1 nil)");
    }
}

#[test]
fn byte_code_keeps_its_documentation_its_interactive_form_and_slots_that_only_programs_read() {
    everywhere(
        "(setq f (make-byte-code 257 (unibyte-string #o211 #o124 #o207) (vector 'a 2.5) 2 \"Adds one.\" '(list 41) 'own (list 'extra)))
         (defalias 'add-one f)",
        &[
            ("(list (funcall f 1) (add-one 41))", "(2 42)"),
            ("(mapcar (lambda (slot) (aref f slot)) '(2 4 5 6 7))", "([a 2.5] \"Adds one.\" (list 41) own (extra))"),
            ("(call-interactively 'add-one)", "42"),
            ("(eq f (symbol-function 'add-one))", "t"),
        ],
    );
}

#[test]
fn a_copy_of_what_lies_in_an_image_is_memory_of_its_own() {
    let mut vm = machine(
        "(setq text \"some text\" slots (vector 1 2 3) bits (make-bool-vector 9 t) table (make-hash-table))",
    );
    for mut back in loaded(&mut vm) {
        back.eval_str(
            "(setq copies (mapcar #'copy-sequence (list text slots bits)) other (copy-hash-table table))",
        )
        .unwrap();
        back.eval_str("(aset (car copies) 0 ?S) (aset (nth 1 copies) 0 'new) (aset (nth 2 copies) 0 nil) (puthash 1 2 other)").unwrap();
        let all = "(list text slots (aref bits 0) (hash-table-count table) (car copies) (nth 1 copies) (hash-table-count other))";
        assert_eq!(
            back.eval_to_string(all).unwrap(),
            "(\"some text\" [1 2 3] t 0 \"Some text\" [new 2 3] 1)"
        );
        let image = neodump_runtime::AdoptImage::image(&back.heap).unwrap();
        for (name, inside) in [("text", true), ("slots", true), ("copies", false), ("other", false)] {
            let object = back.obarray.cell(back.symbols.lookup(name.as_bytes()).unwrap()).value.address();
            assert_eq!(image.contains(std::ptr::without_provenance(object)), inside, "{name}");
        }
    }
}

#[test]
fn a_file_and_a_snapshot_are_the_same_bytes_and_come_back_by_the_same_loader() {
    let mut vm = machine("(setq it (list 1 2.5 \"three\" (make-hash-table)))");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    vm.dump_to_file(&path).unwrap();
    let snapshot = vm.snapshot().unwrap();
    assert!(snapshot.bytes() == std::fs::read(&path).unwrap());
    let mut back = Vm::restore(&snapshot).unwrap();
    let it = back.global("it").address();
    let image = neodump_runtime::AdoptImage::image(&back.heap).unwrap();
    assert!(
        image.contains(std::ptr::without_provenance(it)),
        "a restored machine has its objects in an image too"
    );
    assert!(back.dump_to_bytes().unwrap() == snapshot.bytes());
}

#[test]
fn machines_one_after_the_other_on_a_thread_start_without_what_the_one_before_cached() {
    std::thread::spawn(|| {
        let mut vm = Vm::boot().unwrap();
        let bytes = vm.dump_to_bytes().unwrap();
        for _ in 0..3 {
            let mut vm: Vm = image::options().load_bytes(&bytes).unwrap();
            assert_eq!(regexp::compiled(), 0, "a machine starts with empty caches");
            assert_eq!(vm.eval_to_string("(string-match \"a\\\\(b\\\\)\" \"xab\")").unwrap(), "1");
            assert!(regexp::compiled() > 0);
        }
    })
    .join()
    .unwrap();
}
