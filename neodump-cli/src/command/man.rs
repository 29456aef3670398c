//! `neodump man`: the manual page.

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;

use crate::output::{Failure, Output};

/// Write the manual page of the tool, or of one of its commands
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  neodump man | man -l -
  neodump man > ~/.local/share/man/man1/neodump.1
  neodump man diff > ~/.local/share/man/man1/neodump-diff.1")]
pub(crate) struct Man {
    /// The command
    command: Option<String>,
}

impl Man {
    pub(crate) fn run(&self, out: &mut Output<'_>) -> Result<(), Failure> {
        let mut tool = crate::Cli::command();
        tool.build();
        let page = match &self.command {
            None => tool,
            Some(name) => match tool.find_subcommand(name) {
                Some(command) => command.clone(),
                None => {
                    return Err(Failure::Not(format!(
                        "there is no command {name}; `neodump --help` lists all"
                    )));
                }
            },
        };
        let mut text = Vec::new();
        Page::new(page).render(&mut text)?;
        Ok(out.text().write_all(&text)?)
    }
}
