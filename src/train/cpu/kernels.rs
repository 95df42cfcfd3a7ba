//! Fused loops over one run's memory, compiled for each vector unit and chosen at run time.
//!
//! Every sum has one order that does not depend on the vector unit: down a column one row after the other, along a row
//! in [`LANES`] partial sums. So the bits are the same on every machine.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::super::loss::Penalty;
use super::activation::Slope;
use crate::network::Real;

/// Numbers that a loop takes at a time; partial sums of a sum along a row.
pub const LANES: usize = 16;

/// Rows that a sum down a column takes in turns: so many sums grow side by side, because one alone would wait for every
/// addition.
pub const TURNS: usize = 4;

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

#[cfg(test)]
impl VectorUnit {
    /// All that this processor has.
    pub fn all() -> Vec<Self> {
        let all = [Self::Baseline, Self::Avx2, Self::Avx512];
        let widest = all.iter().position(|&unit| unit == vector_unit()).expect("it is one of them");
        all[..=widest].to_vec()
    }
}

/// What tests make of this thread's vector unit.
#[cfg(test)]
pub mod pretended {
    use std::cell::Cell;

    use super::VectorUnit;

    thread_local! {
        pub(super) static UNIT: Cell<Option<VectorUnit>> = const { Cell::new(None) };
    }

    /// Does `work` as if the widest vector unit were `unit`, which must not be wider than what is there.
    pub fn with<R>(unit: VectorUnit, work: impl FnOnce() -> R) -> R {
        UNIT.set(Some(unit));
        let result = work();
        UNIT.set(None);
        result
    }
}

/// The widest vector unit here.
#[inline]
#[must_use]
pub fn vector_unit() -> VectorUnit {
    #[cfg(test)]
    if let Some(unit) = pretended::UNIT.get() {
        return unit;
    }
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
        fn $name:ident<$($generic:ident: $bound:path),+ $(,)?>($($argument:ident: $type:ty),+ $(,)?) $(-> $output:ty)? $body:block
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

/// Some numbers of a row, zeros behind them.
#[inline(always)]
pub fn load<T: Real>(row: &[T], start: usize, count: usize) -> [T; LANES] {
    if count == LANES {
        return *block(row, start);
    }
    let mut numbers = [T::ZERO; LANES];
    numbers[..count].copy_from_slice(&row[start..start + count]);
    numbers
}

/// Writes what [`load`] has read.
#[inline(always)]
pub fn store<T: Real>(row: &mut [T], start: usize, count: usize, numbers: &[T; LANES]) {
    if count == LANES {
        *block_mut(row, start) = *numbers;
    } else {
        row[start..start + count].copy_from_slice(&numbers[..count]);
    }
}

/// Runs `$body` for every block of columns, with the place of its first one and their number: whole blocks first, for
/// which that number is known when this is compiled, then what is left.
macro_rules! by_blocks {
    ($width:expr, $start:ident, $count:ident => $body:block) => {
        let whole = $width / LANES * LANES;
        for $start in (0..whole).step_by(LANES) {
            let $count = LANES;
            $body
        }
        if whole < $width {
            let ($start, $count) = (whole, $width - whole);
            $body
        }
    };
}

pub(super) use by_blocks;

/// Adds up partial sums, halves onto halves.
#[inline(always)]
pub fn fold<T: Real>(lanes: [T; LANES]) -> T {
    let eight: [T; 8] = std::array::from_fn(|lane| lanes[lane] + lanes[lane + 8]);
    let four: [T; 4] = std::array::from_fn(|lane| eight[lane] + eight[lane + 4]);
    let two: [T; 2] = std::array::from_fn(|lane| four[lane] + four[lane + 2]);
    two[0] + two[1]
}

/// Adds up the sums of all turns.
#[inline(always)]
pub fn join<T: Real>(turns: &[[T; LANES]; TURNS]) -> [T; LANES] {
    let mut sums = turns[0];
    for lane in 0..LANES {
        sums[lane] = (turns[0][lane] + turns[1][lane]) + (turns[2][lane] + turns[3][lane]);
    }
    sums
}

/// Runs `$body` for every row from 0 to `$rows`, with its number and its turn; what is left of the last round has turn 0.
/// Turns are known when this is compiled: sums that are picked at run time would not stay in registers.
macro_rules! by_turns {
    ($rows:expr, $row:ident, $turn:ident => $body:block) => {
        let whole = $rows / TURNS * TURNS;
        for first in (0..whole).step_by(TURNS) {
            by_turns!(@turn first, 0, $row, $turn => $body);
            by_turns!(@turn first, 1, $row, $turn => $body);
            by_turns!(@turn first, 2, $row, $turn => $body);
            by_turns!(@turn first, 3, $row, $turn => $body);
        }
        for row in whole..$rows {
            by_turns!(@turn row, 0, $row, $turn => $body);
        }
    };
    (@turn $first:expr, $number:literal, $row:ident, $turn:ident => $body:block) => {
        let ($row, $turn) = ($first + $number, $number);
        $body
    };
}

pub(super) use by_turns;

kernel! {
    /// Sets to zero what is below zero.
    fn rectify<T: Real>(sums: &mut [T]) {
        for sum in sums {
            // Not `max`: a NaN must stay one, or a diverged run would look healthy.
            *sum = if *sum < T::ZERO { T::ZERO } else { *sum };
        }
    }
}

kernel! {
    /// Multiplies deltas by the derivatives of their units, and sums them over rows into the bias gradient (where there
    /// is one).
    fn unit_back<T: Real, S: Slope<T>>(deltas: &mut [T], kept: &[T], width: usize, bias_gradient: &mut [T], slope: S) {
        let rows = deltas.len() / width;
        by_blocks!(width, start, count => {
            let mut sums = [[T::ZERO; LANES]; TURNS];
            by_turns!(rows, row, turn => {
                let mut numbers = load(deltas, row * width + start, count);
                if S::KEPT {
                    let kept = load(kept, row * width + start, count);
                    for lane in 0..LANES {
                        numbers[lane] *= slope.of(kept[lane]);
                    }
                    store(deltas, row * width + start, count, &numbers);
                }
                for lane in 0..LANES {
                    sums[turn][lane] += numbers[lane];
                }
            });
            if !bias_gradient.is_empty() {
                store(bias_gradient, start, count, &join(&sums));
            }
        });
    }
}

kernel! {
    /// Weighted sums of a dense layer of one input, `input · weight + bias` (`bias` perhaps empty), and what is below
    /// `least` becomes that.
    fn one_input<T: Real>(inputs: &[T], weights: &[T], bias: &[T], least: T, sums: &mut [T]) {
        let width = weights.len();
        by_blocks!(width, start, count => {
            let weights = load(weights, start, count);
            let bias = if bias.is_empty() { [T::ZERO; LANES] } else { load(bias, start, count) };
            for (input, row) in inputs.iter().zip(sums.chunks_exact_mut(width)) {
                let mut sums = bias;
                for lane in 0..LANES {
                    let sum = input.mul_add(weights[lane], bias[lane]);
                    sums[lane] = if sum < least { least } else { sum };
                }
                store(row, start, count, &sums);
            }
        });
    }
}

kernel! {
    /// Gradient of the weights of a dense layer of one input from the deltas of its sums, `inputsᵀ · deltas`.
    fn one_input_back<T: Real>(inputs: &[T], deltas: &[T], gradient: &mut [T]) {
        let (width, rows) = (gradient.len(), inputs.len());
        by_blocks!(width, start, count => {
            let mut sums = [[T::ZERO; LANES]; TURNS];
            by_turns!(rows, row, turn => {
                let deltas = load(deltas, row * width + start, count);
                for lane in 0..LANES {
                    sums[turn][lane] = inputs[row].mul_add(deltas[lane], sums[turn][lane]);
                }
            });
            store(gradient, start, count, &join(&sums));
        });
    }
}

kernel! {
    /// Weighted sums of the last layer, which has one output: a dot product a row.
    fn answers<T: Real>(inputs: &[T], weights: &[T], bias: &[T], sums: &mut [T]) {
        let bias = bias.first().copied().unwrap_or(T::ZERO);
        let width = weights.len();
        for (inputs, sum) in inputs.chunks_exact(width).zip(sums) {
            let mut lanes = [T::ZERO; LANES];
            by_blocks!(width, start, count => {
                let (inputs, weights) = (load(inputs, start, count), load(weights, start, count));
                for lane in 0..LANES {
                    lanes[lane] = inputs[lane].mul_add(weights[lane], lanes[lane]);
                }
            });
            *sum = fold(lanes) + bias;
        }
    }
}

kernel! {
    /// The last layer's way back, from the deltas of the answers, one a row: the gradient of its weights,
    /// `inputsᵀ · deltas`, and where there is room for them the deltas of its inputs, `outer(deltas, weights)`, times the
    /// derivatives of the units that these come from, and the sums of these deltas.
    fn answers_back<T: Real, S: Slope<T>>(
        inputs: &[T], deltas: &[T], weights: &[T], gradient: &mut [T], back: &mut [T], kept: &[T], sums: &mut [T],
        slope: S,
    ) {
        let (width, rows) = (weights.len(), deltas.len());
        by_blocks!(width, start, count => {
            let weights = load(weights, start, count);
            let (mut products, mut totals) = ([[T::ZERO; LANES]; TURNS], [[T::ZERO; LANES]; TURNS]);
            by_turns!(rows, row, turn => {
                let mut numbers = load(inputs, row * width + start, count);
                for lane in 0..LANES {
                    products[turn][lane] = numbers[lane].mul_add(deltas[row], products[turn][lane]);
                }
                if !back.is_empty() {
                    let kept = if S::KEPT { load(kept, row * width + start, count) } else { numbers };
                    for lane in 0..LANES {
                        numbers[lane] = deltas[row] * weights[lane] * slope.of(kept[lane]);
                        totals[turn][lane] += numbers[lane];
                    }
                    store(back, row * width + start, count, &numbers);
                }
            });
            store(gradient, start, count, &join(&products));
            if !sums.is_empty() {
                store(sums, start, count, &join(&totals));
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
    /// Losses and squared errors of a batch, summed, the gradient of the mean loss by the answers, and the sum of that.
    fn errors<T: Real, P: Penalty>(answers: &[T], targets: &[T], deltas: &mut [T], penalty: P) -> (f64, f64, T) {
        let count = T::from_f64(answers.len() as f64);
        let (mut losses, mut squares, mut sums) = ([0.0; LANES], [0.0; LANES], [T::ZERO; LANES]);
        let whole = answers.len() / LANES * LANES;
        for start in (0..whole).step_by(LANES) {
            let (answers, targets, deltas) = (block(answers, start), block(targets, start), block_mut(deltas, start));
            for lane in 0..LANES {
                let error = answers[lane] - targets[lane];
                deltas[lane] = penalty.derivative(error) / count;
                sums[lane] += deltas[lane];
                losses[lane] += penalty.value(error).to_f64();
                squares[lane] = error.to_f64().mul_add(error.to_f64(), squares[lane]);
            }
        }
        for (lane, row) in (whole..answers.len()).enumerate() {
            let error = answers[row] - targets[row];
            deltas[row] = penalty.derivative(error) / count;
            sums[lane] += deltas[row];
            losses[lane] += penalty.value(error).to_f64();
            squares[lane] = error.to_f64().mul_add(error.to_f64(), squares[lane]);
        }
        (fold(losses), fold(squares), fold(sums))
    }
}
