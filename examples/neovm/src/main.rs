//! The `neovm` program.

fn main() -> std::process::ExitCode {
    neovm::cli::main()
}
