//! A cohort as whole-tensor operations of libtorch on any device: the path for CUDA.
//!
//! Parameters are one tensor `[runs, width]`, of which every array is a view; gradients come from automatic
//! differentiation. Only reports come back, once an epoch, and only runs that still train are computed.

mod forward;
mod gradient;
mod layout;
mod runs;
mod search;
mod steps;
mod update;

use tch::{Device, Kind, TchError, Tensor};

use super::dropout;
use super::engine::{
    Answers, EVALUATION_ROWS, Engine, EpochReport, Start, architecture, batches, kept, kept_statistics, order,
};
use super::keep::Keep;
use super::lbfgs::Lbfgs;
use super::outcome::Weight;
use super::rates::Nadam;
use crate::config::{Configuration, LayerNorm, Optimizer, Seeds};
use crate::network::{RUNNING_SHARE, Real};
use forward::{Pass, Statistics, forward};
use gradient::{Batch, Network};
use layout::Layout;
use runs::Runs;
use steps::{Column, Steps};

/// Which of the arrays of [`Runs`] are what; an optimizer's own follow.
const PARAMETERS: usize = 0;
const STATISTICS: usize = 1;

/// A cohort in a device's memory.
#[derive(Debug)]
pub struct Tensors<T> {
    network: Network,
    device: Device,
    configurations: Vec<Configuration>,
    seeds: Vec<Seeds>,
    /// Of all runs, `[runs · examples, features]`.
    features: Tensor,
    /// Of all runs, `[runs · examples, 1]`.
    targets: Tensor,
    runs: Runs,
    /// Views of the parameters of the runs that train, as leaves.
    leaves: Vec<Tensor>,
    /// Of each run.
    nadam: Vec<Nadam>,
    lbfgs: Vec<Lbfgs<T>>,
}

/// An epoch's data in its order, of the runs that train.
#[derive(Debug)]
struct Epoch {
    /// `[runs, examples, features]`.
    inputs: Tensor,
    /// `[runs, examples, 1]`.
    targets: Tensor,
}

impl<T: Real> Tensors<T> {
    /// Lays out a cohort on a device.
    ///
    /// # Errors
    /// When libtorch fails, for lack of memory above all.
    ///
    /// # Panics
    /// When the cohort is empty.
    pub fn new(starts: Vec<Start<'_, T>>, device: Device) -> Result<Self, TchError> {
        let _no_gradients = tch::no_grad_guard();
        let architecture = architecture(&starts);
        let layout = Layout::new(&architecture);
        let (count, optimizer) = (starts.len() as i64, starts[0].configuration.optimizer);
        let features: Vec<T> = starts.iter().flat_map(|start| start.features.iter().copied()).collect();
        let targets: Vec<T> = starts.iter().flat_map(|start| start.targets.iter().copied()).collect();
        let features = upload(&features, &[-1, architecture.features() as i64], device)?;
        let targets = upload(&targets, &[-1, 1], device)?;
        let rows: Vec<T> =
            starts.iter().flat_map(|start| layout.row(&start.initial)).map(|value| T::from_f64(value)).collect();
        let mut arrays = vec![upload(&rows, &[count, layout.width as i64], device)?];
        let hidden: usize = match architecture.norm {
            LayerNorm::Batch => hidden_widths(&architecture).iter().sum(),
            _ => 0,
        };
        // Running means of 0 and variances of 1, layer by layer.
        let zeros = Tensor::f_zeros([count, hidden as i64], (T::TENSOR_KIND, device))?;
        arrays.push(Tensor::f_cat(&[&zeros, &zeros.f_ones_like()?], 1)?);
        for _ in 0..update::kept_arrays(optimizer) {
            arrays.push(arrays[PARAMETERS].f_zeros_like()?);
        }
        let runs = Runs::new(arrays, starts.len());
        let leaves = layout.leaves(&runs.live()[PARAMETERS])?;
        Ok(Self {
            network: Network { architecture, layout, loss: starts[0].configuration.loss },
            device,
            nadam: vec![Nadam::default(); starts.len()],
            lbfgs: vec![Lbfgs::default(); starts.len()],
            seeds: starts.iter().map(|start| start.seeds).collect(),
            configurations: starts.into_iter().map(|start| start.configuration.clone()).collect(),
            features,
            targets,
            runs,
            leaves,
        })
    }

    /// Computes only these runs from now on.
    fn restrict(&mut self, wanted: &[bool]) -> Result<(), TchError> {
        let _no_gradients = tch::no_grad_guard();
        if self.runs.restrict(wanted)? {
            self.leaves = self.network.layout.leaves(&self.runs.live()[PARAMETERS])?;
        }
        Ok(())
    }

    /// The data of an epoch in its order.
    fn shuffled(&self, number: u32) -> Result<Epoch, TchError> {
        let examples = self.configurations[0].examples as usize;
        let mut rows = Vec::with_capacity(examples * self.runs.numbers().len());
        for &run in self.runs.numbers() {
            let first = (run * examples) as i64;
            rows.extend(order(self.seeds[run], examples, number).into_iter().map(|row| first + i64::from(row)));
        }
        let rows = Tensor::f_from_slice(&rows)?.f_to_device(self.device)?;
        let take = |from: &Tensor| {
            from.f_index_select(0, &rows)?.f_view([self.runs.numbers().len() as i64, examples as i64, from.size()[1]])
        };
        Ok(Epoch { inputs: take(&self.features)?, targets: take(&self.targets)? })
    }

    /// What hidden values of some runs are multiplied by at a step (from 1, over the whole run) on a batch of `rows`.
    fn masks(&self, runs: &[usize], step: u64, rows: usize) -> Result<Vec<Tensor>, TchError> {
        if runs.iter().all(|&run| self.configurations[run].dropout == 0.0) {
            return Ok(Vec::new());
        }
        let rates = runs.iter().map(|&run| dropout::Dropout { rate: self.configurations[run].dropout });
        let scales: Vec<T> = rates.clone().map(dropout::Dropout::scale).collect();
        let scales = upload(&scales, &[-1, 1, 1], self.device)?;
        let bases: Vec<u64> = runs.iter().map(|&run| dropout::base(self.seeds[run])).collect();
        let mask = |(layer, width): (usize, usize)| {
            let mut kept = Vec::with_capacity(runs.len() * rows * width);
            for (rate, &base) in rates.clone().zip(&bases) {
                let (key, threshold) = (dropout::key(base, step, layer), rate.threshold());
                kept.extend((0..(rows * width) as u32).map(|i| u8::from(dropout::hash32(i, key) >= threshold)));
            }
            let size = [runs.len() as i64, rows as i64, width as i64];
            let kept = Tensor::f_from_data_size(&kept, &size, Kind::Uint8)?.f_to_device(self.device)?;
            kept.f_to_kind(T::TENSOR_KIND)?.f_mul(&scales)
        };
        hidden_widths(&self.network.architecture).into_iter().enumerate().map(mask).collect()
    }

    /// Views of running statistics, `[runs, …]`, by hidden layer; none where normalization keeps none.
    fn statistics(&self, rows: &Tensor) -> Result<Vec<Statistics>, TchError> {
        let all = rows.size()[1] / 2;
        let mut views = Vec::new();
        let mut start = 0;
        for width in hidden_widths(&self.network.architecture).into_iter().map(|width| width as i64) {
            if start < all {
                let view = |start: i64| rows.f_narrow(1, start, width)?.f_unsqueeze(1);
                views.push(Statistics { mean: view(start)?, variance: view(all + start)? });
            }
            start += width;
        }
        Ok(views)
    }

    /// Lets running statistics, `[runs, …]`, follow those of a batch of so many rows.
    fn follow(&self, running: &Tensor, batch: &[Statistics], rows: usize) -> Result<(), TchError> {
        // PyTorch's running variance is the unbiased one, which one row does not have.
        let unbiased = rows as f64 / (rows.max(2) - 1) as f64;
        for (mut running, batch) in self.statistics(running)?.into_iter().zip(batch) {
            let _ = running.mean.f_lerp_(&batch.mean, RUNNING_SHARE)?;
            let _ = running.variance.f_lerp_(&batch.variance.f_mul_scalar(unbiased)?, RUNNING_SHARE)?;
        }
        Ok(())
    }

    /// An epoch of steps on batches. Reports are in the order of the runs that train.
    fn by_steps(&mut self, number: u32, epoch: &Epoch) -> Result<Vec<EpochReport>, TchError> {
        let live = self.runs.numbers().to_vec();
        let first = self.configurations[live[0]].clone();
        let (examples, size, count) = (first.examples as usize, first.batch_size() as usize, batches(&first));
        let configurations: Vec<&Configuration> = live.iter().map(|&run| &self.configurations[run]).collect();
        let before = u64::from(number - 1) * count;
        let mut nadam: Vec<&mut Nadam> =
            self.nadam.iter_mut().enumerate().filter(|(run, _)| live.contains(run)).map(|(_, nadam)| nadam).collect();
        let steps = Steps::new::<T>(&configurations, before + 1, count, &mut nadam, self.device)?;
        // Loss, squared error and norm of the gradient, f64.
        let mut totals = Tensor::f_zeros([3, live.len() as i64], (Kind::Double, self.device))?;
        for (step, start) in (0..examples).step_by(size).enumerate() {
            let rows = size.min(examples - start);
            let part = |from: &Tensor| from.f_narrow(1, start as i64, rows as i64);
            let batch = Batch {
                inputs: part(&epoch.inputs)?,
                targets: part(&epoch.targets)?,
                masks: self.masks(&live, before + step as u64 + 1, rows)?,
                sparsity: steps.uses(Column::Sparsity).then(|| steps.get(step, Column::Sparsity)),
            };
            let slope = self.network.slope(&self.leaves, &batch)?;
            let _no_gradients = tch::no_grad_guard();
            let _ = totals.f_select(0, 0)?.f_add_(&slope.losses)?;
            let _ = totals.f_select(0, 1)?.f_add_(&slope.squares)?;
            if start + size >= examples {
                totals.f_select(0, 2)?.f_copy_(&update::norms(&slope.gradient)?)?;
            }
            self.follow(&self.runs.live()[STATISTICS], &slope.statistics, rows)?;
            let [parameters, _, kept @ ..] = self.runs.live_mut() else { unreachable!("there are always two") };
            update::update(first.optimizer, &steps, step, slope.gradient, parameters, kept)?;
            self.network.clamp(parameters)?;
        }
        totals = totals.f_to_device(Device::Cpu)?;
        let totals = Vec::<f64>::try_from(totals.f_view([-1])?)?;
        let of = |row: usize, run: usize| totals[row * live.len() + run];
        let report = |(run, &learning_rate)| EpochReport {
            loss: of(0, run) / examples as f64,
            squared_error: of(1, run) / examples as f64,
            gradient_norm: of(2, run),
            learning_rate,
        };
        Ok(steps.last_rates.iter().enumerate().map(report).collect())
    }
}

impl<T: Real> Engine<T> for Tensors<T> {
    fn epoch(&mut self, number: u32, wanted: &[bool]) -> Result<Vec<EpochReport>, TchError> {
        let mut reports = vec![EpochReport::default(); wanted.len()];
        if wanted.contains(&true) {
            self.restrict(wanted)?;
            let epoch = self.shuffled(number)?;
            let by_run = match self.configurations[0].optimizer {
                Optimizer::Lbfgs => self.by_search(number, &epoch)?,
                _ => self.by_steps(number, &epoch)?,
            };
            for (&run, report) in self.runs.numbers().iter().zip(by_run) {
                reports[run] = report;
            }
        }
        Ok(reports)
    }

    fn answer(
        &mut self,
        wanted: &[bool],
        wanted_rows: usize,
        fill: &mut dyn FnMut(usize, &mut [T]),
        take: &mut dyn FnMut(usize, Answers<'_, T>),
    ) -> Result<(), TchError> {
        let _no_gradients = tch::no_grad_guard();
        let numbers: Vec<usize> = (0..wanted.len()).filter(|&run| wanted[run]).collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let network = &self.network;
        let features = network.architecture.features();
        // Always as many, the last ones zero, so that a row's bits do not depend on how many there are.
        let mut rows = vec![T::ZERO; numbers.len() * EVALUATION_ROWS * features];
        for (&run, rows) in numbers.iter().zip(rows.chunks_exact_mut(EVALUATION_ROWS * features)) {
            fill(run, &mut rows[..wanted_rows * features]);
        }
        let inputs = upload(&rows, &[numbers.len() as i64, EVALUATION_ROWS as i64, features as i64], self.device)?;
        let arrays = network.layout.views(&self.runs.rows(PARAMETERS, &numbers)?)?;
        let statistics = self.statistics(&self.runs.rows(STATISTICS, &numbers)?)?;
        let passed = forward(&network.architecture, &network.layout, &arrays, &inputs, Pass::Answering(&statistics))?;
        let answers = download::<T>(&passed.answers)?;
        let hidden: Vec<Vec<T>> = passed.hidden.iter().map(download).collect::<Result<_, _>>()?;
        for (at, &run) in numbers.iter().enumerate() {
            let own = |all: &[T]| {
                let each = all.len() / numbers.len();
                at * each..(at + 1) * each
            };
            let hidden: Vec<&[T]> = hidden.iter().map(|layer| &layer[own(layer)]).collect();
            take(run, Answers { answers: &answers[own(&answers)], hidden: &hidden });
        }
        Ok(())
    }

    fn state(&mut self, run: usize, keep: &mut Keep<'_>) -> Result<(), TchError> {
        let _no_gradients = tch::no_grad_guard();
        for array in 0..self.runs.live().len() {
            let row = self.runs.rows(array, &[run])?;
            let mut values = download::<T>(&row)?;
            keep.reals(&mut values);
            if keep.reads() {
                self.runs.put(array, run, &upload(&values, &row.size(), self.device)?)?;
            }
        }
        self.nadam[run].state(keep);
        self.lbfgs[run].state(keep);
        Ok(())
    }

    fn weights(&self, run: usize) -> Result<Vec<Weight>, TchError> {
        let _no_gradients = tch::no_grad_guard();
        let row = download::<T>(&self.runs.rows(PARAMETERS, &[run])?)?;
        let mut weights: Vec<Weight> =
            self.network.layout.arrays(&row).map(|(slot, values)| kept(slot, values)).collect();
        let statistics = self.runs.rows(STATISTICS, &[run])?;
        for (layer, Statistics { mean, variance }) in self.statistics(&statistics)?.iter().enumerate() {
            weights.extend(kept_statistics(layer, &download::<T>(mean)?, &download::<T>(variance)?));
        }
        Ok(weights)
    }
}

/// Widths of the hidden layers.
fn hidden_widths(architecture: &crate::network::Architecture) -> Vec<usize> {
    architecture.sizes[..architecture.sizes.len() - 1].iter().map(|&(_, outputs)| outputs).collect()
}

/// Numbers as a tensor on a device; one size may be −1.
fn upload<T: Real>(values: &[T], size: &[i64], device: Device) -> Result<Tensor, TchError> {
    let all = Tensor::f_from_data_size(&T::bytes(values), &[values.len() as i64], T::TENSOR_KIND)?;
    all.f_view(size)?.f_to_device(device)
}

/// A tensor's numbers, row-major.
fn download<T: Real>(tensor: &Tensor) -> Result<Vec<T>, TchError> {
    let wide = tensor.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?.f_contiguous()?.f_view([-1])?;
    Ok(Vec::<f64>::try_from(wide)?.into_iter().map(T::from_f64).collect())
}

#[cfg(test)]
mod tests;
