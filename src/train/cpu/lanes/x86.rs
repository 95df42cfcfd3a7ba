//! Vectors of 512 and 256 bits.
#![expect(unsafe_code, reason = "the processor's vector instructions")]

use std::arch::x86_64::{
    __m256, __m256d, __m256i, __m512, __m512d, _CMP_GT_OQ, _mm_loadu_pd, _mm_loadu_ps, _mm256_add_pd, _mm256_add_ps,
    _mm256_and_pd, _mm256_and_ps, _mm256_castpd128_pd256, _mm256_castps128_ps256, _mm256_cmp_pd, _mm256_cmp_ps,
    _mm256_cmpgt_epi32, _mm256_cmpgt_epi64, _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_insertf128_pd,
    _mm256_insertf128_ps, _mm256_loadu_pd, _mm256_loadu_ps, _mm256_maskload_pd, _mm256_maskload_ps,
    _mm256_maskstore_pd, _mm256_maskstore_ps, _mm256_max_pd, _mm256_max_ps, _mm256_mul_pd, _mm256_mul_ps,
    _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_set1_pd, _mm256_set1_ps, _mm256_setr_epi32, _mm256_setr_epi64x,
    _mm256_setzero_pd, _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_pd, _mm256_storeu_ps, _mm256_unpackhi_pd,
    _mm256_unpackhi_ps, _mm256_unpacklo_pd, _mm256_unpacklo_ps, _mm512_add_pd, _mm512_add_ps, _mm512_castpd128_pd512,
    _mm512_castps128_ps512, _mm512_cmp_pd_mask, _mm512_cmp_ps_mask, _mm512_fmadd_pd, _mm512_fmadd_ps,
    _mm512_insertf32x4, _mm512_insertf64x2, _mm512_loadu_pd, _mm512_loadu_ps, _mm512_mask_storeu_pd,
    _mm512_mask_storeu_ps, _mm512_maskz_loadu_pd, _mm512_maskz_loadu_ps, _mm512_maskz_mov_pd, _mm512_maskz_mov_ps,
    _mm512_max_pd, _mm512_max_ps, _mm512_mul_pd, _mm512_mul_ps, _mm512_set1_pd, _mm512_set1_ps, _mm512_setzero_pd,
    _mm512_setzero_ps, _mm512_shuffle_ps, _mm512_storeu_pd, _mm512_storeu_ps, _mm512_unpackhi_pd, _mm512_unpackhi_ps,
    _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};

use super::{Four, Lanes, Vectors};

macro_rules! lanes {
    ($vector:ident, $number:ident, $count:literal, $turned:literal, $turn:ident, $zero:ident, $splat:ident, $load:ident,
     $store:ident, $mul_add:ident, $load_first:ident, $store_first:ident, $add:ident, $mul:ident, $max:ident, $above_zero:ident) => {
        // SAFETY: the instructions do what their names say on any pointers to that many numbers.
        unsafe impl Lanes for $vector {
            type Number = $number;
            const COUNT: usize = $count;
            const TURNED: usize = $turned;

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
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $add(self, other) }
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $mul(self, other) }
            }
            #[inline(always)]
            unsafe fn at_least(self, least: Self) -> Self {
                // SAFETY: as above. Where one of the two is a NaN, the second is taken: a NaN stays one.
                unsafe { $max(least, self) }
            }
            #[inline(always)]
            unsafe fn above_zero(self) -> Self {
                // SAFETY: as above.
                unsafe { $above_zero(self) }
            }
            #[inline(always)]
            unsafe fn load_first(from: *const $number, count: usize) -> Self {
                // SAFETY: as above; what is masked is not read.
                unsafe { $load_first(from, count) }
            }
            #[inline(always)]
            unsafe fn store_first(self, to: *mut $number, count: usize) {
                // SAFETY: as above; what is masked is not written.
                unsafe { $store_first(to, count, self) }
            }
            #[inline(always)]
            unsafe fn turn(from: *const $number, stride: usize, rows: usize, to: *mut $number, to_stride: usize) {
                // SAFETY: as above, and the caller gives the rows and room for them.
                unsafe { $turn(from, stride, rows - 1, to, to_stride) }
            }
        }
    };
}

lanes!(
    __m512,
    f32,
    16,
    4,
    turn_16,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_fmadd_ps,
    load_first_16,
    store_first_16,
    _mm512_add_ps,
    _mm512_mul_ps,
    _mm512_max_ps,
    above_zero_16
);
lanes!(
    __m512d,
    f64,
    8,
    2,
    turn_8_doubles,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_fmadd_pd,
    load_first_8_doubles,
    store_first_8_doubles,
    _mm512_add_pd,
    _mm512_mul_pd,
    _mm512_max_pd,
    above_zero_8_doubles
);
lanes!(
    __m256,
    f32,
    8,
    4,
    turn_8,
    _mm256_setzero_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_fmadd_ps,
    load_first_8,
    store_first_8,
    _mm256_add_ps,
    _mm256_mul_ps,
    _mm256_max_ps,
    above_zero_8
);
lanes!(
    __m256d,
    f64,
    4,
    2,
    turn_4_doubles,
    _mm256_setzero_pd,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_fmadd_pd,
    load_first_4_doubles,
    store_first_4_doubles,
    _mm256_add_pd,
    _mm256_mul_pd,
    _mm256_max_pd,
    above_zero_4_doubles
);

// One where a number is above zero.

#[inline(always)]
unsafe fn above_zero_16(numbers: __m512) -> __m512 {
    // SAFETY: the caller knows of the vector unit.
    unsafe {
        let above = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(numbers, _mm512_setzero_ps());
        _mm512_maskz_mov_ps(above, _mm512_set1_ps(1.0))
    }
}

#[inline(always)]
unsafe fn above_zero_8_doubles(numbers: __m512d) -> __m512d {
    // SAFETY: the caller knows of the vector unit.
    unsafe {
        let above = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(numbers, _mm512_setzero_pd());
        _mm512_maskz_mov_pd(above, _mm512_set1_pd(1.0))
    }
}

#[inline(always)]
unsafe fn above_zero_8(numbers: __m256) -> __m256 {
    // SAFETY: the caller knows of the vector unit.
    unsafe { _mm256_and_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(numbers, _mm256_setzero_ps()), _mm256_set1_ps(1.0)) }
}

#[inline(always)]
unsafe fn above_zero_4_doubles(numbers: __m256d) -> __m256d {
    // SAFETY: the caller knows of the vector unit.
    unsafe { _mm256_and_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(numbers, _mm256_setzero_pd()), _mm256_set1_pd(1.0)) }
}

// The first numbers of a vector.

#[inline(always)]
unsafe fn load_first_16(from: *const f32, count: usize) -> __m512 {
    // SAFETY: as promised to `Lanes::load_first`.
    unsafe { _mm512_maskz_loadu_ps((1 << count) - 1, from) }
}

#[inline(always)]
unsafe fn store_first_16(to: *mut f32, count: usize, numbers: __m512) {
    // SAFETY: as promised to `Lanes::store_first`.
    unsafe { _mm512_mask_storeu_ps(to, (1 << count) - 1, numbers) }
}

#[inline(always)]
unsafe fn load_first_8_doubles(from: *const f64, count: usize) -> __m512d {
    // SAFETY: as promised to `Lanes::load_first`.
    unsafe { _mm512_maskz_loadu_pd((1 << count) - 1, from) }
}

#[inline(always)]
unsafe fn store_first_8_doubles(to: *mut f64, count: usize, numbers: __m512d) {
    // SAFETY: as promised to `Lanes::store_first`.
    unsafe { _mm512_mask_storeu_pd(to, (1 << count) - 1, numbers) }
}

/// All bits of the first of eight places.
#[inline(always)]
unsafe fn first_8(count: usize) -> __m256i {
    // SAFETY: the caller knows of the vector unit.
    unsafe { _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)) }
}

#[inline(always)]
unsafe fn load_first_8(from: *const f32, count: usize) -> __m256 {
    // SAFETY: as promised to `Lanes::load_first`.
    unsafe { _mm256_maskload_ps(from, first_8(count)) }
}

#[inline(always)]
unsafe fn store_first_8(to: *mut f32, count: usize, numbers: __m256) {
    // SAFETY: as promised to `Lanes::store_first`.
    unsafe { _mm256_maskstore_ps(to, first_8(count), numbers) }
}

/// All bits of the first of four places.
#[inline(always)]
unsafe fn first_4(count: usize) -> __m256i {
    // SAFETY: the caller knows of the vector unit.
    unsafe { _mm256_cmpgt_epi64(_mm256_set1_epi64x(count as i64), _mm256_setr_epi64x(0, 1, 2, 3)) }
}

#[inline(always)]
unsafe fn load_first_4_doubles(from: *const f64, count: usize) -> __m256d {
    // SAFETY: as promised to `Lanes::load_first`.
    unsafe { _mm256_maskload_pd(from, first_4(count)) }
}

#[inline(always)]
unsafe fn store_first_4_doubles(to: *mut f64, count: usize, numbers: __m256d) {
    // SAFETY: as promised to `Lanes::store_first`.
    unsafe { _mm256_maskstore_pd(to, first_4(count), numbers) }
}

// Turning: a quarter (or half) of a vector takes its 16 bytes from one row, so that a vector has every fourth (or
// second) row in order, and small squares are turned within quarters.

#[inline(always)]
unsafe fn rows_16(from: *const f32, stride: usize, first: usize, last: usize) -> __m512 {
    // SAFETY: as promised to `Lanes::turn`.
    unsafe {
        let row = |row: usize| from.add(row.min(last) * stride);
        let rows = _mm512_castps128_ps512(_mm_loadu_ps(row(first)));
        let rows = _mm512_insertf32x4::<1>(rows, _mm_loadu_ps(row(first + 4)));
        let rows = _mm512_insertf32x4::<2>(rows, _mm_loadu_ps(row(first + 8)));
        _mm512_insertf32x4::<3>(rows, _mm_loadu_ps(row(first + 12)))
    }
}

#[inline(always)]
unsafe fn turn_16(from: *const f32, stride: usize, last: usize, to: *mut f32, to_stride: usize) {
    // SAFETY: as promised to `Lanes::turn`.
    unsafe {
        let (a, b) = (rows_16(from, stride, 0, last), rows_16(from, stride, 1, last));
        let (c, d) = (rows_16(from, stride, 2, last), rows_16(from, stride, 3, last));
        let (low, high) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
        let (next_low, next_high) = (_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
        _mm512_storeu_ps(to, _mm512_shuffle_ps::<0x44>(low, next_low));
        _mm512_storeu_ps(to.add(to_stride), _mm512_shuffle_ps::<0xee>(low, next_low));
        _mm512_storeu_ps(to.add(2 * to_stride), _mm512_shuffle_ps::<0x44>(high, next_high));
        _mm512_storeu_ps(to.add(3 * to_stride), _mm512_shuffle_ps::<0xee>(high, next_high));
    }
}

#[inline(always)]
unsafe fn rows_8(from: *const f32, stride: usize, first: usize, last: usize) -> __m256 {
    // SAFETY: as promised to `Lanes::turn`.
    unsafe {
        let row = |row: usize| from.add(row.min(last) * stride);
        _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(_mm_loadu_ps(row(first))), _mm_loadu_ps(row(first + 4)))
    }
}

#[inline(always)]
unsafe fn turn_8(from: *const f32, stride: usize, last: usize, to: *mut f32, to_stride: usize) {
    // SAFETY: as promised to `Lanes::turn`.
    unsafe {
        let (a, b) = (rows_8(from, stride, 0, last), rows_8(from, stride, 1, last));
        let (c, d) = (rows_8(from, stride, 2, last), rows_8(from, stride, 3, last));
        let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (next_low, next_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        _mm256_storeu_ps(to, _mm256_shuffle_ps::<0x44>(low, next_low));
        _mm256_storeu_ps(to.add(to_stride), _mm256_shuffle_ps::<0xee>(low, next_low));
        _mm256_storeu_ps(to.add(2 * to_stride), _mm256_shuffle_ps::<0x44>(high, next_high));
        _mm256_storeu_ps(to.add(3 * to_stride), _mm256_shuffle_ps::<0xee>(high, next_high));
    }
}

#[inline(always)]
unsafe fn rows_8_doubles(from: *const f64, stride: usize, first: usize, last: usize) -> __m512d {
    // SAFETY: as promised to `Lanes::turn`.
    unsafe {
        let row = |row: usize| from.add(row.min(last) * stride);
        let rows = _mm512_castpd128_pd512(_mm_loadu_pd(row(first)));
        let rows = _mm512_insertf64x2::<1>(rows, _mm_loadu_pd(row(first + 2)));
        let rows = _mm512_insertf64x2::<2>(rows, _mm_loadu_pd(row(first + 4)));
        _mm512_insertf64x2::<3>(rows, _mm_loadu_pd(row(first + 6)))
    }
}

#[inline(always)]
unsafe fn turn_8_doubles(from: *const f64, stride: usize, last: usize, to: *mut f64, to_stride: usize) {
    // SAFETY: as promised to `Lanes::turn`.
    unsafe {
        let (a, b) = (rows_8_doubles(from, stride, 0, last), rows_8_doubles(from, stride, 1, last));
        _mm512_storeu_pd(to, _mm512_unpacklo_pd(a, b));
        _mm512_storeu_pd(to.add(to_stride), _mm512_unpackhi_pd(a, b));
    }
}

#[inline(always)]
unsafe fn rows_4_doubles(from: *const f64, stride: usize, first: usize, last: usize) -> __m256d {
    // SAFETY: as promised to `Lanes::turn`.
    unsafe {
        let row = |row: usize| from.add(row.min(last) * stride);
        _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(_mm_loadu_pd(row(first))), _mm_loadu_pd(row(first + 2)))
    }
}

#[inline(always)]
unsafe fn turn_4_doubles(from: *const f64, stride: usize, last: usize, to: *mut f64, to_stride: usize) {
    // SAFETY: as promised to `Lanes::turn`.
    unsafe {
        let (a, b) = (rows_4_doubles(from, stride, 0, last), rows_4_doubles(from, stride, 1, last));
        _mm256_storeu_pd(to, _mm256_unpacklo_pd(a, b));
        _mm256_storeu_pd(to.add(to_stride), _mm256_unpackhi_pd(a, b));
    }
}

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
