//! Combinations of values that cannot work, with the reason: refused when a sweep is checked, before anything runs.

use super::{Batch, Configuration, Encoding, LayerNorm, Normalization, Optimizer, Precision, Task};

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

const RULES: &[Rule] = &[
    operands_missing,
    targets_all_zero,
    targets_beyond_exact_numbers,
    logarithm_of_features,
    logarithm_of_targets,
    more_features_than_numbers,
    too_many_features,
    features_beyond_f32,
    one_unit_alone,
    one_example_alone,
    whole_gradients,
    no_epoch_after_the_warmup,
];

/// Widest input that a network may have.
const MOST_FEATURES: u64 = 4096;

fn refuse(first: &'static str, second: &'static str, reason: impl Into<String>) -> Conflict {
    Conflict { parameters: [first, second], reason: reason.into() }
}

fn operands_missing(c: &Configuration) -> Option<Conflict> {
    let alone = c.operands < 2 && matches!(c.task, Task::Difference | Task::Quotient);
    alone.then(|| refuse("operands", "task", "the task takes two numbers, and there is one"))
}

fn targets_all_zero(c: &Configuration) -> Option<Conflict> {
    let all_zero = c.task == Task::Sine && c.largest == 2;
    all_zero.then(|| refuse("largest", "task", "the sine is 0 at half its period and at the whole"))
}

fn targets_beyond_exact_numbers(c: &Configuration) -> Option<Conflict> {
    // Inputs go up to twice the largest number in the extrapolation split.
    let largest = 2.0 * f64::from(c.largest);
    let (target, other) = match c.task {
        Task::Sum => (largest * f64::from(c.operands), "operands"),
        Task::Product => (largest.powi(i32::try_from(c.operands).unwrap_or(i32::MAX)), "operands"),
        Task::Square => (largest.powi(2), "task"),
        Task::Cube => (largest.powi(3), "task"),
        // None of these is beyond its operands.
        Task::Difference | Task::Sqrt | Task::Reciprocal | Task::Quotient | Task::Max | Task::Sine => return None,
    };
    let parameters = if other == "task" { ["largest", "task"] } else { ["operands", "largest"] };
    (target > 2f64.powi(53)).then(|| Conflict {
        parameters,
        reason: "targets would go beyond 2^53, where whole numbers are no longer exact in f64".into(),
    })
}

/// The parameter by which one side's scaling is set.
fn side(c: &Configuration, own: &'static str) -> &'static str {
    if c.input_normalization == c.target_normalization { "normalization" } else { own }
}

fn logarithm_of_features(c: &Configuration) -> Option<Conflict> {
    let smallest = match c.encoding {
        Encoding::Scalar | Encoding::Sqrt | Encoding::Polynomial(_) => return None,
        Encoding::Log => "ln 1 = 0",
        Encoding::Binary | Encoding::Gray => "0 for a digit that is not set",
        Encoding::Digits => "0 for a digit 0",
        Encoding::DigitsOnehot => "0 for all digits but one",
        Encoding::Onehot(_) => "0 for all bins but one",
        Encoding::Thermometer(_) => "0 for a bin that is not reached",
        Encoding::Ramps(_) => "0 before a knot",
        Encoding::Fourier(_) | Encoding::Cosine(_) => "a cosine as low as -1",
    };
    if c.input_normalization != Normalization::Log {
        return None;
    }
    let reason = format!("the smallest feature is {smallest}, whose logarithm does not exist");
    Some(refuse(side(c, "input_normalization"), "encoding", reason))
}

fn logarithm_of_targets(c: &Configuration) -> Option<Conflict> {
    if c.target_normalization != Normalization::Log {
        return None;
    }
    let own = side(c, "target_normalization");
    let signed = |what: &str| format!("{what} may be 0 or less, where no logarithm exists");
    match c.task {
        Task::Difference => Some(refuse(own, "task", signed("a difference"))),
        Task::Sine => Some(refuse(own, "task", signed("a sine"))),
        _ if c.noise > 0.0 => Some(refuse(own, "noise", signed("a target with noise"))),
        _ => None,
    }
}

/// Encodings finer than whole numbers are: features that no number sets, or that are equal on all of them.
fn more_features_than_numbers(c: &Configuration) -> Option<Conflict> {
    let largest = c.largest;
    let reason = match c.encoding {
        Encoding::Onehot(bins) | Encoding::Thermometer(bins) if bins > largest => {
            format!("of {bins} bins for the numbers 1 to {largest}, some would hold no number")
        }
        Encoding::Ramps(knots) if knots > largest.saturating_sub(2) => {
            format!("{knots} knots are more than the whole numbers strictly between 1 and {largest}")
        }
        Encoding::Fourier(k) if 2 * k > largest => {
            format!(
                "on whole numbers up to {largest}, sines and cosines of more than {} periods repeat slower ones",
                largest / 2
            )
        }
        Encoding::Cosine(k) if k > largest => {
            format!("on whole numbers up to {largest}, cosines of more than {largest} half periods repeat slower ones")
        }
        _ => return None,
    };
    Some(refuse("encoding", "largest", reason))
}

fn too_many_features(c: &Configuration) -> Option<Conflict> {
    let features = c.encoding.features(c.operands, c.largest);
    if features <= MOST_FEATURES {
        return None;
    }
    let reason = match c.encoding {
        Encoding::Polynomial(degree) => {
            format!("{features} products of degree up to {degree} are more than {MOST_FEATURES} features")
        }
        _ => format!("{} operands are written as {features} features, more than {MOST_FEATURES}", c.operands),
    };
    Some(refuse("encoding", "operands", reason))
}

/// Features are computed and scaled in f64, and rounded to f32 then.
fn features_beyond_f32(c: &Configuration) -> Option<Conflict> {
    let Encoding::Polynomial(degree) = c.encoding else { return None };
    let degree = i32::try_from(degree).unwrap_or(i32::MAX);
    let raw = c.input_normalization == Normalization::None && c.precision == Precision::F32;
    if raw && (2.0 * f64::from(c.largest)).powi(degree) > f64::from(f32::MAX) {
        let reason = "features that are not scaled would go beyond the largest number of 32 bits";
        return Some(refuse(side(c, "input_normalization"), "encoding", reason));
    }
    None
}

fn one_unit_alone(c: &Configuration) -> Option<Conflict> {
    let reason = match c.layer_norm {
        LayerNorm::None | LayerNorm::Batch => return None,
        LayerNorm::Layer => "the only unit of a layer is its own mean, so that nothing of it is left",
        LayerNorm::Rms => "of the only unit of a layer nothing is left but its sign",
    };
    let widths = if c.hidden.is_some() { "hidden" } else { "width" };
    if c.widths().contains(&1) { Some(refuse("layer_norm", widths, reason)) } else { None }
}

fn one_example_alone(c: &Configuration) -> Option<Conflict> {
    if c.layer_norm != LayerNorm::Batch || c.widths().is_empty() {
        return None;
    }
    match (c.batch_size(), c.examples % c.batch_size()) {
        (1, _) if c.examples == 1 => {
            Some(refuse("layer_norm", "examples", "the only example is its own mean, so that nothing of it is left"))
        }
        (1, _) => Some(refuse(
            "layer_norm",
            "batch",
            "the only example of a batch is its own mean, so that nothing of it is left",
        )),
        (_, 1) => {
            let reason = format!(
                "the last batch of an epoch holds one of {} examples, which is its own mean, so that nothing of it is left",
                c.examples
            );
            Some(refuse("layer_norm", "batch", reason))
        }
        _ => None,
    }
}

fn whole_gradients(c: &Configuration) -> Option<Conflict> {
    if c.optimizer != Optimizer::Lbfgs {
        return None;
    }
    if c.batch != Batch::Full {
        return Some(refuse(
            "batch",
            "optimizer",
            "`lbfgs` compares losses of one step with those of the next, so it takes all examples at once",
        ));
    }
    if c.dropout > 0.0 {
        return Some(refuse(
            "dropout",
            "optimizer",
            "`lbfgs` compares losses of one step with those of the next, which units dropped at random would change",
        ));
    }
    None
}

fn no_epoch_after_the_warmup(c: &Configuration) -> Option<Conflict> {
    if c.warmup == 0 || c.warmup < c.epochs {
        return None;
    }
    let reason = format!("a warm-up of {} epochs leaves none of {} for the schedule", c.warmup, c.epochs);
    Some(refuse("warmup", "epochs", reason))
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
