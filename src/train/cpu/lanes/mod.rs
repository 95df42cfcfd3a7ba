//! Vectors of numbers: what a matrix product needs of a vector unit, for each that is supported.
#![expect(unsafe_code, reason = "the processor's vector instructions")]

use crate::network::Real;

/// A vector of numbers on one vector unit.
///
/// # Safety
/// Every function may be called only where the processor has that vector unit, with pointers to [`Lanes::COUNT`]
/// numbers (one for [`Lanes::splat`]) where nothing else is said; they need not be aligned.
pub unsafe trait Lanes: Copy {
    /// The numbers.
    type Number: Real;
    /// Numbers in a vector.
    const COUNT: usize;
    /// Numbers of a row that [`Lanes::turn`] turns at a time.
    const TURNED: usize;

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
    /// `self + other` in every place.
    unsafe fn add(self, other: Self) -> Self;
    /// `self · other` in every place.
    unsafe fn mul(self, other: Self) -> Self;
    /// `least` in every place where this is below it.
    unsafe fn at_least(self, least: Self) -> Self;
    /// One in every place that is above zero, zero elsewhere.
    unsafe fn above_zero(self) -> Self;
    /// Reads the first numbers of a vector, fewer than [`Lanes::COUNT`]; zeros behind them.
    unsafe fn load_first(from: *const Self::Number, count: usize) -> Self;
    /// Writes the first numbers of a vector, fewer than [`Lanes::COUNT`].
    unsafe fn store_first(self, to: *mut Self::Number, count: usize);
    /// Rows into columns: reads [`Lanes::TURNED`] numbers of each of `rows` rows (of [`Lanes::COUNT`] at most, and the
    /// last one in place of those that are missing), which begin `stride` apart, and writes a vector for each of these
    /// columns, which begin `to_stride` apart.
    unsafe fn turn(from: *const Self::Number, stride: usize, rows: usize, to: *mut Self::Number, to_stride: usize);
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
    const TURNED: usize = 4;

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
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        let mut sum = self.0;
        for (lane, sum) in sum.iter_mut().enumerate() {
            *sum += other.0[lane];
        }
        Self(sum)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        let mut product = self.0;
        for (lane, product) in product.iter_mut().enumerate() {
            *product *= other.0[lane];
        }
        Self(product)
    }
    #[inline(always)]
    unsafe fn at_least(self, least: Self) -> Self {
        let mut numbers = self.0;
        for (number, least) in numbers.iter_mut().zip(least.0) {
            *number = if *number < least { least } else { *number };
        }
        Self(numbers)
    }
    #[inline(always)]
    unsafe fn above_zero(self) -> Self {
        let mut numbers = self.0;
        for number in &mut numbers {
            *number = if *number > T::ZERO { T::ONE } else { T::ZERO };
        }
        Self(numbers)
    }
    #[inline(always)]
    unsafe fn load_first(from: *const T, count: usize) -> Self {
        let mut numbers = [T::ZERO; 4];
        // SAFETY: the caller gives so many numbers.
        unsafe { std::ptr::copy_nonoverlapping(from, numbers.as_mut_ptr(), count) };
        Self(numbers)
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, count: usize) {
        // SAFETY: the caller gives room for so many numbers.
        unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr(), to, count) };
    }
    #[inline(always)]
    unsafe fn turn(from: *const T, stride: usize, rows: usize, to: *mut T, to_stride: usize) {
        for row in 0..4 {
            for column in 0..4 {
                // SAFETY: the caller gives rows of four numbers, and room for them.
                unsafe { *to.add(column * to_stride + row) = *from.add(row.min(rows - 1) * stride + column) };
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(not(target_arch = "x86_64"))]
impl<T: Real> Vectors for T {
    type Wide = Four<T>;
    type Middle = Four<T>;
    type Plain = Four<T>;
}
