//! What a sweep does with what happens: every run that ends is saved, then shown.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::progress::Progress;
use crate::config::Id;
use crate::execute::{Event, Listener};
use crate::plan::Run;
use crate::store::{Identity, Record, Writer};
use crate::train::{Checkpoint, Outcome, Part, Profile, Status};

/// Saves every run that ends, and shows progress.
pub struct Saving<'a> {
    pub writer: &'a Writer,
    /// The process that records name, where it is kept where it runs.
    pub process: Option<&'a str>,
    pub sweep: &'a str,
    pub weights: bool,
    pub progress: &'a Progress,
    pub counts: Option<&'a Counts>,
    pub profile: Option<&'a Profile>,
}

/// How many runs have ended so far, and how.
#[derive(Debug, Default)]
pub struct Counts([AtomicU64; 4]);

impl Counts {
    /// So many with that status.
    pub fn of(&self, status: Status) -> u64 {
        self.0[status as usize].load(Ordering::Relaxed)
    }

    fn add(&self, status: Status) {
        self.0[status as usize].fetch_add(1, Ordering::Relaxed);
    }
}

impl Saving<'_> {
    fn save(&self, run: &Run, outcome: &Outcome) -> anyhow::Result<()> {
        let identity = Identity::of(run, self.sweep);
        let process = self.process.map(str::to_owned);
        let record = Record { process, ..Record::new(identity, &run.point.configuration(), outcome) };
        Ok(self.writer.append(&record, self.weights.then_some(outcome.weights.as_slice()))?)
    }
}

impl Listener for Saving<'_> {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        match event {
            Event::RunEnded { run, outcome } => {
                Profile::timed(self.profile, Part::Store, || self.save(run, outcome))?;
                self.counts.iter().for_each(|counts| counts.add(outcome.status));
            }
            Event::RunPaused { run, checkpoint } => self.writer.pause(run.id, checkpoint)?,
            _ => {}
        }
        self.progress.notice(&event);
        Ok(())
    }

    fn claim(&self, runs: &[Run]) -> anyhow::Result<Vec<bool>> {
        let ids: Vec<Id> = runs.iter().map(|run| run.id).collect();
        Ok(self.writer.claim(&ids)?)
    }

    fn checkpoint(&self, run: &Run) -> Option<Checkpoint> {
        self.writer.paused(run.id)
    }
}
