//! Tests of training: gradients against libtorch's autograd, company, both engines, divergence, early stops, curves.

mod company;
mod gradients;
mod pause;
mod trajectory;
mod units;

use std::cell::RefCell;

use super::*;
use crate::config::{Assignment, Configuration, Seeds, Value};
use crate::random::Stream;

pub fn configuration(entries: &[(&'static str, Value)]) -> Configuration {
    Configuration::of(&entries.iter().cloned().collect::<Assignment>()).unwrap()
}

pub fn word(text: &str) -> Value {
    Value::Word(text.into())
}

/// `{word: argument}`.
fn with(text: &str, argument: Value) -> Value {
    Value::Map(vec![(text.into(), argument)])
}

fn widths(widths: &[i64]) -> Value {
    Value::List(widths.iter().map(|&width| Value::Whole(width)).collect())
}

fn seeds(seed: u64) -> Seeds {
    Seeds { data: seed, init: seed, shuffle: seed }
}

fn train_on(device: Device, configurations: &[(&Configuration, u64)]) -> Vec<Outcome> {
    let members: Vec<_> = configurations
        .iter()
        .map(|&(configuration, seed)| Member { configuration, seeds: seeds(seed), checkpoint: None })
        .collect();
    let context = Context {
        device,
        catalogue: &Catalogue::default(),
        watch: &|_| Watch::GoOn,
        measuring: &|| Watch::GoOn,
        profile: None,
    };
    train(&members, &context).unwrap().into_iter().filter_map(End::outcome).collect()
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

/// All activations.
pub fn activations() -> Vec<Value> {
    let plain = [
        "linear",
        "relu",
        "elu",
        "selu",
        "gelu",
        "silu",
        "mish",
        "softplus",
        "tanh",
        "sigmoid",
        "hard_tanh",
        "relu6",
        "gaussian",
        "square",
    ];
    let argued = [("leaky_relu", 0.1), ("sine", 3.0), ("snake", 0.7)];
    let argued = argued.map(|(name, argument)| with(name, Value::Number(argument)));
    plain.map(word).into_iter().chain(argued).collect()
}

pub const LAYERS: [&str; 6] = ["dense", "nac", "nalu", "nau", "nmu", "real_npu"];
pub const NORMS: [&str; 4] = ["none", "batch", "layer", "rms"];

/// A configuration drawn from everything that there is to choose, small enough to train many of.
fn drawn(stream: &mut Stream) -> Configuration {
    fn one<T: Clone>(stream: &mut Stream, items: &[T]) -> T {
        items[stream.below(items.len() as u64) as usize].clone()
    }
    let whole = |stream: &mut Stream, low: u64, high: u64| Value::Whole((low + stream.below(high - low + 1)) as i64);
    let depth = stream.below(4);
    let hidden: Vec<i64> = (0..depth).map(|_| 1 + stream.below(39) as i64).collect();
    let precision = one(stream, &["f32", "f64"]);
    let mut entries = vec![
        ("hidden", widths(&hidden)),
        ("precision", word(precision)),
        ("largest", whole(stream, 10, 24)),
        ("examples", whole(stream, 5, 70)),
        ("test_examples", whole(stream, 1, 40)),
        ("epochs", whole(stream, 1, 5)),
        ("task", word(one(stream, &["sum", "product", "square", "difference", "max", "sine", "sqrt"]))),
        ("normalization", word(one(stream, &["standardize", "max", "symmetric"]))),
        ("layer", word(one(stream, &["dense", "dense", "dense", "nac", "nalu", "nau", "nmu", "real_npu"]))),
        ("loss", one(stream, &[word("mse"), word("mae"), word("log_cosh"), with("huber", Value::Number(0.3))])),
        ("learning_rate", Value::Number([1e-3, 0.02, 0.3][stream.below(3) as usize])),
    ];
    if stream.below(3) > 0 {
        entries.push(("activation", one(stream, &activations())));
    }
    if stream.below(2) == 0 {
        entries.push(("layer_norm", word(one(stream, &NORMS))));
        entries.push(("encoding", one(stream, &[word("binary"), with("polynomial", Value::Whole(2)), word("digits")])));
    }
    let optimizer = one(stream, &["adam", "adamw", "nadam", "rmsprop", "adagrad", "sgd", "lbfgs"]);
    entries.push(("optimizer", word(optimizer)));
    if optimizer != "lbfgs" {
        entries.push(("batch", whole(stream, 1, 40)));
        entries.push(("schedule", one(stream, &[word("constant"), word("cosine"), word("one_cycle"), word("linear")])));
        match stream.below(5) {
            0 => entries.push(("dropout", Value::Number(0.3))),
            1 => entries.push(("clip_norm", Value::Number(0.5))),
            2 => entries.push(("weight_decay", Value::Number(0.01))),
            3 => entries.push(("noise", Value::Number(0.1))),
            _ => {}
        }
        if optimizer == "sgd" || optimizer == "rmsprop" {
            entries.push(("momentum", Value::Number([0.0, 0.9][stream.below(2) as usize])));
        }
    }
    if stream.below(4) == 0 {
        let stop = [("metric", word("train_loss")), ("patience", Value::Whole(1)), ("min_delta", Value::Number(0.01))];
        entries.push(("early_stop", Value::Map(stop.map(|(name, value)| (name.to_owned(), value)).into())));
    }
    configuration(&entries)
}

#[test]
fn a_run_that_is_given_up_has_its_curve_and_no_measures() {
    let configuration = small(&[]);
    let epochs = RefCell::new(Vec::new());
    let watch = |epoch: u32| {
        epochs.borrow_mut().push(epoch);
        if epoch == 3 { Watch::TimeOut("over its 1 s".to_owned()) } else { Watch::GoOn }
    };
    let members = [Member { configuration: &configuration, seeds: seeds(1), checkpoint: None }];
    let context = Context {
        device: Device::Cpu,
        catalogue: &Catalogue::default(),
        watch: &watch,
        measuring: &|| Watch::GoOn,
        profile: None,
    };
    let outcome = train(&members, &context).unwrap().remove(0).outcome().unwrap();
    assert_eq!((outcome.status, outcome.epochs_done, outcome.curve.len()), (Status::TimedOut, 3, 3));
    assert_eq!(outcome.measures.iter().count(), 0);
    assert_eq!(*epochs.borrow(), [1, 2, 3]);
}

#[test]
fn curves_have_a_point_at_first_and_at_last() {
    assert!(recorded_epochs(1).eq([1]));
    let epochs: Vec<u32> = recorded_epochs(500).collect();
    assert_eq!(epochs[..40], (1..=40).collect::<Vec<_>>());
    assert_eq!(*epochs.last().unwrap(), 500);
    assert!((80..=110).contains(&epochs.len()), "{}", epochs.len());
    assert!(epochs.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn learning_rates_follow_their_schedule() {
    let rate = |entries: &[(&'static str, Value)], step| Rates::at(&configuration(entries), step, 10).learning_rate;
    let near = |one: f64, other: f64| assert!((one - other).abs() < 1e-12, "{one} {other}");
    let half = ("learning_rate", Value::Number(0.5));
    let cosine = [("schedule", word("cosine")), half.clone(), ("epochs", Value::Whole(10))];
    near(rate(&cosine, 1), 0.5);
    near(rate(&cosine, 51), 0.25);
    assert!(rate(&cosine, 100) < 2e-4);
    near(Rates::at(&Configuration::default(), 77, 10).learning_rate, 0.001);
    let warm = [("schedule", word("linear")), half, ("epochs", Value::Whole(10)), ("warmup", Value::Whole(2))];
    near(rate(&warm, 1), 0.025);
    near(rate(&warm, 20), 0.5);
    near(rate(&warm, 21), 0.5);
    near(rate(&warm, 61), 0.25);
}

#[test]
fn linear_networks_stay_on_a_line_above_the_floor() {
    let linear = small(&[("activation", word("linear")), ("epochs", Value::Whole(300))]);
    for outcome in train_on(Device::Cpu, &[(&linear, 1), (&linear, 2)]) {
        let get = |name: &str| outcome.measures.get(name).unwrap();
        assert!(get("line_deviation") < 1e-5, "{}", get("line_deviation"));
        assert!(get("excess") >= 1.0 && get("train_rmse") >= get("affine_floor_train") * (1.0 - 1e-6));
        assert_eq!(outcome.predictions.len(), 2 * 40);
        assert_eq!(get("kinks"), 0.0);
        assert!((get("condition") - 1.0).abs() < 1e-9, "{}", get("condition"));
        assert!((1.0..=300.0).contains(&get("epochs_to_floor")));
        assert!(get("epoch_rmse_best") <= get("epoch_rmse_median") && get("epoch_rmse_best") <= get("epoch_rmse_last"));
    }
    let bent = small(&[("epochs", Value::Whole(300)), ("learning_rate", Value::Number(0.01))]);
    let bent = &train_on(Device::Cpu, &[(&bent, 1)])[0].measures;
    assert!(bent.get("line_deviation").unwrap() > 0.01);
    assert!(bent.get("kinks").unwrap() >= 3.0 && bent.get("dead_units").is_some());
}

#[test]
fn initial_weights_and_data_come_from_their_own_seeds() {
    let configuration = small(&[]);
    let outcome = |seeds: Seeds| {
        let members = [Member { configuration: &configuration, seeds, checkpoint: None }];
        let watch = |_| Watch::GoOn;
        let context = Context {
            device: Device::Cpu,
            catalogue: &Catalogue::default(),
            watch: &watch,
            measuring: &|| Watch::GoOn,
            profile: None,
        };
        train(&members, &context).unwrap().remove(0).outcome().unwrap().digest
    };
    let base = Seeds { data: 1, init: 1, shuffle: 1 };
    let digests =
        [base, Seeds { data: 2, ..base }, Seeds { init: 2, ..base }, Seeds { shuffle: 2, ..base }].map(outcome);
    let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), 4);
}

#[test]
fn a_run_stops_early_when_it_no_longer_improves() {
    let stop = [("metric", word("train_loss")), ("patience", Value::Whole(3)), ("min_delta", Value::Number(1e6))];
    let stop = Value::Map(stop.map(|(name, value)| (name.to_owned(), value)).into());
    let outcome = &train_on(Device::Cpu, &[(&small(&[("early_stop", stop)]), 1)])[0];
    // The first epoch is better than nothing; three more are not better by enough.
    assert_eq!((outcome.status, outcome.epochs_done), (Status::Finished, 4));
    assert!(outcome.reason.as_ref().unwrap().contains("stopped early"), "{:?}", outcome.reason);
    assert_eq!(outcome.curve.last().unwrap().epoch, 4);
    assert!(outcome.measures.get("train_rmse").is_some());
}

#[test]
fn a_run_diverges_at_a_stated_loss() {
    let wild = small(&[("learning_rate", Value::Number(1e3)), ("optimizer", word("sgd"))]);
    let outcome = &train_on(Device::Cpu, &[(&wild, 1)])[0];
    assert_eq!(outcome.status, Status::Diverged);
    assert!(outcome.reason.as_ref().unwrap().contains("training loss"), "{:?}", outcome.reason);
    assert!(outcome.epochs_done < 6 && outcome.measures.iter().count() == 0);
}
