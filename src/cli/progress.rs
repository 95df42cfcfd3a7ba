//! Progress of a sweep: a bar on a terminal, plain lines elsewhere. One of the listeners of execution.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::options::Progress as How;
use super::{mention, style};
use crate::execute::Event;
use crate::plan::Cohort;
use crate::sweep::{Goal, Metric};
use crate::train::Status;

/// Off a terminal a line is printed at most this often, or when this share more is done.
const PLAIN_EVERY: Duration = Duration::from_secs(30);
const PLAIN_SHARE: f64 = 0.05;

/// Fine enough a scale for a bar of work that is not counted in whole steps.
const SCALE: f64 = 10_000.0;

/// Shows how far a sweep is.
pub struct Progress {
    bar: Option<ProgressBar>,
    plain: bool,
    /// What tells which run is best, where that is of interest.
    metric: Option<Metric>,
    began: Instant,
    /// Share of all work in each cohort, by its operations.
    shares: Vec<f64>,
    runs: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Share of the work that is done, and what each cohort that has begun is of it.
    share: f64,
    done: HashMap<usize, f64>,
    ended: usize,
    diverged: usize,
    failed: usize,
    timed_out: usize,
    best: Option<f64>,
    last_line: Option<(Instant, f64)>,
}

impl Progress {
    /// Begins to show the progress of cohorts.
    pub fn new(how: How, cohorts: &[Cohort], metric: Option<&Metric>) -> Self {
        let total: f64 = cohorts.iter().map(|cohort| cohort.flops() as f64).sum();
        let bar = (how == How::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(Some(SCALE as u64), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:24} {percent:>3} %  {msg}").expect("the template is right");
            bar.set_style(style.progress_chars("━╸ "));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self {
            bar,
            plain: how == How::Plain,
            metric: metric.cloned(),
            began: now(),
            shares: cohorts.iter().map(|cohort| cohort.flops() as f64 / total).collect(),
            runs: cohorts.iter().map(|cohort| cohort.runs.len()).sum(),
            state: Mutex::default(),
        }
    }

    /// Takes note of an event.
    pub fn notice(&self, event: &Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::EpochDone { cohort, done, of } => {
                let share = self.shares.get(*cohort).copied().unwrap_or(0.0);
                let share = share * f64::from(*done) / f64::from((*of).max(1));
                state.share += share - state.done.insert(*cohort, share).unwrap_or(0.0);
            }
            Event::RunEnded { outcome, .. } => {
                state.ended += 1;
                match outcome.status {
                    Status::Diverged => state.diverged += 1,
                    Status::Failed => state.failed += 1,
                    Status::TimedOut => state.timed_out += 1,
                    Status::Finished => {}
                }
                if let Some(metric) = &self.metric
                    && let Some(value) = outcome.measures.get(&metric.name)
                {
                    let better = |best: f64| match metric.goal {
                        Goal::Minimize => value < best,
                        Goal::Maximize => value > best,
                    };
                    if state.best.is_none_or(better) {
                        state.best = Some(value);
                    }
                }
            }
            Event::CohortFailed { reason, .. } => {
                let line = format!("a cohort failed and is tried again run by run: {reason}");
                self.print(&line);
            }
            Event::CohortHalved { runs, reason, .. } => {
                let runs = style::count(*runs as u64);
                self.print(&format!(
                    "{runs} runs together do not fit into memory and are tried in two halves: {reason}"
                ));
            }
            Event::RunPaused { .. } | Event::CohortStarted { .. } => {}
        }
        self.show(&mut state);
    }

    fn show(&self, state: &mut State) {
        let share = state.share;
        if let Some(bar) = &self.bar {
            bar.set_position((share * SCALE) as u64);
            bar.set_message(self.message(state, share));
        }
        if self.plain {
            let due = match state.last_line {
                None => share >= PLAIN_SHARE || self.began.elapsed() >= PLAIN_EVERY,
                Some((at, before)) => at.elapsed() >= PLAIN_EVERY || share - before >= PLAIN_SHARE,
            };
            if due {
                mention!("{:3.0} %  {}", share * 100.0, self.message(state, share));
                state.last_line = Some((now(), share));
            }
        }
    }

    fn message(&self, state: &State, share: f64) -> String {
        let elapsed = self.began.elapsed();
        let mut parts =
            vec![format!("{} of {}", style::count(state.ended as u64), style::counted(self.runs as u64, "run"))];
        if state.ended > 0 {
            let rate = state.ended as f64 / elapsed.as_secs_f64();
            parts.push(if rate >= 1.0 { format!("{rate:.1} runs/s") } else { format!("{:.1} runs/min", rate * 60.0) });
        }
        if share > 0.005 {
            let left = elapsed.mul_f64(((1.0 - share) / share).clamp(0.0, 1e6));
            parts.push(format!("{} left", style::duration(left)));
        }
        if let (Some(best), Some(metric)) = (state.best, &self.metric) {
            parts.push(format!("best {} {}", metric.name, crate::store::short(best)));
        }
        if state.diverged > 0 {
            parts.push(format!("{} diverged", style::count(state.diverged as u64)));
        }
        if state.failed > 0 {
            parts.push(format!("{} failed", style::count(state.failed as u64)));
        }
        if state.timed_out > 0 {
            parts.push(format!("{} timed out", style::count(state.timed_out as u64)));
        }
        parts.join(" · ")
    }

    /// Prints a line above the bar.
    pub fn print(&self, line: &str) {
        if let Some(bar) = &self.bar {
            bar.suspend(|| mention!("{line}"));
        } else {
            mention!("{line}");
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// The time since it began.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "progress shows rates and time left; nothing of it is stored")]
fn now() -> Instant {
    Instant::now()
}
