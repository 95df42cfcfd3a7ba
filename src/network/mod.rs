//! Networks: layers, activations, initial weights. Knows nothing of optimizers or of storage.

mod init;
mod real;
pub mod unit;

use crate::config::{Activation, Configuration};

pub use init::initial_weights;
pub use real::Real;
pub use unit::Unit;
pub(crate) use unit::with_unit;

/// Sizes of a network of affine layers, from the features to one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    /// Inputs and outputs of each affine map, first to last.
    pub sizes: Vec<(usize, usize)>,
    /// Whether the maps add a bias.
    pub bias: bool,
}

impl Layers {
    /// Layers from `features` through hidden `widths` to one output.
    #[must_use]
    pub fn new(features: usize, widths: &[u32], bias: bool) -> Self {
        let mut sizes = Vec::with_capacity(widths.len() + 1);
        let mut inputs = features;
        for outputs in widths.iter().map(|&width| width as usize).chain([1]) {
            sizes.push((inputs, outputs));
            inputs = outputs;
        }
        Self { sizes, bias }
    }

    /// Layers of a configuration.
    #[must_use]
    pub fn of(configuration: &Configuration) -> Self {
        let features = configuration.encoding.features(configuration.operands, configuration.largest);
        Self::new(features as usize, &configuration.widths(), configuration.bias)
    }

    /// Weights and biases together.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.sizes.iter().map(|(inputs, outputs)| inputs * outputs + if self.bias { *outputs } else { 0 }).sum()
    }
}

/// Whether the derivative of an activation is a function of its value, so that the weighted sum need not be kept.
#[must_use]
pub fn derivative_from_value(activation: Activation) -> bool {
    match activation {
        Activation::Linear | Activation::Relu | Activation::Tanh | Activation::Sigmoid => true,
        Activation::Gelu | Activation::Square => false,
    }
}

#[cfg(test)]
mod tests;
