//! `ablate show`: one run.

use clap::Args;
use serde_json::json;

use super::exit::{Exit, harmless};
use super::options::ResultsFolder;
use super::place::{Place, rows};
use super::say;
use crate::cite::{Notes, Runs};
use crate::store::{self, Named, Results};

/// Show one run: its parameters, measures, provenance, verification, and learning curve.
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
    let (place, run) = Place::find_run(&arguments.folder.results, &arguments.run)?;
    let results = Results::open(place.folder())?;
    let shown = store::show(&results, run)?;
    let (process, notes) = (shown.process(), Notes::of(&results)?);
    let runs = Runs::of(&rows(&results, Some(Named::Run(run)))?, &notes)?;
    let note = process.and_then(|process| notes.processes.get(process));
    if arguments.json {
        let mut document = shown.document();
        document["trained_by"] = note.map_or(serde_json::Value::Null, |note| json!(note));
        document["verification"] = runs.verified.iter().map(crate::cite::Verified::document).next().unwrap_or_default();
        say!("{document:#}");
    } else {
        say!("{}", shown.to_text().trim_end());
        say!("\nwhere it comes from");
        where_from(&runs);
        runs.verified.iter().for_each(|verified| say!("  {:<14} {verified}", "verification"));
    }
    Ok(Exit::Done)
}

/// What the note of the process that trained the run says.
fn where_from(runs: &Runs) {
    let Some(Some(process)) = runs.processes.first() else {
        say!("  not known: it was trained before this was kept, or the note is gone, which `ablate check` tells");
        return;
    };
    say!("  {:<14} {}", "trained by", harmless(&process.origin.to_string()));
    process.build.iter().for_each(|(name, fact)| say!("  {name:<14} {}", harmless(fact)));
    process.time.iter().for_each(|time| say!("  {:<14} {}", "ended", harmless(time)));
    process.sweep.iter().for_each(|hash| say!("  {:<14} BLAKE3 {}", "sweep file", harmless(hash)));
    if !process.overrides.is_empty() {
        say!("  {:<14} {}", "overrides", harmless(&process.overrides.join(" ")));
    }
    process.machine.iter().for_each(|(name, fact)| say!("  {:<14} {}", harmless(name), harmless(fact)));
    let environment = runs.records.runs.first().and_then(|run| run.environment.as_deref());
    let decides = environment.and_then(|id| runs.decides(id));
    decides.iter().for_each(|facts| say!("  {:<14} {}", "decides bits", harmless(facts)));
}
