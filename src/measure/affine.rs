//! Best affine fits by orthogonal factorization: the floor that no linear network can beat, and how far predictions
//! are from a line.

/// Rows that are folded into the factorization at a time.
const BLOCK: usize = 256;

/// A column counts as a combination of those before it when less than this fraction of its norm is left.
const DEPENDENT: f64 = 1e-11;

/// A root mean squared residual below this fraction of the values' own is what rounding leaves of an exact fit.
const EXACT: f64 = 1e-11;

/// Rows of features that can be read again and again: `(start, rows)` writes as many rows as `rows` holds, row-major.
pub trait Rows {
    /// Number of rows.
    fn len(&self) -> usize;
    /// Whether there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Features of a row.
    fn features(&self) -> usize;
    /// Writes the rows from `start` on into `out`, row-major.
    fn read(&self, start: usize, out: &mut [f64]);
    /// Whether nobody wants what is made of them any more: asked before every block of rows, and the rest is left out then.
    fn is_given_up(&self) -> bool {
        false
    }
}

/// The triangular factor of an affine design (a constant and the features), with which any values over the same rows
/// can be fitted. Made by Householder reflections over blocks of rows (Golub and Van Loan, §5.3 and §5.5.2), in f64.
#[derive(Clone, Debug)]
pub struct AffineBasis {
    /// Shift and factor that bring each feature to about [-1, 1].
    scale: Vec<(f64, f64)>,
    /// Columns that are no combination of earlier ones; column 0 is the constant.
    kept: Vec<usize>,
    /// Upper triangle over the kept columns, row-major.
    triangle: Vec<f64>,
}

/// The best affine fit to some values.
#[derive(Clone, Debug, PartialEq)]
pub struct AffineFit {
    /// Root mean squared residual, in the values' units; exactly 0 where only rounding is left.
    pub rmse: f64,
    /// Largest absolute residual, in the values' units.
    pub max_residual: f64,
}

impl AffineBasis {
    /// Factorizes the design of all rows.
    pub fn new(rows: &impl Rows) -> Self {
        let scale = ranges(rows);
        let width = rows.features() + 1;
        let mut triangle = vec![0.0; width * width];
        let mut columns = vec![0.0; width * BLOCK];
        for_blocks(rows, &scale, |_, block| {
            let count = block.len() / width;
            let columns = &mut columns[..block.len()];
            for (i, row) in block.chunks_exact(width).enumerate() {
                row.iter().enumerate().for_each(|(column, &entry)| columns[column * count + i] = entry);
            }
            fold(&mut triangle, columns, width);
        });
        let (kept, triangle) = reduce(&mut triangle, width);
        Self { scale, kept, triangle }
    }

    /// Columns of the design: the constant and the features.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.scale.len() + 1
    }

    /// The triangular factor of the design as it was given, column by column; `None` where columns were left out.
    pub(super) fn unscaled(&self) -> Option<Vec<f64>> {
        let width = self.columns();
        if self.kept.len() < width {
            return None;
        }
        let mut columns = vec![0.0; width * width];
        for (at, column) in columns.chunks_exact_mut(width).enumerate() {
            // A feature is its factor times what was factorized, and its shift times the constant.
            let (shift, factor) = if at == 0 { (0.0, 1.0) } else { self.scale[at - 1] };
            column.iter_mut().enumerate().for_each(|(row, entry)| *entry = factor * self.triangle[row * width + at]);
            column[0] += shift * self.triangle[0];
        }
        Some(columns)
    }

    /// Fits `values`, one a row, by corrected semi-normal equations (Björck 1987): as accurate as keeping the
    /// orthogonal factor, at no memory.
    pub fn fit(&self, rows: &impl Rows, values: &[f64]) -> AffineFit {
        let mut coefficients = self.solve(&self.products(rows, |row, _| values[row]));
        let correction = self.solve(&self.products(rows, |row, design| values[row] - dot(design, &coefficients)));
        coefficients.iter_mut().zip(correction).for_each(|(coefficient, more)| *coefficient += more);

        let (mut squares, mut own, mut largest) = (0.0, 0.0, 0.0f64);
        self.for_rows(rows, |row, design| {
            let residual = values[row] - dot(design, &coefficients);
            squares += residual * residual;
            own += values[row] * values[row];
            largest = largest.max(residual.abs());
        });
        let count = values.len() as f64;
        let (rmse, own) = ((squares / count).sqrt(), (own / count).sqrt());
        if rmse <= EXACT * own {
            AffineFit { rmse: 0.0, max_residual: 0.0 }
        } else {
            AffineFit { rmse, max_residual: largest }
        }
    }

    /// Products of every kept column with one value a row.
    fn products(&self, rows: &impl Rows, value: impl Fn(usize, &[f64]) -> f64) -> Vec<f64> {
        let mut products = vec![0.0; self.kept.len()];
        self.for_rows(rows, |row, design| {
            let value = value(row, design);
            products.iter_mut().zip(design).for_each(|(product, entry)| *product += entry * value);
        });
        products
    }

    /// Solves `RᵀR x = products`.
    fn solve(&self, products: &[f64]) -> Vec<f64> {
        let n = self.kept.len();
        let entry = |row: usize, column: usize| self.triangle[row * n + column];
        let mut x = products.to_vec();
        for i in 0..n {
            let known: f64 = (0..i).map(|j| entry(j, i) * x[j]).sum();
            x[i] = (x[i] - known) / entry(i, i);
        }
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|j| entry(i, j) * x[j]).sum();
            x[i] = (x[i] - known) / entry(i, i);
        }
        x
    }

    /// Calls `each` with the number and the kept entries of every row of the design.
    fn for_rows(&self, rows: &impl Rows, mut each: impl FnMut(usize, &[f64])) {
        let width = rows.features() + 1;
        let mut design = vec![0.0; self.kept.len()];
        for_blocks(rows, &self.scale, |start, block| {
            for (i, row) in block.chunks_exact(width).enumerate() {
                design.iter_mut().zip(&self.kept).for_each(|(entry, &column)| *entry = row[column]);
                each(start + i, &design);
            }
        });
    }
}

/// Sum of products, in partial sums of every eighth: an order that a processor can follow with several at a time.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_eights, a_rest) = a.as_chunks::<8>();
    let (b_eights, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a_eights.iter().zip(b_eights) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

/// Shift and factor of each feature from its smallest and largest value.
fn ranges(rows: &impl Rows) -> Vec<(f64, f64)> {
    let mut ends = vec![(f64::INFINITY, f64::NEG_INFINITY); rows.features()];
    let mut block = vec![0.0; BLOCK * rows.features()];
    for start in (0..rows.len()).step_by(BLOCK).take_while(|_| !rows.is_given_up()) {
        let block = &mut block[..BLOCK.min(rows.len() - start) * rows.features()];
        rows.read(start, block);
        for row in block.chunks_exact(rows.features()) {
            ends.iter_mut().zip(row).for_each(|(end, &x)| *end = (end.0.min(x), end.1.max(x)));
        }
    }
    let affine = |(low, high): (f64, f64)| {
        let half = (high - low) / 2.0;
        (f64::midpoint(low, high), if half == 0.0 { 1.0 } else { half })
    };
    ends.into_iter().map(affine).collect()
}

/// Calls `each` with the first row's number and the design (constant, scaled features) of every block of rows.
fn for_blocks(rows: &impl Rows, scale: &[(f64, f64)], mut each: impl FnMut(usize, &[f64])) {
    let (features, width) = (rows.features(), rows.features() + 1);
    let (mut read, mut design) = (vec![0.0; BLOCK * features], vec![0.0; BLOCK * width]);
    for start in (0..rows.len()).step_by(BLOCK).take_while(|_| !rows.is_given_up()) {
        let count = BLOCK.min(rows.len() - start);
        rows.read(start, &mut read[..count * features]);
        for (row, out) in read.chunks_exact(features).zip(design.chunks_exact_mut(width)).take(count) {
            out[0] = 1.0;
            for ((out, x), (shift, factor)) in out[1..].iter_mut().zip(row).zip(scale) {
                *out = (x - shift) / factor;
            }
        }
        each(start, &design[..count * width]);
    }
}

/// Householder reflections that take a block of rows, given by columns and spent, into the triangle of all rows before.
/// A reflection moves one row of the triangle and the block: the rest of the triangle is zero in its column.
fn fold(triangle: &mut [f64], columns: &mut [f64], width: usize) {
    let count = columns.len() / width;
    for pivot in 0..width {
        let (own, others) = columns[pivot * count..].split_at_mut(count);
        let row = &mut triangle[pivot * width + pivot..(pivot + 1) * width];
        let below = dot(own, own);
        if below == 0.0 {
            continue;
        }
        let (head, norm) = (row[0], (row[0] * row[0] + below).sqrt());
        let diagonal = if head > 0.0 { -norm } else { norm };
        let first = head - diagonal;
        let square = first * first + below;
        row[0] = diagonal;
        for (entry, other) in row[1..].iter_mut().zip(others.chunks_exact_mut(count)) {
            let factor = 2.0 * (first * *entry + dot(own, other)) / square;
            *entry -= factor * first;
            other.iter_mut().zip(&*own).for_each(|(other, own)| *other -= factor * own);
        }
    }
}

/// Zeros `column` below row `pivot`; `false`, and nothing done, where nothing is there.
fn reflect(matrix: &mut [f64], width: usize, rows: usize, pivot: usize, column: usize) -> bool {
    let norm = (pivot..rows).map(|row| matrix[row * width + column].powi(2)).sum::<f64>().sqrt();
    if norm == 0.0 {
        return false;
    }
    let head = matrix[pivot * width + column];
    let diagonal = if head > 0.0 { -norm } else { norm };
    let mut reflector: Vec<f64> = (pivot..rows).map(|row| matrix[row * width + column]).collect();
    reflector[0] = head - diagonal;
    let square: f64 = reflector.iter().map(|entry| entry * entry).sum();
    for other in column..width {
        let along: f64 =
            reflector.iter().enumerate().map(|(i, entry)| entry * matrix[(pivot + i) * width + other]).sum();
        let factor = 2.0 * along / square;
        for (i, entry) in reflector.iter().enumerate() {
            matrix[(pivot + i) * width + other] -= factor * entry;
        }
    }
    true
}

/// Leaves out columns that are combinations of earlier ones; gives those that are kept and their triangle.
fn reduce(square: &mut [f64], width: usize) -> (Vec<usize>, Vec<f64>) {
    let norms: Vec<f64> = (0..width)
        .map(|column| (0..width).map(|row| square[row * width + column].powi(2)).sum::<f64>().sqrt())
        .collect();
    let mut kept = Vec::new();
    for column in 0..width {
        let pivot = kept.len();
        let left = (pivot..width).map(|row| square[row * width + column].powi(2)).sum::<f64>().sqrt();
        if left > DEPENDENT * norms[column] && reflect(square, width, width, pivot, column) {
            kept.push(column);
        }
    }
    let triangle = (0..kept.len())
        .flat_map(|row| kept.iter().map(move |&column| row * width + column))
        .map(|at| square[at])
        .collect();
    (kept, triangle)
}
