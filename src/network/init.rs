//! Initial parameters, drawn from the run's own streams.

use super::Architecture;
use crate::config::Init;

/// Initial values of every array of parameters, in the order of [`Architecture::slots`].
///
/// Every layer draws from its own stream, so that a layer's weights do not depend on the others' sizes.
#[must_use]
pub fn initial_weights(_architecture: &Architecture, _init: Init, _seed: u64) -> Vec<Vec<f64>> {
    todo!()
}
