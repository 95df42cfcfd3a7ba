//! The command line. One file a subcommand; results on standard output, progress and messages on standard error.

mod bundle;
mod check;
mod cite;
mod claims;
mod compare;
mod completions;
mod devices;
mod diff;
mod doctor;
mod exit;
mod gather;
mod libtorch;
mod man;
mod merge;
mod options;
mod place;
mod plan;
mod progress;
mod report;
mod run;
mod runs;
mod schema;
mod shapes;
mod show;
mod slurm;
mod status;
mod style;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::execute::survive_limits;

use self::exit::Exit;
use self::libtorch::Need;
use self::options::Global;

/// Hyperparameter sweeps whose runs are fast, exact to the bit, and explained.
#[derive(Debug, Parser)]
#[command(
    name = "ablate",
    version,
    max_term_width = 100,
    after_help = "Start with:\n  ablate run sweeps/why-squares.yaml      train what is missing, then report\n  \
        ablate runs why-squares --sort domain_rmse --limit 5\n\n\
        Exit codes: 0 done · 1 internal error · 2 wrong use · 3 invalid sweep file · 5 some runs failed ·\n\
        6 a verification or a claim did not hold · 7 saved results are damaged · 8 results are in use ·\n\
        130, 143 interrupted, terminated (what was in flight is saved)"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Plan(plan::Arguments),
    Report(report::Arguments),
    Runs(runs::Arguments),
    Show(show::Arguments),
    Compare(compare::Arguments),
    Cite(cite::Arguments),
    Claims(claims::Arguments),
    Verify(verify::Arguments),
    Bundle(bundle::Arguments),
    Check(check::Arguments),
    Gather(gather::Arguments),
    Merge(merge::Arguments),
    Slurm(slurm::Arguments),
    Status(status::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    Schema(schema::Arguments),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.global.set_up();
    // Where that cannot be, it is as it was.
    let _ = survive_limits();
    match cli.command.run(&cli.global) {
        Ok(exit) => exit.into(),
        Err(error) => exit::explain(&error, &cli.global).into(),
    }
}

impl Command {
    fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        libtorch::go_over(self.need())?;
        match self {
            Self::Run(arguments) => run::run(arguments, global),
            Self::Plan(arguments) => plan::run(arguments),
            Self::Report(arguments) => report::run(arguments, global),
            Self::Runs(arguments) => runs::run(arguments),
            Self::Show(arguments) => show::run(arguments),
            Self::Compare(arguments) => compare::run(arguments),
            Self::Cite(arguments) => cite::run(arguments),
            Self::Claims(arguments) => claims::run(arguments),
            Self::Verify(arguments) => verify::run(arguments, global),
            Self::Bundle(arguments) => bundle::run(arguments, global),
            Self::Check(arguments) => check::run(arguments),
            Self::Gather(arguments) => gather::run(arguments, global),
            Self::Merge(arguments) => merge::run(arguments, global),
            Self::Slurm(arguments) => slurm::run(arguments, global),
            Self::Status(arguments) => status::run(arguments),
            Self::Completions(arguments) => Ok(completions::run(arguments)),
            Self::Man(arguments) => man::run(arguments),
            Self::Doctor(arguments) => doctor::run(arguments),
            Self::Schema(arguments) => schema::run(arguments),
        }
    }

    /// How much it needs libtorch.
    fn need(&self) -> Need {
        match self {
            Self::Run(arguments) => Need::of(arguments.device),
            Self::Plan(arguments) => Need::of(arguments.device),
            Self::Verify(arguments) => arguments.need(),
            Self::Slurm(arguments) => arguments.need(),
            Self::Doctor(_) if libtorch::starts().is_ok() => Need::IfThere,
            _ => Need::No,
        }
    }
}

/// The time, in UTC, to the second.
#[expect(clippy::disallowed_methods, reason = "what was submitted says when; no result depends on it")]
fn now() -> String {
    humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string()
}

/// Prints a line to standard output. Where its reader has gone (`| head`), the work goes on without it.
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        crate::cli::exit::printed(writeln!(std::io::stdout(), $($argument)*));
    }};
}
use say;

/// Prints a line to standard error, where anybody can still read it: no work ends because a message cannot be shown.
macro_rules! mention {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($argument)*);
    }};
}
use mention;
