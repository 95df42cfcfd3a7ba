//! The manifest: what the parts of saved results are, and the decision to replace them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::files::{Files, read_if_there};
use super::layout::{Layout, TABLES, Table, is_hash, is_segment};
use super::sealed::{Broken, unseal};
use crate::sweep::is_name;

/// The version of this format.
pub(super) const FORMAT: u32 = 1;

/// What a folder of results holds, apart from what is still in its journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    /// The sweep's name.
    pub sweep: String,
    /// Every distinct version of the sweep that was run here, the last one last.
    pub versions: Vec<SweepVersion>,
    /// The environments that records come from.
    pub environments: Vec<String>,
    /// Runs by status.
    pub runs: BTreeMap<String, u64>,
    /// The files that hold them.
    pub parts: Vec<Part>,
    /// Records that do not count, each with the reason.
    pub set_aside: Vec<SetAside>,
}

/// A sweep file that was run, with what the command line changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepVersion {
    /// BLAKE3 of the file: its copy is `sweeps/HASH.yaml`.
    pub hash: String,
    /// `KEY=VALUE` as given.
    pub overrides: Vec<String>,
}

/// A file that holds rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// `runs`, `curves` or `predictions`.
    pub table: String,
    /// Its name in the folder.
    pub file: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// Its BLAKE3.
    pub blake3: String,
}

/// Why a record does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The same run gave another digest in the same environment: an error that has to be looked into.
    Conflict,
    /// The same run gave another digest in another environment.
    OtherEnvironment,
    /// It had failed or timed out, and was trained again.
    Superseded,
    /// It failed or timed out after the same run had ended well.
    FailedLater,
}

/// A record that does not count, because there is another of the same run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The run.
    pub run: String,
    /// Why it does not count.
    pub why: Why,
    /// How it had ended.
    pub status: String,
    /// Its reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Its digest.
    pub digest: String,
    /// Its environment.
    pub environment: String,
    /// The digest of the record that counts.
    pub kept: String,
}

impl Manifest {
    /// That of a folder that holds nothing yet.
    pub(super) fn empty(sweep: &str) -> Self {
        Self {
            format: FORMAT,
            sweep: sweep.to_owned(),
            versions: Vec::new(),
            environments: Vec::new(),
            runs: BTreeMap::new(),
            parts: Vec::new(),
            set_aside: Vec::new(),
        }
    }

    /// What of it no Ablate has written. Its seal says that its bytes are whole, not who sealed them, and its names are
    /// those of files.
    fn foreign(&self) -> Option<String> {
        if !is_name(&self.sweep) {
            return Some(format!("it names a sweep {:?}, and no sweep can have that name", self.sweep));
        }
        let hashes =
            self.versions.iter().map(|version| &version.hash).chain(self.parts.iter().map(|part| &part.blake3));
        if let Some(hash) = hashes.into_iter().find(|hash| !is_hash(hash)) {
            return Some(format!("it has {hash:?} where a hash should be"));
        }
        for (position, part) in self.parts.iter().enumerate() {
            let table = TABLES.into_iter().find(|table| table.name() == part.table);
            if table.map(Table::file) != Some(&part.file) {
                return Some(format!("it names a file {:?} for a table {:?}", part.file, part.table));
            }
            if self.parts[..position].iter().any(|other| other.table == part.table) {
                return Some(format!("it names the table {:?} twice", part.table));
            }
        }
        None
    }

    /// The part of a table.
    pub(super) fn part(&self, table: Table) -> Option<&Part> {
        self.parts.iter().find(|part| part.table == table.name())
    }
}

/// The decision to replace parts and to drop segments, from the moment when all new parts are safe until it is carried
/// out: whoever finds it carries it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decision {
    /// The version of this format.
    pub(super) format: u32,
    /// The manifest that holds from now on.
    pub(super) manifest: Manifest,
    /// The segments whose records are in the new parts.
    pub(super) segments: Vec<String>,
}

impl Decision {
    /// As [`Manifest::foreign`].
    fn foreign(&self) -> Option<String> {
        let segment = self.segments.iter().find(|name| !is_segment(name));
        let segment = segment.map(|name| format!("it names a segment {name:?} of the journal"));
        self.manifest.foreign().or(segment)
    }
}

/// The bytes of both documents, to notice that they change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Documents {
    manifest: Option<Vec<u8>>,
    decision: Option<Vec<u8>>,
}

impl Documents {
    pub(super) fn read(files: &dyn Files, layout: &Layout) -> Result<Self> {
        // The decision first: were it carried out between the two, its manifest is found.
        let decision = read_if_there(files, &layout.compaction())?;
        Ok(Self { manifest: read_if_there(files, &layout.manifest())?, decision })
    }

    /// The decision that is to be carried out.
    pub(super) fn decision(&self, layout: &Layout) -> Result<Option<Decision>> {
        self.decision.as_ref().map(|bytes| open(bytes, &layout.compaction(), Decision::foreign)).transpose()
    }

    /// The manifest that holds, whether a decision says it or not.
    pub(super) fn any(&self, layout: &Layout) -> Result<Option<Manifest>> {
        let decided = self.decision(layout)?.map(|decision| decision.manifest);
        if decided.is_some() { Ok(decided) } else { self.manifest(layout) }
    }

    /// The manifest as it stands.
    pub(super) fn manifest(&self, layout: &Layout) -> Result<Option<Manifest>> {
        self.manifest.as_ref().map(|bytes| open(bytes, &layout.manifest(), Manifest::foreign)).transpose()
    }
}

fn open<T>(bytes: &[u8], path: &Path, foreign: impl Fn(&T) -> Option<String>) -> Result<T>
where
    T: serde::de::DeserializeOwned,
{
    let opened = unseal(bytes, FORMAT).and_then(|document| match foreign(&document) {
        None => Ok(document),
        Some(what) => Err(Broken::Damaged(what)),
    });
    opened.map_err(|broken| match broken {
        Broken::Newer(found) => Error::Newer { path: path.to_path_buf(), found, known: FORMAT },
        Broken::Damaged(what) => Error::damaged(
            path,
            what,
            "Put back a copy of the whole folder; or move the folder away and run the sweep again, which gives the \
             same results",
        ),
    })
}
