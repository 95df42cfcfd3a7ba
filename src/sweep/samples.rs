//! Random sweeps for the property tests of later modules: written as files, so that the whole way is tested.

use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::{Sweep, parse};

/// Parameters that have an effect together with any values of each other, as YAML.
const POOL: &[(&str, &[&str])] = &[
    ("task", &["sum", "product", "square", "cube", "sine"]),
    ("largest", &["10", "20", "30"]),
    ("noise", &["0", "0.1"]),
    ("encoding", &["scalar", "binary", "digits_onehot", "{polynomial: 2}", "{fourier: 3}"]),
    ("depth", &["1", "2", "3"]),
    ("width", &["4", "8"]),
    ("activation", &["relu", "tanh", "linear"]),
    ("bias", &["true", "false"]),
    ("layer_norm", &["none", "layer"]),
    ("dropout", &["0", "0.5"]),
    ("loss", &["mse", "{huber: 1}"]),
    ("early_stop", &["{patience: 1, metric: train_loss}", "{patience: 1}"]),
    ("schedule", &["constant", "linear", "{exponential: 0.5}", "{step: {every: 1, factor: 0.5}}"]),
    ("optimizer", &["adam", "sgd"]),
    ("learning_rate", &["0.1", "1e-2", "1"]),
    ("batch", &["10", "full"]),
    ("epochs", &["2", "3"]),
];

/// A named grid: parameters with their values as YAML; those with one value are its base.
#[derive(Clone, Debug)]
pub(crate) struct SampleGrid(pub Vec<(&'static str, Vec<&'static str>)>);

impl SampleGrid {
    fn text(&self) -> String {
        let mut lines = vec!["    base:".to_string(), "      examples: 50".to_string()];
        let (single, several): (Vec<_>, Vec<_>) = self.0.iter().partition(|(_, values)| values.len() == 1);
        lines.extend(single.iter().map(|(name, values)| format!("      {name}: {}", values[0])));
        if !several.is_empty() {
            lines.push("    grid:".to_string());
        }
        lines.extend(several.iter().map(|(name, values)| format!("      {name}: [{}]", values.join(", "))));
        lines.join("\n") + "\n"
    }
}

/// A sweep of such grids.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub grids: Vec<SampleGrid>,
    pub replicates: u32,
}

impl Sample {
    /// The sweep file.
    pub fn text(&self) -> String {
        let grids = self.grids.iter().zip(0..).map(|(grid, number)| format!("  grid-{number}:\n{}", grid.text()));
        let grids: Vec<String> = grids.collect();
        format!("version: 1\nname: sample\nreplicates: {{count: {}}}\ngrids:\n{}", self.replicates, grids.concat())
    }

    /// The sweep, checked.
    pub fn sweep(&self) -> Sweep {
        parse(&self.text(), "sample.yaml", &[]).unwrap_or_else(|invalid| panic!("{invalid}"))
    }
}

fn grid() -> impl Strategy<Value = SampleGrid> {
    let parameters = subsequence(POOL, 0..=5).prop_shuffle();
    parameters
        .prop_flat_map(|chosen| {
            chosen
                .into_iter()
                .map(|(name, values)| (Just(name), subsequence(values, 1..=values.len()).prop_shuffle()))
                .collect::<Vec<_>>()
        })
        .prop_map(SampleGrid)
}

fn sample() -> impl Strategy<Value = Sample> {
    (prop::collection::vec(grid(), 1..4), 1u32..4).prop_map(|(grids, replicates)| Sample { grids, replicates })
}

/// Checks a property of random sweeps, the same ones each time.
pub(crate) fn check(property: impl Fn(Sample) -> Result<(), TestCaseError>) {
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner.run(&sample(), property).unwrap_or_else(|failure| panic!("{failure}"));
}
