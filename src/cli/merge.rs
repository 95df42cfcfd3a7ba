//! `ablate merge`: results of several folders in one.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::exit::Exit;
use super::options::{Global, ResultsFolder};
use super::place::Place;
use super::report::Saved;
use super::run::words;
use super::{mention, say, style};
use crate::store::{self, Joined, JoinedFrom, Results, SetAside, Why, short};

/// Merge the results of several folders of one sweep, such as those of machines that share nothing.
///
/// The sources stay as they are. What is the same in several of them is kept once. Where a run has two results, the one in DIR
/// counts, or else that of the first source; the other is kept whole under DIR, and it is said: in one environment this is a
/// conflict, which must not be, and the exit code is 6; in another environment (a GPU, another version) it is to be expected.
/// A merge that was interrupted is completed by the same command.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ablate merge laptop/results/why-squares cluster/results/why-squares --into results/why-squares\n  \
    ablate report why-squares"
)]
pub struct Arguments {
    /// Folders of results, names of sweeps, or bundles.
    #[arg(value_name = "RESULTS", required = true)]
    names: Vec<String>,
    /// The folder of results that they go into: a new one, or one that holds results of the same sweep.
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Merges, and says what came of it.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    let open = |name: &String| Place::open(&arguments.folder.results, name);
    let places = arguments.names.iter().map(open).collect::<anyhow::Result<Vec<Place>>>()?;
    let sources: Vec<PathBuf> = places.iter().map(|place| place.folder().to_path_buf()).collect();
    let joined = store::join(&sources, &arguments.into)?;
    let differences = Difference::all(&arguments.into, &joined)?;
    let conflicts = differences.iter().filter(|found| found.aside.why == Why::Conflict).count();
    if arguments.json {
        say!("{}", serde_json::to_string_pretty(&document(arguments, &joined, &differences))?);
    } else {
        for (name, from) in arguments.names.iter().zip(&joined.from) {
            say!("{name}: {}", line(from));
        }
        differences.iter().for_each(|found| found.lines(global).iter().for_each(|line| say!("{line}")));
        say!("{}: {}", arguments.into.display(), style::counted(joined.runs, "run"));
    }
    for (name, from) in arguments.names.iter().zip(&joined.from).filter(|(_, from)| from.at_work > 0) {
        let shards = style::counted(from.at_work, "shard");
        mention!(
            "{shards} at work in {name}: what they save from now on is not merged; merge again when they have ended"
        );
    }
    let paused: u64 = joined.from.iter().map(|from| from.paused).sum();
    if paused > 0 && !global.quiet {
        let runs = style::counted(paused, "run");
        mention!(
            "{runs} begun and paused stay where they are; where the sweep goes on in the new folder, they begin anew"
        );
    }
    if !global.quiet {
        mention!("to render the report: ablate report {}", words::quoted(&arguments.into.to_string_lossy()));
    }
    Ok(if conflicts > 0 { Exit::NotHeld } else { Exit::Done })
}

/// What came of a source.
fn line(from: &JoinedFrom) -> String {
    let mut parts = vec![format!("{}, {} taken", style::counted(from.runs, "run"), style::count(from.taken))];
    for (count, what) in [
        (from.same, "with the same result elsewhere"),
        (from.failed, "failed, with another end elsewhere"),
        (from.aside, "with another result, kept aside"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", style::count(count)));
        }
    }
    parts.join(", ")
}

/// A run with two results.
struct Difference {
    aside: SetAside,
    /// The environment of the record that counts.
    environment: String,
    /// The sweep's metric.
    metric: String,
    /// Its value in the record that counts, and in the other.
    values: [Option<f64>; 2],
    /// Where the other is kept.
    folder: PathBuf,
}

impl Difference {
    fn all(into: &Path, joined: &Joined) -> anyhow::Result<Vec<Self>> {
        let mut all = Vec::new();
        if joined.aside.is_empty() {
            return Ok(all);
        }
        let metric = Saved::of(&Results::open_columns(into, &|_| false)?)?.sweep.metric.name;
        for (folder, items) in &joined.aside {
            let runs: Vec<&str> = items.iter().map(|item| item.run.as_str()).collect();
            let [counts, other] = [into, folder.as_path()].map(|folder| values(folder, &runs, &metric));
            let (mut counts, mut other) = (counts?, other?);
            for aside in items {
                let (environment, value) = counts.remove(&aside.run).unwrap_or_default();
                let (_, another) = other.remove(&aside.run).unwrap_or_default();
                let (aside, metric, folder) = (aside.clone(), metric.clone(), folder.clone());
                all.push(Self { aside, environment, metric, values: [value, another], folder });
            }
        }
        Ok(all)
    }

    fn lines(&self, global: &Global) -> Vec<String> {
        let what = match self.aside.why {
            Why::Conflict => style::red("conflict", global.colored()),
            _ => "another environment".to_owned(),
        };
        let value = |value: Option<f64>| value.map_or("none".to_owned(), short);
        let [counts, other] = self.values.map(value);
        let metric = &self.metric;
        vec![
            format!("{what}: run {} has two results", self.aside.run),
            format!("  counts  {metric} {counts}, environment {}, digest {}", self.environment, self.aside.kept),
            format!("  aside   {metric} {other}, environment {}, digest {}", self.aside.environment, self.aside.digest),
            format!("          ablate show {}", words::quoted(&self.folder.join(&self.aside.run).to_string_lossy())),
        ]
    }

    fn document(&self) -> Value {
        json!({
            "run": self.aside.run,
            "conflict": self.aside.why == Why::Conflict,
            "metric": self.metric,
            "counts": {"digest": self.aside.kept, "environment": self.environment, "metric": self.values[0]},
            "aside": {
                "digest": self.aside.digest, "environment": self.aside.environment, "metric": self.values[1],
                "results": self.folder.to_string_lossy(),
            },
        })
    }
}

/// Environment and metric of runs, by run.
fn values(folder: &Path, runs: &[&str], metric: &str) -> anyhow::Result<HashMap<String, (String, Option<f64>)>> {
    let names: HashSet<String> = runs.iter().map(|run| (*run).to_owned()).collect();
    let wanted = |column: &str| column == metric || column == "environment";
    let results = Results::open_kept(folder, &wanted, &|rows| store::rows_of(rows, &names))?;
    let rows = results.runs();
    let (ids, environments) = (rows.column("run")?.str()?, rows.column("environment")?.str()?);
    let values = rows.column(metric).ok().and_then(|column| column.f64().ok());
    let row = |row: usize| {
        let environment = environments.get(row).unwrap_or_default().to_owned();
        (ids.get(row).unwrap_or_default().to_owned(), (environment, values.and_then(|values| values.get(row))))
    };
    Ok((0..rows.height()).map(row).collect())
}

fn document(arguments: &Arguments, joined: &Joined, differences: &[Difference]) -> Value {
    let from = arguments.names.iter().zip(&joined.from).map(|(name, from)| {
        json!({
            "results": name, "runs": from.runs, "taken": from.taken, "same": from.same, "failed": from.failed,
            "aside": from.aside, "paused": from.paused, "shards_at_work": from.at_work,
        })
    });
    json!({
        "version": 1,
        "into": arguments.into.to_string_lossy(),
        "runs": joined.runs,
        "from": from.collect::<Vec<_>>(),
        "differences": differences.iter().map(Difference::document).collect::<Vec<_>>(),
    })
}
