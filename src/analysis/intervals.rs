//! 95 % intervals: of shares, of medians and skewed means, of differences of means, of standard deviations.

use super::distributions::{chi_square_quantile, student_quantile};
use super::statistics::student_975;
use crate::random::Stream;

/// The normal distribution's 97.5 % quantile.
const NORMAL_975: f64 = 1.959_963_984_540_054;
/// Samples that a bootstrap draws: with one less than 2000, its 2.5 % and 97.5 % quantiles are order statistics, the 50th
/// from either end.
const RESAMPLES: usize = 1999;
const TAIL: usize = 50;

/// Wilson's interval of a share of which `successes` of `n` were seen (Wilson 1927); `None` of nothing.
#[must_use]
pub fn wilson(successes: usize, n: usize) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let (share, n, z) = (successes as f64 / n as f64, n as f64, NORMAL_975);
    let middle = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // None and all seen have an end at 0 and 1, which rounding must not move.
    let low = if successes == 0 { 0.0 } else { (middle - half) / scale };
    let high = if share == 1.0 { 1.0 } else { (middle + half) / scale };
    Some((low, high))
}

/// The percentile bootstrap interval (Efron 1979) of what `statistic` makes of a sample; `None` of fewer than two values.
/// Its draws are always the same, so the same values have the same interval to the bit.
#[must_use]
pub fn bootstrap(values: &[f64], statistic: impl Fn(&mut [f64]) -> f64) -> Option<(f64, f64)> {
    if values.len() < 2 {
        return None;
    }
    // In one order, whatever order they come in.
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut stream = Stream::new(0, "bootstrap", 0);
    let n = sorted.len() as u64;
    let mut sample = vec![0.0; sorted.len()];
    let mut found: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            sample.iter_mut().for_each(|value| *value = sorted[stream.below(n) as usize]);
            statistic(&mut sample)
        })
        .collect();
    found.sort_by(f64::total_cmp);
    Some((found[TAIL - 1], found[RESAMPLES - TAIL]))
}

/// The median of values that may be put in order.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

/// The arithmetic mean.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    // Divided before they are added, so that the largest numbers do not overflow.
    values.iter().map(|value| value / values.len() as f64).sum()
}

/// Mean and its squared standard error; `None` of fewer than two values.
pub(super) fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let mean = mean(values);
    let n = values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (mean, squares / (n - 1.0) / n))
}

/// Welch's interval of the difference of two means (Welch 1947); `None` where a side has fewer than two values.
#[must_use]
pub fn welch(a: &[f64], b: &[f64]) -> Option<(f64, f64)> {
    let ((mean_a, error_a), (mean_b, error_b)) = (moments(a)?, moments(b)?);
    let both = error_a + error_b;
    let difference = mean_a - mean_b;
    if both == 0.0 {
        return Some((difference, difference));
    }
    // Shares of the error first: squares of large ones would overflow.
    let (share_a, share_b) = (error_a / both, error_b / both);
    let degrees = 1.0 / (share_a * share_a / (a.len() as f64 - 1.0) + share_b * share_b / (b.len() as f64 - 1.0));
    let half = student_975_of(degrees) * both.sqrt();
    Some((difference - half, difference + half))
}

/// Student's interval of the mean of differences; `None` of fewer than two.
#[must_use]
pub fn paired(differences: &[f64]) -> Option<(f64, f64)> {
    let (mean, error) = moments(differences)?;
    let half = student_975(differences.len() - 1) * error.sqrt();
    Some((mean - half, mean + half))
}

/// The 97.5 % quantile of Student's t for any degrees of freedom: exact below 20; above, linear in the reciprocal of the degrees
/// between the whole numbers around them, which is good to five digits.
fn student_975_of(degrees: f64) -> f64 {
    if degrees < 20.0 {
        return student_quantile(0.975, degrees);
    }
    let (below, above) = (degrees.floor(), degrees.floor() + 1.0);
    let at = |degrees: f64| student_975(degrees as usize);
    let share = (1.0 / below - 1.0 / degrees) / (1.0 / below - 1.0 / above);
    at(below) + share * (at(above) - at(below))
}

/// The interval of the standard deviation of normal values, from the estimate and its degrees of freedom, by chi-square; `None`
/// without any.
#[must_use]
pub fn deviation(sd: f64, degrees: usize) -> Option<(f64, f64)> {
    if degrees == 0 {
        return None;
    }
    let of = |probability: f64| sd * (degrees as f64 / chi_square_quantile(probability, degrees as f64)).sqrt();
    Some((of(0.975), of(0.025)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_intervals_within_0_and_1() {
        assert_eq!(wilson(0, 0), None);
        // Printed: Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (successes, n, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let interval = wilson(successes, n).unwrap();
            assert!(
                (interval.0 - low).abs() < 5e-5 && (interval.1 - high).abs() < 5e-5,
                "{successes}/{n}: {interval:?}"
            );
            let other = wilson(n - successes, n).unwrap();
            assert!((other.0 - (1.0 - high)).abs() < 5e-5 && (other.1 - (1.0 - low)).abs() < 5e-5);
        }
    }

    #[test]
    fn a_bootstrap_is_the_same_whatever_the_order() {
        let values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.3];
        let mut turned = values;
        turned.reverse();
        let interval = bootstrap(&values, median).unwrap();
        assert_eq!(Some(interval), bootstrap(&turned, median));
        assert!(interval.0 <= 3.0 && 3.0 <= interval.1 && interval.0 >= 1.0 && interval.1 <= 9.0);
        assert_eq!(bootstrap(&[1.0], median), None);
        assert_eq!(bootstrap(&[2.0, 2.0, 2.0], median), Some((2.0, 2.0)));
    }

    /// How often intervals of samples hold the truth.
    fn coverage(
        n: usize,
        draw: impl Fn(&mut Stream) -> f64,
        truth: f64,
        interval: impl Fn(&[f64]) -> (f64, f64),
    ) -> f64 {
        let trials = 600;
        let mut stream = Stream::new(1, "coverage", 0);
        let held = (0..trials).filter(|_| {
            let values: Vec<f64> = (0..n).map(|_| draw(&mut stream)).collect();
            let (low, high) = interval(&values);
            low <= truth && truth <= high
        });
        held.count() as f64 / f64::from(trials)
    }

    #[test]
    fn intervals_hold_the_truth_about_as_often_as_they_say() {
        // Standard errors of these shares are 0.009.
        let median_of = |values: &[f64]| bootstrap(values, median).unwrap();
        let skewed = |stream: &mut Stream| stream.normal().exp();
        let share = coverage(25, skewed, 1.0, median_of);
        assert!((0.92..0.98).contains(&share), "median of 25: {share}");
        let share = coverage(6, skewed, 1.0, median_of);
        assert!((0.90..0.99).contains(&share), "median of 6: {share}");
        let of_sd = |values: &[f64]| {
            let (_, error) = moments(values).unwrap();
            deviation((error * values.len() as f64).sqrt(), values.len() - 1).unwrap()
        };
        let share = coverage(8, Stream::normal, 1.0, of_sd);
        assert!((0.93..0.97).contains(&share), "deviation: {share}");
        let of_difference = |values: &[f64]| {
            let wide: Vec<f64> = values[4..].iter().map(|value| 5.0 * value).collect();
            welch(&values[..4], &wide).unwrap()
        };
        let share = coverage(16, Stream::normal, 0.0, of_difference);
        assert!((0.93..0.975).contains(&share), "Welch: {share}");
    }

    #[test]
    fn differences_of_means() {
        // By hand: means 2 and 5, squared errors 1/3 and 4/3, degrees 25/17 of ... (1/9 + 16/9)/2 = 2.94.
        let (low, high) = welch(&[1.0, 2.0, 3.0], &[3.0, 5.0, 7.0]).unwrap();
        let degrees = (5f64 / 3.0).powi(2) / f64::midpoint(1.0 / 9.0, 16.0 / 9.0);
        let half = student_quantile(0.975, degrees) * (5f64 / 3.0).sqrt();
        assert!((low - (-3.0 - half)).abs() < 1e-12 && (high - (-3.0 + half)).abs() < 1e-12);
        assert_eq!(welch(&[1.0, 1.0], &[4.0, 4.0]), Some((-3.0, -3.0)));
        assert_eq!(welch(&[1.0], &[4.0, 4.0]), None);
        assert_eq!(paired(&[2.0, 2.0]), Some((2.0, 2.0)));
        let (low, high) = paired(&[1.0, 3.0]).unwrap();
        assert!((low - (2.0 - 12.706_204_7)).abs() < 1e-6 && (high - (2.0 + 12.706_204_7)).abs() < 1e-6);
        for degrees in [20.0, 20.5, 33.3, 400.7] {
            assert!((student_975_of(degrees) - student_quantile(0.975, degrees)).abs() < 1e-5, "{degrees}");
        }
    }
}
