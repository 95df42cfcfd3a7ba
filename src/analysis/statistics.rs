//! Summaries of replicates: mean, median, spread, Student interval. Every value is kept.

use super::intervals;

/// What replicates of one configuration came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Row and value of every run that has one, in the order given.
    pub values: Vec<(usize, f64)>,
    /// Runs without a value.
    pub missing: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Sample standard deviation (n − 1); `None` for a single value.
    pub sd: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Student 95 % confidence interval of the mean; `None` for a single value.
    pub interval: Option<(f64, f64)>,
}

impl Summary {
    /// Summarizes the runs that have a value; `None` where none has.
    #[must_use]
    pub fn of(rows: impl IntoIterator<Item = (usize, Option<f64>)>) -> Option<Self> {
        let (mut values, mut missing) = (Vec::new(), 0);
        for (row, value) in rows {
            match value {
                Some(value) => values.push((row, value)),
                None => missing += 1,
            }
        }
        let mut sorted: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
        sorted.sort_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let n = sorted.len();
        // Divided before they are added, so that the largest numbers do not overflow.
        let mean = sorted.iter().map(|value| value / n as f64).sum::<f64>().clamp(min, max);
        let median = f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]);
        let sd = (n > 1).then(|| {
            let squares: f64 = sorted.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (n - 1) as f64).sqrt()
        });
        let interval = sd.map(|sd| {
            let half = student_975(n - 1) * sd / (n as f64).sqrt();
            (mean - half, mean + half)
        });
        Some(Self { values, missing, mean, median, sd, min, max, interval })
    }

    /// The values by themselves.
    #[must_use]
    pub fn numbers(&self) -> Vec<f64> {
        self.values.iter().map(|(_, value)| *value).collect()
    }

    /// Percentile bootstrap 95 % interval of the median; `None` for a single value.
    #[must_use]
    pub fn median_interval(&self) -> Option<(f64, f64)> {
        intervals::bootstrap(&self.numbers(), intervals::median)
    }

    /// Whether the values lie so far to one side that Student's interval of the mean, which takes them for normal, is doubtful:
    /// a skewness beyond one either way (Bulmer 1979), of five values or more.
    #[must_use]
    pub fn is_skewed(&self) -> bool {
        let n = self.n() as f64;
        let Some(sd) = self.sd.filter(|sd| *sd > 0.0 && self.n() >= 5) else { return false };
        let cubes: f64 = self.values.iter().map(|(_, value)| ((value - self.mean) / sd).powi(3)).sum();
        (cubes * n / ((n - 1.0) * (n - 2.0))).abs() > 1.0
    }

    /// Percentile bootstrap 95 % interval of the mean, which takes nothing for normal; `None` for a single value.
    #[must_use]
    pub fn bootstrap_interval(&self) -> Option<(f64, f64)> {
        intervals::bootstrap(&self.numbers(), |sample| intervals::mean(sample))
    }

    /// How many runs have a value.
    #[must_use]
    pub fn n(&self) -> usize {
        self.values.len()
    }
}

/// The 97.5 % quantile of Student's t: exact for 1 and 2 degrees of freedom, else G. W. Hill's expansion
/// (Communications of the ACM 13, algorithm 396, 1970), good to six digits there.
#[must_use]
pub fn student_975(degrees: usize) -> f64 {
    const TAILS: f64 = 0.05;
    match degrees {
        0 => f64::INFINITY,
        1 => 1.0 / (TAILS * std::f64::consts::FRAC_PI_2).tan(),
        2 => (2.0 / (TAILS * (2.0 - TAILS)) - 2.0).sqrt(),
        _ => hill(degrees as f64, TAILS),
    }
}

/// The two-sided quantile by Hill's expansion; its letters are kept.
#[expect(clippy::many_single_char_names, reason = "the letters of the published algorithm")]
fn hill(n: f64, p: f64) -> f64 {
    let a = 1.0 / (n - 0.5);
    let b = 48.0 / (a * a);
    let mut c = ((20700.0 * a / b - 98.0) * a - 16.0) * a + 96.36;
    let d = ((94.5 / (b + c) - 3.0) / b + 1.0) * (a * std::f64::consts::FRAC_PI_2).sqrt() * n;
    let y = (d * p).powf(2.0 / n);
    let y = if y > 0.05 + a {
        // The normal distribution's 2.5 % quantile.
        let x = -1.959_963_984_540_054_f64;
        let y = x * x;
        if n < 5.0 {
            c += 0.3 * (n - 4.5) * (x + 0.6);
        }
        c += (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b;
        let y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x;
        (a * y * y).exp_m1()
    } else {
        let tail = 1.0 / (((n + 6.0) / (n * y) - 0.089 * d - 0.822) * (n + 2.0) * 3.0) + 0.5 / (n + 4.0);
        (tail * y - 1.0) * (n + 1.0) / (n + 2.0) + 1.0 / y
    };
    (n * y).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_printed_tables() {
        for (degrees, printed) in
            [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (19, 2.0930), (1000, 1.9623)]
        {
            let quantile = student_975(degrees);
            assert!((quantile - printed).abs() < 6e-5, "{degrees}: {quantile} is not {printed}");
        }
    }

    #[test]
    fn a_summary_keeps_every_value_and_counts_what_is_missing() {
        let summary = Summary::of([(4, Some(2.0)), (5, None), (6, Some(4.0)), (7, Some(9.0))]).unwrap();
        assert_eq!(summary.values, [(4, 2.0), (6, 4.0), (7, 9.0)]);
        assert_eq!((summary.n(), summary.missing), (3, 1));
        assert_eq!((summary.mean, summary.median, summary.min, summary.max), (5.0, 4.0, 2.0, 9.0));
        assert!((summary.sd.unwrap() - 13f64.sqrt()).abs() < 1e-12);
        let (low, high) = summary.interval.unwrap();
        assert!(
            (high - 5.0 - 4.302_652_7 * 13f64.sqrt() / 3f64.sqrt()).abs() < 1e-6 && (low + high - 10.0).abs() < 1e-12
        );
    }

    #[test]
    fn one_value_has_no_spread_and_none_has_no_summary() {
        let one = Summary::of([(0, Some(7.0))]).unwrap();
        assert_eq!((one.sd, one.interval, one.median), (None, None, 7.0));
        assert_eq!(Summary::of([(0, None)]), None);
    }
}
