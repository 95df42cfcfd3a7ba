//! Questions to the table of runs: which rows, in which order, which columns.

use std::collections::HashSet;
use std::sync::LazyLock;

use polars::prelude::{Column, DataFrame, IntoLazy, SortMultipleOptions};
use polars::sql::SQLContext;

use super::error::{Error, Result, frame_error};
use super::frames;
use super::restore::written;
use crate::config::{Configuration, PARAMETERS, Parameter};

/// What is asked for; everything that is absent asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// A condition in SQL over the columns: `task = 'sum' AND depth >= 2`.
    pub condition: Option<String>,
    /// Columns to sort by, comma-separated: `test_rmse`, `-test_rmse`, `test_rmse desc`. Missing values come last.
    pub sort: Option<String>,
    /// The columns wanted, in their order.
    pub columns: Option<Vec<String>>,
    /// Most rows wanted.
    pub limit: Option<usize>,
}

/// Whether every table of runs has a column of this name; those of other versions may have more.
#[must_use]
pub fn is_column(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let columns = frames::runs(&[], &frames::Foreign::default()).unwrap_or_default();
        columns.get_column_names_owned().into_iter().map(|name| name.to_string()).collect()
    });
    NAMES.contains(name)
}

/// Answers a query from the table of runs. Rows that are equal in the order asked for stay in order of their run ids.
///
/// # Errors
/// [`Error::Query`] says what is wrong with the query, with the nearest column for one that does not exist.
pub fn query(runs: &DataFrame, query: &Query) -> Result<DataFrame> {
    let mut frame = match &query.condition {
        Some(condition) => select(runs, condition)?,
        None => runs.clone(),
    };
    if let Some(sort) = &query.sort {
        frame = order(&frame, sort)?;
    }
    if let Some(limit) = query.limit {
        frame = frame.head(Some(limit));
    }
    if let Some(columns) = &query.columns {
        for column in columns {
            require_column(runs, column)?;
        }
        frame = frame.select(columns).map_err(|error| Error::Query(error.to_string()))?;
    }
    Ok(frame)
}

fn select(runs: &DataFrame, condition: &str) -> Result<DataFrame> {
    let context = SQLContext::new();
    context.register("runs", runs.clone().lazy());
    let mut context = context;
    // The condition stands on lines of its own, so that a comment in it ends with it.
    let sql = format!("SELECT * FROM runs WHERE (\n{condition}\n)");
    let selected = context.execute(&sql).and_then(polars::prelude::LazyFrame::collect);
    selected.map_err(|error| {
        let message = error.to_string();
        match unknown_column(runs, condition, &message) {
            Some(name) => no_column(runs, name),
            None => Error::Query(format!("`{condition}` is not a condition over the columns: {}", essence(&message))),
        }
    })
}

/// What Polars says, without its plan of the query and without places in a text that nobody wrote.
fn essence(message: &str) -> &str {
    let line = message.lines().next().unwrap_or_default();
    let line = line.split(" at Line:").next().unwrap_or_default();
    line.trim_start_matches("sql parser error: ")
}

/// The first quoted name in Polars' message that stands in the condition and is no column.
fn unknown_column<'a>(runs: &DataFrame, condition: &str, message: &'a str) -> Option<&'a str> {
    let mut quoted = message.split(['"', '\'', '`']).skip(1).step_by(2);
    let unfound = message.contains("not found") || message.contains("unable to find") || message.contains("invalid");
    if !unfound {
        return None;
    }
    quoted.find(|name| !name.is_empty() && condition.contains(name) && runs.column(name).is_err())
}

fn order(frame: &DataFrame, sort: &str) -> Result<DataFrame> {
    let mut names = Vec::new();
    let mut descending = Vec::new();
    for key in sort.split(',').map(str::trim) {
        let (name, down) = match (key.strip_prefix('-'), key.rsplit_once(char::is_whitespace)) {
            (Some(name), _) => (name, true),
            (None, Some((name, word))) if word.eq_ignore_ascii_case("desc") => (name, true),
            (None, Some((name, word))) if word.eq_ignore_ascii_case("asc") => (name, false),
            (None, _) => (key, false),
        };
        require_column(frame, name.trim())?;
        names.push(name.trim());
        descending.push(down);
    }
    let options = SortMultipleOptions::default()
        .with_order_descending_multi(descending)
        .with_nulls_last(true)
        .with_maintain_order(true);
    frame.sort(names, options).map_err(|error| Error::Query(format!("cannot sort by `{sort}`: {error}")))
}

fn require_column(frame: &DataFrame, name: &str) -> Result<()> {
    if frame.column(name).is_ok() { Ok(()) } else { Err(no_column(frame, name)) }
}

fn no_column(frame: &DataFrame, name: &str) -> Error {
    let names: Vec<&str> = frame.columns().iter().map(|column| column.name().as_str()).collect();
    let nearest = names.iter().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let hint = match nearest {
        Some(nearest) if strsim::jaro_winkler(nearest, name) > 0.75 => format!("; did you mean `{nearest}`?"),
        _ => String::new(),
    };
    Error::Query(format!("there is no column `{name}`{hint}\nThe columns are {}", names.join(", ")))
}

/// The columns that tell the rows apart and say what came out: the run, every parameter that varies, the replicate
/// where there are several, the status, and measures, first of all `metric`.
///
/// # Errors
/// [`Error::Frame`] when Polars refuses to count values: a defect.
pub fn telling_columns(frame: &DataFrame, metric: Option<&str>) -> Result<Vec<String>> {
    let distinct = |column: &Column| column.n_unique().map_err(frame_error("count the values of a column"));
    let mut names = vec!["run".to_owned()];
    for parameter in PARAMETERS {
        let Ok(column) = frame.column(parameter.name) else { continue };
        // A default that only some runs have is told by what makes it idle in the others.
        if distinct(column)? > 1 && !(distinct(&column.drop_nulls())? == 1 && holds_default(column, parameter)) {
            names.push(parameter.name.to_owned());
        }
    }
    if frame.column("replicate").is_ok_and(|column| column.n_unique().is_ok_and(|count| count > 1)) {
        names.push("replicate".to_owned());
    }
    names.push("status".to_owned());
    for name in metric.into_iter().chain(["test_rmse", "domain_rmse", "excess"]) {
        let known = frame.column(name).is_ok_and(|column| column.null_count() < column.len() || Some(name) == metric);
        if known && !names.iter().any(|listed| listed == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Whether the first value that is there is the parameter's default.
fn holds_default(column: &Column, parameter: &Parameter) -> bool {
    let default = parameter.get(&Configuration::default());
    let first = column.drop_nulls().get(0).ok().and_then(|value| written(parameter, &value).ok().flatten());
    default.is_some() && default == first
}
