//! Scaling of features and targets, and the way back to the target's own units.

use super::encode::Encoder;
use super::population::Population;
use super::takes_log;
use super::task::target_range;
use crate::config::{Configuration, Normalization};

/// The affine map of one number: `(value - shift) / factor`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Affine {
    shift: f64,
    factor: f64,
}

impl Affine {
    const IDENTITY: Self = Self { shift: 0.0, factor: 1.0 };

    /// A factor of zero (a feature that never changes) leaves the scale alone.
    fn new(shift: f64, factor: f64) -> Self {
        Self { shift, factor: if factor == 0.0 { 1.0 } else { factor } }
    }

    fn of(normalization: Normalization, (low, high): (f64, f64), largest_target: f64, values: &[f64]) -> Self {
        match normalization {
            Normalization::None | Normalization::Log => Self::IDENTITY,
            Normalization::Seed => Self::new(0.0, largest_target),
            Normalization::Max => Self::new(0.0, low.abs().max(high.abs())),
            Normalization::Symmetric => Self::new(f64::midpoint(low, high), (high - low) / 2.0),
            Normalization::Standardize => {
                let (mean, deviation) = moments(values);
                Self::new(mean, deviation)
            }
        }
    }
}

/// Mean and standard deviation (divided by n, as scaling does), in two passes; exactly zero where nothing changes.
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    if values.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits()) {
        return (values.first().copied().unwrap_or(0.0), 0.0);
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// The largest absolute value of a target on the domain: what `max` and `seed` divide by, so that nothing is divided by
/// zero or by a small number where targets are of both signs. At least 0.86, whatever the task.
fn largest_target(configuration: &Configuration) -> f64 {
    let (low, high) = target_range(configuration);
    low.abs().max(high.abs())
}

/// How encoded features become what the network reads: one affine map a feature. (The logarithm of `log` is taken by
/// the encoder.)
#[derive(Clone, Debug, PartialEq)]
pub struct InputScaling(Vec<Affine>);

impl InputScaling {
    pub(super) fn fit(configuration: &Configuration, encoder: &Encoder, train: &Population) -> Self {
        let width = encoder.features();
        let mut features = vec![0.0; train.len() * width];
        encoder.encode(train.rows(0, train.len()), &mut features);
        let largest_target = largest_target(configuration);
        let affine = |(feature, range): (usize, (f64, f64))| {
            let column: Vec<f64> = features.iter().skip(feature).step_by(width).copied().collect();
            Affine::of(configuration.input_normalization, range, largest_target, &column)
        };
        Self(encoder.ranges().into_iter().enumerate().map(affine).collect())
    }

    /// Scales rows of features in place.
    pub fn scale(&self, features: &mut [f64]) {
        for row in features.chunks_exact_mut(self.0.len()) {
            for (feature, affine) in row.iter_mut().zip(&self.0) {
                *feature = (*feature - affine.shift) / affine.factor;
            }
        }
    }
}

/// How targets become what the network answers, and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetScaling {
    logarithm: bool,
    affine: Affine,
}

impl TargetScaling {
    pub(super) fn fit(configuration: &Configuration, train: &Population) -> Self {
        let normalization = configuration.target_normalization;
        let (range, largest) = (target_range(configuration), largest_target(configuration));
        Self { logarithm: takes_log(normalization), affine: Affine::of(normalization, range, largest, &train.targets) }
    }

    /// Whether scaled targets are an affine map of targets.
    #[must_use]
    pub fn is_affine(&self) -> bool {
        !self.logarithm
    }

    /// What an error in scaled units is multiplied by to be one in the target's own; `None` where no single number is.
    #[must_use]
    pub fn factor(&self) -> Option<f64> {
        self.is_affine().then_some(self.affine.factor)
    }

    /// The target as the network learns it.
    #[must_use]
    pub fn scale(&self, target: f64) -> f64 {
        let target = if self.logarithm { libm::log(target) } else { target };
        (target - self.affine.shift) / self.affine.factor
    }

    /// An answer of the network in the target's own units.
    #[must_use]
    pub fn unscale(&self, answer: f64) -> f64 {
        let answer = answer * self.affine.factor + self.affine.shift;
        if self.logarithm { libm::exp(answer) } else { answer }
    }
}
