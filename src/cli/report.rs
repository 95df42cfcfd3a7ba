//! `ablate report`: a report again, from saved results alone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;
use polars::prelude::{BooleanChunked, DataFrame, NewChunkedArray};

use super::exit::Exit;
use super::options::{Global, ResultsFolder};
use super::say;
use crate::plan::{Limits, Plan};
use crate::report::{self, Input, Report};
use crate::store::{self, Results};
use crate::sweep;

/// Render a report again from saved results: no training, the same bytes each time.
///
/// Writes index.html (one file that needs no network), figures/*.png and tables/*.csv.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A folder of results, or the name of a sweep.
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
    let folder = store::locate(&arguments.folder.results, &arguments.name)?;
    let results = Results::open(&folder)?;
    let out = arguments.out.clone().unwrap_or_else(|| Path::new("reports").join(results.name()));
    publish(&results, &out, global)?;
    Ok(Exit::Done)
}

/// Renders the report of `results` into `out`; the answer and the path of the page go to standard output.
pub fn publish(results: &Results, out: &Path, global: &Global) -> anyhow::Result<()> {
    let report = render(results)?;
    let page = report::write(&report, out)?;
    if !global.quiet {
        report.answer.iter().for_each(|sentence| say!("{sentence}"));
    }
    say!("{}", page.display());
    Ok(())
}

fn render(results: &Results) -> anyhow::Result<Report> {
    let overrides = results.version().map(|version| version.overrides.clone()).unwrap_or_default();
    let sweep = sweep::parse(results.sweep(), "sweep.yaml", &overrides)?;
    // Results keep the runs of every version of a sweep; a report is of the last one.
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits { max_runs: u64::MAX, ..Limits::default() })?;
    let wanted: HashSet<String> =
        plan.cohorts.iter().flat_map(|cohort| &cohort.runs).map(|run| run.id.to_string()).collect();
    let of_sweep = |frame: &DataFrame| -> anyhow::Result<DataFrame> {
        let runs = frame.column("run")?.str()?;
        let mask: Vec<bool> = runs.iter().map(|run| run.is_some_and(|run| wanted.contains(run))).collect();
        Ok(frame.filter(&BooleanChunked::from_slice("wanted".into(), &mask))?)
    };
    let runs = of_sweep(results.runs())?;
    let input = Input {
        name: sweep.name.clone(),
        question: sweep.question.clone(),
        metric: report::Metric {
            name: sweep.metric.name.clone(),
            goal: match sweep.metric.goal {
                sweep::Goal::Minimize => report::Goal::Minimize,
                sweep::Goal::Maximize => report::Goal::Maximize,
            },
        },
        sweep_text: results.sweep().to_owned(),
        overrides,
        curves: of_sweep(&results.curves()?)?,
        predictions: of_sweep(&results.predictions()?)?,
        runs,
    };
    Ok(report::render(&input)?)
}
