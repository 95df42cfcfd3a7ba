//! `ablate bundle`: results, report and citation in one archive.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Misuse};
use super::options::{Global, ResultsFolder};
use super::place::Place;
use super::report::{Saved, rendered};
use super::{mention, say, style};
use crate::cite::bundle::{self, Contents};
use crate::config::Id;
use crate::store::{self, Results, SweepVersion};

/// Put results into one archive that anybody can check, show and cite: a zip that is an RO-Crate.
///
/// It holds the sweep files, the records, learning curves and predictions, weights where they were kept, where the runs come
/// from, what verifications found, a citation, and the report. The same results give the same bytes. `ablate runs`, `show`,
/// `report`, `claims` and `check` take a bundle where they take results.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ablate bundle why-squares\n  ablate bundle 3f9c2a --author \"A. Author\" --license CC-BY-4.0\n  \
    ablate check why-squares.zip"
)]
pub struct Arguments {
    /// Results (a folder, the name of a sweep, or a bundle), or a run: its id, or its first 6 characters or more.
    #[arg(value_name = "RUN|RESULTS")]
    name: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Where to write it [default: NAME.zip, or NAME-RUN.zip].
    #[arg(long, value_name = "FILE.zip")]
    out: Option<PathBuf>,
    /// Who made the results; may be given several times.
    #[arg(long = "author", value_name = "NAME")]
    authors: Vec<String>,
    /// Under which licence they may be used: an SPDX name such as CC-BY-4.0, or an address.
    #[arg(long, value_name = "LICENCE")]
    license: Option<String>,
}

/// Gathers, renders, writes, and prints the path.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    arguments.check()?;
    let (place, run) = arguments.find()?;
    let unpacked = tempfile::Builder::new().prefix("ablate-bundle-").tempdir()?;
    let folder = unpacked.path().join("results");
    let results = Results::open(place.folder())?;
    let last = run.map_or(Ok(None), |run| asking(&results, run))?;
    results.extract(run.map(|run| BTreeSet::from([run])).as_ref(), last.as_ref(), &folder)?;
    let results = Results::open(&folder)?;
    let saved = Saved::of(&results)?;
    let contents = Contents {
        folder: &folder,
        report: &rendered(&results)?,
        question: saved.sweep.question.as_deref(),
        asked: (saved.plan.runs(), saved.runs(&results)?.height()),
        authors: &arguments.authors,
        license: arguments.license.as_deref(),
    };
    let out = arguments.out.clone().unwrap_or_else(|| match run {
        Some(run) => PathBuf::from(format!("{}-{run}.zip", results.name())),
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

/// The last version of the sweep that asks for a run: what its bundle is to be read by.
fn asking(results: &Results, run: Id) -> anyhow::Result<Option<SweepVersion>> {
    let versions = results.versions();
    for version in versions.iter().rev() {
        // One that cannot be read any more asks for nothing that could be told.
        let Ok(saved) = Saved::read(&results.sweep_of(version)?, &version.overrides) else { continue };
        if saved.plan.cohorts.iter().flat_map(|cohort| &cohort.runs).any(|planned| planned.id == run) {
            return Ok(Some(version.clone()));
        }
    }
    Ok(None)
}

impl Arguments {
    /// What would not stand in the documents as it is meant.
    fn check(&self) -> anyhow::Result<()> {
        let is_plain = |text: &&String| !text.trim().is_empty() && !text.chars().any(char::is_control);
        if let Some(author) = self.authors.iter().find(|author| !is_plain(author)) {
            return Err(Misuse(format!("{author:?} is no name of an author")).into());
        }
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

    /// Results where there are any of that name; otherwise the run.
    fn find(&self) -> anyhow::Result<(Place, Option<Id>)> {
        let found = Place::open(&self.folder.results, &self.name);
        let is_missing = |error: &anyhow::Error| matches!(error.downcast_ref(), Some(store::Error::Missing { .. }));
        match found {
            Err(error) if is_missing(&error) => match Place::open_run(&self.folder.results, &self.name) {
                Ok((place, run)) => Ok((place, Some(run))),
                // What cannot be a run was meant to be results.
                Err(other) if matches!(other.downcast_ref(), Some(store::Error::NotARun(_))) => Err(error),
                Err(other) => Err(other),
            },
            found => Ok((found?, None)),
        }
    }
}
