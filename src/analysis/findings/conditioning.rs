//! How long linear networks take to the floor, by the condition number of what they are shown.

use std::collections::BTreeMap;

use super::{median, power};
use crate::analysis::Records;
use crate::analysis::founding::is_linear;

/// Runs, different condition numbers, and their range from which on they are worth a figure.
const ENOUGH: (usize, usize, f64) = (10, 4, 100.0);

/// Epochs to the floor against condition number.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditioning {
    /// By optimizer, in the order of the reference.
    pub paces: Vec<Pace>,
    /// The longest training.
    pub epochs: f64,
    /// All runs of linear networks with a condition number.
    pub runs: usize,
}

/// Runs with one optimizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// The optimizer, with its momentum where that differs.
    pub label: String,
    /// Run, condition number, and first epoch at the floor.
    pub reached: Vec<(usize, f64, f64)>,
    /// Run, condition number and epochs of those that did not get there.
    pub never: Vec<(usize, f64, f64)>,
    /// The power of the condition number that the epochs go with, over those that got there.
    pub power: Option<f64>,
    /// Median of epochs for each unit of the condition number.
    pub each: Option<f64>,
}

/// There where linear networks have at least four condition numbers over a range of a hundred, and at least ten runs
/// got to the floor.
pub(super) fn conditioning(records: &Records) -> Option<Conditioning> {
    let mut by_optimizer: BTreeMap<(Option<usize>, Option<usize>), Pace> = BTreeMap::new();
    let (optimizer, momentum) = (records.factor("optimizer"), records.factor("momentum"));
    let several = momentum.is_some_and(|momentum| momentum.levels.len() > 1);
    for row in (0..records.runs.len()).filter(|&row| is_linear(records, row)) {
        let Some(condition) = records.number(row, "condition").filter(|condition| *condition > 0.0) else { continue };
        let of = |factor: Option<&crate::analysis::Factor>| factor.and_then(|factor| factor.code(row));
        let pace = by_optimizer.entry((of(optimizer), of(momentum).filter(|_| several))).or_insert_with(|| {
            let name = records.value(row, "optimizer").unwrap_or("training");
            let label = match records.value(row, "momentum").filter(|_| several) {
                Some("0") => format!("{name} without momentum"),
                Some(momentum) => format!("{name} with momentum {momentum}"),
                None => name.to_owned(),
            };
            Pace { label, reached: Vec::new(), never: Vec::new(), power: None, each: None }
        });
        match records.number(row, "epochs_to_floor") {
            Some(epochs) => pace.reached.push((row, condition, epochs)),
            None => pace.never.push((row, condition, records.number(row, "epochs").unwrap_or(f64::NAN))),
        }
    }
    let mut paces: Vec<Pace> = by_optimizer.into_values().collect();
    for pace in &mut paces {
        let points: Vec<(f64, f64)> = pace.reached.iter().map(|&(_, condition, epochs)| (condition, epochs)).collect();
        let range = points.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), (c, _)| (l.min(*c), h.max(*c)));
        pace.power = if range.1 > 3.0 * range.0 { power(&points) } else { None };
        pace.each = median(points.iter().map(|(condition, epochs)| epochs / condition));
    }
    let every = || paces.iter().flat_map(|pace| pace.reached.iter().chain(&pace.never));
    let mut conditions: Vec<f64> = every().map(|(_, condition, _)| *condition).collect();
    conditions.sort_by(f64::total_cmp);
    // Draws differ a little by seed: those are no other condition.
    conditions.dedup_by(|a, b| *a < 1.5 * *b);
    let reached: usize = paces.iter().map(|pace| pace.reached.len()).sum();
    let wide = conditions.last()? / conditions.first()? >= ENOUGH.2;
    if reached < ENOUGH.0 || conditions.len() < ENOUGH.1 || !wide {
        return None;
    }
    let runs = every().count();
    let epochs = (0..records.runs.len()).filter_map(|row| records.number(row, "epochs")).fold(0.0, f64::max);
    Some(Conditioning { paces, epochs, runs })
}
