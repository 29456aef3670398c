//! The command line.

use crate::corpus;
use crate::machine::Vm;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

const HELP: &str = "\
neovm: a small Emacs-Lisp machine

usage: neovm <command>

commands:
  demo                            run the bundled demonstration
  run [FILE... | --eval EXPR]...  evaluate files and expressions in order; print the value of each EXPR
  check FOLDER                    read every form of every .el file, print it, read it again, compare

exit code: 0 when all went well, 1 when a program or file is at fault, 2 when the command line is";

/// Rust stack for the machine's thread: deep enough for programs that raise `max-lisp-eval-depth`.
const STACK: usize = 512 << 20;

/// What went wrong: the user's command line, or what it names.
enum Failure {
    Usage(String),
    Work(String),
}

impl From<String> for Failure {
    fn from(what: String) -> Failure {
        Failure::Work(what)
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let work = std::thread::Builder::new().stack_size(STACK).spawn(|| {
        let args: Vec<String> = std::env::args().skip(1).collect();
        match command(&args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure::Usage(what)) => {
                eprintln!("neovm: {what}\ntry 'neovm --help'");
                ExitCode::from(2)
            }
            Err(Failure::Work(what)) => {
                eprintln!("neovm: {what}");
                ExitCode::FAILURE
            }
        }
    });
    match work.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => {
            eprintln!("neovm: cannot start the machine's thread: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command(args: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        [] => Err(Failure::Usage("no command given".into())),
        ["help" | "--help" | "-h", ..] | [_, "--help" | "-h"] => {
            say(HELP);
            Ok(())
        }
        ["--version" | "-V"] => {
            say(concat!("neovm ", env!("CARGO_PKG_VERSION")));
            Ok(())
        }
        ["demo"] => demo(),
        ["run", ref rest @ ..] => run(rest),
        ["check", folder] => check(folder.as_ref()),
        [command, ..] => Err(Failure::Usage(format!("'{command}' with these arguments is not understood"))),
    }
}

fn say(text: &str) {
    // Nobody is left to tell when standard output is gone.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn boot() -> Result<Vm, Failure> {
    let mut vm = Vm::boot()?;
    vm.stack_budget = STACK / 4 * 3;
    Ok(vm)
}

fn demo() -> Result<(), Failure> {
    let start = Instant::now();
    let mut vm = boot()?;
    vm.load_text("demo.el", include_bytes!("../lisp/demo.el").to_vec())?;
    let booted = start.elapsed();
    vm.eval_str("(demo)")?;
    say(&format!(
        "booted in {:.1} ms: {} symbols, {} functions, {} objects",
        booted.as_secs_f64() * 1e3,
        vm.symbols.len(),
        vm.obarray.functions(),
        vm.heap.objects()
    ));
    Ok(())
}

fn run(args: &[&str]) -> Result<(), Failure> {
    let mut vm = boot()?;
    let mut args = args.iter();
    while let Some(&arg) = args.next() {
        if arg == "--eval" {
            let Some(text) = args.next() else {
                return Err(Failure::Usage("--eval is followed by an expression".into()));
            };
            let value = vm.load_text("--eval", text.as_bytes().to_vec())?;
            say(&vm.prin1(value));
        } else if arg.starts_with("--") {
            return Err(Failure::Usage(format!("'run' has no option '{arg}'")));
        } else {
            let text = std::fs::read(arg).map_err(|error| format!("{arg}: {error}"))?;
            vm.load_text(arg, text)?;
        }
    }
    Ok(())
}

fn check(folder: &Path) -> Result<(), Failure> {
    let start = Instant::now();
    let mut corpus = corpus::read(folder)?;
    let read = start.elapsed();
    let start = Instant::now();
    for note in &corpus.notes {
        eprintln!("{note}");
    }
    let (wrong, bytes) = corpus::check(&mut corpus);
    for what in wrong.iter().take(20) {
        eprintln!("{what}");
    }
    say(&format!(
        r#"{{"files":{},"forms":{},"objects":{},"read_ms":{},"check_ms":{},"printed_bytes":{bytes},"equal":{}}}"#,
        corpus.files,
        corpus.forms.len(),
        corpus.heap.objects(),
        read.as_millis(),
        start.elapsed().as_millis(),
        wrong.is_empty()
    ));
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::Work(format!("{} forms do not read back", wrong.len())))
    }
}
