//! Normalization of a hidden layer's sums: over the batch, over the units, or by their root mean square; forward and
//! backward, with a learnt scale and shift.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::kernels::{LANES, fold, kernel};
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
    fn moments<T: Real>(rows: &[T], means: &mut [T], variances: &mut [T]) {
        let width = means.len();
        let count = T::from_f64((rows.len() / width) as f64);
        means.fill(T::ZERO);
        for row in rows.chunks_exact(width) {
            means.iter_mut().zip(row).for_each(|(mean, number)| *mean += *number);
        }
        means.iter_mut().for_each(|mean| *mean = *mean / count);
        variances.fill(T::ZERO);
        for row in rows.chunks_exact(width) {
            for ((variance, mean), number) in variances.iter_mut().zip(means.iter()).zip(row) {
                let away = *number - *mean;
                *variance = away.mul_add(away, *variance);
            }
        }
        variances.iter_mut().for_each(|variance| *variance = *variance / count);
    }
}

kernel! {
    /// `normalized = (sums − mean) · inverse`, `sums = normalized · scale + shift`, column by column.
    fn units_forward<T: Real>(
        sums: &mut [T], means: &[T], inverse: &[T], normalized: &mut [T], scale: &[T], shift: &[T],
    ) {
        let width = means.len();
        for (row, kept) in sums.chunks_exact_mut(width).zip(normalized.chunks_exact_mut(width)) {
            for (unit, (sum, kept)) in row.iter_mut().zip(kept).enumerate() {
                *kept = (*sum - means[unit]) * inverse[unit];
                *sum = kept.mul_add(scale[unit], shift[unit]);
            }
        }
    }
}

kernel! {
    /// Sums over rows of deltas times normalized sums, and of deltas.
    fn products<T: Real>(deltas: &[T], normalized: &[T], with: &mut [T], alone: &mut [T]) {
        let width = with.len();
        with.fill(T::ZERO);
        alone.fill(T::ZERO);
        for (deltas, normalized) in deltas.chunks_exact(width).zip(normalized.chunks_exact(width)) {
            let sums = with.iter_mut().zip(alone.iter_mut());
            for ((delta, number), (with, alone)) in deltas.iter().zip(normalized).zip(sums) {
                *with = delta.mul_add(*number, *with);
                *alone += *delta;
            }
        }
    }
}

kernel! {
    /// `delta = (delta − mean delta − normalized · mean product) · inverse · scale`, column by column.
    fn units_back<T: Real>(deltas: &mut [T], normalized: &[T], mean: &[T], product: &[T], factor: &[T]) {
        let width = mean.len();
        for (deltas, normalized) in deltas.chunks_exact_mut(width).zip(normalized.chunks_exact(width)) {
            for (unit, (delta, number)) in deltas.iter_mut().zip(normalized).enumerate() {
                *delta = (*delta - mean[unit] - *number * product[unit]) * factor[unit];
            }
        }
    }
}

/// A sum along a row of `f` of every number and its place, in partial sums.
#[inline(always)]
fn along<T: Real>(row: &[T], f: impl Fn(usize, T) -> T) -> T {
    let mut lanes = [T::ZERO; LANES];
    let blocks = row.chunks_exact(LANES);
    let rest = blocks.remainder();
    for (index, numbers) in blocks.enumerate() {
        for lane in 0..LANES {
            lanes[lane] += f(index * LANES + lane, numbers[lane]);
        }
    }
    let whole = row.len() - rest.len();
    for (lane, number) in rest.iter().enumerate() {
        lanes[lane] += f(whole + lane, *number);
    }
    fold(lanes)
}

kernel! {
    /// Every row to zero mean (where `centred`) and unit mean square, then scale and shift.
    fn rows_forward<T: Real>(
        sums: &mut [T], scale: &[T], shift: &[T], normalized: &mut [T], inverse: &mut [T], centred: bool,
    ) {
        let width = scale.len();
        let (count, epsilon) = (T::from_f64(width as f64), T::from_f64(NORM_EPSILON));
        for ((row, kept), inverse) in sums.chunks_exact_mut(width).zip(normalized.chunks_exact_mut(width)).zip(inverse) {
            let mean = if centred { along(row, |_, number| number) / count } else { T::ZERO };
            let square = along(row, |_, number| (number - mean) * (number - mean)) / count;
            *inverse = T::ONE / (square + epsilon).sqrt();
            for (unit, (sum, kept)) in row.iter_mut().zip(kept).enumerate() {
                *kept = (*sum - mean) * *inverse;
                let shift = if centred { shift[unit] } else { T::ZERO };
                *sum = kept.mul_add(scale[unit], shift);
            }
        }
    }
}

kernel! {
    /// The way back through [`rows_forward`].
    fn rows_back<T: Real>(deltas: &mut [T], normalized: &[T], inverse: &[T], scale: &[T], centred: bool) {
        let width = scale.len();
        let count = T::from_f64(width as f64);
        for ((row, numbers), inverse) in deltas.chunks_exact_mut(width).zip(normalized.chunks_exact(width)).zip(inverse) {
            row.iter_mut().zip(scale).for_each(|(delta, scale)| *delta *= *scale);
            let mean = if centred { along(row, |_, delta| delta) / count } else { T::ZERO };
            let product = along(row, |unit, delta| delta * numbers[unit]) / count;
            for (delta, number) in row.iter_mut().zip(numbers) {
                *delta = (*delta - mean - *number * product) * *inverse;
            }
        }
    }
}
