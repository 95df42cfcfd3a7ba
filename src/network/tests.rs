//! Tests of networks: elementary functions against the C library's, derivatives against differences, sizes, draws.

use super::*;

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
