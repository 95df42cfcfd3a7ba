//! Gradients of the fused loops against libtorch's autograd, which the other engine uses.

use super::super::cpu::Cpu;
use super::super::engine::{Engine, Start};
use super::super::tensors::Tensors;
use super::*;
use crate::network::{Architecture, initial_weights};

/// A network and examples of it, drawn.
struct Case {
    configuration: Configuration,
    features: Vec<f64>,
    targets: Vec<f64>,
    initial: Vec<Vec<f64>>,
}

impl Case {
    fn drawn(entries: &[(&'static str, Value)], stream: &mut Stream) -> Self {
        let depth = stream.below(4);
        // Every other network has one input, for which there are ways of their own.
        let operands = 1 + if stream.below(2) == 0 { 0 } else { stream.below(5) as i64 };
        Self::of(depth, operands, entries, stream)
    }

    fn of(depth: u64, operands: i64, entries: &[(&'static str, Value)], stream: &mut Stream) -> Self {
        let hidden: Vec<i64> =
            (0..depth).map(|_| 1 + if stream.below(4) == 0 { 0 } else { stream.below(60) as i64 }).collect();
        let examples = 2 + stream.below(30) as usize;
        let mut all = vec![
            ("hidden", widths(&hidden)),
            ("task", word(if operands == 1 { "square" } else { "sum" })),
            ("operands", Value::Whole(operands)),
            ("examples", Value::Whole(examples as i64)),
            ("batch", word("full")),
            ("epochs", Value::Whole(1)),
            ("optimizer", word("sgd")),
            ("learning_rate", Value::Number(1.0)),
            ("precision", word("f64")),
            ("bias", Value::Flag(stream.below(4) > 0)),
        ];
        all.extend_from_slice(entries);
        let configuration = configuration(&all);
        let architecture = Architecture::of(&configuration);
        let mut draw = |count: usize| (0..count).map(|_| 2.0 * stream.uniform() - 1.0).collect::<Vec<f64>>();
        let features = draw(examples * architecture.features());
        let targets = draw(examples);
        let initial = initial_weights(&architecture, configuration.init, 7);
        // Biases, scales and shifts too begin somewhere.
        let initial = initial.into_iter().map(|values| {
            let moved = draw(values.len());
            values.iter().zip(moved).map(|(value, more)| value + 0.1 * more).collect()
        });
        Self { initial: initial.collect(), features, targets, configuration }
    }

    fn start(&self) -> Start<'_, f64> {
        Start {
            configuration: &self.configuration,
            seeds: seeds(1),
            features: self.features.clone(),
            targets: self.targets.clone(),
            initial: self.initial.clone(),
        }
    }

    /// The gradient, as what one step of plain descent at rate 1 takes away; and the norm that was reported.
    fn gradient(&self, engine: &mut dyn Engine<f64>) -> (Vec<(String, Vec<f64>)>, f64, f64) {
        let report = engine.epoch(1, &[true]).unwrap()[0];
        let slots = Architecture::of(&self.configuration).slots();
        let weights = engine.weights(0).unwrap();
        let gradient = weights.iter().zip(&self.initial).zip(&slots).map(|((weight, before), slot)| {
            let after = <f64 as crate::network::Real>::read(&weight.bytes);
            (slot.name(), before.iter().zip(after).map(|(before, after)| before - after).collect())
        });
        (gradient.collect(), report.gradient_norm, report.loss)
    }

    fn check(&self) {
        let (ours, norm, loss) = self.gradient(&mut Cpu::new(vec![self.start()], None));
        let (theirs, other_norm, other_loss) =
            self.gradient(&mut Tensors::new(vec![self.start()], tch::Device::Cpu).unwrap());
        let c = &self.configuration;
        assert!((loss - other_loss).abs() <= 1e-10 * loss.abs().max(1e-3), "losses {loss} {other_loss} {c:?}");
        assert!((norm - other_norm).abs() <= 1e-8 * norm.max(1e-3), "gradient norms {norm} {other_norm} {c:?}");
        for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs) {
            let largest = theirs.iter().fold(1e-3f64, |largest, gradient| largest.max(gradient.abs()));
            for (one, other) in ours.iter().zip(theirs) {
                assert!((one - other).abs() <= 1e-8 * largest, "{name}: {one} is not {other}: {c:?}");
            }
        }
    }
}

#[test]
fn gradients_of_every_activation_are_those_of_autograd() {
    fix_numeric_path();
    let mut stream = Stream::new(1, "gradients", 0);
    for activation in activations() {
        for depth in 0..4 {
            for operands in [1, 1, 3] {
                Case::of(depth, operands, &[("activation", activation.clone())], &mut stream).check();
            }
        }
    }
}

#[test]
fn gradients_of_every_layer_are_those_of_autograd() {
    fix_numeric_path();
    let mut stream = Stream::new(2, "gradients", 0);
    for layer in LAYERS {
        for activation in ["linear", "tanh"] {
            for _ in 0..12 {
                // Addition and multiplication units put their weights back within their ends after the step, in both
                // engines alike; the norm of the gradient is compared before that.
                let entries = [("layer", word(layer)), ("activation", word(activation))];
                Case::drawn(&entries, &mut stream).check();
            }
        }
    }
}

#[test]
fn gradients_of_every_norm_loss_and_dropout_are_those_of_autograd() {
    fix_numeric_path();
    let mut stream = Stream::new(3, "gradients", 0);
    let losses = [word("mse"), word("mae"), word("log_cosh"), with("huber", Value::Number(0.2))];
    for norm in NORMS {
        for loss in &losses {
            for activation in ["relu", "tanh", "gelu"] {
                for dropout in [0.0, 0.4] {
                    let entries = [
                        ("layer_norm", word(norm)),
                        ("loss", loss.clone()),
                        ("activation", word(activation)),
                        ("dropout", Value::Number(dropout)),
                    ];
                    Case::drawn(&entries, &mut stream).check();
                }
            }
        }
    }
}
