//! Layers of arithmetic units: neural accumulators, logic, addition, multiplication and power units, forward and
//! backward. Their definitions are those of the papers named at [`LayerKind`].
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use std::f64::consts::PI;

use super::elementwise::{change, change_two, map, map_three, map_two};
use super::kernels::{LANES, column_sums, fold, kernel};
use super::lanes::Vectors;
use super::layout::{Places, two};
use super::memory::Aligned;
use super::product::{Matrix, Panel, multiply};
use crate::config::LayerKind;
use crate::network::unit::logistic;
use crate::network::{LOGARITHM_EPSILON, Real};

/// The memory of one layer of arithmetic units.
#[derive(Debug)]
pub struct Arithmetic<T> {
    kind: LayerKind,
    inputs: usize,
    outputs: usize,
    /// Effective weights, their gradient, and room for a second one, `[inputs, outputs]`.
    weights: Aligned<T>,
    gradient: Aligned<T>,
    other: Aligned<T>,
    /// Logarithms of the inputs, and what else a unit makes of them, `[rows, inputs]`.
    logarithms: Aligned<T>,
    turns: Aligned<T>,
    back: Aligned<T>,
    /// Three terms of the outputs, `[rows, outputs]`.
    terms: [Aligned<T>; 3],
}

impl<T: Vectors> Arithmetic<T> {
    /// Memory for so many rows.
    pub fn new(kind: LayerKind, rows: usize, (inputs, outputs): (usize, usize)) -> Self {
        use LayerKind as K;
        let only = |kinds: &[LayerKind], len: usize| Aligned::zeros(if kinds.contains(&kind) { len } else { 0 });
        let (area, wide, tall) = (inputs * outputs, rows * inputs, rows * outputs);
        Self {
            kind,
            inputs,
            outputs,
            weights: only(&[K::Nac, K::Nalu, K::Nmu], area),
            gradient: only(&[K::Nac, K::Nalu, K::RealNpu], area),
            other: only(&[K::Nac, K::Nalu, K::RealNpu], area),
            logarithms: only(&[K::Nalu, K::RealNpu], wide),
            turns: only(&[K::RealNpu], wide),
            back: only(&[K::Nalu, K::RealNpu], wide),
            terms: [(); 3].map(|()| only(&[K::Nalu, K::RealNpu], tall)),
        }
    }

    /// Outputs of the layer.
    pub fn forward(&mut self, p: &[T], at: &Places, x: &[T], y: &mut [T], panel: &mut Panel<T>) {
        let (rows, outputs) = (x.len() / self.inputs, self.outputs);
        let x_matrix = Matrix::new(x, self.inputs);
        let epsilon = T::from_f64(LOGARITHM_EPSILON);
        match self.kind {
            LayerKind::Dense | LayerKind::Nau => {
                multiply(x_matrix, Matrix::new(&p[at.weight.clone()], outputs), y, panel);
            }
            LayerKind::Nac => {
                self.make_weights(p, at);
                multiply(x_matrix, Matrix::new(&self.weights, outputs), y, panel);
            }
            LayerKind::Nalu => {
                self.make_weights(p, at);
                let [sums, powers, gates] = &mut self.terms;
                let (sums, powers, gates) =
                    (&mut sums[..rows * outputs], &mut powers[..rows * outputs], &mut gates[..rows * outputs]);
                let logarithms = &mut self.logarithms[..x.len()];
                map(logarithms, x, |x| (x.abs() + epsilon).ln());
                let weights = Matrix::new(&self.weights, outputs);
                multiply(x_matrix, weights, sums, panel);
                multiply(Matrix::new(logarithms, self.inputs), weights, y, panel);
                map(powers, y, Real::exp);
                multiply(x_matrix, Matrix::new(&p[at.gate.clone()], outputs), y, panel);
                map(gates, y, logistic);
                map_three(y, sums, powers, gates, |a, m, g| g * a + (T::ONE - g) * m);
            }
            LayerKind::Nmu => products(x, self.inputs, &p[at.weight.clone()], y),
            LayerKind::RealNpu => {
                let [sizes, angles, _] = &mut self.terms;
                let (sizes, angles) = (&mut sizes[..rows * outputs], &mut angles[..rows * outputs]);
                let (logarithms, turns) = (&mut self.logarithms[..x.len()], &mut self.turns[..x.len()]);
                gated(x, &p[at.gate.clone()], logarithms, turns);
                let weights = Matrix::new(&p[at.weight.clone()], outputs);
                multiply(Matrix::new(logarithms, self.inputs), weights, sizes, panel);
                multiply(Matrix::new(turns, self.inputs), weights, angles, panel);
                sizes.iter_mut().for_each(|size| *size = Real::exp(*size));
                map_two(y, sizes, angles, |size, angle| size * angle.cos());
            }
        }
    }

    /// From deltas of the outputs: gradients of the layer's parameters, and deltas of its inputs where they are wanted.
    pub fn back(
        &mut self,
        p: &[T],
        at: &Places,
        x: &[T],
        deltas: &[T],
        gradient: &mut [T],
        before: Option<&mut [T]>,
        panel: &mut Panel<T>,
    ) {
        let (rows, inputs, outputs) = (x.len() / self.inputs, self.inputs, self.outputs);
        let (x_matrix, d_matrix) = (Matrix::new(x, inputs), Matrix::new(deltas, outputs));
        let epsilon = T::from_f64(LOGARITHM_EPSILON);
        match self.kind {
            LayerKind::Dense | LayerKind::Nau => {
                multiply(x_matrix.transposed(), d_matrix, &mut gradient[at.weight.clone()], panel);
                if let Some(before) = before {
                    multiply(d_matrix, Matrix::new(&p[at.weight.clone()], outputs).transposed(), before, panel);
                }
            }
            LayerKind::Nac => {
                multiply(x_matrix.transposed(), d_matrix, &mut self.gradient, panel);
                self.unmake_weights(p, at, gradient);
                if let Some(before) = before {
                    multiply(d_matrix, Matrix::new(&self.weights, outputs).transposed(), before, panel);
                }
            }
            LayerKind::Nalu => {
                let [sums, powers, gates] = &mut self.terms;
                let (sums, powers, gates) =
                    (&mut sums[..rows * outputs], &mut powers[..rows * outputs], &mut gates[..rows * outputs]);
                // Each term becomes its own delta: of the sums, of the exponents, of the gates' sums.
                for (((a, m), g), delta) in sums.iter_mut().zip(powers.iter_mut()).zip(gates.iter_mut()).zip(deltas) {
                    let (sum, power, gate) = (*a, *m, *g);
                    *a = *delta * gate;
                    *m = *delta * (T::ONE - gate) * power;
                    *g = *delta * (sum - power) * gate * (T::ONE - gate);
                }
                let logarithms = Matrix::new(&self.logarithms[..x.len()], inputs);
                let (sums, powers, gates) =
                    (Matrix::new(sums, outputs), Matrix::new(powers, outputs), Matrix::new(gates, outputs));
                multiply(x_matrix.transposed(), sums, &mut self.gradient, panel);
                multiply(logarithms.transposed(), powers, &mut self.other, panel);
                change(&mut self.gradient, &self.other, |a, b| a + b);
                multiply(x_matrix.transposed(), gates, &mut gradient[at.gate.clone()], panel);
                if let Some(before) = before {
                    let weights = Matrix::new(&self.weights, outputs).transposed();
                    let back = &mut self.back[..x.len()];
                    multiply(powers, weights, before, panel);
                    change(before, x, |d, x| d * sign(x) / (x.abs() + epsilon));
                    multiply(sums, weights, back, panel);
                    change(before, back, |a, b| a + b);
                    multiply(gates, Matrix::new(&p[at.gate.clone()], outputs).transposed(), back, panel);
                    change(before, back, |a, b| a + b);
                }
                self.unmake_weights(p, at, gradient);
            }
            LayerKind::Nmu => {
                let room = &mut self.weights;
                let weights = &p[at.weight.clone()];
                let gradient = &mut gradient[at.weight.clone()];
                products_back(x, inputs, weights, deltas, gradient, before.unwrap_or(&mut []), room);
            }
            LayerKind::RealNpu => self.power_back(p, at, x, deltas, gradient, before, panel),
        }
    }

    fn power_back(
        &mut self,
        p: &[T],
        at: &Places,
        x: &[T],
        deltas: &[T],
        gradient: &mut [T],
        before: Option<&mut [T]>,
        panel: &mut Panel<T>,
    ) {
        let (rows, inputs, outputs) = (x.len() / self.inputs, self.inputs, self.outputs);
        let epsilon = T::from_f64(LOGARITHM_EPSILON);
        let [sizes, angles, exponents] = &mut self.terms;
        let (sizes, angles, exponents) =
            (&sizes[..rows * outputs], &mut angles[..rows * outputs], &mut exponents[..rows * outputs]);
        map_three(exponents, deltas, sizes, angles, |d, size, angle| d * size * angle.cos());
        change_two(angles, deltas, sizes, |angle, d, size| -(d * size * angle.sin()));
        let (logarithms, turns) = (&mut self.logarithms[..x.len()], &mut self.turns[..x.len()]);
        let (exponents, angles) = (Matrix::new(exponents, outputs), Matrix::new(angles, outputs));
        let weight_gradient = &mut gradient[at.weight.clone()];
        multiply(Matrix::new(logarithms, inputs).transposed(), exponents, weight_gradient, panel);
        multiply(Matrix::new(turns, inputs).transposed(), angles, &mut self.other, panel);
        change(weight_gradient, &self.other, |a, b| a + b);

        let weights = Matrix::new(&p[at.weight.clone()], outputs).transposed();
        let back = &mut self.back[..x.len()];
        multiply(exponents, weights, back, panel);
        multiply(angles, weights, turns, panel);
        let gates = &p[at.gate.clone()];
        // `back` becomes the delta of r; `logarithms` that of the gates, row by row; `before` that of the inputs.
        change(back, logarithms, |d, logarithm| d / Real::exp(logarithm));
        for ((row, x), (back, turns)) in logarithms
            .chunks_exact_mut(inputs)
            .zip(x.chunks_exact(inputs))
            .zip(back.chunks_exact(inputs).zip(turns.chunks_exact(inputs)))
        {
            for (input, out) in row.iter_mut().enumerate() {
                let turned = if x[input] < T::ZERO { T::from_f64(PI) * turns[input] } else { T::ZERO };
                *out = back[input] * (x[input].abs() + epsilon - T::ONE) + turned;
            }
        }
        let gate_gradient = &mut gradient[at.gate.clone()];
        column_sums(logarithms, inputs, gate_gradient);
        for (gradient, gate) in gate_gradient.iter_mut().zip(gates) {
            if *gate < T::ZERO || *gate > T::ONE {
                *gradient = T::ZERO;
            }
        }
        if let Some(before) = before {
            for ((before, back), x) in
                before.chunks_exact_mut(inputs).zip(back.chunks_exact(inputs)).zip(x.chunks_exact(inputs))
            {
                for (input, before) in before.iter_mut().enumerate() {
                    *before = back[input] * open(gates[input]) * sign(x[input]);
                }
            }
        }
    }

    /// W = tanh(Ŵ)·σ(M̂).
    fn make_weights(&mut self, p: &[T], at: &Places) {
        let (signs, sizes) = (&p[at.weight.clone()], &p[at.magnitude.clone()]);
        map_two(&mut self.weights, signs, sizes, |w, m| w.tanh() * logistic(m));
    }

    /// From the gradient of W, those of Ŵ and M̂.
    fn unmake_weights(&mut self, p: &[T], at: &Places, gradient: &mut [T]) {
        let (signs, sizes) = (&p[at.weight.clone()], &p[at.magnitude.clone()]);
        let (of_signs, of_sizes) = two(gradient, at.weight.clone(), at.magnitude.clone());
        map_three(of_signs, &self.gradient, signs, sizes, |d, w, m| {
            let bent = w.tanh();
            d * logistic(m) * (T::ONE - bent * bent)
        });
        map_three(of_sizes, &self.gradient, signs, sizes, |d, w, m| {
            let share = logistic(m);
            d * w.tanh() * share * (T::ONE - share)
        });
    }
}

/// −1, 0 or 1.
#[inline(always)]
fn sign<T: Real>(x: T) -> T {
    if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        -T::ONE
    } else {
        T::ZERO
    }
}

/// A gate kept within [0, 1].
#[inline(always)]
fn open<T: Real>(gate: T) -> T {
    if gate < T::ZERO {
        T::ZERO
    } else if gate > T::ONE {
        T::ONE
    } else {
        gate
    }
}

kernel! {
    /// The real neural power unit's ln r and k of every input.
    fn gated<T: Real>(x: &[T], gates: &[T], logarithms: &mut [T], turns: &mut [T]) {
        let (epsilon, pi) = (T::from_f64(LOGARITHM_EPSILON), T::from_f64(PI));
        let width = gates.len();
        let rows = x.chunks_exact(width).zip(logarithms.chunks_exact_mut(width)).zip(turns.chunks_exact_mut(width));
        for ((x, logarithms), turns) in rows {
            for input in 0..width {
                let gate = open(gates[input]);
                logarithms[input] = (gate * (x[input].abs() + epsilon) + T::ONE - gate).ln();
                turns[input] = if x[input] < T::ZERO { gate * pi } else { T::ZERO };
            }
        }
    }
}

kernel! {
    /// Multiplication units: `y = ∏ (w·x + 1 − w)` over the inputs, weights `[inputs, outputs]`.
    fn products<T: Real>(x: &[T], inputs: usize, weights: &[T], y: &mut [T]) {
        let outputs = weights.len() / inputs;
        for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)) {
            y.fill(T::ONE);
            for (x, weights) in x.iter().zip(weights.chunks_exact(outputs)) {
                let less = *x - T::ONE;
                y.iter_mut().zip(weights).for_each(|(y, w)| *y *= w.mul_add(less, T::ONE));
            }
        }
    }
}

kernel! {
    /// The way back through [`products`]; `room` is `[inputs, outputs]`, `before` empty where it is not wanted.
    fn products_back<T: Real>(
        x: &[T], inputs: usize, weights: &[T], deltas: &[T], gradient: &mut [T], before: &mut [T], room: &mut [T],
    ) {
        let outputs = weights.len() / inputs;
        gradient.fill(T::ZERO);
        for (row, (x, deltas)) in x.chunks_exact(inputs).zip(deltas.chunks_exact(outputs)).enumerate() {
            // Deltas times the product of the factors before each input.
            room[..outputs].copy_from_slice(deltas);
            for input in 1..inputs {
                let (done, rest) = room.split_at_mut(input * outputs);
                let less = x[input - 1] - T::ONE;
                let weights = &weights[(input - 1) * outputs..input * outputs];
                for ((here, before), w) in rest.iter_mut().zip(&done[(input - 1) * outputs..]).zip(weights) {
                    *here = *before * w.mul_add(less, T::ONE);
                }
            }
            // From the last input to the first, times the product of the factors behind it.
            let mut behind = [T::ONE; LANES];
            for start in (0..outputs).step_by(LANES) {
                let block = LANES.min(outputs - start);
                behind.fill(T::ONE);
                for input in (0..inputs).rev() {
                    let less = x[input] - T::ONE;
                    let at = input * outputs + start;
                    let mut sums = [T::ZERO; LANES];
                    for lane in 0..block {
                        let delta = room[at + lane] * behind[lane];
                        let w = weights[at + lane];
                        gradient[at + lane] = delta.mul_add(less, gradient[at + lane]);
                        sums[lane] = delta * w;
                        behind[lane] *= w.mul_add(less, T::ONE);
                    }
                    if let Some(before) = before.get_mut(row * inputs + input) {
                        *before = if start == 0 { fold(sums) } else { *before + fold(sums) };
                    }
                }
            }
        }
    }
}
