//! Shards: disjoint parts of a sweep's runs, for processes that know nothing of each other. Every process cuts the whole
//! sweep in the same way, whatever is done already and whatever machine it is on.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::str::FromStr;

use super::cohort::Cohort;
use super::{Error, Limits, Run, expand, grouped, limit};
use crate::config::Id;
use crate::sweep::Sweep;

/// One of several shards of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which of them, from 1.
    pub index: u64,
    /// How many there are.
    pub of: u64,
}

/// More shards than that are none that anybody asked for.
const MOST: u64 = 1_000_000;

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((index, of)) if (1..=of).contains(&index) && of <= MOST => Ok(Self { index, of }),
            _ => Err(format!("`{text}` is no shard such as 2/8, of {MOST} at most")),
        }
    }
}

/// The runs of one shard of a sweep, whether they are done or not.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which shard it is.
    pub shard: Shard,
    /// Runs of the whole sweep.
    pub asked: u64,
    /// The runs of this shard, in cohorts, longest first.
    pub cohorts: Vec<Cohort>,
}

/// What a cohort costs, in any unit: the same number on every machine.
pub type Cost<'a> = &'a dyn Fn(&Cohort) -> u128;

impl Part {
    /// A shard of a sweep that asks for at most `max_runs` runs.
    ///
    /// The whole sweep is cut into cohorts as for one processor with a worker a shard, so that there are many more cohorts
    /// than shards where there are as many runs. Longest first, each goes to the shard that costs least so far, the first of
    /// several (Graham's rule of the longest processing time, 1969). So no two shards differ by more than the cost of the
    /// longest cohort: when the dearest got its last cohort, none was cheaper than it was.
    ///
    /// # Errors
    /// As for [`Plan::of`](super::Plan::of).
    pub fn of(sweep: &Sweep, shard: Shard, max_runs: u64, cost: Cost<'_>) -> Result<Self, Error> {
        let grids = limit::within(sweep, max_runs)?;
        let points = expand::expand(sweep, &grids, max_runs)?.points;
        let asked = points.iter().map(|point| point.asked.replicates.len() as u64).sum();
        let (grouping, _) = grouped(&points, &HashSet::new());
        let limits = Limits { workers: usize::try_from(shard.of).unwrap_or(usize::MAX), ..Limits::default() };
        let cohorts = share(grouping.cohorts(&limits), shard, cost);
        Ok(Self { shard, asked, cohorts })
    }

    /// Runs of this shard, those done included.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.ids().count() as u64
    }

    /// Their ids.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        self.cohorts.iter().flat_map(|cohort| &cohort.runs).map(|run| run.id)
    }

    /// The runs that are not done, in cohorts that suit the machine.
    #[must_use]
    pub fn to_do(self, done: &HashSet<Id>, limits: &Limits) -> Vec<Cohort> {
        let runs = self.cohorts.into_iter().flat_map(|cohort| cohort.runs);
        let runs: Vec<Run> = runs.filter(|run| !done.contains(&run.id)).collect();
        Cohort::of(runs, limits)
    }
}

/// Those cohorts that are a shard's.
fn share(cohorts: Vec<Cohort>, shard: Shard, cost: Cost<'_>) -> Vec<Cohort> {
    let mut costs: Vec<(Reverse<u128>, Id, Cohort)> =
        cohorts.into_iter().map(|cohort| (Reverse(cost(&cohort)), cohort.runs[0].id, cohort)).collect();
    costs.sort_by_key(|(cost, first, _)| (*cost, *first));
    let mut shards: BinaryHeap<Reverse<(u128, u64)>> = (1..=shard.of).map(|index| Reverse((0, index))).collect();
    let mut own = Vec::new();
    for (Reverse(cost), _, cohort) in costs {
        let Reverse((so_far, index)) = shards.pop().expect("there is a shard");
        shards.push(Reverse((so_far.saturating_add(cost), index)));
        if index == shard.index {
            own.push(cohort);
        }
    }
    own
}

#[cfg(test)]
#[path = "tests/shard.rs"]
mod tests;
