//! How the replicates of one configuration scatter, beside what least squares does on as many draws.

use std::collections::BTreeMap;

use super::median;
use crate::analysis::founding::{anchors, is_bare, is_linear, is_question};
use crate::analysis::theory::in_sample_sd;
use crate::analysis::{Group, Metric, Problem, Records, Summary};

/// Replicates from which on a histogram says more than dots in a row.
const ENOUGH: usize = 10;
/// Configurations with that many replicates beyond which they are the sweep's rule, not its matter.
const FEW: usize = 6;

/// Replicates of one configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// The configuration: index of a group.
    pub group: usize,
    /// What is shown: the metric, or the founding question's own measure.
    pub column: String,
    /// Its values, over the replicates that draw most anew.
    pub summary: Summary,
    /// Replicates that draw only some things anew, by what that is; empty where all draw the same.
    pub parts: Vec<(String, Summary)>,
    /// Where least squares falls, where the column is an error on training draws.
    pub band: Option<Band>,
    /// The affine floor over the domain, where the column is an error over it or on fresh draws.
    pub floor: Option<f64>,
    /// The error that the founding question prints, where the configuration is its own.
    pub printed: Option<f64>,
    /// Whether the network is linear in what it is shown.
    pub linear: bool,
    /// Other configurations with as many replicates.
    pub others: usize,
    /// Runs of all these configurations.
    pub runs: usize,
}

/// Where least squares falls on the same number of draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// The affine floor over the domain.
    pub floor: f64,
    /// Standard deviation over draws: floor·√(2/(7n)), for squares of the bare number.
    pub sd: f64,
    /// Median of least squares on the runs' own draws.
    pub own: Option<f64>,
    /// Runs within one per cent of least squares on their own draws.
    pub reached: usize,
}

/// What replicates may draw anew, with the column that says what each draw starts from.
const KINDS: [(&str, &str); 3] = [("data", "data_seed"), ("init", "init_seed"), ("shuffle", "shuffle_seed")];

/// Rows of a configuration by what its replicates draw anew, that most often drawn together last. A draw that most
/// replicates share is held fixed in them; the run in which all are is in every part.
fn parts(records: &Records, rows: &[usize]) -> Vec<(String, Vec<usize>)> {
    let seed = |row: usize, column: &str| records.number(row, column).map(f64::to_bits);
    let fixed = |column: &str| {
        let mut counts: BTreeMap<Option<u64>, usize> = BTreeMap::new();
        rows.iter().for_each(|&row| *counts.entry(seed(row, column)).or_default() += 1);
        let (seed, most) = counts.into_iter().max_by_key(|(seed, count)| (*count, std::cmp::Reverse(*seed)))?;
        (most > 2).then_some(seed)?
    };
    let kinds = KINDS.map(|(kind, column)| (kind, column, fixed(column)));
    let anew = |row: usize| -> Vec<&str> {
        let differs = |(_, column, fixed): &&(&str, &str, Option<u64>)| fixed.is_none() || seed(row, column) != *fixed;
        kinds.iter().filter(differs).map(|(kind, ..)| *kind).collect()
    };
    let mut parts: BTreeMap<(usize, Vec<&str>), Vec<usize>> = BTreeMap::new();
    for &row in rows {
        let drawn = anew(row);
        parts.entry((drawn.len(), drawn)).or_default().push(row);
    }
    let none = parts.remove(&(0, Vec::new())).unwrap_or_default();
    let named = |((_, kinds), mut rows): ((usize, Vec<&str>), Vec<usize>)| {
        rows.extend(&none);
        rows.sort_unstable();
        (kinds.join(", "), rows)
    };
    let parts: Vec<(String, Vec<usize>)> = parts.into_iter().map(named).collect();
    if parts.is_empty() { vec![(String::new(), rows.to_vec())] } else { parts }
}

/// There where some configuration has at least ten replicates, and at most six have. The founding question's own goes
/// before others, then the one whose values spread furthest.
pub(super) fn distribution(
    records: &Records,
    problems: &[Problem],
    groups: &[Group],
    metric: &Metric,
) -> Option<Distribution> {
    let many: Vec<usize> = problems.iter().flat_map(|problem| problem.groups.iter().copied()).collect();
    let many: Vec<usize> = many.into_iter().filter(|&group| groups[group].rows.len() >= ENOUGH).collect();
    let question = |group: usize| is_question(records, groups[group].rows[0]);
    let column = |group: usize| if question(group) { "train_rmse_rounded" } else { metric.name.as_str() };
    let of = |rows: &[usize], column: &str| Summary::of(rows.iter().map(|&row| (row, records.number(row, column))));
    let summary = |group: usize| {
        let (_, rows) = parts(records, &groups[group].rows).pop()?;
        of(&rows, column(group)).filter(|summary| summary.n() >= ENOUGH)
    };
    // Equal values are no distribution; of others, how many times the largest is the smallest.
    let spread = |summary: &Summary| {
        let (low, high) = (summary.min.abs().min(summary.max.abs()), summary.min.abs().max(summary.max.abs()));
        if summary.max > summary.min { (high / low.max(1e-12 * high)).max(1.0) } else { 0.0 }
    };
    let shown = many.iter().filter_map(|&group| Some((group, summary(group)?)));
    let shown = shown.filter(|(_, summary)| spread(summary) > 0.0);
    let (group, summary) = shown.max_by(|(a, x), (b, y)| {
        question(*a).cmp(&question(*b)).then(spread(x).total_cmp(&spread(y))).then(b.cmp(a))
    })?;
    if many.len() > FEW {
        return None;
    }
    let (row, column) = (groups[group].rows[0], column(group).to_owned());
    let floor = groups[group].summary(records, "affine_floor").map(|floors| floors.median).filter(|floor| *floor > 0.0);
    let error = column.contains("rmse");
    let on_draws =
        column.starts_with("train_") && records.value(row, "task") == Some("square") && is_bare(records, row);
    let band = floor.filter(|_| error && on_draws).and_then(|floor| {
        let own = |row: usize| records.number(row, "affine_floor_train");
        let near = |&&(row, value): &&(usize, f64)| own(row).is_some_and(|own| value <= 1.01 * own);
        Some(Band {
            floor,
            sd: in_sample_sd(floor, records.number(row, "examples")?),
            own: median(groups[group].rows.iter().filter_map(|&row| own(row))),
            reached: summary.values.iter().filter(near).count(),
        })
    });
    let mut parts = parts(records, &groups[group].rows);
    let alone = parts.len() == 1;
    let parts = parts.drain(..).filter(|_| !alone).filter_map(|(kinds, rows)| Some((kinds, of(&rows, &column)?)));
    Some(Distribution {
        parts: parts.collect(),
        printed: question(group).then_some(anchors::SQUARES_RMSE),
        floor: floor.filter(|_| error && !column.starts_with("train_") && !column.starts_with("extrapolation_")),
        linear: is_linear(records, row),
        runs: many.iter().map(|&group| groups[group].rows.len()).sum(),
        others: many.len() - 1,
        group,
        column,
        summary,
        band,
    })
}
