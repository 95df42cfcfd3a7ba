//! `ablate cite`: a citation of a run, a configuration or a sweep.

use std::path::{Path, PathBuf};

use clap::Args;
use polars::prelude::{BooleanChunked, DataFrame, NewChunkedArray};

use super::exit::{Exit, Misuse};
use super::options::ResultsFolder;
use super::place::Place;
use super::report::{Saved, metric_of};
use super::{claims, mention, say};
use crate::cite::{About, Citation, Format, Notes};
use crate::store::{self, Named, Results};
use crate::sweep;

/// Cite a run, a configuration or a sweep.
///
/// A citation says what was trained and what came out, by which version of Ablate, in which environment, with the hash of
/// the exact bits, and whether it was verified. It never says that it was where it was not.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ablate cite 3f9c27 --format bibtex --author \"Lovelace, Ada\"\n  ablate cite why-squares --format latex > \
    numbers.tex     \\ablate{RUN}{domain_rmse} in the write-up"
)]
pub struct Arguments {
    /// A run's or a configuration's id, or its first 6 characters or more (FOLDER/ID for one in other results); a folder of
    /// results, the name of a sweep, or a bundle.
    #[arg(value_name = "RUN|CONFIG|RESULTS")]
    what: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// text, bibtex, cff, markdown, latex (macros for the numbers) or json.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// An author of the results, as "Family, Given" or a name to be taken as it is; may be given several times.
    #[arg(long = "author", value_name = "NAME")]
    authors: Vec<String>,
    /// Print one JSON document: the same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// Finds and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if arguments.authors.iter().any(|author| author.trim().is_empty()) {
        return Err(Misuse("an author needs a name".into()).into());
    }
    let citation = if Path::new(&arguments.what).is_file() {
        // A bundle is cited as a whole; FOLDER/ID is for runs of one that was unpacked.
        of_sweep(arguments, Place::open(&arguments.folder.results, &arguments.what)?.folder())?
    } else {
        match find(&arguments.folder.results, &arguments.what)? {
            (folder, Some(named)) => of_runs(arguments, &folder, named)?,
            (folder, None) => of_sweep(arguments, &folder)?,
        }
    };
    let format = if arguments.json { Format::Json } else { arguments.format };
    say!("{}", citation.to(format).trim_end());
    Ok(Exit::Done)
}

/// The folder that is meant, and the run or the configuration in it, where it is not all of it.
pub fn find(results: &Path, what: &str) -> anyhow::Result<(PathBuf, Option<Named>)> {
    let id = what.rsplit_once('/').map_or(what, |(_, id)| id);
    let is_folder = results.join(what).is_dir() && !what.is_empty() || Path::new(what).is_dir();
    let may_be_id = id.len() >= 6 && id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_folder || !may_be_id {
        return Ok((store::locate(results, what)?, None));
    }
    let found = store::locate_id(results, what)?;
    if let (Named::Configuration(id), [_, ..]) = (found.named, &found.others[..]) {
        let others: Vec<String> = found.others.iter().map(|folder| folder.display().to_string()).collect();
        mention!(
            "configuration {id} is taken from {}; {} has runs of it as well: FOLDER/ID takes those",
            found.folder.display(),
            others.join(", ")
        );
    }
    Ok((found.folder, Some(found.named)))
}

/// The runs of a folder that a run's or a configuration's id names.
pub fn rows(results: &Results, named: Named) -> anyhow::Result<DataFrame> {
    let (column, id) = match named {
        Named::Run(id) => ("run", id.to_string()),
        Named::Configuration(id) => ("config", id.to_string()),
    };
    let ids = results.runs().column(column)?.str()?;
    let mask: Vec<bool> = ids.iter().map(|other| other == Some(id.as_str())).collect();
    Ok(results.runs().filter(&BooleanChunked::from_slice("named".into(), &mask))?)
}

fn about(arguments: &Arguments, results: &Results, sweep: Option<&sweep::Sweep>) -> About {
    let metric = sweep.map(|sweep| sweep.metric.clone()).unwrap_or_default();
    About {
        sweep: results.name(),
        question: sweep.and_then(|sweep| sweep.question.clone()),
        version: results.version().cloned(),
        metric: metric_of(&metric),
        authors: arguments.authors.clone(),
    }
}

fn of_runs(arguments: &Arguments, folder: &Path, named: Named) -> anyhow::Result<Citation> {
    let results = Results::open(folder)?;
    let overrides = results.version().map(|version| version.overrides.clone()).unwrap_or_default();
    // A run stands by itself: it can be cited where the sweep file is one of another version.
    let sweep = sweep::parse(results.sweep(), "sweep.yaml", &overrides).ok();
    let about = about(arguments, &results, sweep.as_ref());
    let (table, notes) = (rows(&results, named)?, Notes::of(&results)?);
    Ok(match named {
        Named::Run(_) => Citation::of_run(about, &table, &notes)?,
        Named::Configuration(_) => Citation::of_configuration(about, &table, &notes)?,
    })
}

fn of_sweep(arguments: &Arguments, folder: &Path) -> anyhow::Result<Citation> {
    let results = Results::open(folder)?;
    let saved = Saved::of(&results)?;
    let about = about(arguments, &results, Some(&saved.sweep));
    let (table, notes) = (saved.runs(&results)?, Notes::of(&results)?);
    Ok(Citation::of_sweep(about, &table, &notes, &claims::of(&saved.sweep), saved.plan.runs())?)
}
