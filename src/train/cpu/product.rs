//! Matrix products. Every sum is one chain of fused multiply-adds, in the order of the inner index, whatever the tile
//! and the vector unit: so the bits of a product depend on nothing but its two matrices.
//!
//! The way is that of Goto and van de Geijn 2008, cut down to matrices that fit the second cache: a panel of columns of
//! the second matrix, as wide as two vectors, is multiplied with tiles of rows of the first whose sums stay in
//! registers.
#![expect(unsafe_code, reason = "tiles read and write through pointers that the one safe entry has checked")]

use std::ops::Range;

use super::finish::{AsIs, End, Finish, load_row};
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
    multiply_and_finish(first, second, product, AsIs, panel);
}

/// As [`multiply`], and every sum is finished as `finish` says before it is written.
///
/// # Panics
/// When the sizes do not fit.
pub fn multiply_and_finish<T: Vectors>(
    first: Matrix<'_, T>,
    second: Matrix<'_, T>,
    product: &mut [T],
    finish: impl Finish<T>,
    panel: &mut Panel<T>,
) {
    // SAFETY: `vector_unit` has asked the processor.
    unsafe { multiply_on(vector_unit(), first, second, product, finish, panel) }
}

/// # Safety
/// The processor has that vector unit.
unsafe fn multiply_on<T: Vectors>(
    unit: VectorUnit,
    first: Matrix<'_, T>,
    second: Matrix<'_, T>,
    product: &mut [T],
    finish: impl Finish<T>,
    panel: &mut Panel<T>,
) {
    assert_eq!(first.columns, second.rows, "the inner sizes of a product");
    assert_eq!(product.len(), first.rows * second.columns, "the size of a product");
    let end = finish.end(product, first.rows, second.columns);
    let (row_stride, inner_stride) = first.strides();
    let tile = Tile {
        first: first.numbers.as_ptr(),
        row_stride,
        inner_stride,
        inner: first.columns,
        second: second.numbers.as_ptr(),
        second_stride: 0,
        columns: 0,
    };
    // SAFETY: the caller knows the processor; the sizes were compared, here and by `finish`, and a matrix is made of
    // whole rows.
    unsafe {
        match unit {
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx512 => wide(tile, end, first.rows, second, panel),
            #[cfg(target_arch = "x86_64")]
            VectorUnit::Avx2 => middle(tile, end, first.rows, second, panel),
            _ => panels::<T::Plain, _, 4, 0>(tile, end, first.rows, second, panel),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
unsafe fn wide<T: Vectors, E: End<T>>(tile: Tile<T>, end: E, rows: usize, second: Matrix<'_, T>, panel: &mut Panel<T>) {
    // SAFETY: as promised to this function.
    unsafe { panels::<T::Wide, E, 12, 8>(tile, end, rows, second, panel) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn middle<T: Vectors, E: End<T>>(
    tile: Tile<T>,
    end: E,
    rows: usize,
    second: Matrix<'_, T>,
    panel: &mut Panel<T>,
) {
    // SAFETY: as promised to this function.
    unsafe { panels::<T::Middle, E, 6, 0>(tile, end, rows, second, panel) }
}

/// Where a tile is read from.
#[derive(Clone, Copy)]
struct Tile<T> {
    first: *const T,
    row_stride: usize,
    inner_stride: usize,
    inner: usize,
    second: *const T,
    second_stride: usize,
    columns: usize,
}

/// All panels of the second matrix, from left to right: of two vectors, and where a vector would be left alone, of three
/// at last. `ROWS` are those of a tile of one or two vectors, `FEWER` those of a tile of three (0: there is none).
#[inline(always)]
unsafe fn panels<L: Lanes, E: End<L::Number>, const ROWS: usize, const FEWER: usize>(
    tile: Tile<L::Number>,
    mut end: E,
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
        let mut tile = Tile { columns, ..tile };
        // SAFETY: `column` and `columns` stay within the second matrix and so within the product.
        unsafe {
            if second.transposed || far_apart {
                pack::<L>(second, column..column + columns, width, &mut panel.0);
                tile.second = panel.0.as_ptr();
                tile.second_stride = width;
            } else {
                tile.second = tile.second.add(column);
                tile.second_stride = second.columns;
            }
            match (vectors, columns == width) {
                (3, true) if FEWER > 0 => down::<L, E, FEWER, 3, true>(tile, end, rows),
                (3, false) if FEWER > 0 => down::<L, E, FEWER, 3, false>(tile, end, rows),
                (2, true) => down::<L, E, ROWS, 2, true>(tile, end, rows),
                (2, false) => down::<L, E, ROWS, 2, false>(tile, end, rows),
                (_, true) => down::<L, E, ROWS, 1, true>(tile, end, rows),
                (_, false) => down::<L, E, ROWS, 1, false>(tile, end, rows),
            }
            end.right(columns);
        }
        column += columns;
    }
}

/// Copies columns of a matrix into a panel of whole vectors. What lies in a vector behind the columns means nothing.
#[inline(always)]
unsafe fn pack<L: Lanes>(
    matrix: Matrix<'_, L::Number>,
    columns: Range<usize>,
    width: usize,
    panel: &mut Aligned<L::Number>,
) {
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
                unsafe { load_row::<L, 1>(source.as_ptr(), [given])[0].store(to.as_mut_ptr()) };
            }
        }
    }
}

/// All rows of the first matrix against one panel, in tiles of `ROWS` and then of what is left.
#[inline(always)]
unsafe fn down<L: Lanes, E: End<L::Number>, const ROWS: usize, const W: usize, const FULL: bool>(
    mut tile: Tile<L::Number>,
    mut end: E,
    rows: usize,
) {
    let mut left = rows;
    // SAFETY: a tile is multiplied only while it has its rows.
    unsafe {
        while left >= ROWS {
            multiply_tile::<L, E, ROWS, W, FULL>(&mut tile, &mut end);
            left -= ROWS;
        }
        while left >= 4 {
            multiply_tile::<L, E, 4, W, FULL>(&mut tile, &mut end);
            left -= 4;
        }
        if left >= 2 {
            multiply_tile::<L, E, 2, W, FULL>(&mut tile, &mut end);
            left -= 2;
        }
        if left == 1 {
            multiply_tile::<L, E, 1, W, FULL>(&mut tile, &mut end);
        }
    }
}

/// One tile: its sums stay in registers until they are whole. The last vector may have fewer columns, unless `FULL`.
/// Then moves on to the tile below.
#[inline(always)]
unsafe fn multiply_tile<L: Lanes, E: End<L::Number>, const ROWS: usize, const W: usize, const FULL: bool>(
    tile: &mut Tile<L::Number>,
    end: &mut E,
) {
    // SAFETY: the caller has checked that rows, columns and the inner size stay within the matrices; a panel holds
    // whole vectors.
    unsafe {
        let mut columns = [L::COUNT; W];
        if !FULL {
            columns[W - 1] = tile.columns - (W - 1) * L::COUNT;
        }
        let mut sums = [[L::zero(); W]; ROWS];
        let (mut first, mut second) = (tile.first, tile.second);
        for _ in 0..tile.inner {
            let vectors = load_row::<L, W>(second, columns);
            for (row, sums) in sums.iter_mut().enumerate() {
                let number = L::splat(first.add(row * tile.row_stride));
                for (sum, vector) in sums.iter_mut().zip(vectors) {
                    *sum = number.mul_add(vector, *sum);
                }
            }
            first = first.add(tile.inner_stride);
            second = second.add(tile.second_stride);
        }
        end.finish::<L, ROWS, W>(sums, columns);
        tile.first = tile.first.add(ROWS * tile.row_stride);
        end.down(ROWS);
    }
}

#[cfg(test)]
mod tests {
    use super::super::finish::{ToDeltas, ToValues};
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

    fn draw<T: Vectors>(stream: &mut Stream, count: usize) -> Vec<T> {
        (0..count).map(|_| T::from_f64(stream.uniform() - 0.5)).collect()
    }

    fn bits<T: Vectors>(numbers: &[T]) -> Vec<u64> {
        numbers.iter().map(|x| x.to_f64().to_bits()).collect()
    }

    fn check<T: Vectors>(stream: &mut Stream, (rows, inner, columns): (usize, usize, usize)) {
        let mut panel = Panel::default();
        let (a, b) = (draw::<T>(stream, rows * inner), draw::<T>(stream, inner * columns));
        let expected = bits(&plain(&a, &b, inner, columns));
        let (at, bt) = (transpose(&a, inner), transpose(&b, columns));
        let (a, b) = (Matrix::new(&a, inner), Matrix::new(&b, columns));
        let (at, bt) = (Matrix::new(&at, rows).transposed(), Matrix::new(&bt, inner).transposed());
        for unit in VectorUnit::all() {
            for (first, second) in [(a, b), (at, b), (a, bt), (at, bt)] {
                let mut product = vec![T::from_f64(f64::NAN); rows * columns];
                // SAFETY: the processor has this vector unit.
                unsafe { multiply_on(unit, first, second, &mut product, AsIs, &mut panel) };
                assert_eq!(bits(&product), expected, "[{rows}, {inner}] · [{inner}, {columns}] by {unit:?}");
            }
        }
    }

    #[test]
    fn a_product_is_one_chain_of_sums_on_any_path() {
        let mut stream = Stream::new(4, "products", 0);
        for case in 0..200 {
            let mut size = |most: u64| 1 + stream.below(if case % 10 == 0 { most * 3 } else { most }) as usize;
            let sizes = (size(40), size(40), size(70));
            check::<f32>(&mut stream, sizes);
            check::<f64>(&mut stream, sizes);
        }
        // Rows so far apart that panels are copied.
        check::<f32>(&mut stream, (30, 9, 1030));
        check::<f64>(&mut stream, (30, 9, 515));
    }

    /// What [`ToValues`] and [`ToDeltas`] come to, one number after the other.
    fn check_finished<T: Vectors>(stream: &mut Stream) {
        let (rows, inner, columns) =
            (1 + stream.below(30) as usize, 1 + stream.below(20) as usize, 1 + stream.below(70) as usize);
        let (a, b) = (draw::<T>(stream, rows * inner), draw::<T>(stream, inner * columns));
        let mut derivatives = draw::<T>(stream, rows * columns);
        derivatives[0] = T::ZERO;
        let (bias, inputs) = (draw::<T>(stream, columns), draw::<T>(stream, rows));
        let product = plain(&a, &b, inner, columns);
        let (a, b) = (Matrix::new(&a, inner), Matrix::new(&b, columns));
        let mut panel = Panel::default();
        for (unit, rectified, full) in VectorUnit::all().into_iter().flat_map(|u| {
            [(false, false), (false, true), (true, false), (true, true)].map(|(rectified, full)| (u, rectified, full))
        }) {
            let values: Vec<T> = product
                .iter()
                .enumerate()
                .map(|(at, &sum)| {
                    let value = if full { sum + bias[at % columns] } else { sum };
                    if rectified && value < T::ZERO { T::ZERO } else { value }
                })
                .collect();
            let mut found = vec![T::from_f64(f64::NAN); rows * columns];
            let finish = ToValues { bias: if full { &bias } else { &[] }, rectified };
            // SAFETY: the processor has this vector unit.
            unsafe { multiply_on(unit, a, b, &mut found, finish, &mut panel) };
            assert_eq!(bits(&found), bits(&values), "values by {unit:?}");

            let derivative = |at: usize| match (rectified, derivatives[at] > T::ZERO) {
                (false, _) => derivatives[at],
                (true, true) => T::ONE,
                (true, false) => T::ZERO,
            };
            let deltas: Vec<T> = product.iter().enumerate().map(|(at, &sum)| sum * derivative(at)).collect();
            let (mut sums, mut gradient) = (vec![T::ZERO; columns], vec![T::ZERO; columns]);
            for (row, deltas) in deltas.chunks_exact(columns).enumerate() {
                for (unit, &delta) in deltas.iter().enumerate() {
                    sums[unit] += delta;
                    gradient[unit] = inputs[row].mul_add(delta, gradient[unit]);
                }
            }
            let mut found = vec![T::from_f64(f64::NAN); rows * columns];
            let (mut found_sums, mut found_gradient) = (found[..columns].to_vec(), found[..columns].to_vec());
            let finish = ToDeltas {
                derivatives: &derivatives,
                rectified,
                sums: &mut found_sums,
                inputs: if full { &inputs } else { &[] },
                gradient: if full { &mut found_gradient } else { &mut [] },
            };
            // SAFETY: as above.
            unsafe { multiply_on(unit, a, b, &mut found, finish, &mut panel) };
            assert_eq!(bits(&found_sums), bits(&sums), "sums by {unit:?}");
            if full {
                assert_eq!(bits(&found_gradient), bits(&gradient), "gradient by {unit:?}");
            } else {
                assert_eq!(bits(&found), bits(&deltas), "deltas by {unit:?}");
            }
        }
    }

    #[test]
    fn products_are_finished_in_the_same_order_on_any_path() {
        let mut stream = Stream::new(5, "products", 0);
        for _ in 0..60 {
            check_finished::<f32>(&mut stream);
            check_finished::<f64>(&mut stream);
        }
    }
}
