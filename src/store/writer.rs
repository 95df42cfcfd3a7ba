//! Writing results: the one way into a folder under `results/`.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::claims::{Claims, Held, wait_for};
use super::codec;
use super::compact::{Folded, fold, recover};
use super::error::{Error, Result, io_error};
use super::files::{Disk, Files, Kind, create_folders, create_root, read_if_there, replace};
use super::journal::{Journal, Kept, Listener};
use super::layout::Layout;
use super::manifest::SweepVersion;
use super::merge::Summary;
use super::notes::{About, Note};
use super::record::Record;
use super::segment::LONGEST;
use super::state::{State, segment_names};
use super::{notes, unfinished, weights};
use crate::config::Id;
use crate::sweep::is_name;
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

/// The one writer of a folder of results in this process. Other processes may have theirs: each has a journal of its own,
/// and takes runs that no other has taken.
///
/// Dropping it saves what was appended and leaves it in the journal, where readers find it; [`Writer::close`] also
/// reports errors and folds the journal into the tables.
pub struct Writer {
    layout: Layout,
    files: Arc<dyn Files>,
    sweep: SweepCopy,
    process: String,
    journal: Journal,
    opened: Folded,
    /// Runs of which it is saved where they were paused, as far as this process knows.
    paused: Mutex<HashSet<Id>>,
    // The last field: given back after the journal has ended.
    shared: Mutex<Shared>,
}

/// What this process knows of the others.
struct Shared {
    claims: Claims,
    ended: Ended,
    /// The runs that had failed or timed out when this process began, as long as nobody has tried them again.
    failed_before: BTreeMap<Id, Summary>,
    /// Whether something has changed since somebody asked which runs have ended.
    news: bool,
}

impl Shared {
    /// Looks at the others, and reads what has ended where something has changed. The registry is held.
    fn look(&mut self, registry: &Held, files: &dyn Files, layout: &Layout) -> Result<()> {
        if self.claims.look(registry)? {
            self.read(files, layout)?;
            self.news = true;
        }
        Ok(())
    }

    /// Reads what has ended.
    fn read(&mut self, files: &dyn Files, layout: &Layout) -> Result<()> {
        let saved = State::ended_beside_others(files, layout)?;
        self.failed_before.retain(|run, before| saved.get(run) == Some(before));
        self.ended = Ended::of(&saved);
        Ok(())
    }
}

/// How long a process may be writing the tables before another gives up waiting for it.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// Time between two looks at what others do.
const LOOK: Duration = Duration::from_millis(100);

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("folder", &self.layout.root()).finish_non_exhaustive()
    }
}

impl Writer {
    /// Opens `folder` (such as `results/why-squares`) for writing and makes it if needed: finishes what a killed process
    /// left, and keeps a copy of the sweep. `listener` hears of runs once they are durable.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process has been writing the tables for two minutes, [`Error::Damaged`] when what is
    /// saved is not whole, [`Error::Name`], and errors of the operating system.
    pub fn open(folder: &Path, sweep: &SweepCopy, listener: Listener) -> Result<Self> {
        Self::open_on(Arc::new(Disk), folder, sweep, listener)
    }

    pub(super) fn open_on(files: Arc<dyn Files>, folder: &Path, sweep: &SweepCopy, listener: Listener) -> Result<Self> {
        // Otherwise nobody would read the manifest that it is to be in.
        if !is_name(&sweep.name) {
            return Err(Error::Name(sweep.name.clone()));
        }
        let layout = Layout::new(folder);
        require_no_links(&*files, &layout)?;
        create_root(&*files, folder)?;
        let mut claims = Claims::enter(&files, &layout)?;
        let lock = wait_for(&*files, &layout, &layout.lock(), PATIENCE)?;
        create_folders(&*files, &layout.journal())?;
        claims.look_now()?;
        recover(&*files, &layout, claims.others() == 0)?;
        let version = keep_sweep(&*files, &layout, sweep)?;
        let last = last_segment(&segment_names(&*files, &layout)?);
        let segments = at_rest(&*files, &layout, &mut claims)?;
        let opened = fold(&*files, &layout, segments, (&sweep.name, &version))?;
        drop(lock);
        claims.look_now()?;
        let mut saved = State::ended_beside_others(&*files, &layout)?;
        let ended = Ended::of(&saved);
        saved.retain(|_, summary| summary.can_be_retried());
        let journal = Journal::start(&layout, Arc::clone(&files), (last, claims.token()), listener)?;
        let mut paused: HashSet<Id> = unfinished::list(&*files, &layout)?.into_iter().collect();
        // A process was killed after it had saved a run and before it had removed where the run was paused.
        for run in paused.extract_if(|run| ended.done.contains(run)) {
            unfinished::remove(&*files, &layout, run)?;
        }
        let (sweep, process, paused) = (sweep.clone(), claims.token().to_owned(), Mutex::new(paused));
        let shared = Mutex::new(Shared { claims, ended, failed_before: saved, news: false });
        Ok(Self { layout, files, sweep, process, journal, opened, paused, shared })
    }

    /// The name of this process among those that write here, which its records carry.
    #[must_use]
    pub fn process(&self) -> &str {
        &self.process
    }

    /// Keeps where the runs of this process come from, in the place of what was kept of it before; durable when this
    /// returns.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub fn keep_provenance(&self, note: &Note) -> Result<()> {
        notes::keep(&*self.files, &self.layout, About::Process, &self.process, note)
    }

    /// The folder that it writes to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.layout.root()
    }

    /// The runs that have ended, as far as this process knows: all those that had when it was opened, and those of other
    /// processes since.
    #[must_use]
    pub fn ended(&self) -> Ended {
        let shared = &mut *self.shared();
        shared.news = false;
        shared.ended.clone()
    }

    /// Other processes that were training into this folder when it last looked.
    #[must_use]
    pub fn others(&self) -> usize {
        self.shared().claims.others()
    }

    /// Takes runs for this process, before it trains them; gives which of them it has got. The others have ended, or
    /// another process has taken them.
    ///
    /// # Errors
    /// Errors of the operating system, and of reading what others have saved.
    pub fn claim(&self, runs: &[Id]) -> Result<Vec<bool>> {
        let shared = &mut *self.shared();
        let registry = shared.claims.registry()?;
        shared.look(&registry, &*self.files, &self.layout)?;
        let Shared { claims, ended, failed_before, .. } = shared;
        // What had failed before is only here because it is to be tried again.
        let failed = |run: &Id| ended.failed.contains(run) && !failed_before.contains_key(run);
        claims.take(&registry, runs, |run| ended.done.contains(run) || failed(run))
    }

    /// Waits until there is news since [`Writer::ended`] was asked: another process has saved what it had taken, or has
    /// ended. Gives whether there is. Ends as well when nobody has anything in hand any more, or when `stop` says so.
    ///
    /// # Errors
    /// Any error of the writer so far, errors of the operating system, and of reading what others have saved.
    pub fn wait_for_others(&self, stop: &dyn Fn() -> bool) -> Result<bool> {
        self.flush()?;
        self.shared().claims.saved()?;
        while !stop() {
            {
                let shared = &mut *self.shared();
                let registry = shared.claims.registry()?;
                shared.look(&registry, &*self.files, &self.layout)?;
                if shared.news {
                    // What this process has saved itself since is among it.
                    shared.read(&*self.files, &self.layout)?;
                    return Ok(true);
                }
                if !shared.claims.others_are_busy() {
                    return Ok(false);
                }
            }
            std::thread::sleep(LOOK);
        }
        Ok(false)
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it found in the journal when it was opened.
    #[must_use]
    pub fn opened(&self) -> &Folded {
        &self.opened
    }

    /// Hands over the record of a run, with its weights where they are to be kept; of runs that failed or ran out of time
    /// none are, since they are no result. It returns at once, unless the disk is more than a thousand records behind. The
    /// run is saved when the listener hears of it, or after [`Writer::flush`].
    ///
    /// # Errors
    /// Any error of the writer so far; then this record was not saved either.
    pub fn append(&self, record: &Record, weights: Option<&[Weight]>) -> Result<()> {
        let run = record.identity.run;
        let kept = match weights {
            _ if Summary::of(record).can_be_retried() => Kept::Whatever,
            Some(weights) => Kept::Weights(weights::encode(run, &record.digest, weights)?),
            None => Kept::Nothing,
        };
        let was_paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
        let payload = codec::encode(record);
        if payload.len() > LONGEST {
            return Err(Error::TooLong { run, bytes: payload.len() });
        }
        self.journal.append(run, payload, kept, was_paused)
    }

    /// Saves where a run was paused; durable when this returns.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub fn pause(&self, run: Id, checkpoint: &Checkpoint) -> Result<()> {
        unfinished::save(&*self.files, &self.layout, run, checkpoint)
    }

    /// Where a run was paused before, by whichever process; `None` also where what is there cannot be used.
    #[must_use]
    pub fn paused(&self, run: Id) -> Option<Checkpoint> {
        let checkpoint = unfinished::load(&*self.files, &self.layout, run);
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if checkpoint.is_some() {
            paused.insert(run);
        } else if paused.contains(&run) {
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

    /// Whether the weights of a run are kept.
    #[must_use]
    pub fn has_weights(&self, run: Id) -> bool {
        self.layout.weights().join(format!("{run}.safetensors")).exists()
    }

    /// Saves everything and gives the folder back, without tables: readers and the next writer find the runs in the journal.
    ///
    /// # Errors
    /// Any error of the writer so far. Whatever was reported as saved stays so.
    pub fn leave(mut self) -> Result<()> {
        self.journal.close()?;
        self.shared().claims.leave()
    }

    /// Saves everything, folds into the tables what no other process is adding to, and gives the folder back. The sweep of
    /// the process that ends last is the one that was run last.
    ///
    /// # Errors
    /// Any error of the writer so far. Whatever was reported as saved stays so, and the next writer goes on from there.
    pub fn close(mut self) -> Result<Folded> {
        self.journal.close()?;
        let _lock = wait_for(&*self.files, &self.layout, &self.layout.lock(), PATIENCE)?;
        // Another process may have been killed while it put its tables in place: they are what is folded into.
        recover(&*self.files, &self.layout, false)?;
        let segments = at_rest(&*self.files, &self.layout, &mut self.shared().claims)?;
        let version = keep_sweep(&*self.files, &self.layout, &self.sweep)?;
        let folded = fold(&*self.files, &self.layout, segments, (&self.sweep.name, &version))?;
        self.shared().claims.leave()?;
        Ok(folded)
    }
}

impl Ended {
    fn of(saved: &BTreeMap<Id, Summary>) -> Self {
        let mut ended = Self::default();
        saved.iter().for_each(|(run, summary)| ended.note(*run, summary));
        ended
    }
}

/// What is written lies in the folder that was named, and nowhere else.
pub(super) fn require_no_links(files: &dyn Files, layout: &Layout) -> Result<()> {
    for path in layout.folders() {
        if files.kind(&path).map_err(io_error("look at", &path))? == Some(Kind::Link) {
            return Err(Error::Link { path });
        }
    }
    Ok(())
}

/// Keeps the sweep file under its hash, then as the one that was run last.
fn keep_sweep(files: &dyn Files, layout: &Layout, sweep: &SweepCopy) -> Result<SweepVersion> {
    let hash = blake3::hash(sweep.text.as_bytes()).to_hex().to_string();
    create_folders(files, &layout.sweeps())?;
    let copies: [PathBuf; 2] = [layout.sweeps().join(format!("{hash}.yaml")), layout.sweep()];
    for path in copies {
        if read_if_there(files, &path)?.as_deref() == Some(sweep.text.as_bytes()) {
            // Who has put it there may have been killed before its name was durable.
            let folder = path.parent().expect("a file lies in a folder");
            files.sync_folder(folder).map_err(io_error("sync", folder))?;
        } else {
            replace(files, &path, sweep.text.as_bytes())?;
        }
    }
    Ok(SweepVersion { hash, overrides: sweep.overrides.clone() })
}

/// The segments that no other process adds to. They are listed before the look: a segment of a process that enters later
/// is none of them.
fn at_rest(files: &dyn Files, layout: &Layout, claims: &mut Claims) -> Result<Vec<String>> {
    let mut segments = segment_names(files, layout)?;
    claims.look_now()?;
    segments.retain(|name| !claims.may_grow(name));
    Ok(segments)
}

/// The highest number that a segment has.
fn last_segment(segments: &[String]) -> u64 {
    segments.iter().filter_map(|name| name.split('-').next()?.parse().ok()).max().unwrap_or(0)
}
