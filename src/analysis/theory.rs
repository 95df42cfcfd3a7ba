//! Closed forms that the records are held against. Nothing here is measured; pages that show these say so.

/// Least squares of x² by a line over x = 1..L.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SquareLine {
    /// Its slope, L + 1.
    pub slope: f64,
    /// Its intercept, −(L + 1)(L + 2)/6.
    pub intercept: f64,
    /// Its root mean squared error, √((L² − 1)(L² − 4)/180).
    pub rmse: f64,
    /// The share of the variance that it explains; 15/16 in the limit.
    pub r2: f64,
}

/// The line that fits squares best over 1..`largest`: from the sums of the first four powers of 1..L.
#[must_use]
pub fn square_line(largest: f64) -> SquareLine {
    let l = largest;
    let rmse = ((l * l - 1.0) * (l * l - 4.0) / 180.0).sqrt();
    // Mean of x⁴ minus the square of the mean of x².
    let fourth = (l + 1.0) * (2.0 * l + 1.0) * (3.0 * l * l + 3.0 * l - 1.0) / 30.0;
    let second = (l + 1.0) * (2.0 * l + 1.0) / 6.0;
    let variance = fourth - second * second;
    SquareLine {
        slope: l + 1.0,
        intercept: -(l + 1.0) * (l + 2.0) / 6.0,
        rmse,
        r2: if variance > 0.0 { 1.0 - rmse * rmse / variance } else { 1.0 },
    }
}

/// Standard deviation, over draws of `n` examples, of the RMSE of least squares on them: floor·√(2/(7n)).
#[must_use]
pub fn in_sample_sd(floor: f64, n: f64) -> f64 {
    floor * (2.0 / (7.0 * n)).sqrt()
}

/// RMSE of the best continuous piecewise-linear fit of x² on 1..L with `kinks` evenly spaced kinks, in the
/// continuous limit: L²/(6√5·(k + 1)²).
#[must_use]
pub fn kinks_rmse(largest: f64, kinks: f64) -> f64 {
    largest * largest / (6.0 * 5f64.sqrt() * (kinks + 1.0).powi(2))
}

/// Share of whole numbers 1..L that `n` draws with replacement hit: 1 − (1 − 1/L)ⁿ.
#[must_use]
pub fn coverage(largest: f64, n: f64) -> f64 {
    1.0 - (1.0 - 1.0 / largest).powf(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::founding::lines::fit;

    #[test]
    fn the_closed_forms_are_least_squares() {
        for largest in [2, 3, 10, 1000] {
            let points: Vec<(f64, f64)> = (1..=largest).map(|x| (f64::from(x), f64::from(x * x))).collect();
            let fitted = fit(&points).unwrap();
            let line = square_line(f64::from(largest));
            assert!((fitted.slope - line.slope).abs() < 1e-8 * line.slope, "{largest}");
            assert!((fitted.intercept - line.intercept).abs() < 1e-8 * line.intercept.abs(), "{largest}");
            assert!((fitted.rmse - line.rmse).abs() < 1e-8 * line.rmse.max(1.0), "{largest}");
        }
        let line = square_line(1000.0);
        assert!((line.rmse - 74_535.413).abs() < 5e-4 && (line.r2 - 0.9375).abs() < 1e-3);
    }

    #[test]
    fn anchors() {
        assert!((in_sample_sd(74_535.413, 1000.0) - 1_260.0).abs() < 1.0);
        assert!((kinks_rmse(1000.0, 0.0) - 74_535.6).abs() < 0.1);
        assert!((coverage(1000.0, 1000.0) - 0.632).abs() < 1e-3);
    }
}
