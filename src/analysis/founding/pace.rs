//! How fast networks on squares get below the affine floor, by activation.

use std::collections::BTreeMap;

use super::{is_bare, rows_of_task};
use crate::analysis::Records;

/// A run counts as below the floor from here on: its error on fresh draws scatters by a few per cent.
pub const CLEARLY_BELOW: f64 = 0.95;

/// How fast networks with one activation get clearly below the floor.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// The activation; `None` without a hidden layer.
    pub activation: Option<String>,
    /// Runs with a curve and a floor.
    pub runs: usize,
    /// The first noted epoch at which each run was below [`CLEARLY_BELOW`] of the floor, for those that were, in order.
    pub epochs: Vec<f64>,
}

impl Pace {
    /// The median over those that got there.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let n = self.epochs.len();
        (n > 0).then(|| f64::midpoint(self.epochs[(n - 1) / 2], self.epochs[n / 2]))
    }
}

pub(super) fn paces(records: &Records) -> Vec<Pace> {
    let mut paces: BTreeMap<Option<usize>, Pace> = BTreeMap::new();
    for row in rows_of_task(records, "square").filter(|&row| is_bare(records, row)) {
        let (curve, floor) = (&records.curves[row], records.number(row, "affine_floor"));
        let (Some(floor), false) = (floor, curve.is_empty()) else { continue };
        let factor = records.factor("activation");
        let activation = || records.value(row, "activation").map(str::to_owned);
        let pace = paces.entry(factor.and_then(|factor| factor.code(row))).or_insert_with(|| Pace {
            activation: activation(),
            runs: 0,
            epochs: Vec::new(),
        });
        pace.runs += 1;
        let below = |error: Option<f64>| error.is_some_and(|error| error < CLEARLY_BELOW * floor);
        pace.epochs.extend(curve.iter().find(|point| below(point.test_rmse)).map(|point| point.epoch));
    }
    for pace in paces.values_mut() {
        pace.epochs.sort_by(f64::total_cmp);
    }
    paces.into_values().collect()
}
