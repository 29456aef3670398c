//! The command line.

use std::process::ExitCode;

pub fn main() -> ExitCode {
    let dir = std::env::args().nth(1).unwrap_or_default();
    let start = std::time::Instant::now();
    let mut corpus = crate::corpus::read(dir.as_ref()).unwrap_or_else(|e| panic!("{e}"));
    println!("{} files {} forms {} objects {:?}", corpus.files, corpus.forms.len(), corpus.heap.objects(), start.elapsed());
    for n in &corpus.notes { println!("note {n}"); }
    let start = std::time::Instant::now();
    let (wrong, bytes) = crate::corpus::check(&mut corpus);
    println!("{} wrong, {bytes} bytes {:?}", wrong.len(), start.elapsed());
    for w in wrong.iter().take(20) { println!("{w}"); }
    ExitCode::SUCCESS
}
