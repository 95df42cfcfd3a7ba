//! What training asks of a device: the seam between the course of a run and the arithmetic of a cohort.

use tch::TchError;

use super::outcome::Weight;
use super::rates::Rates;
use crate::config::{Activation, Optimizer};
use crate::network::{Layers, Real};

/// Rows that are evaluated at a time: always this many, the last ones padded, so that a row's bits do not depend on
/// how many there are.
pub const EVALUATION_ROWS: usize = 256;

/// What the runs of a cohort have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct CohortShape {
    /// Sizes of their networks.
    pub layers: Layers,
    /// What their hidden units do.
    pub activation: Activation,
    /// How their weights follow gradients.
    pub optimizer: Optimizer,
    /// Training examples of each.
    pub examples: usize,
    /// Examples in a batch.
    pub batch: usize,
    /// Passes over the examples.
    pub epochs: u32,
}

/// What a run brings to its cohort.
#[derive(Clone, Debug)]
pub struct Start<T> {
    /// Scaled features of its training examples, `[examples, features]`, row-major.
    pub features: Vec<T>,
    /// Scaled targets.
    pub targets: Vec<T>,
    /// Weights and biases of every layer.
    pub initial: Vec<(Vec<f64>, Vec<f64>)>,
}

/// A cohort on a device.
pub trait Engine<T: Real> {
    /// Begins an epoch: the order of each run's examples; losses start from zero.
    ///
    /// # Errors
    /// When libtorch fails, for lack of memory above all.
    fn begin_epoch(&mut self, orders: Vec<Vec<u32>>) -> Result<(), TchError>;
    /// One step on the `rows` examples from `start` on, in the epoch's order.
    ///
    /// # Errors
    /// When libtorch fails.
    fn step(&mut self, start: usize, rows: usize, rates: &[Rates]) -> Result<(), TchError>;
    /// Mean squared error of each run since the epoch began, as seen batch by batch.
    ///
    /// # Errors
    /// When libtorch fails.
    fn losses(&self) -> Result<Vec<f64>, TchError>;
    /// Norm of each run's last gradient.
    ///
    /// # Errors
    /// When libtorch fails.
    fn gradient_norms(&self) -> Result<Vec<f64>, TchError>;
    /// Answers to [`EVALUATION_ROWS`] rows of features a run, `[EVALUATION_ROWS, features]`, written by `fill`.
    ///
    /// # Errors
    /// When libtorch fails.
    fn answer(&mut self, fill: &mut dyn FnMut(usize, &mut [T])) -> Result<Vec<Vec<T>>, TchError>;
    /// A run's weights.
    ///
    /// # Errors
    /// When libtorch fails.
    fn weights(&self, run: usize) -> Result<Vec<Weight>, TchError>;
}

/// A layer's weights and biases as they are kept.
#[must_use]
pub fn layer_weights<T: Real>(
    layer: usize,
    (inputs, outputs): (usize, usize),
    weights: &[T],
    biases: &[T],
) -> Vec<Weight> {
    let mut kept =
        vec![Weight { name: format!("layers.{layer}.weight"), shape: vec![inputs, outputs], bytes: T::bytes(weights) }];
    if !biases.is_empty() {
        kept.push(Weight { name: format!("layers.{layer}.bias"), shape: vec![outputs], bytes: T::bytes(biases) });
    }
    kept
}
