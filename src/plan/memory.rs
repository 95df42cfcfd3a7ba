//! What runs take of memory, about: to cut cohorts to what a GPU has, to tell what a sweep needs, and to refuse a run that
//! cannot fit before it takes the whole sweep with it.

use rayon::prelude::*;

use super::{Cohort, Plan, Shape};
use crate::config::{LayerKind, Optimizer, Precision};

/// Rows that training evaluates at a time.
const EVALUATION_ROWS: u64 = 256;

/// Steps that L-BFGS remembers, with two numbers a parameter each.
const HISTORY: u64 = 10;

/// Bytes of the program, and of what a plan keeps of a run that has a shape of its own: measured.
const PROGRAM: u64 = 60_000_000;
const A_RUN: u64 = 400;

/// Bytes that a run's rows take while tables are made, and runs whose rows there are at a time: measured.
const ROWS_OF_A_RUN: u64 = 16_000;
const RUNS_AT_ONCE: u64 = 5_000;

impl Shape {
    /// Bytes of a number.
    fn number(&self) -> u64 {
        match self.precision {
            Precision::F32 => 4,
            Precision::F64 => 8,
        }
    }

    /// Bytes of the numbers that are trained.
    #[must_use]
    pub fn parameters_bytes(&self) -> u64 {
        self.parameters().saturating_mul(self.number())
    }

    /// Inputs, hidden units and the output.
    fn units(&self) -> u64 {
        u64::from(self.features) + self.widths.iter().copied().map(u64::from).sum::<u64>() + 1
    }

    /// Numbers that a layer keeps for a row, of all layers: some three a unit. A multiplication unit keeps them for each of
    /// its weights.
    fn numbers_a_row(&self) -> u64 {
        3 * match self.layer {
            LayerKind::Nmu => u64::from(self.features) + self.parameters(),
            LayerKind::Nac | LayerKind::Dense | LayerKind::Nau => self.units(),
            // Two sums, a gate, and what lies between.
            LayerKind::Nalu | LayerKind::RealNpu => 3 * self.units(),
        }
    }

    fn rows(&self) -> u64 {
        u64::from(self.batch).max(EVALUATION_ROWS)
    }

    /// Numbers of the training examples.
    fn data(&self) -> u64 {
        u64::from(self.examples).saturating_mul(u64::from(self.features) + 1)
    }

    /// Bytes that one run takes on a GPU, about: weights, gradients and two moments; the training examples, and once more
    /// in the order of an epoch; and for each row of a batch, or of an evaluation, what automatic differentiation keeps.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let kept = self.parameters().saturating_mul(4).saturating_add(self.data().saturating_mul(2));
        let rows = self.rows().saturating_mul(self.numbers_a_row());
        rows.saturating_add(kept).saturating_mul(self.number())
    }

    /// Bytes that so many runs take together on a processor, about. Of each: initial weights in double precision, weights,
    /// what the optimizer remembers, the weights once more as they are kept, and the examples. Of all: one gradient, the
    /// examples in the order of an epoch, and the values of a batch.
    #[must_use]
    pub fn bytes_on_processor(&self, runs: u64) -> u64 {
        let remembered = match self.optimizer {
            Optimizer::Sgd | Optimizer::Adagrad => 1,
            Optimizer::Adam | Optimizer::Adamw | Optimizer::Nadam | Optimizer::Rmsprop => 2,
            Optimizer::Lbfgs => 2 * HISTORY + 4,
        };
        let number = self.number();
        let own = self.parameters().saturating_mul(8 + (2 + remembered) * number);
        let own = own.saturating_add(self.data().saturating_mul(number));
        let values = self.rows().saturating_mul(self.numbers_a_row());
        let shared = self.parameters().saturating_add(self.data()).saturating_add(values).saturating_mul(number);
        own.saturating_mul(runs).saturating_add(shared)
    }
}

impl Cohort {
    /// Bytes that it takes on a processor, about.
    #[must_use]
    pub fn bytes_on_processor(&self) -> u64 {
        self.shape.bytes_on_processor(self.runs.len() as u64)
    }
}

impl Plan {
    /// Bytes that training the plan takes on a processor, about: its largest cohorts at a time, one a worker, what is kept
    /// of every run, and the tables while they are made. A report takes more.
    #[must_use]
    pub fn memory(&self, workers: usize) -> u64 {
        let mut cohorts: Vec<u64> = self.cohorts.par_iter().map(Cohort::bytes_on_processor).collect();
        cohorts.sort_unstable_by(|a, b| b.cmp(a));
        let largest = cohorts.iter().take(workers).fold(0u64, |sum, bytes| sum.saturating_add(*bytes));
        let tables = self.runs().min(RUNS_AT_ONCE) * ROWS_OF_A_RUN;
        largest.saturating_add(PROGRAM + tables).saturating_add(self.runs().saturating_mul(A_RUN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Configuration;

    #[test]
    fn memory_grows_with_weights_examples_and_runs() {
        let shape =
            |width, examples| Shape::of(&Configuration { width, examples, depth: 2, ..Configuration::default() });
        let small = shape(64, 1000).bytes_on_processor(1);
        assert!(small > 64 * 64 * 4 && small < 2_000_000, "{small}");
        // 1.6 billion weights: initial ones, their own, two moments, a gradient, and those that are kept.
        let large = shape(40_000, 1000).bytes_on_processor(1);
        assert!((40_000_000_000..60_000_000_000).contains(&large), "{large}");
        assert!(shape(64, 1_000_000).bytes_on_processor(1) > small + 4_000_000);
        assert!(shape(64, 1000).bytes_on_processor(10) < 10 * small);
        assert_eq!(shape(65_536, 1000).bytes_on_processor(u64::MAX), u64::MAX);
    }
}
