//! What a sweep does with what happens: every run that ends is saved, then shown.

use crate::cli::progress::Progress;
use crate::config::Id;
use crate::execute::{Event, Listener};
use crate::plan::Run;
use crate::store::{Identity, Record, Writer};
use crate::train::{Checkpoint, Outcome, Part, Profile};

/// Saves every run that ends, and shows progress.
pub struct Saving<'a> {
    pub writer: &'a Writer,
    pub sweep: &'a str,
    pub weights: bool,
    pub progress: &'a Progress,
    pub profile: Option<&'a Profile>,
}

impl Saving<'_> {
    fn save(&self, run: &Run, outcome: &Outcome) -> anyhow::Result<()> {
        let identity = Identity {
            run: run.id,
            config: run.point.id,
            sweep: self.sweep.to_owned(),
            grids: run.point.asked.grids.clone(),
            replicate: run.replicate,
            seed: run.seed,
            seeds: run.seeds,
        };
        let record = Record::new(identity, &run.point.configuration, outcome);
        Ok(self.writer.append(&record, self.weights.then_some(outcome.weights.as_slice()))?)
    }
}

impl Listener for Saving<'_> {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        match event {
            Event::RunEnded { run, outcome } => {
                Profile::timed(self.profile, Part::Store, || self.save(run, outcome))?;
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
