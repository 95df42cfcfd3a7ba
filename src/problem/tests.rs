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

fn with_argument(name: &str, argument: i64) -> Value {
    Value::Map(vec![(name.into(), Value::Whole(argument))])
}

/// Every task that takes any two operands.
const TASKS: [Task; 10] = [
    Task::Sum,
    Task::Difference,
    Task::Product,
    Task::Square,
    Task::Cube,
    Task::Sqrt,
    Task::Reciprocal,
    Task::Quotient,
    Task::Max,
    Task::Sine,
];

proptest! {
    #[test]
    fn tasks_are_exact(a in 1u32..=200_000, b in 1u32..=200_000) {
        let (wide_a, wide_b) = (i64::from(a), i64::from(b));
        let answer = |task| target(task, 100_000, &[a, b]);
        let whole = |task| answer(task) as i64;
        prop_assert_eq!(whole(Task::Sum), wide_a + wide_b);
        prop_assert_eq!(whole(Task::Difference), wide_a - wide_b);
        prop_assert_eq!(whole(Task::Product), wide_a * wide_b);
        prop_assert_eq!(whole(Task::Square), wide_a * wide_a);
        prop_assert_eq!(whole(Task::Cube), wide_a * wide_a * wide_a);
        prop_assert_eq!(whole(Task::Max), wide_a.max(wide_b));
        prop_assert_eq!(target(Task::Max, 9, &[a, b, 200_001]), 200_001.0);
        // Correctly rounded: nothing between this number and its neighbours is nearer.
        let root = target(Task::Sqrt, 9, &[a * (a / 2000 + 1)]);
        prop_assert_eq!(root, f64::from(a * (a / 2000 + 1)).sqrt());
        prop_assert_eq!(target(Task::Sqrt, 9, &[(a % 60_000).pow(2)]), f64::from(a % 60_000));
        prop_assert_eq!(answer(Task::Quotient), f64::from(a) / f64::from(b));
        prop_assert_eq!(answer(Task::Reciprocal), f64::from(a).recip());
        let sine = (std::f64::consts::TAU * f64::from(a) / 1e5).sin();
        prop_assert!((answer(Task::Sine) - sine).abs() < 2e-15, "{} {}", answer(Task::Sine), sine);
    }

    #[test]
    fn encodings_can_be_decoded(a in 1u32..=2000, b in 1u32..=2000) {
        let fourier = with_argument("fourier", 500);
        let coarse = ["onehot", "thermometer"].map(|name| with_argument(name, 1000));
        let words = ["scalar", "log", "sqrt", "binary", "gray", "digits", "digits_onehot"].map(word);
        let rest = [with_argument("ramps", 9), with_argument("cosine", 3), with_argument("polynomial", 3), fourier];
        for encoding in words.into_iter().chain(coarse).chain(rest) {
            let c = configuration(&[("operands", Value::Whole(2)), ("encoding", encoding)]);
            let encoder = Encoder::of(&c);
            let mut features = vec![0.0; encoder.features()];
            encoder.encode(&[a, b], &mut features);
            if let Encoding::Polynomial(_) = c.encoding {
                let (x, y) = (f64::from(a), f64::from(b));
                let all = [x, y, x * x, x * y, y * y, x * x * x, x * x * y, x * y * y, y * y * y];
                prop_assert_eq!(&features, &all);
                continue;
            }
            let half = features.len() / 2;
            for (x, features) in [(a, &features[..half]), (b, &features[half..])] {
                let number = decoded(c.encoding, features, x > 1000);
                if x > 1000 && matches!(c.encoding, Encoding::Onehot(_)) {
                    prop_assert!(number.is_some_and(f64::is_nan));
                } else if x > 1000 && matches!(c.encoding, Encoding::Thermometer(_)) {
                    prop_assert_eq!(number, Some(1000.0));
                } else {
                    prop_assert_eq!(number, Some(f64::from(x)), "{:?}", c.encoding);
                }
            }
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

/// The number up to 1000, or up to 2000 where it is said to be beyond, that features were made of.
fn decoded(encoding: Encoding, features: &[f64], beyond: bool) -> Option<f64> {
    let folded = |base: f64, digits: &[f64]| digits.iter().rev().fold(0.0, |number, digit| base * number + digit);
    let position = |features: &[f64]| features.iter().position(|&feature| feature == 1.0);
    let angle = |sine: f64, cosine: f64, period: f64| {
        let turn = sine.atan2(cosine) / std::f64::consts::TAU;
        (turn - turn.ceil() + 1.0) * period
    };
    let shifted = |x: f64| x.round() + if beyond { 1000.0 } else { 0.0 };
    Some(match encoding {
        Encoding::Scalar | Encoding::Polynomial(_) => features[0],
        Encoding::Log => features[0].exp().round(),
        Encoding::Sqrt => (features[0] * features[0]).round(),
        Encoding::Binary => folded(2.0, features),
        Encoding::Gray => {
            let digits = (0..features.len()).map(|i| features[i..].iter().sum::<f64>() % 2.0);
            folded(2.0, &digits.collect::<Vec<_>>())
        }
        Encoding::Digits => folded(10.0, features),
        Encoding::DigitsOnehot => {
            let digits: Option<Vec<f64>> = features.chunks(10).map(|ten| Some(position(ten)? as f64)).collect();
            assert!(features.chunks(10).all(|ten| ten.iter().sum::<f64>() == 1.0));
            folded(10.0, &digits?)
        }
        // A bin for each number, and nothing to tell apart those beyond the range.
        Encoding::Onehot(1000) if beyond => return (features.iter().sum::<f64>() == 0.0).then_some(f64::NAN),
        Encoding::Onehot(1000) => {
            assert!(features.iter().sum::<f64>() == 1.0);
            position(features)? as f64 + 1.0
        }
        Encoding::Thermometer(1000) => {
            assert!(features.is_sorted_by(|a, b| a >= b));
            features.iter().sum::<f64>()
        }
        Encoding::Ramps(9) => {
            for (i, ramp) in features.iter().enumerate().skip(1) {
                let knot = 1.0 + 99.9 * i as f64;
                assert!((ramp - (features[0] - knot).max(0.0)).abs() < 1e-9);
            }
            features[0]
        }
        Encoding::Fourier(500) => {
            for k in 1..=500 {
                let (x, part) = (angle(features[0], features[1], 1000.0), &features[2 * k - 2..2 * k]);
                let turn = std::f64::consts::TAU * k as f64 * x / 1000.0;
                assert!((part[0] - turn.sin()).abs() < 1e-9 && (part[1] - turn.cos()).abs() < 1e-9, "{k}");
            }
            shifted(angle(features[0], features[1], 1000.0))
        }
        Encoding::Cosine(3) => {
            let half = features[0].clamp(-1.0, 1.0).acos();
            for (k, feature) in features.iter().enumerate() {
                assert!((feature - ((k + 1) as f64 * half).cos()).abs() < 1e-9);
            }
            let x = half / std::f64::consts::PI * 1000.0;
            if beyond { (2000.0 - x).round() } else { x.round() }
        }
        other => panic!("{other:?}"),
    })
}

#[test]
fn encodings_have_their_ranges() {
    for largest in [2i64, 3, 4, 5, 7, 8, 9, 10, 11, 12, 30, 99, 100, 101] {
        let words = ["scalar", "log", "sqrt", "binary", "gray", "digits", "digits_onehot"].map(word);
        let counted = ["onehot", "thermometer", "cosine"].map(|name| with_argument(name, largest));
        let fourier = with_argument("fourier", (largest / 2).max(1));
        let ramps = with_argument("ramps", (largest - 2).max(1));
        for encoding in words.into_iter().chain(counted).chain([fourier, ramps, polynomial(3)]) {
            let c = configuration(&[
                ("operands", Value::Whole(2)),
                ("largest", Value::Whole(largest)),
                ("encoding", encoding),
            ]);
            let (encoder, domain) = (Encoder::of(&c), Population::of_region(&c, Region::Domain));
            let mut features = vec![0.0; encoder.features() * domain.len()];
            encoder.encode(domain.rows(0, domain.len()), &mut features);
            for (feature, (low, high)) in encoder.ranges().into_iter().enumerate() {
                let column = || features.iter().skip(feature).step_by(encoder.features()).copied();
                let ends = (column().fold(f64::INFINITY, f64::min), column().fold(f64::NEG_INFINITY, f64::max));
                let near = |a: f64, b: f64| (a - b).abs() < 1e-12 && (a == 0.0) == (b == 0.0);
                assert!(
                    near(ends.0, low) && near(ends.1, high),
                    "{:?} {largest} {feature}: {ends:?} {:?}",
                    c.encoding,
                    (low, high)
                );
            }
        }
    }
}

#[test]
fn tasks_have_their_ranges() {
    for task in TASKS {
        let Some(Value::Word(name)) = crate::config::Setting::write(&task) else { panic!("{task:?}") };
        for largest in 2..40 {
            let c = configuration(&[
                ("task", word(&name)),
                ("largest", Value::Whole(largest)),
                ("operands", Value::Whole(2)),
            ]);
            let targets = Population::of_region(&c, Region::Domain).targets;
            let low = targets.iter().copied().fold(f64::INFINITY, f64::min);
            let high = targets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(task::target_range(&c), (low, high), "{name} {largest}");
            assert!(low.abs().max(high.abs()) > 0.86 || (name == "sine" && largest == 2), "{name} {largest}");
        }
    }
}

#[test]
fn sines_are_exact_where_they_are_whole() {
    let sines = [1, 2, 3, 4, 5, 8].map(|x| target(Task::Sine, 4, &[x]));
    assert_eq!(sines, [1.0, 0.0, -1.0, 0.0, 1.0, 0.0]);
    assert_eq!(target(Task::Sine, 12, &[1]), 0.5 - f64::EPSILON / 4.0, "sin 30° as the function has it");
    let far = [(1u64, 7u64), (3, 7), (9, 14)].map(|(n, d)| turns::sine(n, d) - turns::sine(n + 20_000 * d, d));
    assert_eq!(far, [0.0; 3]);
}

#[test]
fn noise_is_a_share_of_the_spread_of_targets() {
    let noisy = configuration(&[("noise", Value::Number(0.5)), ("examples", Value::Whole(20_000))]);
    let clean = configuration(&[("examples", Value::Whole(20_000))]);
    let (noisy, clean) = (Problem::draw(&noisy, 3), Problem::draw(&clean, 3));
    assert_eq!(noisy.train.rows(0, 20_000), clean.train.rows(0, 20_000));
    assert_eq!(noisy.test, clean.test, "what is asked for stays right");
    let noise: Vec<f64> = noisy.train.targets.iter().zip(&clean.train.targets).map(|(a, b)| a - b).collect();
    let (mean, deviation) = scaling::moments(&noise);
    let l = 1000f64;
    // Variance of squares on 1..L.
    let spread = ((l * l - 1.0) * (2.0 * l + 1.0) * (8.0 * l + 11.0) / 180.0).sqrt();
    assert!((deviation / (0.5 * spread) - 1.0).abs() < 0.02 && mean.abs() < 0.02 * spread, "{mean} {deviation}");
    let other = Problem::draw(&configuration(&[("noise", Value::Number(0.5))]), 4);
    assert_ne!(other.train.targets[0] - target(Task::Square, 1000, other.train.rows(0, 1)), noise[0]);
}

#[test]
fn what_never_changes_is_not_blown_up() {
    for encoding in ["log", "sqrt"] {
        let entries = [("largest", Value::Whole(2)), ("examples", Value::Whole(3)), ("encoding", word(encoding))];
        for seed in 0..20 {
            let problem = Problem::draw(&configuration(&entries), seed);
            let mut features = vec![0.0; problem.test.len()];
            problem.features(&problem.test, 0, &mut features);
            assert!(features.iter().all(|feature| feature.abs() < 10.0), "{encoding} {seed}");
        }
    }
}

#[test]
fn targets_of_both_signs_are_divided_by_the_largest_size() {
    for (task, largest) in [("difference", 999.0), ("sine", 1.0), ("reciprocal", 1.0), ("quotient", 1000.0)] {
        for normalization in ["max", "seed"] {
            let c = configuration(&[("task", word(task)), ("normalization", word(normalization))]);
            assert_eq!(Problem::draw(&c, 1).targets.factor(), Some(largest), "{task} {normalization}");
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
