//! Several devices train what one would: every run once, with the same bits, whichever device took its cohort.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use ablate::config::Id;
use ablate::execute::{Event, Listener, Options, Stop, Summary, execute};
use ablate::plan::{Cohort, Limits, Plan};
use ablate::train::{Device, link_libtorch};

/// A few runs of every layer: tensor operations take their time over small ones.
const SWEEP: &str = "version: 1
name: few
metric: {name: domain_rmse, goal: minimize}
base: {examples: 20, test_examples: 9, largest: 12, epochs: 2, depth: 1, width: 5, batch: 7}
grid:
  layer: [dense, nac, nalu, nau, nmu, real_npu]
  learning_rate: [0.001, 0.01, 0.1]
replicates: {count: 2}
";

/// Digest and device of every run.
#[derive(Default)]
struct Notes(Mutex<HashMap<Id, (String, String)>>);

impl Listener for Notes {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        if let Event::RunEnded { run, outcome } = event {
            let before = self.0.lock().unwrap().insert(run.id, (outcome.digest.clone(), outcome.device.clone()));
            assert_eq!(before, None, "a run ends once");
        }
        Ok(())
    }
}

fn trained(cohorts: &[Cohort], devices: &[Device]) -> HashMap<Id, (String, String)> {
    let options = Options { jobs: 1, devices: devices.to_vec(), time_limit: None, profile: None };
    assert_eq!(options.workers(), devices, "one worker each");
    let notes = Notes::default();
    let summary = execute(cohorts, &options, &Stop::default(), &notes).unwrap();
    assert_eq!(summary, Summary { finished: 36, ..Summary::default() });
    notes.0.into_inner().unwrap()
}

#[test]
fn two_devices_give_the_same_bits_as_one() {
    link_libtorch();
    let sweep = ablate::sweep::parse(SWEEP, "few.yaml", &[]).unwrap_or_else(|error| panic!("{error}"));
    // The same cohorts for both: on tensors, a run's bits may depend on the size of its cohort.
    for most in [1, 2, 4, 6] {
        let limits = Limits { most_runs: Some(most), workers: 0, ..Limits::default() };
        let cohorts = Plan::of(&sweep, &HashSet::new(), &limits).unwrap_or_else(|error| panic!("{error}")).cohorts;
        let one = trained(&cohorts, &[Device::CpuTensors]);
        assert_eq!(one.len(), 36);
        assert!(one.values().all(|(digest, device)| !digest.is_empty() && device == "cpu-tensors"));
        assert_eq!(trained(&cohorts, &[Device::CpuTensors; 2]), one, "cohorts of at most {most}");
    }
}
