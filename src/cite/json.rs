//! Citations for scripts: one versioned document, with every number as it is saved.

use serde_json::{Map, Value, json};

use super::citation::{Citation, Subject, word};
use super::runs::Runs;
use super::verify::told;
use crate::analysis::Summary;
use crate::config::PARAMETERS;
use crate::measure::COLUMNS;

/// The document.
pub(super) fn json(citation: &Citation) -> String {
    let mut document = json!({
        "version": 1,
        "kind": match &citation.subject {
            Subject::Run => "run",
            Subject::Configuration => "configuration",
            Subject::Sweep(_) => "sweep",
        },
        "id": citation.id(),
        "title": citation.title(),
        "authors": citation.authors,
        "sweep": citation.sweep,
        "question": citation.question,
        "file": citation.version.as_ref().map(|version| json!({"blake3": version.hash, "overrides": version.overrides})),
        "metric": citation.metric.name,
        "date": citation.date(),
        "digest": citation.digest(),
        "verification": told(&citation.runs.verified),
    });
    match &citation.subject {
        Subject::Run => {}
        Subject::Configuration => {
            let measures = citation.measures().into_iter().map(|(name, found)| (name.to_owned(), summary(&found)));
            document["measures"] = Value::Object(measures.collect());
        }
        Subject::Sweep(found) => {
            document["configurations"] = found.configurations.into();
            document["untrained"] = found.untrained.into();
            let ends = &found.ends;
            document["ended"] = json!({
                "finished": ends.finished, "diverged": ends.diverged, "failed": ends.failed, "timed_out": ends.timed_out,
            });
            let claim = |(name, outcome, told): &(String, _, Vec<String>)| json!({"name": name, "outcome": word(*outcome), "told": told});
            document["claims"] = found.claims.verdicts.iter().map(claim).collect();
            let best = found.best.iter().map(|best| {
                json!({
                    "problem": best.problem, "config": best.config, "label": best.label,
                    "configurations": best.configurations, "tied": best.tied, "metric": summary(&best.metric),
                })
            });
            document["best"] = best.collect();
        }
    }
    document["runs"] = (0..citation.records().runs.len()).map(|row| run(&citation.runs, row)).collect();
    format!("{document:#}\n")
}

fn summary(summary: &Summary) -> Value {
    json!({
        "mean": summary.mean, "interval": summary.interval.map(|(low, high)| [low, high]), "sd": summary.sd,
        "median": summary.median, "min": summary.min, "max": summary.max, "n": summary.n(), "without": summary.missing,
    })
}

/// A run with all that is known of it.
pub(super) fn run(runs: &Runs, row: usize) -> Value {
    let records = &runs.records;
    let run = &records.runs[row];
    let measures =
        COLUMNS.iter().filter_map(|column| Some((column.name.to_owned(), json!(records.number(row, column.name)?))));
    let parameters = PARAMETERS
        .iter()
        .filter_map(|parameter| Some((parameter.name.to_owned(), Value::from(records.value(row, parameter.name)?))));
    let process = runs.processes[row].as_ref();
    json!({
        "run": run.id,
        "config": run.config,
        "replicate": run.replicate,
        "seed": run.seed,
        "seeds": run.seeds.as_ref().map(|[data, init, shuffle]| json!({"data": data, "init": init, "shuffle": shuffle})),
        "status": run.status.to_string(),
        "reason": run.reason,
        "digest": run.digest,
        "environment": run.environment,
        "decides": run.environment.as_deref().and_then(|environment| runs.decides(environment)),
        "device": run.device,
        "trained_by": process.map(|process| json!({
            "version": process.origin.version, "commit": process.origin.commit, "modified": process.origin.modified,
            "time": process.time, "sweep": process.sweep,
        })),
        "verification": runs.verified[row].document(),
        "parameters": parameters.collect::<Map<_, _>>(),
        "measures": measures.collect::<Map<_, _>>(),
    })
}
