//! From records to findings: frames in, plain structs out. Reads no file and no clock, draws nothing.

mod absent;
mod anova;
mod asked;
pub mod claims;
mod compare;
mod curves;
mod design;
pub mod distributions;
pub mod effects;
mod ends;
pub mod environments;
pub mod findings;
mod forest;
pub mod founding;
mod groups;
mod importance;
pub mod intervals;
mod luck;
mod questions;
mod ranks;
mod records;
mod resamples;
mod statistics;
pub mod theory;
mod tuning;

use polars::prelude::DataFrame;

pub use absent::{Absence, absences};
pub use asked::Asked;
pub use claims::{Claim, Compare, Comparison, Outcome, Verdict};
pub use curves::{CurvePoint, PredictionPoint};
pub use design::{Design, DesignAxis, NOT_SET};
pub use effects::{Cell, Effect, Level};
pub use ends::{Ends, Tally};
pub use environments::{Class, Environments};
pub use findings::Findings;
pub use founding::Founding;
pub use groups::{Group, ONLY, PROBLEM, Problem, describe, label, telling};
pub use importance::{Importance, Intervals, Method};
pub use luck::{Kind, Luck, Spread};
pub use questions::Answer;
pub use records::{Factor, Records, Run, Unreadable};
pub use statistics::Summary;
pub use tuning::{Tuned, Tuning};

/// What a sweep ranks its configurations by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// A numeric column of the runs.
    pub name: String,
    /// Which way is better.
    pub goal: Goal,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Smaller is better.
    Minimize,
    /// Larger is better.
    Maximize,
}

impl Goal {
    /// Orders `a` before `b` where `a` is better.
    #[must_use]
    pub fn order(self, a: f64, b: f64) -> std::cmp::Ordering {
        match self {
            Self::Minimize => a.total_cmp(&b),
            Self::Maximize => b.total_cmp(&a),
        }
    }
}

/// The tables of a sweep's results, as the store keeps them.
#[derive(Clone, Debug)]
pub struct Frames {
    /// One row a run.
    pub runs: DataFrame,
    /// One row a run and noted epoch.
    pub curves: DataFrame,
    /// One row a run and input, for tasks of one operand.
    pub predictions: DataFrame,
}

/// All that a report says about a sweep, in numbers.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// What configurations are ranked by.
    pub metric: Metric,
    /// The runs, column by column.
    pub records: Records,
    /// Names of the parameters that have more than one value, in the order of the reference.
    pub varying: Vec<&'static str>,
    /// What was to be learnt; configurations are only ranked within one of these.
    pub problems: Vec<Problem>,
    /// Configurations: by problem, the best first.
    pub groups: Vec<Group>,
    /// What the metric goes with, design by design, the one with the most runs first.
    pub importances: Vec<Importance>,
    /// The best of each value of the strongest axis that is no matter of tuning, for each of those designs that has one.
    pub tunings: Vec<Tuning>,
    /// The spread of each kind of luck by itself, where a configuration was trained so that they can be told apart.
    pub lucks: Vec<Luck>,
    /// How the runs ended.
    pub ends: Ends,
    /// The environments that runs come from, where there are several.
    pub environments: Option<Environments>,
    /// Combinations of a grid's values that have no run.
    pub absences: Vec<Absence>,
    /// What became of the claims, in the order of the sweep file.
    pub verdicts: Vec<Verdict>,
    /// What the records say on the founding question, where they say anything.
    pub founding: Option<Founding>,
    /// What they say beyond it.
    pub findings: Findings,
}

/// What became of claims about a sweep that asks for the runs `asked`, with the runs of the table by rows.
///
/// # Errors
/// As for [`analyze`].
pub fn judge(
    runs: &DataFrame,
    metric: &Metric,
    claims: &[Claim],
    asked: impl Into<Asked>,
) -> Result<(Records, Vec<Verdict>), Unreadable> {
    let records = Records::of(runs)?;
    let verdicts = claims::verdicts(runs, &records, claims, metric, &asked.into());
    Ok((records, verdicts))
}

/// What a sweep came to without figures: its configurations in their ranks, how its runs ended, and its claims.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The runs, column by column.
    pub records: Records,
    /// What was to be learnt.
    pub problems: Vec<Problem>,
    /// Configurations: by problem, the best first.
    pub groups: Vec<Group>,
    /// How the runs ended.
    pub ends: Ends,
    /// What became of the claims, in the order of the sweep file.
    pub verdicts: Vec<Verdict>,
}

/// Ranks a sweep that asks for `asked` runs, of which the table holds those that were trained.
///
/// # Errors
/// As for [`analyze`].
pub fn rank(runs: &DataFrame, metric: &Metric, claims: &[Claim], asked: u64) -> Result<Ranking, Unreadable> {
    let records = Records::of(runs)?;
    let varying = records.varying();
    let (problems, groups) = groups::groups(&records, &varying, metric);
    let ends = ends::ends(&records, &varying, asked);
    let verdicts = claims::verdicts(runs, &records, claims, metric, &asked.into());
    Ok(Ranking { records, problems, groups, ends, verdicts })
}

/// Analyses a sweep that asks for the runs `asked`, of which the frames hold those that were trained.
///
/// # Errors
/// When a table lacks a column that it cannot be read without, or holds something else in it.
pub fn analyze(
    frames: &Frames,
    metric: &Metric,
    claims: &[Claim],
    asked: impl Into<Asked>,
) -> Result<Analysis, Unreadable> {
    let asked = asked.into();
    let records = Records::read(frames)?;
    let varying = records.varying();
    let (problems, groups) = groups::groups(&records, &varying, metric);
    let importances = importance::importances(&records, &varying, &problems, &groups, metric);
    let tunings = tuning::tunings(&records, &importances, &groups, metric);
    let lucks = luck::lucks(&records, &groups, metric);
    let ends = ends::ends(&records, &varying, asked.runs);
    let environments = Environments::of(&records);
    let absences = absences(&records);
    let founding = founding::founding(&records, &groups);
    let verdicts = claims::verdicts(&frames.runs, &records, claims, metric, &asked);
    let findings = findings::findings(&records, &varying, &problems, &groups, metric);
    Ok(Analysis {
        metric: metric.clone(),
        records,
        varying,
        problems,
        groups,
        importances,
        tunings,
        lucks,
        ends,
        environments,
        absences,
        verdicts,
        founding,
        findings,
    })
}
