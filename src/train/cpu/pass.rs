//! A pass of a cohort's batch through its networks, forward and backward, all runs at once.

use tch::{TchError, Tensor};

use super::kernels;
use super::memory::Matrices;
use super::parameters::Parameters;
use crate::config::Activation;
use crate::network::{Layers, Real, derivative_from_value, with_unit};

/// Layers with at most this many inputs are multiplied by a fused loop: a matrix product that thin is all overhead.
const NARROW: usize = 4;

/// The memory of a pass over batches of a fixed number of rows.
#[derive(Debug)]
pub struct Pass<T> {
    runs: usize,
    activation: Activation,
    /// What the networks read, `[runs, rows, features]`.
    pub inputs: Matrices<T>,
    /// What they should answer, `[runs, rows, 1]`.
    pub targets: Matrices<T>,
    steps: Vec<Step<T>>,
}

/// One layer of a pass.
#[derive(Debug)]
struct Step<T> {
    /// Weighted sums; the unit's values too, where its derivative can be had from them.
    sums: Matrices<T>,
    /// The unit's values, where the sums must be kept.
    values: Option<Matrices<T>>,
    /// Gradient of the loss by the weighted sums.
    deltas: Matrices<T>,
    product: Product,
}

/// How a layer is multiplied: by libtorch, with its views, or by a fused loop.
#[derive(Debug)]
enum Product {
    Libtorch(Box<Views>),
    Narrow,
    Answer,
}

/// Views for the three matrix products of a layer.
#[derive(Debug)]
struct Views {
    inputs: Tensor,
    inputs_transposed: Tensor,
    input_deltas: Option<Tensor>,
    sums: Tensor,
    deltas: Tensor,
}

impl<T> Step<T> {
    fn output(&self) -> &Matrices<T> {
        self.values.as_ref().unwrap_or(&self.sums)
    }
}

impl<T: Real> Pass<T> {
    /// Memory for batches of `rows` rows.
    pub fn new(runs: usize, rows: usize, layers: &Layers, activation: Activation) -> Result<Self, TchError> {
        let inputs = Matrices::zeros(runs, rows, layers.sizes[0].0)?;
        let targets = Matrices::zeros(runs, rows, 1)?;
        let mut steps: Vec<Step<T>> = Vec::with_capacity(layers.sizes.len());
        for (index, &(count, width)) in layers.sizes.iter().enumerate() {
            let last = index + 1 == layers.sizes.len();
            let sums = Matrices::zeros(runs, rows, width)?;
            let deltas = Matrices::zeros(runs, rows, width)?;
            let apart = !last && !derivative_from_value(activation);
            let values = if apart { Some(Matrices::zeros(runs, rows, width)?) } else { None };
            let before = steps.last();
            let product = if width == 1 {
                Product::Answer
            } else if count <= NARROW && before.is_none() {
                Product::Narrow
            } else {
                let read = before.map_or(&inputs, Step::output);
                Product::Libtorch(Box::new(Views {
                    inputs: read.view()?,
                    inputs_transposed: read.transposed()?,
                    input_deltas: before.map(|before| before.deltas.view()).transpose()?,
                    sums: sums.view()?,
                    deltas: deltas.view()?,
                }))
            };
            steps.push(Step { sums, values, deltas, product });
        }
        Ok(Self { runs, activation, inputs, targets, steps })
    }

    /// What the networks answered, `[rows]` of a run.
    pub fn answers(&self, run: usize) -> &[T] {
        self.steps[self.steps.len() - 1].sums.run(run)
    }

    /// From inputs to answers.
    pub fn forward(&mut self, parameters: &Parameters<T>) -> Result<(), TchError> {
        let last = self.steps.len() - 1;
        for index in 0..self.steps.len() {
            let (before, rest) = self.steps.split_at_mut(index);
            let step = &mut rest[0];
            let layer = &parameters.layers[index];
            let inputs = before.last().map_or(&self.inputs, Step::output);
            if let Product::Libtorch(views) = &step.product {
                let _ = views.inputs.f_bmm_out(&views.sums, &layer.weight_view)?;
            }
            for run in 0..self.runs {
                let (weights, bias) = (layer.weights.run(run), layer.biases.run(run));
                match step.product {
                    Product::Answer => {
                        kernels::answers(inputs.run(run), weights, bias, step.sums.run_mut(run));
                        // The bias is in; what follows only applies the unit, which the last layer lacks.
                        if index == last {
                            continue;
                        }
                    }
                    Product::Narrow => {
                        kernels::narrow_sums(inputs.run(run), weights, layer.weights.columns(), step.sums.run_mut(run));
                    }
                    Product::Libtorch(_) => {}
                }
                let bias = if matches!(step.product, Product::Answer) { &[] } else { bias };
                let (sums, width) = (step.sums.run_mut(run), layer.weights.columns());
                with_unit!(self.activation, U => match &mut step.values {
                    None => kernels::bias_and_unit::<T, U>(sums, bias, width),
                    Some(values) => kernels::bias_and_unit_apart::<T, U>(sums, bias, width, values.run_mut(run)),
                });
            }
        }
        Ok(())
    }

    /// From answers to gradients of all parameters; adds every run's squared errors to its loss.
    pub fn backward(&mut self, parameters: &mut Parameters<T>, losses: &mut [f64]) -> Result<(), TchError> {
        let last = self.steps.len() - 1;
        for (run, loss) in losses.iter_mut().enumerate() {
            let step = &mut self.steps[last];
            kernels::squared_error(step.sums.run(run), self.targets.run(run), step.deltas.run_mut(run), loss);
        }
        for index in (0..self.steps.len()).rev() {
            let (before, rest) = self.steps.split_at_mut(index);
            let (step, layer) = (&mut rest[0], &mut parameters.layers[index]);
            let inputs = before.last().map_or(&self.inputs, Step::output);
            for run in 0..self.runs {
                let bias_gradient = layer.bias_gradients.run_mut(run);
                let (deltas, kept, width) = (step.deltas.run_mut(run), step.sums.run(run), layer.weights.columns());
                if index == last {
                    type Linear = crate::network::unit::Linear;
                    kernels::unit_back::<T, Linear>(deltas, kept, width, bias_gradient);
                } else {
                    with_unit!(self.activation, U => kernels::unit_back::<T, U>(deltas, kept, width, bias_gradient));
                }
                let (deltas, gradient) = (step.deltas.run(run), layer.gradients.run_mut(run));
                match step.product {
                    Product::Answer => kernels::answers_gradient(inputs.run(run), deltas, gradient),
                    Product::Narrow => kernels::narrow_gradient(inputs.run(run), deltas, width, gradient),
                    Product::Libtorch(_) => {}
                }
            }
            if let Product::Libtorch(views) = &step.product {
                let _ = views.inputs_transposed.f_bmm_out(&layer.gradient_view, &views.deltas)?;
                if let Some(input_deltas) = &views.input_deltas {
                    let _ = views.deltas.f_bmm_out(input_deltas, &layer.weight_transposed)?;
                }
            } else if let Some(before) = before.last_mut() {
                for run in 0..self.runs {
                    kernels::answers_back(step.deltas.run(run), layer.weights.run(run), before.deltas.run_mut(run));
                }
            }
        }
        Ok(())
    }
}
