//! Errors before and after rounding to whole numbers, by precision.

use super::strip;
use super::{Axis, Body, Figure, Hue, Key, Marker, Row, Scale, Strip};
use crate::analysis::Analysis;
use crate::analysis::findings::{Rounded, Roundings};
use crate::report::number::count;
use crate::report::sentences::findings as say;

const EXACT: (Hue, Marker) = (Hue::Blue, Marker::Circle);
const ROUNDED: (Hue, Marker) = (Hue::Orange, Marker::Diamond);
/// Rows that are drawn.
const MOST: usize = 60;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Roundings) -> Figure {
    let records = &analysis.records;
    let row = |rounded: &Rounded| {
        let rows: Vec<usize> = rounded.exact.values.iter().map(|(row, _)| *row).collect();
        let mut row =
            strip::row(records, &rows, &format!("{}, {}", rounded.label, rounded.precision), "train_rmse", EXACT);
        row.dots.extend(strip::row(records, &rows, "", "train_rmse_rounded", ROUNDED).dots);
        row.block.clone_from(&analysis.problems[rounded.problem].label);
        row.without = rounded.exact.missing;
        row.mean = None;
        row
    };
    let mut rows: Vec<Row> = found.rounded.iter().map(row).collect();
    let mut table = super::Table::new(&[
        "task",
        "configuration",
        "precision",
        "run",
        "train_rmse",
        "train_rmse_rounded",
        "train_exact",
    ]);
    for rounded in &found.rounded {
        for &(row, value) in &rounded.exact.values {
            let number =
                |column: &str| records.number(row, column).map(crate::report::number::exact).unwrap_or_default();
            table.rows.push(vec![
                analysis.problems[rounded.problem].label.clone(),
                rounded.label.clone(),
                rounded.precision.clone(),
                records.runs[row].id.clone(),
                crate::report::number::exact(value),
                number("train_rmse_rounded"),
                number("train_exact"),
            ]);
        }
    }
    let hidden = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    let more = if hidden > 0 { format!(" {} more are in the table.", count(hidden, "row")) } else { String::new() };
    Figure {
        name: "rounding".into(),
        title: "What rounding hides, by precision".into(),
        finding: say::roundings(analysis, found),
        caption: format!(
            "Every run twice: its RMSE on the training examples as it is, and after predictions are rounded to whole numbers, as the founding question does. Errors below a half vanish.{more}{}",
            strip::left_out(&rows, Scale::Log)
        ),
        table,
        body: Body::Strip(Strip {
            x: Axis::new("Root mean squared error in the target's own units, on the training split", Scale::Log),
            references: Vec::new(),
            keys: vec![
                Key { name: "as it is".into(), hue: EXACT.0, marker: EXACT.1 },
                Key { name: "after rounding".into(), hue: ROUNDED.0, marker: ROUNDED.1 },
            ],
            means: false,
            rows,
        }),
    }
}
