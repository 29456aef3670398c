//! The program: what it prints, and how it ends.

use std::process::{Command, Output};

fn neovm(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_neovm")).args(args).output().unwrap();
    (
        status.code(),
        String::from_utf8_lossy(&stdout).into_owned(),
        String::from_utf8_lossy(&stderr).into_owned(),
    )
}

#[test]
fn the_demonstration_runs() {
    let (code, out, err) = neovm(&["demo"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("d/dx (+ (* x x) (sin (* 3 x))) = (+ (+ x x) (* (cos (* 3 x)) 3))\n"), "{out}");
}

#[test]
fn expressions_print_their_values_and_files_are_loaded_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("square.el");
    std::fs::write(&file, ";; -*- lexical-binding: t -*-\n(defun square (x) (* x x))\n").unwrap();
    let (code, out, _) = neovm(&["run", file.to_str().unwrap(), "--eval", "(square 12)", "--eval", "\"é\""]);
    assert_eq!((code, out.as_str()), (Some(0), "144\n\"é\"\n"));
}

#[test]
fn a_fault_in_a_program_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.el");
    std::fs::write(&file, "(setq a 1)\n\n(car a)\n").unwrap();
    let name = file.to_str().unwrap();
    let (code, _, err) = neovm(&["run", name]);
    assert_eq!((code, err), (Some(1), format!("neovm: {name}:3: Wrong type argument: listp, 1\n")));
    let (code, _, err) = neovm(&["run", "no-such-file.el"]);
    assert!(code == Some(1) && err.starts_with("neovm: no-such-file.el: "), "{err}");
}

#[test]
fn a_wrong_command_line_ends_with_2_and_help_with_0() {
    assert_eq!(neovm(&[]).0, Some(2));
    assert_eq!(neovm(&["fly"]).0, Some(2));
    assert_eq!(neovm(&["run", "--eval"]).0, Some(2));
    assert_eq!(neovm(&["run", "--wild"]).0, Some(2));
    let (code, out, _) = neovm(&["--help"]);
    assert!(code == Some(0) && out.contains("usage: neovm <command>"));
}

#[test]
fn a_folder_is_read_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.el"), "(a) [b] \"c\" #1=(d . #1#)").unwrap();
    let (code, out, _) = neovm(&["check", folder.path().to_str().unwrap()]);
    assert_eq!(code, Some(0));
    assert!(out.contains(r#""files":1,"forms":4,"#) && out.contains(r#""equal":true"#), "{out}");
}
