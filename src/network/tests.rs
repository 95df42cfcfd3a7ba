//! Tests of networks: elementary functions against the C library's, derivatives against differences, sizes, draws.

use super::*;
use crate::config::Init;

fn units_apart(value: f64, expected: f64, epsilon: f64) -> f64 {
    if value == expected { 0.0 } else { (value - expected).abs() / (expected.abs() * epsilon).max(f64::MIN_POSITIVE) }
}

#[test]
fn elementary_functions_are_accurate() {
    for step in -200_000..=200_000 {
        let x = f64::from(step) * 4e-4;
        for (value, expected) in [(Real::exp(x), x.exp()), (Real::tanh(x), x.tanh())] {
            assert!(units_apart(value, expected, f64::EPSILON) <= 3.0, "{x}: {value} {expected}");
        }
        let narrow = x as f32;
        let wide = f64::from(narrow);
        for (value, expected) in [(Real::exp(narrow), wide.exp()), (Real::tanh(narrow), wide.tanh())] {
            assert!(units_apart(f64::from(value), expected, f64::from(f32::EPSILON)) <= 3.0, "{x}: {value} {expected}");
        }
    }
}

#[test]
fn elementary_functions_at_the_ends() {
    assert_eq!(Real::exp(0.0f32), 1.0);
    assert_eq!(Real::exp(200.0f32), f32::INFINITY);
    assert_eq!(Real::exp(-200.0f32), 0.0);
    assert_eq!(Real::exp(800.0f64), f64::INFINITY);
    assert_eq!(Real::exp(-800.0f64), 0.0);
    assert!(Real::exp(f32::NAN).is_nan() && Real::tanh(f64::NAN).is_nan());
    assert_eq!(Real::tanh(50.0f32), 1.0);
    assert_eq!(Real::tanh(-50.0f64), -1.0);
    assert_eq!(Real::tanh(1e-30f32), 1e-30);
}

#[test]
fn derivatives_are_those_of_the_values() {
    fn check(activation: Activation) {
        with_unit!(activation, U => for step in -40..=40 {
            let z = f64::from(step) * 0.1 + 0.013;
            let h = 1e-6;
            let difference = (U::value(z + h) - U::value(z - h)) / (2.0 * h);
            let kept = if derivative_from_value(activation) { U::value(z) } else { z };
            let derivative = U::derivative(kept);
            assert!((difference - derivative).abs() < 1e-8, "{activation:?} at {z}: {difference} {derivative}");
        });
    }
    use Activation as A;
    [A::Linear, A::Relu, A::Tanh, A::Sigmoid, A::Gelu, A::Square].into_iter().for_each(check);
}

#[test]
fn relu_keeps_a_nan() {
    assert!(unit::Relu::value(f32::NAN).is_nan());
}

#[test]
fn the_seeds_network_has_its_parameters() {
    let layers = Layers::new(1, &[20, 100, 1000, 100, 20], true);
    assert_eq!(layers.parameters(), 205_281);
    assert_eq!(Layers::new(3, &[], false).parameters(), 3);
}

#[test]
fn initial_weights_have_their_distribution() {
    let layers = Layers::new(100, &[300], true);
    for (init, end, bias_end) in [
        (Init::GlorotUniform, (6.0f64 / 400.0).sqrt(), 0.0),
        (Init::HeUniform, (6.0f64 / 100.0).sqrt(), 0.0),
        (Init::Torch, 0.1, 0.1),
    ] {
        let (weights, biases) = &initial_weights(&layers, init, 5)[0];
        let largest = weights.iter().fold(0.0f64, |largest, w| largest.max(w.abs()));
        assert!(largest <= end && largest > 0.999 * end, "{init:?}: {largest}");
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let variance = weights.iter().map(|w| w * w).sum::<f64>() / weights.len() as f64;
        assert!(mean.abs() < 0.02 * end && (variance / (end * end / 3.0) - 1.0).abs() < 0.03, "{init:?}");
        assert!(biases.iter().all(|b| b.abs() <= bias_end));
    }
    let narrow = initial_weights(&Layers::new(100, &[300, 7], true), Init::Torch, 5);
    assert_eq!(narrow[0], initial_weights(&layers, Init::Torch, 5)[0], "a layer's draws are its own");
}
