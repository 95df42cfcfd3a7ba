//! Errors before and after rounding, by precision: how exact a perfect fit is, and what rounding hides.

use std::collections::BTreeMap;

use super::rows_of;
use super::settings::{Key, Setting, differing, key, words};
use crate::analysis::{Group, Problem, Records, Summary};

/// Errors before and after rounding.
#[derive(Clone, Debug, PartialEq)]
pub struct Roundings {
    /// By problem, then by what else differs, then by precision.
    pub rounded: Vec<Rounded>,
    /// Runs of them.
    pub runs: usize,
}

/// Runs that differ in nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounded {
    /// Index of the problem.
    pub problem: usize,
    /// In words.
    pub label: String,
    /// The precision.
    pub precision: String,
    /// RMSE on the training split.
    pub exact: Summary,
    /// The same after rounding to whole numbers.
    pub rounded: Summary,
}

/// There where runs that are alike in all else differ in precision.
pub(super) fn roundings(
    records: &Records,
    settings: &[Setting],
    problems: &[Problem],
    groups: &[Group],
) -> Option<Roundings> {
    settings.iter().find(|setting| setting.name == "precision")?;
    let mut rounded = Vec::new();
    for (problem, members) in problems.iter().enumerate() {
        let rows = rows_of(members, groups);
        let (precision, own): (Vec<&Setting>, Vec<&Setting>) =
            differing(settings, &rows).into_iter().partition(|setting| setting.name == "precision");
        if precision.is_empty() {
            continue;
        }
        let mut by_label: BTreeMap<(Key, Key), Vec<usize>> = BTreeMap::new();
        for row in rows {
            let place = (key(own.iter().copied(), row), key(precision.iter().copied(), row));
            by_label.entry(place).or_default().push(row);
        }
        let twins: Vec<Key> = by_label.keys().map(|(own, _)| own.clone()).collect();
        let paired = |own: &Key| twins.iter().filter(|other| *other == own).count() > 1;
        let by_label = by_label.into_iter().filter(|((own, _), _)| paired(own)).map(|(_, rows)| rows);
        rounded.extend(by_label.filter_map(|rows| {
            let of = |column: &str| Summary::of(rows.iter().map(|&row| (row, records.number(row, column))));
            Some(Rounded {
                problem,
                label: words(own.iter().copied(), rows[0]).unwrap_or_else(|| "every run".into()),
                precision: records.value(rows[0], "precision")?.to_owned(),
                exact: of("train_rmse")?,
                rounded: of("train_rmse_rounded")?,
            })
        }));
    }
    let runs = rounded.iter().map(|rounded| rounded.exact.n()).sum();
    (!rounded.is_empty()).then_some(Roundings { rounded, runs })
}
