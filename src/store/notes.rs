//! Notes beside the tables, each a sealed JSON document: `provenance/PROCESS.json`, where the runs that a process trained
//! come from, `verified/RUN.json`, what the last verification of a run found, and `tasks/PROCESS.json`, how a shard is
//! getting on. The store keeps them; of the last it reads which shard it is, of which sweep, and whether it is at work.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{Error, Result, io_error};
use super::files::{Disk, Files, create_folder, read_if_there, replace};
use super::layout::{Layout, is_token};
use super::sealed::{Broken, seal, unseal};
use super::sweeps::require_no_links;
use crate::config::Id;

/// The version of this format.
const FORMAT: u32 = 1;

/// What a note says, by name.
pub type Note = Map<String, Value>;

#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    /// The name of its file, without ending: a note that was put in the place of another is damage.
    of: String,
    note: Note,
}

/// What notes are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// A process that trained runs, by its token.
    Process,
    /// A run that was verified.
    Run,
    /// A process that trains a shard, by its token.
    Task,
}

impl About {
    pub(super) const ALL: [Self; 3] = [Self::Process, Self::Run, Self::Task];

    pub(super) fn folder(self, layout: &Layout) -> PathBuf {
        match self {
            Self::Process => layout.provenance(),
            Self::Run => layout.verified(),
            Self::Task => layout.tasks(),
        }
    }

    /// What the note of that file is about; `None` where it is no name of a note.
    pub(super) fn of(self, file: &str) -> Option<&str> {
        let name = file.strip_suffix(".json")?;
        let is_name = match self {
            Self::Process | Self::Task => is_token(name),
            Self::Run => name.parse::<Id>().is_ok(),
        };
        is_name.then_some(name)
    }

    pub(super) fn path(self, layout: &Layout, of: &str) -> PathBuf {
        self.folder(layout).join(format!("{of}.json"))
    }
}

/// Keeps a note, in the place of the one before it; durable when this returns.
pub(super) fn keep(files: &dyn Files, layout: &Layout, about: About, of: &str, note: &Note) -> Result<()> {
    create_folder(files, &about.folder(layout))?;
    keep_again(files, layout, about, of, note)
}

/// As [`keep`], in a folder that is there: one that somebody has removed is not made again.
pub(super) fn keep_again(files: &dyn Files, layout: &Layout, about: About, of: &str, note: &Note) -> Result<()> {
    let document = Document { format: FORMAT, of: of.to_owned(), note: note.clone() };
    replace(files, &about.path(layout, of), &seal(&document))
}

/// A note; `None` where there is none.
pub(super) fn read(files: &dyn Files, layout: &Layout, about: About, of: &str) -> Result<Option<Note>> {
    let path = about.path(layout, of);
    read_if_there(files, &path)?.map(|bytes| decode(&path, of, &bytes)).transpose()
}

/// All notes, by what they are about.
pub(super) fn all(files: &dyn Files, layout: &Layout, about: About) -> Result<Vec<(String, Note)>> {
    let folder = about.folder(layout);
    let mut names = files.list(&folder).map_err(io_error("list", &folder))?;
    names.sort_unstable();
    let of = names.iter().filter_map(|name| about.of(name));
    let notes = of.map(|of| Ok(read(files, layout, about, of)?.map(|note| (of.to_owned(), note))));
    notes.filter_map(Result::transpose).collect()
}

pub(super) fn decode(path: &Path, of: &str, bytes: &[u8]) -> Result<Note> {
    const REMEDY: &str = "Put back a copy of it; without one, remove it: the runs themselves do not need it";
    match unseal::<Document>(bytes, FORMAT) {
        Ok(document) if document.of == of => Ok(document.note),
        Ok(document) => {
            let what = format!("it is the note of {}", document.of.escape_debug());
            Err(Error::damaged(path.to_path_buf(), what, REMEDY))
        }
        Err(Broken::Damaged(what)) => Err(Error::damaged(path.to_path_buf(), what, REMEDY)),
        Err(Broken::Newer(found)) => Err(Error::Newer { path: path.to_path_buf(), found, known: FORMAT }),
    }
}

/// Keeps what a verification of a run found, beside the results in `folder`.
///
/// # Errors
/// [`Error::Link`], and errors of the operating system.
pub fn keep_verified(folder: &Path, run: Id, note: &Note) -> Result<()> {
    let layout = Layout::new(folder);
    require_no_links(&Disk, &layout)?;
    keep(&Disk, &layout, About::Run, &run.to_string(), note)
}
