//! What the records say on the founding question: why linear networks fit sums but not squares, and what helps.
//! Runs are found by what they are, never by the names of grids.

pub mod anchors;
mod encodings;
mod fixes;
pub mod lines;
mod pace;
mod squares;
mod sums;

use super::{Group, Records};

pub use encodings::{Encoded, Encodings};
pub use fixes::{Alternative, Below, FEW_TIMES, Fixes};
pub use lines::{Fit, LineOfRun};
pub use pace::{CLEARLY_BELOW, Pace};
pub use squares::{AT_FLOOR, LINE, SeedSetting, Squares, hidden_layers, is_question};
pub use sums::Sums;

/// Findings on the founding question. Each is there when some run bears on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Founding {
    /// Linear networks on sums.
    pub sums: Option<Sums>,
    /// Linear networks on squares of the bare number.
    pub squares: Option<Squares>,
    /// Networks with a nonlinearity on squares of the bare number.
    pub fixes: Option<Fixes>,
    /// How fast networks on squares of the bare number get below the floor, by activation.
    pub paces: Vec<Pace>,
    /// Linear networks on squares of an encoded number.
    pub encodings: Option<Encodings>,
}

impl Founding {
    /// Whether the question is asked whole: sums, squares, and what helps.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.sums.is_some() && self.squares.is_some() && self.fixes.is_some()
    }
}

/// The findings; `None` for a sweep that has no squares with a linear network.
pub(super) fn founding(records: &Records, groups: &[Group]) -> Option<Founding> {
    let squares = squares::squares(records);
    let encodings = encodings::encodings(records, groups);
    if squares.is_none() && encodings.is_none() {
        return None;
    }
    let fixes = fixes::fixes(records, groups);
    Some(Founding { sums: sums::sums(records), squares, fixes, paces: pace::paces(records), encodings })
}

/// Rows with that task.
pub(super) fn rows_of_task<'r>(records: &'r Records, task: &'r str) -> impl Iterator<Item = usize> + 'r {
    (0..records.runs.len()).filter(move |&row| records.value(row, "task") == Some(task))
}

/// Whether a network of dense layers has no nonlinearity: a linear activation, or no hidden layer to have one.
#[must_use]
pub fn is_linear(records: &Records, row: usize) -> bool {
    let dense = records.value(row, "layer").is_none_or(|layer| layer == "dense");
    dense && records.value(row, "activation").is_none_or(|activation| activation == "linear")
}

/// Whether the network sees the numbers themselves, scaled at most by an affine map, and so do the targets.
#[must_use]
pub fn is_bare(records: &Records, row: usize) -> bool {
    let scalings = ["normalization", "input_normalization", "target_normalization"];
    records.value(row, "encoding").is_none_or(|encoding| encoding == "scalar")
        && scalings.iter().all(|side| records.value(row, side) != Some("log"))
}

/// Whether inputs and targets are divided by the largest target, as the founding question does.
#[must_use]
pub fn has_seed_scale(records: &Records, row: usize) -> bool {
    records.value(row, "normalization") == Some("seed")
}
