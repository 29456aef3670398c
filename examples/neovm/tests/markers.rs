//! Markers and overlays come back from an image as the objects they were, and go on following the text.

mod ways;
use neodump_runtime::Placement;
use neovm::buffer::object::{Marker, Overlay};
use neovm::value::Value;
use neovm::{Vm, image};
use ways::{machine, session, session_everywhere};

const TEXT: &str = "(set-buffer (get-buffer-create \"text\")) (insert \"0123456789\") ";

#[test]
fn a_marker_of_an_image_follows_the_text_over_three_collections() {
    let state =
        [TEXT, "(setq m (copy-marker 5) n (copy-marker 5 t) edge (copy-marker (point-max) t))"].concat();
    session_everywhere(
        &state,
        &[
            (
                "(list m n edge (buffer-name))",
                "(#<marker at 5 in text> #<marker (moves after insertion) at 5 in text> #<marker (moves after insertion) at 11 in text> \"text\")",
            ),
            ("(progn (goto-char 1) (insert \"a\") (garbage-collect) (marker-position m))", "6"),
            ("(progn (goto-char 1) (insert \"b\") (garbage-collect) (marker-position m))", "7"),
            (
                "(progn (goto-char 7) (insert \"c\") (garbage-collect) (mapcar #'marker-position (list m n edge)))",
                "(7 8 14)",
            ),
            ("(progn (delete-region 2 8) (mapcar #'marker-position (list m n edge)))", "(2 2 8)"),
            (
                "(progn (goto-char (point-max)) (insert \"漢字\") (garbage-collect) (list (marker-position edge) (position-bytes edge)))",
                "(10 14)",
            ),
        ],
    );
}

#[test]
fn a_dead_marker_leaves_its_chain_and_a_living_one_stays() {
    let state = [TEXT, "(setq kept (list (copy-marker 2) (copy-marker 4))) (dotimes (n 50) (copy-marker 3))"]
        .concat();
    let mut vm = machine(&state);
    let bytes = vm.dump_to_bytes().unwrap();
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let mut vm: Vm = image::options().placement(placement).load_bytes(&bytes).unwrap();
        assert_eq!(chained(&vm), 2, "dead markers are in the image");
        // Some of the process itself, and one of the image that dies.
        vm.eval_str("(dotimes (n 50) (copy-marker 3)) (setq new (copy-marker 7))").unwrap();
        assert_eq!(chained(&vm), 53);
        vm.eval_str("(garbage-collect)").unwrap();
        assert_eq!(chained(&vm), 3);
        vm.eval_str("(setcdr kept nil) (garbage-collect)").unwrap();
        assert_eq!(chained(&vm), 2);
        session(
            &mut vm,
            "after that",
            &[(
                "(progn (goto-char 1) (insert \"ab\") (list (car kept) new))",
                "(#<marker at 4 in text> #<marker at 9 in text>)",
            )],
        );
    }
}

/// How many markers hang on the chain of the current buffer's text, without that of the mark.
fn chained(vm: &Vm) -> usize {
    let text = vm.buffers.current().unwrap().text.borrow();
    vm.heap.markers(text.chain).count()
}

#[test]
fn markers_lie_in_the_image_and_are_written_only_when_they_move() {
    let state = [TEXT, "(setq m (copy-marker 5))"].concat();
    let bytes = machine(&state).dump_to_bytes().unwrap();
    let mut vm: Vm = image::options().placement(Placement::Elsewhere).load_bytes(&bytes).unwrap();
    let m = vm.global("m");
    let object = std::ptr::from_ref(vm.heap.get::<Marker>(m).unwrap());
    assert!(neodump_runtime::AdoptImage::image(&vm.heap).unwrap().contains(object.cast()));
    vm.eval_str("(goto-char 1) (insert \"x\") (garbage-collect)").unwrap();
    assert!(std::ptr::eq(vm.heap.get::<Marker>(m).unwrap(), object));
    assert_eq!(vm.heap.get::<Marker>(m).unwrap().pos.get().char, 6);
}

#[test]
fn an_overlay_is_one_object_to_its_buffer_and_to_the_program() {
    let state = [
        TEXT,
        "(setq o (make-overlay 3 6 nil t) p (make-overlay 8 8 nil nil t) table (make-hash-table :test 'eq))
         (overlay-put o 'children (list o p (vector o)))
         (overlay-put o 'face 'bold)
         (puthash o 'the-key table)
         (setq gone (make-overlay 1 2)) (overlay-put gone 'k 'v) (delete-overlay gone)",
    ]
    .concat();
    session_everywhere(
        &state,
        &[
            (
                "(list (eq o (car (overlays-at 4))) (eq o (car (overlay-get o 'children))) (gethash (car (overlays-at 4)) table))",
                "(t t the-key)",
            ),
            (
                "(list o p gone)",
                "(#<overlay from 3 to 6 in text> #<overlay from 8 to 8 in text> #<overlay in no buffer>)",
            ),
            (
                "(progn (move-overlay o 4 7) (garbage-collect) (list (length (overlays-in 1 11)) (overlays-at 4)))",
                "(2 (#<overlay from 4 to 7 in text>))",
            ),
            (
                "(progn (goto-char 4) (insert \"-\") (goto-char 9) (insert \"=\") (list o p))",
                "(#<overlay from 5 to 8 in text> #<overlay from 9 to 10 in text>)",
            ),
            (
                "(list (overlay-get gone 'k) (overlay-properties o))",
                "(v (face bold children (#<overlay from 5 to 8 in text> #<overlay from 9 to 10 in text> [#<overlay from 5 to 8 in text>])))",
            ),
            ("(progn (overlay-put o 'face (list 'new)) (garbage-collect) (overlay-get o 'face))", "(new)"),
            (
                "(progn (move-overlay gone 1 3) (setq p nil) (delete-overlay o) (garbage-collect) (overlays-in 1 99))",
                "(#<overlay from 9 to 10 in text> #<overlay from 1 to 3 in text>)",
            ),
            ("(overlay-get (make-overlay 1 2) 'children)", "nil"),
        ],
    );
}

#[test]
fn overlays_are_found_in_the_order_in_which_they_were_made() {
    let state = [TEXT, "(setq all nil) (dotimes (n 30) (push (make-overlay 2 (+ 3 (% (* n 7) 5))) all)) (setq all (nreverse all))"].concat();
    session_everywhere(
        &state,
        &[
            ("(equal (overlays-at 2) all)", "t"),
            ("(progn (push (make-overlay 2 4) all) (eq (car (last (overlays-at 2))) (car all)))", "t"),
        ],
    );
}

#[test]
fn an_overlay_lies_in_the_image() {
    let bytes = machine(&[TEXT, "(setq o (make-overlay 2 4))"].concat()).dump_to_bytes().unwrap();
    let mut vm: Vm = image::options().load_bytes(&bytes).unwrap();
    let o = vm.global("o");
    let object = std::ptr::from_ref(vm.heap.get::<Overlay>(o).unwrap());
    assert!(neodump_runtime::AdoptImage::image(&vm.heap).unwrap().contains(object.cast()));
}

#[test]
fn a_buffer_a_window_a_frame_and_a_timer_have_one_handle_each() {
    session_everywhere(
        "(setq b (get-buffer-create \"b\") dead (get-buffer-create \"dead\") w (window-of-number 7) f (selected-frame)
               t1 (timer-create) t2 (timer-create) all (make-hash-table :test 'eq))
         (dolist (handle (list b dead w f t1)) (puthash handle t all))
         (kill-buffer dead)",
        &[
            ("(list (eq b (get-buffer \"b\")) (eq w (window-of-number 7)) (eq f (frame-of-number 1)) (eq t1 t2))", "(t t t nil)"),
            ("(mapcar (lambda (handle) (gethash handle all)) (list (get-buffer \"b\") (window-of-number 7) (selected-frame)))", "(t t t)"),
            ("(list b dead w f t2 (mapcar #'type-of (list b dead w f t1)))", "(#<buffer b> #<killed buffer> #<window 7> #<frame 1> #<timer 3> (buffer buffer window frame timer))"),
            ("(list (timer-create) (buffer-last-name dead) (buffer-live-p dead))", "(#<timer 4> \"dead\" nil)"),
            ("(progn (garbage-collect) (eq w (window-of-number 7)))", "t"),
            ("(eq (get-buffer-create \"dead\") dead)", "nil"),
        ],
    );
}

#[test]
fn registers_of_the_program_keep_markers_across_several_images() {
    let mut vm = machine(&[TEXT, "(setq m (copy-marker 5) o (make-overlay 5 7))"].concat());
    for round in 1..=4 {
        let bytes = vm.dump_to_bytes().unwrap();
        let placement = if round % 2 == 0 { Placement::Elsewhere } else { Placement::Preferred };
        vm = image::options().placement(placement).load_bytes(&bytes).unwrap();
        vm.eval_str(&format!(
            "(goto-char 1) (insert \"x\") (set (intern \"m{round}\") (copy-marker 2)) (copy-marker 3) (garbage-collect)"
        ))
        .unwrap();
        let wanted = format!("({} {} {} {})", 5 + round, 5 + round, 7 + round, 1 + round);
        let got = vm.eval_to_string(
            "(list (marker-position m) (overlay-start o) (overlay-end o) (marker-position m1))",
        );
        assert_eq!(got.unwrap(), wanted);
        assert_eq!(chained(&vm), 1 + round);
        // What was killed is not written again.
        let again = vm.dump_to_bytes().unwrap();
        assert!(vm.dump_to_bytes().unwrap() == again);
    }
}

#[test]
fn a_marker_that_only_the_dumping_program_holds_cuts_no_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("within.ndump");
    let mut vm = machine(&["(setq noninteractive t)", TEXT, "(setq first (copy-marker 5))"].concat());
    let dump = format!(
        "(save-excursion (let ((mine (copy-marker 6))) (setq last (copy-marker 7)) (dump-emacs-portable {path:?}) mine))"
    );
    session(&mut vm, "while it dumps", &[(&dump, "#<marker at 6 in text>")]);
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let mut back: Vm = image::options().placement(placement).load(&path).unwrap();
        session(
            &mut back,
            "dumped within",
            &[(
                "(progn (goto-char 1) (insert \"x\") (list first last))",
                "(#<marker at 6 in text> #<marker at 8 in text>)",
            )],
        );
        back.eval_str("(garbage-collect)").unwrap();
        assert_eq!(chained(&back), 2);
        session(
            &mut back,
            "and collected",
            &[(
                "(progn (insert \"y\") (list first last))",
                "(#<marker at 7 in text> #<marker at 9 in text>)",
            )],
        );
    }
}

#[test]
fn a_machine_whose_places_lie_outside_of_its_text_is_refused() {
    let far = neovm::buffer::object::Pos { char: 99, byte: 99 };
    let inside = neovm::buffer::object::Pos { char: 3, byte: 4 };
    type Break = fn(&mut Vm, neovm::buffer::object::Pos, neovm::buffer::object::Pos);
    let breaks: [(&str, Break); 6] = [
        ("has a place outside of its text", |vm, far, _| vm.buffers.current_mut().unwrap().pt = far),
        ("has a place outside of its text", |vm, _, inside| vm.buffers.current_mut().unwrap().begv = inside),
        ("has a marker outside of its text", |vm, far, _| {
            let m = vm.global("m");
            vm.heap.get::<Marker>(m).unwrap().pos.set(far);
        }),
        ("has an overlay outside of its text", |vm, far, _| {
            let o = vm.global("o");
            vm.heap.get::<Overlay>(o).unwrap().end.set(far.char);
        }),
        ("does not hold what its flags say", |vm, _, _| {
            let symbol = vm.symbols.intern("o");
            vm.obarray.cell_mut(symbol).flags |= neovm::symbols::SymbolCell::LOCAL;
        }),
        ("has the handle of another", |vm, _, _| vm.buffers.current_mut().unwrap().handle = Value::NIL),
    ];
    for (wanted, break_it) in breaks {
        let mut vm = machine(&[TEXT, "(setq m (copy-marker 5) o (make-overlay 5 7))"].concat());
        break_it(&mut vm, far, inside);
        let bytes = vm.dump_to_bytes().unwrap();
        let error = image::options().load_bytes::<Vm>(&bytes).err().unwrap();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
