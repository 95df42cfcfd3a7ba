//! `ablate man`: the manual, made from what `--help` says.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::Cli;
use super::exit::{Exit, printed};

/// Print the manual page of ablate, or write a page for each command.
///
/// `ablate man | man -l -` shows it; `ablate man --out ~/.local/share/man/man1` installs all pages.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A folder that is there, to write ablate.1 and a page for each command into.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints, or writes.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    // As it is run: with the options of every command in each, and without the command `help`.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    if let Some(folder) = &arguments.out {
        let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
        written.with_context(|| format!("cannot write manual pages to {}", folder.display()))?;
        return Ok(Exit::Done);
    }
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    printed(std::io::Write::write_all(&mut std::io::stdout(), &page));
    Ok(Exit::Done)
}
