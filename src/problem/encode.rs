//! Encodings: how whole numbers become features. Decoded back in the tests.

use super::turns;
use crate::config::{Configuration, Encoding, Normalization};

/// Turns rows of operands into rows of features. The logarithm of a `log` normalization belongs to it, since it bends
/// features as an encoding does; every other scaling is affine and comes after.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    encoding: Encoding,
    operands: usize,
    largest: u32,
    logarithm: bool,
    /// For `polynomial`: the powers of the operands in each feature, row-major.
    powers: Vec<u32>,
    features: usize,
}

impl Encoder {
    /// The encoder of a configuration.
    #[must_use]
    pub fn of(configuration: &Configuration) -> Self {
        let operands = configuration.operands as usize;
        let powers = match configuration.encoding {
            Encoding::Polynomial(degree) => monomials(operands, degree),
            _ => Vec::new(),
        };
        let features = configuration.encoding.features(configuration.operands, configuration.largest) as usize;
        Self {
            encoding: configuration.encoding,
            operands,
            largest: configuration.largest,
            logarithm: configuration.input_normalization == Normalization::Log,
            powers,
            features,
        }
    }

    /// Features of a row.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// Writes the features of `rows` (row-major operands) into `features` (row-major).
    pub fn encode(&self, rows: &[u32], features: &mut [f64]) {
        let rows = rows.chunks_exact(self.operands);
        for (row, out) in rows.zip(features.chunks_exact_mut(self.features)) {
            self.encode_row(row, out);
            if self.logarithm {
                out.iter_mut().for_each(|feature| *feature = libm::log(*feature));
            }
        }
    }

    fn encode_row(&self, row: &[u32], out: &mut [f64]) {
        if let Encoding::Polynomial(_) = self.encoding {
            for (out, powers) in out.iter_mut().zip(self.powers.chunks_exact(self.operands)) {
                let power = |(&x, &power): (&u32, &u32)| f64::from(x).powi(power as i32);
                *out = row.iter().zip(powers).map(power).product();
            }
            return;
        }
        for (out, &x) in out.chunks_exact_mut(self.features / self.operands).zip(row) {
            self.encode_operand(x, out);
        }
    }

    /// Writes the features of one operand, for encodings that write each for itself.
    fn encode_operand(&self, x: u32, out: &mut [f64]) {
        let number = f64::from(x);
        let largest = u64::from(self.largest);
        let bit = |number: u32| move |i: usize| f64::from(number >> i & 1);
        match self.encoding {
            Encoding::Scalar | Encoding::Polynomial(_) => out[0] = number,
            Encoding::Log => out[0] = libm::log(number),
            Encoding::Sqrt => out[0] = number.sqrt(),
            Encoding::Binary => fill(out, bit(x)),
            Encoding::Gray => fill(out, bit(x ^ x >> 1)),
            Encoding::Digits => fill(out, |i| f64::from(digit(x, i))),
            Encoding::DigitsOnehot => fill(out, |i| flag(digit(x, i / 10) as usize == i % 10)),
            Encoding::Onehot(bins) => fill(out, |i| flag(bin(x, bins, self.largest) == i as u64)),
            Encoding::Thermometer(bins) => fill(out, |i| flag(bin(x, bins, self.largest) >= i as u64)),
            Encoding::Ramps(knots) => {
                fill(out, |i| if i == 0 { number } else { (number - knot(i, knots, self.largest)).max(0.0) });
            }
            Encoding::Fourier(_) => fill(out, |i| {
                let turns = 2 * (1 + i as u64 / 2) * u64::from(x);
                if i % 2 == 0 { turns::sine(turns, largest) } else { turns::cosine(turns, largest) }
            }),
            Encoding::Cosine(_) => fill(out, |i| turns::cosine((1 + i as u64) * u64::from(x), largest)),
        }
    }

    /// Smallest and largest value of every feature on the domain.
    #[must_use]
    pub fn ranges(&self) -> Vec<(f64, f64)> {
        let (largest, each) = (u64::from(self.largest), self.features / self.operands);
        let of_all = |range: &dyn Fn(usize) -> (f64, f64)| (0..self.features).map(|i| range(i % each)).collect();
        match self.encoding {
            Encoding::Binary => of_all(&|i| (0.0, flag(self.largest >> i != 0))),
            // Of 1 and 2, the lowest digit is 1 in both.
            Encoding::Gray => of_all(&|i| (flag(i == 0 && largest == 2), flag(self.largest >> i != 0))),
            Encoding::Digits => of_all(&|i| {
                let (low, high) = digit_range(self.largest, i);
                (f64::from(low), f64::from(high))
            }),
            Encoding::DigitsOnehot => of_all(&|i| {
                let (low, high) = digit_range(self.largest, i / 10);
                let own = (i % 10) as u32;
                (flag(low == high && own == low), flag((low..=high).contains(&own)))
            }),
            Encoding::Onehot(_) => of_all(&|_| (0.0, 1.0)),
            // On the domain, k·x runs through the multiples of what k and the range have in common.
            Encoding::Fourier(_) => of_all(&|i| {
                let distinct = largest / turns::common_divisor(1 + i as u64 / 2, largest);
                let top = turns::highest_sine(distinct);
                if i % 2 == 0 { (-top, top) } else { (turns::lowest_cosine(distinct), 1.0) }
            }),
            // The domain is half a turn, and its mirror image the other half: only a whole turn itself may be missing.
            Encoding::Cosine(_) => of_all(&|i| {
                let common = turns::common_divisor(1 + i as u64, 2 * largest);
                let top = if common > 1 { 1.0 } else { turns::cosine(1, largest) };
                (turns::lowest_cosine(2 * largest / common), top)
            }),
            Encoding::Scalar
            | Encoding::Log
            | Encoding::Sqrt
            | Encoding::Thermometer(_)
            | Encoding::Ramps(_)
            | Encoding::Polynomial(_) => {
                // These grow in every operand.
                let ends = [1, self.largest].map(|x| {
                    let mut features = vec![0.0; self.features];
                    self.encode(&vec![x; self.operands], &mut features);
                    features
                });
                ends[0].iter().copied().zip(ends[1].iter().copied()).collect()
            }
        }
    }
}

fn fill(out: &mut [f64], value: impl Fn(usize) -> f64) {
    out.iter_mut().enumerate().for_each(|(i, out)| *out = value(i));
}

fn flag(set: bool) -> f64 {
    f64::from(u8::from(set))
}

/// The decimal digit of a number that stands for 10^place.
fn digit(x: u32, place: usize) -> u32 {
    10u32.checked_pow(place as u32).map_or(0, |unit| x / unit % 10)
}

/// Smallest and largest digit at a place of the numbers 1..=largest; each between them is there too.
fn digit_range(largest: u32, place: usize) -> (u32, u32) {
    let high = 10u32.checked_pow(place as u32).map_or(0, |unit| (largest / unit).min(9));
    (u32::from(place == 0 && largest < 10), high)
}

/// The bin of a number among `bins` equal ones of 1..=largest; no bin's number beyond the range.
fn bin(x: u32, bins: u32, largest: u32) -> u64 {
    u64::from(x - 1) * u64::from(bins) / u64::from(largest)
}

/// Knot number `i` (from 1) of `knots` equally spaced ones strictly inside the range from 1 to largest.
fn knot(i: usize, knots: u32, largest: u32) -> f64 {
    1.0 + f64::from(largest - 1) * i as f64 / f64::from(knots + 1)
}

/// The powers of all monomials of total degree 1..=degree, by degree, then with the first operand's power falling.
fn monomials(operands: usize, degree: u32) -> Vec<u32> {
    fn extend(prefix: &mut Vec<u32>, operands: usize, left: u32, out: &mut Vec<u32>) {
        if prefix.len() + 1 == operands {
            out.extend_from_slice(prefix);
            out.push(left);
            return;
        }
        for power in (0..=left).rev() {
            prefix.push(power);
            extend(prefix, operands, left - power, out);
            prefix.pop();
        }
    }
    let mut powers = Vec::new();
    for total in 1..=degree {
        extend(&mut Vec::new(), operands, total, &mut powers);
    }
    powers
}
