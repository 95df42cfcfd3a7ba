//! Tests of cohorts of tensors: runs that end, siblings that are no numbers, products with zeros.

use super::*;
use crate::config::{Assignment, Value};
use crate::network::{Architecture, initial_weights};
use crate::random::Stream;
use crate::train::fix_numeric_path;

const EXAMPLES: usize = 30;

fn configuration(entries: &[(&'static str, Value)]) -> Configuration {
    let mut all: Assignment = [
        ("hidden", Value::List(vec![Value::Whole(7), Value::Whole(5)])),
        ("examples", Value::Whole(EXAMPLES as i64)),
        ("batch", Value::Whole(8)),
        ("epochs", Value::Whole(10)),
        ("precision", Value::Word("f64".into())),
        ("activation", Value::Word("tanh".into())),
        ("layer_norm", Value::Word("batch".into())),
        ("dropout", Value::Number(0.2)),
    ]
    .into();
    all.extend(entries.iter().cloned());
    Configuration::of(&all).unwrap()
}

/// A run with data and weights of its own.
fn start(configuration: &Configuration, seed: u64) -> Start<'_, f64> {
    let mut stream = Stream::new(seed, "tensors", 0);
    let mut draw = |count: usize| (0..count).map(|_| 2.0 * stream.uniform() - 1.0).collect::<Vec<f64>>();
    let architecture = Architecture::of(configuration);
    Start {
        configuration,
        seeds: Seeds { data: seed, init: seed, shuffle: seed },
        features: draw(EXAMPLES * architecture.features()),
        targets: draw(EXAMPLES),
        initial: initial_weights(&architecture, configuration.init, seed),
    }
}

fn cohort(starts: &[Start<'_, f64>]) -> Tensors<f64> {
    fix_numeric_path();
    Tensors::new(starts.to_vec(), Device::Cpu).unwrap()
}

fn weights(cohort: &Tensors<f64>, run: usize) -> Vec<f64> {
    let bytes = Engine::<f64>::weights(cohort, run).unwrap().into_iter().flat_map(|weight| weight.bytes);
    bytes.collect::<Vec<_>>().chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn answers(cohort: &mut Tensors<f64>, wanted: &[bool]) -> Vec<(usize, Vec<f64>)> {
    let mut heard = Vec::new();
    let mut fill = |run: usize, rows: &mut [f64]| {
        rows.iter_mut().enumerate().for_each(|(row, out)| *out = (run + row) as f64 / EVALUATION_ROWS as f64);
    };
    let mut take = |run: usize, said: Answers<'_, f64>| {
        assert_eq!(said.hidden.iter().map(|hidden| hidden.len() / EVALUATION_ROWS).collect::<Vec<_>>(), [7, 5]);
        heard.push((run, said.answers.to_vec()));
    };
    cohort.answer(wanted, EVALUATION_ROWS, &mut fill, &mut take).unwrap();
    heard
}

fn assert_near(ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    for (one, other) in ours.iter().zip(theirs) {
        assert!((one - other).abs() <= 1e-11 * other.abs().max(1.0), "{one} is not {other}");
    }
}

#[test]
fn runs_that_end_stay_as_they_are_and_siblings_go_on_as_if_alone() {
    for (optimizer, momentum) in [
        ("adam", 0.0),
        ("adamw", 0.0),
        ("nadam", 0.0),
        ("rmsprop", 0.9),
        ("adagrad", 0.0),
        ("sgd", 0.9),
        ("lbfgs", 0.0),
    ] {
        let mut entries = vec![("optimizer", Value::Word(optimizer.into()))];
        if optimizer == "lbfgs" {
            entries.push(("batch", Value::Word("full".into())));
        }
        if momentum > 0.0 {
            entries.push(("momentum", Value::Number(momentum)));
        }
        let calm = configuration(&entries);
        let wild = configuration(&[&entries[..], &[("learning_rate", Value::Number(1e300))]].concat());
        let starts = [start(&wild, 1), start(&calm, 2), start(&calm, 3), start(&wild, 4)];
        let mut together = cohort(&starts);
        for epoch in 1..=2 {
            together.epoch(epoch, &[true; 4]).unwrap();
        }
        let ended = weights(&together, 1);
        for epoch in 3..=5 {
            together.epoch(epoch, &[false, false, true, true]).unwrap();
        }
        assert_eq!(weights(&together, 1), ended, "{optimizer}");
        let (both, one) =
            (answers(&mut together, &[false, true, true, false]), answers(&mut together, &[false, true, false, false]));
        assert_eq!(both.iter().map(|(run, _)| *run).collect::<Vec<_>>(), [1, 2]);
        assert_near(&both[0].1, &one[0].1);

        let mut alone = cohort(&starts[2..3]);
        let report = (1..=5).map(|epoch| alone.epoch(epoch, &[true]).unwrap()[0]).last().unwrap();
        assert!(report.loss.is_finite() && report.gradient_norm > 0.0, "{optimizer}: {report:?}");
        assert_near(&weights(&together, 2), &weights(&alone, 0));

        // A run that is wanted again goes on with all that its optimizer remembers.
        together.epoch(3, &[false, true, false, false]).unwrap();
        let mut alone = cohort(&starts[1..2]);
        for epoch in 1..=3 {
            alone.epoch(epoch, &[true]).unwrap();
        }
        assert_near(&weights(&together, 1), &weights(&alone, 0));
    }
}

#[test]
fn the_same_training_gives_the_same_bits_and_numbers_between_arrays_stay_zero() {
    let configuration = configuration(&[("weight_decay", Value::Number(0.1)), ("clip_norm", Value::Number(0.5))]);
    let trained = || {
        let mut cohort = cohort(&[start(&configuration, 1), start(&configuration, 2)]);
        let reports: Vec<_> = (1..=10).flat_map(|epoch| cohort.epoch(epoch, &[true; 2]).unwrap()).collect();
        (reports, weights(&cohort, 0), weights(&cohort, 1), cohort)
    };
    let ((one, first, second, cohort), (other, again, too, _)) = (trained(), trained());
    assert_eq!((&one, &first, &second), (&other, &again, &too));
    let row = download::<f64>(&cohort.runs.rows(PARAMETERS, &[0]).unwrap()).unwrap();
    let of_arrays: f64 = cohort.network.layout.arrays(&row).flat_map(|(_, values)| values).map(|x| x.abs()).sum();
    let of_all: f64 = row.iter().map(|x| x.abs()).sum();
    assert!((of_arrays - of_all).abs() <= 1e-12 * of_all && of_all > 0.0, "{of_arrays} {of_all}");
}

#[test]
fn products_by_halves_have_gradients_where_factors_are_zero() {
    for count in 1..=9 {
        let mut stream = Stream::new(count, "products", 0);
        // Each third factor is zero in the first row, one alone in the second, none in the third.
        let factor = |at: i64, row: i64, stream: &mut Stream| match row {
            0 if at % 3 == 0 => 0.0,
            1 if at == count as i64 / 2 => 0.0,
            _ => 0.5 + stream.uniform(),
        };
        let values: Vec<f64> = (0..3)
            .flat_map(|row| (0..count as i64).map(move |at| (at, row)))
            .map(|(at, row)| factor(at, row, &mut stream))
            .collect();
        let factors = || Tensor::from_slice(&values).reshape([1, 3, count as i64, 1]).set_requires_grad(true);
        let (ours, theirs) = (factors(), factors());
        forward::product(ours.shallow_clone()).unwrap().sum(Kind::Double).backward();
        theirs.prod_dim_int(2, false, Kind::Double).sum(Kind::Double).backward();
        let numbers = |tensor: Tensor| Vec::<f64>::try_from(tensor.reshape([-1])).unwrap();
        assert_near(&numbers(ours.grad()), &numbers(theirs.grad()));
    }
}
