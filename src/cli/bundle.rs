//! `ablate bundle`: results, report and citation in one archive.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use polars::prelude::DataFrame;

use super::exit::{Exit, Misuse};
use super::options::{Global, ResultsFolder};
use super::place::{Place, rows};
use super::report::{Saved, rendered};
use super::{cite, mention, say, style};
use crate::cite::bundle::{self, Contents};
use crate::config::Id;
use crate::store::{Named, Results, SweepVersion};

/// Put results into one archive that anybody can check, verify, show and cite: a zip that is an RO-Crate.
///
/// It holds the sweep files, the records, learning curves and predictions, weights where they were kept, where the runs come
/// from, what verifications found, a citation, and the report. The same results give the same bytes. `ablate verify`, `cite`,
/// `compare`, `runs`, `show`, `report`, `claims` and `check` take a bundle where they take results.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ablate bundle why-squares\n  ablate bundle 3f9c2a --author \"A. Author\" --license CC-BY-4.0\n  \
    ablate verify why-squares.zip"
)]
pub struct Arguments {
    /// Results (a folder, the name of a sweep, or a bundle), or a run or a configuration: its id, or its first 6 characters or
    /// more (FOLDER/ID or BUNDLE.zip/ID for one in other results).
    #[arg(value_name = "RUN|CONFIG|RESULTS")]
    name: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Where to write it [default: NAME.zip, or NAME-ID.zip].
    #[arg(long, value_name = "FILE.zip")]
    out: Option<PathBuf>,
    /// Who made the results, as "Family, Given" or a name to be taken as it is; may be given several times.
    #[arg(long = "author", value_name = "NAME")]
    authors: Vec<String>,
    /// Under which licence they may be used: an SPDX name such as CC-BY-4.0, or an address.
    #[arg(long, value_name = "LICENCE")]
    license: Option<String>,
}

/// Gathers, renders, writes, and prints the path.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    arguments.check()?;
    let (place, named) = Place::find(&arguments.folder.results, &arguments.name)?;
    let unpacked = tempfile::Builder::new().prefix("ablate-bundle-").tempdir()?;
    let folder = unpacked.path().join("results");
    let results = Results::open(place.folder())?;
    let runs = named.map(|_| of_rows(&rows(&results, named)?)).transpose()?;
    let last = runs.as_ref().map_or(Ok(None), |runs| asking(&results, runs))?;
    results.extract(runs.as_ref(), last.as_ref(), &folder)?;
    let results = Results::open(&folder)?;
    let saved = Saved::of(&results)?;
    let contents = Contents {
        folder: &folder,
        report: &rendered(&results)?,
        citation: &cite::of_all(&results, &arguments.authors)?,
        asked: (saved.plan.runs(), saved.runs(&results)?.height()),
        license: arguments.license.as_deref(),
    };
    let out = arguments.out.clone().unwrap_or_else(|| match named {
        Some(Named::Run(id) | Named::Configuration(id)) => PathBuf::from(format!("{}-{id}.zip", results.name())),
        None => PathBuf::from(format!("{}.zip", results.name())),
    });
    let written = bundle::write(&contents, &out)?;
    if !global.quiet {
        let (files, runs) = (style::counted(written.files as u64, "file"), style::counted(written.runs as u64, "run"));
        mention!("{runs}, {files}, {}", style::bytes(written.bytes as f64));
    }
    say!("{}", out.display());
    Ok(Exit::Done)
}

fn of_rows(rows: &DataFrame) -> anyhow::Result<BTreeSet<Id>> {
    rows.column("run")?.str()?.iter().flatten().map(|run| Ok(run.parse()?)).collect()
}

/// The last version of the sweep that asks for any of some runs: what their bundle is to be read by.
fn asking(results: &Results, runs: &BTreeSet<Id>) -> anyhow::Result<Option<SweepVersion>> {
    let versions = results.versions();
    for version in versions.iter().rev() {
        // One that cannot be read any more asks for nothing that could be told.
        let Ok(saved) = Saved::read(&results.sweep_of(version)?, &version.overrides) else { continue };
        if saved.plan.cohorts.iter().flat_map(|cohort| &cohort.runs).any(|planned| runs.contains(&planned.id)) {
            return Ok(Some(version.clone()));
        }
    }
    Ok(None)
}

impl Arguments {
    /// What would not stand in the documents as it is meant.
    fn check(&self) -> anyhow::Result<()> {
        cite::check(&self.authors)?;
        // What may stand in an SPDX name, or in an address.
        let is_known = |c: char| c.is_ascii_alphanumeric() || "-.+:/_~%?#=&".contains(c);
        match &self.license {
            Some(license) if license.is_empty() || !license.chars().all(is_known) => {
                Err(Misuse(format!("{license:?} is no licence: give an SPDX name such as CC-BY-4.0, or an address"))
                    .into())
            }
            _ => Ok(()),
        }
    }
}
