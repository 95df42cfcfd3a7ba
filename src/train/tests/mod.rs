//! Tests of training: gradients against libtorch's autograd, company, both engines, divergence, curves.

mod trajectory;

use std::cell::RefCell;

use tch::{Kind, Tensor};

use super::cpu::Cpu;
use super::engine::{CohortShape, Engine, Start};
use super::*;
use crate::config::{Activation, Assignment, Configuration, Optimizer, Seeds, Value};
use crate::network::{Layers, initial_weights};
use crate::random::Stream;

fn configuration(entries: &[(&'static str, Value)]) -> Configuration {
    Configuration::of(&entries.iter().cloned().collect::<Assignment>()).unwrap()
}

fn word(text: &str) -> Value {
    Value::Word(text.into())
}

fn widths(widths: &[i64]) -> Value {
    Value::List(widths.iter().map(|&width| Value::Whole(width)).collect())
}

fn seeds(seed: u64) -> Seeds {
    Seeds { data: seed, init: seed, shuffle: seed }
}

fn train_on(device: Device, configurations: &[(&Configuration, u64)]) -> Vec<Outcome> {
    let members: Vec<_> =
        configurations.iter().map(|&(configuration, seed)| Member { configuration, seeds: seeds(seed) }).collect();
    let context = Context { device, catalogue: &Catalogue::default(), watch: &|_| None };
    train(&members, &context).unwrap()
}

/// Small enough to train many of.
fn small(entries: &[(&'static str, Value)]) -> Configuration {
    let mut all = vec![
        ("examples", Value::Whole(50)),
        ("test_examples", Value::Whole(30)),
        ("largest", Value::Whole(40)),
        ("batch", Value::Whole(16)),
        ("epochs", Value::Whole(6)),
    ];
    all.extend_from_slice(entries);
    configuration(&all)
}

const ACTIVATIONS: [(&str, Activation); 6] = [
    ("linear", Activation::Linear),
    ("relu", Activation::Relu),
    ("tanh", Activation::Tanh),
    ("sigmoid", Activation::Sigmoid),
    ("gelu", Activation::Gelu),
    ("square", Activation::Square),
];

/// Mean squared error of a network by libtorch's own operations, with gradients by its autograd.
fn autograd(layers: &Layers, activation: Activation, start: &Start<f64>) -> Vec<Vec<f64>> {
    let rows = start.targets.len() as i64;
    let mut values = Tensor::from_slice(&start.features).reshape([rows, -1]);
    let mut parameters = Vec::new();
    for (index, (&(inputs, outputs), (weights, biases))) in layers.sizes.iter().zip(&start.initial).enumerate() {
        let weights = Tensor::from_slice(weights).reshape([inputs as i64, outputs as i64]).set_requires_grad(true);
        let mut sums = values.matmul(&weights);
        parameters.push(weights);
        if layers.bias {
            let biases = Tensor::from_slice(biases).set_requires_grad(true);
            sums += &biases;
            parameters.push(biases);
        }
        values = match activation {
            _ if index + 1 == layers.sizes.len() => sums,
            Activation::Linear => sums,
            Activation::Relu => sums.relu(),
            Activation::Tanh => sums.tanh(),
            Activation::Sigmoid => sums.sigmoid(),
            Activation::Gelu => sums.gelu("none"),
            Activation::Square => sums.square(),
        };
    }
    let targets = Tensor::from_slice(&start.targets).reshape([rows, 1]);
    (values - targets).square().mean(Kind::Double).backward();
    parameters.iter().map(|parameter| Vec::<f64>::try_from(parameter.grad().reshape([-1])).unwrap()).collect()
}

#[test]
fn gradients_are_those_of_autograd() {
    fix_numeric_path();
    let mut stream = Stream::new(1, "shapes", 0);
    for (_, activation) in ACTIVATIONS {
        for case in 0..12 {
            let features = 1 + stream.below(9) as usize;
            let hidden: Vec<u32> = (0..case % 4).map(|_| 1 + stream.below(19) as u32).collect();
            let rows = 1 + stream.below(23) as usize;
            let layers = Layers::new(features, &hidden, case % 5 != 0);
            let mut draw = |count: usize| (0..count).map(|_| 2.0 * stream.uniform() - 1.0).collect::<Vec<f64>>();
            let mut start = Start { features: draw(rows * features), targets: draw(rows), initial: Vec::new() };
            start.initial = layers
                .sizes
                .iter()
                .map(|&(inputs, outputs)| (draw(inputs * outputs), draw(if layers.bias { outputs } else { 0 })))
                .collect();
            let shape = CohortShape {
                layers: layers.clone(),
                activation,
                optimizer: Optimizer::Sgd,
                examples: rows,
                batch: rows,
                epochs: 1,
            };
            let expected = autograd(&layers, activation, &start);
            // One step of plain descent at rate 1 moves every parameter by its gradient.
            let mut engine = Cpu::new(shape, vec![start.clone()]).unwrap();
            engine.begin_epoch(vec![(0..rows as u32).collect()]).unwrap();
            let rates = Rates { learning_rate: 1.0, beta1: 0.0, beta2: 0.0, epsilon: 1.0, step: 1 };
            engine.step(0, rows, &[rates]).unwrap();
            let before = start
                .initial
                .iter()
                .flat_map(|(weights, biases)| [weights, biases])
                .filter(|values| !values.is_empty());
            for ((weight, before), expected) in engine.weights(0).unwrap().iter().zip(before).zip(&expected) {
                let after = weight.bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
                let largest = expected.iter().fold(1e-3f64, |largest, gradient| largest.max(gradient.abs()));
                for ((after, before), expected) in after.zip(before).zip(expected) {
                    let gradient = before - after;
                    assert!(
                        (gradient - expected).abs() <= 1e-8 * largest,
                        "{activation:?} {features} {hidden:?} {}: {gradient} is not {expected}",
                        weight.name
                    );
                }
            }
        }
    }
}

/// Configurations of every kind, all of one precision.
fn assorted() -> Vec<Configuration> {
    let mut all = Vec::new();
    for (index, (activation, _)) in ACTIVATIONS.iter().enumerate() {
        let shapes: [&[i64]; 6] = [&[1], &[7], &[16, 16], &[33, 5, 64], &[2, 3], &[20, 100, 20]];
        let precision = if index % 2 == 0 { "f32" } else { "f64" };
        for (case, shape) in shapes.iter().enumerate() {
            let mut entries = vec![
                ("activation", word(activation)),
                ("hidden", widths(shape)),
                ("precision", word(precision)),
                ("normalization", word(["standardize", "max", "symmetric"][case % 3])),
            ];
            match case {
                1 => entries.push(("bias", Value::Flag(false))),
                2 => entries.extend([("task", word("product")), ("encoding", word("binary"))]),
                3 => entries.push(("optimizer", word("sgd"))),
                4 => entries.push(("batch", word("full"))),
                5 => entries.push(("schedule", word("cosine"))),
                _ => {}
            }
            all.push(small(&entries));
        }
    }
    all.push(small(&[("depth", Value::Whole(0)), ("task", word("sum"))]));
    // The founding question's own network and batch.
    let seeds_own = [
        ("hidden", widths(&[20, 100, 1000, 100, 20])),
        ("activation", word("linear")),
        ("normalization", word("seed")),
        ("examples", Value::Whole(200)),
        ("batch", Value::Whole(100)),
        ("epochs", Value::Whole(1)),
    ];
    all.push(small(&seeds_own));
    all
}

#[test]
fn a_run_is_the_same_bits_in_any_company() {
    for configuration in assorted() {
        let alone = &train_on(Device::Cpu, &[(&configuration, 3)])[0];
        assert_eq!(alone.status, Status::Finished, "{configuration:?}");
        for company in [2usize, 3, 8, 17] {
            for position in [0, company / 2, company - 1] {
                let members: Vec<_> =
                    (0..company).map(|at| (&configuration, if at == position { 3 } else { 100 + at as u64 })).collect();
                let among = &train_on(Device::Cpu, &members)[position];
                assert_eq!(among.digest, alone.digest, "at {position} of {company}: {configuration:?}");
                assert_eq!(among.weights, alone.weights);
            }
        }
    }
}

#[test]
fn a_sibling_that_diverges_changes_nothing() {
    let calm = small(&[("activation", word("square"))]);
    let wild = small(&[("activation", word("square")), ("learning_rate", Value::Number(1e6))]);
    let alone = train_on(Device::Cpu, &[(&calm, 1)]);
    let together = train_on(Device::Cpu, &[(&wild, 2), (&calm, 1), (&wild, 3)]);
    assert_eq!(alone[0].digest, together[1].digest);
    assert_eq!(together[0].status, Status::Diverged);
    assert!(together[0].reason.as_ref().unwrap().contains("training loss"), "{:?}", together[0].reason);
    assert_eq!(together[0].measures.get("test_rmse"), None);
    assert!(together[0].epochs_done < 6);
}

#[test]
fn tensor_operations_agree_with_the_fused_loops() {
    for configuration in assorted() {
        let members = [(&configuration, 3), (&configuration, 4)];
        let (fused, tensors) = (train_on(Device::Cpu, &members), train_on(Device::CpuTensors, &members));
        for (fused, tensors) in fused.iter().zip(&tensors) {
            let tolerance = if configuration.precision == crate::config::Precision::F64 { 1e-9 } else { 2e-3 };
            for name in ["train_rmse", "domain_rmse", "gradient_norm"] {
                let (one, other) = (fused.measures.get(name).unwrap(), tensors.measures.get(name).unwrap());
                assert!(
                    (one - other).abs() <= tolerance * one.abs().max(1e-3),
                    "{name} {one} {other} {configuration:?}"
                );
            }
            assert_eq!(fused.curve.len(), tensors.curve.len());
            assert_eq!(fused.weights.len(), tensors.weights.len());
        }
    }
}

#[test]
fn a_run_that_is_given_up_has_its_curve_and_no_measures() {
    let configuration = small(&[]);
    let epochs = RefCell::new(Vec::new());
    let watch = |epoch: u32| {
        epochs.borrow_mut().push(epoch);
        (epoch == 3).then(|| "over its 1 s".to_owned())
    };
    let members = [Member { configuration: &configuration, seeds: seeds(1) }];
    let context = Context { device: Device::Cpu, catalogue: &Catalogue::default(), watch: &watch };
    let outcome = &train(&members, &context).unwrap()[0];
    assert_eq!((outcome.status, outcome.epochs_done, outcome.curve.len()), (Status::TimedOut, 3, 3));
    assert_eq!(outcome.measures.iter().count(), 0);
    assert_eq!(*epochs.borrow(), [1, 2, 3]);
}

#[test]
fn curves_have_a_point_at_first_and_at_last() {
    assert_eq!(recorded_epochs(1), [1]);
    let epochs = recorded_epochs(500);
    assert_eq!(epochs[..40], (1..=40).collect::<Vec<_>>());
    assert_eq!(*epochs.last().unwrap(), 500);
    assert!((80..=110).contains(&epochs.len()), "{}", epochs.len());
    assert!(epochs.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn learning_rates_follow_their_schedule() {
    let cosine = configuration(&[("schedule", word("cosine")), ("learning_rate", Value::Number(0.5))]);
    assert!((Rates::at(&cosine, 1, 100).learning_rate - 0.5).abs() < 1e-15);
    assert!((Rates::at(&cosine, 51, 100).learning_rate - 0.25).abs() < 1e-15);
    assert!(Rates::at(&cosine, 100, 100).learning_rate < 2e-4);
    assert!((Rates::at(&Configuration::default(), 77, 100).learning_rate - 0.001).abs() < 1e-18);
}

#[test]
fn linear_networks_stay_on_a_line_above_the_floor() {
    let linear = small(&[("activation", word("linear")), ("epochs", Value::Whole(300))]);
    for outcome in train_on(Device::Cpu, &[(&linear, 1), (&linear, 2)]) {
        let get = |name: &str| outcome.measures.get(name).unwrap();
        assert!(get("line_deviation") < 1e-5, "{}", get("line_deviation"));
        assert!(get("excess") >= 1.0 && get("train_rmse") >= get("affine_floor_train") * (1.0 - 1e-6));
        assert_eq!(outcome.predictions.len(), 2 * 40);
    }
    let bent = small(&[("epochs", Value::Whole(300)), ("learning_rate", Value::Number(0.01))]);
    assert!(train_on(Device::Cpu, &[(&bent, 1)])[0].measures.get("line_deviation").unwrap() > 0.01);
}

#[test]
fn initial_weights_and_data_come_from_their_own_seeds() {
    let layers = Layers::new(1, &[4], true);
    let configuration = small(&[]);
    let outcome = |seeds: Seeds| {
        let members = [Member { configuration: &configuration, seeds }];
        let context = Context { device: Device::Cpu, catalogue: &Catalogue::default(), watch: &|_| None };
        train(&members, &context).unwrap().remove(0).digest
    };
    let base = Seeds { data: 1, init: 1, shuffle: 1 };
    let digests =
        [base, Seeds { data: 2, ..base }, Seeds { init: 2, ..base }, Seeds { shuffle: 2, ..base }].map(outcome);
    let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), 4);
    assert_ne!(
        initial_weights(&layers, crate::config::Init::Torch, 1),
        initial_weights(&layers, crate::config::Init::Torch, 2)
    );
}
