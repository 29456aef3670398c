//! Any editing goes on after a load as if there had been none.

use neodump_runtime::Placement;
use neovm::{Vm, image};
use proptest::prelude::*;

/// What can be asked of any machine with the buffers of these tests.
const STATE: &str = "
(mapcar (lambda (buffer)
          (with-current-buffer buffer
            (list (buffer-name) (point) (point-min) (point-max) (buffer-modified-p)
                  (save-restriction (widen) (buffer-string)) (mark) buffer-undo-list (overlays-in 1 999))))
        (list \"base\" \"indirect\"))
(list markers overlays (mapcar #'overlay-properties overlays))";

const START: &str = "
(setq markers nil overlays nil)
(set-buffer (get-buffer-create \"base\"))
(insert \"The quick brown föx\\njumps över\\n\")
(make-indirect-buffer \"base\" \"indirect\")
(defun between (n) (+ (point-min) (% n (1+ (- (point-max) (point-min))))))";

/// One step of editing, in Lisp.
fn step() -> impl Strategy<Value = String> {
    let n = || 0..60u32;
    prop_oneof![
        4 => "[a-c é漢\\n]{1,6}".prop_map(|text| format!("(insert {text:?})")),
        2 => n().prop_map(|n| format!("(goto-char (between {n}))")),
        2 => (n(), n()).prop_map(|(a, b)| format!("(delete-region (between {a}) (between {b}))")),
        2 => (n(), any::<bool>()).prop_map(|(n, advances)| {
            format!("(push (copy-marker (between {n}) {}) markers)", if advances { "t" } else { "nil" })
        }),
        1 => n().prop_map(|n| format!("(if markers (setcdr (nthcdr (% {n} (length markers)) markers) nil))")),
        2 => (n(), n(), any::<bool>()).prop_map(|(a, b, advance)| {
            let advance = if advance { "t t" } else { "" };
            format!("(let ((o (make-overlay (between {a}) (between {b}) nil {advance})))
                       (overlay-put o 'n {a}) (if (> {b} 40) (overlay-put o 'evaporate t)) (push o overlays))")
        }),
        1 => (n(), n(), n()).prop_map(|(n, a, b)| {
            format!("(if overlays (move-overlay (nth (% {n} (length overlays)) overlays) (between {a}) (between {b}) (current-buffer)))")
        }),
        1 => n().prop_map(|n| format!("(if overlays (delete-overlay (nth (% {n} (length overlays)) overlays)))")),
        2 => (n(), n(), 0..3u32).prop_map(|(a, b, value)| {
            format!("(put-text-property (min (between {a}) (between {b})) (max (between {a}) (between {b})) 'face {value})")
        }),
        1 => (n(), n()).prop_map(|(a, b)| format!("(narrow-to-region (between {a}) (between {b}))")),
        1 => Just("(widen)".to_owned()),
        1 => n().prop_map(|n| format!("(set-mark (between {n}))")),
        1 => Just("(undo-boundary)".to_owned()),
        1 => Just("(condition-case nil (undo) (error nil))".to_owned()),
        1 => Just("(set-buffer (if (equal (buffer-name) \"base\") \"indirect\" \"base\"))".to_owned()),
        1 => Just("(set-buffer-modified-p nil)".to_owned()),
        1 => Just("(garbage-collect)".to_owned()),
    ]
}

fn run(vm: &mut Vm, steps: &[String]) {
    for step in steps {
        vm.eval_str(step).unwrap_or_else(|error| panic!("{step}: {error}"));
    }
}

fn state(vm: &mut Vm) -> String {
    vm.eval_to_string(&format!("(list {STATE})")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]
    #[test]
    fn editing_goes_on_after_a_load_as_if_there_had_been_none(
        before in prop::collection::vec(step(), 0..25),
        after in prop::collection::vec(step(), 1..25),
        elsewhere in any::<bool>(),
    ) {
        let mut vm = Vm::boot().unwrap();
        vm.eval_str(START).unwrap();
        run(&mut vm, &before);
        let bytes = vm.dump_to_bytes().unwrap();
        let placement = if elsewhere { Placement::Elsewhere } else { Placement::Preferred };
        // An audited load checks every place of every marker, overlay and property against the text.
        let mut loaded: Vm = image::options().placement(placement).load_bytes(&bytes).unwrap();
        prop_assert_eq!(state(&mut loaded), state(&mut vm));
        run(&mut vm, &after);
        run(&mut loaded, &after);
        prop_assert_eq!(state(&mut loaded), state(&mut vm));
        let (one, other) = (vm.dump_to_bytes().unwrap(), loaded.dump_to_bytes().unwrap());
        let mut again: Vm = image::options().load_bytes(&other).unwrap();
        prop_assert_eq!(state(&mut again), state(&mut vm));
        prop_assert!(one == other, "the same state is not the same image");
        // SAFETY: nothing of the machines is used again.
        unsafe { loaded.release() };
        // SAFETY: as above.
        unsafe { again.release() };
    }
}
