//! Tests of measures: floors against closed forms, fits that nothing beats, errors by hand.

use proptest::prelude::*;

use super::*;
use crate::config::{Activation, Assignment, Configuration, Value};
use crate::problem::{Encoder, Population, Region};
use crate::random::Stream;

struct Encoded<'a>(&'a Encoder, &'a Population);

impl Rows for Encoded<'_> {
    fn len(&self) -> usize {
        self.1.len()
    }
    fn features(&self) -> usize {
        self.0.features()
    }
    fn read(&self, start: usize, out: &mut [f64]) {
        self.0.encode(self.1.rows(start, out.len() / self.0.features()), out);
    }
}

fn word(text: &str) -> Value {
    Value::Word(text.into())
}

fn floor(entries: &[(&'static str, Value)]) -> f64 {
    let c = Configuration::of(&entries.iter().cloned().collect::<Assignment>()).unwrap();
    let (encoder, domain) = (Encoder::of(&c), Population::of_region(&c, Region::Domain));
    let rows = Encoded(&encoder, &domain);
    AffineBasis::new(&rows).fit(&rows, &domain.targets).rmse
}

fn close(value: f64, expected: f64) {
    assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{value} is not {expected}");
}

#[test]
fn floors_are_those_of_the_closed_forms() {
    for largest in [10i64, 128, 1000, 4096] {
        let l = largest as f64;
        let size = ("largest", Value::Whole(largest));
        close(floor(std::slice::from_ref(&size)), ((l * l - 1.0) * (l * l - 4.0) / 180.0).sqrt());
        if largest <= 1000 {
            close(floor(&[size.clone(), ("task", word("product"))]), (l * l - 1.0) / 12.0);
            assert_eq!(floor(&[size.clone(), ("task", word("sum"))]), 0.0);
        }
        assert_eq!(floor(&[size, ("encoding", Value::Map(vec![("polynomial".into(), Value::Whole(2))]))]), 0.0);
    }
    assert!((floor(&[]) - 74_535.413).abs() < 1e-3);
}

#[test]
fn digits_help_no_more_than_the_number_itself() {
    // On 1..1000 the ten digits come to about 74,279, a little below the number alone.
    let digits = floor(&[("encoding", word("binary"))]);
    assert!((digits - 74_279.0).abs() < 1.0, "{digits}");
}

#[test]
fn rank_deficiency_is_no_trouble() {
    struct Twice;
    impl Rows for Twice {
        fn len(&self) -> usize {
            700
        }
        fn features(&self) -> usize {
            4
        }
        fn read(&self, start: usize, out: &mut [f64]) {
            for (i, row) in out.chunks_exact_mut(4).enumerate() {
                let x = (start + i) as f64;
                // A constant, the number twice, and a column that only moves at the very end.
                row.copy_from_slice(&[3.0, x, 2.0 * x, f64::from(u8::from(start + i >= 699))]);
            }
        }
    }
    let values: Vec<f64> = (0..700).map(|i| 5.0 * f64::from(i) - 7.0 + f64::from(u8::from(i == 699))).collect();
    assert_eq!(AffineBasis::new(&Twice).fit(&Twice, &values).rmse, 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn no_affine_map_beats_the_fit(seed in 0u64..1_000_000) {
        let c = Configuration::default();
        let (encoder, domain) = (Encoder::of(&c), Population::of_region(&c, Region::Domain));
        let rows = Encoded(&encoder, &domain);
        let fit = AffineBasis::new(&rows).fit(&rows, &domain.targets);
        let mut stream = Stream::new(seed, "slopes", 0);
        let slope = 1001.0 + 20.0 * (stream.uniform() - 0.5);
        let intercept = -167_167.0 + 1e4 * (stream.uniform() - 0.5);
        let predictions: Vec<f64> = (1..=1000).map(|x| slope * f64::from(x) + intercept).collect();
        let mut measures = Measures::default();
        measure_split(&mut measures, "domain", &predictions, &domain.targets);
        prop_assert!(measures.get("domain_rmse").unwrap() >= fit.rmse * (1.0 - 1e-12));
    }
}

#[test]
fn errors_by_hand() {
    let mut measures = Measures::default();
    measure_split(&mut measures, "test", &[1.4, 2.5, 5.0], &[1.0, 2.0, 3.0]);
    let get = |name: &str| measures.get(&format!("test_{name}")).unwrap();
    close(get("rmse"), ((0.16 + 0.25 + 4.0f64) / 3.0).sqrt());
    close(get("rmse_rounded"), (4.0f64 / 3.0).sqrt());
    close(get("mae"), 2.9 / 3.0);
    close(get("r2"), 1.0 - 4.41 / 2.0);
    close(get("max_error"), 2.0);
    close(get("exact"), 2.0 / 3.0);
}

#[test]
fn what_is_no_number_is_absent() {
    let mut measures = Measures::default();
    measure_split(&mut measures, "test", &[f64::NAN, 2.0], &[1.0, 2.0]);
    assert_eq!(measures.get("test_rmse"), None);
    assert_eq!(measures.get("test_max_error"), None);
    measure_split(&mut measures, "train", &[2.0, 2.0], &[2.0, 2.0]);
    assert_eq!(measures.get("train_r2"), None);
    assert_eq!(measures.get("train_exact"), Some(1.0));
}

/// Rows of features that a function makes of their number.
struct Made<F>(usize, usize, F);

impl<F: Fn(usize, &mut [f64])> Rows for Made<F> {
    fn len(&self) -> usize {
        self.0
    }
    fn features(&self) -> usize {
        self.1
    }
    fn read(&self, start: usize, out: &mut [f64]) {
        out.chunks_exact_mut(self.1).enumerate().for_each(|(i, row)| (self.2)(start + i, row));
    }
}

#[test]
fn condition_numbers_are_those_of_the_raw_design() {
    let of_scalar = |scaled: fn(f64) -> f64| {
        condition(&Made(1000, 1, |i, row: &mut [f64]| row[0] = scaled(i as f64 + 1.0))).unwrap()
    };
    let near = |value: f64, expected: f64, by: f64| {
        assert!((value / expected - 1.0).abs() <= by, "{value} is not {expected}");
    };
    near(of_scalar(|x| x / 1e6), 1.2e7, 1e-5);
    near(of_scalar(|x| x), 1.337_345e6, 1e-6);
    near(of_scalar(|x| x / 1e3), 19.2975, 1e-5);
    near(of_scalar(|x| 2.0 * x / 1e3 - 1.0), 3.0, 1e-4);
    near(of_scalar(|x| (x - 500.5) / (999_999.0f64 / 12.0).sqrt()), 1.0, 1e-9);
    // Powers of x up to a degree, against eigenvalues of the exact Gram matrix in 150 digits.
    for (degree, expected, by) in [(3, 2.311_144_572_181_94e18, 1e-9), (8, 5.010_763_782_086_26e48, 1e-8)] {
        let powers = |i: usize, row: &mut [f64]| {
            row.iter_mut().enumerate().for_each(|(k, entry)| *entry = (i as f64 + 1.0).powi(k as i32 + 1));
        };
        near(condition(&Made(1000, degree, powers)).unwrap(), expected, by);
    }
}

#[test]
fn some_designs_have_no_condition_number() {
    assert_eq!(condition(&Made(100, 1, |_, row: &mut [f64]| row[0] = 3.0)), None);
    let twice = |i: usize, row: &mut [f64]| row.copy_from_slice(&[i as f64, 1.0 - 2.0 * i as f64]);
    assert_eq!(condition(&Made(100, 2, twice)), None);
    let few = |i: usize, row: &mut [f64]| row.copy_from_slice(&[i as f64, (i * i) as f64]);
    assert_eq!(condition(&Made(2, 2, few)), None);
    assert!(condition(&Made(3, 2, few)).is_some());
    let unit =
        |i: usize, row: &mut [f64]| row.iter_mut().enumerate().for_each(|(k, x)| *x = f64::from(u8::from(i == k)));
    assert_eq!(condition(&Made(600, 512, unit)), None);
}

type Layer = (Vec<f64>, Vec<f64>);

/// The output of a piecewise-linear network.
fn output(layers: &[Layer], sizes: &[(usize, usize)], activation: Activation, x: f64) -> f64 {
    let mut values = vec![x];
    for (layer, ((weights, biases), &(_, outputs))) in layers.iter().zip(sizes).enumerate() {
        let mut sums = if biases.is_empty() { vec![0.0; outputs] } else { biases.clone() };
        for (row, value) in weights.chunks_exact(outputs).zip(&values) {
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight * value);
        }
        let bend = |z: f64| match activation {
            Activation::Relu => z.max(0.0),
            Activation::LeakyRelu(slope) => z.max(slope * z),
            Activation::Relu6 => z.clamp(0.0, 6.0),
            Activation::HardTanh => z.clamp(-1.0, 1.0),
            _ => z,
        };
        values = if layer + 1 < sizes.len() { sums.into_iter().map(bend).collect() } else { sums };
    }
    values[0]
}

#[test]
fn kinks_of_networks_made_by_hand() {
    use Activation as A;
    let sizes = [(1, 3), (3, 1)];
    // Corners at 0.25, 0.5 and 2; the last unit counts for nothing.
    let layers = [(vec![1.0, -1.0, 1.0], vec![-0.25, 0.5, -2.0]), (vec![1.0, 3.0, 0.0], vec![7.0])];
    assert_eq!(kinks(&layers, &sizes, A::Relu, (0.0, 1.0)), Some(2));
    assert_eq!(kinks(&layers, &sizes, A::Relu, (0.25, 3.0)), Some(1), "an end of the range is not inside");
    assert_eq!(kinks(&layers, &sizes, A::LeakyRelu(0.5), (-3.0, 3.0)), Some(2));
    assert_eq!(kinks(&layers, &sizes, A::Linear, (-3.0, 3.0)), Some(0));
    assert_eq!(kinks(&layers, &sizes, A::Tanh, (0.0, 1.0)), None);
    // -1 and 1 around 0.25, and around 0.5.
    assert_eq!(kinks(&layers, &sizes, A::HardTanh, (-3.0, 3.0)), Some(4));
    // 0 and 6 above 0.25, and below 0.5.
    assert_eq!(kinks(&layers, &sizes, A::Relu6, (-10.0, 10.0)), Some(4));
    // Two units that bend at one place, and two whose bends there cancel.
    let twins = |second: f64| [(vec![1.0, 1.0], vec![-0.3, -0.3]), (vec![1.0, second], vec![0.0])];
    assert_eq!(kinks(&twins(1.0), &[(1, 2), (2, 1)], A::Relu, (0.0, 1.0)), Some(1));
    assert_eq!(kinks(&twins(-1.0), &[(1, 2), (2, 1)], A::Relu, (0.0, 1.0)), Some(0));
    // Units that are dead in the range, weights that are all zero, no bias, and the smallest network.
    let dead = [(vec![1.0, 1.0, 1.0], vec![-5.0, -6.0, 3.0]), (vec![1.0, 1.0, 1.0], vec![])];
    assert_eq!(kinks(&dead, &sizes, A::Relu, (0.0, 1.0)), Some(0));
    let zero = [(vec![0.0; 3], vec![0.0; 3]), (vec![0.0; 3], vec![0.0])];
    assert_eq!(kinks(&zero, &sizes, A::Relu, (-1.0, 1.0)), Some(0));
    let unbiased = [(vec![1.0, -2.0, 0.5], vec![]), (vec![1.0, 1.0, 1.0], vec![])];
    assert_eq!(kinks(&unbiased, &sizes, A::Relu, (-1.0, 1.0)), Some(1));
    assert_eq!(kinks(&unbiased, &sizes, A::Relu, (0.001, 1.0)), Some(0));
    assert_eq!(kinks(&[(vec![2.0], vec![1.0])], &[(1, 1)], A::Relu, (0.0, 1.0)), Some(0));
    // More inputs than one; a weight that diverged.
    assert_eq!(kinks(&[(vec![2.0, 1.0], vec![])], &[(2, 1)], A::Relu, (0.0, 1.0)), None);
    assert_eq!(kinks(&[(vec![f64::NAN], vec![])], &[(1, 1)], A::Relu, (0.0, 1.0)), None);
}

#[test]
fn kinks_do_not_depend_on_the_scale_of_the_input() {
    for scale in [1e-6, 1e-3, 1.0, 1e6] {
        let layers = [(vec![1.0 / scale, -1.0 / scale], vec![-0.25, 0.5]), (vec![1.0, 3.0], vec![7.0])];
        let range = (0.001 * scale, scale);
        assert_eq!(kinks(&layers, &[(1, 2), (2, 1)], Activation::Relu, range), Some(2), "{scale}");
    }
}

#[test]
fn tents_in_tents_have_twice_the_pieces() {
    for depth in 1..=15usize {
        let mut layers = vec![(vec![1.0, 1.0], vec![0.0, -0.5])];
        let mut sizes = vec![(1, 2)];
        for _ in 1..depth {
            layers.push((vec![2.0, 2.0, -4.0, -4.0], vec![0.0, -0.5]));
            sizes.push((2, 2));
        }
        layers.push((vec![2.0, -4.0], vec![0.0]));
        sizes.push((2, 1));
        assert_eq!(kinks(&layers, &sizes, Activation::Relu, (0.0, 1.0)), Some((1 << depth) - 1));
        // Too many pieces are not counted.
        for _ in 0..2 {
            layers.insert(1, (vec![2.0, 2.0, -4.0, -4.0], vec![0.0, -0.5]));
            sizes.insert(1, (2, 2));
        }
        assert_eq!(kinks(&layers, &sizes, Activation::Relu, (0.0, 1.0)).is_none(), depth >= 14);
    }
}

#[test]
fn kinks_are_those_that_a_dense_scan_sees() {
    const STEPS: usize = 100_000;
    let (low, high) = (-2.0, 3.0);
    let mut stream = Stream::new(1, "networks", 0);
    let mut seen = 0;
    for case in 0..240 {
        use Activation as A;
        let activation = [A::Relu, A::LeakyRelu(0.1), A::Relu6, A::HardTanh][case % 4];
        let (depth, width) = (1 + case % 3, 1 + case / 4 % 5);
        let sizes: Vec<_> = (0..=depth)
            .map(|layer| (if layer == 0 { 1 } else { width }, if layer == depth { 1 } else { width }))
            .collect();
        let mut draw = |count: usize, most: f64| -> Vec<f64> {
            (0..count).map(|_| most * (2.0 * stream.uniform() - 1.0)).collect()
        };
        let layers: Vec<Layer> =
            sizes.iter().map(|&(inputs, outputs)| (draw(inputs * outputs, 2.0), draw(outputs, 1.0))).collect();
        let at = |step: usize| output(&layers, &sizes, activation, low + (high - low) * step as f64 / STEPS as f64);
        let values: Vec<f64> = (0..=STEPS).map(at).collect();
        // A kink bends one or two triples of neighbours.
        let bent: Vec<bool> =
            values.windows(3).map(|y| (y[2] - 2.0 * y[1] + y[0]).abs() > 1e-12 * (1.0 + y[1].abs())).collect();
        let scanned = usize::from(bent[0]) + bent.windows(2).filter(|beside| !beside[0] && beside[1]).count();
        let solved = kinks(&layers, &sizes, activation, (low, high)).unwrap();
        assert_eq!(solved, scanned, "case {case}: {activation:?} {layers:?}");
        seen += solved;
    }
    assert!(seen > 500, "{seen}");
}
