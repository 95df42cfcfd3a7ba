//! Claims: what a sweep file states of its results, and whether the records bear it out.

use std::ops::Range;

use polars::prelude::{Column, DataFrame, DataType, NamedFrom, PlSmallStr, Series};

use super::questions::{self, Answer, NO_CONDITION};
use super::{Asked, Goal, Metric, Records, compare, environments};
use crate::sweep::{aggregates, argument, of_all, of_each, terms, test_of, unusable};

/// A statement about the results, as the sweep file makes it. Its expressions are SQL over the columns of the runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed, in words.
    pub name: String,
    /// The runs that it is about; all where absent.
    pub filter: Option<String>,
    /// What must be true of them.
    pub expect: Option<String>,
    /// A comparison of two configurations over their replicates, whose interval must leave zero out.
    pub compare: Option<Compare>,
}

/// Two sets of runs that are compared replicate by replicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The one that is claimed to be better: SQL over the columns of the runs.
    pub a: String,
    /// The other.
    pub b: String,
    /// What is compared: a numeric column; the sweep's metric where absent.
    pub metric: Option<String>,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is true of the records.
    Holds,
    /// It is not.
    Fails,
    /// There are no runs to tell by, or none of them has what it asks about.
    NotTested,
}

/// A claim and what the records say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The claim.
    pub claim: Claim,
    /// What became of it.
    pub outcome: Outcome,
    /// Rows of the runs that it is about.
    pub rows: Vec<usize>,
    /// What its expression comes to, piece by piece: `max(train_rmse_rounded)` and its number, `None` where there is none.
    pub values: Vec<(String, Option<Answer>)>,
    /// How many of the runs each of these values is made from: those that have what it asks about.
    pub valued: Vec<usize>,
    /// Rows of the runs that break it, where single runs do.
    pub breaking: Vec<usize>,
    /// The paired comparison, where it asks for one.
    pub comparison: Option<Comparison>,
    /// Why it was not tested, where it was not.
    pub reason: Option<String>,
    /// Runs that the sweep asks for and that are not trained yet: some of them may be among those that it is about.
    pub untrained: u64,
    /// How many of them are; `None` where that hangs on what comes out of them.
    pub missing: Option<u64>,
    /// How many of the runs that it is about come from each environment, by its id.
    pub environments: Vec<(String, usize)>,
}

/// A paired comparison over replicates.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The column that is compared.
    pub column: String,
    /// Which end of it is good.
    pub goal: Goal,
    /// Means of both sides over the seeds that both have.
    pub means: (f64, f64),
    /// Differences a − b by seed.
    pub differences: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Student 95 % interval of the mean; `None` for a single pair.
    pub interval: Option<(f64, f64)>,
    /// Runs of either side without a partner.
    pub unpaired: usize,
    /// Seeds of which a side has several runs: their mean counts.
    pub averaged: usize,
    /// Runs of either side without a value.
    pub without: usize,
    /// Seeds of which the runs of both sides come from several environments.
    pub across: usize,
}

/// What became of each claim. `frame` has the runs of `records` in any order: those of `asked` that were trained.
pub(super) fn verdicts(
    frame: &DataFrame,
    records: &Records,
    claims: &[Claim],
    metric: &Metric,
    asked: &Asked,
) -> Vec<Verdict> {
    if claims.is_empty() {
        return Vec::new();
    }
    let frame = in_order(frame, records);
    let untrained = asked.runs.saturating_sub(records.runs.len() as u64);
    let one = |claim: &Claim| {
        let found = verdict(&frame, records, claim, metric);
        let missing = if untrained == 0 { Some(0) } else { asked.missing(claim) };
        Verdict { untrained, missing, environments: environments::counts(records, &found.rows), ..found }
    };
    claims.iter().map(one).collect()
}

/// The runs in the order of the records, so that no answer depends on how they are stored.
fn in_order(frame: &DataFrame, records: &Records) -> Result<DataFrame, String> {
    let runs = frame.column("run").and_then(|column| column.str()).map_err(|error| error.to_string())?;
    let places: std::collections::BTreeMap<&str, usize> =
        runs.iter().enumerate().filter_map(|(row, run)| Some((run?, row))).collect();
    let order: Vec<usize> = records.runs.iter().filter_map(|run| places.get(run.id.as_str()).copied()).collect();
    questions::rows(frame, &order)
}

fn verdict(frame: &Result<DataFrame, String>, records: &Records, claim: &Claim, metric: &Metric) -> Verdict {
    let mut verdict = Verdict {
        claim: claim.clone(),
        outcome: Outcome::NotTested,
        rows: Vec::new(),
        values: Vec::new(),
        valued: Vec::new(),
        breaking: Vec::new(),
        comparison: None,
        reason: None,
        untrained: 0,
        missing: None,
        environments: Vec::new(),
    };
    let told = frame.as_ref().map_err(Clone::clone).and_then(|frame| judge(&mut verdict, frame, records, metric));
    match told {
        Ok(outcome) => verdict.outcome = outcome,
        Err(reason) => verdict.reason = Some(reason),
    }
    verdict
}

/// Fills in what is found of a claim; an error is the reason for which it cannot be told.
fn judge(verdict: &mut Verdict, frame: &DataFrame, records: &Records, metric: &Metric) -> Result<Outcome, String> {
    let claim = verdict.claim.clone();
    verdict.rows = match &claim.filter {
        Some(filter) => {
            let holds =
                questions::holds(frame, filter).map_err(|error| format!("`where` cannot be computed: {error}"))?;
            (0..frame.height()).filter(|&row| holds[row]).collect()
        }
        None => (0..frame.height()).collect(),
    };
    if verdict.rows.is_empty() {
        return Err("there are no such runs".into());
    }
    let own = questions::rows(frame, &verdict.rows)?;
    let expected = match &claim.expect {
        Some(expect) => expectation(verdict, &own, expect)?,
        None => Outcome::Holds,
    };
    let Some(asked) = &claim.compare else { return Ok(expected) };
    let comparison = verdict.comparison.insert(compare::compare(&own, &verdict.rows, asked, records, metric)?);
    match compare::outcome(comparison) {
        Outcome::NotTested => Err("a single pair of seeds has no interval".into()),
        Outcome::Holds => Ok(expected),
        Outcome::Fails => Ok(Outcome::Fails),
    }
}

fn expectation(verdict: &mut Verdict, own: &DataFrame, expect: &str) -> Result<Outcome, String> {
    for aggregate in aggregates(expect) {
        let of = argument(aggregate);
        let valued = match questions::value(own, &format!("count({of})")) {
            _ if of == "*" => own.height(),
            Some(Answer::Number(count)) => count as usize,
            _ => 0,
        };
        verdict.valued.push(valued);
        verdict.values.push((aggregate.to_owned(), questions::value(own, aggregate)));
    }
    let is_number = |answer: &Answer| !matches!(answer, Answer::Number(number) if !number.is_finite());
    if let Some((text, _)) = verdict.values.iter().find(|(_, value)| !value.as_ref().is_none_or(is_number)) {
        return Err(format!("`{text}` comes to no number"));
    }
    let truth = questions::truth(own, expect).map_err(|error| format!("`expect` cannot be computed: {error}"))?;
    match truth {
        Some(true) => Ok(Outcome::Holds),
        Some(false) => {
            let broken = terms(expect).into_iter().filter(|term| questions::truth(own, term) == Ok(Some(false)));
            let tests = broken.filter_map(test_of).filter_map(|test| questions::holds(own, &test).ok());
            let breaks = tests.fold(vec![false; own.height()], |all, test| {
                all.iter().zip(test).map(|(one, other)| *one || other).collect()
            });
            verdict.breaking = (0..own.height()).filter(|&row| breaks[row]).map(|row| verdict.rows[row]).collect();
            Ok(Outcome::Fails)
        }
        None => {
            let absent = verdict.values.iter().filter(|(_, value)| value.is_none());
            let absent: Vec<String> = absent.map(|(text, _)| format!("`{text}`")).collect();
            let what = if absent.is_empty() { "what it asks about".to_owned() } else { absent.join(", ") };
            Err(format!("none of its {} runs has what it is told by: {what}", own.height()))
        }
    }
}

/// A part of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The runs that it is about.
    Where,
    /// What must be true of them.
    Expect,
    /// The better side of a comparison.
    A,
    /// The other side.
    B,
    /// The column that is compared.
    Metric,
}

/// What is wrong with a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The number of the claim.
    pub claim: usize,
    /// The part of it.
    pub part: Part,
    /// The bytes of that part, where it is not all of it.
    pub piece: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// What is wrong with claims before there are any runs: what cannot be computed from a table with the columns of `table`.
#[must_use]
pub fn check(claims: &[Claim], table: &DataFrame) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for (number, claim) in claims.iter().enumerate() {
        let sides = claim.compare.as_ref().map(|compare| [(Part::A, &compare.a), (Part::B, &compare.b)]);
        let each = claim.filter.as_ref().map(|filter| (Part::Where, filter));
        for (part, sql) in each.into_iter().chain(sides.into_iter().flatten()) {
            wrong.extend(wrong_with(table, sql, false).map(|found| Wrong { claim: number, part, ..found }));
        }
        if let Some(expect) = &claim.expect {
            let found = wrong_with(table, expect, true);
            wrong.extend(found.map(|found| Wrong { claim: number, part: Part::Expect, ..found }));
        }
        if let Some(metric) = claim.compare.as_ref().and_then(|compare| compare.metric.as_ref()) {
            let is_number = |column: &&Column| column.dtype().is_primitive_numeric();
            let numeric: Vec<&str> =
                table.columns().iter().filter(is_number).map(|column| column.name().as_str()).collect();
            if !numeric.contains(&metric.as_str()) {
                let message = format!("there is no numeric column `{metric}`");
                let hint = unusable(metric, &numeric).map(|found| found.hint).unwrap_or_default();
                wrong.push(Wrong { claim: number, part: Part::Metric, piece: None, message, hint });
            }
        }
    }
    wrong
}

/// What is wrong with an expression that is about `all` runs together, or about each by itself.
fn wrong_with(table: &DataFrame, sql: &str, all: bool) -> Option<Wrong> {
    let wrong =
        |piece, message: String, hint: String| Some(Wrong { claim: 0, part: Part::Expect, piece, message, hint });
    let columns: Vec<&str> = table.columns().iter().map(|column| column.name().as_str()).collect();
    let misplaced = || if all { of_each(sql, &columns) } else { of_all(sql) };
    if let Some(found) = unusable(sql, &columns).or_else(misplaced) {
        return wrong(Some(found.piece), found.message, found.hint);
    }
    // Two rows, so that what is made from all runs shows by being one. Lists are there, so that what takes them for texts shows.
    let two = |column: &Column| match column.dtype() {
        DataType::List(_) => {
            let lists: [Series; 2] = std::array::from_fn(|_| Series::new(PlSmallStr::EMPTY, ["x"]));
            Series::new(column.name().clone(), lists).into()
        }
        kind => Column::full_null(column.name().clone(), 2, kind),
    };
    let runs = DataFrame::new(2, table.columns().iter().map(two).collect()).ok()?;
    let found = match questions::answer(&runs, sql) {
        Ok(found) => found,
        Err(error) => {
            let hint = if error.contains("List") {
                "a run has a list of grids: `ARRAY_CONTAINS(grids, 'name')` is true where one of them is that"
            } else {
                "claims are SQL over the columns of the runs, as in `max(domain_rmse) < 5`"
            };
            return wrong(None, format!("this cannot be computed: {error}"), hint.into());
        }
    };
    if found.dtype() != &DataType::Boolean {
        let hint = if all {
            "compare something, as in `max(excess) < 0.1`"
        } else {
            "compare something, as in `task = 'sum'`"
        };
        return wrong(None, NO_CONDITION.into(), hint.into());
    }
    if all && (found.len() != 1 || aggregates(sql).is_empty()) {
        let message = "this says nothing of the runs, and a claim is about them".to_owned();
        return wrong(None, message, "say of which value: `max(…)`, `min(…)`, `median(…)`, `count(*)`".into());
    }
    None
}
