//! What `ablate plan --diff` shows: a plan beside what is saved.

use std::collections::{BTreeSet, HashSet};

use polars::prelude::DataFrame;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::style;
use crate::config::{Id, PARAMETERS, Parameter, Value};
use crate::plan::{Change, Diff, Plan, Point, Saved};
use crate::store::{self, Ended, Results, json_value, telling_columns};

/// A plan beside what is saved, and the configurations that it adds and leaves behind.
pub struct Beside<'p> {
    plan: &'p Plan,
    diff: Diff,
    left: Vec<Told>,
}

/// A configuration: its id, and the values that tell it from others.
#[derive(Serialize)]
struct Told {
    config: String,
    #[serde(rename = "parameters", serialize_with = "as_map")]
    values: Vec<(String, Json)>,
}

fn as_map<S: Serializer>(values: &[(String, Json)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(values.iter().map(|(name, value)| (name, value)))
}

/// Values of a parameter, and configurations, that are listed for people.
const MOST_VALUES: usize = 8;

/// Holds a plan against what is saved.
pub fn of<'p>(plan: &'p Plan, ended: &Ended, results: Option<&Results>) -> Result<Beside<'p>, store::Error> {
    let saved: HashSet<Id> = ended.done.union(&ended.failed).copied().collect();
    let values = |parameter: &Parameter| results.map(|results| results.values(parameter)).unwrap_or_default();
    let seeds = |name: &str| results.map(|results| seeds(results.runs(), name)).unwrap_or_default();
    let configurations = results.map(|results| configurations(results.runs())).unwrap_or_default();
    let saved = Saved { runs: &saved, configurations: &configurations, values: &values, seeds: &seeds };
    let diff = Diff::of(plan, &saved);
    let left = match results {
        Some(results) if diff.leaves > 0 => {
            let planned = plan.points.iter().map(|point| point.id.to_string()).collect();
            left(results.runs(), &diff.left.iter().copied().collect(), planned)?
        }
        _ => Vec::new(),
    };
    Ok(Beside { plan, diff, left })
}

/// The configurations of saved runs.
fn configurations(runs: &DataFrame) -> HashSet<Id> {
    let column = runs.column("config").and_then(|column| column.str());
    column.map(|ids| ids.iter().filter_map(|id| id?.parse().ok()).collect()).unwrap_or_default()
}

/// A configuration that nothing is saved of.
fn added(point: &Point, telling: &[&Parameter]) -> Told {
    let configuration = point.configuration();
    let value = |parameter: &&Parameter| {
        let value = match configuration.column(parameter)? {
            Value::Flag(flag) => flag.into(),
            Value::Whole(whole) => whole.into(),
            Value::Number(number) => number.into(),
            other => other.to_string().into(),
        };
        Some((parameter.name.to_owned(), value))
    };
    Told { config: point.id.to_string(), values: telling.iter().filter_map(value).collect() }
}

/// The seeds that saved runs have in a column.
fn seeds(runs: &DataFrame, name: &str) -> BTreeSet<u64> {
    let Ok(column) = runs.column(name) else { return BTreeSet::new() };
    (0..column.len()).filter_map(|row| column.get(row).ok()?.extract::<u64>()).collect()
}

/// The configurations of runs that are left behind, in the order of the table, but those that are `known`: planned under
/// other seeds.
fn left(runs: &DataFrame, ids: &HashSet<Id>, mut known: HashSet<String>) -> Result<Vec<Told>, store::Error> {
    let telling = telling_columns(runs, None)?;
    let telling = telling.iter().filter(|name| PARAMETERS.iter().any(|parameter| parameter.name == name.as_str()));
    let telling: Vec<&String> = telling.collect();
    let value = |name: &str, row: usize| {
        let value = json_value(&runs.column(name).ok()?.get(row).ok()?);
        (!value.is_null()).then_some(value)
    };
    let text = |name: &str, row: usize| value(name, row)?.as_str().map(str::to_owned);
    let mut left = Vec::new();
    for row in 0..runs.height() {
        let run = text("run", row).and_then(|id| id.parse::<Id>().ok());
        let Some(config) = text("config", row).filter(|_| run.is_some_and(|run| ids.contains(&run))) else { continue };
        if known.insert(config.clone()) {
            let values = telling.iter().filter_map(|name| Some(((*name).clone(), value(name, row)?)));
            left.push(Told { config, values: values.collect() });
        }
    }
    Ok(left)
}

/// The configurations that a plan adds, of which there may be a million: told one after the other.
struct Added<'b>(&'b Beside<'b>);

impl Serialize for Added<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.added())
    }
}

/// This for scripts.
impl Serialize for Beside<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { diff, left, .. } = self;
        let change =
            |change: &Change| json!({"parameter": change.parameter, "adds": change.adds, "leaves": change.leaves});
        let changes = |changes: &[Change]| changes.iter().map(change).collect::<Vec<_>>();
        let mut document = serializer.serialize_struct("diff", 7)?;
        document.serialize_field("adds", &diff.adds)?;
        document.serialize_field("keeps", &diff.keeps)?;
        document.serialize_field("leaves", &diff.leaves)?;
        document.serialize_field("parameters", &changes(&diff.parameters))?;
        document.serialize_field("seeds", &changes(&diff.seeds))?;
        document.serialize_field("added", &Added(self))?;
        document.serialize_field("left", left)?;
        document.end()
    }
}

impl Beside<'_> {
    /// The configurations that nothing is saved of.
    fn added(&self) -> impl ExactSizeIterator<Item = Told> {
        let Self { plan, diff, .. } = self;
        diff.added.iter().map(|&number| added(&plan.points[number], &diff.telling))
    }
    /// This for people.
    pub fn lines(&self) -> Vec<String> {
        let Self { diff, left, .. } = self;
        let mut lines = vec![
            String::new(),
            format!(
                "beside what is saved: {} added, {} kept, {} left behind (left runs stay saved)",
                style::count(diff.adds),
                style::count(diff.keeps),
                style::count(diff.leaves)
            ),
        ];
        let some = |values: &[String]| {
            let more = values.len().saturating_sub(MOST_VALUES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            values.iter().take(MOST_VALUES).map(String::as_str).collect::<Vec<_>>().join(", ") + &more
        };
        for Change { parameter, adds, leaves } in diff.parameters.iter().chain(&diff.seeds) {
            if !adds.is_empty() {
                lines.push(format!("  + {parameter}: {}", some(adds)));
            }
            if !leaves.is_empty() {
                lines.push(format!("  - {parameter}: {}", some(leaves)));
            }
        }
        let told = |sign: char, Told { config, values }: &Told| {
            let shown = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} {}", shown(value))).collect();
            format!("  {sign} {config} {}", values.join(", ")).trim_end().to_owned()
        };
        let added: Vec<String> = self.added().take(MOST_VALUES).map(|one| told('+', &one)).collect();
        let left: Vec<String> = left.iter().take(MOST_VALUES).map(|one| told('-', one)).collect();
        let counts = [diff.added.len(), self.left.len()];
        for ((what, count), shown) in ["added", "left behind"].into_iter().zip(counts).zip([added, left]) {
            if count == 0 {
                continue;
            }
            lines.push(format!("{} {what}:", style::counted(count as u64, "configuration")));
            let more = count - shown.len();
            lines.extend(shown);
            if more > 0 {
                lines.push(format!("  and {} more; --json lists them all", style::count(more as u64)));
            }
        }
        lines
    }
}
