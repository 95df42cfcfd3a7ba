//! Distribution functions and quantiles that intervals are made from, by functions with the same bits everywhere.

/// Steps of a continued fraction or series; both come to rest within far fewer where they are used.
const MOST_STEPS: usize = 10_000;
/// Halvings of an interval until a quantile in it is exact.
const HALVINGS: usize = 200;

/// Probability that Student's t with these degrees of freedom, which need not be whole, is at most `t`.
#[must_use]
pub fn student_cdf(t: f64, degrees: f64) -> f64 {
    // NIST Handbook of Mathematical Functions 8.17: the tail is half an incomplete beta function.
    let tail = 0.5 * incomplete_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The quantile of Student's t at `probability`.
#[must_use]
pub fn student_quantile(probability: f64, degrees: f64) -> f64 {
    if probability < 0.5 {
        return -student_quantile(1.0 - probability, degrees);
    }
    let below = |t: f64| student_cdf(t, degrees) < probability;
    invert(below)
}

/// Probability that chi-square with these degrees of freedom is at most `x`.
#[must_use]
pub fn chi_square_cdf(x: f64, degrees: f64) -> f64 {
    if x <= 0.0 { 0.0 } else { lower_gamma(degrees / 2.0, x / 2.0) }
}

/// The quantile of chi-square at `probability`.
#[must_use]
pub fn chi_square_quantile(probability: f64, degrees: f64) -> f64 {
    invert(|x| chi_square_cdf(x, degrees) < probability)
}

/// The number above zero at which `below` turns false.
fn invert(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while below(high) && high < 1e300 {
        low = high;
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if below(middle) { low = middle } else { high = middle }
    }
    high
}

/// The regularized incomplete beta function by its continued fraction (NIST Handbook 8.17.22), evaluated from the front
/// (Lentz 1976).
#[expect(clippy::many_single_char_names, reason = "the letters of the handbook")]
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction comes to rest quickly on this side of its middle.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    let (mut c, mut d, mut value) = (1.0, 1.0 / bounded(1.0 - (a + b) * x / (a + 1.0)), 0.0);
    value += d;
    for step in 1..MOST_STEPS {
        let m = step as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / bounded(1.0 + even * d);
        c = bounded(1.0 + even / c);
        value *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / bounded(1.0 + odd * d);
        c = bounded(1.0 + odd / c);
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (libm::exp(front) * value / a).clamp(0.0, 1.0)
}

/// The regularized lower incomplete gamma function: by its series (NIST Handbook 8.11.4) below the mean, by the continued
/// fraction of its rest (8.9.2) above.
#[expect(clippy::many_single_char_names, reason = "the letters of the handbook")]
fn lower_gamma(a: f64, x: f64) -> f64 {
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for step in 1..MOST_STEPS {
            term *= x / (a + step as f64);
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return (front * sum).clamp(0.0, 1.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut value = d;
    for step in 1..MOST_STEPS {
        let i = step as f64;
        let part = i * (a - i);
        b += 2.0;
        d = 1.0 / bounded(b + part * d);
        c = bounded(b + part / c);
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (1.0 - front * value).clamp(0.0, 1.0)
}

/// A denominator that is not zero.
fn bounded(value: f64) -> f64 {
    if value.abs() < 1e-300 { 1e-300 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_printed_tables() {
        for (degrees, printed) in
            [(1.0, 12.706_205), (2.0, 4.302_653), (5.0, 2.570_582), (30.0, 2.042_272), (1000.0, 1.962_339)]
        {
            assert!((student_quantile(0.975, degrees) - printed).abs() < 1e-6, "{degrees}");
            assert!((student_quantile(0.025, degrees) + printed).abs() < 1e-6, "{degrees}");
        }
        for (probability, degrees, printed) in [
            (0.025, 1.0, 0.000_982),
            (0.975, 1.0, 5.023_886),
            (0.025, 10.0, 3.246_973),
            (0.975, 10.0, 20.483_177),
            (0.95, 99.0, 123.225_221),
            (0.025, 1000.0, 914.257_148),
        ] {
            let quantile = chi_square_quantile(probability, degrees);
            assert!((quantile - printed).abs() < 1e-6 * printed.max(1.0), "{probability} {degrees}: {quantile}");
        }
    }

    #[test]
    fn distribution_functions_have_closed_forms_to_agree_with() {
        for t in [-3.0, -0.5, 0.0, 0.1, 2.0, 40.0f64] {
            let cauchy = 0.5 + t.atan() / std::f64::consts::PI;
            assert!((student_cdf(t, 1.0) - cauchy).abs() < 1e-13, "{t}");
            let two = 0.5 + t / (2.0 * (2.0 + t * t).sqrt());
            assert!((student_cdf(t, 2.0) - two).abs() < 1e-13, "{t}");
        }
        for x in [0.01, 0.5, 2.0, 7.0, 30.0f64] {
            assert!((chi_square_cdf(x, 2.0) - (1.0 - (-x / 2.0).exp())).abs() < 1e-13, "{x}");
            let four = 1.0 - (-x / 2.0).exp() * (1.0 + x / 2.0);
            assert!((chi_square_cdf(x, 4.0) - four).abs() < 1e-13, "{x}");
        }
    }

    #[test]
    fn quantiles_undo_distribution_functions() {
        for degrees in [1.3, 2.5, 4.0, 17.9, 250.0] {
            for probability in [0.01, 0.3, 0.5, 0.8, 0.975] {
                assert!((student_cdf(student_quantile(probability, degrees), degrees) - probability).abs() < 1e-12);
                assert!(
                    (chi_square_cdf(chi_square_quantile(probability, degrees), degrees) - probability).abs() < 1e-12
                );
            }
        }
    }
}
