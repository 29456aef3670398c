//! A machine that is built again and again: `neodump-rebuild dump|load FILE [stamped|build-id]`.
//!
//! A dump writes an image; a load prints what the machine says, or the refusal on the standard error.

use std::process::ExitCode;

use neodump_runtime::{DumpError, Dumpable, Dumper, LoadOptions, Natives, Strict, Symbol};

#[cfg(not(feature = "widened"))]
type Weight = u16;
#[cfg(feature = "widened")]
type Weight = u32;

#[cfg(not(feature = "retyped"))]
type Greet = fn(u32) -> String;
#[cfg(feature = "retyped")]
type Greet = fn(u64) -> String;

#[derive(Dumpable)]
struct Face {
    name: Symbol,
    weight: Weight,
}

#[derive(Dumpable)]
#[dump(section = "faces", version = 3)]
struct FaceTable {
    faces: Vec<Face>,
}

#[derive(Dumpable)]
#[dump(image = "rebuild", version = 1)]
struct Vm {
    symbols: neodump_runtime::Interner,
    faces: FaceTable,
    #[dump(native)]
    greet: Greet,
}

#[cfg(not(feature = "retyped"))]
fn greet(number: u32) -> String {
    greeting(u64::from(number))
}

#[cfg(feature = "retyped")]
fn greet(number: u64) -> String {
    greeting(number)
}

#[cfg(not(feature = "unrelated"))]
fn greeting(number: u64) -> String {
    format!("hello {number}")
}

/// The same native does something else, and the executable is another one.
#[cfg(feature = "unrelated")]
fn greeting(number: u64) -> String {
    let digits: Vec<String> = number.to_string().chars().rev().map(String::from).collect();
    format!("good day {}", digits.join("-"))
}

fn boot() -> Vm {
    let mut symbols = neodump_runtime::Interner::new();
    let name = symbols.intern("bold");
    Vm { symbols, faces: FaceTable { faces: vec![Face { name, weight: 700 }] }, greet }
}

fn run(command: &str, path: &str, strict: Option<Strict>) -> Result<String, DumpError> {
    let natives = Natives::new().function("greet", greet as Greet);
    match command {
        "dump" => {
            let dumper = Dumper::new().natives(&natives);
            let dumper = match strict {
                Some(strict) => dumper.strict(strict),
                None => dumper,
            };
            dumper.to_file(&mut boot(), path).map(|_| String::new())
        }
        _ => {
            let options = LoadOptions::new().natives(&natives);
            let options = match strict {
                Some(strict) => options.strict(strict),
                None => options,
            };
            let vm: Vm = options.load(path)?;
            let face = &vm.faces.faces[0];
            let name = String::from_utf8_lossy(vm.symbols.name(face.name));
            Ok(format!("{name} {} {}", face.weight, (vm.greet)(42)))
        }
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, path, strict) = match &args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [command @ ("dump" | "load"), path] => (*command, *path, None),
        [command @ ("dump" | "load"), path, "stamped"] => (*command, *path, Some(Strict::Stamped)),
        [command @ ("dump" | "load"), path, "build-id"] => (*command, *path, Some(Strict::BuildId)),
        _ => {
            eprintln!("usage: neodump-rebuild dump|load FILE [stamped|build-id]");
            return ExitCode::from(2);
        }
    };
    match run(command, path, strict) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
