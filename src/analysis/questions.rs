//! Questions in SQL to a table of runs: what holds of each run, and what of all of them.

use polars::prelude::{Column, DataFrame, DataType, IdxCa, IdxSize, IntoLazy};

use crate::grid::{computed, expression};

/// The name of the column that an answer is computed into.
const ANSWER: &str = "the answer";

/// What an expression comes to: a value a run, or a single one where it is made from all of them.
pub(super) fn answer(runs: &DataFrame, sql: &str) -> Result<Column, String> {
    computed(|| {
        let found = runs.clone().lazy().select([expression(sql)?.alias(ANSWER)]).collect()?;
        found.column(ANSWER).cloned()
    })
}

/// Of each run whether a condition is true; what is neither true nor false is not.
pub(super) fn holds(runs: &DataFrame, sql: &str) -> Result<Vec<bool>, String> {
    let found = answer(runs, sql)?;
    let found = found.bool().map_err(|_| NO_CONDITION.to_owned())?;
    let truth: Vec<bool> = found.iter().map(|value| value == Some(true)).collect();
    match truth[..] {
        [one] => Ok(vec![one; runs.height()]),
        _ if truth.len() == runs.height() => Ok(truth),
        _ => Err(NO_CONDITION.into()),
    }
}

/// What is wrong where an expression is neither true nor false.
pub(super) const NO_CONDITION: &str = "this is not a condition: it is neither true nor false";

/// Whether a condition is true of all runs together; `None` where it is neither true nor false.
pub(super) fn truth(runs: &DataFrame, sql: &str) -> Result<Option<bool>, String> {
    let found = answer(runs, sql)?;
    if found.dtype() != &DataType::Boolean || found.len() != 1 {
        return Err(NO_CONDITION.into());
    }
    Ok(found.bool().ok().and_then(|found| found.get(0)))
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A number, 1 and 0 for true and false.
    Number(f64),
    /// A word or another text.
    Text(String),
}

/// What an expression over all runs comes to; `None` where that is nothing.
pub(super) fn value(runs: &DataFrame, sql: &str) -> Option<Answer> {
    let found = answer(runs, sql).ok()?;
    if let Ok(texts) = found.str() {
        return texts.get(0).map(|text| Answer::Text(text.to_owned()));
    }
    found.cast(&DataType::Float64).ok()?.f64().ok()?.get(0).map(Answer::Number)
}

/// These rows of a table, in their order.
pub(super) fn rows(runs: &DataFrame, rows: &[usize]) -> Result<DataFrame, String> {
    let rows: Vec<IdxSize> = rows.iter().map(|&row| row as IdxSize).collect();
    computed(|| runs.take(&IdxCa::from_vec("row".into(), rows)))
}
