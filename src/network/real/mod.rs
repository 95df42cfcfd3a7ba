//! The numbers that networks are made of, f32 or f64, with elementary functions that are the same bits on every
//! machine and at every vector width: additions, multiplications, divisions and fused multiply-adds in a fixed order,
//! and selections, but no branch, no table and no call, so that loops over them become vector code.

mod double;
mod single;

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// f32 or f64.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Sum
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + 'static
{
    /// libtorch's name of this type.
    const TENSOR_KIND: tch::Kind;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;

    /// Rounded from f64.
    fn from_f64(value: f64) -> Self;
    /// Exactly as f64.
    fn to_f64(self) -> f64;
    /// `self · factor + summand`, rounded once.
    #[must_use]
    fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// Square root.
    #[must_use]
    fn sqrt(self) -> Self;
    /// Absolute value.
    #[must_use]
    fn abs(self) -> Self;
    /// Zero where this is subnormal: a decaying mean would stay so for ever, and processors are slow with it.
    #[must_use]
    fn normal_or_zero(self) -> Self;
    /// e to this power.
    #[must_use]
    fn exp(self) -> Self;
    /// e to this power, for what is not above zero. It ends at the smallest normal number and not at 0.
    #[must_use]
    fn exp_of_negative(self) -> Self;
    /// e to this power, minus one, accurate near zero.
    #[must_use]
    fn exp_m1(self) -> Self;
    /// Natural logarithm; NaN below zero.
    #[must_use]
    fn ln(self) -> Self;
    /// Natural logarithm of one plus this, accurate near zero.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// As `ln_1p`, for what lies from 0 to 1.
    #[must_use]
    fn ln_1p_of_share(self) -> Self;
    /// Distribution and density of the standard normal distribution.
    #[must_use]
    fn normal(self) -> (Self, Self);
    /// Sine. Far from zero (beyond 10⁴ in f32, 10⁶ in f64) it loses accuracy but stays within [-1, 1].
    #[must_use]
    fn sin(self) -> Self;
    /// Cosine; far from zero as the sine.
    #[must_use]
    fn cos(self) -> Self;
    /// Hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// The error function.
    #[must_use]
    fn erf(self) -> Self;
    /// Little-endian bytes.
    fn bytes(values: &[Self]) -> Vec<u8>;
    /// What [`Real::bytes`] has written, as f64.
    fn read(bytes: &[u8]) -> Vec<f64>;
    /// Whether this is neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

/// Horner's scheme with fused multiply-adds, highest power first.
macro_rules! polynomial {
    ($x:expr; $first:expr $(, $rest:expr)*) => {{
        let x = $x;
        let sum = $first;
        $( let sum = sum.mul_add(x, $rest); )*
        sum
    }};
}

macro_rules! common {
    ($type:ty, $kind:expr) => {
        const TENSOR_KIND: tch::Kind = $kind;
        const ZERO: Self = 0.0;
        const ONE: Self = 1.0;

        #[inline(always)]
        fn mul_add(self, factor: Self, summand: Self) -> Self {
            <$type>::mul_add(self, factor, summand)
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            <$type>::sqrt(self)
        }
        #[inline(always)]
        fn abs(self) -> Self {
            <$type>::abs(self)
        }
        #[inline(always)]
        fn normal_or_zero(self) -> Self {
            // A NaN stays one.
            if <$type>::abs(self) < <$type>::MIN_POSITIVE { 0.0 } else { self }
        }
        fn bytes(values: &[Self]) -> Vec<u8> {
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        }
        fn read(bytes: &[u8]) -> Vec<f64> {
            let number = |bytes: &[u8]| <$type>::from_le_bytes(bytes.try_into().expect("chunks have their length"));
            bytes.chunks_exact(size_of::<$type>()).map(|bytes| f64::from(number(bytes))).collect()
        }
        #[inline(always)]
        fn is_finite(self) -> bool {
            <$type>::is_finite(self)
        }
    };
}

use {common, polynomial};
