//! Cohorts: the runs to do, grouped by shape and cut to what a worker does and stores at a time. A run's result never
//! depends on its cohort, so everything here may change.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::BuildHasher;
use std::mem::discriminant;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rayon::prelude::*;
use smallvec::SmallVec;

use super::Limits;
use super::Run;
use crate::config::{Activation, Configuration, LayerKind, LayerNorm, Loss, Optimizer, Precision};

/// Most runs of a cohort on a CPU.
pub const MOST_RUNS: u64 = 64;

/// Most runs of a cohort on a GPU: with more, what it keeps busy no longer grows, and what an interruption loses does.
pub const MOST_RUNS_ON_GPU: u64 = 8192;

/// Floating-point operations after which a cohort of several runs on a CPU should be over: some seconds of a core. A
/// worker stores its cohort as a whole, so this is what a kill loses at most.
pub const MOST_FLOPS: u128 = 200_000_000_000;

/// Cohorts that every worker of a CPU gets, where there are as many runs: workers take them as they become free, so one
/// waits at the end for no more than this part of its time.
const COHORTS_A_WORKER: usize = 32;

/// What runs that are trained together have in common: everything that sets the size of an array, the number of steps,
/// or which function is applied to a whole array. Numbers of a single step (learning rates, decays) may differ, and so
/// may what is learnt and how it is scaled.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Inputs of the network.
    pub features: u32,
    /// Widths of the hidden layers, first to last.
    pub widths: SmallVec<[u32; 8]>,
    /// How layers make their outputs.
    pub layer: LayerKind,
    /// What is done to the outputs of hidden layers before their activation.
    pub layer_norm: LayerNorm,
    /// What hidden units do to their weighted sums.
    pub activation: Activation,
    /// Whether layers add a bias.
    pub bias: bool,
    /// Share of hidden values that are set to zero.
    pub dropout: f64,
    /// How weights follow gradients.
    pub optimizer: Optimizer,
    /// Whether momentum is Nesterov's.
    pub nesterov: bool,
    /// What training makes small.
    pub loss: Loss,
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

/// Runs of one shape, which are trained together. There may be a million cohorts of one run, so that what is small lies in them,
/// not elsewhere.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// What they have in common.
    pub shape: Shape,
    /// The number of this shape among those that were planned together, from 0.
    pub number: u32,
    /// The runs, at least one, in the order of the plan.
    pub runs: SmallVec<[Run; 1]>,
    /// Rows that they are measured on at their end, all together: what they cost beside their shape.
    pub(crate) measured_rows: u64,
}

impl Shape {
    /// The shape of a configuration.
    #[must_use]
    pub fn of(configuration: &Configuration) -> Self {
        let c = configuration;
        let features = c.encoding.features(c.operands, c.largest);
        Self {
            features: u32::try_from(features).unwrap_or(u32::MAX),
            widths: SmallVec::from_slice(&c.widths()),
            layer: c.layer,
            layer_norm: c.layer_norm,
            activation: c.activation,
            bias: c.bias,
            dropout: c.dropout,
            optimizer: c.optimizer,
            nesterov: c.nesterov,
            loss: c.loss,
            precision: c.precision,
            examples: c.examples,
            test_examples: c.test_examples,
            batch: c.batch_size(),
            epochs: c.epochs,
        }
    }

    /// Numbers of the network that are trained.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let inputs = std::iter::once(self.features).chain(self.widths.iter().copied());
        let outputs = self.widths.iter().copied().chain([1]);
        let layer = |(inputs, outputs): (u32, u32)| {
            let (inputs, outputs) = (u64::from(inputs), u64::from(outputs));
            let weights = inputs * outputs;
            match self.layer {
                LayerKind::Dense => weights + if self.bias { outputs } else { 0 },
                LayerKind::Nau | LayerKind::Nmu => weights,
                LayerKind::Nac => 2 * weights,
                LayerKind::Nalu => 3 * weights,
                LayerKind::RealNpu => weights + inputs,
            }
        };
        let normalized = match self.layer_norm {
            LayerNorm::None => 0,
            LayerNorm::Rms => 1,
            LayerNorm::Batch | LayerNorm::Layer => 2,
        };
        let units: u64 = self.widths.iter().copied().map(u64::from).sum();
        inputs.zip(outputs).map(layer).sum::<u64>() + normalized * units
    }

    /// Floating-point operations of one run, about: two for each weight and example forward, four backward.
    #[must_use]
    pub fn flops(&self) -> u128 {
        6 * u128::from(self.parameters()) * u128::from(self.examples) * u128::from(self.epochs)
    }

    /// Runs that should be trained together: as many as the limits and a GPU's memory allow; on a CPU, unless the limits
    /// say it, no more than a worker stores at a time.
    fn runs_together(&self, limits: &Limits) -> u64 {
        let most = match (limits.memory, limits.most_runs) {
            (Some(memory), most) => (memory / self.bytes().max(1)).min(most.unwrap_or(MOST_RUNS_ON_GPU)),
            (None, Some(most)) => most,
            (None, None) => u64::try_from(MOST_FLOPS / self.flops().max(1)).unwrap_or(u64::MAX).min(MOST_RUNS),
        };
        most.max(1)
    }

    /// Equal for equal shapes, and for few others.
    pub(super) fn key(&self) -> u64 {
        let words = (
            discriminant(&self.layer),
            discriminant(&self.layer_norm),
            discriminant(&self.activation),
            discriminant(&self.optimizer),
            discriminant(&self.loss),
            discriminant(&self.precision),
        );
        let counts = [self.features, self.examples, self.test_examples, self.batch, self.epochs];
        let all = (&self.widths, words, self.bias, self.nesterov, counts, self.dropout.to_bits());
        FixedState::default().hash_one(all)
    }
}

impl Cohort {
    /// Cohorts of these runs, longest first.
    #[must_use]
    pub fn of(runs: Vec<Run>, limits: &Limits) -> Vec<Self> {
        let mut grouping = Grouping::of(0);
        for run in runs {
            let shape = Shape::of(&run.point.configuration());
            let key = shape.key();
            let group = grouping.group(shape, key);
            grouping.add(group, std::iter::once(run));
        }
        grouping.cohorts(limits)
    }

    /// Floating-point operations of all its runs, about.
    #[must_use]
    pub fn flops(&self) -> u128 {
        self.shape.flops() * self.runs.len() as u128
    }
}

/// Runs by shape, in the order in which they come.
pub(super) struct Grouping {
    groups: Vec<Cohort>,
    /// The number of every group, found by the key of its shape.
    known: HashTable<u32>,
}

impl Grouping {
    /// No runs, with room for so many groups.
    pub fn of(groups: usize) -> Self {
        Self { groups: Vec::with_capacity(groups), known: HashTable::with_capacity(groups) }
    }

    /// The number of the group of a shape, with its key.
    pub fn group(&mut self, shape: Shape, key: u64) -> u32 {
        let of = |number: &u32| &self.groups[*number as usize].shape;
        match self.known.entry(key, |number| *of(number) == shape, |number| of(number).key()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let number = self.groups.len() as u32;
                place.insert(number);
                self.groups.push(Cohort { shape, number, runs: SmallVec::new(), measured_rows: 0 });
                number
            }
        }
    }

    /// Adds runs to a group, and says how many.
    pub fn add(&mut self, group: u32, runs: impl Iterator<Item = Run>) -> usize {
        let group = &mut self.groups[group as usize];
        let before = group.runs.len();
        for run in runs {
            group.measured_rows += u64::from(run.point.measured_rows);
            group.runs.push(run);
        }
        group.runs.len() - before
    }

    /// The cohorts, longest first.
    pub fn cohorts(self, limits: &Limits) -> Vec<Cohort> {
        let Self { mut groups, known } = self;
        drop(known);
        // What is done leaves groups without runs.
        groups.retain(|group| !group.runs.is_empty());
        let parts = parts(&groups, limits);
        // Groups become cohorts where they are: there may be a million of them.
        let mut cohorts = groups;
        for (group, parts) in parts.into_iter().enumerate().filter(|(_, parts)| *parts > 1) {
            for left in (1..parts).rev() {
                let Cohort { shape, number, runs, measured_rows } = &mut cohorts[group];
                // Parts differ by at most one run.
                let count = runs.len() / (left + 1);
                let mut rest: SmallVec<[Run; 1]> = SmallVec::with_capacity(count);
                rest.extend(runs.drain(runs.len() - count..));
                let rows = rest.iter().map(|run| u64::from(run.point.measured_rows)).sum();
                *measured_rows -= rows;
                let cohort = Cohort { shape: shape.clone(), number: *number, runs: rest, measured_rows: rows };
                cohorts.push(cohort);
            }
            cohorts[group].runs.shrink_to_fit();
        }
        sort(&mut cohorts);
        cohorts
    }
}

/// Sorts cohorts where they are, longest first; those that are equally long by the id of their first run.
fn sort(cohorts: &mut [Cohort]) {
    let long = |cohort: &Cohort| Reverse(u64::try_from(cohort.flops()).unwrap_or(u64::MAX));
    let mut order: Vec<(Reverse<u64>, u32)> =
        cohorts.par_iter().enumerate().map(|(place, cohort)| (long(cohort), place as u32)).collect();
    // Lengths that are cut to 64 bits are compared whole where they are equal.
    let whole = |place: u32| (Reverse(cohorts[place as usize].flops()), cohorts[place as usize].runs[0].id);
    order.par_sort_unstable_by(|(a, one), (b, other)| a.cmp(b).then_with(|| whole(*one).cmp(&whole(*other))));
    for first in 0..order.len() {
        // One takes the place of another, and so on, until the first one has its place.
        let mut place = first;
        loop {
            let from = std::mem::replace(&mut order[place].1, place as u32) as usize;
            if from == first {
                break;
            }
            cohorts.swap(place, from);
            place = from;
        }
    }
}

/// Into how many cohorts each group is cut: as few as the limits allow, but enough that the workers of a CPU end together,
/// which train the runs of a cohort one after the other anyway; a GPU gets one, since a cohort of half the size takes it almost as long.
fn parts(groups: &[Cohort], limits: &Limits) -> Vec<usize> {
    let fitting = |group: &Cohort| {
        if group.runs.len() == 1 {
            return 1;
        }
        let together = usize::try_from(group.shape.runs_together(limits)).unwrap_or(usize::MAX);
        group.runs.len().div_ceil(together)
    };
    let mut parts: Vec<usize> = groups.iter().map(fitting).collect();
    let mut total: usize = parts.iter().sum();
    let wanted = limits.workers.saturating_mul(if limits.memory.is_some() { 1 } else { COHORTS_A_WORKER });
    // How long the cohorts of a group are, with its number: of several that are equally long, the last is cut.
    let long = |number: usize, parts: usize| {
        let (group, runs) = (&groups[number], groups[number].runs.len());
        (parts < runs).then(|| (group.shape.flops().saturating_mul(runs.div_ceil(parts) as u128), number))
    };
    let mut longest: BinaryHeap<(u128, usize)> = if total < wanted {
        parts.iter().enumerate().filter_map(|(number, &parts)| long(number, parts)).collect()
    } else {
        BinaryHeap::new()
    };
    while total < wanted
        && let Some((_, number)) = longest.pop()
    {
        parts[number] += 1;
        total += 1;
        longest.extend(long(number, parts[number]));
    }
    parts
}
