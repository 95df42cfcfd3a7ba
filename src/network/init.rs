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
        let layer = Layer { seed, number: slot.layer, inputs, outputs };
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
    number: usize,
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
            Init::Siren if self.number == 0 => uniform(1.0 / fan_in),
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
        Stream::new(self.seed, name, self.number as u64)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Assignment, Configuration, LayerNorm, Value};
    use crate::plan::Shape;

    fn dense(features: usize, widths: &[u32]) -> Architecture {
        Architecture::dense(features, widths, true, Activation::Relu)
    }

    /// Smallest, largest, mean and variance.
    fn moments(values: &[f64]) -> (f64, f64, f64, f64) {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        (values.iter().copied().fold(low, f64::min), values.iter().copied().fold(high, f64::max), mean, variance)
    }

    fn is_uniform(values: &[f64], low: f64, high: f64) {
        let (smallest, largest, mean, variance) = moments(values);
        let width = high - low;
        assert!(smallest >= low && smallest < low + 0.002 * width, "{smallest} {low}");
        assert!(largest <= high && largest > high - 0.002 * width, "{largest} {high}");
        assert!((mean - f64::midpoint(low, high)).abs() < 0.01 * width, "{mean}");
        assert!((variance / (width * width / 12.0) - 1.0).abs() < 0.03, "{variance}");
    }

    fn is_normal(values: &[f64], variance: f64) {
        let (smallest, largest, mean, found) = moments(values);
        let deviation = variance.sqrt();
        assert!(mean.abs() < 0.02 * deviation && (found / variance - 1.0).abs() < 0.03, "{mean} {found}");
        assert!(smallest < -3.5 * deviation && largest > 3.5 * deviation, "not cut off: {smallest} {largest}");
        let fourth = values.iter().map(|value| value.powi(4)).sum::<f64>() / values.len() as f64;
        assert!((fourth / (variance * variance) - 3.0).abs() < 0.2, "{fourth}");
    }

    #[test]
    fn the_seeds_network_has_its_parameters() {
        assert_eq!(dense(1, &[20, 100, 1000, 100, 20]).parameters(), 205_281);
        assert_eq!(Architecture::dense(3, &[], false, Activation::Relu).parameters(), 3);
    }

    #[test]
    fn plans_count_the_same_parameters() {
        for layer in ["dense", "nac", "nalu", "nau", "nmu", "real_npu"] {
            for norm in ["none", "batch", "layer", "rms"] {
                for hidden in [vec![], vec![5], vec![4, 7, 3]] {
                    for bias in [true, false] {
                        let widths = hidden.iter().map(|&width| Value::Whole(width)).collect();
                        let c = Configuration::of(&Assignment::from([
                            ("task", Value::Word("sum".into())),
                            ("layer", Value::Word(layer.into())),
                            ("layer_norm", Value::Word(norm.into())),
                            ("hidden", Value::List(widths)),
                            ("bias", Value::Flag(bias)),
                        ]))
                        .unwrap();
                        let counted = Architecture::of(&c).parameters() as u64;
                        assert_eq!(Shape::of(&c).parameters(), counted, "{layer} {norm} {hidden:?} {bias}");
                    }
                }
            }
        }
    }

    #[test]
    fn dense_weights_have_their_distribution() {
        let architecture = dense(100, &[300]);
        let drawn = |init| initial_weights(&architecture, init, 5);
        is_uniform(&drawn(Init::GlorotUniform)[0], -(6.0f64 / 400.0).sqrt(), (6.0f64 / 400.0).sqrt());
        is_uniform(&drawn(Init::HeUniform)[0], -(6.0f64 / 100.0).sqrt(), (6.0f64 / 100.0).sqrt());
        is_uniform(&drawn(Init::Torch)[0], -0.1, 0.1);
        is_normal(&drawn(Init::GlorotNormal)[0], 2.0 / 400.0);
        is_normal(&drawn(Init::HeNormal)[0], 2.0 / 100.0);
        is_normal(&drawn(Init::LecunNormal)[0], 1.0 / 100.0);
        for init in [Init::GlorotUniform, Init::HeNormal, Init::LecunNormal, Init::Orthogonal] {
            assert_eq!(drawn(init)[1], [0.0; 300], "{init:?}");
        }
        let biases = &initial_weights(&dense(100, &[30_000]), Init::Torch, 5)[1];
        is_uniform(biases, -0.1, 0.1);
    }

    #[test]
    fn sines_begin_as_their_paper_says() {
        let with = |activation| {
            let architecture = Architecture::dense(50, &[600, 100], true, activation);
            initial_weights(&architecture, Init::Siren, 1)
        };
        let own = with(Activation::Sine(10.0));
        is_uniform(&own[0], -0.02, 0.02);
        is_uniform(&own[2], -0.01, 0.01);
        assert!(own[1].iter().all(|bias| bias.abs() <= 50f64.sqrt().recip()));
        assert!(own[3].iter().all(|bias| bias.abs() <= 600f64.sqrt().recip()) && own[3][0] != 0.0);
        is_uniform(&with(Activation::Relu)[2], -0.1 / 30.0, 0.1 / 30.0);
    }

    #[test]
    fn orthogonal_weights_are_orthogonal() {
        for (inputs, outputs) in [(30usize, 30u32), (10, 57), (57, 10), (1, 9), (9, 1), (200, 200)] {
            let weights = &initial_weights(&dense(inputs, &[outputs]), Init::Orthogonal, 2)[0];
            let outputs = outputs as usize;
            let entry = |i: usize, o: usize| weights[i * outputs + o];
            let fewer_inputs = inputs <= outputs;
            let (short, long) = if fewer_inputs { (inputs, outputs) } else { (outputs, inputs) };
            let vector = |v: usize, at: usize| if fewer_inputs { entry(v, at) } else { entry(at, v) };
            for a in 0..short {
                for b in 0..=a {
                    let product: f64 = (0..long).map(|at| vector(a, at) * vector(b, at)).sum();
                    let expected = f64::from(u8::from(a == b));
                    assert!((product - expected).abs() < 1e-14, "{inputs}x{outputs} {a} {b}: {product}");
                }
            }
        }
        // All directions are equally likely: entries have mean 0 and variance 1/n.
        let (_, _, mean, variance) = moments(&initial_weights(&dense(200, &[200]), Init::Orthogonal, 2)[0]);
        assert!(mean.abs() < 0.002 && ((variance + mean * mean) * 200.0 - 1.0).abs() < 1e-12, "{mean} {variance}");
    }

    #[test]
    fn arithmetic_layers_begin_as_their_papers_say() {
        let drawn = |layer, inputs| {
            let architecture = Architecture { layer, ..dense(inputs, &[300]) };
            initial_weights(&architecture, Init::GlorotUniform, 5)
        };
        let end = (6.0f64 / 400.0).sqrt();
        let nalu = drawn(LayerKind::Nalu, 100);
        nalu[..3].iter().for_each(|values| is_uniform(values, -end, end));
        assert!(nalu[0] != nalu[1] && nalu[1] != nalu[2]);
        assert_eq!(drawn(LayerKind::Nac, 100)[..2], nalu[..2]);
        is_uniform(&drawn(LayerKind::Nau, 100)[0], -end, end);
        let narrow = Architecture { layer: LayerKind::Nau, ..dense(2, &[4]) };
        assert!(initial_weights(&narrow, Init::Torch, 0).iter().flatten().all(|weight| weight.abs() <= 0.5));
        is_uniform(&drawn(LayerKind::Nmu, 100)[0], 0.25, 0.75);
        let npu = drawn(LayerKind::RealNpu, 100);
        is_uniform(&npu[0], -end, end);
        assert_eq!(npu[1], [0.5; 100]);
    }

    #[test]
    fn normalizations_begin_as_nothing() {
        let architecture = Architecture { norm: LayerNorm::Batch, ..dense(2, &[3]) };
        let drawn = initial_weights(&architecture, Init::Torch, 5);
        assert_eq!((&drawn[2], &drawn[3]), (&vec![1.0; 3], &vec![0.0; 3]));
        let plain = initial_weights(&dense(2, &[3]), Init::Torch, 5);
        assert_eq!((&drawn[..2], &drawn[4..]), (&plain[..2], &plain[2..]));
    }

    #[test]
    fn a_layers_draws_are_its_own() {
        for init in [Init::Torch, Init::HeNormal, Init::Orthogonal, Init::Siren] {
            let (few, many) = (dense(10, &[30]), dense(10, &[30, 7]));
            assert_eq!(initial_weights(&few, init, 5)[..2], initial_weights(&many, init, 5)[..2], "{init:?}");
            assert_ne!(initial_weights(&few, init, 5)[0], initial_weights(&few, init, 6)[0], "{init:?}");
        }
    }

    #[test]
    fn draws_are_pinned_for_ever() {
        let first = |init| {
            let drawn = initial_weights(&dense(2, &[3]), init, 7);
            format!("{:.6} {:.6} {:.6}", drawn[0][0], drawn[0][5], drawn[1][2])
        };
        let shown: Vec<String> = [Init::GlorotUniform, Init::Torch, Init::HeNormal, Init::Orthogonal].map(first).into();
        insta::assert_snapshot!(shown.join("\n"), @r"
        0.945293 -0.822161 0.000000
        0.610184 -0.530703 -0.337354
        -0.890535 -0.697290 0.000000
        -0.638134 0.012592 0.000000
        ");
    }
}
