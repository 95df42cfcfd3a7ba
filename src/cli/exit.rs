//! Exit codes, and errors as people read them.

use std::io;
use std::process::ExitCode;

use super::mention;
use super::options::Global;
use super::style::red;
use crate::cite::bundle;
use crate::train::NoCuda;
use crate::{plan, slurm, store, sweep};

/// How a command ends, with the codes that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; also when nothing was left to do.
    Done,
    /// A defect, or the system refused something.
    Internal,
    /// Wrong use of the command line.
    Usage,
    /// The sweep file is invalid.
    InvalidSweep,
    /// The sweep ended and some runs failed.
    SomeFailed,
    /// A verification did not hold, a run giving another result than before, or a claim is not true of the records.
    NotHeld,
    /// Saved results are damaged.
    Damaged,
    /// The results are in use by another process.
    InUse,
    /// A signal ended it after what was in flight was saved: 130 or 143.
    Stopped(u8),
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::InvalidSweep => 3,
            Self::SomeFailed => 5,
            Self::NotHeld => 6,
            Self::Damaged => 7,
            Self::InUse => 8,
            Self::Stopped(code) => code,
        }
    }

    fn of(error: &anyhow::Error) -> Self {
        if error.is::<sweep::Invalid>() {
            return Self::InvalidSweep;
        }
        if let Some(error) = error.downcast_ref::<sweep::Error>() {
            return match error {
                sweep::Error::Invalid(_) => Self::InvalidSweep,
                sweep::Error::Unreadable { .. } | sweep::Error::TooLarge { .. } => Self::Usage,
            };
        }
        if let Some(error) = error.downcast_ref::<plan::Error>() {
            return match error {
                plan::Error::Invalid(_) => Self::InvalidSweep,
                plan::Error::TooLarge(_) => Self::Usage,
            };
        }
        if let Some(error) = error.downcast_ref::<store::Error>() {
            return Self::of_store(error);
        }
        if let Some(error) = error.downcast_ref::<bundle::Error>() {
            return match error {
                bundle::Error::Refused { .. } => Self::Damaged,
                bundle::Error::TooLarge(_) => Self::Usage,
                bundle::Error::Results(error) => Self::of_store(error),
                bundle::Error::Io { .. } => Self::Internal,
            };
        }
        if let Some(error) = error.downcast_ref::<slurm::Broken>() {
            return match error {
                slurm::Broken::Submitting { .. } => Self::InUse,
                slurm::Broken::Damaged { .. } | slurm::Broken::Newer { .. } => Self::Damaged,
                slurm::Broken::Io { .. } => Self::Internal,
            };
        }
        if error.is::<Busy>() {
            return Self::InUse;
        }
        if error.is::<slurm::Refused>() || error.is::<slurm::LimitTooLow>() {
            return Self::Usage;
        }
        if error.is::<NoCuda>() || error.is::<Misuse>() { Self::Usage } else { Self::Internal }
    }

    fn of_store(error: &store::Error) -> Self {
        match error {
            store::Error::InUse { .. } | store::Error::ShardsAtWork { .. } | store::Error::Changed { .. } => {
                Self::InUse
            }
            store::Error::Damaged { .. } => Self::Damaged,
            store::Error::Missing { .. }
            | store::Error::NoRun { .. }
            | store::Error::Ambiguous { .. }
            | store::Error::NotARun(_)
            | store::Error::Link { .. }
            | store::Error::Merge(_)
            | store::Error::Query(_) => Self::Usage,
            _ => Self::Internal,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Wrong use of the command line that only shows once files were looked at.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misuse(pub String);

/// The results are in use by something that is waited for, or to be stopped.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Busy(pub String);

/// Prints an error; gives the code to exit with.
pub fn explain(error: &anyhow::Error, global: &Global) -> Exit {
    let exit = Exit::of(error);
    if exit == Exit::InvalidSweep {
        // Such a message begins with its place, FILE:LINE:COLUMN, for editors to jump to.
        mention!("{}", harmless(&error.to_string()));
    } else {
        mention!("{} {}", red("error:", global.colored()), harmless(&format!("{error:#}")));
    }
    exit
}

/// A text without what a terminal would obey: names of files may hold anything.
pub fn harmless(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// Ends the process when standard output cannot be written to. A reader that has gone has read what it wanted.
pub fn printed(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        mention!("error: cannot write to standard output: {error}");
        std::process::exit(i32::from(Exit::Internal.code()))
    }
}
