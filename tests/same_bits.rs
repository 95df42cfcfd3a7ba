//! A run's bits are its own: the same in cohorts of every size, with any number of workers, in any order, with other runs
//! left out, and after a stop. On a sweep that goes through every kind of layer, norm, activation, optimizer and loss.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;

use ablate::config::{Configuration, Id, parameter};
use ablate::execute::{Event, Listener, Options, Stop, Summary, execute};
use ablate::plan::{Cohort, Limits, Plan};
use ablate::random::Stream;
use ablate::sweep::{self, Sweep};
use ablate::train::{Device, Status};

const SWEEP: &str = "version: 1
name: same-bits
metric: {name: domain_rmse, goal: minimize}
base: {examples: 20, test_examples: 9, largest: 12, epochs: 2, depth: 1, width: 5, batch: 7}
grids:
  networks:
    grid:
      layer: [dense, nac, nalu, nau, nmu, real_npu]
      layer_norm: [none, batch, layer, rms]
      activation: [linear, relu, elu, selu, gelu, silu, mish, softplus, tanh, sigmoid, hard_tanh, relu6, gaussian, square,
        {leaky_relu: 0.1}, {sine: 3.0}, {snake: 0.7}]
      precision: [f32, f64]
      dropout: [0, 0.3]
  problems:
    grid:
      task: [sum, difference, product, max, square, sine]
      encoding: [scalar, sqrt, binary, digits_onehot, {onehot: 5}, {ramps: 4}, {fourier: 2}, {polynomial: 2}]
      normalization: [max, symmetric, standardize]
      width: [3, 8]
  optimizers:
    base: {task: product, normalization: symmetric}
    grid:
      optimizer: [adam, adamw, nadam, rmsprop, adagrad, sgd]
      loss: [mse, mae, {huber: 0.3}, log_cosh]
      precision: [f32, f64]
      batch: [1, 7, full]
  searches:
    base: {optimizer: lbfgs, batch: full, activation: tanh}
    grid:
      loss: [mse, mae, {huber: 0.3}, log_cosh]
      precision: [f32, f64]
      learning_rate: [0.3, 1.0]
  batches:
    base: {task: difference, activation: tanh}
    grid:
      batch: [1, 3, 7, 13, 19, 20]
      dropout: [0, 0.4]
      noise: [0, 0.1]
      width: [1, 4, 9]
      precision: [f32, f64]
  stops:
    base: {epochs: 3, hidden: [9, 3], activation: gelu}
    grid:
      early_stop: [{patience: 1, metric: train_loss, min_delta: 0.1}, {patience: 1, metric: test_loss, min_delta: 0.1},
        {patience: 1, metric: test_rmse, min_delta: 100.0}]
      learning_rate: [0.0001, 0.01, 0.3]
      precision: [f32, f64]
  wild:
    base: {optimizer: sgd, epochs: 3}
    grid:
      learning_rate: [0.001, 0.01, 0.1, 1000000.0]
      momentum: [0, 0.5, 0.9]
      activation: [relu, square]
  steps:
    base: {epochs: 3, task: sum, clip_norm: 0.5, encoding: binary, optimizer: adamw}
    grid:
      schedule: [constant, cosine, linear, one_cycle, {exponential: 0.9}, {step: {every: 1, factor: 0.5}}]
      weight_decay: [0, 0.01]
      warmup: [0, 1]
      bias: [true, false]
replicates: {count: 2}
";

/// A plan of what is not done, with cohorts of at most so many runs.
fn plan(sweep: &Sweep, done: &HashSet<Id>, limits: Limits) -> Vec<Cohort> {
    Plan::of(sweep, done, &limits).unwrap_or_else(|error| panic!("{error}")).cohorts
}

/// Cohorts of at most so many runs, and no smaller for the sake of workers.
fn of_at_most(most: u64) -> Limits {
    Limits { most_runs: Some(most), workers: 0, ..Limits::default() }
}

/// Status and digest of every run.
type Bits = HashMap<Id, (Status, String)>;

/// Notes how runs end, and asks to stop after so many.
#[derive(Default)]
struct Notes {
    ended: Mutex<Bits>,
    stop: Option<(usize, Stop)>,
}

impl Listener for Notes {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        match event {
            Event::RunEnded { run, outcome } => {
                let mut ended = self.ended.lock().unwrap();
                let before = ended.insert(run.id, (outcome.status, outcome.digest.clone()));
                assert_eq!(before, None, "a run ends once");
                if let Some((_, stop)) = self.stop.as_ref().filter(|(at, _)| *at == ended.len()) {
                    stop.ask();
                }
            }
            Event::CohortFailed { reason, .. } | Event::CohortHalved { reason, .. } => panic!("{reason}"),
            Event::RunPaused { .. } | Event::CohortStarted { .. } | Event::EpochDone { .. } => {}
        }
        Ok(())
    }
}

fn trained(cohorts: &[Cohort], jobs: usize, notes: Notes) -> (Bits, Summary) {
    let options = Options { jobs, devices: vec![Device::Cpu], time_limit: None, profile: None };
    let stop = notes.stop.as_ref().map(|(_, stop)| stop.clone()).unwrap_or_default();
    let summary = execute(cohorts, &options, &stop, &notes).unwrap();
    (notes.ended.into_inner().unwrap(), summary)
}

fn bits(cohorts: &[Cohort], jobs: usize) -> Bits {
    trained(cohorts, jobs, Notes::default()).0
}

/// The same runs with the same ends; what differs is named by its configuration.
fn assert_same(found: &Bits, expected: &Bits, cohorts: &[Cohort], what: &str) {
    for run in cohorts.iter().flat_map(|cohort| &cohort.runs) {
        let configuration = &run.point.configuration();
        assert_eq!(found.get(&run.id), expected.get(&run.id), "{what}: run {} of {configuration:?}", run.id);
    }
    assert_eq!(found.len(), expected.len(), "{what}");
}

#[test]
fn a_run_has_the_same_bits_however_the_sweep_is_executed() {
    let sweep = sweep::parse(SWEEP, "same-bits.yaml", &[]).unwrap_or_else(|error| panic!("{error}"));
    let none = HashSet::new();
    let whole = plan(&sweep, &none, of_at_most(u64::MAX));
    let runs: Vec<_> = whole.iter().flat_map(|cohort| &cohort.runs).collect();
    let configurations: HashSet<Id> = runs.iter().map(|run| run.point.id).collect();
    assert!(configurations.len() >= 2000 && runs.len() >= 4000, "{} {}", configurations.len(), runs.len());
    assert!(whole.iter().map(|cohort| cohort.runs.len()).max() >= Some(12), "some cohorts are large");
    every_word_is_there(&runs.iter().map(|run| run.point.configuration()).collect::<Vec<_>>());

    let (reference, summary) = trained(&whole, 1, Notes::default());
    assert_eq!(reference.len(), runs.len());
    assert!(summary.diverged >= 4 && summary.finished > runs.len() / 2, "{summary:?}");
    assert_eq!((summary.failed, summary.timed_out, summary.left), (0, 0, 0));

    // Sizes of cohorts and numbers of workers.
    for (most, jobs) in [(1, 2), (2, 1), (7, 4)] {
        let cohorts = plan(&sweep, &none, of_at_most(most));
        assert!(cohorts.iter().all(|cohort| cohort.runs.len() as u64 <= most));
        assert_same(&bits(&cohorts, jobs), &reference, &cohorts, &format!("at most {most} runs, {jobs} workers"));
    }

    // The other order, of cohorts and of the runs in them.
    let mut backwards = whole.clone();
    backwards.reverse();
    backwards.iter_mut().for_each(|cohort| cohort.runs.reverse());
    assert_same(&bits(&backwards, 2), &reference, &backwards, "backwards");

    // A random half first, the other after it.
    let mut stream = Stream::new(5, "half", 0);
    let half: HashSet<Id> = runs.iter().map(|run| run.id).filter(|_| stream.below(2) == 0).collect();
    let rest = plan(&sweep, &half, Limits::default());
    let mut pieces = bits(&rest, 2);
    assert_eq!(pieces.len(), runs.len() - half.len());
    let others: HashSet<Id> = pieces.keys().copied().collect();
    pieces.extend(bits(&plan(&sweep, &others, Limits::default()), 1));
    assert_same(&pieces, &reference, &whole, "in two random halves");

    // A stop in the middle, and what was left.
    let stop = Some((runs.len() / 3, Stop::default()));
    let cohorts = plan(&sweep, &none, Limits { workers: 2, ..Limits::default() });
    let (mut resumed, summary) = trained(&cohorts, 2, Notes { stop, ..Notes::default() });
    assert!(summary.left > runs.len() / 3, "stopped in the middle: {summary:?}");
    // The other worker's cohort may have been in the middle.
    let unfinished = summary.left + summary.paused;
    assert_eq!(resumed.len() + unfinished, runs.len(), "what was begun has ended or was paused");
    let done: HashSet<Id> = resumed.keys().copied().collect();
    let left = plan(&sweep, &done, of_at_most(u64::MAX));
    assert_eq!(left.iter().map(|cohort| cohort.runs.len()).sum::<usize>(), unfinished);
    resumed.extend(bits(&left, 1));
    assert_same(&resumed, &reference, &whole, "stopped and resumed");
}

/// Every word of the parameters that choose what is computed stands in some configuration.
fn every_word_is_there(configurations: &[Configuration]) {
    for (name, words) in [
        ("layer", 6),
        ("layer_norm", 4),
        ("activation", 17),
        ("optimizer", 7),
        ("loss", 4),
        ("precision", 2),
        ("schedule", 6),
        ("early_stop", 3),
        ("dropout", 3),
        ("noise", 2),
        ("task", 6),
        ("encoding", 8),
    ] {
        let parameter = parameter(name).unwrap();
        let seen = configurations.iter().filter_map(|configuration| parameter.get(configuration));
        let seen: BTreeSet<String> = seen.map(|value| format!("{value:?}")).collect();
        assert_eq!(seen.len(), words, "{name}: {seen:?}");
    }
}
