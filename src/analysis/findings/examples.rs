//! Error on the examples and on all inputs, by the number of examples.

use std::collections::BTreeMap;

use super::settings::{Key, Setting, differing, key, words};
use super::{main_problem, rows_of};
use crate::analysis::founding::is_linear;
use crate::analysis::{Group, Problem, Records, Summary};

/// Numbers of examples from which on they are compared.
const SIZES: usize = 3;

/// Learners by number of examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    /// What is to be learnt: index of a problem.
    pub problem: usize,
    /// Learners that were given several numbers of examples.
    pub learners: Vec<Learner>,
    /// Runs of them.
    pub runs: usize,
}

/// Networks that differ in the number of examples, and in how long they see them.
#[derive(Clone, Debug, PartialEq)]
pub struct Learner {
    /// In words.
    pub label: String,
    /// Whether it is linear in what it is shown.
    pub linear: bool,
    /// By number of examples.
    pub slopes: Vec<Slope>,
}

/// Runs on one number of examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Slope {
    /// The number of examples.
    pub examples: f64,
    /// RMSE on them.
    pub train: Summary,
    /// RMSE on every input.
    pub domain: Summary,
}

/// Rows by the place of their number of examples.
type BySize = BTreeMap<Option<usize>, Vec<usize>>;

/// Whether batches differ only since there are no more examples than that.
fn capped(records: &Records, rows: &[usize]) -> bool {
    let number = |row: usize, name: &str| records.value(row, name)?.parse::<f64>().ok();
    let largest = rows.iter().filter_map(|&row| number(row, "batch")).fold(0.0, f64::max);
    let own = |&row: &usize| match (number(row, "batch"), number(row, "examples")) {
        (Some(batch), Some(examples)) => batch == largest.min(examples),
        (batch, _) => batch.is_none() && largest == 0.0,
    };
    rows.iter().all(own)
}

/// There where some learner was given at least three numbers of examples.
pub(super) fn examples(
    records: &Records,
    settings: &[Setting],
    problems: &[Problem],
    groups: &[Group],
) -> Option<Examples> {
    let examples = settings.iter().find(|setting| setting.name == "examples")?;
    let measured = |row: usize| records.number(row, "train_rmse").is_some();
    let problem = main_problem(problems, groups, measured)?;
    let rows = rows_of(&problems[problem], groups);
    // As many steps with fewer examples take more epochs: those are no other learner.
    let own: Vec<&Setting> = differing(settings, &rows)
        .into_iter()
        .filter(|setting| !["examples", "epochs", "batch"].contains(&setting.name))
        .collect();
    let mut alike: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for &row in &rows {
        alike.entry(key(own.iter().copied(), row)).or_default().push(row);
    }
    let mut learners: BTreeMap<(Key, Option<usize>), BySize> = BTreeMap::new();
    for (own, rows) in alike {
        let batch = records.factor("batch").filter(|_| !capped(records, &rows));
        for row in rows {
            let sizes = learners.entry((own.clone(), batch.and_then(|batch| batch.code(row)))).or_default();
            sizes.entry(examples.code(row)).or_default().push(row);
        }
    }
    let named = ["activation", "encoding", "layer", "depth", "width", "hidden"];
    let telling = own.iter().copied().filter(|setting| named.contains(&setting.name));
    let telling: Vec<&Setting> = telling.collect();
    let learner = |sizes: BySize| {
        let first = *sizes.values().next()?.first()?;
        let enough = sizes.len() >= SIZES;
        let slope = |rows: Vec<usize>| {
            let of = |column: &str| Summary::of(rows.iter().map(|&row| (row, records.number(row, column))));
            let examples = records.number(*rows.first()?, "examples")?;
            Some(Slope { examples, train: of("train_rmse")?, domain: of("domain_rmse")? })
        };
        let activation = records.value(first, "activation").map(str::to_owned);
        let label = activation.or_else(|| words(telling.iter().copied(), first).filter(|_| telling.len() > 1));
        Some(Learner {
            label: label.unwrap_or_else(|| "affine map".into()),
            linear: is_linear(records, first),
            slopes: sizes.into_values().filter_map(slope).collect(),
        })
        .filter(|_| enough)
    };
    let mut learners: Vec<Learner> = learners.into_values().filter_map(learner).collect();
    for learner in &mut learners {
        learner.slopes.sort_by(|a, b| a.examples.total_cmp(&b.examples));
        if learner.linear && learner.label.starts_with("depth 0") {
            learner.label = "affine map".into();
        }
    }
    let runs = learners.iter().flat_map(|learner| &learner.slopes).map(|slope| slope.domain.n()).sum();
    (!learners.is_empty()).then_some(Examples { problem, learners, runs })
}
