//! `ablate check`: whether saved results are whole.

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::options::ResultsFolder;
use super::place::Place;
use super::{say, style};
use crate::store::{self, Checked, Grade};

/// Check that saved results are whole: every file is read and accounted for.
///
/// Says what is damaged, which runs that concerns, and what to do; exits with 7 where saved bytes have changed, and with 1
/// where nothing has but something could not be read. What a killed process has left is no damage, and --repair puts it in
/// order; it never touches anything that was saved.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A folder of results, the name of a sweep, or a bundle, of which every file is checked first.
    #[arg(value_name = "RESULTS")]
    name: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Put in order what loses nothing: torn tails of the journal, which are kept aside, and files that do not count.
    #[arg(long)]
    repair: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Checks and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let open = if arguments.repair { Place::open_to_write } else { Place::open };
    let place = open(&arguments.folder.results, &arguments.name)?;
    let shown = |checked| shown(&place, checked);
    let found = shown(if arguments.repair { store::repair(place.folder())? } else { store::check(place.folder())? });
    let repaired = arguments.repair && !found.is_damaged() && found.is_complete();
    let now = if repaired { shown(store::check(place.folder())?) } else { found.clone() };
    if arguments.json {
        say!("{}", serde_json::to_string_pretty(&document(&found, &now, repaired))?);
    } else {
        found.findings.iter().filter(|finding| repaired && !now.findings.contains(finding)).for_each(|finding| {
            say!("repaired   {}: {}", finding.path.display(), finding.what);
        });
        for finding in &now.findings {
            say!("{:<10} {}: {}", name(finding.grade), finding.path.display(), finding.what);
            say!("           runs: {}. {}.", finding.runs, finding.remedy.trim_end_matches('.'));
        }
        say!("{}", summary(&now));
        if arguments.repair && !repaired {
            say!("nothing was repaired: what is damaged or cannot be read comes first");
        }
    }
    Ok(match (now.is_damaged(), now.is_complete()) {
        (true, _) => Exit::Damaged,
        (false, false) => Exit::Internal,
        (false, true) => Exit::Done,
    })
}

/// What was found, by paths that people know.
fn shown(place: &Place, mut checked: Checked) -> Checked {
    checked.findings.iter_mut().for_each(|finding| finding.path = place.shown(&finding.path));
    checked
}

fn name(grade: Grade) -> &'static str {
    match grade {
        Grade::Damaged => "damaged",
        Grade::Unreadable => "unreadable",
        Grade::Missing => "missing",
        Grade::Leftover => "leftover",
        Grade::Foreign => "foreign",
    }
}

fn summary(checked: &Checked) -> String {
    let files = style::counted(checked.files as u64, "file");
    let runs = style::counted(checked.runs as u64, "run");
    let of = |grade: Grade| checked.findings.iter().filter(|finding| finding.grade == grade).count();
    let damaged = match of(Grade::Damaged) {
        0 => "no damage was found".to_owned(),
        1 => "1 file is damaged".to_owned(),
        damaged => format!("{damaged} files are damaged"),
    };
    let unreadable = match of(Grade::Unreadable) {
        0 => String::new(),
        unreadable => format!(", {unreadable} cannot be read"),
    };
    format!("{files}, {}, {runs}: {damaged}{unreadable}", style::bytes(checked.bytes as f64))
}

fn document(found: &Checked, now: &Checked, repaired: bool) -> serde_json::Value {
    let shown = |checked: &Checked| -> Vec<serde_json::Value> {
        let one = |finding: &store::Finding| {
            json!({
                "grade": name(finding.grade), "path": finding.path.display().to_string(), "what": finding.what,
                "runs": finding.runs, "remedy": finding.remedy,
            })
        };
        checked.findings.iter().map(one).collect()
    };
    json!({
        "version": 1,
        "files": now.files,
        "bytes": now.bytes,
        "runs": now.runs,
        "damaged": now.is_damaged(),
        "findings": shown(now),
        "found_before": if repaired { shown(found) } else { Vec::new() },
    })
}
