//! Epochs of L-BFGS. Every run searches along its own line with its own number of looks, so runs take turns: on a GPU
//! that wastes the cohort, and no sweep should use it there in bulk.

use tch::{Device, TchError, Tensor};

use super::gradient::Batch;
use super::layout::Layout;
use super::steps::penalized;
use super::{Epoch, PARAMETERS, STATISTICS, Tensors, download, upload};
use crate::network::Real;
use crate::train::engine::EpochReport;
use crate::train::rates::Rates;

impl<T: Real> Tensors<T> {
    /// One step of every run that trains, on all its examples. Reports are in the order of these runs.
    pub(super) fn by_search(&mut self, number: u32, epoch: &Epoch) -> Result<Vec<EpochReport>, TchError> {
        let mut reports = Vec::with_capacity(self.runs.numbers().len());
        for (at, run) in self.runs.numbers().to_vec().into_iter().enumerate() {
            reports.push(self.search(number, epoch, at, run)?);
        }
        Ok(reports)
    }

    /// One step of a run, which is the one at `at` of those that train.
    fn search(&mut self, number: u32, epoch: &Epoch, at: usize, run: usize) -> Result<EpochReport, TchError> {
        let own = |all: &Tensor| all.f_narrow(0, at as i64, 1);
        let Rates { learning_rate, sparsity, .. } = Rates::at(&self.configurations[run], u64::from(number), 1);
        let rows = epoch.targets.size()[1] as usize;
        let sparsity = if sparsity > 0.0 && penalized(&self.configurations[run]) {
            Some(upload(&[T::from_f64(sparsity)], &[1, 1], self.device)?)
        } else {
            None
        };
        let batch = Batch {
            inputs: own(&epoch.inputs)?,
            targets: own(&epoch.targets)?,
            masks: self.masks(&[run], u64::from(number), rows)?,
            sparsity: sparsity.as_ref(),
        };
        let (parameters, statistics) = (own(&self.runs.live()[PARAMETERS])?, own(&self.runs.live()[STATISTICS])?);
        let mut point = download::<T>(&parameters)?;
        let mut lbfgs = std::mem::take(&mut self.lbfgs[run]);
        let mut report: Option<EpochReport> = None;
        let mut evaluate = |point: &[T]| {
            let slope = self.network.slope(&leaves(&self.network.layout, point, self.device)?, &batch)?;
            let _no_gradients = tch::no_grad_guard();
            let sum = |sums: &Tensor| sums.f_to_device(Device::Cpu)?.f_double_value(&[0]);
            let loss = sum(&slope.losses)? / rows as f64;
            // Running statistics follow every look, as PyTorch's do; the first, at the point itself, is reported.
            self.follow(&statistics, &slope.statistics, rows)?;
            if report.is_none() {
                let squared_error = sum(&slope.squares)? / rows as f64;
                report = Some(EpochReport { loss, squared_error, gradient_norm: f64::NAN, learning_rate });
            }
            let penalty = slope.penalties.as_ref().map_or(Ok(0.0), sum)?;
            Ok((loss + penalty, download::<T>(&slope.gradient)?))
        };
        let before = lbfgs.step(&mut point, learning_rate, &mut evaluate)?;
        self.lbfgs[run] = lbfgs;
        let _no_gradients = tch::no_grad_guard();
        let moved = upload(&point, &[1, -1], self.device)?;
        self.network.clamp(&moved)?;
        parameters.shallow_clone().f_copy_(&moved)?;
        Ok(EpochReport { gradient_norm: before.gradient_norm, ..report.unwrap_or_default() })
    }
}

/// A point as the leaves of one run.
fn leaves<T: Real>(layout: &Layout, point: &[T], device: Device) -> Result<Vec<Tensor>, TchError> {
    let _no_gradients = tch::no_grad_guard();
    layout.leaves(&upload(point, &[1, -1], device)?)
}
