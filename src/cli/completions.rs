//! `ablate completions`: what a shell needs to complete commands and options.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::exit::{Exit, printed};

/// Print completions for a shell.
///
/// For bash: `ablate completions bash > ~/.local/share/bash-completion/completions/ablate`; for zsh, into a file
/// `_ablate` of a folder of `$fpath`; for fish, into `~/.config/fish/completions/ablate.fish`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints.
pub fn run(arguments: &Arguments) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "ablate", &mut script);
    printed(std::io::Write::write_all(&mut std::io::stdout(), &script));
    Exit::Done
}
