//! Writing results: the one way into a folder under `results/`.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::claims::{Claims, wait_for};
use super::codec;
use super::compact::{Folded, fold, recover};
use super::error::{Error, Result, io_error};
use super::files::{Disk, Files, create_folder, create_root};
use super::journal::{Journal, Kept, Listener};
use super::layout::Layout;
use super::merge::Summary;
use super::notes::{About, Note};
use super::record::Record;
use super::segment::LONGEST;
use super::shared::{Shared, at_rest, tasks_now};
use super::state::{State, segment_names};
use super::sweeps::{SweepCopy, keep_sweep, require_no_links};
use super::{notes, tasks, unfinished, weights};
use crate::config::Id;
use crate::sweep::is_name;
use crate::train::{Checkpoint, Weight};

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
    pub(super) layout: Layout,
    pub(super) files: Arc<dyn Files>,
    pub(super) sweep: SweepCopy,
    pub(super) process: String,
    pub(super) journal: Journal,
    opened: Folded,
    /// Runs of which it is saved where they were paused, as far as this process knows.
    paused: Mutex<HashSet<Id>>,
    // The last field: given back after the journal has ended.
    others: Others,
}

/// How a process stands to the others.
pub(super) enum Others {
    /// They take runs of one sweep, each run once.
    Share(Box<Mutex<Shared>>),
    /// They have shards of their own, of which it need not know.
    Apart(Ended),
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
        let seam = Arc::clone(&files);
        or_gone(&*seam, &layout, Self::open_in(files, &layout, sweep, listener))
    }

    fn open_in(files: Arc<dyn Files>, layout: &Layout, sweep: &SweepCopy, listener: Listener) -> Result<Self> {
        let mut claims = Claims::enter(&files, layout)?;
        let lock = wait_for(&*files, layout, &layout.lock(), PATIENCE)?;
        create_folder(&*files, &layout.journal())?;
        claims.look_now()?;
        tasks::require_none_at_work(layout, &tasks_now(&*files, layout, &claims)?)?;
        recover(&*files, layout, claims.others() == 0)?;
        let version = keep_sweep(&*files, layout, sweep)?;
        let segments = at_rest(&*files, layout, &mut claims)?;
        // Before its segments are gone: those of this process come after them.
        let last = last_segment(&*files, layout)?;
        let opened = fold(&*files, layout, segments, Some((&sweep.name, &version)))?;
        drop(lock);
        claims.look_now()?;
        let saved = State::ended_beside_others(&*files, layout)?;
        let token = claims.token().to_owned();
        let others = Others::Share(Box::new(Mutex::new(Shared::new(claims, saved))));
        Self::start(files, layout, sweep, (last, &token), (opened, others), listener)
    }

    /// Begins to write, under this token, segments that come after the `last`.
    pub(super) fn start(
        files: Arc<dyn Files>,
        layout: &Layout,
        sweep: &SweepCopy,
        (last, token): (u64, &str),
        (opened, others): (Folded, Others),
        listener: Listener,
    ) -> Result<Self> {
        let journal = Journal::start(layout, Arc::clone(&files), (last, token), listener)?;
        let paused = unfinished::list(&*files, layout)?.into_iter().collect();
        let (layout, sweep, process, paused) = (layout.clone(), sweep.clone(), token.to_owned(), Mutex::new(paused));
        let writer = Self { layout, files, sweep, process, journal, opened, paused, others };
        writer.forget_paused()?;
        Ok(writer)
    }

    /// Where a process was killed after it had saved a run and before it had removed where the run was paused.
    fn forget_paused(&self) -> Result<()> {
        let ended = self.ended();
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        for run in paused.extract_if(|run| ended.done.contains(run)) {
            unfinished::remove(&*self.files, &self.layout, run)?;
        }
        Ok(())
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

    /// The runs that have ended, as far as this process knows: all those that had when it was opened, and, unless it trains
    /// a shard, those of other processes since.
    #[must_use]
    pub fn ended(&self) -> Ended {
        match &self.others {
            Others::Share(shared) => {
                let shared = &mut *locked(shared);
                shared.news = false;
                shared.ended.clone()
            }
            Others::Apart(ended) => ended.clone(),
        }
    }

    /// Other processes that were training into this folder when it last looked; a shard does not look.
    #[must_use]
    pub fn others(&self) -> usize {
        match &self.others {
            Others::Share(shared) => locked(shared).claims.others(),
            Others::Apart(_) => 0,
        }
    }

    /// Takes runs for this process, before it trains them; gives which of them it has got. The others have ended, or
    /// another process has taken them. Those of a shard are nobody else's.
    ///
    /// # Errors
    /// Errors of the operating system, and of reading what others have saved.
    pub fn claim(&self, runs: &[Id]) -> Result<Vec<bool>> {
        match &self.others {
            Others::Share(shared) => {
                let taken = locked(shared).claim(&*self.files, &self.layout, runs);
                or_gone(&*self.files, &self.layout, taken)
            }
            Others::Apart(_) => Ok(vec![true; runs.len()]),
        }
    }

    /// Waits until there is news since [`Writer::ended`] was asked: another process has saved what it had taken, or has
    /// ended. Gives whether there is. Ends as well when nobody has anything in hand any more, or when `stop` says so.
    ///
    /// # Errors
    /// Any error of the writer so far, errors of the operating system, and of reading what others have saved.
    pub fn wait_for_others(&self, stop: &dyn Fn() -> bool) -> Result<bool> {
        self.flush()?;
        let Others::Share(shared) = &self.others else { return Ok(false) };
        locked(shared).claims.saved()?;
        while !stop() {
            let news = locked(shared).has_news(&*self.files, &self.layout);
            if let Some(news) = or_gone(&*self.files, &self.layout, news)? {
                return Ok(news);
            }
            std::thread::sleep(LOOK);
        }
        Ok(false)
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
        match &self.others {
            Others::Share(shared) => locked(shared).claims.leave(),
            Others::Apart(_) => Ok(()),
        }
    }

    /// Saves everything, folds into the tables what no other process is adding to, and gives the folder back. The sweep of
    /// the process that ends last is the one that was run last. A shard leaves tables to [`gather`](super::gather()).
    ///
    /// # Errors
    /// Any error of the writer so far. Whatever was reported as saved stays so, and the next writer goes on from there.
    pub fn close(mut self) -> Result<Folded> {
        self.journal.close()?;
        let Others::Share(shared) = &self.others else { return Ok(Folded::default()) };
        or_gone(&*self.files, &self.layout, self.make_tables(&mut locked(shared)))
    }

    fn make_tables(&self, shared: &mut Shared) -> Result<Folded> {
        let _lock = wait_for(&*self.files, &self.layout, &self.layout.lock(), PATIENCE)?;
        // Another process may have been killed while it put its tables in place: they are what is folded into.
        recover(&*self.files, &self.layout, false)?;
        let segments = at_rest(&*self.files, &self.layout, &mut shared.claims)?;
        let version = keep_sweep(&*self.files, &self.layout, &self.sweep)?;
        let folded = fold(&*self.files, &self.layout, segments, Some((&self.sweep.name, &version)))?;
        shared.claims.leave()?;
        Ok(folded)
    }
}

/// Where the folder is not there any more, that is what is wrong, and not what was looked for in it.
pub(super) fn or_gone<T>(files: &dyn Files, layout: &Layout, result: Result<T>) -> Result<T> {
    let is_gone = || matches!(files.kind(layout.root()), Ok(None));
    result.map_err(|error| match error {
        Error::Damaged { .. } | Error::Changed { .. } if is_gone() => {
            io_error("save to", layout.root())(io::ErrorKind::NotFound.into())
        }
        error => error,
    })
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ended {
    pub(super) fn of(saved: &BTreeMap<Id, Summary>) -> Self {
        let mut ended = Self::default();
        saved.iter().for_each(|(run, summary)| ended.note(*run, summary));
        ended
    }
}

/// The highest number that a segment has.
pub(super) fn last_segment(files: &dyn Files, layout: &Layout) -> Result<u64> {
    let segments = segment_names(files, layout)?;
    Ok(segments.iter().filter_map(|name| name.split('-').next()?.parse().ok()).max().unwrap_or(0))
}
