//! What an edit of a sweep adds to what is saved, and what it leaves behind.

use std::collections::{BTreeSet, HashSet};

use super::Plan;
use crate::config::{Configuration, Id, Identities, PARAMETERS, Parameter};

/// A plan beside the runs that are saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Runs of the plan that are not saved.
    pub adds: u64,
    /// Runs of the plan that are saved.
    pub keeps: u64,
    /// Saved runs that the sweep does not ask for any more. They stay saved.
    pub leaves: u64,
    /// Parameters of which the two have other values, in the order of the reference.
    pub parameters: Vec<Change>,
}

/// How the values of a parameter differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The parameter.
    pub parameter: &'static str,
    /// Values that only the plan has, as columns show them.
    pub adds: Vec<String>,
    /// Values that only saved runs have.
    pub leaves: Vec<String>,
}

impl Diff {
    /// Holds a plan against saved runs: their ids, and the values that they have of a parameter as columns show them.
    #[must_use]
    pub fn of(plan: &Plan, saved: &HashSet<Id>, values: &dyn Fn(&Parameter) -> BTreeSet<String>) -> Self {
        let ids = plan.points.iter().flat_map(|point| {
            let identities = Identities::of(&point.configuration);
            (0..plan.replicates.count).map(move |replicate| identities.run(plan.replicates.seeds_of(replicate)))
        });
        let keeps = ids.filter(|id| saved.contains(id)).count() as u64;
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
            parameters: if saved.is_empty() { Vec::new() } else { PARAMETERS.iter().filter_map(change).collect() },
        }
    }
}

/// The values that the configurations of a plan have of a parameter.
fn planned(plan: &Plan, parameter: &Parameter) -> BTreeSet<String> {
    let value = |configuration: &Configuration| configuration.column(parameter).map(|value| value.to_string());
    plan.points.iter().filter_map(|point| value(&point.configuration)).collect()
}
