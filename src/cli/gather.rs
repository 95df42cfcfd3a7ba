//! `ablate gather`: tables and report of what shards have saved.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::options::{Global, ResultsFolder};
use super::place::Place;
use super::report::{self, Saved};
use super::run::words;
use super::{claims, mention, say, style};
use crate::store::{self, Ended, Folded, Results};

/// Make tables and the report of what the shards of a sweep have saved.
///
/// After `ablate run --shard`, from whichever machines: the sweep is in the results. It may be asked for as often as one likes,
/// also before all shards have run; what is missing is counted. While a shard is at work it is refused (exit code 8): a shard
/// that was killed is taken to be at work until it has been silent for ten minutes, unless --all says otherwise.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ablate gather why-squares\n  ablate gather /shared/results/why-squares --all")]
pub struct Arguments {
    /// A folder of results, or the name of a sweep.
    #[arg(value_name = "RESULTS")]
    name: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// The folder that holds the reports of all sweeps.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    /// Do not render the report.
    #[arg(long)]
    no_report: bool,
    /// Take every shard to have ended, whatever it has said last: where you or the batch system know that none is at work.
    #[arg(long)]
    all: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Folds, renders, and says what is there.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    let place = Place::open_to_write(&arguments.folder.results, &arguments.name)?;
    let folded = store::gather(place.folder(), arguments.all)?;
    let shown = words::quoted(&place.folder().to_string_lossy());
    words::found(&folded, global);
    let found = Found::of(place.folder())?;
    if !arguments.json {
        found.lines(&folded).iter().for_each(|line| say!("{line}"));
    }
    let page = if arguments.no_report {
        None
    } else {
        let out = arguments.reports.join(&found.sweep);
        Some(report::publish(place.folder(), &out, !arguments.json && !global.quiet)?)
    };
    let claims = if found.has_claims { Some(claims::tally(place.folder())?) } else { None };
    if arguments.json {
        let document = json!({
            "version": 1,
            "sweep": found.sweep,
            "runs": found.asked,
            "there": found.there,
            "failed": found.failed,
            "missing": found.missing(),
            "folded": folded.records,
            "torn": folded.torn,
            "conflicts": found.conflicts,
            "results": place.folder().to_string_lossy(),
            "report": page.as_deref().map(Path::to_string_lossy),
            "claims": claims.map_or(serde_json::Value::Null, claims::Tally::document),
        });
        say!("{}", serde_json::to_string_pretty(&document)?);
    } else {
        if let Some(claims) = claims.filter(|_| !global.quiet) {
            say!("{}: ablate claims {}", claims.line(), shown);
        }
        if let Some(page) = page {
            say!("{}", page.display());
        }
    }
    if found.failed > 0 && !global.quiet {
        mention!("reasons: ablate runs {shown} --where \"reason IS NOT NULL\" --columns run,status,reason");
    }
    Ok(if found.conflicts > 0 {
        Exit::NotHeld
    } else if found.failed > 0 {
        Exit::SomeFailed
    } else {
        Exit::Done
    })
}

/// What is there of a sweep.
struct Found {
    sweep: String,
    has_claims: bool,
    /// Runs that the sweep asks for, as it was run last.
    asked: u64,
    /// Those that have ended.
    there: u64,
    /// Those of them that failed or timed out.
    failed: u64,
    /// Records of one run that differ in one environment, of all versions of the sweep.
    conflicts: usize,
}

impl Found {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        let wanted = ["status", "reason", "digest", "environment"];
        let results = Results::open_columns(folder, &|column| wanted.contains(&column))?;
        let Saved { sweep, plan } = Saved::of(&results)?;
        let Ended { done, failed } = results.ended()?;
        let runs = || plan.points.iter().flat_map(|point| point.runs());
        let failures = runs().filter(|run| failed.contains(run)).count() as u64;
        let there = runs().filter(|run| done.contains(run)).count() as u64 + failures;
        let (name, has_claims) = (sweep.name.clone(), !sweep.claims.is_empty());
        let conflicts = results.conflicts()?.len();
        Ok(Self { sweep: name, has_claims, asked: plan.runs(), there, failed: failures, conflicts })
    }

    fn missing(&self) -> u64 {
        self.asked - self.there
    }

    fn lines(&self, folded: &Folded) -> Vec<String> {
        let mut parts =
            vec![format!("{} of {} are there", style::count(self.there), style::counted(self.asked, "run"))];
        if folded.records > 0 {
            parts.push(format!("{} of them new in the tables", style::count(folded.records as u64)));
        }
        if self.failed > 0 {
            parts.push(format!("{} failed or timed out", style::count(self.failed)));
        }
        let mut lines = vec![format!("{}: {}", self.sweep, parts.join(", "))];
        if self.missing() > 0 {
            let runs = style::counted(self.missing(), "run");
            lines.push(format!(
                "{runs} missing: run the shards that have not ended again, or the sweep without --shard"
            ));
        }
        lines
    }
}
