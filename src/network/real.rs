//! The numbers that networks are made of, f32 or f64, with elementary functions that are the same bits on every
//! machine and at every vector width: additions, multiplications and fused multiply-adds in a fixed order, no branch.

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
    /// e to this power.
    #[must_use]
    fn exp(self) -> Self;
    /// e to this power, minus one, accurate near zero.
    #[must_use]
    fn exp_m1(self) -> Self;
    /// Natural logarithm; NaN below zero.
    #[must_use]
    fn ln(self) -> Self;
    /// Natural logarithm of one plus this, accurate near zero.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// Sine.
    #[must_use]
    fn sin(self) -> Self;
    /// Cosine.
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
        fn bytes(values: &[Self]) -> Vec<u8> {
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        }
        #[inline(always)]
        fn is_finite(self) -> bool {
            <$type>::is_finite(self)
        }
    };
}

impl Real for f32 {
    common!(f32, tch::Kind::Float);

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    /// Within 2 units in the last place: the power of two is split off, the rest by Taylor's series to degree 7.
    #[inline(always)]
    fn exp(self) -> Self {
        // Beyond these ends the result is 0 or infinite; a NaN stays one.
        let x = self.clamp(-104.0, 89.0);
        // Adding 1.5·2²³ rounds to the nearest whole number.
        let shifted = x.mul_add(std::f32::consts::LOG2_E, 12_582_912.0);
        let whole = shifted - 12_582_912.0;
        let r = whole.mul_add(-0.693_359_4, x);
        let r = whole.mul_add(2.121_944_4e-4, r);
        let series = polynomial!(r; 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0);
        // Two factors, so that neither leaves the exponents of f32.
        let power = shifted.to_bits() as i32 - 12_582_912f32.to_bits() as i32;
        let half = power >> 1;
        let two_to = |power: i32| f32::from_bits(((power + 127) << 23) as u32);
        series * two_to(half) * two_to(power - half)
    }

    /// Within 3 units in the last place. Near zero by the series' rational form of Cephes (Moshier 1992), else by exp.
    #[inline(always)]
    fn tanh(self) -> Self {
        let square = self * self;
        let small = polynomial!(square; -5.704_988_7e-3, 2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1);
        let small = (small * square).mul_add(self, self);
        let large = 1.0 - 2.0 / (Real::exp(2.0 * self.abs()) + 1.0);
        if self.abs() < 0.625 { small } else { large.copysign(self) }
    }

    fn exp_m1(self) -> Self {
        libm::expm1f(self)
    }
    fn ln(self) -> Self {
        libm::logf(self)
    }
    fn ln_1p(self) -> Self {
        libm::log1pf(self)
    }
    fn sin(self) -> Self {
        libm::sinf(self)
    }
    fn cos(self) -> Self {
        libm::cosf(self)
    }

    #[inline(always)]
    fn erf(self) -> Self {
        libm::erff(self)
    }
}

impl Real for f64 {
    common!(f64, tch::Kind::Double);

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    /// Within 2 units in the last place: the power of two is split off, the rest by Taylor's series to degree 13.
    #[inline(always)]
    fn exp(self) -> Self {
        let x = self.clamp(-746.0, 710.0);
        let shifted = x.mul_add(std::f64::consts::LOG2_E, 6_755_399_441_055_744.0);
        let whole = shifted - 6_755_399_441_055_744.0;
        let r = whole.mul_add(-6.931_471_803_691_238e-1, x);
        let r = whole.mul_add(-1.908_214_929_270_587_7e-10, r);
        let series = polynomial!(r;
            1.0 / 6_227_020_800.0, 1.0 / 479_001_600.0, 1.0 / 39_916_800.0, 1.0 / 3_628_800.0, 1.0 / 362_880.0,
            1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0);
        let power = shifted.to_bits() as i64 - 6_755_399_441_055_744f64.to_bits() as i64;
        let half = power >> 1;
        let two_to = |power: i64| f64::from_bits(((power + 1023) << 52) as u64);
        series * two_to(half) * two_to(power - half)
    }

    /// Within 3 units in the last place. Near zero by the rational form of Cephes (Moshier 1992), else by exp.
    #[inline(always)]
    fn tanh(self) -> Self {
        let square = self * self;
        let above =
            polynomial!(square; -9.643_991_794_250_523e-1, -9.928_772_310_019_185e1, -1.614_687_684_417_084_5e3);
        let below =
            polynomial!(square; 1.0, 1.128_116_784_916_329_3e2, 2.235_488_390_601_004_5e3, 4.844_063_053_251_255e3);
        let small = (above / below * square).mul_add(self, self);
        let large = 1.0 - 2.0 / (Real::exp(2.0 * self.abs()) + 1.0);
        if self.abs() < 0.625 { small } else { large.copysign(self) }
    }

    fn exp_m1(self) -> Self {
        libm::expm1(self)
    }
    fn ln(self) -> Self {
        libm::log(self)
    }
    fn ln_1p(self) -> Self {
        libm::log1p(self)
    }
    fn sin(self) -> Self {
        libm::sin(self)
    }
    fn cos(self) -> Self {
        libm::cos(self)
    }

    #[inline(always)]
    fn erf(self) -> Self {
        libm::erf(self)
    }
}
