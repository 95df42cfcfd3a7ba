//! Records to test with.

use std::collections::BTreeMap;

use crate::config::{Assignment, Configuration, Seeds, Value, configuration_id, run_id};
use crate::measure::Measures;
use crate::store::{Identity, Record, SweepCopy};
use crate::train::{CurvePoint, Outcome, Prediction, Status};

pub fn sweep() -> SweepCopy {
    SweepCopy { name: "sample".into(), text: "version: 1\nname: sample\n".into(), overrides: vec!["depth=1".into()] }
}

pub fn configuration(depth: i64) -> Configuration {
    let polynomial = Value::Map(vec![("polynomial".into(), Value::Whole(3))]);
    let assignment: Assignment = BTreeMap::from([("depth", Value::Whole(depth)), ("encoding", polynomial)]);
    Configuration::of(&assignment).unwrap()
}

/// The record of replicate `number`, which ended in `status`; the digest is of `result`.
pub fn record_of(number: u32, status: Status, result: &str) -> Record {
    let configuration = configuration(i64::from(number % 3));
    let seed = u64::from(number);
    let run = run_id(&configuration, Seeds { data: seed, init: seed, shuffle: seed });
    let ended_well = matches!(status, Status::Finished | Status::Diverged);
    let mut measures = Measures::default();
    measures.set("test_rmse", 0.1 + f64::from(number));
    measures.set("domain_rmse", 1e300 / (1.0 + f64::from(number)));
    let point = |epoch: u32| CurvePoint {
        epoch,
        train_loss: 1.0 / f64::from(epoch * (number + 1)),
        test_loss: if epoch == 2 { f64::NAN } else { 0.5 },
        test_rmse: 3.0,
        learning_rate: 0.001,
        gradient_norm: f64::INFINITY,
    };
    let outcome = Outcome {
        status,
        reason: (!ended_well).then(|| format!("reason of {result}")),
        epochs_done: 3,
        digest: if ended_well { blake3::hash(result.as_bytes()).to_hex().to_string() } else { String::new() },
        environment: "cafe".into(),
        parameters: 4353,
        features: 3,
        seconds: 0.25,
        device: "cpu".into(),
        measures,
        curve: (1..4).map(point).collect(),
        predictions: (0..3).map(|i| Prediction { input: f64::from(i), target: 1.0, prediction: f64::NAN }).collect(),
        weights: Vec::new(),
    };
    let identity = Identity {
        run,
        config: configuration_id(&configuration),
        sweep: "sample".into(),
        grids: vec!["fixes".into(), "größer".into()],
        replicate: number,
        seed,
        seeds: Seeds { data: seed, init: seed, shuffle: seed },
    };
    Record::new(identity, &configuration, &outcome)
}

pub fn record(number: u32) -> Record {
    record_of(number, Status::Finished, &format!("result {number}"))
}
