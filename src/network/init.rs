//! Initial parameters, drawn from the run's own streams.

use super::{Architecture, Role};
use crate::config::Init;
use crate::random::Stream;

/// Initial values of every array of parameters, in the order of [`Architecture::slots`].
#[must_use]
pub fn initial_weights(architecture: &Architecture, _init: Init, seed: u64) -> Vec<Vec<f64>> {
    architecture.slots().iter().map(|slot| {
        let mut s = Stream::new(seed, slot.role.name(), slot.layer as u64);
        let (i, o) = architecture.sizes[slot.layer];
        let end = (6.0 / (i + o) as f64).sqrt();
        match slot.role { Role::Bias | Role::Shift => vec![0.0; slot.len()], Role::Scale => vec![1.0; slot.len()], _ => (0..slot.len()).map(|_| (2.0 * s.uniform() - 1.0) * end).collect() }
    }).collect()
}
