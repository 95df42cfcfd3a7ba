//! Cohorts to workers: a pool, the time limit, signals, and events for whoever listens.

mod estimate;
mod failure;
mod signals;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::plan::{Cohort, Run};
use crate::train::{Catalogue, Context, Device, Member, Outcome, Profile, Status, train};

pub use estimate::estimate;
pub use signals::Stop;

/// How to execute.
#[derive(Clone, Debug)]
pub struct Options {
    /// Workers.
    pub jobs: usize,
    /// Where to train; on CUDA all workers share the device.
    pub device: Device,
    /// The time after which a run is given up: of its share of the time that its cohort takes.
    pub time_limit: Option<Duration>,
    /// Where to count what the time goes into.
    pub profile: Option<Arc<Profile>>,
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
    /// A run ended.
    RunEnded {
        /// The run.
        run: &'a Run,
        /// As what.
        outcome: &'a Outcome,
    },
}

/// Who wants to know. Called from all workers.
pub trait Listener: Sync {
    /// Takes note of an event. An error stops the execution after what is in flight.
    ///
    /// # Errors
    /// When what the event asks for cannot be done, such as storing a run.
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()>;
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
    /// Runs that were not begun, since something stopped the execution.
    pub left: usize,
}

/// Trains all cohorts, in their order, on a pool of workers. Stops taking new ones when asked to, and finishes what is
/// in flight.
///
/// # Errors
/// The listener's first error, or that of making the pool.
pub fn execute(cohorts: &[Cohort], options: &Options, stop: &Stop, listener: &dyn Listener) -> anyhow::Result<Summary> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs.max(1))
        .thread_name(|index| format!("worker-{index}"))
        .build()?;
    let work = Work { cohorts, options, listener, catalogue: Catalogue::default(), next: AtomicUsize::new(0) };
    // Every worker takes the next cohort when it is free, so the order of the plan is kept.
    let results = pool.broadcast(|_| work.until_done(stop));
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

struct Work<'a> {
    cohorts: &'a [Cohort],
    options: &'a Options,
    listener: &'a dyn Listener,
    catalogue: Catalogue,
    next: AtomicUsize,
}

impl Work<'_> {
    fn until_done(&self, stop: &Stop) -> anyhow::Result<Summary> {
        let mut summary = Summary::default();
        while !stop.is_asked() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(cohort) = self.cohorts.get(index) else { break };
            self.cohort(index, cohort, &mut summary).inspect_err(|_| stop.ask())?;
        }
        Ok(summary)
    }

    /// Trains a cohort; if that fails, its runs one by one, and what fails alone has failed.
    fn cohort(&self, index: usize, cohort: &Cohort, summary: &mut Summary) -> anyhow::Result<()> {
        tracing::info!(cohort = index, runs = cohort.runs.len(), widths = ?cohort.shape.widths, "cohort started");
        self.listener.notice(Event::CohortStarted { cohort: index })?;
        match self.attempt(index, &cohort.runs) {
            Ok(outcomes) => self.ended(&cohort.runs, &outcomes, summary),
            Err(reason) => {
                self.listener.notice(Event::CohortFailed { cohort: index, reason: &reason })?;
                for run in &cohort.runs {
                    let one = std::slice::from_ref(run);
                    let outcomes = self
                        .attempt(index, one)
                        .unwrap_or_else(|reason| vec![failure::outcome(run, &self.options.device, reason)]);
                    self.ended(one, &outcomes, summary)?;
                }
                Ok(())
            }
        }
    }

    fn ended(&self, runs: &[Run], outcomes: &[Outcome], summary: &mut Summary) -> anyhow::Result<()> {
        for (run, outcome) in runs.iter().zip(outcomes) {
            summary.count(outcome.status);
            self.listener.notice(Event::RunEnded { run, outcome })?;
        }
        Ok(())
    }

    /// Trains runs together; an error or a panic becomes its text.
    fn attempt(&self, cohort: usize, runs: &[Run]) -> Result<Vec<Outcome>, String> {
        let began = now();
        let members: Vec<_> =
            runs.iter().map(|run| Member { configuration: &run.point.configuration, seeds: run.seeds }).collect();
        let of = members.first().map_or(0, |member| member.configuration.epochs);
        let watch = |done: u32| {
            // A listener that fails does so again at the next run's end, where it is heard.
            let _ = self.listener.notice(Event::EpochDone { cohort, done, of });
            // A run's time is its share of its cohort's, as in the column of seconds.
            let share = began.elapsed() / runs.len() as u32;
            let limit = self.options.time_limit.filter(|limit| share > *limit)?;
            Some(format!("over the time limit of {} s after epoch {done}", limit.as_secs_f64()))
        };
        let context = Context {
            device: self.options.device,
            catalogue: &self.catalogue,
            watch: &watch,
            profile: self.options.profile.as_deref(),
        };
        let mut outcomes = match catch_unwind(AssertUnwindSafe(|| train(&members, &context))) {
            Ok(Ok(outcomes)) => outcomes,
            Ok(Err(error)) => return Err(failure::first_line(&error.to_string())),
            Err(panic) => return Err(failure::panic_text(&*panic)),
        };
        let seconds = began.elapsed().as_secs_f64() / runs.len().max(1) as f64;
        outcomes.iter_mut().for_each(|outcome| outcome.seconds = seconds);
        tracing::info!(cohort, runs = runs.len(), seconds_a_run = seconds, "cohort trained");
        Ok(outcomes)
    }
}

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
    }
}

#[cfg(test)]
mod tests;
