//! What becomes of the sums of a product while they are still in registers: they are written as they are, or turned into
//! a layer's values, or into its deltas, whose sums are wanted too.
#![expect(unsafe_code, reason = "sums go through pointers that the safe entries have checked")]

use super::lanes::Lanes;
use crate::network::Real;

/// Sums become values: a bias for each column is added (none where it is empty), and what is then below zero becomes zero
/// where the units are `rectified`.
#[derive(Clone, Copy, Debug)]
pub struct ToValues<'a, T> {
    pub bias: &'a [T],
    pub rectified: bool,
}

/// Deltas of a layer's values become deltas of its weighted sums, which are added up. An array that is not there is empty.
#[derive(Debug)]
pub struct ToDeltas<'a, T> {
    /// The derivative of every unit in every row, or where `rectified` its value, whose sign tells the derivative; not
    /// there where it is one everywhere.
    pub derivatives: &'a [T],
    /// Whether the units are rectified.
    pub rectified: bool,
    /// Where the sum of the deltas of each unit goes.
    pub sums: &'a mut [T],
    /// The only input that the layer has, for every row. Then the deltas themselves are of no use and are not written.
    pub inputs: &'a [T],
    /// Where the sum of deltas times inputs goes for each unit; there with `inputs`.
    pub gradient: &'a mut [T],
}

/// Something that becomes of a product of so many rows and columns.
pub trait Finish<T: Real> {
    /// What tiles do for it.
    type End: End<T>;

    /// Makes it for a product.
    ///
    /// # Panics
    /// When the sizes do not fit.
    fn end(self, product: &mut [T], rows: usize, columns: usize) -> Self::End;
}

/// Nothing.
#[derive(Clone, Copy, Debug)]
pub struct AsIs;

impl<T: Real> Finish<T> for AsIs {
    type End = Plain<T>;

    fn end(self, product: &mut [T], _: usize, columns: usize) -> Plain<T> {
        Plain { product: product.as_mut_ptr(), stride: columns }
    }
}

impl<T: Real> Finish<T> for ToValues<'_, T> {
    type End = Values<T>;

    fn end(self, product: &mut [T], rows: usize, columns: usize) -> Values<T> {
        assert!(self.bias.is_empty() || self.bias.len() == columns, "{} biases of {columns} units", self.bias.len());
        Values {
            plain: AsIs.end(product, rows, columns),
            has_bias: !self.bias.is_empty(),
            bias: self.bias.as_ptr(),
            least: T::from_f64(if self.rectified { 0.0 } else { f64::NEG_INFINITY }),
        }
    }
}

impl<T: Real> Finish<T> for ToDeltas<'_, T> {
    type End = Deltas<T>;

    fn end(self, product: &mut [T], rows: usize, columns: usize) -> Deltas<T> {
        let Self { derivatives, rectified, sums, inputs, gradient } = self;
        let all = rows * columns;
        assert!(derivatives.is_empty() || derivatives.len() == all, "{} derivatives of {all}", derivatives.len());
        assert!(sums.is_empty() || sums.len() == columns, "{} sums of {columns} units", sums.len());
        assert!(inputs.is_empty() || inputs.len() == rows, "{} inputs of {rows} rows", inputs.len());
        assert_eq!(gradient.len(), if inputs.is_empty() { 0 } else { columns }, "a gradient with the inputs");
        sums.fill(T::ZERO);
        gradient.fill(T::ZERO);
        Deltas {
            plain: AsIs.end(product, rows, columns),
            has_derivatives: !derivatives.is_empty(),
            derivatives: derivatives.as_ptr(),
            rectified,
            has_sums: !sums.is_empty(),
            sums: sums.as_mut_ptr(),
            has_inputs: !inputs.is_empty(),
            inputs: inputs.as_ptr(),
            gradient: gradient.as_mut_ptr(),
        }
    }
}

/// What a tile does with its sums.
///
/// # Safety
/// Pointers move as tiles do, and stay within what they were made for.
pub unsafe trait End<T: Real>: Copy {
    /// Takes the sums of a tile, `columns` of each vector.
    unsafe fn finish<L: Lanes<Number = T>, const ROWS: usize, const W: usize>(
        &self,
        sums: [[L; W]; ROWS],
        columns: [usize; W],
    );
    /// Moves down by some rows.
    unsafe fn down(&mut self, rows: usize);
    /// Moves right by some columns.
    unsafe fn right(&mut self, columns: usize);
}

/// Writes sums as they are.
#[derive(Clone, Copy)]
pub struct Plain<T> {
    product: *mut T,
    stride: usize,
}

// SAFETY: a product is a matrix of whole rows, `stride` apart.
unsafe impl<T: Real> End<T> for Plain<T> {
    #[inline(always)]
    unsafe fn finish<L: Lanes<Number = T>, const ROWS: usize, const W: usize>(
        &self,
        sums: [[L; W]; ROWS],
        columns: [usize; W],
    ) {
        for (row, sums) in sums.iter().enumerate() {
            // SAFETY: the caller has so many rows and columns.
            unsafe { store_row(sums, columns, self.product.add(row * self.stride)) };
        }
    }
    #[inline(always)]
    unsafe fn down(&mut self, rows: usize) {
        self.product = self.product.wrapping_add(rows * self.stride);
    }
    #[inline(always)]
    unsafe fn right(&mut self, columns: usize) {
        self.product = self.product.wrapping_add(columns);
    }
}

/// Writes values, as [`ToValues`] says. What is not there is never looked at.
#[derive(Clone, Copy)]
pub struct Values<T> {
    plain: Plain<T>,
    has_bias: bool,
    bias: *const T,
    /// What values are at least: zero for rectified units.
    least: T,
}

// SAFETY: `ToValues::end` has compared the sizes of what is there.
unsafe impl<T: Real> End<T> for Values<T> {
    #[inline(always)]
    unsafe fn finish<L: Lanes<Number = T>, const ROWS: usize, const W: usize>(
        &self,
        sums: [[L; W]; ROWS],
        columns: [usize; W],
    ) {
        // SAFETY: the caller has so many rows and columns.
        unsafe {
            let bias = if self.has_bias { load_row(self.bias, columns) } else { [L::zero(); W] };
            let least = L::splat(&raw const self.least);
            for (row, sums) in sums.into_iter().enumerate() {
                let mut values = sums;
                for place in 0..W {
                    values[place] = values[place].add(bias[place]).at_least(least);
                }
                store_row(&values, columns, self.plain.product.add(row * self.plain.stride));
            }
        }
    }
    #[inline(always)]
    unsafe fn down(&mut self, rows: usize) {
        // SAFETY: as promised to this function.
        unsafe { self.plain.down(rows) };
    }
    #[inline(always)]
    unsafe fn right(&mut self, columns: usize) {
        // SAFETY: as promised to this function.
        unsafe { self.plain.right(columns) };
        self.bias = self.bias.wrapping_add(columns);
    }
}

/// Writes deltas of weighted sums, and adds them up, as [`ToDeltas`] says. What is not there is never looked at.
#[expect(clippy::struct_excessive_bools, reason = "null pointers would move with the others")]
#[derive(Clone, Copy)]
pub struct Deltas<T> {
    plain: Plain<T>,
    has_derivatives: bool,
    derivatives: *const T,
    rectified: bool,
    has_sums: bool,
    sums: *mut T,
    has_inputs: bool,
    inputs: *const T,
    gradient: *mut T,
}

// SAFETY: `ToDeltas::end` has compared the sizes of what is there.
unsafe impl<T: Real> End<T> for Deltas<T> {
    #[inline(always)]
    unsafe fn finish<L: Lanes<Number = T>, const ROWS: usize, const W: usize>(
        &self,
        sums: [[L; W]; ROWS],
        columns: [usize; W],
    ) {
        // SAFETY: the caller has so many rows and columns.
        unsafe {
            let (mut totals, mut products) = ([L::zero(); W], [L::zero(); W]);
            if self.has_sums {
                totals = load_row(self.sums, columns);
            }
            if self.has_inputs {
                products = load_row(self.gradient, columns);
            }
            for (row, sums) in sums.into_iter().enumerate() {
                let mut deltas = sums;
                if self.has_derivatives {
                    let derivatives = load_row::<L, W>(self.derivatives.add(row * self.plain.stride), columns);
                    for place in 0..W {
                        let derivative =
                            if self.rectified { derivatives[place].above_zero() } else { derivatives[place] };
                        deltas[place] = deltas[place].mul(derivative);
                    }
                }
                for place in 0..W {
                    totals[place] = totals[place].add(deltas[place]);
                }
                if self.has_inputs {
                    let input = L::splat(self.inputs.add(row));
                    for place in 0..W {
                        products[place] = input.mul_add(deltas[place], products[place]);
                    }
                } else {
                    store_row(&deltas, columns, self.plain.product.add(row * self.plain.stride));
                }
            }
            if self.has_sums {
                store_row(&totals, columns, self.sums);
            }
            if self.has_inputs {
                store_row(&products, columns, self.gradient);
            }
        }
    }
    #[inline(always)]
    unsafe fn down(&mut self, rows: usize) {
        // SAFETY: as promised to this function.
        unsafe { self.plain.down(rows) };
        self.derivatives = self.derivatives.wrapping_add(rows * self.plain.stride);
        self.inputs = self.inputs.wrapping_add(rows);
    }
    #[inline(always)]
    unsafe fn right(&mut self, columns: usize) {
        // SAFETY: as promised to this function.
        unsafe { self.plain.right(columns) };
        self.derivatives = self.derivatives.wrapping_add(columns);
        self.sums = self.sums.wrapping_add(columns);
        self.gradient = self.gradient.wrapping_add(columns);
    }
}

/// Reads a row of vectors, each of which may have fewer columns.
#[inline(always)]
pub unsafe fn load_row<L: Lanes, const W: usize>(from: *const L::Number, columns: [usize; W]) -> [L; W] {
    // SAFETY: the caller gives so many numbers.
    unsafe {
        let mut row = [L::zero(); W];
        for (place, vector) in row.iter_mut().enumerate() {
            let from = from.add(place * L::COUNT);
            *vector = if columns[place] < L::COUNT { L::load_first(from, columns[place]) } else { L::load(from) };
        }
        row
    }
}

/// Writes what [`load_row`] reads.
#[inline(always)]
unsafe fn store_row<L: Lanes, const W: usize>(row: &[L; W], columns: [usize; W], to: *mut L::Number) {
    // SAFETY: the caller gives room for so many numbers.
    unsafe {
        for (place, vector) in row.iter().enumerate() {
            let to = to.add(place * L::COUNT);
            if columns[place] < L::COUNT { vector.store_first(to, columns[place]) } else { vector.store(to) }
        }
    }
}
