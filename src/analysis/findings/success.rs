//! How often networks find an operation, so that it holds beyond the range: shares over replicates with their intervals.

use std::collections::BTreeMap;

use super::settings::TUNED;
use crate::analysis::founding::hidden_layers;
use crate::analysis::intervals::wilson;
use crate::analysis::{Group, Metric, Problem, Records};

/// A run whose R² beyond the range is above this has found its operation.
pub const SUCCESS: f64 = 0.999;

/// The column that it is told by.
const COLUMN: &str = "extrapolation_r2";

/// Success by what is to be learnt and by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Successes {
    /// By problem, then by layer.
    pub pairs: Vec<Success>,
    /// Configurations that a better tuned one of the same pair stands for.
    pub outdone: usize,
    /// Runs of all configurations.
    pub runs: usize,
}

/// A layer on a problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Success {
    /// Index of the problem.
    pub problem: usize,
    /// The layer, or the activation of dense layers, with the number of layers where that differs.
    pub label: String,
    /// The place of the layer among all, for its colour.
    pub place: usize,
    /// The configuration with the most successes: index of a group.
    pub group: usize,
    /// Its learning rate, where several were tried.
    pub rate: Option<String>,
    /// Runs that found the operation, of how many. A run that did not finish has not found it.
    pub found: (usize, usize),
    /// Wilson 95 % interval of the share.
    pub interval: (f64, f64),
}

/// There where the metric is an R² or half of the runs have arithmetic units, and operations or layers differ.
pub(super) fn successes(
    records: &Records,
    problems: &[Problem],
    groups: &[Group],
    metric: &Metric,
) -> Option<Successes> {
    let all = records.runs.len();
    let units = (0..all).filter(|&row| records.value(row, "layer").is_some_and(|layer| layer != "dense")).count();
    let measured = (0..all).any(|row| records.number(row, COLUMN).is_some());
    if !measured || !(metric.name.ends_with("_r2") || 2 * units >= all) {
        return None;
    }
    let mut pairs: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for (problem, members) in problems.iter().enumerate() {
        let depths: Vec<usize> =
            members.groups.iter().map(|&group| hidden_layers(records, groups[group].rows[0])).collect();
        let several = depths.windows(2).any(|pair| pair[0] != pair[1]);
        for (&group, depth) in members.groups.iter().zip(depths) {
            let row = groups[group].rows[0];
            let kind = match records.value(row, "layer") {
                Some(layer) if layer != "dense" => layer,
                _ => records.value(row, "activation").unwrap_or("affine map"),
            };
            let layers = if depth == 0 { "1 layer".to_owned() } else { format!("{} layers", depth + 1) };
            let label = if several { format!("{kind} with {layers}") } else { kind.to_owned() };
            pairs.entry((problem, label)).or_default().push(group);
        }
    }
    if pairs.len() < 2 {
        return None;
    }
    let found = |group: usize| {
        let found = |&&row: &&usize| records.number(row, COLUMN).is_some_and(|r2| r2 > SUCCESS);
        (groups[group].rows.iter().filter(found).count(), groups[group].rows.len())
    };
    let share = |group: usize| found(group).0 as f64 / found(group).1 as f64;
    let mut kinds: Vec<String> = pairs.keys().map(|(_, label)| kind(label)).collect();
    kinds.sort();
    kinds.dedup();
    let outdone = groups.len() - pairs.len();
    let pairs = pairs.into_iter().filter_map(|((problem, label), own)| {
        // The first of a problem's groups has the best mean: it decides between equal shares.
        let group = own.iter().copied().reduce(|a, b| if share(b) > share(a) { b } else { a })?;
        let found = found(group);
        Some(Success {
            problem,
            place: kinds.iter().position(|known| *known == kind(&label)).unwrap_or(0),
            label,
            rate: (own.len() > 1).then(|| records.value(groups[group].rows[0], TUNED).map(str::to_owned)).flatten(),
            group,
            interval: wilson(found.0, found.1).unwrap_or((0.0, 1.0)),
            found,
        })
    });
    Some(Successes { pairs: pairs.collect(), outdone, runs: all })
}

fn kind(label: &str) -> String {
    label.split(" with ").next().unwrap_or_default().to_owned()
}
