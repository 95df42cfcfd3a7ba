//! The optimizers' steps, for all parameters of all runs at once, in place.

use tch::{Kind, TchError, Tensor};

use super::layout::sum_by_run;
use super::steps::{Column, Steps};
use crate::config::Optimizer;

/// Arrays like the parameters that an optimizer keeps between steps.
pub fn kept_arrays(optimizer: Optimizer) -> usize {
    match optimizer {
        Optimizer::Adam | Optimizer::Adamw | Optimizer::Nadam | Optimizer::Rmsprop => 2,
        Optimizer::Adagrad | Optimizer::Sgd => 1,
        Optimizer::Lbfgs => 0,
    }
}

/// Norms of the gradients of each run, `[runs]`, f64.
pub fn norms(gradient: &Tensor) -> Result<Tensor, TchError> {
    sum_by_run(&gradient.f_to_kind(Kind::Double)?.f_square()?)?.f_sqrt()
}

/// Moves `parameters`, `[runs, width]`, by a step of the epoch, numbered from 0; `kept` are [`kept_arrays`] of their
/// size. Gradients are clipped first, then decayed.
pub fn update(
    optimizer: Optimizer,
    steps: &Steps,
    step: usize,
    gradient: Tensor,
    parameters: &mut Tensor,
    kept: &mut [Tensor],
) -> Result<(), TchError> {
    let of = |column: Column| steps.get(step, column);
    let mut gradient = gradient;
    if steps.uses(Column::Clip) {
        // As in PyTorch's `clip_grad_norm_`. A run without a largest norm keeps its gradient, infinite or not.
        let clip = of(Column::Clip).f_view([-1])?;
        let factor = clip.f_div(&norms(&gradient)?.f_add_scalar(1e-6)?)?.f_clamp_max(1)?;
        let factor = factor.f_where_self(&clip.f_isfinite()?, &factor.f_ones_like()?)?;
        gradient = gradient.f_mul(&factor.f_to_kind(gradient.kind())?.f_view([-1, 1])?)?;
    }
    if steps.uses(Column::Decay) {
        if optimizer == Optimizer::Adamw {
            let _ = parameters.f_mul_(of(Column::Decay))?;
        } else {
            gradient = gradient.f_addcmul(parameters, of(Column::Decay))?;
        }
    }
    match (optimizer, kept) {
        (Optimizer::Adam | Optimizer::Adamw, [mean, square]) => {
            follow(mean, &gradient, of(Column::Mean))?;
            follow(square, &gradient.f_square()?, of(Column::Square))?;
            let root = square.f_sqrt()?.f_add_(of(Column::Epsilon))?;
            let _ = parameters.f_addcdiv_(&mean.f_mul(of(Column::Rate))?, &root)?;
        }
        (Optimizer::Nadam, [mean, square]) => {
            follow(mean, &gradient, of(Column::Mean))?;
            follow(square, &gradient.f_square()?, of(Column::Square))?;
            let root = square.f_mul(of(Column::Correction))?.f_sqrt()?.f_add_(of(Column::Epsilon))?;
            let ahead = mean.f_mul(of(Column::Running))?.f_addcmul_(&gradient, of(Column::Gradient))?;
            let _ = parameters.f_addcdiv_(&ahead, &root)?;
        }
        (Optimizer::Rmsprop, [square, last]) => {
            follow(square, &gradient.f_square()?, of(Column::Square))?;
            let root = square.f_sqrt()?.f_add_(of(Column::Epsilon))?;
            if steps.uses(Column::Momentum) {
                let _ = last.f_mul_(of(Column::Momentum))?.f_addcdiv_(&gradient, &root)?;
                let _ = parameters.f_addcmul_(last, of(Column::Rate))?;
            } else {
                let _ = parameters.f_addcdiv_(&gradient.f_mul(of(Column::Rate))?, &root)?;
            }
        }
        (Optimizer::Adagrad, [squares]) => {
            let _ = squares.f_addcmul_(&gradient, &gradient)?;
            let root = squares.f_sqrt()?.f_add_(of(Column::Epsilon))?;
            let _ = parameters.f_addcdiv_(&gradient.f_mul(of(Column::Rate))?, &root)?;
        }
        (Optimizer::Sgd, [last]) => {
            if steps.uses(Column::Momentum) {
                let _ = last.f_mul_(of(Column::Momentum))?.f_add_(&gradient)?;
                let ahead = gradient.f_mul(of(Column::Gradient))?.f_addcmul_(last, of(Column::Running))?;
                let _ = parameters.f_addcmul_(&ahead, of(Column::Rate))?;
            } else {
                let _ = parameters.f_addcmul_(&gradient, of(Column::Rate))?;
            }
        }
        _ => return Err(TchError::Shape("an optimizer has the arrays that it keeps".into())),
    }
    Ok(())
}

/// Moves a running mean towards what is new.
fn follow(running: &mut Tensor, new: &Tensor, share: &Tensor) -> Result<(), TchError> {
    let _ = running.f_lerp_tensor_(new, share)?;
    Ok(())
}
