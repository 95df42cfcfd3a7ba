//! From a configuration to numbers to learn: tasks, encodings, scaling, and the splits that a run is measured on.

mod encode;
mod population;
mod scaling;
mod task;
mod turns;

use crate::config::{Configuration, Normalization};
use crate::random::Stream;

pub use encode::Encoder;
pub use population::{MOST_EXHAUSTIVE, Population, QUASI_RANDOM_POINTS, Region, measured_rows};
pub use scaling::{InputScaling, TargetScaling};
pub use task::target;

/// Everything that a run learns from and is tested on, before it becomes tensors.
#[derive(Clone, Debug)]
pub struct Problem {
    /// How operands become features.
    pub encoder: Encoder,
    /// How features become what the network reads.
    pub inputs: InputScaling,
    /// How targets become what the network answers, and back.
    pub targets: TargetScaling,
    /// The draws that the run learns from; with `noise`, their targets are the noisy ones.
    pub train: Population,
    /// Fresh draws.
    pub test: Population,
}

impl Problem {
    /// Draws the examples of a run and fits the scaling to them where it is fitted, noise included.
    #[must_use]
    pub fn draw(configuration: &Configuration, seed: u64) -> Self {
        let encoder = Encoder::of(configuration);
        let mut train = drawn(configuration, seed, "data/train", configuration.examples);
        if configuration.noise > 0.0 {
            disturb(configuration, seed, &mut train);
        }
        let test = drawn(configuration, seed, "data/test", configuration.test_examples);
        let inputs = InputScaling::fit(configuration, &encoder, &train);
        let targets = TargetScaling::fit(configuration, &train);
        Self { encoder, inputs, targets, train, test }
    }

    /// Features of the rows of a population from `start` on, scaled, row-major, into `features`, whose length says
    /// how many rows.
    pub fn features(&self, population: &Population, start: usize, features: &mut [f64]) {
        self.encoder.encode(population.rows(start, features.len() / self.encoder.features()), features);
        self.inputs.scale(features);
    }
}

/// Draws with replacement, uniform on 1..=largest in every operand.
fn drawn(configuration: &Configuration, seed: u64, stream: &str, examples: u32) -> Population {
    let operands = configuration.operands as usize;
    let mut stream = Stream::new(seed, stream, 0);
    let count = examples as usize * operands;
    let inputs = (0..count).map(|_| 1 + stream.below(u64::from(configuration.largest)) as u32).collect();
    Population::new(configuration, inputs, false)
}

/// Adds noise to the targets of training examples: normal, its standard deviation a share of that of the targets on
/// the domain.
fn disturb(configuration: &Configuration, seed: u64, train: &mut Population) {
    let (_, deviation) = scaling::moments(&Population::of_region(configuration, Region::Domain).targets);
    let mut stream = Stream::new(seed, "data/noise", 0);
    train.targets.iter_mut().for_each(|target| *target += configuration.noise * deviation * stream.normal());
}

/// Whether the network's inputs are an affine map of the encoded features.
fn takes_log(normalization: Normalization) -> bool {
    normalization == Normalization::Log
}

#[cfg(test)]
mod tests;
