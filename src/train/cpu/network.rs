//! A network's passes over a batch: forward to its answers, backward to the gradient of all its parameters. The memory
//! serves every run of a cohort, one after the other.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::super::dropout::{Dropout, hash32, key};
use super::super::loss::with_penalty;
use super::super::profile::{Laps, Part};
use super::activation::{Inline, with_blocks};
use super::arithmetic::Arithmetic;
use super::kernels::{
    answers, answers_back, bias_and_unit, bias_and_unit_apart, column_sums, errors, kernel, one_input, one_input_back,
    unit_back,
};
use super::lanes::Vectors;
use super::layout::{Layout, Places, two};
use super::memory::Aligned;
use super::norm::{Norm, Statistics};
use super::product::{Matrix, Panel, multiply};
use crate::config::{Configuration, LayerKind, LayerNorm, Loss};
use crate::network::unit::Linear;
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
    /// Gradient of the loss by what the layer hands on, and then by its sums.
    deltas: Aligned<T>,
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
                    let second = Matrix::new(weight, layer.outputs);
                    multiply(Matrix::new(inputs, layer.inputs), second, sums, &mut self.panel);
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
        for index in (0..=last).rev() {
            let (before, rest) = self.layers.split_at_mut(index);
            let layer = &mut rest[0];
            let len = rows * layer.outputs;
            let before_outputs = before.last().map_or(0, |before| rows * before.outputs);
            // Where the layer before has a memory of its own for what it hands on, its deltas can be written.
            let (inputs, before_deltas) = match before.last_mut() {
                None => (inputs, None),
                Some(Layer { sums, values, left, deltas, .. }) => {
                    let output = left.as_ref().or(values.as_ref()).unwrap_or(sums);
                    (&output[..before_outputs], Some(&mut deltas[..before_outputs]))
                }
            };
            if let Way::OneInput = layer.way {
                let (weights, biases) = two(gradient, layer.at.weight.clone(), layer.at.bias.clone());
                with_blocks!(self.architecture.activation, unit =>
                    one_input_back(inputs, &layer.deltas[..len], &layer.sums[..len], weights, biases, unit));
                laps.lap(Part::Backward);
                continue;
            }
            if index < last {
                layer.back_to_sums(&self.architecture, gradient, parameters, len, draw, self.dropout);
                laps.lap(Part::Activation);
            }
            let (deltas, weight) = (&layer.deltas[..len], layer.at.weight.clone());
            match &mut layer.way {
                Way::OneInput => {}
                Way::OneOutput => {
                    let before = before_deltas.unwrap_or_default();
                    answers_back(inputs, deltas, &parameters[weight.clone()], &mut gradient[weight], before);
                }
                Way::Dense => {
                    let (reads, hands_on) = (Matrix::new(inputs, layer.inputs), Matrix::new(deltas, layer.outputs));
                    multiply(reads.transposed(), hands_on, &mut gradient[weight.clone()], &mut self.panel);
                    if let Some(before) = before_deltas {
                        let weights = Matrix::new(&parameters[weight], layer.outputs).transposed();
                        multiply(hands_on, weights, before, &mut self.panel);
                    }
                }
                Way::Arithmetic(units) => {
                    units.back(parameters, &layer.at, inputs, deltas, gradient, before_deltas, &mut self.panel);
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
