//! Error inside the range and beyond it, form by form.

use super::parts::reference;
use super::strip;
use super::{Axis, Body, Dash, Figure, Hue, Key, Marker, Row, Strip};
use crate::analysis::Analysis;
use crate::analysis::findings::{Beyond, Form};
use crate::report::number::{count, number};
use crate::report::sentences::findings as say;

const INSIDE: (Hue, Marker) = (Hue::Blue, Marker::Circle);
const BEYOND: (Hue, Marker) = (Hue::Vermillion, Marker::Square);
/// Forms that are drawn.
const MOST: usize = 60;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Beyond) -> Figure {
    let records = &analysis.records;
    let row = |form: &Form| {
        let rows = &analysis.groups[form.group].rows;
        let mut row = strip::row(records, rows, &form.label, "domain_rmse", INSIDE);
        let beyond = strip::row(records, rows, &form.label, "extrapolation_rmse", BEYOND);
        row.dots.extend(beyond.dots);
        row.without = row.without.max(beyond.without);
        row.mean = None;
        row
    };
    let mut rows: Vec<Row> = found.forms.iter().map(row).collect();
    let mut table = super::Table::new(&["form", "configuration", "run", "domain_rmse", "extrapolation_rmse"]);
    for form in &found.forms {
        for &run in &analysis.groups[form.group].rows {
            let number =
                |column: &str| records.number(run, column).map(crate::report::number::exact).unwrap_or_default();
            let label = analysis.groups[form.group].label.clone();
            let id = records.runs[run].id.clone();
            table.rows.push(vec![form.label.clone(), label, id, number("domain_rmse"), number("extrapolation_rmse")]);
        }
    }
    let scale = strip::scale(rows.iter().flat_map(|row| row.dots.iter().map(|dot| dot.value)));
    let mut references = Vec::new();
    references.extend(found.floor.map(super::errors::floor_line));
    if let Some(levels) = found.levels {
        let level = |value: f64, what: &str, dash: Dash| {
            reference(value, format!("{what} {}", number(value)), Hue::Muted, dash)
        };
        references.push(level(levels.tangent, "beyond: the tangent at the end", Dash::Dotted));
        references.push(level(levels.line, "beyond: the best line", Dash::DashDot));
        references.push(level(levels.constant, "beyond: the last answer", Dash::Dashed));
    }
    let hidden = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    let mut caption =
        vec!["A dot is a run. Of each form its best configuration by the metric is shown, in the order of the median beyond.".to_owned()];
    if found.outdone > 0 {
        caption.push(format!("{} of the same forms are not shown.", count(found.outdone, "configuration")));
    }
    if hidden > 0 {
        caption.push(format!("{} more are in the table.", count(hidden, "form")));
    }
    caption.push("Lines stand for what needs no network, computed for this task and range.".into());
    Figure {
        name: "inside-and-beyond".into(),
        title: "Error inside the range and beyond it".into(),
        finding: say::beyond(found),
        caption: format!("{}{}", caption.join(" "), strip::left_out(&rows, scale)),
        table,
        body: Body::Strip(Strip {
            x: Axis::new("Root mean squared error in the target's own units", scale),
            references,
            keys: vec![
                Key { name: "inside: 1 to the largest number".into(), hue: INSIDE.0, marker: INSIDE.1 },
                Key { name: "beyond: up to twice that".into(), hue: BEYOND.0, marker: BEYOND.1 },
            ],
            means: false,
            rows,
        }),
    }
}
