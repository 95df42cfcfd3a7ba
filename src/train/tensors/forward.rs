//! A network's answers as whole-tensor operations, for all runs of a cohort at once: maps, normalizations, activations.

use std::f64::consts::PI;

use tch::{Kind, TchError, Tensor};

use super::layout::Layout;
use crate::config::{Activation, LayerKind, LayerNorm};
use crate::network::{Architecture, LOGARITHM_EPSILON, NORM_EPSILON};

/// What a pass over a batch is for.
#[derive(Clone, Copy, Debug)]
pub enum Pass<'a> {
    /// Training: statistics of the batch itself; hidden values of each layer multiplied by a mask, where there are
    /// masks.
    Training(&'a [Tensor]),
    /// Answering: running mean and variance of each hidden layer, where its normalization keeps them; nothing left out.
    Answering(&'a [Statistics]),
}

/// Mean and biased variance of the sums of a hidden layer's units, each `[runs, 1, width]`.
#[derive(Debug)]
pub struct Statistics {
    /// Mean.
    pub mean: Tensor,
    /// Variance.
    pub variance: Tensor,
}

/// What a pass came to.
#[derive(Debug)]
pub struct Passed {
    /// `[runs, rows, 1]`.
    pub answers: Tensor,
    /// Values of each hidden layer, `[runs, rows, width]`.
    pub hidden: Vec<Tensor>,
    /// Statistics of the batch, where they were taken.
    pub statistics: Vec<Statistics>,
}

/// The answers to `inputs`, `[runs, rows, features]`, with `arrays` as the layout's views.
pub fn forward(
    architecture: &Architecture,
    layout: &Layout,
    arrays: &[Tensor],
    inputs: &Tensor,
    pass: Pass<'_>,
) -> Result<Passed, TchError> {
    let (mut hidden, mut statistics): (Vec<Tensor>, Vec<Statistics>) = (Vec::new(), Vec::new());
    let mut values = inputs.shallow_clone();
    for layer in 0..architecture.sizes.len() {
        let own = layout.layer(layer, arrays);
        let sums = mapped(architecture, own, &values)?;
        if architecture.is_last(layer) {
            values = sums;
            break;
        }
        let normed = match architecture.norm {
            LayerNorm::None => sums,
            LayerNorm::Batch => match pass {
                Pass::Answering(kept) => scaled(architecture, &standardized(&sums, &kept[layer])?, own)?,
                Pass::Training(_) => {
                    let taken = batch_statistics(&sums)?;
                    let normed = scaled(architecture, &standardized(&sums, &taken)?, own)?;
                    statistics.push(Statistics { mean: taken.mean.f_detach()?, variance: taken.variance.f_detach()? });
                    normed
                }
            },
            LayerNorm::Layer => {
                let width = sums.size()[2];
                let normed = sums.f_layer_norm([width], None::<&Tensor>, None, NORM_EPSILON, false)?;
                scaled(architecture, &normed, own)?
            }
            LayerNorm::Rms => {
                let mean = sums.f_square()?.f_mean_dim([2i64].as_slice(), true, None::<Kind>)?;
                let normed = sums.f_div(&mean.f_add_scalar(NORM_EPSILON)?.f_sqrt()?)?;
                scaled(architecture, &normed, own)?
            }
        };
        values = unit(architecture.activation, &normed)?;
        if let Pass::Training(masks) = pass
            && let Some(mask) = masks.get(layer)
        {
            values = values.f_mul(mask)?;
        }
        hidden.push(values.shallow_clone());
    }
    Ok(Passed { answers: values, hidden, statistics })
}

/// Mean and biased variance over the rows.
fn batch_statistics(sums: &Tensor) -> Result<Statistics, TchError> {
    let mean = sums.f_mean_dim([1i64].as_slice(), true, None::<Kind>)?;
    let variance = sums.f_sub(&mean)?.f_square()?.f_mean_dim([1i64].as_slice(), true, None::<Kind>)?;
    Ok(Statistics { mean, variance })
}

fn standardized(sums: &Tensor, by: &Statistics) -> Result<Tensor, TchError> {
    sums.f_sub(&by.mean)?.f_div(&by.variance.f_add_scalar(NORM_EPSILON)?.f_sqrt()?)
}

/// Normalized sums times the learnt scale, plus the learnt shift where there is one: the last arrays of their layer.
fn scaled(architecture: &Architecture, normed: &Tensor, own: &[Tensor]) -> Result<Tensor, TchError> {
    match own {
        [.., scale] if architecture.norm == LayerNorm::Rms => normed.f_mul(scale),
        [.., scale, shift] => shift.f_addcmul(normed, scale),
        _ => Err(TchError::Shape("a normalized layer has a scale".into())),
    }
}

/// What a layer makes of its inputs, before normalization and activation.
fn mapped(architecture: &Architecture, own: &[Tensor], inputs: &Tensor) -> Result<Tensor, TchError> {
    let weights = &own[0];
    match architecture.layer {
        LayerKind::Dense if architecture.bias => own[1].f_baddbmm(inputs, weights, 1, 1),
        LayerKind::Dense | LayerKind::Nau => inputs.f_bmm(weights),
        LayerKind::Nac => inputs.f_bmm(&drawn_to_whole(own)?),
        LayerKind::Nalu => {
            let weights = drawn_to_whole(own)?;
            let sums = inputs.f_bmm(&weights)?;
            let products = size(inputs)?.f_log()?.f_bmm(&weights)?.f_exp()?;
            let gate = inputs.f_bmm(&own[2])?.f_sigmoid()?;
            let rest = gate.f_neg()?.f_add_scalar(1)?;
            gate.f_mul(&sums)?.f_add(&rest.f_mul(&products)?)
        }
        LayerKind::Nmu => {
            let weights = weights.f_unsqueeze(1)?;
            let rest = weights.f_neg()?.f_add_scalar(1)?;
            product(rest.f_addcmul(&inputs.f_unsqueeze(3)?, &weights)?)
        }
        LayerKind::RealNpu => {
            let gate = own[1].f_clamp(0, 1)?;
            let rest = gate.f_neg()?.f_add_scalar(1)?;
            let sizes = rest.f_addcmul(&gate, &size(inputs)?)?;
            let negative = inputs.f_lt(0)?.f_to_kind(inputs.kind())?;
            let angles = negative.f_mul(&gate.f_mul_scalar(PI)?)?;
            sizes.f_log()?.f_bmm(weights)?.f_exp()?.f_mul(&angles.f_bmm(weights)?.f_cos()?)
        }
    }
}

/// tanh(Ŵ)·σ(M̂).
fn drawn_to_whole(own: &[Tensor]) -> Result<Tensor, TchError> {
    own[0].f_tanh()?.f_mul(&own[1].f_sigmoid()?)
}

/// |x| + ε, whose logarithm exists.
fn size(inputs: &Tensor) -> Result<Tensor, TchError> {
    inputs.f_abs()?.f_add_scalar(LOGARITHM_EPSILON)
}

/// The product along direction 2 of four, by halves. Its gradient is right where factors are zero, which that of a
/// quotient is not, and asks the device nothing, as libtorch's own product does.
pub fn product(factors: Tensor) -> Result<Tensor, TchError> {
    let mut factors = factors;
    loop {
        let count = factors.size()[2];
        if count == 1 {
            return factors.f_squeeze_dim(2);
        }
        let half = count / 2;
        let halves = factors.f_narrow(2, 0, half)?.f_mul(&factors.f_narrow(2, half, half)?)?;
        factors =
            if count % 2 == 0 { halves } else { Tensor::f_cat(&[halves, factors.f_narrow(2, count - 1, 1)?], 2)? };
    }
}

/// What hidden units do, with the derivatives of [`crate::network::unit`] where there is a kink.
fn unit(activation: Activation, z: &Tensor) -> Result<Tensor, TchError> {
    match activation {
        Activation::Linear => Ok(z.shallow_clone()),
        Activation::Relu => z.f_relu(),
        Activation::LeakyRelu(slope) => z.f_where_self(&z.f_gt(0)?, &z.f_mul_scalar(slope)?),
        Activation::Elu => z.f_elu(),
        Activation::Selu => z.f_selu(),
        Activation::Gelu => z.f_gelu("none"),
        Activation::Silu => z.f_silu(),
        Activation::Mish => z.f_mish(),
        // libtorch's own softplus is the identity beyond 20.
        Activation::Softplus => z.f_logaddexp(&z.f_zeros_like()?),
        Activation::Tanh => z.f_tanh(),
        Activation::Sigmoid => z.f_sigmoid(),
        Activation::HardTanh => z.f_hardtanh(),
        Activation::Relu6 => z.f_relu6(),
        Activation::Gaussian => z.f_square()?.f_neg()?.f_exp(),
        Activation::Square => z.f_square(),
        Activation::Sine(omega) => z.f_mul_scalar(omega)?.f_sin(),
        Activation::Snake(a) => z.f_add(&z.f_mul_scalar(a)?.f_sin()?.f_square()?.f_div_scalar(a)?),
    }
}
