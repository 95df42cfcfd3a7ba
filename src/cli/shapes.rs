//! The shapes of a plan's cohorts, as `ablate plan` shows them.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::style;
use crate::config::{Parameter, Value, parameter};
use crate::plan::{Cohort, Plan, Shape};

/// What shapes are told apart by, beside the sizes of the network, the epochs and the batch.
const FIELDS: [&str; 10] = [
    "layer",
    "layer_norm",
    "bias",
    "dropout",
    "optimizer",
    "nesterov",
    "loss",
    "precision",
    "examples",
    "test_examples",
];

/// The parameter of the activation, and those of [`FIELDS`]: looked up once, since a plan may have a million shapes.
static LOOKED_UP: LazyLock<(&Parameter, [&Parameter; FIELDS.len()])> = LazyLock::new(|| {
    let of = |name: &str| parameter(name).expect("a parameter");
    (of("activation"), FIELDS.map(of))
});

/// Runs and cohorts of one shape.
pub struct OfShape {
    sizes: Vec<u32>,
    activation: Option<Value>,
    /// The values of [`FIELDS`]; none where one has no effect.
    fields: Vec<Option<Value>>,
    runs: u64,
    cohorts: u64,
    epochs: u32,
    batch: u32,
}

/// Cohorts by shape, in the order in which they are trained.
pub fn shapes(plan: &Plan) -> Vec<OfShape> {
    let mut shapes: Vec<OfShape> = Vec::new();
    // The places of shapes by their key; few have one in common.
    let mut known: HashMap<u64, Vec<(&Shape, usize)>> = HashMap::new();
    for cohort in &plan.cohorts {
        let same = known.entry(cohort.shape.key()).or_default();
        let place = same.iter().find(|(shape, _)| **shape == cohort.shape).map(|(_, place)| *place);
        let place = place.unwrap_or_else(|| {
            shapes.push(OfShape::of(cohort));
            same.push((&cohort.shape, shapes.len() - 1));
            shapes.len() - 1
        });
        shapes[place].runs += cohort.runs.len() as u64;
        shapes[place].cohorts += 1;
    }
    shapes
}

impl OfShape {
    fn of(cohort: &Cohort) -> Self {
        let Shape { features, widths, epochs, batch, .. } = &cohort.shape;
        let configuration = &cohort.runs[0].point.configuration;
        let value = |parameter: &&Parameter| configuration.column(parameter);
        Self {
            sizes: [*features].into_iter().chain(widths.iter().copied()).chain([1]).collect(),
            activation: value(&LOOKED_UP.0),
            fields: LOOKED_UP.1.iter().map(value).collect(),
            runs: 0,
            cohorts: 0,
            epochs: *epochs,
            batch: *batch,
        }
    }

    /// The sizes of all layers, inputs first; equal hidden ones are counted: `1-64×60-1`.
    fn sizes(&self) -> String {
        let (first, hidden) = self.sizes.split_first().expect("a network has inputs");
        let (last, hidden) = hidden.split_last().expect("a network has an output");
        let layers = hidden.chunk_by(|a, b| a == b).map(|equal| match equal.len() {
            0..3 => equal.iter().map(u32::to_string).collect::<Vec<_>>().join("-"),
            times => format!("{}×{times}", equal[0]),
        });
        [first.to_string()].into_iter().chain(layers).chain([last.to_string()]).collect::<Vec<_>>().join("-")
    }

    /// The sizes, the activation, and the fields that are `wanted`.
    fn network(&self, wanted: &[bool]) -> String {
        let sizes = self.sizes();
        let mut parts = vec![self.activation.as_ref().map_or(sizes.clone(), |unit| format!("{sizes} {unit}"))];
        for ((name, value), _) in FIELDS.iter().zip(&self.fields).zip(wanted).filter(|(_, wanted)| **wanted) {
            parts.extend(value.as_ref().map(|value| format!("{name} {value}")));
        }
        parts.join(", ")
    }

    /// This for scripts.
    pub fn document(&self) -> Json {
        let value = |value: &Option<Value>| match value {
            None => Json::Null,
            Some(Value::Flag(flag)) => json!(flag),
            Some(Value::Whole(whole)) => json!(whole),
            Some(Value::Number(number)) => json!(number),
            Some(other) => json!(other.to_string()),
        };
        let mut document = json!({
            "network": self.network(&[]), "layers": self.sizes, "activation": value(&self.activation),
            "runs": self.runs, "cohorts": self.cohorts, "epochs": self.epochs, "batch": self.batch,
        });
        for (name, field) in FIELDS.iter().zip(&self.fields) {
            document[name] = value(field);
        }
        document
    }
}

/// Shapes that are listed for people.
const MOST_SHOWN: usize = 24;

/// A table of shapes, with the fields in which they differ.
pub fn shape_lines(shapes: &[OfShape]) -> Vec<String> {
    // A shape in which a field has no effect is told apart by what makes it idle.
    let differs = |field: usize| {
        let mut values = shapes.iter().filter_map(|shape| shape.fields[field].as_ref());
        values.next().is_some_and(|first| values.any(|value| value != first))
    };
    let wanted: Vec<bool> = (0..FIELDS.len()).map(differs).collect();
    let (shown, rest) = shapes.split_at(shapes.len().min(MOST_SHOWN));
    let networks: Vec<String> = shown.iter().map(|shape| shape.network(&wanted)).collect();
    let width = networks.iter().map(|network| network.chars().count()).max().unwrap_or(0);
    let row = |network: &str, cells: [String; 4]| {
        let [runs, cohorts, epochs, batch] = cells;
        format!("{network:<width$}  {runs:>9}  {cohorts:>7}  {epochs:>7}  {batch:>6}")
    };
    let mut lines = vec![row("network", ["runs", "cohorts", "epochs", "batch"].map(String::from))];
    for (network, shape) in networks.iter().zip(shown) {
        let cells =
            [style::count(shape.runs), style::count(shape.cohorts), shape.epochs.to_string(), shape.batch.to_string()];
        lines.push(row(network, cells));
    }
    if !rest.is_empty() {
        let runs = style::counted(rest.iter().map(|shape| shape.runs).sum(), "run");
        lines.push(format!(
            "and {} that are shorter, with {runs}; --json lists them all",
            style::counted(rest.len() as u64, "network")
        ));
    }
    lines
}
