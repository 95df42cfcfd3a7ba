//! A network's passes over a batch: forward to its answers, backward to the gradient of all its parameters. The memory
//! serves every run of a cohort, one after the other.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::super::dropout::{Dropout, hash32, key};
use super::super::loss::with_penalty;
use super::super::profile::{Laps, Part};
use super::activation::{Inline, with_blocks};
use super::arithmetic::Arithmetic;
use super::finish::{ToDeltas, ToValues};
use super::kernels::{
    answers, answers_back, bias_and_unit, bias_and_unit_apart, column_sums, errors, kernel, one_input, one_input_back,
    unit_back,
};
use super::lanes::Vectors;
use super::layout::{Layout, Places, two};
use super::memory::Aligned;
use super::norm::{Norm, Statistics};
use super::product::{Matrix, Panel, multiply, multiply_and_finish};
use crate::config::{Activation, Configuration, LayerKind, LayerNorm, Loss};
use crate::network::unit::{Linear, Relu};
use crate::network::{Architecture, Real, derivative_from_value};

/// Which numbers of a batch a training step leaves out.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// What the run's draws start from.
    pub base: u64,
    /// Steps that the run has taken, this one included.
    pub step: u64,
}

/// The memory of a network's passes.
#[derive(Debug)]
pub struct Network<T> {
    architecture: Architecture,
    loss: Loss,
    dropout: Dropout,
    layers: Vec<Layer<T>>,
    panel: Panel<T>,
}

/// The memory of one layer.
#[derive(Debug)]
struct Layer<T> {
    index: usize,
    at: Places,
    inputs: usize,
    outputs: usize,
    way: Way<T>,
    /// What the layer makes of its inputs; the unit's values too, where its derivative can be had from them.
    sums: Aligned<T>,
    /// The unit's values, where the sums must be kept.
    values: Option<Aligned<T>>,
    /// The values that dropout leaves.
    left: Option<Aligned<T>>,
    norm: Option<Norm<T>>,
    /// What its units are, where nothing comes between them and the products.
    plain: Option<Plain>,
    /// Gradient of the loss by what the layer hands on, and then by its sums.
    deltas: Aligned<T>,
}

/// Units that products finish by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plain {
    Linear,
    Rectified,
}

/// How a layer makes its sums.
#[derive(Debug)]
enum Way<T> {
    /// A dense layer of one input, with its unit in one loop.
    OneInput,
    /// A dense layer of one output.
    OneOutput,
    /// A dense layer by matrix products.
    Dense,
    /// Arithmetic units.
    Arithmetic(Box<Arithmetic<T>>),
}

impl<T: Real> Layer<T> {
    /// What the next layer reads.
    fn output(&self) -> &[T] {
        self.left.as_ref().or(self.values.as_ref()).unwrap_or(&self.sums)
    }
}

impl<T: Vectors> Network<T> {
    /// Memory for the network of a configuration, for batches of up to so many rows.
    pub fn new(configuration: &Configuration, layout: &Layout, rows: usize) -> Self {
        let architecture = Architecture::of(configuration);
        let dropout = Dropout { rate: configuration.dropout };
        let in_place = derivative_from_value(architecture.activation);
        let layer = |(index, &(inputs, outputs)): (usize, &(usize, usize))| {
            let hidden = !architecture.is_last(index);
            let normed = hidden && architecture.norm != LayerNorm::None;
            let way = match architecture.layer {
                LayerKind::Dense if outputs == 1 => Way::OneOutput,
                LayerKind::Dense if inputs == 1 && index == 0 && in_place && !normed && dropout.rate == 0.0 => {
                    Way::OneInput
                }
                LayerKind::Dense => Way::Dense,
                kind => Way::Arithmetic(Box::new(Arithmetic::new(kind, rows, (inputs, outputs)))),
            };
            let plain = match architecture.activation {
                _ if !hidden || normed || dropout.rate > 0.0 => None,
                Activation::Linear => Some(Plain::Linear),
                Activation::Relu => Some(Plain::Rectified),
                _ => None,
            };
            let area = || Aligned::zeros(rows * outputs);
            Layer {
                index,
                at: layout.layer(index),
                inputs,
                outputs,
                way,
                sums: area(),
                values: (hidden && !in_place).then(area),
                left: (hidden && dropout.rate > 0.0).then(area),
                norm: normed.then(|| Norm::new(architecture.norm, rows, outputs)),
                plain,
                deltas: area(),
            }
        };
        let layers = architecture.sizes.iter().enumerate().map(layer).collect();
        Self { loss: configuration.loss, dropout, layers, panel: Panel::default(), architecture }
    }

    /// From inputs to answers, `[rows]`. With a draw it is a training step: dropout leaves values out, and `batch`
    /// normalization takes the batch's own statistics, which the running ones follow.
    pub fn forward(
        &mut self,
        parameters: &[T],
        inputs: &[T],
        statistics: &mut [Statistics<T>],
        draw: Option<Draw>,
        laps: &mut Laps<'_>,
    ) {
        let rows = inputs.len() / self.architecture.features();
        for index in 0..self.layers.len() {
            let (before, rest) = self.layers.split_at_mut(index);
            let layer = &mut rest[0];
            let inputs = before.last().map_or(inputs, |before| &before.output()[..rows * before.outputs]);
            let len = rows * layer.outputs;
            let sums = &mut layer.sums[..len];
            let (weight, mut bias) = (&parameters[layer.at.weight.clone()], &parameters[layer.at.bias.clone()]);
            match &mut layer.way {
                Way::OneInput => {
                    with_blocks!(self.architecture.activation, unit => one_input(inputs, weight, bias, sums, unit));
                    laps.lap(Part::Activation);
                    continue;
                }
                Way::OneOutput => {
                    answers(inputs, weight, bias, sums);
                    bias = &[];
                }
                Way::Dense => {
                    let (first, second) = (Matrix::new(inputs, layer.inputs), Matrix::new(weight, layer.outputs));
                    if layer.plain.is_some() {
                        let finish = ToValues { bias, rectified: layer.plain == Some(Plain::Rectified) };
                        multiply_and_finish(first, second, sums, finish, &mut self.panel);
                        laps.lap(Part::Forward);
                        continue;
                    }
                    multiply(first, second, sums, &mut self.panel);
                }
                Way::Arithmetic(units) => units.forward(parameters, &layer.at, inputs, sums, &mut self.panel),
            }
            laps.lap(Part::Forward);
            if self.architecture.is_last(index) {
                continue;
            }
            if let Some(norm) = &mut layer.norm {
                if !bias.is_empty() {
                    bias_and_unit(sums, bias, layer.outputs, Inline(Linear));
                    bias = &[];
                }
                let (scale, shift) = (&parameters[layer.at.scale.clone()], &parameters[layer.at.shift.clone()]);
                let running = statistics.get_mut(index);
                match draw {
                    Some(_) => norm.forward(sums, scale, shift, running),
                    None => norm.answer(sums, scale, shift, running.as_deref()),
                }
            }
            with_blocks!(self.architecture.activation, unit => match &mut layer.values {
                None => bias_and_unit(sums, bias, layer.outputs, unit),
                Some(values) => bias_and_unit_apart(sums, bias, layer.outputs, &mut values[..len], unit),
            });
            if let Some(left) = &mut layer.left {
                let values = layer.values.as_ref().map_or(&layer.sums[..len], |values| &values[..len]);
                match draw {
                    Some(draw) => {
                        left[..len].copy_from_slice(values);
                        leave_out(&mut left[..len], key(draw.base, draw.step, index), self.dropout);
                    }
                    None => left[..len].copy_from_slice(values),
                }
            }
            laps.lap(Part::Activation);
        }
    }

    /// What the networks answered to the last pass of so many rows.
    pub fn answers(&self, rows: usize) -> &[T] {
        &self.layers[self.layers.len() - 1].sums[..rows]
    }

    /// The values of every hidden layer at the last pass of so many rows.
    pub fn hidden(&self, rows: usize) -> Vec<&[T]> {
        let hidden = &self.layers[..self.layers.len() - 1];
        hidden.iter().map(|layer| &layer.output()[..rows * layer.outputs]).collect()
    }

    /// From the answers of the last training pass to the gradient of the mean loss by all parameters. Gives the sums
    /// of losses and of squared errors over the rows.
    pub fn backward(
        &mut self,
        parameters: &[T],
        gradient: &mut [T],
        (inputs, targets): (&[T], &[T]),
        draw: Draw,
        laps: &mut Laps<'_>,
    ) -> (f64, f64) {
        let rows = targets.len();
        let last = self.layers.len() - 1;
        let Layer { at, sums, deltas, .. } = &mut self.layers[last];
        let (loss, squared_error, sum) = with_penalty!(self.loss, penalty => {
            errors(&sums[..rows], targets, &mut deltas[..rows], penalty)
        });
        gradient[at.bias.clone()].fill(sum);
        laps.lap(Part::Activation);
        // Whether the deltas of the layer at hand are those of its sums already, and its biases have their gradient.
        let mut finished = true;
        for index in (0..=last).rev() {
            let (before, rest) = self.layers.split_at_mut(index);
            let layer = &mut rest[0];
            let len = rows * layer.outputs;
            if let Way::OneInput = layer.way {
                if !finished {
                    let (weights, biases) = two(gradient, layer.at.weight.clone(), layer.at.bias.clone());
                    with_blocks!(self.architecture.activation, unit =>
                        one_input_back(inputs, &layer.deltas[..len], &layer.sums[..len], weights, biases, unit));
                    laps.lap(Part::Backward);
                }
                continue;
            }
            if !finished {
                layer.back_to_sums(&self.architecture, gradient, parameters, len, draw, self.dropout);
                laps.lap(Part::Activation);
            }
            let (deltas, weight) = (&layer.deltas[..len], layer.at.weight.clone());
            // What the layer has read, and the layer before it, to whose deltas this one's lead.
            let (reads, behind) = match before.last_mut() {
                None => (inputs, None),
                Some(Layer { sums, values, left, deltas, outputs, at, way, plain, .. }) => {
                    let output = left.as_ref().or(values.as_ref()).unwrap_or(sums);
                    let len = rows * *outputs;
                    (&output[..len], Some((&mut deltas[..len], *plain, &*at, matches!(way, Way::OneInput))))
                }
            };
            finished = false;
            match &mut layer.way {
                Way::OneInput => {}
                Way::OneOutput => {
                    let (back, plain, biases) = match behind {
                        None => (&mut [][..], None, 0..0),
                        Some((deltas, plain @ Some(_), at, false)) => (deltas, plain, at.bias.clone()),
                        Some((deltas, ..)) => (deltas, None, 0..0),
                    };
                    let (sums, gradient) = two(gradient, biases, weight.clone());
                    let weights = &parameters[weight];
                    match plain {
                        Some(Plain::Rectified) => {
                            answers_back(reads, deltas, weights, gradient, back, sums, Inline(Relu))
                        }
                        _ => answers_back(reads, deltas, weights, gradient, back, sums, Inline(Linear)),
                    }
                    finished = plain.is_some();
                }
                Way::Dense => {
                    let (first, second) = (Matrix::new(reads, layer.inputs), Matrix::new(deltas, layer.outputs));
                    let weights = Matrix::new(&parameters[weight.clone()], layer.outputs).transposed();
                    match behind {
                        None => {}
                        Some((back, None, ..)) => multiply(second, weights, back, &mut self.panel),
                        Some((back, Some(plain), at, one_input)) => {
                            let wanted = if one_input { at.weight.clone() } else { 0..0 };
                            let (wanted, sums) = two(gradient, wanted, at.bias.clone());
                            let finish = ToDeltas {
                                derivatives: if plain == Plain::Linear { &[] } else { reads },
                                rectified: plain == Plain::Rectified,
                                sums,
                                inputs: if one_input { inputs } else { &[] },
                                gradient: wanted,
                            };
                            multiply_and_finish(second, weights, back, finish, &mut self.panel);
                            finished = true;
                        }
                    }
                    // At last, so that the gradient is at hand for the optimizer.
                    multiply(first.transposed(), second, &mut gradient[weight], &mut self.panel);
                }
                Way::Arithmetic(units) => {
                    let back = behind.map(|(deltas, ..)| deltas);
                    units.back(parameters, &layer.at, reads, deltas, gradient, back, &mut self.panel);
                }
            }
            laps.lap(Part::Backward);
        }
        (loss, squared_error)
    }
}

impl<T: Vectors> Layer<T> {
    /// Turns deltas of what the layer hands on into deltas of its sums; gradients of bias, scale and shift.
    fn back_to_sums(
        &mut self,
        architecture: &Architecture,
        gradient: &mut [T],
        parameters: &[T],
        len: usize,
        draw: Draw,
        dropout: Dropout,
    ) {
        let deltas = &mut self.deltas[..len];
        let at = &self.at;
        if self.left.is_some() {
            leave_out(deltas, key(draw.base, draw.step, self.index), dropout);
        }
        let bias_now = if self.norm.is_some() { 0..0 } else { at.bias.clone() };
        let kept = &self.sums[..len];
        with_blocks!(architecture.activation, unit => {
            unit_back(deltas, kept, self.outputs, &mut gradient[bias_now], unit);
        });
        if let Some(norm) = &mut self.norm {
            let (scales, shifts) = two(gradient, at.scale.clone(), at.shift.clone());
            norm.back(deltas, &parameters[at.scale.clone()], scales, shifts);
            if !at.bias.is_empty() {
                column_sums(deltas, self.outputs, &mut gradient[at.bias.clone()]);
            }
        }
    }
}

kernel! {
    /// Sets the numbers that a draw leaves out to zero, and scales up the rest.
    fn leave_out<T: Real>(numbers: &mut [T], key: (u32, u32), dropout: Dropout) {
        let (threshold, scale) = (dropout.threshold(), dropout.scale());
        for (place, number) in numbers.iter_mut().enumerate() {
            let kept = hash32(place as u32, key) >= threshold;
            *number = if kept { *number * scale } else { T::ZERO };
        }
    }
}
