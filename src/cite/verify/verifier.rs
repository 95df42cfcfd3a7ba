//! Who listens while runs are trained again: each is compared with what is saved as it ends, and what was found is kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::archive::Archive;
use super::compare::Comparison;
use super::kept::Verification;
use super::summary::Summary;
use crate::config::Id;
use crate::execute::{Event, Listener};
use crate::store;
use crate::train::{Choice, Device, Outcome, Status};

/// The relative difference up to which a run that was trained in another environment is within tolerance, unless another
/// is asked for.
pub const TOLERANCE: f64 = 0.01;

/// Compares every run that ends with what is saved of it, and keeps what it finds.
pub struct Verifier<'a> {
    archive: &'a Archive,
    /// Where what is found is kept.
    folder: Option<PathBuf>,
    tolerance: f64,
    progress: &'a (dyn Fn(&Event<'_>) + Sync),
    found: Mutex<Found>,
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct Found {
    /// Of the runs that were verified.
    pub verified: BTreeMap<Id, Verification>,
    /// The runs that could not be trained again, each with the reason.
    pub failed: BTreeMap<Id, String>,
    /// Why what was found could not be kept, the first time.
    pub not_kept: Option<store::Error>,
}

impl<'a> Verifier<'a> {
    /// One for these results, which keeps what it finds where `keep` is set. `progress` hears of all that happens.
    #[must_use]
    pub fn new(archive: &'a Archive, keep: bool, tolerance: f64, progress: &'a (dyn Fn(&Event<'_>) + Sync)) -> Self {
        let folder = keep.then(|| archive.results().folder().to_path_buf());
        Self { archive, folder, tolerance, progress, found: Mutex::default() }
    }

    /// Notes a run whose configuration and seeds, as they are saved, are those of another one.
    ///
    /// # Errors
    /// When what is saved of it cannot be read.
    pub fn altered(&self, run: Id, computed: Id) -> store::Result<()> {
        let saved = self.archive.saved(run)?;
        self.keep(run, Verification::altered(&saved, [run, computed], self.tolerance));
        Ok(())
    }

    /// What was found.
    #[must_use]
    pub fn found(self) -> Found {
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn locked(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, run: Id, verification: Verification) {
        let kept = self.folder.as_ref().map_or(Ok(()), |folder| verification.keep(folder, run));
        let mut found = self.locked();
        // Results may be of somebody else, who lets others read them.
        if let Err(error) = kept {
            found.not_kept.get_or_insert(error);
        }
        found.verified.insert(run, verification);
    }

    fn compare(&self, run: Id, outcome: &Outcome) -> store::Result<()> {
        if matches!(outcome.status, Status::Failed | Status::TimedOut) {
            let reason = outcome.reason.clone().unwrap_or_else(|| "no reason was given".into());
            self.locked().failed.insert(run, reason);
            return Ok(());
        }
        let saved = self.archive.saved(run)?;
        let comparison = Comparison::of(&saved, outcome);
        let device = match outcome.device.parse() {
            Ok(Choice::Device(device)) => device,
            _ => Device::Cpu,
        };
        self.keep(run, Verification::new(self.archive.results(), &saved, comparison, device, self.tolerance));
        Ok(())
    }
}

impl Listener for Verifier<'_> {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        if let Event::RunEnded { run, outcome } = event {
            self.compare(run.id, outcome)?;
        }
        (self.progress)(&event);
        Ok(())
    }
}

impl Found {
    /// Adds what was found of other runs.
    pub fn extend(&mut self, other: Self) {
        self.verified.extend(other.verified);
        self.failed.extend(other.failed);
        self.not_kept = self.not_kept.take().or(other.not_kept);
    }

    /// What it comes to, of so many saved runs.
    #[must_use]
    pub fn summary(&self, runs: usize) -> Summary {
        let mut summary = Summary { runs, ..Summary::default() };
        self.verified.values().for_each(|found| summary.add(found));
        summary
    }
}
