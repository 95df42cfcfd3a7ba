//! Tests of networks: elementary functions against the C library's, units against differences and libtorch, sizes, draws.

use tch::{Kind, Tensor};

use super::*;

/// Units in the last place of a type that `value` is away from `expected`.
fn units_apart<T: Real>(value: T, expected: f64) -> f64 {
    let (digits, smallest) = if size_of::<T>() == 4 { (24, -149) } else { (53, -1074) };
    let rounded = T::from_f64(expected).to_f64();
    if value.to_f64() == rounded || value.to_f64().is_nan() && rounded.is_nan() {
        return 0.0;
    }
    let unit = libm::ldexp(1.0, (libm::frexp(expected).1 - digits).max(smallest));
    // An infinity for a number, or a number for an infinity, is infinitely far away.
    (value.to_f64() - expected).abs() / unit
}

/// A function of `Real`, the C library's, how many units apart they may be, and the arguments that this is promised for.
type Promise<T> = (&'static str, fn(T) -> T, fn(f64) -> f64, f64, (f64, f64));

fn promises<T: Real>(far: f64, least: f64) -> [Promise<T>; 10] {
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    [
        ("exp", T::exp, libm::exp, 2.0, all),
        ("exp_of_negative", T::exp_of_negative, libm::exp, 2.0, (least, 0.0)),
        ("ln_1p_of_share", T::ln_1p_of_share, libm::log1p, 2.0, (0.0, 1.0)),
        ("exp_m1", T::exp_m1, libm::expm1, 3.0, all),
        ("ln", T::ln, libm::log, 2.0, all),
        ("ln_1p", T::ln_1p, libm::log1p, 2.0, all),
        ("sin", T::sin, libm::sin, 3.0, (-far, far)),
        ("cos", T::cos, libm::cos, 3.0, (-far, far)),
        ("tanh", T::tanh, libm::tanh, 3.0, all),
        ("erf", T::erf, libm::erf, 4.0, all),
    ]
}

fn keeps_its_promises<T: Real>(far: f64, least: f64, arguments: &(impl Iterator<Item = T> + Clone)) {
    for (name, function, expected, most, (from, to)) in promises::<T>(far, least) {
        for x in arguments.clone().filter(|x| (from..=to).contains(&x.to_f64())) {
            let (value, expected) = (function(x), expected(x.to_f64()));
            let apart = units_apart(value, expected);
            assert!(apart <= most, "{name}({x:?}) is {value:?}, not {expected:e}: {apart} units");
        }
    }
}

#[test]
fn elementary_functions_are_accurate_in_f32() {
    // Every 1499th f32 from 0 to infinity, and its negative.
    let positive = (0..=f32::INFINITY.to_bits()).step_by(1499).map(f32::from_bits);
    keeps_its_promises(1e4, -87.0, &positive.clone().chain(positive.map(|x| -x)));
    keeps_its_promises(1e4, -87.0, &(-200_000..=200_000).map(|step| step as f32 * 4e-4));
}

#[test]
fn elementary_functions_are_accurate_in_f64() {
    let positive = (0..=f64::INFINITY.to_bits()).step_by(13_000_000_000_037).map(f64::from_bits);
    keeps_its_promises(1e6, -708.0, &positive.clone().chain(positive.map(|x| -x)));
    keeps_its_promises(1e6, -708.0, &(-200_000..=200_000).map(|step| f64::from(step) * 4e-4));
}

#[test]
fn the_normal_distribution_is_accurate() {
    let (distribution, density) = (
        |x: f64| 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
        |x: f64| libm::exp(-0.5 * x * x) / std::f64::consts::TAU.sqrt(),
    );
    for x in (-130_000..=130_000).map(|step| f64::from(step) * 1e-4) {
        let ((p, d), (narrow_p, narrow_d)) = (x.normal(), (x as f32).normal());
        assert!((p - distribution(x)).abs() < 1e-15 && (d - density(x)).abs() < 1e-15, "at {x}: {p} {d}");
        // Far out the argument's own rounding counts, and the exponential's power of two.
        let x = f64::from(x as f32);
        assert!(units_apart(narrow_p, distribution(x)) <= 8.0 + x * x, "at {x}: {narrow_p} {}", distribution(x));
        assert!(units_apart(narrow_d, density(x)) <= 8.0 + x * x, "at {x}: {narrow_d} {}", density(x));
    }
    assert!(f32::NAN.normal().0.is_nan() && f64::NAN.normal().0.is_nan());
    assert_eq!((f32::INFINITY.normal().0, f64::INFINITY.normal().0), (1.0, 1.0));
}

#[test]
fn sines_are_accurate_beside_their_zeros() {
    for quarter in 1..=640_000 {
        let x = f64::from(quarter) * std::f64::consts::FRAC_PI_2;
        for x in [x.next_down(), x, x.next_up()] {
            assert!(units_apart(Real::sin(x), libm::sin(x)) <= 2.0, "sin {x}");
            assert!(units_apart(Real::cos(x), libm::cos(x)) <= 2.0, "cos {x}");
        }
        let x = x as f32;
        for x in [x.next_down(), x, x.next_up()].into_iter().filter(|&x| x <= 1e4) {
            assert!(units_apart(Real::sin(x), libm::sin(f64::from(x))) <= 3.0, "sin {x}");
            assert!(units_apart(Real::cos(x), libm::cos(f64::from(x))) <= 3.0, "cos {x}");
        }
    }
}

#[test]
fn sines_of_huge_numbers_stay_within_one() {
    let positive = (0..=f32::MAX.to_bits()).step_by(9973).map(f32::from_bits);
    for x in positive.chain([f32::MAX]) {
        let wide = f64::from(x) * 1e250;
        let values = [f64::from(Real::sin(x)), f64::from(Real::cos(-x)), Real::sin(-wide), Real::cos(wide)];
        assert!(values.iter().all(|value| value.abs() <= 1.0), "{x}: {values:?}");
    }
}

fn ends<T: Real>(infinity: T, nan: T, tiny: T) {
    let (zero, one) = (T::ZERO, T::ONE);
    for function in promises::<T>(1.0, 0.0).map(|promise| promise.1) {
        assert!(function(nan).to_f64().is_nan() && function(-nan).to_f64().is_nan());
    }
    assert_eq!([zero.exp(), (-infinity).exp(), infinity.exp(), tiny.exp()], [one, zero, infinity, one]);
    assert_eq!([zero.exp_m1(), (-infinity).exp_m1(), infinity.exp_m1(), tiny.exp_m1()], [zero, -one, infinity, tiny]);
    assert_eq!([zero.ln(), (-zero).ln(), one.ln(), infinity.ln()], [-infinity, -infinity, zero, infinity]);
    assert_eq!([(-one).ln_1p(), zero.ln_1p(), infinity.ln_1p(), tiny.ln_1p()], [-infinity, zero, infinity, tiny]);
    assert_eq!([zero.sin(), tiny.sin(), zero.cos(), tiny.cos()], [zero, tiny, one, one]);
    assert_eq!([(-infinity).tanh(), infinity.tanh(), tiny.tanh(), zero.tanh()], [-one, one, tiny, zero]);
    assert_eq!([(-infinity).erf(), infinity.erf(), zero.erf()], [-one, one, zero]);
    let none = [(-tiny).ln(), (-infinity).ln(), (-one - one).ln_1p(), infinity.sin(), (-infinity).cos()];
    assert!(none.iter().all(|value| value.to_f64().is_nan()), "{none:?}");
}

#[test]
fn elementary_functions_at_the_ends() {
    ends(f32::INFINITY, f32::NAN, f32::from_bits(1));
    ends(f64::INFINITY, f64::NAN, f64::from_bits(1));
    assert_eq!(Real::exp(200.0f32), f32::INFINITY);
    assert_eq!(Real::exp(-800.0f64), 0.0);
    assert_eq!(Real::exp_m1(88.7f32), f64::exp_m1(f64::from(88.7f32)) as f32);
}

use Activation as A;

/// All activations, with arguments where they take one.
const ACTIVATIONS: [Activation; 17] = [
    A::Linear,
    A::Relu,
    A::LeakyRelu(0.1),
    A::Elu,
    A::Selu,
    A::Gelu,
    A::Silu,
    A::Mish,
    A::Softplus,
    A::Tanh,
    A::Sigmoid,
    A::HardTanh,
    A::Relu6,
    A::Gaussian,
    A::Square,
    A::Sine(3.0),
    A::Snake(0.7),
];

/// Value and derivative at `z`.
fn value_and_derivative<T: Real>(activation: Activation, z: T) -> (T, T) {
    with_unit!(activation, unit => unit.both(z))
}

#[test]
fn derivatives_are_those_of_the_values() {
    for activation in ACTIVATIONS {
        for step in -100..=100 {
            let (z, h) = (f64::from(step) * 0.1 + 0.013, 1e-6);
            let (value, derivative) = value_and_derivative(activation, z);
            let beside = |z: f64| value_and_derivative(activation, z).0;
            let difference = (beside(z + h) - beside(z - h)) / (2.0 * h);
            let largest = 1e-8 * derivative.abs().max(value.abs()).max(0.1);
            assert!((difference - derivative).abs() < largest, "{activation:?} at {z}: {difference} {derivative}");
        }
    }
}

fn of_libtorch(activation: Activation, z: &Tensor) -> Tensor {
    match activation {
        A::Linear => z * 1.0,
        A::Relu => z.relu(),
        A::LeakyRelu(slope) => z.maximum(&(z * slope)),
        A::Elu => z.elu(),
        A::Selu => z.selu(),
        A::Gelu => z.gelu("none"),
        A::Silu => z.silu(),
        A::Mish => z.mish(),
        // Its softplus is the identity beyond 20.
        A::Softplus => z.logaddexp(&z.zeros_like()),
        A::Tanh => z.tanh(),
        A::Sigmoid => z.sigmoid(),
        A::HardTanh => z.hardtanh(),
        A::Relu6 => z.relu6(),
        A::Gaussian => (-z * z).exp(),
        A::Square => z * z,
        A::Sine(omega) => (z * omega).sin(),
        A::Snake(a) => z + (z * a).sin().square() / a,
    }
}

#[test]
fn units_are_those_of_libtorch() {
    let near = (-300..=300).map(|step| f64::from(step) * 0.05 + 0.003);
    let far = [-1000.0, -745.2, -708.5, -50.0, -37.5, 37.5, 50.0, 709.5, 1000.0];
    let points: Vec<f64> = near.chain(far).collect();
    for activation in ACTIVATIONS {
        let z = Tensor::from_slice(&points).set_requires_grad(true);
        let value = of_libtorch(activation, &z);
        value.sum(Kind::Double).backward();
        let list = |tensor: &Tensor| Vec::<f64>::try_from(tensor.detach()).unwrap();
        for ((&z, expected), slope) in points.iter().zip(list(&value)).zip(list(&z.grad())) {
            let (value, derivative) = value_and_derivative(activation, z);
            // What is left where libtorch subtracts from 1 is a difference of roundings.
            let close = |own: f64, other: f64| (own - other).abs() <= 1e-10 * other.abs() + 4e-16 * (1.0 + z.abs());
            assert!(close(value, expected), "{activation:?} at {z}: {value} {expected}");
            assert!(close(derivative, slope), "derivative of {activation:?} at {z}: {derivative} {slope}");
        }
    }
}

#[test]
fn no_unit_makes_a_nan_of_a_number_and_each_keeps_one() {
    for activation in ACTIVATIONS {
        for z in [0.0, 1.0, 50.0, 100.0, 1000.0, 1e15f32].into_iter().flat_map(|z| [z, -z]) {
            let ((value, derivative), narrow) =
                (value_and_derivative(activation, f64::from(z)), value_and_derivative(activation, z));
            assert!(value.is_finite() && derivative.is_finite(), "{activation:?} at {z}: {value} {derivative}");
            assert!(narrow.0.is_finite() && narrow.1.is_finite(), "{activation:?} at {z}: {narrow:?}");
        }
        assert!(value_and_derivative(activation, f32::NAN).0.is_nan(), "{activation:?}");
        assert!(value_and_derivative(activation, f64::NAN).0.is_nan(), "{activation:?}");
    }
    for activation in [A::Silu, A::Mish, A::Gelu] {
        let (value, derivative) = value_and_derivative(activation, -1000.0f64);
        assert!(value.abs() < 1e-300 && derivative.abs() < 1e-300, "{activation:?}: {value} {derivative}");
        assert_eq!(value_and_derivative(activation, 1000.0f32), (1000.0, 1.0));
    }
}
