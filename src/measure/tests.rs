//! Tests of measures: floors against closed forms, fits that nothing beats, errors by hand.

use proptest::prelude::*;

use super::*;
use crate::config::{Assignment, Configuration, Value};
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
