//! Bundles: results with all that a reader needs to check, show and cite them, as one zip archive that is an RO-Crate.
//!
//! ```text
//! ro-crate-metadata.json     what each file is, with its size and SHA-256          metadata
//! README.md                  for who unpacks it by hand                             words
//! CITATION.cff               the citation of the results                            cite::cff
//! results/NAME/              a folder of results, which every command can read      store
//! reports/NAME/              the report of them                                     report
//! ```
//!
//! The same results give the same bytes: files in the order of their names, one fixed time, one fixed way to pack, and no
//! name of a machine, a user or a folder. [`open`] takes nothing from an archive that it has not checked.

mod container;
mod files;
mod metadata;
mod names;
mod read;
mod words;
mod write;

use std::io;
use std::path::{Path, PathBuf};

pub use read::{Bundle, open};
pub use write::{Contents, Written, write};

use container::Fault;

/// The file that describes all others.
const METADATA: &str = "ro-crate-metadata.json";
/// Most bytes of it.
const LONGEST_METADATA: u64 = 64 << 20;
/// Most bytes of all files of a bundle: 16 GiB. What is larger is neither written nor unpacked.
pub const MOST_BYTES: u64 = 16 << 30;

/// A bundle that was not written, or not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no bundle, is damaged, or holds what no bundle may hold.
    #[error("{} is refused as a bundle: {what}", path.display())]
    Refused {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// What was to be bundled does not fit.
    #[error("cannot bundle this: {0}")]
    TooLarge(String),
    /// The results could not be read.
    #[error(transparent)]
    Results(#[from] crate::store::Error),
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "write".
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's words.
        source: io::Error,
    },
}

impl Error {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    fn of(path: &Path) -> impl Fn(Fault) -> Self {
        let path = path.to_path_buf();
        move |fault| match fault {
            Fault::Refused(what) => Self::Refused { path: path.clone(), what },
            Fault::Io(source) => Self::Io { action: "read", path: path.clone(), source },
        }
    }
}

#[cfg(test)]
mod tests;
