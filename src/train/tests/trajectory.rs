//! Fifty steps of training against a trajectory that `PyTorch` made from the same weights and batches.

use serde_json::Value;

use super::super::cpu::Cpu;
use super::super::engine::{CohortShape, Engine, Start};
use super::super::tensors::Tensors;
use super::super::{Rates, fix_numeric_path};
use super::ACTIVATIONS;
use crate::config::Optimizer;
use crate::network::{Layers, Real};

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Final weights and the mean loss of one case of the fixture, trained here.
fn trained<T: Real>(fixture: &Value, case: &Value, tensors: bool) -> (Vec<f64>, f64) {
    let (steps, rows) = (fixture["steps"].as_u64().unwrap() as usize, fixture["rows"].as_u64().unwrap() as usize);
    let activation = ACTIVATIONS.iter().find(|(name, _)| case["activation"] == **name).unwrap().1;
    let optimizer = if case["optimizer"] == "adam" { Optimizer::Adam } else { Optimizer::Sgd };
    let hidden: Vec<u32> = numbers(&fixture["hidden"]).iter().map(|&width| width as u32).collect();
    let narrow = |value: &Value| numbers(value).into_iter().map(T::from_f64).collect::<Vec<T>>();
    let shape = CohortShape {
        layers: Layers::new(3, &hidden, true),
        activation,
        optimizer,
        examples: steps * rows,
        batch: rows,
        epochs: 1,
    };
    let start = Start {
        features: narrow(&fixture["features"]),
        targets: narrow(&fixture["targets"]),
        initial: fixture["initial"]
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| (numbers(&layer[0]), numbers(&layer[1])))
            .collect(),
    };
    let mut engine: Box<dyn Engine<T>> = if tensors {
        Box::new(Tensors::new(shape, &[start], tch::Device::Cpu).unwrap())
    } else {
        Box::new(Cpu::new(shape, vec![start]).unwrap())
    };
    engine.begin_epoch(vec![(0..(steps * rows) as u32).collect()]).unwrap();
    for step in 0..steps {
        let rates = Rates {
            learning_rate: number(&fixture["rate"]),
            beta1: number(&fixture["beta1"]),
            beta2: number(&fixture["beta2"]),
            epsilon: number(&fixture["epsilon"]),
            step: step as u64 + 1,
        };
        engine.step(step * rows, rows, &[rates]).unwrap();
    }
    let decode = |bytes: &[u8]| match *bytes {
        [a, b, c, d] => f64::from(f32::from_le_bytes([a, b, c, d])),
        _ => f64::from_le_bytes(bytes.try_into().unwrap()),
    };
    let weights = engine.weights(0).unwrap();
    let decoded = weights.iter().flat_map(|weight| weight.bytes.chunks_exact(size_of::<T>()).map(decode)).collect();
    (decoded, engine.losses().unwrap()[0])
}

#[test]
fn fifty_steps_are_those_of_pytorch() {
    fix_numeric_path();
    let fixture: Value = serde_json::from_str(include_str!("../../../tests/fixtures/trajectory.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 24);
    for case in cases {
        let expected: Vec<f64> = case["weights"].as_array().unwrap().iter().flat_map(numbers).collect();
        for tensors in [false, true] {
            let (tolerance, (weights, loss)) = if case["precision"] == "f64" {
                (1e-9, trained::<f64>(&fixture, case, tensors))
            } else {
                (1e-4, trained::<f32>(&fixture, case, tensors))
            };
            let name = format!("{} {} {}", case["activation"], case["optimizer"], case["precision"]);
            assert_eq!(weights.len(), expected.len());
            let difference = weights.iter().zip(&expected).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            let size = expected.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
            assert!(difference <= tolerance * size, "{name}: weights differ by {:e}", difference / size);
            let expected = number(&case["loss"]);
            assert!((loss - expected).abs() <= tolerance * expected, "{name}: loss {loss} is not {expected}");
        }
    }
}
