//! The command line.

mod demo;
mod images;
mod info;
mod progress;
mod real_input;

use crate::corpus;
use crate::machine::Vm;
use crate::process::Process;
use images::Trust;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

const HELP: &str = "\
neovm: a small Emacs-Lisp machine that starts from an image

usage: neovm <command>

commands:
  demo                            boot, dump, map the image in a fresh process, run the demonstration there
  run [OPTION...] [FILE | - | --eval EXPR]... [-- ARG...]
                                  evaluate files, standard input and expressions in order; print the value of each EXPR;
                                  programs find the ARGs in `command-line-args-left'
  dump -o IMAGE [FILE...]         boot, evaluate the files, dump the machine
  info [--json] IMAGE             what an image holds: segments, sections, arenas of objects with their counts, natives
  check FOLDER                    read every form of every .el file, print it, read it again, compare
  real-input FOLDER...            read every form of every .el and .el.gz file, dump them, and compare them in fresh
                                  processes that map and load the image; the last line is JSON
  real-input-check, demo-again, load-again
                                  the parts of these two that their fresh processes run

options of run:
  --cached        start from the image that an earlier start left, or leave one for the next: in the file that NEOVM_IMAGE
                  names, or else beside the program or in the user's cache
  --image IMAGE   start from an image instead of booting; alone, it is mapped and its checksums are compared, so the
                  image must be one that this program wrote
  --trusted       map it without looking at the checksums: for files that nothing can have damaged
  --audit         load it into memory and check every word: for files from anywhere
  --report        tell on the error output how the image was loaded or made, and what the program wrote of it

other options:
  -h, --help      this text
  -V, --version   the version

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
        ["help" | "--help" | "-h", ..] | [_, "--help" | "-h", ..] => {
            say(HELP);
            Ok(())
        }
        ["--version" | "-V"] => {
            say(concat!("neovm ", env!("CARGO_PKG_VERSION")));
            Ok(())
        }
        ["demo"] => demo::run(),
        ["demo-again", how, image, booted] => demo::run_again(trust(how)?, image, booted),
        ["load-again", image] => demo::load_again(image),
        ["run", ref rest @ ..] => run(rest),
        ["dump", ref rest @ ..] => images::dump(rest),
        ["info", "--json", path] | ["info", path, "--json"] => info::run(path, true),
        ["info", path] if !path.starts_with('-') => info::run(path, false),
        ["real-input", ref folders @ ..] if !folders.is_empty() => real_input::run(folders),
        ["real-input-check", how, image, index, text] => real_input::check(trust(how)?, image, index, text),
        ["check", folder] => check(folder.as_ref()),
        [command, ..] => Err(Failure::Usage(format!("'{command}' with these arguments is not understood"))),
    }
}

fn trust(how: &str) -> Result<Trust, Failure> {
    Trust::from_option(how).ok_or_else(|| Failure::Usage(format!("'{how}' does not say how to load")))
}

fn say(text: &str) {
    // Nobody is left to tell when standard output is gone.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn boot() -> Result<Vm, Failure> {
    let mut vm = Vm::boot()?;
    vm.stack_budget = STACK / 4 * 3;
    vm.enter_process(&Process::current());
    Ok(vm)
}

/// Runs this program again, in a process of its own.
fn start_again(args: &[&str]) -> Result<(), Failure> {
    let status =
        this_program()?.args(args).status().map_err(|error| format!("cannot start again: {error}"))?;
    if status.success() { Ok(()) } else { Err(Failure::Work(format!("the fresh process: {status}"))) }
}

/// The same, for what it says.
fn start_again_and_listen(args: &[&str]) -> Result<String, Failure> {
    let child = this_program()?.args(args).stderr(Stdio::inherit()).output();
    let output = child.map_err(|error| format!("cannot start again: {error}"))?;
    if !output.status.success() {
        return Err(Failure::Work(format!("the fresh process: {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn this_program() -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    Ok(Command::new(program))
}

/// What `run` is to do.
#[derive(Default)]
struct Run<'a> {
    image: Option<&'a str>,
    trust: Option<Trust>,
    cached: bool,
    report: bool,
    /// Files and, after `--eval`, expressions.
    programs: Vec<&'a str>,
    /// What is the programs' own.
    arguments: Vec<&'a str>,
}

impl<'a> Run<'a> {
    fn parse(args: &[&'a str]) -> Result<Run<'a>, Failure> {
        let mut run = Run::default();
        let mut args = args.iter();
        while let Some(&arg) = args.next() {
            let mut value = |what: &str| {
                let value = args.next().copied();
                value.ok_or_else(|| Failure::Usage(format!("{arg} is followed by {what}")))
            };
            match arg {
                "--image" => run.image = Some(value("an image")?),
                "--eval" => run.programs.extend(["--eval", value("an expression")?]),
                "--report" => run.report = true,
                "--cached" => run.cached = true,
                "--" => run.arguments.extend(args.by_ref()),
                "-" => run.programs.push(arg),
                "--trusted" | "--audit" if run.trust.is_some() => {
                    return Err(Failure::Usage("--trusted and --audit exclude each other".into()));
                }
                "--trusted" | "--audit" => run.trust = Trust::from_option(arg),
                _ if arg.starts_with('-') => {
                    return Err(Failure::Usage(format!("'run' has no option '{arg}'")));
                }
                _ => run.programs.push(arg),
            }
        }
        if run.image.is_none() && run.trust.is_some() {
            return Err(Failure::Usage("--trusted and --audit are about --image IMAGE".into()));
        }
        if run.image.is_none() && run.report && !run.cached {
            return Err(Failure::Usage("--report is about --image IMAGE or --cached".into()));
        }
        if run.image.is_some() && run.cached {
            return Err(Failure::Usage("--image and --cached exclude each other".into()));
        }
        Ok(run)
    }
}

fn run(args: &[&str]) -> Result<(), Failure> {
    let run = Run::parse(args)?;
    let Some(image) = run.image else {
        let mut vm = if run.cached { images::start(run.report)? } else { boot()? };
        vm.set_arguments_left(&run.arguments);
        return evaluate(&mut vm, &run.programs);
    };
    let trust = run.trust.unwrap_or(Trust::Checksummed);
    let (mut vm, report) = images::load(image, trust)?;
    vm.set_arguments_left(&run.arguments);
    let result = evaluate(&mut vm, &run.programs);
    if run.report {
        eprintln!("loaded {report}");
        images::report_pages(image, trust, &report);
    }
    result
}

/// Evaluates files and, after `--eval`, expressions, whose values it prints.
fn evaluate(vm: &mut Vm, programs: &[&str]) -> Result<(), Failure> {
    let mut programs = programs.iter();
    while let Some(&program) = programs.next() {
        if program == "--eval" {
            let text = programs.next().copied().unwrap_or_default();
            let value = vm.eval_text("--eval", text.as_bytes().to_vec())?;
            say(&vm.prin1(value));
        } else if program == "-" {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text).map_err(|error| format!("standard input: {error}"))?;
            vm.load_text("-", text)?;
        } else {
            let text = std::fs::read(program).map_err(|error| format!("{program}: {error}"))?;
            vm.load_text(program, text)?;
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
