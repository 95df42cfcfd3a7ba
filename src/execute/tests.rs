//! Tests of execution: every run once, stopping, failures, events.

use std::collections::HashMap;
use std::sync::Mutex;

use super::*;
use crate::config::Id;
use crate::plan::{Limits, Plan};
use crate::sweep;

const SMALL: &str = "version: 1
name: small
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 10, largest: 20, epochs: 4, batch: 16}
grid: {activation: [relu, tanh], width: [3, 8], depth: [1, 2]}
replicates: {count: 3}
";

fn plan(text: &str) -> Plan {
    let sweep = sweep::parse(text, "small.yaml", &[]).unwrap();
    Plan::of(&sweep, &std::collections::HashSet::new(), &Limits::default()).unwrap()
}

#[derive(Default)]
struct Notes {
    ended: Mutex<Vec<(Id, Outcome)>>,
    failures: Mutex<Vec<String>>,
    fail_at: Option<usize>,
    stop_at: Option<(usize, Stop)>,
}

impl Listener for Notes {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        match event {
            Event::RunEnded { run, outcome } => {
                let mut ended = self.ended.lock().unwrap();
                ended.push((run.id, outcome.clone()));
                if let Some((_, stop)) = self.stop_at.as_ref().filter(|(at, _)| *at == ended.len()) {
                    stop.ask();
                }
                anyhow::ensure!(self.fail_at != Some(ended.len()), "the disk is full");
            }
            Event::CohortFailed { reason, .. } => self.failures.lock().unwrap().push(reason.to_owned()),
            Event::CohortStarted { .. } | Event::EpochDone { .. } => {}
        }
        Ok(())
    }
}

fn options(jobs: usize) -> Options {
    Options { jobs, device: Device::Cpu, time_limit: None, profile: None }
}

fn digests(notes: Notes) -> HashMap<Id, String> {
    let ended = notes.ended.into_inner().unwrap();
    let count = ended.len();
    let digests: HashMap<_, _> = ended.into_iter().map(|(id, outcome)| (id, outcome.digest)).collect();
    assert_eq!(digests.len(), count, "every run ends once");
    digests
}

#[test]
fn results_do_not_depend_on_workers_or_cohorts() {
    let run = |limits: Limits, jobs: usize| {
        let sweep = sweep::parse(SMALL, "small.yaml", &[]).unwrap();
        let plan = Plan::of(&sweep, &std::collections::HashSet::new(), &limits).unwrap();
        let notes = Notes::default();
        let summary = execute(&plan.cohorts, &options(jobs), &Stop::default(), &notes).unwrap();
        assert_eq!(summary, Summary { finished: 24, ..Summary::default() });
        digests(notes)
    };
    let one = run(Limits::default(), 1);
    assert_eq!(one, run(Limits { workers: 2, ..Limits::default() }, 2));
    assert_eq!(one, run(Limits { workers: 4, ..Limits::default() }, 4));
    assert_eq!(one, run(Limits { most_runs: Some(1), ..Limits::default() }, 2));
}

#[test]
fn a_stop_finishes_what_is_in_flight_and_takes_nothing_new() {
    let plan = plan(SMALL);
    let stop = Stop::default();
    let notes = Notes { stop_at: Some((1, stop.clone())), ..Notes::default() };
    let summary = execute(&plan.cohorts, &options(1), &stop, &notes).unwrap();
    assert_eq!(summary.finished, plan.cohorts[0].runs.len(), "the first cohort, whole");
    assert_eq!(summary.left, 24 - summary.finished);
    assert_eq!(stop.exit_code(), None, "no signal asked");
}

#[test]
fn an_error_of_the_listener_stops_everything_and_is_told() {
    let notes = Notes { fail_at: Some(2), ..Notes::default() };
    let error = execute(&plan(SMALL).cohorts, &options(2), &Stop::default(), &notes).unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
}

#[test]
fn a_run_that_cannot_be_trained_fails_alone() {
    let mut plan = plan(SMALL);
    // A cohort with a stranger in it cannot be trained as one.
    let stranger = plan.cohorts[1].runs[0].clone();
    plan.cohorts[0].runs.push(stranger.clone());
    plan.cohorts.truncate(1);
    let count = plan.cohorts[0].runs.len();
    let notes = Notes::default();
    let summary = execute(&plan.cohorts, &options(1), &Stop::default(), &notes).unwrap();
    assert_eq!(summary.finished, count, "one by one they train");
    assert_eq!(notes.failures.lock().unwrap().len(), 1);
    assert!(notes.failures.lock().unwrap()[0].contains("one shape"), "{:?}", notes.failures);

    let reason = failure::panic_text(&"no memory\nat 0x1".to_owned() as &(dyn std::any::Any + Send));
    let failed = failure::outcome(&stranger, &Device::Cpu, reason);
    assert_eq!((failed.status, failed.reason.as_deref()), (Status::Failed, Some("no memory")));
}

#[test]
fn a_time_limit_ends_runs_with_their_reason() {
    let slow = SMALL.replace("epochs: 4", "epochs: 100000");
    let options = Options { time_limit: Some(Duration::from_millis(20)), ..options(2) };
    let notes = Notes::default();
    let summary = execute(&plan(&slow).cohorts, &options, &Stop::default(), &notes).unwrap();
    assert_eq!(summary.timed_out, 24);
    let ended = notes.ended.into_inner().unwrap();
    assert!(ended.iter().all(|(_, outcome)| outcome.reason.as_ref().unwrap().contains("time limit of 0.02 s")));
}

#[test]
fn an_estimate_is_of_the_right_size() {
    let longer = plan(&SMALL.replace("epochs: 4", "epochs: 400"));
    let estimated = estimate(&longer.cohorts, Device::Cpu, 1).as_secs_f64();
    let began = now();
    execute(&longer.cohorts, &options(1), &Stop::default(), &Notes::default()).unwrap();
    let took = began.elapsed().as_secs_f64();
    // Not a test of speed: within a factor that no noise of a shared machine reaches.
    assert!(estimated > took / 30.0 && estimated < took * 30.0, "{estimated} {took}");
}
