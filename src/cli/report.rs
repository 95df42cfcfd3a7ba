//! `ablate report`: a report again, from saved results alone.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use clap::Args;
use polars::prelude::{
    BooleanChunked, Column, DataFrame, IntoColumn, ListBuilderTrait, ListStringChunkedBuilder, NamedFrom,
    NewChunkedArray, Series,
};
use serde_json::Value;

use super::exit::Exit;
use super::options::{Global, ResultsFolder};
use super::place::{self, Place};
use super::{claims, say};
use crate::analysis::Asked;
use crate::analysis::environments::Facts;
use crate::cite::verify::Summary;
use crate::plan::{Limits, Plan, Run};
use crate::report::{self, Input, Report};
use crate::store::Results;
use crate::sweep::{self, Sweep};

/// Render a report again from saved results: no training, the same bytes each time.
///
/// Writes index.html (one file that needs no network), figures/*.png and tables/*.csv.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A folder of results, the name of a sweep, or a bundle.
    #[arg(value_name = "RESULTS")]
    name: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Where to write the report [default: reports/NAME].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Renders, writes, and prints the answer and the path of the page.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    let place = Place::open(&arguments.folder.results, &arguments.name)?;
    let out = arguments.out.clone().map_or_else(
        || Results::open_columns(place.folder(), &|_| false).map(|results| Path::new("reports").join(results.name())),
        Ok,
    )?;
    let page = publish(place.folder(), &out, !global.quiet)?;
    say!("{}", page.display());
    Ok(Exit::Done)
}

/// Renders the report of the results in `folder` into `out`; gives the path of the page. The answer goes to standard output
/// where it is to be shown.
pub fn publish(folder: &Path, out: &Path, shown: bool) -> anyhow::Result<PathBuf> {
    let report = place::read(folder, |results| rendered(&results))?;
    let page = report::write(&report, out)?;
    if shown {
        report.answer.iter().for_each(|sentence| say!("{sentence}"));
    }
    Ok(page)
}

/// The report of saved results.
pub fn rendered(results: &Results) -> anyhow::Result<Report> {
    let saved = Saved::of(results)?;
    let wanted = saved.wanted();
    let runs = saved.runs(results)?;
    let input = Input {
        name: saved.sweep.name.clone(),
        question: saved.sweep.question.clone(),
        metric: saved.metric(),
        claims: claims::of(&saved.sweep),
        sweep_text: results.sweep().to_owned(),
        overrides: saved.sweep.overrides().to_vec(),
        asked: saved.asked(&runs),
        environments: environments(results)?,
        verified: Summary::of(results, &|run| wanted.contains_key(run))?.sentence(),
        curves: of_sweep(&results.curves()?, &wanted)?,
        predictions: of_sweep(&results.predictions()?, &wanted)?,
        runs,
    };
    Ok(report::render(&input)?)
}

/// The sweep of saved results as it was run last, and the runs that it asks for: results keep those of every version.
pub struct Saved {
    pub sweep: Sweep,
    pub plan: Plan,
}

impl Saved {
    pub fn of(results: &Results) -> anyhow::Result<Self> {
        let overrides = results.version().map(|version| version.overrides.clone()).unwrap_or_default();
        Self::read(results.sweep(), &overrides)
    }

    /// A sweep file of saved results.
    pub fn read(text: &str, overrides: &[String]) -> anyhow::Result<Self> {
        let sweep = sweep::parse(text, "sweep.yaml", overrides)?;
        let plan = Plan::of(&sweep, &HashSet::new(), &Limits { max_runs: u64::MAX, ..Limits::default() })?;
        Ok(Self { sweep, plan })
    }

    pub fn metric(&self) -> report::Metric {
        metric_of(&self.sweep.metric)
    }

    /// Its runs that were trained.
    pub fn runs(&self, results: &Results) -> anyhow::Result<DataFrame> {
        let wanted = self.wanted();
        placed(of_sweep(results.runs(), &wanted)?, &wanted)
    }

    /// The runs that it asks for, of which those of a table were trained.
    pub fn asked(&self, trained: &DataFrame) -> Asked {
        Asked::of(&self.plan, trained)
    }

    fn wanted(&self) -> HashMap<String, &Run> {
        self.plan.cohorts.iter().flat_map(|cohort| &cohort.runs).map(|run| (run.id.to_string(), run)).collect()
    }
}

/// What decides bits in each environment, as the notes of the processes that trained there say.
fn environments(results: &Results) -> anyhow::Result<Facts> {
    let mut known = Facts::new();
    for (_, note) in results.all_provenance()? {
        for environment in note.get("environments").and_then(Value::as_array).into_iter().flatten() {
            let (Some(id), Some(facts)) = (environment["id"].as_str(), environment["decides"].as_object()) else {
                continue;
            };
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            known.insert(id.to_owned(), facts.iter().map(|(name, value)| (name.clone(), text(value))).collect());
        }
    }
    Ok(known)
}

/// What configurations are ranked by, as a sweep names it.
pub fn metric_of(metric: &sweep::Metric) -> report::Metric {
    let goal = match metric.goal {
        sweep::Goal::Minimize => report::Goal::Minimize,
        sweep::Goal::Maximize => report::Goal::Maximize,
    };
    report::Metric { name: metric.name.clone(), goal }
}

fn of_sweep(frame: &DataFrame, wanted: &HashMap<String, &Run>) -> anyhow::Result<DataFrame> {
    let runs = frame.column("run")?.str()?;
    let mask: Vec<bool> = runs.iter().map(|run| run.is_some_and(|run| wanted.contains_key(run))).collect();
    Ok(frame.filter(&BooleanChunked::from_slice("wanted".into(), &mask))?)
}

/// Runs with the grids and the replicate that they have in the sweep as it is now: a record keeps those of the version
/// that it was trained for.
fn placed(mut runs: DataFrame, wanted: &HashMap<String, &Run>) -> anyhow::Result<DataFrame> {
    let ids = runs.column("run")?.str()?.clone();
    let planned: Vec<&Run> = ids.iter().flatten().filter_map(|id| wanted.get(id).copied()).collect();
    let names = planned.iter().map(|run| run.point.asked.grids.len()).sum();
    let mut grids = ListStringChunkedBuilder::new("grids".into(), planned.len(), names);
    for run in &planned {
        grids.append_values_iter(run.point.asked.grids.iter().map(String::as_str));
    }
    let replicates: Vec<i64> = planned.iter().map(|run| i64::from(run.replicate().number)).collect();
    let replicates: Column = Series::new("replicate".into(), replicates).into_column();
    runs.with_column(grids.finish().into_column())?.with_column(replicates)?;
    Ok(runs)
}
