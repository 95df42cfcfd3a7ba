//! Records as Polars frames, and frames put together: the columns of the tables.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{BuildHasher, Hasher};
use std::sync::LazyLock;

use polars::prelude::{
    ChunkedArray, Column, DataFrame, DataType, IdxCa, IdxSize, IntoColumn, ListBuilderTrait, ListStringChunkedBuilder,
    NamedFrom, PolarsNumericType, Schema, Series,
};

use super::codec::Outline;
use super::error::{Error, Result, frame_error};
use super::record::{Cell, Record};
use crate::config::{ColumnType, Id, PARAMETERS};
use crate::measure::COLUMNS;

/// Names of the columns of parameters and measures that this version has.
static KNOWN: LazyLock<foldhash::HashSet<&str>> = LazyLock::new(|| {
    let parameters = PARAMETERS.iter().map(|parameter| parameter.name);
    parameters.chain(COLUMNS.iter().map(|column| column.name)).collect()
});

/// Parameters and measures that records of other versions have.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    parameters: BTreeMap<String, ColumnType>,
    measures: BTreeSet<String>,
}

impl Foreign {
    /// Notes what a record has.
    pub(super) fn note(&mut self, record: &Outline<'_>) {
        for (name, column) in record.parameters().filter(|(name, _)| !KNOWN.contains(name)) {
            self.parameters.insert(name.to_owned(), column);
        }
        for name in record.measures().filter(|name| !KNOWN.contains(name)) {
            self.measures.insert(name.to_owned());
        }
    }
}

/// One row a run, with the columns that every version of the results has.
pub(super) fn runs(records: &[Record], foreign: &Foreign) -> Result<DataFrame> {
    let mut columns = vec![
        texts("run", records, |r| Some(r.identity.run.to_string())),
        texts("config", records, |r| Some(r.identity.config.to_string())),
        texts("sweep", records, |r| Some(r.identity.sweep.as_str())),
        grids(records),
        wholes("replicate", records, |r| Some(i64::from(r.identity.replicate))),
        wholes("seed", records, |r| Some(r.identity.seed.cast_signed())),
        wholes("data_seed", records, |r| Some(r.identity.seeds.data.cast_signed())),
        wholes("init_seed", records, |r| Some(r.identity.seeds.init.cast_signed())),
        wholes("shuffle_seed", records, |r| Some(r.identity.seeds.shuffle.cast_signed())),
    ];
    columns.extend(parameters(records, foreign)?);
    columns.extend([
        texts("status", records, |r| Some(r.status.to_string())),
        texts("reason", records, |r| r.reason.as_deref()),
        wholes("epochs_done", records, |r| Some(i64::from(r.epochs_done))),
        texts("digest", records, |r| Some(r.digest.as_str()).filter(|digest| !digest.is_empty())),
        texts("environment", records, |r| Some(r.environment.as_str()).filter(|name| !name.is_empty())),
        wholes("parameters", records, |r| Some(r.parameters.cast_signed())),
        wholes("features", records, |r| Some(r.features.cast_signed())),
        numbers("seconds", records.iter().map(|r| r.seconds)),
        texts("device", records, |r| Some(r.device.as_str()).filter(|device| !device.is_empty())),
        texts("process", records, |r| r.process.as_deref()),
    ]);
    columns.extend(measures(records, foreign));
    frame(records.len(), columns)
}

/// One row a point of a learning curve.
pub(super) fn curves(records: &[Record]) -> Result<DataFrame> {
    let points = || records.iter().flat_map(|record| &record.curve);
    let epochs: Vec<i64> = points().map(|point| i64::from(point.epoch)).collect();
    frame(
        epochs.len(),
        vec![
            repeated_run(records, |record| record.curve.len())?,
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
pub(super) fn predictions(records: &[Record]) -> Result<DataFrame> {
    let all = || records.iter().flat_map(|record| &record.predictions);
    frame(
        all().count(),
        vec![
            repeated_run(records, |record| record.predictions.len())?,
            numbers("input", all().map(|prediction| prediction.input)),
            numbers("target", all().map(|prediction| prediction.target)),
            numbers("prediction", all().map(|prediction| prediction.prediction)),
        ],
    )
}

/// The columns of both tables, by name: those of `second`, then what only `first` has.
pub(super) fn columns(first: &DataFrame, second: &DataFrame) -> Schema {
    let mut all = second.schema().as_ref().clone();
    for (name, dtype) in first.schema().iter() {
        if !all.contains(name) {
            all.with_column(name.clone(), dtype.clone());
        }
    }
    all
}

/// A table with these columns. One that it lacks, since an older or newer version wrote it, is null.
pub(super) fn align(frame: &DataFrame, columns: &Schema) -> Result<DataFrame> {
    let columns = columns.iter().map(|(name, dtype)| match frame.column(name) {
        Ok(column) => column.clone(),
        Err(_) => Column::full_null(name.clone(), frame.height(), dtype),
    });
    DataFrame::new(frame.height(), columns.collect()).map_err(frame_error("add columns to a table"))
}

/// The rows of `first`, then those of `second`, which have the same columns.
pub(super) fn stack(first: &DataFrame, second: &DataFrame) -> Result<DataFrame> {
    let mut stacked = first.vstack(second).map_err(frame_error("join old and new rows"))?;
    stacked.rechunk_mut();
    Ok(stacked)
}

/// The last run of a table.
pub(super) fn last_run(frame: &DataFrame) -> Result<Option<&str>> {
    let runs = frame.column("run").and_then(|column| column.str()).map_err(frame_error("find the column `run`"))?;
    Ok(frame.height().checked_sub(1).and_then(|last| runs.get(last)))
}

/// Cuts a table that is sorted by run behind the rows of `run` and of those before.
pub(super) fn cut(frame: &DataFrame, run: &str) -> Result<(DataFrame, DataFrame)> {
    let runs = frame.column("run").and_then(|column| column.str()).map_err(frame_error("find the column `run`"))?;
    let (mut low, mut high) = (0, frame.height());
    while low < high {
        let middle = usize::midpoint(low, high);
        if runs.get(middle).is_none_or(|found| found <= run) { low = middle + 1 } else { high = middle }
    }
    Ok((frame.slice(0, low), frame.slice(low as i64, frame.height() - low)))
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

fn texts<'a, T>(name: &str, records: &'a [Record], get: impl Fn(&'a Record) -> Option<T>) -> Column
where
    Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
{
    let values: Vec<Option<T>> = records.iter().map(get).collect();
    Series::new(name.into(), values).into_column()
}

fn wholes(name: &str, records: &[Record], get: impl Fn(&Record) -> Option<i64>) -> Column {
    let values: Vec<Option<i64>> = records.iter().map(get).collect();
    Series::new(name.into(), values).into_column()
}

/// What is not finite is missing.
fn numbers(name: &str, values: impl Iterator<Item = f64>) -> Column {
    let values: Vec<f64> = values.collect();
    if values.iter().all(|value| value.is_finite()) {
        return Series::new(name.into(), values).into_column();
    }
    let values: Vec<Option<f64>> =
        values.into_iter().map(|value| Some(value).filter(|value| value.is_finite())).collect();
    Series::new(name.into(), values).into_column()
}

/// The run of each row, where a record has several: rows of one run share its bytes.
fn repeated_run(records: &[Record], times: impl Fn(&Record) -> usize) -> Result<Column> {
    let runs = texts("run", records, |record| Some(record.identity.run.to_string()));
    let rows = (0..).zip(records).flat_map(|(row, record)| std::iter::repeat_n(row, times(record)));
    let rows: Vec<IdxSize> = rows.collect();
    runs.take(&IdxCa::from_vec("row".into(), rows)).map_err(frame_error("name the runs of rows"))
}

fn grids(records: &[Record]) -> Column {
    let mut builder = ListStringChunkedBuilder::new("grids".into(), records.len(), records.len());
    for record in records {
        builder.append_values_iter(record.identity.grids.iter().map(String::as_str));
    }
    builder.finish().into_column()
}

/// A column for every parameter that there is, and for those that other versions recorded.
fn parameters(records: &[Record], foreign: &Foreign) -> Result<Vec<Column>> {
    let known = PARAMETERS.iter().map(|parameter| (parameter.name, parameter.kind.column()));
    let fields: Vec<_> =
        known.chain(foreign.parameters.iter().map(|(name, column)| (name.as_str(), *column))).collect();
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let cells = by_name(&names, records.iter().map(|record| record.configuration.as_slice()));
    let columns = fields.iter().zip(cells.chunks(records.len().max(1)));
    if records.is_empty() {
        return fields.iter().map(|(name, column)| parameter_column(name, *column, &[])).collect();
    }
    columns.map(|((name, column), cells)| parameter_column(name, *column, cells)).collect()
}

/// The values that records have under each of these names: those of the first name, record by record, then those of the
/// next.
fn by_name<'a, T>(names: &[&str], records: impl ExactSizeIterator<Item = &'a [(String, T)]>) -> Vec<Option<&'a T>> {
    let places: foldhash::HashMap<&str, usize> = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    let count = records.len();
    let mut values = vec![None; names.len() * count];
    for (row, record) in records.enumerate() {
        for (name, value) in record {
            if let Some(place) = places.get(name.as_str()) {
                values[place * count + row] = Some(value);
            }
        }
    }
    values
}

fn text(cell: &Cell) -> Option<&str> {
    if let Cell::Text(text) = cell { Some(text) } else { None }
}

fn parameter_column(name: &str, column: ColumnType, cells: &[Option<&Cell>]) -> Result<Column> {
    fn collect<'a, T>(
        name: &str,
        cells: &[Option<&'a Cell>],
        get: impl Fn(&'a Cell) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let value = |cell: Option<&'a Cell>| match cell {
            None => Ok(None),
            Some(cell) => get(cell).map(Some).ok_or_else(|| Error::Frame {
                action: "make a column of a parameter",
                message: format!("`{name}` was recorded as {cell:?}, which is of another type"),
            }),
        };
        cells.iter().copied().map(value).collect()
    }
    let name_of_series = name.into();
    let series = match column {
        ColumnType::Flag => {
            let get = |cell: &Cell| if let Cell::Flag(flag) = cell { Some(*flag) } else { None };
            Series::new(name_of_series, collect(name, cells, get)?)
        }
        ColumnType::Whole => {
            let get = |cell: &Cell| if let Cell::Whole(whole) = cell { Some(*whole) } else { None };
            Series::new(name_of_series, collect(name, cells, get)?)
        }
        ColumnType::Number => {
            let get = |cell: &Cell| match cell {
                Cell::Number(number) => Some(*number),
                Cell::Whole(whole) => Some(*whole as f64),
                _ => None,
            };
            Series::new(name_of_series, collect(name, cells, get)?)
        }
        ColumnType::Text => Series::new(name_of_series, collect(name, cells, text)?),
    };
    Ok(series.into_column())
}

/// A column for every measure that there is, and for those that other versions recorded.
fn measures(records: &[Record], foreign: &Foreign) -> Vec<Column> {
    let known = COLUMNS.iter().map(|column| column.name);
    let names: Vec<&str> = known.chain(foreign.measures.iter().map(String::as_str)).collect();
    let values = by_name(&names, records.iter().map(|record| record.measures.as_slice()));
    let rows = records.len();
    let of = |place: usize| values[place * rows..(place + 1) * rows].iter().copied();
    let number = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
    names.iter().enumerate().map(|(place, name)| numbers(name, of(place).map(number))).collect()
}

/// A hash of all names, types and values of a table, exact to the bit, to be compared within this process.
pub(super) fn fingerprint(frame: &DataFrame) -> Result<u64> {
    let error = || frame_error("compare a table with what was written");
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    // Room for a column of numbers some of which are missing.
    let mut bytes = Vec::with_capacity(16 * frame.height());
    for column in frame.columns() {
        bytes.clear();
        bytes.extend(format!("{} {} {}\0", column.name(), column.dtype(), column.null_count()).into_bytes());
        match column.dtype() {
            DataType::Boolean => {
                let values = column.bool().map_err(error())?.iter();
                bytes.extend(values.map(|value| value.map_or(2, u8::from)));
            }
            DataType::Int64 => numbers_of(column.i64().map_err(error())?, &mut bytes),
            DataType::Float64 => numbers_of(column.f64().map_err(error())?, &mut bytes),
            DataType::String => texts_of(column.str().map_err(error())?.iter(), &mut bytes),
            _ => {
                for row in 0..frame.height() {
                    bytes.extend(format!("{:?}\0", column.get(row).map_err(error())?).into_bytes());
                }
            }
        }
        hasher.write(&bytes);
    }
    Ok(hasher.finish())
}

/// Numbers as bytes: all at once where none is missing, otherwise each behind a byte that tells whether it is there.
fn numbers_of<T>(column: &ChunkedArray<T>, bytes: &mut Vec<u8>)
where
    T: PolarsNumericType<Native: Little>,
{
    if column.null_count() == 0 {
        let numbers = column.downcast_iter().flat_map(|chunk| chunk.values().as_slice());
        numbers.for_each(|number| bytes.extend_from_slice(&number.little()));
        return;
    }
    for number in column.iter() {
        bytes.push(u8::from(number.is_some()));
        number.iter().for_each(|number| bytes.extend_from_slice(&number.little()));
    }
}

/// Texts as bytes: each with its length, or as one byte where it is that of the row before, as names of runs mostly are.
fn texts_of<'a>(texts: impl Iterator<Item = Option<&'a str>>, bytes: &mut Vec<u8>) {
    let mut before = None;
    for text in texts {
        match text {
            None => bytes.push(0),
            Some(text) if before.is_some_and(|before| is_same(text, before)) => bytes.push(2),
            Some(text) => {
                bytes.push(1);
                bytes.extend_from_slice(&text.len().to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        before = text;
    }
}

/// Whether texts are equal. Most are the very same bytes.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    std::ptr::eq(one, other) || one == other
}

/// Numbers of 64 bits as bytes, the lowest first.
trait Little: Copy {
    fn little(self) -> [u8; 8];
}

impl Little for i64 {
    fn little(self) -> [u8; 8] {
        self.to_le_bytes()
    }
}

impl Little for f64 {
    fn little(self) -> [u8; 8] {
        self.to_le_bytes()
    }
}
