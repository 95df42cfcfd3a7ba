//! What the metric goes with: shares of its variance by axis and pair of axes, by functional analysis of variance.

use super::design::{Design, designs};
use super::{Group, Metric, Problem, Records, anova, forest, resamples};

/// How shares were told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Exactly, from the cells of a complete grid.
    Exact,
    /// By a regression forest: some combinations have no run.
    Forest {
        /// Runs that it was grown from: all, or a sample of whole configurations.
        sampled: usize,
        /// The share of the variance that it explains of configurations that it has not seen; `None` where that is not known.
        r2: Option<f64>,
    },
}

/// What the metric goes with in some runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The runs and what they differ in.
    pub design: Design,
    /// How it was told.
    pub method: Method,
    /// Shares of the variance that go with each axis alone, in the order of the axes.
    pub mains: Vec<f64>,
    /// Shares that go with two axes together beyond both alone: `(first, second, share)`, the largest first.
    pub pairs: Vec<(usize, usize, f64)>,
    /// The share that goes with three and more axes together.
    pub higher: f64,
    /// The share of replicates' noise; `None` where no configuration has two runs.
    pub noise: Option<f64>,
    /// The share that a forest leaves unexplained, where there is no noise to hold it against.
    pub unexplained: Option<f64>,
    /// Axes of a forest with more values than it keeps apart: they are put into bins.
    pub binned: Vec<usize>,
    /// How far the shares may be off; `None` where nothing tells.
    pub intervals: Option<Intervals>,
}

/// 95 % intervals of shares, by the bootstrap: over the replicates of each combination, or for a forest over configurations.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    /// Of each axis alone.
    pub mains: Vec<(f64, f64)>,
    /// Of each pair, in the order of the pairs.
    pub pairs: Vec<(f64, f64)>,
    /// Of three and more axes together.
    pub higher: (f64, f64),
    /// Of the noise, or of what a forest leaves unexplained.
    pub rest: (f64, f64),
    /// Samples that they are from.
    pub samples: usize,
}

impl Importance {
    /// The axes, the one with the largest share of its own first.
    #[must_use]
    pub fn ranked(&self) -> Vec<usize> {
        let mut axes: Vec<usize> = (0..self.mains.len()).collect();
        axes.sort_by(|&a, &b| self.mains[b].total_cmp(&self.mains[a]).then(a.cmp(&b)));
        axes
    }

    /// The pair whose share is the largest, where one has any.
    #[must_use]
    pub fn strongest_pair(&self) -> Option<(usize, usize, f64)> {
        self.pairs.first().copied().filter(|(_, _, share)| *share > 0.0)
    }
}

pub(super) fn importances(
    records: &Records,
    varying: &[&'static str],
    problems: &[Problem],
    groups: &[Group],
    metric: &Metric,
) -> Vec<Importance> {
    let mut found: Vec<Importance> =
        designs(records, varying, problems, groups, metric).into_iter().filter_map(importance).collect();
    found.sort_by(|a, b| {
        let key = |one: &Importance| (std::cmp::Reverse(one.design.rows.len()), one.design.problem);
        key(a).cmp(&key(b)).then_with(|| a.design.grid.cmp(&b.design.grid))
    });
    found
}

fn importance(design: Design) -> Option<Importance> {
    let (parts, method, rest, binned) = if let Some(parts) = anova::decompose(&design) {
        (parts, Method::Exact, None, Vec::new())
    } else {
        let found = forest::explain(&design)?;
        let noise = within(&design.values, &design.configurations);
        let method = Method::Forest { sampled: found.sampled, r2: found.r2 };
        let rest = if noise.is_some() { None } else { Some(found.error) };
        let total = found.parts.total + noise.or(rest).unwrap_or(0.0);
        (anova::Parts { noise, total, ..found.parts }, method, rest, found.binned)
    };
    if parts.total <= 0.0 {
        return None;
    }
    let resampled = match method {
        Method::Exact => resamples::exact(&design, &parts),
        Method::Forest { .. } => resamples::grown(&design, &parts),
    };
    let share = |part: f64| part / parts.total;
    let mut order: Vec<usize> = (0..parts.pairs.len()).collect();
    order.sort_by(|&a, &b| {
        let (one, other) = (parts.pairs[a], parts.pairs[b]);
        other.2.total_cmp(&one.2).then((one.0, one.1).cmp(&(other.0, other.1)))
    });
    let pairs = order.iter().map(|&place| parts.pairs[place]).map(|(a, b, part)| (a, b, share(part))).collect();
    let intervals = resampled.map(|found| {
        let (mains, rest) = found.intervals.split_at(parts.mains.len());
        let (of_pairs, rest) = rest.split_at(order.len());
        Intervals {
            mains: mains.to_vec(),
            pairs: order.iter().map(|&place| of_pairs[place]).collect(),
            higher: rest[0],
            rest: rest[1],
            samples: found.samples,
        }
    });
    Some(Importance {
        mains: parts.mains.iter().copied().map(share).collect(),
        pairs,
        higher: share(parts.higher),
        noise: parts.noise.map(share),
        unexplained: rest.map(share),
        method,
        binned,
        intervals,
        design,
    })
}

/// The variance of runs around the mean of their configuration; `None` where none has two.
pub(super) fn within(values: &[f64], configurations: &[usize]) -> Option<f64> {
    let mut cells = vec![(0usize, 0.0, 0.0); configurations.iter().max()? + 1];
    // Around the first value, so that little is lost of what is left after the difference.
    let first = values[0];
    for (&cell, value) in configurations.iter().zip(values) {
        let (value, cell) = (value - first, &mut cells[cell]);
        *cell = (cell.0 + 1, cell.1 + value, cell.2 + value * value);
    }
    let squares: f64 = cells.iter().map(|&(n, sum, squares)| (squares - sum * sum / n.max(1) as f64).max(0.0)).sum();
    let degrees: usize = cells.iter().map(|(n, ..)| n.saturating_sub(1)).sum();
    (degrees > 0).then(|| squares / degrees as f64)
}
