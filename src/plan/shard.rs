//! Shards: disjoint parts of a sweep's runs, for processes that know nothing of each other. Every process cuts the whole
//! sweep in the same way, whatever is done already and whatever machine it is on.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::str::FromStr;

use super::cohort::Cohort;
use super::found::Distinct;
use super::{Error, Limits, Plan, Run, expand, limit};
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
    /// As for [`Plan::of`].
    pub fn of(sweep: &Sweep, shard: Shard, max_runs: u64, cost: Cost<'_>) -> Result<Self, Error> {
        let grids = limit::within(sweep, max_runs)?;
        let Distinct { points, to_do, .. } = expand::expand(sweep, &grids, max_runs, &HashSet::new())?.distinct;
        let asked = points.iter().map(|point| point.asked.replicates.len() as u64).sum();
        let cohorts = share(to_do.cohorts(&limits(shard.of)), shard, cost);
        Ok(Self { shard, asked, cohorts })
    }

    /// All shards at once: the plan of the sweep when nothing is done, and for each of its cohorts the shard that it goes to.
    ///
    /// # Errors
    /// As for [`Plan::of`].
    pub fn all(sweep: &Sweep, of: u64, max_runs: u64, cost: Cost<'_>) -> Result<(Plan, Vec<u64>), Error> {
        let plan = Plan::of(sweep, &HashSet::new(), &Limits { max_runs, ..limits(of) })?;
        let shards = shards(&plan.cohorts, of, cost).into_iter().map(|(_, index)| index).collect();
        Ok((plan, shards))
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

/// What a sweep is cut by for so many shards: nothing but their number.
fn limits(of: u64) -> Limits {
    Limits { workers: usize::try_from(of).unwrap_or(usize::MAX), ..Limits::default() }
}

/// Those cohorts that are a shard's, those that cost most first.
fn share(cohorts: Vec<Cohort>, shard: Shard, cost: Cost<'_>) -> Vec<Cohort> {
    let shards = shards(&cohorts, shard.of, cost);
    let own = cohorts.into_iter().zip(shards).filter(|(_, (_, index))| *index == shard.index);
    let mut own: Vec<(Reverse<u128>, Cohort)> = own.map(|(cohort, (cost, _))| (Reverse(cost), cohort)).collect();
    own.sort_by_key(|(cost, cohort)| (*cost, cohort.runs[0].id));
    own.into_iter().map(|(_, cohort)| cohort).collect()
}

/// What each cohort costs, and the shard that it goes to.
fn shards(cohorts: &[Cohort], of: u64, cost: Cost<'_>) -> Vec<(u128, u64)> {
    let mut shards: Vec<(u128, u64)> = cohorts.iter().map(|cohort| (cost(cohort), 0)).collect();
    let mut order: Vec<usize> = (0..cohorts.len()).collect();
    order.sort_by_key(|&place| (Reverse(shards[place].0), cohorts[place].runs[0].id));
    let mut sums: BinaryHeap<Reverse<(u128, u64)>> = (1..=of).map(|index| Reverse((0, index))).collect();
    for place in order {
        let Reverse((so_far, index)) = sums.pop().expect("there is a shard");
        sums.push(Reverse((so_far.saturating_add(shards[place].0), index)));
        shards[place].1 = index;
    }
    shards
}

#[cfg(test)]
#[path = "tests/shard.rs"]
mod tests;
