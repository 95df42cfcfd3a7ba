//! How one run is doing: its curve, when it diverges, when it stops early, and what its course came to.

use super::engine::EpochReport;
use super::keep::Keep;
use super::loss::loss_of;
use super::outcome::{CurvePoint, Status};
use crate::config::{Configuration, EarlyStop, StopMetric};
use crate::measure::Measures;
use crate::network::Real;
use crate::problem::TargetScaling;

/// A run has diverged when its loss is no finite number, or more than this many times the loss of a network that
/// answers every training example with zero.
pub const DIVERGED: f64 = 1e12;

/// Epochs at the end of a run over which the median of its training error is taken.
pub const LAST_EPOCHS: usize = 50;

/// A run under way.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Points of its learning curve.
    pub curve: Vec<CurvePoint>,
    /// When it ends early.
    pub early_stop: Option<EarlyStop>,
    /// Epochs that it has trained.
    pub epochs_done: u32,
    /// Why it ended before its last epoch.
    ended: Option<(Status, String)>,
    /// Loss beyond which it has diverged.
    bound: f64,
    /// Mean squared error of every epoch, in scaled units.
    squared_errors: Vec<f64>,
    /// The best value that early stopping has seen, and the epoch.
    best: (f64, u32),
}

impl Progress {
    /// A run that has not begun.
    pub fn new<T: Real>(configuration: &Configuration, targets: &[T]) -> Self {
        let zero = targets.iter().map(|target| loss_of(configuration.loss, target.to_f64())).sum::<f64>();
        let zero = zero / targets.len() as f64;
        Self {
            curve: Vec::new(),
            early_stop: configuration.early_stop,
            epochs_done: 0,
            ended: None,
            bound: DIVERGED * if zero > 0.0 { zero } else { 1.0 },
            squared_errors: Vec::new(),
            best: (f64::INFINITY, 0),
        }
    }

    /// Walks over how a run is doing that has not failed.
    pub fn state(&mut self, keep: &mut Keep<'_>) {
        let mut epochs_done = u64::from(self.epochs_done);
        keep.whole(&mut epochs_done);
        self.epochs_done = epochs_done as u32;
        let blank = CurvePoint {
            epoch: 0,
            train_loss: 0.0,
            test_loss: 0.0,
            test_rmse: 0.0,
            learning_rate: 0.0,
            gradient_norm: 0.0,
        };
        keep.list(
            &mut self.curve,
            || blank,
            |keep, point| {
                let mut epoch = u64::from(point.epoch);
                keep.whole(&mut epoch);
                point.epoch = epoch as u32;
                let numbers = [
                    &mut point.train_loss,
                    &mut point.test_loss,
                    &mut point.test_rmse,
                    &mut point.learning_rate,
                    &mut point.gradient_norm,
                ];
                numbers.into_iter().for_each(|number| keep.number(number));
            },
        );
        keep.list(&mut self.squared_errors, || 0.0, Keep::number);
        keep.number(&mut self.best.0);
        let mut epoch = u64::from(self.best.1);
        keep.whole(&mut epoch);
        self.best.1 = epoch as u32;
        let mut stopped = u64::from(!self.is_training());
        keep.whole(&mut stopped);
        self.ended = (stopped != 0).then(|| (Status::Finished, self.why_stopped()));
    }

    /// Why it has stopped after the epochs that it has trained.
    fn why_stopped(&self) -> String {
        format!("stopped early after epoch {}: the best value was in epoch {}", self.epochs_done, self.best.1)
    }

    /// Ends it for want of time, where it has ended well and was not measured yet.
    pub fn run_out(&mut self, reason: &str) {
        if self.is_finished() {
            self.ended = Some((Status::TimedOut, reason.to_owned()));
        }
    }

    /// Whether it goes on.
    pub fn is_training(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it has ended well: at its last epoch, or early because it was asked to.
    pub fn is_finished(&self) -> bool {
        self.ended.as_ref().is_none_or(|(status, _)| *status == Status::Finished)
    }

    /// How it ended.
    pub fn status(&self) -> (Status, Option<String>) {
        self.ended.as_ref().map_or((Status::Finished, None), |(status, why)| (*status, Some(why.clone())))
    }

    /// Ends it, unless it has ended already other than well.
    pub fn end(&mut self, status: Status, reason: &str) {
        if self.is_training() || (self.is_finished() && status == Status::Diverged) {
            self.ended = Some((status, reason.to_owned()));
        }
    }

    /// Notes an epoch, and whether the run has diverged in it.
    pub fn note(&mut self, epoch: u32, report: &EpochReport) {
        self.epochs_done = epoch;
        self.squared_errors.push(report.squared_error);
        let loss = report.loss;
        if !loss.is_finite() {
            self.end(Status::Diverged, &format!("the training loss was {loss} in epoch {epoch}"));
        } else if loss > self.bound {
            let reason = format!(
                "the training loss was {loss:.3e} in epoch {epoch}, more than {DIVERGED:e} times that of answering zero"
            );
            self.end(Status::Diverged, &reason);
        }
    }

    /// Whether it has stopped improving, by its own rule; ends it if so.
    pub fn stops(&mut self, point: &CurvePoint) -> bool {
        let Some(EarlyStop { metric, patience, min_delta }) = self.early_stop else { return false };
        let value = match metric {
            StopMetric::TrainLoss => point.train_loss,
            StopMetric::TestLoss => point.test_loss,
            StopMetric::TestRmse => point.test_rmse,
        };
        if value < self.best.0 - min_delta {
            self.best = (value, point.epoch);
        }
        let stopped = point.epoch - self.best.1 >= patience;
        if stopped {
            self.end(Status::Finished, &self.why_stopped());
        }
        stopped
    }

    /// Notes what the course of a finished run came to: its gradient, its training error over the epochs, and when it
    /// reached the floor.
    pub fn note_course(&self, measures: &mut Measures, targets: &TargetScaling) {
        if let Some(last) = self.curve.last() {
            measures.set("gradient_norm", last.gradient_norm);
        }
        let Some(factor) = targets.factor() else { return };
        let errors: Vec<f64> = self.squared_errors.iter().map(|square| square.sqrt() * factor).collect();
        measures.set("epoch_rmse_last", errors[errors.len() - 1]);
        measures.set("epoch_rmse_best", errors.iter().copied().fold(f64::INFINITY, f64::min));
        let mut last = errors[errors.len().saturating_sub(LAST_EPOCHS)..].to_vec();
        last.sort_by(f64::total_cmp);
        measures.set("epoch_rmse_median", f64::midpoint(last[(last.len() - 1) / 2], last[last.len() / 2]));
        if let Some(floor) = measures.get("affine_floor_train")
            && let Some(epoch) = errors.iter().position(|&error| error <= 1.01 * floor)
        {
            measures.set("epochs_to_floor", (epoch + 1) as f64);
        }
    }
}
