//! How learning goes over the epochs: what was still falling when it ended, and what left the numbers.

use super::median;
use crate::analysis::{Group, Records};
use crate::train::Status;

/// An error that falls by more than this share over the last half of the epochs is still falling.
pub const GOING: f64 = 0.1;

/// Learning curves of all configurations.
#[derive(Clone, Debug, PartialEq)]
pub struct Courses {
    /// Configurations that have curves.
    pub configurations: usize,
    /// Those whose error was still falling at the end, in the median over replicates.
    pub going: usize,
    /// Those with runs that left the numbers.
    pub broken: usize,
    /// Runs of configurations that were still falling or have such runs.
    pub runs: usize,
    /// Label, first and last median error of the configuration with the lowest error at the end, where errors compare.
    pub best: Option<(String, f64, f64)>,
}

/// There where some run has a curve.
pub(super) fn courses(records: &Records, groups: &[Group], problems: usize) -> Option<Courses> {
    let mut courses = Courses { configurations: 0, going: 0, broken: 0, runs: 0, best: None };
    for group in groups {
        let curves: Vec<_> = group.rows.iter().map(|&row| &records.curves[row]).filter(|c| !c.is_empty()).collect();
        let broken = group.rows.iter().any(|&row| records.runs[row].status == Status::Diverged);
        if curves.is_empty() && !broken {
            continue;
        }
        courses.configurations += 1;
        let ends = |curve: &&Vec<crate::analysis::CurvePoint>| {
            let last = curve.last()?;
            let half = curve.iter().rev().find(|point| point.epoch <= last.epoch / 2.0)?;
            Some((curve.first()?.test_rmse?, half.test_rmse?, last.test_rmse?))
        };
        let ends: Vec<(f64, f64, f64)> = curves.iter().filter_map(ends).collect();
        let of = |part: fn(&(f64, f64, f64)) -> f64| median(ends.iter().map(part));
        let going = matches!((of(|e| e.1), of(|e| e.2)), (Some(half), Some(last)) if last < (1.0 - GOING) * half);
        courses.going += usize::from(going);
        courses.broken += usize::from(broken);
        courses.runs += if going || broken { group.rows.len() } else { 0 };
        if let (Some(first), Some(last)) = (of(|e| e.0), of(|e| e.2))
            && problems == 1
            && courses.best.as_ref().is_none_or(|(_, _, best)| last < *best)
        {
            courses.best = Some((group.label.clone(), first, last));
        }
    }
    (courses.configurations > 0).then_some(courses)
}
