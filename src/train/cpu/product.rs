//! Matrix products. Every sum is one chain of fused multiply-adds, in the order of the inner index, whatever the tile
//! and the vector unit: so the bits of a product depend on nothing but its two matrices.
//!
//! The way is that of Goto and van de Geijn 2008, cut down to matrices that fit the second cache: a panel of columns of
//! the second matrix, as wide as two vectors, is multiplied with tiles of rows of the first whose sums stay in
//! registers.
#![expect(unsafe_code, reason = "tiles read and write through pointers that the one safe entry has checked")]

use super::kernels::{VectorUnit, vector_unit};
use super::lanes::{Lanes, Vectors};
use crate::network::Real;

/// Vectors side by side in a full tile.
const VECTORS: usize = 2;

/// Rows of the second matrix that lie this many bytes apart, or more, fall on the same few places of the first cache:
/// their panels are copied.
const FAR_APART: usize = 1024;

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
#[derive(Clone, Debug, Default)]
pub struct Panel<T>(Vec<T>);

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
    };
    // SAFETY: `vector_unit` has asked the processor; the sizes were compared above, and a matrix is made of whole rows.
    unsafe {
        match vector_unit() {
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx512 => wide(left, first.rows, second, panel),
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx2 => middle(left, first.rows, second, panel),
            _ => panels::<T::Plain, 4>(left, first.rows, second, panel),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
unsafe fn wide<T: Vectors>(tile: Tile<T>, rows: usize, second: Matrix<'_, T>, panel: &mut Panel<T>) {
    // SAFETY: as promised to this function.
    unsafe { panels::<T::Wide, 12>(tile, rows, second, panel) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn middle<T: Vectors>(tile: Tile<T>, rows: usize, second: Matrix<'_, T>, panel: &mut Panel<T>) {
    // SAFETY: as promised to this function.
    unsafe { panels::<T::Middle, 6>(tile, rows, second, panel) }
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

/// All panels of the second matrix, from left to right.
#[inline(always)]
unsafe fn panels<L: Lanes, const ROWS: usize>(
    tile: Tile<L::Number>,
    rows: usize,
    second: Matrix<'_, L::Number>,
    panel: &mut Panel<L::Number>,
) {
    let far_apart = second.columns * size_of::<L::Number>() >= FAR_APART && rows > 2 * ROWS;
    let mut column = 0;
    while column < second.columns {
        let columns = (second.columns - column).min(VECTORS * L::COUNT);
        let vectors = columns.div_ceil(L::COUNT);
        let width = vectors * L::COUNT;
        let mut tile = tile;
        // SAFETY: `column` and `columns` stay within the second matrix and so within the product.
        unsafe {
            tile.product = tile.product.add(column);
            if second.transposed || columns < width || far_apart {
                pack(second, column, columns, width, &mut panel.0);
                tile.second = panel.0.as_ptr();
                tile.second_stride = width;
            } else {
                tile.second = tile.second.add(column);
                tile.second_stride = second.columns;
            }
            if vectors == VECTORS {
                down::<L, ROWS, VECTORS>(tile, rows, columns);
            } else {
                down::<L, ROWS, 1>(tile, rows, columns);
            }
        }
        column += columns;
    }
}

/// Copies columns of a matrix into a panel of whole vectors, zeros behind them.
#[inline(always)]
fn pack<T: Real>(matrix: Matrix<'_, T>, column: usize, columns: usize, width: usize, panel: &mut Vec<T>) {
    let inner = matrix.rows;
    if panel.len() < inner * width {
        panel.resize(inner * width, T::ZERO);
    }
    if matrix.transposed {
        let source = &matrix.numbers[column * inner..(column + columns) * inner];
        for place in (0..width).step_by(4) {
            pack_four(&source[(place * inner).min(source.len())..], inner, place, width, panel);
        }
    } else {
        for (row, source) in panel.chunks_exact_mut(width).zip(matrix.numbers.chunks_exact(matrix.columns)) {
            row[..columns].copy_from_slice(&source[column..column + columns]);
            row[columns..].fill(T::ZERO);
        }
    }
}

/// Turns up to four rows of `inner` numbers into columns of a panel from `place` on, zeros where there is no row.
#[inline(always)]
fn pack_four<T: Real>(source: &[T], inner: usize, place: usize, width: usize, panel: &mut [T]) {
    let mut whole = 0;
    if source.len() >= 4 * inner {
        let rows: [&[T]; 4] = std::array::from_fn(|row| &source[row * inner..(row + 1) * inner]);
        whole = inner / 4 * 4;
        // Squares of four by four, which become a few shuffles.
        for start in (0..whole).step_by(4) {
            let square: [[T; 4]; 4] =
                std::array::from_fn(|row| rows[row][start..start + 4].try_into().expect("four numbers"));
            let columns: [[T; 4]; 4] = std::array::from_fn(|step| std::array::from_fn(|row| square[row][step]));
            for (step, column) in columns.iter().enumerate() {
                let at = (start + step) * width + place;
                panel[at..at + 4].copy_from_slice(column);
            }
        }
    }
    for step in whole..inner {
        for row in 0..4 {
            panel[step * width + place + row] = source.get(row * inner + step).copied().unwrap_or(T::ZERO);
        }
    }
}

/// All rows of the first matrix against one panel, in tiles of `ROWS` and then of what is left.
#[inline(always)]
unsafe fn down<L: Lanes, const ROWS: usize, const W: usize>(mut tile: Tile<L::Number>, rows: usize, columns: usize) {
    let mut left = rows;
    // SAFETY: a tile is multiplied only while it has its rows.
    unsafe {
        while left >= ROWS {
            multiply_tile::<L, ROWS, W>(tile, columns);
            tile.down(ROWS);
            left -= ROWS;
        }
        while left >= 4 {
            multiply_tile::<L, 4, W>(tile, columns);
            tile.down(4);
            left -= 4;
        }
        if left >= 2 {
            multiply_tile::<L, 2, W>(tile, columns);
            tile.down(2);
            left -= 2;
        }
        if left == 1 {
            multiply_tile::<L, 1, W>(tile, columns);
        }
    }
}

/// One tile: its sums stay in registers until they are whole.
#[inline(always)]
unsafe fn multiply_tile<L: Lanes, const ROWS: usize, const W: usize>(tile: Tile<L::Number>, columns: usize) {
    // SAFETY: the caller has checked that rows, columns and the inner size stay within the matrices; a panel holds
    // whole vectors.
    unsafe {
        let mut sums = [[L::zero(); W]; ROWS];
        let (mut first, mut second) = (tile.first, tile.second);
        for _ in 0..tile.inner {
            let mut vectors = [L::zero(); W];
            for (place, vector) in vectors.iter_mut().enumerate() {
                *vector = L::load(second.add(place * L::COUNT));
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
        if columns == W * L::COUNT {
            for (row, sums) in sums.into_iter().enumerate() {
                for (place, sum) in sums.into_iter().enumerate() {
                    sum.store(tile.product.add(row * tile.product_stride + place * L::COUNT));
                }
            }
        } else {
            // Room for the widest tile.
            let mut whole = [L::Number::default(); VECTORS * 16];
            for (row, sums) in sums.into_iter().enumerate() {
                for (place, sum) in sums.into_iter().enumerate() {
                    sum.store(whole.as_mut_ptr().add(place * L::COUNT));
                }
                let to = tile.product.add(row * tile.product_stride);
                std::ptr::copy_nonoverlapping(whole.as_ptr(), to, columns);
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
