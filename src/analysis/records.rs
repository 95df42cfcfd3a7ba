//! The runs of a sweep as plain columns in a fixed order, whatever order they were stored in.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, DataType, PolarsError, Series};

use super::Frames;
use super::curves::{self, CurvePoint, PredictionPoint};
use crate::config::{Kind, PARAMETERS, Value, parameter};
use crate::train::Status;

/// Results that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// A column is missing or of the wrong type.
    #[error("the results cannot be read: {0}")]
    Frame(#[from] PolarsError),
    /// A run has a status that is none.
    #[error("the results cannot be read: run {run}: {message}")]
    Status {
        /// The run.
        run: String,
        /// What is wrong with it.
        message: String,
    },
}

/// What a run is and how it ended, without its parameters and measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The id of its configuration.
    pub config: String,
    /// The grids that ask for it.
    pub grids: Vec<String>,
    /// Its number among the replicates of its configuration.
    pub replicate: i64,
    /// Its seed, in decimal.
    pub seed: String,
    /// The seeds of its data, its initial weights and its order of examples, in decimal; `None` where they are not told apart.
    pub seeds: Option<[String; 3]>,
    /// How it ended.
    pub status: Status,
    /// Why, where it did not finish.
    pub reason: Option<String>,
    /// Hash of the bits of its result.
    pub digest: Option<String>,
    /// The class of machines and libraries that it ran on.
    pub environment: Option<String>,
    /// Where it was trained.
    pub device: Option<String>,
}

/// A parameter over all runs: its values in a natural order, and which of them each run has.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// The parameter.
    pub name: &'static str,
    /// Its values: numbers by size, words in the order of the reference.
    pub levels: Vec<String>,
    codes: Vec<Option<u32>>,
}

impl Factor {
    /// The value of a run; `None` where the parameter has no effect in it.
    #[must_use]
    pub fn level(&self, row: usize) -> Option<&str> {
        self.codes[row].map(|code| self.levels[code as usize].as_str())
    }

    /// The place of a run's value in `levels`.
    #[must_use]
    pub fn code(&self, row: usize) -> Option<usize> {
        self.codes[row].map(|code| code as usize)
    }

    /// The same values under another name.
    #[must_use]
    pub(super) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Whether runs differ in it, having none counted as a value.
    #[must_use]
    pub fn varies(&self) -> bool {
        self.codes.windows(2).any(|pair| pair[0] != pair[1])
    }
}

/// All runs of a sweep. A row is an index below `runs.len()`; rows go by configuration, then replicate.
#[derive(Clone, Debug)]
pub struct Records {
    /// One entry a run.
    pub runs: Vec<Run>,
    /// One entry a parameter that has a column, in the order of the reference.
    pub factors: Vec<Factor>,
    /// Learning curves by row, by epoch.
    pub curves: Vec<Vec<CurvePoint>>,
    /// Predictions by row, by input.
    pub predictions: Vec<Vec<PredictionPoint>>,
    numbers: BTreeMap<String, Vec<Option<f64>>>,
}

impl Records {
    /// The runs of a table, without their curves and predictions.
    ///
    /// # Errors
    /// When the table lacks a column that it cannot be read without, or holds something else in it.
    pub fn of(runs: &DataFrame) -> Result<Self, Unreadable> {
        Self::read(&Frames { runs: runs.clone(), curves: DataFrame::default(), predictions: DataFrame::default() })
    }

    pub(super) fn read(frames: &Frames) -> Result<Self, Unreadable> {
        let frame = &frames.runs;
        let runs = read_runs(frame)?;
        let mut order: Vec<usize> = (0..runs.len()).collect();
        order.sort_by(|&a, &b| {
            let key = |row: usize| (&runs[row].config, runs[row].replicate, &runs[row].id);
            key(a).cmp(&key(b))
        });
        let mut factors = Vec::new();
        for parameter in PARAMETERS {
            if let Some(texts) = optional_text(frame, parameter.name)? {
                let ordered: Vec<Option<String>> = order.iter().map(|&row| texts[row].clone()).collect();
                factors.push(factor(parameter.name, &ordered));
            }
        }
        let mut numbers = BTreeMap::new();
        for column in frame.columns() {
            if column.dtype().is_primitive_numeric() {
                let values = numbers_of(column.as_materialized_series())?;
                numbers.insert(column.name().to_string(), order.iter().map(|&row| values[row]).collect());
            }
        }
        let runs: Vec<Run> = order.iter().map(|&row| runs[row].clone()).collect();
        let rows: BTreeMap<&str, usize> = runs.iter().enumerate().map(|(row, run)| (run.id.as_str(), row)).collect();
        let curves = curves::curves(&frames.curves, &rows)?;
        let predictions = curves::predictions(&frames.predictions, &rows)?;
        Ok(Self { runs, factors, curves, predictions, numbers })
    }

    /// The parameter of that name, where it has a column.
    #[must_use]
    pub fn factor(&self, name: &str) -> Option<&Factor> {
        self.factors.iter().find(|factor| factor.name == name)
    }

    /// A run's value of a parameter, as text.
    #[must_use]
    pub fn value(&self, row: usize, name: &str) -> Option<&str> {
        self.factor(name)?.level(row)
    }

    /// A run's number in a column; `None` where it is missing.
    #[must_use]
    pub fn number(&self, row: usize, column: &str) -> Option<f64> {
        self.numbers.get(column)?[row].filter(|value| value.is_finite())
    }

    /// Whether there is a numeric column of that name.
    #[must_use]
    pub fn has_number(&self, column: &str) -> bool {
        self.numbers.contains_key(column)
    }

    /// Parameters that have more than one value over all runs.
    #[must_use]
    pub fn varying(&self) -> Vec<&'static str> {
        self.factors.iter().filter(|factor| factor.varies()).map(|factor| factor.name).collect()
    }
}

fn read_runs(frame: &DataFrame) -> Result<Vec<Run>, Unreadable> {
    let ids = text(frame, "run")?;
    let configs = text(frame, "config")?;
    let statuses = text(frame, "status")?;
    let optional = |name: &str| -> Result<Vec<Option<String>>, PolarsError> {
        Ok(optional_text(frame, name)?.unwrap_or_else(|| vec![None; frame.height()]))
    };
    let (seeds, reasons, digests) = (optional("seed")?, optional("reason")?, optional("digest")?);
    let drawn = [optional("data_seed")?, optional("init_seed")?, optional("shuffle_seed")?];
    let (environments, devices) = (optional("environment")?, optional("device")?);
    let replicates = numbers_of(&frame.column("replicate")?.as_materialized_series().clone())?;
    let grids = lists(frame, "grids")?;
    let mut runs = Vec::with_capacity(frame.height());
    for row in 0..frame.height() {
        let status = statuses[row].as_deref().unwrap_or_default();
        let id = ids[row].clone().unwrap_or_default();
        let status = status.parse().map_err(|message| Unreadable::Status { run: id.clone(), message })?;
        runs.push(Run {
            id,
            config: configs[row].clone().unwrap_or_default(),
            grids: grids[row].clone(),
            #[expect(clippy::cast_possible_truncation, reason = "a replicate's number is a small whole number")]
            replicate: replicates[row].unwrap_or_default() as i64,
            seed: seeds[row].clone().unwrap_or_default(),
            seeds: match drawn.each_ref().map(|seeds| seeds[row].clone()) {
                [Some(data), Some(init), Some(shuffle)] => Some([data, init, shuffle]),
                _ => None,
            },
            status,
            reason: reasons[row].clone(),
            digest: digests[row].clone().filter(|digest| !digest.is_empty()),
            environment: environments[row].clone(),
            device: devices[row].clone(),
        });
    }
    Ok(runs)
}

fn text(frame: &DataFrame, name: &str) -> Result<Vec<Option<String>>, PolarsError> {
    texts_of(frame.column(name)?.as_materialized_series())
}

fn optional_text(frame: &DataFrame, name: &str) -> Result<Option<Vec<Option<String>>>, PolarsError> {
    if frame.get_column_index(name).is_none() { Ok(None) } else { text(frame, name).map(Some) }
}

/// The form that configurations print their values in, so that a table reads like the sweep file.
fn texts_of(series: &Series) -> Result<Vec<Option<String>>, PolarsError> {
    Ok(match series.dtype() {
        DataType::String => series.str()?.iter().map(|value| value.map(str::to_owned)).collect(),
        DataType::Boolean => series.bool()?.iter().map(|value| value.map(|flag| flag.to_string())).collect(),
        DataType::Float64 | DataType::Float32 => {
            let numbers = numbers_of(series)?;
            numbers.into_iter().map(|value| value.map(|number| Value::Number(number).to_string())).collect()
        }
        _ => series.cast(&DataType::String)?.str()?.iter().map(|value| value.map(str::to_owned)).collect(),
    })
}

pub(super) fn numbers_of(series: &Series) -> Result<Vec<Option<f64>>, PolarsError> {
    Ok(series.cast(&DataType::Float64)?.f64()?.iter().map(|value| value.filter(|value| value.is_finite())).collect())
}

fn lists(frame: &DataFrame, name: &str) -> Result<Vec<Vec<String>>, PolarsError> {
    if frame.get_column_index(name).is_none() {
        return Ok(vec![Vec::new(); frame.height()]);
    }
    let column = frame.column(name)?;
    let series = column.as_materialized_series();
    if !matches!(series.dtype(), DataType::List(_)) {
        return Ok(texts_of(series)?.into_iter().map(|text| text.into_iter().collect()).collect());
    }
    let lists = series.list()?;
    (0..frame.height())
        .map(|row| match lists.get_as_series(row) {
            Some(items) => Ok(texts_of(&items)?.into_iter().flatten().collect()),
            None => Ok(Vec::new()),
        })
        .collect()
}

/// A factor from the value of every run.
pub(super) fn factor(name: &'static str, texts: &[Option<String>]) -> Factor {
    let mut levels: Vec<String> = texts.iter().flatten().cloned().collect();
    levels.sort_by(|a, b| natural(name, a).partial_cmp(&natural(name, b)).expect("no number is NaN").then(a.cmp(b)));
    levels.dedup();
    let codes: BTreeMap<&str, u32> = levels.iter().map(String::as_str).zip(0..).collect();
    let codes = texts.iter().map(|text| text.as_deref().map(|text| codes[text])).collect();
    Factor { name, levels, codes }
}

/// Words go in the order of the reference, numbers by size, lists by length and then by their numbers.
fn natural(name: &str, text: &str) -> (usize, Vec<f64>) {
    let word = text.split('(').next().unwrap_or(text);
    let place = match parameter(name).map(|parameter| &parameter.kind) {
        Some(Kind::Words(words)) => words.iter().position(|known| known.name == word).unwrap_or(words.len()),
        Some(Kind::Widths { .. }) => text.matches(',').count(),
        _ => 0,
    };
    let separators = |c: char| !(c.is_ascii_digit() || ".-+e".contains(c));
    let numbers = text.split(separators).filter_map(|part| part.parse().ok()).filter(|n: &f64| !n.is_nan());
    (place, numbers.collect())
}
