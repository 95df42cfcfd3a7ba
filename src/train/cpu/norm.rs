//! Normalization of a hidden layer's sums: over the batch, over the units, or by their root mean square; forward and
//! backward, with a learnt scale and shift.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::kernels::{LANES, TURNS, by_blocks, by_turns, fold, join, kernel, load, store};
use super::memory::Aligned;
use crate::config::LayerNorm;
use crate::network::{NORM_EPSILON, RUNNING_SHARE, Real};

/// What the way back needs of the way forward.
#[derive(Debug)]
pub struct Norm<T> {
    kind: LayerNorm,
    width: usize,
    /// Normalized sums, before scale and shift, `[rows, width]`.
    normalized: Aligned<T>,
    /// One over the deviation, of each unit (`batch`) or of each row.
    inverse: Aligned<T>,
    /// Mean of each unit over the batch, then room for sums of units.
    means: Aligned<T>,
    /// Variance of each unit over the batch, then room for sums of units.
    variances: Aligned<T>,
}

/// Running mean and variance of each unit, for answers after training.
#[derive(Debug)]
pub struct Statistics<T> {
    pub mean: Aligned<T>,
    pub variance: Aligned<T>,
}

impl<T: Real> Statistics<T> {
    /// Zero means and unit variances.
    pub fn new(width: usize) -> Self {
        let mut variance = Aligned::zeros(width);
        variance.fill(T::ONE);
        Self { mean: Aligned::zeros(width), variance }
    }
}

impl<T: Real> Norm<T> {
    /// Memory for so many rows.
    pub fn new(kind: LayerNorm, rows: usize, width: usize) -> Self {
        Self {
            kind,
            width,
            normalized: Aligned::zeros(rows * width),
            inverse: Aligned::zeros(rows.max(width)),
            means: Aligned::zeros(width),
            variances: Aligned::zeros(width),
        }
    }

    /// Normalizes `sums` in place with the batch's own statistics, which the running ones follow.
    pub fn forward(&mut self, sums: &mut [T], scale: &[T], shift: &[T], running: Option<&mut Statistics<T>>) {
        match self.kind {
            LayerNorm::None => {}
            LayerNorm::Batch => {
                let rows = sums.len() / self.width;
                moments(sums, &mut self.means, &mut self.variances);
                if let Some(running) = running {
                    follow(&mut running.mean, &self.means, 1.0);
                    // The running variance is that of the population, as far as a sample tells.
                    let unbiased = if rows > 1 { rows as f64 / (rows - 1) as f64 } else { 1.0 };
                    follow(&mut running.variance, &self.variances, unbiased);
                }
                self.by_unit(sums, scale, shift);
            }
            LayerNorm::Layer => rows_forward(sums, scale, shift, &mut self.normalized, &mut self.inverse, true),
            LayerNorm::Rms => rows_forward(sums, scale, shift, &mut self.normalized, &mut self.inverse, false),
        }
    }

    /// Normalizes `sums` in place with running statistics where the batch's own were used in training.
    pub fn answer(&mut self, sums: &mut [T], scale: &[T], shift: &[T], running: Option<&Statistics<T>>) {
        match running {
            Some(running) if self.kind == LayerNorm::Batch => {
                self.means.copy_from_slice(&running.mean);
                self.variances.copy_from_slice(&running.variance);
                self.by_unit(sums, scale, shift);
            }
            _ => self.forward(sums, scale, shift, None),
        }
    }

    fn by_unit(&mut self, sums: &mut [T], scale: &[T], shift: &[T]) {
        let epsilon = T::from_f64(NORM_EPSILON);
        for (inverse, variance) in self.inverse.iter_mut().zip(self.variances.iter()) {
            *inverse = T::ONE / (*variance + epsilon).sqrt();
        }
        units_forward(sums, &self.means, &self.inverse[..self.width], &mut self.normalized, scale, shift);
    }

    /// Turns deltas of the normalized sums into deltas of the sums, in place; gradients of scale and shift.
    pub fn back(&mut self, deltas: &mut [T], scale: &[T], scale_gradient: &mut [T], shift_gradient: &mut [T]) {
        let normalized = &self.normalized[..deltas.len()];
        match self.kind {
            LayerNorm::None => {}
            LayerNorm::Batch => {
                products(deltas, normalized, scale_gradient, shift_gradient);
                let rows = T::from_f64((deltas.len() / self.width) as f64);
                for unit in 0..self.width {
                    self.means[unit] = shift_gradient[unit] / rows;
                    self.variances[unit] = scale_gradient[unit] / rows;
                    self.inverse[unit] *= scale[unit];
                }
                units_back(deltas, normalized, &self.means, &self.variances, &self.inverse[..self.width]);
            }
            LayerNorm::Layer | LayerNorm::Rms => {
                products(deltas, normalized, scale_gradient, &mut self.means);
                if !shift_gradient.is_empty() {
                    shift_gradient.copy_from_slice(&self.means);
                }
                rows_back(deltas, normalized, &self.inverse, scale, self.kind == LayerNorm::Layer);
            }
        }
    }
}

/// Moves running statistics towards those of a batch.
fn follow<T: Real>(running: &mut [T], batch: &[T], factor: f64) {
    let (share, kept) = (T::from_f64(RUNNING_SHARE * factor), T::from_f64(1.0 - RUNNING_SHARE));
    running.iter_mut().zip(batch).for_each(|(running, batch)| *running = share.mul_add(*batch, kept * *running));
}

kernel! {
    /// Mean and variance (divided by the rows) of every column, in two passes.
    fn moments<T: Real>(numbers: &[T], means: &mut [T], variances: &mut [T]) {
        let width = means.len();
        let rows = numbers.len() / width;
        let count_of_rows = T::from_f64(rows as f64);
        by_blocks!(width, start, count => {
            let mut sums = [[T::ZERO; LANES]; TURNS];
            by_turns!(rows, row, turn => {
                let numbers = load(numbers, row * width + start, count);
                for lane in 0..LANES {
                    sums[turn][lane] += numbers[lane];
                }
            });
            let mut mean = join(&sums);
            for mean in &mut mean {
                *mean = *mean / count_of_rows;
            }
            store(means, start, count, &mean);
            let mut sums = [[T::ZERO; LANES]; TURNS];
            by_turns!(rows, row, turn => {
                let numbers = load(numbers, row * width + start, count);
                for lane in 0..LANES {
                    let away = numbers[lane] - mean[lane];
                    sums[turn][lane] = away.mul_add(away, sums[turn][lane]);
                }
            });
            let mut variance = join(&sums);
            for variance in &mut variance {
                *variance = *variance / count_of_rows;
            }
            store(variances, start, count, &variance);
        });
    }
}

kernel! {
    /// `normalized = (sums − mean) · inverse`, `sums = normalized · scale + shift`, column by column.
    fn units_forward<T: Real>(
        sums: &mut [T], means: &[T], inverse: &[T], normalized: &mut [T], scale: &[T], shift: &[T],
    ) {
        let width = means.len();
        by_blocks!(width, start, count => {
            let (means, inverse) = (load(means, start, count), load(inverse, start, count));
            let (scale, shift) = (load(scale, start, count), load(shift, start, count));
            for (row, kept) in sums.chunks_exact_mut(width).zip(normalized.chunks_exact_mut(width)) {
                let mut numbers = load(row, start, count);
                for lane in 0..LANES {
                    numbers[lane] = (numbers[lane] - means[lane]) * inverse[lane];
                }
                store(kept, start, count, &numbers);
                for lane in 0..LANES {
                    numbers[lane] = numbers[lane].mul_add(scale[lane], shift[lane]);
                }
                store(row, start, count, &numbers);
            }
        });
    }
}

kernel! {
    /// Sums over rows of deltas times normalized sums, and of deltas.
    fn products<T: Real>(deltas: &[T], normalized: &[T], with: &mut [T], alone: &mut [T]) {
        let width = with.len();
        let rows = deltas.len() / width;
        by_blocks!(width, start, count => {
            let (mut products, mut sums) = ([[T::ZERO; LANES]; TURNS], [[T::ZERO; LANES]; TURNS]);
            by_turns!(rows, row, turn => {
                let at = row * width + start;
                let (deltas, normalized) = (load(deltas, at, count), load(normalized, at, count));
                for lane in 0..LANES {
                    products[turn][lane] = deltas[lane].mul_add(normalized[lane], products[turn][lane]);
                    sums[turn][lane] += deltas[lane];
                }
            });
            store(with, start, count, &join(&products));
            store(alone, start, count, &join(&sums));
        });
    }
}

kernel! {
    /// `delta = (delta − mean delta − normalized · mean product) · inverse · scale`, column by column.
    fn units_back<T: Real>(deltas: &mut [T], normalized: &[T], mean: &[T], product: &[T], factor: &[T]) {
        let width = mean.len();
        by_blocks!(width, start, count => {
            let (mean, product) = (load(mean, start, count), load(product, start, count));
            let factor = load(factor, start, count);
            for (row, normalized) in deltas.chunks_exact_mut(width).zip(normalized.chunks_exact(width)) {
                let (mut deltas, normalized) = (load(row, start, count), load(normalized, start, count));
                for lane in 0..LANES {
                    deltas[lane] = (deltas[lane] - mean[lane] - normalized[lane] * product[lane]) * factor[lane];
                }
                store(row, start, count, &deltas);
            }
        });
    }
}

kernel! {
    /// Every row to zero mean (where `centred`) and unit mean square, then scale and shift.
    fn rows_forward<T: Real>(
        sums: &mut [T], scale: &[T], shift: &[T], normalized: &mut [T], inverse: &mut [T], centred: bool,
    ) {
        let width = scale.len();
        let (all, epsilon) = (T::from_f64(width as f64), T::from_f64(NORM_EPSILON));
        for ((row, kept), inverse) in sums.chunks_exact_mut(width).zip(normalized.chunks_exact_mut(width)).zip(inverse) {
            let mut mean = T::ZERO;
            if centred {
                let mut lanes = [T::ZERO; LANES];
                by_blocks!(width, start, count => {
                    let numbers = load(row, start, count);
                    for lane in 0..LANES {
                        lanes[lane] += numbers[lane];
                    }
                });
                mean = fold(lanes) / all;
            }
            let mut lanes = [T::ZERO; LANES];
            by_blocks!(width, start, count => {
                let numbers = load(row, start, count);
                for lane in 0..count {
                    let away = numbers[lane] - mean;
                    lanes[lane] = away.mul_add(away, lanes[lane]);
                }
            });
            *inverse = T::ONE / (fold(lanes) / all + epsilon).sqrt();
            by_blocks!(width, start, count => {
                let mut numbers = load(row, start, count);
                for number in &mut numbers {
                    *number = (*number - mean) * *inverse;
                }
                store(kept, start, count, &numbers);
                let (scale, shift) =
                    (load(scale, start, count), if centred { load(shift, start, count) } else { [T::ZERO; LANES] });
                for lane in 0..LANES {
                    numbers[lane] = numbers[lane].mul_add(scale[lane], shift[lane]);
                }
                store(row, start, count, &numbers);
            });
        }
    }
}

kernel! {
    /// The way back through [`rows_forward`].
    fn rows_back<T: Real>(deltas: &mut [T], normalized: &[T], inverse: &[T], scale: &[T], centred: bool) {
        let width = scale.len();
        let all = T::from_f64(width as f64);
        for ((row, kept), inverse) in deltas.chunks_exact_mut(width).zip(normalized.chunks_exact(width)).zip(inverse) {
            let (mut sums, mut products) = ([T::ZERO; LANES], [T::ZERO; LANES]);
            by_blocks!(width, start, count => {
                let (mut deltas, scale) = (load(row, start, count), load(scale, start, count));
                let kept = load(kept, start, count);
                for lane in 0..LANES {
                    deltas[lane] *= scale[lane];
                    sums[lane] += deltas[lane];
                    products[lane] = deltas[lane].mul_add(kept[lane], products[lane]);
                }
                store(row, start, count, &deltas);
            });
            let mean = if centred { fold(sums) / all } else { T::ZERO };
            let product = fold(products) / all;
            by_blocks!(width, start, count => {
                let (mut deltas, kept) = (load(row, start, count), load(kept, start, count));
                for lane in 0..LANES {
                    deltas[lane] = (deltas[lane] - mean - kept[lane] * product) * *inverse;
                }
                store(row, start, count, &deltas);
            });
        }
    }
}
