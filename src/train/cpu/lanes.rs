//! Vectors of numbers: what a matrix product needs of a vector unit, for each that is supported.
#![expect(unsafe_code, reason = "the processor's vector instructions")]

use crate::network::Real;

/// A vector of numbers on one vector unit.
///
/// # Safety
/// Every function may be called only where the processor has that vector unit, with pointers to [`Lanes::COUNT`]
/// numbers (one for [`Lanes::splat`]); they need not be aligned.
pub unsafe trait Lanes: Copy {
    /// The numbers.
    type Number: Real;
    /// Numbers in a vector.
    const COUNT: usize;

    /// Zeros.
    unsafe fn zero() -> Self;
    /// One number in every place.
    unsafe fn splat(number: *const Self::Number) -> Self;
    /// Reads a vector.
    unsafe fn load(from: *const Self::Number) -> Self;
    /// Writes a vector.
    unsafe fn store(self, to: *mut Self::Number);
    /// `self · factor + summand` in every place, rounded once.
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self;
}

/// Numbers that every supported vector unit can hold.
pub trait Vectors: Real {
    /// On 512 bits.
    type Wide: Lanes<Number = Self>;
    /// On 256 bits.
    type Middle: Lanes<Number = Self>;
    /// On any processor.
    type Plain: Lanes<Number = Self>;
}

/// Four numbers without a vector unit.
#[derive(Clone, Copy)]
pub struct Four<T>([T; 4]);

// SAFETY: plain loops over four numbers.
unsafe impl<T: Real> Lanes for Four<T> {
    type Number = T;
    const COUNT: usize = 4;

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([T::ZERO; 4])
    }
    #[inline(always)]
    unsafe fn splat(number: *const T) -> Self {
        // SAFETY: the caller gives a number.
        Self([unsafe { *number }; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller gives four numbers.
        Self(unsafe { from.cast::<[T; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller gives room for four numbers.
        unsafe { to.cast::<[T; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
        let mut sum = summand.0;
        for (lane, sum) in sum.iter_mut().enumerate() {
            *sum = self.0[lane].mul_add(factor.0[lane], *sum);
        }
        Self(sum)
    }
}

#[cfg(target_arch = "x86_64")]
macro_rules! lanes {
    ($vector:ident, $number:ident, $count:literal, $zero:ident, $splat:ident, $load:ident, $store:ident, $mul_add:ident) => {
        // SAFETY: the instructions do what their names say on any pointers to that many numbers.
        unsafe impl Lanes for $vector {
            type Number = $number;
            const COUNT: usize = $count;

            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: the caller knows of the vector unit.
                unsafe { $zero() }
            }
            #[inline(always)]
            unsafe fn splat(number: *const $number) -> Self {
                // SAFETY: as above, and the caller gives a number.
                unsafe { $splat(*number) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $number) -> Self {
                // SAFETY: as above, and the caller gives the numbers.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $number) {
                // SAFETY: as above, and the caller gives room for the numbers.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
                // SAFETY: as above.
                unsafe { $mul_add(self, factor, summand) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod units {
    use std::arch::x86_64::{
        __m256, __m256d, __m512, __m512d, _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_loadu_pd, _mm256_loadu_ps,
        _mm256_set1_pd, _mm256_set1_ps, _mm256_setzero_pd, _mm256_setzero_ps, _mm256_storeu_pd, _mm256_storeu_ps,
        _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_loadu_pd, _mm512_loadu_ps, _mm512_set1_pd, _mm512_set1_ps,
        _mm512_setzero_pd, _mm512_setzero_ps, _mm512_storeu_pd, _mm512_storeu_ps,
    };

    use super::{Four, Lanes, Vectors};

    lanes!(__m512, f32, 16, _mm512_setzero_ps, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps);
    lanes!(__m512d, f64, 8, _mm512_setzero_pd, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd);
    lanes!(__m256, f32, 8, _mm256_setzero_ps, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps);
    lanes!(__m256d, f64, 4, _mm256_setzero_pd, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd);

    impl Vectors for f32 {
        type Wide = __m512;
        type Middle = __m256;
        type Plain = Four<f32>;
    }

    impl Vectors for f64 {
        type Wide = __m512d;
        type Middle = __m256d;
        type Plain = Four<f64>;
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl<T: Real> Vectors for T {
    type Wide = Four<T>;
    type Middle = Four<T>;
    type Plain = Four<T>;
}
