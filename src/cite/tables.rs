//! Tables of a citation: measures, every run, claims, the best configurations.

use super::citation::{Citation, Subject, Whole, plain, word};
use crate::report::figure::Table;
use crate::store::short;

/// Characters of a digest that a table shows.
const DIGEST: usize = 16;

/// Tables with their titles.
pub(super) fn tables(citation: &Citation) -> Vec<(&'static str, Table)> {
    match &citation.subject {
        Subject::Run => vec![("Measures", measures(citation))],
        Subject::Configuration => vec![("Measures", means(citation)), ("Runs", runs(citation))],
        Subject::Sweep(found) => {
            let mut tables = vec![("Best configurations", best(citation, found))];
            if !found.claims.verdicts.is_empty() {
                tables.push(("Claims", claims(found)));
            }
            tables
        }
    }
}

fn measures(citation: &Citation) -> Table {
    let mut table = Table::new(&["measure", "value"]);
    let rows = citation.measures().into_iter().map(|(name, summary)| vec![name.to_owned(), short(summary.mean)]);
    table.rows = rows.collect();
    table
}

fn means(citation: &Citation) -> Table {
    let mut table = Table::new(&["measure", "mean", "95 % interval", "median", "smallest", "largest", "runs"]);
    for (name, summary) in citation.measures() {
        let interval =
            summary.interval.map_or("–".into(), |(low, high)| format!("{} to {}", short(low), short(high)));
        let mut row = vec![name.to_owned(), short(summary.mean), interval];
        row.extend([summary.median, summary.min, summary.max].map(short));
        row.push(summary.n().to_string());
        table.rows.push(row);
    }
    table
}

/// Every run: a mean never stands alone.
fn runs(citation: &Citation) -> Table {
    let metric = citation.metric.name.as_str();
    let mut table = Table::new(&["run", "seed", "ended", metric, "digest begins", "verification"]);
    for (row, run) in citation.records().runs.iter().enumerate() {
        table.rows.push(vec![
            run.id.clone(),
            run.seed.clone(),
            run.status.to_string().replace('_', " "),
            citation.records().number(row, metric).map_or("–".into(), short),
            run.digest.as_deref().map_or("–".into(), |digest| digest.chars().take(DIGEST).collect()),
            citation.runs.verified[row].word(),
        ]);
    }
    table
}

fn claims(found: &Whole) -> Table {
    let mut table = Table::new(&["outcome", "claim"]);
    let row = |(name, outcome, _): &(String, _, _)| vec![word(*outcome).to_owned(), plain(name)];
    table.rows = found.claims.verdicts.iter().map(row).collect();
    table
}

fn best(citation: &Citation, found: &Whole) -> Table {
    let metric = format!("{}, mean", citation.metric.name);
    let mut table =
        Table::new(&["task", "of", "configuration", "id", &metric, "95 % interval", "runs", "not told apart from it"]);
    for best in &found.best {
        let interval = best.metric.interval;
        table.rows.push(vec![
            best.problem.clone(),
            best.configurations.to_string(),
            plain(&best.label),
            best.config.clone(),
            short(best.metric.mean),
            interval.map_or("–".into(), |(low, high)| format!("{} to {}", short(low), short(high))),
            best.metric.n().to_string(),
            best.tied.map_or("–".into(), |tied| tied.saturating_sub(1).to_string()),
        ]);
    }
    table
}
