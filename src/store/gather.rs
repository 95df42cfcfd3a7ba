//! Gathering: what shards have saved is folded into the tables.

use std::path::Path;
use std::sync::Arc;

use super::claims::{Claims, wait_for};
use super::compact::{Folded, fold, recover};
use super::error::{Result, io_error};
use super::files::{Disk, Files};
use super::layout::Layout;
use super::notes::{self, About};
use super::repair::forget_paused;
use super::results::require_results;
use super::shared::{at_rest, tasks_now};
use super::sweeps::require_no_links;
use super::tasks::{self, Task};
use super::writer::{PATIENCE, or_gone};

/// Folds into the tables what shards have saved, and whatever else is at rest. Of a shard that has come to its end, the notes
/// of other attempts are removed; one that says that it is at work, and is not, is noted as failed. With
/// `all`, every shard is taken to have ended, whatever it says.
///
/// # Errors
/// [`Error::ShardsAtWork`](super::Error::ShardsAtWork) unless `all`, [`Error::Missing`](super::Error::Missing),
/// [`Error::InUse`](super::Error::InUse) when another process has been writing the tables for two minutes,
/// [`Error::Damaged`](super::Error::Damaged), and errors of the operating system.
pub fn gather(folder: &Path, all: bool) -> Result<Folded> {
    gather_on(&(Arc::new(Disk) as Arc<dyn Files>), folder, all)
}

pub(super) fn gather_on(files: &Arc<dyn Files>, folder: &Path, all: bool) -> Result<Folded> {
    let layout = Layout::new(folder);
    require_results(&**files, &layout)?;
    require_no_links(&**files, &layout)?;
    or_gone(&**files, &layout, gather_in(files, &layout, all))
}

fn gather_in(files: &Arc<dyn Files>, layout: &Layout, all: bool) -> Result<Folded> {
    let mut claims = Claims::enter(files, layout)?;
    let _lock = wait_for(&**files, layout, &layout.lock(), PATIENCE)?;
    claims.look_now()?;
    let found = tasks_now(&**files, layout, &claims)?;
    if !all {
        tasks::require_none_at_work(layout, &found)?;
    }
    for task in found.iter().filter(|task| task.says_that_it_works()) {
        notes::keep(&**files, layout, About::Task, &task.token, &task.as_lost())?;
    }
    recover(&**files, layout, claims.others() == 0)?;
    let segments = at_rest(&**files, layout, &mut claims)?;
    let folded = fold(&**files, layout, segments, None)?;
    forget_paused(&**files, layout)?;
    for task in found.iter().filter(|task| task.is_over) {
        let path = About::Task.path(layout, &task.token);
        files.remove(&path).map_err(io_error("remove", &path))?;
    }
    claims.leave()?;
    Ok(folded)
}

impl Task {
    /// The note of a shard that ended without a word.
    fn as_lost(&self) -> notes::Note {
        let mut note = self.note.clone();
        note.insert("state".into(), "failed".into());
        note.insert("reason".into(), "it ended without a word".into());
        note
    }
}
