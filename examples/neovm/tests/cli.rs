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
    assert!(out.starts_with("booted from Lisp sources in "), "{out}");
    // Once in the process that maps the image, once in the one that audits it; each goes on counting from the dump.
    for line in [
        "d/dx (+ (* x x) (sin (* 3 x))) = (+ (+ x x) (* (cos (* 3 x)) 3))",
        "ring: #1=(round and . #1#)",
        "counter: 42",
    ] {
        assert_eq!(out.lines().filter(|l| l == &line).count(), 2, "{line}: {out}");
    }
    assert!(
        out.contains("floats: (-0.0 1.0e+INF 0.1 5e-324)\n")
            && out.contains(" 0 relocations, 0 pages written"),
        "{out}"
    );
}

#[test]
fn an_image_is_dumped_started_from_and_told_about() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("a.el"), "(defun square (x) (* x x)) (setq seen (list 1.5 \"text\" 'symbol))")
        .unwrap();
    for image in ["one.ndump", "other.ndump"] {
        let (code, out, err) = neovm(&["dump", "-o", &path(image), &path("a.el")]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(out.contains(" objects to ") && out.contains("ns an object"), "{out}");
    }
    assert!(std::fs::read(path("one.ndump")).unwrap() == std::fs::read(path("other.ndump")).unwrap());

    let image = path("one.ndump");
    for how in [&[][..], &["--trusted"], &["--audit"], &["--report", "--audit"]] {
        let args = [&["run", "--image", &image][..], how, &["--eval", "(list (square 12) seen)"]].concat();
        let (code, out, err) = neovm(&args);
        assert_eq!((code, out.as_str()), (Some(0), "(144 (1.5 \"text\" symbol))\n"), "{how:?}");
        assert_eq!(err.starts_with("loaded "), how.contains(&"--report"), "{err}");
    }
    let (code, out, _) = neovm(&["info", &image]);
    assert_eq!(code, Some(0));
    for part in [
        "image neovm version ",
        "segment imports: ",
        "obarray",
        "Cons",
        "load work: ",
        "subr/car (neovm::subrs::SubrDesc)",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (code, out, _) = neovm(&["info", "--json", &image]);
    assert!(code == Some(0) && out.starts_with("{\"file\":") && out.ends_with("]}\n"), "{out}");
    assert!(out.contains(r#"{"name":"obarray","segment":"rw","#), "{out}");
    // An obarray is in place; what a machine has computed of its faces is made anew.
    assert!(out.contains(r#"{"section":"obarray","tier":"in place","records":0,"#), "{out}");
    let faces = out.split(r#"{"section":"faces","tier":"hydrated","records":"#).nth(1).unwrap();
    assert!(faces.split('}').next().unwrap().ends_with(r#","fields":["realized"]"#), "{out}");
}

#[test]
fn a_program_starts_from_the_image_that_the_first_start_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("mine.ndump");
    let start = || {
        let mut neovm = Command::new(env!("CARGO_BIN_EXE_neovm"));
        neovm.env("NEOVM_IMAGE", &image).args(["run", "--cached", "--report", "--eval", "(cl-evenp 4)"]);
        let Output { stdout, stderr, .. } = neovm.output().unwrap();
        (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned())
    };
    let (out, err) = start();
    assert!(out == "t\n" && err.starts_with(&format!("rebuilt {}: cannot open ", image.display())), "{err}");
    assert_eq!(start(), ("t\n".to_owned(), format!("loaded {}\n", image.display())));
    for args in
        [&["run", "--cached", "--image", "x"][..], &["run", "--report"], &["run", "--cached", "--audit"]]
    {
        assert_eq!(neovm(args).0, Some(2), "{args:?}");
    }
}

#[test]
fn what_is_no_image_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text").to_str().unwrap().to_owned();
    std::fs::write(&path, "no image").unwrap();
    for args in [&["info", &path][..], &["run", "--image", &path], &["run", "--image", &path, "--audit"]] {
        let (code, _, err) = neovm(args);
        assert_eq!(code, Some(1));
        assert!(err.starts_with(&format!("neovm: {path}: not a neodump image: ")), "{err}");
    }
    let (code, _, err) = neovm(&["dump", "-o", "/no/such/folder/image"]);
    assert!(code == Some(1) && err.starts_with("neovm: cannot "), "{err}");
    for wrong in [
        &["dump"][..],
        &["dump", "-x"],
        &["run", "--trusted"],
        &["run", "--image"],
        &["info", "-x"],
        &["real-input"],
    ] {
        assert_eq!(neovm(wrong).0, Some(2), "{wrong:?}");
    }
}

#[test]
fn real_input_is_dumped_and_compared_in_fresh_processes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("a.el"), "(a) [b] \"c\" #1=(d . #1#)").unwrap();
    std::fs::write(folder.path().join("sub/b.el"), "#s(hash-table data (k 1.5)) (#2=\"x\" #2#)").unwrap();
    let (code, out, err) = neovm(&["real-input", folder.path().to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let last = out.lines().last().unwrap();
    assert!(last.starts_with(r#"{"files":2,"forms":6,"objects":"#), "{last}");
    assert!(
        last.contains(r#""way":"at-base","#) && last.ends_with(r#""pages_written":0,"equal":true}"#),
        "{last}"
    );
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
fn standard_input_is_a_program_and_what_follows_two_dashes_is_its_own() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_neovm"))
        .args(["run", "-", "--eval", "answer", "--eval", "command-line-args-left", "--", "--eval", "x"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"(setq answer (+ 40 2))").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "42\n(\"--eval\" \"x\")\n");
    assert!(output.status.success());
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
