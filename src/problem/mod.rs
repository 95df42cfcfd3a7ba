//! From a configuration to numbers to learn: tasks, encodings, scaling, and the splits that a run is measured on.

mod encode;
mod population;
mod scaling;
mod task;

use crate::config::{Configuration, Normalization};
use crate::random::Stream;

pub use encode::Encoder;
pub use population::{MOST_EXHAUSTIVE, Population, QUASI_RANDOM_POINTS, Region};
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
    /// The draws that the run learns from.
    pub train: Population,
    /// Fresh draws.
    pub test: Population,
}

impl Problem {
    /// Draws the examples of a run and fits the scaling to them where it is fitted.
    #[must_use]
    pub fn draw(configuration: &Configuration, seed: u64) -> Self {
        let encoder = Encoder::of(configuration);
        let train = drawn(configuration, seed, "data/train", configuration.examples);
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
    Population::new(configuration.task, operands, inputs, false)
}

/// Whether the network's inputs are an affine map of the encoded features.
fn takes_log(normalization: Normalization) -> bool {
    normalization == Normalization::Log
}

#[cfg(test)]
mod tests;
