//! Linear networks on squares of the bare number: lines, held against the best line there is.

use super::lines::{self, LineOfRun};
use super::{anchors, has_seed_scale, is_bare, is_linear, rows_of_task};
use crate::analysis::{Records, Summary};

/// A run within this factor of its floor counts as having reached it.
pub const AT_FLOOR: f64 = 1.01;

/// Distance from a line, as a fraction of the targets' range, up to which a network counts as one.
pub const LINE: f64 = 1e-4;

/// How far below 1 an excess may come by rounding in 32-bit numbers alone.
const ROUNDING: f64 = 1e-6;

/// Linear networks on squares of the bare number.
#[derive(Clone, Debug, PartialEq)]
pub struct Squares {
    /// RMSE over the domain divided by the floor.
    pub excess: Summary,
    /// Runs below the floor: none, if the theory holds.
    pub below: Vec<usize>,
    /// Runs within one per cent of the floor.
    pub at_floor: usize,
    /// The floor, where it is the same for all.
    pub floor: Option<f64>,
    /// The largest number, where it is the same for all.
    pub largest: Option<f64>,
    /// Largest distance from a line over all runs, as a fraction of the targets' range.
    pub deviation: Option<Summary>,
    /// Runs further than [`LINE`] from a line: none, if the theory holds.
    pub bent: Vec<usize>,
    /// Each network's line.
    pub lines: Vec<LineOfRun>,
    /// The runs in the founding question's own setting.
    pub seed: Option<SeedSetting>,
}

/// Linear networks on squares as the founding question has them: its scaling, numbers up to 1000.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedSetting {
    /// RMSE on the training draws after rounding, as the question measures.
    pub rmse: Summary,
    /// RMSE of least squares on the same draws.
    pub in_sample: Option<Summary>,
    /// RMSE over the domain.
    pub domain: Option<Summary>,
}

pub(super) fn squares(records: &Records) -> Option<Squares> {
    let rows: Vec<usize> =
        rows_of_task(records, "square").filter(|&row| is_linear(records, row) && is_bare(records, row)).collect();
    let column = |name: &str| Summary::of(rows.iter().map(|&row| (row, records.number(row, name))));
    let excess = column("excess")?;
    let pick = |summary: &Summary, condition: &dyn Fn(f64) -> bool| -> Vec<usize> {
        summary.values.iter().filter(|(_, value)| condition(*value)).map(|(row, _)| *row).collect()
    };
    let deviation = column("line_deviation");
    Some(Squares {
        below: pick(&excess, &|value| value < 1.0 - ROUNDING),
        at_floor: pick(&excess, &|value| value <= AT_FLOOR).len(),
        floor: common(column("affine_floor")),
        largest: common(column("largest")),
        bent: deviation.as_ref().map(|deviation| pick(deviation, &|value| value > LINE)).unwrap_or_default(),
        lines: lines::lines(records, &rows),
        seed: seed_setting(records, &rows),
        deviation,
        excess,
    })
}

/// How the question trains, beside its scale and sizes; a run that says otherwise is not held against its number.
const TRAINED_AS: [(&str, &str); 4] =
    [("optimizer", "adam"), ("learning_rate", "0.001"), ("epochs", "500"), ("batch", "100")];

/// The founding question's own layers.
const LAYERS: &str = "[20, 100, 1000, 100, 20]";

/// Whether a run is the founding question's own on squares: its layers, without an activation, trained as it trains.
#[must_use]
pub fn is_question(records: &Records, row: usize) -> bool {
    records.value(row, "task") == Some("square")
        && is_linear(records, row)
        && is_bare(records, row)
        && has_its_setting(records, row)
        && records.value(row, "hidden") == Some(LAYERS)
        && records.value(row, "schedule") != Some("cosine")
}

fn has_its_setting(records: &Records, row: usize) -> bool {
    has_seed_scale(records, row)
        && records.number(row, "largest") == Some(anchors::LARGEST)
        && records.number(row, "examples") == Some(anchors::EXAMPLES)
        && hidden_layers(records, row) > 0
        && TRAINED_AS.iter().all(|(name, value)| records.value(row, name).is_none_or(|own| own == *value))
}

fn seed_setting(records: &Records, rows: &[usize]) -> Option<SeedSetting> {
    let mut own: Vec<usize> = rows.iter().copied().filter(|&row| has_its_setting(records, row)).collect();
    // Where its very layers were trained, nothing else stands for it.
    let layers = own.iter().copied().filter(|&row| records.value(row, "hidden") == Some(LAYERS));
    let layers: Vec<usize> = layers.filter(|&row| records.value(row, "schedule") != Some("cosine")).collect();
    if !layers.is_empty() {
        own = layers;
    }
    let column = |name: &str| Summary::of(own.iter().map(|&row| (row, records.number(row, name))));
    Some(SeedSetting {
        rmse: column("train_rmse_rounded")?,
        in_sample: column("affine_floor_train"),
        domain: column("domain_rmse"),
    })
}

/// Hidden layers of a run: those listed, or its depth.
#[must_use]
pub fn hidden_layers(records: &Records, row: usize) -> usize {
    if let Some(widths) = records.value(row, "hidden") {
        return widths.split(',').count();
    }
    records.value(row, "depth").and_then(|depth| depth.parse().ok()).unwrap_or(0)
}

pub(super) fn common(summary: Option<Summary>) -> Option<f64> {
    summary.filter(|summary| summary.max - summary.min <= 1e-9 * summary.max.abs()).map(|summary| summary.median)
}
