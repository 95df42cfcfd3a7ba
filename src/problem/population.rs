//! Populations: rows of operands with their targets, drawn or enumerated.

use super::task::target;
use crate::config::Configuration;

/// Up to this many inputs a region is measured whole.
pub const MOST_EXHAUSTIVE: u64 = 1_000_000;

/// Points that stand for a region that is larger.
pub const QUASI_RANDOM_POINTS: u64 = 100_000;

/// Rows that a network is measured on at the end of its training, in both regions.
#[must_use]
pub fn measured_rows(configuration: &Configuration) -> u32 {
    2 * inputs_of_region(configuration).unwrap_or(QUASI_RANDOM_POINTS) as u32
}

/// Inputs of a region, where there are few enough to measure them all.
fn inputs_of_region(configuration: &Configuration) -> Option<u64> {
    u64::from(configuration.largest).checked_pow(configuration.operands).filter(|&all| all <= MOST_EXHAUSTIVE)
}

/// Where a network is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Region {
    /// Every operand from 1 to the largest.
    Domain,
    /// Every operand beyond the largest, up to twice that.
    Extrapolation,
}

/// Rows of operands, with the right answer to each.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    operands: usize,
    inputs: Vec<u32>,
    /// The right answers, in their own units; of training examples as the run sees them.
    pub targets: Vec<f64>,
    /// Whether this is every input that there is.
    pub exhaustive: bool,
}

impl Population {
    pub(super) fn new(configuration: &Configuration, inputs: Vec<u32>, exhaustive: bool) -> Self {
        let &Configuration { task, largest, operands, .. } = configuration;
        let operands = operands as usize;
        let targets = inputs.chunks_exact(operands).map(|row| target(task, largest, row)).collect();
        Self { operands, inputs, targets, exhaustive }
    }

    /// All inputs of a region where there are at most [`MOST_EXHAUSTIVE`], else [`QUASI_RANDOM_POINTS`] of them,
    /// evenly spread and always the same.
    #[must_use]
    pub fn of_region(configuration: &Configuration, region: Region) -> Self {
        let operands = configuration.operands;
        let largest = u64::from(configuration.largest);
        let offset = match region {
            Region::Domain => 1,
            Region::Extrapolation => configuration.largest + 1,
        };
        let all = inputs_of_region(configuration);
        let inputs = match all {
            Some(all) => (0..all)
                .flat_map(|index| (0..operands).map(move |place| (index / largest.pow(place) % largest) as u32))
                .map(|digit| digit + offset)
                .collect(),
            None => spread(operands, largest).into_iter().map(|digit| digit + offset).collect(),
        };
        Self::new(configuration, inputs, all.is_some())
    }

    /// Rows of this population.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Operands of `count` rows from `start` on, row-major.
    #[must_use]
    pub fn rows(&self, start: usize, count: usize) -> &[u32] {
        &self.inputs[start * self.operands..(start + count) * self.operands]
    }
}

/// Points of the additive recurrence with the generalized golden ratio (Roberts 2018): the fractional parts of
/// ½ + i·φ⁻ʲ for j = 1..=operands, where φ is the positive root of x^(operands+1) = x + 1. Values from 0 to largest − 1.
fn spread(operands: u32, largest: u64) -> Vec<u32> {
    let exponent = f64::from(operands) + 1.0;
    let mut ratio: f64 = 2.0;
    for _ in 0..64 {
        ratio = libm::pow(1.0 + ratio, 1.0 / exponent);
    }
    let steps: Vec<f64> = (1..=operands).map(|j| ratio.powi(-(j as i32))).collect();
    let value = |index: u64, step: f64| {
        let position = 0.5 + index as f64 * step;
        (((position - position.floor()) * largest as f64) as u64).min(largest - 1) as u32
    };
    (1..=QUASI_RANDOM_POINTS).flat_map(|index| steps.iter().map(move |&step| value(index, step))).collect()
}
