//! Hidden units on this machine: linear and rectified ones cost next to nothing and are part of other loops; all others
//! are compiled once for each vector unit, and turn a whole array of weighted sums into values and derivatives.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::kernels::{LANES, VectorUnit, vector_unit};
use crate::config::Activation;
use crate::network::{Real, Unit, with_unit};

/// What hidden units do to their weighted sums.
#[derive(Clone, Copy, Debug)]
pub enum Units<T> {
    /// Nothing.
    Linear,
    /// What is below zero becomes zero; a value tells its derivative.
    Rectified,
    /// Something else.
    Bent(Bend<T>),
}

impl<T: Real> Units<T> {
    /// The units of an activation.
    pub fn of(activation: Activation) -> Self {
        let argument = match activation {
            Activation::Linear => return Self::Linear,
            Activation::Relu => return Self::Rectified,
            Activation::LeakyRelu(argument) | Activation::Sine(argument) | Activation::Snake(argument) => argument,
            _ => 0.0,
        };
        with_unit!(activation, unit => Self::Bent(Bend::compiled(unit, argument)))
    }
}

/// An activation that takes some arithmetic.
#[derive(Clone, Copy, Debug)]
pub struct Bend<T> {
    both: unsafe fn(&mut [T], &mut [T], f64),
    argument: f64,
}

impl<T: Real> Bend<T> {
    fn compiled<U: Unit>(_: U, argument: f64) -> Self {
        let both: unsafe fn(&mut [T], &mut [T], f64) = match vector_unit() {
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx512 => both_avx512::<T, U>,
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx2 => both_avx2::<T, U>,
            _ => both::<T, U>,
        };
        Self { both, argument }
    }

    /// Replaces weighted sums by derivatives, and writes the values.
    pub fn both(self, sums: &mut [T], values: &mut [T]) {
        // SAFETY: `compiled` has asked the processor for what the function is compiled for.
        unsafe { (self.both)(sums, values, self.argument) }
    }
}

#[inline(always)]
fn both<T: Real, U: Unit>(sums: &mut [T], values: &mut [T], argument: f64) {
    let unit = U::of(argument);
    let whole = sums.len() / LANES * LANES;
    // A flat loop, which becomes vectors; blocks within a loop would become a gathering of numbers.
    for (sum, value) in sums[..whole].iter_mut().zip(&mut values[..whole]) {
        (*value, *sum) = unit.both(*sum);
    }
    // Whole vectors for the rest too: one number takes as long as many.
    let (mut last, mut last_values, rest) = ([T::ZERO; LANES], [T::ZERO; LANES], sums.len() - whole);
    last[..rest].copy_from_slice(&sums[whole..]);
    for (sum, value) in last.iter_mut().zip(&mut last_values) {
        (*value, *sum) = unit.both(*sum);
    }
    sums[whole..].copy_from_slice(&last[..rest]);
    values[whole..].copy_from_slice(&last_values[..rest]);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn both_avx512<T: Real, U: Unit>(sums: &mut [T], values: &mut [T], argument: f64) {
    both::<T, U>(sums, values, argument);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn both_avx2<T: Real, U: Unit>(sums: &mut [T], values: &mut [T], argument: f64) {
    both::<T, U>(sums, values, argument);
}

/// How a delta passes units of a kind, from what was kept of them: values of rectified ones, derivatives of bent ones.
pub trait Slope<T: Real>: Copy {
    /// Whether anything was kept.
    const KEPT: bool;
    /// The derivative.
    fn of(self, kept: T) -> T;
}

/// One everywhere.
#[derive(Clone, Copy)]
pub struct Even;

/// One where the value is above zero, zero elsewhere.
#[derive(Clone, Copy)]
pub struct Step;

/// What was kept is the derivative.
#[derive(Clone, Copy)]
pub struct Kept;

impl<T: Real> Slope<T> for Even {
    const KEPT: bool = false;
    #[inline(always)]
    fn of(self, _: T) -> T {
        T::ONE
    }
}

impl<T: Real> Slope<T> for Step {
    const KEPT: bool = true;
    #[inline(always)]
    fn of(self, kept: T) -> T {
        if kept > T::ZERO { T::ONE } else { T::ZERO }
    }
}

impl<T: Real> Slope<T> for Kept {
    const KEPT: bool = true;
    #[inline(always)]
    fn of(self, kept: T) -> T {
        kept
    }
}

/// Calls `$body` with `$slope` bound to that of units.
macro_rules! with_slope {
    ($units:expr, $slope:ident => $body:expr) => {
        match $units {
            $crate::train::cpu::activation::Units::Linear => {
                let $slope = $crate::train::cpu::activation::Even;
                $body
            }
            $crate::train::cpu::activation::Units::Rectified => {
                let $slope = $crate::train::cpu::activation::Step;
                $body
            }
            $crate::train::cpu::activation::Units::Bent(_) => {
                let $slope = $crate::train::cpu::activation::Kept;
                $body
            }
        }
    };
}
pub(super) use with_slope;
