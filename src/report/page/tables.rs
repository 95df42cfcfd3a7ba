//! Tables of the page and their files: configurations with every replicate, runs, and what did not finish.

use super::places::{Places, SHOWN};
use crate::analysis::{Analysis, Class, Group, Summary};
use crate::config::parameter;
use crate::report::figure::Table;
use crate::report::number::{count, exact, number, whole};
use crate::report::sentences::environments::short;
use crate::train::Status;

/// A table of the page.
pub(super) struct View {
    pub header: Vec<Head>,
    pub rows: Vec<Line>,
    /// Says how many rows are only in the file.
    pub more: String,
}

/// A heading.
pub(super) struct Head {
    pub name: String,
    pub hint: String,
    pub numeric: bool,
    /// How its column can be filtered: `words`, `numbers`, or not at all.
    pub filter: &'static str,
}

impl Head {
    pub(super) fn new(name: &str, hint: &str, numeric: bool) -> Self {
        Self { name: name.to_owned(), hint: hint.to_owned(), numeric, filter: "" }
    }
}

/// A row.
pub(super) struct Line {
    /// Its id in the page; empty for none.
    pub id: String,
    pub cells: Vec<Cell>,
}

/// A cell.
pub(super) struct Cell {
    /// What it shows.
    pub text: String,
    /// What it is sorted by, where that is not its text.
    pub key: String,
    pub numeric: bool,
    pub header: bool,
    /// Parts that link to runs: text and the run's id.
    pub links: Vec<(String, String)>,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), key: String::new(), numeric: false, header: false, links: Vec::new() }
    }

    fn number(value: Option<f64>) -> Self {
        let key = value.map(exact).unwrap_or_default();
        Self { key, numeric: true, ..Self::text(value.map_or_else(|| "–".to_owned(), number)) }
    }
}

fn head(name: &str, hint: &str, numeric: bool) -> Head {
    Head::new(name, hint, numeric)
}

/// A parameter's sentence in the reference.
fn hint(name: &str) -> String {
    parameter(name).map(|parameter| parameter.doc.to_owned()).unwrap_or_default()
}

fn view(header: Vec<Head>, rows: Vec<Line>, all: usize, file: &str) -> View {
    let hidden = all - rows.len();
    let more = if hidden > 0 { format!("{} more are in tables/{file}.", count(hidden, "row")) } else { String::new() };
    View { header, rows, more }
}

/// All configurations with what they came to, as a file.
pub fn configurations(analysis: &Analysis) -> Table {
    let metric = &analysis.metric.name;
    let mut table = Table::new(&["config", "rank", "first_place", "last_place"]);
    table.header.extend(analysis.varying.iter().map(|&name| name.to_owned()));
    for name in ["n", "without", "mean", "sd", "median", "min", "max", "interval_low", "interval_high"] {
        table.header.push(name.to_owned());
    }
    table.header.push(format!("{metric}_of_replicates"));
    for group in &analysis.groups {
        let summary = group.metric.as_ref();
        let part = |part: fn(&Summary) -> Option<f64>| summary.and_then(part).map(exact).unwrap_or_default();
        let mut row = vec![group.config.clone(), group.rank.map(|rank| rank.to_string()).unwrap_or_default()];
        let place = |place: Option<usize>| place.map(|place| place.to_string()).unwrap_or_default();
        row.push(place(group.places.map(|(first, _)| first)));
        row.push(place(group.places.map(|(_, last)| last)));
        row.extend(group.levels.iter().map(|level| level.clone().unwrap_or_default()));
        row.push(summary.map_or(0, Summary::n).to_string());
        row.push(summary.map_or(group.rows.len(), |summary| summary.missing).to_string());
        row.extend([
            part(|s| Some(s.mean)),
            part(|s| s.sd),
            part(|s| Some(s.median)),
            part(|s| Some(s.min)),
            part(|s| Some(s.max)),
            part(|s| s.interval.map(|interval| interval.0)),
            part(|s| s.interval.map(|interval| interval.1)),
        ]);
        let values = summary.iter().flat_map(|summary| &summary.values).map(|(_, value)| exact(*value));
        row.push(values.collect::<Vec<_>>().join(" "));
        table.rows.push(row);
    }
    table
}

pub(super) fn configurations_view(analysis: &Analysis, places: &Places) -> View {
    let metric = &analysis.metric.name;
    let mut header = vec![head("rank", "place by the mean, within what is to be learnt", true)];
    if analysis.problems.len() > 1 {
        header.push(head("task", "what is to be learnt", false));
    }
    header.push(head("configuration", "what tells it from the others", false));
    let of = |what: &str| format!("{what} of {metric} over replicates");
    header.push(head("n", "replicates that have the metric", true));
    header.push(head("mean", &of("mean"), true));
    header.push(head("sd", &of("standard deviation"), true));
    header.push(head("median", &of("median"), true));
    header.push(head("95\u{a0}% interval", &of("Student interval of the mean"), false));
    let floors = (0..analysis.records.runs.len()).any(|row| analysis.records.number(row, "excess").is_some());
    if floors {
        header.push(head("over floor", "median of domain_rmse divided by affine_floor", true));
    }
    if analysis.environments.is_some() {
        header.push(head("environments", "the machines and libraries that its runs were trained on", false));
    }
    header.push(head("every replicate", &format!("{metric} of each run; a link leads to the run"), false));
    let parameters = analysis.varying.iter().filter(|name| **name != "task" || analysis.problems.len() == 1);
    header.extend(parameters.map(|&name| head(&name.replace('_', " "), &hint(name), false)));
    let line = |group: &Group| Line { id: String::new(), cells: configuration_row(analysis, group, floors, places) };
    let rows = analysis.groups.iter().take(SHOWN).map(line).collect();
    view(header, rows, analysis.groups.len(), "configurations.csv")
}

fn configuration_row(analysis: &Analysis, group: &Group, floors: bool, places: &Places) -> Vec<Cell> {
    let summary = group.metric.as_ref();
    let rank = group.rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string());
    let mut cells = vec![Cell { numeric: true, header: true, ..Cell::text(rank) }];
    if analysis.problems.len() > 1 {
        cells.push(Cell::text(analysis.problems[group.problem].label.clone()));
    }
    cells.push(Cell::text(group.label.clone()));
    let n = summary.map_or(0, Summary::n);
    let n = if n == group.rows.len() { n.to_string() } else { format!("{n} of {}", group.rows.len()) };
    cells.push(Cell { numeric: true, ..Cell::text(n) });
    cells.push(Cell::number(summary.map(|summary| summary.mean)));
    cells.push(Cell::number(summary.and_then(|summary| summary.sd)));
    cells.push(Cell::number(summary.map(|summary| summary.median)));
    let interval = summary.and_then(|summary| summary.interval);
    let key = interval.map(|interval| exact(interval.0)).unwrap_or_default();
    let told = interval.map_or_else(|| "–".to_owned(), |(low, high)| format!("{} to {}", number(low), number(high)));
    cells.push(Cell { key, ..Cell::text(told) });
    if floors {
        let excess = group.summary(&analysis.records, "excess").map(|excess| excess.median);
        cells.push(Cell {
            text: excess.map_or_else(|| "–".to_owned(), crate::report::number::ratio),
            ..Cell::number(excess)
        });
    }
    if let Some(environments) = &analysis.environments {
        let split = environments.split(&group.rows);
        let told = |(class, n): &(&Class, usize)| {
            if split.len() > 1 { format!("{n} {}", short(&class.id)) } else { short(&class.id).into() }
        };
        cells.push(Cell::text(split.iter().map(told).collect::<Vec<_>>().join(", ")));
    }
    let value = |&row: &usize| {
        let run = &analysis.records.runs[row];
        let value = analysis.records.number(row, &analysis.metric.name);
        let text = value.map_or_else(|| words(run.status).to_owned(), number);
        // Runs beyond those that the page shows have no place to link to.
        (text, if places.has(row) { run.id.clone() } else { String::new() })
    };
    cells.push(Cell { links: group.rows.iter().map(value).collect(), ..Cell::text("") });
    let levels = analysis.varying.iter().zip(&group.levels);
    let levels = levels.filter(|(name, _)| **name != "task" || analysis.problems.len() == 1);
    cells.extend(levels.map(|(_, level)| Cell::text(level.as_deref().unwrap_or("–"))));
    cells
}

/// Every run with its digest, as a file.
pub fn runs(analysis: &Analysis) -> Table {
    let metric = &analysis.metric.name;
    let mut table =
        Table::new(&["run", "config", "replicate", "seed", "status", "reason", metric, "digest", "environment"]);
    for (row, run) in analysis.records.runs.iter().enumerate() {
        table.rows.push(vec![
            run.id.clone(),
            run.config.clone(),
            run.replicate.to_string(),
            run.seed.clone(),
            run.status.to_string(),
            run.reason.clone().unwrap_or_default(),
            analysis.records.number(row, metric).map(exact).unwrap_or_default(),
            run.digest.clone().unwrap_or_default(),
            run.environment.clone().unwrap_or_default(),
        ]);
    }
    table
}

pub(super) fn runs_view(analysis: &Analysis, places: &Places) -> View {
    let metric = &analysis.metric.name;
    let mut header = vec![
        head("run", "its id", false),
        Head { filter: "words", ..head("status", "how it ended", false) },
        Head { filter: "numbers", ..head(metric, &crate::report::sentences::measure(metric), true) },
    ];
    let parameters = analysis.varying.iter();
    header
        .extend(parameters.map(|&name| Head { filter: "words", ..head(&name.replace('_', " "), &hint(name), false) }));
    header.push(head("replicate", "number of the replicate", true));
    header.push(head("seed", "what its random draws start from", true));
    let several = analysis.environments.is_some();
    if several {
        let what = "the machines and libraries that it was trained on";
        header.push(Head { filter: "words", ..head("environment", what, false) });
    }
    header.push(head("digest", "hash of the exact bits of its result", false));
    let line = |&row: &usize| {
        let run = &analysis.records.runs[row];
        let digest: String = run.digest.as_deref().unwrap_or("–").chars().take(16).collect();
        let mut cells = vec![
            Cell { header: true, ..Cell::text(run.id.clone()) },
            Cell::text(words(run.status)),
            Cell::number(analysis.records.number(row, metric)),
        ];
        let values = analysis.varying.iter().map(|name| analysis.records.value(row, name));
        cells.extend(values.map(|value| Cell::text(value.unwrap_or("–"))));
        cells.push(Cell { numeric: true, ..Cell::text(run.replicate.to_string()) });
        cells.push(Cell { numeric: true, ..Cell::text(run.seed.clone()) });
        if several {
            cells.push(Cell::text(run.environment.as_deref().map_or("–", short)));
        }
        cells.push(Cell::text(digest));
        Line { id: format!("run-{}", run.id), cells }
    };
    let rows: Vec<Line> = places.rows.iter().map(line).collect();
    let all = analysis.records.runs.len();
    let more = match all - rows.len() {
        0 => String::new(),
        n => format!(
            "Of {} the page has {}: what breaks a claim or did not finish, and the best configurations; {} more are in tables/runs.csv.",
            count(all, "run"),
            whole(rows.len()),
            count(n, "row")
        ),
    };
    View { header, rows, more }
}

/// Runs that did not finish, with their reasons; `None` where all did.
pub(super) fn unfinished_view(analysis: &Analysis, places: &Places) -> Option<View> {
    let rows = &analysis.ends.unfinished;
    let header = vec![
        head("run", "its id", false),
        head("configuration", "parameters that vary", false),
        head("status", "how it ended", false),
        head("reason", "why", false),
    ];
    let line = |&row: &usize| {
        let run = &analysis.records.runs[row];
        let id = if places.has(row) { run.id.clone() } else { String::new() };
        let cells = vec![
            Cell { header: true, links: vec![(run.id.clone(), id)], ..Cell::text("") },
            Cell::text(crate::analysis::label(&analysis.records, row, &analysis.varying)),
            Cell::text(words(run.status)),
            Cell::text(run.reason.as_deref().unwrap_or("–")),
        ];
        Line { id: String::new(), cells }
    };
    let shown = rows.iter().take(SHOWN).map(line).collect();
    (!rows.is_empty()).then(|| view(header, shown, rows.len(), "runs.csv"))
}

fn words(status: Status) -> &'static str {
    match status {
        Status::Finished => "finished",
        Status::Diverged => "diverged",
        Status::Failed => "failed",
        Status::TimedOut => "timed out",
    }
}
