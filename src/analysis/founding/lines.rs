//! Linear networks as lines: slope and intercept fitted to what they predict.

use crate::analysis::Records;

/// A least-squares line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Change of the answer a unit of input.
    pub slope: f64,
    /// Answer at an input of zero.
    pub intercept: f64,
    /// Root mean squared distance of the points from the line.
    pub rmse: f64,
    /// Largest distance of a point from the line.
    pub largest: f64,
}

/// The line of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineOfRun {
    /// The run.
    pub row: usize,
    /// The line through its predictions over its domain.
    pub fit: Fit,
}

/// The least-squares line through points; `None` with fewer than two distinct inputs.
#[must_use]
pub fn fit(points: &[(f64, f64)]) -> Option<Fit> {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let xx: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let xy: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    if points.len() < 2 || xx <= 0.0 {
        return None;
    }
    let slope = xy / xx;
    let distance = |(x, y): &(f64, f64)| (mean_y + slope * (x - mean_x) - y).abs();
    let rmse = (points.iter().map(|point| distance(point).powi(2)).sum::<f64>() / n).sqrt();
    let largest = points.iter().map(distance).fold(0.0, f64::max);
    Some(Fit { slope, intercept: mean_y - slope * mean_x, rmse, largest })
}

/// The lines of the given runs, from their predictions up to their largest number.
pub(super) fn lines(records: &Records, rows: &[usize]) -> Vec<LineOfRun> {
    let line = |&row: &usize| {
        let largest = records.number(row, "largest").unwrap_or(f64::INFINITY);
        let inside = records.predictions[row].iter().filter(|point| point.input <= largest);
        let points: Option<Vec<(f64, f64)>> = inside.map(|point| Some((point.input, point.prediction?))).collect();
        Some(LineOfRun { row, fit: fit(&points?)? })
    };
    rows.iter().filter_map(line).collect()
}
