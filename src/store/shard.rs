//! Writing a shard of a sweep: beside any number of others, without a lock between them.

use std::path::Path;
use std::sync::Arc;

use super::claims::{new_token, require_nobody_trains};
use super::compact::Folded;
use super::error::{Error, Result};
use super::files::{Disk, Files, create_folder, create_root};
use super::journal::Listener;
use super::layout::Layout;
use super::notes::{self, About, Note};
use super::state::State;
use super::sweeps::{SweepCopy, keep_sweep_by, require_no_links};
use super::tasks;
use super::writer::{Ended, Others, Writer, last_segment};
use crate::sweep::is_name;

impl Writer {
    /// Opens `folder` for a process that trains one of several disjoint shards of the sweep, and makes it if needed. It takes
    /// no lock, waits for nobody and changes nothing that others have saved: machines that share a folder need not share
    /// locks. `note` says which shard it is, and is kept as that of a task before anything else is; [`Writer::keep_task`]
    /// replaces it. What it saves stays in its segment of the journal until [`gather`](super::gather()).
    ///
    /// # Errors
    /// [`Error::InUse`] when a process that is no shard is seen to train runs there, [`Error::Damaged`] when what is saved is not
    /// whole, [`Error::Name`], and errors of the operating system.
    pub fn open_shard(folder: &Path, sweep: &SweepCopy, note: &Note, listener: Listener) -> Result<Self> {
        Self::open_shard_on(&(Arc::new(Disk) as Arc<dyn Files>), folder, sweep, note, listener)
    }

    pub(super) fn open_shard_on(
        files: &Arc<dyn Files>,
        folder: &Path,
        sweep: &SweepCopy,
        note: &Note,
        listener: Listener,
    ) -> Result<Self> {
        if !is_name(&sweep.name) {
            return Err(Error::Name(sweep.name.clone()));
        }
        let layout = Layout::new(folder);
        require_no_links(&**files, &layout)?;
        // Runs that a process which shares the sweep has taken could be among those of the shard.
        require_nobody_trains(&**files, &layout)?;
        create_root(&**files, folder)?;
        create_folder(&**files, &layout.journal())?;
        let token = new_token();
        let note = tasks::with_sweep(note.clone(), &sweep.name, &sweep.version());
        notes::keep(&**files, &layout, About::Task, &token, &note)?;
        // Who began meanwhile has not seen the note, perhaps.
        let opened = require_nobody_trains(&**files, &layout)
            .and_then(|()| Self::open_noted(files, &layout, sweep, &token, listener));
        if let Err(error) = &opened {
            // Where even this cannot be written, it is silent from now on.
            let _ = notes::keep_again(&**files, &layout, About::Task, &token, &failed(note, error));
        }
        opened
    }

    fn open_noted(
        files: &Arc<dyn Files>,
        layout: &Layout,
        sweep: &SweepCopy,
        token: &str,
        listener: Listener,
    ) -> Result<Self> {
        keep_sweep_by(&**files, layout, sweep, Some(token))?;
        let others = Others::Apart(Ended::of(&State::ended_beside_others(&**files, layout)?));
        let last = last_segment(&**files, layout)?;
        Self::start(Arc::clone(files), layout, sweep, (last, token), (Folded::default(), others), listener)
    }

    /// Keeps how this shard is getting on, in the place of what was kept of it before. A folder that somebody has removed is
    /// not made again.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub fn keep_task(&self, note: &Note) -> Result<()> {
        let note = tasks::with_sweep(note.clone(), &self.sweep.name, &self.sweep.version());
        notes::keep_again(&*self.files, &self.layout, About::Task, &self.process, &note)
    }

    /// Saves everything, and then says how this shard ended: `note` makes that of what went wrong, if anything did.
    ///
    /// # Errors
    /// Any error of the writer so far. Whatever was reported as saved stays so.
    pub fn end_task(mut self, note: impl FnOnce(Option<&Error>) -> Note) -> Result<()> {
        let saved = self.journal.close();
        let noted = self.keep_task(&note(saved.as_ref().err()));
        saved.and(noted)
    }
}

/// The note of a task that could not go on.
fn failed(mut note: Note, error: &Error) -> Note {
    note.insert("state".into(), "failed".into());
    note.insert("reason".into(), error.to_string().into());
    note
}
