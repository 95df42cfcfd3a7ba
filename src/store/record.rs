//! What is stored of a run that ended, flat: names and numbers that any later version can read.

use crate::config::{Configuration, Id, PARAMETERS, Seeds, Value};
use crate::plan::{Replicate, Run};
use crate::train::{CurvePoint, Outcome, Prediction, Status};

/// A value in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A finite number.
    Number(f64),
    /// Text.
    Text(String),
}

/// Which run a record is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The id of the run.
    pub run: Id,
    /// The id of its configuration.
    pub config: Id,
    /// The sweep's name.
    pub sweep: String,
    /// The grids that the run is a point of, when it was recorded.
    pub grids: Vec<String>,
    /// Which replicate it is, from 0.
    pub replicate: u32,
    /// Its seed. Seeds beyond `i64::MAX` wrap to negative numbers in the column, bit for bit.
    pub seed: u64,
    /// What each of its draws starts from: its seed for what varies between replicates, that of the sweep for the rest.
    pub seeds: Seeds,
}

/// A run that ended, as it is stored. A record is never modified.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Which run it is.
    pub identity: Identity,
    /// The parameters that have an effect, by name, as their columns hold them.
    pub configuration: Vec<(String, Cell)>,
    /// How it ended.
    pub status: Status,
    /// Why, where it did not finish.
    pub reason: Option<String>,
    /// Epochs done.
    pub epochs_done: u32,
    /// BLAKE3 of the exact bits of the result, in hexadecimal; empty where there is none.
    pub digest: String,
    /// The class of machines and libraries on which equal runs have equal digests.
    pub environment: String,
    /// Weights and biases of the network.
    pub parameters: u64,
    /// Inputs of the network after encoding.
    pub features: u64,
    /// How long it took.
    pub seconds: f64,
    /// Where it was trained.
    pub device: String,
    /// The process that trained it, of which [`Writer::keep_provenance`](super::Writer::keep_provenance) has kept where it
    /// ran; `None` where nothing was kept.
    pub process: Option<String>,
    /// The measures that exist, by name.
    pub measures: Vec<(String, f64)>,
    /// Its learning curve.
    pub curve: Vec<CurvePoint>,
    /// What it answers, for tasks of one operand.
    pub predictions: Vec<Prediction>,
}

impl Identity {
    /// Of a run of the sweep of that name.
    #[must_use]
    pub fn of(run: &Run, sweep: &str) -> Self {
        let &Replicate { number, seed, seeds } = run.replicate();
        Self {
            run: run.id,
            config: run.point.id,
            sweep: sweep.to_owned(),
            grids: run.point.asked.grids.clone(),
            replicate: number,
            seed,
            seeds,
        }
    }
}

impl Record {
    /// The record of a run that ended so. Weights are not part of it: they have files of their own.
    #[must_use]
    pub fn new(identity: Identity, configuration: &Configuration, outcome: &Outcome) -> Self {
        let cells = PARAMETERS
            .iter()
            .filter_map(|parameter| Some((parameter.name.to_owned(), cell(configuration.column(parameter)?))));
        Self {
            identity,
            configuration: cells.collect(),
            status: outcome.status,
            reason: outcome.reason.clone(),
            epochs_done: outcome.epochs_done,
            digest: outcome.digest.clone(),
            environment: outcome.environment.clone(),
            parameters: outcome.parameters,
            features: outcome.features,
            seconds: outcome.seconds,
            device: outcome.device.clone(),
            process: None,
            measures: outcome.measures.iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            curve: outcome.curve.clone(),
            predictions: outcome.predictions.clone(),
        }
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Flag(flag) => Cell::Flag(flag),
        Value::Whole(whole) => Cell::Whole(whole),
        Value::Number(number) => Cell::Number(number),
        Value::Word(word) => Cell::Text(word),
        other @ (Value::List(_) | Value::Map(_)) => Cell::Text(other.to_string()),
    }
}
