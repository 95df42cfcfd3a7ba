//! Networks of straight pieces on squares: error against the number of pieces, beside the best that so many can do.

use super::settings::{Setting, differing};
use super::{main_problem, median, power, rows_of};
use crate::analysis::founding::{is_bare, is_linear};
use crate::analysis::theory::kinks_rmse;
use crate::analysis::{Group, Problem, Records};

/// Runs, different numbers of pieces, and their range from which on they are worth a figure.
const ENOUGH: (usize, usize, f64) = (10, 4, 4.0);
/// The bound is that of the continuous limit: whole numbers lie a hair off it.
const ROUNDING: f64 = 0.999;
/// Values of the setting that colours, at most.
const COLOURS: usize = 6;

/// Error against pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Pieces {
    /// The largest number.
    pub largest: f64,
    /// The runs.
    pub trained: Vec<Trained>,
    /// Runs on the same problem with kinks that were not counted or without an error.
    pub without: usize,
    /// Runs better than the bound: none, if the theory holds.
    pub below: Vec<usize>,
    /// Smallest and median factor over the bound.
    pub over: (f64, f64),
    /// The power of the number of pieces that the error goes with; the bound's is −2.
    pub power: Option<f64>,
    /// The setting whose values colour the runs.
    pub by: Option<Setting>,
}

/// A run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trained {
    /// The run.
    pub row: usize,
    /// Its straight pieces: kinks and one.
    pub pieces: f64,
    /// Its RMSE over the domain.
    pub error: f64,
}

/// There where at least ten runs with nonlinearities on squares have at least four different numbers of straight pieces,
/// over a range of four.
pub(super) fn pieces(
    records: &Records,
    settings: &[Setting],
    problems: &[Problem],
    groups: &[Group],
) -> Option<Pieces> {
    let own = |row: usize| {
        records.value(row, "task") == Some("square")
            && is_bare(records, row)
            && !is_linear(records, row)
            && records.number(row, "kinks").is_some()
    };
    let problem = main_problem(problems, groups, own)?;
    let rows: Vec<usize> = rows_of(&problems[problem], groups).into_iter().filter(|&row| own(row)).collect();
    let largest = records.number(rows[0], "largest")?;
    let trained = |&row: &usize| {
        let pieces = records.number(row, "kinks")? + 1.0;
        Some(Trained { row, pieces, error: records.number(row, "domain_rmse")? })
    };
    let trained: Vec<Trained> = rows.iter().filter_map(trained).collect();
    let mut counts: Vec<f64> = trained.iter().map(|run| run.pieces).collect();
    counts.sort_by(f64::total_cmp);
    counts.dedup();
    let range = counts.last()? / counts.first()?;
    if trained.len() < ENOUGH.0 || counts.len() < ENOUGH.1 || range < ENOUGH.2 {
        return None;
    }
    let over = |run: &Trained| run.error / kinks_rmse(largest, run.pieces - 1.0);
    let closest = trained.iter().map(over).fold(f64::INFINITY, f64::min);
    // What changes the number of pieces by itself is the horizontal axis already.
    let shape = ["hidden", "depth", "width"];
    let telling = differing(settings, &rows);
    let few = |setting: &&Setting| !shape.contains(&setting.name) && setting.levels.len() <= COLOURS;
    let spread = |setting: &Setting| {
        let of = |code: usize| trained.iter().filter(move |run| setting.code(run.row) == Some(code));
        let medians = (0..setting.levels.len()).filter_map(|code| median(of(code).map(over)));
        let (low, high) = medians.fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), m| (l.min(m), h.max(m)));
        high / low
    };
    let by = telling.into_iter().filter(few).max_by(|a, b| spread(a).total_cmp(&spread(b)));
    Some(Pieces {
        largest,
        without: rows.len() - trained.len(),
        below: trained.iter().filter(|run| over(run) < ROUNDING).map(|run| run.row).collect(),
        over: (closest, median(trained.iter().map(over))?),
        power: power(&trained.iter().map(|run| (run.pieces, run.error)).collect::<Vec<_>>()),
        by: by.cloned(),
        trained,
    })
}
