//! Matrix products. Every sum is one chain of fused multiply-adds, in the order of the inner index, whatever the tile
//! and the vector unit: so the bits of a product depend on nothing but its two matrices.
//!
//! The way is that of Goto and van de Geijn 2008, cut down to matrices that fit the second cache: a panel of columns of
//! the second matrix, as wide as two vectors, is multiplied with tiles of rows of the first whose sums stay in
//! registers.
#![expect(unsafe_code, reason = "tiles read and write through pointers that the one safe entry has checked")]

use std::ops::Range;

use super::kernels::{VectorUnit, vector_unit};
use super::lanes::{Lanes, Vectors};
use super::memory::Aligned;
use crate::network::Real;

/// Rows of the second matrix that lie this many bytes apart, or more, are each on a page of their own, and fall on the
/// same few places of the caches: their panels are copied.
const FAR_APART: usize = 4096;

/// A matrix, row-major, `[rows, columns]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    numbers: &'a [T],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a, T> Matrix<'a, T> {
    /// The numbers as a matrix of so many columns.
    ///
    /// # Panics
    /// When the numbers are not whole rows.
    pub fn new(numbers: &'a [T], columns: usize) -> Self {
        assert!(columns > 0 && numbers.len().is_multiple_of(columns), "{} numbers in rows of {columns}", numbers.len());
        Self { numbers, rows: numbers.len() / columns, columns, transposed: false }
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }

    /// Numbers between the beginnings of neighbouring rows and of neighbouring columns.
    fn strides(&self) -> (usize, usize) {
        if self.transposed { (1, self.rows) } else { (self.columns, 1) }
    }
}

/// Room for panels that must be copied.
#[derive(Debug)]
pub struct Panel<T>(Aligned<T>);

impl<T: Real> Default for Panel<T> {
    fn default() -> Self {
        Self(Aligned::zeros(0))
    }
}

/// `product = first · second`.
///
/// # Panics
/// When the sizes do not fit.
pub fn multiply<T: Vectors>(first: Matrix<'_, T>, second: Matrix<'_, T>, product: &mut [T], panel: &mut Panel<T>) {
    assert_eq!(first.columns, second.rows, "the inner sizes of a product");
    assert_eq!(product.len(), first.rows * second.columns, "the size of a product");
    let (row_stride, inner_stride) = first.strides();
    let left = Tile {
        first: first.numbers.as_ptr(),
        row_stride,
        inner_stride,
        inner: first.columns,
        second: second.numbers.as_ptr(),
        second_stride: 0,
        product: product.as_mut_ptr(),
        product_stride: second.columns,
        columns: 0,
    };
    // SAFETY: `vector_unit` has asked the processor; the sizes were compared above, and a matrix is made of whole rows.
    unsafe {
        match vector_unit() {
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx512 => wide(left, first.rows, second, panel),
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx2 => middle(left, first.rows, second, panel),
            _ => panels::<T::Plain, 4, 0>(left, first.rows, second, panel),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
unsafe fn wide<T: Vectors>(tile: Tile<T>, rows: usize, second: Matrix<'_, T>, panel: &mut Panel<T>) {
    // SAFETY: as promised to this function.
    unsafe { panels::<T::Wide, 12, 8>(tile, rows, second, panel) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn middle<T: Vectors>(tile: Tile<T>, rows: usize, second: Matrix<'_, T>, panel: &mut Panel<T>) {
    // SAFETY: as promised to this function.
    unsafe { panels::<T::Middle, 6, 0>(tile, rows, second, panel) }
}

/// Where a tile is read from and written to.
struct Tile<T> {
    first: *const T,
    row_stride: usize,
    inner_stride: usize,
    inner: usize,
    second: *const T,
    second_stride: usize,
    product: *mut T,
    product_stride: usize,
    columns: usize,
}

impl<T> Clone for Tile<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Tile<T> {}

impl<T> Tile<T> {
    /// Moves down by some rows.
    #[inline(always)]
    unsafe fn down(&mut self, rows: usize) {
        // SAFETY: the caller has so many rows left.
        unsafe {
            self.first = self.first.add(rows * self.row_stride);
            self.product = self.product.add(rows * self.product_stride);
        }
    }
}

/// All panels of the second matrix, from left to right: of two vectors, and where a vector would be left alone, of three
/// at last. `ROWS` are those of a tile of one or two vectors, `FEWER` those of a tile of three.
#[inline(always)]
unsafe fn panels<L: Lanes, const ROWS: usize, const FEWER: usize>(
    tile: Tile<L::Number>,
    rows: usize,
    second: Matrix<'_, L::Number>,
    panel: &mut Panel<L::Number>,
) {
    let far_apart = second.columns * size_of::<L::Number>() >= FAR_APART && rows > 2 * ROWS;
    let mut column = 0;
    while column < second.columns {
        let left = (second.columns - column).div_ceil(L::COUNT);
        let vectors = if left == 3 && FEWER > 0 { 3 } else { left.min(2) };
        let columns = (vectors * L::COUNT).min(second.columns - column);
        let width = vectors * L::COUNT;
        let mut tile = tile;
        // SAFETY: `column` and `columns` stay within the second matrix and so within the product.
        unsafe {
            tile.product = tile.product.add(column);
            tile.columns = columns;
            if second.transposed || far_apart {
                pack::<L>(second, column..column + columns, width, &mut panel.0);
                tile.second = panel.0.as_ptr();
                tile.second_stride = width;
            } else {
                tile.second = tile.second.add(column);
                tile.second_stride = second.columns;
            }
            match (vectors, columns == width) {
                (3, true) if FEWER > 0 => down::<L, FEWER, 3, true>(tile, rows),
                (3, false) if FEWER > 0 => down::<L, FEWER, 3, false>(tile, rows),
                (2, true) => down::<L, ROWS, 2, true>(tile, rows),
                (2, false) => down::<L, ROWS, 2, false>(tile, rows),
                (_, true) => down::<L, ROWS, 1, true>(tile, rows),
                (_, false) => down::<L, ROWS, 1, false>(tile, rows),
            }
        }
        column += columns;
    }
}

/// Copies columns of a matrix into a panel of whole vectors. What lies in a vector behind the columns means nothing.
#[inline(always)]
fn pack<L: Lanes>(matrix: Matrix<'_, L::Number>, columns: Range<usize>, width: usize, panel: &mut Aligned<L::Number>) {
    let inner = matrix.rows;
    if panel.len() < inner * width {
        *panel = Aligned::zeros(inner * width);
    }
    let panel = &mut panel[..];
    for place in (0..width).step_by(L::COUNT) {
        let given = (columns.len() - place).min(L::COUNT);
        let from = columns.start + place;
        if matrix.transposed {
            let source = &matrix.numbers[from * inner..(from + given) * inner];
            let whole = inner / L::TURNED * L::TURNED;
            for step in (0..whole).step_by(L::TURNED) {
                let to = &mut panel[step * width + place..][..(L::TURNED - 1) * width + L::COUNT];
                // SAFETY: `source` has `given` rows of `inner` numbers, and `to` is where their columns go.
                unsafe { L::turn(source.as_ptr().add(step), inner, given, to.as_mut_ptr(), width) };
            }
            for step in whole..inner {
                for lane in 0..given {
                    panel[step * width + place + lane] = source[lane * inner + step];
                }
            }
        } else {
            for step in 0..inner {
                let source = &matrix.numbers[step * matrix.columns + from..][..given];
                let to = &mut panel[step * width + place..][..L::COUNT];
                // SAFETY: `source` has so many numbers, and `to` is a vector.
                unsafe { load::<L>(source.as_ptr(), given).store(to.as_mut_ptr()) };
            }
        }
    }
}

/// Reads a vector, or the first numbers of one.
#[inline(always)]
unsafe fn load<L: Lanes>(from: *const L::Number, count: usize) -> L {
    // SAFETY: the caller gives so many numbers.
    unsafe { if count < L::COUNT { L::load_first(from, count) } else { L::load(from) } }
}

/// All rows of the first matrix against one panel, in tiles of `ROWS` and then of what is left.
#[inline(always)]
unsafe fn down<L: Lanes, const ROWS: usize, const W: usize, const FULL: bool>(mut tile: Tile<L::Number>, rows: usize) {
    let mut left = rows;
    // SAFETY: a tile is multiplied only while it has its rows.
    unsafe {
        while left >= ROWS {
            multiply_tile::<L, ROWS, W, FULL>(tile);
            tile.down(ROWS);
            left -= ROWS;
        }
        while left >= 4 {
            multiply_tile::<L, 4, W, FULL>(tile);
            tile.down(4);
            left -= 4;
        }
        if left >= 2 {
            multiply_tile::<L, 2, W, FULL>(tile);
            tile.down(2);
            left -= 2;
        }
        if left == 1 {
            multiply_tile::<L, 1, W, FULL>(tile);
        }
    }
}

/// One tile: its sums stay in registers until they are whole. The last vector may have fewer columns.
#[inline(always)]
unsafe fn multiply_tile<L: Lanes, const ROWS: usize, const W: usize, const FULL: bool>(tile: Tile<L::Number>) {
    // SAFETY: the caller has checked that rows, columns and the inner size stay within the matrices; a panel holds
    // whole vectors.
    unsafe {
        let last = if FULL { L::COUNT } else { tile.columns - (W - 1) * L::COUNT };
        let count = |place: usize| if place == W - 1 { last } else { L::COUNT };
        let mut sums = [[L::zero(); W]; ROWS];
        let (mut first, mut second) = (tile.first, tile.second);
        for _ in 0..tile.inner {
            let mut vectors = [L::zero(); W];
            for (place, vector) in vectors.iter_mut().enumerate() {
                *vector = load(second.add(place * L::COUNT), count(place));
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let number = L::splat(first.add(row * tile.row_stride));
                for (sum, vector) in sums.iter_mut().zip(vectors) {
                    *sum = number.mul_add(vector, *sum);
                }
            }
            first = first.add(tile.inner_stride);
            second = second.add(tile.second_stride);
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (place, sum) in sums.into_iter().enumerate() {
                let to = tile.product.add(row * tile.product_stride + place * L::COUNT);
                if count(place) < L::COUNT { sum.store_first(to, last) } else { sum.store(to) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// Sums one number after the other, by fused multiply-adds.
    fn plain<T: Vectors>(first: &[T], second: &[T], inner: usize, columns: usize) -> Vec<T> {
        let mut product = Vec::new();
        for row in first.chunks_exact(inner) {
            for column in 0..columns {
                let chain = |sum, (at, a): (usize, &T)| a.mul_add(second[at * columns + column], sum);
                product.push(row.iter().enumerate().fold(T::ZERO, chain));
            }
        }
        product
    }

    fn transpose<T: Vectors>(matrix: &[T], columns: usize) -> Vec<T> {
        let rows = matrix.len() / columns;
        (0..columns).flat_map(|c| (0..rows).map(move |r| matrix[r * columns + c])).collect()
    }

    fn check<T: Vectors>() {
        let mut stream = Stream::new(4, "products", 0);
        let mut panel = Panel::default();
        for case in 0..400 {
            let mut size = |most: u64| 1 + stream.below(if case % 10 == 0 { most * 5 } else { most }) as usize;
            let (rows, inner, columns) = (size(40), size(40), size(70));
            let mut draw = |count: usize| (0..count).map(|_| T::from_f64(stream.uniform() - 0.5)).collect::<Vec<T>>();
            let (a, b) = (draw(rows * inner), draw(inner * columns));
            let expected: Vec<u64> = plain(&a, &b, inner, columns).iter().map(|x| x.to_f64().to_bits()).collect();
            let (at, bt) = (transpose(&a, inner), transpose(&b, columns));
            let (a, b) = (Matrix::new(&a, inner), Matrix::new(&b, columns));
            let (at, bt) = (Matrix::new(&at, rows).transposed(), Matrix::new(&bt, inner).transposed());
            for (first, second) in [(a, b), (at, b), (a, bt), (at, bt)] {
                let mut product = vec![T::from_f64(f64::NAN); rows * columns];
                multiply(first, second, &mut product, &mut panel);
                let bits: Vec<u64> = product.iter().map(|x| x.to_f64().to_bits()).collect();
                assert_eq!(bits, expected, "[{rows}, {inner}] · [{inner}, {columns}]");
            }
        }
    }

    #[test]
    fn a_product_is_one_chain_of_sums_on_any_path() {
        check::<f32>();
        check::<f64>();
    }
}
