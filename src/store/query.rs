//! Questions to the table of runs: which rows, in which order, which columns.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::LazyLock;

use polars::prelude::{AnyValue, Column, DataFrame, IntoLazy, SortMultipleOptions};

use super::error::{Error, Result, frame_error};
use super::frames;
use super::restore::written;
use crate::config::{Configuration, PARAMETERS, Parameter};
use crate::grid::{computed, expression};

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

/// A table of no runs, with every column that this version has.
#[must_use]
pub fn no_runs() -> DataFrame {
    frames::runs(&[], &frames::Foreign::default()).unwrap_or_default()
}

/// Whether every table of runs has a column of this name; those of other versions may have more.
#[must_use]
pub fn is_column(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let columns = no_runs();
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
    let selected = computed(|| runs.clone().lazy().filter(expression(condition)?).collect());
    selected.map_err(|message| match unknown_column(runs, condition, &message) {
        Some(name) => no_column(runs, name),
        None => Error::Query(format!("`{condition}` is not a condition over the columns: {message}")),
    })
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

/// Finds the columns that tell rows apart and say what came out, from some rows at a time.
#[derive(Clone, Debug, Default)]
pub struct Telling {
    seen: HashMap<&'static str, Seen>,
}

/// What was seen of the values of a column.
#[derive(Clone, Debug, Default)]
struct Seen {
    first: Option<AnyValue<'static>>,
    several: bool,
    missing: bool,
}

impl Seen {
    fn note(&mut self, column: &Column) -> Result<()> {
        self.missing |= column.null_count() > 0;
        if self.several {
            return Ok(());
        }
        let there = column.drop_nulls();
        let Ok(value) = there.get(0) else { return Ok(()) };
        let first = self.first.get_or_insert_with(|| value.clone().into_static());
        self.several = *first != value || there.n_unique().map_err(frame_error("count the values of a column"))? > 1;
        Ok(())
    }

    /// Whether it tells rows apart. A default that only some runs have is told by what makes it idle in the others.
    fn tells(&self, parameter: &Parameter) -> bool {
        let default = || self.first.as_ref().is_some_and(|first| is_default(first, parameter));
        self.several || (self.missing && self.first.is_some() && !default())
    }
}

/// Measures that are shown where they are there, behind the metric.
const SHOWN: [&str; 3] = ["test_rmse", "domain_rmse", "excess"];

impl Telling {
    /// Whether a column has to be there to be looked at.
    #[must_use]
    pub fn looks_at(name: &str) -> bool {
        name == "replicate" || SHOWN.contains(&name) || PARAMETERS.iter().any(|parameter| parameter.name == name)
    }

    /// Looks at some rows.
    ///
    /// # Errors
    /// [`Error::Frame`] when Polars refuses to count values: a defect.
    pub fn note(&mut self, rows: &DataFrame) -> Result<()> {
        let names = PARAMETERS.iter().map(|parameter| parameter.name).chain(["replicate"]).chain(SHOWN);
        for name in names {
            if let Ok(column) = rows.column(name) {
                self.seen.entry(name).or_default().note(column)?;
            }
        }
        Ok(())
    }

    /// The columns: the run, every parameter that varies, the replicate where there are several, the status, and measures,
    /// first of all `metric`.
    #[must_use]
    pub fn columns(&self, metric: Option<&str>) -> Vec<String> {
        let seen = |name: &str| self.seen.get(name);
        let mut names = vec!["run"];
        let telling = |parameter: &&Parameter| seen(parameter.name).is_some_and(|seen| seen.tells(parameter));
        names.extend(PARAMETERS.iter().filter(telling).map(|parameter| parameter.name));
        names.extend(seen("replicate").filter(|seen| seen.several).map(|_| "replicate"));
        names.push("status");
        names.extend(metric);
        for name in SHOWN {
            if Some(name) != metric && seen(name).is_some_and(|seen| seen.first.is_some()) {
                names.push(name);
            }
        }
        names.into_iter().map(str::to_owned).collect()
    }
}

/// As [`Telling`], of a table as a whole.
///
/// # Errors
/// [`Error::Frame`] when Polars refuses to count values: a defect.
pub fn telling_columns(frame: &DataFrame, metric: Option<&str>) -> Result<Vec<String>> {
    let mut telling = Telling::default();
    telling.note(frame)?;
    Ok(telling.columns(metric.filter(|metric| frame.column(metric).is_ok())))
}

/// Whether a value is the parameter's default.
fn is_default(value: &AnyValue<'_>, parameter: &Parameter) -> bool {
    let default = parameter.get(&Configuration::default());
    default.is_some() && default == written(parameter, value).ok().flatten()
}

/// The rows of these runs, whatever their order.
///
/// # Errors
/// [`Error::Frame`] when the rows have no column of runs: a defect.
pub fn rows_of<S: BuildHasher>(rows: &DataFrame, runs: &HashSet<String, S>) -> Result<DataFrame> {
    let error = || frame_error("choose rows of a table");
    let column = rows.column("run").and_then(|column| column.str()).map_err(error())?;
    let keep = column.iter().map(|run| run.is_some_and(|run| runs.contains(run))).collect();
    rows.filter(&keep).map_err(error())
}
