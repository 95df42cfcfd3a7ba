//! Linear networks on sums.

use super::{is_bare, is_linear, rows_of_task};
use crate::analysis::{Records, Summary};

/// Linear networks on sums of bare numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    /// RMSE on the training draws after rounding, as the founding question measures.
    pub rounded: Summary,
    /// RMSE over the whole domain, without rounding.
    pub domain: Option<Summary>,
    /// Runs whose rounded RMSE is exactly zero.
    pub exact: usize,
    /// The affine floor: 0, for a sum is affine.
    pub floor: Option<f64>,
}

pub(super) fn sums(records: &Records) -> Option<Sums> {
    let rows: Vec<usize> =
        rows_of_task(records, "sum").filter(|&row| is_linear(records, row) && is_bare(records, row)).collect();
    let column = |name: &str| Summary::of(rows.iter().map(|&row| (row, records.number(row, name))));
    let rounded = column("train_rmse_rounded")?;
    let exact = rounded.values.iter().filter(|(_, value)| *value == 0.0).count();
    let floor = column("affine_floor").map(|floors| floors.max);
    Some(Sums { exact, domain: column("domain_rmse"), floor, rounded })
}
