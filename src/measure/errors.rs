//! Errors of predictions on a split, in the target's own units.

use super::Measures;

/// Notes all errors of `predictions` against `targets` under the names of `split`.
pub fn measure_split(measures: &mut Measures, split: &str, predictions: &[f64], targets: &[f64]) {
    let count = targets.len() as f64;
    let mean = targets.iter().sum::<f64>() / count;
    let (mut squares, mut rounded, mut absolute, mut spread) = (0.0, 0.0, 0.0, 0.0);
    let (mut largest, mut exact) = (0.0f64, 0u64);
    for (&prediction, &target) in predictions.iter().zip(targets) {
        let error = prediction - target;
        // As Python's `round`, which the founding question used: halves go to the even neighbour.
        let rounded_error = prediction.round_ties_even() - target.round_ties_even();
        squares += error * error;
        rounded += rounded_error * rounded_error;
        absolute += error.abs();
        // A NaN stays: no comparison with it is true.
        if error.is_nan() || error.abs() > largest {
            largest = error.abs();
        }
        exact += u64::from(rounded_error == 0.0);
        spread += (target - mean) * (target - mean);
    }
    let mut set = |name: &str, value: f64| measures.set(&format!("{split}_{name}"), value);
    set("rmse", (squares / count).sqrt());
    set("rmse_rounded", (rounded / count).sqrt());
    set("r2", 1.0 - squares / spread);
    set("max_error", largest);
    set("exact", exact as f64 / count);
    set("mae", absolute / count);
}
