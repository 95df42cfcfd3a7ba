//! `ablate runs`: saved runs, filtered and sorted.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::path::Path;

use clap::Args;
use polars::prelude::DataFrame;

use super::exit::{Exit, printed};
use super::options::ResultsFolder;
use super::place::Place;
use crate::store::{self, Format, Query, Results, Telling, format, query, rows_of};
use crate::sweep;

/// List saved runs, filtered and sorted.
///
/// Any column of the table can be named: parameters (task, activation, …), measures (`domain_rmse`, excess, …),
/// status, seed. Tables show the columns that tell the runs apart; the other formats show all.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ablate runs why-squares --where \"activation = 'relu' AND excess < 0.01\" --sort domain_rmse\n  \
    ablate runs why-squares --columns run,task,train_rmse_rounded --format csv"
)]
pub struct Arguments {
    /// A folder of results, the name of a sweep, or a bundle.
    #[arg(value_name = "RESULTS")]
    name: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// A condition in SQL over the columns, such as "task = 'sum' AND depth >= 2".
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    /// A column to sort by, -COLUMN or "COLUMN desc" for largest first; several with commas.
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    sort: Option<String>,
    /// The columns to show, in their order.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// Most runs to show.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// table, json, csv, markdown or parquet.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Print one JSON document: the same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// Queries and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let place = Place::open(&arguments.folder.results, &arguments.name)?;
    let folder = place.folder();
    let chosen = if arguments.json { Format::Json } else { arguments.format };
    let columns = match &arguments.columns {
        None if chosen.is_for_people() => Some(telling(folder)?),
        columns => columns.clone(),
    };
    let asked = |columns: Option<Vec<String>>| Query {
        condition: arguments.condition.clone(),
        sort: arguments.sort.clone(),
        columns,
        limit: arguments.limit,
    };
    let frame = match &columns {
        Some(shown) => few(folder, &arguments.named(shown), &asked(columns.clone())),
        None if arguments.condition.is_some() || arguments.limit.is_some() => {
            let run = ["run".to_owned()];
            let found = few(folder, &arguments.named(&run), &asked(Some(run.to_vec())))?;
            let runs: HashSet<String> = found.column("run")?.str()?.iter().flatten().map(str::to_owned).collect();
            let results = Results::open_kept(folder, &|_| true, &|rows| rows_of(rows, &runs))?;
            query(results.runs(), &Query { sort: arguments.sort.clone(), ..Query::default() })
        }
        None => query(Results::open(folder)?.runs(), &asked(None)),
    }?;
    let mut output = std::io::stdout().lock();
    let width = output.is_terminal().then(terminal_width).flatten();
    let bytes = format(&frame, chosen, width)?;
    printed(output.write_all(&bytes).and_then(|()| output.flush()));
    Ok(Exit::Done)
}

/// The columns that tell the runs of a folder apart, found without holding all of its columns.
fn telling(folder: &Path) -> anyhow::Result<Vec<String>> {
    let telling = RefCell::new(Telling::default());
    let results = Results::open_kept(folder, &Telling::looks_at, &|rows| {
        telling.borrow_mut().note(rows)?;
        Ok(rows.head(Some(0)))
    })?;
    let metric = sweep::parse(results.sweep(), "sweep.yaml", &[]).ok().map(|sweep| sweep.metric.name);
    Ok(telling.into_inner().columns(metric.as_deref().filter(|metric| store::is_column(metric))))
}

/// Answers a query from those columns that it names; from all where it names something else, so that the error tells of all
/// that there are.
fn few(folder: &Path, named: &[String], asked: &Query) -> store::Result<DataFrame> {
    if named.iter().all(|name| store::is_column(name)) {
        let results = Results::open_columns(folder, &|column| named.iter().any(|name| name == column))?;
        if let Ok(frame) = query(results.runs(), asked) {
            return Ok(frame);
        }
    }
    query(Results::open(folder)?.runs(), asked)
}

impl Arguments {
    /// Every word that may name a column: of those to show, of the condition, and of the order.
    fn named(&self, columns: &[String]) -> Vec<String> {
        let words = [self.condition.as_deref(), self.sort.as_deref()].into_iter().flatten();
        // What stands in single quotes is a value.
        let words = words.flat_map(|text| text.split('\'').step_by(2));
        let words = words.flat_map(|text| text.split(|c: char| !(c.is_alphanumeric() || c == '_')));
        let words = words.filter(|word| store::is_column(word)).map(str::to_owned);
        columns.iter().cloned().chain(words).collect()
    }
}

fn terminal_width() -> Option<u16> {
    comfy_table::Table::new().width()
}
