//! The `neodump` tool: see `neodump --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    neodump_cli::main()
}
