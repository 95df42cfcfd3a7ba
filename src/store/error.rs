//! What can go wrong with saved results: what, where, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::files::NoFile;
use crate::config::Id;

/// An error of the store. The command line gives each variant its exit code.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There are no results at this place.
    #[error("no results at {}: {hint}", path.display())]
    Missing {
        /// Where they were looked for.
        path: PathBuf,
        /// What to do.
        hint: String,
    },
    /// Another process writes to these results.
    #[error("{} is in use by {}: wait until it ends, or stop it with Ctrl-C there and start again", path.display(),
        process.map_or_else(|| "another process".into(), |id| format!("process {id}")))]
    InUse {
        /// The folder of the results.
        path: PathBuf,
        /// The process that holds the lock, where it is known.
        process: Option<u32>,
    },
    /// Shards of the sweep are being trained by other processes, perhaps on other machines.
    #[error("{} is in use by {}: wait until they end (`ablate status` follows them), or stop them; `ablate gather --all` \
             makes tables at once where you know that none of them is at work any more", path.display(), some(shards))]
    ShardsAtWork {
        /// The folder of the results.
        path: PathBuf,
        /// The shards, in words.
        shards: Vec<String>,
    },
    /// Saved bytes are not what was saved.
    #[error("{} is damaged: {what}. {remedy}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A later version of Ablate wrote this.
    #[error("{} has format {found}, and this version of Ablate reads up to format {known}: use a newer Ablate", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that is known here.
        known: u32,
    },
    /// The results changed while they were being read.
    #[error("{} changed while it was being read: another process is saving to it; try again", path.display())]
    Changed {
        /// The folder of the results.
        path: PathBuf,
    },
    /// Results lie behind a symbolic link.
    #[error("{} is a symbolic link, and nothing is written through one: name the folder that it leads to, or make the \
             folder of all results a link instead", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The operating system refused something.
    #[error("cannot {action} {}: {message}{}", path.display(), remedy(action, *kind))]
    Io {
        /// What was tried: "write to".
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The kind of error.
        kind: io::ErrorKind,
        /// The operating system's words.
        message: String,
    },
    /// The file that this process was saving to is not there any more.
    #[error("{} was taken away while this process was saving to it: the folder was removed; or another process took this \
             one for dead, which happens when files under claims/ or tasks/ are removed, where a file system does not hold \
             locks between machines, and by `ablate gather --all` while a shard is at work. Run the same command again: \
             runs that are not saved are trained again",
        path.display())]
    TakenAway {
        /// The file.
        path: PathBuf,
    },
    /// The writer has ended, so nothing more can be saved.
    #[error("{} is closed: nothing more can be saved to it", path.display())]
    Closed {
        /// The folder of the results.
        path: PathBuf,
    },
    /// No run has that id.
    #[error("no run `{run}` in {}: `ablate runs RESULTS` lists them", path.display())]
    NoRun {
        /// The id or the prefix that was asked for.
        run: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Several runs begin like that.
    #[error("`{prefix}` is the beginning of {} runs: {}; write more of it", candidates.len(), some(candidates))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// The runs that begin with it.
        candidates: Vec<String>,
    },
    /// That cannot be the beginning of a run's id.
    #[error("`{0}` is not a run: give at least 6 of the 20 characters (0-9, a-f) of its id")]
    NotARun(String),
    /// A record is longer than any that is read.
    #[error("the record of run {run} has {bytes} bytes, and a record has 1 GiB at most: train fewer epochs")]
    TooLong {
        /// The run.
        run: Id,
        /// Its bytes.
        bytes: usize,
    },
    /// No sweep can have that name.
    #[error(
        "{0:?} cannot be the name of a sweep: letters, digits, `.`, `_` and `-`, the first a letter or digit, at most \
             64 in all"
    )]
    Name(String),
    /// Results that cannot be merged.
    #[error("{0}")]
    Merge(String),
    /// A query that cannot be answered.
    #[error("{0}")]
    Query(String),
    /// Polars refused something that is always possible: a defect of Ablate.
    #[error("cannot {action}: {message}. This is a defect of Ablate; nothing was lost")]
    Frame {
        /// What was tried.
        action: &'static str,
        /// Polars' words.
        message: String,
    },
}

/// The result of a function of the store.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(super) fn damaged(path: impl Into<PathBuf>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), what: what.into(), remedy: remedy.into() }
    }

    /// Whether what is written to is not there any more, so that nothing can be saved to it.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self {
            Self::TakenAway { .. } => true,
            Self::Io { kind, .. } => is_gone(*kind),
            _ => false,
        }
    }

    pub(super) fn no_file(path: &Path, found: NoFile) -> Self {
        Self::damaged(path, found.to_string(), found.remedy())
    }
}

/// Gives an error of the operating system its place: `.map_err(io_error("read", &path))`.
pub(super) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |error| match error.get_ref().and_then(|inner| inner.downcast_ref::<NoFile>()) {
        Some(found) => Error::no_file(&path, *found),
        None => Error::Io { action, path, kind: error.kind(), message: error.to_string() },
    }
}

/// Gives an error of Polars its place.
pub(super) fn frame_error(action: &'static str) -> impl FnOnce(polars::error::PolarsError) -> Error {
    move |error| Error::Frame { action, message: error.to_string() }
}

fn is_gone(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::StaleNetworkFileHandle)
}

fn remedy(action: &str, kind: io::ErrorKind) -> &'static str {
    let reads = ["read", "read back", "list", "look for", "open"].contains(&action);
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ". Free some space and run the same command again: what was saved stays saved"
        }
        io::ErrorKind::FileTooLarge => {
            ". The limit on the size of files is reached: raise it (`ulimit -f`) and run the same command again; what was saved \
             stays saved"
        }
        kind if is_gone(kind) && !reads => {
            ". The folder was removed, or its file system is away: run the same command again; what was saved there and is \
             gone is trained again"
        }
        io::ErrorKind::PermissionDenied if reads => ". Make it readable for this user",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ". Make the folder writable, or name another with --results"
        }
        _ => "",
    }
}

fn some(candidates: &[String]) -> String {
    let more = if candidates.len() > 5 { ", …" } else { "" };
    candidates.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ") + more
}
