//! What an edit of a sweep adds to what is saved, and what it leaves behind.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::{Asked, Plan};
use crate::config::{Id, PARAMETERS, Parameter, Value};

/// A plan beside the runs that are saved.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// Runs of the plan that are not saved.
    pub adds: u64,
    /// Runs of the plan that are saved.
    pub keeps: u64,
    /// Saved runs that the sweep does not ask for any more. They stay saved.
    pub leaves: u64,
    /// The saved runs that it does not ask for, in order.
    pub left: Vec<Id>,
    /// The points of the plan, by their numbers, of whose configuration no run is saved; none where nothing is saved.
    pub added: Vec<usize>,
    /// Parameters that tell configurations of the plan apart, or have values that are not saved.
    pub telling: Vec<&'static Parameter>,
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

/// What is saved, as far as a plan is held against it.
pub struct Saved<'s> {
    /// The runs.
    pub runs: &'s HashSet<Id>,
    /// Their configurations.
    pub configurations: &'s HashSet<Id>,
    /// The values that they have of a parameter, as columns show them.
    pub values: &'s dyn Fn(&Parameter) -> BTreeSet<String>,
    /// Their seeds in a column of [`SEEDS`].
    pub seeds: &'s dyn Fn(&str) -> BTreeSet<u64>,
}

impl Diff {
    /// Holds a plan against what is saved.
    #[must_use]
    pub fn of(plan: &Plan, saved: &Saved<'_>) -> Self {
        let Saved { runs, configurations, values, seeds } = saved;
        let kept: HashSet<Id> =
            plan.points.iter().flat_map(|point| point.runs()).filter(|id| runs.contains(id)).collect();
        let keeps = kept.len() as u64;
        let mut left: Vec<Id> = runs.difference(&kept).copied().collect();
        left.sort_unstable();
        let unedited =
            Self { adds: plan.runs() - keeps, keeps, leaves: runs.len() as u64 - keeps, left, ..Self::default() };
        if runs.is_empty() {
            return unedited;
        }
        let mut known = HashSet::new();
        let asked = plan.points.iter().map(|point| &point.asked).filter(|asked| known.insert(Arc::as_ptr(asked)));
        let asked: Vec<&Arc<Asked>> = asked.collect();
        let seeds = SEEDS.iter().enumerate().filter_map(|(number, &parameter)| {
            let replicates = asked.iter().flat_map(|asked| &asked.replicates);
            let planned: BTreeSet<u64> = replicates.map(|replicate| replicate.seeds.each()[number]).collect();
            let saved = seeds(parameter);
            let only = |a: &BTreeSet<u64>, b: &BTreeSet<u64>| a.difference(b).map(u64::to_string).collect::<Vec<_>>();
            let change = Change { parameter, adds: only(&planned, &saved), leaves: only(&saved, &planned) };
            change.is_one().then_some(change)
        });
        let mut parameters = Vec::new();
        let mut telling = Vec::new();
        for (parameter, planned) in PARAMETERS.iter().zip(planned(plan)) {
            let saved = values(parameter);
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
            let change = Change {
                parameter: parameter.name,
                adds: only(&planned.values, &saved),
                leaves: only(&saved, &planned.values),
            };
            if planned.values.len() + usize::from(planned.absent) > 1 || !change.adds.is_empty() {
                telling.push(parameter);
            }
            parameters.extend(change.is_one().then_some(change));
        }
        let is_added = |number: &usize| !configurations.contains(&plan.points[*number].id);
        let added = (0..plan.points.len()).filter(is_added).collect();
        Self { seeds: seeds.collect(), parameters, added, telling, ..unedited }
    }
}

impl Change {
    fn is_one(&self) -> bool {
        !self.adds.is_empty() || !self.leaves.is_empty()
    }
}

/// What the configurations of a plan have of a parameter.
#[derive(Clone, Default)]
struct Planned {
    values: BTreeSet<String>,
    /// Whether some have none.
    absent: bool,
    last: Option<Value>,
}

/// What the configurations of a plan have of each parameter.
fn planned(plan: &Plan) -> Vec<Planned> {
    let mut planned = vec![Planned::default(); PARAMETERS.len()];
    for point in &plan.points {
        let configuration = point.configuration();
        for (parameter, planned) in PARAMETERS.iter().zip(&mut planned) {
            match configuration.column(parameter) {
                None => planned.absent = true,
                // Neighbours differ in few of them.
                value if value == planned.last => {}
                Some(value) => {
                    planned.values.insert(value.to_string());
                    planned.last = Some(value);
                }
            }
        }
    }
    planned
}
