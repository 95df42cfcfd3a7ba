//! A sweep as it is divided among tasks, and which runs of each have ended.

use std::path::Path;
use std::time::Duration;

use crate::config::Id;
use crate::execute::{self, estimate};
use crate::plan::{Part, Plan};
use crate::store::{self, Ended, Results};
use crate::sweep::Sweep;
use crate::train::Device;

/// The runs of every task.
#[derive(Debug)]
pub struct Division {
    /// What the sweep comes to when nothing is done.
    pub plan: Plan,
    shards: Vec<Vec<Id>>,
}

/// How many runs of a task have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Those that finished or diverged.
    pub done: u64,
    /// Those that failed or ran out of time.
    pub failed: u64,
    /// Those that have not ended.
    pub missing: u64,
}

impl Division {
    /// The division of a sweep among so many tasks.
    pub fn of(sweep: &Sweep, tasks: u64, max_runs: u64) -> anyhow::Result<Self> {
        let (plan, of_cohorts) = Part::all(sweep, tasks, max_runs, &execute::cost)?;
        let mut shards = vec![Vec::new(); tasks as usize];
        for (cohort, shard) in plan.cohorts.iter().zip(of_cohorts) {
            shards[shard as usize - 1].extend(cohort.runs.iter().map(|run| run.id));
        }
        Ok(Self { plan, shards })
    }

    /// How the runs of every task stand.
    pub fn standings(&self, ended: &Ended) -> Vec<Standing> {
        let of_shard = |runs: &Vec<Id>| {
            let mut standing = Standing::default();
            for run in runs {
                match run {
                    run if ended.done.contains(run) => standing.done += 1,
                    run if ended.failed.contains(run) => standing.failed += 1,
                    _ => standing.missing += 1,
                }
            }
            standing
        };
        self.shards.iter().map(of_shard).collect()
    }

    /// How long a task with so many workers takes on a processor like this one, about.
    pub fn time(&self, workers: u64) -> Duration {
        let all = (self.shards.len() as u64).saturating_mul(workers);
        estimate(&self.plan.cohorts, Device::Cpu, usize::try_from(all).unwrap_or(usize::MAX))
    }
}

/// The runs that have ended of the results in a folder, and the records that are not in the tables yet; none where there are
/// no results.
pub fn saved(folder: &Path) -> anyhow::Result<(Ended, u64)> {
    let wanted = |column: &str| ["status", "reason", "digest", "environment"].contains(&column);
    match Results::open_columns(folder, &wanted) {
        Ok(results) => Ok((results.ended()?, results.pending() as u64)),
        Err(store::Error::Missing { .. }) => Ok((Ended::default(), 0)),
        Err(error) => Err(error.into()),
    }
}
