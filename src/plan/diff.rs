//! What an edit of a sweep adds to what is saved, and what it leaves behind.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::{Asked, Plan};
use crate::config::{Configuration, Id, PARAMETERS, Parameter};

/// A plan beside the runs that are saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Runs of the plan that are not saved.
    pub adds: u64,
    /// Runs of the plan that are saved.
    pub keeps: u64,
    /// Saved runs that the sweep does not ask for any more. They stay saved.
    pub leaves: u64,
    /// The saved runs that it does not ask for, in order.
    pub left: Vec<Id>,
    /// Parameters of which the two have other values, in the order of the reference.
    pub parameters: Vec<Change>,
    /// Columns of [`SEEDS`] in which the two have other seeds: another first seed, another number of replicates, or other
    /// things that vary.
    pub seeds: Vec<Change>,
}

/// The columns of the seeds of each kind of draw, as [`Seeds::each`] gives them.
pub const SEEDS: [&str; 3] = ["data_seed", "init_seed", "shuffle_seed"];

/// How the values of a parameter, or of a column of seeds, differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The parameter, or the column.
    pub parameter: &'static str,
    /// Values that only the plan has, as columns show them.
    pub adds: Vec<String>,
    /// Values that only saved runs have.
    pub leaves: Vec<String>,
}

impl Diff {
    /// Holds a plan against saved runs: their ids, the values that they have of a parameter as columns show them, and their
    /// seeds in each column of [`SEEDS`].
    #[must_use]
    pub fn of(
        plan: &Plan,
        saved: &HashSet<Id>,
        values: &dyn Fn(&Parameter) -> BTreeSet<String>,
        seeds: &dyn Fn(&str) -> BTreeSet<u64>,
    ) -> Self {
        let kept: HashSet<Id> =
            plan.points.iter().flat_map(|point| point.runs()).filter(|id| saved.contains(id)).collect();
        let keeps = kept.len() as u64;
        let mut left: Vec<Id> = saved.difference(&kept).copied().collect();
        left.sort_unstable();
        let mut known = HashSet::new();
        let asked = plan.points.iter().map(|point| &point.asked).filter(|asked| known.insert(Arc::as_ptr(asked)));
        let asked: Vec<&Arc<Asked>> = asked.collect();
        let seeds = SEEDS.iter().enumerate().filter_map(|(number, &parameter)| {
            let replicates = asked.iter().flat_map(|asked| &asked.replicates);
            let planned: BTreeSet<u64> = replicates.map(|replicate| replicate.seeds.each()[number]).collect();
            let saved = seeds(parameter);
            let only = |a: &BTreeSet<u64>, b: &BTreeSet<u64>| a.difference(b).map(u64::to_string).collect::<Vec<_>>();
            let change = Change { parameter, adds: only(&planned, &saved), leaves: only(&saved, &planned) };
            (!change.adds.is_empty() || !change.leaves.is_empty()).then_some(change)
        });
        let change = |parameter: &'static Parameter| {
            let (planned, saved) = (planned(plan, parameter), values(parameter));
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
            let change =
                Change { parameter: parameter.name, adds: only(&planned, &saved), leaves: only(&saved, &planned) };
            (!change.adds.is_empty() || !change.leaves.is_empty()).then_some(change)
        };
        Self {
            adds: plan.runs() - keeps,
            keeps,
            leaves: saved.len() as u64 - keeps,
            left,
            seeds: if saved.is_empty() { Vec::new() } else { seeds.collect() },
            parameters: if saved.is_empty() { Vec::new() } else { PARAMETERS.iter().filter_map(change).collect() },
        }
    }
}

/// The values that the configurations of a plan have of a parameter.
fn planned(plan: &Plan, parameter: &Parameter) -> BTreeSet<String> {
    let value = |configuration: &Configuration| configuration.column(parameter).map(|value| value.to_string());
    plan.points.iter().filter_map(|point| value(&point.configuration())).collect()
}
