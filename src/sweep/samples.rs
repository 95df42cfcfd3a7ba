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
pub(crate) struct SampleGrid {
    pub parameters: Vec<(&'static str, Vec<&'static str>)>,
    pub form: Form,
}

/// What else a grid has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing.
    Product,
    /// Its first two axes, named in order, move together.
    Zip,
    /// The axis that is named first is there only where the one that is named last has its first value.
    When,
    /// Some points, by this method.
    Sampled(&'static str),
    /// A point beside the product.
    Include,
    /// A condition that some points may not fulfil.
    Constraint,
}

impl SampleGrid {
    /// Parameters with several values.
    pub fn axes(&self) -> impl Iterator<Item = &(&'static str, Vec<&'static str>)> {
        self.parameters.iter().filter(|(_, values)| values.len() > 1)
    }

    /// Its form, where it has the axes for it.
    pub fn form(&self) -> Form {
        match self.form {
            Form::Zip | Form::When if self.axes().count() < 2 => Form::Product,
            Form::Sampled(_) if self.axes().count() < 1 => Form::Product,
            // Of these no point would be left.
            Form::Constraint
                if self.parameters.iter().any(|p| p.1 == ["sine"] || (p.0 == "epochs" && p.1 == ["3"])) =>
            {
                Form::Product
            }
            form => form,
        }
    }

    /// The points that it has before any rule.
    pub fn size(&self) -> usize {
        let sizes = self.axes().map(|(_, values)| values.len());
        match self.form() {
            Form::Sampled(_) => 7,
            // With nothing beside them, included points are all.
            Form::Include if self.axes().count() == 0 => 1,
            Form::Include => sizes.product::<usize>() + 1,
            Form::Zip => {
                let zipped = self.zipped();
                let others = self.axes().filter(|(name, _)| !zipped.contains(name)).map(|(_, values)| values.len());
                self.shortest() * others.product::<usize>()
            }
            _ => sizes.product(),
        }
    }

    fn by_name(&self) -> Vec<&(&'static str, Vec<&'static str>)> {
        let mut axes: Vec<_> = self.axes().collect();
        axes.sort_unstable();
        axes
    }

    fn zipped(&self) -> Vec<&'static str> {
        self.by_name().iter().take(2).map(|(name, _)| *name).collect()
    }

    fn shortest(&self) -> usize {
        self.by_name().iter().take(2).map(|(_, values)| values.len()).min().unwrap_or(1)
    }

    fn text(&self) -> String {
        let mut lines = vec!["    base:".to_string(), "      examples: 50".to_string()];
        let single = self.parameters.iter().filter(|(_, values)| values.len() == 1);
        lines.extend(single.map(|(name, values)| format!("      {name}: {}", values[0])));
        let form = self.form();
        let zipped = if form == Form::Zip { self.zipped() } else { Vec::new() };
        let named = self.by_name();
        let axis = |name: &str, values: &[&str]| match form {
            Form::When if named[0].0 == name => {
                let (other, others) = named[named.len() - 1];
                let least = others.iter().min().expect("a value");
                format!("      {name}: {{values: [{}], when: {{{other}: {least}}}}}", values.join(", "))
            }
            _ => format!("      {name}: [{}]", values.join(", ")),
        };
        let axes: Vec<String> =
            self.axes().filter(|(name, _)| !zipped.contains(name)).map(|(name, values)| axis(name, values)).collect();
        if !axes.is_empty() {
            lines.push("    grid:".to_string());
            lines.extend(axes);
        }
        match form {
            Form::Zip => {
                let lists = self.axes().filter(|(name, _)| zipped.contains(name)).map(|(name, values)| {
                    // By their names, so that pairs stay together when lists are turned.
                    let mut values = values.clone();
                    values.sort_unstable();
                    format!("{name}: [{}]", values[..self.shortest()].join(", "))
                });
                lines.push(format!("    zip: {{both: {{{}}}}}", lists.collect::<Vec<_>>().join(", ")));
            }
            Form::Sampled(method) => lines.push(format!("    sample: {{method: {method}, count: 7, seed: 5}}")),
            Form::Include => lines.push("    include: [{init: torch}]".to_string()),
            Form::Constraint => lines.push("    constraints: [\"epochs <> 3 AND task <> 'sine'\"]".to_string()),
            Form::Product | Form::When => {}
        }
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
    let parameters = subsequence(POOL, 0..=5).prop_shuffle().prop_flat_map(|chosen| {
        chosen
            .into_iter()
            .map(|(name, values)| (Just(name), subsequence(values, 1..=values.len()).prop_shuffle()))
            .collect::<Vec<_>>()
    });
    let forms = [
        Form::Product,
        Form::Zip,
        Form::When,
        Form::Sampled("sobol"),
        Form::Sampled("random"),
        Form::Include,
        Form::Constraint,
    ];
    (parameters, proptest::sample::select(forms.to_vec()))
        .prop_map(|(parameters, form)| SampleGrid { parameters, form })
}

fn sample() -> impl Strategy<Value = Sample> {
    (prop::collection::vec(grid(), 1..4), 1u32..4).prop_map(|(grids, replicates)| Sample { grids, replicates })
}

/// Checks a property of random sweeps, the same ones each time.
pub(crate) fn check(property: impl Fn(Sample) -> Result<(), TestCaseError>) {
    let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner.run(&sample(), property).unwrap_or_else(|failure| panic!("{failure}"));
}
