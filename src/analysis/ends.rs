//! How runs ended: counts by status, over all runs and by each parameter's values.

use super::Records;
use super::findings::settings;
use crate::train::Status;

/// Runs by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Trained to their last epoch.
    pub finished: usize,
    /// Left the numbers.
    pub diverged: usize,
    /// Could not be trained.
    pub failed: usize,
    /// Ran out of time.
    pub timed_out: usize,
}

impl Tally {
    /// How these runs ended.
    #[must_use]
    pub fn of(records: &Records) -> Self {
        let mut tally = Self::default();
        records.runs.iter().for_each(|run| tally.count(run.status));
        tally
    }

    /// All runs.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.finished + self.unfinished()
    }

    /// All but the finished ones.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.diverged + self.failed + self.timed_out
    }

    fn count(&mut self, status: Status) {
        match status {
            Status::Finished => self.finished += 1,
            Status::Diverged => self.diverged += 1,
            Status::Failed => self.failed += 1,
            Status::TimedOut => self.timed_out += 1,
        }
    }
}

/// How the runs of a sweep ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ends {
    /// All of them.
    pub all: Tally,
    /// Runs that the sweep asks for and that were not trained yet.
    pub missing: u64,
    /// By parameter and value, for parameters that vary by themselves: only those values where a run did not finish.
    pub by_value: Vec<(&'static str, Option<String>, Tally)>,
    /// Rows of runs that did not finish.
    pub unfinished: Vec<usize>,
}

pub(super) fn ends(records: &Records, varying: &[&'static str], asked: u64) -> Ends {
    let tally = |rows: &mut dyn Iterator<Item = usize>| {
        let mut tally = Tally::default();
        rows.for_each(|row| tally.count(records.runs[row].status));
        tally
    };
    let rows = 0..records.runs.len();
    let mut by_value = Vec::new();
    for factor in &settings(records, varying) {
        let codes = (0..factor.levels.len()).map(Some).chain([None]);
        for code in codes {
            let tally = tally(&mut rows.clone().filter(|&row| factor.code(row) == code));
            if tally.unfinished() > 0 {
                by_value.push((factor.name, code.map(|code| factor.levels[code].clone()), tally));
            }
        }
    }
    let unfinished = rows.clone().filter(|&row| records.runs[row].status != Status::Finished).collect();
    let all = Tally::of(records);
    Ends { all, missing: asked.saturating_sub(all.runs() as u64), by_value, unfinished }
}
