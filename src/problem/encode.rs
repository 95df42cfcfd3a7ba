//! Encodings: how whole numbers become features. Decoded back in the tests.

use crate::config::{Configuration, Encoding, Normalization, bits};

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
        match self.encoding {
            Encoding::Scalar => out.iter_mut().zip(row).for_each(|(out, &x)| *out = f64::from(x)),
            Encoding::Log => out.iter_mut().zip(row).for_each(|(out, &x)| *out = libm::log(f64::from(x))),
            Encoding::Binary => {
                let digits = bits(self.largest) as usize;
                for (out, &x) in out.chunks_exact_mut(digits).zip(row) {
                    out.iter_mut().enumerate().for_each(|(i, digit)| *digit = f64::from(x >> i & 1));
                }
            }
            Encoding::Polynomial(_) => {
                for (out, powers) in out.iter_mut().zip(self.powers.chunks_exact(self.operands)) {
                    let power = |(&x, &power): (&u32, &u32)| f64::from(x).powi(power as i32);
                    *out = row.iter().zip(powers).map(power).product();
                }
            }
            _ => todo!(),
        }
    }

    /// Smallest and largest value of every feature on the domain.
    #[must_use]
    pub fn ranges(&self) -> Vec<(f64, f64)> {
        if self.encoding == Encoding::Binary {
            let digit = |i: u32| (0.0, f64::from(u8::from(self.largest >> i != 0)));
            return (0..self.operands).flat_map(|_| (0..bits(self.largest)).map(digit)).collect();
        }
        // Every other encoding grows in every operand.
        let ends = [1, self.largest].map(|x| {
            let mut features = vec![0.0; self.features];
            self.encode(&vec![x; self.operands], &mut features);
            features
        });
        ends[0].iter().copied().zip(ends[1].iter().copied()).collect()
    }
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
