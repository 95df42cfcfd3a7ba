//! What a sweep comes to: its distinct configurations, the runs that are still to do, and their cohorts. Pure: the
//! ids of finished runs come in, nothing is read.

mod cohort;
mod diff;
mod expand;
mod found;
mod limit;
mod memory;
mod shard;
mod verdict;

use std::collections::HashSet;
use std::sync::Arc;

use expand::Expanded;
use found::Distinct;

pub use cohort::{Cohort, MOST_FLOPS, MOST_RUNS, MOST_RUNS_ON_GPU, Shape};
pub use diff::{Change, Diff, SEEDS, Saved};
pub use limit::TooLarge;
pub use shard::{Cost, Part, Shard};

use crate::config::{Configuration, Id, Identities, Seeds, Variation, configuration_id, run_id};
use crate::problem::measured_rows;
use crate::sweep::{Grid, Invalid, Sweep};

/// Runs that a sweep may ask for unless more are allowed.
pub const MAX_RUNS: u64 = 1_000_000;

/// What a plan has to keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Runs that the sweep may ask for, those done included.
    pub max_runs: u64,
    /// Runs that a cohort may have; `None` for what suits the device: on a CPU [`MOST_RUNS`] and about [`MOST_FLOPS`].
    pub most_runs: Option<u64>,
    /// Bytes that a cohort may take on a GPU; `None` on a CPU, where a cohort's runs are trained one after the other.
    pub memory: Option<u64>,
    /// Workers that should all have something to do.
    pub workers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_runs: MAX_RUNS, most_runs: None, memory: None, workers: 1 }
    }
}

/// A configuration that a sweep asks for. There may be a million, so it is kept in few bytes.
#[derive(Clone, Debug)]
pub struct Point {
    /// Its identity.
    pub id: Id,
    /// Rows that its networks are measured on at their end: what they cost beside their shape.
    pub measured_rows: u32,
    /// What asks for it.
    pub asked: Arc<Asked>,
    kept: Variation,
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.asked == other.asked
    }
}

/// What asks for a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The grids that hold it, in the order of the file.
    pub grids: Vec<String>,
    /// Its replicates: those of the first grid, then those of the others that are not among them.
    pub replicates: Vec<Replicate>,
}

/// One replicate of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicate {
    /// Its number among the replicates of its configuration, from 0.
    pub number: u32,
    /// Its seed.
    pub seed: u64,
    /// What each draw starts from: `seed` for what varies between replicates, the grid's first seed for the rest.
    pub seeds: Seeds,
}

impl Asked {
    /// What several grids ask for together.
    fn by<'g>(grids: impl Iterator<Item = &'g Grid>) -> Self {
        let (mut asked, mut known) = (Self::default(), HashSet::new());
        for grid in grids {
            asked.grids.push(grid.name.clone());
            for number in 0..grid.replicates.count {
                let seeds = grid.replicates.seeds_of(number);
                if known.insert(seeds.each()) {
                    let replicate = Replicate {
                        number: asked.replicates.len() as u32,
                        seed: grid.replicates.seed_of(number),
                        seeds,
                    };
                    asked.replicates.push(replicate);
                }
            }
        }
        asked
    }
}

impl Point {
    /// Every parameter with its value: made anew at each call.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        self.kept.configuration()
    }

    /// The ids of its runs, in the order of its replicates.
    pub fn runs(&self) -> impl Iterator<Item = Id> {
        let identities = Identities::of(&self.configuration());
        self.asked.replicates.iter().map(move |replicate| identities.run(replicate.seeds))
    }
}

/// A configuration under one seed: what is trained, stored and cited.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its identity.
    pub id: Id,
    /// What is trained.
    pub point: Arc<Point>,
    /// Its place among those that `point` asks for.
    place: u32,
}

impl Run {
    /// One replicate of a configuration, of which nothing else is asked for.
    #[must_use]
    pub fn only(configuration: &Configuration, grids: Vec<String>, replicate: Replicate) -> Self {
        let asked = Arc::new(Asked { grids, replicates: vec![replicate] });
        let kept = Variation::of(configuration, &Arc::new(configuration.clone()));
        let (id, measured_rows) = (configuration_id(configuration), measured_rows(configuration));
        let point = Point { id, measured_rows, asked, kept };
        Self { id: run_id(configuration, replicate.seeds), point: Arc::new(point), place: 0 }
    }

    /// Which replicate of its configuration it is, with its seeds.
    #[must_use]
    pub fn replicate(&self) -> &Replicate {
        &self.point.asked.replicates[self.place as usize]
    }
}

/// How many points a rule removed from a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// The grid.
    pub grid: String,
    /// The rule: an entry of `exclude` as YAML on one line, or a constraint as it is written.
    pub rule: String,
    /// Points that it was the first to remove.
    pub points: u64,
}

/// What a sweep comes to.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The distinct configurations, in the order of the file.
    pub points: Vec<Arc<Point>>,
    /// Every rule of every grid with what it removed.
    pub excluded: Vec<Excluded>,
    /// Points that turned out equal to another, of the same grid or of one before it.
    pub equal: u64,
    /// What is no mistake, and worth saying: an override without an effect in some grids, an axis that is nowhere there.
    pub notes: Vec<String>,
    /// Runs that were done before.
    pub done: u64,
    /// The runs to do, in cohorts, longest first.
    pub cohorts: Vec<Cohort>,
}

/// A sweep without a plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It asks for more runs than are allowed.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// Some of its points cannot be trained, or some of its parameters have no effect.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl Plan {
    /// The plan of a sweep, of whose runs those in `done` need no training.
    ///
    /// # Errors
    /// When the sweep asks for too many runs (found before anything is expanded), or when what its file says of several
    /// parameters does not go together.
    pub fn of(sweep: &Sweep, done: &HashSet<Id>, limits: &Limits) -> Result<Self, Error> {
        let grids = limit::within(sweep, limits.max_runs)?;
        let Expanded { distinct, excluded, notes } = expand::expand(sweep, &grids, limits.max_runs, done)?;
        let Distinct { points, equal, to_do, done } = distinct;
        Ok(Self { points, excluded, equal, notes, done, cohorts: to_do.cohorts(limits) })
    }

    /// Distinct configurations.
    #[must_use]
    pub fn configurations(&self) -> u64 {
        self.points.len() as u64
    }

    /// All runs of the sweep, those done included.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.points.iter().map(|point| point.asked.replicates.len() as u64).sum()
    }

    /// The fewest and the most replicates of a configuration; 0 of none.
    #[must_use]
    pub fn replicates(&self) -> (u64, u64) {
        let counts = || self.points.iter().map(|point| point.asked.replicates.len() as u64);
        (counts().min().unwrap_or(0), counts().max().unwrap_or(0))
    }

    /// Runs that are to be trained.
    #[must_use]
    pub fn to_do(&self) -> u64 {
        self.runs() - self.done
    }
}

#[cfg(test)]
mod tests;
