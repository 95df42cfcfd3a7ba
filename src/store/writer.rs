//! Writing results: the one way into a folder under `results/`.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::codec;
use super::compact::{Folded, fold, recover};
use super::error::{Error, Result, io_error};
use super::files::{Disk, Files, create_folders, read_if_there, replace};
use super::journal::{Journal, Listener};
use super::layout::Layout;
use super::manifest::SweepVersion;
use super::merge::Summary;
use super::record::Record;
use super::state::{State, segment_names};
use super::{unfinished, weights};
use crate::config::Id;
use crate::train::{Checkpoint, Weight};

/// The sweep that is being run, as far as results keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepCopy {
    /// Its name.
    pub name: String,
    /// Its file, byte for byte.
    pub text: String,
    /// What the command line changed, as given.
    pub overrides: Vec<String>,
}

/// The runs that have ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Those that finished or diverged: they never need to be trained again.
    pub done: HashSet<Id>,
    /// Those that failed or ran out of time: trained again only when that is asked for.
    pub failed: HashSet<Id>,
}

impl Ended {
    pub(super) fn note(&mut self, run: Id, summary: &Summary) {
        let set = if summary.can_be_retried() { &mut self.failed } else { &mut self.done };
        set.insert(run);
    }
}

/// The one writer of a folder of results in this process; the folder is locked while it lives.
///
/// Dropping it saves what was appended and leaves it in the journal, where readers find it; [`Writer::close`] also
/// reports errors and folds the journal into the tables.
pub struct Writer {
    layout: Layout,
    files: Arc<dyn Files>,
    sweep: String,
    version: SweepVersion,
    journal: Journal,
    opened: Folded,
    ended: Ended,
    /// Runs that were paused by a process before this one.
    paused: Mutex<HashSet<Id>>,
    // The last field: given back after the journal has ended.
    _lock: Box<dyn Any + Send + Sync>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("folder", &self.layout.root()).finish_non_exhaustive()
    }
}

impl Writer {
    /// Opens `folder` (such as `results/why-squares`) for writing and makes it if needed: takes its lock, finishes what
    /// a killed process left, and keeps a copy of the sweep. `listener` hears of runs once they are durable.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process writes to it, [`Error::Damaged`] when what is saved is not whole, and
    /// errors of the operating system.
    pub fn open(folder: &Path, sweep: &SweepCopy, listener: Listener) -> Result<Self> {
        Self::open_on(Arc::new(Disk), folder, sweep, listener)
    }

    pub(super) fn open_on(files: Arc<dyn Files>, folder: &Path, sweep: &SweepCopy, listener: Listener) -> Result<Self> {
        let layout = Layout::new(folder);
        create_folders(&*files, folder)?;
        let lock = lock(&*files, &layout)?;
        create_folders(&*files, &layout.journal())?;
        recover(&*files, &layout)?;
        let version = keep_sweep(&*files, &layout, sweep)?;
        let last = last_segment(&*files, &layout)?;
        let opened = fold(&*files, &layout, &sweep.name, &version)?;
        let mut ended = Ended::default();
        State::read(&*files, &layout)?.saved(&*files, &layout, &mut |run, summary| ended.note(run, &summary))?;
        let journal = Journal::start(&layout, Arc::clone(&files), last, listener)?;
        let mut paused: HashSet<Id> = unfinished::list(&*files, &layout)?.into_iter().collect();
        // A process was killed after it had saved a run and before it had removed where the run was paused.
        for run in paused.extract_if(|run| ended.done.contains(run)) {
            unfinished::remove(&*files, &layout, run)?;
        }
        let (sweep, paused) = (sweep.name.clone(), Mutex::new(paused));
        Ok(Self { layout, files, sweep, version, journal, opened, ended, paused, _lock: lock })
    }

    /// The folder that it writes to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.layout.root()
    }

    /// The runs that had ended when it was opened.
    #[must_use]
    pub fn ended(&self) -> &Ended {
        &self.ended
    }

    /// What it found in the journal when it was opened.
    #[must_use]
    pub fn opened(&self) -> &Folded {
        &self.opened
    }

    /// Hands over the record of a run, with its weights where they are to be kept. It returns at once, unless the disk is
    /// more than a thousand records behind. The run is saved when the listener hears of it, or after [`Writer::flush`].
    ///
    /// # Errors
    /// Any error of the writer so far; then this record was not saved either.
    pub fn append(&self, record: &Record, weights: Option<&[Weight]>) -> Result<()> {
        let run = record.identity.run;
        let weights = weights.map(|weights| weights::encode(run, &record.digest, weights)).transpose()?;
        let was_paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
        self.journal.append(run, codec::encode(record), weights, was_paused)
    }

    /// Saves where a run was paused; durable when this returns.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub fn pause(&self, run: Id, checkpoint: &Checkpoint) -> Result<()> {
        unfinished::save(&*self.files, &self.layout, run, checkpoint)
    }

    /// Where a run was paused before; `None` also where what is there cannot be used.
    #[must_use]
    pub fn paused(&self, run: Id) -> Option<Checkpoint> {
        if !self.paused.lock().unwrap_or_else(PoisonError::into_inner).contains(&run) {
            return None;
        }
        let checkpoint = unfinished::load(&*self.files, &self.layout, run);
        if checkpoint.is_none() {
            tracing::warn!(%run, "what was saved of a paused run cannot be read; it begins anew");
        }
        checkpoint
    }

    /// Waits until everything that was appended is durable.
    ///
    /// # Errors
    /// Any error of the writer so far; then some of it may not be durable.
    pub fn flush(&self) -> Result<()> {
        self.journal.flush()
    }

    /// Saves everything, folds the journal into the tables and gives the folder back.
    ///
    /// # Errors
    /// Any error of the writer so far. Whatever was reported as saved stays so, and the next writer goes on from there.
    pub fn close(mut self) -> Result<Folded> {
        self.journal.close()?;
        fold(&*self.files, &self.layout, &self.sweep, &self.version)
    }
}

fn lock(files: &dyn Files, layout: &Layout) -> Result<Box<dyn Any + Send + Sync>> {
    let path = layout.lock();
    let process = std::process::id();
    if let Some(lock) = files.lock(&path, &format!("{process}\n")).map_err(io_error("lock", &path))? {
        return Ok(lock);
    }
    // Who holds it may be writing its number just now.
    let text = read_if_there(files, &path).ok().flatten().unwrap_or_default();
    let process = String::from_utf8_lossy(&text).trim().parse().ok();
    Err(Error::InUse { path: layout.root().to_path_buf(), process })
}

/// Keeps the sweep file under its hash, then as the one that was run last.
fn keep_sweep(files: &dyn Files, layout: &Layout, sweep: &SweepCopy) -> Result<SweepVersion> {
    let hash = blake3::hash(sweep.text.as_bytes()).to_hex().to_string();
    create_folders(files, &layout.sweeps())?;
    let copies: [PathBuf; 2] = [layout.sweeps().join(format!("{hash}.yaml")), layout.sweep()];
    for path in copies {
        if read_if_there(files, &path)?.as_deref() != Some(sweep.text.as_bytes()) {
            replace(files, &path, sweep.text.as_bytes())?;
        }
    }
    Ok(SweepVersion { hash, overrides: sweep.overrides.clone() })
}

/// The highest number that a segment has.
fn last_segment(files: &dyn Files, layout: &Layout) -> Result<u64> {
    let names = segment_names(files, layout)?;
    let numbers = names.iter().filter_map(|name| name.split('-').next()?.parse().ok());
    Ok(numbers.max().unwrap_or(0))
}
