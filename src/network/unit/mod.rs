//! Activations and their derivatives, element by element: what they have in common, and how one is picked.

mod each;

use super::real::Real;

pub use each::*;

/// An activation as a type, so that loops over it are compiled for it.
pub trait Unit: Copy {
    /// The activation with its argument, which most do not have.
    fn of(argument: f64) -> Self;
    /// Its value at `z`.
    fn value<T: Real>(self, z: T) -> T;
    /// Its derivative, from the value where [`super::derivative_from_value`] says so, otherwise from the weighted sum.
    fn derivative<T: Real>(self, kept: T) -> T;
}

/// 1/(1 + e^−z).
#[inline(always)]
pub fn logistic<T: Real>(z: T) -> T {
    T::ONE / (T::ONE + (-z).exp())
}

/// ln(1 + e^z) = max(z, 0) + ln(1 + e^−|z|), which overflows nowhere.
#[inline(always)]
fn softplus<T: Real>(z: T) -> T {
    let above = if z < T::ZERO { T::ZERO } else { z };
    above + (-z.abs()).exp().ln_1p()
}

/// A NaN stays one.
#[inline(always)]
fn clamp<T: Real>(z: T, low: f64, high: f64) -> T {
    let (low, high) = (T::from_f64(low), T::from_f64(high));
    if z < low {
        low
    } else if z > high {
        high
    } else {
        z
    }
}

#[inline(always)]
fn inside<T: Real>(value: T, low: f64, high: f64) -> T {
    if value > T::from_f64(low) && value < T::from_f64(high) { T::ONE } else { T::ZERO }
}

#[inline(always)]
fn normal_distribution<T: Real>(z: T) -> T {
    let half = T::from_f64(0.5);
    half * (T::ONE + (z * T::from_f64(std::f64::consts::FRAC_1_SQRT_2)).erf())
}

#[inline(always)]
fn normal_density<T: Real>(z: T) -> T {
    // 1/√(2π)
    T::from_f64(0.398_942_280_401_432_7) * (-(z * z) * T::from_f64(0.5)).exp()
}

/// Calls `$body` with `$unit` bound to the activation as its own type.
macro_rules! with_unit {
    (@arms $activation:expr, $unit:ident, $body:expr; $($plain:ident)+; $($argued:ident)+) => {
        match $activation {
            $( $crate::config::Activation::$plain => {
                let $unit = $crate::network::unit::$plain;
                $body
            } )+
            $( $crate::config::Activation::$argued(argument) => {
                let $unit = $crate::network::unit::$argued(argument);
                $body
            } )+
        }
    };
    ($activation:expr, $unit:ident => $body:expr) => {
        $crate::network::unit::with_unit!(@arms $activation, $unit, $body;
            Linear Relu Elu Selu Gelu Silu Mish Softplus Tanh Sigmoid HardTanh Relu6 Gaussian Square;
            LeakyRelu Sine Snake)
    };
}
pub(crate) use with_unit;
