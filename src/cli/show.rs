//! `ablate show`: one run.

use clap::Args;

use super::exit::Exit;
use super::options::ResultsFolder;
use super::place::Place;
use super::say;
use crate::store::{self, Results};

/// Show one run: its parameters, measures, provenance, and learning curve.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A run's id, or its first 6 characters or more; FOLDER/ID or BUNDLE.zip/ID for a run in other results.
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Finds and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (place, run) = Place::open_run(&arguments.folder.results, &arguments.run)?;
    let shown = store::show(&Results::open(place.folder())?, run)?;
    let text = if arguments.json { shown.to_json() } else { shown.to_text() };
    say!("{}", text.trim_end());
    Ok(Exit::Done)
}
