//! Configurations with their replicates, ranked by the sweep's metric within what is to be learnt.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::records::Records;
use super::{Metric, Summary, ranks};
use crate::config::{Configuration, Kind, PARAMETERS, Parameter, parameter};

/// Parameters that decide what is to be learnt: across them, errors are not comparable.
pub const PROBLEM: [&str; 3] = ["task", "operands", "largest"];

/// What the only configuration of a problem is called.
pub const ONLY: &str = "its only configuration";

/// What is to be learnt, and the configurations that try to.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// In words: `square`, or with what else differs, `square, largest 100`.
    pub label: String,
    /// Its configurations, as indices of groups, the best first.
    pub groups: Vec<usize>,
    /// How many of its configurations cannot be told apart from the first, that one among them; `None` without replicates.
    pub tied: Option<usize>,
    /// The affine floor, where all its runs on the bare numbers have the same.
    pub floor: Option<f64>,
}

/// A configuration and its replicates.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The id of the configuration.
    pub config: String,
    /// Its place among the problems.
    pub problem: usize,
    /// Rows of its runs, by replicate.
    pub rows: Vec<usize>,
    /// Values of the parameters that vary in the sweep; `None` where one has no effect.
    pub levels: Vec<Option<String>>,
    /// Those values in a line, without what the problem already says.
    pub label: String,
    /// The metric over the replicates; `None` where no run has it.
    pub metric: Option<Summary>,
    /// 1 for the best configuration of its problem; `None` without the metric.
    pub rank: Option<usize>,
    /// The places that it may have among the complete configurations of its problem: behind all that are clearly better, before
    /// all that are clearly worse. Clear is a difference whose 95 % interval leaves out zero. `None` without replicates.
    pub places: Option<(usize, usize)>,
}

impl Group {
    /// A column over the replicates; `None` where no run has it.
    #[must_use]
    pub fn summary(&self, records: &Records, column: &str) -> Option<Summary> {
        Summary::of(self.rows.iter().map(|&row| (row, records.number(row, column))))
    }
}

/// A value with its parameter's name where the value alone would not be understood: `relu`, but `depth 2`.
#[must_use]
pub fn describe(name: &str, level: &str) -> String {
    let words = parameter(name).is_some_and(|parameter| matches!(parameter.kind, Kind::Words(_)));
    match name {
        "input_normalization" => format!("inputs {level}"),
        "target_normalization" => format!("targets {level}"),
        "normalization" if level == "none" => "not scaled".into(),
        "normalization" if level == "log" => "log of both".into(),
        "normalization" if level == "standardize" => "standardized".into(),
        "normalization" => format!("{level} scaling"),
        "bias" => if level == "true" { "bias" } else { "no bias" }.into(),
        _ if words => level.to_owned(),
        "hidden" => format!("hidden {}", level.trim_matches(['[', ']']).replace(", ", "-")),
        _ => format!("{} {level}", name.replace('_', " ")),
    }
}

/// Values of parameters in a line. Left out is what has no effect and, but for activations and scales, what is at its
/// default.
#[must_use]
pub fn label(records: &Records, row: usize, names: &[&str]) -> String {
    let values = names.iter().filter_map(|name| Some((*name, records.value(row, name)?)));
    let values = values.filter(|(name, level)| !goes_without_saying(name, level));
    let line = values.map(|(name, level)| describe(name, level)).collect::<Vec<_>>().join(" · ");
    if line.is_empty() { "the defaults".into() } else { line }
}

/// Whether a value is its parameter's default, where that is not worth a word.
fn goes_without_saying(name: &str, level: &str) -> bool {
    static DEFAULTS: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
        let configuration = Configuration::default();
        let quiet = |parameter: &&Parameter| !["activation", "normalization"].contains(&parameter.name);
        // A switch that has no effect by default is off as well.
        let off = |parameter: &Parameter| matches!(parameter.kind, Kind::Flag).then(|| "false".to_owned());
        let level = |parameter: &Parameter| {
            let value = configuration.column(parameter).map(|value| value.to_string());
            Some((parameter.name, value.or_else(|| off(parameter))?))
        };
        PARAMETERS.iter().filter(quiet).filter_map(level).collect()
    });
    DEFAULTS.iter().any(|(default, value)| *default == name && value == level)
}

/// Parameters that tell these rows apart, in the order of the reference, without those of the problem.
#[must_use]
pub fn telling(records: &Records, rows: &[usize], varying: &[&'static str]) -> Vec<&'static str> {
    let differs = |name: &&'static str| {
        let level = |row: usize| records.value(row, name);
        !PROBLEM.contains(name) && rows.windows(2).any(|pair| level(pair[0]) != level(pair[1]))
    };
    varying.iter().copied().filter(differs).collect()
}

pub(super) fn groups(records: &Records, varying: &[&'static str], metric: &Metric) -> (Vec<Problem>, Vec<Group>) {
    let mut by_problem: BTreeMap<Vec<Option<usize>>, Vec<Group>> = BTreeMap::new();
    let mut start = 0;
    for rows in records.runs.chunk_by(|a, b| a.config == b.config) {
        let rows: Vec<usize> = (start..start + rows.len()).collect();
        start += rows.len();
        let first = rows[0];
        let key = PROBLEM.iter().map(|name| records.factor(name).and_then(|factor| factor.code(first))).collect();
        let group = Group {
            config: records.runs[first].config.clone(),
            problem: 0,
            levels: varying.iter().map(|name| records.value(first, name).map(str::to_owned)).collect(),
            label: String::new(),
            metric: Summary::of(rows.iter().map(|&row| (row, records.number(row, &metric.name)))),
            rank: None,
            places: None,
            rows,
        };
        by_problem.entry(key).or_default().push(group);
    }
    let mut problems = Vec::new();
    let mut all = Vec::new();
    for mut groups in by_problem.into_values() {
        let members: Vec<usize> = groups.iter().map(|group| group.rows[0]).collect();
        let telling = telling(records, &members, varying);
        // Complete ones first: a mean over the replicates that survived says too much.
        groups.sort_by(|a, b| match (&a.metric, &b.metric) {
            (Some(x), Some(y)) => (x.missing > 0).cmp(&(y.missing > 0)).then(metric.goal.order(x.mean, y.mean)),
            (x, y) => y.is_some().cmp(&x.is_some()),
        });
        let (problem, offset) = (problems.len(), all.len());
        problems.push(Problem {
            label: problem_label(records, groups[0].rows[0], varying),
            groups: (offset..offset + groups.len()).collect(),
            floor: common_floor(records, &groups),
            tied: None,
        });
        for (place, mut group) in groups.into_iter().enumerate() {
            group.problem = problem;
            let only = telling.is_empty();
            group.label = if only { ONLY.into() } else { label(records, group.rows[0], &telling) };
            group.rank = group.metric.is_some().then_some(place + 1);
            all.push(group);
        }
        let (tied, places) = ranks::places(records, &all[offset..], metric.goal);
        problems[problem].tied = tied;
        all[offset..].iter_mut().zip(places).for_each(|(group, places)| group.places = places);
    }
    (problems, all)
}

fn problem_label(records: &Records, row: usize, varying: &[&str]) -> String {
    let task = records.value(row, "task").unwrap_or("the task").to_owned();
    let rest = ["operands", "largest"].into_iter().filter(|name| varying.contains(name));
    // Operands follow from the task, unless the same task has several.
    let several = |name: &str| {
        let levels = |r: usize| records.value(r, name);
        (0..records.runs.len()).any(|r| records.value(r, "task") == Some(&task) && levels(r) != levels(row))
    };
    let rest = rest.filter(|name| several(name)).filter_map(|name| Some(describe(name, records.value(row, name)?)));
    std::iter::once(task.clone()).chain(rest).collect::<Vec<_>>().join(", ")
}

fn common_floor(records: &Records, groups: &[Group]) -> Option<f64> {
    let rows = groups.iter().flat_map(|group| &group.rows).copied();
    let bare = rows.filter(|&row| records.value(row, "encoding").is_none_or(|encoding| encoding == "scalar"));
    let mut floors = bare.filter_map(|row| records.number(row, "affine_floor"));
    let first = floors.next()?;
    floors.all(|floor| (floor - first).abs() <= 1e-9 * first.abs()).then_some(first)
}
