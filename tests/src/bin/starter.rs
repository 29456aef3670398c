//! A process that starts a machine: `starter load|map|die IMAGE LOG MILLISECONDS`, with `-` for the conventional places.
//!
//! It waits until its input ends, so that several of them begin together. A boot says so, and takes as long as the
//! arguments say; `die` ends without a word in the middle of its dump. The last line is what came of it: `Rebuilt 20000 rebuilt /tmp/vm.ndump: ..`.

use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use neodump_runtime::{Dumpable, ImagePlaces, LoadOptions, Outcome, Rebuild};
use neodump_tests::starts::Starts;

/// A machine whose dump is the end of the process, as if it were killed: nothing is dropped.
#[derive(Dumpable)]
#[dump(image = "starts", version = 1, before_dump = Dying::die)]
struct Dying {
    answer: u32,
}

impl Dying {
    fn die(&mut self) -> Result<(), String> {
        std::process::exit(9)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [how, image, log, pause] = args.as_slice() else {
        return Err("usage: starter load|map|die IMAGE LOG MILLISECONDS".into());
    };
    let pause = Duration::from_millis(pause.parse()?);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let boot = |_: Rebuild<'_>| {
        println!("booting");
        std::thread::sleep(pause);
        Starts::boot(Path::new(log))
    };
    let named = Some(image).filter(|image| *image != "-");
    let places = ImagePlaces::of::<Starts>().booted_from(["of no use without its library"]).given(named);
    let options = LoadOptions::new();
    if how == "die" {
        let boot = |_: Rebuild<'_>| Ok::<_, Box<dyn Error>>(Dying { answer: 42 });
        return options.load_or_rebuild(places, boot).map(|_| ());
    }
    let (machine, outcome) = match how.as_str() {
        "load" => options.load_or_rebuild(places, boot)?,
        // SAFETY: the tests that run this program write images with it alone.
        _ => unsafe { options.map_or_rebuild(places, boot) }?,
    };
    let name = match &outcome {
        Outcome::Loaded { .. } => "Loaded",
        Outcome::Awaited { .. } => "Awaited",
        Outcome::Rebuilt { .. } => "Rebuilt",
        Outcome::Booted { .. } => "Booted",
        _ => "?",
    };
    println!("{name} {} {}", machine.numbers.len(), outcome.to_string().replace('\n', " "));
    Ok(())
}
