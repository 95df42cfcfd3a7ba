//! Activations and their derivatives, element by element.

use super::real::Real;

/// An activation as a type, so that loops over it are compiled for it.
pub trait Unit {
    /// Its value at `z`.
    fn value<T: Real>(z: T) -> T;
    /// Its derivative, from the value where [`super::derivative_from_value`] says so, otherwise from the weighted sum.
    fn derivative<T: Real>(kept: T) -> T;
}

/// The identity.
pub struct Linear;
/// max(0, z).
pub struct Relu;
/// Hyperbolic tangent.
pub struct Tanh;
/// Logistic function.
pub struct Sigmoid;
/// z·Φ(z).
pub struct Gelu;
/// z².
pub struct Square;

impl Unit for Linear {
    #[inline(always)]
    fn value<T: Real>(z: T) -> T {
        z
    }
    #[inline(always)]
    fn derivative<T: Real>(_: T) -> T {
        T::ONE
    }
}

impl Unit for Relu {
    #[inline(always)]
    fn value<T: Real>(z: T) -> T {
        // Not `max`: a NaN must stay one, or a diverged run would look healthy.
        if z < T::ZERO { T::ZERO } else { z }
    }
    #[inline(always)]
    fn derivative<T: Real>(value: T) -> T {
        if value > T::ZERO { T::ONE } else { T::ZERO }
    }
}

impl Unit for Tanh {
    #[inline(always)]
    fn value<T: Real>(z: T) -> T {
        z.tanh()
    }
    #[inline(always)]
    fn derivative<T: Real>(value: T) -> T {
        T::ONE - value * value
    }
}

impl Unit for Sigmoid {
    #[inline(always)]
    fn value<T: Real>(z: T) -> T {
        T::ONE / (T::ONE + (-z).exp())
    }
    #[inline(always)]
    fn derivative<T: Real>(value: T) -> T {
        value * (T::ONE - value)
    }
}

impl Unit for Gelu {
    #[inline(always)]
    fn value<T: Real>(z: T) -> T {
        z * normal_distribution(z)
    }
    #[inline(always)]
    fn derivative<T: Real>(z: T) -> T {
        let density = (z * z * T::from_f64(-0.5)).exp() * T::from_f64(0.398_942_280_401_432_7);
        z.mul_add(density, normal_distribution(z))
    }
}

/// Φ(z), the distribution function of the standard normal.
#[inline(always)]
fn normal_distribution<T: Real>(z: T) -> T {
    let half = T::from_f64(0.5);
    (z * T::from_f64(std::f64::consts::FRAC_1_SQRT_2)).erf().mul_add(half, half)
}

impl Unit for Square {
    #[inline(always)]
    fn value<T: Real>(z: T) -> T {
        z * z
    }
    #[inline(always)]
    fn derivative<T: Real>(z: T) -> T {
        z + z
    }
}

/// Evaluates an expression with the type that stands for an activation.
macro_rules! with_unit {
    ($activation:expr, $unit:ident => $body:expr) => {
        match $activation {
            $crate::config::Activation::Linear => {
                type $unit = $crate::network::unit::Linear;
                $body
            }
            $crate::config::Activation::Relu => {
                type $unit = $crate::network::unit::Relu;
                $body
            }
            $crate::config::Activation::Tanh => {
                type $unit = $crate::network::unit::Tanh;
                $body
            }
            $crate::config::Activation::Sigmoid => {
                type $unit = $crate::network::unit::Sigmoid;
                $body
            }
            $crate::config::Activation::Gelu => {
                type $unit = $crate::network::unit::Gelu;
                $body
            }
            $crate::config::Activation::Square => {
                type $unit = $crate::network::unit::Square;
                $body
            }
        }
    };
}
pub(crate) use with_unit;
