//! Combinations of values that cannot work, with the reason: refused when a sweep is checked, before anything runs.

use super::{Configuration, Encoding, Normalization, Optimizer, Task};

/// Two parameters whose values do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` and `{}` do not go together: {reason}", parameters[0], parameters[1])]
pub struct Conflict {
    /// The two parameters, the one to change first.
    pub parameters: [&'static str; 2],
    /// Why they do not go together.
    pub reason: String,
}

/// The first reason, if any, why a configuration cannot be trained.
#[must_use]
pub fn conflict(configuration: &Configuration) -> Option<Conflict> {
    RULES.iter().find_map(|rule| rule(configuration))
}

type Rule = fn(&Configuration) -> Option<Conflict>;

const RULES: &[Rule] = &[log_of_zero, targets_beyond_exact_numbers, too_many_features];

/// Widest input that a network may have.
const MOST_FEATURES: u64 = 4096;

fn log_of_zero(c: &Configuration) -> Option<Conflict> {
    let smallest = match c.encoding {
        Encoding::Log => "ln 1 = 0",
        Encoding::Binary => "0 for a digit that is not set",
        _ => return None,
    };
    let side = if c.input_normalization == c.target_normalization { "normalization" } else { "input_normalization" };
    (c.input_normalization == Normalization::Log).then(|| Conflict {
        parameters: [side, "encoding"],
        reason: format!("the smallest feature is {smallest}, whose logarithm does not exist"),
    })
}

fn targets_beyond_exact_numbers(c: &Configuration) -> Option<Conflict> {
    // Inputs go up to twice the largest number in the extrapolation split.
    let largest = 2.0 * f64::from(c.largest);
    let target = match c.task {
        Task::Sum => largest * f64::from(c.operands),
        Task::Product => largest.powi(i32::try_from(c.operands).unwrap_or(i32::MAX)),
        Task::Square => largest * largest,
        _ => todo!(),
    };
    (target > 2f64.powi(53)).then(|| Conflict {
        parameters: ["operands", "largest"],
        reason: "targets would go beyond 2^53, where whole numbers are no longer exact in f64".into(),
    })
}

fn too_many_features(c: &Configuration) -> Option<Conflict> {
    let Encoding::Polynomial(degree) = c.encoding else { return None };
    let terms = c.encoding.features(c.operands, c.largest);
    (terms > MOST_FEATURES).then(|| Conflict {
        parameters: ["encoding", "operands"],
        reason: format!("{terms} products of degree up to {degree} are more than {MOST_FEATURES} features"),
    })
}

impl Task {
    /// The operands that the task needs when none are asked for.
    #[must_use]
    pub fn arity(self) -> u32 {
        match self {
            Self::Sum | Self::Difference | Self::Product | Self::Quotient | Self::Max => 2,
            Self::Square | Self::Cube | Self::Sqrt | Self::Reciprocal | Self::Sine => 1,
        }
    }
}

impl Optimizer {
    /// Whether it keeps running means of the gradient and of its square.
    #[must_use]
    pub fn is_adam(self) -> bool {
        matches!(self, Self::Adam | Self::Adamw | Self::Nadam)
    }
}

impl Encoding {
    /// Features that this encoding makes of `operands` numbers up to `largest`.
    #[must_use]
    pub fn features(self, operands: u32, largest: u32) -> u64 {
        let operands = u64::from(operands);
        match self {
            Self::Scalar | Self::Log | Self::Sqrt => operands,
            Self::Binary | Self::Gray => operands * u64::from(bits(largest)),
            Self::Digits => operands * u64::from(digits(largest)),
            Self::DigitsOnehot => operands * 10 * u64::from(digits(largest)),
            Self::Onehot(count) | Self::Thermometer(count) | Self::Cosine(count) => operands * u64::from(count),
            Self::Ramps(knots) => operands * (1 + u64::from(knots)),
            Self::Fourier(count) => operands * 2 * u64::from(count),
            // All monomials of total degree 1..=d in k operands: C(k + d, d) − 1.
            Self::Polynomial(degree) => {
                (1..=u64::from(degree)).fold(1u64, |product, i| product * (operands + i) / i) - 1
            }
        }
    }
}

/// Binary digits that hold every number up to twice `largest`, so that extrapolation can be written too.
#[must_use]
pub fn bits(largest: u32) -> u32 {
    (2 * u64::from(largest)).ilog2() + 1
}

/// Decimal digits that hold every number up to twice `largest`.
#[must_use]
pub fn digits(largest: u32) -> u32 {
    (2 * u64::from(largest)).ilog10() + 1
}
