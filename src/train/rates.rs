//! The numbers of one optimizer step of one run: the schedule's learning rate, the optimizer's constants, the penalty's
//! strength.

use super::keep::Keep;
use crate::config::{Configuration, Schedule};

/// What a step of a run is taken with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Learning rate of this step, after the schedule.
    pub learning_rate: f64,
    /// Steps taken, this one included.
    pub step: u64,
    /// Strength of the penalty on weights between whole ones, of NAU and NMU.
    pub sparsity: f64,
}

impl Rates {
    /// The rates of step number `step` (from 1) of a run that takes `batches` steps an epoch.
    #[must_use]
    pub fn at(configuration: &Configuration, step: u64, batches: u64) -> Self {
        let c = configuration;
        let steps = batches * u64::from(c.epochs);
        let warmup = batches * u64::from(c.warmup);
        let share = if step <= warmup {
            step as f64 / warmup as f64
        } else {
            scheduled(c.schedule, step - warmup, steps - warmup, batches)
        };
        let done = (step - 1) as f64 / steps as f64;
        let grown = |start: f64, end: f64| {
            if end > start {
                ((done - start) / (end - start)).clamp(0.0, 1.0)
            } else {
                f64::from(u8::from(done >= start))
            }
        };
        Self {
            learning_rate: c.learning_rate * share,
            step,
            sparsity: c.sparsity.strength * grown(c.sparsity.start, c.sparsity.end),
        }
    }
}

/// The share of the learning rate at step number `step` (from 1) of the `steps` of a schedule.
fn scheduled(schedule: Schedule, step: u64, steps: u64, batches: u64) -> f64 {
    let done = (step - 1) as f64 / steps as f64;
    let epoch = (step - 1) / batches;
    let half_cosine =
        |from: f64, to: f64, done: f64| to + (from - to) / 2.0 * (1.0 + libm::cos(std::f64::consts::PI * done));
    match schedule {
        Schedule::Constant => 1.0,
        // Loshchilov and Hutter 2017, equation 5, without restarts, down to 0.
        Schedule::Cosine => half_cosine(1.0, 0.0, done),
        Schedule::Linear => 1.0 - done,
        Schedule::Step(decay) => power(decay.factor, epoch / u64::from(decay.every)),
        Schedule::Exponential(factor) => power(factor, epoch),
        // Smith and Topin 2018, with the ends and the two phases of PyTorch's `OneCycleLR`.
        Schedule::OneCycle => {
            const START: f64 = 1.0 / 25.0;
            let last = (steps - 1) as f64;
            let (at, top) = ((step - 1) as f64, (0.3 * steps as f64 - 1.0).max(0.0));
            if at <= top && top > 0.0 {
                half_cosine(START, 1.0, at / top)
            } else if last > top {
                half_cosine(1.0, START / 1e4, (at - top) / (last - top))
            } else {
                1.0
            }
        }
    }
}

/// What `NAdam` has multiplied its momentum to, in one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nadam {
    product: f64,
}

/// What a step of `NAdam` is made of, before the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NadamShares {
    /// What the gradient is multiplied by.
    pub gradient: f64,
    /// What the running mean of gradients, this one included, is multiplied by.
    pub mean: f64,
}

impl Nadam {
    /// Walks over what it is.
    pub fn state(&mut self, keep: &mut Keep<'_>) {
        keep.number(&mut self.product);
    }
}

impl Default for Nadam {
    fn default() -> Self {
        Self { product: 1.0 }
    }
}

impl Nadam {
    /// The shares of step number `step`, from 1; steps are asked for in order, each once. Momentum grows to `beta1` as
    /// in `PyTorch` (Dozat 2016, with a decay of 0.004).
    pub fn step(&mut self, beta1: f64, step: u64) -> NadamShares {
        let momentum = |step: u64| beta1 * (1.0 - 0.5 * libm::pow(0.96, step as f64 * 0.004));
        let (now, next) = (momentum(step), momentum(step + 1));
        self.product *= now;
        NadamShares { gradient: (1.0 - now) / (1.0 - self.product), mean: next / (1.0 - self.product * next) }
    }
}

/// `base` to a whole power by squaring: the same bits on every machine.
#[must_use]
pub fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut left) = (1.0, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    result
}
