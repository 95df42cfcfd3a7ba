//! What the columns and rows of a table must be, whoever wrote it: a seal says that bytes are whole, not who sealed them.

use polars::prelude::{DataFrame, DataType};

use super::error::Result;
use super::frames::{self, Foreign, is_same};
use super::layout::Table;
use crate::config::Id;

/// Columns of the runs that decide between records.
pub(super) const DECIDING: [&str; 6] = ["run", "status", "reason", "digest", "environment", "seconds"];

/// What is wrong with the columns of a table, if anything. `found` is that table, or some rows of it, or none.
pub(super) fn wrong(table: Table, found: &DataFrame) -> Result<Option<String>> {
    let (known, needed) = match table {
        Table::Runs => (frames::runs(&[], &Foreign::default())?, &DECIDING[..]),
        Table::Curves => (frames::curves(&[])?, &DECIDING[..1]),
        Table::Predictions => (frames::predictions(&[])?, &DECIDING[..1]),
    };
    if let Some(name) = needed.iter().find(|name| found.column(name).is_err()) {
        return Ok(Some(format!("it has no column `{name}`")));
    }
    let is_right = |name: &str, dtype: &DataType| match known.column(name) {
        Ok(column) => column.dtype() == dtype,
        // That of another version.
        Err(_) => matches!(dtype, DataType::Boolean | DataType::Int64 | DataType::Float64 | DataType::String),
    };
    let wrong = found.columns().iter().find(|column| !is_right(column.name(), column.dtype()));
    Ok(wrong.map(|column| {
        format!("its column `{}` holds `{}`, which Ablate writes there never", column.name(), column.dtype())
    }))
}

/// Looks at the rows of a table, some at a time: every one has a run, and they are in its order.
#[derive(Debug)]
pub(super) struct Order {
    table: Table,
    /// The run of the row before; empty before the first.
    last: String,
}

impl Order {
    pub(super) fn new(table: Table) -> Self {
        Self { table, last: String::new() }
    }

    /// What is wrong with the rows that come next, if anything.
    pub(super) fn wrong(&mut self, rows: &DataFrame) -> Option<String> {
        let runs = rows.column("run").and_then(|column| column.str());
        let Ok(runs) = runs else { return Some("it has no column `run`".into()) };
        let mut before: Option<&str> = None;
        for run in runs.iter() {
            let Some(run) = run else { return Some("a row of it has no run".into()) };
            let goes_on = before.map_or(run == self.last && !run.is_empty(), |before| is_same(run, before));
            if goes_on && self.table != Table::Runs {
                continue;
            }
            before = Some(run);
            if run.parse::<Id>().is_err() {
                return Some(format!("`{}` is no run", run.escape_debug()));
            }
            if run <= self.last.as_str() {
                return Some(format!("the rows of run {run} are not where they should be"));
            }
            self.last.clear();
            self.last.push_str(run);
        }
        None
    }
}
