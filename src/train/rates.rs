//! The numbers of one optimizer step of one run: the schedule's learning rate and the optimizer's constants.

use crate::config::{Configuration, Schedule};

/// What a step of a run is taken with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Learning rate of this step, after the schedule.
    pub learning_rate: f64,
    /// Decay of the mean gradient.
    pub beta1: f64,
    /// Decay of the mean squared gradient.
    pub beta2: f64,
    /// Added to the root.
    pub epsilon: f64,
    /// Steps taken, this one included.
    pub step: u64,
}

impl Rates {
    /// The rates of step number `step` (from 1) out of `steps`.
    #[must_use]
    pub fn at(configuration: &Configuration, step: u64, steps: u64) -> Self {
        let done = (step - 1) as f64 / steps as f64;
        let share = match configuration.schedule {
            Schedule::Constant => 1.0,
            // Loshchilov and Hutter 2017, equation 5, without restarts, down to 0.
            Schedule::Cosine => 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done)),
        };
        Self {
            learning_rate: configuration.learning_rate * share,
            beta1: configuration.beta1,
            beta2: configuration.beta2,
            epsilon: configuration.epsilon,
            step,
        }
    }

    /// Corrections for the zero start of both running means: `1 − βᵗ`.
    #[must_use]
    pub fn corrections(&self) -> (f64, f64) {
        let exponent = self.step as f64;
        (1.0 - libm::pow(self.beta1, exponent), 1.0 - libm::pow(self.beta2, exponent))
    }
}
