//! Where things lie in the folder of a sweep's results.

use std::path::{Path, PathBuf};

use super::notes::About;
use crate::config::Id;

/// The tables, in the order in which they are written.
pub(super) const TABLES: [Table; 3] = [Table::Runs, Table::Curves, Table::Predictions];

/// A table of the results: one Parquet file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// One row a run.
    Runs,
    /// One row a point of a learning curve.
    Curves,
    /// One row an input that a network of one operand was asked.
    Predictions,
}

impl Table {
    /// Its name in the manifest.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Curves => "curves",
            Self::Predictions => "predictions",
        }
    }

    /// Rows that are read and written at a time, and that a row group of its file has: some megabytes.
    pub(super) fn rows_at_once(self) -> usize {
        match self {
            Self::Runs => 1 << 12,
            Self::Curves | Self::Predictions => 1 << 16,
        }
    }

    /// Its file, relative to the folder.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Runs => "runs.parquet",
            Self::Curves => "curves.parquet",
            Self::Predictions => "predictions.parquet",
        }
    }
}

/// What is being written and does not count yet ends like this.
pub(super) const NEW: &str = ".new";
/// What a segment of the journal ends like.
pub(super) const SEGMENT: &str = ".log";
/// What a repair has cut from a segment ends like this.
pub(super) const TORN: &str = ".torn";

/// Whether a name that was listed is not UTF-8, so that it is none of Ablate's and leads to no file.
pub(super) fn is_garbled(name: &str) -> bool {
    name.contains(char::REPLACEMENT_CHARACTER)
}

/// The folder of a sweep's results.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    pub(super) fn segment(&self, name: &str) -> PathBuf {
        self.journal().join(name)
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join(".lock")
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.root.join("manifest.json")
    }

    /// The decision to replace parts by new ones, which holds until it is carried out.
    pub(super) fn compaction(&self) -> PathBuf {
        self.root.join("compaction.json")
    }

    pub(super) fn sweep(&self) -> PathBuf {
        self.root.join("sweep.yaml")
    }

    pub(super) fn sweeps(&self) -> PathBuf {
        self.root.join("sweeps")
    }

    pub(super) fn weights(&self) -> PathBuf {
        self.root.join("weights")
    }

    pub(super) fn weights_of(&self, run: Id) -> PathBuf {
        self.weights().join(format!("{run}.safetensors"))
    }

    pub(super) fn claims(&self) -> PathBuf {
        self.root.join("claims")
    }

    pub(super) fn unfinished(&self) -> PathBuf {
        self.root.join("unfinished")
    }

    pub(super) fn provenance(&self) -> PathBuf {
        self.root.join("provenance")
    }

    pub(super) fn verified(&self) -> PathBuf {
        self.root.join("verified")
    }

    pub(super) fn tasks(&self) -> PathBuf {
        self.root.join("tasks")
    }

    pub(super) fn aside(&self) -> PathBuf {
        self.root.join("aside")
    }

    /// The folder and those in it.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        [self.written_beside(), vec![self.journal(), self.claims(), self.aside()]].concat()
    }

    pub(super) fn part(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// The folders in which files are written beside those that count.
    pub(super) fn written_beside(&self) -> Vec<PathBuf> {
        let root = self.root.clone();
        let (weights, sweeps, unfinished) = (self.weights(), self.sweeps(), self.unfinished());
        vec![root, weights, sweeps, unfinished, self.provenance(), self.verified(), self.tasks()]
    }

    /// Whether this is the name of a file that is being written and does not count yet. Other files may end like that:
    /// they are somebody's.
    pub(super) fn is_new(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(NEW));
        let (Some(folder), Some(name)) = (path.parent(), name) else { return false };
        // A shard writes copies of the sweep under names of its own.
        let name = name.rsplit_once('.').filter(|(_, token)| is_token(token)).map_or(name, |(name, _)| name);
        let is_run = |text: &str| text.parse::<Id>().is_ok();
        if folder == self.root {
            let documents = [self.manifest(), self.compaction(), self.sweep()];
            documents.contains(&folder.join(name)) || TABLES.iter().any(|table| table.file() == name)
        } else if folder == self.weights() {
            name.strip_suffix(".safetensors").is_some_and(is_run)
        } else if folder == self.sweeps() {
            name.strip_suffix(".yaml").is_some_and(is_hash)
        } else if let Some(about) = About::ALL.into_iter().find(|about| about.folder(self) == folder) {
            about.of(name).is_some()
        } else {
            folder == self.unfinished() && is_run(name)
        }
    }
}

/// Whether a text is what tells a process from others.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What tells the process that made a segment from others.
pub(super) fn token_of(segment: &str) -> Option<&str> {
    segment.strip_suffix(SEGMENT)?.split_once('-').map(|(_, token)| token)
}

/// Whether a text is a BLAKE3 hash as it stands in names and documents.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether this is the name of a segment: a plain one, in the folder of the journal.
pub(super) fn is_segment(name: &str) -> bool {
    name.ends_with(SEGMENT) && !name.contains('/') && !is_garbled(name)
}

/// As [`new`], of a process that does not know which others write the same.
pub(super) fn new_by(path: &Path, token: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(token);
    new(Path::new(&name))
}

/// `path` with an ending that says that it does not count yet.
pub(super) fn new(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(NEW);
    name.into()
}
