//! The size of a plan, by checked arithmetic, before anything is expanded.

use std::fmt;

use crate::grid::Points;
use crate::sweep::Sweep;

/// A sweep that asks for more runs than are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// Runs asked for, points that would turn out equal or excluded included; `None` beyond 2^128.
    pub runs: Option<u128>,
    /// Runs allowed.
    pub limit: u64,
    /// The points of each grid, `None` beyond 2^128, and how often it trains each.
    pub grids: Vec<(String, Option<u128>, u32)>,
    /// The grids of which a sample is drawn.
    pub sampled: Vec<String>,
}

impl std::error::Error for TooLarge {}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = thousands(Some(self.limit.into()));
        let runs = thousands(self.runs);
        writeln!(
            f,
            "the sweep asks for up to {runs} runs, rules and equal points not taken off yet, and the limit is {limit}"
        )?;
        for (name, points, replicates) in &self.grids {
            let times = if *replicates > 1 { format!(" x {replicates} replicates") } else { String::new() };
            writeln!(f, "  grid `{name}`: {} points{times}", thousands(*points))?;
        }
        match self.runs.and_then(|runs| u64::try_from(runs).ok()) {
            Some(runs) => writeln!(f, "hint: give the axes fewer values, or allow it with `--max-runs {runs}`")?,
            None => writeln!(f, "hint: give the axes fewer values")?,
        }
        let largest = self.grids.iter().max_by_key(|(_, points, _)| points.unwrap_or(u128::MAX));
        let name = largest.map_or("grid", |(name, ..)| name);
        if self.sampled.iter().any(|sampled| sampled == name) {
            return write!(f, "hint: give the `sample` of `{name}` a smaller `count`");
        }
        write!(
            f,
            "hint: to train some of the points, evenly spread, write into `{name}`: \
             `sample: {{method: sobol, count: {}, seed: 0}}`",
            self.limit.clamp(1, 1000)
        )
    }
}

/// A number with commas between its thousands.
fn thousands(number: Option<u128>) -> String {
    let Some(number) = number else { return "more than 2^128".into() };
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The points of each grid of a sweep that asks for at most `limit` runs.
pub(super) fn within(sweep: &Sweep, limit: u64) -> Result<Vec<Points<'_>>, TooLarge> {
    let grids: Vec<_> = sweep.grids.iter().map(|grid| Points::of(grid).ok()).collect();
    let sizes: Vec<Option<u128>> = grids.iter().map(|points| points.as_ref().map(Points::len)).collect();
    let runs = sweep
        .grids
        .iter()
        .zip(&sizes)
        .try_fold(0u128, |sum, (grid, size)| sum.checked_add((*size)?.checked_mul(grid.replicates.count.into())?));
    let all: Option<Vec<Points<'_>>> = grids.into_iter().collect();
    match (runs, all) {
        (Some(runs), Some(all)) if runs <= u128::from(limit) => Ok(all),
        _ => Err(TooLarge {
            runs,
            limit,
            grids: asked(sweep, sizes).collect(),
            sampled: sweep.grids.iter().filter(|grid| grid.sample.is_some()).map(|grid| grid.name.clone()).collect(),
        }),
    }
}

/// Each grid by name, with its points and replicates.
fn asked(sweep: &Sweep, sizes: Vec<Option<u128>>) -> impl Iterator<Item = (String, Option<u128>, u32)> {
    sweep.grids.iter().zip(sizes).map(|(grid, size)| (grid.name.clone(), size, grid.replicates.count))
}
