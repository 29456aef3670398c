//! A machine that comes from an image answers as the machine that was booted.
//!
//! Each file of `corpus` is a program. What stands in front of the line `;;; dump` is evaluated before the dump; every form
//! behind it is evaluated in the booted machine and in machines that were loaded at the preferred base, off base, and off
//! base with a collection at every few safe points. What they print, or the error, has to be equal. A comment `;=> TEXT`
//! behind a form says what that is.

use neodump_runtime::Placement;
use neovm::reader::Source;
use neovm::{Vm, image};
use std::path::{Path, PathBuf};

const DUMP: &str = ";;; dump\n";

/// A form of a program, and what it is said to print.
struct Form {
    line: usize,
    text: String,
    wanted: Option<String>,
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "el"));
    files.sort();
    files
}

/// What is evaluated before the dump, and the forms behind it.
fn program(path: &Path) -> (String, Vec<Form>) {
    let text = std::fs::read_to_string(path).unwrap();
    let (before, after) = text.split_once(DUMP).unwrap_or(("", &text));
    let first_line = before.lines().count() + usize::from(after.len() < text.len());
    // The forms are only told apart here, with symbols that nothing else sees.
    let mut reading = Vm::new();
    let mut source = Source::file(path.display().to_string(), after.as_bytes().to_vec());
    let (mut forms, mut from) = (Vec::new(), 0);
    loop {
        let line = source.next_line() + first_line;
        if source.read(&mut reading.heap, &mut reading.symbols).unwrap().is_none() {
            return (before.to_owned(), forms);
        }
        let to = source.position();
        let rest = after[to..].trim_start_matches([' ', '\n']);
        let wanted = rest.strip_prefix(";=> ").map(|rest| rest.lines().next().unwrap_or_default().to_owned());
        forms.push(Form { line, text: after[from..to].to_owned(), wanted });
        from = to;
    }
}

/// A text on one line: control characters as Lisp escapes them.
fn visible(text: &str) -> String {
    let one = |c: char| match c {
        '\n' => "\\n".to_owned(),
        '\0'..' ' => format!("\\{:o}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

fn answers(vm: &mut Vm, forms: &[Form]) -> Vec<String> {
    let answer = |form: &Form| match vm.eval_to_string(&form.text).map(|value| visible(&value)) {
        Ok(value) => value,
        // The message without the place, which differs with the comments in front.
        Err(error) => visible(&format!("error: {}", error.splitn(3, ':').nth(2).unwrap_or(&error).trim())),
    };
    forms.iter().map(answer).collect()
}

#[test]
fn a_loaded_machine_answers_as_the_booted_one() {
    let (mut count, mut wrong) = (0, Vec::new());
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (before, forms) = program(&path);
        let mut booted = Vm::boot().unwrap();
        booted.load_text(&name, before.into_bytes()).unwrap();
        let bytes = booted.dump_to_bytes().unwrap();
        let wanted = answers(&mut booted, &forms);
        for (form, answer) in forms.iter().zip(&wanted) {
            let said = form.wanted.as_ref().unwrap_or(answer);
            if answer != said {
                wrong.push(format!(
                    "{name}:{}: {}\n  prints {answer}\n  not    {said}",
                    form.line,
                    form.text.trim()
                ));
            }
        }
        for (placement, gc_every) in
            [(Placement::Preferred, 0), (Placement::Elsewhere, 0), (Placement::Elsewhere, 7)]
        {
            let mut loaded: Vm = image::options().placement(placement).load_bytes(&bytes).unwrap();
            loaded.gc_every = gc_every;
            for ((form, answer), wanted) in forms.iter().zip(answers(&mut loaded, &forms)).zip(&wanted) {
                assert_eq!(
                    &answer,
                    wanted,
                    "{placement:?} {gc_every} {name}:{}: {}",
                    form.line,
                    form.text.trim()
                );
            }
        }
        count += forms.len();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 300, "the corpus has {count} forms");
}
