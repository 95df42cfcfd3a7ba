//! The course of a cohort: epochs, curves, divergence, early stops, and the outcome of every run.

use std::cell::RefCell;

use tch::TchError;

use super::catalogue::Catalogue;
use super::cpu::Cpu;
use super::device::Device;
use super::digest::digest;
use super::engine::{Engine, EpochReport, Start};
use super::environment::{environment, fix_numeric_path};
use super::evaluate::{self, Measured, Subject};
use super::keep::{Checkpoint, Keep};
use super::libtorch::{Trained, tensors};
use super::outcome::{CurvePoint, Outcome, Status};
use super::profile::{Part, Profile};
use super::progress::Progress;
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
    /// Where it goes on from; from the beginning where this is absent or is not of this environment.
    pub checkpoint: Option<&'a Checkpoint>,
}

/// What becomes of a cohort after an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// It goes on.
    GoOn,
    /// Runs that are still training have run out of their time, for this reason.
    TimeOut(String),
    /// Runs that are still training stop, to go on later.
    Pause,
}

/// How the training of a run came to an end.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The run has ended.
    Ended(Box<Outcome>),
    /// It was paused.
    Paused(Checkpoint),
}

impl End {
    /// The outcome of a run that has ended.
    #[must_use]
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Ended(outcome) => Some(*outcome),
            Self::Paused(_) => None,
        }
    }
}

/// What training needs beside the runs.
pub struct Context<'a> {
    /// Where to train.
    pub device: Device,
    /// What runs of one problem share.
    pub catalogue: &'a Catalogue,
    /// Called after every epoch with the number done; says whether to go on.
    pub watch: &'a dyn Fn(u32) -> Watch,
    /// Called again and again while what was trained is measured; where it says anything but to go on, that is given up: runs
    /// have run out of their time, or are paused as they stand before it.
    pub measuring: &'a dyn Fn() -> Watch,
    /// Where the time goes, where somebody wants to know.
    pub profile: Option<&'a Profile>,
}

/// Trains runs of one shape together. Ends are in the order of the members, and on the processor's own engine the same
/// bits in any company and after any pause; their `seconds` are left to the caller, who has the clock.
///
/// # Errors
/// When libtorch fails, for lack of memory above all.
///
/// # Panics
/// When the members are not of one shape.
pub fn train(members: &[Member<'_>], context: &Context<'_>) -> Result<Vec<End>, TchError> {
    fix_numeric_path();
    let Some(first) = members.first() else { return Ok(Vec::new()) };
    let shape = Shape::of(first.configuration);
    assert!(members.iter().all(|member| Shape::of(member.configuration) == shape), "a cohort holds runs of one shape");
    match first.configuration.precision {
        Precision::F32 => begin::<f32>(members, context)?.run(),
        Precision::F64 => begin::<f64>(members, context)?.run(),
    }
}

/// A course at its beginning, or where it was left.
fn begin<'a, T: Trained>(members: &'a [Member<'a>], context: &'a Context<'a>) -> Result<Course<'a, T>, TchError> {
    let mut course = Course::prepare(members, context)?;
    // What does not fit is of another version: then all begin anew, with the same bits in the end.
    if course.restore()? { Ok(course) } else { Course::prepare(members, context) }
}

/// Epochs that have a point in learning curves: every one up to 40, then each a twentieth later than the one before,
/// and the last.
pub fn recorded_epochs(epochs: u32) -> impl Iterator<Item = u32> {
    let next = move |&epoch: &u32| (epoch < epochs).then(|| (epoch + 1).max(epoch / 20 * 21 + epoch % 20).min(epochs));
    std::iter::successors(Some(1), next)
}

/// A cohort under way.
struct Course<'a, T> {
    members: &'a [Member<'a>],
    context: &'a Context<'a>,
    subjects: Vec<Subject<'a>>,
    engine: Box<dyn Engine<T> + 'a>,
    runs: Vec<Progress>,
}

impl<'a, T: Trained> Course<'a, T> {
    fn prepare(members: &'a [Member<'a>], context: &'a Context<'a>) -> Result<Self, TchError> {
        let subject = |member: &Member<'a>| Subject {
            configuration: member.configuration,
            problem: Problem::draw(member.configuration, member.seeds.data),
        };
        let subjects: Vec<Subject<'_>> = members.iter().map(subject).collect();
        let starts: Vec<Start<'_, T>> = members.iter().zip(&subjects).map(|(m, s)| start(m, &s.problem)).collect();
        let runs = starts.iter().map(|start| Progress::new(start.configuration, &start.targets)).collect();
        let engine: Box<dyn Engine<T>> = match context.device {
            Device::Cpu => Box::new(Cpu::new(starts, context.profile)),
            device => tensors(starts, device)?,
        };
        Ok(Self { members, context, subjects, engine, runs })
    }

    /// Puts runs where their checkpoints left them; whether all checkpoints fitted.
    fn restore(&mut self) -> Result<bool, TchError> {
        let environment = environment(&self.context.device).id();
        for (run, member) in self.members.iter().enumerate() {
            let Some(checkpoint) = member.checkpoint.filter(|from| from.environment == environment) else { continue };
            let mut keep = Keep::read(&checkpoint.state);
            self.runs[run].state(&mut keep);
            self.engine.state(run, &mut keep)?;
            if !keep.is_whole() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The state of a run between two epochs.
    fn checkpoint(&mut self, run: usize, environment: &str) -> Result<Checkpoint, TchError> {
        let mut state = Vec::new();
        let mut keep = Keep::write(&mut state);
        self.runs[run].state(&mut keep);
        self.engine.state(run, &mut keep)?;
        let epoch = self.runs[run].epochs_done;
        Ok(Checkpoint { epoch, seconds: 0.0, environment: environment.to_owned(), state })
    }

    fn run(mut self) -> Result<Vec<End>, TchError> {
        let epochs = self.members[0].configuration.epochs;
        let recorded: Vec<u32> = recorded_epochs(epochs).collect();
        let still = |run: &&Progress| run.is_training() && run.epochs_done < epochs;
        let first = self.runs.iter().filter(still).map(|run| run.epochs_done).min().unwrap_or(epochs) + 1;
        for epoch in first..=epochs {
            // Runs that were paused later than others wait for these.
            let trained: Vec<bool> =
                self.runs.iter().map(|run| run.is_training() && run.epochs_done + 1 == epoch).collect();
            let reports = self.engine.epoch(epoch, &trained)?;
            let here = self.runs.iter_mut().zip(&reports).zip(&trained).filter(|(_, trained)| **trained);
            here.for_each(|((run, report), _)| run.note(epoch, report));
            self.test(epoch, recorded.binary_search(&epoch).is_ok(), &reports, &trained)?;
            match (self.context.watch)(epoch) {
                Watch::TimeOut(reason) if epoch < epochs => {
                    let late = self.runs.iter_mut().filter(|run| still(&&**run));
                    late.for_each(|run| run.end(Status::TimedOut, &reason));
                }
                Watch::Pause if epoch < epochs => return self.ends(true),
                _ => {}
            }
            if self.runs.iter().find(still).is_none() {
                break;
            }
        }
        self.ends(false)
    }

    /// Looks at the test split of the runs that were trained in an epoch, where a curve or an early stop needs it; adds
    /// points to curves, and ends runs that have stopped improving.
    fn test(&mut self, epoch: u32, on_curve: bool, reports: &[EpochReport], trained: &[bool]) -> Result<(), TchError> {
        let by_test = |run: &Progress| run.early_stop.is_some_and(|stop| stop.metric != StopMetric::TrainLoss);
        let looked_at =
            |(run, &trained): (&Progress, &bool)| trained && run.is_training() && (on_curve || by_test(run));
        let wanted: Vec<bool> = self.runs.iter().zip(trained).map(looked_at).collect();
        let errors = self.timed(Part::Metrics, |course| {
            if wanted.contains(&true) {
                evaluate::test_errors(&mut *course.engine, &course.subjects, &wanted)
            } else {
                Ok(vec![(f64::NAN, f64::NAN); wanted.len()])
            }
        })?;
        let looked = reports.iter().zip(errors).zip(trained);
        for (run, ((report, (test_loss, test_rmse)), &trained)) in self.runs.iter_mut().zip(looked) {
            if !(trained && run.is_training()) {
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

    /// Measures what was trained. Runs that did not finish keep their curve and have no measures; where they are
    /// `paused`, those that are still training are saved as they are.
    fn ends(mut self, paused: bool) -> Result<Vec<End>, TchError> {
        let mut going_on: Vec<bool> = self.runs.iter().map(|run| paused && run.is_training()).collect();
        let wanted: Vec<bool> = self.runs.iter().zip(&going_on).map(|(run, on)| run.is_finished() && !on).collect();
        let catalogue = self.context.catalogue;
        let verdict = RefCell::new(Watch::GoOn);
        let measuring = self.context.measuring;
        let given_up = || {
            let mut verdict = verdict.borrow_mut();
            if *verdict == Watch::GoOn {
                *verdict = measuring();
            }
            *verdict != Watch::GoOn
        };
        let mut measured = self.timed(Part::Metrics, |course| {
            evaluate::measure(&mut *course.engine, &course.subjects, &wanted, catalogue, &given_up)
        })?;
        let in_vain = (0..wanted.len()).filter(|&run| wanted[run]);
        match verdict.into_inner() {
            Watch::GoOn => {}
            Watch::Pause => in_vain.for_each(|run| going_on[run] = true),
            Watch::TimeOut(reason) => in_vain.for_each(|run| self.runs[run].run_out(&reason)),
        }
        let environment = environment(&self.context.device).id();
        let architecture = Architecture::of(self.members[0].configuration);
        let mut ends = Vec::with_capacity(self.runs.len());
        for index in 0..self.runs.len() {
            if going_on[index] {
                ends.push(End::Paused(self.checkpoint(index, &environment)?));
                continue;
            }
            let run = &mut self.runs[index];
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
                curve: std::mem::take(&mut run.curve),
                predictions: result.predictions,
                weights: self.engine.weights(index)?,
            };
            outcome.digest = digest(&outcome);
            ends.push(End::Ended(Box::new(outcome)));
        }
        Ok(ends)
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
