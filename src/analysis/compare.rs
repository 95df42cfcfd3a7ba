//! Two sets of runs compared seed by seed: the mean of the differences with its interval.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::claims::{Compare, Comparison, Outcome};
use super::environments::counts;
use super::questions::holds;
use super::{Goal, Metric, Records, Summary};

/// Which end of a column is good: the sweep's own goal for its metric; of others, large values of `_r2` and `_exact`, else
/// small ones.
fn goal_of(column: &str, metric: &Metric) -> Goal {
    match column {
        _ if column == metric.name => metric.goal,
        _ if column.ends_with("_r2") || column.ends_with("_exact") => Goal::Maximize,
        _ => Goal::Minimize,
    }
}

/// Rows and values of both sides of one seed.
type Sides = [Vec<(usize, f64)>; 2];

/// Compares the runs of a claim, of which `own` are the rows of `frame`.
pub(super) fn compare(
    frame: &DataFrame,
    own: &[usize],
    compare: &Compare,
    records: &Records,
    metric: &Metric,
) -> Result<Comparison, String> {
    let sides = [holds(frame, &compare.a)?, holds(frame, &compare.b)?];
    let both = (0..own.len()).filter(|&row| sides[0][row] && sides[1][row]).count();
    if both > 0 {
        return Err(format!("of the runs, {both} are on both sides of the comparison"));
    }
    let column = compare.metric.as_ref().unwrap_or(&metric.name);
    if !records.has_number(column) {
        return Err(format!("the results have no numbers in a column `{column}`"));
    }
    let mut seeds: BTreeMap<&str, Sides> = BTreeMap::new();
    let mut runs = [0, 0];
    let mut without = 0;
    for (place, &row) in own.iter().enumerate() {
        let Some(side) = (0..2).find(|&side| sides[side][place]) else { continue };
        runs[side] += 1;
        match records.number(row, column) {
            Some(value) => seeds.entry(records.runs[row].seed.as_str()).or_default()[side].push((row, value)),
            None => without += 1,
        }
    }
    let is_pair = |sides: &Sides| sides.iter().all(|values| !values.is_empty());
    let pairs = || seeds.values().filter(|sides| is_pair(sides));
    let values = |side: &[(usize, f64)]| side.iter().map(|(_, value)| *value).collect::<Vec<_>>();
    let paired: Vec<[f64; 2]> = pairs().map(|sides| sides.each_ref().map(|side| mean(&values(side)))).collect();
    let unpaired = seeds.values().filter(|sides| !is_pair(sides)).flatten().map(Vec::len).sum();
    let averaged = pairs().filter(|sides| sides.iter().any(|values| values.len() > 1)).count();
    let is_across = |sides: &&Sides| {
        let rows: Vec<usize> = sides.iter().flatten().map(|(row, _)| *row).collect();
        counts(records, &rows).len() > 1
    };
    let across = pairs().filter(is_across).count();
    let differences: Vec<f64> = paired.iter().map(|[a, b]| a - b).collect();
    let Some(summary) = Summary::of(differences.iter().map(|&value| (0, Some(value)))) else {
        let reason = match runs {
            [0, 0] => "no run is on either side of the comparison",
            [0, _] => "no run is on side `a` of the comparison",
            [_, 0] => "no run is on side `b` of the comparison",
            _ => "no seed has a value on both sides of the comparison",
        };
        return Err(reason.into());
    };
    let side = |side: usize| mean(&paired.iter().map(|pair| pair[side]).collect::<Vec<_>>());
    Ok(Comparison {
        column: column.clone(),
        goal: goal_of(column, metric),
        means: (side(0), side(1)),
        mean: summary.mean,
        interval: summary.interval,
        differences,
        unpaired,
        averaged,
        without,
        across,
    })
}

/// Whether the interval leaves zero out on the side where `a` is better.
pub(super) fn outcome(comparison: &Comparison) -> Outcome {
    let Some((low, high)) = comparison.interval else { return Outcome::NotTested };
    let better = match comparison.goal {
        Goal::Minimize => high < 0.0,
        Goal::Maximize => low > 0.0,
    };
    if better { Outcome::Holds } else { Outcome::Fails }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().map(|value| value / values.len() as f64).sum()
}
