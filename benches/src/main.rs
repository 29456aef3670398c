//! What a dump and a load cost, each against a bound that is measured in the same run or fixed.
//! See `README.md`.

mod child;
mod dump;
mod grow;
mod load;
mod machine;
mod memory;
mod row;
mod tables;

use std::process::ExitCode;

use child::Failure;
use row::Row;

const USAGE: &str = "usage: neodump-bench load|dump [--json]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["child", ref work @ ..] => child::main(work).map(|()| true),
        [what @ ("load" | "dump")] => measure(what, false),
        [what @ ("load" | "dump"), "--json"] | ["--json", what @ ("load" | "dump")] => measure(what, true),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("neodump-bench: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs the measurements; says whether every bound was kept.
fn measure(what: &str, json: bool) -> Result<bool, Failure> {
    let folder = tempfile::tempdir()?;
    let mut pass = true;
    let mut show = |row: Row| {
        pass &= row.pass();
        println!("{}", if json { row.json() } else { row.line() });
    };
    match what {
        "load" => load::rows(folder.path(), &mut show)?,
        _ => dump::rows(folder.path(), &mut show)?,
    }
    Ok(pass)
}
