//! What a run ends as: its status, curve, measures, predictions, weights and digest.

use std::fmt;
use std::str::FromStr;

use crate::measure::Measures;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It trained to its last epoch, or stopped early as its configuration asks; the reason then says so.
    Finished,
    /// Its loss left the numbers: a result, not a failure.
    Diverged,
    /// It could not be trained; the reason says why.
    Failed,
    /// It ran out of the time that it was given.
    TimedOut,
}

impl Status {
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Finished, "finished"),
        (Self::Diverged, "diverged"),
        (Self::Failed, "failed"),
        (Self::TimedOut, "timed_out"),
    ];
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(status, _)| status == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let status = Self::NAMES.iter().find(|(_, name)| *name == text).map(|(status, _)| *status);
        status.ok_or_else(|| format!("`{text}` is no status of a run"))
    }
}

/// A point of a learning curve, taken at the end of an epoch. What is not finite is `NaN` here and null in tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Epochs done, from 1.
    pub epoch: u32,
    /// Mean loss over the epoch's batches, as they were seen, in scaled units.
    pub train_loss: f64,
    /// Loss on the test split, in scaled units.
    pub test_loss: f64,
    /// Root mean squared error on the test split, in the target's own units.
    pub test_rmse: f64,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Norm of the gradient at the epoch's last batch.
    pub gradient_norm: f64,
}

/// What a network says of one input, for tasks of one operand: enough to draw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The operand.
    pub input: f64,
    /// The right answer, in its own units.
    pub target: f64,
    /// The network's answer, in the target's own units.
    pub prediction: f64,
}

/// A weight tensor with its name, such as `layers.0.weight`, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Its name.
    pub name: String,
    /// Its size in each direction; weights are `[inputs, outputs]`.
    pub shape: Vec<usize>,
    /// Its numbers, little-endian bytes of the run's precision.
    pub bytes: Vec<u8>,
}

/// All that is kept of a run that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// Why, where it did not finish.
    pub reason: Option<String>,
    /// Epochs done.
    pub epochs_done: u32,
    /// BLAKE3 of the exact bits of curve, measures and weights, in hexadecimal; empty for a run that failed.
    pub digest: String,
    /// The class of machines and libraries on which equal runs have equal digests, in hexadecimal.
    pub environment: String,
    /// Weights and biases of the network.
    pub parameters: u64,
    /// Inputs of the network after encoding.
    pub features: u64,
    /// Its share of the time that its cohort took.
    pub seconds: f64,
    /// Where it was trained: `cpu`, `cuda:0`.
    pub device: String,
    /// What came out.
    pub measures: Measures,
    /// How it went.
    pub curve: Vec<CurvePoint>,
    /// What it answers along its range and beyond, for tasks of one operand; otherwise empty.
    pub predictions: Vec<Prediction>,
    /// Its final weights.
    pub weights: Vec<Weight>,
}
