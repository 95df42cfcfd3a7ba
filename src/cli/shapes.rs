//! The shapes of a plan's cohorts, as `ablate plan` shows them.

use std::sync::LazyLock;

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::style;
use crate::config::{Configuration, Parameter, Value, parameter};
use crate::plan::{Cohort, Plan, Shape};

/// Whether two shapes have the same value of a field.
type Same = fn(&Shape, &Shape) -> bool;

macro_rules! fields {
    ($($name:ident),+) => {
        [$((stringify!($name), (|a, b| a.$name == b.$name) as Same)),+]
    };
}

/// What shapes are told apart by, beside the sizes of the network, the epochs and the batch: parameters, and fields of a
/// shape of the same names.
const FIELDS: [(&str, Same); 10] =
    fields![layer, layer_norm, bias, dropout, optimizer, nesterov, loss, precision, examples, test_examples];

/// The parameter of the activation, and those of [`FIELDS`]: looked up once, since a plan may have a million shapes.
static LOOKED_UP: LazyLock<(&Parameter, [&Parameter; FIELDS.len()])> = LazyLock::new(|| {
    let of = |name: &str| parameter(name).expect("a parameter");
    (of("activation"), FIELDS.map(|(name, _)| of(name)))
});

/// Runs and cohorts of one shape. A plan may have a million, so all that is shown of it is made when it is shown.
pub struct OfShape<'p> {
    /// The first of its cohorts.
    cohort: &'p Cohort,
    runs: u64,
    cohorts: u64,
}

/// Cohorts by shape, in the order in which they are trained.
pub fn shapes(plan: &Plan) -> Vec<OfShape<'_>> {
    let mut shapes: Vec<OfShape<'_>> = Vec::with_capacity(plan.cohorts.len());
    let numbers = plan.cohorts.iter().map(|cohort| cohort.number as usize + 1).max().unwrap_or(0);
    // Where each shape is among them.
    let mut places: Vec<Option<u32>> = vec![None; numbers];
    for cohort in &plan.cohorts {
        let number = cohort.number as usize;
        let place = *places[number].get_or_insert(shapes.len() as u32) as usize;
        if place == shapes.len() {
            shapes.push(OfShape { cohort, runs: 0, cohorts: 0 });
        }
        shapes[place].runs += cohort.runs.len() as u64;
        shapes[place].cohorts += 1;
    }
    shapes
}

impl OfShape<'_> {
    /// A configuration of this shape.
    fn configuration(&self) -> Configuration {
        self.cohort.runs[0].point.configuration()
    }

    /// The sizes of all layers, inputs first.
    fn layers(&self) -> Vec<u32> {
        let Shape { features, widths, .. } = &self.cohort.shape;
        [*features].into_iter().chain(widths.iter().copied()).chain([1]).collect()
    }

    /// The sizes of all layers; equal hidden ones are counted: `1-64×60-1`.
    fn sizes(&self) -> String {
        let Shape { features, widths, .. } = &self.cohort.shape;
        let layers = widths.chunk_by(|a, b| a == b).map(|equal| match equal.len() {
            0..3 => equal.iter().map(u32::to_string).collect::<Vec<_>>().join("-"),
            times => format!("{}×{times}", equal[0]),
        });
        [features.to_string()].into_iter().chain(layers).chain(["1".to_owned()]).collect::<Vec<_>>().join("-")
    }

    /// The sizes, the activation, and the fields that are `wanted`.
    fn network(&self, wanted: &[bool]) -> String {
        let (sizes, configuration) = (self.sizes(), self.configuration());
        let activation = configuration.column(LOOKED_UP.0);
        let mut parts = vec![activation.map_or(sizes.clone(), |unit| format!("{sizes} {unit}"))];
        for (parameter, _) in LOOKED_UP.1.iter().zip(wanted).filter(|(_, wanted)| **wanted) {
            parts.extend(configuration.column(parameter).map(|value| format!("{} {value}", parameter.name)));
        }
        parts.join(", ")
    }

    /// This for scripts.
    fn document(&self) -> Json {
        let configuration = self.configuration();
        let value = |parameter: &Parameter| match configuration.column(parameter) {
            None => Json::Null,
            Some(Value::Flag(flag)) => json!(flag),
            Some(Value::Whole(whole)) => json!(whole),
            Some(Value::Number(number)) => json!(number),
            Some(other) => json!(other.to_string()),
        };
        let shape = &self.cohort.shape;
        let mut document = json!({
            "network": self.network(&[]), "layers": self.layers(), "activation": value(LOOKED_UP.0),
            "runs": self.runs, "cohorts": self.cohorts, "epochs": shape.epochs, "batch": shape.batch,
        });
        for parameter in LOOKED_UP.1 {
            document[parameter.name] = value(parameter);
        }
        document
    }
}

impl Serialize for OfShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.document().serialize(serializer)
    }
}

/// Shapes that are listed for people.
const MOST_SHOWN: usize = 24;

/// A table of shapes, with the fields in which they differ.
pub fn shape_lines(shapes: &[OfShape<'_>]) -> Vec<String> {
    let mut other = [false; FIELDS.len()];
    for shape in shapes {
        for (other, (_, same)) in other.iter_mut().zip(FIELDS) {
            *other = *other || !same(&shape.cohort.shape, &shapes[0].cohort.shape);
        }
    }
    let differs = |field: usize| {
        if !other[field] {
            return false;
        }
        // A shape in which a field has no effect is told apart by what makes it idle.
        let mut values = shapes.iter().filter_map(|shape| shape.configuration().column(LOOKED_UP.1[field]));
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
        let Shape { epochs, batch, .. } = shape.cohort.shape;
        let cells = [style::count(shape.runs), style::count(shape.cohorts), epochs.to_string(), batch.to_string()];
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
