//! Options that every command has, and arguments that several share.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// When to use colour on the terminal; `NO_COLOR` is respected.
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN", help_heading = "Output")]
    pub color: When,
    /// Show errors only.
    #[arg(long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Show more of what happens (twice: everything).
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet", help_heading = "Output")]
    pub verbose: u8,
    /// How to show progress; `auto` is a bar on a terminal and plain lines elsewhere.
    #[arg(long, global = true, value_enum, default_value_t = Progress::Auto, value_name = "HOW", help_heading = "Output")]
    pub progress: Progress,
}

/// When to do something that suits terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to show progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// A bar on a terminal, plain lines elsewhere.
    Auto,
    /// A bar.
    Bar,
    /// A line now and then.
    Plain,
    /// Nothing.
    None,
}

impl Global {
    /// Sets up logging on standard error.
    pub fn set_up(&self) {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "error",
            (false, 0) => "warn",
            (false, 1) => "ablate=info",
            (false, _) => "ablate=trace",
        };
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(self.colored())
            .without_time()
            .init();
    }

    /// Whether standard error takes colour.
    pub fn colored(&self) -> bool {
        match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }

    /// How progress is shown here.
    pub fn progress(&self) -> Progress {
        match self.progress {
            _ if self.quiet => Progress::None,
            Progress::Auto if std::io::stderr().is_terminal() => Progress::Bar,
            Progress::Auto => Progress::Plain,
            other => other,
        }
    }
}

/// A sweep file with overrides.
#[derive(Clone, Debug, Args)]
pub struct SweepArguments {
    /// The sweep file.
    #[arg(value_name = "SWEEP.yaml")]
    pub sweep: PathBuf,
    /// Overrides: one value for a parameter, or several to sweep over, such as activation=relu,tanh.
    #[arg(value_name = "KEY=V1,V2")]
    pub overrides: Vec<String>,
}

/// Where results are kept.
#[derive(Clone, Debug, Args)]
pub struct ResultsFolder {
    /// The folder that holds the results of all sweeps.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

/// Most workers that can be asked for.
const MOST_JOBS: usize = 1024;

/// A number of workers.
///
/// # Errors
/// What is wrong with it.
pub fn jobs(text: &str) -> Result<usize, String> {
    let wrong = || format!("a number of workers is a whole number from 1 to {MOST_JOBS}");
    text.parse().ok().filter(|jobs| (1..=MOST_JOBS).contains(jobs)).ok_or_else(wrong)
}
