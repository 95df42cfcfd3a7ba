//! How a run's parameters follow its gradient: one fused loop over all of them for each optimizer.

use super::elementwise::{change, change_both, change_three};
use super::kernels::squares;
use super::layout::Layout;
use super::memory::Aligned;
use crate::config::{Configuration, LayerKind, Optimizer};
use crate::network::{Real, Role};
use crate::train::keep::Keep;
use crate::train::rates::{Nadam, Rates, power};

/// What `PyTorch` adds to a norm before it divides by it to clip.
const CLIP_EPSILON: f64 = 1e-6;

/// What an optimizer remembers of a run, beside its parameters.
#[derive(Debug)]
pub struct Memory<T> {
    /// Running mean of gradients, or momentum.
    first: Aligned<T>,
    /// Running mean, or sum, of squared gradients.
    second: Aligned<T>,
    nadam: Nadam,
}

impl<T: Real> Memory<T> {
    /// Nothing yet, for so many parameters.
    pub fn new(c: &Configuration, len: usize) -> Self {
        use Optimizer as O;
        let has_first = c.optimizer.is_adam() || (matches!(c.optimizer, O::Sgd | O::Rmsprop) && c.momentum > 0.0);
        let has_second = c.optimizer.is_adam() || matches!(c.optimizer, O::Rmsprop | O::Adagrad);
        let zeros = |has: bool| Aligned::zeros(if has { len } else { 0 });
        Self { first: zeros(has_first), second: zeros(has_second), nadam: Nadam::default() }
    }

    /// Walks over what is remembered.
    pub fn state(&mut self, keep: &mut Keep<'_>) {
        keep.reals(&mut self.first);
        keep.reals(&mut self.second);
        self.nadam.state(keep);
    }

    /// Takes a step: clips and decays the gradient as configured, then moves `values` against it. Gives the norm of the
    /// gradient as it came, where `wanted` or where clipping needs it.
    pub fn step(
        &mut self,
        c: &Configuration,
        layout: &Layout,
        rates: &Rates,
        (values, gradient): (&mut [T], &mut [T]),
        wanted: bool,
    ) -> f64 {
        penalize(c, layout, rates, values, gradient);
        let norm = if wanted || c.clip_norm.is_some() { squares(gradient).sqrt() } else { 0.0 };
        if let Some(limit) = c.clip_norm
            && norm + CLIP_EPSILON > limit
        {
            let factor = T::from_f64(limit / (norm + CLIP_EPSILON));
            gradient.iter_mut().for_each(|g| *g *= factor);
        }
        if c.weight_decay > 0.0 {
            let decay = T::from_f64(c.weight_decay);
            if c.optimizer == Optimizer::Adamw {
                let kept = T::from_f64(1.0 - rates.learning_rate * c.weight_decay);
                values.iter_mut().for_each(|value| *value *= kept);
            } else {
                change(gradient, values, |g, w| w.mul_add(decay, g));
            }
        }
        self.follow(c, rates, values, gradient);
        clamp(c, layout, values);
        norm
    }

    fn follow(&mut self, c: &Configuration, rates: &Rates, values: &mut [T], gradient: &[T]) {
        let number = T::from_f64;
        let (rate, epsilon) = (number(rates.learning_rate), number(c.epsilon));
        let (new_first, new_second) = (number(1.0 - c.beta1), number(1.0 - c.beta2));
        let momentum = number(c.momentum);
        match c.optimizer {
            // Kingma and Ba 2015, in the "more efficient" order at the end of section 2, which Keras follows.
            Optimizer::Adam | Optimizer::Adamw => {
                let (mean, square) = (1.0 - power(c.beta1, rates.step), 1.0 - power(c.beta2, rates.step));
                let rate = number(rates.learning_rate * square.sqrt() / mean);
                change_three(values, &mut self.first, &mut self.second, gradient, |w, m, v, g| {
                    let m = (g - m).mul_add(new_first, m).normal_or_zero();
                    let v = (g * g - v).mul_add(new_second, v).normal_or_zero();
                    (w - rate * m / (v.sqrt() + epsilon), m, v)
                });
            }
            Optimizer::Nadam => {
                let shares = self.nadam.step(c.beta1, rates.step);
                let square = number(1.0 - power(c.beta2, rates.step));
                let by_gradient = number(rates.learning_rate * shares.gradient);
                let by_mean = number(rates.learning_rate * shares.mean);
                change_three(values, &mut self.first, &mut self.second, gradient, |w, m, v, g| {
                    let m = (g - m).mul_add(new_first, m).normal_or_zero();
                    let v = (g * g - v).mul_add(new_second, v).normal_or_zero();
                    (w - (by_gradient * g + by_mean * m) / ((v / square).sqrt() + epsilon), m, v)
                });
            }
            Optimizer::Rmsprop if c.momentum > 0.0 => {
                change_three(values, &mut self.first, &mut self.second, gradient, |w, m, v, g| {
                    let v = (g * g - v).mul_add(new_second, v).normal_or_zero();
                    let m = momentum.mul_add(m, g / (v.sqrt() + epsilon)).normal_or_zero();
                    (w - rate * m, m, v)
                });
            }
            Optimizer::Rmsprop => change_both(values, &mut self.second, gradient, |w, v, g| {
                let v = (g * g - v).mul_add(new_second, v).normal_or_zero();
                (w - rate * g / (v.sqrt() + epsilon), v)
            }),
            Optimizer::Adagrad => change_both(values, &mut self.second, gradient, |w, v, g| {
                let v = g.mul_add(g, v);
                (w - rate * g / (v.sqrt() + epsilon), v)
            }),
            Optimizer::Sgd if c.nesterov => change_both(values, &mut self.first, gradient, |w, m, g| {
                let m = momentum.mul_add(m, g).normal_or_zero();
                (w - rate * momentum.mul_add(m, g), m)
            }),
            Optimizer::Sgd if c.momentum > 0.0 => change_both(values, &mut self.first, gradient, |w, m, g| {
                let m = momentum.mul_add(m, g).normal_or_zero();
                (w - rate * m, m)
            }),
            Optimizer::Sgd => change(values, gradient, |w, g| w - rate * g),
            Optimizer::Lbfgs => unreachable!("L-BFGS takes its own steps"),
        }
    }
}

/// The weights that a penalty draws to whole numbers, and that are kept within their ends, with those ends.
fn bounded(c: &Configuration) -> Option<(f64, f64)> {
    match c.layer {
        LayerKind::Nau => Some((-1.0, 1.0)),
        LayerKind::Nmu => Some((0.0, 1.0)),
        _ => None,
    }
}

/// The penalty itself, times its strength, in f64.
pub fn penalty<T: Real>(c: &Configuration, layout: &Layout, rates: &Rates, values: &[T]) -> f64 {
    if bounded(c).is_none() || rates.sparsity == 0.0 {
        return 0.0;
    }
    let weights = layout.places.iter().filter(|(slot, _)| slot.role == Role::Weight);
    let mean = |range: &std::ops::Range<usize>| {
        let sizes =
            values[range.clone()].iter().map(|w| if c.layer == LayerKind::Nau { w.to_f64().abs() } else { w.to_f64() });
        sizes.map(|size| size.min(1.0 - size)).sum::<f64>() / range.len() as f64
    };
    rates.sparsity * weights.map(|(_, range)| mean(range)).sum::<f64>()
}

/// Adds the gradient of the penalty: the mean over each layer's weights of their distance from the nearest whole
/// number (Madsen and Johansen 2020).
pub fn penalize<T: Real>(c: &Configuration, layout: &Layout, rates: &Rates, values: &[T], gradient: &mut [T]) {
    let Some((low, _)) = bounded(c) else { return };
    if rates.sparsity == 0.0 {
        return;
    }
    let (low, half) = (T::from_f64(low), T::from_f64(0.5));
    for (slot, range) in layout.places.iter().filter(|(slot, _)| slot.role == Role::Weight) {
        let push = T::from_f64(rates.sparsity / slot.len() as f64);
        change(&mut gradient[range.clone()], &values[range.clone()], |g, w| {
            let away = if w.abs() < half { push } else { -push };
            // At zero the distance has a corner, unless weights end there.
            let rising = w > T::ZERO || (w == T::ZERO && low == T::ZERO);
            let signed = if rising {
                away
            } else if w < T::ZERO {
                -away
            } else {
                T::ZERO
            };
            g + signed
        });
    }
}

/// Puts weights back within their ends.
pub fn clamp<T: Real>(c: &Configuration, layout: &Layout, values: &mut [T]) {
    let Some((low, high)) = bounded(c) else { return };
    let (low, high) = (T::from_f64(low), T::from_f64(high));
    for (_, range) in layout.places.iter().filter(|(slot, _)| slot.role == Role::Weight) {
        for value in &mut values[range.clone()] {
            if *value < low {
                *value = low;
            } else if *value > high {
                *value = high;
            }
        }
    }
}
