//! Error against the number of straight pieces, on two logarithmic axes, with the best that so many can do.

use super::parts::{points, series};
use super::strip::look;
use super::{Axis, Body, Dash, Figure, Hue, Mark, Panel, Panels, Scale, Table};
use crate::analysis::findings::Pieces;
use crate::analysis::theory::kinks_rmse;
use crate::analysis::{Analysis, describe};
use crate::report::number::{count, exact, number};
use crate::report::sentences::findings as say;
use crate::report::sentences::measure;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Pieces) -> Figure {
    let records = &analysis.records;
    let most = found.trained.iter().map(|run| run.pieces).fold(2.0, f64::max);
    let bound = |pieces: f64| (pieces, kinks_rmse(found.largest, pieces - 1.0));
    let steps = 40;
    let bound: Vec<(f64, f64)> = (0..=steps).map(|i| bound(most.powf(f64::from(i) / f64::from(steps)))).collect();
    let mut drawn =
        vec![series("the best that so many straight pieces can do", Hue::Ink, Mark::Line(Dash::Dashed, 2.0), bound)];
    let codes: Vec<Option<usize>> = match &found.by {
        Some(by) => (0..by.levels.len()).map(Some).chain([None]).collect(),
        None => vec![None],
    };
    let mut place = 0;
    for code in codes {
        let own = found.trained.iter().filter(|run| found.by.as_ref().and_then(|by| by.code(run.row)) == code);
        let own: Vec<(usize, f64, f64)> = own.map(|run| (run.row, run.pieces, run.error)).collect();
        if own.is_empty() {
            continue;
        }
        let name = match (&found.by, code) {
            (Some(by), Some(code)) => describe(by.name, &by.levels[code]),
            (Some(by), None) => format!("{} not set", by.name.replace('_', " ")),
            (None, _) => "runs".into(),
        };
        drawn.push(points(records, name, look(place), own));
        place += 1;
    }
    let mut table = Table::new(&["run", "pieces", "domain_rmse", "bound"]);
    for run in &found.trained {
        let bound = kinks_rmse(found.largest, run.pieces - 1.0);
        table.rows.push(vec![records.runs[run.row].id.clone(), exact(run.pieces), exact(run.error), exact(bound)]);
    }
    let without = match found.without {
        0 => String::new(),
        n => format!(" {} without an error are not drawn.", count(n, "run")),
    };
    Figure {
        name: "pieces".into(),
        title: "Error on squares by the number of straight pieces".into(),
        finding: say::pieces(found),
        caption: format!(
            "A dot is a run; pieces are its kinks inside 1 to {} and one. The line is L²/(6√5·pieces²): the best continuous line of so many pieces, their ends evenly spaced.{without}",
            number(found.largest)
        ),
        table,
        body: Body::Panels(Panels {
            x: Axis::new("straight pieces inside the range", Scale::Log),
            y: Axis::new(measure("domain_rmse"), Scale::Log),
            panels: vec![Panel::new("", drawn)],
        }),
    }
}
