//! `neodump completions`: what a shell has to know to complete command lines.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::output::{Failure, Output};

/// Write the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  neodump completions bash > ~/.local/share/bash-completion/completions/neodump
  neodump completions fish > ~/.config/fish/completions/neodump.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, out: &mut Output<'_>) -> Result<(), Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut crate::Cli::command(), "neodump", &mut text);
        Ok(out.text().write_all(&text)?)
    }
}
