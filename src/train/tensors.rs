//! A cohort as whole-tensor operations of libtorch on any device: the path for CUDA.

use tch::{Device, Kind, TchError, Tensor};

use super::engine::{CohortShape, EVALUATION_ROWS, Engine, Start, layer_weights};
use super::outcome::Weight;
use super::rates::Rates;
use crate::config::{Activation, Optimizer};
use crate::network::Real;

/// A cohort in a device's memory.
#[derive(Debug)]
pub struct Tensors {
    shape: CohortShape,
    device: Device,
    kind: Kind,
    runs: i64,
    /// `[runs, examples, features]`.
    features: Tensor,
    /// `[runs, examples, 1]`.
    targets: Tensor,
    /// This epoch's order, `[runs, examples, 1]`.
    order: Tensor,
    layers: Vec<Layer>,
    /// Sum of squared errors of each run in this epoch, f64.
    losses: Tensor,
}

/// One layer's weights `[runs, inputs, outputs]` and biases `[runs, 1, outputs]`.
#[derive(Debug)]
struct Layer {
    weights: Parameter,
    biases: Option<Parameter>,
}

/// A tensor that is trained.
#[derive(Debug)]
struct Parameter {
    value: Tensor,
    gradient: Tensor,
    mean: Tensor,
    square: Tensor,
}

impl Parameter {
    fn new(value: Tensor) -> Result<Self, TchError> {
        Ok(Self { gradient: value.f_zeros_like()?, mean: value.f_zeros_like()?, square: value.f_zeros_like()?, value })
    }
}

impl Tensors {
    /// Lays out a cohort on a device.
    ///
    /// # Errors
    /// When libtorch fails, for lack of memory above all.
    pub fn new<T: Real>(shape: CohortShape, starts: &[Start<T>], device: Device) -> Result<Self, TchError> {
        let _no_gradients = tch::no_grad_guard();
        let (runs, examples) = (starts.len() as i64, shape.examples as i64);
        let place = |values: Vec<f64>, sizes: [i64; 3]| {
            Tensor::f_from_slice(&values)?.f_to_kind(T::TENSOR_KIND)?.f_reshape(sizes)?.f_to_device(device)
        };
        let all = |of: fn(&Start<T>) -> &Vec<T>| starts.iter().flat_map(of).map(|value| value.to_f64()).collect();
        let features = place(all(|start| &start.features), [runs, examples, shape.layers.sizes[0].0 as i64])?;
        let targets = place(all(|start| &start.targets), [runs, examples, 1])?;
        let mut layers = Vec::with_capacity(shape.layers.sizes.len());
        for (index, &(inputs, outputs)) in shape.layers.sizes.iter().enumerate() {
            let weights = starts.iter().flat_map(|start| start.initial[index].0.iter().copied()).collect();
            let weights = Parameter::new(place(weights, [runs, inputs as i64, outputs as i64])?)?;
            let biases = starts.iter().flat_map(|start| start.initial[index].1.iter().copied()).collect();
            let biases =
                if shape.layers.bias { Some(Parameter::new(place(biases, [runs, 1, outputs as i64])?)?) } else { None };
            layers.push(Layer { weights, biases });
        }
        let order = Tensor::f_zeros([runs, examples, 1], (Kind::Int64, device))?;
        let losses = Tensor::f_zeros([runs], (Kind::Double, device))?;
        Ok(Self { shape, device, kind: T::TENSOR_KIND, runs, features, targets, order, layers, losses })
    }

    /// Weighted sums and values of every layer.
    fn forward(&self, inputs: &Tensor) -> Result<Vec<(Tensor, Tensor)>, TchError> {
        let mut passed: Vec<(Tensor, Tensor)> = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.iter().enumerate() {
            let read = passed.last().map_or(inputs, |(_, values)| values);
            let sums = match &layer.biases {
                Some(biases) => biases.value.f_baddbmm(read, &layer.weights.value, 1, 1)?,
                None => read.f_bmm(&layer.weights.value)?,
            };
            let values = if index + 1 == self.layers.len() { sums.shallow_clone() } else { self.unit(&sums)? };
            passed.push((sums, values));
        }
        Ok(passed)
    }

    fn unit(&self, sums: &Tensor) -> Result<Tensor, TchError> {
        match self.shape.activation {
            Activation::Linear => Ok(sums.shallow_clone()),
            Activation::Relu => sums.f_relu(),
            Activation::Tanh => sums.f_tanh(),
            Activation::Sigmoid => sums.f_sigmoid(),
            Activation::Gelu => sums.f_gelu("none"),
            Activation::Square => sums.f_square(),
        }
    }

    /// Deltas of the weighted sums from deltas of the values.
    fn unit_back(&self, deltas: &Tensor, sums: &Tensor, values: &Tensor) -> Result<Tensor, TchError> {
        match self.shape.activation {
            Activation::Linear => Ok(deltas.shallow_clone()),
            Activation::Relu => values.f_threshold_backward(deltas, 0),
            Activation::Tanh => Tensor::f_tanh_backward(deltas, values),
            Activation::Sigmoid => Tensor::f_sigmoid_backward(deltas, values),
            Activation::Gelu => sums.f_gelu_backward(deltas, "none"),
            Activation::Square => deltas.f_mul(sums)?.f_mul_scalar(2),
        }
    }

    fn backward(&mut self, inputs: &Tensor, passed: &[(Tensor, Tensor)], deltas: Tensor) -> Result<(), TchError> {
        let mut deltas = deltas;
        for index in (0..self.layers.len()).rev() {
            let read = if index == 0 { inputs } else { &passed[index - 1].1 };
            let layer = &mut self.layers[index];
            layer.weights.gradient = read.f_transpose(1, 2)?.f_bmm(&deltas)?;
            if let Some(biases) = &mut layer.biases {
                biases.gradient = deltas.f_sum_dim_intlist([1i64].as_slice(), true, None::<Kind>)?;
            }
            if index > 0 {
                let values = deltas.f_bmm(&layer.weights.value.f_transpose(1, 2)?)?;
                deltas = self.unit_back(&values, &passed[index - 1].0, &passed[index - 1].1)?;
            }
        }
        Ok(())
    }

    /// A number a run as `[runs, 1, 1]`.
    fn a_run(&self, rates: &[Rates], of: impl Fn(&Rates) -> f64) -> Result<Tensor, TchError> {
        let values: Vec<f64> = rates.iter().map(of).collect();
        Tensor::f_from_slice(&values)?.f_to_kind(self.kind)?.f_reshape([-1, 1, 1])?.f_to_device(self.device)
    }

    fn update(&mut self, rates: &[Rates]) -> Result<(), TchError> {
        let corrected = |rates: &Rates| {
            let (correction1, correction2) = rates.corrections();
            rates.learning_rate * correction2.sqrt() / correction1
        };
        let (plain, corrected) = (self.a_run(rates, |rates| rates.learning_rate)?, self.a_run(rates, corrected)?);
        let new_mean = self.a_run(rates, |rates| 1.0 - rates.beta1)?;
        let new_square = self.a_run(rates, |rates| 1.0 - rates.beta2)?;
        let epsilon = self.a_run(rates, |rates| rates.epsilon)?;
        let optimizer = self.shape.optimizer;
        for parameter in
            self.layers.iter_mut().flat_map(|layer| Some(&mut layer.weights).into_iter().chain(&mut layer.biases))
        {
            let Parameter { value, gradient, mean, square } = parameter;
            match optimizer {
                Optimizer::Sgd => *value = value.f_addcmul(&plain.f_neg()?, gradient)?,
                Optimizer::Adam => {
                    *mean = mean.f_addcmul(&gradient.f_sub(mean)?, &new_mean)?;
                    *square = square.f_addcmul(&gradient.f_square()?.f_sub(square)?, &new_square)?;
                    let step = mean.f_mul(&corrected)?.f_div(&square.f_sqrt()?.f_add(&epsilon)?)?;
                    *value = value.f_sub(&step)?;
                }
            }
        }
        Ok(())
    }
}

impl<T: Real> Engine<T> for Tensors {
    fn begin_epoch(&mut self, orders: Vec<Vec<u32>>) -> Result<(), TchError> {
        let order: Vec<i64> = orders.iter().flatten().map(|&row| i64::from(row)).collect();
        self.order = Tensor::f_from_slice(&order)?.f_reshape([self.runs, -1, 1])?.f_to_device(self.device)?;
        self.losses = self.losses.f_zeros_like()?;
        Ok(())
    }

    fn step(&mut self, start: usize, rows: usize, rates: &[Rates]) -> Result<(), TchError> {
        let _no_gradients = tch::no_grad_guard();
        let order = self.order.f_narrow(1, start as i64, rows as i64)?;
        let wide = order.f_expand([self.runs, rows as i64, self.features.size()[2]], false)?;
        let inputs = self.features.f_gather(1, &wide, false)?;
        let targets = self.targets.f_gather(1, &order, false)?;
        let passed = self.forward(&inputs)?;
        let errors = passed[passed.len() - 1].1.f_sub(&targets)?;
        let squares = errors.f_to_kind(Kind::Double)?.f_square()?;
        self.losses = self.losses.f_add(&squares.f_sum_dim_intlist([1i64, 2].as_slice(), false, None::<Kind>)?)?;
        self.backward(&inputs, &passed, errors.f_mul_scalar(2.0 / rows as f64)?)?;
        self.update(rates)
    }

    fn losses(&self) -> Result<Vec<f64>, TchError> {
        let losses = Vec::<f64>::try_from(&self.losses)?;
        Ok(losses.into_iter().map(|loss| loss / self.shape.examples as f64).collect())
    }

    fn gradient_norms(&self) -> Result<Vec<f64>, TchError> {
        let mut total = self.losses.f_zeros_like()?;
        for parameter in self.layers.iter().flat_map(|layer| Some(&layer.weights).into_iter().chain(&layer.biases)) {
            let squares = parameter.gradient.f_to_kind(Kind::Double)?.f_square()?;
            total = total.f_add(&squares.f_sum_dim_intlist([1i64, 2].as_slice(), false, None::<Kind>)?)?;
        }
        Vec::<f64>::try_from(total.f_sqrt()?)
    }

    fn answer(&mut self, fill: &mut dyn FnMut(usize, &mut [T])) -> Result<Vec<Vec<T>>, TchError> {
        let _no_gradients = tch::no_grad_guard();
        let block = EVALUATION_ROWS * self.shape.layers.sizes[0].0;
        let mut rows = vec![T::ZERO; block * self.runs as usize];
        rows.chunks_exact_mut(block).enumerate().for_each(|(run, rows)| fill(run, rows));
        let rows: Vec<f64> = rows.into_iter().map(Real::to_f64).collect();
        let inputs = Tensor::f_from_slice(&rows)?.f_to_kind(self.kind)?;
        let inputs = inputs.f_reshape([self.runs, EVALUATION_ROWS as i64, -1])?.f_to_device(self.device)?;
        let passed = self.forward(&inputs)?;
        let answers = values(&passed[passed.len() - 1].1)?;
        Ok(answers.chunks_exact(EVALUATION_ROWS).map(<[T]>::to_vec).collect())
    }

    fn weights(&self, run: usize) -> Result<Vec<Weight>, TchError> {
        let of = |parameter: &Parameter| values::<T>(&parameter.value.f_get(run as i64)?);
        let mut kept = Vec::new();
        for (index, (layer, &size)) in self.layers.iter().zip(&self.shape.layers.sizes).enumerate() {
            let biases = layer.biases.as_ref().map(of).transpose()?.unwrap_or_default();
            kept.extend(layer_weights(index, size, &of(&layer.weights)?, &biases));
        }
        Ok(kept)
    }
}

/// A tensor's numbers, row-major.
fn values<T: Real>(tensor: &Tensor) -> Result<Vec<T>, TchError> {
    let wide = tensor.f_to_kind(Kind::Double)?.f_to_device(Device::Cpu)?.f_contiguous()?.f_view([-1])?;
    Ok(Vec::<f64>::try_from(wide)?.into_iter().map(T::from_f64).collect())
}
