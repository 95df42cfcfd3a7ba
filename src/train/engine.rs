//! What training asks of a device: the seam between the course of a run and the arithmetic of a cohort.

use tch::TchError;

use super::keep::Keep;
use super::outcome::Weight;
use crate::config::{Configuration, Seeds};
use crate::network::{Architecture, Real, Slot};
use crate::random::Stream;

/// Most rows that are answered at a time.
pub const EVALUATION_ROWS: usize = 256;

/// What a run brings to its cohort.
#[derive(Clone, Debug)]
pub struct Start<'a, T> {
    /// Its configuration: of one shape with those of its siblings.
    pub configuration: &'a Configuration,
    /// What its draws start from.
    pub seeds: Seeds,
    /// Scaled features of its training examples, `[examples, features]`, row-major.
    pub features: Vec<T>,
    /// Scaled targets.
    pub targets: Vec<T>,
    /// Initial parameters, in the order of [`Architecture::slots`].
    pub initial: Vec<Vec<f64>>,
}

/// What an epoch of a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EpochReport {
    /// Mean loss over the examples, each as it was seen in its batch, before that batch's step.
    pub loss: f64,
    /// Mean squared error over the same, in scaled units.
    pub squared_error: f64,
    /// Norm of the gradient at the last batch, before clipping.
    pub gradient_norm: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
}

/// A cohort on a device. Lists of runs are in the order of the cohort; `wanted` says for each run whether the call is
/// about it.
pub trait Engine<T: Real> {
    /// Trains an epoch, numbered from 1, of the wanted runs. What is reported of others means nothing.
    ///
    /// # Errors
    /// When libtorch fails, for lack of memory above all.
    fn epoch(&mut self, number: u32, wanted: &[bool]) -> Result<Vec<EpochReport>, TchError>;

    /// Answers of the wanted runs to so many rows of features each, `[rows, features]`, at most [`EVALUATION_ROWS`]:
    /// written by `fill`, the answers handed to `take`. A row's bits do not depend on how many there are.
    ///
    /// # Errors
    /// When libtorch fails.
    fn answer(
        &mut self,
        wanted: &[bool],
        rows: usize,
        fill: &mut dyn FnMut(usize, &mut [T]),
        take: &mut dyn FnMut(usize, Answers<'_, T>),
    ) -> Result<(), TchError>;

    /// Walks over all that training changes of a run: to save it between two epochs, or to go on from there.
    ///
    /// # Errors
    /// When libtorch fails.
    fn state(&mut self, run: usize, keep: &mut Keep<'_>) -> Result<(), TchError>;

    /// A run's parameters, and running statistics where its normalization keeps them.
    ///
    /// # Errors
    /// When libtorch fails.
    fn weights(&self, run: usize) -> Result<Vec<Weight>, TchError>;
}

/// What a run answers to a block of rows.
pub struct Answers<'a, T> {
    /// `[rows]`, in scaled units; what is behind the rows that were asked for means nothing.
    pub answers: &'a [T],
    /// Values of each hidden layer's units, `[rows, width]`, row-major, and as above.
    pub hidden: &'a [&'a [T]],
}

/// The order in which a run sees its examples in an epoch.
#[must_use]
pub fn order(seeds: Seeds, examples: usize, epoch: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..examples as u32).collect();
    Stream::new(seeds.shuffle, "shuffle", u64::from(epoch)).shuffle(&mut order);
    order
}

/// Batches of an epoch.
#[must_use]
pub fn batches(configuration: &Configuration) -> u64 {
    u64::from(configuration.examples.div_ceil(configuration.batch_size()))
}

/// An array of parameters as it is kept.
#[must_use]
pub fn kept<T: Real>(slot: &Slot, values: &[T]) -> Weight {
    Weight { name: slot.name(), shape: slot.shape.clone(), bytes: T::bytes(values) }
}

/// The running statistics of `batch` normalization of a layer as they are kept: mean and variance of each unit.
#[must_use]
pub fn kept_statistics<T: Real>(layer: usize, mean: &[T], variance: &[T]) -> [Weight; 2] {
    let weight = |name: &str, values: &[T]| Weight {
        name: format!("layers.{layer}.norm.{name}"),
        shape: vec![values.len()],
        bytes: T::bytes(values),
    };
    [weight("mean", mean), weight("variance", variance)]
}

/// The architecture that runs of a cohort share.
#[must_use]
pub fn architecture<T>(starts: &[Start<'_, T>]) -> Architecture {
    Architecture::of(starts[0].configuration)
}
