//! A network's passes over a batch: forward to its answers, backward to the gradient of all its parameters. The memory
//! serves every run of a cohort, one after the other.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::super::dropout::{Dropout, hash32, key};
use super::super::loss::with_penalty;
use super::super::profile::{Laps, Part};
use super::activation::{Units, with_slope};
use super::arithmetic::Arithmetic;
use super::finish::{ToDeltas, ToValues};
use super::kernels::{
    answers, answers_back, column_sums, errors, kernel, one_input, one_input_back, rectify, unit_back,
};
use super::lanes::Vectors;
use super::layout::{Layout, Places, two};
use super::memory::Aligned;
use super::norm::{Norm, Statistics};
use super::product::{Matrix, Panel, multiply, multiply_and_finish};
use crate::config::{Configuration, LayerKind, LayerNorm, Loss};
use crate::network::{Architecture, Real};

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
    units: Units<T>,
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
    /// What the layer makes of its inputs. In their place: values of linear and rectified units, derivatives of bent ones.
    sums: Aligned<T>,
    /// Values of bent units.
    values: Option<Aligned<T>>,
    /// The values that dropout leaves.
    left: Option<Aligned<T>>,
    norm: Option<Norm<T>>,
    /// Whether it has units, and nothing comes between its sums and these, nor between these and the next layer.
    direct: bool,
    /// Gradient of the loss by what the layer hands on, and then by its sums.
    deltas: Aligned<T>,
}

/// How a layer makes its sums.
#[derive(Debug)]
enum Way<T> {
    /// A dense layer of one input.
    OneInput,
    /// The last layer, where it is dense: it has one output.
    OneOutput,
    /// A dense layer by matrix products.
    Dense,
    /// Arithmetic units.
    Arithmetic(Box<Arithmetic<T>>),
}

/// The layer before one on the way back.
struct Behind<'a, T> {
    deltas: &'a mut [T],
    /// What was kept of its units.
    kept: &'a [T],
    at: &'a Places,
    direct: bool,
    one_input: bool,
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
        let units = Units::of(architecture.activation);
        let layer = |(index, &(inputs, outputs)): (usize, &(usize, usize))| {
            let hidden = !architecture.is_last(index);
            let normed = hidden && architecture.norm != LayerNorm::None;
            let way = match architecture.layer {
                LayerKind::Dense if !hidden => Way::OneOutput,
                LayerKind::Dense if inputs == 1 && index == 0 => Way::OneInput,
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
                values: (hidden && matches!(units, Units::Bent(_))).then(area),
                left: (hidden && dropout.rate > 0.0).then(area),
                norm: normed.then(|| Norm::new(architecture.norm, rows, outputs)),
                direct: hidden && !normed && dropout.rate == 0.0,
                deltas: area(),
            }
        };
        let layers = architecture.sizes.iter().enumerate().map(layer).collect();
        Self { loss: configuration.loss, dropout, units, layers, panel: Panel::default(), architecture }
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
            let (weight, bias) = (&parameters[layer.at.weight.clone()], &parameters[layer.at.bias.clone()]);
            // Whether the sums are the values as soon as they are there.
            let rectified = matches!(self.units, Units::Rectified) && layer.norm.is_none();
            match &mut layer.way {
                Way::OneInput => {
                    let least = if rectified { 0.0 } else { f64::NEG_INFINITY };
                    one_input(inputs, weight, bias, T::from_f64(least), sums);
                }
                Way::OneOutput => answers(inputs, weight, bias, sums),
                Way::Dense => {
                    let (first, second) = (Matrix::new(inputs, layer.inputs), Matrix::new(weight, layer.outputs));
                    multiply_and_finish(first, second, sums, ToValues { bias, rectified }, &mut self.panel);
                }
                Way::Arithmetic(units) => {
                    units.forward(parameters, &layer.at, inputs, sums, &mut self.panel);
                    if rectified && !self.architecture.is_last(index) {
                        rectify(sums);
                    }
                }
            }
            laps.lap(Part::Forward);
            if self.architecture.is_last(index) {
                continue;
            }
            if let Some(norm) = &mut layer.norm {
                let (scale, shift) = (&parameters[layer.at.scale.clone()], &parameters[layer.at.shift.clone()]);
                let running = statistics.get_mut(index);
                match draw {
                    Some(_) => norm.forward(sums, scale, shift, running),
                    None => norm.answer(sums, scale, shift, running.as_deref()),
                }
                if matches!(self.units, Units::Rectified) {
                    rectify(sums);
                }
            }
            if let (Units::Bent(bend), Some(values)) = (self.units, &mut layer.values) {
                bend.both(sums, &mut values[..len]);
            }
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
        // Of the layer at hand: whether its deltas are those of its sums already, with the gradient of its biases, and
        // whether the gradient of its weights is there too.
        let (mut finished, mut grown) = (true, false);
        for index in (0..=last).rev() {
            let (before, rest) = self.layers.split_at_mut(index);
            let layer = &mut rest[0];
            let len = rows * layer.outputs;
            if !finished {
                layer.back_to_sums(self.units, gradient, parameters, len, draw, self.dropout);
                laps.lap(Part::Activation);
            }
            let (deltas, weight) = (&layer.deltas[..len], layer.at.weight.clone());
            // What the layer has read, and the layer before it, to whose deltas this one's lead.
            let (reads, behind) = match before.last_mut() {
                None => (inputs, None),
                Some(Layer { sums, values, left, deltas, outputs, at, way, direct, .. }) => {
                    let len = rows * *outputs;
                    let output = left.as_ref().or(values.as_ref()).unwrap_or(sums);
                    let one_input = matches!(way, Way::OneInput);
                    let behind =
                        Behind { deltas: &mut deltas[..len], kept: &sums[..len], at, direct: *direct, one_input };
                    (&output[..len], Some(behind))
                }
            };
            finished = false;
            match &mut layer.way {
                Way::OneInput if grown => {}
                Way::OneInput => one_input_back(inputs, deltas, &mut gradient[weight]),
                Way::OneOutput => {
                    let (back, kept, units, biases) = match behind {
                        None => (&mut [][..], &[][..], Units::Linear, 0..0),
                        Some(Behind { deltas, kept, at, direct: true, .. }) => {
                            (deltas, kept, self.units, at.bias.clone())
                        }
                        Some(Behind { deltas, .. }) => (deltas, &[][..], Units::Linear, 0..0),
                    };
                    finished = !kept.is_empty();
                    let (sums, gradient) = two(gradient, biases, weight.clone());
                    let weights = &parameters[weight];
                    with_slope!(units, slope =>
                        answers_back(reads, deltas, weights, gradient, back, kept, sums, slope));
                }
                Way::Dense => {
                    let (first, second) = (Matrix::new(reads, layer.inputs), Matrix::new(deltas, layer.outputs));
                    let weights = Matrix::new(&parameters[weight.clone()], layer.outputs).transposed();
                    match behind {
                        None => {}
                        Some(Behind { deltas, direct: false, .. }) => {
                            multiply(second, weights, deltas, &mut self.panel);
                        }
                        Some(Behind { deltas, kept, at, one_input, .. }) => {
                            let wanted = if one_input { at.weight.clone() } else { 0..0 };
                            let (wanted, sums) = two(gradient, wanted, at.bias.clone());
                            let finish = ToDeltas {
                                derivatives: if matches!(self.units, Units::Linear) { &[] } else { kept },
                                rectified: matches!(self.units, Units::Rectified),
                                sums,
                                inputs: if one_input { inputs } else { &[] },
                                gradient: wanted,
                            };
                            multiply_and_finish(second, weights, deltas, finish, &mut self.panel);
                            (finished, grown) = (true, one_input);
                        }
                    }
                    // At last, so that the gradient is at hand for the optimizer.
                    multiply(first.transposed(), second, &mut gradient[weight], &mut self.panel);
                }
                Way::Arithmetic(units) => {
                    let back = behind.map(|behind| behind.deltas);
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
        units: Units<T>,
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
        with_slope!(units, slope => unit_back(deltas, kept, self.outputs, &mut gradient[bias_now], slope));
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
