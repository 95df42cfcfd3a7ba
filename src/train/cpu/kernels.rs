//! Fused loops over one run's memory, compiled for each vector unit and chosen at run time.
//!
//! Every sum has one order that does not depend on the vector unit: over rows one after the other, over columns in
//! [`LANES`] partial sums. So the bits are the same on every machine.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use crate::network::{Real, Unit};

/// Partial sums of a dot product.
const LANES: usize = 16;

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
    ($(#[$attribute:meta])* fn $name:ident<$($generic:ident: $bound:path),+>($($argument:ident: $type:ty),+ $(,)?) $body:block) => {
        $(#[$attribute])*
        pub fn $name<$($generic: $bound),+>($($argument: $type),+) {
            #[inline(always)]
            fn body<$($generic: $bound),+>($($argument: $type),+) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512<$($generic: $bound),+>($($argument: $type),+) {
                body::<$($generic),+>($($argument),+);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2<$($generic: $bound),+>($($argument: $type),+) {
                body::<$($generic),+>($($argument),+);
            }

            match vector_unit() {
                // SAFETY: `vector_unit` has asked the processor for every feature that these are compiled for.
                #[cfg(target_arch = "x86_64")]
                VectorUnit::Avx512 => unsafe { avx512::<$($generic),+>($($argument),+) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                VectorUnit::Avx2 => unsafe { avx2::<$($generic),+>($($argument),+) },
                _ => body::<$($generic),+>($($argument),+),
            }
        }
    };
}

kernel! {
    /// Adds `bias` to every row of `sums` (or nothing where it is empty) and applies the unit in place.
    fn bias_and_unit<T: Real, U: Unit>(sums: &mut [T], bias: &[T], width: usize) {
        if bias.is_empty() {
            sums.iter_mut().for_each(|sum| *sum = U::value(*sum));
            return;
        }
        let bias = &bias[..width];
        for row in sums.chunks_exact_mut(width) {
            for (sum, bias) in row.iter_mut().zip(bias) {
                *sum = U::value(*sum + *bias);
            }
        }
    }
}

kernel! {
    /// Adds `bias` to every row of `sums`, which are kept, and puts the unit's values into `values`.
    fn bias_and_unit_apart<T: Real, U: Unit>(sums: &mut [T], bias: &[T], width: usize, values: &mut [T]) {
        for (row, values) in sums.chunks_exact_mut(width).zip(values.chunks_exact_mut(width)) {
            if !bias.is_empty() {
                row.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += *bias);
            }
            values.iter_mut().zip(row).for_each(|(value, sum)| *value = U::value(*sum));
        }
    }
}

kernel! {
    /// Weighted sums of a layer with few inputs: `sums[row] = inputs[row] · weights`, weights `[inputs, width]`.
    fn narrow_sums<T: Real>(inputs: &[T], weights: &[T], width: usize, sums: &mut [T]) {
        let count = weights.len() / width;
        for (inputs, sums) in inputs.chunks_exact(count).zip(sums.chunks_exact_mut(width)) {
            let (first, rest) = weights.split_at(width);
            sums.iter_mut().zip(first).for_each(|(sum, weight)| *sum = inputs[0] * *weight);
            for (input, weights) in inputs[1..].iter().zip(rest.chunks_exact(width)) {
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum = input.mul_add(*weight, *sum));
            }
        }
    }
}

kernel! {
    /// Gradient of the weights of a layer with few inputs: `gradient = inputsᵀ · deltas`.
    fn narrow_gradient<T: Real>(inputs: &[T], deltas: &[T], width: usize, gradient: &mut [T]) {
        let count = gradient.len() / width;
        gradient.fill(T::ZERO);
        for (inputs, deltas) in inputs.chunks_exact(count).zip(deltas.chunks_exact(width)) {
            for (input, gradient) in inputs.iter().zip(gradient.chunks_exact_mut(width)) {
                gradient.iter_mut().zip(deltas).for_each(|(sum, delta)| *sum = input.mul_add(*delta, *sum));
            }
        }
    }
}

kernel! {
    /// Weighted sums of the last layer, which has one output: a dot product a row.
    fn answers<T: Real>(inputs: &[T], weights: &[T], bias: &[T], sums: &mut [T]) {
        let bias = bias.first().copied().unwrap_or(T::ZERO);
        let whole = weights.len() / LANES * LANES;
        for (inputs, sum) in inputs.chunks_exact(weights.len()).zip(sums) {
            let mut lanes = [T::ZERO; LANES];
            for (inputs, weights) in inputs[..whole].chunks_exact(LANES).zip(weights[..whole].chunks_exact(LANES)) {
                for lane in 0..LANES {
                    lanes[lane] = inputs[lane].mul_add(weights[lane], lanes[lane]);
                }
            }
            for (lane, (input, weight)) in inputs[whole..].iter().zip(&weights[whole..]).enumerate() {
                lanes[lane] = input.mul_add(*weight, lanes[lane]);
            }
            let mut half = LANES / 2;
            while half > 0 {
                for lane in 0..half {
                    lanes[lane] += lanes[lane + half];
                }
                half /= 2;
            }
            *sum = lanes[0] + bias;
        }
    }
}

kernel! {
    /// Gradient of the last layer's weights: `gradient = inputsᵀ · deltas`, one delta a row.
    fn answers_gradient<T: Real>(inputs: &[T], deltas: &[T], gradient: &mut [T]) {
        gradient.fill(T::ZERO);
        for (inputs, delta) in inputs.chunks_exact(gradient.len()).zip(deltas) {
            gradient.iter_mut().zip(inputs).for_each(|(sum, input)| *sum = input.mul_add(*delta, *sum));
        }
    }
}

kernel! {
    /// Deltas of the last layer's inputs: `outer(deltas, weights)`.
    fn answers_back<T: Real>(deltas: &[T], weights: &[T], back: &mut [T]) {
        for (delta, back) in deltas.iter().zip(back.chunks_exact_mut(weights.len())) {
            back.iter_mut().zip(weights).for_each(|(back, weight)| *back = *delta * *weight);
        }
    }
}

kernel! {
    /// Multiplies deltas by the unit's derivative and sums them over rows into the bias gradient (where there is one).
    fn unit_back<T: Real, U: Unit>(deltas: &mut [T], kept: &[T], width: usize, bias_gradient: &mut [T]) {
        bias_gradient.fill(T::ZERO);
        for (deltas, kept) in deltas.chunks_exact_mut(width).zip(kept.chunks_exact(width)) {
            deltas.iter_mut().zip(kept).for_each(|(delta, kept)| *delta *= U::derivative(*kept));
            bias_gradient.iter_mut().zip(deltas).for_each(|(sum, delta)| *sum += *delta);
        }
    }
}

kernel! {
    /// Squared errors added to `loss`, and the gradient of their mean over the rows.
    fn squared_error<T: Real>(answers: &[T], targets: &[T], deltas: &mut [T], loss: &mut f64) {
        let factor = T::from_f64(2.0 / answers.len() as f64);
        for ((answer, target), delta) in answers.iter().zip(targets).zip(deltas) {
            let error = *answer - *target;
            *delta = error * factor;
            *loss += error.to_f64() * error.to_f64();
        }
    }
}

/// The numbers of one step of Adam.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// Learning rate, with both bias corrections in it: `rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ)`.
    pub rate: f64,
    /// Decay of the mean gradient.
    pub beta1: f64,
    /// Decay of the mean squared gradient.
    pub beta2: f64,
    /// Added to the root of the uncorrected mean squared gradient.
    pub epsilon: f64,
}

kernel! {
    /// Adam (Kingma and Ba 2015, the "more efficient" order at the end of section 2, which Keras follows).
    fn adam<T: Real>(weights: &mut [T], gradient: &[T], mean: &mut [T], square: &mut [T], step: AdamStep) {
        let (rate, epsilon) = (T::from_f64(step.rate), T::from_f64(step.epsilon));
        let (new_mean, new_square) = (T::from_f64(1.0 - step.beta1), T::from_f64(1.0 - step.beta2));
        for (((weight, gradient), mean), square) in weights.iter_mut().zip(gradient).zip(mean).zip(square) {
            *mean += (*gradient - *mean) * new_mean;
            *square += (*gradient * *gradient - *square) * new_square;
            *weight -= rate * *mean / (square.sqrt() + epsilon);
        }
    }
}

kernel! {
    /// Gradient descent.
    fn descend<T: Real>(weights: &mut [T], gradient: &[T], rate: f64) {
        let rate = T::from_f64(rate);
        weights.iter_mut().zip(gradient).for_each(|(weight, gradient)| *weight -= rate * *gradient);
    }
}
