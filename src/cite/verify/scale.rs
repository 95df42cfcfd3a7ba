//! What is large for a quantity: the scale that a difference is a share of. Without it, a loss that fell to 10^-15 and is
//! 2·10^-15 elsewhere would differ by half, and nothing be within tolerance.

use crate::train::CurvePoint;

/// What a point of a learning curve says, in the order of [`values`].
pub(super) const POINT: [&str; 5] = ["train_loss", "test_loss", "test_rmse", "learning_rate", "gradient_norm"];

/// The numbers of a point.
pub(super) fn values(point: &CurvePoint) -> [f64; 5] {
    [point.train_loss, point.test_loss, point.test_rmse, point.learning_rate, point.gradient_norm]
}

/// Of what a curve shows: its largest value.
pub(super) fn of_curve(curve: &[CurvePoint]) -> [f64; 5] {
    std::array::from_fn(|place| largest(curve.iter().map(|point| values(point)[place])))
}

/// Of a measure: 1 of a share and of a multiple of the floor; of an error, the largest on the test split along the curve,
/// which is what an error is before anything is learnt; of the gradient, the largest along the curve; nothing of others,
/// whose differences are shares of themselves.
pub(super) fn of_measure(name: &str, curve: &[CurvePoint]) -> f64 {
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&["_r2", "_exact", "line_deviation", "excess"]) {
        1.0
    } else if name.contains("_rmse") || ends(&["_mae", "_max_error"]) {
        largest(curve.iter().map(|point| point.test_rmse))
    } else if name == "gradient_norm" {
        largest(curve.iter().map(|point| point.gradient_norm))
    } else {
        0.0
    }
}

/// The largest size of finite numbers; 0 of none.
pub(super) fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.filter(|number| number.is_finite()).fold(0.0, |most: f64, number| most.max(number.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{COLUMNS, SPLITS};

    #[test]
    fn every_error_has_the_scale_of_errors_and_every_share_that_of_shares() {
        let point = |epoch, test_rmse| CurvePoint {
            epoch,
            train_loss: 1.0,
            test_loss: f64::NAN,
            test_rmse,
            learning_rate: 0.1,
            gradient_norm: -2.0,
        };
        let curve = [point(1, 300.0), point(2, 0.5)];
        assert_eq!(of_curve(&curve), [1.0, 0.0, 300.0, 0.1, 2.0]);
        let names = COLUMNS.iter().map(|column| column.name);
        let with = |scale: f64| names.clone().filter(|name| of_measure(name, &curve) == scale).collect::<Vec<_>>();
        for split in SPLITS {
            let has = |measure: &str, scale: f64| with(scale).contains(&format!("{split}_{measure}").as_str());
            assert!(["rmse", "rmse_rounded", "mae", "max_error"].iter().all(|error| has(error, 300.0)), "{split}");
            assert!(["r2", "exact"].iter().all(|share| has(share, 1.0)), "{split}");
        }
        assert_eq!((with(300.0).len(), with(1.0).len()), (4 * SPLITS.len() + 3, 2 * SPLITS.len() + 2));
        assert_eq!(with(2.0), ["gradient_norm"]);
        let others = ["affine_floor", "affine_floor_train", "kinks", "dead_units", "condition", "epochs_to_floor"];
        assert_eq!(with(0.0), others);
    }
}
