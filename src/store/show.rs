//! One run, to be looked at: parameters, measures, where it comes from, and its curve as a sparkline.

use std::fmt::Write as _;

use polars::prelude::{AnyValue, DataFrame};
use serde_json::{Map, Value, json};

use super::error::{Error, Result, frame_error};
use super::restore::configuration;
use super::results::Results;
use super::table::{json_value, short};
use crate::config::{Id, PARAMETERS};
use crate::measure::{COLUMNS, SPLITS};

/// A run with everything that was saved of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The run.
    pub run: Id,
    /// What is known of it besides parameters and measures, by column.
    pub provenance: Vec<(String, Value)>,
    /// Parameters that have an effect, those that differ from their defaults first.
    pub parameters: Vec<ShownParameter>,
    /// The measures that exist, in the order of their columns.
    pub measures: Vec<(String, f64)>,
    /// Its learning curve.
    pub curve: Vec<ShownPoint>,
    /// Other records of the same run that do not count, in words.
    pub notes: Vec<String>,
}

/// A point of a learning curve; what is missing is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShownPoint {
    /// Epochs done.
    pub epoch: i64,
    /// Mean loss over the epoch's batches, in scaled units.
    pub train_loss: Option<f64>,
    /// RMSE on the test split, in the target's own units.
    pub test_rmse: Option<f64>,
}

/// A parameter of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownParameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Whether it has its default; `None` where that is unknown, since another version recorded it.
    pub is_default: Option<bool>,
}

const PROVENANCE: [&str; 18] = [
    "config",
    "sweep",
    "grids",
    "replicate",
    "seed",
    "data_seed",
    "init_seed",
    "shuffle_seed",
    "status",
    "reason",
    "epochs_done",
    "parameters",
    "features",
    "seconds",
    "device",
    "digest",
    "environment",
    "process",
];

/// Everything that was saved of a run.
///
/// # Errors
/// [`Error::NoRun`], and damage.
pub fn show(results: &Results, run: Id) -> Result<Shown> {
    let runs = results.runs();
    let row = row_of(runs, run)?.ok_or_else(|| Error::NoRun { run: run.to_string(), path: results.folder().into() })?;
    let get = |name: &str| runs.column(name).ok().and_then(|column| column.get(row).ok()).unwrap_or(AnyValue::Null);
    let provenance = PROVENANCE.iter().map(|name| (*name, json_value(&get(name))));
    let known = configuration(runs, row).ok();
    let parameters = PARAMETERS.iter().filter_map(|parameter| {
        let value = Some(json_value(&get(parameter.name))).filter(|value| !value.is_null())?;
        let is_default = known.as_ref().map(|configuration| parameter.is_default(configuration));
        Some(ShownParameter { name: parameter.name.into(), value, is_default })
    });
    let mut parameters: Vec<ShownParameter> = parameters.collect();
    parameters.sort_by_key(|parameter| parameter.is_default == Some(true));
    let measures = COLUMNS.iter().filter_map(|column| match get(column.name) {
        AnyValue::Float64(value) => Some((column.name.to_owned(), value)),
        _ => None,
    });
    let mut notes = Vec::new();
    for item in results.set_aside()?.iter().filter(|item| item.run == run.to_string()) {
        let kept = results.aside_of(item)?.map(|folder| format!("; it is kept in {}", folder.display()));
        notes.push(note(item) + &kept.unwrap_or_default());
    }
    Ok(Shown {
        run,
        provenance: provenance.map(|(name, value)| (name.to_owned(), value)).collect(),
        parameters,
        measures: measures.collect(),
        curve: curve(&results.curves()?, run)?,
        notes,
    })
}

fn note(item: &super::SetAside) -> String {
    use super::Why;
    let what = match item.why {
        Why::Conflict => "ERROR: trained again in the same environment, it gave another digest",
        Why::OtherEnvironment => "in another environment it gave another digest",
        Why::Superseded => "another attempt did not end well",
        Why::FailedLater => "a later attempt did not end well",
    };
    let reason = item.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let digest = if item.digest.is_empty() { String::new() } else { format!(", digest {}", item.digest) };
    format!("{what} ({}{reason}{digest}, environment {})", item.status, item.environment)
}

fn row_of(runs: &DataFrame, run: Id) -> Result<Option<usize>> {
    let id = run.to_string();
    let column = runs.column("run").and_then(|column| column.str()).map_err(frame_error("find the column `run`"))?;
    Ok(column.iter().position(|other| other == Some(id.as_str())))
}

/// The learning curve of a run, from [`Results::curves`].
///
/// # Errors
/// [`Error::Frame`] when it is no table of curves.
pub fn curve(curves: &DataFrame, run: Id) -> Result<Vec<ShownPoint>> {
    let id = run.to_string();
    let wrong = frame_error("read a learning curve");
    let columns = || {
        let runs = curves.column("run")?.str()?;
        let epochs = curves.column("epoch")?.i64()?;
        let train = curves.column("train_loss")?.f64()?;
        let test = curves.column("test_rmse")?.f64()?;
        let rows = runs.iter().enumerate().filter(|(_, other)| *other == Some(id.as_str()));
        let point = |(row, _)| ShownPoint {
            epoch: epochs.get(row).unwrap_or(0),
            train_loss: train.get(row),
            test_rmse: test.get(row),
        };
        polars::error::PolarsResult::Ok(rows.map(point).collect())
    };
    columns().map_err(wrong)
}

impl Shown {
    /// The process that trained it, where that was kept.
    #[must_use]
    pub fn process(&self) -> Option<&str> {
        self.provenance.iter().find(|(name, _)| name == "process")?.1.as_str()
    }

    /// One versioned document: `{"version": 1, "run": …}`.
    #[must_use]
    pub fn document(&self) -> Value {
        let object = |entries: Vec<(String, Value)>| Value::Object(entries.into_iter().collect::<Map<_, _>>());
        let parameters = self.parameters.iter().map(|parameter| (parameter.name.clone(), parameter.value.clone()));
        let measures = self.measures.iter().map(|(name, value)| (name.clone(), json!(value)));
        let curve = self
            .curve
            .iter()
            .map(|point| json!({"epoch": point.epoch, "train_loss": point.train_loss, "test_rmse": point.test_rmse}));
        json!({
            "version": 1,
            "run": self.run.to_string(),
            "provenance": object(self.provenance.clone()),
            "configuration": object(parameters.collect()),
            "measures": object(measures.collect()),
            "curve": curve.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }

    /// For the terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = format!("run {}\n", self.run);
        // Seeds of single draws are shown where they are not the run's.
        let seed = self.provenance.iter().find(|(name, _)| name == "seed").map(|(_, seed)| seed);
        let repeated = |name: &str, value: &Value| name.ends_with("_seed") && Some(value) == seed;
        let shown = self.provenance.iter().filter(|(name, value)| !value.is_null() && !repeated(name, value));
        for (name, value) in shown {
            let _ = writeln!(out, "  {name:<14} {}", text(value));
        }
        out += "\nparameters\n";
        for parameter in &self.parameters {
            let note = if parameter.is_default == Some(true) { "  (default)" } else { "" };
            let _ = writeln!(out, "  {:<20} {}{note}", parameter.name, text(&parameter.value));
        }
        out += "\nmeasures\n";
        self.write_splits(&mut out);
        let of_split = |name: &str| SPLITS.iter().any(|split| name.starts_with(&format!("{split}_")));
        for (name, value) in self.measures.iter().filter(|(name, _)| !of_split(name)) {
            let _ = writeln!(out, "  {name:<20} {}", short(*value));
        }
        self.write_curve(&mut out);
        for note in &self.notes {
            let _ = writeln!(out, "\n{note}");
        }
        out
    }

    /// A line a measure, a column a split.
    fn write_splits(&self, out: &mut String) {
        let _ = write!(out, "  {:<20}", "");
        for split in SPLITS {
            let _ = write!(out, " {split:>14}");
        }
        out.push('\n');
        let suffixes = COLUMNS.iter().filter_map(|column| column.name.strip_prefix("train_"));
        for suffix in suffixes {
            let value = |split: &str| {
                let name = format!("{split}_{suffix}");
                self.measures.iter().find(|(measure, _)| *measure == name).map(|(_, value)| *value)
            };
            if SPLITS.iter().all(|split| value(split).is_none()) {
                continue;
            }
            let _ = write!(out, "  {suffix:<20}");
            for split in SPLITS {
                let _ = write!(out, " {:>14}", value(split).map_or("-".into(), short));
            }
            out.push('\n');
        }
    }

    fn write_curve(&self, out: &mut String) {
        if self.curve.is_empty() {
            return;
        }
        let last = self.curve.last().map_or(0, |point| point.epoch);
        let _ = writeln!(out, "\ncurve, epochs 1 to {last}, logarithmic");
        let train: Vec<Option<f64>> = self.curve.iter().map(|point| point.train_loss).collect();
        let test: Vec<Option<f64>> = self.curve.iter().map(|point| point.test_rmse).collect();
        for (name, values) in [("train_loss", train), ("test_rmse", test)] {
            let ends = values.iter().flatten().next().zip(values.iter().flatten().last());
            if let Some((first, last)) = ends {
                let _ = writeln!(out, "  {name:<11} {} {} → {}", sparkline(&values, 60), short(*first), short(*last));
            }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (None, Some(value)) => short(value),
            _ => number.to_string(),
        },
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Values as blocks of eight heights on a logarithmic scale, at most `width` of them; missing values are blanks.
#[must_use]
pub fn sparkline(values: &[Option<f64>], width: usize) -> String {
    let picked = picked(values, width);
    let low = picked.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let high = picked.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    sparkline_between(values, width, (low, high))
}

/// As [`sparkline`], on the scale from `low` to `high`, so that several can be held against one another.
#[must_use]
pub fn sparkline_between(values: &[Option<f64>], width: usize, (low, high): (f64, f64)) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let height = |value: f64| value.max(f64::MIN_POSITIVE).log10();
    let span = height(high) - height(low);
    let block = |value: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7")]
        let step = if span > 0.0 { ((height(value) - height(low)) / span * 7.0).round() as usize } else { 0 };
        BLOCKS[step.min(7)]
    };
    picked(values, width).iter().map(|value| value.map_or(' ', block)).collect()
}

/// At most `width` values, evenly spread, the first and the last among them.
fn picked(values: &[Option<f64>], width: usize) -> Vec<Option<f64>> {
    let width = width.min(values.len());
    (0..width).map(|i| values[i * (values.len() - 1) / (width - 1).max(1)]).collect()
}
