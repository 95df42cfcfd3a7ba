//! Records as Polars frames, and frames put together: the columns of the tables.

use std::collections::{BTreeMap, HashSet};

use polars::prelude::{
    Column, DataFrame, IdxCa, IdxSize, IntoColumn, ListBuilderTrait, ListStringChunkedBuilder, NamedFrom, Series,
    StringChunkedBuilder,
};

use super::error::{Error, Result, frame_error};
use super::record::{Cell, Record};
use crate::config::{ColumnType, Id, PARAMETERS};
use crate::measure::COLUMNS;

/// One row a run, with the columns that every version of the results has.
pub(super) fn runs(records: &[&Record]) -> Result<DataFrame> {
    let mut columns = vec![
        texts("run", records, |r| Some(r.identity.run.to_string())),
        texts("config", records, |r| Some(r.identity.config.to_string())),
        texts("sweep", records, |r| Some(r.identity.sweep.clone())),
        grids(records),
        wholes("replicate", records, |r| Some(i64::from(r.identity.replicate))),
        wholes("seed", records, |r| Some(r.identity.seed.cast_signed())),
    ];
    columns.extend(parameters(records)?);
    columns.extend([
        texts("status", records, |r| Some(r.status.to_string())),
        texts("reason", records, |r| r.reason.clone()),
        wholes("epochs_done", records, |r| Some(i64::from(r.epochs_done))),
        texts("digest", records, |r| Some(r.digest.clone()).filter(|digest| !digest.is_empty())),
        texts("environment", records, |r| Some(r.environment.clone()).filter(|name| !name.is_empty())),
        wholes("parameters", records, |r| Some(r.parameters.cast_signed())),
        wholes("features", records, |r| Some(r.features.cast_signed())),
        numbers("seconds", records.iter().map(|r| r.seconds)),
        texts("device", records, |r| Some(r.device.clone()).filter(|device| !device.is_empty())),
    ]);
    columns.extend(measures(records));
    frame(records.len(), columns)
}

/// One row a point of a learning curve.
pub(super) fn curves(records: &[&Record]) -> Result<DataFrame> {
    let points = || records.iter().flat_map(|record| &record.curve);
    let epochs: Vec<i64> = points().map(|point| i64::from(point.epoch)).collect();
    frame(
        epochs.len(),
        vec![
            repeated_run(records, |record| record.curve.len()),
            Series::new("epoch".into(), epochs).into_column(),
            numbers("train_loss", points().map(|point| point.train_loss)),
            numbers("test_loss", points().map(|point| point.test_loss)),
            numbers("test_rmse", points().map(|point| point.test_rmse)),
            numbers("learning_rate", points().map(|point| point.learning_rate)),
            numbers("gradient_norm", points().map(|point| point.gradient_norm)),
        ],
    )
}

/// One row an input that a network of one operand was asked.
pub(super) fn predictions(records: &[&Record]) -> Result<DataFrame> {
    let all = || records.iter().flat_map(|record| &record.predictions);
    frame(
        all().count(),
        vec![
            repeated_run(records, |record| record.predictions.len()),
            numbers("input", all().map(|prediction| prediction.input)),
            numbers("target", all().map(|prediction| prediction.target)),
            numbers("prediction", all().map(|prediction| prediction.prediction)),
        ],
    )
}

/// The rows of `first`, then those of `second`. A column that one of them lacks, since an older or newer version wrote
/// it, is null there.
pub(super) fn stack(first: &DataFrame, second: &DataFrame) -> Result<DataFrame> {
    let extra = first.columns().iter().filter(|column| second.column(column.name()).is_err());
    let fields: Vec<_> =
        second.columns().iter().chain(extra).map(|column| (column.name().clone(), column.dtype().clone())).collect();
    let align = |frame: &DataFrame| {
        let columns = fields.iter().map(|(name, dtype)| match frame.column(name) {
            Ok(column) => column.clone(),
            Err(_) => Column::full_null(name.clone(), frame.height(), dtype),
        });
        DataFrame::new(frame.height(), columns.collect()).map_err(frame_error("add columns to a table"))
    };
    let mut stacked = align(first)?.vstack(&align(second)?).map_err(frame_error("join old and new rows"))?;
    stacked.rechunk_mut();
    Ok(stacked)
}

/// The rows whose run is not among `runs`.
pub(super) fn without(frame: &DataFrame, runs: &HashSet<Id>) -> Result<DataFrame> {
    if runs.is_empty() {
        return Ok(frame.clone());
    }
    let names: HashSet<String> = runs.iter().map(ToString::to_string).collect();
    let column = frame.column("run").and_then(|column| column.str()).map_err(frame_error("find the column `run`"))?;
    let keep = column.iter().map(|run| run.is_none_or(|run| !names.contains(run))).collect();
    frame.filter(&keep).map_err(frame_error("leave out replaced rows"))
}

/// Rows by run, otherwise in their order: the same records give the same table, whatever order they came in.
pub(super) fn sorted(frame: &DataFrame) -> Result<DataFrame> {
    let error = || frame_error("sort a table by run");
    let runs = frame.column("run").and_then(|column| column.str()).map_err(error())?;
    // The rows of a run lie together, or nearly: pieces are sorted, not rows.
    let mut pieces: Vec<(&str, std::ops::Range<IdxSize>)> = Vec::new();
    for (row, run) in (0..).zip(runs.iter().map(Option::unwrap_or_default)) {
        match pieces.last_mut() {
            Some((last, rows)) if *last == run => rows.end = row + 1,
            _ => pieces.push((run, row..row + 1)),
        }
    }
    if pieces.is_sorted_by_key(|(run, _)| *run) {
        return Ok(frame.clone());
    }
    pieces.sort_by_key(|(run, _)| *run);
    let rows: Vec<IdxSize> = pieces.into_iter().flat_map(|(_, rows)| rows).collect();
    frame.take(&IdxCa::from_vec("row".into(), rows)).map_err(error())
}

fn frame(height: usize, columns: Vec<Column>) -> Result<DataFrame> {
    DataFrame::new(height, columns).map_err(frame_error("make a table of records"))
}

fn texts(name: &str, records: &[&Record], get: impl Fn(&Record) -> Option<String>) -> Column {
    let values: Vec<Option<String>> = records.iter().map(|record| get(record)).collect();
    Series::new(name.into(), values).into_column()
}

fn wholes(name: &str, records: &[&Record], get: impl Fn(&Record) -> Option<i64>) -> Column {
    let values: Vec<Option<i64>> = records.iter().map(|record| get(record)).collect();
    Series::new(name.into(), values).into_column()
}

/// What is not finite is missing.
fn numbers(name: &str, values: impl Iterator<Item = f64>) -> Column {
    let values: Vec<Option<f64>> = values.map(|value| Some(value).filter(|value| value.is_finite())).collect();
    Series::new(name.into(), values).into_column()
}

fn repeated_run(records: &[&Record], times: impl Fn(&Record) -> usize) -> Column {
    let mut builder = StringChunkedBuilder::new("run".into(), records.iter().map(|record| times(record)).sum());
    for record in records {
        let run = record.identity.run.to_string();
        (0..times(record)).for_each(|_| builder.append_value(&run));
    }
    builder.finish().into_column()
}

fn grids(records: &[&Record]) -> Column {
    let mut builder = ListStringChunkedBuilder::new("grids".into(), records.len(), records.len());
    for record in records {
        builder.append_values_iter(record.identity.grids.iter().map(String::as_str));
    }
    builder.finish().into_column()
}

/// A column for every parameter that there is, and for those that other versions recorded.
fn parameters(records: &[&Record]) -> Result<Vec<Column>> {
    let mut fields: Vec<(&str, ColumnType)> =
        PARAMETERS.iter().map(|parameter| (parameter.name, parameter.kind.column())).collect();
    let mut foreign = BTreeMap::new();
    let mut values: Vec<BTreeMap<&str, &Cell>> = Vec::with_capacity(records.len());
    for record in records {
        let cells = record.configuration.iter().map(|(name, cell)| (name.as_str(), cell));
        for (name, cell) in cells.clone().filter(|(name, _)| crate::config::parameter(name).is_none()) {
            foreign.insert(name, column_type(cell));
        }
        values.push(cells.collect());
    }
    fields.extend(foreign);
    fields.into_iter().map(|(name, column)| parameter_column(name, column, &values)).collect()
}

fn column_type(cell: &Cell) -> ColumnType {
    match cell {
        Cell::Flag(_) => ColumnType::Flag,
        Cell::Whole(_) => ColumnType::Whole,
        Cell::Number(_) => ColumnType::Number,
        Cell::Text(_) => ColumnType::Text,
    }
}

fn parameter_column(name: &str, column: ColumnType, rows: &[BTreeMap<&str, &Cell>]) -> Result<Column> {
    fn collect<T>(
        name: &str,
        rows: &[BTreeMap<&str, &Cell>],
        get: impl Fn(&Cell) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let value = |row: &BTreeMap<&str, &Cell>| match row.get(name) {
            None => Ok(None),
            Some(cell) => get(cell).map(Some).ok_or_else(|| Error::Frame {
                action: "make a column of a parameter",
                message: format!("`{name}` was recorded as {cell:?}, which is of another type"),
            }),
        };
        rows.iter().map(value).collect()
    }
    let name_of_series = name.into();
    let series = match column {
        ColumnType::Flag => {
            let get = |cell: &Cell| if let Cell::Flag(flag) = cell { Some(*flag) } else { None };
            Series::new(name_of_series, collect(name, rows, get)?)
        }
        ColumnType::Whole => {
            let get = |cell: &Cell| if let Cell::Whole(whole) = cell { Some(*whole) } else { None };
            Series::new(name_of_series, collect(name, rows, get)?)
        }
        ColumnType::Number => {
            let get = |cell: &Cell| match cell {
                Cell::Number(number) => Some(*number),
                Cell::Whole(whole) => Some(*whole as f64),
                _ => None,
            };
            Series::new(name_of_series, collect(name, rows, get)?)
        }
        ColumnType::Text => {
            let get = |cell: &Cell| if let Cell::Text(text) = cell { Some(text.clone()) } else { None };
            Series::new(name_of_series, collect(name, rows, get)?)
        }
    };
    Ok(series.into_column())
}

/// A column for every measure that there is, and for those that other versions recorded.
fn measures(records: &[&Record]) -> Vec<Column> {
    let rows: Vec<BTreeMap<&str, f64>> =
        records.iter().map(|r| r.measures.iter().map(|(name, value)| (name.as_str(), *value)).collect()).collect();
    let mut names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let known: HashSet<&str> = names.iter().copied().collect();
    let foreign: HashSet<&str> =
        rows.iter().flat_map(|row| row.keys().copied()).filter(|name| !known.contains(name)).collect();
    let mut foreign: Vec<&str> = foreign.into_iter().collect();
    foreign.sort_unstable();
    names.extend(foreign);
    names
        .into_iter()
        .map(|name| numbers(name, rows.iter().map(|row| row.get(name).copied().unwrap_or(f64::NAN))))
        .collect()
}
