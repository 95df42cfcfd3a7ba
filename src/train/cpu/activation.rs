//! Activations by blocks of numbers: the two that cost nothing are compiled into the loops that use them, the others are
//! compiled once for each vector unit and called for each block.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::kernels::{LANES, VectorUnit, vector_unit};
use crate::config::Activation;
use crate::network::{Real, Unit, with_unit};

/// An activation that works on blocks.
pub trait Blocks<T>: Copy {
    /// Replaces weighted sums by values.
    fn values(self, block: &mut [T; LANES]);
    /// Replaces what was kept, values or weighted sums, by derivatives.
    fn derivatives(self, block: &mut [T; LANES]);
}

/// Compiled into the loop.
#[derive(Clone, Copy)]
pub struct Inline<U>(pub U);

impl<T: Real, U: Unit> Blocks<T> for Inline<U> {
    #[inline(always)]
    fn values(self, block: &mut [T; LANES]) {
        // No closure: what is not inlined is not compiled for the vector unit.
        for number in block {
            *number = self.0.value(*number);
        }
    }
    #[inline(always)]
    fn derivatives(self, block: &mut [T; LANES]) {
        for number in block {
            *number = self.0.derivative(*number);
        }
    }
}

/// Replaces a block, given the activation's argument.
type Replace<T> = unsafe fn(&mut [T; LANES], f64);

/// Called for each block.
#[derive(Clone, Copy)]
pub struct Called<T> {
    values: Replace<T>,
    derivatives: Replace<T>,
    argument: f64,
}

impl<T: Real> Called<T> {
    /// An activation, compiled for this machine.
    #[must_use]
    pub fn of(activation: Activation) -> Self {
        let argument = match activation {
            Activation::LeakyRelu(argument) | Activation::Sine(argument) | Activation::Snake(argument) => argument,
            _ => 0.0,
        };
        with_unit!(activation, unit => Self::compiled(unit, argument))
    }

    fn compiled<U: Unit>(_: U, argument: f64) -> Self {
        let (values, derivatives): (Replace<T>, Replace<T>) = match vector_unit() {
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx512 => (values_avx512::<T, U>, derivatives_avx512::<T, U>),
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx2 => (values_avx2::<T, U>, derivatives_avx2::<T, U>),
            _ => (values::<T, U>, derivatives::<T, U>),
        };
        Self { values, derivatives, argument }
    }
}

impl<T: Real> Blocks<T> for Called<T> {
    #[inline(always)]
    fn values(self, block: &mut [T; LANES]) {
        // SAFETY: `compiled` has asked the processor for what the function is compiled for.
        unsafe { (self.values)(block, self.argument) }
    }
    #[inline(always)]
    fn derivatives(self, block: &mut [T; LANES]) {
        // SAFETY: as above.
        unsafe { (self.derivatives)(block, self.argument) }
    }
}

#[inline(always)]
fn values<T: Real, U: Unit>(block: &mut [T; LANES], argument: f64) {
    Inline(U::of(argument)).values(block);
}

#[inline(always)]
fn derivatives<T: Real, U: Unit>(block: &mut [T; LANES], argument: f64) {
    Inline(U::of(argument)).derivatives(block);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn values_avx512<T: Real, U: Unit>(block: &mut [T; LANES], argument: f64) {
    values::<T, U>(block, argument);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn derivatives_avx512<T: Real, U: Unit>(block: &mut [T; LANES], argument: f64) {
    derivatives::<T, U>(block, argument);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn values_avx2<T: Real, U: Unit>(block: &mut [T; LANES], argument: f64) {
    values::<T, U>(block, argument);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn derivatives_avx2<T: Real, U: Unit>(block: &mut [T; LANES], argument: f64) {
    derivatives::<T, U>(block, argument);
}

/// Calls `$body` with `$unit` bound to an activation that works on blocks.
macro_rules! with_blocks {
    ($activation:expr, $unit:ident => $body:expr) => {
        match $activation {
            $crate::config::Activation::Linear => {
                let $unit = $crate::train::cpu::activation::Inline($crate::network::unit::Linear);
                $body
            }
            $crate::config::Activation::Relu => {
                let $unit = $crate::train::cpu::activation::Inline($crate::network::unit::Relu);
                $body
            }
            activation => {
                let $unit = $crate::train::cpu::activation::Called::of(activation);
                $body
            }
        }
    };
}
pub(super) use with_blocks;
