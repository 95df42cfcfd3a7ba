//! What a process that shares a sweep with others knows of them: which runs they have taken, and what has ended.

use std::collections::BTreeMap;

use super::claims::{Claims, Held};
use super::error::Result;
use super::files::Files;
use super::layout::{Layout, token_of};
use super::merge::Summary;
use super::state::{State, segment_names};
use super::tasks::{self, Task};
use super::writer::Ended;
use crate::config::Id;

/// What this process knows of the others.
pub(super) struct Shared {
    pub(super) claims: Claims,
    pub(super) ended: Ended,
    /// The runs that had failed or timed out when this process began, as long as nobody has tried them again.
    failed_before: BTreeMap<Id, Summary>,
    /// Whether something has changed since somebody asked which runs have ended.
    pub(super) news: bool,
}

impl Shared {
    /// What it knows at the beginning: these runs have been saved.
    pub(super) fn new(claims: Claims, mut saved: BTreeMap<Id, Summary>) -> Self {
        let ended = Ended::of(&saved);
        saved.retain(|_, summary| summary.can_be_retried());
        Self { claims, ended, failed_before: saved, news: false }
    }

    /// Takes runs for this process; gives which of them it has got.
    pub(super) fn claim(&mut self, files: &dyn Files, layout: &Layout, runs: &[Id]) -> Result<Vec<bool>> {
        let registry = self.claims.registry()?;
        self.look(&registry, files, layout)?;
        let Self { claims, ended, failed_before, .. } = self;
        // What had failed before is only here because it is to be tried again.
        let failed = |run: &Id| ended.failed.contains(run) && !failed_before.contains_key(run);
        claims.take(&registry, runs, |run| ended.done.contains(run) || failed(run))
    }

    /// Whether others have news; `None` while those that are at work may have some later.
    pub(super) fn has_news(&mut self, files: &dyn Files, layout: &Layout) -> Result<Option<bool>> {
        let registry = self.claims.registry()?;
        self.look(&registry, files, layout)?;
        if self.news {
            // What this process has saved itself since is among it.
            self.read(files, layout)?;
            return Ok(Some(true));
        }
        Ok((!self.claims.others_are_busy()).then_some(false))
    }

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

/// The shards of which a process that is about to write tables has to know, as of now.
pub(super) fn tasks_now(files: &dyn Files, layout: &Layout, claims: &Claims) -> Result<Vec<Task>> {
    let segments = segment_names(files, layout)?;
    let tasks = tasks::all(files, layout, &segments, files.clock())?;
    if !tasks.iter().any(Task::says_that_it_works) {
        return Ok(tasks);
    }
    // How long they are silent is told by the clock that their notes have.
    tasks::all(files, layout, &segments, claims.now()?)
}

/// The segments that no other process adds to. They are listed before the look: a segment of a process that enters later
/// is none of them, and a shard writes its note before it makes its own.
pub(super) fn at_rest(files: &dyn Files, layout: &Layout, claims: &mut Claims) -> Result<Vec<String>> {
    let mut segments = segment_names(files, layout)?;
    claims.look_now()?;
    let tasks = tasks_now(files, layout, claims)?;
    let at_work = |token: &str| tasks.iter().any(|task| task.token == token && task.is_at_work());
    segments.retain(|name| !claims.may_grow(name) && !token_of(name).is_some_and(at_work));
    Ok(segments)
}
