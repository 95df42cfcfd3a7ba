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

fn argued(name: &str, argument: i64) -> Value {
    Value::Map(vec![(name.into(), Value::Whole(argument))])
}

fn near(value: f64, expected: f64, share: f64) {
    assert!((value - expected).abs() <= share * expected.abs(), "{value} is not near {expected}");
}

#[test]
fn floors_of_powers_near_their_limits() {
    let l = 10_000f64;
    for (task, p) in [("sqrt", 0.5f64), ("square", 2.0), ("cube", 3.0)] {
        let limit = l.powf(p) * p * (p - 1.0).abs() / ((p + 1.0) * (p + 2.0) * (2.0 * p + 1.0).sqrt());
        near(floor(&[("task", word(task)), ("largest", Value::Whole(10_000))]), limit, 2e-3);
    }
}

#[test]
fn floors_of_other_tasks() {
    let l = 200f64;
    let of = |task: &str| floor(&[("task", word(task)), ("largest", Value::Whole(200))]);
    assert_eq!(of("difference"), 0.0);
    // max = (a + b)/2 + |a − b|/2, and the second part goes with neither number.
    let spread = (l * l - 1.0) / 6.0 - ((l * l - 1.0) / (3.0 * l)).powi(2);
    close(of("max"), spread.sqrt() / 2.0);
    // Over one period a line explains 6/π² of the sine's variance.
    near(of("sine"), (0.5 * (1.0 - 6.0 / std::f64::consts::PI.powi(2))).sqrt(), 2e-3);
}

#[test]
fn floors_that_the_right_features_lift() {
    let with = |task: &str, encoding: Value| floor(&[("task", word(task)), ("encoding", encoding)]);
    assert_eq!(with("sqrt", word("sqrt")), 0.0);
    assert_eq!(with("cube", argued("polynomial", 3)), 0.0);
    assert_eq!(with("product", argued("polynomial", 2)), 0.0);
    assert!(with("sine", argued("fourier", 1)) < 1e-14);
    assert!(with("cube", argued("polynomial", 2)) > 1e6);
    // One bin a number: every function of it is a table.
    let table = |task: &str| {
        floor(&[("task", word(task)), ("encoding", argued("onehot", 100)), ("largest", Value::Whole(100))])
    };
    for task in ["square", "cube", "reciprocal", "sine"] {
        assert!(table(task) < 1e-9, "{task}: {}", table(task));
    }
    // More waves never fit worse.
    let waves: Vec<f64> = [1, 2, 4, 8, 16].map(|k| with("square", argued("fourier", k))).into();
    assert!(waves.is_sorted_by(|a, b| a > b), "{waves:?}");
}

#[test]
fn floors_of_bins_and_ramps() {
    let l = 1000f64;
    for m in [2i64, 5, 10, 50] {
        // Within a bin of w numbers around c, c² + 2cd + d² varies by 4c²·(w² − 1)/12 + (w² − 1)(w² − 4)/180.
        let w = l / m as f64;
        let centre = |bin: i64| (bin as f64 + 0.5) * w + 0.5;
        let squares = (0..m).map(|bin| centre(bin).powi(2)).sum::<f64>() / m as f64;
        let exact = (squares * (w * w - 1.0) / 3.0 + (w * w - 1.0) * (w * w - 4.0) / 180.0).sqrt();
        let h = 1.0 / m as f64;
        near(exact, l * l * (h * h / 9.0 - h.powi(4) / 45.0).sqrt(), 3e-3);
        for encoding in ["onehot", "thermometer"] {
            close(floor(&[("encoding", argued(encoding, m))]), exact);
        }
        // A broken line of m equal pieces.
        let ramps = floor(&[("encoding", argued("ramps", m - 1))]);
        near(ramps, l * l / (6.0 * 5f64.sqrt() * (m * m) as f64), 0.02);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]
    #[test]
    fn no_affine_map_beats_a_floor(
        task in prop::sample::select(vec![
            "sum", "difference", "product", "square", "cube", "sqrt", "reciprocal", "quotient", "max", "sine",
        ]),
        encoding in prop::sample::select(vec![
            word("scalar"), word("log"), word("sqrt"), word("binary"), word("gray"), word("digits"), word("digits_onehot"),
            argued("onehot", 7), argued("thermometer", 9), argued("ramps", 5), argued("fourier", 4), argued("cosine", 6),
            argued("polynomial", 2),
        ]),
        largest in 15i64..=24,
        seed in 0u64..1_000_000,
    ) {
        let entries = [
            ("task", word(task)), ("encoding", encoding), ("operands", Value::Whole(2)), ("largest", Value::Whole(largest)),
        ];
        let c = Configuration::of(&entries.into_iter().collect::<Assignment>()).unwrap();
        let (encoder, domain) = (Encoder::of(&c), Population::of_region(&c, Region::Domain));
        let rows = Encoded(&encoder, &domain);
        let basis = AffineBasis::new(&rows);
        let floor = basis.fit(&rows, &domain.targets).rmse;

        let (width, count) = (encoder.features(), domain.len());
        let mut features = vec![0.0; count * width];
        rows.read(0, &mut features);
        let mut stream = Stream::new(seed, "maps", 0);
        let mut rest = domain.targets.clone();
        let rmse = |rest: &[f64]| (rest.iter().map(|r| r * r).sum::<f64>() / count as f64).sqrt();
        let size = rmse(&rest);
        // From a random affine map downhill: the best step along each of many random directions.
        for step in 0..200 {
            let (mut direction, shift) = (vec![0.0; width], stream.normal());
            if step % 2 == 0 {
                direction[stream.below(width as u64) as usize] = 1.0;
            } else {
                direction.iter_mut().for_each(|slope| *slope = stream.normal());
            }
            let map: Vec<f64> = features.chunks_exact(width)
                .map(|row| shift + row.iter().zip(&direction).map(|(x, slope)| x * slope).sum::<f64>())
                .collect();
            let own: f64 = map.iter().map(|m| m * m).sum();
            if own == 0.0 {
                continue;
            }
            let along: f64 = map.iter().zip(&rest).map(|(m, r)| m * r).sum::<f64>() / own;
            let along = if step == 0 { along + stream.normal() } else { along };
            rest.iter_mut().zip(&map).for_each(|(r, m)| *r -= along * m);
            prop_assert!(rmse(&rest) >= floor * (1.0 - 1e-10), "{} {}", rmse(&rest), floor);
        }
        // Whatever an affine map takes away, the floor stays where it is.
        let again = basis.fit(&rows, &rest).rmse;
        prop_assert!((again - floor).abs() <= 1e-9 * size, "{} {}", again, floor);
    }
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
