//! The course of a cohort: epochs, curves, divergence, early stops, and the outcome of every run.

use tch::TchError;

use super::catalogue::Catalogue;
use super::cpu::{Cpu, Vectors};
use super::device::Device;
use super::digest::digest;
use super::engine::{Engine, EpochReport, Start};
use super::environment::{environment, fix_numeric_path};
use super::evaluate::{self, Measured, Subject};
use super::outcome::{CurvePoint, Outcome, Status};
use super::profile::{Part, Profile};
use super::progress::Progress;
use super::tensors::Tensors;
use crate::config::{Configuration, Precision, Seeds, StopMetric};
use crate::network::{Architecture, Real, initial_weights};
use crate::plan::Shape;
use crate::problem::Problem;

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
    /// Where the time goes, where somebody wants to know.
    pub profile: Option<&'a Profile>,
}

/// Trains runs of one shape together. Outcomes are in the order of the members, and on the processor's own engine the
/// same bits in any company; their `seconds` are left to the caller, who has the clock.
///
/// # Errors
/// When libtorch fails, for lack of memory above all.
///
/// # Panics
/// When the members are not of one shape.
pub fn train(members: &[Member<'_>], context: &Context<'_>) -> Result<Vec<Outcome>, TchError> {
    fix_numeric_path();
    let Some(first) = members.first() else { return Ok(Vec::new()) };
    let shape = Shape::of(first.configuration);
    assert!(members.iter().all(|member| Shape::of(member.configuration) == shape), "a cohort holds runs of one shape");
    match first.configuration.precision {
        Precision::F32 => Course::<f32>::prepare(members, context)?.run(),
        Precision::F64 => Course::<f64>::prepare(members, context)?.run(),
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
    subjects: Vec<Subject<'a>>,
    engine: Box<dyn Engine<T> + 'a>,
    runs: Vec<Progress>,
}

impl<'a, T: Vectors> Course<'a, T> {
    fn prepare(members: &'a [Member<'a>], context: &'a Context<'a>) -> Result<Self, TchError> {
        let subject = |member: &Member<'a>| Subject {
            configuration: member.configuration,
            problem: Problem::draw(member.configuration, member.seeds.data),
        };
        let subjects: Vec<Subject<'_>> = members.iter().map(subject).collect();
        let starts: Vec<Start<'_, T>> = members.iter().zip(&subjects).map(|(m, s)| start(m, &s.problem)).collect();
        let runs = starts.iter().map(|start| Progress::new(start.configuration, &start.targets)).collect();
        let engine: Box<dyn Engine<T>> = match context.device.tensors() {
            None => Box::new(Cpu::new(starts, context.profile)),
            Some(device) => Box::new(Tensors::new(starts, device)?),
        };
        Ok(Self { members, context, subjects, engine, runs })
    }

    fn run(mut self) -> Result<Vec<Outcome>, TchError> {
        let epochs = self.members[0].configuration.epochs;
        let mut recorded = recorded_epochs(epochs).into_iter().peekable();
        for epoch in 1..=epochs {
            let reports = self.engine.epoch(epoch, &self.training())?;
            for (run, report) in self.runs.iter_mut().zip(&reports).filter(|(run, _)| run.is_training()) {
                run.note(epoch, report);
            }
            let on_curve = recorded.next_if_eq(&epoch).is_some();
            self.test(epoch, on_curve, &reports)?;
            if let Some(reason) = (self.context.watch)(epoch).filter(|_| epoch < epochs) {
                self.runs.iter_mut().for_each(|run| run.end(Status::TimedOut, &reason));
            }
            if !self.runs.iter().any(Progress::is_training) {
                break;
            }
        }
        self.outcomes()
    }

    /// Which runs are still training.
    fn training(&self) -> Vec<bool> {
        self.runs.iter().map(Progress::is_training).collect()
    }

    /// Looks at the test split where a curve or an early stop needs it; adds points to curves, and ends runs that have
    /// stopped improving.
    fn test(&mut self, epoch: u32, on_curve: bool, reports: &[EpochReport]) -> Result<(), TchError> {
        let stopping = |run: &Progress| run.is_training() && run.early_stop.is_some();
        let by_test =
            |run: &Progress| stopping(run) && run.early_stop.is_some_and(|stop| stop.metric != StopMetric::TrainLoss);
        let wanted: Vec<bool> = self.runs.iter().map(|run| run.is_training() && (on_curve || by_test(run))).collect();
        let errors = self.timed(Part::Metrics, |course| {
            if wanted.contains(&true) {
                evaluate::test_errors(&mut *course.engine, &course.subjects, &wanted)
            } else {
                Ok(vec![(f64::NAN, f64::NAN); wanted.len()])
            }
        })?;
        for ((run, report), (test_loss, test_rmse)) in self.runs.iter_mut().zip(reports).zip(errors) {
            if !run.is_training() {
                continue;
            }
            let point = CurvePoint {
                epoch,
                train_loss: report.loss,
                test_loss,
                test_rmse,
                learning_rate: report.learning_rate,
                gradient_norm: report.gradient_norm,
            };
            let stopped = run.early_stop.is_some() && run.stops(&point);
            if on_curve || stopped {
                run.curve.push(point);
            }
        }
        Ok(())
    }

    fn timed<R>(&mut self, part: Part, work: impl FnOnce(&mut Self) -> R) -> R {
        let profile = self.context.profile;
        Profile::timed(profile, part, || work(self))
    }

    /// Measures what was trained. Runs that did not finish keep their curve and have no measures.
    fn outcomes(mut self) -> Result<Vec<Outcome>, TchError> {
        let wanted: Vec<bool> = self.runs.iter().map(Progress::is_finished).collect();
        let catalogue = self.context.catalogue;
        let mut measured = self.timed(Part::Metrics, |course| {
            evaluate::measure(&mut *course.engine, &course.subjects, &wanted, catalogue)
        })?;
        let environment = environment(&self.context.device).id();
        let architecture = Architecture::of(self.members[0].configuration);
        let mut outcomes = Vec::with_capacity(self.runs.len());
        for (index, mut run) in std::mem::take(&mut self.runs).into_iter().enumerate() {
            // The last update can leave the numbers after the last loss was seen.
            if run.is_finished() && measured[index].measures.get("train_rmse").is_none() {
                run.end(Status::Diverged, "the trained network's answers are no finite numbers");
            }
            let mut result = if run.is_finished() { std::mem::take(&mut measured[index]) } else { Measured::default() };
            if run.is_finished() {
                run.note_course(&mut result.measures, &self.subjects[index].problem.targets);
            }
            let (status, reason) = run.status();
            let mut outcome = Outcome {
                status,
                reason,
                epochs_done: run.epochs_done,
                digest: String::new(),
                environment: environment.clone(),
                parameters: architecture.parameters() as u64,
                features: architecture.features() as u64,
                seconds: 0.0,
                device: self.context.device.to_string(),
                measures: result.measures,
                curve: run.curve,
                predictions: result.predictions,
                weights: self.engine.weights(index)?,
            };
            outcome.digest = digest(&outcome);
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }
}

fn start<'a, T: Real>(member: &Member<'a>, problem: &Problem) -> Start<'a, T> {
    let configuration = member.configuration;
    let architecture = Architecture::of(configuration);
    let mut features = vec![0.0; configuration.examples as usize * architecture.features()];
    problem.features(&problem.train, 0, &mut features);
    Start {
        configuration,
        seeds: member.seeds,
        features: features.into_iter().map(T::from_f64).collect(),
        targets: problem.train.targets.iter().map(|&target| T::from_f64(problem.targets.scale(target))).collect(),
        initial: initial_weights(&architecture, configuration.init, member.seeds.init),
    }
}
