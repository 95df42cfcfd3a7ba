//! Learning curves and predictions by run.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsError};

use super::records::numbers_of;

/// A point of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Epochs done.
    pub epoch: f64,
    /// Mean loss over the epoch's batches, in scaled units.
    pub train_loss: Option<f64>,
    /// RMSE on the test split, in the target's own units.
    pub test_rmse: Option<f64>,
}

/// What a network answers to one input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictionPoint {
    /// The operand.
    pub input: f64,
    /// The right answer.
    pub target: f64,
    /// The network's answer; `None` where it was no number.
    pub prediction: Option<f64>,
}

pub(super) fn curves(frame: &DataFrame, rows: &BTreeMap<&str, usize>) -> Result<Vec<Vec<CurvePoint>>, PolarsError> {
    let mut curves = vec![Vec::new(); rows.len()];
    if frame.height() == 0 {
        return Ok(curves);
    }
    let epochs = numbers(frame, "epoch")?;
    let (losses, errors) = (numbers(frame, "train_loss")?, numbers(frame, "test_rmse")?);
    for (i, row) in rows_of(frame, rows)?.into_iter().enumerate() {
        if let (Some(row), Some(epoch)) = (row, epochs[i]) {
            curves[row].push(CurvePoint { epoch, train_loss: losses[i], test_rmse: errors[i] });
        }
    }
    for curve in &mut curves {
        curve.sort_by(|a, b| a.epoch.total_cmp(&b.epoch));
    }
    Ok(curves)
}

pub(super) fn predictions(
    frame: &DataFrame,
    rows: &BTreeMap<&str, usize>,
) -> Result<Vec<Vec<PredictionPoint>>, PolarsError> {
    let mut predictions = vec![Vec::new(); rows.len()];
    if frame.height() == 0 {
        return Ok(predictions);
    }
    let (inputs, targets) = (numbers(frame, "input")?, numbers(frame, "target")?);
    let answers = numbers(frame, "prediction")?;
    for (i, row) in rows_of(frame, rows)?.into_iter().enumerate() {
        if let (Some(row), Some(input), Some(target)) = (row, inputs[i], targets[i]) {
            predictions[row].push(PredictionPoint { input, target, prediction: answers[i] });
        }
    }
    for points in &mut predictions {
        points.sort_by(|a, b| a.input.total_cmp(&b.input));
    }
    Ok(predictions)
}

fn rows_of(frame: &DataFrame, rows: &BTreeMap<&str, usize>) -> Result<Vec<Option<usize>>, PolarsError> {
    let runs = frame.column("run")?.as_materialized_series().str()?.clone();
    Ok(runs.iter().map(|run| run.and_then(|run| rows.get(run).copied())).collect())
}

fn numbers(frame: &DataFrame, name: &str) -> Result<Vec<Option<f64>>, PolarsError> {
    numbers_of(frame.column(name)?.as_materialized_series())
}
