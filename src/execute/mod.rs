//! Cohorts to workers: a pool, the time limit, signals, and events for whoever listens.

mod estimate;
mod failure;
mod memory;
mod signals;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::config::Configuration;
use crate::plan::{Cohort, Run, Shape};
use crate::train::{Catalogue, Checkpoint, Context, Device, End, Member, Outcome, Profile, Status, Watch, train};

use failure::Failure;

pub use estimate::{cost, estimate};
pub use memory::available;
pub use signals::{Stop, survive_limits};

/// How to execute.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Workers of a processor; a GPU has one of its own, whatever is said here.
    pub jobs: usize,
    /// Where to train: the workers of all of them take cohorts from one queue.
    pub devices: Vec<Device>,
    /// The time after which a run is given up: of its share of the time that its cohort takes.
    pub time_limit: Option<Duration>,
    /// Where the time goes, where somebody wants to know.
    pub profile: Option<&'a Profile>,
}

impl Options<'_> {
    /// The device of each worker.
    #[must_use]
    pub fn workers(&self) -> Vec<Device> {
        self.devices.iter().flat_map(|&device| std::iter::repeat_n(device, device.workers(self.jobs))).collect()
    }
}

/// What happens while cohorts are trained, as it happens, from whichever worker it happens in.
#[derive(Debug)]
pub enum Event<'a> {
    /// A worker has taken a cohort.
    CohortStarted {
        /// Its place among the cohorts.
        cohort: usize,
    },
    /// A cohort has trained an epoch.
    EpochDone {
        /// Its place among the cohorts.
        cohort: usize,
        /// Epochs done.
        done: u32,
        /// Epochs in all.
        of: u32,
    },
    /// A cohort failed as a whole and is tried again run by run.
    CohortFailed {
        /// Its place among the cohorts.
        cohort: usize,
        /// Why.
        reason: &'a str,
    },
    /// Memory was too small for runs together, and they are tried again in two halves.
    CohortHalved {
        /// The place among the cohorts of what they are part of.
        cohort: usize,
        /// How many they are.
        runs: usize,
        /// What was said of the memory.
        reason: &'a str,
    },
    /// A run ended.
    RunEnded {
        /// The run.
        run: &'a Run,
        /// As what.
        outcome: &'a Outcome,
    },
    /// A run was paused, since the execution is stopping.
    RunPaused {
        /// The run.
        run: &'a Run,
        /// Where it can go on from.
        checkpoint: &'a Checkpoint,
    },
}

/// Who wants to know. Called from all workers.
pub trait Listener: Sync {
    /// Takes note of an event. An error stops the execution after what is in flight.
    ///
    /// # Errors
    /// When what the event asks for cannot be done, such as storing a run.
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()>;

    /// Which of these runs are to be trained here, asked before they are: others may be trained by another process.
    ///
    /// # Errors
    /// When that cannot be found out; it stops the execution.
    fn claim(&self, runs: &[Run]) -> anyhow::Result<Vec<bool>> {
        Ok(vec![true; runs.len()])
    }

    /// Where a run was left when it was paused before.
    fn checkpoint(&self, _run: &Run) -> Option<Checkpoint> {
        None
    }
}

/// What came of an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Runs that trained to their last epoch.
    pub finished: usize,
    /// Runs that diverged.
    pub diverged: usize,
    /// Runs that could not be trained.
    pub failed: usize,
    /// Runs that ran out of their time.
    pub timed_out: usize,
    /// Runs that were paused, since something stopped the execution.
    pub paused: usize,
    /// Runs that were not begun, since something stopped the execution.
    pub left: usize,
    /// Runs that another process trains or has trained meanwhile.
    pub elsewhere: usize,
}

/// Trains all cohorts, in their order, on a pool of workers. When asked to stop, it takes no new ones, and pauses what is
/// in flight at the end of its epoch.
///
/// # Errors
/// The listener's first error, or that of making the pool.
pub fn execute(
    cohorts: &[Cohort],
    options: &Options<'_>,
    stop: &Stop,
    listener: &dyn Listener,
) -> anyhow::Result<Summary> {
    execute_by(&|members, context| Ok(train(members, context)?), cohorts, options, stop, listener)
}

/// What trains runs of one shape together.
type Trainer<'a> = dyn Fn(&[Member<'_>], &Context<'_>) -> anyhow::Result<Vec<End>> + Sync + 'a;

/// As [`execute`], by any trainer.
fn execute_by(
    trainer: &Trainer<'_>,
    cohorts: &[Cohort],
    options: &Options<'_>,
    stop: &Stop,
    listener: &dyn Listener,
) -> anyhow::Result<Summary> {
    let mut workers = options.workers();
    anyhow::ensure!(!workers.is_empty(), "there is no device to train on");
    workers.truncate(cohorts.len().max(1));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(workers.len())
        .thread_name(|index| format!("worker-{index}"))
        .build()?;
    let work = Work { trainer, cohorts, options, listener, catalogue: Catalogue::default(), next: AtomicUsize::new(0) };
    // Every worker takes the next cohort when it is free, so the order of the plan is kept.
    let results = pool.broadcast(|worker| Worker { work: &work, device: workers[worker.index()], stop }.until_done());
    let mut summary = Summary::default();
    let mut error = None;
    for result in results {
        match result {
            Ok(part) => summary.add(part),
            Err(problem) => error = error.or(Some(problem)),
        }
    }
    summary.left = cohorts.iter().skip(work.next.into_inner()).map(|cohort| cohort.runs.len()).sum();
    error.map_or(Ok(summary), Err)
}

/// What all workers share.
struct Work<'a> {
    trainer: &'a Trainer<'a>,
    cohorts: &'a [Cohort],
    options: &'a Options<'a>,
    listener: &'a dyn Listener,
    catalogue: Catalogue,
    next: AtomicUsize,
}

/// A thread that trains on one device.
struct Worker<'a> {
    work: &'a Work<'a>,
    device: Device,
    stop: &'a Stop,
}

impl Worker<'_> {
    fn until_done(&self) -> anyhow::Result<Summary> {
        let mut summary = Summary::default();
        while !self.stop.is_asked() {
            let index = self.work.next.fetch_add(1, Ordering::Relaxed);
            let Some(cohort) = self.work.cohorts.get(index) else { break };
            let (runs, device) = (cohort.runs.len(), self.device);
            tracing::info!(cohort = index, runs, %device, widths = ?cohort.shape.widths, "cohort started");
            self.tell(Event::CohortStarted { cohort: index })
                .and_then(|()| self.train_own(index, &cohort.runs, &mut summary))
                .inspect_err(|_| self.stop.ask())?;
        }
        Ok(summary)
    }

    fn tell(&self, event: Event<'_>) -> anyhow::Result<()> {
        self.work.listener.notice(event)
    }

    /// Trains those runs of a cohort that are to be trained here.
    fn train_own(&self, cohort: usize, runs: &[Run], summary: &mut Summary) -> anyhow::Result<()> {
        let own = self.work.listener.claim(runs)?;
        let count = own.iter().filter(|own| **own).count();
        summary.elsewhere += runs.len() - count;
        if count == runs.len() {
            return self.train(cohort, runs, summary);
        }
        let runs: Vec<Run> = runs.iter().zip(own).filter(|(_, own)| *own).map(|(run, _)| run.clone()).collect();
        if runs.is_empty() { Ok(()) } else { self.train(cohort, &runs, summary) }
    }

    /// Trains runs together. Where memory is too small for them, each half by itself; if they fail for another reason,
    /// one by one; and what fails alone has failed.
    fn train(&self, cohort: usize, runs: &[Run], summary: &mut Summary) -> anyhow::Result<()> {
        let began = now();
        match self.attempt(cohort, runs) {
            Ok(ends) => self.ended(runs, &ends, summary),
            Err(Failure::Memory(reason)) if runs.len() > 1 => {
                self.tell(Event::CohortHalved { cohort, runs: runs.len(), reason: &reason })?;
                let (first, second) = runs.split_at(runs.len().div_ceil(2));
                self.train(cohort, first, summary)?;
                self.train(cohort, second, summary)
            }
            Err(Failure::Memory(reason)) => self.failed(&runs[0], reason, began, summary),
            Err(Failure::Other(reason)) => {
                self.tell(Event::CohortFailed { cohort, reason: &reason })?;
                for run in runs {
                    let began = now();
                    let one = std::slice::from_ref(run);
                    match self.attempt(cohort, one) {
                        Ok(ends) => self.ended(one, &ends, summary)?,
                        Err(failure) => self.failed(run, failure.reason(), began, summary)?,
                    }
                }
                Ok(())
            }
        }
    }

    fn failed(&self, run: &Run, reason: String, began: Instant, summary: &mut Summary) -> anyhow::Result<()> {
        let mut outcome = failure::outcome(run, &self.device, reason);
        outcome.seconds = began.elapsed().as_secs_f64();
        self.ended(std::slice::from_ref(run), &[End::Ended(Box::new(outcome))], summary)
    }

    fn ended(&self, runs: &[Run], ends: &[End], summary: &mut Summary) -> anyhow::Result<()> {
        for (run, end) in runs.iter().zip(ends) {
            match end {
                End::Ended(outcome) => {
                    summary.count(outcome.status);
                    self.tell(Event::RunEnded { run, outcome })?;
                }
                End::Paused(checkpoint) => {
                    summary.paused += 1;
                    self.tell(Event::RunPaused { run, checkpoint })?;
                }
            }
        }
        Ok(())
    }

    /// Trains runs together; an error or a panic becomes its text.
    fn attempt(&self, cohort: usize, runs: &[Run]) -> Result<Vec<End>, Failure> {
        let (work, began) = (self.work, now());
        // An allocation that fails would end the whole process.
        let configurations: Vec<Configuration> = runs.iter().map(|run| run.point.configuration()).collect();
        let needed = Shape::of(&configurations[0]).bytes_on_processor(runs.len() as u64);
        if let (Device::Cpu | Device::CpuTensors, Some(reason)) = (self.device, memory::lacking(needed)) {
            return Err(Failure::Memory(reason));
        }
        let checkpoints: Vec<_> = runs.iter().map(|run| work.listener.checkpoint(run)).collect();
        let members: Vec<_> = runs
            .iter()
            .zip(&configurations)
            .zip(&checkpoints)
            .map(|((run, configuration), checkpoint)| Member {
                configuration,
                seeds: run.replicate().seeds,
                checkpoint: checkpoint.as_ref(),
            })
            .collect();
        let before: Vec<f64> = checkpoints.iter().map(|from| from.as_ref().map_or(0.0, |from| from.seconds)).collect();
        let mean_before = Duration::from_secs_f64(before.iter().sum::<f64>() / runs.len().max(1) as f64);
        let of = members.first().map_or(0, |member| member.configuration.epochs);
        // A run's time is its share of its cohort's, as in the column of seconds.
        let over = || {
            let share = mean_before + began.elapsed() / runs.len() as u32;
            work.options.time_limit.filter(|limit| share > *limit).map(|limit| limit.as_secs_f64())
        };
        let watch = |done: u32| {
            // A listener that fails does so again at the next run's end, where it is heard.
            let _ = self.tell(Event::EpochDone { cohort, done, of });
            match over() {
                Some(limit) => Watch::TimeOut(format!("over the time limit of {limit} s after epoch {done}")),
                None if self.stop.is_asked() => Watch::Pause,
                None => Watch::GoOn,
            }
        };
        let (was_over, asked_since) = (Cell::new(None), Cell::new(None));
        let measuring = || {
            // What has ended well before the limit was passed is no less well for what was trained beside it.
            if was_over.get().is_none() {
                was_over.set(Some(over().is_some()));
            }
            if let Some(limit) = over().filter(|_| was_over.get() == Some(false)) {
                return Watch::TimeOut(format!("over the time limit of {limit} s while it was measured"));
            }
            if !self.stop.is_asked() {
                return Watch::GoOn;
            }
            let since = asked_since.get().unwrap_or_else(now);
            asked_since.set(Some(since));
            if since.elapsed() > MEASURING { Watch::Pause } else { Watch::GoOn }
        };
        let context = Context {
            device: self.device,
            catalogue: &work.catalogue,
            watch: &watch,
            measuring: &measuring,
            profile: work.options.profile,
        };
        let mut ends = match catch_unwind(AssertUnwindSafe(|| (work.trainer)(&members, &context))) {
            Ok(Ok(ends)) => ends,
            Ok(Err(error)) => return Err(Failure::of(&format!("{error:#}"))),
            Err(panic) => return Err(Failure::of(&failure::panic_text(&*panic))),
        };
        let seconds = began.elapsed().as_secs_f64() / runs.len().max(1) as f64;
        for (end, before) in ends.iter_mut().zip(before) {
            match end {
                End::Ended(outcome) => outcome.seconds = before + seconds,
                End::Paused(checkpoint) => checkpoint.seconds = before + seconds,
            }
        }
        tracing::info!(cohort, runs = runs.len(), seconds_a_run = seconds, "cohort trained");
        Ok(ends)
    }
}

/// Time that measuring may go on for once a stop is asked for: what is nearly done is better than what has to be done again.
const MEASURING: Duration = Duration::from_secs(1);

#[expect(clippy::disallowed_methods, reason = "execution takes times: for limits, and for the column of seconds")]
fn now() -> Instant {
    Instant::now()
}

impl Summary {
    fn count(&mut self, status: Status) {
        match status {
            Status::Finished => self.finished += 1,
            Status::Diverged => self.diverged += 1,
            Status::Failed => self.failed += 1,
            Status::TimedOut => self.timed_out += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.finished += other.finished;
        self.diverged += other.diverged;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.paused += other.paused;
        self.elsewhere += other.elsewhere;
    }
}

#[cfg(test)]
mod tests;
