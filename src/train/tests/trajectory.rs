//! Whole trainings against those of `PyTorch`, on both engines: tests/fixtures/trajectory.json has the weights that 200
//! steps come to, tests/fixtures/trajectory.py is what made them.

use serde_json::Value as Json;

use super::super::cpu::{Cpu, Vectors};
use super::super::engine::{Engine, Start, order};
use super::super::tensors::Tensors;
use super::*;
use crate::network::Architecture;

const SHUFFLE: u64 = 5;
const EXAMPLES: usize = 80;
const EPOCHS: u32 = 20;

fn fixture(name: &str) -> Json {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A setting as a sweep file has it.
fn setting(json: &Json) -> Value {
    match json {
        Json::Bool(flag) => Value::Flag(*flag),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Number(number.as_f64().unwrap()), Value::Whole),
        Json::String(text) => word(text),
        Json::Object(entries) => {
            Value::Map(entries.iter().map(|(name, value)| (name.clone(), setting(value))).collect())
        }
        Json::Array(_) | Json::Null => panic!("no case sets {json}"),
    }
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn orders() -> Vec<Vec<u32>> {
    (1..=EPOCHS).map(|epoch| order(seeds(SHUFFLE), EXAMPLES, epoch)).collect()
}

/// How far an engine ends from `PyTorch`, relative to the largest number of each array: the worst, with its name.
fn distance<T: Vectors>(engine: &mut dyn Engine<T>, expected: &Json) -> (f64, String) {
    let mut loss = f64::NAN;
    for epoch in 1..=EPOCHS {
        loss = engine.epoch(epoch, &[true]).unwrap()[0].loss;
    }
    let weights = engine.weights(0).unwrap().into_iter().map(|weight| (weight.name, T::read(&weight.bytes)));
    let ours: Vec<_> = weights.chain([("loss".to_owned(), vec![loss])]).collect();
    assert_eq!(ours.len(), expected.as_object().unwrap().len());
    let far = ours.into_iter().map(|(name, ours)| {
        let theirs = numbers(&expected[&name]);
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let largest = theirs.iter().fold(0.0f64, |largest, number| largest.max(number.abs()));
        let apart = |(one, other): (&f64, &f64)| if one == other { 0.0 } else { (one - other).abs() / largest };
        let worst =
            ours.iter().zip(&theirs).map(apart).fold(0.0, |worst, apart| if apart <= worst { worst } else { apart });
        (worst, name)
    });
    far.max_by(|(one, _), (other, _)| one.total_cmp(other)).unwrap()
}

/// Trains a case with both engines and gives what is beyond the tolerance.
fn faults<T: Vectors>(fixture: &Json, case: &Json, precision: &str, tolerance: f64) -> Vec<String> {
    let widths_of_hidden = Value::List(vec![Value::Whole(6), Value::Whole(5)]);
    let mut entries: Vec<(&'static str, Value)> = vec![
        ("task", word("sum")),
        ("operands", Value::Whole(3)),
        ("hidden", widths_of_hidden),
        ("examples", Value::Whole(EXAMPLES as i64)),
        ("batch", Value::Whole(8)),
        ("epochs", Value::Whole(i64::from(EPOCHS))),
        ("precision", word(precision)),
    ];
    for (name, value) in case["settings"].as_object().unwrap() {
        let parameter = crate::config::PARAMETERS.iter().find(|parameter| parameter.name == name).unwrap();
        entries.push((parameter.name, setting(value)));
    }
    let configuration = configuration(&entries);
    let slots = Architecture::of(&configuration).slots();
    let read = |name: &str| numbers(&fixture[name]).into_iter().map(T::from_f64).collect();
    let start = Start::<T> {
        configuration: &configuration,
        seeds: seeds(SHUFFLE),
        features: read("features"),
        targets: read("targets"),
        initial: slots.iter().map(|slot| numbers(&fixture["initial"][slot.name()])).collect(),
    };
    let expected = &case[precision];
    let engines = [
        ("cpu", distance(&mut Cpu::new(vec![start.clone()], None), expected)),
        ("tensors", distance(&mut Tensors::new(vec![start], tch::Device::Cpu).unwrap(), expected)),
    ];
    let mut faults = Vec::new();
    for (engine, (far, name)) in engines {
        println!("{far:.1e} {precision} {engine} {name} {}", case["settings"]);
        if far.is_nan() || far > tolerance {
            faults.push(format!("{engine} in {precision} ends {far:e} off in {name}: {}", case["settings"]));
        }
    }
    faults
}

#[test]
fn trainings_end_where_those_of_pytorch_end() {
    fix_numeric_path();
    let fixture = fixture("trajectory");
    let mut all = Vec::new();
    for case in fixture["cases"].as_array().unwrap() {
        all.extend(faults::<f64>(&fixture, case, "f64", 1e-11));
        all.extend(faults::<f32>(&fixture, case, "f32", 1e-4));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_fixture_was_made_with_the_orders_of_today() {
    assert_eq!(fixture("orders"), serde_json::json!(orders()));
}

#[test]
#[ignore = "prints tests/fixtures/orders.json"]
fn orders_for_the_fixture() {
    println!("{}", serde_json::to_string(&orders()).unwrap());
}
