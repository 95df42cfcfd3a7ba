//! Tests of problems: tasks against integers, encodings decoded back, scaling undone, populations whole.

use proptest::prelude::*;

use super::*;
use crate::config::{Assignment, Encoding, Task, Value};

fn configuration(entries: &[(&'static str, Value)]) -> Configuration {
    Configuration::of(&entries.iter().cloned().collect::<Assignment>()).unwrap()
}

fn word(text: &str) -> Value {
    Value::Word(text.into())
}

fn polynomial(degree: i64) -> Value {
    Value::Map(vec![("polynomial".into(), Value::Whole(degree))])
}

proptest! {
    #[test]
    fn tasks_are_exact(a in 1u32..=2_000_000, b in 1u32..=2_000_000) {
        let (wide_a, wide_b) = (u64::from(a), u64::from(b));
        prop_assert_eq!(target(Task::Sum, &[a, b]) as u64, wide_a + wide_b);
        prop_assert_eq!(target(Task::Product, &[a, b]) as u64, wide_a * wide_b);
        prop_assert_eq!(target(Task::Square, &[a, b]) as u64, wide_a * wide_a);
    }

    #[test]
    fn encodings_can_be_decoded(a in 1u32..=2000, b in 1u32..=2000) {
        for encoding in [word("scalar"), word("log"), word("binary"), polynomial(3)] {
            let c = configuration(&[("operands", Value::Whole(2)), ("encoding", encoding)]);
            let encoder = Encoder::of(&c);
            let mut features = vec![0.0; encoder.features()];
            encoder.encode(&[a, b], &mut features);
            let digits = features.len() / 2;
            let decoded = match c.encoding {
                Encoding::Scalar => [features[0], features[1]],
                Encoding::Log => [features[0].exp().round(), features[1].exp().round()],
                Encoding::Binary => [0, digits].map(|start| {
                    features[start..start + digits].iter().rev().fold(0.0, |number, digit| 2.0 * number + digit)
                }),
                Encoding::Polynomial(_) => {
                    let (x, y) = (f64::from(a), f64::from(b));
                    let all = [x, y, x * x, x * y, y * y, x * x * x, x * x * y, x * y * y, y * y * y];
                    prop_assert_eq!(&features, &all);
                    [features[0], features[1]]
                }
            };
            prop_assert_eq!(decoded, [f64::from(a), f64::from(b)]);
        }
    }

    #[test]
    fn scaling_is_undone(seed in 0u64..50, name in prop::sample::select(vec!["none", "seed", "max", "symmetric", "standardize", "log"])) {
        let c = configuration(&[("target_normalization", word(name)), ("examples", Value::Whole(50))]);
        let problem = Problem::draw(&c, seed);
        for &y in &problem.train.targets {
            let back = problem.targets.unscale(problem.targets.scale(y));
            prop_assert!((back - y).abs() <= 1e-12 * 1e6, "{} {}", back, y);
        }
    }
}

#[test]
fn normalizations_do_what_they_say() {
    let scaled = |name: &str| {
        let problem = Problem::draw(&configuration(&[("normalization", word(name))]), 1);
        let mut features = vec![0.0; 1000];
        problem.features(&problem.train, 0, &mut features);
        let operands = problem.train.rows(0, 1000).to_vec();
        let targets: Vec<f64> = problem.train.targets.iter().map(|&y| problem.targets.scale(y)).collect();
        (operands, features, targets)
    };
    let (x, inputs, targets) = scaled("seed");
    assert!(
        (inputs[5] - f64::from(x[5]) / 1e6).abs() < 1e-15 && (targets[5] - f64::from(x[5]).powi(2) / 1e6).abs() < 1e-12
    );
    let (x, inputs, _) = scaled("max");
    assert!((inputs[5] - f64::from(x[5]) / 1e3).abs() < 1e-15);
    let (x, inputs, _) = scaled("symmetric");
    assert!((inputs[5] - (2.0 * (f64::from(x[5]) - 1.0) / 999.0 - 1.0)).abs() < 1e-12);
    for values in [scaled("standardize").1, scaled("standardize").2] {
        let mean = values.iter().sum::<f64>() / 1e3;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 1e3;
        assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 1e-12);
    }
    let (x, inputs, targets) = scaled("log");
    assert!((inputs[5] - f64::from(x[5]).ln()).abs() < 1e-12 && (targets[5] - 2.0 * inputs[5]).abs() < 1e-12);
}

#[test]
fn draws_depend_on_the_seed_alone() {
    let few = configuration(&[("examples", Value::Whole(10))]);
    let many = configuration(&[("examples", Value::Whole(20)), ("activation", word("tanh"))]);
    let (few, many, other) = (Problem::draw(&few, 4), Problem::draw(&many, 4), Problem::draw(&few, 5));
    assert_eq!(few.train.rows(0, 10), many.train.rows(0, 10));
    assert_ne!(few.train.rows(0, 10), other.train.rows(0, 10));
    assert_ne!(many.train.rows(0, 20), many.test.rows(0, 20));
}

#[test]
fn regions_are_whole_or_spread() {
    let squares = configuration(&[]);
    let domain = Population::of_region(&squares, Region::Domain);
    assert!(domain.exhaustive);
    assert_eq!(domain.rows(0, 1000), (1..=1000).collect::<Vec<_>>());
    assert_eq!(Population::of_region(&squares, Region::Extrapolation).rows(0, 1000), (1001..=2000).collect::<Vec<_>>());

    let sums = configuration(&[("task", word("sum")), ("largest", Value::Whole(30))]);
    let mut pairs: Vec<&[u32]> = Vec::new();
    let domain = Population::of_region(&sums, Region::Domain);
    pairs.extend((0..domain.len()).map(|row| domain.rows(row, 1)));
    pairs.sort_unstable();
    pairs.dedup();
    assert_eq!(pairs.len(), 900);

    let triples = configuration(&[("task", word("sum")), ("operands", Value::Whole(3))]);
    let spread = Population::of_region(&triples, Region::Extrapolation);
    assert!(!spread.exhaustive && spread.len() == 100_000);
    assert!(spread.rows(0, spread.len()).iter().all(|x| (1001..=2000).contains(x)));
    let mean = spread.targets.iter().sum::<f64>() / 1e5;
    assert!((mean - 4501.5).abs() < 1.0, "evenly spread: {mean}");
}
