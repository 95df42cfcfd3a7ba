//! Weights of a cohort with their gradients and the optimizer's memory.

use tch::{TchError, Tensor};

use super::kernels::{self, AdamStep};
use super::memory::Matrices;
use crate::config::Optimizer;
use crate::network::{Layers, Real};
use crate::train::rates::Rates;

/// All parameters of all runs of a cohort.
#[derive(Debug)]
pub struct Parameters<T> {
    /// First to last.
    pub layers: Vec<Layer<T>>,
    runs: usize,
    optimizer: Optimizer,
}

/// One layer's parameters.
#[derive(Debug)]
pub struct Layer<T> {
    /// `[runs, inputs, outputs]`.
    pub weights: Matrices<T>,
    /// `[runs, 1, outputs]`; no columns where there is no bias.
    pub biases: Matrices<T>,
    /// As the weights.
    pub gradients: Matrices<T>,
    /// As the biases.
    pub bias_gradients: Matrices<T>,
    /// Running means of the gradients and of their squares, of weights and biases.
    moments: Option<[Matrices<T>; 4]>,
    /// Views for matrix products.
    pub weight_view: Tensor,
    /// `[runs, outputs, inputs]`.
    pub weight_transposed: Tensor,
    /// As the weights.
    pub gradient_view: Tensor,
}

impl<T: Real> Parameters<T> {
    /// Parameters with the given initial values, one list of layers a run.
    pub fn new(layers: &Layers, optimizer: Optimizer, initial: &[Vec<(Vec<f64>, Vec<f64>)>]) -> Result<Self, TchError> {
        let runs = initial.len();
        let mut made = Vec::with_capacity(layers.sizes.len());
        for (index, &(inputs, outputs)) in layers.sizes.iter().enumerate() {
            let matrix = || Matrices::zeros(runs, inputs, outputs);
            let bias = || Matrices::zeros(runs, 1, if layers.bias { outputs } else { 0 });
            let (mut weights, mut biases, gradients) = (matrix()?, bias()?, matrix()?);
            for (run, initial) in initial.iter().enumerate() {
                copy(&initial[index].0, weights.run_mut(run));
                copy(&initial[index].1, biases.run_mut(run));
            }
            let moments = match optimizer {
                Optimizer::Adam => Some([matrix()?, matrix()?, bias()?, bias()?]),
                Optimizer::Sgd => None,
            };
            made.push(Layer {
                weight_view: weights.view()?,
                weight_transposed: weights.transposed()?,
                gradient_view: gradients.view()?,
                bias_gradients: bias()?,
                weights,
                biases,
                gradients,
                moments,
            });
        }
        Ok(Self { layers: made, runs, optimizer })
    }

    /// Moves every run's parameters against its gradients.
    pub fn update(&mut self, rates: &[Rates]) {
        for layer in &mut self.layers {
            for (run, rates) in rates.iter().enumerate().take(self.runs) {
                let weights = (layer.weights.run_mut(run), layer.gradients.run(run));
                let biases = (layer.biases.run_mut(run), layer.bias_gradients.run(run));
                match (self.optimizer, &mut layer.moments) {
                    (Optimizer::Adam, Some([mean, square, bias_mean, bias_square])) => {
                        let step = adam_step(rates);
                        kernels::adam(weights.0, weights.1, mean.run_mut(run), square.run_mut(run), step);
                        kernels::adam(biases.0, biases.1, bias_mean.run_mut(run), bias_square.run_mut(run), step);
                    }
                    (Optimizer::Adam, None) | (Optimizer::Sgd, _) => {
                        kernels::descend(weights.0, weights.1, rates.learning_rate);
                        kernels::descend(biases.0, biases.1, rates.learning_rate);
                    }
                }
            }
        }
    }

    /// Norm of a run's whole gradient.
    pub fn gradient_norm(&self, run: usize) -> f64 {
        let square = |values: &[T]| values.iter().map(|value| value.to_f64() * value.to_f64()).sum::<f64>();
        let layer = |layer: &Layer<T>| square(layer.gradients.run(run)) + square(layer.bias_gradients.run(run));
        self.layers.iter().map(layer).sum::<f64>().sqrt()
    }
}

fn adam_step(rates: &Rates) -> AdamStep {
    let (correction1, correction2) = rates.corrections();
    AdamStep {
        rate: rates.learning_rate * correction2.sqrt() / correction1,
        beta1: rates.beta1,
        beta2: rates.beta2,
        epsilon: rates.epsilon,
    }
}

fn copy<T: Real>(from: &[f64], to: &mut [T]) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = T::from_f64(from));
}
