//! A cohort on the CPU: one run after the other, an epoch at a time, so that all that a run works on stays in the cache.
//! Matrix products and everything else are loops of this crate, whose sums have one order on every machine.

mod activation;
mod arithmetic;
mod elementwise;
mod finish;
mod kernels;
mod lanes;
mod layout;
mod memory;
mod network;
mod norm;
mod product;
mod update;

use tch::TchError;

use self::layout::Layout;
use self::memory::Aligned;
use self::network::{Draw, Network};
use self::norm::Statistics;
use self::update::{Memory, clamp, penalize, penalty};
use super::dropout;
use super::engine::{
    Answers, EVALUATION_ROWS, Engine, EpochReport, Start, architecture, batches, kept, kept_statistics, order,
};
use super::keep::Keep;
use super::lbfgs::Lbfgs;
use super::outcome::Weight;
use super::profile::{Laps, Part, Profile};
use super::rates::Rates;
use crate::config::{LayerNorm, Optimizer};

#[cfg(test)]
pub use kernels::pretended;
pub use kernels::{VectorUnit, vector_unit};
pub use lanes::Vectors;

/// A cohort in this machine's memory.
pub struct Cpu<'a, T> {
    starts: Vec<Start<'a, T>>,
    profile: Option<&'a Profile>,
    layout: Layout,
    network: Network<T>,
    runs: Vec<Run<T>>,
    gradient: Aligned<T>,
    /// The examples of the run at hand in the order of its epoch.
    features: Aligned<T>,
    targets: Aligned<T>,
}

/// What training changes of a run.
struct Run<T> {
    values: Aligned<T>,
    memory: Memory<T>,
    lbfgs: Option<Lbfgs<T>>,
    /// Running statistics of every hidden layer, for `batch` normalization.
    statistics: Vec<Statistics<T>>,
    dropout: u64,
}

impl<'a, T: Vectors> Cpu<'a, T> {
    /// Lays out a cohort of at least one run.
    #[must_use]
    pub fn new(starts: Vec<Start<'a, T>>, profile: Option<&'a Profile>) -> Self {
        let configuration = starts[0].configuration;
        let architecture = architecture(&starts);
        let layout = Layout::of(&architecture);
        let rows = (configuration.batch_size() as usize).max(EVALUATION_ROWS);
        let hidden = &architecture.sizes[..architecture.sizes.len() - 1];
        let run = |start: &Start<'_, T>| {
            let mut values = Aligned::zeros(layout.len);
            for ((_, range), initial) in layout.places.iter().zip(&start.initial) {
                values[range.clone()].iter_mut().zip(initial).for_each(|(value, &from)| *value = T::from_f64(from));
            }
            let statistics = if architecture.norm == LayerNorm::Batch {
                hidden.iter().map(|&(_, outputs)| Statistics::new(outputs)).collect()
            } else {
                Vec::new()
            };
            Run {
                values,
                memory: Memory::new(start.configuration, layout.len),
                lbfgs: (configuration.optimizer == Optimizer::Lbfgs).then(Lbfgs::default),
                statistics,
                dropout: dropout::base(start.seeds),
            }
        };
        Self {
            profile,
            network: Network::new(configuration, &layout, rows),
            runs: starts.iter().map(run).collect(),
            gradient: Aligned::zeros(layout.len),
            features: Aligned::zeros(starts[0].features.len()),
            targets: Aligned::zeros(starts[0].targets.len()),
            layout,
            starts,
        }
    }

    /// Lays out a run's examples in the order of an epoch.
    fn gather(&mut self, run: usize, epoch: u32) {
        let Start { configuration, seeds, features, targets, .. } = &self.starts[run];
        let order = order(*seeds, configuration.examples as usize, epoch);
        let width = features.len() / targets.len();
        if width == 1 {
            self.features.iter_mut().zip(&order).for_each(|(out, &row)| *out = features[row as usize]);
        } else {
            for (out, &row) in self.features.chunks_exact_mut(width).zip(&order) {
                out.copy_from_slice(&features[row as usize * width..][..width]);
            }
        }
        self.targets.iter_mut().zip(&order).for_each(|(out, &row)| *out = targets[row as usize]);
    }

    /// Trains an epoch of one run.
    fn train(&mut self, index: usize, epoch: u32) -> Result<EpochReport, TchError> {
        let mut laps = Laps::new(self.profile);
        self.gather(index, epoch);
        laps.lap(Part::Batches);
        let c = self.starts[index].configuration;
        let (batch, batches) = (c.batch_size() as usize, batches(c));
        let width = self.features.len() / self.targets.len();
        let run = &mut self.runs[index];
        let (mut loss, mut squared_error) = (0.0, 0.0);
        let mut report = EpochReport::default();
        let first = u64::from(epoch - 1) * batches + 1;
        let batched = self.features.chunks(batch * width).zip(self.targets.chunks(batch));
        for (step, (inputs, targets)) in (first..).zip(batched) {
            let rates = Rates::at(c, step, batches);
            let draw = Draw { base: run.dropout, step };
            let last = step == first + batches - 1;
            if let Some(lbfgs) = &mut run.lbfgs {
                let (network, gradient, layout) = (&mut self.network, &mut self.gradient, &self.layout);
                let statistics = &mut run.statistics;
                let mut seen = None;
                let mut evaluate = |point: &[T]| {
                    network.forward(point, inputs, statistics, Some(draw), &mut laps);
                    let sums = network.backward(point, gradient, (inputs, targets), draw, &mut laps);
                    penalize(c, layout, &rates, point, gradient);
                    seen.get_or_insert(sums);
                    Ok((sums.0 / targets.len() as f64 + penalty(c, layout, &rates, point), gradient.to_vec()))
                };
                let before = lbfgs.step(&mut run.values, rates.learning_rate, &mut evaluate)?;
                clamp(c, &self.layout, &mut run.values);
                (loss, squared_error) = seen.unwrap_or_default();
                report.gradient_norm = before.gradient_norm;
            } else {
                self.network.forward(&run.values, inputs, &mut run.statistics, Some(draw), &mut laps);
                let sums = self.network.backward(&run.values, &mut self.gradient, (inputs, targets), draw, &mut laps);
                loss += sums.0;
                squared_error += sums.1;
                let moved = (&mut run.values[..], &mut self.gradient[..]);
                let norm = run.memory.step(c, &self.layout, &rates, moved, last);
                report.gradient_norm = norm;
            }
            report.learning_rate = rates.learning_rate;
            laps.lap(Part::Update);
        }
        let count = self.targets.len() as f64;
        (report.loss, report.squared_error) = (loss / count, squared_error / count);
        Ok(report)
    }
}

impl<T: Vectors> Engine<T> for Cpu<'_, T> {
    fn epoch(&mut self, number: u32, wanted: &[bool]) -> Result<Vec<EpochReport>, TchError> {
        let mut reports = vec![EpochReport::default(); wanted.len()];
        for (run, report) in reports.iter_mut().enumerate().filter(|(run, _)| wanted[*run]) {
            *report = self.train(run, number)?;
        }
        Ok(reports)
    }

    fn answer(
        &mut self,
        wanted: &[bool],
        rows: usize,
        fill: &mut dyn FnMut(usize, &mut [T]),
        take: &mut dyn FnMut(usize, Answers<'_, T>),
    ) -> Result<(), TchError> {
        let mut inputs = Aligned::zeros(rows * self.features.len() / self.targets.len());
        for (index, run) in self.runs.iter_mut().enumerate().filter(|(run, _)| wanted[*run]) {
            fill(index, &mut inputs);
            self.network.forward(&run.values, &inputs, &mut run.statistics, None, &mut Laps::new(None));
            let answers = self.network.answers(rows);
            take(index, Answers { answers, hidden: &self.network.hidden(rows) });
        }
        Ok(())
    }

    fn state(&mut self, run: usize, keep: &mut Keep<'_>) -> Result<(), TchError> {
        let run = &mut self.runs[run];
        keep.reals(&mut run.values);
        run.memory.state(keep);
        if let Some(lbfgs) = &mut run.lbfgs {
            lbfgs.state(keep);
        }
        for Statistics { mean, variance } in &mut run.statistics {
            keep.reals(mean);
            keep.reals(variance);
        }
        Ok(())
    }

    fn weights(&self, run: usize) -> Result<Vec<Weight>, TchError> {
        let Run { values, statistics, .. } = &self.runs[run];
        let mut weights: Vec<Weight> =
            self.layout.places.iter().map(|(slot, range)| kept(slot, &values[range.clone()])).collect();
        for (layer, Statistics { mean, variance }) in statistics.iter().enumerate() {
            weights.extend(kept_statistics(layer, mean, variance));
        }
        Ok(weights)
    }
}
