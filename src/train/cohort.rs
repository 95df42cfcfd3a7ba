//! The course of a cohort: epochs of shuffled batches, curves, divergence, and the outcome of every run.

use tch::TchError;

use super::catalogue::Catalogue;
use super::cpu::Cpu;
use super::device::Device;
use super::digest::digest;
use super::engine::{CohortShape, Engine, Start};
use super::environment::{environment, fix_numeric_path};
use super::evaluate::{self, Measured};
use super::outcome::{CurvePoint, Outcome, Status};
use super::rates::Rates;
use super::tensors::Tensors;
use crate::config::{Configuration, Precision, Seeds};
use crate::network::{Layers, Real, initial_weights};
use crate::problem::{Population, Problem};
use crate::random::Stream;

/// A run as training needs it.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its configuration.
    pub configuration: &'a Configuration,
    /// Its seeds.
    pub seeds: Seeds,
}

/// What training needs beside the runs.
pub struct Context<'a> {
    /// Where to train.
    pub device: Device,
    /// What runs of one problem share.
    pub catalogue: &'a Catalogue,
    /// Called after every epoch with the number done; a reason makes the runs that are still training time out.
    pub watch: &'a dyn Fn(u32) -> Option<String>,
}

/// Trains runs of one shape together. Outcomes are in the order of the members, and the same bits in any company;
/// their `seconds` are left to the caller, who has the clock.
///
/// # Errors
/// When libtorch fails, for lack of memory above all.
///
/// # Panics
/// When the members are not of one shape.
pub fn train(members: &[Member<'_>], context: &Context<'_>) -> Result<Vec<Outcome>, TchError> {
    fix_numeric_path();
    let Some(first) = members.first() else { return Ok(Vec::new()) };
    let shape = CohortShape::of(first.configuration);
    let alike = |member: &Member<'_>| {
        let (one, other) = (member.configuration, first.configuration);
        CohortShape::of(one) == shape && one.precision == other.precision && one.test_examples == other.test_examples
    };
    assert!(members.iter().all(alike), "a cohort holds runs of one shape");
    match first.configuration.precision {
        Precision::F32 => Course::<f32>::prepare(members, shape, context)?.run(),
        Precision::F64 => Course::<f64>::prepare(members, shape, context)?.run(),
    }
}

/// Epochs that have a point in learning curves: every one up to 40, then each a twentieth later than the one before,
/// and the last.
#[must_use]
pub fn recorded_epochs(epochs: u32) -> Vec<u32> {
    let next = |&epoch: &u32| (epoch < epochs).then(|| (epoch + 1).max(epoch / 20 * 21 + epoch % 20).min(epochs));
    std::iter::successors(Some(1), next).collect()
}

/// A cohort under way.
struct Course<'a, T> {
    members: &'a [Member<'a>],
    context: &'a Context<'a>,
    shape: CohortShape,
    epochs: u32,
    problems: Vec<Problem>,
    engine: Box<dyn Engine<T>>,
    states: Vec<State>,
}

/// How a run is doing.
#[derive(Clone, Debug, Default)]
struct State {
    curve: Vec<CurvePoint>,
    /// Why it stopped before its last epoch.
    ended: Option<(Status, String)>,
    epochs_done: u32,
}

impl<'a, T: Real> Course<'a, T> {
    fn prepare(members: &'a [Member<'a>], shape: CohortShape, context: &'a Context<'a>) -> Result<Self, TchError> {
        let draw = |member: &Member<'_>| Problem::draw(member.configuration, member.seeds.data);
        let problems: Vec<Problem> = members.iter().map(draw).collect();
        let starts = members.iter().zip(&problems).map(|(member, problem)| start(&shape, member, problem)).collect();
        let engine: Box<dyn Engine<T>> = match context.device.tensors() {
            None => Box::new(Cpu::new(shape.clone(), starts)?),
            Some(device) => Box::new(Tensors::new(shape.clone(), &starts, device)?),
        };
        let epochs = members[0].configuration.epochs;
        Ok(Self { members, context, shape, epochs, problems, engine, states: vec![State::default(); members.len()] })
    }

    fn run(mut self) -> Result<Vec<Outcome>, TchError> {
        let mut recorded = recorded_epochs(self.epochs).into_iter().peekable();
        for epoch in 1..=self.epochs {
            let rates = self.train_epoch(epoch)?;
            let losses = self.engine.losses()?;
            self.note_divergence(epoch, &losses);
            if recorded.next_if_eq(&epoch).is_some() {
                self.record(epoch, &losses, &rates)?;
            }
            if let Some(reason) = (self.context.watch)(epoch).filter(|_| epoch < self.epochs) {
                self.states.iter_mut().for_each(|state| state.end(Status::TimedOut, &reason));
            }
            if self.states.iter().all(|state| state.ended.is_some()) {
                break;
            }
        }
        self.outcomes()
    }

    /// Trains one epoch; gives the rates of its last step.
    fn train_epoch(&mut self, epoch: u32) -> Result<Vec<Rates>, TchError> {
        let (examples, batch) = (self.shape.examples, self.shape.batch);
        let order = |member: &Member<'_>| {
            let mut order: Vec<u32> = (0..examples as u32).collect();
            Stream::new(member.seeds.shuffle, "shuffle", u64::from(epoch)).shuffle(&mut order);
            order
        };
        self.engine.begin_epoch(self.members.iter().map(order).collect())?;
        let batches = examples.div_ceil(batch) as u64;
        let (steps, mut step) = (batches * u64::from(self.epochs), batches * u64::from(epoch - 1));
        let mut rates = Vec::new();
        for start in (0..examples).step_by(batch) {
            step += 1;
            rates = self.members.iter().map(|member| Rates::at(member.configuration, step, steps)).collect();
            self.engine.step(start, batch.min(examples - start), &rates)?;
        }
        Ok(rates)
    }

    /// A run whose loss is no finite number has diverged; its siblings go on, and nothing of it reaches them.
    fn note_divergence(&mut self, epoch: u32, losses: &[f64]) {
        for (state, loss) in self.states.iter_mut().zip(losses).filter(|(state, _)| state.ended.is_none()) {
            state.epochs_done = epoch;
            if !loss.is_finite() {
                state.end(Status::Diverged, &format!("the training loss was {loss} in epoch {epoch}"));
            }
        }
    }

    /// Adds a point to the curve of every run that is still training.
    fn record(&mut self, epoch: u32, losses: &[f64], rates: &[Rates]) -> Result<(), TchError> {
        let norms = self.engine.gradient_norms()?;
        let tests: Vec<&Population> = self.problems.iter().map(|problem| &problem.test).collect();
        let answers = evaluate::answers(&mut *self.engine, &self.problems, &tests)?;
        for (run, state) in self.states.iter_mut().enumerate().filter(|(_, state)| state.ended.is_none()) {
            let (test_loss, test_rmse) = evaluate::test_errors(&self.problems[run], &answers[run]);
            state.curve.push(CurvePoint {
                epoch,
                train_loss: losses[run],
                test_loss,
                test_rmse,
                learning_rate: rates[run].learning_rate,
                gradient_norm: norms[run],
            });
        }
        Ok(())
    }

    /// Measures what was trained. Runs that did not finish keep their curve and have no measures.
    fn outcomes(mut self) -> Result<Vec<Outcome>, TchError> {
        let configurations: Vec<_> = self.members.iter().map(|member| member.configuration).collect();
        let finished = self.states.iter().any(|state| state.ended.is_none());
        let mut measured = if finished {
            evaluate::measure(&mut *self.engine, &self.problems, &configurations, self.context.catalogue)?
        } else {
            vec![Measured::default(); self.members.len()]
        };
        for (state, measured) in self.states.iter_mut().zip(&measured) {
            // The last update can leave the numbers after the last loss was seen.
            if state.ended.is_none() && measured.measures.get("train_rmse").is_none() {
                state.end(Status::Diverged, "the trained network's answers are no finite numbers");
            }
        }
        let environment = environment(&self.context.device).id();
        let outcome = |(run, state): (usize, State)| -> Result<Outcome, TchError> {
            let Measured { mut measures, predictions } = match state.ended {
                None => std::mem::take(&mut measured[run]),
                Some(_) => Measured::default(),
            };
            if let (None, Some(last)) = (&state.ended, state.curve.last()) {
                measures.set("gradient_norm", last.gradient_norm);
            }
            let (status, reason) = state.ended.map_or((Status::Finished, None), |(status, why)| (status, Some(why)));
            let mut outcome = Outcome {
                status,
                reason,
                epochs_done: state.epochs_done,
                digest: String::new(),
                environment: environment.clone(),
                parameters: self.shape.layers.parameters() as u64,
                features: self.shape.layers.sizes[0].0 as u64,
                seconds: 0.0,
                device: self.context.device.to_string(),
                measures,
                curve: state.curve,
                predictions,
                weights: self.engine.weights(run)?,
            };
            outcome.digest = digest(&outcome);
            Ok(outcome)
        };
        self.states.into_iter().enumerate().map(outcome).collect()
    }
}

impl State {
    /// Ends a run before its last epoch, unless it has ended already.
    fn end(&mut self, status: Status, reason: &str) {
        if self.ended.is_none() {
            self.ended = Some((status, reason.to_owned()));
        }
    }
}

impl CohortShape {
    fn of(configuration: &Configuration) -> Self {
        Self {
            layers: Layers::of(configuration),
            activation: configuration.activation,
            optimizer: configuration.optimizer,
            examples: configuration.examples as usize,
            batch: configuration.batch_size() as usize,
            epochs: configuration.epochs,
        }
    }
}

fn start<T: Real>(shape: &CohortShape, member: &Member<'_>, problem: &Problem) -> Start<T> {
    let mut features = vec![0.0; shape.examples * shape.layers.sizes[0].0];
    problem.features(&problem.train, 0, &mut features);
    Start {
        features: features.into_iter().map(T::from_f64).collect(),
        targets: problem.train.targets.iter().map(|&target| T::from_f64(problem.targets.scale(target))).collect(),
        initial: initial_weights(&shape.layers, member.configuration.init, member.seeds.init),
    }
}
