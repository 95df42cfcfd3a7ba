//! Activations and their derivatives, element by element: what they have in common, and how one is picked.

mod each;

use super::real::Real;

pub use each::*;

/// An activation as a type, so that loops over it are compiled for it.
pub trait Unit: Copy {
    /// The activation with its argument, which most do not have.
    fn of(argument: f64) -> Self;
    /// Its value and its derivative at `z`, which have much in common.
    fn both<T: Real>(self, z: T) -> (T, T);
}

/// 1/(1 + e^−z), and what it lacks of 1.
#[inline(always)]
fn logistic_both<T: Real>(z: T) -> (T, T) {
    let small = (-z.abs()).exp_of_negative();
    let near = T::ONE / (T::ONE + small);
    let far = small * near;
    if z > T::ZERO { (near, far) } else { (far, near) }
}

/// 1/(1 + e^−z).
#[inline(always)]
pub fn logistic<T: Real>(z: T) -> T {
    T::ONE / (T::ONE + (-z).exp())
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
