//! Sines and cosines at rational parts of a turn, exactly 0 and ±1 where they are.

use std::f64::consts::PI;

/// sin(π·numerator/denominator), reduced in whole numbers, so that it is as exact far from zero as near it.
pub fn sine(numerator: u64, denominator: u64) -> f64 {
    let within = numerator % (2 * denominator);
    let (sign, half) = if within > denominator { (-1.0, within - denominator) } else { (1.0, within) };
    let quarter = half.min(denominator - half);
    if quarter == 0 { 0.0 } else { sign * libm::sin(PI * (quarter as f64 / denominator as f64)) }
}

/// cos(π·numerator/denominator), reduced in the same way.
pub fn cosine(numerator: u64, denominator: u64) -> f64 {
    sine(2 * numerator + denominator, 2 * denominator)
}

/// The largest of sin(2πm/n) over whole numbers m: at the one next to a quarter of n. The smallest is its negative.
pub fn highest_sine(n: u64) -> f64 {
    sine(2 * (n / 4), n).max(sine(2 * n.div_ceil(4), n))
}

/// The smallest of cos(2πm/n) over whole numbers m: at the one next to half of n. The largest is 1.
pub fn lowest_cosine(n: u64) -> f64 {
    cosine(2 * (n / 2), n)
}

/// The greatest common divisor.
pub fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
