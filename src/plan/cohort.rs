//! Cohorts: the runs to do, grouped by shape and cut to a size that trains fast. A run's result never depends on its
//! cohort, so everything here may change.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::Run;
use crate::config::{Activation, Configuration, Optimizer, Precision, Setting};

/// Bytes of a cache that the arrays of a cohort should fit in: a guess at a core's share of a server's last cache,
/// until the kernels are measured.
pub const CACHE_BYTES: u64 = 4 << 20;

/// Most runs of a cohort on a CPU.
pub const MOST_RUNS: u64 = 64;

/// What runs that are trained together have in common: everything that sets the size of an array, the number of steps,
/// or which function is applied to a whole array.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Inputs of the network.
    pub features: u32,
    /// Widths of the hidden layers, first to last.
    pub widths: Vec<u32>,
    /// What hidden units do to their weighted sums.
    pub activation: Activation,
    /// Whether layers add a bias.
    pub bias: bool,
    /// How weights follow gradients.
    pub optimizer: Optimizer,
    /// The numbers that are trained in.
    pub precision: Precision,
    /// Training examples.
    pub examples: u32,
    /// Examples of the test split.
    pub test_examples: u32,
    /// Examples in a full batch.
    pub batch: u32,
    /// Passes over the training examples.
    pub epochs: u32,
}

/// Runs of one shape, which are trained together.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// What they have in common.
    pub shape: Shape,
    /// The runs, at least one, in the order of the plan.
    pub runs: Vec<Run>,
}

impl Shape {
    /// The shape of a configuration.
    #[must_use]
    pub fn of(configuration: &Configuration) -> Self {
        let features = configuration.encoding.features(configuration.operands, configuration.largest);
        Self {
            features: u32::try_from(features).unwrap_or(u32::MAX),
            widths: configuration.widths(),
            activation: configuration.activation,
            bias: configuration.bias,
            optimizer: configuration.optimizer,
            precision: configuration.precision,
            examples: configuration.examples,
            test_examples: configuration.test_examples,
            batch: configuration.batch_size(),
            epochs: configuration.epochs,
        }
    }

    /// Weights and biases of the network.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let inputs = std::iter::once(self.features).chain(self.widths.iter().copied());
        let outputs = self.widths.iter().copied().chain([1]);
        let layer = |(inputs, outputs)| (u64::from(inputs) + u64::from(self.bias)) * u64::from(outputs);
        inputs.zip(outputs).map(layer).sum()
    }

    /// Bytes of a number.
    fn number(&self) -> u64 {
        match self.precision {
            Precision::F32 => 4,
            Precision::F64 => 8,
        }
    }

    /// Bytes that one run works on: weights, gradients and two moments; and for each example of a batch the values of
    /// all units and their gradients.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let units = u64::from(self.features) + self.widths.iter().copied().map(u64::from).sum::<u64>() + 1;
        (4 * self.parameters() + 2 * u64::from(self.batch) * units) * self.number()
    }

    /// Floating-point operations of one run, about: two for each weight and example forward, four backward.
    #[must_use]
    pub fn flops(&self) -> u128 {
        6 * u128::from(self.parameters()) * u128::from(self.examples) * u128::from(self.epochs)
    }

    /// Runs that should be trained together.
    fn runs_together(&self, cache_bytes: u64) -> u64 {
        (cache_bytes / self.bytes()).clamp(1, MOST_RUNS)
    }

    /// Equal for equal shapes and for no others.
    fn key(&self) -> String {
        let words = [self.activation.write(), self.optimizer.write(), self.precision.write()];
        format!(
            "{} {:?} {words:?} {} {} {} {} {}",
            self.features, self.widths, self.bias, self.examples, self.test_examples, self.batch, self.epochs
        )
    }
}

impl Cohort {
    /// Floating-point operations of all its runs, about.
    #[must_use]
    pub fn flops(&self) -> u128 {
        self.shape.flops() * self.runs.len() as u128
    }
}

/// Runs by shape, in the order in which they come.
#[derive(Default)]
pub(super) struct Grouping {
    groups: Vec<Cohort>,
    known: HashMap<String, usize>,
}

impl Grouping {
    /// The number of the group of a configuration.
    pub fn group(&mut self, configuration: &Configuration) -> usize {
        let shape = Shape::of(configuration);
        *self.known.entry(shape.key()).or_insert_with(|| {
            self.groups.push(Cohort { shape, runs: Vec::new() });
            self.groups.len() - 1
        })
    }

    pub fn add(&mut self, group: usize, run: Run) {
        self.groups[group].runs.push(run);
    }

    /// The cohorts, longest first.
    pub fn cohorts(self, cache_bytes: u64, workers: usize) -> Vec<Cohort> {
        let parts = parts(&self.groups, cache_bytes, workers);
        let mut cohorts: Vec<Cohort> = Vec::new();
        for (group, parts) in self.groups.into_iter().zip(parts) {
            let mut runs = group.runs.into_iter();
            for left in (1..=parts).rev() {
                // Parts differ by at most one run.
                let size = runs.len().div_ceil(left);
                cohorts.push(Cohort { shape: group.shape.clone(), runs: runs.by_ref().take(size).collect() });
            }
        }
        cohorts.sort_by_cached_key(|cohort| (Reverse(cohort.flops()), cohort.runs[0].id));
        cohorts
    }
}

/// Into how many cohorts each group is cut: as few as fit the cache, but enough that every worker gets two, so that
/// workers end together.
fn parts(groups: &[Cohort], cache_bytes: u64, workers: usize) -> Vec<usize> {
    let fitting = |group: &Cohort| {
        let together = usize::try_from(group.shape.runs_together(cache_bytes)).unwrap_or(1);
        group.runs.len().div_ceil(together)
    };
    let mut parts: Vec<usize> = groups.iter().map(fitting).collect();
    let mut total: usize = parts.iter().sum();
    while total < workers.saturating_mul(2) {
        let longest = |(group, parts): &(&Cohort, &mut usize)| {
            let part = group.runs.len().div_ceil(**parts) as u128;
            if **parts < group.runs.len() { group.shape.flops().saturating_mul(part) } else { 0 }
        };
        match groups.iter().zip(&mut parts).max_by_key(longest) {
            Some((group, parts)) if *parts < group.runs.len() => *parts += 1,
            _ => break,
        }
        total += 1;
    }
    parts
}
