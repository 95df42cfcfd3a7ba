//! Networks: layers, activations, initial weights. Knows nothing of optimizers or of storage.

mod init;
mod real;
pub mod unit;

use crate::config::{Activation, Configuration, LayerKind, LayerNorm};

pub use init::initial_weights;
pub use real::Real;
pub use unit::Unit;
pub(crate) use unit::with_unit;

/// What a network is made of: everything that decides which parameters it has and what it computes from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Inputs and outputs of each layer, first to last; the last has one output.
    pub sizes: Vec<(usize, usize)>,
    /// How every layer makes its outputs, the last one included.
    pub layer: LayerKind,
    /// Whether dense layers add a bias.
    pub bias: bool,
    /// What is done to the outputs of hidden layers before their activation.
    pub norm: LayerNorm,
    /// What hidden units do.
    pub activation: Activation,
}

/// One array of parameters of a network, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The layer that it belongs to, from 0.
    pub layer: usize,
    /// What it is to that layer.
    pub role: Role,
    /// Its size in each direction; weights are `[inputs, outputs]`.
    pub shape: Vec<usize>,
}

/// What an array of parameters is to its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Weights of sums or products, `[inputs, outputs]`; of NAC and NALU the sign's part, Ŵ.
    Weight,
    /// The size's part of the weights of NAC and NALU, M̂, `[inputs, outputs]`.
    Magnitude,
    /// The gate: of NALU `[inputs, outputs]`, of the real neural power unit `[inputs]`.
    Gate,
    /// What a dense layer adds, `[outputs]`.
    Bias,
    /// What normalized sums are multiplied by, `[outputs]`.
    Scale,
    /// What is added to normalized sums, `[outputs]`.
    Shift,
}

impl Role {
    /// Its part of the name of a saved weight.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Magnitude => "magnitude",
            Self::Gate => "gate",
            Self::Bias => "bias",
            Self::Scale => "norm.scale",
            Self::Shift => "norm.shift",
        }
    }
}

impl Slot {
    /// Numbers in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its name in saved weights, such as `layers.0.weight`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("layers.{}.{}", self.layer, self.role.name())
    }
}

impl Architecture {
    /// A network of dense layers from `features` through hidden `widths` to one output.
    #[must_use]
    pub fn dense(features: usize, widths: &[u32], bias: bool, activation: Activation) -> Self {
        let mut sizes = Vec::with_capacity(widths.len() + 1);
        let mut inputs = features;
        for outputs in widths.iter().map(|&width| width as usize).chain([1]) {
            sizes.push((inputs, outputs));
            inputs = outputs;
        }
        Self { sizes, layer: LayerKind::Dense, bias, norm: LayerNorm::None, activation }
    }

    /// The network of a configuration.
    #[must_use]
    pub fn of(configuration: &Configuration) -> Self {
        let c = configuration;
        let features = c.encoding.features(c.operands, c.largest) as usize;
        let dense = Self::dense(features, &c.widths(), c.bias, c.activation);
        Self { layer: c.layer, norm: c.layer_norm, ..dense }
    }

    /// Whether a layer is the last.
    #[must_use]
    pub fn is_last(&self, layer: usize) -> bool {
        layer + 1 == self.sizes.len()
    }

    /// Inputs of the first layer.
    #[must_use]
    pub fn features(&self) -> usize {
        self.sizes[0].0
    }

    /// All arrays of parameters, layer by layer: the layer's own, then those of its normalization.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        for (layer, &(inputs, outputs)) in self.sizes.iter().enumerate() {
            let mut add = |role, shape: &[usize]| slots.push(Slot { layer, role, shape: shape.to_vec() });
            add(Role::Weight, &[inputs, outputs]);
            match self.layer {
                LayerKind::Dense if self.bias => add(Role::Bias, &[outputs]),
                LayerKind::Dense | LayerKind::Nau | LayerKind::Nmu => {}
                LayerKind::Nac => add(Role::Magnitude, &[inputs, outputs]),
                LayerKind::Nalu => {
                    add(Role::Magnitude, &[inputs, outputs]);
                    add(Role::Gate, &[inputs, outputs]);
                }
                LayerKind::RealNpu => add(Role::Gate, &[inputs]),
            }
            if layer + 1 < self.sizes.len() && self.norm != LayerNorm::None {
                add(Role::Scale, &[outputs]);
                if self.norm != LayerNorm::Rms {
                    add(Role::Shift, &[outputs]);
                }
            }
        }
        slots
    }

    /// Numbers that are trained.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.slots().iter().map(Slot::len).sum()
    }
}

/// What is added to variances and mean squares before their root, as `PyTorch` does.
pub const NORM_EPSILON: f64 = 1e-5;

/// How fast the running mean and variance of `batch` normalization follow those of batches, as in `PyTorch`.
pub const RUNNING_SHARE: f64 = 0.1;

/// What arithmetic units add to absolute values before their logarithm.
pub const LOGARITHM_EPSILON: f64 = 1e-7;

#[cfg(test)]
mod tests;
