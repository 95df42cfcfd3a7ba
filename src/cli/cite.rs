//! `ablate cite`: a citation of a run, a configuration or a sweep.

use clap::Args;

use super::exit::{Exit, Misuse};
use super::options::ResultsFolder;
use super::place::{Place, rows};
use super::report::{Saved, metric_of};
use super::{claims, mention, say};
use crate::cite::{About, Citation, Format, Notes};
use crate::store::{Named, Results};
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
    /// A run's or a configuration's id, or its first 6 characters or more (FOLDER/ID or BUNDLE.zip/ID for one in other results); a
    /// folder of results, the name of a sweep, or a bundle.
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
    check(&arguments.authors)?;
    let (place, named) = Place::find(&arguments.folder.results, &arguments.what)?;
    let results = Results::open(place.folder())?;
    let citation = match named {
        Some(named) => of_runs(&results, named, &arguments.authors)?,
        None => of_sweep(&results, &arguments.authors)?,
    };
    let format = if arguments.json { Format::Json } else { arguments.format };
    citation.left_out(format).iter().for_each(|left| mention!("{left}"));
    say!("{}", citation.to(format).trim_end());
    Ok(Exit::Done)
}

/// Refuses names of authors that would not stand in documents as they are meant.
pub fn check(authors: &[String]) -> Result<(), Misuse> {
    let is_plain = |author: &&String| !author.trim().is_empty() && !author.chars().any(char::is_control);
    match authors.iter().find(|author| !is_plain(author)) {
        Some(author) => Err(Misuse(format!("{author:?} is no name of an author"))),
        None => Ok(()),
    }
}

/// The citation of all that is saved: of a run or of a configuration where there is nothing else, otherwise of the sweep.
pub fn of_all(results: &Results, authors: &[String]) -> anyhow::Result<Citation> {
    let (runs, configurations) = (results.runs().column("run")?.str()?, results.runs().column("config")?.str()?);
    match (runs.len(), runs.get(0), configurations.get(0)) {
        (1, Some(run), _) => of_runs(results, Named::Run(run.parse()?), authors),
        (_, _, Some(one)) if configurations.iter().all(|other| other == Some(one)) => {
            of_runs(results, Named::Configuration(one.parse()?), authors)
        }
        _ => of_sweep(results, authors),
    }
}

fn about(results: &Results, sweep: Option<&sweep::Sweep>, authors: &[String]) -> About {
    let metric = sweep.map(|sweep| sweep.metric.clone()).unwrap_or_default();
    About {
        sweep: results.name(),
        question: sweep.and_then(|sweep| sweep.question.clone()),
        version: results.version().cloned(),
        metric: metric_of(&metric),
        authors: authors.to_vec(),
    }
}

fn of_runs(results: &Results, named: Named, authors: &[String]) -> anyhow::Result<Citation> {
    let overrides = results.version().map(|version| version.overrides.clone()).unwrap_or_default();
    // A run stands by itself: it can be cited where the sweep file is one of another version.
    let sweep = sweep::parse(results.sweep(), "sweep.yaml", &overrides).ok();
    let about = about(results, sweep.as_ref(), authors);
    let (table, notes) = (rows(results, Some(named))?, Notes::of(results)?);
    Ok(match named {
        Named::Run(_) => Citation::of_run(about, &table, &notes)?,
        Named::Configuration(_) => Citation::of_configuration(about, &table, &notes)?,
    })
}

fn of_sweep(results: &Results, authors: &[String]) -> anyhow::Result<Citation> {
    let saved = Saved::of(results)?;
    let about = about(results, Some(&saved.sweep), authors);
    let (table, notes) = (saved.runs(results)?, Notes::of(results)?);
    Ok(Citation::of_sweep(about, &table, &notes, &claims::of(&saved.sweep), saved.plan.runs())?)
}
