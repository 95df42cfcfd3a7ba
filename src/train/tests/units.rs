//! Arithmetic units, dropout and L-BFGS, epoch by epoch, against those that tests/fixtures/units.py writes out in
//! `PyTorch`, on both engines.

use serde_json::Value as Json;

use super::super::cpu::{Cpu, Vectors};
use super::super::dropout;
use super::super::engine::{Engine, EpochReport, Start};
use super::super::tensors::Tensors;
use super::*;
use crate::config::Optimizer;

const SHUFFLE: u64 = 5;

fn fixture() -> Json {
    let file = format!("{}/tests/fixtures/units.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn lists(json: &Json) -> Vec<Vec<f64>> {
    json.as_array().unwrap().iter().map(numbers).collect()
}

fn setting(json: &Json) -> Value {
    match json {
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Number(number.as_f64().unwrap()), Value::Whole),
        Json::String(text) => word(text),
        Json::Object(entries) => Value::Map(entries.iter().map(|(name, json)| (name.clone(), setting(json))).collect()),
        _ => panic!("no case sets {json}"),
    }
}

fn case_configuration(fixture: &Json, case: &Json, precision: &str) -> Configuration {
    let mut entries = vec![
        ("task", word("sum")),
        ("operands", Value::Whole(3)),
        ("hidden", widths(&[6, 5])),
        ("examples", Value::Whole(fixture["targets"].as_array().unwrap().len() as i64)),
        ("batch", if case["settings"]["optimizer"] == "lbfgs" { word("full") } else { Value::Whole(8) }),
        ("precision", word(precision)),
    ];
    for (name, json) in case["settings"].as_object().unwrap() {
        let parameter = crate::config::PARAMETERS.iter().find(|parameter| parameter.name == name).unwrap();
        entries.push((parameter.name, setting(json)));
    }
    configuration(&entries)
}

/// The largest distance of numbers from the fixture's, in parts of the largest of these.
fn distance(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(f64::MIN_POSITIVE, |largest, number| largest.max(number.abs()));
    let far = ours.iter().zip(theirs).map(|(one, other)| (one - other).abs() / largest);
    far.fold(0.0, |most, far| if far <= most { most } else { far })
}

/// How far the reports of all epochs, and the weights after the last, are from the fixture's.
fn distances<T: Vectors>(fixture: &Json, case: &Json, configuration: &Configuration, tensors: bool) -> [f64; 2] {
    let narrow = |json: &Json| numbers(json).into_iter().map(T::from_f64).collect();
    let start = Start::<T> {
        configuration,
        seeds: seeds(SHUFFLE),
        features: narrow(&fixture["features"]),
        targets: narrow(&fixture["targets"]),
        initial: lists(&fixture["initial"][case["initial"].as_str().unwrap()]),
    };
    let mut engine: Box<dyn Engine<T>> = if tensors {
        Box::new(Tensors::new(vec![start], tch::Device::Cpu).unwrap())
    } else {
        Box::new(Cpu::new(vec![start], None))
    };
    let expected = &case[if size_of::<T>() == 8 { "f64" } else { "f32" }];
    let mut reports: Vec<EpochReport> =
        (1..=configuration.epochs).map(|epoch| engine.epoch(epoch, &[true]).unwrap()[0]).collect();
    assert!(reports.iter().all(|report| report.learning_rate == configuration.learning_rate));
    let theirs = lists(&expected["reports"]);
    let columns: [fn(&mut EpochReport) -> f64; 3] =
        [|report| report.loss, |report| report.squared_error, |report| report.gradient_norm];
    let of_reports = columns.iter().enumerate().map(|(column, of)| {
        let theirs: Vec<f64> = theirs.iter().map(|row| row[column]).collect();
        distance(&reports.iter_mut().map(of).collect::<Vec<_>>(), &theirs)
    });
    let of_reports = of_reports.fold(0.0, f64::max);
    let weights = engine.weights(0).unwrap();
    assert_eq!(weights.len(), expected["ends"].as_object().unwrap().len());
    let of_weights =
        weights.iter().map(|weight| distance(&T::read(&weight.bytes), &numbers(&expected["ends"][&weight.name])));
    [of_reports, of_weights.fold(0.0, f64::max)]
}

fn check(tensors: bool) {
    fix_numeric_path();
    let fixture = fixture();
    let mut wrong = Vec::new();
    for case in fixture["cases"].as_array().unwrap() {
        for precision in ["f64", "f32"] {
            let configuration = case_configuration(&fixture, case, precision);
            // A line search turns the last digits of f32 into other points; in f64 there are digits to spare.
            let search = configuration.optimizer == Optimizer::Lbfgs;
            let (far, tolerance) = match (precision, search) {
                ("f64", false) => (distances::<f64>(&fixture, case, &configuration, tensors), 1e-9),
                ("f64", true) => (distances::<f64>(&fixture, case, &configuration, tensors), 1e-8),
                (_, false) => (distances::<f32>(&fixture, case, &configuration, tensors), 1e-4),
                (_, true) => continue,
            };
            let line =
                format!("{:.1e} in reports, {:.1e} in weights, {precision}: {}", far[0], far[1], case["settings"]);
            println!("{line}");
            if far.iter().any(|far| far.is_nan() || *far > tolerance) {
                wrong.push(line);
            }
        }
    }
    assert!(wrong.is_empty(), "off by\n{}", wrong.join("\n"));
}

#[test]
fn units_dropout_and_searches_of_tensors_are_those_of_pytorch() {
    check(true);
}

#[test]
fn units_dropout_and_searches_of_fused_loops_are_those_of_pytorch() {
    check(false);
}

#[test]
fn the_fixture_leaves_out_what_dropout_does() {
    assert_eq!(fixture()["dropout"], dropout::base(seeds(SHUFFLE)));
}
