//! Initial parameters, drawn from the run's own streams.

use super::{Architecture, Role, Slot};
use crate::config::{Activation, Init, LayerKind};
use crate::random::Stream;

/// What the activation of `siren` multiplies by where the network's own is no sine: the paper's 30.
const SIREN_OMEGA: f64 = 30.0;

/// Initial values of every array of parameters, in the order of [`Architecture::slots`].
///
/// Every array of every layer draws from its own stream, so that a layer's weights do not depend on the others' sizes.
/// Dense layers draw as `init` says; arithmetic layers as their authors' papers and programs do. Scales begin at 1 and
/// shifts at 0.
#[must_use]
pub fn initial_weights(architecture: &Architecture, init: Init, seed: u64) -> Vec<Vec<f64>> {
    let draw = |slot: &Slot| {
        let (inputs, outputs) = architecture.sizes[slot.layer];
        let layer = Layer { seed, layer: slot.layer, inputs, outputs };
        match (architecture.layer, slot.role) {
            (_, Role::Scale) => vec![1.0; slot.len()],
            (_, Role::Shift) => vec![0.0; slot.len()],
            (LayerKind::Dense, Role::Bias) => layer.biases(init),
            (LayerKind::Dense, _) => layer.dense(init, architecture.activation),
            (kind, role) => layer.arithmetic(kind, role),
        }
    };
    architecture.slots().iter().map(draw).collect()
}

/// A layer whose arrays are to be drawn.
struct Layer {
    seed: u64,
    layer: usize,
    inputs: usize,
    outputs: usize,
}

impl Layer {
    /// Weights of a dense layer, `[inputs, outputs]`.
    fn dense(&self, init: Init, activation: Activation) -> Vec<f64> {
        let (fan_in, fan_out) = (self.inputs as f64, self.outputs as f64);
        let uniform = |end: f64| self.uniform("init/weight", -end, end, self.inputs * self.outputs);
        let normal = |variance: f64| self.normal(variance.sqrt());
        match init {
            Init::GlorotUniform => uniform((6.0 / (fan_in + fan_out)).sqrt()),
            Init::GlorotNormal => normal(2.0 / (fan_in + fan_out)),
            Init::HeUniform => uniform((6.0 / fan_in).sqrt()),
            Init::HeNormal => normal(2.0 / fan_in),
            Init::LecunNormal => normal(1.0 / fan_in),
            Init::Torch => uniform(fan_in.sqrt().recip()),
            Init::Orthogonal => self.orthogonal(),
            Init::Siren if self.layer == 0 => uniform(1.0 / fan_in),
            Init::Siren => {
                let omega = if let Activation::Sine(omega) = activation { omega } else { SIREN_OMEGA };
                uniform((6.0 / fan_in).sqrt() / omega)
            }
        }
    }

    /// Biases of a dense layer.
    fn biases(&self, init: Init) -> Vec<f64> {
        match init {
            Init::Torch | Init::Siren => {
                let end = (self.inputs as f64).sqrt().recip();
                self.uniform("init/bias", -end, end, self.outputs)
            }
            _ => vec![0.0; self.outputs],
        }
    }

    /// An array of an arithmetic layer.
    fn arithmetic(&self, kind: LayerKind, role: Role) -> Vec<f64> {
        let count = self.inputs * self.outputs;
        let sides = (self.inputs + self.outputs) as f64;
        let glorot = |name: &str| {
            let end = (6.0 / sides).sqrt();
            self.uniform(name, -end, end, count)
        };
        match (kind, role) {
            // Heim et al. 2020: every input half through the gate.
            (LayerKind::RealNpu, Role::Gate) => vec![0.5; self.inputs],
            (_, Role::Gate) => glorot("init/gate"),
            (_, Role::Magnitude) => glorot("init/magnitude"),
            // Madsen and Johansen 2020: the variance of Glorot's draws, within the unit's own range.
            (LayerKind::Nau, _) => {
                let end = (6.0 / sides).sqrt().min(0.5);
                self.uniform("init/weight", -end, end, count)
            }
            (LayerKind::Nmu, _) => self.uniform("init/weight", 0.25, 0.75, count),
            _ => glorot("init/weight"),
        }
    }

    fn stream(&self, name: &str) -> Stream {
        Stream::new(self.seed, name, self.layer as u64)
    }

    /// Draws that are uniform on [low, high).
    fn uniform(&self, name: &str, low: f64, high: f64, count: usize) -> Vec<f64> {
        let (middle, end) = (f64::midpoint(low, high), (high - low) / 2.0);
        let mut stream = self.stream(name);
        (0..count).map(|_| middle + (2.0 * stream.uniform() - 1.0) * end).collect()
    }

    /// Weights that are normal around zero.
    fn normal(&self, deviation: f64) -> Vec<f64> {
        let mut stream = self.stream("init/weight");
        (0..self.inputs * self.outputs).map(|_| deviation * stream.normal()).collect()
    }

    /// Weights whose rows or columns, whichever are fewer, are of length one and at right angles: the orthogonal factor
    /// of a normal matrix with a positive diagonal in the triangular one, which makes all such weights equally likely.
    fn orthogonal(&self) -> Vec<f64> {
        let (long, short) = (self.inputs.max(self.outputs), self.inputs.min(self.outputs));
        let mut vectors = self.normal(1.0);
        for i in 0..short {
            let (before, rest) = vectors.split_at_mut(i * long);
            let own = &mut rest[..long];
            // Once leaves what rounding has spared; twice is enough (Giraud et al. 2005).
            for _ in 0..2 {
                for other in before.chunks_exact(long) {
                    let shared = product(other, own);
                    own.iter_mut().zip(other).for_each(|(own, other)| *own -= shared * other);
                }
            }
            let length = product(own, own).sqrt();
            own.iter_mut().for_each(|value| *value /= length);
        }
        if self.inputs <= self.outputs {
            return vectors;
        }
        // One vector a column.
        (0..vectors.len()).map(|i| vectors[i % short * long + i / short]).collect()
    }
}

/// The inner product, in eight sums so that it does not wait for itself; the same on every machine.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum()
}
