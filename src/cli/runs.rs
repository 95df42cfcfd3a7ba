//! `ablate runs`: saved runs, filtered and sorted.

use std::io::{IsTerminal, Write};

use clap::Args;

use super::exit::{Exit, printed};
use super::options::ResultsFolder;
use crate::store::{self, Format, Query, Results, format, query, telling_columns};
use crate::sweep::{self, with_points};

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
    /// A folder of results, or the name of a sweep.
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
    let mut columns = arguments.columns.clone();
    let folder = store::locate(&arguments.folder.results, &arguments.name)?;
    let named = columns.as_ref().map(|columns| arguments.named(columns));
    // A name that is no column is told from all that are.
    let all = |named: &Vec<String>| named.iter().any(|name| !store::is_column(name));
    let some = named.filter(|named| !all(named));
    let results = match &some {
        Some(named) => Results::open_columns(&folder, &|column| named.iter().any(|name| name == column))?,
        None => Results::open(&folder)?,
    };
    let chosen = if arguments.json { Format::Json } else { arguments.format };
    if columns.is_none() && chosen.is_for_people() {
        let metric = sweep::parse(results.sweep(), "sweep.yaml", &[]).ok().map(|sweep| sweep.metric.name);
        columns = Some(telling_columns(results.runs(), metric.as_deref())?);
    }
    let asked = Query {
        condition: arguments.condition.as_deref().map(with_points),
        sort: arguments.sort.clone(),
        columns,
        limit: arguments.limit,
    };
    let frame = match query(results.runs(), &asked) {
        // Something else is named than columns: the error tells of all that there are.
        Err(_) if some.is_some() => query(Results::open(&folder)?.runs(), &asked)?,
        frame => frame?,
    };
    let mut output = std::io::stdout().lock();
    let width = output.is_terminal().then(terminal_width).flatten();
    let bytes = format(&frame, chosen, width)?;
    printed(output.write_all(&bytes).and_then(|()| output.flush()));
    Ok(Exit::Done)
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
