//! `ablate compare`: runs and configurations side by side.

use clap::Args;

use super::exit::{Exit, Misuse};
use super::options::ResultsFolder;
use super::place::{self, Place, rows};
use super::say;
use crate::cite::compare::{MOST, Side, json, text};
use crate::cite::{Notes, Runs};
use crate::config::Id;
use crate::store::{self, Named, Results};

/// Compare runs or configurations: what differs between them, and what came out.
///
/// Parameters that differ, measures (of a configuration the mean over its replicates with its 95 % interval), learning
/// curves on one scale, and where they come from. Two configurations also have what they differ by: seed by seed where they
/// have seeds in common, with the 95 % interval of the mean difference.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ablate compare 3f9c27 8b1d02\n  ablate compare why-squares/3f9c27 others.zip/8b1d02 --json"
)]
pub struct Arguments {
    /// Ids of runs or configurations, or their first 6 characters or more; FOLDER/ID or BUNDLE.zip/ID for one in
    /// other results.
    #[arg(value_name = "RUN|CONFIG", num_args = 2..=MOST, required = true)]
    what: Vec<String>,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Finds and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let sides = arguments.what.iter().map(|what| side(arguments, what)).collect::<anyhow::Result<Vec<Side>>>()?;
    let text = if arguments.json { serde_json::to_string_pretty(&json(&sides))? } else { text(&sides) };
    say!("{}", text.trim_end());
    Ok(Exit::Done)
}

fn side(arguments: &Arguments, what: &str) -> anyhow::Result<Side> {
    let (place, Some(named)) = Place::find(&arguments.folder.results, what)? else {
        let message = format!("`{what}` is results, and runs or configurations are compared: name one as {what}/ID");
        return Err(Misuse(message).into());
    };
    place::read(place.folder(), |results| side_of(&results, named))
}

fn side_of(results: &Results, named: Named) -> anyhow::Result<Side> {
    let runs = Runs::of(&rows(results, Some(named))?, &Notes::of(results)?)?;
    let curves = results.curves()?;
    let of = |run: &crate::analysis::Run| Ok(store::curve(&curves, run.id.parse::<Id>()?)?);
    let (id, is_configuration) = match named {
        Named::Run(id) => (id, false),
        Named::Configuration(id) => (id, true),
    };
    Ok(Side {
        id: id.to_string(),
        is_configuration,
        sweep: results.name(),
        curves: runs.records.runs.iter().map(of).collect::<anyhow::Result<_>>()?,
        runs,
    })
}
