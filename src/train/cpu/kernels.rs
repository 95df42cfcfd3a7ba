//! Fused loops over one run's memory, compiled for each vector unit and chosen at run time.
//!
//! Every sum has one order that does not depend on the vector unit: down a column one row after the other, along a row
//! in [`LANES`] partial sums. So the bits are the same on every machine.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::super::loss::Penalty;
use crate::network::{Real, Unit};

/// Numbers that a loop takes at a time; partial sums of a sum along a row.
pub const LANES: usize = 16;

/// The vector unit that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorUnit {
    /// 512 bits.
    Avx512,
    /// 256 bits with fused multiply-add.
    Avx2,
    /// What every x86-64 has; fused multiply-adds are emulated.
    Baseline,
}

/// The widest vector unit here.
#[inline]
#[must_use]
pub fn vector_unit() -> VectorUnit {
    #[cfg(target_arch = "x86_64")]
    {
        let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let has_avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        match (has_avx2, has_avx512) {
            (true, true) => return VectorUnit::Avx512,
            (true, false) => return VectorUnit::Avx2,
            (false, _) => {}
        }
    }
    VectorUnit::Baseline
}

/// Compiles a loop for every vector unit, behind one function that picks.
macro_rules! kernel {
    (
        $(#[$attribute:meta])*
        fn $name:ident<$($generic:ident: $bound:path),+>($($argument:ident: $type:ty),+ $(,)?) $(-> $output:ty)? $body:block
    ) => {
        $(#[$attribute])*
        pub fn $name<$($generic: $bound),+>($($argument: $type),+) $(-> $output)? {
            #[inline(always)]
            fn body<$($generic: $bound),+>($($argument: $type),+) $(-> $output)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512<$($generic: $bound),+>($($argument: $type),+) $(-> $output)? {
                body::<$($generic),+>($($argument),+)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2<$($generic: $bound),+>($($argument: $type),+) $(-> $output)? {
                body::<$($generic),+>($($argument),+)
            }

            match $crate::train::cpu::kernels::vector_unit() {
                // SAFETY: `vector_unit` has asked the processor for every feature that these are compiled for.
                #[cfg(target_arch = "x86_64")]
                $crate::train::cpu::kernels::VectorUnit::Avx512 => unsafe { avx512::<$($generic),+>($($argument),+) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::train::cpu::kernels::VectorUnit::Avx2 => unsafe { avx2::<$($generic),+>($($argument),+) },
                _ => body::<$($generic),+>($($argument),+),
            }
        }
    };
}
pub(super) use kernel;

/// The numbers of a block of columns in a row.
#[inline(always)]
fn block<T: Real>(row: &[T], start: usize) -> &[T; LANES] {
    row[start..start + LANES].try_into().expect("a block has its length")
}

/// As [`block`], to write to.
#[inline(always)]
fn block_mut<T: Real>(row: &mut [T], start: usize) -> &mut [T; LANES] {
    (&mut row[start..start + LANES]).try_into().expect("a block has its length")
}

/// Runs `$whole` for every whole block of columns and `$rest` for the columns behind them.
macro_rules! by_blocks {
    ($width:expr, $start:ident => $whole:block, $range:ident => $rest:block) => {
        let whole = $width / LANES * LANES;
        for $start in (0..whole).step_by(LANES) $whole
        if whole < $width {
            let $range = whole..$width;
            $rest
        }
    };
}

/// Adds up partial sums, halves onto halves.
#[inline(always)]
pub fn fold<T: Real>(lanes: [T; LANES]) -> T {
    let eight: [T; 8] = std::array::from_fn(|lane| lanes[lane] + lanes[lane + 8]);
    let four: [T; 4] = std::array::from_fn(|lane| eight[lane] + eight[lane + 4]);
    let two: [T; 2] = std::array::from_fn(|lane| four[lane] + four[lane + 2]);
    two[0] + two[1]
}

kernel! {
    /// Adds `bias` to every row of `sums` (nothing where it is empty) and applies the unit in place.
    fn bias_and_unit<T: Real, U: Unit>(sums: &mut [T], bias: &[T], width: usize, unit: U) {
        if bias.is_empty() {
            sums.iter_mut().for_each(|sum| *sum = unit.value(*sum));
            return;
        }
        by_blocks!(width, start => {
            let bias = *block(bias, start);
            for row in sums.chunks_exact_mut(width) {
                let sums = block_mut(row, start);
                for lane in 0..LANES {
                    sums[lane] = unit.value(sums[lane] + bias[lane]);
                }
            }
        }, range => {
            for row in sums.chunks_exact_mut(width) {
                for (sum, bias) in row[range.clone()].iter_mut().zip(&bias[range.clone()]) {
                    *sum = unit.value(*sum + *bias);
                }
            }
        });
    }
}

kernel! {
    /// Adds `bias` to every row of `sums`, which are kept, and puts the unit's values into `values`.
    fn bias_and_unit_apart<T: Real, U: Unit>(sums: &mut [T], bias: &[T], width: usize, values: &mut [T], unit: U) {
        if !bias.is_empty() {
            for row in sums.chunks_exact_mut(width) {
                row.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += *bias);
            }
        }
        values.iter_mut().zip(sums).for_each(|(value, sum)| *value = unit.value(*sum));
    }
}

kernel! {
    /// Multiplies deltas by the unit's derivative and sums them over rows into the bias gradient (where there is one).
    fn unit_back<T: Real, U: Unit>(deltas: &mut [T], kept: &[T], width: usize, bias_gradient: &mut [T], unit: U) {
        if bias_gradient.is_empty() {
            deltas.iter_mut().zip(kept).for_each(|(delta, kept)| *delta *= unit.derivative(*kept));
            return;
        }
        by_blocks!(width, start => {
            let mut sums = [T::ZERO; LANES];
            for (deltas, kept) in deltas.chunks_exact_mut(width).zip(kept.chunks_exact(width)) {
                let (deltas, kept) = (block_mut(deltas, start), block(kept, start));
                for lane in 0..LANES {
                    deltas[lane] *= unit.derivative(kept[lane]);
                    sums[lane] += deltas[lane];
                }
            }
            *block_mut(bias_gradient, start) = sums;
        }, range => {
            let bias_gradient = &mut bias_gradient[range.clone()];
            bias_gradient.fill(T::ZERO);
            for (deltas, kept) in deltas.chunks_exact_mut(width).zip(kept.chunks_exact(width)) {
                let deltas = deltas[range.clone()].iter_mut().zip(&kept[range.clone()]);
                for ((delta, kept), sum) in deltas.zip(bias_gradient.iter_mut()) {
                    *delta *= unit.derivative(*kept);
                    *sum += *delta;
                }
            }
        });
    }
}

kernel! {
    /// Values of a dense layer of one input: `unit(input · weight + bias)`, `bias` perhaps empty.
    fn one_input<T: Real, U: Unit>(inputs: &[T], weights: &[T], bias: &[T], values: &mut [T], unit: U) {
        let width = weights.len();
        by_blocks!(width, start => {
            let weights = *block(weights, start);
            let bias = if bias.is_empty() { [T::ZERO; LANES] } else { *block(bias, start) };
            for (input, row) in inputs.iter().zip(values.chunks_exact_mut(width)) {
                let values = block_mut(row, start);
                for lane in 0..LANES {
                    values[lane] = unit.value(input.mul_add(weights[lane], bias[lane]));
                }
            }
        }, range => {
            for (input, row) in inputs.iter().zip(values.chunks_exact_mut(width)) {
                for column in range.clone() {
                    let bias = bias.get(column).copied().unwrap_or(T::ZERO);
                    row[column] = unit.value(input.mul_add(weights[column], bias));
                }
            }
        });
    }
}

kernel! {
    /// Gradients of a dense layer of one input from the deltas of its values, where the unit's derivative comes from
    /// its value: of its weights, and of its biases where there are any.
    fn one_input_back<T: Real, U: Unit>(
        inputs: &[T], deltas: &[T], kept: &[T], gradient: &mut [T], bias_gradient: &mut [T], unit: U,
    ) {
        let width = gradient.len();
        by_blocks!(width, start => {
            let (mut sums, mut bias_sums) = ([T::ZERO; LANES], [T::ZERO; LANES]);
            for ((input, deltas), kept) in inputs.iter().zip(deltas.chunks_exact(width)).zip(kept.chunks_exact(width)) {
                let (deltas, kept) = (block(deltas, start), block(kept, start));
                for lane in 0..LANES {
                    let delta = deltas[lane] * unit.derivative(kept[lane]);
                    bias_sums[lane] += delta;
                    sums[lane] = input.mul_add(delta, sums[lane]);
                }
            }
            *block_mut(gradient, start) = sums;
            if !bias_gradient.is_empty() {
                *block_mut(bias_gradient, start) = bias_sums;
            }
        }, range => {
            for column in range {
                let (mut sum, mut bias_sum) = (T::ZERO, T::ZERO);
                for ((input, deltas), kept) in inputs.iter().zip(deltas.chunks_exact(width)).zip(kept.chunks_exact(width)) {
                    let delta = deltas[column] * unit.derivative(kept[column]);
                    bias_sum += delta;
                    sum = input.mul_add(delta, sum);
                }
                gradient[column] = sum;
                if let Some(place) = bias_gradient.get_mut(column) {
                    *place = bias_sum;
                }
            }
        });
    }
}

kernel! {
    /// Weighted sums of the last layer, which has one output: a dot product a row.
    fn answers<T: Real>(inputs: &[T], weights: &[T], bias: &[T], sums: &mut [T]) {
        let bias = bias.first().copied().unwrap_or(T::ZERO);
        let whole = weights.len() / LANES * LANES;
        for (inputs, sum) in inputs.chunks_exact(weights.len()).zip(sums) {
            let mut lanes = [T::ZERO; LANES];
            for start in (0..whole).step_by(LANES) {
                let (inputs, weights) = (block(inputs, start), block(weights, start));
                for lane in 0..LANES {
                    lanes[lane] = inputs[lane].mul_add(weights[lane], lanes[lane]);
                }
            }
            for (lane, (input, weight)) in inputs[whole..].iter().zip(&weights[whole..]).enumerate() {
                lanes[lane] = input.mul_add(*weight, lanes[lane]);
            }
            *sum = fold(lanes) + bias;
        }
    }
}

kernel! {
    /// From the deltas of the answers, one a row: gradient of the last layer's weights, `inputsᵀ · deltas`.
    fn answers_gradient<T: Real>(inputs: &[T], deltas: &[T], gradient: &mut [T]) {
        let width = gradient.len();
        by_blocks!(width, start => {
            let mut sums = [T::ZERO; LANES];
            for (inputs, delta) in inputs.chunks_exact(width).zip(deltas) {
                let inputs = block(inputs, start);
                for lane in 0..LANES {
                    sums[lane] = inputs[lane].mul_add(*delta, sums[lane]);
                }
            }
            *block_mut(gradient, start) = sums;
        }, range => {
            let gradient = &mut gradient[range.clone()];
            gradient.fill(T::ZERO);
            for (inputs, delta) in inputs.chunks_exact(width).zip(deltas) {
                let inputs = &inputs[range.clone()];
                gradient.iter_mut().zip(inputs).for_each(|(sum, input)| *sum = input.mul_add(*delta, *sum));
            }
        });
    }
}

kernel! {
    /// Deltas of the last layer's inputs: `outer(deltas, weights)`.
    fn answers_back<T: Real>(deltas: &[T], weights: &[T], back: &mut [T]) {
        let width = weights.len();
        by_blocks!(width, start => {
            let weights = *block(weights, start);
            for (delta, back) in deltas.iter().zip(back.chunks_exact_mut(width)) {
                let back = block_mut(back, start);
                for lane in 0..LANES {
                    back[lane] = *delta * weights[lane];
                }
            }
        }, range => {
            for (delta, back) in deltas.iter().zip(back.chunks_exact_mut(width)) {
                back[range.clone()].iter_mut().zip(&weights[range.clone()]).for_each(|(back, weight)| *back = *delta * *weight);
            }
        });
    }
}

kernel! {
    /// Sums of all rows.
    fn column_sums<T: Real>(rows: &[T], width: usize, sums: &mut [T]) {
        sums.fill(T::ZERO);
        for row in rows.chunks_exact(width) {
            sums.iter_mut().zip(row).for_each(|(sum, number)| *sum += *number);
        }
    }
}

kernel! {
    /// Sum of squares, in f64.
    fn squares<T: Real>(numbers: &[T]) -> f64 {
        let mut lanes = [0.0; LANES];
        let blocks = numbers.chunks_exact(LANES);
        for (lane, number) in blocks.remainder().iter().enumerate() {
            lanes[lane] = number.to_f64() * number.to_f64();
        }
        for numbers in blocks {
            for lane in 0..LANES {
                let number = numbers[lane].to_f64();
                lanes[lane] = number.mul_add(number, lanes[lane]);
            }
        }
        fold(lanes)
    }
}

kernel! {
    /// Losses and squared errors of a batch, summed, and the gradient of the mean loss by the answers.
    fn errors<T: Real, P: Penalty>(answers: &[T], targets: &[T], deltas: &mut [T], penalty: P) -> (f64, f64) {
        let count = T::from_f64(answers.len() as f64);
        let (mut losses, mut squares) = ([0.0; LANES], [0.0; LANES]);
        let whole = answers.len() / LANES * LANES;
        for start in (0..whole).step_by(LANES) {
            let (answers, targets, deltas) = (block(answers, start), block(targets, start), block_mut(deltas, start));
            for lane in 0..LANES {
                let error = answers[lane] - targets[lane];
                deltas[lane] = penalty.derivative(error) / count;
                losses[lane] += penalty.value(error).to_f64();
                squares[lane] = error.to_f64().mul_add(error.to_f64(), squares[lane]);
            }
        }
        for (lane, row) in (whole..answers.len()).enumerate() {
            let error = answers[row] - targets[row];
            deltas[row] = penalty.derivative(error) / count;
            losses[lane] += penalty.value(error).to_f64();
            squares[lane] = error.to_f64().mul_add(error.to_f64(), squares[lane]);
        }
        (fold(losses), fold(squares))
    }
}
