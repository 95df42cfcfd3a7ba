//! The best of each value of the strongest axis, when everything else may be chosen for it.

use std::collections::BTreeMap;

use super::intervals::mean;
use super::{Goal, Group, Importance, Metric, Records, Summary, ranks};
use crate::config::{Section, parameter};

/// The best configuration of each value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// The design, as an index among the importances.
    pub importance: usize,
    /// The axis, as a place among those of the design.
    pub axis: usize,
    /// One entry a value, the best first.
    pub levels: Vec<Tuned>,
    /// Whether each value's best was chosen from the same number of configurations.
    pub equal: bool,
    /// Whether the first is clearly better than the second, as configurations of a ranking are; `None` without replicates.
    pub clear: Option<bool>,
}

/// The best configuration with one value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// The value in words.
    pub level: String,
    /// The configuration.
    pub group: usize,
    /// How many it was chosen from.
    pub among: usize,
    /// The metric of its runs: those that it was chosen by.
    pub metric: Summary,
    /// The mean over seeds of what is best by the other seeds: free of the luck of having been chosen. `None` where the
    /// configurations have not all the same seeds, two at least.
    pub left_out: Option<f64>,
}

pub(super) fn tunings(records: &Records, importances: &[Importance], groups: &[Group], metric: &Metric) -> Vec<Tuning> {
    let tuning = |(place, importance): (usize, &Importance)| tuning(records, place, importance, groups, metric);
    importances.iter().enumerate().filter_map(tuning).collect()
}

/// Whether an axis is more than a matter of how training goes.
fn is_design(importance: &Importance, axis: usize) -> bool {
    let training = |name: &&str| parameter(name).is_some_and(|known| known.section == Section::Training);
    !importance.design.axes[axis].parameters.iter().all(training)
}

fn tuning(
    records: &Records,
    place: usize,
    importance: &Importance,
    groups: &[Group],
    metric: &Metric,
) -> Option<Tuning> {
    let design = &importance.design;
    if design.axes.len() < 2 {
        return None;
    }
    let axis = importance.ranked().into_iter().find(|&axis| is_design(importance, axis))?;
    let owner: BTreeMap<usize, usize> =
        groups.iter().enumerate().flat_map(|(group, of)| of.rows.iter().map(move |&row| (row, group))).collect();
    let mut by_level: Vec<Vec<usize>> = vec![Vec::new(); design.axes[axis].levels.len()];
    for (run, row) in design.rows.iter().enumerate() {
        by_level[design.axes[axis].codes[run] as usize].push(owner[row]);
    }
    let mut levels = Vec::new();
    for (level, own) in by_level.iter_mut().enumerate() {
        // Groups of a problem go from best to worst.
        own.sort_unstable();
        own.dedup();
        let best = *own.first()?;
        levels.push(Tuned {
            level: design.axes[axis].levels[level].clone(),
            group: best,
            among: own.len(),
            metric: groups[best].metric.clone()?,
            left_out: left_out(records, groups, own, metric.goal),
        });
    }
    let equal = levels.windows(2).all(|pair| pair[0].among == pair[1].among);
    levels.sort_by_key(|tuned| tuned.group);
    let clear = match &levels[..] {
        [first, second, ..] => ranks::is_clear(records, &groups[first.group], &groups[second.group], metric.goal),
        _ => None,
    };
    Some(Tuning { importance: place, axis, levels, equal, clear })
}

/// The mean over seeds of the value, of that seed, of the configuration that is best by the mean of all other seeds.
fn left_out(records: &Records, groups: &[Group], own: &[usize], goal: Goal) -> Option<f64> {
    let mut table: Vec<Vec<f64>> = Vec::new();
    let mut seeds: Option<Vec<&str>> = None;
    for &group in own {
        let metric = groups[group].metric.as_ref().filter(|metric| metric.missing == 0)?;
        let mut values: Vec<(&str, f64)> =
            metric.values.iter().map(|&(row, value)| (records.runs[row].seed.as_str(), value)).collect();
        values.sort_by(|a, b| a.0.cmp(b.0));
        let these: Vec<&str> = values.iter().map(|(seed, _)| *seed).collect();
        if these.windows(2).any(|pair| pair[0] == pair[1]) || seeds.as_ref().is_some_and(|seeds| *seeds != these) {
            return None;
        }
        seeds = Some(these);
        table.push(values.into_iter().map(|(_, value)| value).collect());
    }
    let count = seeds.filter(|seeds| seeds.len() > 1)?.len();
    let by_others = |seed: usize| {
        let rest = |row: &Vec<f64>| (row.iter().sum::<f64>() - row[seed]) / (count - 1) as f64;
        table.iter().min_by(|a, b| goal.order(rest(a), rest(b))).map(|row| row[seed])
    };
    Some(mean(&(0..count).map(by_others).collect::<Option<Vec<f64>>>()?))
}
