//! Epochs to the floor against the condition number, on two logarithmic axes.

use super::parts::{points, reference};
use super::strip::look;
use super::{Axis, Body, Dash, Figure, Hue, Marker, Panel, Panels, Scale, Table};
use crate::analysis::Analysis;
use crate::analysis::findings::Conditioning;
use crate::report::number::{count, exact, number};
use crate::report::sentences::{findings as say, measure};

/// How far over the longest training those stand that never got there, and how far apart the optimizers are there.
const NEVER: (f64, f64) = (2.0, 1.35);

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Conditioning) -> Figure {
    let records = &analysis.records;
    let mut series = Vec::new();
    let mut table = Table::new(&["run", "optimizer", "condition", "epochs_to_floor", "epochs"]);
    let mut never = 0;
    for (place, pace) in found.paces.iter().enumerate() {
        let (hue, marker) = look(place);
        series.push(points(records, &pace.label, (hue, marker), pace.reached.iter().copied()));
        let level = found.epochs * NEVER.0 * NEVER.1.powi(place as i32);
        let missed = pace.never.iter().map(|&(row, condition, _)| (row, condition, level));
        never += pace.never.len();
        if !pace.never.is_empty() {
            let name = format!("{}: not reached ({})", pace.label, pace.never.len());
            series.push(points(records, name, (hue, Marker::Cross), missed));
        }
        let every = pace.reached.iter().map(|&(row, c, e)| (row, c, Some(e)));
        for (row, condition, epochs) in every.chain(pace.never.iter().map(|&(row, c, _)| (row, c, None))) {
            let trained = records.number(row, "epochs").map(exact).unwrap_or_default();
            let epochs = epochs.map(exact).unwrap_or_default();
            table.rows.push(vec![records.runs[row].id.clone(), pace.label.clone(), exact(condition), epochs, trained]);
        }
    }
    let last = (never > 0).then(|| {
        let label = format!("end of training: {} epochs", number(found.epochs));
        reference(found.epochs, label, Hue::Ink, Dash::Dashed)
    });
    let missed = match never {
        0 => String::new(),
        n => format!(
            " {} did not come within 1\u{a0}% of the floor: they stand above the line, where heights mean nothing.",
            count(n, "run")
        ),
    };
    Figure {
        name: "conditioning".into(),
        title: "Epochs to the floor, by condition number".into(),
        finding: say::conditioning(analysis, found),
        caption: format!("A dot is a run of a linear network; both axes are logarithmic.{missed}"),
        table,
        body: Body::Panels(Panels {
            x: Axis::new("condition number of a constant and the inputs, as the network sees them", Scale::Log),
            y: Axis::new(measure("epochs_to_floor"), Scale::Log),
            panels: vec![Panel { references: last.into_iter().collect(), ..Panel::new("", series) }],
        }),
    }
}
