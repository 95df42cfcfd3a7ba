//! Losses of a batch and their gradient, by libtorch's automatic differentiation.

use tch::{Kind, TchError, Tensor};

use super::forward::{Pass, Statistics, forward};
use super::layout::{Layout, sum_by_run};
use crate::config::{LayerKind, Loss};
use crate::network::Architecture;

/// What is trained: the same for every run of a cohort.
#[derive(Debug)]
pub struct Network {
    /// Its layers.
    pub architecture: Architecture,
    /// Where its parameters lie.
    pub layout: Layout,
    /// What training makes small.
    pub loss: Loss,
}

/// A batch of every run.
#[derive(Debug)]
pub struct Batch<'a> {
    /// `[runs, rows, features]`.
    pub inputs: Tensor,
    /// `[runs, rows, 1]`.
    pub targets: Tensor,
    /// Of each hidden layer, `[runs, rows, width]`, where anything is left out.
    pub masks: Vec<Tensor>,
    /// Strength of the penalty, `[runs, 1]`, where there is one.
    pub sparsity: Option<&'a Tensor>,
}

/// What a batch came to, before any step.
#[derive(Debug)]
pub struct Slope {
    /// `[runs, width of the layout]`, that of the penalty included.
    pub gradient: Tensor,
    /// Sums of the losses of the rows, `[runs]`, f64.
    pub losses: Tensor,
    /// Sums of their squared errors, `[runs]`, f64.
    pub squares: Tensor,
    /// The penalty times its strength, `[runs]`, f64, where there is one.
    pub penalties: Option<Tensor>,
    /// Statistics of the batch, where normalization takes them.
    pub statistics: Vec<Statistics>,
}

impl Network {
    /// Losses and gradient of a batch at the given leaves. Runs share nothing: what is no number in one stays there.
    pub fn slope(&self, leaves: &[Tensor], batch: &Batch<'_>) -> Result<Slope, TchError> {
        let passed = forward(&self.architecture, &self.layout, leaves, &batch.inputs, Pass::Training(&batch.masks))?;
        let errors = passed.answers.f_detach()?.f_sub(&batch.targets)?;
        // The derivative of the loss is written out: autograd's would lose digits in `log_cosh`.
        let deltas = derivative(self.loss, &errors)?.f_mul_scalar(1.0 / batch.targets.size()[1] as f64)?;
        let mut objective = passed.answers.f_mul(&deltas)?.f_sum(None::<Kind>)?;
        let mut penalties = None;
        if let Some(strength) = batch.sparsity {
            let penalty = self.penalty(leaves)?.f_mul(&strength.f_view([-1])?)?;
            objective = objective.f_add(&penalty.f_sum(None::<Kind>)?)?;
            penalties = Some(penalty.f_detach()?.f_to_kind(Kind::Double)?);
        }
        let gradients = Tensor::f_run_backward(&[objective], leaves, false, false)?;
        let errors = errors.f_to_kind(Kind::Double)?;
        Ok(Slope {
            gradient: self.layout.rows(&gradients)?,
            losses: sum_by_run(&value(self.loss, &errors)?)?,
            squares: sum_by_run(&errors.f_square()?)?,
            penalties,
            statistics: passed.statistics,
        })
    }

    /// How far weights are from whole numbers, `[runs]`: the sum over the layers of the mean of min(|w|, 1 − |w|).
    fn penalty(&self, leaves: &[Tensor]) -> Result<Tensor, TchError> {
        let mut total: Option<Tensor> = None;
        for weights in self.layout.weights(leaves) {
            let size =
                if self.architecture.layer == LayerKind::Nau { weights.f_abs()? } else { weights.shallow_clone() };
            let off = size.f_minimum(&size.f_neg()?.f_add_scalar(1)?)?;
            let mean = off.f_mean_dim([1i64, 2].as_slice(), false, None::<Kind>)?;
            total = Some(total.map_or(Ok(mean.shallow_clone()), |total| total.f_add(&mean))?);
        }
        total.ok_or_else(|| TchError::Shape("a network has a layer".into()))
    }

    /// Puts the weights of units that keep them within bounds back into them.
    pub fn clamp(&self, rows: &Tensor) -> Result<(), TchError> {
        let least = match self.architecture.layer {
            LayerKind::Nau => -1,
            LayerKind::Nmu => 0,
            _ => return Ok(()),
        };
        for weights in self.layout.weights(&self.layout.views(rows)?) {
            let _ = weights.shallow_clone().f_clamp_(least, 1)?;
        }
        Ok(())
    }
}

/// Losses of errors, as [`crate::train::loss`] has them.
fn value(loss: Loss, errors: &Tensor) -> Result<Tensor, TchError> {
    match loss {
        Loss::Mse => errors.f_square(),
        Loss::Mae => errors.f_abs(),
        Loss::Huber(delta) => {
            let size = errors.f_abs()?;
            let straight = size.f_add_scalar(-0.5 * delta)?.f_mul_scalar(delta)?;
            straight.f_where_self(&size.f_gt(delta)?, &errors.f_square()?.f_mul_scalar(0.5)?)
        }
        Loss::LogCosh => {
            let size = errors.f_abs()?;
            let rest = size.f_mul_scalar(-2)?.f_exp()?.f_log1p()?;
            size.f_add(&rest)?.f_add_scalar(-std::f64::consts::LN_2)
        }
    }
}

/// Derivatives of the losses of errors.
fn derivative(loss: Loss, errors: &Tensor) -> Result<Tensor, TchError> {
    match loss {
        Loss::Mse => errors.f_mul_scalar(2),
        Loss::Mae => errors.f_sign(),
        Loss::Huber(delta) => errors.f_clamp(-delta, delta),
        Loss::LogCosh => errors.f_tanh(),
    }
}
